"""Linearity of a measured transfer: deviation from the line through its ends, in steps.

``level`` has shape (levels,), ``out`` shape (..., levels); a step is the mean slope, (last - first output) a level.
"""

from __future__ import annotations

import numpy as np

from spicekit.waves import Array


def deviation(level: Array, out: Array) -> Array:
    """Distance of each output from the line through the first and the last one, in steps; shape (..., levels)."""
    first, last = out[..., :1], out[..., -1:]
    step = (last - first) / (level[-1] - level[0])
    return np.asarray((out - first) / step - (level - level[0]))


def inl(level: Array, out: Array) -> Array:
    """Integral non-linearity: the largest magnitude of :func:`deviation`; shape (...)."""
    return np.asarray(np.abs(deviation(level, out)).max(axis=-1))


def dnl(level: Array, out: Array) -> Array:
    """Differential non-linearity: the largest |local slope / mean slope - 1|; shape (...)."""
    slope = np.diff(deviation(level, out), axis=-1) / np.diff(level)
    return np.asarray(np.abs(slope).max(axis=-1))


def usable(level: Array, out: Array, limit: float = 0.5) -> Array:
    """The highest level for which the transfer from the first level up to it has an INL below ``limit`` steps; shape (...)."""
    found = np.full(out.shape[:-1], level[0])
    for last in range(2, len(level) + 1):
        found = np.where(inl(level[:last], out[..., :last]) < limit, level[last - 1], found)
    return np.asarray(found)
