"""How far and how finely the sense amplifiers' offset is searched.

Each comparison moves the input half as far as the one before, so what is left is the last step.
"""

from __future__ import annotations

import math

RESOLUTION = 62.5e-6  # V: the last step of a search is at most this, however wide it is
LEAST, MOST = 1e-3, 0.25  # V, of a search's range: beyond, the capacitor that holds the input is not solved to the resolution
C_SEARCH = 1e-12  # F, holds the differential input
FEWEST = 9  # comparisons, of a narrow search


def comparisons(offset_range: float) -> int:
    """Comparisons of a search from - to + ``offset_range`` volts."""
    return max(FEWEST, math.ceil(math.log2(offset_range / RESOLUTION) - 1e-9))


def last_step(offset_range: float) -> float:
    """What a search of ``offset_range`` volts leaves, in volts."""
    return math.ldexp(offset_range, -comparisons(offset_range))


def knots(offset_range: float, length: float, first: float, period: float, turned: float = 1.2) -> list[tuple[float, float]]:
    """Knots (s, A) of the current that moves the differential input after each comparison, half as far as before.

    Comparisons take ``length`` seconds each, the first one from ``first``, one a ``period``; the current begins ``turned``
    lengths after the start of each: the comparator is in reset or done, and the decision is held.
    """
    found, ramp = [(0.0, 0.0)], length / 20
    for k in range(comparisons(offset_range)):
        start = first + k * period + turned * length
        current = offset_range / 2 ** (k + 1) * C_SEARCH / (2 * ramp)
        found += [(start, 0.0), (start + ramp, current), (start + 2 * ramp, current), (start + 3 * ramp, 0.0)]
    return found
