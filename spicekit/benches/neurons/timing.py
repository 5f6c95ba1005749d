"""When things happen in a neuron: phases, the inputs of each step, and the order of levels of a linearity measurement."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np

from spicekit.waves import Array

EDGE = 20e-12  # s, of ideal clocks and phases
INPUTS_CHANGE = 0.2  # of a period: matches and permission to fire of a step are set while the amplifier is zeroed
LATCHED = 0.15  # of the next period: when a step's spike is read, the latch being closed and the reset under way
READ = 0.1  # of it: when a bit of the threshold's trim begins to be kept
LEVELS = 16  # steps of a linearity measurement
# Ideal phases: when they rise and fall in seconds after a quarter of the period, as the transistor generator makes them at tt,
# 27 C (at VDD/2); name: (quarter, delay) of the rise, of the fall.
PHASES = {
    "ph1": ((0, 36e-12), (1, 34e-12)),
    "off": ((0, 69e-12), (1, 169e-12)),
    "offb": ((1, 154e-12), (4, 56e-12)),
    "az": ((0, 104e-12), (1, 104e-12)),
    "azb": ((1, 116e-12), (4, 116e-12)),
    "take": ((1, 198e-12), (2, 51e-12)),
    "takeb": ((2, 42e-12), (5, 188e-12)),
    "sub": ((2, 84e-12), (4, 120e-12)),
    "strobe": ((3, 28e-12), (4, 23e-12)),
    "strobeb": ((4, 32e-12), (7, 36e-12)),
}


def pulse(name: str, period: float) -> tuple[bool, float, float]:
    """Whether an ideal phase is high at time 0, when it first changes, and how long until it changes back, in seconds."""
    (rise_quarter, rise), (fall_quarter, fall) = PHASES[name]
    up, down = rise_quarter * period / 4 + rise - EDGE / 2, fall_quarter * period / 4 + fall - EDGE / 2
    if rise_quarter == 0:  # the first step starts inside it
        return True, down, period - (down - up)
    if fall_quarter > 4 or rise_quarter == 4:  # low within the period
        low = down - period
        return True, low, up - low
    return False, up, down - up


def window(step: int, count: int, period: float) -> list[tuple[float, float]]:
    """Knots (s, 0 or 1) of the time in which the matches of ``step`` are those of the row."""
    start, end = (step + INPUTS_CHANGE) * period, (step + 1 + INPUTS_CHANGE) * period
    knots = [(0.0, 1.0)] if step == 0 else [(0.0, 0.0), (start, 0.0), (start + EDGE, 1.0)]
    return knots if step == count - 1 else [*knots, (end, 1.0), (end + EDGE, 0.0)]


class TrimTimes(NamedTuple):
    """Of one bit of a threshold's trim, in s: tested from ``start`` to ``end``, its decision taken over from ``read`` on."""

    bit: int
    start: float
    read: float
    end: float


def trim_times(bits: int, period: float) -> list[TrimTimes]:
    """Of each bit, the highest first: a step each, from the change of its inputs to that of the next one's."""
    return [
        TrimTimes(bits - 1 - step, *((step + part) * period for part in (INPUTS_CHANGE, 1 + READ, 1 + INPUTS_CHANGE)))
        for step in range(bits)
    ]


def staircase(values: list[float], period: float) -> list[tuple[float, float]]:
    """Knots (s, value) of a staircase that takes each of ``values`` for a step."""
    knots = [(0.0, 0.0)]
    for step, value in enumerate(values):
        start = (step + INPUTS_CHANGE) * period
        knots += [(start, knots[-1][1]), (start + EDGE, value)]
    return knots


@functools.cache
def balanced(span: int) -> Array:
    """Levels from -span to span, in an order for which the sum stays within span and hardly depends on the level."""
    levels = np.round(np.linspace(-span, span, LEVELS))
    best, lowest = levels, math.inf
    for seed in range(2000):
        order = np.random.default_rng(seed).permutation(levels)
        before = np.concatenate([[0.0], np.cumsum(order)[:-1]])
        correlation = abs(float(np.corrcoef(order, before)[0, 1]))
        if correlation < lowest and np.abs(np.cumsum(order)).max() <= span:
            best, lowest = order, correlation
    return best
