"""IMCE's sense amplifier (Fan, ASP-DAC 2018), every transistor of it, on a 2T1R SOT column: read, AND and OR as a transient.

From rest the word lines, the read currents and the reference leg of the operation (EN_M, EN_AND or EN_OR) switch on; RBL and
REF rise from 0 V; ``t_settle`` later SAE fires a StrongARM comparator with PMOS inputs, whose outputs set a NOR latch that
until then holds the opposite of the right answer; at the end everything switches off and the lines are discharged.

Solver: internal nodes of some fF hold less charge than ngspice's default ``chgtol`` of 1e-14 C, so that their truncation error
would not be controlled (t_decision off by up to 2.6 % even at reltol 1e-4).  With the settings of :meth:`SotSense.analysis`,
against a 50 times smaller largest step at reltol 1e-5, chgtol 1e-18 and trtol 1, over the operations at tt 27 C, ss 125 C and
ff -40 C: t_decision within 0.4 %, dv_in within 0.07 %, e_total within 0.2 % and its parts within 0.1 %, except e_drivers within
1.8 % (the current through both transistors of an inverter during an input edge of 10 ps).  Two pi sections instead of 32: no
difference seen at 64 rows, 0.2 % in t_decision at 256, 0.9 % at 1024.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from spicekit.analysis import TranAnalysis
from spicekit.bench import Bench, Panel
from spicekit.benches.noise import ThermalNoise, noise_context, noise_points, with_noise
from spicekit.benches.sensing.offset_search import C_SEARCH, LEAST, MOST, comparisons, knots, last_step
from spicekit.benches.sensing.reference import Reference
from spicekit.benches.sensing.verdict import SLOW, WORKS, verdicts
from spicekit.benches.sot.column import Access, Cells, Logic, Mirror
from spicekit.benches.sot.logic import SotLogic, SotLogicParameters
from spicekit.limits import Limits
from spicekit.measures import At, Choose, Crossing, Final, First, energy, total, v
from spicekit.measures.measure import Measure
from spicekit.parameters import BenchParameters, channel_length, channel_width, option, quantity
from spicekit.point import VariationPoint
from spicekit.units import format_value

EDGE = 10e-12  # s, of the ideal sources at the drivers' inputs
SUPPLIES = ("column", "reference", "bias", "amplifier", "local", "wordline")
NOISE_DT = 5e-12  # s, between two numbers of a transistor's noise
QUIET = ("en_", "se_", "sae_", "wl", "nor")  # drivers and output latch: their noise does not reach the decision
T_FIRST = 0.2e-9  # s, the first comparison of the offset search
COMMON = "common mode of the comparator's inputs at SAE"


class SotSenseParameters(Mirror, Access, Logic, Cells, Reference, BenchParameters, ThermalNoise):
    # every transistor is there
    access: ClassVar = "nmos"
    bias: ClassVar = "mirror"

    operation: Literal["read", "and", "or"] = option("read", "read of one cell, or AND or OR of fan_in cells")
    bits: str | None = option(None, "what the sensed cells store, one character 0 or 1 each; 1, 10, 100 ... if not given")
    fan_in: int = quantity(2, "", "cells that AND and OR sense together", ge=2, le=6)
    measure: Literal["decision", "offset"] = option(
        "decision", "one operation, or the input-referred offset of the comparator at the operation's reference"
    )
    t_wl: float = quantity(0.2e-9, "s", "start of word lines, reference leg and read currents", ge=1e-12, le=1e-6)
    t_settle: float = quantity(1.5e-9, "s", "from their start to SAE", ge=1e-12, le=1e-6)
    t_latch: float = quantity(1e-9, "s", "from SAE to the end: time in which the amplifier must decide", ge=1e-12, le=1e-6)
    t_stop: float = quantity(4.5e-9, "s", "end of the operation with its recovery", ge=1e-12, le=1e-5)
    # 45 nm local wires: 4.2 ohm/um and 0.26 fF/um (CACTI 7, tech_params/45nm.dat, conservative: pitch 2.5 F, aspect ratio 2,
    # 2.2 uohm cm); cell pitch chosen, 0.36 um along RBL (two gates) and 0.65 um along RWL (the write transistor)
    r_cell: float = quantity(1.5, "ohm", "resistance of RBL a cell", ge=1e-3, le=1e4)
    c_cell: float = quantity(0.09e-15, "F", "wire capacitance of RBL a cell; the transistors are in the netlist", ge=0, le=1e-12)
    columns: int = quantity(64, "", "columns on the word line, all sensed together", ge=1, le=4096)
    r_word: float = quantity(2.7, "ohm", "resistance of RWL a column", ge=1e-3, le=1e4)
    c_word: float = quantity(0.17e-15, "F", "wire capacitance of RWL a column; the gates are in the netlist", ge=0, le=1e-12)
    sections: int = quantity(2, "", "pi sections of RBL and REF", ge=1, le=64)
    position: Literal["far", "near"] = option(
        "far", "sensed cells at the far end of RBL, as the reference legs on REF are, or at the amplifier"
    )
    c_bias: float = quantity(500e-15, "F", "decoupling of the mirror's gate to the supply", gt=0, le=1e-9)
    w_enable: float = channel_width(1e-6, "width of the PMOS that gates each read current", le=1e-4)
    w_discharge: float = channel_width(0.5e-6, "width of the discharge and equaliser NMOS", le=1e-4)
    w_driver: float = channel_width(1e-6, "width of the NMOS of the drivers; PMOS twice that", le=1e-4)
    w_input: float = channel_width(10e-6, "width of each input PMOS of the comparator", le=1e-4)
    l_input: float = channel_length(120e-9, "length of each input PMOS", le=1e-5)
    w_tail: float = channel_width(2e-6, "width of the tail PMOS that SAE fires", le=1e-4)
    w_latch: float = channel_width(2e-6, "width of the cross-coupled NMOS of the comparator; PMOS twice that", le=1e-4)
    w_reset: float = channel_width(300e-9, "width of the comparator's reset NMOS", le=1e-4)
    offset_range: float = quantity(32e-3, "V", "the offset search covers - to + this", ge=LEAST, le=MOST)

    @property
    def cells(self) -> int:
        """Number of cells that the operation senses."""
        return 1 if self.operation == "read" else self.fan_in

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.fan_in > self.rows:
            raise ValueError(f"fan_in: the column has {self.rows} rows, fewer than the {self.fan_in} cells to sense")
        if self.bits is not None and (len(self.bits) != self.cells or set(self.bits) - set("01")):
            raise ValueError(f"bits: '{self.bits}' given; allowed for {self.operation}: {self.cells} characters, each 0 or 1")
        end = self.t_wl + self.t_settle + self.t_latch + 2 * EDGE
        if self.t_stop <= end:
            raise ValueError(f"t_stop: {self.t_stop:g} s given; allowed: above {end:g} s, the end of t_wl + t_settle + t_latch")
        return self


class SotSense(Bench[SotSenseParameters]):
    name = "sot-sense"
    summary = "sense amplifier on the SOT column, every transistor: decision, delay, offset, energy of read, AND and OR"
    template = "benches/sot-sense.cir.j2"
    spare_points: ClassVar = True  # those of cells, legs and drivers that the operation does not use

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        shared = self.Parameters.model_fields.keys() & SotLogicParameters.model_fields.keys()
        self.logic = SotLogic(**{name: getattr(self.p, name) for name in shared})  # the same column, mirror and references

    @property
    def word(self) -> str:
        """What the sensed cells store, a character a cell."""
        return self.p.bits or "1" + "0" * (self.p.cells - 1)

    @property
    def current(self) -> float:
        """Into RBL and REF, in amperes."""
        return self.p.i_read if self.p.operation == "read" else self.p.i_logic

    @property
    def expected(self) -> int:
        """The right answer."""
        return int("0" not in self.word if self.p.operation == "and" else "1" in self.word)

    @property
    def t_sae(self) -> float:
        """When SAE fires, in seconds."""
        return self.p.t_wl + self.p.t_settle

    @property
    def t_off(self) -> float:
        """When everything switches off again, in seconds."""
        return self.t_sae + self.p.t_latch

    @property
    def period(self) -> float:
        """Of the comparisons of the offset search, in seconds; between them the lines settle to their new voltages."""
        return self.p.t_latch + 3 * self.p.t_settle

    def devices(self) -> dict[str, tuple[str, float, float]]:
        """Transistors beside those of cells, mirror and reference legs: name -> type, width and length in metres."""
        p, short, small = self.p, self.technology.l_min, 2 * self.technology.w_min
        found = {"tail": ("pmos", p.w_tail, short), "equal": ("nmos", p.w_discharge, short)}
        for line in ("rbl", "ref"):
            found[f"enable_{line}"] = ("pmos", p.w_enable, short)
            found[f"discharge_{line}"] = ("nmos", p.w_discharge, short)
        for side in ("p", "n"):  # of the comparator: p is the side whose output rises for a 1
            found[f"input_{side}"] = ("pmos", p.w_input, p.l_input)
            found[f"latchp_{side}"] = ("pmos", 2 * p.w_latch, short)
            found[f"latchn_{side}"] = ("nmos", p.w_latch, short)
            found[f"resetx_{side}"] = ("nmos", small, short)
            found[f"reset_{side}"] = ("nmos", p.w_reset, short)
            for pin in ("a", "b"):  # NOR gates of the output latch
                found[f"nor{pin}n_{side}"] = ("nmos", small, short)
                found[f"nor{pin}p_{side}"] = ("pmos", 2 * small, short)
        for driver in (*(f"wl{cell}" for cell in range(p.fan_in)), "en", "se", "sae"):
            found[f"{driver}_n"] = ("nmos", p.w_driver, short)
            found[f"{driver}_p"] = ("pmos", 2 * p.w_driver, short)
        return found

    def points(self) -> tuple[VariationPoint, ...]:
        """The same for all operations, bits and measures: a trial number with a seed stands for the same devices in each."""
        own = [
            point
            for name, (role, width, length) in self.devices().items()
            for point in self.transistor(name, width, length, role)
        ]
        return (*self.logic.points(), *own, *noise_points(self.p))

    def context(self) -> dict[str, Any]:
        noisy = [name for name in self.devices() if not name.startswith(QUIET)]
        return noise_context(self.p, NOISE_DT, noisy) | {
            "device": self.p.junction,
            "l_access": self.logic.l_access,
            "devices": self.devices(),
            "r_ref": self.logic.references(),
            "mtj_legs": self.logic.legs,
            "leg": "m" if self.p.operation == "read" else self.p.operation,
            "edge": EDGE,
            "t_first": T_FIRST,
            "c_search": C_SEARCH,
            "search": knots(self.p.offset_range, self.p.t_latch, T_FIRST, self.period),
        }

    @property
    def comparisons(self) -> int:
        """Of the offset search."""
        return comparisons(self.p.offset_range)

    def analysis(self) -> TranAnalysis:
        if self.p.measure == "offset":
            save: tuple[str, ...] = ("v(dv)", "v(rbl_0)", "v(ref_0)", "v(saeb)", "v(outp)", "v(outn)", "v(q)")
            step, stop = 500e-12, T_FIRST + self.comparisons * self.period
        else:
            nodes = ("wl0", "seb", "saeb", "rbl_0", "ref_0", "outp", "outn", "q")
            currents = ("i(v.xc0.vread)", "i(vleg)", *(f"i(vdd_{supply})" for supply in SUPPLIES))
            save = (*(f"v({node})" for node in nodes), *currents)
            step, stop = 100e-12, self.p.t_stop
        return with_noise(self.p, TranAnalysis(save=save, step=step, stop=stop, reltol=3e-4, options={"chgtol": 1e-16}))

    def measures(self) -> tuple[Measure, ...]:
        return self.offset_measures() if self.p.measure == "offset" else self.decision_measures()

    def offset_measures(self) -> tuple[Measure, ...]:
        """Those of ``measure=offset``."""
        applied = Final(v("dv"))
        last = format_value(last_step(self.p.offset_range), "V", 2)
        # a search that goes one way all the time ends 1 last step before the end of its range, any other one at least 3 before
        in_range = abs(applied) < self.p.offset_range * (1 - 2 / 2**self.comparisons)
        found = Final(v("rbl_0")) - Final(v("ref_0"))
        return (
            Measure(
                "offset",
                "V",
                f"RBL - REF at which the comparator changes its decision; last step of the search {last}",
                Choose(in_range, found, Choose(applied < 0, -math.inf, math.inf)),
                limits=Limits("raise offset_range", low=-self.p.offset_range, high=self.p.offset_range),
            ),
            Measure("in_range", "", "1 if that lies within offset_range", in_range, fraction=True),
            Measure("v_common", "V", COMMON, (First(v("rbl_0")) + First(v("ref_0"))) / 2),
        )

    def decision_measures(self) -> tuple[Measure, ...]:
        """Those of ``measure=decision``."""
        parted = Crossing(abs(v("outp") - v("outn")), self.vdd / 2, after=self.t_sae)
        decision = At(v("q"), self.t_off) > self.vdd / 2
        side = At(v("outp") - v("outn"), self.t_off) > 0
        late = (parted >= self.t_off) | (decision ^ side)  # until the output latch has followed, it holds the opposite
        wrong = (parted < self.t_off) & (side ^ self.expected)
        t_decision = Choose(late, math.inf, parted - self.t_sae)
        rbl, ref = At(v("rbl_0"), self.t_sae), At(v("ref_0"), self.t_sae)
        e = {name: energy(f"vdd_{name}", self.vdd) for name in SUPPLIES}
        e["bias"] = energy("vdd_bias", self.vdd, self.p.t_wl, self.t_off)  # idle time is not the operation's
        e_drivers = e["local"] + e["wordline"] / self.p.columns
        e_total = total([e["column"], e["reference"], e["bias"], e["amplifier"], e_drivers])
        window = Limits("raise t_latch", high=self.p.t_latch, event=True)
        return (
            Measure("decision", "", "output of the latch when the amplifier is switched off", decision, fraction=True),
            *verdicts(late, wrong, "t_latch"),
            Measure("t_decision", "s", "from SAE until the comparator's outputs parted by VDD/2", t_decision, limits=window),
            Measure(
                "t_sense",
                "s",
                "from the start of the word line until they did: t_settle + t_decision",
                self.p.t_settle + t_decision,
                limits=replace(window, high=self.p.t_settle + self.p.t_latch),
            ),
            Measure("dv_in", "V", "RBL - REF at SAE", rbl - ref),
            Measure("v_common", "V", COMMON, (rbl + ref) / 2),
            Measure("e_total", "J", "energy from all supplies: the five below", e_total),
            Measure("e_column", "J", "read current into RBL", e["column"]),
            Measure("e_reference", "J", "read current into REF", e["reference"]),
            Measure("e_bias", "J", "diode of the mirror, from the word line's start to the end of t_latch", e["bias"]),
            Measure("e_amplifier", "J", "comparator and output latch", e["amplifier"]),
            Measure("e_drivers", "J", "drivers of EN, SE and SAE, and one column's share of e_wordline", e_drivers),
            Measure("e_wordline", "J", "drivers of the word lines, which serve all columns", e["wordline"]),
        )

    def works(self) -> str:
        return WORKS if self.p.measure == "decision" else ""

    def slow(self) -> str:
        return SLOW if self.p.measure == "decision" else ""

    def panels(self) -> tuple[Panel, ...]:
        outputs = Panel("outputs", "V", {"v(saeb)": "SAE (low: fire)", "v(outp)": "OUT+", "v(outn)": "OUT-", "v(q)": "Q"})
        lines = Panel("inputs", "V", {"v(rbl_0)": "RBL", "v(ref_0)": "REF"})
        if self.p.measure == "offset":
            return (Panel("applied", "V", {"v(dv)": "RBL - REF"}), lines, outputs)
        return (
            Panel("control", "V", {"v(wl0)": "WL", "v(seb)": "SE (low: on)", "v(saeb)": "SAE (low: fire)"}),
            lines,
            outputs,
            Panel("current", "A", {"i(v.xc0.vread)": "cell 0", "i(vleg)": "reference leg"}),
            Panel(
                "supply",
                "A",
                {"i(vdd_amplifier)": "amplifier", "i(vdd_local)": "EN, SE, SAE drivers", "i(vdd_wordline)": "word-line driver"},
            ),
        )
