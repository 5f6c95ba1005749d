"""`stt-bnn-macro`: the row and the time-based amplifier behind it, from the word line to the decision.

The row of :mod:`spicekit.benches.bnn.array` is on for t_row; its sense node, which is the gate of the amplifier's M_ST
(:mod:`spicekit.benches.sensing.tbs`), is then isolated and lifted if asked for, and START opens the race between LOAD and the
delay line.  Meanwhile all bit lines are at V_L and the word line stays on: its fall would take SL below ground, and the
isolation switch would leak.  The line is trimmed so that the nominal amplifier decides halfway between the nominal row's
n/2 - 1 and n/2 matches; the window ends soon after its edge.

The floating gate moves: the drain of M_ST lifts it by some 45 mV when START rises and lets it fall with LOAD.  The trim
takes that up, and what is left, its spread, is in ``measure=offset`` (two copies of sense node and amplifier that share
every device, DELTA below and above the threshold).

``source=thevenin`` puts a voltage behind the row's resistance in the place of its cells: a fifth of the time.  The decision's
threshold differs by 0.1 LSB (n = 128; 0.2 LSB with boost 2), as much as the solver errs.

Solver: the largest step does not bind; ``chgtol`` as in tbs-sense, reltol 1e-4.  Against a 50 times smaller largest step at
reltol 1e-5, chgtol 1e-18 and trtol 1 (n = 128, 66 matches): times within 0.02 %, v_sl and v_sense within 10 uV, lead within
1e-4 (LSB/200), e_total within 0.05 % (e_sense and e_latch 0.4 %); n = 32 with boost 2: lead within 2e-3, e_total 0.13 %.
Offsets are 0.04 mV off without lifts and 0.2 mV with two, alike in the search for the trim, which takes that up.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import model_validator

from spicekit.analysis import LongTranAnalysis, TranAnalysis
from spicekit.bench import Measure, Panel, VariationPoint, channel_width, option, quantity, voltage
from spicekit.benches.bnn.array import EDGE, LIFT_DELAY, SECTIONS, START, RowBench, RowParameters
from spicekit.benches.sensing.tbs import FOUND, Arrivals, TbsSense, TbsSizes, trimmed
from spicekit.calibration import Calibration, Simulate
from spicekit.errors import UserError
from spicekit.limits import Limits
from spicekit.measures import At, Choose, Crossing, First, Node, Number, Settling, energy, floor, ln, maximum, total, v
from spicekit.measures.numpy_writer import Evaluation
from spicekit.outcome import Outcome
from spicekit.style import COLOURS, new_figure
from spicekit.units import format_value
from spicekit.waves import Waves

if TYPE_CHECKING:
    from spicekit.benches.bnn.row import BnnRow

DELTA = 5e-3  # V, measure=offset: distance of both inputs from the threshold
C_DRAIN = 0.3e-9  # F/m, of an access transistor's drain, with which whole rows and source=thevenin agree
LONG = 60e-9  # s, the window in which a delay that is not known yet is looked for
# where an operation with lifts starts if rails and v_lift are not given: the lifts bring the sense node to where the default
# rails, 0.6 and 0.2 V, put it without
LIFTED = {
    1: {"v_high": 0.4, "v_low": 0.0, "v_lift": 0.42},
    2: {"v_high": 0.4, "v_low": 0.0, "v_lift": 0.25},
}
RESET = 0.05  # of the supply: LOAD and the delay line are reset when this close to where they start from
WINDOW = Limits("raise t_window", event=True)
RECOVERY = Limits("raise t_window or t_recover", event=True)
SUPPLIES = {"load": "precharge of LOAD", "latch": "inverters behind LOAD and the latch", "drive": "driver of START"}


class MacroParameters(RowParameters, TbsSizes):
    source: Literal["row", "thevenin"] = option(
        "row", "what the sense node hangs on: all cells of the row, or a voltage behind the row's resistance"
    )
    measure: Literal["decision", "offset"] = option(
        "decision", "one operation, or with source=thevenin the input-referred offset of sense node and amplifier"
    )
    v_in: float | None = voltage(None, "voltage of source=thevenin; the nominal row's if not given", ge=0, le=5)
    v_mid: float | None = voltage(
        None, "SL at which the decision shall turn; halfway between n/2 - 1 and n/2 matches if not given", gt=0, le=5
    )
    t_window: float | None = quantity(
        None,
        "s",
        "time in which the amplifier must decide; what the nominal delay line takes and a margin if not given",
        ge=1e-11,
        le=1e-6,
    )
    t_recover: float = quantity(1e-9, "s", "from the end of t_window to the end of the simulation", ge=1e-11, le=1e-6)
    w_start: float = channel_width(0.5e-6, "width of the NMOS of the START driver; PMOS twice that", le=1e-4)
    boost: int = quantity(
        0,
        "",
        "lifts of the sense node: 0, 1 or 2; with one the defaults are 0.4/0 V and v_lift 0.42 V, with two 0.25 V",
        ge=0,
        le=2,
    )
    # the gate of M_ST is the load of the sense node: some 25 fF at 0.4 V
    c_load: float = quantity(0.0, "F", "load of the sense node beside M_ST", ge=0, le=1e-12)
    c_boost: float = quantity(20e-15, "F", "each capacitor that lifts", gt=0, le=1e-12)
    w_iso: float = channel_width(
        400e-9,
        "width of the isolation NMOS, and of those in the inverters at its gate and the capacitors' switches",
        le=1e-5,
    )

    @model_validator(mode="before")
    @classmethod
    def _lifted(cls, given: Any) -> Any:
        """Rails and lift that belong to ``boost``, unless they are given."""
        lifts = str(given.get("boost", 0)) if isinstance(given, Mapping) else "0"
        return {**LIFTED.get(int(lifts), {}), **given} if lifts in ("1", "2") else given

    @model_validator(mode="after")
    def _source_fits(self) -> Self:
        if self.source == "row":
            if self.measure == "offset":
                raise ValueError("measure: offset given with source=row; allowed: source=thevenin")
            if self.v_in is not None:
                raise ValueError(f"v_in: {self.v_in:g} V given with source=row; allowed: source=thevenin")
            if self.access == "ideal":
                raise ValueError("access: ideal given; allowed: nmos, ideal switches have no drivers to switch on")
        elif self.data == "trial":
            raise ValueError("data: trial given with source=thevenin; allowed: source=row, which has the cells")
        return self


class BnnMacro(RowBench):
    name = "stt-bnn-macro"
    summary = "row of an STT-MRAM binary network with its time-based amplifier: decision, error, latency, energy"
    template = "benches/stt-bnn-macro.cir.j2"
    Parameters: ClassVar[type[MacroParameters]] = MacroParameters
    deadline: ClassVar[str] = "t_decision"

    @functools.cached_property
    def amplifier(self) -> TbsSense:
        """The bench of the amplifier alone: its transistors and their sizes."""
        p = self.p
        sizes = {name: getattr(p, name) for name in TbsSizes.model_fields}
        unused = {"trim": 0, "v_mid": min(self.vdd, 1.0)}
        return TbsSense(**sizes | unused | {"temperature": self.temperature}, w_driver=p.w_start)

    @functools.cached_property
    def v_mid(self) -> float:
        """SL at which the decision shall turn, in volts, to a microvolt."""
        return self.calibrated("v_mid") if self.p.v_mid is None else float(self.p.v_mid)

    @functools.cached_property
    def trim(self) -> int:
        """Units of load on the delay line."""
        return int(self.calibrated("trim")) if self.p.trim is None else int(self.p.trim)

    @property
    def trim_units(self) -> list[int]:
        """The same a stage: as evenly as whole units allow."""
        return [(self.trim + k) // self.p.stages for k in range(self.p.stages)]

    @functools.cached_property
    def t_window(self) -> float:
        """Time in which the amplifier must decide, in seconds."""
        if self.p.t_window is not None:
            return float(self.p.t_window)
        t_delay = self.calibrated("t_delay")
        # mismatch moves the line by some 2 %; in an offset search LOAD of the lower input arrives later
        return round(2 * t_delay if self.p.measure == "offset" else 1.1 * t_delay + 0.5e-9, 12)

    @property
    def tags(self) -> tuple[str, ...]:
        """Copies of sense node and amplifier."""
        return ("lo", "hi") if self.p.measure == "offset" else ("in",)

    @functools.cached_property
    def inputs(self) -> dict[str, float]:
        """Voltages of source=thevenin: copy -> V."""
        if self.p.source == "row":
            return {}
        if self.p.measure == "offset":
            return {"lo": self.v_mid - DELTA, "hi": self.v_mid + DELTA}
        return {"in": self.calibrated("v_in") if self.p.v_in is None else float(self.p.v_in)}

    @property
    def r_row(self) -> float:
        """Resistance of the row in ohm, at zero bias."""
        g_cell = (1 + 1 / (1 + self.junction.tmr)) / self.junction.r_p
        return float(1 / (self.p.n * g_cell))

    @property
    def c_row(self) -> float:
        """Capacitance of the source line in farad."""
        return float(self.p.n * (self.p.c_sl + 2 * C_DRAIN * self.p.w_access))

    @property
    def t_ready(self) -> float:
        """When START of the amplifier rises, in seconds."""
        return self.t_sample + LIFT_DELAY if self.p.isolation == "switch" and not self.p.boost else super().t_ready

    @property
    def t_from(self) -> float:
        """The middle of that edge."""
        return self.t_ready + EDGE / 2

    @property
    def t_off(self) -> float:
        """When START falls again, in seconds."""
        return self.t_ready + self.t_window

    def points(self) -> tuple[VariationPoint, ...]:
        points = (self.cell_points() if self.p.source == "row" else []) + self.sense_points()
        for name, (_, width, length) in self.amplifier.amplifier_devices().items():
            points += self.transistor(name, width, length)
        return (*points, *self.amplifier.amplifier_points())

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "dynamic": True,
            "cells": self.cells,
            "inputs": self.inputs,
            "tags": self.tags,
            "devices": self.amplifier.amplifier_devices(),
            "t_release": self.t_off,
            "row_off": self.t_off if self.p.isolation == "none" else self.t_sample + 5 * EDGE,
            "line_end": f"sl_{self.p.n - 1}",
            "reset": RESET,
            "delta": DELTA,
            "supplies": tuple(SUPPLIES),
        }

    def analysis(self) -> TranAnalysis:
        nodes = ["delayed"]
        currents = ["vdd_line"]
        for tag in self.tags:
            nodes += [f"{node}_{tag}" for node in ("sense", "load", "arrive", "q", "qb")]
            currents += [f"vdd_{name}_{tag}" for name in SUPPLIES]
        if self.p.measure == "decision":
            nodes += [f"d{k}" for k in range(self.p.stages)]
            currents += (["vctl"] if self.sense_devices() else []) + (["vlift_in"] if self.p.boost else [])
        if self.p.source == "row":
            nodes += [f"sl_{self.p.n - 1}", f"wl_{SECTIONS}", *(["matches"] if self.p.data == "trial" else [])]
            currents += ["vhigh", "vword", "vgate"]
        else:
            nodes += [f"sl_{tag}" for tag in self.tags]
        save = (*(f"v({node})" for node in nodes), *(f"i({source})" for source in currents))
        kind = LongTranAnalysis if self.p.source == "row" else TranAnalysis
        until = "done" if self.p.measure == "offset" else None  # else to its end: the energy is that of the whole operation
        # rshunt: near ff, hot and high supply ngspice finds some operating points only with it; it moves an arrival by 1e-6
        options = {"chgtol": 1e-16, "rshunt": 1e13}
        return kind(save=save, step=500e-12, stop=self.t_off + self.p.t_recover, options=options, until=until)

    def measures(self) -> tuple[Measure, ...]:
        return self._offset_measures() if self.p.measure == "offset" else self._decision_measures()

    def _offset_measures(self) -> tuple[Measure, ...]:
        t_lo, t_hi, t_delay = (self.arrival(node) for node in (*(f"arrive_{tag}" for tag in self.tags), "delayed"))
        arrived = (t_lo < math.inf) & (t_hi < t_lo) & (t_hi > 0) & (t_delay < math.inf) & (t_delay > 0)
        ratio = ln(t_lo / t_hi)  # ln t is all but linear in SL
        offset = Choose(arrived, -DELTA + 2 * DELTA * ln(t_lo / t_delay) / ratio, math.nan)
        slope = Choose(arrived, t_delay * ratio / (2 * DELTA), math.nan)
        return (
            Measure("offset", "V", "SL at which LOAD and the delay line arrive together, less v_mid", offset, limits=FOUND),
            Measure("trip", "V", "that SL", self.v_mid + offset, limits=FOUND),
            Measure("slope", "s/V", "how much sooner LOAD arrives for a higher SL, there", slope, limits=FOUND),
            Measure("t_delay", "s", "arrival of the delay line, from START", t_delay, limits=WINDOW),
        )

    def works(self) -> str:
        # what is not decided yet is late, and not wrong
        return "wrong < 0.5 or decided < 0.5" if self.p.measure == "decision" else ""

    def _decision_measures(self) -> tuple[Measure, ...]:
        row = self.p.source == "row"
        apart, line = v("q_in") - v("qb_in"), v(f"sl_{self.p.n - 1 if row else 'in'}")
        parted = Crossing(abs(apart), self.vdd / 2, after=self.t_ready)
        decided = parted < self.t_off
        decision = At(apart, self.t_off) > self.vdd / 2
        n1 = self._matches()
        right = 2 * n1 >= self.p.n if row else Number(float(self.inputs["in"] > self.v_mid))
        t_decision = Choose(decided, parted - self.t_from, math.inf)
        t_latency = self.t_from + t_decision - START
        t_load, t_delay = self.arrival("arrive_in"), self.arrival("delayed")
        # the logarithm of the ratio, but of arrivals of which one is missing the side on which it is
        lead = Choose(maximum(t_delay, t_load) < math.inf, ln(t_delay / t_load), ln(t_delay) - ln(t_load))
        energies = self.energies()
        parts = {
            "e_row": "rail V_H",
            "e_wordline": "word line",
            "e_drivers": "gates of the bit lines' drivers, this row's share",
            "e_sense": "isolation switch and lifting capacitors with their gates",
            **{f"e_{name}": meaning for name, meaning in SUPPLIES.items()},
            "e_line": "delay line, one amplifier's share",
        }
        return (
            *((Measure("n1", "", "matching cells", n1),) if row else ()),
            Measure("v_sl", "V", "source line when the sense node is isolated", At(line, self.t_sample)),
            Measure("v_sense", "V", "sense node when START rises", At(v("sense_in"), self.t_ready)),
            Measure("decision", "", "decision at the end of t_window", decision, fraction=True),
            Measure(
                "wrong",
                "",
                "1 if it is not the right answer: 1 for n/2 or more matches, SL above v_mid",
                (decision ^ right) | (parted >= self.t_off),
                fraction=True,
            ),
            Measure("decided", "", "1 if the latch's outputs parted by VDD/2 within t_window", decided, fraction=True),
            Measure("t_decision", "s", "from START until they did", t_decision, limits=WINDOW),
            Measure("t_latency", "s", "the same from when the row was switched on", t_latency, limits=WINDOW),
            Measure(
                "t_cycle",
                "s",
                "t_latency and the time that LOAD and the delay line then need to be reset",
                t_latency + self._reset(),
                limits=RECOVERY,
            ),
            Measure("t_load", "s", "arrival of LOAD at the latch, from START", t_load, limits=WINDOW),
            Measure("t_delay", "s", "arrival of the delay line at the latch, from START", t_delay, limits=WINDOW),
            Measure("lead", "", "ln(t_delay / t_load): above 0 the answer is 1; all but linear in SL", lead, limits=WINDOW),
            Measure("e_total", "J", "energy of the operation from all supplies: those below", total(list(energies.values()))),
            *(Measure(name, "J", meaning, energies[name]) for name, meaning in parts.items() if name in energies),
        )

    def energies(self) -> dict[str, Node]:
        """Energy in J by what it is spent on."""
        p, vdd = self.p, self.vdd
        found: dict[str, Node] = {}
        if p.source == "row":
            found = {
                "e_row": energy("vhigh", p.v_high),
                "e_wordline": energy("vword", self.v_wl),
                "e_drivers": energy("vgate", vdd),
            }
        sense = [energy("vctl", vdd)] if self.sense_devices() else []
        sense += [energy("vlift_in", p.v_lift)] if p.boost else []
        found["e_sense"] = total(sense) if sense else Number(0.0)
        return (
            found
            | {f"e_{name}": energy(f"vdd_{name}_in", vdd) for name in SUPPLIES}
            | {"e_line": energy("vdd_line", vdd) / p.amplifiers}
        )

    def panels(self) -> tuple[Panel, ...]:
        row, copies = self.p.source == "row", {"in": "", "lo": " (low)", "hi": " (high)"}
        lines = {f"v(sl_{self.p.n - 1})": "SL"} if row else {f"v(sl_{tag})": f"SL{copies[tag]}" for tag in self.tags}
        arrivals = {f"v(arrive_{tag})": f"LOAD{copies[tag]}" for tag in self.tags} | {"v(delayed)": "delay line"}
        return (
            *((Panel("word line", "V", {f"v(wl_{SECTIONS})": "WL, far end"}),) if row else ()),
            Panel("input", "V", lines | {f"v(sense_{tag})": f"sense node{copies[tag]}" for tag in self.tags}),
            Panel("LOAD", "V", {f"v(load_{tag})": f"LOAD{copies[tag]}" for tag in self.tags}),
            Panel("at the latch", "V", arrivals),
            *(Panel(f"latch{copies[tag]}", "V", {f"v(q_{tag})": "Q", f"v(qb_{tag})": "QB"}) for tag in self.tags),
        )

    def subtitle(self) -> str:
        p = self.p
        said = f"offset at {self.v_mid * 1e3:.1f} mV" if p.measure == "offset" else f"n = {p.n}"
        return f"{said}, {p.v_high:g}/{p.v_low:g} V, boost {p.boost}"

    def figures(self, waves: Waves) -> dict[str, Any]:
        """``energy.png``: where the energy of the operation goes."""
        if self.p.measure == "offset":
            return {}
        value = Evaluation(waves)
        energies = {name: float(value(part)) for name, part in self.energies().items()}
        names = {
            "e_row": "row, rail V_H", "e_wordline": "word line", "e_drivers": "bit lines' drivers", "e_sense": "sense node",
            "e_load": "LOAD", "e_latch": "inverters, latch", "e_drive": "START driver", "e_line": "delay line, share",
        }  # fmt: skip
        figure = new_figure(7, 3.6)
        axis = figure.subplots()
        bars = axis.barh([names[name] for name in energies], [value * 1e15 for value in energies.values()], color=COLOURS[0])
        axis.bar_label(bars, fmt="%.1f", padding=3)
        axis.invert_yaxis()
        axis.margins(x=0.12)
        axis.set_xlabel("energy (fJ)")
        total = sum(energies.values())
        conditions = f"{self.technology.name} {self.p.corner}, {self.temperature:.3g} °C, VDD {self.vdd:g} V"
        axis.set_title(f"stt-bnn-macro, {self.subtitle()}, {conditions}: {total * 1e15:.0f} fJ", fontsize=10)
        return {"energy.png": figure}

    def arrival(self, node: str) -> Node:
        """When ``node`` first passes VDD/2, in seconds from START; inf if it does not within t_window."""
        found = Crossing(v(node), self.vdd / 2, after=self.t_ready)
        return Choose(found < self.t_off, found - self.t_from, math.inf)

    def _reset(self) -> Node:
        """Time in s from the fall of START until LOAD and the stages of the delay line are where they start from, or inf."""
        waves = [v(node) for node in ("load_in", *(f"d{k}" for k in range(self.p.stages)))]
        # of nodes that go back to 1, whose rounding the values of t_cycle have
        back = [Settling(abs(1 + (wave - First(wave)) / self.vdd - 1), RESET, start=self.t_off) for wave in waves]
        return maximum(*back) - self.t_off

    def _matches(self) -> Node:
        if self.p.source == "row" and self.p.data == "trial":
            return floor(First(v("matches")) * self.p.n + 0.5)
        return Number(sum(cell.match for cell in self.cells) if self.p.source == "row" else 0)

    def calibrations(self) -> tuple[Calibration, ...]:
        """Threshold, trim and delay of the line, and the row that source=thevenin stands for: those that are not given."""
        p, row = self.p, self.p.source == "row"
        searched = p.trim is None or p.t_window is None
        half = (p.n + 1) // 2
        found = []
        if p.v_mid is None and (searched or not row):
            target = f"SL halfway between {half - 1} and {half} matches, nominal row"
            found.append(Calibration("v_mid", "V", "SL at which the decision shall turn", target, self._row_below, self._middle))
        if p.trim is None:
            target = f"the nominal decision turns at SL = {'v_mid' if p.v_mid is None else format_value(p.v_mid, 'V')}"
            meaning = "units of load on the delay line"
            found.append(Calibration("trim", "", meaning, target, self._amplifier, self._search, parameter="trim", shared=True))
        if p.t_window is None:
            target, meaning = "its arrival with this trim, without mismatch", "delay of the delay line, from START"
            found.append(Calibration("t_delay", "s", meaning, target, self._trimmed, self._delay, shared=True))
        if not row and p.measure == "decision" and p.v_in is None:
            found.append(Calibration("v_in", "V", "the nominal row's SL", "SL of its data", self._row, self._level))
        return tuple(found)

    def _row(self, **data: Any) -> BnnRow:
        """The row alone at its operating point, with its own data or those given."""
        from spicekit.benches.bnn.row import BnnRow  # deferred: this module is imported to list and show benches

        given = {name: getattr(self.p, name) for name in RowParameters.model_fields} | {"boost": 0, "analysis": "dc"}
        return BnnRow(**given | data)

    def _row_below(self) -> BnnRow:
        """The same with the most matches of which the answer is -1."""
        nothing = {"data_seed": None, "weights": None, "inputs": None}
        return self._row(data="given", n1=(self.p.n + 1) // 2 - 1, positions="spread", **nothing)

    def _middle(self, simulate: Simulate) -> float:
        below = simulate().measures
        return self._checked("v_mid", round(below["v_sl"] + below["lsb"] / 2, 6))

    def _level(self, simulate: Simulate) -> float:
        return self._checked("v_in", round(simulate().measures["v_sl"], 6))

    def _checked(self, name: str, found: float) -> float:
        if not 0 < found <= 5:
            level = "has no operating point" if math.isnan(found) else f"is at {format_value(found, 'V')}"
            raise UserError(f"bench '{self.name}': parameter {name}: the nominal row {level}{self.because}; give {name}")
        return found

    def _amplifier(self) -> BnnMacro:
        """Sense node and amplifier, of which trim and delay are found; what these do not depend on is set to its default."""
        fields = MacroParameters.model_fields
        unused = ("data", "n1", "positions", "position_seed", "data_seed", "weights", "inputs", "v_in", "t_recover")
        fixed = {name: fields[name].default for name in unused}
        asked = {"source": "thevenin", "measure": "offset", "v_mid": self.v_mid, "trim": 0, "t_window": LONG}
        return BnnMacro(**self.p.model_dump() | fixed | asked)

    def _trimmed(self) -> BnnMacro:
        return BnnMacro(**self._amplifier().p.model_dump() | {"trim": self.trim})

    def _search(self, simulate: Simulate) -> float:
        def arrivals(trim: int) -> Arrivals:
            found = simulate(trim=trim)
            bench = found.bench
            assert isinstance(bench, BnnMacro)
            window = float(bench.t_off - bench.t_from)
            if found.outcome is not Outcome.OK:
                return Arrivals(math.nan, math.nan, window)
            value = Evaluation(found.waves)
            t_lo, t_hi = (float(value(bench.arrival(f"arrive_{tag}"))) for tag in bench.tags)
            if not (t_lo > t_hi > 0 or math.isinf(t_hi)):
                raise UserError(f"{self._trim_is}LOAD does not fall sooner for a higher SL: reduce l_st, w_load or w_switch")
            # LOAD at v_mid, between both inputs: ln t is all but linear
            return Arrivals(math.sqrt(t_lo) * math.sqrt(t_hi), found.measures["t_delay"], window)

        try:
            return trimmed(self._trim_is, arrivals)
        except UserError as error:
            raise UserError(f"{error}{self.because}") from None

    def _delay(self, simulate: Simulate) -> float:
        found = simulate().measures["t_delay"]
        if not math.isfinite(found):
            late = f"the delay line with trim = {self.trim} takes longer than {format_value(LONG, 's')}: give t_window"
            raise UserError(f"{self._trim_is}{late}{self.because}")
        return found

    @property
    def _trim_is(self) -> str:
        return f"bench 'stt-bnn-macro': parameter trim: at v_mid = {format_value(self.v_mid, 'V')} "
