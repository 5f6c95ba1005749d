"""Integral and differential non-linearity of a transfer curve against two straight lines: through its ends, and fitted."""

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
        inl=(y - (y[0] + lsb * (x - x[0]))) / lsb,
        inl_fit=(y - fit(x)) / lsb,
        dnl=np.diff(y) / np.diff(x) / lsb - 1,
    )
