"""The pictures of the experiment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from imce.experiment import AXES, LABELS, TMR, Point, Results
from spicekit.style import COLOURS, new_figure, save


def plot_accuracy(points: Sequence[Point], results: Results, path: Path) -> Path:
    """Accuracy and error rates against each axis."""
    figure = new_figure(12, 7)
    swept = [axis for axis in AXES if any(point.axis == axis for point in points)]
    axes = figure.subplots(2, len(swept), sharex="col", sharey="row", squeeze=False)
    for column, axis in enumerate(swept):
        top, bottom = axes[0, column], axes[1, column]
        for tmr, line, marker in zip(TMR, ("-", "--"), ("o", "s"), strict=True):
            rows = [row for row, point in enumerate(points) if (point.axis, point.tmr) == (axis, tmr)]
            x = [points[row].value for row in rows]
            for colour, (bits, (_, real)) in zip(COLOURS, results.items(), strict=False):
                mean = [100 * real[row].mean for row in rows]
                label = f"W:I {bits[0]}:{bits[1]}, TMR {tmr:.0%}" if column == 0 else None
                top.plot(x, mean, line, marker=marker, ms=4, color=colour, label=label)
                band = ([100 * real[row].low for row in rows], [100 * real[row].high for row in rows])
                top.fill_between(x, *band, color=colour, alpha=0.15, lw=0)
            for colour, word, label in zip(COLOURS[3:], ("11", "10"), ("P(0 | 11)", "P(1 | 10)"), strict=False):
                rate = np.array([points[row].gates.error_rate(word) for row in rows])
                ends = np.array([points[row].gates.interval(word) for row in rows]).T
                bars = np.abs(ends - rate)
                bars[0] = np.where(rate > 0, bars[0], 0)
                shown = np.where(rate > 0, rate, np.nan)
                name = f"{label}, TMR {tmr:.0%}" if column == 0 else None
                bottom.errorbar(x, shown, bars, fmt=line, marker=marker, ms=4, capsize=2, color=colour, label=name)
        for colour, (ideal, _) in zip(COLOURS, results.values(), strict=False):
            top.axhline(100 * ideal.mean, color=colour, ls=":", lw=1)
        bottom.set_xlabel(LABELS[axis])
        bottom.set_yscale("log")
        bottom.set_ylim(2e-4, 0.5)
    axes[0, 0].set_ylabel("accuracy on unseen digits (%)")
    axes[1, 0].set_ylabel("error rate of one AND")
    axes[0, 0].legend(fontsize=8, loc="lower left")
    axes[1, 0].legend(fontsize=8)
    figure.suptitle("Digits on simulated SOT-MRAM (dotted: ideal gates; bands and bars: 95 % intervals)")
    return save(figure, path)


def plot_errors(points: Sequence[Point], results: Results, path: Path) -> Path:
    """Accuracy against the error rate, all operating points together."""
    figure = new_figure(8, 5)
    (against,) = figure.subplots(1, 1, squeeze=False).flat
    for colour, (bits, (ideal, real)) in zip(COLOURS, results.items(), strict=False):
        for marker, axis in zip("osv", AXES, strict=True):
            rows = [row for row, point in enumerate(points) if point.axis == axis]
            if not rows:
                continue
            x = [100 * points[row].gates.mean_error_rate for row in rows]
            mean, low, high = (100 * np.array([getattr(real[row], end) for row in rows]) for end in ("mean", "low", "high"))
            bars = (mean - low, high - mean)
            label = f"W:I {bits[0]}:{bits[1]}, over {LABELS[axis].split(' (')[0]}"
            against.errorbar(x, mean, bars, fmt=marker, ms=4, capsize=2, lw=0.8, color=colour, label=label)
        against.axhline(100 * ideal.mean, color=colour, ls=":", lw=1)
    against.set_xscale("symlog", linthresh=0.05, linscale=0.5)
    against.set_xlim(-0.01, 30)
    against.set_xticks([0, 0.1, 1, 10], ["0", "0.1", "1", "10"])
    against.set_xlabel("wrong ANDs, mean of the four inputs (%)")
    against.set_ylabel("accuracy on unseen digits (%)")
    against.legend(fontsize=8)
    return save(figure, path)
