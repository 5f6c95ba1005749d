"""The conventional sense amplifier beside time-based sensing: a latch-type voltage comparator of equal total gate area.

A StrongARM comparator with output latch compares the input with a reference.  ``reference=buffer``: a voltage that a unity-gain
buffer brings, with a variation point of its own; by default its sigma is that of an input pair of 2 um2 a transistor, 2.5 mV at
the shipped 65 nm (Pelgrom).  The buffer serves ``users`` amplifiers, whose share of its area and current is theirs.  With
``source=cell`` the reference may be a line of its own with the cell's read current, into a resistor or reference cells of
junctions (:mod:`spicekit.benches.sensing.reference`) behind a replica of the access path.  An amplifier without an analog
reference (``tbs-sense``) is spared all of that; ``reference=ideal`` is one that costs nothing and has no spread.
"""

from __future__ import annotations

import functools
import math
from typing import Any, ClassVar, Literal

from spicekit.analysis import TranAnalysis
from spicekit.bench import Panel
from spicekit.benches.junction.parameters import place_junction
from spicekit.benches.noise import with_noise
from spicekit.benches.sensing.offset_search import C_SEARCH, LEAST, MOST, comparisons, knots, last_step
from spicekit.benches.sensing.reference import T_NOMINAL, Leg, ReferenceSpread
from spicekit.benches.sensing.source import T_START, SenseBench, SenseParameters, Sized
from spicekit.benches.sensing.tbs import TbsSense
from spicekit.devices.junction import StaticJunction
from spicekit.errors import UserError
from spicekit.limits import Limits
from spicekit.measures import Choose, Final, Integral, Node, Number, i, mean, v
from spicekit.measures.measure import Measure
from spicekit.parameters import channel_length, channel_width, option, quantity
from spicekit.point import VariationPoint
from spicekit.units import format_value

BUFFER = 2e-12  # m2, gate area of each input transistor of the reference's buffer
BUFFER_PARTS = 4  # of such an area: the input pair and its load


class VsaParameters(SenseParameters, ReferenceSpread):
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
        "standard deviation of the reference; that of a buffer with an input pair of 2 um2 each if not given",
        ge=0,
        le=1,
    )
    inputs: Literal["pmos", "nmos"] | None = option(
        None, "type of the input pair; if not given pmos for v_mid below half the supply, nmos above"
    )
    gate_area: float | None = quantity(
        None,
        "m2",
        "total gate area, reached by the width of the inputs; that of tbs-sense at its defaults if not given",
        gt=0,
        le=1e-9,
    )
    l_input: float = channel_length(120e-9, "length of the input pair", le=1e-5)
    w_tail: float = channel_width(0.5e-6, "width of the tail transistor", le=1e-4)
    w_latch: float = channel_width(1e-6, "width of the cross-coupled NMOS; PMOS twice that", le=1e-4)
    l_latch: float = channel_length(65e-9, "length of both", le=1e-5)
    w_reset: float = channel_width(300e-9, "width of the reset transistors of the outputs", le=1e-4)
    offset_range: float = quantity(32e-3, "V", "measure=offset: the search covers - to + this", ge=LEAST, le=MOST)


class VsaSense(SenseBench[VsaParameters]):
    name = "vsa-sense"
    summary = "latch-type voltage sense amplifier of the same gate area: decision, delay, offset, energy"
    template = "benches/vsa-sense.cir.j2"
    supplies: ClassVar = {"amplifier": "comparator and output latch", "drive": "driver of the clock"}
    latch: ClassVar = ("outp", "outn")
    held: ClassVar = "q"
    noise_dt: ClassVar = 5e-12
    quiet: ClassVar = ("clock", "hold")

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if self.p.reference in ("resistor", "mtj") and not self.cells:
            raise UserError(
                f"bench '{self.name}': parameter reference: {self.p.reference} given; allowed with source=cell, as it has the "
                "cell's read current"
            )
        if self.p.sigma_ref is not None and self.p.reference != "buffer":
            raise UserError(
                f"bench '{self.name}': parameter sigma_ref: given with reference={self.p.reference}; allowed with buffer"
            )
        if self.w_input < self.technology.w_min:
            raise UserError(
                f"bench '{self.name}': parameter gate_area: {self.total_area:g} m2 leaves no room for the input pair: allowed: "
                f"above {self.others_area + 2 * self.technology.w_min * self.p.l_input:g} m2, the sum of what w_driver, w_tail, "
                "w_latch, l_latch, w_reset and l_input ask for"
            )

    @property
    def rising(self) -> bool:
        """Whether the inputs are NMOS and the clock rises to start."""
        return (self.p.v_mid > self.vdd / 2) if self.p.inputs is None else self.p.inputs == "nmos"

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
    def total_area(self) -> float:
        """Total gate area asked for, in m2."""
        return TbsSense(technology=self.p.technology).gate_area if self.p.gate_area is None else self.p.gate_area

    @property
    def buffer_area(self) -> float:
        """Gate area of an amplifier's share of the reference's buffer, in m2."""
        return BUFFER_PARTS * BUFFER / self.p.users if self.p.reference == "buffer" else 0.0

    @property
    def others_area(self) -> float:
        """Gate area of all transistors but the input pair, in m2."""
        return self.buffer_area + sum(width * length for _, width, length in self.other_devices().values())

    @property
    def w_input(self) -> float:
        """Width of each input transistor in metres."""
        return (self.total_area - self.others_area) / (2 * self.p.l_input)

    @property
    def gate_area(self) -> float:
        return self.buffer_area + sum(width * length for _, width, length in self.amplifier_devices().values())

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
        if not self.own_line:
            return own
        return own | {"mref": own["mr"], "cref": own["c0"]}

    def amplifier_devices(self) -> dict[str, Sized]:
        role = "nmos" if self.rising else "pmos"
        return {f"input_{side}": (role, self.w_input, self.p.l_input) for side in ("p", "n")} | self.other_devices()

    def other_devices(self) -> dict[str, Sized]:
        """All but the input pair; `near` and `series` transistors are of its type, the others of the other."""
        p, short, small = self.p, self.technology.l_min, self.technology.w_min
        near, far = ("nmos", "pmos") if self.rising else ("pmos", "nmos")
        wide = {"nmos": 1, "pmos": 2}
        found: dict[str, Sized] = {
            "tail": (near, p.w_tail, short),
            "clock_n": ("nmos", p.w_driver, short),
            "clock_p": ("pmos", 2 * p.w_driver, short),
        }
        for side in ("p", "n"):  # p is the side whose output is high for a 1
            found[f"near_{side}"] = (near, wide[near] * p.w_latch, p.l_latch)
            found[f"far_{side}"] = (far, wide[far] * p.w_latch, p.l_latch)
            found[f"resetx_{side}"] = (far, 2 * small, short)
            found[f"reset_{side}"] = (far, p.w_reset, short)
            for pin in ("a", "b"):  # of the output latch: series and parallel transistor of each input
                found[f"hold{pin}s_{side}"] = (near, 2 * wide[near] * small, short)
                found[f"hold{pin}p_{side}"] = (far, 2 * wide[far] * small, short)
        return found

    def amplifier_points(self) -> tuple[VariationPoint, ...]:
        if self.leg is not None:
            return tuple(self.leg.points(self.junction))
        if self.p.reference == "resistor":
            return (VariationPoint("r_ref", "r_ref", self.r_ref, "ohm", sigma=self.p.sigma_r * self.r_ref, low=0.0),)
        sigma = 2**0.5 * self.technology.sigma_vth(BUFFER, 1.0) if self.p.sigma_ref is None else self.p.sigma_ref
        sigma = sigma if self.p.reference == "buffer" else 0.0
        return (VariationPoint("vref", "vref", self.p.v_mid, "V", sigma=sigma, most=self.technology.vdd / 2),)

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "rising": self.rising,
            "own_line": self.own_line,
            "leg": self.leg,
            "search": knots(self.p.offset_range, self.p.t_window, T_START, self.period),
            "c_search": C_SEARCH,
        }

    @property
    def reach(self) -> float:
        """Offsets above this are at the end of the search, in volts."""
        return float(self.p.offset_range * (1 - 1.5 / 2**self.comparisons))

    @property
    def comparisons(self) -> int:
        """Of the offset search."""
        return comparisons(self.p.offset_range)

    def analysis(self) -> TranAnalysis:
        if self.p.measure == "offset":
            nodes = ("dv", "clock_off", "outp_off", "outn_off", "q_off", *(f"sl_{tag}" for tag in self.cells))
            save: tuple[str, ...] = tuple(f"v({node})" for node in nodes)
            stop = T_START + self.comparisons * self.period
        else:
            save = (*self.decision_save(), *(f"v({node}_{tag})" for tag in self.amplifiers for node in ("clock", "ref")))
            save += tuple(f"i(vdd_reference_{tag})" for tag in self.amplifiers if self.own_line)
            stop = self.t_off + self.p.t_recover
        analysis = TranAnalysis(save=save, step=500e-12, stop=stop, reltol=3e-4, trtol=1.0, options={"chgtol": 1e-16})
        return with_noise(self.p, analysis)

    def measures(self) -> tuple[Measure, ...]:
        if self.p.measure == "decision":
            return (*self.decision_measures(), *self.energy_measures({}, self.reference_charge()))
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

    def reference_charge(self) -> dict[str, tuple[Node, str]]:
        """Charge that the reference takes, from the start of the simulation to its end, as the cell's read current flows."""
        if self.own_line:
            taken = [Integral(i(f"vdd_reference_{tag}")) for tag in self.amplifiers]
            return {"reference": (mean(taken), "read current of the reference line")}
        if self.p.reference == "ideal":
            return {}
        share = self.p.i_buffer * (self.t_off + self.p.t_recover) / self.p.users
        return {"reference": (Number(share), "reference buffer, one amplifier's share")}

    def panels(self) -> tuple[Panel, ...]:
        if self.p.measure == "offset":
            return (
                Panel("applied", "V", {"v(dv)": "input - v_mid"}),
                Panel("outputs", "V", {"v(clock_off)": "clock", "v(outp_off)": "OUT+", "v(outn_off)": "OUT-", "v(q_off)": "Q"}),
            )
        names = {"in": "", "p": " (P)", "ap": " (AP)"}
        inputs = {f"v(sl_{tag})": f"input{names[tag]}" for tag in self.amplifiers}
        first = next(iter(self.amplifiers))
        return (
            Panel("inputs", "V", inputs | {f"v(ref_{first})": f"reference{names[first]}"}),
            *(
                Panel(
                    f"outputs{names[tag]}",
                    "V",
                    {f"v(clock_{tag})": "clock", f"v(outp_{tag})": "OUT+", f"v(outn_{tag})": "OUT-", f"v(q_{tag})": "Q"},
                )
                for tag in self.amplifiers
            ),
            Panel("supply", "A", {f"i(vdd_{name}_{first})": meaning for name, meaning in self.supplies.items()}),
        )
