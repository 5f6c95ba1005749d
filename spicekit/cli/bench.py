"""Commands about one bench and one simulation of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spicekit.cli.options import BenchName, Corner, Json, Parameters, RunTimeout, Temperature, given_path, read_bench
from spicekit.cli.output import RUN_WRITES, print_json, report_run, say, warn


def list_benches(as_json: Json = False) -> None:
    """The benches and what each is for."""
    from spicekit.registry import bench_class, bench_names

    found = {name: bench_class(name).summary for name in bench_names()}
    if as_json:
        print_json({"benches": [{"name": name, "summary": summary} for name, summary in found.items()]})
    else:
        for name, summary in found.items():
            say(f"{name:16} {summary}")


def show(
    bench: BenchName,
    parameter: Parameters = None,
    corner: Corner = None,
    temperature: Temperature = None,
    as_json: Json = False,
) -> None:
    """The parameters, variation points, measures and margins of a bench."""
    from spicekit.describe import describe, describe_text
    from spicekit.engines.calibrate import calibrated

    made = calibrated(read_bench(bench, parameter, corner, temperature))
    if as_json:
        print_json(describe(made))
    else:
        say(describe_text(made))


def render(
    bench: BenchName,
    parameter: Parameters = None,
    corner: Corner = None,
    temperature: Temperature = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File to write; stdout if not given.", parser=given_path)
    ] = None,
) -> None:
    """A stand-alone netlist that plain `ngspice -b` runs and that prints the measures."""
    from spicekit.files import write_text
    from spicekit.folders import check_file
    from spicekit.nominal import render as render_netlist

    if output is not None:
        check_file(output)
    text = render_netlist(read_bench(bench, parameter, corner, temperature))
    if output is None:
        say(text, end="")
    else:
        write_text(output, text)


def run(
    bench: BenchName,
    parameter: Parameters = None,
    corner: Corner = None,
    temperature: Temperature = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for waveforms.png, waveforms.raw, run.json.", parser=given_path)
    ] = None,
    timeout: RunTimeout = 3600.0,
    as_json: Json = False,
) -> None:
    """The nominal simulation: measures, and with --out its waveforms."""
    from spicekit.folders import check_folder
    from spicekit.nominal import run_within

    if out is not None:
        check_folder(out, "run.json", RUN_WRITES)
    made = read_bench(bench, parameter, corner, temperature)
    result = run_within(timeout, made)
    for line in result.warnings():
        warn(line)
    report_run(result, out, as_json)
