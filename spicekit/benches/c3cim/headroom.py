"""Headroom of the constant-current column: the largest number of cells, and the currents, whose transfer is linear.

Linear is an INL below half a step over 0 to N, nominal devices, cells in HRS from ground up or from the top down, whichever
is worse.  Simulated, not estimated: each answer is a search over whole transfers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spicekit.benches.c3cim.column import LIMIT, C3cimColumn
from spicekit.nominal import run

CELLS = range(8, 129, 8)  # candidates for N
POINTS = 8  # intervals of a transfer
DATA = ("n_sel", "n_hrs", "placement", "seed", "inputs", "weights", "data", "transfer")


def worst_inl(**given: Any) -> float:
    """INL in steps over 0 to ``n`` (a multiple of 8), of the worse of both placements; inf if there is no operating point."""
    found = []
    for placement in ("first", "last"):
        bench = C3cimColumn(**given, placement=placement, transfer=given["n"] // POINTS)
        found.append(run(bench).measures["inl"])
    return float(np.nan_to_num(max(found, key=lambda inl: (np.isnan(inl), inl)), nan=np.inf))


def largest_cells(bench: C3cimColumn, cells: range = CELLS) -> int:
    """The largest N of ``cells`` for which the circuit of ``bench`` is linear; 0 if none is."""
    given = {name: value for name, value in bench.p.model_dump().items() if name not in (*DATA, "n")}
    low, high = -1, len(cells)  # linear up to low, not from high on
    while high - low > 1:
        middle = (low + high) // 2
        if worst_inl(**given, n=cells[middle]) < LIMIT:
            low = middle
        else:
            high = middle
    return cells[low] if low >= 0 else 0


def current_range(n: int, currents: Sequence[float], **given: Any) -> tuple[float, float]:
    """The smallest and the largest of ``currents`` (A) at which ``n`` cells are linear; NaN if none is.

    Headroom ends it above, leakage below.  ``given`` are further parameters of ``c3cim-column``.
    """
    linear = [i_col for i_col in currents if worst_inl(n=n, i_col=i_col, **given) < LIMIT]
    return (min(linear), max(linear)) if linear else (np.nan, np.nan)
