"""What is said of the trials in which a measure lies beyond its limits (:mod:`spicekit.limits`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from spicekit.limits import Limits
from spicekit.measures.measure import Measure
from spicekit.units import format_value
from spicekit.waves import Array


@dataclass(frozen=True)
class Beyond:
    """How many trials lie beyond the limits of a measure."""

    below: int
    above: int
    unknown: int  # not even the side is known

    @classmethod
    def of(cls, values: Array) -> Beyond:
        return cls(*(int(np.count_nonzero(found)) for found in (np.isneginf(values), np.isposinf(values), np.isnan(values))))

    @property
    def total(self) -> int:
        return self.below + self.above + self.unknown


def shown_measure(measure: Measure, value: float) -> str:
    """One value as people read it; of one beyond the limits, what is known of it."""
    if measure.limits is None or np.isfinite(value):
        return format_value(value, measure.unit)
    if np.isnan(value):
        return "not found"
    end = measure.limits.high if value > 0 else measure.limits.low
    return f"{'>' if value > 0 else '<'} {format_value(end, measure.unit)}" if np.isfinite(end) else "none"


def warnings(measures: Iterable[Measure], beyond: Mapping[str, Beyond], trials: int) -> tuple[str, ...]:
    """A line for each remedy that one of ``trials`` trials needs, with the measures it is for.

    ``beyond``: measure -> its count, of those that have limits.
    """
    lines: dict[tuple[str, bool], list[str]] = {}
    for measure in measures:
        count = beyond.get(measure.name)
        if measure.limits is None or count is None or not count.total:
            continue
        lines.setdefault((measure.limits.remedy, measure.limits.event), []).append(
            _counted(measure, measure.limits, count, trials)
        )
    what = {True: "the statistics are those of the other trials", False: "no mean and no standard deviation are given"}
    return tuple(
        f"{'; '.join(words)}{f' ({what[event]})' if trials > 1 else ''}: {remedy}" for (remedy, event), words in lines.items()
    )


def _counted(measure: Measure, limits: Limits, count: Beyond, trials: int) -> str:
    sides = []
    for number, word, end in ((count.below, "below", limits.low), (count.above, "above", limits.high)):
        place = f"{word} {format_value(end, measure.unit)}" if np.isfinite(end) else "without a value"
        sides.append((number, place))
    sides.append((count.unknown, "not found"))
    if trials == 1:
        return f"{measure.name}: {next(place for number, place in sides if number)}"
    return f"{measure.name}: {', '.join(f'{number:,} {place}' for number, place in sides if number)}, of {trials:,} trials"
