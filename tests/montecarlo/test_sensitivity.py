"""Sensitivities: against functions whose Sobol indices are known, scipy's rank correlation, and a divider's closed form."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import spearmanr

from montecarlo import Campaign, Variation
from montecarlo.statistics.sensitivity import drivers, first_order, rank_correlation
from montecarlo.tornado import plot_sensitivity

Array = NDArray[np.float64]
TRIALS = 20_000


@pytest.fixture(scope="module")
def z() -> Array:
    return np.random.default_rng(1).standard_normal((TRIALS, 6))


def orders(z: Array) -> NDArray[np.int64]:
    return np.argsort(z, axis=0, kind="stable")


def test_first_order_indices_of_a_sum(z: Array) -> None:
    """y = 3 a + 2 b + c^2 + d e: variances 9, 4, 2 and 1, the last of which neither d nor e explains alone; f does nothing."""
    y = 3 * z[:, 0] + 2 * z[:, 1] + z[:, 2] ** 2 + z[:, 3] * z[:, 4]
    share, surprising = first_order(orders(z), y, 0.01 / 6)
    assert share == pytest.approx([9 / 16, 4 / 16, 2 / 16, 0, 0, 0], abs=0.015)
    assert surprising.tolist() == [True, True, True, False, False, False]


def test_rank_correlation_is_scipys(z: Array) -> None:
    y = np.exp(z[:, 0]) - z[:, 1] + 0.3 * z[:, 2]
    found = rank_correlation(orders(z), np.argsort(np.argsort(y)) + 1.0)
    assert found == pytest.approx([spearmanr(column, y).statistic for column in z.T], abs=1e-12)


def test_only_what_is_significant_is_listed_and_the_strongest_first(z: Array) -> None:
    names = list("abcdef")
    found = drivers(orders(z), 1.0 * z[:, 1] - 2.0 * z[:, 4] + 0.01 * z[:, 5], names)
    assert [row["point"] for row in found] == ["e", "b"]
    assert [np.sign(row["rank"]) for row in found] == [-1, 1]
    assert found[0]["share"] == pytest.approx(0.8, abs=0.01)
    assert drivers(orders(z), np.ones(TRIALS), names) == []
    few = drivers(orders(z[:200]), z[:200, 1], names)
    assert few[0]["point"] == "b"
    assert few[0]["share"] is None


def test_noise_drives_nothing() -> None:
    """Over 40 sets of independent numbers: 1 % of false finds is what each of the two tests allows a set."""
    listed = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        listed += bool(drivers(orders(rng.standard_normal((2000, 20))), rng.standard_normal(2000), [str(i) for i in range(20)]))
    assert listed <= 4


def test_a_campaign_names_what_drives_it(user_benches: Path, tmp_path: Path) -> None:
    """v_out = 1k / (1k + r_top) falls with r_top, of which the global draw has 4/5 of the variance; `pick` does nothing."""
    campaign = Campaign(
        f"{user_benches / 'faults.py'}:Divider",
        trials=3000,
        variations=[Variation.parse("r=20", "global"), Variation.parse("r=10")],
    )
    summary = campaign.run(tmp_path, workers=1).summary
    found = json.loads((tmp_path / "summary.json").read_text())["sensitivity"]
    assert found == summary["sensitivity"]
    assert found["trials"] == 3000
    assert found["margins"] == {}
    assert [row["point"] for row in found["measures"]["v_out"]] == ["global r", "r_top"]
    shares = [row["share"] for row in found["measures"]["v_out"]]
    assert shares == pytest.approx([0.8, 0.2], abs=4 * math.sqrt(0.16 / 3000) + 0.01)
    assert all(row["rank"] < 0 for row in found["measures"]["v_out"])
    assert plot_sensitivity(campaign.bench, summary, tmp_path / "s.png")[0].stat().st_size > 10_000
