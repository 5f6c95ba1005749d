"""What a campaign, a sweep, a study and a characterisation are: the record that binds a folder to its job."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from montecarlo.records.variation import CorrelationRecord, PointRecord, VariationRecord
from spicekit.engines import BATCH, NGSPICE
from spicekit.records import Calibration, File, Record

FileName = Annotated[str, Field(pattern=r"^[^\x00]+$")]


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
