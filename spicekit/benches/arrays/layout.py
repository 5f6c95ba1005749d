"""Rows and columns of an array, each alone or several as one, the cells at their crossings, and the wires between these.

Row 0 is next to the bit lines' drivers, column 0 next to the word lines'.  A cell brings one pitch of wire to each of its lines:
row r lies r + 1 pitches from the drivers.  Rows or columns that are taken as one have their lines, drivers and cells in parallel,
at the middle of their place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    """Rows, or columns, ``first`` to ``last``."""

    first: int
    last: int

    @property
    def name(self) -> str:
        """Part of the names of its nodes."""
        return f"{self.first}" if self.count == 1 else f"{self.first}t{self.last}"

    @property
    def count(self) -> int:
        """How many they are."""
        return self.last - self.first + 1

    @property
    def place(self) -> float:
        """Pitches from the first one's driver."""
        return (self.first + self.last) / 2 + 1


@dataclass(frozen=True)
class Crossing:
    """The cell at a row and a column, or all cells of rows and columns that are taken as one."""

    row: Group
    column: Group
    selected: bool  # its row is on
    accessed: bool  # its column is read or written

    @property
    def tag(self) -> str:
        """Part of the names of its nodes and devices."""
        return f"{self.row.name}_{self.column.name}"

    @property
    def count(self) -> int:
        """Number of cells."""
        return self.row.count * self.column.count

    @property
    def single(self) -> bool:
        """Whether it is one cell."""
        return self.count == 1

    @property
    def addressed(self) -> bool:
        """Whether it is read or written."""
        return self.selected and self.accessed

    @property
    def half(self) -> bool:
        """Whether it is half-selected: in the row that is on, or in a column that is driven."""
        return self.selected != self.accessed

    @property
    def odd(self) -> float:
        """Share of its cells whose row and column add up to an odd number."""
        rows, columns = (group.count for group in (self.row, self.column))
        odd_rows, odd_columns = ((group.last + 1) // 2 - group.first // 2 for group in (self.row, self.column))
        return (odd_rows * (columns - odd_columns) + (rows - odd_rows) * odd_columns) / (rows * columns)


@dataclass(frozen=True)
class Wire:
    """A piece of a line: a resistor in ohm from ``start`` to ``end``, and at ``end`` a capacitor to ground in farads."""

    name: str
    start: str
    end: str
    r: float
    c: float


def grouped(count: int, alone: Iterable[int] | None, lumps: int) -> tuple[Group, ...]:
    """``count`` rows or columns: each by itself, or only those in ``alone``, and what lies between two of them in at most
    ``lumps`` parts."""
    if alone is None:
        return tuple(Group(k, k) for k in range(count))
    found: list[Group] = []
    start = 0
    for single in [*sorted(k for k in set(alone) if 0 <= k < count), count]:
        size = single - start
        parts = min(lumps, size)
        found += [Group(start + size * k // parts, start + size * (k + 1) // parts - 1) for k in range(parts)]
        found += [Group(single, single)] if single < count else []
        start = single + 1
    return tuple(found)


def line(kind: str, driver: str, along: Sequence[Group], across: Group, nodes: Sequence[str], r: float, c: float, *,
         opposite: bool = False) -> list[Wire]:  # fmt: skip
    """The wire of the line ``kind`` from the node ``driver`` along the groups ``along``, whose cells are at ``nodes``.

    ``across.count`` lines are in parallel; ``r`` in ohm and ``c`` in farads are of one pitch.  ``opposite``: the driver is at the
    other end.
    """
    last = along[-1].last
    places = [last + 2 - group.place if opposite else group.place for group in along]
    order = range(len(along))[:: -1 if opposite else 1]
    wires, start, place = [], driver, 0.0
    for k in order:
        name = f"{kind}_{across.name}_{along[k].name}"
        value = r * (places[k] - place) / across.count
        wires.append(Wire(name, start, nodes[k], value, c * along[k].count * across.count))
        start, place = nodes[k], places[k]
    return wires
