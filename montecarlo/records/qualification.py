"""``summary.json`` of a qualification."""

from __future__ import annotations

from typing import Any

from spicekit.records import File, Record


class QualifyFigure(Record):
    """The measure that a qualification shows beside its verdicts."""

    name: str
    unit: str
    meaning: str


class QualifyPoint(Record):
    """One condition of a qualification; of an axis that it does not go over there is no value."""

    corner: str | None = None
    temperature: float | None = None
    vdd: float | None = None
    verdict: str
    nominal: str  # the verdict of the nominal circuit
    trials: dict[str, int]  # verdict -> trials; empty without any
    figure: float | None  # of the nominal circuit
    figure_low: float | None  # of the trials
    figure_high: float | None
    outcomes: dict[str, int]
    why: dict[str, int]  # reason -> simulations
    uncalibrated: str | None = None  # why the bench cannot be calibrated there

    def at(self, axis: str) -> str:
        """Its value on an axis, as people read it."""
        value = {"corner": self.corner, "temperature": self.temperature, "vdd": self.vdd}[axis]
        return f"{value:g}" if isinstance(value, float) else str(value)


class QualifySummary(File):
    """``summary.json`` of a qualification."""

    bench: str
    technology: str
    given: dict[str, Any]
    over: dict[str, list[Any]]
    trials: int
    seed: int
    works: str | None  # the bench's condition
    figure: QualifyFigure
    verdicts: dict[str, int]
    points: list[QualifyPoint]
