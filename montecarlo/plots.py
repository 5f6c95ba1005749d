"""Plots of a campaign: how the states are distributed, how their tails run, and what the margins are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.special import ndtri

from montecarlo.running.store import Store
from spicekit.bench import Bench, Margin
from spicekit.errors import UserError
from spicekit.files import read_record
from spicekit.outcome import Outcome
from spicekit.style import COLOURS, new_figure, save
from spicekit.units import readable
from spicekit.waves import Array


def plot_campaign(bench: Bench, store: Store, summary: dict[str, Any]) -> list[Path]:
    """Draw the plots of a finished campaign into its folder and return their paths."""
    drawn = _known(bench, summary)
    if not drawn or summary["outcomes"]["ok"] < 2:
        return []
    columns, conditions = _states(drawn, store), _conditions(bench, summary)
    return [
        save(_distributions(bench, drawn, columns, summary, conditions), store.folder / "distributions.png"),
        _tails(bench, drawn, columns, summary, conditions, store.folder / "tails.png"),
        _margins(bench, drawn, summary, conditions, store.folder / "margins.png"),
    ]


def distributions(bench: Bench, store: Store, summary: dict[str, Any]) -> Figure:
    """How the states of each margin are distributed, or each measure of a bench without margins.

    Raises :class:`UserError` for a campaign with fewer than two trials that are ok.
    """
    if summary["outcomes"]["ok"] < 2:
        raise UserError(f"{store.folder}: {summary['outcomes']['ok']} trials are ok; a distribution needs 2")
    drawn = _known(bench, summary)
    if drawn:
        return _distributions(bench, drawn, _states(drawn, store), summary, _conditions(bench, summary))
    return _histograms(bench, store, summary)


def _known(bench: Bench, summary: dict[str, Any]) -> list[Margin]:
    """The margins of which something is known."""
    return [margin for margin in bench.margins() if summary["margins"][margin.name]["mean"] is not None]


def _states(margins: list[Margin], store: Store) -> dict[str, Array]:
    """The measures of ``margins``, over the trials that are ok."""
    ok = store.parts.column("outcome") == str(Outcome.OK)
    return {
        name: store.parts.column(name)[ok] for margin in margins for name in (margin.low, margin.high, margin.reference) if name
    }


def _conditions(bench: Bench, summary: dict[str, Any]) -> str:
    process, *supply = bench.process() or ("",)
    drawn = f"{summary['bench']}, {summary['outcomes']['ok']:,} trials, seed {summary['seed']}"
    return ", ".join(filter(None, [drawn, process, f"{bench.temperature:g} °C", *supply]))


def _histograms(bench: Bench, store: Store, summary: dict[str, Any]) -> Figure:
    """A histogram of each measure, the mean marked."""
    ok = store.parts.column("outcome") == str(Outcome.OK)
    measures = bench.measures()
    columns = min(3, len(measures))
    lines = -(-len(measures) // columns)
    figure = new_figure(4.2 * columns + 0.4, 2.6 * lines + 0.8)
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    for axis, measure in zip(axes, measures, strict=False):
        values = store.parts.column(measure.name)[ok]
        values = values[np.isfinite(values)]
        factor, unit = readable(values, measure.unit)
        axis.hist(
            values * factor, bins=int(np.clip(2 * np.sqrt(len(values)), 5, 80)), color=COLOURS[0], alpha=0.75, label="trials"
        )
        if len(values):
            axis.axvline(values.mean() * factor, color="black", lw=1.2, label="mean")
        axis.set_xlabel(f"{measure.name} ({unit})" if unit else measure.name)
        axis.set_ylabel("trials")
    axes[0].legend(fontsize=8)
    for axis in axes[len(measures) :]:
        axis.set_axis_off()
    figure.suptitle(f"Distributions of the measures: {_conditions(bench, summary)}", fontsize=11)
    return figure


def _distributions(
    bench: Bench, margins: list[Margin], columns: dict[str, Array], summary: dict[str, Any], conditions: str
) -> Figure:
    figure = new_figure(9, 2.7 * len(margins) + 0.6)
    axes = figure.subplots(len(margins), 1, squeeze=False)[:, 0]
    meanings = {measure.name: measure for measure in bench.measures()}
    for axis, margin in zip(axes, margins, strict=True):
        statistics = summary["margins"][margin.name]
        low, high = columns[margin.low], columns[margin.high]
        factor, unit = readable(np.concatenate([low, high]), meanings[margin.low].unit)
        bins = np.linspace(min(low.min(), high.min()) * factor, max(low.max(), high.max()) * factor, 161)
        for values, name, colour in ((low, margin.low, COLOURS[0]), (high, margin.high, COLOURS[1])):
            # one outline in place of 160 bars: drawing them takes longer than simulating some thousand trials
            label = f"{name}: {meanings[name].meaning}"
            axis.hist(values * factor, bins=bins, histtype="stepfilled", lw=0, color=colour, alpha=0.75, label=label)
        axis.axvline(statistics["reference"] * factor, color="black", lw=1.2, label="best fixed reference")
        if margin.reference is not None and np.isfinite(columns[margin.reference]).all():
            axis.axvline(
                columns[margin.reference].mean() * factor,
                color=COLOURS[2],
                lw=1.4,
                ls="--",
                label=f"{margin.reference}, mean",
            )
        worst_low, worst_high = low.max() * factor, high.min() * factor
        axis.axvspan(*sorted((worst_low, worst_high)), color="#009E73" if worst_high > worst_low else "#D55E00", alpha=0.15, lw=0)
        axis.set_yscale("log")
        axis.set_ylim(bottom=0.7)
        axis.set_ylabel("trials")
        axis.set_xlabel(
            f"sense voltage ({unit})" if meanings[margin.low].unit == "V" else f"{margin.low}, {margin.high} ({unit})"
        )
        low_ci, high_ci = statistics["error_rate_ci"]
        axis.set_title(
            f"{margin.name}: mean gap {statistics['mean'] * factor:.1f} {unit}, "
            f"worst gap {statistics['worst'] * factor:+.1f} {unit}, "
            f"error rate {statistics['error_rate']:.2g} (95 %: {low_ci:.1g} to {high_ci:.1g})",
            loc="left",
        )
        axis.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8, title="shaded: worst gap", title_fontsize=8)
    figure.suptitle(f"Distributions of the states: {conditions}", fontsize=11)
    figure.set_size_inches(11.5, 2.7 * len(margins) + 0.6)
    return figure


def _tails(
    bench: Bench, margins: list[Margin], columns: dict[str, Array], summary: dict[str, Any], conditions: str, path: Path
) -> Path:
    """Normal-probability plot: a normal distribution is a straight line, whose slope is 1/sigma."""
    figure = new_figure(4.3 * len(margins), 6.2)
    axes = figure.subplots(1, len(margins), squeeze=False, sharey=True)[0]
    units = {measure.name: measure.unit for measure in bench.measures()}
    for axis, margin in zip(axes, margins, strict=True):
        factor, unit = readable(np.concatenate([columns[margin.low], columns[margin.high]]), units[margin.low])
        for name, colour in ((margin.low, COLOURS[0]), (margin.high, COLOURS[1])):
            values = np.sort(columns[name]) * factor
            score = ndtri((np.arange(len(values)) + 0.5) / len(values))
            keep = _thinned(len(values))
            axis.plot(values[keep], score[keep], ".", ms=3, color=colour, label=name)
            axis.plot(
                values.mean() + values.std() * score[[0, -1]], score[[0, -1]], color=colour, lw=0.9, ls="--",
                label=f"normal with {name}'s mean and σ",
            )  # fmt: skip
        axis.axvline(summary["margins"][margin.name]["reference"] * factor, color="black", lw=1.1, label="best fixed reference")
        axis.set_title(margin.name)
        axis.set_xlabel(f"sense voltage ({unit})" if units[margin.low] == "V" else unit)
        axis.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=1)
    axes[0].set_ylabel("normal score (standard deviations)")
    figure.suptitle(f"Tails against the normal distribution: {conditions}", fontsize=11)
    return save(figure, path)


def _thinned(count: int) -> NDArray[np.int64]:
    """Indices of a readable number of points: every one in the tails, few in the middle."""
    if count <= 4000:
        return np.arange(count)
    middle = np.linspace(500, count - 501, 2000).astype(np.int64)
    return np.unique(np.concatenate([np.arange(500), middle, np.arange(count - 500, count)]))


def _margins(bench: Bench, margins: list[Margin], summary: dict[str, Any], conditions: str, path: Path) -> Path:
    """What is left of each mean gap at 3 and 6 sigma and in the worst case."""
    figure = new_figure(7.5, 4.2)
    axis: Axes = figure.subplots()
    names = [margin.name for margin in margins]
    units = {measure.name: measure.unit for measure in bench.measures()}
    means = np.array([summary["margins"][name]["mean"] for name in names])
    factor, unit = readable(means, units[margins[0].low])
    kinds = (
        ("mean", "mean gap"),
        ("sigma3", "mean gap - 3σ of both"),
        ("worst", "worst gap"),
        ("sigma6", "mean gap - 6σ of both"),
    )
    for index, (key, label) in enumerate(kinds):
        heights = [summary["margins"][name][key] * factor for name in names]
        bars = axis.bar(np.arange(len(names)) + (index - 1.5) * 0.2, heights, 0.19, color=COLOURS[index], label=label)
        axis.bar_label(bars, fmt="%.1f", fontsize=8, padding=2)
    axis.axhline(0, color="black", lw=0.8)
    axis.set_xticks(range(len(names)), names)
    axis.set_ylabel(f"gap between the states ({unit})")
    axis.margins(y=0.15)
    axis.legend(fontsize=9)
    axis.set_title(f"Sense margins\n{conditions}", fontsize=10)
    return save(figure, path)


def plot_margins_against(folders: list[Path], parameter: str, label: str, path: Path) -> Path:
    """Margins against one parameter, from finished campaigns that differ in it alone; ``label`` names it on the axis."""
    found = []
    for folder in folders:
        record = Store(folder).read_record()
        found.append((float(record["parameters"][parameter]), read_record(folder / "summary.json")))
    found.sort(key=lambda pair: pair[0])
    places = [value for value, _ in found]
    names = list(found[0][1]["margins"])
    peaks = np.array([abs(summary["margins"][name]["mean"]) for name in names for _, summary in found])
    factor, unit = readable(peaks, found[0][1]["margins"][names[0]]["unit"])
    figure = new_figure(10.5, 4.6)
    left, right = figure.subplots(1, 2)
    for index, name in enumerate(names):
        margins = [summary["margins"][name] for _, summary in found]
        colour = COLOURS[index]
        left.plot(places, [margin["mean"] * factor for margin in margins], "o-", color=colour, label=f"{name}, mean gap")
        left.plot(places, [margin["worst"] * factor for margin in margins], "s--", color=colour, label=f"{name}, worst gap")
        rates = np.array([margin["error_rate"] for margin in margins])
        low, high = np.array([margin["error_rate_ci"] for margin in margins]).T
        seen = rates > 0
        at = np.asarray(places) + (index - (len(names) - 1) / 2) * 0.04 * (max(places) - min(places) or 1) / len(places)
        if seen.any():
            right.errorbar(
                at[seen], rates[seen], yerr=[(rates - low)[seen], (high - rates)[seen]], fmt="o-", capsize=3, color=colour,
                label=name,
            )  # fmt: skip
        if not seen.all():
            right.plot(at[~seen], high[~seen], "v", mfc="white", color=colour, label=f"{name}: none seen, 97.5 % bound")
    left.axhline(0, color="black", lw=0.8)
    left.set_ylabel(f"gap between the states ({unit})")
    right.set_ylabel("error rate at the best fixed reference (bars: 95 %)")
    right.set_yscale("log")
    for axis in (left, right):
        axis.set_xlabel(label)
        axis.set_xticks(places)
        axis.legend(fontsize=8)
    left.margins(y=0.32)  # room for the legend above the lines
    left.legend(fontsize=8, ncols=len(names), loc="upper center")
    summary = found[0][1]
    figure.suptitle(f"Margins against {label}: {summary['bench']}, {summary['trials']:,} trials a point", fontsize=11)
    return save(figure, path)
