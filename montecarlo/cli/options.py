"""Options and arguments that the commands about many simulations share, and how their text is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from montecarlo.systems import known
from spicekit.cli.options import given_path
from spicekit.errors import UserError

if TYPE_CHECKING:
    from montecarlo.variation import Correlation, Variation


def complete_system(incomplete: str) -> list[str]:
    return [name for name in known() if name.startswith(incomplete)]


Out = Annotated[Path, typer.Option("--out", help="Folder for the results; made if missing.", parser=given_path)]
Seed = Annotated[int, typer.Option(help="Seed of the random numbers.", min=0)]
Engine = Annotated[str, typer.Option(help="What simulates: ngspice, batch (compiled), or path/to/file.py:function.")]
Workers = Annotated[int | None, typer.Option(help="Worker processes; all cores if not given.", min=1)]
Dask = Annotated[
    str | None, typer.Option(help="Workers elsewhere: a scheduler's tcp://HOST:PORT, or slurm:FILE.yaml for a queue.")
]
Timeout = Annotated[
    float,
    typer.Option(help="Processor seconds that a trial may take (DC: a sweep of up to 500), netlist loaded.", min=0.1, max=1e7),
]
KeepGoing = Annotated[
    bool, typer.Option("--keep-going", help="Go on where nearly all trials fail in the same way; make a table with gaps.")
]
Retry = Annotated[bool, typer.Option("--retry", help="Simulate trials again that are timeout or crashed.")]
Sigma = Annotated[list[str] | None, typer.Option(help="Local: TARGET=SIGMA[:normal|lognormal[:TRUNCATE]], e.g. ra=5%.")]
SigmaGlobal = Annotated[list[str] | None, typer.Option(help="The same, drawn once a trial for all devices.")]
Correlate = Annotated[list[str] | None, typer.Option(help="KIND,KIND=RHO within each device, e.g. ra,tmr=-0.4.")]
CorrelateGlobal = Annotated[list[str] | None, typer.Option(help="The same between two --sigma-global.")]
VariationFile = Annotated[
    str | None, typer.Option("--variation", help="TOML file of sigmas and correlations; the options above stand over it.")
]
Surrogate = Annotated[
    bool,
    typer.Option("--surrogate", help="Add estimates with a regression on the trials as control variate."),
]
ControlWords = Annotated[
    list[str] | None,
    typer.Option(
        "--control", help="Control variate: NAME=VALUE of a cheaper form of the bench, or another BENCH first; again for more."
    ),
]
ControlTrials = Annotated[
    int | None,
    typer.Option("--control-trials", help="Trials of the control beside those in common; 10 times --trials if not given.", min=1),
]
Sampler = Annotated[str, typer.Option(help="random, lhs or sobol.")]


def read_variations(sigma: list[str] | None, sigma_global: list[str] | None) -> list[Variation]:
    """What --sigma and --sigma-global say."""
    from montecarlo.variation import Variation, check_once

    local = [*map(Variation.parse, sigma or [])]
    check_once("--sigma", [variation.target for variation in local])
    return [*local, *(Variation.parse(text, "global") for text in sigma_global or [])]


def read_correlations(correlate: list[str] | None, correlate_global: list[str] | None = None) -> list[Correlation]:
    """What --correlate and --correlate-global say."""
    from montecarlo.variation import Correlation

    local = [Correlation.parse(text) for text in correlate or []]
    return [*local, *(Correlation.parse(text, "global") for text in correlate_global or [])]


def read_variation_file(variation: str | None) -> str:
    """The path that --variation gives, empty if it is not given."""
    return "" if variation is None else str(given_path(variation))


def once(grid: list[tuple[str, list[Any]]]) -> dict[str, list[Any]]:
    """What several --over give, by name."""
    found = dict(grid)
    if len(found) != len(grid):
        raise UserError("--over: a parameter is given twice")
    return found
