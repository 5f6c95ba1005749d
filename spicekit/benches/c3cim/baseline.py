"""The conventional column to compare C3CIM with: 1T1R cells in parallel on a bit line, whose currents add up.

A selected cell's word line is on; an amplifier with an NMOS follower holds the end of the bit line at ``v_read`` and its
current is the reading: I = n_sel V/(R_on + R_L) - n_hrs V (1/(R_on + R_L) - 1/(R_on + R_H)).  Same device, data, references,
decoding and measures as ``c3cim-column`` (a step is a current here).  What bends the line: the resistance of bit line and source
line, which the large current of cells in LRS drops a voltage over, and the finite gain of the clamp.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from spicekit.analysis import Analysis
from spicekit.benches.c3cim.memory_column import ColumnAnalysis, MemoryColumn, MemoryColumnParameters
from spicekit.designs import Designed
from spicekit.errors import UserError
from spicekit.measures import Node, Number, floor, i, v
from spicekit.measures.measure import Measure
from spicekit.parameters import channel_length, channel_width, option, quantity, voltage
from spicekit.point import VariationPoint
from spicekit.units import format_value

DESIGNS: Mapping[str, Mapping[str, Any]] = {
    "fast": {},
    # Read-out without a sample-and-hold: the current flows while 65 counts are told apart bit by bit, one time to settle and
    # seven comparisons of 10 ns.  The clamp has half of such a time, and settles in 5.1 ns on this current.
    "bitwise": {"r_lrs": 100e3, "r_hrs": 1e6, "t_mac": 80e-9, "i_amplifier": 4e-6, "w_follower": 4e-6},
}


class ConventionalParameters(Designed, MemoryColumnParameters):
    DESIGNS: ClassVar = DESIGNS
    design: Literal["fast", "bitwise"] = option(
        "fast", "named design: the memory of the card, sampled in 10 ns; or 100 kohm and 1 Mohm converted bit by bit in 80 ns"
    )
    v_read: float = voltage(0.1, "clamped voltage of the bit line", gt=0, le=2)
    clamp: Literal["amplifier", "ideal"] = option(
        "amplifier", "clamp of the bit line: amplifier and follower, or an ideal source"
    )
    gain: float = quantity(1e3, "", "gain of the clamp's amplifier", ge=1, le=1e6)
    w_follower: float = channel_width(40e-6, "width of the follower", le=1e-3)
    w_input: float = channel_width(2e-6, "width of each input transistor of the amplifier: its offset", le=1e-4)
    l_input: float = channel_length(200e-9, "length of each input transistor of the amplifier", le=1e-5)
    i_amplifier: float = quantity(20e-6, "A", "supply current of the amplifier", ge=0, le=1e-2)
    v_gate: float | None = voltage(None, "high level of the word lines; the supply if not given", gt=0, le=5)
    trim: float = quantity(0.005, "", "resolution of each clamp's trim, relative; 0: perfect, inf: no trim", ge=0)
    t_mac: float = quantity(
        10e-9, "s", "time of a MAC, for the energy: chosen, five time constants of a 100 MHz clamp", ge=1e-12, le=1e-3
    )


class C3cimConventional(MemoryColumn[ConventionalParameters]):
    name = "c3cim-conventional"
    summary = "conventional current-summing column of 1T1R resistive cells, the baseline of c3cim-column"
    template = "benches/c3cim-conventional.cir.j2"
    signal_unit = "A"

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if self.p.v_read >= self.vdd:
            raise UserError(
                f"bench '{self.name}': parameter v_read: {self.p.v_read:g} V given; allowed: below vdd = {self.vdd:g} V"
            )

    @property
    def v_gate(self) -> float:
        """High level of the word lines in volts."""
        return self.vdd if self.p.v_gate is None else self.p.v_gate

    def context(self) -> dict[str, Any]:
        word = [f"on_{k}" if self.p.data == "random" else "gate" if on else "0" for k, on in enumerate(self.selected)]
        return super().context() | {"word": word}

    def points(self) -> tuple[VariationPoint, ...]:
        sigma = math.sqrt(2) * self.technology.sigma_vth(self.p.w_input, self.p.l_input)
        offset = VariationPoint("offset", "offset", 0.0, "V", sigma=sigma, most=self.technology.vdd / 2)
        return (*self.data_points(), *self.cell_points("s"), offset)

    def analysis(self) -> Analysis:
        save = [vector for tag in self.states() for vector in (f"i(vi_{tag})", f"v({tag}_0)")]
        return ColumnAnalysis(save=(*save, "v(offset)", *self.data_vectors()), inner=self.inner)

    def measures(self) -> tuple[Measure, ...]:
        current = self.trial(i("vi_d"))
        e_column = current * self.vdd * self.p.t_mac
        e_driver = Number(self.p.i_amplifier * self.vdd * self.p.t_mac)
        over = ", mean over the transfer" if self.p.transfer else ""
        return (
            *self.common_measures(),
            Measure("i_col", "A", f"bit-line current{over}", current),
            Measure("v_far", "V", "voltage of the bit line at its far end", self.trial(v("d_0"))),
            Measure("e_mac", "J", "energy of t_mac: e_column + e_driver", e_column + e_driver),
            Measure("e_column", "J", "of it, the bit line's current from the supply", e_column),
            Measure("e_driver", "J", "of it, the amplifier", e_driver),
            Measure("e_convert", "J", "apart, the converter: (n + 1) e_level", Number(self.e_convert)),
        )

    def signal(self, tag: str) -> Node:
        """Bit-line current in A, below zero so that a cell in HRS adds; that of the data after the clamp's trim."""
        current = -i(f"vi_{tag}")
        if tag != "d" or math.isinf(self.p.trim):
            return current
        relative, step = v("offset") / self.p.v_read, self.p.trim
        return current / (1 + (floor(relative / step + 0.5) * step if step > 0 else relative))

    def notes(self, measures: Mapping[str, float]) -> tuple[str, ...]:
        fallen = 1 - measures["v_far"] / self.p.v_read
        if (
            abs(measures.get("error", 0.0)) < 0.5 or self.p.n * fallen < 1
        ):  # a column's count is wrong by more than the fall alone
            return ()
        return (
            f"wires: the bit line has {format_value(measures['v_far'], 'V', 3)} at its far end, of v_read = "
            f"{format_value(self.p.v_read, 'V')}, and the count is {measures['error']:.2g} steps off: fewer cells (n), less "
            "r_cell, or more r_lrs and r_hrs (design=bitwise)",
        )

    def subtitle(self) -> str:
        return f"{self.memory.name}, bit line at {self.p.v_read:g} V"

    def works(self) -> str:
        return "" if self.p.transfer else "wrong < 0.5"
