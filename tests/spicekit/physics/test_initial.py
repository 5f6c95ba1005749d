"""The thermal initial angle: the exact distribution, its limits and its map from normal variates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from spicekit.devices import load_device
from spicekit.devices.mtj import MtjCard
from spicekit.physics import initial


@pytest.mark.parametrize("delta", [0.5, 5.0, 60.0])
def test_the_angle_follows_the_boltzmann_density(delta: float) -> None:
    def density(theta: float) -> float:
        return float(np.exp(-delta * np.sin(theta) ** 2) * np.sin(theta))

    total = quad(density, 0, np.pi / 2)[0]
    for theta in (0.05, 0.2, 0.6, 1.3):
        expected = quad(density, theta, np.pi / 2)[0] / total
        assert float(initial.survival(delta, theta)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("delta", [5.0, 60.0])
def test_samples_pass_a_kolmogorov_smirnov_test(delta: float) -> None:
    angles = initial.sample_angle(delta, np.random.default_rng(1), 20_000)
    # the distribution function maps the samples to uniforms
    assert stats.kstest(1 - initial.survival(delta, angles), "uniform").pvalue > 0.01


def test_the_small_angle_limit_is_rayleigh() -> None:
    delta = 5000.0
    angles = initial.sample_angle(delta, np.random.default_rng(2), 20_000)
    assert stats.kstest(angles, stats.rayleigh(scale=1 / np.sqrt(2 * delta)).cdf).pvalue > 0.01
    # at Delta 60 it is measurably not: a million samples tell them apart, the mean square by 7/(6 Delta)
    u = np.random.default_rng(3).random(1_000_000)
    exact, limit = initial.angle_from_uniform(60.0, u), initial.rayleigh_angle(60.0, u)
    assert np.mean(exact**2) / np.mean(limit**2) == pytest.approx(1 + 7 / 6 / 60, abs=0.003)


@given(st.floats(0.05, 200), st.floats(-7, 7))
def test_the_normal_map_is_the_exact_quantile(delta: float, z: float) -> None:
    theta = float(initial.angle_from_normal(delta, z))
    assert 0 <= theta <= np.pi / 2
    if theta < 1.5:  # sin^2, for which it is solved, holds few digits of an angle next to pi/2
        assert float(initial.survival(delta, theta)) == pytest.approx(stats.norm.sf(z), rel=1e-7)


@given(st.floats(0.05, 200), st.floats(0, 0.999999))
def test_the_uniform_map_inverts_the_distribution(delta: float, u: float) -> None:
    theta = float(initial.angle_from_uniform(delta, u))
    assert 1 - float(initial.survival(delta, theta)) == pytest.approx(u, abs=1e-9)


def test_maps_are_vectorised_and_refuse_an_unstable_well() -> None:
    grid = initial.angle_from_uniform(np.array([[20.0], [60.0]]), np.array([0.0, 0.5, 0.9]))
    assert grid.shape == (2, 3)
    assert np.all(grid[:, 0] == 0)
    assert np.all(np.diff(grid, axis=1) > 0)
    with pytest.raises(ValueError, match="above 0"):
        initial.angle_from_uniform(0.0, 0.5)


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_directions_lie_on_the_sphere_at_their_angle(axis: str) -> None:
    p = replace(load_device("umn-i-pmtj", MtjCard).at().numbers, **{f"e{other}": float(other == axis) for other in "xyz"})
    phi = np.linspace(0, 6, 7)
    m = initial.direction(p, 0.3, phi, antiparallel=True)
    np.testing.assert_allclose(np.sum(m**2, axis=0), 1, rtol=1e-14)
    np.testing.assert_allclose(m["xyz".index(axis)], -np.cos(0.3), rtol=1e-14)
    cyclic = {"x": 1, "y": 2, "z": 0}[axis]  # azimuth 0 lies on the next axis
    np.testing.assert_allclose(m[cyclic, 0], np.sin(0.3), rtol=1e-14)
