"""Measures that a search or a window can only find up to its ends, and what is said of the trials that lie beyond.

A bench declares it with the measure::

    Measure("offset", "V", "input-referred offset", limits=Limits("raise offset_range", low=-r, high=r))
    Measure("t_decision", "s", "until the outputs parted", limits=Limits("raise t_window", high=t_window, event=True))

and its ``evaluate`` returns what it found.  A value at or beyond an end is not the circuit's: in all results it is ``-inf`` or
``inf``, or NaN where not even the side is known.  Such a trial is ``ok``, for that it lies there is an answer (``offset > 5m``
holds for it), but no mean is taken over it.  Without ``limits`` a measure that is not finite makes its trial ``invalid``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spicekit.waves import Array


@dataclass(frozen=True)
class Limits:
    """Where a search or a window ends, in the unit of the measure."""

    remedy: str  # what to change so that it reaches further: "raise offset_range"
    low: float = -np.inf
    high: float = np.inf
    # of something that may not happen (a late decision): its statistics are those of the trials in which it did.  Otherwise
    # every trial has a value, and with some of them unknown there is neither a mean nor a standard deviation.
    event: bool = False

    def applied(self, values: Array) -> Array:
        """``values`` with those at or beyond an end replaced by -inf and inf."""
        return np.where(values <= self.low, -np.inf, np.where(values >= self.high, np.inf, values))
