"""IMCE's in-memory AND and OR of several SOT-MRAM cells (Fan, ASP-DAC 2018).

'1' is AP (high resistance): AND is 1 only if no selected junction is P, OR is 0 only if all are P.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Any, Generic, Literal, Self

from pydantic import model_validator
from typing_extensions import TypeVar

from spicekit.analysis import DcAnalysis
from spicekit.benches.sensing.reference import Leg, Reference
from spicekit.benches.sot.column import Logic, SotColumn, SotParameters
from spicekit.measures import Node, maximum, mean, minimum, v
from spicekit.measures.measure import Margin, Measure
from spicekit.parameters import option, quantity
from spicekit.point import VariationPoint

REFERENCES = ("m", "and", "or")  # branches of IMCE's sense amplifier: EN_M, EN_AND, EN_OR


class SotLogicParameters(Logic, Reference, SotParameters):
    fan_in: int = quantity(2, "", "cells that are sensed together", ge=2, le=6)
    inputs: Literal["boundary", "all"] = option(
        "boundary", "input combinations: those next to a decision boundary, or all (the others are always further away)"
    )

    @model_validator(mode="after")
    def _cells_fit(self) -> Self:
        if self.fan_in > self.rows:
            raise ValueError(f"fan_in: the column has {self.rows} rows, fewer than the {self.fan_in} cells to sense")
        return self


L = TypeVar("L", bound=SotLogicParameters, default=SotLogicParameters, covariant=True)


class SotLogic(SotColumn[L], Generic[L]):
    name = "sot-logic"
    summary = "in-memory AND and OR of 2 to 6 SOT-MRAM cells on one column, with IMCE's references"
    template = "benches/sot-logic.cir.j2"

    def cells(self) -> int:
        return self.p.fan_in

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

    def currents(self) -> dict[str, float]:
        return {"diode": self.p.i_read, "diode_logic": self.p.i_logic}

    def diode(self, states: Sequence[int]) -> str:
        return "diode" if len(states) == 1 else "diode_logic"

    def analysis(self) -> DcAnalysis:
        columns = [vector for case in self.cases() for vector in (f"v(rbl_{case})", f"i(vdd_{case})")]
        references = [vector for name in REFERENCES for vector in (f"v(ref_{name})", f"i(vdd_ref_{name})")]
        return DcAnalysis(save=(*columns, *references, *self.diode_supply()))

    def points(self) -> tuple[VariationPoint, ...]:
        p = self.p
        points = list(super().points())
        for name, fingers in (("m", 1), ("and", p.fan_in), ("or", p.fan_in)):
            if p.reference == "mtj":
                points += self.legs[name].points(p.junction)
            else:
                r = self.references()[name]
                points.append(VariationPoint(f"r_ref_{name}", "r_ref", r, "ohm", sigma=p.sigma_r * r, low=0.0))
            if p.access == "nmos":
                points += self.transistor(f"ref_{name}", p.w_read * fingers, self.l_access)
        return tuple(points)

    def references(self) -> dict[str, float]:
        """Reference resistances R_M, R_AND, R_OR in ohm, for nominal junctions at 27 C, at the temperature of the bench.

        Each gives the midpoint of the two junction voltages that it has to part.  Without bias roll-off these are Fan's
        (ASP-DAC 2018): R_AND is the midpoint of R_AP||R_P and R_AP||R_AP, R_OR that of R_P||R_P and R_P||R_AP.
        """
        warm = self.p.warm(self.temperature)
        return {
            name: warm * (self.junction_voltage(low) + self.junction_voltage(high)) / 2 / self.currents()[self.diode(low)]
            for name, (low, high) in self.parted().items()
        }

    def parted(self) -> dict[str, tuple[list[int], list[int]]]:
        """What the cells next to each other on both sides of a reference store."""
        k = self.cells()
        return {"m": ([0], [1]), "and": ([0] + [1] * (k - 1), [1] * k), "or": ([0] * k, [1] + [0] * (k - 1))}

    @functools.cached_property
    def legs(self) -> dict[str, Leg]:
        """The reference legs of junctions, of reference=mtj."""
        p = self.p
        if p.reference == "resistor":
            return {}
        return {
            name: Leg.of(f"ref_{name}", low, high, p.junction, self.currents()[self.diode(low)], p.n_ref)
            for name, (low, high) in self.parted().items()
        }

    def context(self) -> dict[str, Any]:
        # of the columns and references that one diode serves in turn, the first of each loads it
        loads = ("p", self.words()[0], "ref_m", "ref_and")
        return super().context() | {"words": self.words(), "loads": loads, "mtj_legs": self.legs, "r_ref": self.references()}

    def measures(self) -> tuple[Measure, ...]:
        zeros, ones = "0" * self.cells(), "1" * self.cells()
        words, unit = self.words(), self.vdd * self.p.t_sense
        rbl, ref = {case: v(f"rbl_{case}") for case in self.cases()}, {name: v(f"ref_{name}") for name in REFERENCES}
        highest_0 = maximum(*(rbl[word] for word in words if word != ones))
        lowest_1 = minimum(*(rbl[word] for word in words if word != zeros))
        reads = [self.supply_current(case, "ref_m") for case in ("p", "ap")]
        ands = [self.supply_current(word, "ref_and", diode="diode_logic") for word in words if word != zeros]
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
                self.supply_current(zeros, "ref_or", diode="diode_logic") * unit,
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
