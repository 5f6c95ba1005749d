"""STT-BNN's row (Pham et al., JETCAS 2022): N XNOR cells of 1T1MTJ pairs on one source line, whose voltage counts the matches.

Every cell's two junctions and transistors are there, with the wire of the source line cell by cell.  The bit lines serve all
rows, so a row's netlist holds 1/rows of each driver.  The other rows hold data of their own: a bit line's drop follows their
mean current and hardly this row's cell, which is what joining the columns' lines (bit_lines=shared) gives.
"""

from __future__ import annotations

import functools
from typing import Any, Generic, Literal, Self

import numpy as np
from pydantic import model_validator
from typing_extensions import TypeVar

from spicekit.bench import Bench
from spicekit.benches.bnn.data import Cell, Positions, cells_of, drawn, placed
from spicekit.benches.junction.parameters import JunctionAtRest, place_junction, refuse_rail
from spicekit.benches.stt.cell import Access
from spicekit.devices.junction import Junction
from spicekit.errors import UserError
from spicekit.parameters import Group, channel_width, named_file, option, quantity, voltage
from spicekit.physics.bnn_row import source_line
from spicekit.physics.fokker_planck import populations
from spicekit.physics.macromodel import overdrive
from spicekit.physics.mtj_numbers import MtjNumbers
from spicekit.point import VariationPoint
from spicekit.waves import Array

START = 0.2e-9  # s, word line and bit lines are switched on
EDGE = 20e-12  # s, of the ideal sources at the drivers' inputs
LIFT_DELAY = 0.15e-9  # s, from isolation to the first lift
LIFT_TIME = 0.4e-9  # s: the default capacitors' lift settles in it, to 0.2 mV; larger ones need a wider w_lift in proportion
SECTIONS = 8  # of the word line's wire


class Data(Group):
    """What the row computes."""

    n: int = quantity(128, "", "XNOR cells of the row", ge=8, le=512)
    data: Literal["given", "trial"] = option("given", "weights and inputs as below, or every cell's product drawn in each trial")
    n1: int | None = quantity(None, "", "matching cells; n/2 if not given and not fixed by weights and inputs", ge=0, le=512)
    positions: Positions = option(
        "random", "where the n1 matching cells are: first (far from the amplifier), last, spread, random"
    )
    position_seed: int = quantity(1, "", "seed of random positions", ge=0, le=2**31)
    data_seed: int | None = quantity(None, "", "seed to draw weights and inputs from", ge=0, le=2**31)
    weights: str | None = option(None, "the cells' weights, a character 1 (+1) or 0 (-1) each")
    inputs: str | None = option(None, "the cells' inputs, a character 1 (+1) or 0 (-1) each")

    @property
    def words(self) -> tuple[str, str]:
        """Weights and inputs of the row, a character 0 or 1 a cell."""
        if self.data == "trial":  # stand-ins: the products are drawn
            return "1" * self.n, "1" * self.n
        if self.data_seed is not None:
            return drawn(self.n, self.data_seed)
        if self.weights is not None and self.inputs is not None:
            return self.weights, self.inputs
        places = placed(self.n, self.n // 2 if self.n1 is None else self.n1, self.positions, self.position_seed)
        return "1" * self.n, "".join("1" if j in set(places) else "0" for j in range(self.n))

    @model_validator(mode="after")
    def _data_fit(self) -> Self:
        if self.n1 is not None and self.n1 > self.n:
            raise ValueError(f"n1: {self.n1} given; allowed: 0 to n = {self.n}")
        words = {name: word for name, word in (("weights", self.weights), ("inputs", self.inputs)) if word is not None}
        for name, word in words.items():
            if len(word) != self.n or set(word) - set("01"):
                raise ValueError(f"{name}: '{word}' given; allowed: n = {self.n} characters, each 0 or 1")
        if len(words) == 1:
            raise ValueError(f"{next(iter(words))}: given alone; allowed: weights and inputs together")
        ways = {"n1": self.n1 is not None, "data_seed": self.data_seed is not None, "weights": bool(words)}
        given = [name for name, is_given in ways.items() if is_given] + (["data=trial"] if self.data == "trial" else [])
        if len(given) > 1:
            raise ValueError(f"{given[0]}: given with {given[1]}; allowed: one of n1, data_seed, weights with inputs, data=trial")
        return self


class Rails(Group):
    """Voltages of the lines, and whether transistors bring them."""

    v_high: float = voltage(0.6, "rail V_H of the bit lines", gt=0, le=5)
    v_low: float = voltage(0.2, "rail V_L of the bit lines", ge=0, le=5)
    v_wl: float | None = voltage(None, "word-line high level; the supply if not given", gt=0, le=5)
    access: Literal["nmos", "ideal"] = option("nmos", "access: transistors and drivers, or ideal switches and rails")

    @model_validator(mode="after")
    def _rails_fit(self) -> Self:
        if self.v_high <= self.v_low:
            raise ValueError(f"v_high: {self.v_high:g} V given; allowed: above v_low = {self.v_low:g} V")
        return self


class Drivers(Group):
    """Drivers of the lines, and the rows that share those of the bit lines."""

    rows: int = quantity(128, "", "rows of the array, which share the drivers of the bit lines", ge=1, le=4096)
    row: int | None = quantity(None, "", "this row, counted from the drivers; the middle one if not given", ge=1, le=4096)
    bit_lines: Literal["shared", "column"] = option(
        "shared", "the other rows hold data of their own (lines of all columns alike), or the same as this row (column)"
    )
    w_driver: float = channel_width(20e-6, "width of the NMOS of a bit line's driver; PMOS twice that", le=1e-3, least=4)
    w_word: float = channel_width(4e-6, "width of the NMOS of the word line's driver; PMOS twice that", le=1e-3)

    @model_validator(mode="after")
    def _row_fits(self) -> Self:
        if self.row is not None and self.row > self.rows:
            raise ValueError(f"row: {self.row} given; allowed: 1 to rows = {self.rows}")
        return self


class Wires(Group):
    # CACTI 7's local wires, 4.2 ohm/um at 45 nm (tech_params/45nm.dat, conservative) times (45/65)^2, and 0.26 fF/um at any node.
    # Pitches chosen: 0.365 um along the row (W + F) and 0.39 um along the bit lines (two transistors of 3 F on top of
    # each other).  SL 2.5 times the smallest width, BL on two layers.
    r_sl: float = quantity(0.3, "ohm", "resistance of SL a cell; 0: none", ge=0, le=1e4)
    c_sl: float = quantity(0.1e-15, "F", "wire capacitance of SL a cell", ge=0, le=1e-12)
    r_bl: float = quantity(0.4, "ohm", "resistance of BL a row; 0: none", ge=0, le=1e4)
    c_bl: float = quantity(0.1e-15, "F", "wire capacitance of BL a row", ge=0, le=1e-12)
    r_word: float = quantity(0.73, "ohm", "resistance of WL a cell", ge=1e-3, le=1e4)
    c_word: float = quantity(0.1e-15, "F", "wire capacitance of WL a cell; the gates are in the netlist", ge=0, le=1e-12)


class SenseNode(Group):
    """The end of the source line, where it is isolated, lifted and sensed."""

    boost: int = quantity(0, "", "lifts of the sense node after the row has settled: 0, 1 or 2", ge=0, le=2)
    isolation: Literal["switch", "none"] = option("switch", "sense node behind a switch, or the end of SL itself (boost=0)")
    t_row: float = quantity(1e-9, "s", "time for which the row is on", ge=1e-10, le=1e-6)
    c_load: float = quantity(4e-15, "F", "load of the sense node, for the amplifier's gate", ge=0, le=1e-12)
    c_boost: float = quantity(10e-15, "F", "each capacitor that lifts", gt=0, le=1e-12)
    v_lift: float = voltage(0.3, "rail to which the capacitors' lower plates go", gt=0, le=2)
    w_iso: float = channel_width(
        120e-9,
        "width of the isolation NMOS, and of those in the inverters at its gate and the capacitors' switches",
        le=1e-5,
    )
    w_lift: float = channel_width(200e-9, "width of the NMOS that drive the capacitors' lower plates", le=1e-5)

    @model_validator(mode="after")
    def _lift_fits(self) -> Self:
        if self.boost and self.isolation == "none":
            raise ValueError(f"isolation: none given with boost={self.boost}; allowed: switch, a lift needs it")
        return self


class RowParameters(SenseNode, Wires, Drivers, Access, Rails, Data, JunctionAtRest):
    technology: str = named_file("ptm65", "CMOS technology: a shipped one or the path of a TOML file")
    ra: float = quantity(100.0, "ohm um2", "resistance-area product of the junctions", ge=0.1, le=1e5)


R = TypeVar("R", bound=RowParameters, default=RowParameters, covariant=True)


class RowBench(Bench[R], Generic[R]):
    """What benches with a row share: its cells, variation points and the names for its templates."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        refuse_rail(self.name, self.p, self.junction)
        self.junction.field("p")  # one that disturb() does not take is said now
        if self.p.access == "nmos" and self.p.v_high > self.vdd:  # the drivers' wells are at vdd
            raise UserError(
                f"bench '{self.name}': parameter v_high: {self.p.v_high:g} V given; allowed: at most vdd = {self.vdd:g} V"
            )

    @functools.cached_property
    def junction(self) -> Junction:
        """The card at the temperature of the bench."""
        return place_junction(self.p, form="fixed")

    @property
    def temperature(self) -> float:
        return self.junction.celsius

    @functools.cached_property
    def cells(self) -> list[Cell]:
        """The row's cells; cell n - 1 is next to the amplifier."""
        return cells_of(*self.p.words)

    @property
    def l_access(self) -> float:
        """Length of the access transistors in metres."""
        return self.technology.l_min if self.p.l_access is None else self.p.l_access

    @property
    def r_line(self) -> float:
        """Resistance in ohm that drops under one cell's current what the bit line's wire does under those of all rows."""
        row = (self.p.rows + 1) // 2 if self.p.row is None else self.p.row
        return max(self.p.r_bl * (row * self.p.rows - row * (row - 1) / 2), 1e-3)  # 1 mohm stands for none

    def disturb(self) -> float:
        """Highest probability that one operation flips a junction, nominal, from the Fokker-Planck equation.

        The free layer is at the bit line: the current of an antiparallel junction at V_H pulls it to parallel, that of a parallel
        one at V_L to antiparallel.  Each sees most where all other cells are against it; the whole divider voltage counts as its
        own, which leaves out the drop in transistor and wires and is an upper bound.
        """
        p, k, r_p = self.p, self.junction.numbers, self.junction.r_p
        v = source_line(p.n, p.n, self.junction.tmr, p.v_high, p.v_low) - p.v_low
        i_p = v / r_p
        i_ap = i_p / (1 + self.junction.tmr / (1 + k.tmr_v2 * v**2))
        field = self.junction.field("p")
        return max(
            _flips(k, float(overdrive(k, i_p, "p")), field, p.t_row), _flips(k, float(overdrive(k, i_ap, "ap")), -field, p.t_row)
        )

    def cell_points(self) -> list[VariationPoint]:
        """Variation points of the row's cells: t<j> is on BL of cell j, c<j> on BLB."""
        points: list[VariationPoint] = []
        for j in range(self.p.n):
            for device in (f"t{j}", f"c{j}"):
                points += self.junction.points(device)
                if self.p.access == "nmos":
                    points += self.transistor(device, self.p.w_access, self.l_access)
        if self.p.data == "trial":
            nominal = set(placed(self.p.n, self.p.n // 2, "spread", 0))
            points += [VariationPoint(f"match_{j}", "match", float(j in nominal), "", draw=_even_bit) for j in range(self.p.n)]
        return points

    def sense_devices(self) -> dict[str, tuple[str, float, float]]:
        """Transistors at the sense node: name -> type, width and length in metres."""
        p, short = self.p, self.technology.l_min
        found: dict[str, tuple[str, float, float]] = {}
        if p.isolation == "switch":
            found["iso"] = ("nmos", p.w_iso, short)
        for k in range(1, p.boost + 1):
            found |= {f"{name}{k}": ("nmos", p.w_lift, short) for name in ("up", "down")}
        return found

    def sense_points(self) -> list[VariationPoint]:
        """Variation points of the sense node's transistors."""
        return [
            point
            for name, (role, width, length) in self.sense_devices().items()
            for point in self.transistor(name, width, length, role)
        ]

    @property
    def v_wl(self) -> float:
        """High level of the word line in volts."""
        return self.vdd if self.p.v_wl is None else self.p.v_wl

    @property
    def t_sample(self) -> float:
        """When the sense node is isolated, in seconds."""
        return START + self.p.t_row

    @property
    def t_lift(self) -> tuple[float, ...]:
        """When each capacitor lifts, in seconds."""
        return tuple(self.t_sample + LIFT_DELAY + k * LIFT_TIME for k in range(self.p.boost))

    @property
    def t_ready(self) -> float:
        """When the sense node has its final voltage, in seconds."""
        if self.p.isolation == "none":
            return self.t_sample
        return self.t_sample + LIFT_DELAY + LIFT_TIME * max(self.p.boost, 1)

    def context(self) -> dict[str, Any]:
        return {
            "device": self.junction,
            "k": self.junction.numbers,
            "l_access": self.l_access,
            "l_min": self.technology.l_min,
            "v_wl": self.v_wl,
            "edge": EDGE,
            "sections": SECTIONS,
            "r_line": self.r_line,
            "start": START,
            "t_sample": self.t_sample,
            "t_lift": self.t_lift,
            "t_ready": self.t_ready,
            "t_release": self.t_ready,
            "sense_devices": self.sense_devices(),
        }


def _flips(k: MtjNumbers, drive: float, field: float, t_row: float) -> float:
    """Probability that ``drive`` times the critical torque switches the junction ``k`` within ``t_row`` seconds."""
    return float(populations(k.delta, drive, np.array([t_row / k.tau_d]), field=field, cells=256)[1][0])


def _even_bit(z: Array) -> Array:
    """0 or 1, even, from a standard normal."""
    return (z > 0).astype(float)
