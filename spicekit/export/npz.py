"""NumPy's archive, which numpy alone reads; see :meth:`spicekit.table.LookupTable.save_npz`.

https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

Members: ``coordinate_NAME``, ``variable_NAME``, and ``header``, a JSON text with ``dimensions`` (variable -> coordinates),
``coordinates`` (names in order), ``units`` and ``attributes``.
"""

from __future__ import annotations

from pathlib import Path

from spicekit.export.place import Point
from spicekit.export.slice import at
from spicekit.table import LookupTable

FILE = "{system}.npz"

CANNOT_EXPRESS = ("the sentence that says what each variable means: it is in table.nc",)


def write(table: LookupTable, path: Path, point: Point) -> list[Path]:
    """Write the whole table, or what is left of it at ``point``."""
    at(table, point).save_npz(path)
    return [path]
