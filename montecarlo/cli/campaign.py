"""Commands that run many simulations."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from montecarlo.cli.job import run_job
from montecarlo.cli.options import (
    ControlTrials,
    ControlWords,
    Correlate,
    CorrelateGlobal,
    Dask,
    Engine,
    KeepGoing,
    Out,
    Retry,
    Sampler,
    Seed,
    Sigma,
    SigmaGlobal,
    Surrogate,
    Timeout,
    VariationFile,
    Workers,
    complete_system,
    once,
    read_correlations,
    read_variation_file,
    read_variations,
)
from montecarlo.cli.output import (
    print_summary,
    print_variations,
    say_failed,
)
from montecarlo.systems import choices
from spicekit.cli.options import (
    BenchName,
    Corner,
    Json,
    Parameters,
    Temperature,
    read_parameters,
)
from spicekit.cli.output import (
    fail,
    print_json,
    say,
    warn,
)
from spicekit.errors import UserError
from spicekit.outcome import in_words

if TYPE_CHECKING:
    import xarray as xr


def mc(
    bench: BenchName,
    trials: Annotated[int, typer.Option(help="Number of trials.", min=1)],
    out: Out,
    seed: Seed = 1,
    sigma: Sigma = None,
    sigma_global: SigmaGlobal = None,
    correlate: Correlate = None,
    correlate_global: CorrelateGlobal = None,
    variation: VariationFile = None,
    sampler: Sampler = "random",
    until: Annotated[
        str | None,
        typer.Option(
            help='Stop when precise, --trials at most: "margins.NAME.error_rate ci<10%", "measures.NAME.mean ci<1%"; '
            '"sigma(NAME) ci<1%" (or mean, q001, q50, q999) with --surrogate.'
        ),
    ] = None,
    surrogate: Surrogate = False,
    control: ControlWords = None,
    control_trials: ControlTrials = None,
    parameter: Parameters = None,
    corner: Corner = None,
    temperature: Temperature = None,
    workers: Workers = None,
    dask: Dask = None,
    engine: Engine = "ngspice",
    timeout: Timeout = 120.0,
    retry: Retry = False,
    keep_going: KeepGoing = False,
    as_json: Json = False,
) -> None:
    """A Monte-Carlo campaign.  The same command again resumes an interrupted one."""
    from montecarlo.jobs.campaign import Campaign
    from montecarlo.jobs.control import Control, run_controlled
    from montecarlo.jobs.until import Until, run_until
    from montecarlo.plots import plot_campaign
    from montecarlo.running.store import Store
    from montecarlo.tornado import plot_sensitivity
    from spicekit.folders import check_folder

    def make(count: int) -> Campaign:
        return Campaign(
            bench,
            trials=count,
            seed=seed,
            parameters=read_parameters(parameter, corner, temperature),
            variations=read_variations(sigma, sigma_global),
            correlations=read_correlations(correlate, correlate_global),
            variation_file=read_variation_file(variation),
            sampler=sampler,
            engine=engine,
            surrogate=surrogate,
        )

    if control_trials is not None and not control:
        raise UserError(f"--control-trials {control_trials}: without --control there is no other bench to simulate")
    if control and until is not None:
        raise UserError("--control: given with --until; give the one or the other")
    check_folder(out, Campaign.file)
    campaign = make(trials)
    cheap = Control(campaign, control, control_trials) if control else None
    campaign.settle(out)
    goal = Until.parse(until, campaign.bench) if until is not None else None
    crew: dict[str, Any] = {"workers": workers, "dask": dask, "timeout": timeout, "retry": retry, "keep_going": keep_going}
    if cheap is not None:
        result = run_job(f"mc {bench}", functools.partial(run_controlled, campaign, cheap), out, **crew)
    elif goal is None:
        result = run_job(f"mc {bench}", campaign.run, out, **crew)
    else:
        campaign, result = run_job(f"mc {bench}", functools.partial(run_until, make, goal, trials), out, **crew)
    summary = result.summary
    if not summary["outcomes"]["ok"]:
        if as_json:
            print_json(summary)
        fail(f"no trial is ok ({in_words(summary['outcomes'])}); see {out / 'summary.json'}", 1)
    for line in summary.get("warnings", ()):
        warn(f"{summary['bench']}: {line}")
    for line in campaign.notes(out, summary):
        warn(line)
    if goal is not None and not goal.met(result.record):
        reason = goal.why_not(result.record) or f"the interval is {goal.width(result.record):.3g} of the figure"
        warn(f"--until '{goal.text}' is not met after {trials} trials: {reason}")
    plots = plot_campaign(campaign.bench, Store(out), summary)
    plots += plot_sensitivity(campaign.bench, summary, out / "sensitivity.png")
    if as_json:
        print_json(summary)
        say_failed(summary["outcomes"], warn)
        return
    print_variations([campaign.space])
    print_summary(result.record)
    say(f"\nTables: {out / 'summary.json'}, {out / 'samples.parquet'}, {out / 'trials'}/")
    if plots:
        say("Plots:  " + ", ".join(str(plot) for plot in plots))
    say_failed(summary["outcomes"], say)


def print_table(dataset: xr.Dataset, out: Path, as_json: bool, words: Callable[[], str], gap: str = "") -> None:
    """The table of a grid: as one JSON object, or in ``words`` with what lies beyond limits in some trials, and its files."""
    from montecarlo.records import without_nan
    from montecarlo.statistics.tabulate import BEYOND, outcome_counts

    if as_json:
        print_json(without_nan(dataset.to_dict()))
        say_failed(outcome_counts(dataset), warn)
        return
    say(words())
    for name, variable in dataset.data_vars.items():
        if str(name).endswith(BEYOND):
            say(f"{int(variable.sum()):,} {variable.attrs['long_name']} (column {name})")
    say(f"{gap}Table: {out / 'table.nc'}, and as .csv, .parquet, .json and .npz beside it")
    say_failed(outcome_counts(dataset), say)


def sweep(
    bench: BenchName,
    over: Annotated[list[str], typer.Option(help="NAME=START:STOP:NUM or NAME=VALUE,VALUE,...; again for more dimensions.")],
    out: Out,
    trials: Annotated[int, typer.Option(help="Trials at each point; 0: the nominal simulation alone.", min=0)] = 0,
    seed: Seed = 1,
    sigma: Sigma = None,
    sigma_global: SigmaGlobal = None,
    correlate: Correlate = None,
    correlate_global: CorrelateGlobal = None,
    variation: VariationFile = None,
    sampler: Sampler = "random",
    surrogate: Surrogate = False,
    parameter: Parameters = None,
    corner: Corner = None,
    temperature: Temperature = None,
    workers: Workers = None,
    dask: Dask = None,
    engine: Engine = "ngspice",
    timeout: Timeout = 120.0,
    retry: Retry = False,
    keep_going: KeepGoing = False,
    as_json: Json = False,
) -> None:
    """A table over a grid of parameters.  The same command again resumes an interrupted one."""
    from montecarlo.jobs.sweep import Sweep, parse_over
    from montecarlo.statistics.tabulate import IMPROVED

    grid = once([parse_over(bench, text) for text in over])
    job = Sweep(
        bench,
        grid,
        trials=trials,
        seed=seed,
        parameters=read_parameters(parameter, corner, temperature),
        variations=read_variations(sigma, sigma_global),
        correlations=read_correlations(correlate, correlate_global),
        variation_file=read_variation_file(variation),
        sampler=sampler,
        engine=engine,
        surrogate=surrogate,
    )
    dataset = run_job(
        f"sweep {bench}", job.run, out, workers=workers, dask=dask, timeout=timeout, retry=retry, keep_going=keep_going
    )

    def words() -> str:
        names = {measure.name for campaign in job.campaigns for measure in campaign.bench.measures()}
        shown = [name for name in dataset.data_vars if name in names or str(name).endswith("error_rate") or IMPROVED in str(name)]
        return str(dataset[shown].to_dataframe().to_string(float_format=lambda value: f"{value:.4g}"))

    if trials and not as_json:
        print_variations([campaign.space for campaign in job.campaigns])
    print_table(dataset, out, as_json, words)


def characterize(
    system: Annotated[
        str, typer.Argument(help=f"System whose standard table is made: {choices()}.", autocompletion=complete_system)
    ],
    out: Out,
    over: Annotated[
        list[str] | None, typer.Option(help="Other values of one of its dimensions: NAME=START:STOP:NUM or NAME=VALUE,VALUE,...")
    ] = None,
    trials_scale: Annotated[float, typer.Option(help="Factor on the number of trials.")] = 1.0,
    seed: Seed = 1,
    engine: Engine = "ngspice",
    surrogate: Surrogate = False,
    workers: Workers = None,
    dask: Dask = None,
    timeout: Timeout = 120.0,
    retry: Retry = False,
    keep_going: KeepGoing = False,
    as_json: Json = False,
) -> None:
    """The standard table of a system.  The same command again resumes an interrupted one."""
    from montecarlo.jobs.characterisation import Characterisation, parse_dimension
    from montecarlo.systems import system_table
    from spicekit.table import from_dataset
    from spicekit.table_view import describe_text

    table = system_table(system)
    grid = once([parse_dimension(table, text) for text in over or []])
    job = Characterisation(table, over=grid, trials_scale=trials_scale, seed=seed, engine=engine, surrogate=surrogate)
    dataset = run_job(
        f"characterize {system}", job.run, out, workers=workers, dask=dask, timeout=timeout, retry=retry, keep_going=keep_going
    )
    print_table(dataset, out, as_json, lambda: describe_text(from_dataset(dataset, "table.nc")), "\n")
