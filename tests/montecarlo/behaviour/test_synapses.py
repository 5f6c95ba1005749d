"""Weights in cells of two states: levels, counting of writes and energy, and the errors' statistics."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from montecarlo.behaviour.synapses import Synapses, WriteErrors
from spicekit.errors import UserError
from spicekit.table import LookupTable


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_levels_are_what_the_cells_have() -> None:
    chip = Synapses((3, 5), 4, 0.8, WriteErrors(), rng())
    wanted = np.linspace(-1.2, 1.2, 15).reshape(3, 5)
    chip.load(wanted)
    levels = np.clip(np.rint((wanted / 0.8 + 1) * 2), 0, 4)
    np.testing.assert_array_equal(chip.level, levels)
    np.testing.assert_allclose(chip.weights, 0.8 * (levels / 2 - 1))


def test_writes_and_energy_are_counted() -> None:
    """Every cell that has to change once, in its direction; none that is there already."""
    chip = Synapses((40,), 8, 1.0, WriteErrors(e_set=2e-12, e_reset=1e-12), rng())
    before = chip.level
    target = rng(2).integers(0, 9, 40)
    chip.load(target / 4 - 1)
    change = target - before
    assert chip.sets == change[change > 0].sum()
    assert chip.resets == -change[change < 0].sum()
    assert chip.failed == 0
    assert chip.energy == pytest.approx(chip.sets * 2e-12 + chip.resets * 1e-12)
    chip.load(target / 4 - 1)
    assert chip.sets + chip.resets == np.abs(change).sum()
    chip.change(np.full(40, 100.0))  # no more cells than there are
    assert np.all(chip.level == 8)
    assert chip.sets == change[change > 0].sum() + (8 - target).sum()


def test_rules_of_small_changes() -> None:
    """A tenth of a level, ten times: rounding loses it, drawing is right in the mean, a register is right exactly."""
    step = 2 / 20 / 10
    for rule in ("nearest", "stochastic", "accumulate"):
        chip = Synapses((4000,), 20, 1.0, WriteErrors(), rng(), rule)
        chip.load(np.zeros(4000))
        for _ in range(10):
            chip.change(np.full(4000, step * 1.0000001))
        up = chip.level - 10
        if rule == "nearest":
            assert not up.any()
        elif rule == "accumulate":
            assert np.all(up == 1)
        else:  # ten draws of a tenth
            expected = binom(10, 0.1)
            assert up.mean() == pytest.approx(1, abs=4 * expected.std() / np.sqrt(4000))
            assert binomtest(int(np.sum(up == 0)), 4000, float(expected.pmf(0))).pvalue > 1e-4


def test_writes_fail_with_their_probabilities() -> None:
    """SET and RESET each with its own; what failed is still in the other state, and was paid for."""
    errors = WriteErrors(wer_set=0.05, wer_reset=0.3, e_set=1.0, e_reset=1.0)
    chip = Synapses((2000,), 4, 1.0, errors, rng())
    low = 8000 - chip.level.sum()
    chip.load(np.ones(2000))
    assert (chip.sets, chip.resets) == (low, 0)
    assert chip.failed == 8000 - chip.level.sum()
    assert binomtest(chip.failed, int(low), 0.05).pvalue > 1e-4
    high, before = int(chip.level.sum()), chip.failed
    chip.load(-np.ones(2000))
    assert chip.resets == high
    assert chip.failed - before == chip.level.sum()
    assert binomtest(chip.failed - before, high, 0.3).pvalue > 1e-4
    assert chip.energy == low + high


def test_cells_deviate_and_stay_as_they_are() -> None:
    errors = WriteErrors(sigma_p=0.2, sigma_ap=0.1, correlation=0.5)
    chip = Synapses((5000,), 2, 1.0, errors, rng())
    for values, mean, sigma in ((chip.parallel, 1, 0.2), (chip.antiparallel, -1, 0.1)):
        assert values.mean() == pytest.approx(mean, abs=4 * sigma / 100)
        assert values.std() == pytest.approx(sigma, rel=0.04)
    assert np.corrcoef(chip.parallel.ravel(), chip.antiparallel.ravel())[0, 1] == pytest.approx(0.5, abs=0.03)
    chip.load(np.ones(5000))
    np.testing.assert_allclose(chip.weights, chip.parallel.mean(axis=-1))
    chip.load(-np.ones(5000))
    np.testing.assert_allclose(chip.weights, chip.antiparallel.mean(axis=-1))
    assert np.array_equal(Synapses((5000,), 2, 1.0, errors, rng()).parallel, chip.parallel)


def test_drift_turns_cells() -> None:
    chip = Synapses((5000,), 4, 1.0, WriteErrors(), rng())
    before = chip.state.copy()
    chip.drift(0.01)
    turned = int(np.sum(chip.state != before))
    assert binomtest(turned, 20_000, 0.01).pvalue > 1e-4
    before = chip.state.copy()
    chip.drift(0.01, "p")
    assert not np.any(before & ~chip.state)
    assert binomtest(int(np.sum(chip.state & ~before)), int(np.sum(~before)), 0.01).pvalue > 1e-4
    chip.drift(0.0)
    assert chip.sets == chip.resets == 0  # nobody wrote


def table() -> LookupTable:
    """A table as `characterize stt-1t1mtj` makes it: currents of 20 and 8 uA, 5 % and 4 % apart, fully correlated."""
    quantiles = np.linspace(0, 1, 31)
    z = np.linspace(-1, 1, 31)  # uniform: standard deviation 1/sqrt(3)
    variables: dict[str, tuple[tuple[str, ...], np.ndarray]] = {}
    for name, mean, part in (("read_i_p", 20e-6, 0.05), ("read_i_ap", 8e-6, 0.04)):
        spread = part * mean * np.sqrt(3)
        variables |= {
            name: (("tmr",), np.array([mean])),
            f"{name}_std": (("tmr",), np.array([part * mean])),
            f"{name}_quantiles": (("tmr", "quantile"), (mean + spread * z)[None]),
        }
    variables |= {
        "read_correlation": (("tmr", "pair"), np.array([[1.0]])),
        "read_count": (("tmr",), np.array([500.0])),
        "set_e_write": (("tmr",), np.array([2e-12])),
        "reset_e_write": (("tmr",), np.array([1e-12])),
        "read_disturb": (("tmr",), np.array([1e-9])),
        "wer_set": (("pulse",), np.array([0.1, 0.01])),
        "wer_reset": (("pulse",), np.array([0.5, 0.2])),
        "t_pulse": ((), np.array(10e-9)),
    }
    axes = {
        "tmr": np.array([2.5]),
        "pulse": np.array([5e-9, 10e-9]),
        "quantile": quantiles,
        "pair": np.array(["read_i_p read_i_ap"]),
    }
    return LookupTable(axes, variables, {}, {"nominal": {"tmr": 2.5, "pulse": 10e-9}})


def test_errors_of_a_table() -> None:
    found = WriteErrors.of(table(), 5e-9)
    assert (found.sigma_p, found.sigma_ap) == pytest.approx((1e-6 / 6e-6, 0.32e-6 / 6e-6), rel=0.03)
    assert found.correlation == pytest.approx(1, abs=0.02)
    assert (found.wer_set, found.wer_reset, found.disturb) == pytest.approx((0.1, 0.5, 1e-9))
    assert (found.e_set, found.e_reset) == pytest.approx((1e-12, 0.5e-12))
    between = WriteErrors.of(table(), 7.5e-9)
    assert (between.wer_set, between.e_set) == pytest.approx((0.055, 1.5e-12))


def test_bad_input_is_said_in_a_line() -> None:
    for make, said in (
        (lambda: WriteErrors(wer_set=1.5), "wer_set 1.5: a probability, 0 to 1"),
        (lambda: WriteErrors(sigma_p=-1), "sigma_p -1: 0 or above"),
        (lambda: WriteErrors(correlation=2), "correlation 2: -1 to 1"),
        (lambda: Synapses((2,), 0, 1.0, WriteErrors(), rng()), "cells 0: at least 1 a weight"),
        (lambda: Synapses((2,), 1, 0.0, WriteErrors(), rng()), "scale 0: above 0"),
        (lambda: Synapses((2,), 1, 1.0, WriteErrors(), rng(), "up"), "rule 'up': allowed: nearest, stochastic, accumulate"),  # type: ignore[arg-type]
        (lambda: Synapses((2,), 1, 1.0, WriteErrors(), rng()).drift(2), "probability 2: 0 to 1"),
        (
            lambda: WriteErrors.of(LookupTable({}, {}, {}, {}), 1e-9),
            "no 'read_i_p': give a table of spicekit characterize stt-1t1mtj",
        ),
    ):
        with pytest.raises(UserError) as error:
            make()
        assert said in str(error.value)
    with pytest.raises(UserError, match="pulse"):
        WriteErrors.of(table(), 1e-9)
