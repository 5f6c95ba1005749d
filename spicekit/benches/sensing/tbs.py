"""Time-based sensing (Trinh et al., IEEE TCAS-I 2018, doi:10.1109/TCSI.2018.2828611), every transistor of it.

LOAD is precharged; START opens its discharge through M_ST, whose gate is the input and which starves the current.  The time
until LOAD passes the switching point of an inverter is inverse to that current; a latch of two NAND gates compares its arrival
with that of a delay line started by the same edge.  Near threshold ln t falls by 18 a volt, so that a millivolt is 110 ps: all
that follows M_ST counts little, and its area sets the offset.  Sizes, the trim and the results are in docs/tbs-sense.md.

The delay line does not follow M_ST over corner and temperature: it is trimmed by whole units of load, which some 0.3 s of
simulations find (:meth:`TbsSense.calibrations`).

Offset (``measure=offset``) from two copies that share every device at inputs delta below and above v_mid: ln t is all but
linear in the input, and the offset is where it meets the delay line's.  Bisection of whole decisions agrees within 0.12 mV (see
the tests); it also holds the latch's own deviation, some ps.

Solver: ``chgtol`` far below ngspice's 1e-14 C, as internal nodes hold 0.1 to 1 fC.  Against a 50 times smaller largest step
at reltol 1e-5, chgtol 1e-18 and trtol 1, for inputs of -2, 1 and 30 mV at tt 27 C, 5 mV at ff 125 C and ss 125 C: arrivals and
t_decision within 0.15 %, e_total within 1.2 % (e_load 0.02 %, e_line 0.7 %, e_latch 3.2 %, currents through both transistors of
an inverter), offset within 15 uV.  At reltol 1e-3 t_decision is off by up to 7 %.  The largest step does not bind.  In the fast
design trtol is 1, without which its times are 0.2 % and its offset 0.11 mV off (with it 0.05 % and 0.03 mV).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal, NamedTuple, Self

from pydantic import model_validator

from spicekit.analysis import TranAnalysis
from spicekit.bench import Calibration, Panel, Simulate
from spicekit.benches.noise import with_noise
from spicekit.benches.sensing.source import T_START, SenseBench, SenseParameters, Sized
from spicekit.errors import UserError
from spicekit.limits import Limits
from spicekit.measures import Choose, Crossing, Node, exp, ln, v
from spicekit.measures.measure import Measure
from spicekit.parameters import BenchParameters, channel_length, channel_width, option, quantity
from spicekit.point import VariationPoint
from spicekit.style import COLOURS, new_figure
from spicekit.units import format_value
from spicekit.waves import Waves

TRIM_MOST = 8191  # units of load
T_CALIBRATION = 60e-9  # s, the window in which LOAD's arrival is looked for
APART = (0.1e-12, 0.025e-12)  # s between the edges at the inputs of the two latches whose resolution is timed
# what the trim does not depend on: set to its default, so that benches that differ in it alone share one calibration
_OTHER = ("overdrive", "delta", "t_meta", "t_recover", "device", "ra", "tmr", "v_half", "i_read", "v_source", "w_access", "noise")
WINDOW_EDGE = 30e-12  # s, these edges: about those of the sharpened arrivals


# what a design says of the sizes; fine is what the parameters have by themselves.  M_ST has the same area in both: near
# threshold a millivolt is much of the current and the rest counts little; wide and short, it takes as much longer than the latch
# of vsa-sense as was published (13 to 14 %).
DESIGNS: dict[str, dict[str, float]] = {
    "fine": {},
    "fast": {
        "w_st": 10.4e-6, "l_st": 0.29e-6, "l_line": 0.2e-6, "w_enable": 1.2e-6, "w_precharge": 0.6e-6,
        "w_switch": 0.8e-6, "l_switch": 0.25e-6,
    },
}  # fmt: skip
TRTOL = {"fine": 7.0, "fast": 1.0}  # without which the times of the fast one are 0.2 % off
WINDOWS = {"fine": 10e-9, "fast": 2e-9}  # s, what the amplifier alone is given


# of what is found from several arrivals
FOUND = Limits("LOAD or the delay line arrives after t_window: raise it, or change trim or v_mid")
OUTPUTS = (("q", "Q"), ("qb", "QB"))
SHORT = {"load": "LOAD", "latch": "inverters, latch", "drive": "START driver"}


class TbsSizes(BenchParameters):
    """What the amplifier and its delay line are made of."""

    design: Literal["fine", "fast"] = option(
        "fine", "sizes that are not given: M_ST near threshold (6 ns), or wide and short (0.4 ns), of the same area"
    )
    w_st: float = channel_width(3e-6, "width of M_ST, which the input starves", le=1e-4)
    l_st: float = channel_length(1e-6, "length of M_ST", le=1e-5)
    w_enable: float = channel_width(0.3e-6, "width of the enable NMOS", le=1e-4)
    w_precharge: float = channel_width(0.3e-6, "width of the precharge PMOS and of the delay line's resets", le=1e-4)
    load: Literal["mos", "metal"] = option("mos", "C_LOAD: M_LOAD, the gate of an NMOS, or metal")
    w_load: float = channel_width(1.2e-6, "width of M_LOAD", le=1e-4)
    l_load: float = channel_length(0.5e-6, "length of M_LOAD", le=1e-5)
    c_metal: float = quantity(10e-15, "F", "C_LOAD of metal", gt=0, le=1e-10)
    w_switch: float = channel_width(0.4e-6, "width of the NMOS of the inverter behind LOAD; PMOS twice that", le=1e-4)
    l_switch: float = channel_length(0.5e-6, "length of both", le=1e-5)
    w_latch: float = channel_width(0.3e-6, "width of the latch's transistors and of the NMOS that drive it", le=1e-4, least=2)
    stages: int = quantity(3, "", "slow stages of the delay line, an odd number", ge=1, le=31)
    w_line: float = channel_width(0.6e-6, "width of the NMOS of its slow stages; PMOS twice that", le=1e-4)
    l_line: float = channel_length(1.2e-6, "length of these NMOS; PMOS half that", le=1e-5, least=2)
    w_buffer: float = channel_width(1e-6, "width of the NMOS of its last inverter; PMOS twice that", le=1e-4, least=4)
    c_trim: float = quantity(0.3e-15, "F", "unit of the delay line's trimmed load", gt=0, le=1e-12)
    trim: int | None = quantity(
        None, "", "units of load on the delay line; those that put the nominal decision at v_mid if not given", ge=0, le=TRIM_MOST
    )
    amplifiers: int = quantity(16, "", "amplifiers on one delay line", ge=2, le=1024)
    c_wire: float = quantity(0.3e-15, "F", "wire of the delay line's output, an amplifier", ge=0, le=1e-12)

    @model_validator(mode="before")
    @classmethod
    def _designed(cls, given: Any) -> Any:
        return {**DESIGNS.get(str(given.get("design")), {}), **given} if isinstance(given, Mapping) else given

    @model_validator(mode="after")
    def _odd(self) -> Self:
        if self.stages % 2 == 0:
            raise ValueError(f"stages: {self.stages} given; allowed: an odd number, so that the delayed edge rises")
        return self


class TbsParameters(SenseParameters, TbsSizes):
    t_window: float = quantity(10e-9, "s", "time in which the amplifier must decide", ge=1e-11, le=1e-6)
    delta: float = quantity(5e-3, "V", "measure=offset: distance of both inputs from v_mid", ge=1e-4, le=0.2)
    t_meta: float = quantity(50e-12, "s", "a latch that needs more than this is metastable", ge=1e-12, le=1e-7)

    @model_validator(mode="before")
    @classmethod
    def _given_time(cls, given: Any) -> Any:
        if not isinstance(given, Mapping) or str(given.get("design")) not in WINDOWS:
            return given
        return {"t_window": WINDOWS[str(given["design"])], **given}


class TbsSense(SenseBench[TbsParameters]):
    name = "tbs-sense"
    summary = "time-based sense amplifier, every transistor: decision, arrival times, offset, metastability, energy"
    template = "benches/tbs-sense.cir.j2"
    supplies: ClassVar = {
        "load": "precharge of LOAD",
        "latch": "inverters behind LOAD and the latch",
        "drive": "driver of START",
    }
    latch: ClassVar = ("q", "qb")
    scaled: ClassVar = (
        "w_st", "w_enable", "w_precharge", "w_load", "c_metal", "w_switch", "w_latch", "w_line", "w_buffer", "w_driver", "c_trim",
    )  # fmt: skip
    noise_dt: ClassVar = 20e-12
    quiet: ClassVar = ("start", "reset", "load")  # the ideal edge before START; the line's resets; M_LOAD, a capacitor

    @functools.cached_property
    def trim(self) -> int:
        """Units of load on the delay line."""
        return int(self.calibrated("trim")) if self.p.trim is None else self.p.trim

    def calibrations(self) -> tuple[Calibration, ...]:
        """The trim.  It is a whole number, as in the circuit: a netlist does not depend on the last digits of a machine."""
        if self.p.trim is not None:
            return ()
        target = f"LOAD and the delay line arrive together at v_in = {format_value(self.p.v_mid, 'V')}, without mismatch"
        meaning = "units of load on the delay line"
        return (Calibration("trim", "", meaning, target, self._amplifier, self._search, parameter="trim", shared=True),)

    def _amplifier(self) -> TbsSense:
        """What is simulated to find the trim; what it does not depend on is set to its default."""
        fixed = {name: TbsParameters.model_fields[name].default for name in _OTHER}
        fixed["w_access"] = max(fixed["w_access"], self.technology.w_min)  # which a process may not be able to make
        asked = {"trim": 0, "measure": "decision", "source": "voltage", "v_in": self.p.v_mid, "r_source": self.r_line}
        return TbsSense(**self.p.model_dump() | fixed | asked | {"t_window": T_CALIBRATION})

    def _search(self, simulate: Simulate) -> float:
        def arrivals(trim: int) -> Arrivals:
            found = simulate(trim=trim)
            assert isinstance(found.bench, TbsSense)
            return Arrivals(found.measures["t_load"], found.measures["t_delay"], float(found.bench.window.high))

        try:
            return trimmed(f"bench 'tbs-sense': parameter trim: at v_mid = {format_value(self.p.v_mid, 'V')} ", arrivals)
        except UserError as error:
            raise UserError(f"{error}{self.because}") from None

    @property
    def trim_units(self) -> list[int]:
        """The same a stage: as evenly as whole units allow."""
        return [(self.trim + k) // self.p.stages for k in range(self.p.stages)]

    @property
    def amplifiers(self) -> dict[str, int]:
        return {"lo": 0, "hi": 1} if self.p.measure == "offset" else super().amplifiers

    @property
    def inputs(self) -> dict[str, float]:
        if self.p.measure == "offset":
            return {"lo": self.p.v_mid - self.p.delta, "hi": self.p.v_mid + self.p.delta}
        return super().inputs

    def amplifier_devices(self) -> dict[str, Sized]:
        p, short = self.p, self.technology.l_min
        found: dict[str, Sized] = {
            "pre": ("pmos", p.w_precharge, short),
            "en": ("nmos", p.w_enable, short),
            "st": ("nmos", p.w_st, p.l_st),
            "switch_n": ("nmos", p.w_switch, p.l_switch),
            "switch_p": ("pmos", 2 * p.w_switch, p.l_switch),
        }
        if p.load == "mos":
            found["load"] = ("nmos", p.w_load, p.l_load)
        # the first is driven by a slow edge: long and narrow, it draws less from the supply meanwhile
        inverters = {"start": (p.w_driver, short), "sharp0": (p.w_latch / 2, 2 * short), "sharp1": (p.w_latch, short)}
        for name, (width, length) in inverters.items():
            found[f"{name}_n"] = ("nmos", width, length)
            found[f"{name}_p"] = ("pmos", 2 * width, length)
        for side in ("p", "n"):  # of the latch: p is the gate whose output stays high for a 1
            for pin in ("a", "b"):
                found[f"nand{pin}n_{side}"] = ("nmos", p.w_latch, short)
                found[f"nand{pin}p_{side}"] = ("pmos", p.w_latch, short)
        return found | self.line_devices()

    def line_devices(self) -> dict[str, Sized]:
        """Transistors of the delay line, which ``p.amplifiers`` share."""
        p, short = self.p, self.technology.l_min
        found: dict[str, Sized] = {}
        for k in range(p.stages):
            found[f"line{k}_n"] = ("nmos", p.w_line, p.l_line)
            found[f"line{k}_p"] = ("pmos", 2 * p.w_line, p.l_line / 2)
            found[f"reset{k}"] = ("nmos" if k % 2 else "pmos", p.w_precharge, short)
        for k, width in enumerate((p.w_buffer / 4, p.w_buffer / 2, p.w_buffer)):
            found[f"buffer{k}_n"] = ("nmos", width, short)
            found[f"buffer{k}_p"] = ("pmos", 2 * width, short)
        return found

    @property
    def gate_area(self) -> float:
        """Sum of W L over the amplifier's transistors in m2, with its share of the delay line."""
        line = self.line_devices()
        return sum(
            width * length / (self.p.amplifiers if name in line else 1)
            for name, (_, width, length) in self.amplifier_devices().items()
        )

    def amplifier_points(self) -> tuple[VariationPoint, ...]:
        """Relative deviation of C_LOAD; metal is taken as large as M_LOAD."""
        return (VariationPoint("c_load", "c", 0.0, "", sigma=self.technology.sigma_c(self.p.w_load * self.p.l_load), low=-1.0),)

    def context(self) -> dict[str, Any]:
        return super().context() | {"apart": APART, "window_edge": WINDOW_EDGE}

    def analysis(self) -> TranAnalysis:
        arrivals = ("v(delayed)", *(f"v(arrive_{tag})" for tag in self.amplifiers))
        if self.p.measure == "offset":
            latches = [f"v({node}_window{k})" for k in range(len(APART)) for node in self.latch]
            save = (*arrivals, *(f"v(load_{tag})" for tag in self.amplifiers), *(f"v(sl_{tag})" for tag in self.cells), *latches)
            stop, until = self.t_off, "done"
        else:
            loads = (f"v(load_{tag})" for tag in self.amplifiers)
            save = ("v(fire)", *arrivals, *loads, *self.decision_save(), "i(vdd_line)")
            stop, until = self.t_off + self.p.t_recover, None  # to its end: the energy is that of the whole operation
        analysis = TranAnalysis(
            save=save,
            step=500e-12,
            stop=stop,
            reltol=3e-4,
            trtol=TRTOL[self.p.design],
            options={"chgtol": 1e-16},
            until=until,
        )
        return with_noise(self.p, analysis)

    def measures(self) -> tuple[Measure, ...]:
        return self.trip_measures() if self.p.measure == "offset" else self.arrival_measures()

    def trip_measures(self) -> tuple[Measure, ...]:
        """Those of ``measure=offset``."""
        delta = self.p.delta
        t_lo, t_hi, t_delay = (self.arrival(node) for node in ("arrive_lo", "arrive_hi", "delayed"))
        arrived = (t_lo < math.inf) & (t_hi < t_lo) & (t_hi > 0) & (t_delay < math.inf) & (t_delay > 0)
        # ln t is all but linear in the gate voltage: the current is exponential in weak inversion
        ratio = ln(t_lo / t_hi)
        trip = Choose(arrived, self.p.v_mid - delta + 2 * delta * ln(t_lo / t_delay) / ratio, math.nan)
        slope = Choose(arrived, t_delay * ratio / (2 * delta), math.nan)
        needed = [self.resolution(k) for k in range(len(APART))]
        resolved = (needed[0] < math.inf) & (needed[1] < math.inf)
        tau = Choose(resolved, (needed[1] - needed[0]) / math.log(APART[0] / APART[1]), math.nan)
        window = Choose(resolved, 2 * APART[1] * exp((needed[1] - self.p.t_meta) / tau), math.nan)
        return (
            Measure(
                "offset",
                "V",
                "input at which LOAD and the delay line arrive together, less v_mid",
                trip - self.p.v_mid,
                limits=FOUND,
            ),
            Measure("trip", "V", "that input", trip, limits=FOUND),
            Measure("slope", "s/V", "how much sooner LOAD arrives for a higher input, there", slope, limits=FOUND),
            Measure("t_delay", "s", "arrival of the delay line, from START", t_delay, limits=self.window),
            Measure("tau", "s", "time constant of the latch", tau, limits=FOUND),
            Measure("window_t", "s", "range of arrivals for which the latch needs more than t_meta", window, limits=FOUND),
            Measure("window_v", "V", "the same as a range of inputs", window / slope, limits=FOUND),
            *self.level_measures(),
        )

    def arrival_measures(self) -> tuple[Measure, ...]:
        """Those of ``measure=decision``."""
        t_load, t_delay = {tag: self.arrival(f"arrive_{tag}") for tag in self.amplifiers}, self.arrival("delayed")
        loads: tuple[Measure, ...]
        dt: tuple[Measure, ...] = ()
        if self.cells:
            loads = tuple(
                Measure(f"t_load_{tag}", "s", f"arrival of LOAD, cell {tag.upper()}", t, limits=self.window)
                for tag, t in t_load.items()
            )
        else:
            loads = (Measure("t_load", "s", "arrival of LOAD at the latch, from START", t_load["in"], limits=self.window),)
            either = replace(self.window, high=math.inf)
            dt = (Measure("dt", "s", "t_delay - t_load: above 0 the answer is 1", t_delay - t_load["in"], limits=either),)
        return (
            *self.decision_measures(),
            *loads,
            Measure("t_delay", "s", "arrival of the delay line at the latch, from START", t_delay, limits=self.window),
            *dt,
            *self.energy_measures({"line": (self.p.amplifiers, "delay line, one amplifier's share")}),
        )

    def resolution(self, k: int) -> Node:
        """How long latch ``k`` without mismatch takes from its second edge until its outputs are apart, in seconds, or inf."""
        high, low = (v(f"{node}_window{k}") for node in self.latch)
        parted = Crossing(abs(high - low), self.vdd / 2, after=T_START)
        return Choose(parted < self.t_off, parted, math.inf) - (T_START + WINDOW_EDGE / 2 + APART[k])

    def panels(self) -> tuple[Panel, ...]:
        copies = {"in": "", "p": " (P)", "ap": " (AP)", "lo": " (low input)", "hi": " (high input)"}
        tags = list(self.amplifiers)
        loads = Panel("LOAD", "V", {f"v(load_{tag})": f"LOAD{copies[tag]}" for tag in tags})
        arrivals = Panel(
            "at the latch", "V", {f"v(arrive_{tag})": f"LOAD{copies[tag]}" for tag in tags} | {"v(delayed)": "delay line"}
        )
        if self.p.measure == "offset":
            shown = {
                f"v({node}_window{k})": f"{text}, {apart * 1e12:g} ps apart"
                for k, apart in enumerate(APART)
                for node, text in OUTPUTS
            }
            return (loads, arrivals, Panel("latch", "V", shown))
        return (
            Panel("input", "V", {f"v(sl_{tag})": f"SL{copies[tag]}" for tag in tags}),
            loads,
            arrivals,
            *(Panel(f"latch{copies[tag]}", "V", {f"v({node}_{tag})": text for node, text in OUTPUTS}) for tag in tags),
            Panel(
                "supply",
                "A",
                {f"i(vdd_{name}_{tags[-1]})": f"{text}{copies[tags[-1]]}" for name, text in SHORT.items()}
                | {"i(vdd_line)": "delay line, all of it"},
            ),
        )

    def figures(self, waves: Waves) -> dict[str, Any]:
        """``energy.png``: where the energy of the operation goes."""
        if self.p.measure == "offset":
            return {}
        energy = {name: float(value) for name, value in self.evaluate(waves).items() if name.startswith("e_")}
        total, _ = energy.pop("e_total"), energy.pop("e_supply")
        figure = new_figure(7, 3.2)
        axis = figure.subplots()
        names = {"e_load": "LOAD", "e_latch": "inverters, latch", "e_drive": "START driver", "e_line": "delay line, share"}
        bars = axis.barh([names[name] for name in energy], [value * 1e15 for value in energy.values()], color=COLOURS[0])
        axis.bar_label(bars, fmt="%.1f", padding=3)
        axis.invert_yaxis()
        axis.margins(x=0.12)
        axis.set_xlabel("energy (fJ)")
        conditions = f"{self.technology.name} {self.p.corner}, {self.temperature:.3g} °C, VDD {self.vdd:g} V"
        axis.set_title(f"tbs-sense, {self.subtitle()}, {conditions}: {total * 1e15:.1f} fJ", fontsize=10)
        return {"energy.png": figure}


class Arrivals(NamedTuple):
    """When LOAD and the delay line arrive at the latch, in seconds, inf if not within ``window``; NaN: the simulation failed."""

    load: float
    delay: float
    window: float

    @property
    def lead(self) -> float:
        """By how much LOAD is ahead, in seconds; what does not arrive counts with the end of the window."""
        return min(self.delay, self.window) - min(self.load, self.window)


def trimmed(what: str, arrivals: Callable[[int], Arrivals]) -> int:
    """The whole number of units of load at which LOAD's lead, all but linear in it, is nearest to 0.

    ``what`` begins the message of the :class:`UserError` that is raised if it is 0 nowhere.
    """
    found: dict[int, Arrivals] = {}

    def lead(trim: int) -> float:
        found[trim] = arrivals(trim)
        if math.isnan(found[trim].lead):
            raise UserError(f"{what}the circuit with {trim} units of load finds no solution: give trim")
        return found[trim].lead

    # the secant through the two best so far
    known = {0: lead(0)}
    trim = 500
    while trim not in known:
        known[trim] = lead(trim)
        a, b = sorted(known, key=lambda units: abs(known[units]))[:2]
        slope = (known[a] - known[b]) / (a - b)
        trim = min(max(round(a - known[a] / slope), 0), TRIM_MOST) if slope else a
    best = min(known, key=lambda units: abs(known[units]))
    window = format_value(found[best].window, "s", 3)
    if not math.isfinite(found[best].load):
        raise UserError(
            f"{what}LOAD does not fall within {window}, so that no trim can be found: raise v_mid or w_st, or give trim"
        )
    if not math.isfinite(found[best].delay):
        raise UserError(f"{what}the delay line takes longer than {window}: reduce stages or l_line, or give trim")
    if best == 0 and known[best] > slope_of(known):
        raise UserError(
            f"{what}LOAD arrives {format_value(known[best], 's', 3)} before a delay line without load (trim = 0): "
            "lower v_mid or stages, or give trim"
        )
    if best == TRIM_MOST and -known[best] > slope_of(known):
        raise UserError(
            f"{what}LOAD arrives {format_value(-known[best], 's', 3)} after a delay line with all of its load "
            f"(trim = {TRIM_MOST}): raise c_trim, or give trim"
        )
    return best


def slope_of(known: Mapping[int, float]) -> float:
    """What a unit of load adds to the lead, in seconds, from the two leads nearest to 0."""
    a, b = sorted(known, key=lambda units: abs(known[units]))[:2]
    return abs((known[a] - known[b]) / (a - b))
