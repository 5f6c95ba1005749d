"""Figures of a system, and the provenance of a table."""

from __future__ import annotations

from typing import Any

from pydantic import AliasChoices, Field

from montecarlo.records.job import Comparison
from montecarlo.records.variation import CorrelationRecord, VariationRecord
from spicekit.engines import NGSPICE
from spicekit.export.roles import Macro, Roles, SramRoles
from spicekit.records import File, Record


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
    cell: Roles | SramRoles | None = None
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
