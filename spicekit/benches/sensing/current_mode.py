"""Clamped current sensing: the cell's current is compared while its line hardly moves.

A clamp, an NMOS whose gate stands at a bias, holds the line and takes its current; a second one does the same on the reference's
line.  Before START loads carry both currents.  START takes the loads away: two small nodes, not the line's capacitance, are
discharged by the two currents, and the latch of the double-tail amplifier (:mod:`spicekit.benches.sensing.double_tail`) takes
the one that falls first.  That the line is held by a low impedance and the nodes that swing are apart from it is the clamped
bit line of Blalock and Jaeger, IEEE JSSC 26, 542 (1991); clamps on cell and reference alike are usual in MRAM (what of this was
looked up: docs/amplifiers.md).

The cell's read current is the amplifier's own and counts in its energy, as does that of the reference.  ``v_mid`` is where the
clamps hold their lines; it is lower here than in the amplifiers with gates on the line, since the clamps' drains must fall far
enough above it to let the latch go.  A line at a given voltage, and one with a buffer's as reference, take the current too.

Offset with ``source=cell``: the input is a reference cell without mismatch, and what is searched is the voltage that it has more
at the same current: the signal I dR of the other amplifiers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import model_validator

from spicekit.benches.sensing.clocked import Clocked
from spicekit.benches.sensing.comparing import ComparingParameters
from spicekit.benches.sensing.source import Sized
from spicekit.errors import UserError
from spicekit.measures import At, Node, Number, i
from spicekit.measures.measure import Margin, Measure
from spicekit.parameters import channel_length, channel_width, option, voltage


class CurrentModeParameters(ComparingParameters):
    v_mid: float = voltage(0.2, "voltage at which the clamps hold their lines, at which the decision shall turn", gt=0, le=2)
    v_source: float = voltage(0.11, "the cell's source line during the read", ge=0, le=2)
    reference: Literal["buffer", "ideal", "resistor", "mtj"] = option(
        "buffer",
        "reference: a line at a buffer's voltage or an ideal one; with source=cell one with a resistor, or (mtj) with cells",
    )
    w_clamp: float = channel_width(6.4e-6, "width of the clamps", le=1e-4)
    l_clamp: float = channel_length(280e-9, "length of the clamps", le=1e-5)
    w_load: float = channel_width(500e-9, "width of the loads' PMOS", le=1e-4)
    w_mid: float = channel_width(1e-6, "width of the NMOS by which the first stage holds the outputs", le=1e-4)
    w_latch: float = channel_width(200e-9, "width of the cross-coupled NMOS; PMOS twice that", le=1e-4)
    l_latch: float = channel_length(130e-9, "length of both", le=1e-5)
    w_open: float = channel_width(300e-9, "width of the latch's tail", le=1e-4)
    w_hold: float = channel_width(160e-9, "half the width of the output latch's NMOS; PMOS twice that", le=1e-4)

    @model_validator(mode="before")
    @classmethod
    def _of_the_source(cls, given: Any) -> Any:
        """The reference that goes with the input, where none is given."""
        if isinstance(given, Mapping) and given.get("source") == "cell" and "reference" not in given:
            return {**given, "reference": "mtj"}
        return given


class CurrentMode(Clocked[CurrentModeParameters]):
    name = "current-mode"
    summary = "clamped current sense amplifier: decision, delay, offset, energy"
    template = "benches/current-mode.cir.j2"
    supplies: ClassVar = {
        "line": "current into the line: of a cell the read current",
        "refline": "current into the reference's line",
        "amplifier": "latch and output latch",
        "drive": "drivers of the clock",
    }
    scaled: ClassVar = ("w_driver", "w_clamp", "w_load", "w_mid", "w_latch", "w_open", "w_hold")
    feeds_line: ClassVar = True
    rising: ClassVar = True
    quiet: ClassVar = ("clock", "open", "hold")
    inner: ClassVar = {"dp": "D+", "dn": "D-"}

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if self.cells and not self.own_line:
            raise UserError(
                f"bench '{self.name}': parameter reference: {self.p.reference} given with source=cell; allowed: resistor, mtj: "
                "currents are compared"
            )

    def amplifier_devices(self) -> dict[str, Sized]:
        p, short = self.p, self.technology.l_min
        found: dict[str, Sized] = {"tail2": ("pmos", p.w_open, short)}
        for driver in ("clock", "open"):
            found[f"{driver}_n"] = ("nmos", p.w_driver, short)
            found[f"{driver}_p"] = ("pmos", 2 * p.w_driver, short)
        for side in ("p", "n"):  # p is the reference's, whose output is high for a 1
            found[f"clamp_{side}"] = ("nmos", p.w_clamp, p.l_clamp)
            found[f"load_{side}"] = ("pmos", p.w_load, short)
            found[f"mid_{side}"] = ("nmos", p.w_mid, short)
            found[f"near_{side}"] = ("nmos", p.w_latch, p.l_latch)
            found[f"far_{side}"] = ("pmos", 2 * p.w_latch, p.l_latch)
            found |= self.output_latch(side, "pmos", "nmos", p.w_hold)
        return found

    def bias_devices(self) -> dict[str, Sized]:
        """What ``users`` amplifiers share beside the reference."""
        return {"replica": ("nmos", self.p.w_clamp, self.p.l_clamp)}

    @property
    def gate_area(self) -> float:
        return super().gate_area + sum(width * length for _, width, length in self.bias_devices().values()) / self.p.users

    def context(self) -> dict[str, Any]:
        leg = None if self.leg is None else replace(self.leg, name="search")
        nominal = {} if leg is None else {point.name: point.nominal for point in leg.points(self.junction)}
        return super().context() | {"search_leg": leg, "search_nominal": nominal}

    def reference_charge(self) -> dict[str, tuple[Node, str]]:
        bias = self.p.i_read * (self.t_off + self.p.t_recover) / self.p.users
        shared = {} if self.own_line else super().reference_charge()
        return shared | {"bias": (Number(bias), "bias of the clamps, one amplifier's share")}

    def reference_save(self) -> tuple[str, ...]:
        return ()

    def measures(self) -> tuple[Measure, ...]:
        found = super().measures()
        if self.p.measure == "offset":
            return found
        name = {tag: f"cell {tag.upper()}" if self.cells else "current" for tag in self.amplifiers}
        currents = {tag: At(i(f"vdd_line_{tag}"), self.t_start) for tag in self.amplifiers}
        return (*found, *(Measure(f"i_{tag}", "A", f"line when START rises, {name[tag]}", x) for tag, x in currents.items()))

    def level_measures(self) -> tuple[Measure, ...]:
        return super().level_measures() if self.p.measure == "decision" else ()  # while the offset is searched nothing reads them

    def margins(self) -> tuple[Margin, ...]:
        """Of the currents: the voltages hardly differ."""
        return (Margin("read", low="i_ap", high="i_p"),) if self.cells and self.p.measure == "decision" else ()
