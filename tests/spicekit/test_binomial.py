"""The exact interval against scipy's own, which inverts the binomial test."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from spicekit.binomial import clopper_pearson


@pytest.mark.parametrize("confidence", [0.95, 0.99])
def test_the_interval_is_the_exact_one(confidence: float) -> None:
    count, trials = [0, 1, 5, 10, 3], [10, 10, 10, 10, 7]
    low, high = clopper_pearson(count, trials, confidence)
    for k, n, a, b in zip(count, trials, low, high, strict=True):
        interval = binomtest(k, n).proportion_ci(confidence, method="exact")
        assert (a, b) == pytest.approx((interval.low, interval.high), rel=1e-9)


def test_no_trials_say_nothing() -> None:
    assert clopper_pearson(0, 0) == (0.0, 1.0)
