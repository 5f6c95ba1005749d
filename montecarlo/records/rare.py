"""``summary.json`` of a study of rare failures."""

from __future__ import annotations

from pydantic import Field

from spicekit.outcome import Outcome
from spicekit.records import File, Record


class Deviation(Record):
    """A standard-normal coordinate at a failure point, in device terms."""

    name: str
    value: float | None
    nominal: float | None
    unit: str
    sigmas: float
    contribution: float | None


class FailurePoint(Record):
    kind: str
    beta: float
    share: float
    points: list[Deviation]


class _Move(Record):
    by: float
    unit: str


class _Rate(Record):
    probability: float
    ci: tuple[float, float]


class CrossCheckSummary(Record):
    """What plain trials say at a relaxed limit; ``reason`` why there are none."""

    made: bool
    reason: str = ""
    limits_moved: list[_Move] = []
    plain: _Rate | None = None
    sampled: _Rate | None = None
    agree: bool = False


class YieldSummary(File):
    """``summary.json`` of a study."""

    bench: str
    fail: str
    method: str
    seed: int
    elapsed_s: float = Field(ge=0)
    probability: float
    sigma: float | None
    ci: tuple[float, float]
    cov: float | None
    target_cov: float
    reached: bool
    lowest: float
    highest: float
    effective_sample_size: float
    simulations: int
    stages: dict[str, int]
    outcomes: dict[Outcome, int]
    failure_points: list[FailurePoint]
    cross_check: CrossCheckSummary
    warnings: list[str]
    convergence: list[tuple[int, float, float, float]] = []  # trials, estimate and its 95 % interval from these
    identity: str = ""  # of the study that it answers
