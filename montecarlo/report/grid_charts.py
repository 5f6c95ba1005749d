"""Plots of a table: a variable against one swept parameter, a line for each value of the others, the rest in a menu."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from montecarlo.report import charts
from montecarlo.report.content import Chart
from montecarlo.report.grid import RATE_ENDS, Grid
from spicekit.style import COLOURS
from spicekit.units import readable
from spicekit.waves import Array

LINES = 8  # in a plot; more are chosen from a menu
BANDS = 4  # lines that still have room for a band of quantiles
MENU = 60  # entries of the menu
Traces = list[tuple[int, dict[str, Any]]]  # each with its entry of the menu


@dataclass(frozen=True)
class Line:
    """One line of a plot."""

    label: str
    index: tuple[Any, ...]  # into the variable's array: a slice along the x axis, a number along the others
    colour: str
    group: int  # entry of the menu


@dataclass(frozen=True)
class GridLines:
    """How a variable is drawn: one dimension along x, one in colour, further ones in a menu."""

    x: str
    lines: list[Line]
    each: int  # lines at a time
    menu: list[str]

    @classmethod
    def of(cls, grid: Grid, name: str) -> GridLines | None:
        """None if there is nothing to draw: a single point, or no number at all."""
        dimensions = grid.dims(name)
        sizes = {dimension: len(grid.values(dimension)) for dimension in dimensions}
        several = [dimension for dimension in dimensions if sizes[dimension] > 1]
        if not several or not np.isfinite(grid.array(name)).any():
            return None
        numeric = [dimension for dimension in several if not isinstance(grid.values(dimension)[0], str)]
        x = max(numeric or several, key=lambda dimension: sizes[dimension])
        others = [dimension for dimension in several if dimension != x]
        crowded = math.prod(sizes[dimension] for dimension in others) > LINES
        colour = [max(others, key=lambda dimension: sizes[dimension])] if crowded else others
        rest = [dimension for dimension in others if dimension not in colour]
        picks = list(itertools.product(*(_spaced(sizes[dimension]) for dimension in colour)))
        lines, menu = [], []
        for group, fixed in enumerate(itertools.islice(itertools.product(*(range(sizes[d]) for d in rest)), MENU)):
            menu.append(grid.place(rest, fixed))
            for number, chosen in enumerate(picks):
                at = dict(zip([*rest, *colour], [*fixed, *chosen], strict=True))
                index = tuple(slice(None) if dimension == x else at.get(dimension, 0) for dimension in dimensions)
                lines.append(Line(grid.place(colour, chosen), index, COLOURS[number % len(COLOURS)], group))
        return cls(x, lines, len(picks), menu if len(menu) > 1 else [])

    def scale(self, grid: Grid) -> tuple[list[Any], dict[str, Any]]:
        """Values along x for plotly, and their axis."""
        values = grid.values(self.x)
        if isinstance(values[0], str):
            return [charts.plain(value) for value in values], charts.axis(self.x)
        factor, unit = readable(np.asarray(values, dtype=float), grid.unit(self.x))
        x = charts.numbers(np.asarray(values) * factor)
        return x, charts.axis(charts.with_unit(self.x, unit), **({"tickvals": x} if len(x) <= 6 else {}))

    def chart(self, title: str, description: str, traces: Traces, layout: dict[str, Any]) -> Chart:
        """The plot, with the menu if there is one."""
        data = [trace | ({"visible": group == 0} if self.menu else {}) for group, trace in traces]
        groups = [group for group, _ in traces] if self.menu else []
        return Chart(title, description, data, layout, wide=False, menu=self.menu, groups=groups)


def measure_chart(grid: Grid, name: str) -> Chart | None:
    """A measure over the grid, with the 0.1 and 99.9 % quantiles as a band where there is room."""
    lines = GridLines.of(grid, name)
    if lines is None:
        return None
    values = grid.array(name)
    factor, unit = readable(values, grid.unit(name))
    x, x_axis = lines.scale(grid)
    band = f"{name}_quantiles" in grid and lines.each <= BANDS
    traces: Traces = []
    for line in lines.lines:
        if band:
            low, high = (charts.numbers(edge * factor) for edge in _quantiles(grid, name, line))
            shape = {"line": {"width": 0}, "showlegend": False, "hoverinfo": "skip", "legendgroup": line.label}
            fill = {"fill": "tonexty", "fillcolor": _faint(line.colour)}
            traces.append((line.group, charts.trace(x, low, "", line.colour, **shape)))
            traces.append((line.group, charts.trace(x, high, "", line.colour, **shape, **fill)))
        traces.append((line.group, _points(x, values[line.index] * factor, line, unit, line.label)))
    finite = values[np.isfinite(values)] * factor
    meaning = ": ".join(part for part in (name, grid.meaning(name)) if part)
    layout = charts.layout(x_axis, charts.with_unit(name, unit), height=300)
    return lines.chart(
        f"{meaning} (band: 0.1 to 99.9 % quantile)" if band else meaning,
        f"{name} against {lines.x}: from {finite.min():.4g} to {finite.max():.4g} {unit}",
        traces, layout,
    )  # fmt: skip


def gaps(grid: Grid, margin: str) -> Chart | None:
    """Mean and worst gap of a margin over the grid."""
    lines = GridLines.of(grid, f"{margin}_mean")
    if lines is None:
        return None
    mean, worst = grid.array(f"{margin}_mean"), grid.array(f"{margin}_worst")
    factor, unit = readable(mean, grid.unit(f"{margin}_mean"))
    x, x_axis = lines.scale(grid)
    traces = []
    for line in lines.lines:
        for values, kind, dash in ((mean, "mean", "solid"), (worst, "worst", "dash")):
            points = _points(x, values[line.index] * factor, line, unit, line.label or kind, dash)
            traces.append((line.group, points | ({"showlegend": False} if line.label and kind == "worst" else {})))
    layout = charts.layout(x_axis, charts.with_unit("gap between the states", unit), height=300)
    title = f"{shown_margin(margin)}: mean gap (solid) and worst gap (dashed)"
    return lines.chart(title, f"Mean and worst gap of {shown_margin(margin)} against {lines.x}", traces, layout)


def error_rates(grid: Grid, margin: str) -> Chart | None:
    """Error rate of a margin over the grid with its interval; where no error was seen, the upper bound as a triangle."""
    lines = GridLines.of(grid, f"{margin}_error_rate")
    if lines is None:
        return None
    found, low, high = (grid.array(f"{margin}_{end}") for end in RATE_ENDS)
    x, x_axis = lines.scale(grid)
    traces = []
    for line in lines.lines:
        rates, lower, upper = found[line.index], low[line.index], high[line.index]
        seen = rates > 0
        bars = {
            "type": "data", "symmetric": False, "array": charts.numbers(np.where(seen, upper - rates, 0)),
            "arrayminus": charts.numbers(np.where(seen, rates - lower, 0)), "thickness": 1, "width": 3,
        }  # fmt: skip
        shape = {
            "mode": "lines+markers",
            "error_y": bars,
            "customdata": [rate or 0.0 for rate in charts.numbers(rates)],
            "marker": {"color": line.colour, "size": 8, "symbol": ["circle" if s else "triangle-down-open" for s in seen]},
            "hovertemplate": "%{x}: %{customdata:.3g}<extra>%{fullData.name}</extra>",
        }
        y = charts.numbers(np.where(seen, rates, upper))
        traces.append((line.group, charts.trace(x, y, line.label, line.colour, **shape)))
    scale = {"type": "log", "exponentformat": "power", "dtick": 1}
    layout = charts.layout(x_axis, "error rate", height=300, y_axis=scale)
    return lines.chart(
        f"{shown_margin(margin)}: error rate at the best fixed reference (bars: 95 %; triangle: none seen, upper bound)",
        f"Error rate of {shown_margin(margin)} against {lines.x}",
        traces, layout,
    )  # fmt: skip


def shown_margin(margin: str) -> str:
    """``margin_read`` and ``read_margin_read`` as ``read``, ``logic_margin_and`` as ``logic and``."""
    words = [word for word in f"_{margin}".split("_margin_", 1) if word]
    return " ".join(dict.fromkeys(word.strip("_") for word in words))


def _points(x: list[Any], y: Array, line: Line, unit: str, label: str, dash: str = "solid") -> dict[str, Any]:
    more = {
        "mode": "lines+markers", "line": {"dash": dash}, "marker": {"color": line.colour, "size": 6}, "legendgroup": label,
        "hovertemplate": f"%{{x}}: %{{y:.4g}} {charts.plain(unit)}<extra>{charts.plain(label)}</extra>",
    }  # fmt: skip
    return charts.trace(x, charts.numbers(y), label, line.colour, **more)


def _quantiles(grid: Grid, name: str, line: Line) -> tuple[Array, Array]:
    levels = np.asarray(grid.values("quantile"), dtype=float)
    rows = grid.array(f"{name}_quantiles")[line.index]
    low, high = (rows[..., int(np.argmin(np.abs(levels - level)))] for level in (0.001, 0.999))
    return low, high


def _spaced(count: int) -> list[int]:
    """At most as many of ``count`` numbers as there is room for, evenly spaced, with both ends."""
    return sorted({int(place) for place in np.linspace(0, count - 1, min(count, LINES)).round()})


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.12)"
