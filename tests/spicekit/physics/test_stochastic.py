"""Trajectories of the stochastic LLG equation against the Fokker-Planck solver, which shares nothing with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import dawsn
from scipy.stats import kstest

from spicekit.errors import UserError
from spicekit.physics.fokker_planck import populations, write_error_rate
from spicekit.physics.stochastic import BLOCK, boltzmann_cosine, default_step, stochastic_llg


@pytest.mark.parametrize(
    ("delta", "overdrive", "tau", "seed"),
    [(60, 2.0, [2, 3, 4], 1), (60, 1.5, [4, 6, 8], 2), (25, 3.0, [0.8, 1.6], 3), (15, 0.9, [2, 5], 4)],
)
def test_agrees_with_fokker_planck(delta: float, overdrive: float, tau: list[float], seed: int) -> None:
    expected = write_error_rate(delta, overdrive, tau)
    assert expected.min() > 1e-3
    counted = stochastic_llg(delta, overdrive, tau, 10 * BLOCK, seed, confidence=0.999)
    assert np.all((counted.low < expected) & (expected < counted.high)), (counted.wer, expected)


@pytest.mark.parametrize("alpha", [0.1, 0.3, 2.0])
def test_damping_does_not_matter(alpha: float) -> None:
    expected = float(write_error_rate(40, 2.5, 1.2))
    counted = stochastic_llg(40, 2.5, 1.2, 4 * BLOCK, 5, alpha=alpha, confidence=0.999)
    assert counted.low < expected < counted.high


@pytest.mark.parametrize("alpha", [0.3, 1.0, 3.0])
def test_thermal_field_gives_the_boltzmann_distribution(alpha: float) -> None:
    # A barrier low enough for many returns: fluctuation and dissipation must match, whatever the damping.
    tau = [0.3, 1.0, 4.0]
    expected = populations(3, 0.2, tau)[0]
    counted = stochastic_llg(3, 0.2, tau, 4 * BLOCK, 6, alpha=alpha, confidence=0.999)
    assert np.all((counted.low < expected) & (expected < counted.high)), (counted.wer, expected)


def test_error_falls_as_the_square_of_the_step() -> None:
    # (step/alpha)^2 (i - 1) tau = 0.08 too few errors at a step of 0.02 and an alpha of 0.1, of which the equator sees
    # about half at this early time; a quarter of it at half the step; none that 65000 trajectories would show by default.
    expected, trajectories = float(write_error_rate(60, 2, 2)), 16 * BLOCK
    bias = {step: stochastic_llg(60, 2, 2, trajectories, 7, alpha=0.1, step=step).wer / expected - 1 for step in (0.02, 0.01)}
    sigma = np.sqrt((1 - expected) / expected / trajectories)
    assert bias[0.02] < -10 * sigma
    assert abs(bias[0.01] - bias[0.02] / 4) < 4 * sigma
    converged = stochastic_llg(60, 2, 2, trajectories, 7)
    assert abs(converged.wer / expected - 1) < 3.5 * sigma
    half = stochastic_llg(60, 2, 2, trajectories, 8, step=default_step(2, 1.0) / 2)
    assert abs(half.wer - converged.wer) / expected < 4 * np.sqrt(2) * sigma


def test_a_trajectory_depends_on_the_seed_and_its_number_alone() -> None:
    few = stochastic_llg(60, 3, [1.0, 2.0], BLOCK + 100, 11, switching_times=True)
    many = stochastic_llg(60, 3, [1.0, 2.0], 3 * BLOCK, 11, switching_times=True, workers=3)
    assert few.switching_times is not None
    assert many.switching_times is not None
    np.testing.assert_array_equal(few.switching_times, many.switching_times[: BLOCK + 100])
    generator = stochastic_llg(60, 3, [1.0, 2.0], BLOCK + 100, np.random.default_rng(11))
    np.testing.assert_array_equal(generator.errors, few.errors)
    other = stochastic_llg(60, 3, [1.0, 2.0], BLOCK + 100, 12)
    assert not np.array_equal(other.errors, few.errors)


def test_switching_times_tell_the_errors() -> None:
    tau = np.array([2.5, 1.0, 1.5, 2.5])
    counted = stochastic_llg(60, 3, tau, 2 * BLOCK, 13, switching_times=True)
    times = counted.switching_times
    assert times is not None
    assert times.shape == (2 * BLOCK,)
    assert np.nanmin(times) > 0
    assert np.nanmax(times) <= 2.5
    # Beyond the critical current hardly any come back over the equator.
    first_passage = np.array([np.mean(~(times <= t)) for t in tau])
    np.testing.assert_allclose(first_passage, counted.wer, rtol=0.02, atol=2e-3)
    assert counted.errors[0] == counted.errors[3]
    assert counted.wer.shape == tau.shape


def test_a_pulse_of_no_length_writes_nothing() -> None:
    counted = stochastic_llg(60, 2, 0.0, 100, 1)
    assert counted.wer == 1
    assert counted.errors == 100
    assert counted.high == 1


def test_boltzmann_start() -> None:
    def distribution(u: Any, delta: float) -> Any:
        # The integral of exp(delta u^2) is Dawson's function.
        return np.exp(delta * (u**2 - 1)) * dawsn(np.sqrt(delta) * u) / dawsn(np.sqrt(delta))

    for delta in (1.0, 20.0, 100.0):
        u = boltzmann_cosine(delta, 50_000, np.random.default_rng(17))
        result = kstest(distribution(u, delta), "uniform")
        assert result.pvalue > 1e-3


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"delta": 0}, "delta is 0; it must be finite and greater than 0"),
        ({"delta": [60, 61]}, "delta is an array"),
        ({"overdrive": float("nan")}, "overdrive is nan"),
        ({"tau": -1}, "tau is -1"),
        ({"trajectories": 0}, "trajectories is 0; it must be a whole number from 1"),
        ({"trajectories": 1.5}, "trajectories is 1.5"),
        ({"alpha": 0}, "alpha is 0"),
        ({"step": -0.1}, "step is -0.1"),
        ({"confidence": 1}, "confidence is 1; it must be between 0 and 1"),
        ({"workers": 0}, "workers is 0"),
        ({"rng": -1}, "rng is -1"),
    ],
)
def test_bad_input(changed: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"delta": 60, "overdrive": 2, "tau": 1, "trajectories": 10, "rng": 1}
    with pytest.raises(UserError, match=message):
        stochastic_llg(**(arguments | changed))  # type: ignore[arg-type]
