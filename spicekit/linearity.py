"""Integral and differential non-linearity of transfer curves against the line through their ends, and a fitted one.

``level`` has shape (levels,), ``out`` shape (..., levels); a step, or LSB, is the mean slope, (last - first output) a level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from spicekit.errors import UserError
from spicekit.waves import Array


@dataclass(frozen=True)
class Linearity:
    """Of values over codes of shape (points,), in LSB, which is the slope of the line through both ends.

    IEEE Std 1241-2010 states both lines; which one a figure means has to be said with it.
    """

    lsb: float  # slope of the line through both ends, in the unit of the values a code
    inl: Array  # distance from that line, shape (points,)
    inl_fit: Array  # distance from the least-squares line, shape (points,)
    dnl: Array  # step from each point to the next, a code, over the LSB, less 1; shape (points - 1,)

    @property
    def worst(self) -> dict[str, float]:
        """Largest magnitudes in LSB."""
        return {name: float(np.max(np.abs(getattr(self, name)))) for name in ("inl", "inl_fit", "dnl")}


def linearity(codes: ArrayLike, values: ArrayLike) -> Linearity:
    """INL and DNL of ``values`` over increasing ``codes``.  Raises :class:`UserError` for a curve that has none."""
    x, y = np.asarray(codes, dtype=float), np.asarray(values, dtype=float)
    if x.ndim != 1 or x.shape != y.shape or len(x) < 3:
        raise UserError(f"linearity: {x.shape} codes and {y.shape} values given; allowed: as many of each, 3 or more")
    if not np.all(np.diff(x) > 0) or not np.all(np.isfinite(y)):
        raise UserError("linearity: codes must increase and values be finite")
    lsb = float((y[-1] - y[0]) / (x[-1] - x[0]))
    if lsb == 0:
        raise UserError("linearity: the first and the last value are the same: there is no LSB")
    fit = np.polynomial.Polynomial.fit(x, y, 1)
    return Linearity(
        lsb=lsb,
        inl=deviation(x, y),
        inl_fit=(y - fit(x)) / lsb,
        dnl=np.diff(deviation(x, y)) / np.diff(x),
    )


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
