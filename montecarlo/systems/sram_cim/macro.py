"""A macro of 32 kb: 128 inputs of 4 bits, 64 outputs, weights of 4 bits, and what its parts cost a MAC.

Each weight has its own multipliers beside its cells; the products of an output are added by a tree, whose sum goes into a
register that shifts and accumulates.  Three designs, which differ in what a multiplier reads::

    nor         one bit of the input a cycle, a NOR a bit of the weight: words of 4 bits, 4 cycles
    standard    all 4 bits of the input, 2 bits of the weight: words of 6 bits, two trees an output, one cycle
    fibbinary   the same with weights of which a multiplier's two bits are never both set: words of 5 bits

Both trees' sums go through one register, in two cycles.  The energy of a MAC is that of a multiplication of a drawn input with a
weight that stays, and of an addition; of the words' charge at the tree's inputs it counts once.  Not counted: signs, decoders,
drivers of the inputs, writing the weights.

A tree is simulated part by part, each alone: its first three levels, and an adder of each level above behind real ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from montecarlo.systems.system import Plan
from spicekit.area import floor_plan
from spicekit.registry import make_bench
from spicekit.table import LookupTable

INPUTS, OUTPUTS, BITS = 128, 64, 4
LEVELS = 7  # of the tree
BASE = 3  # of them simulated whole; one adder of each above
C_WIRE = 0.2e-9  # F/m, chosen: the usual figure of a wire
CHGTOL = 1e-14  # A s: a third of the time of the benches' own 1e-16; energies move by 0.5 %, delays by 5 % (docs/digital.md)
RISES = 0.25  # part of the operations in which a bit of random inputs rises


@dataclass(frozen=True)
class Design:
    """What stands beside the cells of a weight."""

    kind: str
    weight_bits: int  # that a multiplier reads
    input_bits: int
    sum_bits: int  # of a tree's sum

    @property
    def multipliers(self) -> int:
        """Of one weight, and trees of an output."""
        return BITS // self.weight_bits

    @property
    def cycles(self) -> int:
        """In which the inputs come."""
        return BITS // self.input_bits

    def multiplier(self) -> dict[str, Any]:
        """Parameters of the bench, without load: the tree's inputs are the tree's."""
        return {"kind": self.kind, "weight_bits": self.weight_bits, "input_bits": self.input_bits, "fan_out": 0}

    def tree(self) -> dict[str, Any]:
        return self.multiplier() | {"inputs": INPUTS, "base": BASE}

    def register(self) -> dict[str, Any]:
        return {"bits": self.sum_bits, "cycles": max(self.cycles, self.multipliers)}


DESIGNS = {
    "nor": Design("nor", BITS, 1, BITS + LEVELS),
    "standard": Design("standard", 2, BITS, 6 + LEVELS),
    "fibbinary": Design("fibbinary", 2, BITS, 5 + LEVELS),
}

PLANS = tuple(
    plan
    for name, design in DESIGNS.items()
    for plan in (
        Plan(f"multiplier-{name}", "multiplier", {"seed": [1, 2]}, 0, design.multiplier() | {"operations": 50, "chgtol": CHGTOL}),
        Plan(
            f"tree-{name}",
            "adder-tree",
            {"part": list(range(BASE, LEVELS + 1))},
            0,
            design.tree() | {"operations": 12, "chgtol": CHGTOL},
        ),
        Plan(f"register-{name}", "shift-accumulate", {"seed": [1]}, 0, design.register()),
    )
)
CELL = Plan("cell", "sram-6t", {"operation": ["static"]}, 0)


@dataclass(frozen=True)
class Cost:
    """Of one MAC: energies in J and areas in m2 by part, and its time in s."""

    energy: Mapping[str, float]
    area: Mapping[str, float]
    time: float
    error: float  # J, half of the 95 % interval of the energy, over random data

    @property
    def total(self) -> float:
        """Energy in J."""
        return sum(self.energy.values())


def cost(design: Design, name: str, tables: Mapping[str, LookupTable]) -> Cost:
    """Of the ``design`` called ``name``, from the tables of :data:`PLANS`."""
    multiplier, tree, register = (tables[f"{part}-{name}"] for part in ("multiplier", "tree", "register"))
    words = design.multipliers * design.cycles  # a weight's products in a MAC
    area = areas(design)
    # the register takes one sum while the tree makes the next; the last one is left
    time = design.cycles * (largest(multiplier, "delay") + added(tree, "delay")) + largest(register, "delay")
    side = sum(area.values()) ** 0.5
    vdd = make_bench("sram-6t", {}).vdd
    energy = {
        "multipliers": words * mean(multiplier, "e_total"),
        "adder tree": words * added(tree, "e_total") / INPUTS,
        "register": mean(register, "e_total") / INPUTS,
        "input lines": BITS * RISES * C_WIRE * side * vdd**2,
        "cells": BITS * mean(tables[CELL.name], "i_leak") * vdd * time,
    }
    seeds = len(multiplier.coordinates["seed"])
    # the parts of a tree see the same words: at most, their errors add up
    parts = (words * mean(multiplier, "e_error") / seeds**0.5, words * added(tree, "e_error") / INPUTS)
    return Cost(energy, area, time, sum(part**2 for part in parts) ** 0.5)


def areas(design: Design) -> dict[str, float]:
    """Of one MAC, m2 by part."""
    return {
        "multipliers": design.multipliers * area("multiplier", design.multiplier()),
        "adder tree": design.multipliers * area("adder-tree", design.tree()) / INPUTS,
        "register": area("shift-accumulate", design.register()) / INPUTS,
        "cells": BITS * area("sram-6t", {}),
    }


def area(bench: str, parameters: Mapping[str, Any]) -> float:
    """Area in m2 of the circuit of a bench."""
    return floor_plan(make_bench(bench, dict(parameters))).regions[-1].area


def mean(table: LookupTable, measure: str) -> float:
    """Over all points."""
    return float(table.variables[measure][1].mean())


def added(table: LookupTable, measure: str) -> float:
    """Over the parts of a tree."""
    return float(table.variables[measure][1].sum())


def largest(table: LookupTable, measure: str) -> float:
    """Of all points."""
    return float(table.variables[measure][1].max())
