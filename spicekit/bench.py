"""A bench: a netlist template, typed parameters, variation points, an analysis and measures.

A bench is made with its parameters and then holds everything that a simulation of it needs::

    class DividerParameters(BenchParameters):
        r_top: float = quantity(1e3, "ohm", "upper resistor", gt=0)

    class Divider(Bench[DividerParameters]):
        name = "divider"
        summary = "two resistors"
        template = "divider.cir.j2"

A user's own bench is a subclass in a file of its own (``path/to/file.py:Divider``), with its template beside it.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, get_args, get_origin

import numpy as np
from typing_extensions import TypeVar

from spicekit.analysis import Analysis, DcAnalysis
from spicekit.drawn import global_points, local_points
from spicekit.errors import SpicekitError, UserError, listed, unknown
from spicekit.measures.measure import Margin, Measure
from spicekit.measures.ngspice_writer import control_lines
from spicekit.measures.nodes import vectors
from spicekit.measures.numpy_writer import Evaluation
from spicekit.measures.shape import axis_of
from spicekit.not_saved import not_saved
from spicekit.outcome import Outcome
from spicekit.parameters import (
    HIGHEST,
    LOWEST,
    STRAINED,
    BenchParameters,
    channel_length,
    channel_width,
    named_file,
    option,
    parameter_extra,
    quantity,
    read_parameters,
    shown_value,
    unit_of,
    voltage,
)
from spicekit.paths import own_folder
from spicekit.point import VariationPoint
from spicekit.technology import Technology, load_technology
from spicekit.units import format_value
from spicekit.waves import Array, MissingVector, Waves

# m, of widths at their defaults in a process of larger sizes: wider transistors drive lines, and grow less; a foundry's models
# end at some 100 um, and a PMOS has twice the width of its NMOS
NARROW, WIDEST = 10e-6, 50e-6

# all that a bench is written with
__all__ = [
    "Bench", "BenchParameters", "Calibration", "Margin", "Measure", "Panel", "VariationPoint", "channel_length", "channel_width",
    "named_file", "option", "quantity", "shown_value", "unit_of", "voltage",
]  # fmt: skip


@dataclass(frozen=True)
class Panel:
    """One axis of a transient's plot: vectors with their labels, stacked from top to bottom."""

    label: str  # of the axis, without the unit
    unit: str
    vectors: Mapping[str, str]  # vector -> label


@dataclass(frozen=True)
class Nominal:
    """A nominal simulation of ``bench``."""

    bench: Bench
    outcome: Outcome
    measures: dict[str, float]  # NaN if the outcome is not ok
    waves: Waves


class Simulate(Protocol):
    """The nominal simulation of a calibration's variant, with some of its parameters changed."""

    def __call__(self, **changed: Any) -> Nominal: ...


@dataclass(frozen=True)
class Calibration:
    """One number that a bench needs and only simulating gives."""

    name: str
    unit: str
    meaning: str
    target: str  # what holds at the value: "t_load = t_delay at v_in = v_mid"
    variant: Callable[[], Bench]  # what is simulated; it may ask for the calibrations before this one
    find: Callable[[Simulate], float]  # the search; raises UserError where it finds nothing
    parameter: str = ""  # of the variant, which is searched; empty if its simulation gives the value
    shared: bool = False  # find() looks at nothing but the variant: benches with an equal one share the value
    # of a run's measures: it is found after a run that wants it, for notes(); None: before anything is simulated
    wanted: Callable[[Mapping[str, float]], bool] | None = None


def _with_process(points: Callable[[Any], tuple[VariationPoint, ...]]) -> Callable[[Any], tuple[VariationPoint, ...]]:
    """A bench's ``points``, and the draws of the technology's library that all devices have in common."""

    @functools.wraps(points)
    def all_points(bench: Bench) -> tuple[VariationPoint, ...]:
        found = tuple(points(bench))
        known = {point.name for point in found}
        common = global_points(bench.technology.statistics(bench.p.corner)) if bench.takes_draws else []
        return (*found, *(point for point in common if point.name not in known))

    return all_points


def _built_once(measures: Callable[[Any], tuple[Measure, ...]]) -> Callable[[Any], tuple[Measure, ...]]:
    """A bench's ``measures``, built again only when its calibrations have changed: a trial's are evaluated in less time."""

    @functools.wraps(measures)
    def kept(bench: Bench) -> tuple[Measure, ...]:
        state, known = tuple(bench.found.items()), bench._built.get(kept)
        if known is None or known[0] != state:
            known = bench._built[kept] = state, tuple(measures(bench))
        return known[1]

    return kept


P_co = TypeVar("P_co", bound=BenchParameters, default=BenchParameters, covariant=True)


class Bench(ABC, Generic[P_co]):
    """A test bench with its parameters.  Raises :class:`UserError` for an unknown parameter or a value out of range."""

    name: ClassVar[str]
    summary: ClassVar[str]
    template: ClassVar[str]  # below netlists/, or beside the file of a user's own bench
    roles: ClassVar[tuple[str, ...]] = ("nmos", "pmos")  # devices that the technology must have
    Parameters: type[P_co]  # by the type argument, unless a class of that name is declared in the bench
    p: P_co
    # points() names devices that not every variant of the netlist holds, so that a seed means the same devices in all of them:
    # a point that no device reads is then no mistake
    spare_points: ClassVar[bool] = False
    takes_draws: ClassVar[bool] = True  # its netlist hands a library's own draws to the transistors
    # the time that must be reached within its window, of several that have one; if not given, all of them (`spicekit qualify`)
    deadline: ClassVar[str] = ""

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        generic = [base for base in vars(cls).get("__orig_bases__", ()) if issubclass(get_origin(base) or object, Bench)]
        if "Parameters" not in vars(cls) and (generic or not hasattr(cls, "Parameters")):
            (argument,) = get_args(generic[0]) if generic else (BenchParameters,)
            cls.Parameters = getattr(argument, "__bound__", argument)
        if "points" in vars(cls):
            setattr(cls, "points", _with_process(cls.points))  # noqa: B010 - for mypy a method is not to be replaced
        if "measures" in vars(cls):
            setattr(cls, "measures", _built_once(cls.measures))  # noqa: B010

    def __init__(self, **given: Any) -> None:
        fields = self.Parameters.model_fields
        p, wrong = read_parameters(self.Parameters, {name: value for name, value in given.items() if name in fields})
        odd = [name for name in given if name not in fields]
        faults = [str(unknown("parameter", odd, fields))] if odd else []
        self._built: dict[Any, tuple[tuple[tuple[str, float], ...], tuple[Measure, ...]]] = {}  # measures() of each class
        self.found: dict[str, float] = {}  # values of calibrations(), once someone has found them
        if p is not None:
            self.p = p
            try:
                self.technology: Technology = self.load_technology()
                self.technology.cards(self.p.corner)  # an unknown corner or an unreadable model file is said now
                self.model_files = self.technology.model_files(self.p.corner)
                for role in self.roles:
                    self.technology.device(role)
                if sizes := self._scaled(given):
                    known = {name: value for name, value in given.items() if name in fields and name not in wrong}
                    other, more = read_parameters(self.Parameters, known | sizes)
                    self.p, wrong = other or p, wrong | more
                wrong = self._beyond_technology() | wrong
                if outside := self._temperature_outside():
                    wrong["temperature"] = outside
            except UserError as error:
                if not wrong and not odd:
                    raise
                wrong[""] = str(error)
        if faults or wrong:
            raise UserError(f"bench '{self.name}': {listed([*faults, *wrong.values()])}")

    def load_technology(self) -> Technology:
        """The technology of the bench.  Raises :class:`UserError` for one that is not there."""
        return load_technology(self.p.technology)

    def _scaled(self, given: Mapping[str, Any]) -> dict[str, float]:
        """The sizes that are not ``given``, if one of their defaults is too small for the technology: in as many smallest W or L
        of it as the default is of the bench's own technology, so that their ratios stay, and at most what is allowed.

        Where the lengths grow more than the widths, the widths up to :data:`NARROW` grow as much, so that no cell is weaker: a
        write's current is the junction's, and stays.  None grows beyond :data:`WIDEST`.
        """
        fields, sizes = self.Parameters.model_fields, dict[str, float]()
        for name, field in fields.items():
            if parameter_extra(self.Parameters, name).get("size") and name not in given and isinstance(field.default, float):
                sizes[name] = getattr(self.p, name)  # its default, or that which goes with another parameter
        if all(value >= self.technology_limits(name)[0] * (1 - 1e-9) for name, value in sizes.items()):
            return {}
        own, here = load_technology(fields["technology"].default), self.technology
        wider, longer = here.w_min / own.w_min, here.l_min / own.l_min
        most = {name: min([mark.le for mark in fields[name].metadata if hasattr(mark, "le")], default=np.inf) for name in sizes}
        scaled = {
            name: value * longer
            if parameter_extra(self.Parameters, name)["size"] == "L"
            else max(min(value * wider, WIDEST), min(value * longer, NARROW), value)
            for name, value in sizes.items()
        }
        return {name: min(value, most[name]) for name, value in scaled.items()}

    def _beyond_technology(self) -> dict[str, str]:
        """Sizes and voltages of which the technology's models mean nothing: parameter -> a line."""
        wrong = {}
        for name in self.Parameters.model_fields:
            value = getattr(self.p, name)
            low, high, why = self.technology_limits(name)
            if why and value is not None and not low * (1 - 1e-9) <= value <= high * (1 + 1e-9):
                extra = parameter_extra(self.Parameters, name)
                given, ends = (format_value(x, extra["unit"]) for x in (value, low if value < low else high))
                allowed = f"{'at least' if value < low else 'at most'} {ends}, {why} of technology '{self.technology.name}'"
                wrong[name] = f"parameter {name}: {given} given; allowed: {allowed}"
        return wrong

    def _temperature_outside(self) -> str:
        limits, celsius = self.technology.temperature, self.temperature
        outside = f"is outside {limits.low} to {limits.high} C of technology '{self.technology.name}'"
        return "" if limits.low <= celsius <= limits.high else f"parameter temperature: {celsius:g} C {outside}"

    def technology_limits(self, name: str) -> tuple[float, float, str]:
        """Lowest and highest value that the technology allows parameter ``name``, and what of it they are."""
        extra, technology = parameter_extra(self.Parameters, name), self.technology
        if size := extra.get("size"):
            times = f"{extra['least']:g} times " if extra["least"] != 1 else ""
            smallest = technology.w_min if size == "W" else technology.l_min
            return extra["least"] * smallest, np.inf, f"{times}the smallest {size}"
        if self._applied(name) and self.roles:
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
        return self.p.temperature

    @property
    def vdd(self) -> float:
        """Supply voltage in volts."""
        return self.technology.vdd if self.p.vdd is None else self.p.vdd

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

    def transistor(self, device: str, width: float, length: float, role: str = "nmos") -> list[VariationPoint]:
        """Shift of |V_TH| and relative deviation of the current, with Pelgrom's sigma for the drawn size in metres and ``role``.

        Raises :class:`UserError` for a size below the technology's smallest, where its model means nothing.
        """
        wrong, own = [], f"of technology '{self.technology.name}'"
        for dimension, drawn, smallest in (("L", length, self.technology.l_min), ("W", width, self.technology.w_min)):
            if drawn < smallest * (1 - 1e-9):
                size, least = format_value(drawn, "m"), format_value(smallest, "m")
                names = [name for name in self.Parameters.model_fields if getattr(self.p, name) == drawn]
                wrong += [
                    f"parameter {name}: {size} given; allowed: at least {least}, the smallest {dimension} {own}" for name in names
                ]
                wrong += [] if names else [f"transistor '{device}': {dimension} = {size} is below the {least} {own}"]
        if wrong:
            raise UserError(f"bench '{self.name}': {listed(wrong)}")
        draws = local_points(self.technology.statistics(self.p.corner), device, role)
        if draws:  # the foundry's, in place of Pelgrom's law
            return [
                VariationPoint(f"vth_{device}", "vth", 0.0, "V", most=self.technology.vdd / 2),
                VariationPoint(f"beta_{device}", "beta", 0.0, "", low=-1.0),
                *draws,
            ]
        most = self.technology.vdd / 2  # half of all such devices would have no threshold within the supply
        return [
            VariationPoint(f"vth_{device}", "vth", 0.0, "V", sigma=self.technology.sigma_vth(width, length, role), most=most),
            VariationPoint(f"beta_{device}", "beta", 0.0, "", sigma=self.technology.sigma_beta(width, length, role), low=-1.0),
        ]

    def margins(self) -> tuple[Margin, ...]:
        """The margins that a campaign reports."""
        return ()

    def works(self) -> str:
        """When the circuit does what it is for, as a condition on measures: ``wrong < 0.5``; empty if nothing says so.

        ``spicekit run`` warns where it is not met; ``spicekit qualify`` judges by it, beside convergence, limits and margins
        (:mod:`montecarlo.verdict`).
        """
        return ""

    def slow(self) -> str:
        """Where :meth:`works` is not met and yet nothing is wrong, but time is missing, as a condition: ``wrong < 0.5``; empty if
        that is never so."""
        return ""

    def measured(self, waves: Waves, trials: int) -> dict[str, Array]:
        """The measures as arrays of shape (trials,), in the order of :meth:`measures`."""
        try:
            with np.errstate(all="ignore"):  # trials without a solution hold NaN here
                values = self.evaluate(waves)
        except MissingVector as error:
            raise not_saved(type(self), self.name, self.analysis(), error) from None
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

    def process(self) -> tuple[str, ...]:
        """Technology with corner, and supply, for the titles of plots."""
        return f"{self.technology.name} {self.p.corner}", f"{self.vdd:g} V"

    def subtitle(self) -> str:
        """What sets this bench apart, for the titles of plots."""
        return ""

    def figures(self, waves: Waves) -> dict[str, Any]:
        """Further plots of a nominal run: file name -> matplotlib figure."""
        return {}

    def netlist(self, values: Mapping[str, float]) -> str | None:
        """The stand-alone netlist at ``values`` of the variation points, of a bench that has no template; else None."""
        return None

    def details(self) -> Mapping[str, tuple[str, ...]]:
        """What else `spicekit show` says of the bench: a heading -> lines."""
        return {}

    def notes(self, measures: Mapping[str, float]) -> tuple[str, ...]:
        """Warnings, a line each, about the conditions of a run with these ``measures`` (of a campaign: their means).

        What is ``wanted`` of :meth:`calibrations` by these measures has been found.
        """
        return ()

    def strained(self) -> tuple[str, ...]:
        """Notes, a line each, on voltages of parameters that transistors of this technology are not made for."""
        if not self.roles:
            return ()
        process = self.technology
        supply = f"the {process.vdd:g} V of technology '{process.name}'"
        return tuple(
            f"{self.name}: {name} = {value:g} V is far beyond {supply}: transistors of it are not made for that"
            for name in self.Parameters.model_fields
            if self._applied(name) and (value := getattr(self.p, name)) is not None and abs(value) > STRAINED * process.vdd
        )

    def _applied(self, name: str) -> bool:
        return bool(parameter_extra(self.Parameters, name).get("applied"))

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

    def shown(self) -> dict[str, str]:
        """All parameters as text with units."""
        return {name: shown_value(self.Parameters, name, value) for name, value in self.p.model_dump().items()}
