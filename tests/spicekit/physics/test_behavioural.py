"""The fast switching model: its limits, its smoothness, and the mean first-passage time of the Fokker-Planck equation."""

from __future__ import annotations

import numpy as np
import pytest

from spicekit.physics import behavioural as b
from spicekit.physics.initial import nominal_angle


def mean_first_passage(i: float, delta: float) -> float:
    """Mean time in tau_D to the equator from a Boltzmann start, by quadrature over the Fokker-Planck potential."""
    theta = np.linspace(1e-5, np.pi / 2, 20_001)
    step = theta[1] - theta[0]
    potential = delta * (np.sin(theta) ** 2 + 2 * i * np.cos(theta))
    potential -= potential[0]
    inner = np.sin(theta) * np.exp(-potential)
    below = np.concatenate([[0], np.cumsum((inner[1:] + inner[:-1]) / 2 * step)]) + inner[0] * theta[0] / 2
    outer = 2 * delta * np.exp(potential) / np.sin(theta) * below
    times = np.concatenate([np.cumsum(((outer[1:] + outer[:-1]) / 2 * step)[::-1])[::-1], [0]])
    weight = np.sin(theta) * np.exp(-delta * np.sin(theta) ** 2)
    return float(np.trapezoid(times * weight, theta) / np.trapezoid(weight, theta))


@pytest.mark.parametrize("delta", [30.0, 60.0, 100.0])
def test_the_joined_time_follows_the_fokker_planck_mean_over_all_regimes(delta: float) -> None:
    i = np.array([0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.5, 2.0, 3.0])
    model = b.switching_time(i * 20e-6, 20e-6, delta, nominal_angle(delta), 2e-9)
    expected = np.array([mean_first_passage(x, delta) for x in i]) * 2e-9
    np.testing.assert_allclose(model, expected, rtol=0.1)


def test_suns_time_for_strong_overdrive() -> None:
    sun = b.precessional_time(np.array([10e-6, 20e-6, 40e-6]), 20e-6, 0.1, 2e-9)
    assert np.all(np.isinf(sun[:2]))
    assert sun[2] == pytest.approx(2e-9 * np.log(np.pi / 0.2), rel=1e-14)
    strong = 2000e-6
    assert float(b.switching_time(strong, 20e-6, 60, 0.1, 2e-9)) == pytest.approx(
        float(b.precessional_time(strong, 20e-6, 0.1, 2e-9)), rel=5e-3
    )


def test_neel_and_browns_time_without_current() -> None:
    arrhenius = 2e-9 * np.sqrt(np.pi / 60) * np.exp(60)
    assert float(b.thermal_time(0.0, 20e-6, 60, 2e-9)) == pytest.approx(arrhenius, rel=1e-12)
    assert float(b.switching_time(0.0, 20e-6, 60, 0.1, 2e-9)) == pytest.approx(arrhenius, rel=0.1)
    assert np.isnan(b.thermal_time(30e-6, 20e-6, 60, 2e-9))


def test_the_time_falls_smoothly_with_current_and_never_ends_when_the_state_is_held() -> None:
    i = np.linspace(0.0, 4.0, 4001)
    log = np.log(b.switching_time(i, 1.0, 60.0, 0.09, 1e-9))
    assert np.all(np.diff(log) < 0)
    assert np.max(np.abs(np.diff(log, 3))) < 1e-3  # no kink
    assert np.isinf(b.switching_time(-2.0, 1.0, 60.0, 0.09, 1e-9))
    assert b.switching_time(np.ones((2, 3)), 1.0, np.array([40.0, 60.0, 80.0]), 0.1, 1e-9).shape == (2, 3)
