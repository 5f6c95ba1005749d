"""The command about rare failures."""

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
    Seed,
    Sigma,
    SigmaGlobal,
    Timeout,
    VariationFile,
    Workers,
    read_correlations,
    read_variation_file,
    read_variations,
)
from montecarlo.cli.output import print_variations
from spicekit.cli.options import BenchName, Corner, Json, Parameters, Temperature, given_path, read_parameters
from spicekit.cli.output import print_json, say, warn

if TYPE_CHECKING:
    from montecarlo import records


def yield_(
    bench: BenchName,
    failure: Annotated[str, typer.Option("--fail", help='What is a failure, over measures: "v_ap - v_p < 5m or late > 0.5".')],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the trials and the plot; again = resume. None: not kept.", parser=given_path),
    ] = None,
    target_cov: Annotated[float, typer.Option(help="Coefficient of variation of the probability that ends the search.")] = 0.1,
    method: Annotated[str, typer.Option(help="auto, fis (FORM and importance sampling), subset, mc, or openturns.")] = "auto",
    trials: Annotated[int, typer.Option(help="Most simulations.")] = 20_000,
    seed: Seed = 1,
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
    engine: Engine = "ngspice",
    timeout: Timeout = 120.0,
    as_json: Json = False,
) -> None:
    """The probability of a rare failure, and where it happens.  The same command again resumes an interrupted one."""
    from montecarlo import records
    from montecarlo.jobs.study import YieldStudy

    study = YieldStudy(
        bench,
        failure,
        target=target_cov,
        method=method,
        most=trials,
        seed=seed,
        parameters=read_parameters(parameter, corner, temperature),
        variations=read_variations(sigma, sigma_global),
        correlations=read_correlations(correlate, correlate_global),
        variation_file=read_variation_file(variation),
        engine=engine,
    )
    summary = run_job(f"yield {bench}", study.run, out, workers=workers, dask=dask, timeout=timeout)
    if as_json:
        print_json(summary)
        return
    print_variations([study.campaign.space])
    print_yield(records.typed(summary, records.YieldSummary, Path("summary.json")))
    if out is not None:
        say(f"\nResult: {out / 'summary.json'}, trials: {out / 'batches'}/\nPlot:   {out / 'yield.png'}")


def print_yield(summary: records.YieldSummary) -> None:
    """The answer as text."""
    from spicekit.units import format_value

    def number(value: float | None) -> str:
        return "unknown" if value is None else f"{value:.3g}"

    sigma = "" if summary.sigma is None else f"   ({summary.sigma:.2f} sigma)"
    low, high = summary.ci
    say(f"{summary.bench} fails if {summary.fail}")
    say(f"method {summary.method}, seed {summary.seed}, {summary.elapsed_s:.1f} s\n")
    say(f"probability        {number(summary.probability)}{sigma}")
    say(f"95 % interval      {number(low)} to {number(high)}")
    say(f"variation          {number(summary.cov)} of it (asked for {summary.target_cov:g})")
    if summary.highest > 1.000001 * summary.lowest:
        say(f"not converged      if good {number(summary.lowest)}, if failures {number(summary.highest)}")
    say(f"effective trials   {summary.effective_sample_size:.0f} failing ones")
    stages = ", ".join(f"{count:,} {stage}" for stage, count in summary.stages.items())
    say(f"simulations        {summary.simulations:,} ({stages})")
    say("outcomes           " + ", ".join(f"{n:,} {name}" for name, n in summary.outcomes.items() if n))
    for index, point in enumerate(summary.failure_points, 1):
        share = f", {point.share:.1%} of the failures" if len(summary.failure_points) > 1 else ""
        say(f"\n{point.kind.capitalize()} {index}: {point.beta:.2f} sigma from nominal{share}")
        if point.share < 0.005:
            continue
        for row in [row for row in point.points[:8] if (row.contribution or 0) >= 0.01]:
            value = "" if row.value is None else format_value(row.value, row.unit)
            nominal = "" if row.nominal is None else f"nominal {format_value(row.nominal, row.unit)}"
            say(f"  {row.name:14} {value:>14}  {row.sigmas:+6.2f} sigma  {row.contribution or 0:5.1%}  {nominal}")
    check = summary.cross_check
    if check.plain is not None and check.sampled is not None:
        moved = " and ".join(format_value(move.by, move.unit) for move in check.limits_moved)
        say(f"\nCross-check, limit relaxed by {moved}: {'they agree' if check.agree else 'THEY DISAGREE'}")
        for rate, label in ((check.plain, "plain Monte Carlo"), (check.sampled, summary.method)):
            say(f"  {label:18} {number(rate.probability)}  ({number(rate.ci[0])} to {number(rate.ci[1])})")
    else:
        say(f"\nNo cross-check: {check.reason}")
    for line in summary.warnings:
        warn(line)
