"""What a system's table says about the operations of a compute-in-memory macro at one operating point."""

from __future__ import annotations

import json
from dataclasses import dataclass
from keyword import iskeyword

from spicekit.errors import UserError
from spicekit.export.place import Place, Point, plain, record_of
from spicekit.export.roles import Macro, Operation
from spicekit.records import parse
from spicekit.table import LookupTable


@dataclass(frozen=True)
class Action:
    """One operation of a row, column or neuron."""

    name: str
    meaning: str
    cells: int  # that take part, one multiplication each
    energy: float  # J
    latency: float  # s


def macro_of(table: LookupTable) -> Macro | None:
    """What its variables are of a macro; None if it is the table of none.  Raises :class:`SpicekitError` for a damaged record."""
    recorded = record_of(table).get("macro")
    return None if recorded is None else parse(json.dumps(recorded), Macro, table.origin)


class Operations(Place):
    """The operations of a macro at one operating point; ``roles`` are those of :func:`macro_of`."""

    def __init__(self, table: LookupTable, roles: Macro, given: Point, to: str) -> None:
        super().__init__(table, given, to)
        self.actions = [self._action(name, operation) for name, operation in roles.operations.items()]

    def _action(self, name: str, operation: Operation) -> Action:
        if not name.isidentifier() or iskeyword(name):
            raise UserError(f"{self.table.origin}: its record calls an operation '{plain(name)}'; allowed: letters, digits and _")
        cells = operation.cells if isinstance(operation.cells, int) else round(self.value(operation.cells))
        rate = operation.latency.startswith("1/")
        time = self.value(operation.latency.removeprefix("1/"))
        return Action(name, plain(operation.meaning), cells, self.value(operation.energy), 1 / time if rate else time)
