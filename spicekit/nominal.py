"""The nominal simulation of a bench, or one at given values of its variation points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spicekit.bench import Bench
from spicekit.block import simulate_block
from spicekit.limits import Beyond, warnings
from spicekit.outcome import Outcome
from spicekit.registry import make_bench
from spicekit.waves import Waves


@dataclass(frozen=True)
class RunResult:
    """One simulation of a bench."""

    bench: Bench
    outcome: Outcome
    measures: dict[str, float]  # NaN if the outcome is not ok; not finite beyond a measure's limits
    waves: Waves
    values: dict[str, float]  # of the variation points
    attempt: int = 0  # solver fallback that was needed, 0 none
    reason: str = ""  # why it is invalid, if it is

    def warnings(self) -> tuple[str, ...]:
        """A line for each measure that lies beyond its limits, and the bench's notes."""
        if self.outcome is not Outcome.OK:
            return ()
        measures = self.bench.measures()
        beyond = {name: Beyond.of(np.array([value])) for name, value in self.measures.items()}
        lines = [f"{self.bench.name}: {line}" for line in warnings(measures, beyond, 1)]
        return (*lines, *self.bench.notes(self.measures))

    def as_json(self) -> dict[str, Any]:
        """The object that ``spicekit run --json`` prints."""
        units = {measure.name: measure.unit for measure in self.bench.measures()}
        return {
            "bench": self.bench.name,
            "parameters": self.bench.parameters(),
            "outcome": str(self.outcome),
            "measures": {
                name: {"value": value if np.isfinite(value) else None, "unit": units[name]}
                for name, value in self.measures.items()
            },
        }


def run(bench: str | Bench, values: Mapping[str, float] | None = None, **parameters: Any) -> RunResult:
    """Simulate ``bench`` (a name with ``parameters``, or a Bench) once.

    ``values`` sets variation points (``{"ra_c0": 17.2}``); the others stay nominal.

    >>> run("sot-read", tmr="250%").measures["dv"]  # doctest: +SKIP
    """
    made = make_bench(bench, parameters) if isinstance(bench, str) else bench
    points = {point.name: point.nominal for point in made.points()} | dict(values or {})
    result = simulate_block(made, {name: np.array([value]) for name, value in points.items()})
    return RunResult(
        made,
        result.outcomes[0],
        {name: float(column[0]) for name, column in result.measures.items()},
        result.waves,
        points,
        result.attempts[0],
        result.reason,
    )
