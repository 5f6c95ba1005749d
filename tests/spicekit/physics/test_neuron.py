"""The ideal neuron against the recursion written out, and against sum XNOR in its own units."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from spicekit import UserError
from spicekit.physics.neuron import IntegerNeuron, matches


def written_out(n1: list[int], rho: int, theta: int, wait: int = 0, floor: float = -1e9) -> tuple[list[float], list[bool]]:
    """u(t) = u(t-1) + N1 - rho, a spike if u > theta, 0 after it."""
    u, membrane, spikes = 0.0, [], []
    for step, given in enumerate(n1):
        u = max(u + given - rho, floor)
        membrane.append(u)
        spikes.append(u > theta and step >= wait)
        if spikes[-1]:
            u = 0.0
    return membrane, spikes


@pytest.mark.parametrize(("wait", "floor"), [(0, -1e9), (3, -1e9), (0, -5.0), (5, -2.0)])
def test_trains(wait: int, floor: float) -> None:
    n1 = np.random.default_rng(7).binomial(288, 0.5, (50, 14))
    membrane, spikes = IntegerNeuron(140, 16, wait, floor).train(n1)
    for row in range(len(n1)):
        u, fired = written_out(n1[row].tolist(), 140, 16, wait, floor)
        assert membrane[row].tolist() == u
        assert spikes[row].tolist() == fired
    assert 20 < spikes.sum() < 300


def test_matches_are_half_of_sum_xnor() -> None:
    """The published recursion, in units of sum XNOR with rho_XNOR = 2 rho - N and theta_XNOR = 2 theta, fires alike."""
    rng = np.random.default_rng(3)
    bits, weights = rng.integers(0, 2, (40, 288)), rng.integers(0, 2, 288)
    n1 = matches(bits, weights)
    xnor: NDArray[np.int64] = ((2 * bits - 1) * (2 * weights - 1)).sum(axis=1)
    np.testing.assert_array_equal(2 * n1 - 288, xnor)
    _, spikes = IntegerNeuron(140, 16).train(n1)
    assert spikes.tolist() == written_out(xnor.tolist(), 2 * 140 - 288, 32)[1]
    assert spikes.any()


@pytest.mark.parametrize(
    ("spikes", "weights", "says"),
    [
        (np.zeros((8, 4)), np.zeros(5), r"given: \(8, 4\) and \(5,\)"),
        (np.zeros(4), np.zeros(4), r"allowed: spikes of shape \(steps, N\)"),
        (np.full((2, 4), -1), np.zeros(4), r"1 \(for \+1\) and 0 \(for -1\) only"),
    ],
)
def test_wrong_patterns(spikes: NDArray[np.float64], weights: NDArray[np.float64], says: str) -> None:
    with pytest.raises(UserError, match=says):
        matches(spikes, weights)
