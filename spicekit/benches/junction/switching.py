"""Whether and when a write switches a cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from spicekit.errors import UserError
from spicekit.limits import Limits
from spicekit.measures import At, Choose, Crossing, Final, First, Integral, Node, maximum, total
from spicekit.measures.measure import Measure


def check_stop(bench: str, stop: float, end: float) -> None:
    """Raise :class:`UserError` for a simulation to ``stop`` s that ends before the pulse does, at ``end`` s."""
    if stop < end:
        raise UserError(
            f"bench '{bench}': parameter t_stop: {stop:g} s given; allowed: at least {end:g} s, the end of the write pulse"
        )


def switching(m: Node, start: float, stop: float, remedy: str, switched: Node | None = None) -> tuple[Measure, Measure]:
    """Of a pulse from ``start`` s in a simulation to ``stop`` s; ``m`` is the magnetisation along the easy axis."""
    switched = Final(m) * First(m) < 0 if switched is None else switched
    return (
        Measure("switched", "", "1 if the cell holds the new state at the end", switched, fraction=True),
        Measure(
            "t_switch",
            "s",
            "from the start of the pulse to m = 0, of a cell that holds the new state at the end",
            Choose(switched, Crossing(m, 0.0, after=start) - start, math.inf),
            limits=Limits(remedy, high=stop - start, event=True),
        ),
    )


@dataclass(frozen=True)
class Attempts:
    """A write of several pulses, which ends with the first after which the cell is found in the new state.

    All pulses are simulated in every trial: what happens after the one that ends the write is not looked at.
    """

    first: tuple[Measure, Measure]
    done: tuple[Node, ...]  # after each pulse: 1 if one up to it has written
    ends: tuple[float, ...]  # s, when each is verified

    @property
    def count(self) -> Node:
        """Pulses that the write takes."""
        return total([1 - before for before in self.done[:-1]]) + 1

    def spent(self, power: Node) -> Node:
        """Energy in J of the pulses that the write takes."""
        parts = [Integral(power, begin, end) for begin, end in zip((0.0, *self.ends[:-1]), self.ends, strict=True)]
        return total([parts[0], *((1 - before) * part for before, part in zip(self.done, parts[1:], strict=False))])

    def further(self, period: float) -> tuple[Measure, ...]:
        """What a single pulse does not have; ``period`` is that of the pulses in s."""
        after = [
            Measure(
                f"switched_{n}", "", f"1 if the cell was found in the new state after {n} pulses or fewer", done, fraction=True
            )
            for n, done in enumerate(self.done, 1)
        ]
        return (
            *after,
            Measure("attempts", "", "pulses that the write takes", self.count),
            Measure("t_write", "s", "time that the write takes, with the gap after each pulse", self.count * period),
        )


def attempted(m: Node, start: float, nexts: Sequence[float], stop: float, remedy: str) -> Attempts:
    """Of a pulse from ``start`` s and further ones from ``nexts``; each is verified when the next one begins, or at ``stop``."""
    found = [At(m, time) * First(m) < 0 for time in nexts] + [Final(m) * First(m) < 0]
    done = tuple(maximum(*found[:n]) if n > 1 else found[0] for n in range(1, len(found) + 1))
    return Attempts(switching(m, start, stop, remedy, done[-1]), done, (*nexts, stop))
