"""``summary.json`` of a campaign: statistics, sensitivities, improved estimates."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from montecarlo.records.job import Comparison
from spicekit.outcome import Outcome
from spicekit.records import Calibration, File, Record


class MeasureSummary(Record):
    unit: str
    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    q001: float | None
    q50: float | None
    q999: float | None
    ci: tuple[float | None, float | None] | None = None
    beyond: dict[str, int] = {}
    limits: tuple[float | None, float | None] | None = None
    remedy: str = ""


class MarginSummary(Record):
    unit: str
    low: str
    high: str
    mean: float | None
    worst: float | None
    sigma3: float | None
    sigma6: float | None
    reference: float | None
    error_rate: float | None
    error_rate_ci: tuple[float, float]
    circuit_reference: str | None = None
    circuit_error_rate: float | None = None
    circuit_error_rate_ci: tuple[float, float] | None = None


class Driver(Record):
    """A variation point that drives a margin or a measure (:mod:`montecarlo.statistics.sensitivity`)."""

    point: str
    rank: float
    share: float | None


class Sensitivity(Record):
    """What drives each margin and each measure, the strongest first; ``trials`` it was found from."""

    trials: int
    margins: dict[str, list[Driver]]
    measures: dict[str, list[Driver]]


class Improvement(Record):
    """A number by the trials alone and with the regression, each with its 95 % interval.

    ``worth`` is how many trials one trial replaces with the regression.
    """

    plain: tuple[float | None, float | None, float | None]  # value, low, high
    improved: tuple[float | None, float | None, float | None]
    worth: float | None


class ImprovedMeasure(Record):
    """A measure with a regression on what varies (:mod:`montecarlo.statistics.surrogate`)."""

    unit: str
    r2: float  # by cross-validation
    terms: int  # coefficients
    form: str  # the regression is of the `value` or of its `logarithm`
    mean: Improvement
    std: Improvement
    q001: Improvement
    q50: Improvement
    q999: Improvement


class Surrogate(Record):
    """What ``--surrogate`` adds; ``refused`` says why a measure, or a margin's error rate, has none."""

    trials: int
    draws: int  # at which the regressions were evaluated
    measures: dict[str, ImprovedMeasure]
    margins: dict[str, dict[str, Improvement]]  # margin -> rate -> improvement
    refused: dict[str, str]


class ControlledMeasure(Record):
    """A measure by that of a cheaper bench (:mod:`montecarlo.statistics.control`)."""

    unit: str
    r2: float  # of the pairs
    slope: float  # over its control
    mean: Improvement
    std: Improvement | None = None  # not of a fraction


class Control(Record):
    """What ``--control`` adds; ``refused`` says why a measure has no control."""

    bench: str
    given: dict[str, Any]
    pairs: int  # trials that both simulated
    trials: int  # that the control alone did
    measures: dict[str, ControlledMeasure]
    refused: dict[str, str]
    cost: float | None  # time of its trial over that of the campaign's


class Summary(File):
    """``summary.json`` of a campaign."""

    bench: str
    trials: int
    seed: int
    elapsed_s: float = Field(ge=0)
    outcomes: dict[Outcome, int]
    measures: dict[str, MeasureSummary]
    margins: dict[str, MarginSummary]
    sensitivity: Sensitivity = Sensitivity(trials=0, margins={}, measures={})
    warnings: list[str] = []
    identity: str = ""  # of the campaign whose trials it sums up
    calibrations: dict[str, Calibration] = {}  # that the bench's notes asked for
    surrogate: Surrogate | None = None
    control: Control | None = None
    comparison: Comparison | None = None  # with ngspice, of a campaign of the engine batch
