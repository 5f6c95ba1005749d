"""A cheaper bench as control variate: closed forms, a real bench, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from montecarlo import Campaign
from montecarlo.jobs.control import Control, run_controlled
from montecarlo.statistics.control import controlled
from montecarlo.statistics.improved import plain_mean, plain_std
from montecarlo.statistics.surrogate import Refused
from spicekit import UserError

SETS, PAIRS, FURTHER = 200, 80, 800


def test_intervals_cover_and_estimates_are_not_biased() -> None:
    """A lognormal by a control that bends otherwise, R2 0.9: both parts of the error are in the interval, 95 % of them hold."""
    variance = 0.3**2 + 0.08**2
    true = np.exp(variance / 2) * np.array([1.0, np.sqrt(np.expm1(variance))])
    values, right, plain = [], [], []
    for seed in range(SETS):
        rng = np.random.default_rng(seed)
        z = rng.standard_normal(PAIRS + FURTHER)
        full = np.exp(0.3 * z[:PAIRS] + 0.08 * rng.standard_normal(PAIRS))
        control = 5 + z + 0.1 * z**2
        found = controlled(full, control[:PAIRS], control[PAIRS:]).moments
        values.append([found.mean.value, found.std.value])
        right.append([one.low <= value <= one.high for one, value in zip((found.mean, found.std), true, strict=True)])
        plain.append([plain_mean(full).value, plain_std(full).value])
    scatter = np.std(values, axis=0, ddof=1)
    assert np.all(np.abs(np.mean(values, axis=0) - true) < 3.5 * scatter / np.sqrt(SETS))
    for count in np.sum(right, axis=0):
        assert binomtest(int(count), SETS, 0.95, "less").pvalue > 0.002
    assert np.all(scatter < np.std(plain, axis=0) / np.array([2, 1.5]))


def test_few_further_trials_of_the_control_make_the_interval_as_wide_as_they_are_few() -> None:
    """A control that is all there is, in as many further trials as pairs: the error of a plain mean of these is left."""
    rng = np.random.default_rng(1)
    c = rng.standard_normal(400)
    mean = controlled(2 * c[:200], c[:200], c[200:]).moments.mean
    assert mean.value == pytest.approx(2 * c[200:].mean(), abs=1e-12)
    assert (mean.high - mean.low) / 2 == pytest.approx(1.972 * 2 * c[200:].std(ddof=1) / np.sqrt(200), rel=1e-3)


@pytest.mark.parametrize(
    ("full", "words"),
    [
        (lambda c, e: 0.9 * c + e, "R2 0.4[0-9] with its control in 100 pairs, below 0.5"),
        (lambda c, e: np.ones(len(c)), "it does not vary"),
        (lambda c, e: np.where(c > 1.5, np.inf, c), "it is beyond its limits in [1-9]"),
        (lambda c, e: c[:20], "20 trials are ok; at least 30"),
    ],
)
def test_what_does_not_pay_is_refused(full: Callable[..., Any], words: str) -> None:
    rng = np.random.default_rng(3)
    c, e = rng.standard_normal(500), rng.standard_normal(100)
    y = full(c[:100], e)
    with pytest.raises(Refused, match=words):
        controlled(y, c[: len(y)], c[100:])


def test_a_row_in_time_by_its_operating_point(tmp_path: Path) -> None:
    """`stt-bnn-row` of 16 cells: its settled voltage has the operating point's spread, of which many more trials are at hand."""
    given = {"n": 16, "rows": 16}
    campaign = Campaign("stt-bnn-row", trials=32, seed=3, parameters=given | {"analysis": "tran"})
    control = Control(campaign, ["analysis=dc"], 2000)
    drawn, theirs = campaign.samples(3, 9), control.samples(3, 9)
    for name in theirs:
        np.testing.assert_array_equal(theirs[name], drawn[name])
    assert drawn.keys() - theirs.keys()  # the amplifier's switch is none of the operating point's
    summary = run_controlled(campaign, control, tmp_path, workers=1).summary
    assert summary == json.loads((tmp_path / "summary.json").read_text())
    found = summary["control"]
    assert (found["pairs"], found["trials"], found["given"]["analysis"]) == (32, 2000, "dc")
    assert set(found["measures"]) | set(found["refused"]) == set(summary["measures"])
    v_sl = found["measures"]["v_sl"]
    assert v_sl["r2"] > 0.99
    assert v_sl["slope"] == pytest.approx(1, abs=0.02)
    assert v_sl["mean"]["worth"] > 20
    (mean, low, high), (std, less, more) = v_sl["mean"]["improved"], v_sl["std"]["improved"]
    many = Campaign("stt-bnn-row", trials=4000, seed=99, parameters=given | {"analysis": "dc"})
    other = many.run(tmp_path / "many", workers=1).measures["v_sl"]
    # the operating point is the end of settling; its own 4000 trials have an error, too
    assert abs(mean - other["mean"]) < 3 * np.hypot((high - low) / 4, other["std"] / np.sqrt(4000))
    assert abs(std - other["std"]) < 3 * np.hypot((more - less) / 4, other["std"] / np.sqrt(8000))
    assert found["refused"]["t_settle"] == "its control does not measure it"
    with pytest.raises(UserError, match="holds the control of a campaign"):
        Campaign.load(tmp_path / "control")


@pytest.mark.parametrize(
    ("bench", "options", "words", "said"),
    [
        ("sot-read", {}, [], "that is the campaign itself"),
        ("sot-read", {}, ["tmr=1.5", "stt-read"], "at most one bench, first"),
        ("sot-read", {}, ["nosuch=1"], "^--control nosuch=1: bench .sot-read.: unknown parameter .nosuch.; "),
        ("sot-read", {}, ["c3cim-column"], "no variation point of sot-read"),
        ("sot-read", {"sampler": "sobol"}, ["tmr=1.5"], "--sampler sobol given; allowed: random"),
    ],
)
def test_controls_that_are_none(bench: str, options: dict[str, Any], words: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Control(Campaign(bench, trials=100, **options), words)


def test_the_command_tells_what_it_is_worth(cli: Callable[..., Any], complaint: Callable[..., str], tmp_path: Path) -> None:
    """And again, on the same folder: the same answer, with nothing simulated."""
    command = ["mc", "sot-read", "--trials", 60, "--control", "bias=ideal", "--control-trials", 500, "--out", tmp_path / "out"]
    done = cli(*command)
    assert done.returncode == 0, done.stderr
    assert "sot-read (bias=ideal) as control: 60 pairs, 500 more" in done.stdout
    before = json.loads((tmp_path / "out" / "summary.json").read_text())["control"]
    one = before["measures"]["v_p"]
    assert one["mean"]["worth"] == pytest.approx(1 / (1 - one["r2"] + one["r2"] * 60 / 500), rel=0.3)
    again = cli(*command, "--json")
    assert json.loads(again.stdout)["control"] == before
    words = ["mc", "sot-read", "--trials", 60, "--control-trials", 5, "--out", tmp_path / "other"]
    assert "--control-trials 5: without --control" in complaint(cli(*words), 2)
    assert not (tmp_path / "other").exists()
