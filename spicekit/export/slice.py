"""A table with some of its coordinates fixed."""

from __future__ import annotations

import numpy as np

from spicekit.export.place import Point
from spicekit.table import LookupTable
from spicekit.table_layout import CHECKSUM, inner
from spicekit.waves import Array


def at(table: LookupTable, point: Point) -> LookupTable:
    """``table`` at ``point``, interpolated as a query is; the other coordinates stay axes.

    Raises :class:`UserError` for a point outside the grid.
    """
    if not point:
        return table
    variables: dict[str, tuple[tuple[str, ...], Array]] = {}
    for name, (dimensions, values) in table.variables.items():
        if not set(dimensions) & set(point):
            variables[name] = (dimensions, values)
            continue
        further = dimensions[-1:] if inner(dimensions[-1]) else ()
        places = [d for d in dimensions if not inner(d)]
        free = [d for d in places if d not in point]
        where = {d: point[d] for d in places if d in point}
        mesh = np.ix_(*(np.arange(len(table.coordinates[d])) for d in free))
        open_grid = {d: table.coordinates[d][index] for d, index in zip(free, mesh, strict=True)}
        read = table.rows if further else table.query
        variables[name] = ((*free, *further), read(name, **where, **open_grid))
    coordinates = {name: values for name, values in table.coordinates.items() if name not in point}
    attributes = {name: value for name, value in table.attributes.items() if name != CHECKSUM}  # that of the whole
    return LookupTable(coordinates, variables, table.units, attributes, table.origin, table.meanings)
