"""`stt-bnn-macro`: measures and calibrations of the circuit in :mod:`spicekit.benches.bnn.macro_circuit`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from spicekit.bench import Calibration, Panel, Simulate
from spicekit.benches.bnn.array import SECTIONS, RowParameters
from spicekit.benches.bnn.macro_circuit import MacroCircuit
from spicekit.benches.bnn.macro_measures import arrival, measures, spent
from spicekit.benches.bnn.macro_parameters import MacroParameters
from spicekit.benches.sensing.tbs import Arrivals, trimmed
from spicekit.benches.sensing.verdict import SLOW, WORKS
from spicekit.errors import UserError
from spicekit.measures import First, v
from spicekit.measures.measure import Measure
from spicekit.measures.numpy_writer import Evaluation
from spicekit.outcome import Outcome
from spicekit.rails_plot import breakdown
from spicekit.units import format_value
from spicekit.waves import Waves

if TYPE_CHECKING:
    from spicekit.benches.bnn.row import BnnRow

LONG = 60e-9  # s, the window in which a delay that is not known yet is looked for


class BnnMacro(MacroCircuit):
    name = "stt-bnn-macro"
    summary = "row of an STT-MRAM binary network with its time-based amplifier: decision, error, latency, energy"
    template = "benches/stt-bnn-macro.cir.j2"
    deadline: ClassVar[str] = "t_decision"

    def measures(self) -> tuple[Measure, ...]:
        return measures(self)

    def works(self) -> str:
        return WORKS if self.p.measure == "decision" else ""

    def slow(self) -> str:
        return SLOW if self.p.measure == "decision" else ""

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
        names = {
            "row": "row, rail V_H", "wordline": "word line", "drivers": "bit lines' drivers",
            "sense": "sense node", "lift": "lifts", "load": "LOAD", "latch": "inverters, latch", "drive": "START driver",
            "line": "delay line, share",
        }  # fmt: skip
        conditions = f"{self.technology.name} {self.p.corner}, {self.temperature:.3g} °C, VDD {self.vdd:g} V"
        return {"energy.png": breakdown(spent(self), waves, f"stt-bnn-macro, {self.subtitle()}, {conditions}", names)}

    def calibrations(self) -> tuple[Calibration, ...]:
        """Threshold, trim and delay of the line, and the row that source=thevenin stands for: those that are not given."""
        p, row = self.p, self.p.source == "row"
        searched = p.trim is None or p.t_window is None
        half = (p.n + 1) // 2
        found = []
        if p.v_mid is None and (searched or not row):
            target = f"SL halfway between {half - 1} and {half} matches, nominal row"
            found.append(Calibration("v_mid", "V", "SL at which the decision shall turn", target, self._row_below, self._middle))
        if p.v_idle is None and (searched or not row) and p.access == "nmos":
            meaning, target = (
                "SL before the row is switched on",
                "SL of the nominal row at rest: word line down, bit lines at V_L",
            )
            found.append(Calibration("v_idle", "V", meaning, target, self._at_rest, self._rest))
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

    def _at_rest(self) -> BnnMacro:
        """This macro with its row, for as short as can be: it starts from the operating point that is wanted."""
        short = {"t_row": 1e-10, "t_window": 1e-11, "t_recover": 5e-11}
        asked = {"source": "row", "measure": "decision", "v_mid": self.v_mid, "v_idle": None, "trim": 0}
        return BnnMacro(**self.p.model_dump() | self._unused() | short | asked)

    def _rest(self, simulate: Simulate) -> float:
        return self._checked("v_idle", round(float(Evaluation(simulate().waves)(First(v(f"sl_{self.p.n - 1}")))), 6))

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

    @staticmethod
    def _unused() -> dict[str, Any]:
        """Parameters that no calibration depends on, at their defaults: benches that differ in them share what is found."""
        fields = MacroParameters.model_fields
        unused = ("data", "n1", "positions", "position_seed", "data_seed", "weights", "inputs", "v_in", "t_recover", "noise")
        return {name: fields[name].default for name in unused}

    def _amplifier(self) -> BnnMacro:
        """Sense node and amplifier, of which trim and delay are found; what these do not depend on is set to its default."""
        found = {"v_mid": self.v_mid, "v_idle": self.v_idle}
        asked = {"source": "thevenin", "measure": "offset", "trim": 0, "t_window": LONG} | found
        return BnnMacro(**self.p.model_dump() | self._unused() | asked)

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
