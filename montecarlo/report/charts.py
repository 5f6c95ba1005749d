"""Plots as plotly's JSON: plain dictionaries, so that only its script is needed, in the page.

Whatever is drawn is reduced first (bins, every n-th point, the extremes of a bucket): a page does not grow with the trials.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import ndtri

from montecarlo.records import Deviation
from montecarlo.report.content import Chart
from spicekit.style import COLOURS
from spicekit.units import readable
from spicekit.waves import Array

BINS = 120  # most, of a histogram of two states
SHOWN = 12  # bars of a failure point
SMALL_BINS = 50  # most, of a measure's own
TAIL_POINTS = 500  # of a normal-probability plot, for each state
WAVE_POINTS = 3000  # of a waveform
DASHES = ("solid", "dash", "dot", "dashdot")


def with_unit(label: str, unit: str) -> str:
    """An axis title."""
    return f"{label} ({unit})" if unit else label


def plain(text: str) -> str:
    """``text`` for plotly, which reads a little HTML in its labels."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def numbers(values: Any) -> list[float | None]:
    """Six digits are enough for the eye; what is not known is a gap."""
    return [float(f"{value:.6g}") if math.isfinite(value) else None for value in np.asarray(values, dtype=float).tolist()]


def axis(title: str, **more: Any) -> dict[str, Any]:
    """An axis with its title."""
    return {"title": {"text": plain(title), "standoff": 8}, "automargin": True} | more


def layout(
    x: str | dict[str, Any], y: str, *, height: int = 380, y_axis: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A layout: titles of the axes, or a whole x axis; the page's script adds what all plots share."""
    x_axis = axis(x) if isinstance(x, str) else x
    return {"height": height, "xaxis": x_axis, "yaxis": axis(y, **(y_axis or {}))} | more


def trace(x: Any, y: Any, name: str, colour: str, **more: Any) -> dict[str, Any]:
    """A line."""
    line = {"color": colour, "width": 2} | more.pop("line", {})
    base = {"type": "scatter", "mode": "lines", "x": x, "y": y, "name": plain(name), "line": line}
    return base | {"marker": {"color": colour}} | more


def states(
    name: str,
    columns: Mapping[str, Array],
    low: str,
    high: str,
    unit: str,
    reference: float | None,
    circuit_reference: str | None,
) -> Chart:
    """Histograms of the two states of a margin, with the references between them."""
    both = np.concatenate([columns[low], columns[high]])
    factor, scaled = readable(both, unit)
    edges = np.linspace(both.min(), both.max(), bins(len(columns[low]), BINS) + 1)
    if edges[0] == edges[-1]:
        edges = edges[0] + np.linspace(-1, 1, 2) * (abs(edges[0]) * 0.01 or 1.0)
    counts = {state: np.histogram(columns[state], edges)[0] for state in (low, high)}
    top = max(int(count.max()) for count in counts.values())
    middles = numbers((edges[1:] + edges[:-1]) / 2 * factor)
    data: list[dict[str, Any]] = [
        {
            "type": "bar", "x": middles, "y": count.tolist(), "name": plain(state), "opacity": 0.7,
            "width": (edges[1] - edges[0]) * factor, "marker": {"color": colour, "line": {"width": 0}},
            "hovertemplate": f"%{{x:.4g}} {plain(scaled)}: %{{y}} trials<extra>%{{fullData.name}}</extra>",
        }
        for (state, count), colour in zip(counts.items(), COLOURS, strict=False)
    ]  # fmt: skip
    lines = {"best fixed reference": (reference, "black", "solid")}
    if circuit_reference is not None and np.isfinite(columns[circuit_reference]).all():
        lines[f"{circuit_reference}, mean"] = (float(columns[circuit_reference].mean()), COLOURS[2], "dash")
    for label, (value, colour, dash) in lines.items():
        if value is not None:
            place = numbers([value * factor] * 2)
            data.append(trace(place, [0.7, top], label, colour, line={"dash": dash}, hoverinfo="x+name"))
    worst = sorted((float(columns[low].max()), float(columns[high].min())))
    open_gap = columns[high].min() > columns[low].max()
    shade = {
        "type": "rect", "xref": "x", "yref": "paper", "x0": worst[0] * factor, "x1": worst[1] * factor, "y0": 0, "y1": 1,
        "fillcolor": COLOURS[2] if open_gap else COLOURS[1], "opacity": 0.15, "line": {"width": 0}, "layer": "below",
    }  # fmt: skip
    return Chart(
        f"{name}: {low} and {high} (shaded: {'worst gap' if open_gap else 'overlap'})",
        f"Histogram of {low} and {high} over {len(columns[low])} trials, logarithmic counts; "
        f"{low} ends at {worst[0 if open_gap else 1] * factor:.4g} {scaled}, "
        f"{high} begins at {worst[1 if open_gap else 0] * factor:.4g} {scaled}",
        data,
        layout(
            with_unit(f"{low}, {high}", scaled), "trials", barmode="overlay", bargap=0, shapes=[shade],
            y_axis={"type": "log", "range": [math.log10(0.7), math.log10(top * 1.5)], "dtick": 1},
        ),
    )  # fmt: skip


def tails(name: str, columns: Mapping[str, Array], low: str, high: str, unit: str, reference: float | None) -> Chart:
    """Normal-probability plot: a normal distribution is a straight line, whose slope is 1/sigma."""
    factor, scaled = readable(np.concatenate([columns[low], columns[high]]), unit)
    data = []
    end = 1.0
    for state, colour in ((low, COLOURS[0]), (high, COLOURS[1])):
        values = np.sort(columns[state]) * factor
        score = ndtri((np.arange(len(values)) + 0.5) / len(values))
        keep = thinned(len(values))
        end = float(score[-1])
        data.append(
            trace(
                numbers(values[keep]), numbers(score[keep]), state, colour, mode="markers", marker={"color": colour, "size": 4},
                hovertemplate=f"%{{x:.4g}} {plain(scaled)}: %{{y:.2f}} σ<extra>{plain(state)}</extra>",
            )
        )  # fmt: skip
        line = values.mean() + values.std() * np.array([-end, end])
        data.append(
            trace(numbers(line), [-end, end], f"normal with {state}'s mean and σ", colour, line={"dash": "dash", "width": 1},
                  hoverinfo="skip")
        )  # fmt: skip
    if reference is not None:
        data.append(trace(numbers([reference * factor] * 2), [-end, end], "best fixed reference", "black", hoverinfo="x+name"))
    return Chart(
        f"{name}: tails against the normal distribution",
        f"Normal-probability plot of {low} and {high}: where points leave the dashed line, the tail is not normal",
        data,
        layout(with_unit(f"{low}, {high}", scaled), "normal score (standard deviations)"),
    )


def thinned(count: int) -> Any:
    """Indices of a readable number of points, even on the axis of the normal score: every one at the ends, few between."""
    if count <= TAIL_POINTS:
        return np.arange(count)
    half = np.geomspace(1, count / 2, TAIL_POINTS // 2).astype(np.int64) - 1
    return np.unique(np.concatenate([half, count - 1 - half]))


def bins(trials: int, most: int) -> int:
    """A readable number of bins: fewer for few trials."""
    return int(np.clip(2 * math.sqrt(trials), 10, most))


def histogram(name: str, meaning: str, values: Array, unit: str) -> Chart:
    """The distribution of one measure."""
    factor, scaled = readable(values, unit)
    counts, edges = np.histogram(values, bins(len(values), SMALL_BINS))
    bars = {
        "type": "bar", "x": numbers((edges[1:] + edges[:-1]) / 2 * factor), "y": counts.tolist(),
        "width": float(edges[1] - edges[0]) * factor * 1.02, "marker": {"color": COLOURS[0], "line": {"width": 0}},
        "hovertemplate": f"%{{x:.4g}} {plain(scaled)}: %{{y}} trials<extra></extra>", "showlegend": False,
    }  # fmt: skip
    # in so low a chart the width of the labels and what they leave to the bars would chase each other
    across = axis(with_unit(name, scaled), automargin=False, tickangle=0)
    margin = {"l": 12, "r": 12, "t": 34, "b": 48}
    return Chart(
        f"{name}: {meaning}" if meaning else name,
        f"Histogram of {name}: {len(values)} trials from {values.min() * factor:.4g} to {values.max() * factor:.4g} {scaled}, "
        f"mean {values.mean() * factor:.4g} {scaled}",
        [bars],
        layout(across, "trials", height=240, bargap=0, margin=margin),
        wide=False,
    )


def convergence(rows: Array, probability: float) -> Chart:
    """The running estimate of a probability: rows of trials, estimate, ends of its interval."""
    count, estimate, low, high = (column.tolist() for column in rows.T)
    band = {"type": "scatter", "mode": "lines", "x": count, "line": {"width": 0, "color": COLOURS[0]}, "hoverinfo": "skip"}
    data = [
        band | {"y": numbers(low), "name": "", "showlegend": False},
        band | {"y": numbers(high), "name": "its 95 % interval", "fill": "tonexty", "marker": {"color": COLOURS[0]}},
        trace(count, numbers(estimate), "estimate", COLOURS[0], hovertemplate="%{x} trials: %{y:.4g}<extra></extra>"),
        trace([count[0], count[-1]], numbers([probability] * 2), "result", "black", line={"dash": "dash", "width": 1}),
    ]
    return Chart(
        "Estimate against simulations",
        f"Failure probability estimated from {count[0]:.0f} to {count[-1]:.0f} trials, with its 95 % interval; the result is "
        f"{probability:.4g}",
        data,
        layout(
            "trials of the estimate", "failure probability", height=320, y_axis={"exponentformat": "e", "rangemode": "tozero"}
        ),
    )


def contributions(title: str, points: Sequence[Deviation]) -> Chart:
    """What the variation points contribute to a failure point, the largest on top."""
    rows = [row for row in points if row.contribution is not None][:SHOWN][::-1]
    bars = {
        "type": "bar", "orientation": "h", "showlegend": False,
        "x": numbers([100 * (row.contribution or 0.0) for row in rows]), "y": [plain(row.name) for row in rows],
        "text": [f"{row.sigmas:+.2f} σ" for row in rows],
        "marker": {"color": [COLOURS[1] if row.sigmas < 0 else COLOURS[2] for row in rows]},
        "hovertemplate": "%{y}: %{x:.1f} %<extra></extra>",
    }  # fmt: skip
    return Chart(
        f"{title}: contributions, with the distance from nominal",
        "Contributions in per cent: " + ", ".join(f"{row.name} {100 * (row.contribution or 0):.1f}" for row in rows[::-1]),
        [bars],
        layout("contribution α² (%)", "variation point", height=90 + 26 * len(rows)),
    )


def waveforms(time: Array, panels: Sequence[tuple[str, str, Mapping[str, Array]]]) -> Chart:
    """Vectors over time, on a shared axis; each of the ``panels`` (label, unit, name -> values) above the next."""
    factor, scaled = readable(time, "s")
    tall, gap = 150, 22  # pixels: a panel, and the room above it
    drawn = len(panels) * (tall + gap)
    bottom = axis(with_unit("time", scaled), anchor=_numbered("y", len(panels) - 1), range=[0, float(time[-1] * factor)])
    figure: dict[str, Any] = {"height": drawn + 70, "xaxis": bottom, "hovermode": "x"}
    data: list[dict[str, Any]] = []
    for index, (label, unit, vectors) in enumerate(panels):
        top = 1 - (index * (tall + gap) + gap) / drawn
        y_factor, y_scaled = readable(np.concatenate(list(vectors.values())), unit)
        figure[_numbered("yaxis", index)] = axis(with_unit(label, y_scaled), domain=[max(top - tall / drawn, 0.0), top])
        for (name, values), colour in zip(vectors.items(), itertools.cycle(COLOURS[:7]), strict=False):
            keep = decimated(values)
            data.append(
                trace(
                    numbers(time[keep] * factor), numbers(values[keep] * y_factor), name, colour, yaxis=_numbered("y", index),
                    line={"width": 1.5},
                    hovertemplate=f"%{{y:.4g}} {plain(y_scaled)}",
                )
            )  # fmt: skip
    names = ", ".join(name for _, _, vectors in panels for name in vectors)
    return Chart("Waveforms", f"{names} from 0 to {time[-1] * factor:.4g} {scaled}", data, figure)


def decimated(values: Array) -> Any:
    """Indices that keep the shape: first, last, smallest and largest point of each bucket."""
    if len(values) <= WAVE_POINTS:
        return np.arange(len(values))
    buckets = np.array_split(np.arange(len(values)), WAVE_POINTS // 4)
    picked = [(b[0], b[np.argmin(values[b])], b[np.argmax(values[b])], b[-1]) for b in buckets]
    return np.unique(np.array(picked))


def _numbered(name: str, index: int) -> str:
    return name if index == 0 else f"{name}{index + 1}"
