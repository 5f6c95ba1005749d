"""Whether and when a write switches a cell."""

from __future__ import annotations

import math

from spicekit.devices.mtj_figures import Breakdown, Rail
from spicekit.errors import UserError
from spicekit.limits import Limits
from spicekit.measures import Choose, Crossing, Final, First, Integral, Largest, Node, exp, sqrt
from spicekit.measures.measure import Measure


def check_stop(bench: str, stop: float, end: float) -> None:
    """Raise :class:`UserError` for a simulation to ``stop`` s that ends before the pulse does, at ``end`` s."""
    if stop < end:
        raise UserError(
            f"bench '{bench}': parameter t_stop: {stop:g} s given; allowed: at least {end:g} s, the end of the write pulse"
        )


def switching(m: Node, start: float, stop: float, remedy: str) -> tuple[Measure, Measure]:
    """Of a pulse from ``start`` s in a simulation to ``stop`` s; ``m`` is the magnetisation along the easy axis."""
    switched = Final(m) * First(m) < 0
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


def barrier_life(given: Breakdown | None, volts: Node) -> tuple[Measure, ...]:
    """What a write takes of the barrier's life, ``volts`` being over the junction; nothing of a card that does not say.

    Lives add up as the times under each voltage do: the integral of dt/t63(V(t)), t63 = t63(V0) exp(-a (|V| - V0)).
    """
    if given is None:
        return ()
    a, v0 = given.acceleration.value, given.voltage.value
    # what the barrier's rate has at 0 V is no wear of a write
    life = Integral(exp(a * abs(volts) - a * v0) - math.exp(-a * v0)) / given.t63.value
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
