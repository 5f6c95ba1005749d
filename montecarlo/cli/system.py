"""Commands about systems and reports."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated

import typer

from montecarlo.cli.job import run_job
from montecarlo.cli.options import Dask, Engine, Retry, Seed, Timeout, Workers, complete_system
from montecarlo.cli.output import print_figures
from montecarlo.systems import choices
from spicekit.cli.options import Json, given_path
from spicekit.cli.output import print_json, say


def report(
    folder: Annotated[
        Path, typer.Argument(help="Folder of a run, campaign, yield, sweep, qualify or system.", parser=given_path)
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File to write; DIR/report.html if not given.", parser=given_path)
    ] = None,
) -> None:
    """One self-contained HTML page of the results in a folder; it opens without a network."""
    from montecarlo.report import write_report

    say(f"Report: {write_report(folder, output)}")


def system(
    name: Annotated[str, typer.Argument(help=f"Name of a system: {choices()}.", autocompletion=complete_system)],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Folder for the simulations, system.json and system.csv; again = resume. None: not kept.",
            parser=given_path,
        ),
    ] = None,
    seed: Seed = 1,
    engine: Engine = "ngspice",
    workers: Workers = None,
    dask: Dask = None,
    timeout: Timeout = 120.0,
    retry: Retry = False,
    as_json: Json = False,
) -> None:
    """The figures of a system (energy, latency, storage) from simulations, beside the published ones."""
    from montecarlo.systems import load_system
    from montecarlo.systems.figures import as_json as as_object
    from montecarlo.systems.figures import system_figures

    found = load_system(name)  # an unknown one is said before anything is made
    run = functools.partial(system_figures, found, seed=seed, engine=engine)
    figures = run_job(f"system {found.name}", run, out, workers=workers, dask=dask, timeout=timeout, retry=retry)
    if as_json:
        print_json(as_object(found.name, figures))
        return
    print_figures(found, figures, seed, engine)
    if out is not None:
        say(f"Figures: {out / 'system.json'}, {out / 'system.csv'}; tables: {out}/*/table.nc")
