"""A binary network on simulated STT-BNN rows: accuracy against the spread of a row, TMR and boost, beside the ideal network's.

python examples/stt_bnn_network.py --out out/stt-bnn-network [--table DIR] [--networks 6] [--macros 10]

Needs scikit-learn for its handwritten digits.  DIR is what `spicekit characterize stt-bnn --out DIR` made; without it a small
table is simulated in --out.  Writes accuracy.png and results.json.

A row decides once an image.  Drawn once or anew, the decisions on one image have the same joint distribution, so the mean
accuracy over macros is the same in the models ``fixed`` and ``fresh``.  What differs is the spread from macro to macro: with
shifts that stay, a macro is good or bad for all images.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from networks.experiment import Accuracy, Drawn, Outcome, Point, banded, characterisation, digits, experiment, finish, parser
from networks.stt_bnn import CELLS, SIZES, Network, train
from scipy.stats import ttest_1samp

from montecarlo.behaviour import RowErrors, Rows
from montecarlo.behaviour.lookup import operating_point
from montecarlo.behaviour.rows import MODELS
from spicekit.errors import UserError
from spicekit.files import output_folder, write_json
from spicekit.style import COLOURS, new_figure, save
from spicekit.table import LookupTable
from spicekit.waves import Array

TYPICAL: dict[str, Sequence[Any]] = {"vdd": (1.1,), "temperature": (27.0,), "corner": ("tt",)}
SMALL = TYPICAL | {"tmr": (1.0, 1.5, 2.0, 2.5, 3.0), "n": (CELLS,)}  # what the table is made over if none is given
SIGMAS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
LABELS = {"sigma": "σ of a row's threshold (LSB)", "tmr": "TMR", "boost": "lifts of the sense node"}
SHORT = {"fixed": "shift a row, fixed", "cells": "shift a row and gain a cell, fixed", "fresh": "shift a decision, fresh"}


def main() -> None:
    options = parser(__doc__, "out/stt-bnn-network")
    options.add_argument("--table", type=Path, help="folder of spicekit characterize stt-bnn; a small one is made if not given")
    options.add_argument("--networks", type=int, default=6, help="trained networks, each with its own split of the data")
    options.add_argument("--macros", type=int, default=10, help="macros drawn for each network, at each point")
    given = options.parse_args()
    if given.networks < 2 or given.macros < 2:
        options.error("--networks and --macros: at least 2")
    started = time.monotonic()
    try:
        out = output_folder(given.out)
        table = characterisation(given.table, out / "table", ["stt-bnn"], SMALL)
        points = points_of(table)
    except UserError as error:
        options.error(str(error))
    simulated = time.monotonic()
    outcome = experiment(trained, points, list(MODELS), given.networks, given.macros)

    conditions, nominal = described(table), operating_point(table, n=CELLS)
    print(f"rows of {CELLS} cells, {conditions}; loss against the same network on ideal rows, in points of a hundred")
    energy, latency = (float(table.query(name, **nominal)) for name in ("energy", "latency"))
    print(f"an image: {sum(SIZES)} row operations, {sum(SIZES) * energy * 1e12:.3g} pJ; {len(SIZES)} arrays in turn, "
          f"{len(SIZES) * latency * 1e9:.3g} ns")  # fmt: skip
    print(f"ideal accuracy {Accuracy.of(outcome.ideal).shown()} %")
    print(f"{'operating point':20} {'σ (LSB)':>8} {'wrong (%)':>9} " + " ".join(f"{f'loss, {model}':>14}" for model in MODELS)
          + "  spread of macros, fixed / fresh")  # fmt: skip
    for row, point in enumerate(points):
        name = f"{point.axis} {point.value:g}"
        losses = " ".join(f"{outcome.loss(model, row).shown():>14}" for model in MODELS)
        spreads = " / ".join(f"{100 * outcome.spread(model, row):.2f}" for model in ("fixed", "fresh"))
        print(f"{name:20} {point.errors.sigma_total:8.2f} {100 * point.errors.average:9.2f} {losses}  {spreads}")
    seen, unseen, labels, _ = digits(0)
    network = train(seen, labels, np.random.default_rng(0))  # network 0 again
    wrong = ", ".join(f"{100 * rate:.1f}" for rate in network.wrong_decisions(unseen, RowErrors.of(table, n=CELLS)))
    print(f"wrong decisions of network 0 at the nominal point, array by array: {wrong} %")
    checks = statements(points, outcome, network, unseen)
    about = {"conditions": conditions, "networks": given.networks, "macros": given.macros}
    write_json(out / "results.json", about | as_json(points, outcome) | {"checks": checks})
    print("plot:", plot_accuracy(points, outcome, conditions, out / "accuracy.png"))
    finish(checks, simulated - started, time.monotonic() - simulated)


def points_of(table: LookupTable) -> list[Point[RowErrors]]:
    """The axis ``sigma``, whose shifts are normal, then each dimension of the table through its nominal point."""
    centre = RowErrors.of(table, n=CELLS)
    share = centre.sigma_row / centre.sigma_total
    found = [Point("sigma", sigma, RowErrors(centre.n, sigma, share * sigma)) for sigma in SIGMAS]
    for axis in LABELS:
        if axis in table.variables["error"][0] and len(table.coordinates[axis]) > 1:
            for value in table.coordinates[axis].tolist():
                found.append(Point(axis, value, RowErrors.of(table, n=CELLS, **{axis: value})))
    return found


def described(table: LookupTable) -> str:
    """The nominal operating point in words."""
    place = operating_point(table)
    form = {"tmr": "TMR {:.0%}", "vdd": "{:g} V", "temperature": "{:g} °C", "corner": "{}", "boost": "boost {:g}"}
    return ", ".join(words.format(place[name]) for name, words in form.items() if name in place)


def trained(seed: int) -> tuple[float, Drawn[RowErrors]]:
    """The network of a seed: its accuracy on ideal rows, and on those of a macro."""
    seen, unseen, seen_labels, labels = digits(seed)
    network = train(seen, seen_labels, np.random.default_rng(seed))

    def accuracy(errors: RowErrors, model: Any, macro: int) -> float:
        build = partial(Rows, errors=errors, model=model, rng=np.random.default_rng([seed, macro]))
        return network.accuracy(unseen, labels, build)

    return network.accuracy(unseen, labels), accuracy


def statements(points: Sequence[Point[RowErrors]], outcome: Outcome, network: Network, unseen: Array) -> dict[str, bool]:
    """What must hold if the experiment is right."""
    rng = np.random.default_rng(0)
    ideal = network.votes(unseen)
    none = RowErrors(CELLS, 0.0)
    same = [np.array_equal(network.votes(unseen, partial(Rows, errors=none, model=model, rng=rng)), ideal) for model in MODELS]
    last = max((row for row, point in enumerate(points) if point.axis == "sigma"), key=lambda row: points[row].errors.sigma_total)
    apart = (outcome.real["fixed"] - outcome.real["fresh"]).mean(axis=2)  # networks, points
    alike = [float(ttest_1samp(apart[:, row], 0).pvalue) for row, point in enumerate(points) if point.errors.sigma_total > 0]
    return {
        "at sigma 0 every vote is the ideal network's": all(same),
        "accuracy falls as sigma rises, within the intervals": not any(
            outcome.rises(points, "sigma", model) or outcome.loss(model, last).mean <= 0 for model in MODELS
        ),
        "fixed and fresh shifts lose the same on average (paired t-test at each point, level 0.001)": min(alike) > 1e-3,
    }


def as_json(points: Sequence[Point[RowErrors]], outcome: Outcome) -> dict[str, Any]:
    """What results.json holds; accuracies are fractions."""
    return {
        "ideal": vars(Accuracy.of(outcome.ideal)),
        "points": [
            {
                "axis": point.axis,
                "value": point.value,
                "sigma_total": point.errors.sigma_total,
                "sigma_row": point.errors.sigma_row,
                "average_error": point.errors.average,
                "accuracy": {model: vars(outcome.accuracy(model, row)) for model in MODELS},
                "loss": {model: vars(outcome.loss(model, row)) for model in MODELS},
                "spread": {model: outcome.spread(model, row) for model in MODELS},
            }
            for row, point in enumerate(points)
        ],
    }


def plot_accuracy(points: Sequence[Point[RowErrors]], outcome: Outcome, conditions: str, path: Path) -> Path:
    """Accuracy, its spread from macro to macro and the rows' errors, against each axis."""
    axes = list(dict.fromkeys(point.axis for point in points))
    figure = new_figure(3.6 * len(axes) + 1, 9)
    grid = figure.subplots(3, len(axes), sharex="col", squeeze=False, height_ratios=(1.5, 1, 1))
    for (top, middle, bottom), axis in zip(grid.T, axes, strict=True):
        rows = [row for row, point in enumerate(points) if point.axis == axis]
        x = np.array([float(points[row].value) for row in rows])
        for colour, marker, model in zip(COLOURS, "osv", MODELS, strict=False):
            style = {"marker": marker, "lw": 1, "color": colour, "label": SHORT[model]}
            found = [outcome.accuracy(model, row) for row in rows]
            if model == "fixed":
                banded(top, x, found, **style)
            else:
                top.plot(x, [100 * one.mean for one in found], ms=4, **style)
            middle.plot(x, [100 * outcome.spread(model, row) for row in rows], ms=4, **style)
        top.axhline(100 * outcome.ideal.mean(), color="black", ls=":", lw=1, label="ideal rows")
        bottom.plot(x, [100 * points[row].errors.average for row in rows], "o-", ms=4, color="black", label="wrong decisions (%)")
        sigmas = [points[row].errors.sigma_total for row in rows]
        bottom.plot(x, sigmas, "s--", ms=3, lw=1, color=COLOURS[4], label="σ of the threshold (LSB)")
        top.set_title("normal shifts" if axis == "sigma" else "errors from the table", fontsize=9)
        bottom.set_xlabel(LABELS[axis])
        if axis != "sigma":
            bottom.set_xticks(x, [f"{value:.0%}" if axis == "tmr" else f"{value:g}" for value in x])
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


if __name__ == "__main__":  # worker processes import this file
    main()
