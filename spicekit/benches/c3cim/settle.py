"""One MAC of the constant-current column as a transient: settling of the column, sample-and-hold, energy with its parts.

The current flows; nothing is selected (all cells bypassed) when, at ``START``, the row drivers switch the gates of the selected
cells.  The column charges through its own cells, some megohm, until the sample-and-hold lets go after ``t_mac``; the column is
followed for as long again, which gives the value that it settles to, and then the rows switch back.  The rows of all selected
cells see the same edges, so one pair of drivers, as wide as all of theirs, stands for them; they serve ``columns`` columns.

The largest step of ``t_mac``/50 puts t_settle, the sampled voltages and the energies within 0.3 % of those of a ten times finer
one (see the tests).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import model_validator

from spicekit.analysis import Analysis, TranAnalysis
from spicekit.bench import Panel
from spicekit.benches.c3cim.column import C3cimBench, C3cimParameters
from spicekit.limits import Limits
from spicekit.measures import At, Node, Number, Settling, energy, maximum, v
from spicekit.measures.measure import Measure
from spicekit.parameters import channel_width, option, quantity
from spicekit.point import VariationPoint
from spicekit.units import format_value

START = 5e-9  # s, the row drivers switch
EDGE = 20e-12  # s, at the inputs of the drivers
REST = 10e-9  # s, from the rows' switching back to the end
DROOP = 5e-9  # s, from the sample to the reading of the held voltage
QUIET = 0.2  # of t_mac, its end, in which the row drivers do nothing but leak
ROWS = {"return": "t_mac with its edges, and the edges back", "hold": "t_mac, and an edge of half of the rows"}
CARRIED = 0.9  # of i_col; a column that carries less, in the mean of t_mac, says so


class C3cimSettleParameters(C3cimParameters):
    # wires as those of r_cell; a row is 0.65 um a column
    c_cell: float = quantity(0.094e-15, "F", "wire capacitance of the column a cell", ge=0, le=1e-12)
    c_memory: float = quantity(0.05e-15, "F", "capacitance of a memory with its contact, at its transistor", ge=0, le=1e-12)
    c_word: float = quantity(0.17e-15, "F", "wire capacitance of each of a row's two lines a column", ge=0, le=1e-12)
    w_driver: float = channel_width(200e-9, "width of the NMOS of each row driver; PMOS twice that", le=1e-4)
    rows: Literal["return", "hold"] = option(
        "return",
        "gates of a row: back to bypass after each MAC; or held until the input changes: half of the rows if random, one edge",
    )
    w_sample: float = channel_width(120e-9, "width of the sampling switch's NMOS, and of its drivers", le=1e-5)
    w_sample_p: float | None = channel_width(
        None, "width of the sampling switch's PMOS, whose gate couples against the NMOS's; w_sample if not given", le=1e-5
    )

    @model_validator(mode="after")
    def _one_reading(self) -> Self:
        if self.data != "given":
            raise ValueError(f"data: {self.data} given; allowed: given, a transient reads its data once")
        if self.transfer:
            raise ValueError(f"transfer: {self.transfer} given; allowed: 0, a transient is one reading")
        return self


class C3cimSettle(C3cimBench[C3cimSettleParameters]):
    name = "c3cim-settle"
    summary = "one MAC of the constant-current column in time: settling, sample-and-hold, energy with its parts"
    template = "benches/c3cim-settle.cir.j2"

    @property
    def n_hrs(self) -> int:
        """Number of selected cells in HRS; all of them, the slowest, if not given."""
        return self.n_sel if self.p.n_hrs is None and self.p.weights is None else super().n_hrs

    @property
    def t_sample(self) -> float:
        """When the sample-and-hold lets go, s."""
        return START + self.p.t_mac

    @property
    def t_read(self) -> float:
        """When the held voltage is read, in s."""
        return self.t_sample + DROOP

    @property
    def t_back(self) -> float:
        """When the rows switch back, s."""
        return START + 2 * self.p.t_mac

    def context(self) -> dict[str, Any]:
        gates = [("wl", "wlb") if on else ("0", "gate") for on in self.selected]
        times = {"start": START, "edge": EDGE, "l_min": self.technology.l_min}
        return super().context() | times | {"gates": gates}

    def points(self) -> tuple[VariationPoint, ...]:
        return tuple(self.column_points())

    def analysis(self) -> Analysis:
        middle = f"v(d_{self.p.n // 2})"
        bias = ("i(vdd_bias)",) if self.p.driver == "cascode" else ()
        save = ("v(wl)", "v(wlb)", "v(d_top)", middle, "v(hold)", "v(sh)", "i(vi_d)", "i(vdd_d)", "i(vdd_gate)", "i(vdd_sample)")
        return TranAnalysis(
            save=(*save, *bias), step=self.p.t_mac / 50, stop=self.t_back + REST, reltol=1e-4, options={"chgtol": 1e-18}
        )  # fmt: skip

    def measures(self) -> tuple[Measure, ...]:
        column, step = v("d_top"), self.p.i_col * self.memory.numbers.step
        final, sample, hold = At(column, self.t_back), At(column, self.t_sample), At(v("hold"), self.t_read)
        before = self.t_sample * (1 + 1e-9)  # the switch that lets go moves the column, too
        t_settle = maximum(Settling(abs(column - final), step / 2, stop=before) - START, 0.0)  # 0: it moved by less
        e_column = energy("vdd_d", self.v_column, START, self.t_sample)
        e_driver: Node = Number(0.0)
        if self.p.driver == "cascode":
            e_driver = energy("vdd_bias", self.v_column, START, self.t_sample) / self.p.columns
        e_gates = self.rows() / self.p.columns
        e_convert = Number(self.e_convert)
        e_readout = energy("vdd_sample", self.vdd, START, self.t_read) + e_convert
        return (
            Measure(
                "t_settle",
                "s",
                "until the column stays within half a step of v_final, before the sample",
                t_settle,
                limits=Limits("raise t_mac", high=self.p.t_mac, event=True),
            ),
            Measure("settled", "", "1 if that is before the sample", t_settle < self.p.t_mac, fraction=True),
            Measure("v_final", "V", "column voltage after 2 t_mac", final),
            Measure("v_sample", "V", "column voltage at the sample", sample),
            Measure("residual", "", "v_sample - v_final, in steps", (sample - final) / step),
            Measure("v_hold", "V", "held voltage, 5 ns later", hold),
            Measure(
                "pedestal",
                "",
                "v_hold - v_sample, in steps: injection of the switch; it is nearly linear in v_sample: offset and gain",
                (hold - sample) / step,
            ),
            Measure("e_mac", "J", "energy of a MAC: the three below", e_column + e_driver + e_gates),
            Measure("e_column", "J", "column current, t_mac long", e_column),
            Measure("e_driver", "J", "this column's share of the bias, t_mac long", e_driver),
            Measure("e_gates", "J", f"this column's share of the row drivers: {ROWS[self.p.rows]}", e_gates),
            Measure("e_readout", "J", "read-out, apart: switch of the sample-and-hold and converter", e_readout),
            Measure("e_convert", "J", "of it, the converter: (n + 1) e_level", e_convert),
        )

    def rows(self) -> Node:
        """Energy of the drivers of all rows in a MAC, in J."""
        p = self.p
        there = energy("vdd_gate", self.v_gate, START, self.t_sample)
        back = energy("vdd_gate", self.v_gate, self.t_back, self.t_back + REST)
        if p.rows == "return":
            return there + back
        leaked = energy("vdd_gate", self.v_gate, self.t_sample - QUIET * p.t_mac, self.t_sample) / QUIET  # in t_mac
        edges = there + back - leaked * (1 + REST / p.t_mac)  # two of each selected row
        return (edges / 4 + leaked) * (p.n / self.n_sel)

    def notes(self, measures: Mapping[str, float]) -> tuple[str, ...]:
        if measures["e_column"] is None:
            return ()
        drawn = measures["e_column"] / (self.v_column * self.p.t_mac)
        if drawn >= CARRIED * self.p.i_col:
            return ()
        current, given, level = (format_value(x, u) for x, u in ((drawn, "A"), (self.p.i_col, "A"), (measures["v_final"], "V")))
        return (
            f"headroom: the column at {level} carries {current} of i_col = {given}: raise vdd or v_gate, or take fewer cells",
        )

    def signal(self, tag: str) -> Node:
        """Column voltage in V."""
        return v(f"{tag}_top")

    def panels(self) -> tuple[Panel, ...]:
        middle = self.p.n // 2
        return (
            Panel("gates", "V", {"v(wl)": "selected: series", "v(wlb)": "selected: bypass", "v(sh)": "sample"}),
            Panel("column", "V", {"v(d_top)": "top", f"v(d_{middle})": f"cell {middle}", "v(hold)": "held"}),
            Panel("current", "A", {"i(vi_d)": "driver into the column"}),
        )

    def subtitle(self) -> str:
        return f"{self.memory.name}, {self.n_hrs} of {self.n_sel} selected cells in HRS"
