"""Comma-separated values, one number a row.

https://www.rfc-editor.org/rfc/rfc4180

Columns: ``variable``, ``unit``, each coordinate of the table, ``value``.  A coordinate that a variable does not depend on is
empty, as is a value that is not known.  Numbers are written so that reading them back gives the same double.
"""

from __future__ import annotations

import csv
import io
import itertools
from pathlib import Path

import numpy as np

from spicekit.export.place import Point
from spicekit.export.slice import at
from spicekit.files import write_text
from spicekit.table import LookupTable

FILE = "{system}.csv"

CANNOT_EXPRESS = (
    "provenance: versions, seed, netlist hashes and parameters are in table.nc and in the npz",
    "units of the coordinates",
)


def write(table: LookupTable, path: Path, point: Point) -> list[Path]:
    """Write every number of ``table``, or those at ``point``."""
    table = at(table, point)
    names = list(table.coordinates)
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["variable", "unit", *names, "value"])
    for variable, (dimensions, values) in table.variables.items():
        unit = table.units.get(variable, "")
        axes = [[_cell(value) for value in table.coordinates[name]] for name in dimensions]
        for place, value in zip(itertools.product(*axes), np.asarray(values).ravel(), strict=True):
            where = dict(zip(dimensions, place, strict=True))
            rows.writerow([variable, unit, *(where.get(name, "") for name in names), _cell(value)])
    write_text(path, text.getvalue())
    return [path]


def _cell(value: object) -> str:
    if isinstance(value, str):
        return str(value)
    number = float(value)  # type: ignore[arg-type]  # numpy's scalar
    return "" if np.isnan(number) else repr(number)
