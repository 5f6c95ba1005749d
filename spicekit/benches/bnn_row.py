"""`stt-bnn-row`: the row of :mod:`spicekit.benches.bnn_array` as an operating point and as a transient with boosting.

A second copy of the row on the same devices, with one input turned, shows what one match adds.

Transient: word line and bit lines are switched on together; t_row later the sense node is isolated, and the row is switched off
while the node is lifted (boost) and read.  Nodes hold some fF, so ``chgtol`` is far below ngspice's 1e-14 C.  A step of 50 ps at
reltol 1e-4, against 2 ps at reltol 1e-5, chgtol 1e-18 and trtol 1 (128 cells, 90 matches, boost 2): v_sl and v_out within 2 uV
(LSB/700), lsb, gain and e_row within 0.01 %, e_wordline and e_drivers 0.05 %, e_sense 0.2 %, t_settle 0.1 %.  At reltol 1e-3
v_out is 0.1 mV off, and where the row is on for 2 ns the trapezoidal rule then rings by half an LSB, which spoils t_settle.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
from pydantic import model_validator

from spicekit.analysis import Analysis, DcAnalysis, LongTranAnalysis
from spicekit.bench import Measure, Panel, VariationPoint, option
from spicekit.benches.bnn_array import SECTIONS, START, RowBench, RowParameters
from spicekit.benches.bnn_data import Cell, turned
from spicekit.benches.stt_settle import LATEST, settled
from spicekit.crossing import integral, value_at
from spicekit.limits import Limits
from spicekit.waves import Array, Waves

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


class BnnRow(RowBench):
    name = "stt-bnn-row"
    summary = "row of an STT-MRAM binary network: source-line voltage against matches, settling, energy, boosting"
    template = "benches/stt-bnn-row.cir.j2"
    Parameters = BnnRowParameters

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
        common = (
            Measure("v_sl", "V", "source line at the amplifier"),
            Measure("lsb", "V", "what one match more adds to it: the same row with one input turned"),
            Measure("n1", "", "matching cells"),
            Measure("i_row", "A", "current from the rail V_H; in a transient the mean of the last quarter of t_row"),
            Measure("e_row", "J", "energy from the rail V_H while the row is on (t_row)"),
        )
        if not self.p.dynamic:
            return common
        return (
            *common,
            Measure(
                "t_settle",
                "s",
                "from switching on until the sense node stays within LSB/2",
                limits=Limits("raise t_row", high=LATEST * self.p.t_row),
            ),
            Measure("v_out", "V", "sense node, isolated and lifted"),
            Measure("gain", "", "of the sense node: change of v_out over change of v_sl for one match more"),
            Measure("e_wordline", "J", "word line"),
            Measure("e_drivers", "J", "gates of the bit lines' drivers, this row's share"),
            Measure("e_sense", "J", "isolation switch and lifting capacitors with their gates"),
            Measure("e_total", "J", "the four energies together"),
        )

    def evaluate(self, waves: Waves) -> Mapping[str, Array | float]:
        last = self.p.n - 1
        a, b, current = waves(f"v(sla_{last})"), waves(f"v(slb_{last})"), waves("i(vhigha)")
        if self.p.data == "trial":
            n1: Array | float = np.round(waves("v(matches)") * self.p.n)
            sign: Array | float = 1 - 2 * np.round(waves(f"v(match_{self.turned_cell})"))
        else:
            n1, sign = (sum(cell.match for cell in self.cells), 1 - 2 * self.cells[self.turned_cell].match)
        if not self.p.dynamic:
            energy = current * self.p.v_high * self.p.t_row
            return {"v_sl": a, "lsb": (b - a) * sign, "n1": n1, "i_row": current, "e_row": energy}
        return self._transient(waves, n1, sign)

    def panels(self) -> tuple[Panel, ...]:
        return (
            Panel("word line", "V", {f"v(wla_{SECTIONS})": "WL, far end"}),
            Panel("source line", "V", {f"v(sla_{self.p.n - 1})": "SL", "v(outa)": "sense node"}),
            Panel("rail V_H", "A", {"i(vhigha)": "current"}),
        )

    def _transient(self, waves: Waves, n1: Array | float, sign: Array | float) -> dict[str, float]:
        time, last = waves("time"), self.p.n - 1
        sl_a, sl_b = (value_at(time, waves(f"v(sl{tag}_{last})"), self.t_sample) for tag in self.copies)
        out_a, out_b = (value_at(time, waves(f"v(out{tag})"), self.t_ready) for tag in self.copies)
        lsb = (sl_b - sl_a) * float(np.ravel(sign)[0])
        on = time <= self.t_sample
        distance = (waves("v(outa)")[on] - value_at(time, waves("v(outa)"), self.t_sample)) / lsb
        e_sense = self._energy(waves, "vctl", self.vdd) + self._energy(waves, "vlifta", self.p.v_lift)
        e = {
            "e_row": self._energy(waves, "vhigha", self.p.v_high),
            "e_wordline": self._energy(waves, "vword", self.v_wl),
            "e_drivers": self._energy(waves, "vgatea", self.vdd),
            "e_sense": e_sense,
        }
        return {
            "v_sl": sl_a,
            "lsb": lsb,
            "n1": float(np.ravel(n1)[0]),
            # a mean: at a single point the trapezoidal rule is off by up to 1 %
            "i_row": integral(time, waves("i(vhigha)"), self.t_sample - self.p.t_row / 4, self.t_sample) / (self.p.t_row / 4),
            "t_settle": settled(time[on], 1 + distance, 0.5) - START,
            "v_out": out_a,
            "gain": (out_b - out_a) / (sl_b - sl_a),
            **e,
            "e_total": sum(e.values()),
        }

    def _energy(self, waves: Waves, supply: str, voltage: float) -> float:
        """Energy in J from a supply; 0 if the row has none of this name."""
        vector = f"i({supply})"
        return integral(waves("time"), waves(vector)) * voltage if vector in waves.vectors else 0.0
