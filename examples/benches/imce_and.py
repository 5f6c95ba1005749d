"""A bench of one's own: what a pair of cells and its sense amplifier compute when they are told to AND.

It is the column of ``sot-logic`` with two things added: the offset of the comparator, and sigma(TMR) as a parameter, so that a
sweep can run over it.  A trial is one pair of cells with its own reference, mirror and comparator.  Which of the four input
combinations it takes for 11 decides what the pair *is*: an AND gate, or, if its devices deviate too far, another gate.  The
sense voltage rises with every junction that is antiparallel, so only six gates are possible; a campaign gives the fraction of
each, and six fractions in a table are the whole error model (:mod:`montecarlo.behaviour.gates`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from montecarlo.behaviour.gates import GATES, WORDS
from spicekit import DcAnalysis, Margin, Measure, VariationPoint, Waves, quantity
from spicekit.benches.sot.logic import SotLogic, SotLogicParameters
from spicekit.waves import Array


class ImceAndParameters(SotLogicParameters):
    fan_in: int = quantity(2, "", "cells that are sensed together", ge=2, le=2)
    sigma_tmr: float = quantity(0.10, "", "standard deviation of TMR from junction to junction, relative", ge=0, le=0.5)
    sigma_offset: float = quantity(
        2.8e-3,
        "V",
        "standard deviation of the comparator's offset (200 trials of sot-sense, -p measure=offset -p operation=and)",
        ge=0,
        le=0.1,
    )


class ImceAnd(SotLogic[ImceAndParameters]):
    name = "imce-and"
    summary = "the gate that a pair of SOT-MRAM cells with its sense amplifier makes in place of AND"
    template = "imce-and.cir.j2"

    def words(self) -> tuple[str, ...]:
        return WORDS

    def cases(self) -> dict[str, list[int]]:
        # column "p" is the one that loads the mirror's diode (see netlists/sensing/read-bias.cir.j2)
        return {"p": [0]} | {word: [int(bit) for bit in word] for word in WORDS}

    def points(self) -> tuple[VariationPoint, ...]:
        sigma = self.p.sigma_tmr * self.p.tmr
        points = [replace(point, sigma=sigma) if point.kind == "tmr" else point for point in super().points()]
        return (*points, VariationPoint("offset_sa", "offset", 0.0, "V", sigma=self.p.sigma_offset))

    def context(self) -> dict[str, Any]:
        return super().context() | {"gates": GATES}

    def analysis(self) -> DcAnalysis:
        return DcAnalysis(save=(*(f"v(rbl_{word})" for word in WORDS), "v(ref_and)", "v(offset_sa)"))

    def measures(self) -> tuple[Measure, ...]:
        return (
            *(Measure(f"v_{word}", "V", f"RBL voltage, cells store {word}") for word in WORDS),
            Measure("v_ref", "V", "what the comparator holds it against: AND reference minus its offset"),
            *(Measure(f"gate_{name}", "", f"1 if the pair works as the gate '{name}'", fraction=True) for name in GATES),
        )

    def evaluate(self, waves: Waves) -> dict[str, Array]:
        values = {f"v_{word}": waves(f"v(rbl_{word})") for word in WORDS}
        values["v_ref"] = waves("v(ref_and)") - waves("v(offset_sa)")
        outputs = np.array([values[f"v_{word}"] > values["v_ref"] for word in WORDS])
        for name, gate in GATES.items():
            same = [output == bool(bit) for output, bit in zip(outputs, gate, strict=True)]
            values[f"gate_{name}"] = np.all(same, axis=0).astype(float)
        return values

    def margins(self) -> tuple[Margin, ...]:
        return (Margin("and", low="v_10", high="v_11", reference="v_ref"),)
