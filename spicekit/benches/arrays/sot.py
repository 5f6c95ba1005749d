"""An array of 2T1R SOT-MRAM cells with the wires and drivers of its lines: read and write of a cell anywhere in it.

In a read a mirror pushes the read current into each accessed RBL; in a write the driver's transistor joins each accessed WBL to
V_WP or V_WN, as in sot-write.  All other lines of the columns, and the source lines, are held at 0 V by an NMOS each.
"""

from __future__ import annotations

from typing import Any

from spicekit.analysis import Analysis, LongTranAnalysis
from spicekit.bench import Panel
from spicekit.benches.arrays.array import ArrayAnalysis, ArrayBench, ArrayParameters
from spicekit.benches.arrays.layout import Wire
from spicekit.benches.junction.switching import check_stop, switching
from spicekit.benches.sot.column import Access, Mirror
from spicekit.benches.sot.write_path import START, Pulse, current_sign
from spicekit.errors import UserError
from spicekit.measures import At, Final, First, Integral, Node, i, maximum, v
from spicekit.measures.measure import Margin, Measure
from spicekit.parameters import Group, channel_width, quantity
from spicekit.point import VariationPoint
from spicekit.rails import Item, RailSupply, Spent, check_rails


class Wires(Group):
    # those of sot-sense: 45 nm local wires, 4.2 ohm/um and 0.26 fF/um (CACTI 7, tech_params/45nm.dat, conservative); chosen
    # pitches, 0.36 um along the columns and 0.65 um along the rows; a word line has its gates in the netlist
    r_bl: float = quantity(1.5, "ohm", "resistance of RBL, and of WBL, a cell", ge=1e-3, le=1e4)
    c_bl: float = quantity(
        0.09e-15, "F", "wire capacitance of RBL, and of WBL, a cell; the transistors are in the netlist", ge=0, le=1e-12
    )
    r_sl: float | None = quantity(
        None, "ohm", "resistance of SL a cell; that of WBL, or of a word line if along the rows, if not given", ge=1e-3, le=1e4
    )
    r_word: float = quantity(2.7, "ohm", "resistance of RWL, and of WWL, a cell", ge=1e-3, le=1e4)
    c_word: float = quantity(0.17e-15, "F", "wire capacitance of RWL, and of WWL, a cell", ge=0, le=1e-12)


class SotArrayParameters(Wires, Mirror, Access, Pulse, ArrayParameters, RailSupply):
    w_driver: float = channel_width(8e-6, "width of the NMOS that drive, or hold at 0 V, the lines of a column and SL", le=1e-3)
    i_read: float = quantity(10e-6, "A", "read current into each accessed RBL", ge=1e-12, le=1e-3)
    t_sense: float = quantity(1e-9, "s", "time for which the read current flows, for the energy", ge=1e-12, le=1e-3)
    step: float | None = quantity(None, "s", "largest time step; 0.06 rad of the precession if not given", ge=1e-14, le=1e-9)


class SotArray(ArrayBench[SotArrayParameters]):
    name = "sot-array"
    summary = "array of 2T1R SOT-MRAM cells: read and write anywhere in it, drops along the lines, half-selected cells"
    template = "benches/sot-array.cir.j2"

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if not self.junction.card.three_terminal:
            raise UserError(f"bench '{self.name}': parameter device: '{self.p.device}' has no rail; give a SOT card")
        check_stop(self.name, self.t_stop, START + self.p.t_pulse)
        if self.writes:
            check_rails(self.name, self.p, self.vdd, {self.write_rail: self.sign * self.p.v_write})

    @property
    def t_stop(self) -> float:
        """End of a write's simulation in seconds."""
        return START + self.p.t_pulse + 1.5e-9 if self.p.t_stop is None else self.p.t_stop

    @property
    def sign(self) -> int:
        """Sign of the rail current: positive flows from WBL into the head of the rail."""
        return current_sign(self.p, self.junction.numbers)

    @property
    def write_rail(self) -> str:
        """Name of the rail of a write."""
        return "V_WP" if self.sign > 0 else "V_WN"

    @property
    def l_access(self) -> float:
        """Length of the cell transistors in metres."""
        return self.technology.l_min if self.p.l_access is None else self.p.l_access

    def wires(self) -> list[Wire]:
        """All wires."""
        p = self.p
        along, r, c = (self.column_wires, p.r_bl, p.c_bl) if p.sl == "column" else (self.row_wires, p.r_word, p.c_word)
        lines = [wire for kind in ("rbl", "wbl") for wire in self.column_wires(kind, p.r_bl, p.c_bl)]
        words = [wire for kind in ("rwl", "wwl") for wire in self.row_wires(kind, p.r_word, p.c_word)]
        return [*words, *lines, *along("sl", r if p.r_sl is None else p.r_sl, c)]

    def context(self) -> dict[str, Any]:
        k = self.junction.numbers
        return super().context() | self.array_context() | {
            "l_access": self.l_access,
            "wires": self.wires(),
            "start": START,
            "end": START + self.p.t_pulse,
            "sign": self.sign,
            "r_rail": k.r_rail,
            "r_p": self.junction.r_p,
            "r_ap": self.junction.r_p * (1 + self.junction.tmr),
            "idle_states": {cell.tag: self.share_ap(cell) for cell in self.cells if not (cell.selected or cell.accessed)},
        }  # fmt: skip

    def points(self) -> tuple[VariationPoint, ...]:
        p, short = self.p, self.technology.l_min
        points: list[VariationPoint] = []
        for cell in self.varied:
            junction = self.junction if self.writes and cell.addressed else self.at_rest_junction
            points += junction.points(cell.tag)
            points += self.transistor(f"wr{cell.tag}", p.w_write, self.l_access)
            points += self.transistor(f"rd{cell.tag}", p.w_read, self.l_access)
        points += self.transistor("sl", p.w_driver, short)
        if self.writes:
            points += self.transistor("drv", p.w_driver, short)
        else:
            for branch in ("md", "mc"):
                points += self.transistor(branch, p.w_mirror, p.l_mirror, "pmos")
        return (*points, *self.data_points())

    @property
    def _ends(self) -> dict[str, str]:
        """Line -> the node at its driver."""
        cell = self.chosen
        lines = {kind: f"{kind}x_{cell.column.name}" for kind in ("rbl", "wbl")}
        return lines | {
            "sl": f"slx_{(cell.column if self.p.sl == 'column' else cell.row).name}",
            "rwl": f"rwlx_{cell.row.name}",
            "wwl": f"wwlx_{cell.row.name}",
        }

    def _drops(self, kinds: tuple[str, ...], now: Any, when: str) -> tuple[Measure, ...]:
        tag = self.chosen.tag
        return tuple(
            Measure(
                f"drop_{kind}", "V", f"drop along the wire of {kind.upper()} up to the cell, {when}",
                now(abs(v(self._ends[kind]) - v(f"{kind}_{tag}"))),
            )
            for kind in kinds
        )  # fmt: skip

    def _half(self, now: Any) -> Node:
        """Largest current in A of a half-selected cell; ``now`` makes a number of a vector."""
        return self.largest({cell: now(i(f"vm_{cell.tag}")) for cell in self.half_selected})

    def analysis(self) -> Analysis:
        if not self.writes:
            return ArrayAnalysis(save=self.vectors(), inner=("vcell", 0, 1, 1))
        return LongTranAnalysis(
            save=tuple(dict.fromkeys((*self.vectors(), "v(mx)", "v(my)", "v(mz)", f"v(wwl_{self.chosen.tag})"))),
            step=self.junction.step if self.p.step is None else self.p.step,
            stop=self.t_stop,
        )

    def measures(self) -> tuple[Measure, ...]:
        return self._write_measures() if self.writes else self._read_measures()

    def _read_measures(self) -> tuple[Measure, ...]:
        tag = self.chosen.tag
        line, cell = v(self._ends["rbl"]), i(f"vm_{tag}")
        volts = v(f"top_{tag}") - v(f"mid_{tag}")
        supply = -(i("vdd_diode") + i("vdd_mirror")) * (self.vdd * self.p.t_sense)
        return (
            Measure("v_p", "V", "RBL voltage at the mirror, cell parallel", First(line)),
            Measure("v_ap", "V", "the same, antiparallel", Final(line)),
            Measure("dv", "V", "read signal, v_ap - v_p", Final(line) - First(line)),
            Measure("i_cell_p", "A", "current through the junction, parallel", First(cell)),
            Measure("i_cell_ap", "A", "the same, antiparallel", Final(cell)),
            Measure("i_leak", "A", "current of the other cells on RBL together, cell antiparallel", Final(self.leak)),
            Measure("v_mtj_p", "V", "voltage over the junction, parallel", First(volts)),
            Measure("v_mtj_ap", "V", "the same, antiparallel", Final(volts)),
            *self._drops(("rbl", "sl", "rwl"), First, "cell parallel"),
            Measure(
                "i_half", "A", "largest junction current of a half-selected cell, in either state of the read one",
                maximum(self._half(First), self._half(Final)),
            ),
            Measure("e_p", "J", "energy from the supply of the chosen column's mirror in t_sense, parallel", First(supply)),
            Measure("e_ap", "J", "the same, antiparallel", Final(supply)),
        )  # fmt: skip

    def _write_measures(self) -> tuple[Measure, ...]:
        middle = START + self.p.t_pulse / 2
        tag = self.chosen.tag
        rail, volts = i(f"vm_{tag}"), v(f"head_{tag}") - v(f"sl_{tag}")

        def now(x: Node) -> Node:
            return At(x, middle)

        i_write, i_half = now(abs(rail)), self._half(now)
        line = Item.of("line", "WBLs and rails of the cells", self.sign * self.p.v_write, -i("vsupply"), rail=self.write_rail)
        word = Item.of("wl", "word lines", self.vdd, -(i("vdd_wwl") + i("vdd_rwl")))
        spent = Spent(self.p, self.vdd, (line, word))
        return (
            *switching(self.easy_axis, START, self.t_stop, "raise t_pulse or v_write"),
            Measure("i_write", "A", "rail current in the middle of the pulse, magnitude", i_write),
            Measure("v_rail", "V", "voltage over the rail then", now(abs(volts))),
            *self._drops(("wbl", "sl", "wwl"), now, "in the middle of the pulse"),
            Measure("i_leak", "A", "rail current of the other cells on WBL together then", now(abs(self.leak))),
            Measure("i_half", "A", "largest rail current of a half-selected cell then", i_half),
            Measure("share_half", "", "of the write current, i_half / i_write", i_half / i_write),
            Measure(
                "e_write", "J", "energy from all supplies for the whole write", spent.energy,
            ),
            Measure("e_rail", "J", "of it, dissipated in the cell's rail", Integral(rail * volts)),
            *spent.measures("energy of the whole write"),
        )  # fmt: skip

    def margins(self) -> tuple[Margin, ...]:
        return () if self.writes else (Margin("read", low="v_p", high="v_ap"),)

    def works(self) -> str:
        return "switched > 0.5" if self.writes else ""

    def panels(self) -> tuple[Panel, ...]:
        if not self.writes:
            return super().panels()
        tag = self.chosen.tag
        return (
            Panel("magnetisation", "", {"v(mx)": "m_x", "v(my)": "m_y", "v(mz)": "m_z"}),
            Panel("lines at the cell", "V", {f"v(wwl_{tag})": "WWL", f"v(wbl_{tag})": "WBL", f"v(sl_{tag})": "SL"}),
            Panel("rail current", "A", {f"i(vm_{tag})": "into the head of the rail"}),
        )
