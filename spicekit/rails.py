"""What the rails of a circuit cost: one accounting for all benches, an item a consumer (docs/energy.md).

A bench's netlist has an ideal source for each rail.  On a chip there is one supply, VDD, and each other rail is made of it.
Both are said: the energy at the rails (``e_total``), and what VDD then delivers (``e_supply``) by the parameter ``rails``::

    ideal   V Q                 each rail is a supply of its own: both totals are the same
    ldo     VDD Q               a linear regulator takes from VDD what it gives, whatever its voltage
    pump    k VDD Q / eta       a charge pump for rails below 0 or above VDD (the others: ldo)

Q is the charge that a consumer takes from the rail in the whole operation: what flows back on the way waits in the rail's
capacitor.  A consumer that gives more than it takes (Q against the sign of the rail) gets no credit from VDD, into which neither
a regulator nor a pump leads.  k is the pump's ideal multiplication, the smallest whole number of VDD that reaches the rail's
magnitude: without losses a pump takes k times the charge that it gives, and the rest of the voltage is lost as in a linear
regulator (Palumbo and Pappalardo, IEEE Circuits and Systems Magazine 10(1), 2010).  eta is the part of the charge that its clock
and the parasitics of its capacitors leave.  Rails at VDD cost the same either way, and what flows back stays there for others.

In a bench: mix :class:`RailSupply` into its parameters, list its :class:`Item` s, and give :meth:`Spent.measures` among its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from spicekit.errors import UserError
from spicekit.measures.measure import Measure
from spicekit.measures.nodes import Integral, Node, Number, Vector, maximum, total
from spicekit.parameters import Group, option, quantity
from spicekit.units import format_value

AT_VDD = 1e-6  # relative: a rail this near to VDD is VDD


class RailSupply(Group):
    """How the rails are made of VDD."""

    rails: Literal["ideal", "ldo", "pump"] = option(
        "ideal",
        "what e_supply counts: each rail a supply of its own, made of VDD by linear regulators, or "
        "by a charge pump where it is below 0 or above VDD",
    )
    # chosen: pumps on chip reach some 0.7 to 0.9 of the energy that the ideal multiplication leaves
    pump_efficiency: float = quantity(0.8, "", "rails=pump: charge that a pump gives over what an ideal one would", gt=0, le=1)


@dataclass(frozen=True)
class Item:
    """One consumer on one rail."""

    name: str  # of its measure, without e_
    meaning: str
    volts: float  # of the rail
    charge: Node  # that flows out of the rail into the circuit, in coulombs, net: of a negative rail below 0
    rail: str = ""  # its name, if it is another than VDD or may be

    @classmethod
    def of(
        cls,
        name: str,
        meaning: str,
        volts: float,
        current: Node,
        *,
        rail: str = "",
        users: float = 1,
        over: Callable[[Node], Node] = Integral,
    ) -> Item:
        """Of the ``current`` in amperes that flows out of the rail into the circuit, integrated by ``over``; of it, this
        operation is one of as many ``users``."""
        charge = over(current)
        return cls(name, meaning, volts, charge if users == 1 else charge / users, rail)

    @property
    def energy(self) -> Node:
        """Energy at the rail in joules."""
        return self.charge * self.volts

    @property
    def drawn(self) -> Node:
        """Charge in coulombs, at or above 0, that a converter has to give."""
        return maximum(self.charge if self.volts >= 0 else -self.charge, 0)


@dataclass(frozen=True)
class Spent:
    """The items of a bench of supply ``vdd`` volts, and what each costs by the parameters ``p``."""

    p: RailSupply
    vdd: float
    items: tuple[Item, ...]

    def supply(self, item: Item) -> Node:
        """Energy in joules that VDD delivers for ``item``."""
        factor = multiplication(item.volts, self.vdd)
        if self.p.rails == "ideal" or math.isclose(item.volts, self.vdd, rel_tol=AT_VDD):
            return item.energy
        if factor is None:
            return item.drawn * self.vdd if item.volts else Number(0.0)
        return item.drawn * (factor * self.vdd / self.p.pump_efficiency)

    @property
    def energy(self) -> Node:
        """Energy of all items at their rails in joules."""
        return total([item.energy for item in self.items])

    @property
    def from_supply(self) -> Node:
        """Energy of all items from VDD in joules."""
        return total([self.supply(item) for item in self.items])

    def measures(self, whole: str = "energy of the operation", mean: str = "") -> tuple[Measure, ...]:
        """Both totals of the ``whole``, and the items; ``mean`` ends each meaning.  Of an item with a rail of its own also the
        charge and its part of ``e_supply``."""
        how = {
            "ideal": "each rail a supply of its own",
            "ldo": "other rails by linear regulators",
            "pump": "other rails by linear regulators, by a charge pump below 0 or above VDD",
        }[self.p.rails]
        count = f"the {len(self.items)} below" if len(self.items) > 1 else "the one below"
        found = [
            Measure("e_total", "J", f"{whole} at the rails: {count}{mean}", self.energy),
            Measure("e_supply", "J", f"{whole} from the supply, {how}{mean}", self.from_supply),
        ]
        for item in self.items:
            found.append(Measure(f"e_{item.name}", "J", f"{item.meaning}{mean}", item.energy))
            if item.rail:
                rail = f"{item.rail}, {format_value(item.volts, 'V')}, "
                found += [
                    Measure(f"q_{item.name}", "C", f"of it, charge that {rail}gives{mean}", item.charge),
                    Measure(f"e_{item.name}_supply", "J", f"the same from the supply{mean}", self.supply(item)),
                ]
        return tuple(found)


def gates(vdd: float, currents: Sequence[str], meaning: str, over: Callable[[Node], Node] = Integral) -> Item:
    """The item of gates that ideal sources drive: what a driver's earlier stage takes from VDD to charge them.

    ``currents`` are the vectors of these sources.  What they take back goes to ground, and not to VDD; what couples into a gate
    that stands still counts too.
    """
    return Item("gates", meaning, vdd, total([over(maximum(-Vector(name), 0)) for name in currents]))


def multiplication(volts: float, vdd: float) -> int | None:
    """Smallest whole number of ``vdd`` that reaches the magnitude of a rail below 0 or above VDD; None for the others."""
    if 0 <= volts <= vdd * (1 + AT_VDD):
        return None
    return math.ceil(abs(volts) / vdd * (1 - AT_VDD))


def check_rails(bench: str, p: RailSupply, vdd: float, rails: Mapping[str, float]) -> None:
    """Raises :class:`UserError` if one of ``rails``, in volts by the names that users know, cannot be made by ``p.rails``."""
    for name, volts in rails.items():
        if p.rails == "ldo" and multiplication(volts, vdd) is not None:
            raise UserError(
                f"bench '{bench}': parameter rails: ldo given; allowed: ideal, pump: no linear regulator makes {name} of "
                f"{format_value(volts, 'V')} of a supply of {format_value(vdd, 'V')}"
            )
