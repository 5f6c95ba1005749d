"""Learning on line in cells: the task, what is counted, and what the example says of too little."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from networks.order import BURST, GROUP, NEURONS, ORDERS, SCALES, STEPS, Learned, Study, learn, samples
from online_learning import main, plot, row

from montecarlo.behaviour.synapses import WriteErrors
from spicekit.errors import UserError

QUICK = Study(cells=8, chips=3, samples=12, unseen=20, rule="accumulate")
ERRORS = WriteErrors(sigma_p=0.1, sigma_ap=0.1, wer_set=0.1, wer_reset=0.2, e_set=2e-12, e_reset=1e-12)


def test_only_the_order_tells() -> None:
    """Every group fires as often in every class; the group that an order has first fires first."""
    inputs, labels = samples(np.random.default_rng(1), 1, 3000)
    groups = inputs[:, 0].reshape(STEPS, 3000, 3, GROUP).sum(axis=-1)
    counts = groups.sum(axis=0)
    means = np.array([counts[labels[0] == k].mean(axis=0) for k in range(len(ORDERS))])
    error = counts.std() / np.sqrt(3000 / len(ORDERS))
    assert np.abs(means - counts.mean()).max() < 4.5 * error
    early = groups[:BURST].sum(axis=0).argmax(axis=-1)
    assert np.mean(early == ORDERS[labels[0], 0]) > 0.98


def test_a_network_learns_the_order() -> None:
    """Exact weights, 300 samples, 4 chips of 100 unseen ones: both rules are far above one in six."""
    study = Study(cells=0, chips=4, samples=300, unseen=100)
    for learning in ("e-prop", "read-out alone"):
        found = learn(replace(study, learning=learning), 3)  # type: ignore[arg-type]
        assert found.accuracy.mean() > 0.5
        assert found.course[-50:].mean() > found.course[:50].mean() + 0.15
        assert (found.loading, found.writes, found.energy) == (0, 0, 0)


def test_the_same_seed_is_the_same_chip() -> None:
    first, again, other = learn(QUICK, 5), learn(QUICK, 5), learn(QUICK, 6)
    assert all(np.array_equal(a, b) for a, b in zip(first.weights, again.weights, strict=True))
    assert (first.writes, first.energy) == (again.writes, again.energy)
    assert not np.array_equal(first.weights[0], other.weights[0])


def test_weights_are_levels_and_energy_is_that_of_the_writes() -> None:
    """Without spread each weight is one of nine levels; with one energy for either direction the sum is a product."""
    found = learn(replace(QUICK, errors=WriteErrors(e_set=3e-12, e_reset=3e-12)), 2)
    for weights, scale in zip(found.weights, SCALES, strict=True):
        levels = (weights / scale + 1) * 4
        np.testing.assert_allclose(levels, np.rint(levels), atol=1e-9)
    assert found.writes > 0
    assert found.energy == pytest.approx(3e-12 * found.writes)
    assert found.loading > 0


def test_what_is_taught_elsewhere_is_loaded() -> None:
    """Into cells without errors: the nearest levels, on every chip."""
    rng = np.random.default_rng(4)
    taught = tuple(rng.uniform(-0.4, 0.4, shape) for shape in ((1, NEURONS, 3 * GROUP), (1, NEURONS, NEURONS), (1, 6, NEURONS)))
    found = learn(replace(QUICK, samples=0), 1, taught)  # type: ignore[arg-type]
    for weights, wanted, scale in zip(found.weights, taught, SCALES, strict=True):
        np.testing.assert_allclose(weights, np.broadcast_to(scale * (np.rint((wanted / scale + 1) * 4) / 4 - 1), weights.shape))
    assert found.writes == 0


def test_bad_writes_and_drift_change_what_is_learnt() -> None:
    usual, failing = learn(QUICK, 7), learn(replace(QUICK, errors=ERRORS), 7)
    drifting = learn(replace(QUICK, drift=0.05), 7)
    for other in (failing, drifting):
        assert not np.array_equal(usual.weights[1], other.weights[1])


@pytest.mark.parametrize(
    ("study", "said"),
    [
        (replace(QUICK, learning="guess"), "learning 'guess': allowed: e-prop, random feedback, read-out alone"),  # type: ignore[arg-type]
        (replace(QUICK, chips=0), "chips and unseen: at least 1"),
        (replace(QUICK, sigma_theta=-0.1), "sigma_theta -0.1: 0 or above"),
        (replace(QUICK, cells=-1), "cells -1: at least 1 a weight"),
        (replace(QUICK, drift=1.5), "probability 1.5: 0 to 1"),
    ],
)
def test_bad_studies_are_refused(study: Study, said: str) -> None:
    with pytest.raises(UserError) as error:
        learn(study, 1)
    assert str(error.value).startswith(said)


def test_rows_have_intervals_and_are_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learned = Learned(np.array([0.5, 0.6, 0.7]), (np.zeros(1),) * 3, 5.0, 10.0, 2e-9, np.zeros(1))
    found = row("levels", "nearest", 4, learned)
    half = 4.3027 * 0.1 / np.sqrt(3)  # Student's 97.5 % point of two degrees of freedom
    assert (found["accuracy"], found["high"] - found["accuracy"]) == pytest.approx((0.6, half), rel=1e-4)
    assert "60.0 ± 24.8" in capsys.readouterr().out
    rows = [found | {"part": part, "what": what, "value": value, "wer_reset": 0.1} for part, what, value in (
        ("rules", "e-prop", 0), *(("levels", rule, 2) for rule in ("stochastic", "nearest", "accumulate")),
        ("pulses", "stochastic", 1e-9), ("pulses", "accumulate", 1e-9), ("drift", "accumulate", 0.0), ("spread", "loaded", 0.0),
    )]  # fmt: skip
    assert plot(rows, tmp_path / "learning.png").stat().st_size > 20_000


def test_options_that_are_wrong_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for options, said in ((["--chips", "1"], "--chips: at least 2"), (["--table", str(tmp_path / "none")], "none")):
        monkeypatch.setattr(sys, "argv", ["online_learning.py", "--out", str(tmp_path / "out"), *options])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 2
        assert said in capsys.readouterr().err.splitlines()[-1]
