"""What the commands about many simulations print: summaries, figures, progress."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from spicekit.cli.output import answers, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rich.console import Console

    from montecarlo import records
    from montecarlo.systems.system import Figure, System
    from montecarlo.variation import Space


def say_failed(outcomes: Mapping[Any, int], say: Callable[[str], None]) -> None:
    """The last line of an answer of which more than ``SHARE`` of the trials are not ok."""
    from spicekit.outcome import SHARE, Outcome, in_words

    failed = {outcome: count for outcome, count in outcomes.items() if outcome != Outcome.OK}
    total = sum(outcomes.values())
    if sum(failed.values()) > SHARE * total:
        say(f"{sum(failed.values()) / total:.2g} of the trials are not ok and take no part: {in_words(failed)}")


def print_variations(spaces: Sequence[Space]) -> None:
    """What varied and by how much."""
    from montecarlo.variation_text import variation_lines

    say("\n".join(variation_lines(spaces)))


def print_summary(summary: records.Summary) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from spicekit.binomial import trials_for
    from spicekit.outcome import Outcome
    from spicekit.units import format_value

    def cell(value: float | None, unit: str) -> str:
        return "-" if value is None else format_value(value, unit)

    stream = answers()
    console = Console(file=stream, width=None if stream.isatty() else 170)
    table = Table(
        title=f"{summary.bench}: {summary.trials:,} trials, seed {summary.seed}, {summary.elapsed_s:.1f} s", box=box.SIMPLE
    )
    for heading in ("measure", "mean", "std", "min", "0.1 %", "median", "99.9 %", "max"):
        table.add_column(heading, justify="left" if heading == "measure" else "right")
    for name, measure in summary.measures.items():
        values = (measure.mean, measure.std, measure.min, measure.q001, measure.q50, measure.q999, measure.max)
        table.add_row(name, *(cell(value, measure.unit) for value in values))
    console.print(table)
    if any(measure.q001 is None for measure in summary.measures.values()):
        say(f"0.1 % and 99.9 %: not known from fewer than {trials_for(0.001):,} trials, or where they are beyond limits\n")
    if summary.margins:
        table = Table(title="Margins", box=box.SIMPLE)
        gaps = "margin, states, mean gap, worst gap, 3 sigma, 6 sigma, best reference, error rate (95 % interval)"
        headings = [*gaps.split(", "), "with circuit's reference"]
        for heading in headings:
            table.add_column(heading, justify="left" if heading in ("margin", "states") else "right")
        for name, margin in summary.margins.items():
            table.add_row(
                name,
                f"{margin.low} | {margin.high}",
                *(cell(gap, margin.unit) for gap in (margin.mean, margin.worst, margin.sigma3, margin.sigma6, margin.reference)),
                _rate(margin.error_rate, margin.error_rate_ci),
                _rate(margin.circuit_error_rate, margin.circuit_error_rate_ci),
            )
        console.print(table)
    if summary.surrogate is not None:
        print_surrogate(summary.surrogate, console)
    if summary.control is not None:
        print_control(summary.control, console)
    print_sensitivity(summary.sensitivity)
    shown = [f"{count:,} {name}" for name, count in summary.outcomes.items() if count or name is Outcome.OK]
    say("outcomes: " + ", ".join(shown))
    for name, count in summary.outcomes.items():
        if count and name is not Outcome.OK:
            say(f"  {name}: {name.advice}; look at one with `spicekit replay DIR --trial ID`")
    for line in summary.warnings:
        say(f"  {line}")


def print_surrogate(found: records.Surrogate, console: Console) -> None:
    """Plain and improved estimates below each other, and what is refused."""

    from montecarlo.statistics.improved_text import improved_rows

    title = f"With a regression as control variate: {found.trials:,} trials, {found.draws:,} draws"
    _print_improved(title, improved_rows(found), found, console)


def print_control(found: records.Control, console: Console) -> None:
    """The same with a cheaper bench as control."""
    from montecarlo.statistics.improved_text import control_rows, control_title

    _print_improved(control_title(found), control_rows(found), found, console)


def _print_improved(
    title: str, rows: Iterable[tuple[str, ...]], found: records.Surrogate | records.Control, console: Console
) -> None:
    from rich import box
    from rich.table import Table

    from montecarlo.statistics.improved_text import refused_lines

    table = Table(title=title, box=box.SIMPLE)
    for heading in ("of", "R2", "estimate", "plain (95 %)", "improved (95 %)", "one trial is worth"):
        table.add_column(heading, justify="left" if heading in ("of", "estimate") else "right")
    for row in rows:
        table.add_row(*row)
    if table.row_count:
        console.print(table)
    for line in refused_lines(found):
        say(line)


def print_sensitivity(found: records.Sensitivity) -> None:
    """What drives each margin most, or each measure of a bench without margins; the sign is that of the dependence."""
    rows = {name: drivers[:4] for name, drivers in (found.margins or found.measures).items() if drivers}
    if not rows:
        return
    shares = any(driver.share is not None for drivers in rows.values() for driver in drivers)
    say(f"driven by ({'share of variance' if shares else 'squared rank correlation'}, {found.trials:,} trials):")
    for name, drivers in rows.items():
        words = []
        for driver in drivers:
            part = driver.rank**2 if driver.share is None else driver.share
            words.append(f"{'-' if driver.rank < 0 else '+'}{driver.point} {part:.0%}")
        say(f"  {name:14} " + ", ".join(words))


def print_figures(system: System, figures: Sequence[Figure], seed: int, engine: str) -> None:
    """Ours beside the published ones; then the commands of the plans that they are made of, and the remarks."""
    import textwrap

    from rich import box
    from rich.console import Console
    from rich.table import Table

    from spicekit.units import format_value

    stream = answers()
    console = Console(file=stream, width=None if stream.isatty() else 170)
    table = Table(title=f"{system.name}: simulated and published", box=box.SIMPLE)
    for heading in ("figure", "simulated", "published", "ratio", "by", "from", "source"):
        number = heading in ("simulated", "published", "ratio")
        table.add_column(heading, justify="right" if number else "left", no_wrap=number or heading == "figure")
    for figure in figures:
        published = "-" if figure.published is None else format_value(figure.published, figure.unit, 5)
        ratio = "-" if figure.ratio is None else f"{figure.ratio:.3g}"
        values = (format_value(figure.simulated, figure.unit), published, ratio)
        table.add_row(figure.name, *values, ", ".join(figure.plans), figure.origin, figure.source)
    console.print(table)
    say("by:")
    for plan in system.plans:
        say(f"  {plan.name}: {plan.command(seed, engine)}")
    for figure in figures:
        if figure.remark:
            say(textwrap.fill(f"{figure.name}: {figure.remark}", 160, subsequent_indent="  "))


def _rate(rate: float | None, interval: tuple[float, float] | None) -> str:
    return "-" if rate is None or interval is None else f"{rate:.2g} ({interval[0]:.1e} to {interval[1]:.1e})"


class ProgressBar:
    """A progress bar with rate and time left on stderr; silent if that is not a terminal."""

    def __init__(self, label: str) -> None:
        self._bar: Any = None
        self._label = label
        self._task: Any = None

    def __enter__(self) -> ProgressBar:
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
