"""A binarised spiking network on simulated rows and neurons: accuracy against their deviations, beside the ideal network's.

python examples/spiking_network.py --out out/spiking-network [--table DIR] [--form uniform] [--networks 5] [--chips 8]

Needs scikit-learn for its handwritten digits.  DIR is what `spicekit characterize dynamic-if --out DIR` made; without it a small
table is simulated in --out.  Writes accuracy.csv, accuracy.png and results.json.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from imce.experiment import Accuracy
from spiking.experiment import Outcome, experiment, rises
from spiking.layers import MODELS
from spiking.network import FORMS
from spiking.plots import plot_accuracy
from spiking.tables import Point, characterisation, described, neuron_errors, nominal, points_of

from spicekit.errors import UserError
from spicekit.files import output_folder, write_json


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=Path("out/spiking-network"), help="folder of results")
    parser.add_argument("--table", type=Path, help="folder of spicekit characterize dynamic-if; a small one is made if not given")
    parser.add_argument("--form", choices=list(FORMS), help="one form alone; both if not given")
    parser.add_argument("--networks", type=int, default=5, help="networks of each form, each with its own split of the data")
    parser.add_argument("--chips", type=int, default=8, help="chips drawn for each network, at each point and model")
    options = parser.parse_args()
    if options.networks < 2 or options.chips < 2:
        parser.error("--networks and --chips: at least 2")
    if find_spec("sklearn") is None:
        parser.error("scikit-learn is missing: pip install scikit-learn")
    started = time.monotonic()
    try:
        out = output_folder(options.out)
        table = characterisation(options.table, out / "table", lambda line: print(line, file=sys.stderr))
        points = points_of(table)
    except UserError as error:
        parser.error(str(error))
    simulated = time.monotonic()
    forms = [form for name, form in FORMS.items() if options.form in (None, name)]
    outcomes = {form.name: experiment(form, points, options.networks, options.chips) for form in forms}

    conditions, usual = described(table), neuron_errors(table)
    print(f"{conditions}; in matches: row σ {usual.row:.3f}, step σ {usual.step:.3f}, "
          f"bias {usual.bias[0]:.3f} with σ {usual.bias[1]:.3f}, leak {usual.leak:.2g}, gain {usual.gain:+.2g}")  # fmt: skip
    energy = float(table.query("energy_e_step", **{key: value for key, value in nominal(table).items() if key != "theta"}))
    for form in forms:
        print(f"{form.name}: an image takes {form.row_steps} row steps, {form.row_steps * energy * 1e9:.3g} nJ; "
              f"ideal accuracy {shown(Accuracy.of(outcomes[form.name].ideal))} %")  # fmt: skip
    lines = accuracy_table(points, outcomes)
    print(
        f"{'form':8} {'operating point':18} {'model':6} {'accuracy (%)':>14} {'loss (%)':>14} {'σ of chips':>10}  wrong steps (%)"
    )
    for line in lines:
        wrong = ", ".join(f"{100 * line[f'spike_error_{layer}']:.2f}" for layer in (1, 2, 3))
        print(f"{line['form']:8} {line['axis'] + ' ' + str(line['value']):18} {line['model']:6} "
              f"{pair(line, 'accuracy'):>14} {pair(line, 'loss'):>14} {100 * line['spread']:10.2f}  {wrong}")  # fmt: skip
    checks = statements(points, outcomes)
    for text, holds in checks.items():
        print(f"{text}: {'yes' if holds else 'NO'}")
    with (out / "accuracy.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    ideal = {name: vars(Accuracy.of(outcome.ideal)) for name, outcome in outcomes.items()}
    content = {"conditions": conditions, "networks": options.networks, "chips": options.chips, "ideal": ideal}
    write_json(out / "results.json", content | {"points": lines, "checks": checks})
    print("plot:", plot_accuracy(points, outcomes, conditions, out / "accuracy.png"))
    print(f"table {simulated - started:.0f} s, networks {time.monotonic() - simulated:.0f} s", file=sys.stderr)
    if not all(checks.values()):
        sys.exit(1)


def accuracy_table(points: Sequence[Point], outcomes: Mapping[str, Outcome]) -> list[dict[str, Any]]:
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


def statements(points: Sequence[Point], outcomes: Mapping[str, Outcome]) -> dict[str, bool]:
    """What must hold if the experiment is right."""
    first, last = (pick(row for row, point in enumerate(points) if point.axis == "scale") for pick in (min, max))
    return {
        "without errors every spike of the circuit is the ideal network's": all(all(one.exact) for one in outcomes.values()),
        "at scale 0 every chip has the ideal accuracy": all(
            (one.real[model][:, first] == one.ideal[:, None]).all() for one in outcomes.values() for model in MODELS
        ),
        "accuracy falls as the deviations rise, within the intervals": not any(
            rises(points, one, model) or one.loss(model, last).mean <= 0 for one in outcomes.values() for model in MODELS
        ),
    }


def shown(accuracy: Accuracy) -> str:
    """In per cent, with half the interval."""
    return f"{round(100 * accuracy.mean, 2) + 0.0:.2f} ± {50 * (accuracy.high - accuracy.low):.2f}"  # + 0.0: no -0.00


def pair(line: Mapping[str, Any], name: str) -> str:
    """A quantity of the accuracy table as :func:`shown` gives it."""
    return shown(Accuracy(line[name], line[f"{name}_low"], line[f"{name}_high"]))


if __name__ == "__main__":
    main()
