"""The point of a lookup table at which errors are taken."""

from __future__ import annotations

from typing import Any

from spicekit.errors import unknown
from spicekit.table import LookupTable
from spicekit.table_layout import inner
from spicekit.waves import Array


def operating_point(table: LookupTable, /, **where: Any) -> dict[str, Any]:
    """The coordinates ``where``, and for the others the table's nominal value, or its only one.

    A coordinate that has neither stays out: a query of what depends on it asks for it.
    """
    stated = table.provenance.get("nominal", {})
    found = {}
    for name, grid in table.coordinates.items():
        if inner(name):
            continue
        values, value = grid.tolist(), stated.get(name)
        number = isinstance(value, int | float) and grid.dtype.kind in "fiu"
        if value in values or (number and values[0] <= value <= values[-1]):
            found[name] = value
        elif len(values) == 1:
            found[name] = values[0]
    return found | where


def axis(table: LookupTable, name: str) -> Array:
    """Values of the coordinate ``name``.  Raises :class:`UserError` if the table has no such one."""
    if name not in table.coordinates:
        raise unknown("coordinate", name, table.coordinates, of=table.origin)
    return table.coordinates[name].astype(float)
