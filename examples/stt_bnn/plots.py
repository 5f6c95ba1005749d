"""The pictures of the experiment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from imce.experiment import Accuracy

from spicekit.style import COLOURS, new_figure, save
from stt_bnn.experiment import Outcome
from stt_bnn.rows import MODELS
from stt_bnn.tables import LABELS, Point

SHORT = {"fixed": "shift a row, fixed", "cells": "shift a row and gain a cell, fixed", "fresh": "shift a decision, fresh"}


def plot_accuracy(points: Sequence[Point], outcome: Outcome, conditions: str, path: Path) -> Path:
    """Accuracy, its spread from macro to macro and the rows' errors, against each axis."""
    axes = list(dict.fromkeys(point.axis for point in points))
    figure = new_figure(3.6 * len(axes) + 1, 9)
    grid = figure.subplots(3, len(axes), sharex="col", squeeze=False, height_ratios=(1.5, 1, 1))
    ideal = Accuracy.of(outcome.ideal)
    for column, axis in enumerate(axes):
        top, middle, bottom = grid[:, column]
        rows = [row for row, point in enumerate(points) if point.axis == axis]
        x = [float(points[row].value) for row in rows]
        for colour, marker, model in zip(COLOURS, "osv", MODELS, strict=False):
            found = [outcome.accuracy(model, row) for row in rows]
            top.plot(x, [100 * one.mean for one in found], marker=marker, ms=4, lw=1, color=colour, label=SHORT[model])
            if model == "fixed":
                band = ([100 * one.low for one in found], [100 * one.high for one in found])
                top.fill_between(x, *band, color=colour, alpha=0.15, lw=0)
            spread = [100 * outcome.spread(model, row) for row in rows]
            middle.plot(x, spread, marker=marker, ms=4, lw=1, color=colour, label=SHORT[model])
        top.axhline(100 * ideal.mean, color="black", ls=":", lw=1, label="ideal rows")
        bottom.plot(x, [100 * points[row].errors.average for row in rows], "o-", ms=4, color="black", label="wrong decisions (%)")
        sigmas = [points[row].errors.sigma_total for row in rows]
        bottom.plot(x, sigmas, "s--", ms=3, lw=1, color=COLOURS[4], label="σ of the threshold (LSB)")
        top.set_title("normal shifts" if axis == "sigma" else "errors from the table", fontsize=9)
        bottom.set_xlabel(LABELS[axis])
        if axis == "tmr":
            bottom.set_xticks(x, [f"{value:.0%}" for value in x])
        elif axis == "boost":
            bottom.set_xticks(x)
    for line in grid[:, 1:]:  # those from the table on one scale
        ends = np.array([axis.get_ylim() for axis in line])
        for axis in line:
            axis.set_ylim(ends[:, 0].min(), ends[:, 1].max())
    for axis in grid[1:].flat:
        axis.set_ylim(bottom=0)
    grid[0, 0].set_ylabel("accuracy on unseen digits (%)")
    grid[1, 0].set_ylabel("σ of it from macro to macro (%)")
    grid[2, 0].set_ylabel("a row, random data")
    grid[0, 0].legend(fontsize=8, loc="lower left")
    grid[2, 0].legend(fontsize=8)
    figure.suptitle(f"Digits on STT-BNN rows of 128 cells: {conditions} (bands: 95 % intervals, fixed shifts)", fontsize=10)
    return save(figure, path)
