"""Options and arguments that several commands share, and how their text is read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spicekit.errors import UserError

if TYPE_CHECKING:
    from montecarlo.cluster import DaskExecutor
    from montecarlo.variation import Correlation, Variation
    from spicekit.bench import Bench


def complete_bench(incomplete: str) -> list[str]:
    from spicekit.registry import bench_names

    return [name for name in bench_names() if name.startswith(incomplete)]


def given_path(text: str) -> Path:
    """A path as a user gives it.  Raises :class:`UserError` for an empty one, which would be the working folder."""
    if not text:
        raise UserError("an empty path given; allowed: the name of a file or folder, . for the working folder")
    if "\0" in text:
        raise UserError(f"path {text!r}: a name may hold no NUL")
    return Path(text)


BenchName = Annotated[str, typer.Argument(help="Bench name, or path/to/file.py:Name.", autocompletion=complete_bench)]
Parameters = Annotated[list[str] | None, typer.Option("-p", "--parameter", help="NAME=VALUE; see `spicekit show BENCH`.")]
Corner = Annotated[str | None, typer.Option(help="Process corner, same as -p corner=.")]
Temperature = Annotated[str | None, typer.Option(help="85 or 85C, or 358K; same as -p temperature=.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Out = Annotated[Path, typer.Option("--out", help="Folder for the results; made if missing.", parser=given_path)]
Seed = Annotated[int, typer.Option(help="Seed of the random numbers.", min=0)]
Engine = Annotated[str, typer.Option(help="What simulates: ngspice, or path/to/file.py:function.")]
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
RunTimeout = Annotated[
    float, typer.Option("--timeout", help="Processor seconds of the simulation, netlist loaded.", min=0.1, max=1e7)
]
Sigma = Annotated[list[str] | None, typer.Option(help="Local: TARGET=SIGMA[:normal|lognormal[:TRUNCATE]], e.g. ra=5%.")]
SigmaGlobal = Annotated[list[str] | None, typer.Option(help="The same, drawn once a trial for all devices.")]
Correlate = Annotated[list[str] | None, typer.Option(help="KIND,KIND=RHO within each device, e.g. ra,tmr=-0.4.")]
Sampler = Annotated[str, typer.Option(help="random, lhs or sobol.")]


def read_option(option: str, text: str, unit: str) -> float:
    """The number in ``unit`` that an option gives."""
    from spicekit.units import parse_quantity

    try:
        return parse_quantity(text, unit)
    except UserError as error:
        raise UserError(f"{option} {error}") from None


def read_parameters(given: list[str] | None, corner: str | None, temperature: str | None) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for text in given or []:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UserError(f"-p '{text}': give NAME=VALUE")
        _once(parameters, name.strip(), value.strip())
    if corner is not None:
        _once(parameters, "corner", corner)
    if temperature is not None:
        _once(parameters, "temperature", temperature)
    return parameters


def _once(parameters: dict[str, str], name: str, value: str) -> None:
    """Of two values neither is taken for the one that was meant."""
    if name in parameters:
        raise UserError(f"'{name}' is given twice: '{parameters[name]}' and '{value}'")
    parameters[name] = value


def read_bench(name: str, given: list[str] | None, corner: str | None, temperature: str | None) -> Bench:
    from spicekit.registry import make_bench

    return make_bench(name, read_parameters(given, corner, temperature))


def read_variations(sigma: list[str] | None, sigma_global: list[str] | None) -> list[Variation]:
    """What --sigma and --sigma-global say."""
    from montecarlo.variation import Variation, check_once

    local = [*map(Variation.parse, sigma or [])]
    check_once("--sigma", [variation.target for variation in local])
    return [*local, *(Variation.parse(text, "global") for text in sigma_global or [])]


def read_correlations(correlate: list[str] | None) -> list[Correlation]:
    """What --correlate says."""
    from montecarlo.variation import Correlation

    return [Correlation.parse(text) for text in correlate or []]


@contextlib.contextmanager
def read_executor(dask: str | None, workers: int | None, timeout: float) -> Iterator[DaskExecutor | None]:
    """The executor that --dask asks for; None for this machine's cores."""
    if dask is None:
        yield None
        return
    if workers is not None:
        raise UserError(f"--workers {workers}: those of --dask are started there; give one of the two options")
    from montecarlo.cluster import cluster_executor

    with cluster_executor(dask, timeout) as executor:
        yield executor


def once(grid: list[tuple[str, list[Any]]]) -> dict[str, list[Any]]:
    """What several --over give, by name."""
    found = dict(grid)
    if len(found) != len(grid):
        raise UserError("--over: a parameter is given twice")
    return found
