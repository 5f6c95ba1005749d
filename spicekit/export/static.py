"""A static cell at one operating point: what it stores is a voltage, and the formats ask for its transistors and its area."""

from __future__ import annotations

from spicekit.errors import UserError
from spicekit.export.cell import roles_of
from spicekit.export.place import Place, Point
from spicekit.export.roles import SramRoles
from spicekit.table import LookupTable
from spicekit.units import KELVIN


def is_static(table: LookupTable) -> bool:
    """Whether ``table`` is one of a static cell."""
    return isinstance(roles_of(table), SramRoles)


class StaticCell(Place):
    """A cell of a table for which :func:`is_static` holds."""

    def __init__(self, table: LookupTable, given: Point, to: str) -> None:
        super().__init__(table, given, to)
        roles = roles_of(table)
        assert isinstance(roles, SramRoles)
        self.roles = roles

    @property
    def kelvin(self) -> int:
        """Temperature in whole K.  Raises :class:`UserError` where the transistor tables of NVSim and NeuroSim end."""
        found = round(self.value("temperature") + KELVIN)
        if not 300 <= found <= 400:
            raise UserError(
                f"format '{self.to}' cannot hold temperature={found - KELVIN:g} C; its transistor tables run from 27 to 127 C"
            )
        return found

    @property
    def node(self) -> int:
        """Feature size in whole nm."""
        return round(self.value(self.roles.feature_size) * 1e9)

    @property
    def features(self) -> float:
        """Area in F^2, from the layout rule."""
        return self.value(self.roles.area)

    @property
    def area(self) -> float:
        """Area in m2."""
        return self.features * self.value(self.roles.feature_size) ** 2

    @property
    def aspect_ratio(self) -> float:
        """Height over width."""
        return self.value(self.roles.aspect_ratio)

    @property
    def widths(self) -> tuple[float, float, float]:
        """Of pull-down, pull-up and pass gate, in F."""
        return self.value(self.roles.pull_down), self.value(self.roles.pull_up), self.value(self.roles.access_width)
