"""The JSON files of a results folder: what each holds, written and read in one place.

Every file goes through :func:`write`, which refuses what its record does not declare, and through :func:`read`, which refuses
what has another type or range, or was changed after it was written.  Keys that are not declared are ignored there: a later
version may have written them.  Version 0.1 had neither ``schema`` nor checksum, inputs and hash of the code: they have defaults.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from spicekit import files
from spicekit.engines import NGSPICE
from spicekit.errors import UserError
from spicekit.outcome import Outcome
from spicekit.toml import explain

SCHEMA = 1  # of these records: raised when a key changes its meaning


FileName = Annotated[str, Field(pattern=r"^[^\x00]+$")]


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False, strict=True, serialize_by_alias=True)


class _File(_Record):
    """The whole of a file."""

    version: int = Field(0, alias="schema", ge=0)


Model = TypeVar("Model", bound=BaseModel)


class Quantity(_Record):
    value: float | None
    unit: str


class Calibration(_Record):
    """A number that the nominal circuit was simulated for, beforehand."""

    value: float
    unit: str
    meaning: str
    how: str


class Run(_File):
    """``run.json``."""

    bench: str
    parameters: dict[str, Any]
    outcome: Outcome
    measures: dict[str, Quantity]
    calibrations: dict[str, Calibration] = {}


class Point(_Record):
    """A variation point as ``campaign.json`` has it."""

    kind: str
    nominal: float
    unit: str
    sigma: float = Field(ge=0)
    relative: bool
    distribution: Literal["normal", "lognormal"]
    truncate: float | None


class Variation(_Record):
    target: str
    sigma: float = Field(ge=0)
    relative: bool
    scope: Literal["local", "global"]
    distribution: Literal["normal", "lognormal"]
    truncate: float | None = Field(gt=0)


class Correlation(_Record):
    first: str
    second: str
    rho: float = Field(gt=-1, lt=1)


class _Varied(_File):
    """What the records of campaigns, sweeps and studies have in common."""

    bench: str = Field(min_length=1)
    given: dict[str, Any]
    seed: int = Field(ge=0)
    variations: list[Variation]
    correlations: list[Correlation]
    inputs: dict[FileName, str] = {}
    code_sha256: str = ""
    engine: str = NGSPICE


class Campaign(_Varied):
    """``campaign.json``."""

    calibrations: dict[str, Calibration] = {}
    parameters: dict[str, Any]
    trials: int = Field(ge=1)
    sampler: str
    points: dict[str, Point]
    block: int = Field(1, ge=1)
    chunk: int = Field(1, ge=1)
    netlist_sha256: str
    versions: dict[str, str]
    until: str = ""
    at_most: int = Field(0, ge=0)


class Sweep(_Varied):
    """``sweep.json``."""

    calibrations: dict[str, list[float | None]] = {}  # of each point, in the order of the grid, last parameter fastest
    over: dict[str, list[Any]]
    trials: int = Field(ge=0)
    sampler: str


class Characterisation(_File):
    """``characterize.json``."""

    system: str
    over: dict[str, list[Any]]
    trials_scale: float = Field(gt=0)
    seed: int = Field(ge=0)
    code_sha256: str = ""


class Study(_Varied):
    """``yield.json``."""

    calibrations: dict[str, Calibration] = {}
    parameters: dict[str, Any]
    points: dict[str, Point]
    netlist_sha256: str
    versions: dict[str, str]
    fail: str
    target_cov: float
    method: str
    most: int


class MeasureSummary(_Record):
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


class MarginSummary(_Record):
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


class Summary(_File):
    """``summary.json`` of a campaign."""

    bench: str
    trials: int
    seed: int
    elapsed_s: float = Field(ge=0)
    outcomes: dict[Outcome, int]
    measures: dict[str, MeasureSummary]
    margins: dict[str, MarginSummary]
    sensitivity: dict[str, Any] = {}
    warnings: list[str] = []
    identity: str = ""  # of the campaign whose trials it sums up
    calibrations: dict[str, Calibration] = {}  # that the bench's notes asked for


class YieldSummary(_File):
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
    failure_points: list[dict[str, Any]]
    cross_check: dict[str, Any]
    warnings: list[str]


class Provenance(_Record):
    """The provenance inside a table, of a sweep or of a system's table with its ``parts``; a table made otherwise has less."""

    bench: str = ""
    system: str = ""
    over: dict[str, list[Any]] = {}
    trials: int | None = None
    trials_scale: float | None = None
    seed: int | None = None
    sampler: str = "random"
    given: dict[str, Any] = {}
    variations: list[Variation] = []
    correlations: list[Correlation] = []
    parameters: dict[str, Any] = {}
    nominal: dict[str, Any] = {}
    inputs: dict[str, str] = {}
    code_sha256: str = ""
    engine: str = NGSPICE
    calibrations: dict[str, list[float | None]] = {}
    netlist_sha256: str = Field("", validation_alias=AliasChoices("netlist_sha256", "netlists_sha256"))  # as 0.1 had it
    versions: dict[str, str] = {}
    parts: dict[str, Provenance] = {}


class SystemFigure(_Record):
    name: str
    unit: str
    simulated: float | None
    published: float | None
    ratio: float | None
    source: str
    origin: str = Field(alias="from")


class System(_File):
    """``system.json``."""

    system: str
    figures: list[SystemFigure]


def write(path: Path, record: type[BaseModel], content: Mapping[str, Any]) -> dict[str, Any]:
    """Write ``content`` to ``path`` with the version of the schema and a checksum; returns what was written.

    Raises :class:`ValueError` for a key that ``record`` does not declare, at any depth: what is written reads back as it is.
    """
    return files.write_record(path, checked({**content, "schema": SCHEMA}, record))


def checked(content: Mapping[str, Any], record: type[BaseModel]) -> dict[str, Any]:
    """``content`` itself.  Raises :class:`ValueError` for a key that ``record`` does not declare, at any depth."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(content), allow_nan=False))
    plain.pop(files.CHECKSUM, None)
    model = record.model_validate_json(json.dumps(plain))
    back = model.model_dump(mode="json", exclude_unset=True)
    if back != plain:
        odd = [key for key in plain if back.get(key) != plain[key]]
        raise ValueError(f"{record.__name__} does not declare all of {', '.join(odd)}")
    return plain


def read(path: Path, record: type[Model]) -> Model:
    """``path`` as ``record``; :class:`UserError` with one line that names the file for anything wrong with it."""
    return typed(files.read_record(path), record, path)


def typed(content: Mapping[str, Any], record: type[Model], origin: Path) -> Model:
    """The ``content`` of the file ``origin`` as ``record``."""
    try:
        text = json.dumps(content)
    except RecursionError:
        raise UserError(f"{origin} is damaged or of another version: lists in lists without end") from None
    return parse(text, record, str(origin))


def parse(text: bytes | str, record: type[Model], origin: str) -> Model:
    """JSON ``text`` from ``origin`` as ``record``."""
    try:
        return record.model_validate_json(text)
    except ValidationError as error:
        raise UserError(f"{origin} is damaged or of another version: {explain(error, record)}") from None
