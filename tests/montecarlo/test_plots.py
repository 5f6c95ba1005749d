"""Plots are drawn for every kind of campaign, whole files at the promised places."""

from __future__ import annotations

from pathlib import Path

import matplotlib.image
import pytest

from montecarlo import Campaign, Variation
from montecarlo.plots import plot_campaign, plot_margins_against
from montecarlo.running.store import Store


def readable(path: Path) -> None:
    image = matplotlib.image.imread(path)
    assert image.shape[0] > 300
    assert image.shape[1] > 500
    assert image.std() > 0.05  # something is drawn


def test_a_campaign(tmp_path: Path) -> None:
    campaign = Campaign("sot-logic", trials=300)
    summary = campaign.run(tmp_path).summary
    plots = plot_campaign(campaign.bench, Store(tmp_path), summary)
    assert len(plots) >= 3
    for path in plots:
        assert path.parent == tmp_path
        readable(path)


@pytest.mark.parametrize("trials", [1, 2, 3])
def test_few_trials(tmp_path: Path, trials: int) -> None:
    campaign = Campaign("sot-read", trials=trials)
    for path in plot_campaign(campaign.bench, Store(tmp_path), campaign.run(tmp_path).summary):
        readable(path)


def test_no_spread_at_all(tmp_path: Path) -> None:
    nothing = [Variation.parse(f"{kind}=0") for kind in ("ra", "tmr")]
    campaign = Campaign("sot-read", trials=10, parameters={"access": "ideal", "bias": "ideal"}, variations=nothing)
    summary = campaign.run(tmp_path).summary
    assert summary["measures"]["v_p"]["std"] < 1e-15  # rounding of the mean
    for path in plot_campaign(campaign.bench, Store(tmp_path), summary):
        readable(path)


def test_a_bench_without_margins(tmp_path: Path, user_benches: Path) -> None:
    campaign = Campaign(f"{user_benches / 'faults.py'}:Divider", trials=50)
    for path in plot_campaign(campaign.bench, Store(tmp_path), campaign.run(tmp_path).summary):
        readable(path)


def test_a_campaign_with_no_good_trial(tmp_path: Path, user_benches: Path) -> None:
    campaign = Campaign(f"{user_benches / 'faults.py'}:Parallel", trials=5)
    assert plot_campaign(campaign.bench, Store(tmp_path), campaign.run(tmp_path, keep_going=True).summary) == []


def test_margins_against_fan_in(tmp_path: Path) -> None:
    folders = []
    for fan_in in (2, 3):
        folders.append(tmp_path / str(fan_in))
        Campaign("sot-logic", trials=200, parameters={"fan_in": fan_in}).run(folders[-1])
    readable(plot_margins_against(folders, "fan_in", "fan-in", tmp_path / "fan-in.png"))
