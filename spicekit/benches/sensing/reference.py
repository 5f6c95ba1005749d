"""What a cell is compared with: a resistor, or reference cells made of the junctions of the array.

A leg of junctions has the mean of two resistances A and B that are to be told apart: two branches in parallel, each a group with
A in series with one with B, (A + B) || (A + B) = (A + B)/2: P and AP for a read (such networks of MRAM: US patent 11,120,857),
groups of several junctions in parallel for the logic of several cells.  It follows global RA and the temperature of the TMR as
the cells do, and has their spread, over four junctions or more; legs of neighbouring columns that are tied together average
further (``n_ref``), each fed by its own column's read current.

The current parts, so that each junction of a leg has about half the bias of the cell and its TMR is higher: the reference
would lie above the middle, by a tenth of the gap of a read.  Its junctions are larger by ``factor``, which puts the nominal
one there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import model_validator
from scipy.optimize import brentq

from spicekit.devices.junction import StaticJunction
from spicekit.parameters import Group, option, quantity
from spicekit.point import VariationPoint

T_NOMINAL = 27.0  # C, at which a resistor has its value


class ReferenceSpread(Group):
    """Of the reference legs, whatever a bench lets choose between."""

    reference: str
    n_ref: int = quantity(1, "", "reference=mtj: legs of so many columns are tied together and average", ge=1, le=16)
    sigma_r: float = quantity(0.0, "", "reference=resistor: relative standard deviation of each (poly: some 1%)", ge=0, le=1)
    tc_r: float = quantity(0.0, "1/K", "reference=resistor: temperature coefficient, about 27 C", ge=-0.005, le=0.005)

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        own = {"mtj": ("n_ref",), "resistor": ("sigma_r", "tc_r")}.get(self.reference, ())
        for name in [name for name in ("n_ref", "sigma_r", "tc_r") if name not in own]:
            value, default = getattr(self, name), type(self).model_fields[name].default
            if value != default:
                raise ValueError(f"{name}: {value:g} given with reference={self.reference}; allowed: {default:g}")
        return self

    def warm(self, celsius: float) -> float:
        """Factor on a resistor at a temperature in C."""
        return 1 + self.tc_r * (celsius - T_NOMINAL)


class Reference(ReferenceSpread):
    """What the reference legs are made of."""

    reference: Literal["resistor", "mtj"] = option(
        "resistor", "reference legs: resistors, or reference cells of junctions like the array's"
    )


@dataclass(frozen=True)
class Junctions:
    """The junctions of one group of a branch: their variation tags and states (0 P, 1 AP), in parallel."""

    tags: tuple[str, ...]
    states: tuple[int, ...]


@dataclass(frozen=True)
class Leg:
    """A leg of junctions: ``n_ref`` copies of two branches of two groups."""

    name: str
    halves: tuple[tuple[int, ...], tuple[int, ...]]  # states of the junctions of each group
    factor: float  # on the area of each junction
    n_ref: int = 1

    @classmethod
    def of(cls, name: str, low: Sequence[int], high: Sequence[int], junction: StaticJunction, current: float, n_ref: int) -> Leg:
        """That between cells of ``junction`` that store ``low`` and ``high``, whose nominal voltage at ``current`` in A is midway
        between theirs."""
        halves = (tuple(low), tuple(high))
        middle = sum(junction.voltage(states, current) for states in halves) / 2

        def excess(factor: float) -> float:
            return sum(junction.voltage(states, current / 2 / factor) for states in halves) - middle

        # at half the area the groups have the cells' own current, which gives twice the middle
        most = 2.0
        while excess(most) > 0:
            most *= 2
        return cls(name, halves, float(brentq(excess, 0.5, most, xtol=1e-12)), n_ref)

    @property
    def branches(self) -> list[tuple[Junctions, Junctions]]:
        """The branches of all copies, from top to bottom."""
        return [(self._group(copy, branch, 0), self._group(copy, branch, 1)) for copy in range(self.n_ref) for branch in range(2)]

    def _group(self, copy: int, branch: int, half: int) -> Junctions:
        states = self.halves[half]
        return Junctions(tuple(f"{self.name}_{copy}{'ab'[branch]}{'lh'[half]}{k}" for k in range(len(states))), states)

    def points(self, junction: StaticJunction) -> list[VariationPoint]:
        """RA, TMR and diameter of each junction."""
        tags = [tag for branch in self.branches for group in branch for tag in group.tags]
        return [point for tag in tags for point in junction.points(tag)]
