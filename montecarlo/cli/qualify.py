"""The command that says where a circuit works."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from montecarlo.cli.job import run_job
from montecarlo.cli.options import (
    Correlate,
    CorrelateGlobal,
    Dask,
    Engine,
    Retry,
    Seed,
    Sigma,
    SigmaGlobal,
    Timeout,
    VariationFile,
    Workers,
    once,
    read_correlations,
    read_variation_file,
    read_variations,
)
from spicekit.cli.options import BenchName, Corner, Json, Parameters, Temperature, given_path, read_parameters
from spicekit.cli.output import answers, fail, print_json, say

if TYPE_CHECKING:
    from montecarlo import records


def qualify(
    bench: BenchName,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for trials, table and picture; again = resume. None: not kept.", parser=given_path),
    ] = None,
    trials: Annotated[int, typer.Option(help="Trials at each point beside the nominal circuit.", min=0)] = 20,
    over: Annotated[
        list[str] | None, typer.Option(help="Other values of corner, temperature or vdd: NAME=START:STOP:NUM or NAME=VALUE,...")
    ] = None,
    figure: Annotated[str | None, typer.Option(help="Measure that is shown beside the verdicts.")] = None,
    seed: Seed = 1,
    engine: Engine = "ngspice",
    sigma: Sigma = None,
    sigma_global: SigmaGlobal = None,
    correlate: Correlate = None,
    correlate_global: CorrelateGlobal = None,
    variation: VariationFile = None,
    parameter: Parameters = None,
    corner: Corner = None,
    temperature: Temperature = None,
    workers: Workers = None,
    dask: Dask = None,
    timeout: Timeout = 120.0,
    retry: Retry = False,
    as_json: Json = False,
) -> None:
    """Where a circuit works: every corner, temperature and supply, nominal and with mismatch.  What -p gives stays as it is."""
    from montecarlo import records
    from montecarlo.jobs.qualification import Qualification
    from montecarlo.jobs.sweep import parse_over
    from montecarlo.qualify_plot import plot_qualification

    job = Qualification(
        bench,
        trials=trials,
        seed=seed,
        parameters=read_parameters(parameter, corner, temperature),
        over=once([parse_over(bench, text) for text in over or []]),
        variations=read_variations(sigma, sigma_global),
        correlations=read_correlations(correlate, correlate_global),
        variation_file=read_variation_file(variation),
        figure=figure,
        engine=engine,
    )
    summary = run_job(f"qualify {bench}", job.run, out, workers=workers, dask=dask, timeout=timeout, retry=retry)
    answer = records.typed(summary, records.QualifySummary, Path("summary.json"))
    picture = plot_qualification(summary, out / "qualify.png") if out is not None else None
    if as_json:
        print_json(summary)
    else:
        print_qualification(answer)
        if out is not None:
            say(f"\nTables: {out / 'summary.json'}, {out / 'table.nc'}, and as .csv, .parquet, .json and .npz beside it")
            say(f"Plot:   {picture}")
    if not any(point.outcomes.get("ok") for point in answer.points):
        fail(f"{answer.bench}: no simulation is ok at any point", 1)


def print_qualification(summary: records.QualifySummary) -> None:
    """The answer as text."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from montecarlo.qualify_plot import shown

    unit, name = summary.figure.unit, summary.figure.name
    stream = answers()
    console = Console(file=stream, width=None if stream.isatty() else 170)
    with_trials = f" and {summary.trials} trials, seed {summary.seed}" if summary.trials else ""
    table = Table(title=f"{summary.bench}: nominal{with_trials}", box=box.SIMPLE)
    axes = {"corner": "corner", "temperature": "C", "vdd": "VDD (V)"}
    headings = [axes[axis] for axis in summary.over] + ["verdict", "trials that work", f"{name}, nominal", "of trials", "why"]
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("corner", "verdict", "why") else "right")
    before = None
    for point in summary.points:
        if before is not None and point.corner != before:
            table.add_section()
        before = point.corner
        low, high = shown(point.figure_low, unit), shown(point.figure_high, unit)
        table.add_row(
            *(point.at(axis) for axis in summary.over),
            point.verdict,
            f"{point.trials['works']} of {summary.trials}" if point.trials else "-",
            shown(point.figure, unit),
            f"{low} to {high}" if point.trials else "-",
            ", ".join(f"{reason} ({count})" for reason, count in point.why.items()),
        )
    console.print(table)
    say(f"{name}: {summary.figure.meaning}")
    for point in summary.points:
        if point.uncalibrated:
            say(f"at {' '.join(f'{axis} {point.at(axis)}' for axis in summary.over)}: {point.uncalibrated}")
    say(
        "works if " + (summary.works or "nothing: the bench states no condition; judged by convergence, limits and margins alone")
    )
    say(", ".join(f"{count} {words}" for words, count in summary.verdicts.items()) + f" of {len(summary.points)} points")
