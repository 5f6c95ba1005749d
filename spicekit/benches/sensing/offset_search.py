"""How far and how finely the sense amplifiers' offset is searched.

Each comparison moves the input half as far as the one before, so what is left is the last step.
"""

from __future__ import annotations

import math

RESOLUTION = 62.5e-6  # V: the last step of a search is at most this, however wide it is
LEAST, MOST = 1e-3, 0.25  # V, of a search's range: beyond, the capacitor that holds the input is not solved to the resolution
FEWEST = 9  # comparisons, of a narrow search


def comparisons(offset_range: float) -> int:
    """Comparisons of a search from - to + ``offset_range`` volts."""
    return max(FEWEST, math.ceil(math.log2(offset_range / RESOLUTION) - 1e-9))


def last_step(offset_range: float) -> float:
    """What a search of ``offset_range`` volts leaves, in volts."""
    return math.ldexp(offset_range, -comparisons(offset_range))
