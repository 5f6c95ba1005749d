"""The command that puts sense amplifiers side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from montecarlo.cli.job import run_job
from montecarlo.cli.options import Dask, Engine, Retry, Seed, Timeout, Workers
from spicekit.cli.options import Corner, Json, Parameters, Temperature, complete_bench, given_path, read_parameters
from spicekit.cli.output import answers, fail, print_json, say
from spicekit.errors import UserError

if TYPE_CHECKING:
    from montecarlo import records


def compare(
    benches: Annotated[
        list[str],
        typer.Argument(
            help="Two or more: BENCH, or BENCH,NAME=VALUE,... (tbs-sense,design=fast).", autocompletion=complete_bench
        ),
    ],
    at: Annotated[
        str | None, typer.Option(help="What all amplifiers have in common: area=4.9u2, gate area in square micrometres.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for trials, table and picture; again = resume. None: not kept.", parser=given_path),
    ] = None,
    trials: Annotated[int, typer.Option(help="Trials of each campaign: offset, input above and below.", min=2)] = 100,
    noise: Annotated[int, typer.Option(help="Trials with thermal noise above and below; seconds each.", min=0)] = 0,
    seed: Seed = 1,
    parameter: Parameters = None,
    corner: Corner = None,
    temperature: Temperature = None,
    engine: Engine = "ngspice",
    workers: Workers = None,
    dask: Dask = None,
    timeout: Timeout = 120.0,
    retry: Retry = False,
    as_json: Json = False,
) -> None:
    """Sense amplifiers side by side at equal gate area: error, delay, offset, noise, kickback, energy; or SRAM cells."""
    from montecarlo.amplifiers_plot import plot_amplifiers
    from montecarlo.jobs.cells import Cells, are_cells
    from montecarlo.jobs.equal_area import EqualArea, parse_at

    given = read_parameters(parameter, corner, temperature)
    if are_cells(benches):
        if at is not None or noise:
            raise UserError(
                f"{'--at' if at is not None else '--noise'}: given with cells, whose area is compared; allowed: no such option"
            )
        cells = Cells(benches, trials=trials, seed=seed, parameters=given, engine=engine)
        answer = run_job("compare", cells.run, out, workers=workers, dask=dask, timeout=timeout, retry=retry)
        print_json(answer.model_dump()) if as_json else print_cells(answer)
        if not all(row.ok for row in answer.cells):
            fail("a cell has no simulation that is ok", 1)
        return
    if at is None:
        raise UserError("--at: missing; amplifiers are compared at equal area: --at area=4.9u2")

    job = EqualArea(
        benches,
        area=parse_at(at),
        trials=trials,
        seed=seed,
        parameters=given,
        engine=engine,
        noise=noise,
    )
    summary = run_job("compare", job.run, out, workers=workers, dask=dask, timeout=timeout, retry=retry)
    picture = plot_amplifiers(summary, out / "compare.png") if out is not None else None
    if as_json:
        print_json(summary.model_dump())
    else:
        print_amplifiers(summary)
        if out is not None:
            say(f"\nTable: {out / 'table.csv'}, {out / 'summary.json'}\nPlot:  {picture}")
    if not all(row.ok for row in summary.amplifiers):
        fail("an amplifier has no simulation that is ok", 1)


def print_cells(summary: records.CellSummary) -> None:
    """The answer as text: a line a figure, mean and standard deviation."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from spicekit.units import format_value

    stream = answers()
    console = Console(file=stream, width=None if stream.isatty() else 170)
    table = Table(title=f"{summary.trials} trials each, mean ± sigma", box=box.SIMPLE)
    table.add_column("figure")
    for row in summary.cells:
        table.add_column(row.name, justify="right")
    table.add_row("area (um2)", *(f"{row.area * 1e12:.4g}" for row in summary.cells))
    table.add_row("failing (95 %)", *(_estimate(row.failing, 1) for row in summary.cells))
    for name in dict.fromkeys(name for row in summary.cells for name in row.figures):
        shown = []
        for row in summary.cells:
            one = row.figures.get(name)
            if one is None or one.mean is None or one.std is None:
                shown.append("-")
            else:
                shown.append(f"{format_value(one.mean, one.unit, 4)} ± {format_value(one.std, one.unit, 3)}")
        table.add_row(name, *shown)
    console.print(table)


def print_amplifiers(summary: records.AmplifierSummary) -> None:
    """The answer as text."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    stream = answers()
    console = Console(file=stream, width=None if stream.isatty() else 170)
    at = "both states of a cell" if summary.overdrive is None else f"{summary.overdrive * 1e3:g} mV above and below"
    table = Table(title=f"gate area {summary.area * 1e12:g} um2, {at}, {summary.trials} trials each", box=box.SIMPLE)
    headings = ("amplifier", "error (95 %)", "wrong", "late", "delay (ns)", "offset (mV)", "sigma(offset) (mV)", "noise (mV)")
    for heading in (*headings, "kickback (mV)", "energy (fJ)"):
        table.add_column(heading, justify="left" if heading == "amplifier" else "right")
    for row in summary.amplifiers:
        table.add_row(
            row.name,
            _estimate(row.error, 1),
            _number(row.wrong, 1),
            _number(row.late, 1),
            f"{_number(row.t_decision, 1e9)} ± {_number(row.t_decision_std, 1e9)}",
            _number(row.offset, 1e3),
            _estimate(row.sigma_offset, 1e3),
            "not asked for" if row.noise is None else _estimate(row.noise, 1e3),
            _number(row.kick, 1e3),
            _number(row.e_total, 1e15),
        )
    console.print(table)


def _number(value: float | None, factor: float) -> str:
    return "-" if value is None else f"{value * factor:.3g}"


def _estimate(one: records.Estimate, factor: float) -> str:
    ends = [_number(end, factor) for end in (one.low, one.high)]
    return f"{_number(one.value, factor)} ({' to '.join(ends)})"
