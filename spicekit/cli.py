"""The command line.  It imports what a command needs when the command runs, so that ``--help`` answers at once.

Answers go to stdout (with ``--json`` exactly one JSON object), progress and messages to stderr.  Exit codes: 0 done, 2 the
user's input is wrong, 1 anything else.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from spicekit.errors import SpicekitError, UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from montecarlo.figures import Figure
    from spicekit.bench import Bench

# the parser's own error for a wrong option or argument; older typer has it in click, newer ones carry it themselves
_UsageError: Any = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="spicekit",
    help="Circuit-level SPICE co-simulation of in-memory computing with magnetic and resistive memories.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _complete_bench(incomplete: str) -> list[str]:
    from spicekit.registry import bench_names

    return [name for name in bench_names() if name.startswith(incomplete)]


def _complete_figures(incomplete: str) -> list[str]:
    from montecarlo.figures import SYSTEMS

    return [name for name in SYSTEMS if name.startswith(incomplete)]


def _complete_table_system(incomplete: str) -> list[str]:
    from montecarlo.systems import SYSTEMS

    return [name for name in SYSTEMS if name.startswith(incomplete)]


BenchName = Annotated[str, typer.Argument(help="Bench name, or path/to/file.py:Name.", autocompletion=_complete_bench)]
Parameters = Annotated[list[str] | None, typer.Option("-p", "--parameter", help="NAME=VALUE; see `spicekit show BENCH`.")]
Corner = Annotated[str | None, typer.Option(help="Process corner, same as -p corner=.")]
Temperature = Annotated[str | None, typer.Option(help="Degrees Celsius, same as -p temperature=.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Out = Annotated[Path, typer.Option("--out", help="Folder for the results; made if missing.")]


@app.command("list")
def list_benches(as_json: Json = False) -> None:
    """The benches and what each is for."""
    from spicekit.registry import bench_class, bench_names

    found = {name: bench_class(name).summary for name in bench_names()}
    if as_json:
        _print_json({"benches": [{"name": name, "summary": summary} for name, summary in found.items()]})
    else:
        for name, summary in found.items():
            print(f"{name:16} {summary}")


@app.command()
def show(bench: BenchName, as_json: Json = False) -> None:
    """The parameters, variation points, measures and margins of a bench."""
    from spicekit.describe import describe, describe_text
    from spicekit.registry import bench_class

    made = bench_class(bench)()
    if as_json:
        _print_json(describe(made))
    else:
        print(describe_text(made))


@app.command()
def render(
    bench: BenchName,
    parameter: Parameters = None,
    corner: Corner = None,
    temperature: Temperature = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File to write; stdout if not given.")] = None,
) -> None:
    """A stand-alone netlist that plain `ngspice -b` runs and that prints the measures."""
    from spicekit.files import write_text
    from spicekit.netlist import render as render_netlist

    text = render_netlist(_bench(bench, parameter, corner, temperature))
    if output is None:
        sys.stdout.write(text)
    else:
        write_text(output, text)


@app.command()
def run(
    bench: BenchName,
    parameter: Parameters = None,
    corner: Corner = None,
    temperature: Temperature = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for waveforms.png, waveforms.raw, run.json.")] = None,
    as_json: Json = False,
) -> None:
    """The nominal simulation: measures, and with --out its waveforms."""
    from spicekit.nominal import run as run_bench

    result = run_bench(_bench(bench, parameter, corner, temperature))
    _report_run(result, out, as_json)


@app.command()
def mc(
    bench: BenchName,
    trials: Annotated[int, typer.Option(help="Number of trials.", min=1)],
    out: Out,
    seed: Annotated[int, typer.Option(help="Seed of the random numbers.", min=0)] = 1,
    sigma: Annotated[
        list[str] | None, typer.Option(help="Local: TARGET=SIGMA[:normal|lognormal[:TRUNCATE]], e.g. ra=5%.")
    ] = None,
    sigma_global: Annotated[list[str] | None, typer.Option(help="The same, drawn once a trial for all devices.")] = None,
    correlate: Annotated[list[str] | None, typer.Option(help="KIND,KIND=RHO within each device, e.g. ra,tmr=-0.4.")] = None,
    sampler: Annotated[str, typer.Option(help="random, lhs or sobol.")] = "random",
    parameter: Parameters = None,
    corner: Corner = None,
    temperature: Temperature = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes; all cores if not given.", min=1)] = None,
    timeout: Annotated[float, typer.Option(help="Seconds that a task of up to 2000 trials may take.", min=0.1)] = 120.0,
    as_json: Json = False,
) -> None:
    """A Monte-Carlo campaign.  The same command again resumes an interrupted one."""
    from montecarlo.campaign import Campaign
    from montecarlo.plots import plot_campaign
    from montecarlo.store import Store
    from montecarlo.variation import Correlation, Variation

    variations = [Variation.parse(text) for text in sigma or []]
    variations += [Variation.parse(text, "global") for text in sigma_global or []]
    campaign = Campaign(
        bench,
        trials=trials,
        seed=seed,
        parameters=_parameters(parameter, corner, temperature),
        variations=variations,
        correlations=[Correlation.parse(text) for text in correlate or []],
        sampler=sampler,
    )
    with _Progress(f"mc {bench}") as progress:
        try:
            summary = campaign.run(out, workers=workers, timeout=timeout, progress=progress, warn=_warn)
        except KeyboardInterrupt:
            _fail(f"interrupted; the finished trials are in {out}: the same command goes on from there", 1)
    plots = plot_campaign(campaign.bench, Store(out), summary)
    if as_json:
        _print_json(summary)
        return
    _print_summary(campaign.bench, summary)
    print(f"\nTables: {out / 'summary.json'}, {out / 'samples.parquet'}, {out / 'trials'}/")
    if plots:
        print("Plots:  " + ", ".join(str(plot) for plot in plots))


@app.command()
def replay(
    folder: Annotated[Path, typer.Argument(help="Folder of a campaign.")],
    trial: Annotated[int, typer.Option(help="Trial number.", min=0)],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the waveforms; DIR/replay-ID if not given.")] = None,
    as_json: Json = False,
) -> None:
    """One trial of a campaign again, with its netlist and waveforms."""
    from montecarlo.replay import replay as replay_trial
    from spicekit.files import output_folder, write_text
    from spicekit.netlist import render_at

    result = replay_trial(folder, trial)
    target = output_folder(out or folder / f"replay-{trial}")
    write_text(target / "netlist.cir", render_at(result.bench, result.values))
    _report_run(result, target, as_json)


@app.command()
def sweep(
    bench: BenchName,
    over: Annotated[list[str], typer.Option(help="NAME=START:STOP:NUM or NAME=VALUE,VALUE,...; again for more dimensions.")],
    out: Out,
    trials: Annotated[int, typer.Option(help="Trials at each point; 0: the nominal simulation alone.", min=0)] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the random numbers.", min=0)] = 1,
    sigma: Annotated[list[str] | None, typer.Option(help="As for mc.")] = None,
    sigma_global: Annotated[list[str] | None, typer.Option(help="As for mc.")] = None,
    correlate: Annotated[list[str] | None, typer.Option(help="As for mc.")] = None,
    sampler: Annotated[str, typer.Option(help="random, lhs or sobol.")] = "random",
    parameter: Parameters = None,
    corner: Corner = None,
    temperature: Temperature = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes; all cores if not given.", min=1)] = None,
    timeout: Annotated[float, typer.Option(help="Seconds that a task may take.", min=0.1)] = 120.0,
    as_json: Json = False,
) -> None:
    """A table over a grid of parameters.  The same command again resumes an interrupted one."""
    from montecarlo.sweep import Sweep, parse_over
    from montecarlo.tabulate import without_nan
    from montecarlo.variation import Correlation, Variation

    grid = _once([parse_over(bench, text) for text in over])
    job = Sweep(
        bench,
        grid,
        trials=trials,
        seed=seed,
        parameters=_parameters(parameter, corner, temperature),
        variations=[*map(Variation.parse, sigma or []), *(Variation.parse(text, "global") for text in sigma_global or [])],
        correlations=[Correlation.parse(text) for text in correlate or []],
        sampler=sampler,
    )
    with _Progress(f"sweep {bench}") as progress:
        try:
            dataset = job.run(out, workers=workers, timeout=timeout, progress=progress, warn=_warn)
        except KeyboardInterrupt:
            _fail(f"interrupted; the finished trials are in {out}: the same command goes on from there", 1)
    if as_json:
        _print_json(without_nan(dataset.to_dict()))
        return
    names = {measure.name for campaign in job.campaigns for measure in campaign.bench.measures()}
    shown = [name for name in dataset.data_vars if name in names or str(name).endswith("error_rate")]
    print(dataset[shown].to_dataframe().to_string(float_format=lambda value: f"{value:.4g}"))
    bad = int(sum(dataset[name].sum() for name in dataset.data_vars if str(name).startswith("outcome_") and name != "outcome_ok"))
    if bad:
        print(f"{bad:,} trials are not ok: see the outcome_ columns of table.csv")
    print(f"Table: {out / 'table.nc'}, and as .csv, .parquet, .json and .npz beside it")


@app.command()
def characterize(
    system: Annotated[str, typer.Argument(help="System whose standard table is made.", autocompletion=_complete_table_system)],
    out: Out,
    over: Annotated[
        list[str] | None, typer.Option(help="Other values of one of its dimensions: NAME=START:STOP:NUM or NAME=VALUE,VALUE,...")
    ] = None,
    trials_scale: Annotated[float, typer.Option(help="Factor on the number of trials.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of the random numbers.", min=0)] = 1,
    workers: Annotated[int | None, typer.Option(help="Worker processes; all cores if not given.", min=1)] = None,
    timeout: Annotated[float, typer.Option(help="Seconds that a task may take.", min=0.1)] = 120.0,
    as_json: Json = False,
) -> None:
    """The standard table of a system.  The same command again resumes an interrupted one."""
    from montecarlo.characterize import Characterisation, parse_dimension
    from montecarlo.systems import system_table
    from montecarlo.tabulate import without_nan
    from spicekit.table import from_dataset
    from spicekit.table_view import describe_text

    table = system_table(system)
    grid = _once([parse_dimension(table, text) for text in over or []])
    job = Characterisation(table, over=grid, trials_scale=trials_scale, seed=seed)
    with _Progress(f"characterize {system}") as progress:
        try:
            dataset = job.run(out, workers=workers, timeout=timeout, progress=progress, warn=_warn)
        except KeyboardInterrupt:
            _fail(f"interrupted; the finished trials are in {out}: the same command goes on from there", 1)
    if as_json:
        _print_json(without_nan(dataset.to_dict()))
        return
    print(describe_text(from_dataset(dataset, "table.nc")))
    print(f"\nTable: {out / 'table.nc'}, and as .csv, .parquet, .json and .npz beside it")


table_app = typer.Typer(help="Tables made by sweep and characterize.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(table_app, name="table")
TableFile = Annotated[Path, typer.Argument(metavar="FILE", help="table.nc, the folder that holds it, or an exported .npz.")]
OperatingPoint = Annotated[list[str] | None, typer.Option("-p", "--point", help="NAME=VALUE of a dimension.")]


@table_app.command("show")
def table_show(file: TableFile, as_json: Json = False) -> None:
    """Dimensions, measures and provenance of a table."""
    from spicekit.table import LookupTable
    from spicekit.table_view import describe_text

    table = LookupTable.load(file)
    if as_json:
        _print_json(table.describe())
    else:
        print(describe_text(table))


@table_app.command("query")
def table_query(
    file: TableFile,
    measure: Annotated[str, typer.Argument(help="Name of a measure; see `spicekit table show`.")],
    point: OperatingPoint = None,
    as_json: Json = False,
) -> None:
    """A measure at an operating point, interpolated within the grid."""
    from spicekit.table import LookupTable
    from spicekit.table_view import answer, answer_text

    found = answer(LookupTable.load(file), measure, _parameters(point, None, None))
    if as_json:
        _print_json(found)
    else:
        print(answer_text(found))


@table_app.command("export")
def table_export(
    file: TableFile,
    to: Annotated[str, typer.Option(help="Format; a wrong name lists them all.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File or folder to write; its usual name if not given.")
    ] = None,
    point: OperatingPoint = None,
    as_json: Json = False,
) -> None:
    """A table in the format of another tool."""
    from spicekit.errors import unknown
    from spicekit.export import export, file_name
    from spicekit.table import LookupTable

    table, at = LookupTable.load(file), _parameters(point, None, None)
    for name in at:  # before a name that export() uses itself reaches it
        if name not in table.coordinates:
            raise unknown(f"coordinate of {table.origin}", name, (known for known in table.coordinates if known != "quantile"))
    written = export(table, to, output or Path(file_name(table, to)), **at)
    if as_json:
        _print_json({"format": to, "files": [str(path) for path in written]})
    else:
        print("Files: " + ", ".join(str(path) for path in written))


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="Folder of a run, campaign, sweep or system.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File to write; DIR/report.html if not given.")] = None,
) -> None:
    """One self-contained HTML page of the results in a folder; it opens without a network."""
    from montecarlo.report import write_report

    print(f"Report: {write_report(folder, output)}")


@app.command()
def system(
    name: Annotated[str, typer.Argument(help="Name of a system, e.g. imce.", autocompletion=_complete_figures)],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the simulations and system.json; again = resume. None: not kept.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the random numbers.", min=0)] = 1,
    workers: Annotated[int | None, typer.Option(help="Worker processes; all cores if not given.", min=1)] = None,
    as_json: Json = False,
) -> None:
    """The figures of a system (energy, latency, storage) from simulations, beside the published ones."""
    import tempfile

    from montecarlo.figures import as_json as as_object
    from montecarlo.figures import load_system, system_figures

    load_system(name)  # an unknown name is said before anything is made
    with tempfile.TemporaryDirectory() as scratch, _Progress(f"system {name}") as progress:
        try:
            figures = system_figures(name, out or Path(scratch), seed=seed, workers=workers, progress=progress, warn=_warn)
        except KeyboardInterrupt:
            kept = f"; the finished trials are in {out}: the same command goes on from there" if out else ""
            _fail(f"interrupted{kept}", 1)
    if as_json:
        _print_json(as_object(name, figures))
        return
    _print_figures(name, figures)
    if out is not None:
        print(f"Figures: {out / 'system.json'}; tables: {out}/*/table.nc")


@app.command()
def wer(
    device: Annotated[str, typer.Argument(help="Device card: a shipped name or the path of a TOML file.")],
    current: Annotated[str, typer.Option(help="Write current of the nominal junction, A.")],
    pulse: Annotated[str, typer.Option(help="Pulse widths in s: one value, or start:stop:num.")],
    direction: Annotated[str, typer.Option(help="ap-p or p-ap.")] = "ap-p",
    temperature: Annotated[str | None, typer.Option(help="Kelvin; the card's own if not given.")] = None,
    sigma: Annotated[list[str] | None, typer.Option(help="ra=5% and hk=3%: spread over the junctions of an array.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the junctions drawn.", min=0)] = 1,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for wer.png and wer.json.")] = None,
    as_json: Json = False,
) -> None:
    """Write error rate of a junction against pulse width."""
    from spicekit.card import load_card
    from spicekit.errors import unknown
    from spicekit.files import output_folder, write_json
    from spicekit.units import format_value, parse_value
    from spicekit.wer import parse_range, parse_spread, plot_write_error, write_error_curve

    if direction not in ("ap-p", "p-ap"):
        raise unknown("direction", direction, ("ap-p", "p-ap"))
    sigma_ra, sigma_hk = parse_spread(sigma or [])
    curve = write_error_curve(
        load_card(device),
        parse_value(current),
        parse_range("--pulse", pulse),
        direction=direction,  # type: ignore[arg-type]
        temperature=None if temperature is None else parse_value(temperature),
        sigma_ra=sigma_ra,
        sigma_hk=sigma_hk,
        seed=seed,
    )
    written = []
    if out is not None:
        write_json(output_folder(out) / "wer.json", curve.as_json())
        written = [out / "wer.json", plot_write_error(curve, out / "wer.png")]
    if as_json:
        _print_json(curve.as_json())
        return
    print(
        f"{curve.device} {curve.direction}: I/I_c = {curve.overdrive:.3f} (I_c {format_value(curve.critical_current, 'A')}), "
        f"Delta {curve.delta:.2f}, tau_D {format_value(curve.tau_d, 's')}, {curve.temperature:g} K"
    )
    junctions = curve.junctions
    print(f"{'pulse':>10} {'WER':>11}" + (f" {'array mean':>11} {'median':>11} {'99.9 %':>11}" if junctions else ""))
    for index, width in enumerate(curve.pulses):
        row = f"{format_value(float(width), 's'):>10} {curve.wer[index]:11.3e}"
        if junctions is not None:
            row += f" {junctions.mean[index]:11.3e} {junctions.quantiles[1, index]:11.3e} {junctions.quantiles[3, index]:11.3e}"
        print(row)
    if written:
        print("Files: " + ", ".join(str(path) for path in written))


@app.command()
def doctor(as_json: Json = False) -> None:
    """What is found on this machine, what is missing, and the command that installs it."""
    from spicekit.doctor import diagnose

    findings = diagnose()
    if as_json:
        _print_json({"findings": [vars(finding) | {"good": finding.good} for finding in findings]})
    else:
        for finding in findings:
            mark = "ok     " if finding.good else ("MISSING" if finding.needed else "absent ")
            print(f"{mark} {finding.name:20} {finding.found or finding.remedy}")
    if any(finding.needed and not finding.good for finding in findings):
        raise typer.Exit(1)


def main() -> NoReturn:
    """Entry point: turns every expected failure into one line on stderr and an exit code."""
    try:
        code = app(standalone_mode=False)
    except UserError as error:
        _fail(str(error), 2)
    except SpicekitError as error:
        _fail(str(error), 1)
    except _UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error.ctx.get_help(), file=sys.stderr)
            sys.exit(2)
        _fail(error.format_message().replace("\n", " "), 2)
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted", 1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(line: str, code: int) -> NoReturn:
    print(f"spicekit: {' '.join(line.splitlines())}", file=sys.stderr)
    sys.exit(code)


def _warn(line: str) -> None:
    print(f"spicekit: warning: {line}", file=sys.stderr)


def _print_json(content: dict[str, Any]) -> None:
    print(json.dumps(content, allow_nan=False))


def _parameters(given: list[str] | None, corner: str | None, temperature: str | None) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for text in given or []:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UserError(f"-p '{text}': give NAME=VALUE")
        parameters[name.strip()] = value.strip()
    if corner is not None:
        parameters["corner"] = corner
    if temperature is not None:
        parameters["temperature"] = temperature
    return parameters


def _once(grid: list[tuple[str, list[Any]]]) -> dict[str, list[Any]]:
    """What several --over give, by name."""
    found = dict(grid)
    if len(found) != len(grid):
        raise UserError("--over: a parameter is given twice")
    return found


def _bench(name: str, given: list[str] | None, corner: str | None, temperature: str | None) -> Bench:
    from spicekit.registry import make_bench

    return make_bench(name, _parameters(given, corner, temperature))


def _report_run(result: Any, out: Path | None, as_json: bool) -> None:
    """Print a run's measures and write its files; a failed simulation ends with exit code 1."""
    from spicekit.files import output_folder, write_json
    from spicekit.outcome import Outcome
    from spicekit.plots import measure_rows, plot_run

    good = result.outcome is Outcome.OK
    written: list[Path] = []
    if out is not None:
        write_json(output_folder(out) / "run.json", result.as_json())
        written = [out / "run.json", *(plot_run(result, out) if good else [])]
    if as_json:
        _print_json(result.as_json())
    else:
        for name, value, meaning in measure_rows(result):
            print(f"{name:14} {value:>14}   {meaning}")
        if written:
            print("Files: " + ", ".join(str(path) for path in written))
    if not good:
        _fail(f"{result.bench.name}: {result.outcome}: {result.outcome.advice}", 1)


def _print_summary(bench: Bench, summary: dict[str, Any]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from spicekit.outcome import Outcome
    from spicekit.units import format_value

    def cell(value: float | None, unit: str) -> str:
        return "-" if value is None else format_value(value, unit)

    console = Console(width=None if sys.stdout.isatty() else 170)
    table = Table(
        title=f"{summary['bench']}: {summary['trials']:,} trials, seed {summary['seed']}, {summary['elapsed_s']:.1f} s",
        box=box.SIMPLE,
    )
    for heading in ("measure", "mean", "std", "min", "0.1 %", "median", "99.9 %", "max"):
        table.add_column(heading, justify="left" if heading == "measure" else "right")
    for name, row in summary["measures"].items():
        keys = ("mean", "std", "min", "q001", "q50", "q999", "max")
        table.add_row(name, *(cell(row[key], row["unit"]) for key in keys))
    console.print(table)
    if summary["margins"]:
        table = Table(title="Margins", box=box.SIMPLE)
        headings = (
            "margin",
            "states",
            "mean gap",
            "worst gap",
            "3 sigma",
            "6 sigma",
            "best reference",
            "error rate (95 % interval)",
            "with circuit's reference",
        )
        for heading in headings:
            table.add_column(heading, justify="left" if heading in ("margin", "states") else "right")
        for name, row in summary["margins"].items():
            table.add_row(
                name,
                f"{row['low']} | {row['high']}",
                *(cell(row[key], row["unit"]) for key in ("mean", "worst", "sigma3", "sigma6", "reference")),
                _rate(row, "error_rate"),
                _rate(row, "circuit_error_rate") if "circuit_error_rate" in row else "-",
            )
        console.print(table)
    print("outcomes: " + ", ".join(f"{count:,} {name}" for name, count in summary["outcomes"].items() if count or name == "ok"))
    for name, count in summary["outcomes"].items():
        if count and name != "ok":
            print(f"  {name}: {Outcome(name).advice}")


def _print_figures(name: str, figures: Sequence[Figure]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from spicekit.units import format_value

    console = Console(width=None if sys.stdout.isatty() else 170)
    table = Table(title=f"{name}: simulated and published", box=box.SIMPLE)
    for heading in ("figure", "simulated", "published", "ratio", "from", "source"):
        number = heading in ("simulated", "published", "ratio")
        table.add_column(heading, justify="right" if number else "left", no_wrap=number or heading == "figure")
    for figure in figures:
        published = "-" if figure.published is None else format_value(figure.published, figure.unit, 5)
        ratio = "-" if figure.ratio is None else f"{figure.ratio:.3g}"
        table.add_row(figure.name, format_value(figure.simulated, figure.unit), published, ratio, figure.origin, figure.source)
    console.print(table)


def _rate(row: dict[str, Any], key: str) -> str:
    if row[key] is None:
        return "-"
    low, high = row[f"{key}_ci"]
    return f"{row[key]:.2g} ({low:.1e} to {high:.1e})"


class _Progress:
    """A progress bar with rate and time left on stderr; silent if that is not a terminal."""

    def __init__(self, label: str) -> None:
        self._bar: Any = None
        self._label = label
        self._task: Any = None

    def __enter__(self) -> _Progress:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(
                TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(), console=Console(stderr=True),
            )  # fmt: skip
            self._bar.start()
        return self

    def __call__(self, done: int, total: int) -> None:
        if self._bar is None:
            return
        if self._task is None:  # trials of an earlier session say nothing about this one's speed
            self._task = self._bar.add_task(self._label, total=total, completed=done, rate="")
        speed = self._bar.tasks[0].speed
        self._bar.update(self._task, completed=done, rate=f"{speed:,.0f} trials/s" if speed else "")

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


if __name__ == "__main__":
    main()
