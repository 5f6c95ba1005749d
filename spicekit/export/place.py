"""An operating point of a table, and what formats share in naming it: fields there, the lines of remarks, names and numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from spicekit import __version__
from spicekit.errors import UserError
from spicekit.export.roles import NOMINAL_BY_SYSTEM, Roles, SramRoles
from spicekit.table import LookupTable
from spicekit.table_layout import inner
from spicekit.units import KELVIN, parse_quantity

NAME = re.compile("[A-Za-z][A-Za-z0-9_-]*")  # of a system: that of files, and of modules and classes in other tools

Point = Mapping[str, float | str]


def record_of(table: LookupTable) -> dict[str, Any]:
    """The table's provenance; empty if it has none."""
    try:
        record = json.loads(table.attributes.get("spicekit", "{}"))
    except (TypeError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def system_of(table: LookupTable) -> str:
    """The system whose table this is; empty for a sweep of one bench."""
    found = str(record_of(table).get("system", ""))
    return found if NAME.fullmatch(found) else ""


def nominal(table: LookupTable, name: str) -> float | str:
    """Value of coordinate ``name`` where the user gives none.

    What the table's record says under ``nominal``; otherwise corner tt, and the middle of the grid (of an even number of values
    the lower of the two).
    """
    grid = table.coordinates[name]
    stated = record_of(table).get("nominal", NOMINAL_BY_SYSTEM.get(system_of(table)))
    if isinstance(stated, dict) and isinstance(stated.get(name), float | int | str):
        return _typed(table, name, stated[name])
    if grid.dtype.kind in "UOS":
        words = [str(word) for word in grid]
        return "tt" if "tt" in words else words[0]
    return float(grid[(len(grid) - 1) // 2])


def _typed(table: LookupTable, name: str, value: float | str) -> float | str:
    return str(value) if table.coordinates[name].dtype.kind in "UOS" else parse_quantity(value, table.units.get(name, ""))


class Place:
    """One operating point.  ``given`` are the user's coordinates, ``to`` the format that asks (for messages).

    Raises :class:`UserError` if the point lies outside, or, when it is asked for, if the table lacks a field.
    """

    def __init__(self, table: LookupTable, given: Point, to: str) -> None:
        self.table, self.to = table, to
        self.system = system_of(table)
        if not self.system:
            raise UserError(
                f"{table.origin}: the system in its record has no name of letters, digits, _ and -; format '{to}' needs that"
            )
        self.point: dict[str, float | str] = {
            name: _typed(table, name, given[name]) if name in given else nominal(table, name)
            for name in table.coordinates
            if not inner(name)
        }
        for name in self.point:  # a point outside the grid is an error even where no field depends on that coordinate
            for variable, (dimensions, _) in table.variables.items():
                if name in dimensions and not any(map(inner, dimensions)):
                    table.query(variable, **self._where(variable))
                    break
        self._given = frozenset(given)
        self._used: set[str] = set()

    def value(self, name: str) -> float:
        """Field ``name`` (a scalar, a measure, or a coordinate such as ``vdd``) at the operating point."""
        if name in self.point:
            self._used.add(name)
            found = self.point[name]
            if isinstance(found, str):
                raise UserError(f"{self.table.origin}: coordinate '{name}' holds words, not numbers")
            return found
        if name not in self.table.variables:
            raise self._missing(name)
        self._used.update(self._where(name))
        number = float(self.table.query(name, **self._where(name)))
        if not np.isfinite(number):
            raise UserError(f"{self.table.origin}: '{name}' is not known at {self.where()}: no trial was ok there")
        return number

    def optional(self, name: str) -> float | None:
        """Field ``name``, or None if the table does not have it."""
        return self.value(name) if name in self.table.variables or name in self.point else None

    def where(self) -> str:
        """The operating point: coordinates that the fields asked for so far depend on."""
        shown = {name: value for name, value in self.point.items() if name in self._used or not self._used}
        words = [
            f"{name}={value}" if isinstance(value, str) else f"{name}={number(value)} {self.table.units.get(name, '')}".rstrip()
            for name, value in shown.items()
        ]
        return plain(", ".join(words)) or "the only one"

    def remarks(self, cannot_express: Iterable[str]) -> list[str]:
        """Lines for the head of a file: where it comes from and what it leaves out.

        Call it after the fields were read and before anything is written: a coordinate that the user gave and that none of
        them depends on is an error.
        """
        for name in sorted(self._given - self._used):
            raise UserError(f"nothing that format '{self.to}' takes from {self.table.origin} depends on '{name}'; leave it out")
        return [
            f"Written by spicekit {__version__} from {plain(self.table.origin)}: system {self.system}.",
            f"Operating point: {self.where()}.",
            *self.attention(),
            "This format cannot express:",
            *(f"- {text}" for text in cannot_express),
        ]

    def attention(self) -> list[str]:
        """What is unusual there, a line each."""
        return []

    def _where(self, name: str) -> dict[str, float | str]:
        dimensions, _ = self.table.variables[name]
        return {d: self.point[d] for d in dimensions if not inner(d)}

    def _missing(self, name: str) -> UserError:
        return UserError(
            f"{self.table.origin} holds no '{name}', which format '{self.to}' needs; "
            f"make it with: spicekit characterize {self.system} --out DIR"
        )


class Footprint(Place):
    """What tables of every kind of cell have in common: temperature, node and area."""

    roles: Roles | SramRoles

    @property
    def kelvin(self) -> int:
        """Temperature in whole K.  Raises :class:`UserError` where the transistor tables of NVSim and NeuroSim end."""
        found = round(self.value("temperature") + KELVIN)
        if not 300 <= found <= 400:
            raise UserError(
                f"format '{self.to}' cannot hold temperature={number(self.value('temperature'))} C; its transistor tables run "
                "from 27 to 127 C"
            )
        return found

    @property
    def node(self) -> int:
        """Feature size in whole nm."""
        return round(self.value(self.roles.feature_size) * 1e9)

    @property
    def features(self) -> float:
        """Area of the cell in F^2, from the layout rule."""
        return self.value(self.roles.area)

    @property
    def area(self) -> float:
        """Area of the cell in m2."""
        return self.features * self.value(self.roles.feature_size) ** 2


def number(value: float) -> str:
    """Six significant digits, more than any of these tools' models deserve."""
    return f"{value:.6g}"


def rounded(value: float) -> float:
    """The number that :func:`number` shows."""
    return float(number(value))


def plain(text: str) -> str:
    """``text`` as one line that ends no comment: names come from files and must not become code in the target."""
    return "".join(c if c.isprintable() else "?" for c in text).replace("*/", "* /").replace("\\", "/").replace('"', "'")


def identifier(system: str) -> str:
    """The system's name as a Python module's."""
    return system.replace("-", "_")


def class_name(system: str) -> str:
    """The system's name as a Python class's."""
    return "".join(part.capitalize() for part in system.split("-"))
