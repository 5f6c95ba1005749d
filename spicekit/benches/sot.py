"""SOT-MRAM in 2T1R cells: the read of one cell and IMCE's in-memory AND and OR of several (Fan, ASP-DAC 2018).

A read current is pushed into RBL; the selected cells' junctions lie in parallel between RBL and SL, and the voltage of RBL
tells how many of them are antiparallel.  '1' is AP (high resistance): AND is 1 only if no selected junction is P, OR is 0
only if all are P.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator
from scipy.optimize import brentq

from spicekit.analysis import DcAnalysis
from spicekit.bench import (
    Bench,
    BenchParameters,
    Margin,
    Measure,
    VariationPoint,
    channel_length,
    channel_width,
    option,
    quantity,
)
from spicekit.measures import Node, i, maximum, mean, minimum, total, v
from spicekit.physics.quantities import LEAST_BIAS

REFERENCES = ("m", "and", "or")  # branches of IMCE's sense amplifier: EN_M, EN_AND, EN_OR


class SotParameters(BenchParameters):
    """What a 2T1R column, its junctions and its read current are made of."""

    ra: float = quantity(18.0, "ohm um2", "resistance-area product of the junction", ge=0.1, le=1e5)
    diameter: float = quantity(45e-9, "m", "diameter of the round junction", gt=1e-9, le=1e-6)
    tmr: float = quantity(2.5, "", "tunnel magnetoresistance at zero bias and 27 C (150% or 1.5)", gt=0, le=20)
    v_half: float = quantity(0.5, "V", "bias at which TMR is halved; inf switches the roll-off off", ge=LEAST_BIAS)
    i_read: float = quantity(10e-6, "A", "read current into RBL", ge=1e-12, le=1e-3)
    r_rail: float = quantity(560.0, "ohm", "heavy-metal rail, head to tail; the junction sits at its middle", ge=0.01, le=1e5)
    rows: int = quantity(64, "", "cells on the column; the unselected ones leak", ge=1, le=4096)
    access: Literal["nmos", "ideal"] = option("nmos", "access path: nmos transistors and the rail, or an ideal switch")
    bias: Literal["mirror", "ideal"] = option("mirror", "read current: a PMOS mirror, or an ideal source")
    w_read: float = channel_width(150e-9, "width of the read transistor", le=1e-5)
    w_write: float = channel_width(540e-9, "width of the write transistor", le=1e-4)
    l_access: float | None = channel_length(
        None, "length of both cell transistors; the technology's shortest if not given", le=1e-6
    )
    w_mirror: float = channel_width(4e-6, "width of each mirror transistor", le=1e-4)
    l_mirror: float = channel_length(1e-6, "length of each mirror transistor", le=1e-5)
    t_sense: float = quantity(1e-9, "s", "time for which the read current flows, for the energy", ge=1e-12, le=1e-3)

    @property
    def area(self) -> float:
        """Area of the junction in m2."""
        return math.pi / 4 * self.diameter**2

    @property
    def r_p(self) -> float:
        """Parallel resistance of the nominal junction in ohm."""
        return self.ra * 1e-12 / self.area


class SotLogicParameters(SotParameters):
    fan_in: int = quantity(2, "", "cells that are sensed together", ge=2, le=6)
    inputs: Literal["boundary", "all"] = option(
        "boundary", "input combinations: those next to a decision boundary, or all (the others are always further away)"
    )

    @model_validator(mode="after")
    def _cells_fit(self) -> Self:
        if self.fan_in > self.rows:
            raise ValueError(f"fan_in: the column has {self.rows} rows, fewer than the {self.fan_in} cells to sense")
        return self


class _SotColumn(Bench):
    """What the two benches share: the column's variation points and the junction voltage."""

    Parameters: ClassVar[type[BenchParameters]] = SotParameters

    def cells(self) -> int:
        return 1

    @property
    def l_access(self) -> float:
        """Length of the cell transistors in metres."""
        return float(self.technology.l_min if self.p.l_access is None else self.p.l_access)

    def cases(self) -> dict[str, list[int]]:
        """Name of each copy of the column -> what its addressed cells store; a read addresses cell 0 alone."""
        return {"p": [0], "ap": [1]}

    def supply_current(self, *supplies: str) -> Node:
        """Current in amperes out of the named supplies and the mirror's diode."""
        diode = ("diode",) if self.p.bias == "mirror" else ()
        return -total([i(f"vdd_{supply}") for supply in (*supplies, *diode)])

    def context(self) -> dict[str, Any]:
        return {
            "area": self.p.area,
            "v_half_finite": math.isfinite(self.p.v_half),
            "cases": self.cases(),
            "l_access": self.l_access,
        }

    def points(self) -> tuple[VariationPoint, ...]:
        p = self.p
        points = []
        for cell in range(self.cells()):
            points += [
                # sigma(RA) 5 %, sigma(TMR) 10 %: the Monte Carlo of IMCE (Fan, ASP-DAC 2018)
                VariationPoint(f"ra_c{cell}", "ra", p.ra, "ohm um2", sigma=0.05 * p.ra, low=0.0),
                VariationPoint(f"tmr_c{cell}", "tmr", p.tmr, "", sigma=0.10 * p.tmr, low=0.0),
            ]
            if p.access == "nmos":
                points += self.transistor(f"c{cell}", p.w_read, self.l_access)
        if p.bias == "mirror":
            for branch in ("md", "mc", *self.mirror_outputs()):
                points += self.transistor(branch, p.w_mirror, p.l_mirror)
        return tuple(points)

    def mirror_outputs(self) -> tuple[str, ...]:
        return ()

    def diode_supply(self) -> tuple[str, ...]:
        return ("i(vdd_diode)",) if self.p.bias == "mirror" else ()

    def junction_voltage(self, states: Sequence[int]) -> float:
        """Voltage in volts over nominal junctions in parallel (``states``: 0 P, 1 AP) at ``i_read`` through ideal switches."""
        p = self.p

        def excess(v: float) -> float:
            return float(sum(v / (p.r_p * (1 + s * p.tmr / (1 + (v / p.v_half) ** 2))) for s in states) - p.i_read)

        return float(brentq(excess, 0.0, p.i_read * p.r_p * (1 + p.tmr), xtol=1e-15))


class SotRead(_SotColumn):
    name = "sot-read"
    summary = "DC read of one 2T1R SOT-MRAM cell in a column, both states"
    template = "benches/sot-read.cir.j2"

    def analysis(self) -> DcAnalysis:
        save = [
            vector
            for case in self.cases()
            for vector in (
                f"v(rbl_{case})",
                f"v(x{case}_c0.top)",
                f"v(x{case}_c0.mid)",
                f"i(v.x{case}_c0.vread)",
                f"i(vdd_{case})",
            )
        ]
        return DcAnalysis(save=(*save, *self.diode_supply()))

    def measures(self) -> tuple[Measure, ...]:
        v_p, v_ap = v("rbl_p"), v("rbl_ap")
        i_p, i_ap = i("v.xp_c0.vread"), i("v.xap_c0.vread")
        r_p, r_ap = (v("xp_c0.top") - v("xp_c0.mid")) / i_p, (v("xap_c0.top") - v("xap_c0.mid")) / i_ap
        e_p, e_ap = (self.supply_current(case) * self.vdd * self.p.t_sense for case in ("p", "ap"))
        return (
            Measure("v_p", "V", "RBL voltage, cell parallel (stores 0)", v_p),
            Measure("v_ap", "V", "RBL voltage, cell antiparallel (stores 1)", v_ap),
            Measure("dv", "V", "read signal, v_ap - v_p", v_ap - v_p),
            Measure("i_p", "A", "current through the junction, cell parallel", i_p),
            Measure("i_ap", "A", "current through the junction, cell antiparallel", i_ap),
            Measure("r_p", "ohm", "junction resistance at its operating point, parallel", r_p),
            Measure("r_ap", "ohm", "junction resistance at its operating point, antiparallel", r_ap),
            Measure("tmr_read", "", "TMR at the operating points, r_ap / r_p - 1", r_ap / r_p - 1),
            Measure("e_p", "J", "energy from the supply in t_sense, cell parallel", e_p),
            Measure("e_ap", "J", "energy from the supply in t_sense, cell antiparallel", e_ap),
        )

    def margins(self) -> tuple[Margin, ...]:
        return (Margin("read", low="v_p", high="v_ap"),)


class SotLogic(_SotColumn):
    name = "sot-logic"
    summary = "in-memory AND and OR of 2 to 6 SOT-MRAM cells on one column, with IMCE's references"
    template = "benches/sot-logic.cir.j2"
    Parameters = SotLogicParameters

    def cells(self) -> int:
        return int(self.p.fan_in)

    def mirror_outputs(self) -> tuple[str, ...]:
        return ("mr",)

    def words(self) -> tuple[str, ...]:
        """The input combinations, character k is the bit in cell k: all, or those with at most one odd bit."""
        k = self.cells()
        words = ("".join(bits) for bits in itertools.product("01", repeat=k))
        if self.p.inputs == "all":
            return tuple(words)
        return tuple(word for word in words if word.count("1") in {0, 1, k - 1, k})

    def cases(self) -> dict[str, list[int]]:
        return super().cases() | {word: [int(bit) for bit in word] for word in self.words()}

    def analysis(self) -> DcAnalysis:
        columns = [vector for case in self.cases() for vector in (f"v(rbl_{case})", f"i(vdd_{case})")]
        references = [vector for name in REFERENCES for vector in (f"v(ref_{name})", f"i(vdd_ref_{name})")]
        return DcAnalysis(save=(*columns, *references, *self.diode_supply()))

    def points(self) -> tuple[VariationPoint, ...]:
        p = self.p
        points = list(super().points())
        for name, fingers in (("m", 1), ("and", p.fan_in), ("or", p.fan_in)):
            points.append(VariationPoint(f"r_ref_{name}", "r_ref", self.references()[name], "ohm", low=0.0))
            if p.access == "nmos":
                points += self.transistor(f"ref_{name}", p.w_read * fingers, self.l_access)
        return tuple(points)

    def references(self) -> dict[str, float]:
        """Reference resistances R_M, R_AND, R_OR in ohm, for nominal junctions at 27 C.

        Each gives the midpoint of the two junction voltages that it has to part.  Without bias roll-off these are Fan's
        (ASP-DAC 2018): R_AND is the midpoint of R_AP||R_P and R_AP||R_AP, R_OR that of R_P||R_P and R_P||R_AP.
        """
        k = self.cells()
        pairs = {"m": ([0], [1]), "and": ([0] + [1] * (k - 1), [1] * k), "or": ([0] * k, [1] + [0] * (k - 1))}
        return {
            name: (self.junction_voltage(low) + self.junction_voltage(high)) / 2 / self.p.i_read
            for name, (low, high) in pairs.items()
        }

    def context(self) -> dict[str, Any]:
        return super().context() | {"words": self.words()}

    def measures(self) -> tuple[Measure, ...]:
        zeros, ones = "0" * self.cells(), "1" * self.cells()
        words, unit = self.words(), self.vdd * self.p.t_sense
        rbl, ref = {case: v(f"rbl_{case}") for case in self.cases()}, {name: v(f"ref_{name}") for name in REFERENCES}
        highest_0 = maximum(*(rbl[word] for word in words if word != ones))
        lowest_1 = minimum(*(rbl[word] for word in words if word != zeros))
        reads = [self.supply_current(case, "ref_m") for case in ("p", "ap")]
        ands = [self.supply_current(word, "ref_and") for word in words if word != zeros]
        states = [Measure(f"v_{word}", "V", f"RBL voltage, cells store {word}", rbl[word]) for word in words]

        def margin(low: Node, high: Node, reference: Node) -> Node:
            return minimum(high - reference, reference - low)

        return (
            Measure("v_p", "V", "RBL voltage, one cell, parallel (stores 0)", rbl["p"]),
            Measure("v_ap", "V", "RBL voltage, one cell, antiparallel (stores 1)", rbl["ap"]),
            *states,
            Measure("v_ref_m", "V", "reference voltage of the read", ref["m"]),
            Measure("v_ref_and", "V", "reference voltage of AND", ref["and"]),
            Measure("v_ref_or", "V", "reference voltage of OR", ref["or"]),
            Measure(
                "margin_read",
                "V",
                "smaller distance of v_p and v_ap to this trial's own reference; below 0 is an error",
                margin(rbl["p"], rbl["ap"], ref["m"]),
            ),
            Measure(
                "margin_and",
                "V",
                "smallest distance of any input combination to this trial's AND reference",
                margin(highest_0, rbl[ones], ref["and"]),
            ),
            Measure(
                "margin_or",
                "V",
                "smallest distance of any input combination to this trial's OR reference",
                margin(rbl[zeros], lowest_1, ref["or"]),
            ),
            Measure("e_read", "J", "energy from the supply in t_sense, read, mean of both states", mean(reads) * unit),
            Measure("e_and", "J", "energy from the supply in t_sense, AND, mean of the input combinations", mean(ands) * unit),
            Measure(
                "e_or",
                "J",
                "energy from the supply in t_sense, OR, mean of the input combinations",
                self.supply_current(zeros, "ref_or") * unit,
            ),
        )

    def works(self) -> str:
        return "min(margin_read, margin_and, margin_or) > 0"

    def margins(self) -> tuple[Margin, ...]:
        k = self.cells()
        # cells are alike, so one combination with a single odd bit stands for all of them
        return (
            Margin("read", low="v_p", high="v_ap", reference="v_ref_m"),
            Margin("and", low="v_" + "1" * (k - 1) + "0", high="v_" + "1" * k, reference="v_ref_and"),
            Margin("or", low="v_" + "0" * k, high="v_1" + "0" * (k - 1), reference="v_ref_or"),
        )
