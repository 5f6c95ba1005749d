"""A table with some of its coordinates fixed."""

from __future__ import annotations

import numpy as np

from spicekit.export.cell import Point
from spicekit.table import CHECKSUM, LookupTable
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
        base = name.removesuffix("_quantiles")
        quantiles = dimensions[-1] == "quantile"
        places = [d for d in dimensions if d != "quantile"]
        free = [d for d in places if d not in point]
        where = {d: point[d] for d in places if d in point}
        mesh = np.ix_(*(np.arange(len(table.coordinates[d])) for d in free))
        open_grid = {d: table.coordinates[d][index] for d, index in zip(free, mesh, strict=True)}
        found = table.quantiles(base, **where, **open_grid)[1] if quantiles else table.query(name, **where, **open_grid)
        variables[name] = ((*free, "quantile") if quantiles else tuple(free), found)
    coordinates = {name: values for name, values in table.coordinates.items() if name not in point}
    attributes = {name: value for name, value in table.attributes.items() if name != CHECKSUM}  # that of the whole
    return LookupTable(coordinates, variables, table.units, attributes, table.origin, table.meanings)
