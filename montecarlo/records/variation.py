"""The variations of a job, as its records have them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from spicekit.records import Record


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
