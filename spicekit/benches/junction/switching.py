"""Whether and when a write switches a cell."""

from __future__ import annotations

import math

from spicekit.errors import UserError
from spicekit.limits import Limits
from spicekit.measures import Choose, Crossing, Final, First, Node
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
