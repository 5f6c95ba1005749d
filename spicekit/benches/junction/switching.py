"""Whether and when a write switches a cell."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spicekit.devices.mtj_figures import Breakdown, Rail
from spicekit.errors import UserError
from spicekit.limits import Limits
from spicekit.measures import At, Choose, Crossing, Final, First, Integral, Largest, Node, exp, maximum, sqrt, total
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
    closing: float  # s, from when on the word line falls: simulated after the last pulse, and part of every write

    @property
    def count(self) -> Node:
        """Pulses that the write takes."""
        return total([1 - before for before in self.done[:-1]]) + 1

    def spent(self, power: Node) -> Node:
        """Integral of ``power`` over the pulses that the write takes, and over the fall of the word line: their energy."""
        stop = self.ends[-1]
        bounds = (0.0, *self.ends[:-1], min(self.closing, stop))
        parts = [Integral(power, begin, end) for begin, end in itertools.pairwise(bounds)]
        closed = [Integral(power, self.closing, stop)] if self.closing < stop else []
        return total([parts[0], *((1 - before) * part for before, part in zip(self.done, parts[1:], strict=False)), *closed])

    def further(self, period: float) -> tuple[Measure, ...]:
        """What a single pulse does not have; ``period`` is that of the pulses in s."""
        after = [
            Measure(
                f"switched_{n}",
                "",
                f"1 if the cell was found in the new state after {'the first pulse' if n == 1 else f'{n} pulses or fewer'}",
                done,
                fraction=True,
            )
            for n, done in enumerate(self.done, 1)
        ]
        return (
            *after,
            Measure("attempts", "", "pulses that the write takes", self.count),
            Measure("t_write", "s", "time that the write takes, with the gap after each pulse", self.count * period),
        )


def attempted(m: Node, start: float, nexts: Sequence[float], closing: float, stop: float, remedy: str) -> Attempts:
    """Of a pulse from ``start`` s and further ones from ``nexts``; each is verified when the next one begins, or at ``stop``.
    After the last one, at ``closing`` s, the word line falls."""
    found = [At(m, time) * First(m) < 0 for time in nexts] + [Final(m) * First(m) < 0]
    done = tuple(maximum(*found[:n]) if n > 1 else found[0] for n in range(1, len(found) + 1))
    return Attempts(switching(m, start, stop, remedy, done[-1]), done, (*nexts, stop), closing)


def barrier_life(given: Breakdown | None, volts: Node, over: Callable[[Node], Node] = Integral) -> tuple[Measure, ...]:
    """What a write takes of the barrier's life, ``volts`` being over the junction; nothing of a card that does not say.

    ``over`` is what integrates over the time that the write takes.

    Lives add up as the times under each voltage do: the integral of dt/t63(V(t)), t63 = t63(V0) exp(-a (|V| - V0)).
    """
    if given is None:
        return ()
    a, v0 = given.acceleration.value, given.voltage.value
    # what the barrier's rate has at 0 V is no wear of a write
    life = over(exp(a * abs(volts) - a * v0) - math.exp(-a * v0)) / given.t63.value
    return (
        Measure("breakdown", "", "share of the barrier's life to 63 % of failures that one write takes (E model)", life),
        Measure("writes_63", "", "writes to 63 % of failures of the barrier", 1 / life),
    )


def electromigration(given: Rail | None, current: Node, start: float, stop: float) -> tuple[Measure, ...]:
    """Density of the rail's ``current`` over the card's limit: peak, and root mean square from ``start`` to ``stop`` s; none of
    a card without a limit."""
    if given is None or given.j_max is None:
        return ()
    most = given.j_max.value * given.width.value * given.thickness.value
    mean = sqrt(Integral(current * current, start, stop) / (stop - start))
    return (
        Measure("em_peak", "", "largest current density of the rail over the card's j_max", Largest(abs(current)) / most),
        Measure("em_rms", "", "the same of the root mean square in the pulse", mean / most),
    )
