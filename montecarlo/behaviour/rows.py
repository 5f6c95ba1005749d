"""Physical rows of STT-BNN's macro: N XNOR cells, a source line and an amplifier that answers one bit, +1 if N1 >= N/2.

N1 is the number of cells whose weight and input agree.  What deviates is counted in cells, that is in LSB of the source line.
The *distance* of a row from its threshold is N1 - N/2 + 0.5: above 0 the right answer is +1.  A row's threshold shift s turns
the answer where s + distance changes sign.

With ideal switches the row is a divider whose total conductance does not depend on the inputs (a cell has both its junctions on
the line, whatever its input), hence V_SL is linear in the inputs, and the junctions' mismatch acts as a gain 1 + e of each cell:

    V_SL - V_mid = LSB * sum over j of w_j x_j (1 + e_j) / 2,    e = (dg_P - dg_AP) / (g_P - g_AP)

e is drawn once for each cell.  At N1 = N/2 its standard deviation is 2 sigma_row / sqrt(N).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from scipy.special import ndtr

from montecarlo.behaviour.arrays import Array, Signs, needed
from montecarlo.behaviour.lookup import axis, operating_point
from spicekit.errors import UserError
from spicekit.table import LookupTable

Model = Literal["fixed", "cells", "fresh"]
MODELS: dict[Model, str] = {
    "fixed": "a threshold shift a physical row, drawn once: mismatch does not change from image to image",
    "cells": "an amplifier's shift a row and a gain a cell, both drawn once: what mismatch does",
    "fresh": "a threshold shift a decision: what noise would do",
}
assert tuple(MODELS) == get_args(Model)


@dataclass(frozen=True)
class RowErrors:
    """How far decisions deviate at one operating point, for rows of ``n`` cells.

    ``sigma_total`` is the standard deviation of the threshold in cells, of which ``sigma_row`` is the cells' own.
    ``rates`` (distance in cells, probability of the wrong answer), sorted by distance, is what was simulated; without it
    the shift is normal.
    """

    n: int
    sigma_total: float
    sigma_row: float = 0.0
    rates: tuple[Array, Array] | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.sigma_row <= self.sigma_total:
            raise UserError(f"sigma_row {self.sigma_row:g} not within 0 and sigma_total {self.sigma_total:g}")

    @classmethod
    def of(cls, table: LookupTable, **where: Any) -> RowErrors:
        """From a table of ``spicekit characterize stt-bnn`` at ``where``, coordinates not given at their nominal values."""
        place, distance = operating_point(table, **where), axis(table, "distance")
        rate = np.asarray(table.query("error", **place | {"distance": distance}))
        known = np.isfinite(rate)
        if not known.any():
            raise UserError(
                f"{table.origin} knows no error rate at {', '.join(f'{name}={value}' for name, value in place.items())}"
            )
        row, total = (float(table.query(name, **place)) for name in ("sigma_row", "sigma_total"))
        return cls(int(place["n"]), total, min(row, total), (distance[known], rate[known]))

    @property
    def sigma_amplifier(self) -> float:
        """What is not the cells' own, in cells."""
        return float(np.sqrt(self.sigma_total**2 - self.sigma_row**2))

    @property
    def sigma_cell(self) -> float:
        """Standard deviation of the gain of one cell."""
        return float(2 * self.sigma_row / np.sqrt(self.n))

    def distribution(self) -> tuple[Array, Array]:
        """Shifts s in cells, rising, and P(shift < s), from the rates.

        At a distance d > 0 the answer is wrong if the shift is below -d, at d < 0 if it is above -d.  Counts are integers, so
        nothing depends on where between two distances a shift lies.  What is beyond the last distance is put one cell further.
        """
        assert self.rates is not None
        distance, rate = self.rates
        below = np.where(distance > 0, rate, 1 - rate)[::-1]
        shifts = -distance[::-1]
        below = np.maximum.accumulate(below)  # rates that rise with the distance are the statistics of few trials
        return np.concatenate([[shifts[0] - 1], shifts, [shifts[-1] + 1]]), np.concatenate([[0.0], below, [1.0]])

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Threshold shifts in cells."""
        if self.rates is None:
            return self.sigma_total * rng.standard_normal(shape)
        shifts, below = self.distribution()
        uniform = np.asarray(rng.random(shape))
        return np.interp(uniform.ravel(), below, shifts).reshape(shape)

    def rate(self, distance: Array) -> Array:
        """Probability of the wrong answer at ``distance``."""
        if self.rates is None:
            with np.errstate(divide="ignore"):
                return np.asarray(ndtr(-np.abs(distance) / self.sigma_total))
        shifts, below = self.distribution()
        left = np.interp(-distance, shifts, below)
        return np.where(distance > 0, left, 1 - left)

    @property
    def average(self) -> float:
        """Mean error rate for weights and inputs that are uniformly random."""
        from scipy.stats import binom  # a second to import

        counts = np.arange(self.n + 1)
        return float(binom.pmf(counts, self.n, 0.5) @ self.rate(np.asarray(counts - self.n / 2 + 0.5, dtype=float)))


class Rows:
    """Rows that hold ``weights`` of +1 and -1, (cells, rows), with deviations of their own if ``errors`` are given.

    Fresh a chip: ``shifts`` in cells, (rows,), and the gains that are in ``weights`` (model ``cells``).  Fresh a read, in the
    model ``fresh``: a shift a decision.
    """

    def __init__(
        self,
        weights: Signs,
        errors: RowErrors | None = None,
        model: Model = "fixed",
        rng: np.random.Generator | None = None,
    ) -> None:
        self.n, count = weights.shape
        self.weights, self.errors, self.model, self.rng = weights, errors, model, rng
        self.shifts: Array = np.zeros(count)
        if errors is None:
            return
        rng = needed(rng)
        if errors.n != self.n:
            raise UserError(f"errors of rows of {errors.n} cells given; the rows have {self.n}")
        if model == "fixed":
            self.shifts = errors.draw(rng, (count,))
        elif model == "cells":
            self.shifts = errors.sigma_amplifier * rng.standard_normal((count,))
            self.weights = (weights * (1 + errors.sigma_cell * rng.standard_normal(weights.shape))).astype(np.float32)

    def distances(self, inputs: Signs) -> Array:
        """Of each row from its own threshold, in cells; ``inputs`` (images, cells), result (images, rows)."""
        shifts = self.shifts
        if self.errors is not None and self.model == "fresh":
            shifts = self.errors.draw(needed(self.rng), (len(inputs), len(self.shifts)))
        return np.asarray((inputs @ self.weights).astype(float) / 2 + 0.5 + shifts)

    def decide(self, inputs: Signs) -> Signs:
        """The rows' answers, +1 or -1."""
        return np.where(self.distances(inputs) > 0, np.float32(1), np.float32(-1))
