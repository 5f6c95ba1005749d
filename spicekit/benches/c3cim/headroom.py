"""Headroom of the constant-current column: the largest number of cells, and the currents, whose transfer is linear.

Linear is an INL below half a step over 0 to N, nominal devices, cells in HRS from ground up or from the top down, whichever
is worse.  Simulated, not estimated: each answer is a search over whole transfers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spicekit.benches.c3cim import column
from spicekit.benches.c3cim.column import CELLS, LIMIT, C3cimColumn
from spicekit.engines.calibrate import Variant


def worst_inl(*, n: int, **given: Any) -> float:
    """INL of ``n`` cells (see :func:`spicekit.benches.c3cim.column.worst_inl`); ``given`` are parameters of ``c3cim-column``."""
    return column.worst_inl(Variant(C3cimColumn(**given)), n)


def largest_cells(bench: C3cimColumn, cells: range = CELLS) -> int:
    """The largest N of ``cells`` for which the circuit of ``bench`` is linear; 0 if none is."""
    return column.linear_cells(Variant(bench.undecided()), cells)


def current_range(n: int, currents: Sequence[float], **given: Any) -> tuple[float, float]:
    """The smallest and the largest of ``currents`` (A) at which ``n`` cells are linear; NaN if none is.

    Headroom ends it above, leakage below.  ``given`` are further parameters of ``c3cim-column``.
    """
    linear = [i_col for i_col in currents if worst_inl(n=n, i_col=i_col, **given) < LIMIT]
    return (min(linear), max(linear)) if linear else (np.nan, np.nan)
