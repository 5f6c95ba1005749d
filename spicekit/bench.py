"""A bench: a netlist template, typed parameters, variation points, an analysis and measures.

A bench is made with its parameters and then holds everything that a simulation of it needs::

    class Divider(Bench):
        name = "divider"
        summary = "two resistors"
        template = "divider.cir.j2"

        class Parameters(BenchParameters):
            r_top: float = quantity(1e3, "ohm", "upper resistor", gt=0)

A user's own bench is a subclass in a file of its own (``path/to/file.py:Divider``), with its template beside it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from spicekit.analysis import Analysis, DcAnalysis
from spicekit.calibration import Calibration
from spicekit.errors import SpicekitError, UserError, unknown
from spicekit.limits import Limits
from spicekit.measures.ngspice_writer import control_lines
from spicekit.measures.nodes import Node, vectors
from spicekit.measures.numpy_writer import Evaluation
from spicekit.measures.shape import axis_of
from spicekit.netlist_check import missing
from spicekit.paths import absolute, own_folder
from spicekit.technology import Technology, load_technology
from spicekit.toml import explain
from spicekit.units import format_value, parse_quantity
from spicekit.waves import Array, MissingVector, Waves

LOWEST, HIGHEST = 0.1, 3.0  # of a technology's nominal supply: beyond, its models mean nothing and its gates would not last


def quantity(default: Any, unit: str, meaning: str, **limits: Any) -> Any:
    """A numeric parameter: default, unit, meaning and the limits ``gt ge lt le``, all of them shown to the user."""
    return Field(default, description=meaning, json_schema_extra={"unit": unit}, **limits)


def channel_width(default: Any, meaning: str, *, le: float, least: float = 1.0) -> Any:
    """A width of transistors in metres: from ``least`` times the technology's smallest W, of whose inverse the smallest
    transistor that follows it is, to ``le``.
    """
    return Field(default, description=meaning, json_schema_extra={"unit": "m", "size": "W", "least": least}, gt=0, le=le)


def channel_length(default: Any, meaning: str, *, le: float, least: float = 1.0) -> Any:
    """A length of transistors: like :func:`channel_width`."""
    return Field(default, description=meaning, json_schema_extra={"unit": "m", "size": "L", "least": least}, gt=0, le=le)


def voltage(default: Any, meaning: str, **limits: Any) -> Any:
    """A voltage that transistors see: at most :data:`HIGHEST` times the technology's supply, whatever ``limits`` allow."""
    return Field(default, description=meaning, json_schema_extra={"unit": "V", "applied": True}, **limits)


def option(default: Any, meaning: str) -> Any:
    """A parameter that is one of several words; its type is a ``Literal``."""
    return Field(default, description=meaning, json_schema_extra={"unit": ""})


def named_file(default: Any, meaning: str) -> Any:
    """A parameter that is the name of something shipped or the path of a user's file; a path becomes absolute at once."""
    return Field(default, description=meaning, json_schema_extra={"unit": "", "file": True})


class BenchParameters(BaseModel):
    """The parameters that every bench has."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    technology: str = named_file("ptm45", "CMOS technology: a shipped one or the path of a TOML file")
    corner: str = option("tt", "process corner of the technology")
    temperature: float = quantity(27.0, "C", "temperature of all devices")
    vdd: float | None = voltage(None, "supply; the technology's nominal one if not given", gt=0, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _read_numbers(cls, given: Any) -> Any:
        """Numbers in SPICE's way (``200n``) become floats, temperatures (``358K``) Celsius, paths absolute."""
        if not isinstance(given, Mapping):
            return given
        read = dict(given)
        for name, value in given.items():
            field = cls.model_fields.get(name)
            if isinstance(value, str) and field is not None and parameter_extra(cls, name).get("file"):
                read[name] = absolute(value)
            numeric = field is not None and field.annotation in (float, int, float | None, int | None)
            if numeric and isinstance(value, bool | np.bool):
                raise UserError(f"parameter '{name}': {value} is not a number")
            if numeric and isinstance(value, str):
                try:
                    read[name] = parse_quantity(value, cls.unit_given(name, given))
                except UserError as error:
                    raise UserError(f"parameter '{name}': {error}") from None
        return read

    @classmethod
    def unit_given(cls, name: str, given: Mapping[str, Any]) -> str:
        """The unit in which a user gives parameter ``name``, where that depends on others of those ``given``."""
        return unit_of(cls, name)


@dataclass(frozen=True)
class VariationPoint:
    """One number of one device that may vary: in the netlist the voltage of the node ``name``."""

    name: str  # "ra_c0": kind and device, and the node in the netlist
    kind: str  # "ra": what --sigma names
    nominal: float
    unit: str
    sigma: float = 0.0  # default local standard deviation, in the unit of the point
    low: float = -np.inf  # a sample at or below it is not physical: the trial is `invalid`
    draw: Callable[[Array], Array] | None = None  # default distribution: values of standard normals, in place of sigma
    most: float = np.inf  # largest standard deviation that may be asked for, in the unit of the point


@dataclass(frozen=True)
class Measure:
    """A named scalar of one trial."""

    name: str
    unit: str
    meaning: str
    definition: Node | None = None  # what it is of the vectors (see spicekit.measures); None: the bench's evaluate() knows
    fraction: bool = False  # it is 0 or 1: a campaign gives its mean an exact interval
    limits: Limits | None = None  # it is found up to these only (see spicekit.limits); None: it has a value in every trial


@dataclass(frozen=True)
class Panel:
    """One axis of a transient's plot: vectors with their labels, stacked from top to bottom."""

    label: str  # of the axis, without the unit
    unit: str
    vectors: Mapping[str, str]  # vector -> label


@dataclass(frozen=True)
class Margin:
    """Two logical states to be told apart by a reference between their measures ``low`` and ``high``."""

    name: str
    low: str
    high: str
    reference: str | None = None  # the measure that holds the circuit's own reference, if it has one


class Bench(ABC):
    """A test bench with its parameters.  Raises :class:`UserError` for an unknown parameter or a value out of range."""

    name: ClassVar[str]
    summary: ClassVar[str]
    template: ClassVar[str]  # below netlists/, or beside the file of a user's own bench
    roles: ClassVar[tuple[str, ...]] = ("nmos", "pmos")  # devices that the technology must have
    Parameters: ClassVar[type[BenchParameters]] = BenchParameters
    # points() names devices that not every variant of the netlist holds, so that a seed means the same devices in all of them:
    # a point that no device reads is then no mistake
    spare_points: ClassVar[bool] = False
    # the time that must be reached within its window, of several that have one; if not given, all of them (`spicekit qualify`)
    deadline: ClassVar[str] = ""

    def __init__(self, **given: Any) -> None:
        fields = self.Parameters.model_fields
        for name in given:
            if name not in fields:
                raise unknown(f"parameter of bench '{self.name}'", name, fields)
        try:
            self.p: Any = self.Parameters(**given)
        except ValidationError as error:
            raise UserError(f"bench '{self.name}': parameter {explain(error, self.Parameters)}") from None
        except UserError as error:
            raise UserError(f"bench '{self.name}': {error}") from None
        self.found: dict[str, float] = {}  # values of calibrations(), once someone has found them
        self.technology: Technology = load_technology(self.p.technology)
        self.technology.cards(self.p.corner)  # an unknown corner or an unreadable model file is said now
        self.model_files = self.technology.model_files(self.p.corner)
        for role in self.roles:
            self.technology.device(role)
        limits = self.technology.temperature
        if not limits.low <= self.temperature <= limits.high:
            raise UserError(
                f"bench '{self.name}': parameter temperature: {self.temperature:g} C is outside "
                f"{limits.low} to {limits.high} C of technology '{self.technology.name}'"
            )
        self._check_technology()

    def _check_technology(self) -> None:
        """Raises :class:`UserError` for a size or a voltage of which the technology's models mean nothing."""
        for name in self.Parameters.model_fields:
            value = getattr(self.p, name)
            low, high, why = self.technology_limits(name)
            if why and value is not None and not low * (1 - 1e-9) <= value <= high * (1 + 1e-9):
                extra = parameter_extra(self.Parameters, name)
                given, ends = (format_value(x, extra["unit"]) for x in (value, low if value < low else high))
                allowed = f"{'at least' if value < low else 'at most'} {ends}, {why} of technology '{self.technology.name}'"
                raise UserError(f"bench '{self.name}': parameter {name}: {given} given; allowed: {allowed}")

    def technology_limits(self, name: str) -> tuple[float, float, str]:
        """Lowest and highest value that the technology allows parameter ``name``, and what of it they are."""
        extra, technology = parameter_extra(self.Parameters, name), self.technology
        if size := extra.get("size"):
            times = f"{extra['least']:g} times " if extra["least"] != 1 else ""
            smallest = technology.w_min if size == "W" else technology.l_min
            return extra["least"] * smallest, np.inf, f"{times}the smallest {size}"
        if extra.get("applied") and self.roles:
            supply = f"{LOWEST:g} to {HIGHEST:g} times the supply" if name == "vdd" else f"{HIGHEST:g} times the supply"
            return LOWEST * technology.vdd if name == "vdd" else -np.inf, HIGHEST * technology.vdd, supply
        return -np.inf, np.inf, ""

    @property
    def because(self) -> str:
        """The parameters that are not at their defaults, for the end of a message about what they lead to together."""
        fields, given = self.Parameters.model_fields, self.p.model_dump()
        changed = [
            f"{name} = {shown_value(self.Parameters, name, value)}"
            for name, value in given.items()
            if value != fields[name].default
        ]
        return f" (with {', '.join(changed)})" if changed else ""

    @property
    def temperature(self) -> float:
        """Temperature of all devices in degrees Celsius."""
        return float(self.p.temperature)

    @property
    def vdd(self) -> float:
        """Supply voltage in volts."""
        return float(self.technology.vdd if self.p.vdd is None else self.p.vdd)

    def calibrations(self) -> tuple[Calibration, ...]:
        """What has to be found by simulating before this bench can be, in that order (:mod:`spicekit.engines.calibrate`)."""
        return ()

    def calibrated(self, name: str) -> float:
        """The value that was found for calibration ``name``.  Raises :class:`SpicekitError` if nobody has looked for it yet."""
        if name not in self.found:
            raise SpicekitError(f"bench '{self.name}' is not calibrated ({name}): give it to spicekit.calibrated first")
        return self.found[name]

    @abstractmethod
    def analysis(self) -> Analysis:
        """The analysis, with its cases, saved vectors and solver tolerances."""

    @abstractmethod
    def measures(self) -> tuple[Measure, ...]:
        """What is measured."""

    def evaluate(self, waves: Waves) -> Mapping[str, Array | float]:
        """The measures: in DC of all trials in ``waves`` (arrays of shape (trials,)), in a transient of the one (numbers).

        By default by their definitions; a bench with measures that have none gives those too.
        """
        analysis = self.analysis()
        value = Evaluation(waves, analysis.points if isinstance(analysis, DcAnalysis) else 1)
        return {measure.name: value(measure.definition) for measure in self.measures() if measure.definition is not None}

    def vectors(self) -> tuple[str, ...]:
        """The vectors that the definitions of the measures need, for ``save`` of the analysis."""
        needed = [name for measure in self.measures() if measure.definition is not None for name in vectors(measure.definition)]
        return tuple(dict.fromkeys(name for name in needed if name != "time"))

    def measure_lines(self) -> str:
        """Lines of a stand-alone netlist's ``.control`` block that compute and print the measures, after ``run``."""
        return control_lines(self.measures(), axis_of(self.analysis()))

    def points(self) -> tuple[VariationPoint, ...]:
        """The variation points, in the order in which they are drawn."""
        return ()

    def transistor(self, device: str, width: float, length: float) -> list[VariationPoint]:
        """Shift of |V_TH| and relative deviation of the current, with Pelgrom's sigma for the drawn size in metres.

        Raises :class:`UserError` for a size below the technology's smallest, where its model means nothing.
        """
        for dimension, drawn, smallest in (("L", length, self.technology.l_min), ("W", width, self.technology.w_min)):
            if drawn < smallest * (1 - 1e-9):
                raise UserError(
                    f"bench '{self.name}': transistor '{device}': {dimension} = {format_value(drawn, 'm')} is below the "
                    f"{format_value(smallest, 'm')} of technology '{self.technology.name}'"
                )
        most = self.technology.vdd / 2  # half of all such devices would have no threshold within the supply
        return [
            VariationPoint(f"vth_{device}", "vth", 0.0, "V", sigma=self.technology.sigma_vth(width, length), most=most),
            VariationPoint(f"beta_{device}", "beta", 0.0, "", sigma=self.technology.sigma_beta(width, length), low=-1.0),
        ]

    def margins(self) -> tuple[Margin, ...]:
        """The margins that a campaign reports."""
        return ()

    def works(self) -> str:
        """When the circuit does what it is for, as a condition on measures: ``wrong < 0.5``; empty if nothing says so.

        ``spicekit qualify`` judges by it, beside convergence, limits and margins (:mod:`montecarlo.verdict`).
        """
        return ""

    def measured(self, waves: Waves, trials: int) -> dict[str, Array]:
        """The measures as arrays of shape (trials,), in the order of :meth:`measures`."""
        try:
            with np.errstate(all="ignore"):  # trials without a solution hold NaN here
                values = self.evaluate(waves)
        except MissingVector as error:
            raise missing(self, error) from None
        measures = {measure.name: measure for measure in self.measures()}
        if not isinstance(values, Mapping):
            raise UserError(f"bench '{self.name}': evaluate() gives {type(values).__name__}; give measure name -> value")
        if set(values) != set(measures):
            odd = sorted(set(values) ^ set(measures))
            if type(self).evaluate is Bench.evaluate:
                raise UserError(f"bench '{self.name}': no definition of measure {', '.join(odd)}, and no evaluate() to give it")
            raise UserError(f"bench '{self.name}': evaluate() and measures() disagree on {', '.join(odd)}")
        columns = {}
        for name, measure in measures.items():
            try:
                column = np.array(np.broadcast_to(values[name], (trials,)), dtype=float)
            except (ValueError, TypeError) as error:
                raise UserError(
                    f"bench '{self.name}': evaluate() gives a measure '{name}' that is not {trials} numbers ({error})"
                ) from error
            columns[name] = column if measure.limits is None else measure.limits.applied(column)
        return columns

    def panels(self) -> tuple[Panel, ...]:
        """How a transient's waveforms are plotted: by default voltages above currents."""
        save = self.analysis().save
        voltages = Panel("voltage", "V", {name: name for name in save if name.startswith("v(")})
        currents = Panel("current", "A", {name: name for name in save if name.startswith("i(")})
        return tuple(panel for panel in (voltages, currents) if panel.vectors)

    def subtitle(self) -> str:
        """What sets this bench apart, for the titles of plots."""
        return ""

    def figures(self, waves: Waves) -> dict[str, Any]:
        """Further plots of a nominal run: file name -> matplotlib figure."""
        return {}

    def notes(self, measures: Mapping[str, float]) -> tuple[str, ...]:
        """Warnings, a line each, about the conditions of a run with these ``measures`` (of a campaign: their means).

        What is ``wanted`` of :meth:`calibrations` by these measures has been found.
        """
        return ()

    def context(self) -> dict[str, Any]:
        """Further names for the template."""
        return {}

    def template_folder(self) -> Path | None:
        """Folder of a user's own templates: that of the file which defines the bench; None for shipped benches."""
        return own_folder(type(self))

    def parameters(self) -> dict[str, Any]:
        """All parameters as plain values, ready for JSON (``inf`` as text)."""
        return {
            name: str(value) if isinstance(value, float) and np.isinf(value) else value
            for name, value in self.p.model_dump(mode="python").items()
        }

    def given(self, name: str, value: Any) -> Any:
        """``value`` of parameter ``name`` as it was given, ready for JSON and valid from any folder."""
        if isinstance(value, str) and parameter_extra(self.Parameters, name).get("file"):
            return absolute(value)
        return value if isinstance(value, str | int | float) else str(value)

    def shown(self) -> dict[str, str]:
        """All parameters as text with units."""
        return {name: shown_value(self.Parameters, name, value) for name, value in self.p.model_dump().items()}


def parameter_extra(parameters: type[BaseModel], name: str) -> dict[str, Any]:
    """What is declared of a parameter beside its type, default and meaning: ``unit``, ``file``."""
    extra = parameters.model_fields[name].json_schema_extra
    return dict(extra) if isinstance(extra, dict) else {}


def shown_value(parameters: type[BenchParameters], name: str, value: Any) -> str:
    """One parameter's value as people read it."""
    unit = unit_of(parameters, name)
    if isinstance(value, float):
        return format_value(value, unit)
    return "(default)" if value is None else " ".join(f"{value} {unit}".split())  # one line: it goes into a netlist


def unit_of(parameters: type[BaseModel], name: str) -> str:
    """The unit of one parameter; empty for a pure number or a word."""
    return str(parameter_extra(parameters, name).get("unit", ""))
