"""The object that a campaign gives: the folder's numbers, read when they are asked for, in few lines."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Polygon

from montecarlo import Campaign, CampaignResult, Variation
from spicekit.errors import UserError

IDEAL = {"access": "ideal", "bias": "ideal"}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> CampaignResult:
    folder = tmp_path_factory.mktemp("result")
    return Campaign("sot-logic", trials=200, seed=3, parameters=IDEAL, variations=[Variation.parse("ra=8%")]).run(
        folder, workers=1
    )


def test_it_holds_what_the_folder_holds(result: CampaignResult) -> None:
    assert result.summary == json.loads((result.folder / "summary.json").read_text())
    assert result.outcomes == {"ok": 200, "nonconverged": 0, "timeout": 0, "crashed": 0, "invalid": 0}
    trials = pd.concat([pd.read_parquet(path) for path in sorted((result.folder / "trials").glob("*.parquet"))])
    pd.testing.assert_frame_equal(result.trials.reset_index(), trials.reset_index(drop=True), check_dtype=False)
    samples = pd.read_parquet(result.folder / "samples.parquet")
    np.testing.assert_array_equal(result.samples["ra_c0"].to_numpy(), samples["ra_c0"].to_numpy())
    assert list(result.samples.index) == list(result.trials.index) == list(range(200))


def test_its_figures_are_those_of_its_trials(result: CampaignResult) -> None:
    low, high = (result.trials[result.margins["and"][end]] for end in ("low", "high"))
    gap = high.min() - low.max()
    assert result.margins["and"]["worst"] == pytest.approx(gap, rel=1e-12)
    frame = result.to_frame()
    for name in frame.index:
        assert frame.loc[name, "mean"] == pytest.approx(result.trials[name].mean(), rel=1e-12)
    assert result.measures[frame.index[0]]["unit"] == frame.iloc[0]["unit"]


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path) -> None:
    result = Campaign("sot-read", trials=3, parameters=IDEAL).run(tmp_path, workers=1)
    for path in (tmp_path / "trials").glob("*.parquet"):
        path.unlink()
    assert "3 ok" in str(result)


def test_it_prints_itself_in_a_few_lines(result: CampaignResult) -> None:
    text = str(result)
    assert repr(result) == text
    assert 3 <= len(text.splitlines()) <= 10
    assert text.startswith(f"sot-logic: 200 trials, seed 3, 200 ok; in {result.folder}")
    page = result._repr_html_()
    for word in ("<table>", "and", "error rate", "mean gap"):
        assert word in page
    assert page.count("<tr>") == 1 + len(result.margins)


def test_a_bench_without_margins_shows_its_measures(tmp_path: Path) -> None:
    result = Campaign("mtj-iv", trials=4, parameters={"steps": 2}).run(tmp_path, workers=1)
    assert not result.margins
    assert len(result.plot().axes) >= len(result.measures)
    assert "±" in str(result)
    assert len(str(result).splitlines()) <= 10


def counted(outline: Polygon) -> float:
    """Sum of the bars of a histogram's outline, which runs back along its foot."""
    x, y = np.asarray(outline.get_xy()).T
    top = y[:-1][(np.diff(x) > 0) & (np.diff(y) == 0)]
    return float(top[top >= 1].sum())


def test_the_plot_shows_every_margin(result: CampaignResult) -> None:
    axes = result.plot().axes
    assert len(axes) == len(result.margins)
    for axis, name in zip(axes, result.margins, strict=True):
        assert axis.get_title(loc="left").startswith(f"{name}: mean gap")
        drawn = sum(counted(patch) for patch in axis.patches if isinstance(patch, Polygon))
        assert drawn >= 2 * 200  # every trial of both states


def test_a_single_trial_has_no_distribution(tmp_path: Path) -> None:
    result = Campaign("sot-read", trials=1, parameters=IDEAL).run(tmp_path, workers=1)
    assert "unknown" not in repr(result).splitlines()[0]
    with pytest.raises(UserError, match="1 trials are ok; a distribution needs 2"):
        result.plot()
