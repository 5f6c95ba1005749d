"""Amplifiers that compare their input with an analog reference, and how their offset is found.

``reference=buffer``: a voltage that a unity-gain buffer brings, with a variation point of its own; by default its sigma is that
of an input pair of 2 um2 a transistor, 2.5 mV at the shipped 65 nm (Pelgrom).  The buffer serves ``users`` amplifiers, whose
share of its area and current is theirs.  With ``source=cell`` the reference may be a line of its own with the cell's read
current, into a resistor or reference cells of junctions (:mod:`spicekit.benches.sensing.reference`) behind a replica of the
access path.  ``reference=ideal`` costs nothing and has no spread.  An amplifier without an analog reference (``tbs-sense``) is
spared all of it.

Offset: the input moves towards the trip point after each of several comparisons within one transient, half as far as the time
before (:mod:`spicekit.benches.sensing.offset_search`).
"""

from __future__ import annotations

import functools
import math
from typing import Any, ClassVar, Generic, Literal

from typing_extensions import TypeVar

from spicekit.analysis import TranAnalysis
from spicekit.benches.junction.parameters import place_junction
from spicekit.benches.noise import with_noise
from spicekit.benches.sensing.offset_search import C_SEARCH, LEAST, MOST, comparisons, knots, last_step
from spicekit.benches.sensing.reference import T_NOMINAL, Leg, ReferenceSpread
from spicekit.benches.sensing.source import SenseBench, SenseParameters, Sized
from spicekit.devices.junction import StaticJunction
from spicekit.errors import UserError
from spicekit.limits import Limits
from spicekit.measures import Choose, Final, Integral, Node, Number, i, mean, v
from spicekit.measures.measure import Measure
from spicekit.parameters import option, quantity
from spicekit.point import VariationPoint
from spicekit.units import format_value

BUFFER = 2e-12  # m2, gate area of each input transistor of the reference's buffer
BUFFER_PARTS = 4  # of such an area: the input pair and its load


class ComparingParameters(SenseParameters, ReferenceSpread):
    reference: Literal["buffer", "ideal", "resistor", "mtj"] = option(
        "buffer",
        "reference: a buffer's voltage; an ideal one; with source=cell a line with a resistor, or with cells of junctions",
    )
    users: int = quantity(16, "", "reference=buffer: amplifiers on one buffer", ge=1, le=1024)
    # 16 lines of 50 fF, settled to 5 % in the 4.2 ns of an operation: 1.4 ns, so that gm = 0.57 mS at some 12/V
    i_buffer: float = quantity(100e-6, "A", "reference=buffer: its supply current", ge=0, le=1e-2)
    sigma_ref: float | None = quantity(
        None,
        "V",
        "standard deviation of the buffer; that of an input pair of 2 um2 each if not given",
        ge=0,
        le=1,
    )
    offset_range: float = quantity(32e-3, "V", "measure=offset: the search covers - to + this", ge=LEAST, le=MOST)


C = TypeVar("C", bound=ComparingParameters, default=ComparingParameters, covariant=True)


class Comparing(SenseBench[C], Generic[C]):
    """A bench of one amplifier and its reference."""

    turned: ClassVar[float] = 1.2  # of t_window after START: when the search moves the input, while the decision is held

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if self.own_line and not self.cells:
            raise UserError(
                f"bench '{self.name}': parameter reference: {self.p.reference} given; allowed with source=cell, as it has the "
                "cell's read current"
            )
        if self.p.sigma_ref is not None and self.p.reference != "buffer":
            raise UserError(
                f"bench '{self.name}': parameter sigma_ref: given with reference={self.p.reference}; allowed with buffer"
            )

    @property
    def amplifiers(self) -> dict[str, int]:
        return {"off": 1} if self.p.measure == "offset" else super().amplifiers

    @property
    def inputs(self) -> dict[str, float]:
        return {} if self.p.measure == "offset" else super().inputs

    @property
    def period(self) -> float:
        """Of the comparisons of the offset search, in seconds."""
        return 2 * self.p.t_window

    @property
    def gate_area(self) -> float:
        return self.shared_area + sum(width * length for _, width, length in self.amplifier_devices().values())

    @property
    def shared_area(self) -> float:
        """Gate area of an amplifier's share of the reference's buffer."""
        return BUFFER_PARTS * BUFFER / self.p.users if self.p.reference == "buffer" else 0.0

    @property
    def own_line(self) -> bool:
        """Whether the reference is a line with a read current of its own."""
        return self.p.reference in ("resistor", "mtj")

    @functools.cached_property
    def _cell_at_nominal(self) -> StaticJunction:
        """The junction at the temperature for which the reference is made."""
        return place_junction(self.p.model_copy(update={"temperature": T_NOMINAL})).static()

    @functools.cached_property
    def leg(self) -> Leg | None:
        """The reference cells of reference=mtj."""
        if self.p.reference != "mtj":
            return None
        return Leg.of("ref", [0], [1], self._cell_at_nominal, self.p.i_read, self.p.n_ref)

    @property
    def r_ref(self) -> float:
        """Resistance in ohm of reference=resistor at the temperature of the bench."""
        cell, current = self._cell_at_nominal, self.p.i_read
        return self.p.warm(self.temperature) * (cell.voltage([0], current) + cell.voltage([1], current)) / 2 / current

    def source_devices(self) -> dict[str, Sized]:
        own = super().source_devices()
        return own | {"mref": own["mr"], "cref": own["c0"]} if self.own_line else own

    def amplifier_points(self) -> tuple[VariationPoint, ...]:
        """Those of the reference."""
        if self.leg is not None:
            return tuple(self.leg.points(self.junction))
        if self.p.reference == "resistor":
            return (VariationPoint("r_ref", "r_ref", self.r_ref, "ohm", sigma=self.p.sigma_r * self.r_ref, low=0.0),)
        sigma = 2**0.5 * self.technology.sigma_vth(BUFFER, 1.0) if self.p.sigma_ref is None else self.p.sigma_ref
        sigma = sigma if self.p.reference == "buffer" else 0.0
        return (VariationPoint("vref", "vref", self.p.v_mid, "V", sigma=sigma, most=self.technology.vdd / 2),)

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "own_line": self.own_line,
            "leg": self.leg,
            "search": knots(self.p.offset_range, self.p.t_window, self.t_start, self.period, self.turned),
            "c_search": C_SEARCH,
        }

    def comparison(self, save: tuple[str, ...], stop: float) -> TranAnalysis:
        """The transient of :meth:`analysis`."""
        options = {"chgtol": 1e-16}
        if self.own_line:  # ngspice stops at edges where a cell's drain is exactly at its source; this moves a time by 1e-6
            options["rshunt"] = 1e13
        analysis = TranAnalysis(save=save, step=500e-12, stop=stop, reltol=3e-4, trtol=1.0, options=options)
        return with_noise(self.p, analysis)

    def reference_save(self) -> tuple[str, ...]:
        """Vectors that :meth:`reference_charge` needs."""
        return tuple(f"i(vdd_reference_{tag})" for tag in self.amplifiers if self.own_line)

    def reference_charge(self) -> dict[str, tuple[Node, str]]:
        """Charge that the reference takes, from the start of the simulation to its end, as the cell's read current flows."""
        if self.own_line:
            taken = [Integral(i(f"vdd_reference_{tag}")) for tag in self.amplifiers]
            return {"reference": (mean(taken), "read current of the reference line")}
        if self.p.reference == "ideal":
            return {}
        share = self.p.i_buffer * (self.t_off + self.p.t_recover) / self.p.users
        return {"reference": (Number(share), "reference buffer, one amplifier's share")}

    @property
    def reach(self) -> float:
        """Offsets above this are at the end of the search, in volts."""
        return float(self.p.offset_range * (1 - 1.5 / 2**self.comparisons))

    @property
    def comparisons(self) -> int:
        """Of the offset search."""
        return comparisons(self.p.offset_range)

    def measures(self) -> tuple[Measure, ...]:
        if self.p.measure == "decision":
            return (*self.decision_measures(), *self.energy_measures({}, self.reference_charge()))
        return self.search_measures()

    def search_measures(self) -> tuple[Measure, ...]:
        """Those of ``measure=offset``."""
        limits = Limits("raise offset_range", low=-self.reach, high=self.reach)
        applied = Final(v("dv"))
        last = format_value(last_step(self.p.offset_range), "V", 2)
        in_range = abs(applied) < self.reach
        offset = Choose(in_range, applied, Choose(applied < 0, -math.inf, math.inf))
        return (
            Measure(
                "offset",
                "V",
                f"input at which the decision turns, less v_mid: with the reference's deviation; last step of the search {last}",
                offset,
                limits=limits,
            ),
            Measure(
                "trip",
                "V",
                "that input",
                self.p.v_mid + offset,
                limits=Limits(limits.remedy, self.p.v_mid - self.reach, self.p.v_mid + self.reach),
            ),
            Measure("in_range", "", "1 if it lies within offset_range of v_mid", in_range, fraction=True),
            *self.level_measures(),
        )
