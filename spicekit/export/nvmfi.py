"""Bit errors of a cell for nvmFI, the fault injection of NVMExplorer: a Python module.

https://github.com/lpentecost/NVMExplorer (``nvmexplorer_src/nvmFI/fi_utils.py``: ``get_error_map``, ``inject_faults``).

nvmFI takes of a cell how often a level is found one too low or one too high; its own models make these of the overlap of two
normal distributions that stand in a pickle, of which it knows no magnetic cell.  The module has the rates themselves and gives
them to nvmFI in place of that.  Level 1 is the parallel state.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from spicekit.errors import UserError
from spicekit.export.cell import WRITES, Cell
from spicekit.export.place import Point, identifier, number, rounded
from spicekit.files import write_text
from spicekit.table import LookupTable

FILE = "{module}_nvmfi.py"

CANNOT_EXPRESS = (
    "errors that belong to a cell: nvmFI draws each error anew, whatever device it falls on",
    "reads that repeat: a value is read once, so a disturbed cell is not read again",
    "retention: the table does not say how long a value is kept",
    "rates of few errors: nvmFI injects the whole part of rate times number of cells, none below one",
    "SOT: write errors: nothing in the table says how often heat makes a write fail",
)


def write(table: LookupTable, path: Path, point: Point) -> list[Path]:
    """Write the module at one operating point."""
    cell = Cell(table, point, "nvmfi")
    parts: list[tuple[str, float, float]] = []  # what, probability of a stored 1 (parallel), of a stored 0
    names = [cell.roles.set.error, cell.roles.reset.error]
    if all(names):
        set_fails, reset_fails = (cell.value(str(name)) for name in names)
        parts.append(("a write that fails", set_fails, reset_fails))
    for what, name in (
        ("the state turned by a read", cell.roles.disturb),
        ("a wrong answer of the sense amplifier", cell.roles.mistake),
    ):
        rate = cell.optional(name)
        if rate is not None:
            parts.append((what, rate, rate))
    if not parts:
        known = ", ".join((*(f"error of {write}" for write in WRITES), cell.roles.disturb, cell.roles.mistake))
        raise UserError(f"{table.origin} holds no rate of errors; format 'nvmfi' needs one of: {known}")
    down, up = _any(one for _, one, _ in parts), _any(zero for _, _, zero in parts)
    lines = [f"{what}: a stored 1 {number(one)}, a stored 0 {number(zero)}" for what, one, zero in parts]
    text = _MODULE.format(
        remarks="\n".join(f"# {line}" for line in [*cell.remarks(CANNOT_EXPRESS), "Parts of the rates:", *lines]),
        module=path.name.removesuffix(".py"),
        name=identifier(cell.system),
        down=rounded(down),
        up=rounded(up),
    )
    write_text(path, text)
    return [path]


def _any(rates: Iterable[float]) -> float:
    """Probability of at least one of independent errors, exact where rates are far below the rounding of 1."""
    return -math.expm1(sum(math.log1p(-min(max(rate, 0.0), 1 - 1e-16)) for rate in rates))


_MODULE = '''\
"""Bit errors of a {name} cell for nvmFI: ``{module}.use(fault_injection)``, then ``mat_fi`` and ``dnn_fi`` as usual."""

{remarks}

import numpy as np

DOWN = {down!r}  # probability that a stored 1 (parallel) is found as 0
UP = {up!r}  # and a stored 0 (antiparallel) as 1


def error_map(max_lvls_cell):
    """Of each level the probabilities of one down and one up, as nvmFI's own."""
    if max_lvls_cell != 2:
        raise SystemExit("ERROR: one bit a cell; every entry of rep_conf is 2")
    found = np.zeros(1, dtype=object)
    found[0] = np.array([[0.0, UP], [DOWN, 0.0]])
    return found


def use(fault_injection):
    """Let ``nvmexplorer_src.nvmFI.fault_injection`` take the errors from here."""
    fault_injection.get_error_map = error_map
'''
