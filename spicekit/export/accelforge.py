"""AccelForge, CiMLoop's successor: a YAML architecture with the macro's operation, or with the memory cell, in it.

https://github.com/Accelergy-Project/accelforge (``examples/arches``); ``Spec.from_yaml(THIS, WORKLOAD)``.

Units J, s, m2, W; ``throughput`` in actions a second.  A macro is a container of as many cells as take part in an operation,
which reuse one output, and a computation whose energy is a cell's share of the operation.  What is outside costs nothing:
buffers and wires are the user's to add.  A cell is a memory of one bit an action.
"""

from __future__ import annotations

from pathlib import Path

from spicekit.errors import UserError
from spicekit.export.cell import Cell
from spicekit.export.macro import Action, Operations, macro_of
from spicekit.export.place import Place, Point, number
from spicekit.files import write_text
from spicekit.table import LookupTable

FILE = "{module}_accelforge.yaml"

CANNOT_EXPRESS = (
    "spread, margins and error rates: each cost is a mean at one operating point",
    "costs that depend on the data: states, directions and inputs are averaged",
    "periphery: what is around the macro or the cells costs nothing here; add your buffers and wires",
)
OF_A_MACRO = (
    "a part of an operation: a row that is not full costs its used share here, in the circuit all of it",
    "writing of the macro's cells, its area and its leakage: its table holds none",
)
OF_A_CELL = (
    "the number of cells: 1 Mbit is an example to edit",
    "SOT: AND and OR of several cells",
)

BITS = 1 << 20


def write(table: LookupTable, path: Path, point: Point) -> list[Path]:
    """Write the architecture at one operating point."""
    roles = macro_of(table)
    if roles is None:
        cell = Cell(table, point, "accelforge")
        text = _text(cell, OF_A_CELL, _memory(cell))
    else:
        macro = Operations(table, roles, point, "accelforge")
        if len(macro.actions) != 1:
            raise UserError(f"{table.origin}: {len(macro.actions)} operations in its record; format 'accelforge' takes one")
        text = _text(macro, OF_A_MACRO, _macro(macro.actions[0]))
    write_text(path, text)
    return [path]


def _text(place: Place, limits: tuple[str, ...], body: str) -> str:
    head = "\n".join(f"# {line}" for line in place.remarks((*CANNOT_EXPRESS, *limits)))
    return f"{head}\n{_OUTSIDE}{body}"


def _macro(action: Action) -> str:
    return _MACRO.format(
        meaning=action.meaning,
        cells=action.cells,
        name=action.name,
        energy=_float(action.energy / action.cells),
        rate=_float(1 / action.latency),
    )


def _memory(cell: Cell) -> str:
    e_read, t_read, what = cell.read_cost
    return _MEMORY.format(
        bits=BITS,
        area=_float(BITS * cell.area),
        leak=_float(BITS * cell.leak),
        what=what,
        read=_float(e_read),
        read_rate=_float(1 / t_read),
        write=_float(cell.e_write),
        write_rate=_float(1 / cell.t_pulse),
    )


def _float(value: float) -> str:
    """Six digits; with a point, without which YAML takes 1e-15 for a word."""
    text = number(value)
    return text.replace("e", ".0e") if "e" in text and "." not in text else text


_OUTSIDE = """\
arch:
  nodes:
  - !Memory
    name: Outside
    size: inf
    leak_power: 0
    area: 0
    tensors: {keep: ~Intermediates, may_keep: All}
    actions:
    - {name: read, energy: 0, throughput: inf}
    - {name: write, energy: 0, throughput: inf}
"""

_MACRO = """\
  - !Container
    name: Operation
    spatial:
    - {{name: cells, fanout: {cells}, reuse: output, min_usage: 1}}
  - !Compute
    # {meaning}
    name: {name}
    leak_power: 0
    area: 0
    actions:
    - {{name: compute, energy: {energy}, throughput: {rate}}}
"""

_MEMORY = """\
  - !Memory
    # a read is of the {what}
    name: Cells
    size: {bits}
    leak_power: {leak}
    area: {area}
    tensors: {{keep: weight}}
    actions:
    - {{name: read, energy: {read}, throughput: {read_rate}, bits_per_action: 1}}
    - {{name: write, energy: {write}, throughput: {write_rate}, bits_per_action: 1}}
  - !Compute
    name: Compute
    leak_power: 0
    area: 0
    actions:
    - {{name: compute, energy: 0, throughput: inf}}
"""
