"""The constant-current column of C3CIM (Biyani et al., DATE 2025, 10.23919/DATE64628.2025.10992950), its transfer in DC.

The 2T1R cells of a column lie in series under a current source.  A selected cell leads the current through its memory and its
series transistor, an unselected one through its bypass transistor; the column's voltage is

    V = I (N R_on + n_sel R_L + n_hrs (R_H - R_L)),

linear in n_hrs.  References (see :mod:`spicekit.benches.c3cim.memory_column`) take the first two terms away and give the step.

What bends the line: R_on rises with the source voltage of the upper cells (headroom of the gates), the current falls with the
column's voltage (output resistance of the driver), leaks (the transistor that is off) and grows on its way down (tunnelling of
the gates: with thin oxides of SiO2 and gates at the whole supply it is what bends the line).  What spoils a count
is spread of the resistances, mismatch of the driver (removed by its trim, down to the trim's resolution) and the noise kT/C of
the sampled voltage.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, Literal

import numpy as np
from typing_extensions import TypeVar

from spicekit.analysis import Analysis
from spicekit.bench import Calibration, Simulate
from spicekit.benches.c3cim.memory_column import ColumnAnalysis, MemoryColumn, MemoryColumnParameters
from spicekit.designs import Designed
from spicekit.errors import UserError
from spicekit.measures import Final, Largest, Node, Number, floor, i, listed, v
from spicekit.measures.measure import Measure
from spicekit.parameters import channel_length, channel_width, option, quantity, voltage
from spicekit.physics.constants import K_B
from spicekit.point import VariationPoint
from spicekit.units import KELVIN, format_value

LIMIT = 0.5  # steps, of a linear column
CELLS = range(8, 129, 8)  # candidates for the largest number of cells with a linear transfer
GATES = np.arange(5, 13) / 10  # candidates for the level of gates with a linear transfer, of the supply
POINTS = 8  # intervals of a transfer
DATA = ("n", "n_sel", "n_hrs", "placement", "seed", "inputs", "weights", "data", "transfer")  # on which that does not depend


def bent(measures: Mapping[str, float]) -> bool:
    """Whether a run (or trials of which none ended well: no) found the column not straight."""
    return measures["bend"] is not None and measures["bend"] > LIMIT


def worst_inl(simulate: Simulate, n: int) -> float:
    """INL in steps over 0 to ``n`` (a multiple of 8), of the worse of both placements; inf if there is no operating point."""
    found = [simulate(n=n, placement=placement, transfer=n // POINTS).measures["inl"] for placement in ("first", "last")]
    return float(np.nan_to_num(max(found, key=lambda inl: (np.isnan(inl), inl)), nan=np.inf))


def linear(simulate: Simulate, n: int) -> float:
    """Whether ``n`` cells (a multiple of 8) have a linear transfer: 1, else 0."""
    return float(worst_inl(simulate, n) < LIMIT)


def linear_cells(simulate: Simulate, cells: Sequence[int]) -> int:
    """The largest of ``cells`` with a linear transfer; 0 if none has."""
    low, high = -1, len(cells)  # linear up to low, not from high on
    while high - low > 1:
        middle = (low + high) // 2
        if worst_inl(simulate, cells[middle]) < LIMIT:
            low = middle
        else:
            high = middle
    return cells[low] if low >= 0 else 0


def straightest_gates(simulate: Simulate, levels: Sequence[float]) -> float:
    """The one of ``levels`` of the gates at which the column bends least."""
    bends = [simulate(v_gate=level).measures["bend"] for level in levels]
    return levels[int(np.argmin(np.nan_to_num(bends, nan=np.inf)))]


# 100nA: the largest published current.  A memory of half the resistance keeps the step; the drivers need no more than 0.7 V above
# a column of at most 0.34 V; the PMOS of the sampling switch is as wide as takes the NMOS's injection back at half of the counts.
DESIGNS: Mapping[str, Mapping[str, Any]] = {
    "50nA": {},
    "100nA": {
        "i_col": 100e-9,
        "r_lrs": 5e3,
        "r_hrs": 50e3,
        "v_column": 0.7,
        "c_hold": 2e-15,
        "w_sample": 90e-9,
        "w_sample_p": 125e-9,
        "rows": "hold",
        "t_mac": 420e-9,
    },
}


class C3cimParameters(Designed, MemoryColumnParameters):
    DESIGNS: ClassVar = DESIGNS
    design: Literal["50nA", "100nA"] = option("50nA", "named design: current, memory, supply, sampling, rows and time of a MAC")
    i_col: float = quantity(50e-9, "A", "column current", ge=1e-12, le=1e-4)
    driver: Literal["cascode", "ideal"] = option(
        "cascode", "column current: a wide-swing PMOS cascode mirror, or an ideal source"
    )
    access: Literal["nmos", "ideal"] = option("nmos", "cell switches: NMOS transistors, or ideal ones with r_on")
    r_on: float = quantity(3e3, "ohm", "resistance of an ideal switch", gt=0, le=1e6)
    v_gate: float | None = voltage(None, "high level of the cells' gates; the supply if not given", gt=0, le=5)
    v_column: float | None = voltage(None, "supply of the column drivers and their bias; vdd if not given", gt=0, le=5)
    columns: int = quantity(64, "", "columns that share the bias and the row drivers", ge=1, le=4096)
    bias_ratio: int = quantity(10, "", "current of the shared bias diode over that of a column", ge=1, le=1000)
    w_mirror: float = channel_width(2e-6, "width of the mirror transistor", le=1e-4)
    l_mirror: float = channel_length(1e-6, "length of the mirror transistor", le=1e-4)
    w_cascode: float = channel_width(300e-9, "width of the cascode, whose drain loads the column", le=1e-4)
    l_cascode: float = channel_length(100e-9, "length of the cascode", le=1e-4)
    w_weak: float = channel_width(200e-9, "width of the diode that sets the cascode's gate", le=1e-4)
    l_weak: float = channel_length(2e-6, "length of the diode that sets the cascode's gate", le=1e-4)
    trim: float = quantity(0.005, "", "resolution of each driver's trim; 0: perfect, inf: no trim", ge=0)
    c_hold: float = quantity(10e-15, "F", "capacitor of the sample-and-hold: noise sqrt(kT/C)", gt=0, le=1e-9)
    t_mac: float = quantity(1100e-9, "s", "time of a MAC, for the energy: see c3cim-settle", ge=1e-12, le=1e-3)


K = TypeVar("K", bound=C3cimParameters, default=C3cimParameters, covariant=True)


class C3cimBench(MemoryColumn[K], Generic[K]):
    """Driver, cells and points that the DC and the transient bench have in common."""

    signal_unit = "V"

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        drop = self.p.i_col * self.memory.numbers.r_hrs
        if self.p.driver == "cascode" and drop > self.v_column:
            raise UserError(
                f"bench '{self.name}': parameters i_col, r_hrs: {format_value(self.p.i_col, 'A')} through a cell of "
                f"{format_value(self.memory.numbers.r_hrs, 'ohm')} needs {format_value(drop, 'V')}; allowed: at most "
                f"{'vdd' if self.p.v_column is None else 'v_column'} = {self.v_column:g} V"
            )

    @property
    def v_gate(self) -> float:
        """High level of the cells' gates in volts."""
        return self.vdd if self.p.v_gate is None else self.p.v_gate

    @property
    def v_column(self) -> float:
        """Supply of the drivers in volts."""
        return self.vdd if self.p.v_column is None else self.p.v_column

    def column_points(self) -> list[VariationPoint]:
        p = self.p
        points = self.cell_points("s", "b") if p.access == "nmos" else self.cell_points()
        if p.driver == "cascode":
            points += self.transistor("mirror", p.w_mirror, p.l_mirror, "pmos")
            points += self.transistor("cascode", p.w_cascode, p.l_cascode, "pmos")
            points += self.transistor("diode", p.bias_ratio * p.w_mirror, p.l_mirror, "pmos")
        return points


class C3cimColumn(C3cimBench[K], Generic[K]):
    name = "c3cim-column"
    summary = "constant-current column of 2T1R resistive cells: count of the selected cells in HRS, linearity, headroom"
    template = "benches/c3cim-column.cir.j2"

    @property
    def v_trim(self) -> float:
        """Voltage in V at which the driver is trimmed: the nominal column's, half its cells in HRS, without transistors."""
        return min(self.p.i_col * self.p.n * (self.memory.numbers.r_lrs + self.memory.numbers.step / 2), self.v_column / 2)

    @property
    def ruler(self) -> str:
        """The copy with every cell selected and in HRS."""
        return "h" if self.p.data != "random" and self.n_sel == self.p.n else "full"

    def context(self) -> dict[str, Any]:
        all_on = [("gate", "0")] * self.p.n
        gates = [pair if on else pair[::-1] for pair, on in zip(all_on, self.selected, strict=True)]
        if self.p.data == "random":
            gates = [(f"on_{k}", f"off_{k}") for k in range(self.p.n)]
        return super().context() | {"gates": gates, "all_on": all_on, "ruler": self.ruler}

    def points(self) -> tuple[VariationPoint, ...]:
        kelvin = self.temperature + KELVIN
        sigma, most = math.sqrt(K_B * kelvin / self.p.c_hold), self.technology.vdd / 2
        noise = VariationPoint("noise_hold", "noise", 0.0, "V", sigma=sigma, most=most)
        return (*self.data_points(), *self.column_points(), noise)

    def analysis(self) -> Analysis:
        tops = [f"v({tag}_top)" for tag in self.states()]
        currents = ["i(vi_l)", "i(vi_h)", "i(vi_d)", "i(vdd_d)"]
        trim = ["i(vi_own)", "i(vi_nominal)", "i(vdd_bias)"] if self.p.driver == "cascode" else []
        taps = [f"v({self.ruler}_{k})" for k in range(1, self.p.n + 1)]
        return ColumnAnalysis(save=(*tops, *currents, *trim, *taps, "v(noise_hold)", *self.data_vectors()), inner=self.inner)

    def measures(self) -> tuple[Measure, ...]:
        p, real = self.p, self.p.driver == "cascode"
        out = self.signal("d") - v("l_top")
        one = (
            Measure("v_col", "V", "column voltage", v("d_top")),
            Measure("v_out", "V", "without offset and n_sel R_L: n_hrs steps", out),
        )
        error = self.trial(i("vi_own")) / p.i_col - 1 if real else Number(0.0)
        loss = 1 - self.trial(i("vi_h")) / self.trial(i("vi_l"))
        energy = self.v_column * p.t_mac
        e_column = self.trial(i("vdd_d")) * energy
        e_driver = self.trial(i("vdd_bias")) * energy / p.columns if real else Number(0.0)
        return (
            *(one if not p.transfer else ()),
            *self.common_measures(),
            *((Measure("i_col", "A", "current into the column", i("vi_d")),) if not p.transfer else ()),
            Measure("i_error", "", "driver current over i_col, - 1, before its trim", error),
            Measure(
                "i_loss", "", "current that the nominal driver loses from no cell to all selected cells in HRS, relative", loss
            ),
            Measure(
                "bend",
                "",
                "headroom: distance of the cells' voltages from a line, all cells in HRS, nominal, in steps",
                self.bend(),
            ),
            Measure(
                "e_mac", "J", "energy of t_mac: e_column + e_driver; gates and read-out: see c3cim-settle", e_column + e_driver
            ),
            Measure(
                "e_column", "J", "of it, the column's current" + (", mean over the transfer" if p.transfer else ""), e_column
            ),
            Measure("e_driver", "J", "of it, this column's share of the bias", e_driver),
        )

    def signal(self, tag: str) -> Node:
        """Column voltage in V; that of the data after the driver's trim, with the noise of the sample-and-hold."""
        top = v(f"{tag}_top")
        return top if tag in ("l", "h") else top / (1 + self.trimmed()) + v("noise_hold")

    def trimmed(self) -> Node:
        """Relative current that the trim takes away: the driver's mismatch at ``v_trim``, in steps of the trim."""
        if self.p.driver == "ideal" or math.isinf(self.p.trim):
            return Number(0.0)
        mismatch = i("vi_own") / i("vi_nominal") - 1
        step = float(self.p.trim)
        return floor(mismatch / step + 0.5) * step if step > 0 else mismatch

    def bend(self) -> Node:
        """Largest distance from a straight line of the voltages along the column, all cells in HRS, in steps.

        As the gates run out of headroom, the upper cells' transistors drop more than the lower ones'.
        """
        n = self.p.n
        taps = listed([0.0, *(self.trial(v(f"{self.ruler}_{k}")) for k in range(1, n + 1))])
        line = listed(np.linspace(0, 1, n + 1)) * Final(taps)
        return Largest(abs(taps - line)) / float(self.p.i_col * self.memory.numbers.step)

    def works(self) -> str:
        return "" if self.p.transfer else "wrong < 0.5"

    def calibrations(self) -> tuple[Calibration, ...]:
        """How many cells are linear, where these are not."""
        meaning = "largest number of cells, in steps of 8, with a linear transfer; 0 if none"
        target = f"INL stays below {LIMIT:g} step over 0 to n, nominal devices, either placement"
        find = functools.partial(linear_cells, cells=CELLS)
        cells = Calibration("linear_cells", "", meaning, target, self.undecided, find, parameter="n", shared=True, wanted=bent)
        if self.p.access == "ideal":
            return (cells,)
        meaning = "level of the gates, in steps of a tenth of the supply, at which the column bends least"
        levels = sorted({self.v_gate, *(round(float(share * self.vdd), 6) for share in GATES)})
        straight = functools.partial(straightest_gates, levels=levels)
        whole = functools.partial(self.undecided, n=self.p.n)
        gates = Calibration(
            "straight_gates", "V", meaning, "bend is least", whole, straight, parameter="v_gate", shared=True, wanted=bent
        )
        n = -(-self.p.n // POINTS) * POINTS
        meaning = f"1 if the transfer over 0 to {n} is linear at that level, else 0"
        is_linear = functools.partial(linear, n=n)
        there = Calibration(
            "straight", "", meaning, target, self.straightened, is_linear, parameter="n", shared=True, wanted=bent
        )
        return (cells, gates, there)

    def straightened(self) -> C3cimColumn:
        """The column with default data and the gates at which it bends least."""
        return self.undecided(n=self.p.n, v_gate=self.calibrated("straight_gates"))

    def undecided(self, **others: Any) -> C3cimColumn:
        """The column with default data and ``others``."""
        data = {name: C3cimParameters.model_fields[name].default for name in DATA}
        return type(self)(**self.p.model_dump() | data | others)

    def subtitle(self) -> str:
        return f"{self.memory.name}, {format_value(self.p.i_col, 'A')}, gates {self.v_gate:g} V"

    def notes(self, measures: Mapping[str, float]) -> tuple[str, ...]:
        if not bent(measures):
            return ()
        current, gate = format_value(self.p.i_col, "A"), format_value(self.v_gate, "V")
        cells = int(self.calibrated("linear_cells"))
        least = "at least " if cells == CELLS[-1] else ""  # the search goes no further
        reach = f"for {least}{cells} cells, not for {self.p.n}"
        cause, ways = "headroom", ["fewer cells (n)", "less i_col"]
        if self.p.access == "nmos":
            level, straight = self.calibrated("straight_gates"), self.calibrated("straight") > 0
            to = f"v_gate = {format_value(level, 'V')}"
            if level < self.v_gate:  # lower gates have less headroom, and leak less
                cause, ways = "gates that leak into the column", ["fewer cells (n)" if straight else f"fewer cells (n) at {to}"]
            ways += [to] if straight else []
        return (f"{cause}: at {current} and gates at {gate} INL stays below {LIMIT:g} step {reach}: {', or '.join(ways)}",)
