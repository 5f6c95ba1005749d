"""`stt-bnn-row`: the row of :mod:`spicekit.benches.bnn.array` as an operating point and as a transient with boosting.

A second copy of the row on the same devices, with one input turned, shows what one match adds.

Transient: word line and bit lines are switched on together; t_row later the sense node is isolated, and the row is switched off
while the node is lifted (boost) and read.  Nodes hold some fF, so ``chgtol`` is far below ngspice's 1e-14 C.  A step of 50 ps at
reltol 1e-4, against 2 ps at reltol 1e-5, chgtol 1e-18 and trtol 1 (128 cells, 90 matches, boost 2): v_sl and v_out within 2 uV
(LSB/700), lsb, gain and e_row within 0.01 %, e_wordline and e_drivers 0.05 %, e_sense 0.2 %, t_settle 0.1 %.  At reltol 1e-3
v_out is 0.1 mV off, and where the row is on for 2 ns the trapezoidal rule then rings by half an LSB, which spoils t_settle.
"""

from __future__ import annotations

import functools
from typing import Any, Literal, Self

from pydantic import model_validator

from spicekit.analysis import Analysis, DcAnalysis, LongTranAnalysis
from spicekit.bench import Panel
from spicekit.benches.bnn.array import SECTIONS, START, RowBench, RowParameters
from spicekit.benches.bnn.data import Cell, turned
from spicekit.benches.stt.settle import LATEST
from spicekit.limits import Limits
from spicekit.measures import At, First, Integral, Node, Number, Settling, energy, floor, i, total, v
from spicekit.measures.measure import Measure
from spicekit.parameters import option
from spicekit.point import VariationPoint

RECOVERY = 0.4e-9  # s, everything goes back; its energy belongs to the operation


class BnnRowParameters(RowParameters):
    analysis: Literal["dc", "tran"] | None = option(None, "operating point, or transient; dc if not given, tran with boost")

    @property
    def dynamic(self) -> bool:
        """Whether the analysis is a transient."""
        return self.analysis == "tran" or (self.analysis is None and self.boost > 0)

    @model_validator(mode="after")
    def _analysis_fits(self) -> Self:
        if self.analysis == "dc" and self.boost:
            raise ValueError(f"analysis: dc given with boost={self.boost}; allowed: tran, a lift is a transient")
        if self.dynamic and self.access == "ideal":
            raise ValueError("access: ideal given for a transient; allowed: nmos, ideal switches have no drivers to switch on")
        return self


class BnnRow(RowBench[BnnRowParameters]):
    name = "stt-bnn-row"
    summary = "row of an STT-MRAM binary network: source-line voltage against matches, settling, energy, boosting"
    template = "benches/stt-bnn-row.cir.j2"

    @functools.cached_property
    def copies(self) -> dict[str, list[Cell]]:
        """The row (a), and with the same devices the row with one input turned (b)."""
        return {"a": self.cells, "b": turned(self.cells)}

    @property
    def turned_cell(self) -> int:
        """Index of the cell whose input differs between the copies."""
        return next(a.index for a, b in zip(self.copies["a"], self.copies["b"], strict=True) if a.input != b.input)

    def points(self) -> tuple[VariationPoint, ...]:
        return tuple(self.cell_points() + (self.sense_points() if self.p.dynamic else []))

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "dynamic": self.p.dynamic,
            "copies": self.copies,
            "cells": self.cells,
            "turned": self.turned_cell,
        }

    def analysis(self) -> Analysis:
        last = self.p.n - 1
        save = [f"v(sla_{last})", f"v(slb_{last})", "i(vhigha)"]
        if self.p.data == "trial":
            save += ["v(matches)", f"v(match_{self.turned_cell})"]
        if not self.p.dynamic:
            return DcAnalysis(save=tuple(save))
        supplies = [
            "i(vgatea)",
            "i(vword)",
            *(["i(vctl)"] if self.sense_devices() else []),
            *(["i(vlifta)"] if self.p.boost else []),
        ]
        return LongTranAnalysis(
            save=(f"v(wla_{SECTIONS})", "v(outa)", "v(outb)", *save, *supplies),
            step=50e-12,
            stop=self.t_ready + RECOVERY,
            options={"chgtol": 1e-17},
        )

    def measures(self) -> tuple[Measure, ...]:
        n1, sign = self._matches()
        if not self.p.dynamic:
            line, i_row = v(f"sla_{self.p.n - 1}"), i("vhigha")
            lsb = (v(f"slb_{self.p.n - 1}") - line) * sign
            return self._common(line, lsb, n1, i_row, i_row * self.p.v_high * self.p.t_row)
        sl_a, sl_b = (At(v(f"sl{tag}_{self.p.n - 1}"), self.t_sample) for tag in self.copies)
        out_a, out_b = (At(v(f"out{tag}"), self.t_ready) for tag in self.copies)
        lsb = (sl_b - sl_a) * sign
        # a mean: at a single point the trapezoidal rule is off by up to 1 %
        current = Integral(i("vhigha"), self.t_sample - self.p.t_row / 4, self.t_sample) / (self.p.t_row / 4)
        # of a node that tends to 1, whose rounding the values of t_settle have
        tending = 1 + (v("outa") - At(v("outa"), self.t_sample)) / lsb
        e_row = energy("vhigha", self.p.v_high)
        e_wordline, e_drivers = energy("vword", self.v_wl), energy("vgatea", self.vdd)
        e_sense = energy("vctl", self.vdd) if self.sense_devices() else Number(0.0)
        if self.p.boost:
            e_sense = e_sense + energy("vlifta", self.p.v_lift)
        return (
            *self._common(sl_a, lsb, n1, current, e_row),
            Measure(
                "t_settle",
                "s",
                "from switching on until the sense node stays within LSB/2",
                Settling(abs(tending - 1), 0.5, stop=self.t_sample) - START,
                limits=Limits("raise t_row", high=LATEST * self.p.t_row),
            ),
            Measure("v_out", "V", "sense node, isolated and lifted", out_a),
            Measure(
                "gain",
                "",
                "of the sense node: change of v_out over change of v_sl for one match more",
                (out_b - out_a) / (sl_b - sl_a),
            ),
            Measure("e_wordline", "J", "word line", e_wordline),
            Measure("e_drivers", "J", "gates of the bit lines' drivers, this row's share", e_drivers),
            Measure("e_sense", "J", "isolation switch and lifting capacitors with their gates", e_sense),
            Measure("e_total", "J", "the four energies together", total([e_row, e_wordline, e_drivers, e_sense])),
        )

    def _matches(self) -> tuple[Node, Node]:
        """Matching cells, and the sign of what the turned input adds."""
        if self.p.data != "trial":
            return Number(sum(cell.match for cell in self.cells)), Number(1 - 2 * self.cells[self.turned_cell].match)
        mean, match = v("matches"), v(f"match_{self.turned_cell}")
        if self.p.dynamic:
            return floor(First(mean) * self.p.n + 0.5), 1 - 2 * floor(First(match) + 0.5)
        return floor(mean * self.p.n + 0.5), 1 - 2 * floor(match + 0.5)

    def _common(self, v_sl: Node, lsb: Node, n1: Node, i_row: Node, e_row: Node) -> tuple[Measure, ...]:
        """What both analyses measure."""
        return (
            Measure("v_sl", "V", "source line at the amplifier", v_sl),
            Measure("lsb", "V", "what one match more adds to it: the same row with one input turned", lsb),
            Measure("n1", "", "matching cells", n1),
            Measure("i_row", "A", "current from the rail V_H; in a transient the mean of the last quarter of t_row", i_row),
            Measure("e_row", "J", "energy from the rail V_H while the row is on (t_row)", e_row),
        )

    def panels(self) -> tuple[Panel, ...]:
        return (
            Panel("word line", "V", {f"v(wla_{SECTIONS})": "WL, far end"}),
            Panel("source line", "V", {f"v(sla_{self.p.n - 1})": "SL", "v(outa)": "sense node"}),
            Panel("rail V_H", "A", {"i(vhigha)": "current"}),
        )
