"""A transistor between its nodes: both types, and drain and source exchanged where the voltage between them is reversed."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from spicekit.engines.batch.bsim4 import model, parasitics
from spicekit.engines.batch.graph import gradient, substitute, variable, where

Value = Any  # Node | float

DRAIN, GATE, BULK = range(3)
INPUTS = ("vds", "vgs", "vbs")  # of the nodes themselves, in the order of the terminals


@dataclass(frozen=True)
class Terminals:
    """Of drain, gate and bulk, by the voltages ``INPUTS``: currents into them (A), charges (C), and the derivatives of both."""

    currents: list[Value]
    charges: list[Value]
    conductances: list[list[Value]]  # [terminal][voltage]
    capacitances: list[list[Value]]


def terminals(s: SimpleNamespace) -> Terminals:
    """The formulas of a transistor of size ``s``.

    The model is differentiated as it stands, drain above source, and the exchange is made with what comes out: a third of the
    operations of differentiating through it.
    """
    sign = 1.0 if s.n else -1.0
    raw = [variable(name) for name in INPUTS]
    vds, vgs, vbs = (sign * one for one in raw)
    reverse = vds < 0.0
    inner = variable("inner_ds"), variable("inner_gs"), variable("inner_bs")
    core = model(s, inner[GATE], inner[DRAIN], inner[BULK])
    outer = {
        "inner_ds": where(reverse, -vds, vds),
        "inner_gs": where(reverse, vgs - vds, vgs),
        "inner_bs": where(reverse, vbs - vds, vbs),
    }
    around = parasitics(s, inner[GATE], inner[DRAIN], inner[BULK])
    straight = dict(zip(("inner_ds", "inner_gs", "inner_bs"), (vds, vgs, vbs), strict=True))

    def both(values: tuple[Value, ...], fixed: tuple[Value, ...]) -> tuple[list[Value], list[list[Value]]]:
        flat = substitute([*values, *(x for row in gradient(values, inner) for x in row)], outer)
        (drain, gate, bulk), rows = flat[:3], [flat[3:6], flat[6:9], flat[9:12]]
        rows[DRAIN] = [where(reverse, -(d + g + b), d) for d, g, b in zip(*rows, strict=True)]
        for row in rows:
            row[DRAIN] = where(reverse, -(row[0] + row[1] + row[2]), row[DRAIN])
        add = substitute([*fixed, *(x for row in gradient(fixed, inner) for x in row)], straight)
        totals = [sign * (a + b) for a, b in zip((where(reverse, -(drain + gate + bulk), drain), gate, bulk), add, strict=False)]
        return totals, [[a + b for a, b in zip(row, add[3 * k + 3 :], strict=False)] for k, row in enumerate(rows)]

    currents, conductances = both(core.currents, around.currents)
    charges, capacitances = both(core.charges, around.charges)
    return Terminals(currents, charges, conductances, capacitances)
