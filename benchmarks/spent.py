"""What work takes: time of the processor, which other work on the machine changes little, and by the clock."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Spent:
    """Seconds: of the processor, children's included, and by the clock."""

    processor: float
    wall: float

    def each(self, count: float) -> Spent:
        """Of one of so many."""
        return Spent(self.processor / count, self.wall / count)

    def plus(self, other: Spent, factor: float = 1.0) -> Spent:
        """With ``factor`` times another."""
        return Spent(self.processor + factor * other.processor, self.wall + factor * other.wall)


def spent(work: Callable[[], object]) -> Spent:
    """What ``work`` takes."""
    before, began = _processor(), time.perf_counter()
    work()
    return Spent(_processor() - before, time.perf_counter() - began)


def _processor() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)
