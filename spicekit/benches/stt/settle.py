"""Settling of a 1T1MTJ read: word-line and bit-line drivers, the lines' RC, and the time until the cell current is there.

A cell at the far end of its bit line and word line, in both states side by side.  At ``START`` the word-line driver rises and
the bit-line driver joins the line to the read supply; the simulation ends after ``t_read``.

The step of 50 ps puts every measure within 1 % of one ten times finer (see the tests).  That takes a ``chgtol`` far below
ngspice's 1e-14 C, more than the charge of a node here: with the default the trapezoidal rule rings, and t_ap is off by 16 %.
"""

from __future__ import annotations

from typing import Any

from spicekit.analysis import Analysis, TranAnalysis
from spicekit.bench import Panel
from spicekit.benches.stt.cell import V_READ, CellParameters, SttCell
from spicekit.limits import Limits
from spicekit.measures import Final, Integral, Settling, i, maximum
from spicekit.measures.measure import Measure
from spicekit.parameters import channel_width, quantity, voltage
from spicekit.point import VariationPoint

START = 0.2e-9  # s, both lines begin to rise
BAND = 0.01  # settled is within this fraction of the final current
# of a window: what settles later has not reached its final value when the window ends, so that it is not known when it does
LATEST = 0.8


class SettleParameters(CellParameters):
    v_read: float = voltage(V_READ, "bit-line supply of a read", ge=1e-3, le=2)
    t_read: float = quantity(5e-9, "s", "time from the start to the end of the read", gt=1e-10, le=1e-6)
    rows: int = quantity(128, "", "cells on the bit line; the unselected ones load it", ge=1, le=4096)
    columns: int = quantity(128, "", "cells on the word line", ge=1, le=4096)
    # CACTI 7's local wires, 4.2 ohm/um at 45 nm (tech_params/45nm.dat, conservative) times (45/65)^2, and 0.26 fF/um at any
    # node; cell of 3 F along BL and W + F along WL (see docs/tables.md): 0.195 um and 0.365 um
    r_cell: float = quantity(0.39, "ohm", "resistance of BL a cell", ge=1e-3, le=1e4)
    c_cell: float = quantity(0.05e-15, "F", "wire capacitance of BL a cell; the transistors are in the netlist", ge=0, le=1e-12)
    r_word: float = quantity(0.73, "ohm", "resistance of WL a column", ge=1e-3, le=1e4)
    c_word: float = quantity(0.095e-15, "F", "wire capacitance of WL a column; the gates are in the netlist", ge=0, le=1e-12)
    sections: int = quantity(2, "", "pi sections of BL", ge=1, le=64)
    w_driver: float = channel_width(2e-6, "width of the NMOS of the drivers; PMOS of the word line's twice that", le=1e-4)
    step: float = quantity(5e-12, "s", "largest time step", ge=1e-14, le=1e-9)


class SttSettle(SttCell[SettleParameters]):
    name = "stt-settle"
    summary = "read of one 1T1MTJ cell through its drivers and lines: settling time and energy of both states"
    template = "benches/stt-settle.cir.j2"
    at_rest = True
    deadline = "t_settle"

    @property
    def t_stop(self) -> float:
        """End of the simulation in seconds."""
        return START + self.p.t_read

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "start": START,
            "l_min": self.technology.l_min,
            "r_p": self.junction.r_p,
        }

    def points(self) -> tuple[VariationPoint, ...]:
        access = self.transistor("c0", self.p.w_access, self.l_access)
        return (*self.junction.points("c0"), *access, *self.transistor("drv", self.p.w_driver, self.technology.l_min))

    def analysis(self) -> Analysis:
        save = [
            vector
            for state in ("p", "ap")
            for vector in (
                f"v(wl_{state})",
                f"v(bl_{state})",
                f"i(vcell_{state})",
                f"i(vsupply_{state})",
                f"i(vdd_bl_{state})",
                f"i(vdd_wl_{state})",
            )
        ]
        return TranAnalysis(save=tuple(save), step=self.p.step, stop=self.t_stop, options={"chgtol": 1e-17})

    def measures(self) -> tuple[Measure, ...]:
        window = Limits("raise t_read", high=LATEST * self.p.t_read)
        current = {state: i(f"vcell_{state}") for state in ("p", "ap")}
        t_p, t_ap = (Settling(abs(wave / Final(wave) - 1), BAND) - START for wave in current.values())
        word = {state: Integral(i(f"vdd_wl_{state}")) * -self.vdd for state in current}
        e_p, e_ap = (
            Integral(i(f"vsupply_{state}")) * -self.p.v_read
            + Integral(i(f"vdd_bl_{state}")) * -self.vdd
            + word[state] / self.p.columns
            for state in current
        )
        return (
            Measure(
                "t_p", "s", "from the start until the current stays within 1 % of its final value, parallel", t_p, limits=window
            ),
            Measure("t_ap", "s", "the same, antiparallel", t_ap, limits=window),
            Measure("t_settle", "s", "the longer of t_p and t_ap", maximum(t_p, t_ap), limits=window),
            Measure("i_p", "A", "cell current at the end, parallel", Final(current["p"])),
            Measure("i_ap", "A", "cell current at the end, antiparallel", Final(current["ap"])),
            Measure("e_p", "J", "energy of the read: bit line, its driver, a column's share of e_wl; parallel", e_p),
            Measure("e_ap", "J", "the same, antiparallel", e_ap),
            Measure("e_wl", "J", "energy of the word line, which serves all columns", word["ap"]),
        )

    def panels(self) -> tuple[Panel, ...]:
        return (
            Panel("word line", "V", {"v(wl_p)": "WL at the cell"}),
            Panel("bit line", "V", {"v(bl_p)": "P, at the cell", "v(bl_ap)": "AP"}),
            Panel("cell current", "A", {"i(vcell_p)": "P", "i(vcell_ap)": "AP"}),
        )
