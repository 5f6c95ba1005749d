"""A binarised spiking network on simulated rows and neurons: accuracy against their deviations, beside the ideal network's.

python examples/spiking_network.py --out out/spiking-network [--table DIR] [--form uniform] [--networks 5] [--chips 8]

Needs scikit-learn for its handwritten digits.  DIR is what `spicekit characterize dynamic-if --out DIR` made; without it a small
table is simulated in --out.  Writes accuracy.csv, accuracy.png and results.json.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from networks.experiment import (
    Accuracy,
    Drawn,
    Outcome,
    Point,
    Pooled,
    banded,
    characterisation,
    digits,
    experiment,
    finish,
    parser,
    ran_on,
)
from networks.spiking import FORMS, Form
from networks.spiking_training import train

from montecarlo.behaviour import NeuronErrors
from montecarlo.behaviour.lookup import operating_point
from montecarlo.behaviour.neurons import MODELS
from spicekit.errors import UserError
from spicekit.files import output_folder, write_json
from spicekit.style import COLOURS, new_figure, save
from spicekit.table import LookupTable
from spicekit.waves import Array

SYSTEMS = ("dynamic-if", "charge-if")  # the first is that of a network whose neurons have thresholds of their own
# what the table is made over if none is given
SMALL: dict[str, Sequence[Any]] = {
    "frequency": (166e6,), "vdd": (1.1,), "temperature": (27.0,), "corner": ("tt",), "theta": (0, 16, 48),
}  # fmt: skip
SCALES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 16.0)
AXES = {"scale": "deviations, times those simulated", "temperature": "temperature (°C), not trimmed again", "corner": "corner"}
SHORT = {"cells": "row: a gain a synapse, fixed", "fresh": "row: a deviation a step"}
PUBLISHED = (
    "97.92 % MNIST, 83.85 % CIFAR-10 (STT-BSNN, IEEE Access 2021), 82.01 % CIFAR-10 (charge-based neuron), "
    "93.25 % Fashion-MNIST, 88.71 % CIFAR-10 (NUTS-BSNN, Neurocomputing 2023)"
)
TITLES = {"uniform": "8 uniform steps", "nuts": "14 non-uniform steps, stochastic bits"}


@dataclass(frozen=True)
class Spikes(Outcome):
    """``exact`` says of each network whether a circuit without errors makes the same spikes; ``spike_errors``, (networks, points,
    layers), is the fraction of steps with firing in which spikes differ (model ``cells``), a layer's inputs being right.
    """

    exact: tuple[bool, ...]
    spike_errors: Array


def main() -> None:
    options = parser(__doc__, "out/spiking-network", data=True)
    options.add_argument(
        "--table", type=Path, help="folder of spicekit characterize dynamic-if; a small one is made if not given"
    )
    options.add_argument("--form", choices=list(FORMS), help="one form alone; both if not given")
    options.add_argument("--networks", type=int, default=5, help="networks of each form, each with its own split of the data")
    options.add_argument("--chips", type=int, default=8, help="chips drawn for each network, at each point and model")
    options.add_argument("--epochs", type=int, default=40, help="how often a network sees its images")
    options.add_argument("--aware", type=float, metavar="FACTOR", help="train each network with the deviations times FACTOR too")
    given = options.parse_args()
    if given.networks < 2 or given.chips < 2:
        options.error("--networks and --chips: at least 2")
    if given.epochs < 1:
        options.error("--epochs: at least 1")
    if given.aware is not None and not 0 < given.aware <= SCALES[-1]:
        options.error(f"--aware {given.aware:g}: above 0, at most {SCALES[-1]:g}")
    started = time.monotonic()
    try:
        out = output_folder(given.out)
        table = characterisation(given.table, out / "table", SYSTEMS, SMALL)
        points = points_of(table)
        data = Pooled.of(given.data, given.learn)
        conditions, usual = described(table), NeuronErrors.of(table)
        energy = float(table.query("energy_e_step", **operating_point(table)))
    except UserError as error:
        options.error(str(error))
    simulated = time.monotonic()
    forms = [form for name, form in FORMS.items() if given.form in (None, name)]
    outcomes = {form.name: run(form, points, given.networks, given.chips, given.epochs, data) for form in forms}
    known = None if given.aware is None else usual.scaled(given.aware)
    tried = aware_points(table, given.aware)
    aware = {form.name: run(form, tried, given.networks, given.chips, given.epochs, data, known) for form in forms if known}

    print(f"{ran_on(data)}; published, of larger convolutional networks: {PUBLISHED}")
    print(f"{conditions}; in matches: row σ {usual.row:.3f}, step σ {usual.step:.3f}, "
          f"bias {usual.bias[0]:.3f} with σ {usual.bias[1]:.3f}, leak {usual.leak:.2g}, gain {usual.gain:+.2g}")  # fmt: skip
    for form in forms:
        print(f"{form.name}: an image takes {form.row_steps} row steps, {form.row_steps * energy * 1e9:.3g} nJ; "
              f"ideal accuracy {Accuracy.of(outcomes[form.name].ideal).shown()} %")  # fmt: skip
    lines = accuracy_table(points, outcomes)
    print(
        f"{'form':8} {'operating point':18} {'model':6} {'accuracy (%)':>14} {'loss (%)':>14} {'σ of chips':>10}  wrong steps (%)"
    )
    for line in lines:
        wrong = ", ".join(f"{100 * line[f'spike_error_{layer}']:.2f}" for layer in (1, 2, 3))
        print(f"{line['form']:8} {line['axis'] + ' ' + str(line['value']):18} {line['model']:6} "
              f"{pair(line, 'accuracy'):>14} {pair(line, 'loss'):>14} {100 * line['spread']:10.2f}  {wrong}")  # fmt: skip
    write_csv(out / "accuracy.csv", lines)
    aware_lines = accuracy_table(tried, aware)
    for line in aware_lines:
        print(f"{line['form']}, trained with deviations {given.aware:g} times those simulated, {line['value']:g} times, "
              f"{line['model']}: {pair(line, 'accuracy')} %")  # fmt: skip
    if aware_lines:
        write_csv(out / "accuracy-aware.csv", aware_lines)
    checks = statements(points, outcomes)
    ideal = {name: vars(Accuracy.of(outcome.ideal)) for name, outcome in outcomes.items()}
    content = {"conditions": conditions, "networks": given.networks, "chips": given.chips, "ideal": ideal}
    write_json(out / "results.json", content | {"points": lines, "aware": aware_lines, "checks": checks})
    print("plot:", plot_accuracy(points, outcomes, conditions, out / "accuracy.png"))
    finish(checks, simulated - started, time.monotonic() - simulated)


def points_of(table: LookupTable) -> list[Point[NeuronErrors]]:
    """The axis ``scale`` (deviations as simulated times it), then temperature and corner where the table has several."""
    usual = NeuronErrors.of(table)
    found = [Point("scale", factor, usual.scaled(factor)) for factor in SCALES]
    for axis in ("temperature", "corner"):
        values = table.coordinates[axis].tolist()
        if len(values) > 1:
            found += [Point(axis, value, NeuronErrors.of(table, **{axis: value})) for value in values]
    return found


def aware_points(table: LookupTable, factor: float | None) -> list[Point[NeuronErrors]]:
    """Where networks that know the deviations times ``factor`` are tried: without any, as simulated, and times ``factor``."""
    usual, factors = NeuronErrors.of(table), sorted({0.0, 1.0, 1.0 if factor is None else factor})
    return [Point("scale", one, usual.scaled(one)) for one in factors]


def write_csv(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def described(table: LookupTable) -> str:
    """The nominal operating point in words, with the error of a step over full scale there."""
    place = operating_point(table)
    words = [str(table.provenance["system"]), f"{place['frequency'] / 1e6:g} MHz", f"{place['vdd']:g} V"]
    sigma = float(table.query("train_sigma_bsnn", **place))
    return ", ".join([*words, f"{place['temperature']:g} °C", str(place["corner"]), f"σ_BSNN {sigma:.3%}"])


def run(
    form: Form,
    points: Sequence[Point[NeuronErrors]],
    networks: int,
    chips: int,
    epochs: int = 40,
    data: Pooled | None = None,
    known: NeuronErrors | None = None,
) -> Spikes:
    """The experiment of one form, trained with the errors that are ``known``.

    Stochastic inputs are the same for the ideal network and all chips.
    """
    exact, wrong = [], np.empty((networks, len(points), 3))

    def one(seed: int) -> tuple[float, Drawn[NeuronErrors]]:
        seen, unseen, seen_labels, labels = digits(seed, data)
        network = train(form, seen, seen_labels, np.random.default_rng(seed), epochs, known)
        inputs = form.encode(unseen, np.random.default_rng([seed, 1]))
        exact.append(network.exact(inputs))
        for row, point in enumerate(points):
            wrong[seed, row] = network.spike_errors(inputs, point.errors, "cells", np.random.default_rng([seed, 2]))

        def accuracy(errors: NeuronErrors, model: Any, chip: int) -> float:
            return network.accuracy(inputs, labels, errors, model, np.random.default_rng([seed, 3, chip]))

        return network.accuracy(inputs, labels), accuracy

    name = form.name if known is None else f"{form.name} that knows deviations"
    outcome = experiment(one, points, list(MODELS), networks, chips, f"{name}, ")
    return Spikes(outcome.ideal, outcome.real, tuple(exact), wrong)


def accuracy_table(points: Sequence[Point[NeuronErrors]], outcomes: Mapping[str, Spikes]) -> list[dict[str, Any]]:
    """A line a form, point and model; accuracies, losses and errors are fractions, with the ends of their 95 % intervals."""
    found = []
    for name, outcome in outcomes.items():
        for row, point in enumerate(points):
            for model in MODELS:
                line: dict[str, Any] = {"form": name, "axis": point.axis, "value": point.value, "model": model}
                for quantity, interval in (("accuracy", outcome.accuracy(model, row)), ("loss", outcome.loss(model, row))):
                    line |= {quantity: interval.mean, f"{quantity}_low": interval.low, f"{quantity}_high": interval.high}
                wrong = outcome.spike_errors[:, row].mean(axis=0)
                line |= {"spread": outcome.spread(model, row)} | {f"spike_error_{k}": float(x) for k, x in enumerate(wrong, 1)}
                # + 0.0: no -0.0
                found.append({key: round(x, 6) + 0.0 if isinstance(x, float) else x for key, x in line.items()})
    return found


def statements(points: Sequence[Point[NeuronErrors]], outcomes: Mapping[str, Spikes]) -> dict[str, bool]:
    """What must hold if the experiment is right."""
    scales = [row for row, point in enumerate(points) if point.axis == "scale"]
    return {
        "without errors every spike of the circuit is the ideal network's": all(all(one.exact) for one in outcomes.values()),
        "at scale 0 every chip has the ideal accuracy": all(
            (one.real[model][:, scales[0]] == one.ideal[:, None]).all() for one in outcomes.values() for model in MODELS
        ),
        "accuracy falls as the deviations rise, within the intervals": not any(
            one.rises(points, "scale", model) or one.loss(model, scales[-1]).mean <= 0
            for one in outcomes.values()
            for model in MODELS
        ),
    }


def pair(line: Mapping[str, Any], name: str) -> str:
    """A quantity of the accuracy table in per cent, with half its interval."""
    return Accuracy(line[name], line[f"{name}_low"], line[f"{name}_high"]).shown()


def plot_accuracy(points: Sequence[Point[NeuronErrors]], outcomes: Mapping[str, Spikes], conditions: str, path: Path) -> Path:
    """Accuracy (top) and wrong steps of each layer (bottom) against each axis, a column for each axis and form."""
    columns = [(axis, name) for axis in dict.fromkeys(point.axis for point in points) for name in outcomes]
    figure = new_figure(3.5 * len(columns) + 1, 7)
    grid = figure.subplots(2, len(columns), sharex="col", sharey="row", squeeze=False, height_ratios=(1.5, 1))
    for (axis, name), (top, bottom) in zip(columns, grid.T, strict=True):
        rows = [row for row, point in enumerate(points) if point.axis == axis]
        outcome = outcomes[name]
        values = [points[row].value for row in rows]
        x = np.arange(float(len(rows))) if axis == "corner" else np.array([float(value) for value in values])
        for colour, marker, model in zip(COLOURS, "os", MODELS, strict=False):
            found = [outcome.accuracy(model, row) for row in rows]
            banded(top, x, found, marker=marker, lw=1, color=colour, label=SHORT[model])
        top.axhline(100 * outcome.ideal.mean(), color="black", ls=":", lw=1, label="ideal rows and neurons")
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


if __name__ == "__main__":
    main()
