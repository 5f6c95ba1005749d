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
from typing import TYPE_CHECKING, Any, ClassVar

from spicekit.analysis import LongTranAnalysis, TranAnalysis
from spicekit.bench import Panel
from spicekit.benches.bnn.array import EDGE, LIFT_DELAY, SECTIONS, RowBench, RowParameters
from spicekit.benches.bnn.macro_measures import DELTA, RESET, SUPPLIES, arrival, energies, measures
from spicekit.benches.bnn.macro_parameters import MacroParameters
from spicekit.benches.sensing.tbs import Arrivals, TbsSense, TbsSizes, trimmed
from spicekit.calibration import Calibration, Simulate
from spicekit.errors import UserError
from spicekit.measures.measure import Measure
from spicekit.measures.numpy_writer import Evaluation
from spicekit.outcome import Outcome
from spicekit.point import VariationPoint
from spicekit.style import COLOURS, new_figure
from spicekit.units import format_value
from spicekit.waves import Waves

if TYPE_CHECKING:
    from spicekit.benches.bnn.row import BnnRow

C_DRAIN = 0.3e-9  # F/m, of an access transistor's drain, with which whole rows and source=thevenin agree
LONG = 60e-9  # s, the window in which a delay that is not known yet is looked for


class BnnMacro(RowBench[MacroParameters]):
    name = "stt-bnn-macro"
    summary = "row of an STT-MRAM binary network with its time-based amplifier: decision, error, latency, energy"
    template = "benches/stt-bnn-macro.cir.j2"
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
        return self.calibrated("v_mid") if self.p.v_mid is None else self.p.v_mid

    @functools.cached_property
    def trim(self) -> int:
        """Units of load on the delay line."""
        return int(self.calibrated("trim")) if self.p.trim is None else self.p.trim

    @property
    def trim_units(self) -> list[int]:
        """The same a stage: as evenly as whole units allow."""
        return [(self.trim + k) // self.p.stages for k in range(self.p.stages)]

    @functools.cached_property
    def t_window(self) -> float:
        """Time in which the amplifier must decide, in seconds."""
        if self.p.t_window is not None:
            return self.p.t_window
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
        return {"in": self.calibrated("v_in") if self.p.v_in is None else self.p.v_in}

    @property
    def r_row(self) -> float:
        """Resistance of the row in ohm, at zero bias."""
        g_cell = (1 + 1 / (1 + self.junction.tmr)) / self.junction.r_p
        return 1 / (self.p.n * g_cell)

    @property
    def c_row(self) -> float:
        """Capacitance of the source line in farad."""
        return self.p.n * (self.p.c_sl + 2 * C_DRAIN * self.p.w_access)

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
        return measures(self)

    def works(self) -> str:
        # what is not decided yet is late, and not wrong
        return "wrong < 0.5 or decided < 0.5" if self.p.measure == "decision" else ""

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
        spent = {name: float(value(part)) for name, part in energies(self).items()}
        names = {
            "e_row": "row, rail V_H", "e_wordline": "word line", "e_drivers": "bit lines' drivers", "e_sense": "sense node",
            "e_load": "LOAD", "e_latch": "inverters, latch", "e_drive": "START driver", "e_line": "delay line, share",
        }  # fmt: skip
        figure = new_figure(7, 3.6)
        axis = figure.subplots()
        bars = axis.barh([names[name] for name in spent], [value * 1e15 for value in spent.values()], color=COLOURS[0])
        axis.bar_label(bars, fmt="%.1f", padding=3)
        axis.invert_yaxis()
        axis.margins(x=0.12)
        axis.set_xlabel("energy (fJ)")
        total = sum(spent.values())
        conditions = f"{self.technology.name} {self.p.corner}, {self.temperature:.3g} °C, VDD {self.vdd:g} V"
        axis.set_title(f"stt-bnn-macro, {self.subtitle()}, {conditions}: {total * 1e15:.0f} fJ", fontsize=10)
        return {"energy.png": figure}

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
            t_lo, t_hi = (float(value(arrival(bench, f"arrive_{tag}"))) for tag in bench.tags)
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
