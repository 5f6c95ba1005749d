"""Neurons on C3CIM's constant-current columns of 64 cells (Biyani et al., DATE 2025): what they count, and how they miscount.

A cell holds one binary weight: HRS for +1, LRS for -1.  An input of 1 selects the cell, so a column counts the selected cells in
HRS, AND by AND.  For inputs of 0 and 1,

    sum over w x = 2 count - n_sel,

and n_sel is known anyway: the read-out subtracts n_sel * R_L.  A neuron with more than 64 inputs takes several columns, whose
counts are added digitally; unused cells of the last one are never selected.

Mismatch does not change from image to image, so a column has a *rank*, drawn once: its error at a count is the quantile of that
rank among the simulated columns.  (In truth the rank changes a little with the cells that are selected.  Each column is read once
an image, so that the mean accuracy over chips is the same for any such correlation between images.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from montecarlo.behaviour.arrays import Array, Bits, Counts, Signs, needed
from montecarlo.behaviour.lookup import axis, operating_point
from spicekit.table import LookupTable

CELLS = 64  # of a column


@dataclass(frozen=True)
class CountErrors:
    """Distribution of a count's error in steps, before rounding: ``quantiles`` (65, levels), a row for each n_hrs."""

    levels: Array
    quantiles: Array

    @classmethod
    def of(cls, table: LookupTable, measure: str = "count_error", **where: Any) -> CountErrors:
        """From a table over n_hrs; between its values by the root of n_hrs, with which sigma grows.

        ``count_error`` is that of ``spicekit characterize c3cim``; in a sweep of ``c3cim-column`` the measure is ``error``.
        Coordinates not given in ``where`` are at their nominal values.
        """
        grid = axis(table, "n_hrs")
        levels, known = table.quantiles(measure, **operating_point(table, **where) | {"n_hrs": grid})
        roots = np.sqrt(np.arange(CELLS + 1))
        return cls(levels, np.stack([np.interp(roots, np.sqrt(grid), column) for column in known.T], axis=1))

    @classmethod
    def none(cls) -> CountErrors:
        """Every count is right."""
        return cls(np.array([0.0, 1.0]), np.zeros((CELLS + 1, 2)))

    def decoded(self, ranks: Array) -> Counts:
        """What columns of these ``ranks`` (columns,) answer to each count: (65, columns)."""
        errors = np.stack([np.interp(ranks, self.levels, row) for row in self.quantiles])
        return np.asarray(np.rint(np.arange(CELLS + 1)[:, None] + errors), dtype=np.int64)

    @property
    def wrong(self) -> Array:
        """Probability of a wrong count for each n_hrs, all cells selected: (65,)."""
        ranks = np.linspace(0.5 / 4000, 1 - 0.5 / 4000, 4000)
        right = np.arange(CELLS + 1)[:, None]
        return np.asarray((np.clip(self.decoded(ranks), 0, CELLS) != right).mean(axis=1))

    def sigma(self, n_hrs: Counts) -> float:
        """Standard deviation of the error for the given counts, each as likely."""
        ranks = np.linspace(0.5 / 400, 1 - 0.5 / 400, 400)
        return float(np.std([np.interp(ranks, self.levels, self.quantiles[n]) for n in n_hrs]))


class Columns:
    """Columns that hold ``weights`` of +1 and -1, (inputs, neurons); they miscount if ``errors`` are given.

    Fresh a chip: ``decoded``, for each column of a neuron what it answers to each count, (65, neurons).  Nothing is fresh a read.
    """

    def __init__(self, weights: Signs, errors: CountErrors | None = None, rng: np.random.Generator | None = None) -> None:
        inputs, neurons = weights.shape
        self.parts = -(-inputs // CELLS)  # columns of a neuron
        cells = np.zeros((self.parts * CELLS, neurons), dtype=np.float32)
        cells[:inputs] = weights > 0
        self.cells = cells.reshape(self.parts, CELLS, neurons)
        self.decoded: list[Counts] | None = None
        if errors is not None:
            rng = needed(rng)
            self.decoded = [errors.decoded(rng.random((neurons,))) for _ in range(self.parts)]

    @property
    def number(self) -> int:
        """Columns, each read once."""
        return int(self.parts * self.cells.shape[2])

    def sums(self, inputs: Bits) -> Counts:
        """Sum of w x of every neuron, from the columns' counts: ``inputs`` (images, inputs), result (images, neurons)."""
        rows = np.zeros((len(inputs), self.parts * CELLS), dtype=np.float32)
        rows[:, : inputs.shape[1]] = inputs
        total = np.zeros((len(inputs), self.cells.shape[2]), dtype=np.int64)
        for part in range(self.parts):
            seen = rows[:, part * CELLS : (part + 1) * CELLS]
            selected = seen.sum(axis=1).astype(np.int64)[:, None]
            count = np.rint(seen @ self.cells[part]).astype(np.int64)
            if self.decoded is not None:
                count = np.take_along_axis(self.decoded[part], count, axis=0)
                count = np.clip(count, 0, selected)  # as the read-out does
            total += 2 * count - selected
        return total
