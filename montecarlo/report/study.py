"""The report of a study of rare failures: ``spicekit yield --out``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from montecarlo import records
from montecarlo.identity import digest
from montecarlo.report import charts
from montecarlo.report.common import (
    command,
    conditions,
    find_bench,
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
from montecarlo.report.content import Block, Column, Command, Note, Page, Section, Table, pictures
from spicekit.errors import SpicekitError, UserError
from spicekit.files import read_record
from spicekit.units import format_value

CAPTIONS = {"yield.png": "Limit state, failure points, contributions and convergence"}
LEAST = 0.001  # contribution of a variation point that is listed


def page(folder: Path) -> Page:
    """The page of the study in ``folder``.  Raises :class:`SpicekitError` if it is unfinished or damaged."""
    path = folder / "yield.json"
    record = records.read(path, records.StudyRecord)
    again = "the same `spicekit yield` command again"
    if not (folder / "summary.json").exists():
        raise UserError(f"{folder} holds an unfinished study (no summary.json): {again} completes it")
    summary = records.read(folder / "summary.json", records.YieldSummary)
    if summary.identity and summary.identity != digest(read_record(path) | {"schema": None}):
        raise SpicekitError(f"{folder / 'summary.json'} is that of another study; {again} rewrites it")
    bench = find_bench(record.bench, record.parameters)
    facts = [
        ("Bench", bench.summary if bench else record.bench),
        ("Fails if", summary.fail),
        ("Failure probability (95 %)", rate(summary.probability, summary.ci)),
        ("Method, seed", f"{summary.method}, {summary.seed}"),
        ("Simulations", f"{summary.simulations:,}"),
        *conditions(bench, record.parameters),
        ("Time taken", f"{summary.elapsed_s:.1f} s"),
    ]
    sections = [
        Section("Estimate", [_estimate(summary), *(Note(f"{line}.", warning=True) for line in summary.warnings)]),
        Section("Convergence", _convergence(summary)),
        Section("Where it fails", _failures(summary)),
        Section("Cross-check", _cross_check(summary)),
        Section("Outcomes", outcome_blocks(summary.outcomes, "simulations")),
    ]
    images = pictures(folder, CAPTIONS)
    if images:
        sections.append(Section("Pictures", images))
    sections.append(parameter_section(bench, record.parameters, record.given))
    sections.append(variation_section(record.points, record.variations, record.correlations, summary.method))
    line = command(
        "spicekit", "yield", record.bench, "--fail", record.fail, "--target-cov", f"{record.target_cov:g}",
        "--method", record.method, "--trials", record.most, "--seed", record.seed, *parameter_words(record.given),
        *variation_words(record.variations, record.correlations), "--out", folder,
    )  # fmt: skip
    rows = [("bench", record.bench), ("seed", str(record.seed)), ("SHA-256 of netlist and models", record.netlist_sha256)]
    sections.append(Section("Provenance", [Command("This study again", line), provenance_table(rows, record.versions)]))
    name = short(record.bench)
    return Page(f"{name}: probability of a failure", f"{name} fails if {summary.fail}", facts, sections)


def _estimate(summary: records.YieldSummary) -> Table:
    reached = "reached" if summary.reached else "not reached"
    rows = [
        ("failure probability", f"{summary.probability:.4g}"),
        ("95 % interval", f"{summary.ci[0]:.4g} to {summary.ci[1]:.4g}"),
        ("in standard deviations of a normal", "–" if summary.sigma is None else f"{summary.sigma:.3f} σ"),
        (
            "coefficient of variation",
            f"{'unknown' if summary.cov is None else format(summary.cov, '.3g')} (asked for {summary.target_cov:g}: {reached})",
        ),
        ("if what did not converge is good", f"{summary.lowest:.4g}"),
        ("if what did not converge fails", f"{summary.highest:.4g}"),
        ("effective failing trials", f"{summary.effective_sample_size:.0f}"),
        *((f"simulations: {stage}", f"{count:,}") for stage, count in summary.stages.items()),
    ]
    return Table("The failure probability", (Column("what"), Column("value", "number")), rows)


def _convergence(summary: records.YieldSummary) -> list[Block]:
    if not summary.convergence:
        return [
            Note("There is no running estimate: none of this method, without failures, or in a folder of an earlier version.")
        ]
    return [charts.convergence(np.array(summary.convergence), summary.probability)]


def _failures(summary: records.YieldSummary) -> list[Block]:
    blocks: list[Block] = []
    headings = (Column("device"), *(Column(text, "number") for text in ("value", "nominal", "σ from nominal", "contribution α²")))
    for number, point in enumerate(summary.failure_points, 1):
        rows = [
            (
                row.name,
                shown(row.value, row.unit),
                shown(row.nominal, row.unit),
                f"{row.sigmas:+.2f}",
                "–" if row.contribution is None else f"{row.contribution:.1%}",
            )
            for row in point.points
            if row.contribution is None or row.contribution >= LEAST
        ]
        caption = f"{point.kind.capitalize()} {number}: {point.beta:.2f} σ from nominal, {point.share:.1%} of the failures"
        blocks.append(Table(caption, headings, rows, folded=number > 1))
        blocks.append(charts.contributions(f"{point.kind.capitalize()} {number}", point.points))
    return blocks or [Note("Too few trials failed to say where.")]


def _cross_check(summary: records.YieldSummary) -> list[Block]:
    check = summary.cross_check
    if check.plain is None or check.sampled is None:
        return [Note(f"No cross-check: {check.reason}.")]
    rows = [
        ("plain Monte Carlo", rate(check.plain.probability, check.plain.ci)),
        (summary.method, rate(check.sampled.probability, check.sampled.ci)),
    ]
    moved = " and ".join(format_value(move.by, move.unit) for move in check.limits_moved)
    table = Table(f"With the limit relaxed by {moved}", (Column("by"), Column("failure probability (95 %)", "number")), rows)
    return [table, Note("They agree." if check.agree else "They disagree.", warning=not check.agree)]
