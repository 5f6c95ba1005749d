"""The plot of a yield study: limit state of the trials and along the line to the failure point, contributions, convergence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from montecarlo.rare.found import Found, Question
from montecarlo.rare.result import running
from montecarlo.rare.state import LimitState, joined
from spicekit.style import COLOURS, new_figure, save
from spicekit.units import format_value, readable

SHOWN = 10  # bars


def plot_yield(study: Question, state: LimitState, found: Found, summary: dict[str, Any], path: Path) -> Path:
    """Draw the four panels and return the path."""
    figure = new_figure(11.5, 8.2)
    (above, line), (bars, run) = figure.subplots(2, 2)
    single = len(study.expression.units) == 1
    unit = study.expression.units[0] if single else ""
    step = float(state.scale[0]) if single else 1.0
    shown = np.concatenate([t.g[np.isfinite(t.g)] for s, t in state.history if s == "plain"]) * step
    factor, label = readable(shown, unit)
    label = f"limit state g ({label})" if label else "limit state g" + ("" if single else " (standard deviations)")
    _histogram(above, state, found, step * factor, label)
    _line(line, found, step * factor, label)
    _contributions(bars, summary)
    _convergence(run, found, summary)
    bench = study.campaign.bench
    probability = summary["probability"]
    sigma = "" if summary["sigma"] is None else f" ({summary['sigma']:.2f} σ)"
    figure.suptitle(
        f"{bench.name}: fails if {study.expression.text}.  P = {probability:.3g}{sigma}, "
        f"95 %: {summary['ci'][0]:.2g} to {summary['ci'][1]:.2g}\n"
        f"{summary['method']}, {summary['simulations']:,} simulations, seed {study.seed}, "
        f"{bench.technology.name} {bench.p.corner}, {bench.temperature:g} °C, {bench.vdd:g} V",
        fontsize=11,
    )
    return save(figure, path)


def _histogram(axis: Axes, state: LimitState, found: Found, factor: float, label: str) -> None:
    plain = joined([trials for stage, trials in state.history if stage == "plain"]).g
    groups = [(plain[np.isfinite(plain)], "plain trials", COLOURS[0])]
    if found.sampled is not None:
        drawn = found.sampled.trials.g
        groups.append((drawn[np.isfinite(drawn)], "importance samples", COLOURS[1]))
    everything = np.concatenate([values for values, _, _ in groups]) * factor
    bins: Any = np.linspace(everything.min(), everything.max() + 1e-12, 61)
    for values, name, colour in groups:
        axis.hist(values * factor, bins=bins, color=colour, alpha=0.7, label=f"{name} ({len(values):,})")
    axis.axvline(0, color="black", lw=1.2, label="limit: below 0 fails")
    axis.set_xlabel(label)
    axis.set_ylabel("trials")
    axis.legend(fontsize=8)
    axis.set_title("Limit state of the trials")


def _line(axis: Axes, found: Found, factor: float, label: str) -> None:
    axis.set_title("Limit state from nominal to the failure points")
    if not found.points:
        axis.text(0.5, 0.5, "this method has no design point", ha="center", transform=axis.transAxes)
        axis.set_axis_off()
        return
    for index, point in enumerate(found.points[: len(COLOURS)]):
        distances, g = point.line
        name = f"point {index + 1}: β = {point.beta:.2f}"
        axis.plot(distances, g * factor, "o-", ms=3.5, color=COLOURS[index % len(COLOURS)], label=name)
        axis.plot([point.beta], [0], "*", ms=13, color=COLOURS[index % len(COLOURS)])
    axis.axhline(0, color="black", lw=1.0)
    axis.set_xlabel("distance from nominal (σ)")
    axis.set_ylabel(label)
    axis.legend(fontsize=8)


def _contributions(axis: Axes, summary: dict[str, Any]) -> None:
    if not summary["failure_points"]:
        axis.text(0.5, 0.5, "too few failing trials", ha="center", transform=axis.transAxes)
        axis.set_axis_off()
        return
    point = summary["failure_points"][0]
    rows = [row for row in point["points"][:SHOWN] if row["contribution"] > 0.001][::-1]
    places = range(len(rows))
    colours = [COLOURS[1] if row["sigmas"] < 0 else COLOURS[2] for row in rows]
    axis.barh(places, [100 * row["contribution"] for row in rows], color=colours)
    for place, row in zip(places, rows, strict=True):
        value = "" if row["value"] is None else f" = {format_value(row['value'], row['unit'], 3)}"
        axis.text(100 * row["contribution"], place, f"  {row['sigmas']:+.2f} σ{value}", va="center", fontsize=8)
    axis.set_yticks(places, [row["name"] for row in rows])
    axis.set_xlabel("contribution α² (%)")
    axis.margins(x=0.35)
    axis.set_title(f"{point['kind'].capitalize()} 1 in device terms (orange: below nominal)")


def _convergence(axis: Axes, found: Found, summary: dict[str, Any]) -> None:
    axis.set_title("Estimate against simulations")
    axis.set_xlabel("trials of the estimate")
    axis.set_ylabel("failure probability")
    rows = running(found)
    if rows is None:
        axis.text(0.5, 0.5, "no running estimate", ha="center", transform=axis.transAxes)
        axis.set_axis_off()
        return
    count, mean, error = rows
    axis.plot(count, mean, color=COLOURS[0], label="estimate")
    axis.fill_between(
        count, np.maximum(mean - 1.96 * error, 0), mean + 1.96 * error, color=COLOURS[0], alpha=0.2, lw=0,
        label="± 1.96 standard errors",
    )  # fmt: skip
    axis.axhline(summary["probability"], color="black", lw=0.9, ls="--", label="result")
    axis.legend(fontsize=8)
