"""The records of the folders of many simulations: what each JSON file holds.

They are written and read by :mod:`spicekit.records`.  Version 0.1 had neither inputs nor hash of the code: they have defaults.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AliasChoices, Field

from spicekit.engines import BATCH, NGSPICE
from spicekit.export.roles import Macro, Roles
from spicekit.outcome import Outcome
from spicekit.records import SCHEMA as SCHEMA
from spicekit.records import Calibration as Calibration
from spicekit.records import File as File
from spicekit.records import Record
from spicekit.records import Run as Run
from spicekit.records import checked as checked
from spicekit.records import parse as parse
from spicekit.records import read as read
from spicekit.records import typed as typed
from spicekit.records import write as write

FileName = Annotated[str, Field(pattern=r"^[^\x00]+$")]


class PointRecord(Record):
    """A variation point as ``campaign.json`` has it."""

    kind: str
    nominal: float
    unit: str
    sigma: float = Field(ge=0)
    relative: bool
    distribution: Literal["normal", "lognormal"]
    truncate: float | None


class VariationRecord(Record):
    target: str
    sigma: float = Field(ge=0)
    relative: bool
    scope: Literal["local", "global"]
    distribution: Literal["normal", "lognormal"]
    truncate: float | None = Field(gt=0)


class CorrelationRecord(Record):
    first: str
    second: str
    rho: float = Field(gt=-1, lt=1)
    scope: Literal["local", "global"] = "local"


class _Varied(File):
    """What the records of campaigns, sweeps and studies have in common."""

    bench: str = Field(min_length=1)
    given: dict[str, Any]
    seed: int = Field(ge=0)
    variations: list[VariationRecord]
    correlations: list[CorrelationRecord]
    variation_file: str = ""  # that gave some of these, beside what the command did
    inputs: dict[FileName, str] = {}
    code_sha256: str = ""
    engine: str = NGSPICE


class ComparedMeasure(Record):
    """One measure of trials that two engines simulated, as roots of mean squares in its unit."""

    difference: float  # between the engines
    convergence: float  # between ngspice and ngspice with tolerances ten times finer
    size: float
    jumps: int  # trials in which one of them found a value and the other none
    own_jumps: int = 0  # those of ngspice, with finer tolerances


class Comparison(Record):
    """Trials of a job that another engine and ngspice simulated before it began; if any measure is beyond, ngspice does it."""

    engine: str = BATCH
    kernel: str = ""  # SHA-256 of what was compiled
    trials: int
    outcomes_apart: int
    measures: dict[str, ComparedMeasure]
    beyond: list[str]  # measures that differ by more than ngspice's own error accounts for


class CampaignRecord(_Varied):
    """``campaign.json``."""

    calibrations: dict[str, Calibration] = {}
    parameters: dict[str, Any]
    trials: int = Field(ge=1)
    sampler: str
    points: dict[str, PointRecord]
    block: int = Field(1, ge=1)
    chunk: int = Field(1, ge=1)
    netlist_sha256: str
    versions: dict[str, str]
    until: str = ""
    at_most: int = Field(0, ge=0)
    comparison: Comparison | None = None
    control_of: dict[str, Any] = {}  # bench and given parameters of the campaign whose control variate it is


class SweepRecord(_Varied):
    """``sweep.json``."""

    calibrations: dict[str, list[float | None]] = {}  # of each point, in the order of the grid, last parameter fastest
    over: dict[str, list[Any]]
    trials: int = Field(ge=0)
    sampler: str
    comparison: Comparison | None = None


class CharacterisationRecord(File):
    """``characterize.json``."""

    system: str
    over: dict[str, list[Any]]
    trials_scale: float = Field(gt=0)
    seed: int = Field(ge=0)
    code_sha256: str = ""
    engine: str = NGSPICE
    comparison: Comparison | None = None


class StudyRecord(_Varied):
    """``yield.json``."""

    calibrations: dict[str, Calibration] = {}
    parameters: dict[str, Any]
    points: dict[str, PointRecord]
    netlist_sha256: str
    versions: dict[str, str]
    fail: str
    target_cov: float
    method: str
    most: int
    comparison: Comparison | None = None


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


class Estimate(Record):
    """A figure with its 95 % interval; None where the trials do not give one."""

    value: float | None
    low: float | None
    high: float | None


class AmplifierRow(Record):
    """One amplifier of a comparison, in SI units; means over all decisions."""

    name: str
    gate_area: float
    ok: int = Field(ge=0)  # trials
    error: Estimate
    wrong: float | None
    late: float | None
    t_decision: float | None
    t_decision_std: float | None
    offset: float | None
    sigma_offset: Estimate
    noise: Estimate | None  # None: not asked for
    kick: float | None
    e_total: float | None


class EqualAreaRecord(File):
    """``compare.json``: what all amplifiers of a comparison in this folder have in common."""

    area: float
    trials: int
    seed: int
    given: dict[str, str]


class AmplifierSummary(File):
    """``summary.json`` of a comparison of sense amplifiers at equal gate area."""

    area: float
    overdrive: float | None  # None: the inputs are both states of a cell
    trials: int
    noise_trials: int
    seed: int
    given: dict[str, str]
    amplifiers: list[AmplifierRow]


class Provenance(Record):
    """The provenance inside a table, of a sweep or of a system's table with its ``parts``; a table made otherwise has less."""

    bench: str = ""
    system: str = ""
    over: dict[str, list[Any]] = {}
    trials: int | None = None
    trials_scale: float | None = None
    seed: int | None = None
    sampler: str = "random"
    given: dict[str, Any] = {}
    variations: list[VariationRecord] = []
    correlations: list[CorrelationRecord] = []
    parameters: dict[str, Any] = {}
    nominal: dict[str, Any] = {}
    inputs: dict[str, str] = {}
    code_sha256: str = ""
    engine: str = NGSPICE
    comparison: Comparison | None = None
    calibrations: dict[str, list[float | None]] = {}
    netlist_sha256: str = Field("", validation_alias=AliasChoices("netlist_sha256", "netlists_sha256"))  # as 0.1 had it
    versions: dict[str, str] = {}
    parts: dict[str, Provenance] = {}
    cell: Roles | None = None
    macro: Macro | None = None


class SystemFigure(Record):
    name: str
    unit: str
    simulated: float | None
    published: float | None
    ratio: float | None
    source: str
    origin: str = Field(alias="from")
    remark: str = ""
    command: str = ""


class SystemRecord(File):
    """``system.json``."""

    system: str
    figures: list[SystemFigure]


def without_nan(value: Any) -> Any:
    """Plain Python numbers; what is not known is null."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
