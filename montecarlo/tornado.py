"""The plot of a campaign's sensitivities: for each margin, or measure where there is none, the points that drive it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from spicekit.bench import Bench
from spicekit.style import COLOURS, new_figure, save

MOST = 9  # panels
COLUMNS = 3


def plot_sensitivity(bench: Bench, summary: dict[str, Any], path: Path) -> list[Path]:
    """Draw a tornado for each margin or measure; nothing if nothing drives any of them."""
    found = summary["sensitivity"]
    kind = "margins" if found["margins"] else "measures"
    rows = {name: drivers for name, drivers in found[kind].items() if drivers}
    panels = dict(list(rows.items())[:MOST])
    if not panels:
        return []
    columns = min(COLUMNS, len(panels))
    lines = -(-len(panels) // columns)
    figure = new_figure(4.2 * columns + 0.4, 2.9 * lines + 1.1)
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    shares = any(driver["share"] is not None for drivers in panels.values() for driver in drivers)
    for axis, (name, drivers) in zip(axes, panels.items(), strict=False):
        parts = [driver["rank"] ** 2 if driver["share"] is None else driver["share"] for driver in drivers][::-1]
        signs = [driver["rank"] for driver in drivers][::-1]
        places = np.arange(len(parts))
        bars = [100 * part * (-1 if sign < 0 else 1) for part, sign in zip(parts, signs, strict=True)]
        axis.barh(places, bars, color=[COLOURS[1] if bar < 0 else COLOURS[0] for bar in bars])
        axis.set_yticks(places, [driver["point"] for driver in drivers][::-1])
        axis.axvline(0, color="black", lw=0.8)
        reach = 1.15 * max(abs(bar) for bar in bars)
        axis.set_xlim(-reach, reach)
        axis.set_title(f"gap of {name}" if kind == "margins" else name)
    for axis in axes[: len(panels)]:
        axis.xaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
        axis.set_xlabel("share of variance (%)" if shares else "squared rank correlation (%)")
    for axis in axes[len(panels) :]:
        axis.set_axis_off()
    figure.suptitle(
        f"What drives the {kind}: {summary['bench']}, {found['trials']:,} trials, seed {summary['seed']}, "
        f"{bench.technology.name} {bench.p.corner}, {bench.temperature:g} °C, {bench.vdd:g} V\n"
        "blue, to the right: rises with the point; orange, to the left: falls",
        fontsize=10,
    )
    return [save(figure, path)]
