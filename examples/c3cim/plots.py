"""The pictures of the experiment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from imce.experiment import Accuracy

from c3cim.experiment import Outcome
from c3cim.tables import LABELS, Point
from spicekit.style import COLOURS, new_figure, save


def plot_accuracy(points: Sequence[Point], outcome: Outcome, conditions: str, path: Path) -> Path:
    """Accuracy against each axis; below, the wrong counts, and the energy of an inference for each device."""
    axes = list(dict.fromkeys(point.axis for point in points))
    figure = new_figure(4.2 * len(axes) + 1, 7)
    grid = figure.subplots(2, len(axes), sharex="col", squeeze=False, height_ratios=(1.3, 1))
    ideal = Accuracy.of(outcome.ideal)
    for (top, bottom), axis in zip(grid.T, axes, strict=True):
        rows = [row for row, point in enumerate(points) if point.axis == axis]
        devices = axis == "device"
        x = np.arange(len(rows)) if devices else np.array([float(points[row].value) for row in rows])
        found = [outcome.accuracy(row) for row in rows]
        means = np.array([100 * one.mean for one in found])
        half = np.array([50 * (one.high - one.low) for one in found])
        top.errorbar(x, means, half, marker="o", ms=4, lw=0 if devices else 1, elinewidth=1, capsize=3, label="C3CIM columns")
        top.axhline(100 * ideal.mean, color="black", ls=":", lw=1, label="ideal columns")
        if devices:
            energy, readout = (
                np.array([outcome.columns * getattr(points[row], part) for row in rows]) * 1e12 for part in ("energy", "readout")
            )
            bottom.bar(x - 0.2, energy, 0.4, color=COLOURS[0], label="columns")
            bottom.bar(x + 0.2, energy + readout, 0.4, color=COLOURS[1], label="with read-out")
            bottom.set_ylim(0, 1.35 * (energy + readout).max())  # room for the legend
            bottom.set_ylabel("energy an inference (pJ)")
            bottom.set_xticks(x, [str(points[row].value) for row in rows], fontsize=8)
        else:
            wrong = [100 * points[row].errors.wrong.mean() for row in rows]
            bottom.plot(x, wrong, "o-", ms=4, color=COLOURS[2], label="n_hrs even over 0 to 64")
            bottom.set_ylabel("wrong counts (%)")
            bottom.set_ylim(bottom=0)
        bottom.set_xlabel(LABELS[axis])
        bottom.legend(fontsize=8)
    low = min(axis.get_ylim()[0] for axis in grid[0])
    for axis in grid[0]:
        axis.set_ylim(low, 100)
        axis.set_ylabel("accuracy on unseen digits (%)")
    grid[0, 0].legend(fontsize=8, loc="lower left")
    figure.suptitle(f"Digits on C3CIM columns of 64 cells: {conditions} (bars: 95 % intervals)", fontsize=10)
    return save(figure, path)
