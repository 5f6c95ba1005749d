"""The tables of a technology's TOML file: quantities with their units, devices, corners, mismatch, diffusions, layout."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from spicekit.toml import Record
from spicekit.units import HOTTEST, KELVIN

# What of a user's file reaches a netlist as text may not bring a line break along, and with it a line of its own.
NAME = r"^[A-Za-z_][A-Za-z0-9_.$]*$"
Name = Annotated[str, Field(pattern=NAME)]
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.+-]+$")]
Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]


# what libraries call the terminals of a transistor -> which it is
TERMINALS = {
    "d": 0, "drain": 0, "nd": 0, "g": 1, "gate": 1, "ng": 1, "s": 2, "source": 2, "ns": 2,
    "b": 3, "bulk": 3, "body": 3, "nb": 3, "sub": 3,
}  # fmt: skip

# canonical unit -> {accepted unit: factor to the canonical one}
_UNITS = {
    "V": {"V": 1.0, "mV": 1e-3},
    "m": {"m": 1.0, "um": 1e-6, "nm": 1e-9},
    "V m": {"V m": 1.0, "V um": 1e-6, "mV um": 1e-9},
    "F/m2": {"F/m2": 1.0, "fF/um2": 1e-3},
    "m (of 1)": {"m": 1.0, "um": 1e-6, "nm": 1e-9, "% um": 1e-8},
}


@dataclass(frozen=True)
class BySize:
    """A Pelgrom coefficient that depends on the size: linear in the logarithm of the gate's area between those that are given,
    and beyond them as at the nearest."""

    areas: tuple[float, ...]  # m2, rising
    values: tuple[float, ...]

    def at(self, area: float) -> float:
        """The coefficient of a device of ``area`` m2."""
        return float(np.interp(math.log(area), np.log(self.areas), self.values))

    @classmethod
    def of(cls, sizes: Any, values: Sequence[float]) -> BySize:
        """Of a table of [W, L] in um.  Raises :class:`ValueError` for what is none."""
        good = isinstance(sizes, list) and len(sizes) == len(values) > 1
        if not good or not all(
            isinstance(size, list) and len(size) == 2 and all(_is_number(x) and 1e-3 <= x <= 1e3 for x in size) for size in sizes
        ):
            raise ValueError("sizes: allowed: [[W, L], ...] in um, as many as values, and at least two")
        table = sorted((width * length * 1e-12, value) for (width, length), value in zip(sizes, values, strict=True))
        if any(low == high for (low, _), (high, _) in itertools.pairwise(table)):
            raise ValueError("sizes: two of the same area given; allowed: one value an area")
        return cls(tuple(area for area, _ in table), tuple(value for _, value in table))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _quantity(unit: str, low: float, high: float, sized: bool = False) -> BeforeValidator:
    """Accept ``{value, unit, source}``, the form of every figure of a technology: in ``unit``, between ``low`` and ``high``.

    The ends are far beyond every process; a figure outside has lost its power of ten.  One that may be ``sized`` is given as
    ``{values, sizes, unit, source}`` too, a table.
    """

    def read(raw: Any) -> Any:
        if (
            sized
            and isinstance(raw, dict)
            and set(raw) == {"values", "sizes", "unit", "source"}
            and isinstance(raw["values"], list)
        ):
            values = [read({"value": value, "unit": raw["unit"], "source": raw["source"]}) for value in raw["values"]]
            return BySize.of(raw["sizes"], values)
        if not isinstance(raw, dict) or set(raw) != {"value", "unit", "source"}:
            raise ValueError(f"give it as {{value = NUMBER, unit = '{canonical}', source = 'TEXT'}}")
        value, given = raw["value"], raw["unit"]
        if not isinstance(given, str) or given not in factors:
            raise ValueError(f"unit '{given}' given; allowed: {', '.join(repr(known) for known in factors)}")
        if not _is_number(value) or not low <= value * factors[given] <= high:
            raise ValueError(
                f"value {value}{'' if given == canonical else f' {given}'} given; allowed: {low:g} to {high:g} {canonical}"
            )
        return float(value * factors[given])

    factors, canonical = _UNITS[unit], unit.partition(" (")[0]
    return BeforeValidator(read)


Supply = Annotated[float, _quantity("V", 0.1, 50)]
Size = Annotated[float, _quantity("m", 1e-9, 1e-4)]
Density = Annotated[float, _quantity("F/m2", 1e-5, 1)]
MismatchVoltage = Annotated[float | BySize, _quantity("V m", 0, 1e-6, sized=True)]  # 1 V um; published: 1 to 30 mV um
MismatchShare = Annotated[float | BySize, _quantity("m (of 1)", 0, 1e-6, sized=True)]  # 100 % um; published: about 1 % um


# a number, or arithmetic of w and l
Expression = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.+*/() -]+$", coerce_numbers_to_str=True)]


class Device(Record):
    """How a transistor is instantiated: ``.model`` (M line) or ``.subckt`` (X line), names of its W and L, further parameters."""

    kind: Literal["model", "subckt"]
    name: str = Field(pattern=NAME)
    width: str = Field(default="w", pattern=NAME)
    length: str = Field(default="l", pattern=NAME)
    drain_area: str = Field(default="ad", pattern=NAME)  # these four are given where the technology has a [diffusion]
    source_area: str = Field(default="as", pattern=NAME)
    drain_perimeter: str = Field(default="pd", pattern=NAME)
    source_perimeter: str = Field(default="ps", pattern=NAME)
    parameters: dict[Name, Expression] = Field(default_factory=dict)  # nf = 1, ad = "w * 0.2": w and l in the unit of `lengths`

    @property
    def junctions(self) -> dict[str, str]:
        """What is told of the junctions, by the name of the device's parameter for it; `parameters` that give it go first."""
        own = {name.lower() for name in self.parameters}
        names = ("drain_area", "source_area", "drain_perimeter", "source_perimeter")
        return {name: parameter for name in names if (parameter := getattr(self, name)).lower() not in own}


Value = Annotated[float, Field(allow_inf_nan=False)]
Shift = Annotated[float, Field(allow_inf_nan=False)]


class ModelFile(Record):
    """An external model file, and the section of it that is read."""

    file: Path
    section: Word | None = None


class Statistics(Record):
    """Parameters of a library that stand for its draws, each a standard normal (:mod:`spicekit.trim` writes such libraries)."""

    local: dict[str, tuple[Name, ...]] = Field(default_factory=dict)  # role -> of its subcircuit: drawn for each device
    globals: tuple[Name, ...] = Field(default=(), alias="global")  # drawn once for all devices

    def given(self, role: str) -> list[tuple[str, str]]:
        """Of a subcircuit around the device of ``role``: its parameters for the draws, and what the device calls them."""
        return [(f"draw_{k}", name) for k, name in enumerate(self.local.get(role, ()), 1)]


class Corner(Record):
    """A process corner: shifts on the BSIM4 parameters of the file, or external model files, each with its section."""

    nmos: dict[str, Shift] = Field(default_factory=dict)
    pmos: dict[str, Shift] = Field(default_factory=dict)
    file: Path | None = None
    section: Word | None = None
    files: tuple[ModelFile, ...] = ()  # in place of `file` and `section`
    params: dict[Name, Value] = Field(default_factory=dict)
    statistics: Statistics = Statistics()

    @model_validator(mode="after")
    def _one_way(self) -> Corner:
        if self.files and (self.file is not None or self.section is not None):
            raise ValueError("file or section given with files; allowed: file and section, or files")
        return self

    @property
    def external(self) -> tuple[ModelFile, ...]:
        """The model files, in the order in which they are read."""
        return self.files or (() if self.file is None else (ModelFile(file=self.file, section=self.section),))


class RoleMismatch(Record):
    """What is other for the devices of one role."""

    a_vt: MismatchVoltage | None = None
    a_beta: MismatchShare | None = None


class Mismatch(Record):
    """Pelgrom coefficients of one device: sigma = a / sqrt(W L)  (Pelgrom et al., IEEE JSSC 24, 1433 (1989))."""

    a_vt: MismatchVoltage
    a_beta: MismatchShare  # of the current
    a_c: MismatchShare = 0.0  # of the capacitance
    roles: dict[str, RoleMismatch] = Field(default_factory=dict)  # the tables [mismatch.ROLE]

    @model_validator(mode="before")
    @classmethod
    def _tables(cls, raw: Any) -> Any:
        """A table without a unit is that of a role."""
        if not isinstance(raw, dict):
            return raw
        roles = {key: value for key, value in raw.items() if isinstance(value, dict) and key not in cls.model_fields}
        return {key: value for key, value in raw.items() if key not in roles and key != "roles"} | {"roles": roles}

    def sigma(self, name: Literal["a_vt", "a_beta", "a_c"], area: float, role: str = "") -> float:
        """Standard deviation by the coefficient ``name`` for a device of ``area`` m2 that plays ``role``."""
        own = getattr(self.roles.get(role), name, None)
        coefficient = getattr(self, name) if own is None else own
        return float(coefficient.at(area) if isinstance(coefficient, BySize) else coefficient) / math.sqrt(area)


class TemperatureRange(Record):
    low: float
    high: float
    unit: Literal["C"]

    @model_validator(mode="after")
    def _in_order(self) -> TemperatureRange:
        if not -KELVIN < self.low < self.high <= HOTTEST - KELVIN:
            raise ValueError(
                f"low = {self.low:g}, high = {self.high:g} given; allowed: low below high, above {-KELVIN:g} and at most "
                f"{HOTTEST - KELVIN:g} C"
            )
        return self


class Diffusion(Record):
    """How long the diffusions of drain and source are along the channel: their junctions' areas and perimeters follow.

    One that stands alone has a contact and ends at the field; one between two gates belongs half to each.
    """

    unshared: Size
    shared: Size  # from gate to gate

    def junctions(self, width: str, units: float = 1) -> dict[str, str]:
        """Areas and perimeters of a transistor ``width`` wide, in its own units of length (``units`` a metre), as expressions.

        ``shared_d`` and ``shared_s`` in them are 1 for a diffusion between two gates, else 0.  A perimeter has the gate's edge
        in it, as BSIM4 takes it unless permod = 0; one between two gates has no end.
        """
        alone, between = self.unshared * units, self.shared * units
        found = {}
        for side in ("drain", "source"):
            shared = f"shared_{side[0]}"
            found[f"{side}_area"] = f"{width}*({alone!r}+({between / 2 - alone!r})*{shared})"
            found[f"{side}_perimeter"] = f"2*({width}+{alone!r})+({between - 2 * alone!r}-{width})*{shared}"
        return found


class Layout(Record):
    """What the area of a layout follows from, beside the gates' lengths and the diffusions (:mod:`spicekit.area.rule`)."""

    feature: Size  # F, the unit of areas
    active_spacing: Size  # between the diffusions of two transistors
    gate_end: Size  # of a gate beyond the diffusion
    gate_spacing: Size  # between the ends of two gates
    metal_pitch: Size  # of the lines of an array
    metal_capacitance: Density  # of a capacitor of metal, an area
    gate_capacitance: Density  # of one that is the gate of a transistor


Compatibility = Literal["ngspice", "hs", "hsa", "ps", "psa", "lt", "lta", "ltps", "ltpsa", "all"]
