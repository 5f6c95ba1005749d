"""Amplifiers at equal area and cells side by side."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from spicekit.records import File, Record


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


class CellFigure(Record):
    """A measure of a cell over its trials; None where a trial has no value."""

    unit: str
    mean: float | None
    std: float | None


class CellRow(Record):
    """One cell of a comparison."""

    name: str
    area: float  # m2
    ok: int = Field(ge=0)  # trials
    failing: Estimate  # part of the cells that lose their state when they are read, or cannot be written
    figures: dict[str, CellFigure]  # by measure; those of a write begin with "write "


class CellsRecord(File):
    """``compare.json`` of cells."""

    kind: Literal["cells"]
    trials: int
    seed: int
    given: dict[str, str]


class CellSummary(CellsRecord):
    """``summary.json`` of a comparison of cells."""

    cells: list[CellRow]
