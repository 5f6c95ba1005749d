"""A static cell at one operating point: what it stores is a voltage, and the formats ask for its transistors and its area."""

from __future__ import annotations

from spicekit.export.cell import roles_of
from spicekit.export.place import Footprint, Point
from spicekit.export.roles import SramRoles
from spicekit.table import LookupTable


def is_static(table: LookupTable) -> bool:
    """Whether ``table`` is one of a static cell."""
    return isinstance(roles_of(table), SramRoles)


class StaticCell(Footprint):
    """A cell of a table for which :func:`is_static` holds."""

    def __init__(self, table: LookupTable, given: Point, to: str) -> None:
        super().__init__(table, given, to)
        roles = roles_of(table)
        assert isinstance(roles, SramRoles)
        self.roles: SramRoles = roles

    @property
    def aspect_ratio(self) -> float:
        """Height over width."""
        return self.value(self.roles.aspect_ratio)

    @property
    def widths(self) -> tuple[float, float, float]:
        """Of pull-down, pull-up and pass gate, in F."""
        return self.value(self.roles.pull_down), self.value(self.roles.pull_up), self.value(self.roles.access_width)
