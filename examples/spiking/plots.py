"""The picture of the experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from imce.experiment import Accuracy

from spicekit.style import COLOURS, new_figure, save
from spiking.experiment import Outcome
from spiking.layers import MODELS
from spiking.network import FORMS
from spiking.tables import AXES, Point

SHORT = {"cells": "row: a gain a synapse, fixed", "fresh": "row: a deviation a step"}
TITLES = {"uniform": "8 uniform steps", "nuts": "14 non-uniform steps, stochastic bits"}


def plot_accuracy(points: Sequence[Point], outcomes: Mapping[str, Outcome], conditions: str, path: Path) -> Path:
    """Accuracy (top) and wrong steps of each layer (bottom) against each axis, a column for each axis and form."""
    columns = [(axis, name) for axis in dict.fromkeys(point.axis for point in points) for name in outcomes]
    figure = new_figure(3.5 * len(columns) + 1, 7)
    grid = figure.subplots(2, len(columns), sharex="col", sharey="row", squeeze=False, height_ratios=(1.5, 1))
    for (axis, name), (top, bottom) in zip(columns, grid.T, strict=True):
        rows = [row for row, point in enumerate(points) if point.axis == axis]
        outcome = outcomes[name]
        values = [points[row].value for row in rows]
        x = np.arange(len(rows)) if axis == "corner" else np.array([float(value) for value in values])
        for colour, marker, model in zip(COLOURS, "os", MODELS, strict=False):
            found = [outcome.accuracy(model, row) for row in rows]
            top.plot(x, [100 * one.mean for one in found], marker=marker, ms=4, lw=1, color=colour, label=SHORT[model])
            band = ([100 * one.low for one in found], [100 * one.high for one in found])
            top.fill_between(x, *band, color=colour, alpha=0.15, lw=0)
        ideal = Accuracy.of(outcome.ideal)
        top.axhline(100 * ideal.mean, color="black", ls=":", lw=1, label="ideal rows and neurons")
        for layer, marker in enumerate("o^v"):
            wrong = 100 * outcome.spike_errors[:, rows, layer].mean(axis=0)
            bottom.plot(x, wrong, marker=marker, ms=4, lw=1, color=COLOURS[layer + 2], label=f"layer {layer + 1}")
        if axis == "corner":
            bottom.set_xticks(x, values)
        top.set_title(f"{TITLES[name]} ({FORMS[name].name})", fontsize=9)
        bottom.set_xlabel(AXES[axis])
    grid[1, 0].set_ylim(bottom=0)
    grid[0, 0].set_ylabel("accuracy on unseen digits (%)")
    grid[1, 0].set_ylabel("steps with a wrong spike (%)")
    grid[0, 0].legend(fontsize=8, loc="lower left")
    grid[1, 0].legend(fontsize=8)
    figure.suptitle(f"Digits on rows of 288 synapses with {conditions} (bands: 95 % intervals)", fontsize=10)
    return save(figure, path)
