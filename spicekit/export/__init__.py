"""Tables in the formats of other tools: one module a format.

A format module holds ``FILE`` (name of the file if the user gives none; of a folder with a ``/`` behind it), ``CANNOT_EXPRESS``
(what is lost) and ``write(table, path, point)``, which writes atomically and returns what it wrote.  ``point`` is what the user
fixed; what the user left open is chosen by :mod:`spicekit.export.place`.

>>> from spicekit.table import LookupTable
>>> from spicekit.table_layout import inner
>>> from spicekit.export import export
>>> export(LookupTable.load("stt-1t1mtj"), "nvsim", "stt.cell", temperature=85)      # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from spicekit.errors import unknown
from spicekit.export.place import identifier, system_of
from spicekit.folders import check_file, check_writable
from spicekit.table import LookupTable
from spicekit.table_layout import inner

FORMATS: dict[str, str] = {
    name: f"spicekit.export.{name}"
    for name in (
        "nvsim",
        "nvmexplorer",
        "nvmfi",
        "crosssim",
        "aihwkit",
        "hwcomponents",
        "accelforge",
        "neurosim",
        "mnsim",
        "liberty",
        "csv",
        "npz",
    )
}
"""Format name -> module that writes it."""


def export(table: LookupTable, to: str, path: str | Path, **point: float | str) -> list[Path]:
    """Write ``table`` in format ``to``; returns the files written.

    ``point`` fixes coordinates (``tmr=1.5, corner="ss"``).  Formats of one operating point take the nominal value of the
    others; ``csv`` and ``npz`` keep them as axes.  Raises :class:`UserError` for an unknown format or coordinate, a point
    outside the grid, and a table that lacks what the format needs.
    """
    module = _module(to)
    for name in point:
        if name not in table.coordinates or inner(name):
            raise unknown("coordinate", name, (c for c in table.coordinates if not inner(c)), of=table.origin)
    written: list[Path] = module.write(table, Path(path), point)
    return written


def check_output(to: str, path: Path) -> None:
    """Raise :class:`UserError` if format ``to`` cannot write its file, or its folder, to ``path``."""
    if str(_module(to).FILE).endswith("/"):
        check_writable(path, "-o")
    else:
        check_file(path)


def file_name(table: LookupTable, to: str) -> str:
    """Name of the file or folder that format ``to`` makes of ``table`` if the user gives none."""
    system = system_of(table) or Path(table.origin).stem
    template: str = _module(to).FILE
    return template.format(system=system, module=identifier(system))


def _module(to: str) -> Any:
    if to not in FORMATS:
        raise unknown("format", to, FORMATS)
    return importlib.import_module(FORMATS[to])
