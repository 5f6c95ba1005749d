"""The JSON files of a results folder, read and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spicekit.errors import UserError
from spicekit.outcome import Outcome
from spicekit.toml import explain


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


Model = TypeVar("Model", bound=BaseModel)


class Quantity(_Record):
    value: float | None
    unit: str


class Run(_Record):
    """``run.json``."""

    bench: str
    parameters: dict[str, Any]
    outcome: Outcome
    measures: dict[str, Quantity]


class Point(_Record):
    """A variation point as ``campaign.json`` has it."""

    kind: str
    nominal: float
    unit: str
    sigma: float
    relative: bool
    distribution: str
    truncate: float | None


class Variation(_Record):
    target: str
    sigma: float
    relative: bool
    scope: str
    distribution: str
    truncate: float | None


class Correlation(_Record):
    first: str
    second: str
    rho: float


class Campaign(_Record):
    """``campaign.json``."""

    bench: str
    given: dict[str, Any]
    parameters: dict[str, Any]
    trials: int = Field(ge=1)
    seed: int
    sampler: str
    variations: list[Variation]
    correlations: list[Correlation]
    points: dict[str, Point]
    netlist_sha256: str
    versions: dict[str, str]


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


class Summary(_Record):
    """``summary.json``."""

    bench: str
    trials: int
    seed: int
    elapsed_s: float
    outcomes: dict[Outcome, int]
    measures: dict[str, MeasureSummary]
    margins: dict[str, MarginSummary]
    warnings: list[str] = []


class Sweep(_Record):
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
    netlists_sha256: str = ""
    versions: dict[str, str] = {}
    parts: dict[str, Sweep] = {}


class SystemFigure(_Record):
    name: str
    unit: str
    simulated: float | None
    published: float | None
    ratio: float | None
    source: str
    origin: str = Field(alias="from")


class System(_Record):
    """``system.json``."""

    system: str
    figures: list[SystemFigure]


def read(path: Path, record: type[Model]) -> Model:
    """``path`` as ``record``; :class:`UserError` with one line that names the file for anything wrong with it."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    return parse(text, record, str(path))


def parse(text: bytes | str, record: type[Model], origin: str) -> Model:
    """JSON ``text`` from ``origin`` as ``record``."""
    try:
        return record.model_validate_json(text)
    except ValidationError as error:
        raise UserError(f"{origin} is damaged or of another version: {explain(error, record)}") from None
