"""Intervals, references and error rates against independent computations."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from montecarlo import MarginStatistics, clopper_pearson
from montecarlo.statistics.margins import best_reference, describe
from spicekit.binomial import trials_for


@pytest.mark.parametrize(("errors", "decisions"), [(0, 1), (0, 200_000), (1, 10), (5, 10), (10, 10), (37, 200_000), (3, 7)])
@pytest.mark.parametrize("confidence", [0.95, 0.99])
def test_interval_is_the_exact_one(errors: int, decisions: int, confidence: float) -> None:
    exact = stats.binomtest(errors, decisions).proportion_ci(confidence, method="exact")
    # two root finders: scipy's stops at 1e-12 absolute
    assert clopper_pearson(errors, decisions, confidence) == pytest.approx((exact.low, exact.high), rel=1e-7, abs=1e-11)


def test_interval_without_decisions_says_nothing() -> None:
    assert clopper_pearson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("p", "decisions"), [(0.3, 20), (0.01, 500), (5e-4, 4000), (0.5, 11), (0.999, 50)])
def test_interval_covers_at_least_as_often_as_it_says(p: float, decisions: int) -> None:
    rng = np.random.default_rng(11)
    counts, times = np.unique(rng.binomial(decisions, p, size=20_000), return_counts=True)
    covered = 0
    for errors, number in zip(counts, times, strict=True):
        low, high = clopper_pearson(int(errors), decisions)
        covered += int(number) * (low <= p <= high)
    # four standard errors of 20 000 simulated campaigns
    assert covered / 20_000 >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / 20_000)
    # and exactly, summing the binomial distribution
    k = np.arange(decisions + 1)
    inside = [low <= p <= high for low, high in (clopper_pearson(int(errors), decisions) for errors in k)]
    assert stats.binom.pmf(k, decisions, p)[inside].sum() >= 0.95


def wrong_decisions(low: list[float], high: list[float], reference: float) -> int:
    return sum(value >= reference for value in low) + sum(value < reference for value in high)


samples = st.lists(st.integers(-20, 20).map(lambda k: k / 4), min_size=1, max_size=12)


@given(samples, samples)
def test_best_reference_against_trying_them_all(low: list[float], high: list[float]) -> None:
    reference, errors = best_reference(np.array(low), np.array(high))
    assert wrong_decisions(low, high, reference) == errors
    edges = sorted({*low, *high})
    candidates = [edges[0] - 1, *edges, edges[-1] + 1, *((a + b) / 2 for a, b in itertools.pairwise(edges))]
    assert errors == min(wrong_decisions(low, high, candidate) for candidate in candidates)


@given(samples, samples)
def test_separate_states_have_no_errors(low: list[float], high: list[float]) -> None:
    shift = max(low) - min(high) + 1
    raised = [value + shift for value in high]
    reference, errors = best_reference(np.array(low), np.array(raised))
    assert errors == 0
    assert reference == pytest.approx((max(low) + min(raised)) / 2)  # the middle of the gap


def test_the_middle_of_the_widest_gap() -> None:
    reference, errors = best_reference(np.array([0.0, 1.0, 5.0]), np.array([2.0, 6.0, 7.0]))
    assert errors == 1
    # below 2 two errors of 5 (one), between 2 and 5 two, from 5 to 6 one: gaps 1..2 and 5..6 are equally wide, 1 error each
    assert reference in (1.5, 5.5)
    reference, errors = best_reference(np.array([0.0, 5.0]), np.array([1.0, 9.0]))
    assert (reference, errors) == (7.0, 1)  # 5 to 9 is wider than 0 to 1


@pytest.mark.parametrize(("gap", "s_low", "s_high"), [(3.0, 1.0, 1.0), (4.0, 1.0, 1.0), (4.0, 0.5, 1.5), (2.0, 1.0, 0.3)])
def test_error_rate_of_two_normals(gap: float, s_low: float, s_high: float) -> None:
    """Both states equally likely: the best threshold solves phi_low = phi_high; its error is a sum of two normal tails."""
    trials = 200_000
    rng = np.random.default_rng(17)
    low, high = rng.normal(0, s_low, trials), rng.normal(gap, s_high, trials)

    def error(t: np.ndarray) -> np.ndarray:
        return (stats.norm.sf(t, 0, s_low) + stats.norm.cdf(t, gap, s_high)) / 2

    grid = np.linspace(-4, gap + 4, 200_001)
    threshold = grid[np.argmin(error(grid))]
    if s_low == s_high:
        assert threshold == pytest.approx(gap / 2, abs=1e-4)
        assert error(threshold) == pytest.approx(stats.norm.sf(gap / 2 / s_low), rel=1e-6)
    found = MarginStatistics.of(low, high)
    interval = found.error_rate_ci
    assert interval[0] < error(threshold) < interval[1]
    assert interval[0] < found.error_rate < interval[1]
    # the reference is flat around its best: an offset d costs some phi''d^2, so it is only found to n^(-1/3)
    assert found.reference == pytest.approx(threshold, abs=5 * trials ** (-1 / 3))
    assert error(np.array(found.reference)) == pytest.approx(error(threshold), rel=0.02)
    assert found.mean == pytest.approx(gap, abs=5 * math.hypot(s_low, s_high) / math.sqrt(trials))
    assert found.sigma3 == pytest.approx(gap - 3 * (s_low + s_high), abs=0.02)
    assert found.sigma6 == pytest.approx(gap - 6 * (s_low + s_high), abs=0.04)


def test_worst_gap_is_between_the_extremes() -> None:
    found = MarginStatistics.of(np.array([0.0, 2.0, 1.0]), np.array([1.5, 4.0, 3.0]))
    assert found.worst == -0.5
    assert found.mean == pytest.approx(2.8333333333333335 - 1.0)
    assert (found.error_rate, found.reference) == (1 / 6, pytest.approx(found.reference))


def test_error_rate_interval_covers() -> None:
    """Campaigns of 400 trials: their interval holds the true rate at their own reference at least 95 times of 100."""
    rng = np.random.default_rng(23)
    covered = 0
    campaigns = 1500
    for _ in range(campaigns):
        low, high = rng.normal(0, 1, 400), rng.normal(3, 1, 400)
        found = MarginStatistics.of(low, high)
        covered += found.error_rate_ci[0] <= stats.norm.sf(1.5) <= found.error_rate_ci[1]
    # the reference is chosen after the fact, which flatters the rate a little: 400 trials, one or two errors of 50
    assert covered / campaigns > 0.90


def test_few_or_no_trials() -> None:
    empty = MarginStatistics.of(np.array([]), np.array([]))
    assert math.isnan(empty.mean)
    assert math.isnan(empty.error_rate)
    assert empty.error_rate_ci == (0.0, 1.0)
    one = MarginStatistics.of(np.array([1.0]), np.array([2.0]))
    assert (one.mean, one.worst, one.reference, one.error_rate) == (1.0, 1.0, 1.5, 0.0)
    assert math.isnan(one.sigma3)


def test_describe() -> None:
    values = np.random.default_rng(1).permutation(np.arange(100_001.0))
    found = describe(values)
    # quantiles of a uniform ladder are its steps
    assert (found["min"], found["q001"], found["q50"], found["q999"], found["max"]) == pytest.approx(
        (0, 100, 50_000, 99_900, 100_000)
    )
    assert found["mean"] == pytest.approx(50_000)
    assert found["std"] == pytest.approx(np.std(values, ddof=1))
    assert all(math.isnan(value) for value in describe(np.array([])).values())
    single = describe(np.array([3.0]))
    assert (single["mean"], single["q50"]) == (3.0, 3.0)
    assert math.isnan(single["std"])


@pytest.mark.parametrize(("level", "trials"), [(0.001, 999), (0.999, 999), (0.01, 99), (0.05, 19), (0.5, 1)])
def test_trials_that_a_quantile_takes(level: float, trials: int) -> None:
    """The mean rank of the smallest of n is 1/(n + 1), a property of uniform order statistics: it reaches ``level`` at n."""
    assert trials_for(level) == trials
    lowest = np.random.default_rng(1).random((20_000, trials)).min(axis=1).mean() if trials < 100 else 1 / (trials + 1)
    assert lowest == pytest.approx(min(level, 1 - level), rel=0.03)


def test_quantiles_beyond_the_sample_are_not_told() -> None:
    values = np.linspace(0.0, 1.0, 999)
    assert describe(values)["q001"] == pytest.approx(0.001)
    few = describe(values[:998])
    assert math.isnan(few["q001"])
    assert math.isnan(few["q999"])
    assert few["q50"] == pytest.approx(values[:998].mean())
