"""What a search for failures has found, and what of the question its answer is written with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from montecarlo.rare.crosscheck import CrossCheck
from montecarlo.rare.estimate import Estimate, from_counts
from montecarlo.rare.explore import Exploration
from montecarlo.rare.form import DesignPoint
from montecarlo.rare.importance import Sampled
from montecarlo.rare.state import Trials
from montecarlo.running.subject import Subject
from spicekit.expression import Expression


class Question(Protocol):
    """What is asked for: a :class:`montecarlo.YieldStudy`."""

    target: float
    seed: int

    @property
    def campaign(self) -> Subject:
        """The bench with its variations."""

    @property
    def expression(self) -> Expression:
        """What is a failure."""

    def record(self) -> dict[str, Any]:
        """What binds the answer to it."""


@dataclass
class Found:
    """What a method has found."""

    method: str
    estimate: Estimate
    trials: Trials  # from which the estimate follows, or the failing ones of them
    points: list[DesignPoint] = field(default_factory=list)
    sampled: Sampled | None = None
    check: CrossCheck | str = "only made for a method with design points"
    warnings: list[str] = field(default_factory=list)


def nothing(method: str, explored: Exploration, reason: str) -> Found:
    """The answer when a method comes to none: what the plain trials say."""
    trials = explored.plain
    estimate = from_counts(int(trials.fails.sum()), int(trials.lost.sum()), len(trials))
    return Found(method, estimate, trials, warnings=[f"{reason}; the interval is that of {len(trials)} plain trials"])
