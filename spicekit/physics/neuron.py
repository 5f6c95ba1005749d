"""The ideal integrate-and-fire neuron of a binary row: integer matches in, spikes out.

One step of a binarised spiking network (STT-BSNN, IEEE Access 2021, doi:10.1109/ACCESS.2021.3125685) is
u(t) = u(t-1) + sum XNOR - rho, a spike if u > theta, and u = 0 after a spike.  Here everything is counted in matches, as the
row does: sum XNOR = 2 N1 - N for N1 matches of N products, so that a match is 2 units of sum XNOR, and

    u(t) = u(t-1) + N1(t) - rho,    rho_XNOR = 2 rho - N,    theta_XNOR = 2 theta.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spicekit.errors import UserError
from spicekit.waves import Array

Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class IntegerNeuron:
    """``rho``, ``theta`` and ``floor``, the lowest membrane, in matches; no spike in the first ``integrate`` steps."""

    rho: float
    theta: float
    integrate: int = 0
    floor: float = -np.inf

    def train(self, n1: ArrayLike) -> tuple[Array, Bits]:
        """Membrane before the reset and spikes, both of shape (..., steps), for matches ``n1`` of shape (..., steps)."""
        matches = np.asarray(n1, dtype=float)
        membrane, spikes = np.zeros_like(matches), np.zeros(matches.shape, dtype=bool)
        u = np.zeros(matches.shape[:-1])
        for step in range(matches.shape[-1]):
            u = np.maximum(u + matches[..., step] - self.rho, self.floor)
            fires = (u > self.theta) & (step >= self.integrate)
            membrane[..., step], spikes[..., step] = u, fires
            u = np.where(fires, 0.0, u)
        return membrane, spikes


def matches(spikes: ArrayLike, weights: ArrayLike) -> NDArray[np.int64]:
    """Matches a step, shape (steps,), of ``spikes`` of shape (steps, N) and ``weights`` of shape (N,), 1 for +1 and 0 for -1.

    Raises :class:`UserError` for other shapes and values.
    """
    given, stored = np.asarray(spikes), np.asarray(weights)
    if stored.ndim != 1 or given.ndim != 2 or given.shape[1] != len(stored):
        raise UserError(f"allowed: spikes of shape (steps, N), weights of shape (N,); given: {given.shape} and {stored.shape}")
    if not (np.isin(given, (0, 1)).all() and np.isin(stored, (0, 1)).all()):
        raise UserError("spikes and weights hold 1 (for +1) and 0 (for -1) only")
    return np.asarray((given == stored).sum(axis=1), dtype=np.int64)
