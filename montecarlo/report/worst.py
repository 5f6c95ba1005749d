"""The trials worth looking at: those that failed, and those with the smallest margins, each with its replay command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from montecarlo import records
from montecarlo.report.common import command, shown
from montecarlo.report.content import Block, Column, Note, Section, Table
from montecarlo.running.store import Store
from spicekit.outcome import Outcome
from spicekit.waves import Array

FAILED = 10  # failed trials shown
EACH = 4  # trials for each criterion
DEVIATIONS = 3  # variation points named for each trial


def worst_section(
    folder: Path,
    record: records.CampaignRecord,
    summary: records.Summary,
    outcomes: Any,
    columns: dict[str, Array],
    explained: dict[str, str],
) -> Section:
    """Failed trials, then the smallest of every ``margin_*`` measure, or else of every margin's gap, or else what is rare."""
    trials = np.flatnonzero(outcomes == str(Outcome.OK))  # of the rows of `columns`
    chosen: list[tuple[int, str, str]] = []  # trial, why, value
    failed = np.flatnonzero(outcomes != str(Outcome.OK))
    chosen += [(int(trial), f"ended {outcomes[trial]}", "–") for trial in failed[:FAILED]]
    for why, unit, rows_of, values in _criteria(summary, columns):
        chosen += [(int(trials[row]), why, shown(float(values[row]), unit)) for row in rows_of]
    if not chosen:
        return Section("Worst trials", [Note("No trial failed and the bench has no margins.")])
    rows = [
        (str(trial), why, value, _deviations(folder, record, trial), command("spicekit", "replay", folder, "--trial", trial))
        for trial, why, value in chosen
    ]
    headings = (
        Column("trial"),
        Column("why"),
        Column("value", "number"),
        Column("devices furthest from nominal, in their local σ", "prose"),
        Column("look at it", "code"),
    )
    blocks: list[Block] = [Table("Trials worth a look", headings, rows)]
    if len(failed) > FAILED:
        blocks.append(Note(f"{len(failed):,} trials failed; the first {FAILED} are shown."))
    return Section("Worst trials", blocks)


def _criteria(summary: records.Summary, columns: dict[str, Array]) -> Iterator[tuple[str, str, Any, Array]]:
    """What is looked for, its unit, the rows found (worst first), and the values of which they are."""
    margins = [name for name in columns if name.startswith("margin_")]
    for name in margins:
        yield f"smallest {name}", summary.measures[name].unit, _smallest(columns[name]), columns[name]
    if margins:
        return
    for margin in summary.margins.values():
        gap = columns[margin.high] - columns[margin.low]
        yield f"smallest {margin.high} − {margin.low}", margin.unit, _smallest(gap), gap
    if summary.margins:
        return
    for name, measure in summary.measures.items():
        values = columns[name]
        beyond = np.flatnonzero(~np.isfinite(values))
        if len(beyond):
            yield f"{name} lies beyond its limits", measure.unit, beyond[:EACH], values
            continue
        if len(values) < 2 or np.ptp(values) <= 1e-9 * np.abs(values).max():
            continue
        if measure.ci is not None:  # 0 or 1: the rarer of them
            rare = 1.0 if values.mean() < 0.5 else 0.0
            yield f"{name} is {rare:g}", measure.unit, np.flatnonzero(values == rare)[:EACH], values
        else:
            far = np.abs(values - np.median(values))
            yield f"{name} furthest from its median", measure.unit, _smallest(-far)[:1], values


def _smallest(values: Array) -> Any:
    return np.argsort(values, kind="stable")[:EACH]


def _deviations(folder: Path, record: records.CampaignRecord, trial: int) -> str:
    """The variation points of a trial that are furthest from nominal, in their own local sigmas."""
    found = []
    for name, values in Store(folder).samples.read(trial, trial + 1).items():
        point = record.points.get(name)
        if point is None:
            continue
        sigma = point.sigma * (abs(point.nominal) or 1.0) if point.relative else point.sigma
        if sigma > 0:
            found.append(((float(values[0]) - point.nominal) / sigma, name))
    found.sort(key=lambda pair: -abs(pair[0]))
    return ", ".join(f"{name} {score:+.1f} σ" for score, name in found[:DEVIATIONS])
