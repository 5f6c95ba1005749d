"""What the benches of arrays share: size, selection, data, and which cells a netlist holds alone."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Generic, Literal, Self

import numpy as np
from pydantic import model_validator
from scipy.special import ndtr
from typing_extensions import TypeVar

from spicekit.analysis import DcAnalysis
from spicekit.benches.arrays.layout import Crossing, Group, Wire, grouped, line
from spicekit.benches.junction.bench import JunctionBench
from spicekit.benches.junction.parameters import JunctionParameters
from spicekit.devices.junction import Junction
from spicekit.measures import Node, i, maximum
from spicekit.measures.nodes import node
from spicekit.parameters import Group as Parameters
from spicekit.parameters import channel_width, option, quantity
from spicekit.point import VariationPoint
from spicekit.waves import Array

FULL = 4096  # cells, 64 x 64: most that a full netlist may hold


class ArrayAnalysis(DcAnalysis):
    """Of hundreds to thousands of transistors."""

    block: ClassVar[int] = 50
    chunk: ClassVar[int] = 50


class Shape(Parameters):
    """Size of the array, what of it is selected, and how much of it is in the netlist."""

    operation: Literal["read", "write"] = option("read", "read (operating points of both states) or write (transient)")
    rows: int = quantity(16, "", "rows: cells on a bit line", ge=1, le=4096)
    columns: int = quantity(16, "", "columns: cells on a word line", ge=1, le=4096)
    row: int | None = quantity(None, "", "selected row, 0 next to the bit lines' drivers; the last if not given", ge=0)
    column: int | None = quantity(None, "", "selected column, 0 next to the word lines' drivers; the last if not given", ge=0)
    word: int = quantity(1, "", "columns that are accessed together, evenly spaced; a divisor of columns", ge=1, le=4096)
    data: Literal["worst", "p", "ap", "checker", "random"] = option(
        "worst",
        "states of the other cells: those that spoil it most, all alike, a checkerboard, or drawn in each trial",
    )
    sl: Literal["column", "row"] = option("column", "source lines along the columns, or along the rows (common to a row)")
    sl_end: Literal["same", "opposite"] = option(
        "same", "source lines' drivers at the end of the bit lines' (of the word lines' if along the rows), or at the other one"
    )
    netlist: Literal["full", "reduced"] = option(
        "full", "every cell by itself, or what lies between the selected cells, their neighbours and the ends taken as one"
    )
    lumps: int = quantity(2, "", "of a reduced netlist: parts for what lies between two single rows or columns", ge=1, le=64)
    w_driver: float = channel_width(2e-6, "width of the NMOS of the column's drivers; PMOS twice that", le=1e-3)
    w_word: float = channel_width(2e-6, "width of the NMOS of the word lines' drivers; PMOS twice that", le=1e-3)

    @model_validator(mode="after")
    def _selection_fits(self) -> Self:
        for name, count in (("row", self.rows), ("column", self.columns)):
            given = getattr(self, name)
            if given is not None and given >= count:
                raise ValueError(f"{name}: {given} given; allowed: 0 to {count - 1}, of {name}s = {count}")
        if self.columns % self.word:
            raise ValueError(f"word: {self.word} given; allowed: a divisor of columns = {self.columns}")
        if self.netlist == "full" and self.rows * self.columns > FULL:
            raise ValueError(
                f"rows, columns: {self.rows} x {self.columns} given; allowed: at most {FULL} cells, or netlist=reduced"
            )
        return self


class ArrayParameters(Shape, JunctionParameters):
    """Of an array of junctions."""


A = TypeVar("A", bound=ArrayParameters, default=ArrayParameters, covariant=True)


class ArrayBench(JunctionBench[A], Generic[A]):
    """Places, cells and their data."""

    @functools.cached_property
    def at_rest_junction(self) -> Junction:
        """The junction of a cell that is not written."""
        return replace(self.junction, form="fixed")

    @property
    def writes(self) -> bool:
        """Whether the operation is a write."""
        return self.p.operation == "write"

    @property
    def row(self) -> int:
        """The selected row."""
        return self.p.rows - 1 if self.p.row is None else self.p.row

    @property
    def column(self) -> int:
        """The selected column."""
        return self.p.columns - 1 if self.p.column is None else self.p.column

    @functools.cached_property
    def accessed(self) -> frozenset[int]:
        """The columns that are read or written together."""
        step = self.p.columns // self.p.word
        return frozenset(range(self.column % step, self.p.columns, step))

    @functools.cached_property
    def rows(self) -> tuple[Group, ...]:
        """The rows, from the bit lines' drivers on."""
        return grouped(self.p.rows, self._alone({self.row}, self.p.rows), self.p.lumps)

    @functools.cached_property
    def columns(self) -> tuple[Group, ...]:
        """The columns, from the word lines' drivers on."""
        return grouped(self.p.columns, self._alone(self.accessed, self.p.columns), self.p.lumps)

    def _alone(self, chosen: frozenset[int] | set[int], count: int) -> set[int] | None:
        if self.p.netlist == "full":
            return None
        return {0, count - 1, *(k + step for k in chosen for step in (-1, 0, 1))}

    @functools.cached_property
    def cells(self) -> tuple[Crossing, ...]:
        """All cells, row by row."""
        return tuple(
            Crossing(row, column, row.first == row.last == self.row, column.count == 1 and column.first in self.accessed)
            for row in self.rows
            for column in self.columns
        )

    @property
    def chosen(self) -> Crossing:
        """The cell whose figures are given."""
        return next(cell for cell in self.cells if cell.addressed and cell.column.first == self.column)

    @property
    def half_selected(self) -> list[Crossing]:
        """The half-selected cells."""
        return [cell for cell in self.cells if cell.half]

    @property
    def varied(self) -> list[Crossing]:
        """The cells that vary: those by themselves in the row that is on, or in an accessed column."""
        return [cell for cell in self.cells if (cell.selected or cell.accessed) and cell.single]

    def drawn(self, cell: Crossing) -> bool:
        """Whether the state of ``cell`` is drawn: no other cell has a voltage, and an addressed one is read or written."""
        return self.p.data == "random" and (cell.half or (cell.addressed and cell != self.chosen and not self.writes))

    def share_ap(self, cell: Crossing) -> float:
        """Share of the antiparallel ones in ``cell``, as far as it is given; what spoils an operation most are parallel ones."""
        return {"worst": 0.0, "p": 0.0, "ap": 1.0}.get(self.p.data, cell.odd)

    def state(self, cell: Crossing) -> str:
        """The node that says the state of ``cell`` in a read: 0 parallel, 1 antiparallel.

        Node ``cell`` is the read cell's own, ``other`` the opposite.  What spoils a read most: other cells on its bit line
        and in its row in the opposite state, other addressed cells in the same one, whose currents add up on a common line.
        """
        if cell == self.chosen:
            return "cell"
        if self.drawn(cell):
            return f"bit_{cell.tag}"
        if self.p.data == "worst" and not self.writes:
            return "cell" if cell.addressed else "other"
        return f"state_{cell.tag}"

    @functools.cached_property
    def given_states(self) -> dict[str, float]:
        """Nodes of states that neither change nor are drawn."""
        seen = [cell for cell in self.cells if cell.selected or cell.accessed]
        named = ((self.state(cell), self.share_ap(cell)) for cell in seen)
        return {name: share for name, share in named if name.startswith("state_")}

    def data_points(self) -> list[VariationPoint]:
        """The states that are drawn: of several cells as one the share that is antiparallel."""
        return [
            VariationPoint(
                f"bit_{cell.tag}", "bit", float(round(cell.odd * cell.count)) / cell.count, "", draw=_share(cell.count)
            )
            for cell in self.cells
            if self.drawn(cell)
        ]

    def column_wires(self, kind: str, r: float, c: float) -> list[Wire]:
        """The wires of a line along every column."""
        found: list[Wire] = []
        for column in self.columns:
            nodes = [f"{kind}_{row.name}_{column.name}" for row in self.rows]
            opposite = kind == "sl" and self.p.sl_end == "opposite"
            found += line(kind, f"{kind}x_{column.name}", self.rows, column, nodes, r, c, opposite=opposite)
        return found

    def row_wires(self, kind: str, r: float, c: float) -> list[Wire]:
        """The wires of a line along every row."""
        found: list[Wire] = []
        for row in self.rows:
            nodes = [f"{kind}_{row.name}_{column.name}" for column in self.columns]
            opposite = kind == "sl" and self.p.sl_end == "opposite"
            found += line(kind, f"{kind}x_{row.name}", self.columns, row, nodes, r, c, opposite=opposite)
        return found

    @property
    def source_lines(self) -> Sequence[Group]:
        """The columns, or the rows, along which the source lines run."""
        return self.columns if self.p.sl == "column" else self.rows

    def largest(self, of: dict[Crossing, Node]) -> Node:
        """The largest magnitude of a current in A of one cell; 0 if there are none."""
        return _joined(maximum, [node(0.0), *(abs(current) / float(cell.count) for cell, current in of.items())])

    @property
    def leak(self) -> Node:
        """Current in A, at the ammeters, of the half-selected cells in the column of the chosen one."""
        chosen = self.chosen
        others = [i(f"vm_{cell.tag}") for cell in self.half_selected if cell.column == chosen.column]
        return _joined(operator.add, others) if others else 0.0 * i(f"vm_{chosen.tag}")

    def subtitle(self) -> str:
        p = self.p
        return f"{p.rows} x {p.columns}, cell {self.row}, {self.column}, {p.data}"

    def array_context(self) -> dict[str, Any]:
        """Names for the templates of both kinds of array."""
        return {
            "l_min": self.technology.l_min,
            "rows": self.rows,
            "columns": self.columns,
            "accessed": self.accessed,
            "cells": [(cell, self.state(cell) if cell.selected or cell.accessed else "") for cell in self.cells],
            "states": self.given_states,
            "chosen": self.chosen,
            "varied": {cell.tag for cell in self.varied},
            "writes": self.writes,
            "source_lines": self.source_lines,
        }


def _joined(join: Callable[[Node, Node], Node], terms: Sequence[Node]) -> Node:
    """All ``terms`` by twos, so that thousands of them are a dozen deep."""
    while len(terms) > 1:
        last = list(terms[len(terms) & ~1 :])
        terms = [join(first, second) for first, second in zip(terms[::2], terms[1::2], strict=False)] + last
    return terms[0]


def _share(count: int) -> Any:
    """Share of ``count`` even bits that are 1, from a standard normal."""

    def draw(z: Array) -> Array:
        from scipy.stats import binom  # a second to import

        return np.asarray(binom.ppf(ndtr(z), count, 0.5)) / count

    return draw
