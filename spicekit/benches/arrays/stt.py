"""An array of 1T1MTJ cells with the wires and drivers of its lines: read and write of a cell anywhere in it.

In a read the accessed bit lines are joined to the read supply by their drivers' NMOS, all other lines of the columns are held at
0 V; in a write each bit line and each source line has an inverter.  Source lines along the rows are common to the cells of a row:
where one is high for a write, the bit lines that are not accessed go high with it, so that they do not write.
"""

from __future__ import annotations

import functools
from typing import Any, Literal, Self

import numpy as np
from pydantic import model_validator

from spicekit.analysis import Analysis, LongTranAnalysis
from spicekit.bench import Panel
from spicekit.benches.arrays.array import ArrayAnalysis, ArrayBench, ArrayParameters
from spicekit.benches.arrays.layout import Wire
from spicekit.benches.junction.parameters import refuse_rail
from spicekit.benches.junction.switching import check_stop, switching
from spicekit.benches.stt.cell import V_READ, CellParameters
from spicekit.benches.stt.read import SttRead
from spicekit.benches.stt.write_path import START
from spicekit.measures import At, Final, First, Node, Python, i, maximum, v
from spicekit.measures.measure import Margin, Measure
from spicekit.parameters import Group, option, quantity, voltage
from spicekit.physics.mtj_numbers import MtjNumbers
from spicekit.point import VariationPoint
from spicekit.rails import Item, RailSupply, Spent, check_rails
from spicekit.waves import Array, Waves

T_WORD = 0.1e-9  # s, the word line's driver begins


class Wires(Group):
    # those of stt-settle: CACTI 7's local wires, 4.2 ohm/um at 45 nm (tech_params/45nm.dat, conservative) times (45/65)^2, and
    # 0.26 fF/um at any node; cell of 3 F along BL and SL and of W + F along WL: 0.195 um and 0.365 um
    r_bl: float = quantity(0.39, "ohm", "resistance of BL a cell", ge=1e-3, le=1e4)
    c_bl: float = quantity(0.05e-15, "F", "wire capacitance of BL a cell; the transistors are in the netlist", ge=0, le=1e-12)
    r_sl: float | None = quantity(
        None, "ohm", "resistance of SL a cell; that of BL, or of WL if along the rows, if not given", ge=1e-3, le=1e4
    )
    c_sl: float | None = quantity(None, "F", "wire capacitance of SL a cell; that of BL, or of WL, if not given", ge=0, le=1e-12)
    r_word: float = quantity(0.73, "ohm", "resistance of WL a cell", ge=1e-3, le=1e4)
    c_word: float = quantity(0.095e-15, "F", "wire capacitance of WL a cell; the gates are in the netlist", ge=0, le=1e-12)


class SttArrayParameters(Wires, CellParameters, ArrayParameters, RailSupply):
    access: Literal["nmos", "ideal"] = option("nmos", "cells and drivers: transistors, or ideal switches (read)")
    v_read: float = voltage(V_READ, "supply of the accessed bit lines in a read", ge=1e-3, le=2)
    t_read: float = quantity(5e-9, "s", "time of a read, for disturbance and energy", ge=1e-12, le=1e-3)
    direction: Literal["ap-p", "p-ap"] = option("ap-p", "written state: antiparallel to parallel, or back")
    t_pulse: float = quantity(10e-9, "s", "length of the write pulse at the drivers", gt=1e-11, le=1e-6)
    t_stop: float | None = quantity(
        None, "s", "end of a write's simulation; 2 ns after the pulse if not given", gt=1e-11, le=1e-5
    )
    v_wl: float | None = voltage(None, "word-line high level; the supply if not given", gt=0, le=5)
    step: float | None = quantity(None, "s", "largest time step; 0.12 rad of the precession if not given", ge=1e-14, le=1e-9)

    @model_validator(mode="after")
    def _access_fits(self) -> Self:
        if self.access == "ideal" and self.operation == "write":
            raise ValueError("access: ideal given with operation=write; allowed: nmos")
        return self


class SttArray(ArrayBench[SttArrayParameters]):
    name = "stt-array"
    summary = "array of 1T1MTJ cells: read and write anywhere in it, drops along the lines, half-selected cells"
    template = "benches/stt-array.cir.j2"

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        refuse_rail(self.name, self.p, self.junction)
        self.junction.field("p")  # one that the disturbance is not known of is said now
        check_stop(self.name, self.t_stop, START + self.p.t_pulse)
        if self.writes:
            check_rails(self.name, self.p, self.vdd, {"v_wl": self.v_wl})

    @property
    def t_stop(self) -> float:
        """End of a write's simulation in seconds."""
        return START + self.p.t_pulse + 2e-9 if self.p.t_stop is None else self.p.t_stop

    @property
    def v_wl(self) -> float:
        """Word-line high level in volts."""
        return self.vdd if self.p.v_wl is None else self.p.v_wl

    @property
    def l_access(self) -> float:
        """Length of the access transistors in metres."""
        return self.technology.l_min if self.p.l_access is None else self.p.l_access

    @property
    def from_bl(self) -> bool:
        """Whether the current of the addressed cells flows from BL to SL."""
        return not self.writes or (self.p.direction == "ap-p") == (self.p.free_to == "bl")

    def wires(self) -> list[Wire]:
        """All wires."""
        p = self.p
        along, r, c = (self.column_wires, p.r_bl, p.c_bl) if p.sl == "column" else (self.row_wires, p.r_word, p.c_word)
        source = along("sl", r if p.r_sl is None else p.r_sl, c if p.c_sl is None else p.c_sl)
        return [*self.row_wires("wl", p.r_word, p.c_word), *self.column_wires("bl", p.r_bl, p.c_bl), *source]

    def context(self) -> dict[str, Any]:
        return super().context() | self.array_context() | {
            "l_access": self.l_access,
            "v_wl": self.v_wl,
            "from_bl": self.from_bl,
            "wires": self.wires(),
            "start": START,
            "t_word": T_WORD,
            "end": START + self.p.t_pulse,
            "r_p": self.junction.r_p,
            "r_ap": self.junction.r_p * (1 + self.junction.tmr),
            "idle_states": {cell.tag: self.share_ap(cell) for cell in self.cells if not (cell.selected or cell.accessed)},
        }  # fmt: skip

    def points(self) -> tuple[VariationPoint, ...]:
        real, short = self.p.access == "nmos", self.technology.l_min
        points: list[VariationPoint] = []
        for cell in self.varied:
            junction = self.junction if self.writes and cell.addressed else self.at_rest_junction
            points += junction.points(cell.tag)
            points += self.transistor(cell.tag, self.p.w_access, self.l_access) if real else []
        if self.writes:
            for name in ("bl", "sl"):
                points += self.transistor(f"{name}n", self.p.w_driver, short)
                points += self.transistor(f"{name}p", 2 * self.p.w_driver, short, "pmos")
        elif real:
            points += [*self.transistor("bln", self.p.w_driver, short), *self.transistor("sln", self.p.w_driver, short)]
        return (*points, *self.data_points())

    # nodes and vectors of the chosen cell

    @property
    def _ends(self) -> dict[str, str]:
        """Line -> the node at its driver."""
        cell = self.chosen
        along_column = self.p.sl == "column"
        return {
            "bl": f"blx_{cell.column.name}",
            "sl": f"slx_{(cell.column if along_column else cell.row).name}",
            "wl": f"wlx_{cell.row.name}",
        }

    def _drop(self, kind: str) -> Node:
        """Voltage in V that is lost along the wire of a line."""
        return abs(v(self._ends[kind]) - v(f"{kind}_{self.chosen.tag}"))

    @property
    def _junction_voltage(self) -> Node:
        tag = self.chosen.tag
        return v(f"bl_{tag}") - v(f"n_{tag}")

    def _half(self, now: Any) -> Node:
        """Largest current in A of a half-selected cell; ``now`` makes a number of a vector."""
        return self.largest({cell: now(i(f"vm_{cell.tag}")) for cell in self.half_selected})

    def analysis(self) -> Analysis:
        if not self.writes:
            return ArrayAnalysis(save=self.vectors(), inner=("vcell", 0, 1, 1))
        return LongTranAnalysis(
            save=tuple(dict.fromkeys((*self.vectors(), "v(mx)", "v(my)", "v(mz)"))),
            step=2 * self.junction.step if self.p.step is None else self.p.step,
            stop=self.t_stop,
        )

    def measures(self) -> tuple[Measure, ...]:
        return self._write_measures() if self.writes else self._read_measures()

    def _read_measures(self) -> tuple[Measure, ...]:
        line, cell = i(f"vline_{self.chosen.column.name}"), i(f"vm_{self.chosen.tag}")
        volts, unit = self._junction_voltage, self.p.v_read * self.p.t_read
        risk = "ap" if self.p.free_to == "bl" else "p"
        own = tuple(name.format(self.chosen.tag) for name in ("i(vm_{})", "v(ra_{})", "v(tmr_{})", "v(cd_{})"))

        def flips(waves: Waves) -> Array:
            current, ra, tmr, cd = (waves(name)[risk == "ap" :: 2] for name in own)
            return self._readers(self.p.t_read)[0].disturb(current, ra, tmr, cd)

        disturb = Python(flips, own, "Fokker-Planck equation of the trial's own junction, as in stt-read")
        return (
            Measure("i_p", "A", "bit-line current at its driver, cell parallel", First(line)),
            Measure("i_ap", "A", "the same, antiparallel", Final(line)),
            Measure("di", "A", "read signal, i_p - i_ap", First(line) - Final(line)),
            Measure("i_cell_p", "A", "current of the cell alone, parallel", First(cell)),
            Measure("i_cell_ap", "A", "the same, antiparallel", Final(cell)),
            Measure("i_leak", "A", "current of the other cells on the bit line together, cell antiparallel", Final(self.leak)),
            Measure("v_mtj_p", "V", "voltage over the junction, parallel", First(volts)),
            Measure("v_mtj_ap", "V", "voltage over the junction, antiparallel", Final(volts)),
            *self._drops(First),
            Measure(
                "i_half", "A", "largest current of a half-selected cell, in either state of the read one",
                maximum(self._half(First), self._half(Final)),
            ),
            Measure("disturb", "", f"probability that the read flips the {risk.upper()} cell", disturb),
            self._disturb_half(self.p.t_read, "the read"),
            Measure("e_p", "J", "energy from the bit line in t_read, parallel", First(line) * unit),
            Measure("e_ap", "J", "the same, antiparallel", Final(line) * unit),
        )  # fmt: skip

    def _write_measures(self) -> tuple[Measure, ...]:
        early, end = START + 0.3e-9, START + self.p.t_pulse
        tag = self.chosen.tag
        cell = abs(i(f"vm_{tag}"))

        def now(x: Node) -> Node:
            return At(x, early)

        gate_source = v(f"wl_{tag}") - (v(f"sl_{tag}") if self.from_bl else v(f"n_{tag}"))
        lines = Item.of("lines", "BLs and SLs", self.vdd, -(i("vdd_bl") + i("vdd_sl")))
        word = Item.of("wl", "word lines", self.v_wl, -i("vdd_wl"), rail="" if self.p.v_wl is None else "V_WL")
        spent = Spent(self.p, self.vdd, (lines, word))
        return (
            *switching(self.easy_axis, START, self.t_stop, "raise t_pulse or v_wl"),
            Measure("i_start", "A", "cell current 0.3 ns into the pulse", now(cell)),
            Measure("i_end", "A", "cell current at the end of the pulse", At(cell, end)),
            Measure("v_gs", "V", "gate-source voltage of the access transistor 0.3 ns into the pulse", now(gate_source)),
            Measure("v_mtj", "V", "voltage over the junction 0.3 ns into the pulse", now(abs(self._junction_voltage))),
            *self._drops(now),
            Measure("i_leak", "A", "current of the other cells on the bit line together then", now(abs(self.leak))),
            Measure("i_half", "A", "largest current of a half-selected cell then", self._half(now)),
            self._disturb_half(self.p.t_pulse, "the pulse"),
            Measure(
                "e_write", "J", "energy from all supplies for the whole write", spent.energy,
            ),
            *spent.measures("energy of the whole write"),
        )  # fmt: skip

    def _drops(self, now: Any) -> tuple[Measure, ...]:
        when = "0.3 ns into the pulse" if self.writes else "cell parallel"
        return tuple(
            Measure(f"drop_{kind}", "V", f"drop along the wire of {kind.upper()} up to the cell, {when}", now(self._drop(kind)))
            for kind in ("bl", "sl", "wl")
        )

    def _disturb_half(self, time: float, what: str) -> Measure:
        names = tuple(f"i(vm_{cell.tag})" for cell in self.half_selected)
        counts = [cell.count for cell in self.half_selected]

        def found(waves: Waves) -> Array | float:
            if not names:
                return 0.0
            if self.writes:
                when = START + 0.3e-9
                currents = np.array([np.interp(when, waves("time"), waves(name)) for name in names])[:, None]
            else:
                currents = np.array([waves(name).reshape(-1, 2).T for name in names])  # cells, states, trials
            currents = currents.reshape(len(names), -1, currents.shape[-1]) / np.reshape(counts, (-1, 1, 1))
            worst = [np.maximum(sign * currents, 0).max(axis=(0, 1)) for sign in (1, -1)]
            nominal = np.array(self.junction.ra), np.array(self.junction.tmr), np.array(1.0)
            flips = [reader.disturb(i, *nominal) for reader, i in zip(self._readers(time), worst, strict=True)]
            highest = np.maximum(*flips)
            return float(highest[0]) if self.writes else highest

        definition = Python(
            found, names, "Fokker-Planck equation of a nominal junction at the largest current of either direction"
        )
        return Measure("disturb_half", "", f"probability that {what} flips the half-selected cell that is worst off", definition)

    def _readers(self, time: float) -> tuple[SttRead, SttRead]:
        """Reads of one cell for ``time`` s with a current from BL to SL, and from SL to BL."""
        same = {name: getattr(self.p, name) for name in CellParameters.model_fields if name != "free_to"}
        ends = (self.p.free_to, "sl" if self.p.free_to == "bl" else "bl")
        numbers = self.junction.numbers
        return _reader(numbers, **same, free_to=ends[0], t_read=time), _reader(numbers, **same, free_to=ends[1], t_read=time)

    def margins(self) -> tuple[Margin, ...]:
        return () if self.writes else (Margin("read", low="i_ap", high="i_p"),)

    def works(self) -> str:
        return "switched > 0.5" if self.writes else ""

    def panels(self) -> tuple[Panel, ...]:
        if not self.writes:
            return super().panels()
        tag = self.chosen.tag
        return (
            Panel("magnetisation", "", {"v(mx)": "m_x", "v(my)": "m_y", "v(mz)": "m_z"}),
            Panel("lines at the cell", "V", {f"v(wl_{tag})": "WL", f"v(bl_{tag})": "BL", f"v(sl_{tag})": "SL"}),
            Panel("cell current", "A", {f"i(vm_{tag})": "BL to SL"}),
        )


@functools.lru_cache(maxsize=16)
def _reader(numbers: MtjNumbers, **given: Any) -> SttRead:
    """A read of one cell with the parameters ``given``, whose junction has these ``numbers``: what it knows of the disturbance
    took it half a second, and the arrays of a sweep share it."""
    return SttRead(**given)
