"""The report of a campaign: ``spicekit mc --out``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from montecarlo import records
from montecarlo.report import charts
from montecarlo.report.common import (
    calibrated_values,
    command,
    conditions,
    find_bench,
    meanings,
    outcome_blocks,
    parameter_section,
    parameter_words,
    provenance_table,
    rate,
    short,
    shown,
    variation_section,
    variation_words,
)
from montecarlo.report.content import Block, Column, Command, Kind, Note, Page, Section, Table, pictures
from montecarlo.report.worst import worst_section
from montecarlo.running.store import Store
from montecarlo.statistics.improved_text import control_rows, control_title, improved_rows, refused_lines
from spicekit.binomial import trials_for
from spicekit.errors import SpicekitError, UserError
from spicekit.outcome import Outcome
from spicekit.waves import Array

CAPTIONS = {
    "distributions.png": "Distributions of the states of each margin",
    "tails.png": "Tails against the normal distribution",
    "margins.png": "Sense margins",
}


def page(folder: Path) -> Page:
    """The page of the campaign in ``folder``.  Raises :class:`SpicekitError` if it is unfinished or damaged."""
    record = records.read(folder / "campaign.json", records.CampaignRecord)
    again = "the same `spicekit mc` command again completes it"
    if not (folder / "summary.json").exists():
        raise UserError(f"{folder} holds an unfinished campaign (no summary.json): {again}")
    summary = records.read(folder / "summary.json", records.Summary)
    store = Store(folder)
    if summary.identity and store.identity is not None and summary.identity != store.identity:
        raise SpicekitError(f"{folder / 'summary.json'} is that of another campaign; {again.replace('completes', 'rewrites')}")
    outcomes = column(store, "outcome")
    if len(outcomes) != record.trials or summary.trials != record.trials:
        raise UserError(f"{folder} holds {len(outcomes)} of {record.trials} trials: {again}")
    bench = find_bench(record.bench, record.parameters, calibrated_values(record.calibrations))
    ok = outcomes == str(Outcome.OK)
    columns = {name: column(store, name)[ok] for name in summary.measures}
    explained = meanings(bench)

    facts = [
        ("Bench", bench.summary if bench else record.bench),
        ("Trials", f"{summary.trials:,} ({summary.outcomes.get(Outcome.OK, 0):,} ok)"),
        ("Seed, sampler", f"{summary.seed}, {record.sampler}"),
        *conditions(bench, record.parameters),
        ("Time taken", f"{summary.elapsed_s:.1f} s"),
    ]
    said = [Note(f"{line}.") for line in summary.warnings]
    if store.identity is None:
        said.append(
            Note("This folder is of version 0.1: its samples and trials are bound to nothing, and a change is not noticed.", True)
        )
    sections = [Section("Outcomes", [*outcome_blocks(summary.outcomes), *_fallbacks(column(store, "attempt")), *said])]
    if summary.margins:
        sections.append(Section("Margins", _margins(summary, columns)))
    sections.append(Section("Measures", _measures(summary, columns, explained)))
    if summary.surrogate is not None:
        sections.append(_improved(summary.surrogate))
    if summary.control is not None:
        sections.append(_controlled(summary.control))
    sections.append(worst_section(folder, record, summary, outcomes, columns, explained))
    images = pictures(folder, CAPTIONS)
    if images:
        sections.append(Section("Pictures", images))
    sections.append(parameter_section(bench, record.parameters, record.given))
    sections.append(variation_section(record.points, record.variations, record.correlations, record.sampler))
    line = command(
        "spicekit", "mc", record.bench, "--trials", record.trials, "--seed", record.seed,
        *([] if record.sampler == "random" else ["--sampler", record.sampler]), *parameter_words(record.given),
        *variation_words(record.variations, record.correlations), "--out", folder,
    )  # fmt: skip
    rows = [("bench", record.bench), ("seed", str(record.seed)), ("SHA-256 of netlist and models", record.netlist_sha256)]
    sections.append(
        Section("Provenance", [Command("This campaign again", line), provenance_table(rows, record.versions)]),
    )
    name = short(record.bench)
    return Page(f"{name}: Monte-Carlo campaign", f"{summary.trials:,} trials of {name}", facts, sections)


def column(store: Store, name: str) -> Any:
    """One column of the trials table, of parts that are sound and of this campaign; one that is not is named."""
    try:
        return store.parts.column(name)
    except pa.ArrowException as error:
        raise SpicekitError((str(error).splitlines() or [type(error).__name__])[0]) from None


def _fallbacks(attempts: Array) -> list[Block]:
    used = int(np.count_nonzero(attempts > 0))
    if not used:
        return []
    return [Note(f"{used:,} trials needed one of the solver's fallbacks (column `attempt` of the trials table).")]


def _margins(summary: records.Summary, columns: dict[str, Array]) -> list[Block]:
    own = any(margin.circuit_reference for margin in summary.margins.values())
    rows = []
    for name, margin in summary.margins.items():
        numbers = (margin.mean, margin.worst, margin.sigma3, margin.sigma6, margin.reference)
        row = [name, f"{margin.low} | {margin.high}", *(shown(number, margin.unit) for number in numbers)]
        row.append(rate(margin.error_rate, margin.error_rate_ci))
        if own:
            row.append(rate(margin.circuit_error_rate, margin.circuit_error_rate_ci) if margin.circuit_reference else "–")
        rows.append(row)
    headings = ["mean gap", "worst gap", "gap − 3σ", "gap − 6σ", "best reference", "error rate (95 %)"]
    headings += ["with the circuit's reference"] if own else []
    note = (
        "Worst gap: smallest of the upper state minus largest of the lower one over all trials; below 0 no fixed reference parts "
        "them. Gaps less 3σ and 6σ are figures of merit, not yields: the tails are not normal."
    )
    table = Table(
        "Gaps and error rates", (Column("margin"), Column("states"), *(Column(text, "number") for text in headings)), rows, note
    )
    blocks: list[Block] = [table]
    if len(next(iter(columns.values()))) < 2:
        return blocks
    drawn = {name: margin for name, margin in summary.margins.items() if margin.mean is not None}
    for name, margin in drawn.items():
        blocks.append(
            charts.states(name, columns, margin.low, margin.high, margin.unit, margin.reference, margin.circuit_reference)
        )
    blocks += [
        charts.tails(name, columns, margin.low, margin.high, margin.unit, margin.reference) for name, margin in drawn.items()
    ]
    return blocks


def _improved(found: records.Surrogate) -> Section:
    headings = ("of", "R²", "estimate", "plain (95 %)", "improved (95 %)", "one trial is worth")
    kinds: tuple[Kind, ...] = ("text", "number", "text", "number", "number", "number")
    note = (
        "The regression is a polynomial of what varies; R² is that of trials which it has not seen. Mean and sigma are unbiased "
        "whatever it is worth; quantiles beyond the trials rest on it."
    )
    caption = f"{found.trials:,} trials, and the regression at {found.draws:,} draws"
    table = Table(caption, tuple(map(Column, headings, kinds)), list(improved_rows(found)), note)
    return Section("With a regression as control variate", _with_refused(table, found))


def _controlled(found: records.Control) -> Section:
    headings = ("of", "R²", "estimate", "plain (95 %)", "improved (95 %)", "one trial is worth")
    kinds: tuple[Kind, ...] = ("text", "number", "text", "number", "number", "number")
    note = "R² is that of the trials that both simulated. The estimates are unbiased whatever the control is worth."
    table = Table(control_title(found), tuple(map(Column, headings, kinds)), list(control_rows(found)), note)
    return Section("With a cheaper bench as control", _with_refused(table, found))


def _with_refused(table: Table, found: records.Surrogate | records.Control) -> list[Block]:
    tables: list[Block] = [table] if table.rows else []
    return [*tables, *(Note(f"{line}.") for line in refused_lines(found))]


def _measures(summary: records.Summary, columns: dict[str, Array], explained: dict[str, str]) -> list[Block]:
    intervals = any(measure.ci for measure in summary.measures.values())
    rows = []
    for name, m in summary.measures.items():
        row = [name, *(shown(value, m.unit) for value in (m.mean, m.std, m.min, m.q001, m.q50, m.q999, m.max))]
        if intervals:
            row.append(f"{m.ci[0]:.4g} to {m.ci[1]:.4g}" if m.ci and None not in m.ci else "–")
        rows.append([*row, explained.get(name, "")])
    headings = ["mean", "std", "min", "0.1 %", "median", "99.9 %", "max", *(["mean, 95 % interval"] if intervals else [])]
    table = Table(
        "Statistics over the trials",
        (Column("measure"), *(Column(text, "number") for text in headings), Column("meaning", "prose")),
        rows,
        note=f"0.1 % and 99.9 % take {trials_for(0.001):,} trials."
        if any(m.q001 is None for m in summary.measures.values())
        else "",
    )
    columns = {name: values[np.isfinite(values)] for name, values in columns.items()}
    spread = [name for name, values in columns.items() if len(values) > 1 and np.ptp(values) > 1e-9 * np.abs(values).max()]
    drawn = [name for name in spread if summary.measures[name].ci is None]
    return [
        table,
        *(charts.histogram(name, explained.get(name, ""), columns[name], summary.measures[name].unit) for name in drawn),
    ]
