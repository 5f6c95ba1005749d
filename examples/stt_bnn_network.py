"""A binary network on simulated STT-BNN rows: accuracy against the spread of a row, TMR and boost, beside the ideal network's.

python examples/stt_bnn_network.py --out out/stt-bnn-network [--table DIR] [--networks 6] [--macros 10]

Needs scikit-learn for its handwritten digits.  DIR is what `spicekit characterize stt-bnn --out DIR` made; without it a small
table is simulated in --out.  Writes accuracy.png and results.json.
"""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from imce.experiment import Accuracy, digits
from numpy.typing import NDArray
from scipy.stats import ttest_1samp
from stt_bnn.experiment import Outcome, experiment, rises
from stt_bnn.network import CELLS, SIZES, Network, train
from stt_bnn.plots import plot_accuracy
from stt_bnn.rows import MODELS, RowErrors, Rows
from stt_bnn.tables import NETWORK, Point, characterisation, described, nominal, points_of, row_errors

from spicekit.errors import UserError
from spicekit.files import output_folder, write_json


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=Path("out/stt-bnn-network"), help="folder of results")
    parser.add_argument("--table", type=Path, help="folder of spicekit characterize stt-bnn; a small one is made if not given")
    parser.add_argument("--networks", type=int, default=6, help="trained networks, each with its own split of the data")
    parser.add_argument("--macros", type=int, default=10, help="macros drawn for each network, at each point")
    options = parser.parse_args()
    if options.networks < 2 or options.macros < 2:
        parser.error("--networks and --macros: at least 2")
    if find_spec("sklearn") is None:
        parser.error("scikit-learn is missing: pip install scikit-learn")
    started = time.monotonic()
    try:
        out = output_folder(options.out)
        table = characterisation(options.table, out / "table", NETWORK, lambda line: print(line, file=sys.stderr))
        points = points_of(table)
    except UserError as error:
        parser.error(str(error))
    simulated = time.monotonic()
    outcome = experiment(points, options.networks, options.macros)

    conditions = described(table)
    print(f"rows of {CELLS} cells, {conditions}; loss against the same network on ideal rows, in points of a hundred")
    energy, latency = (float(table.query(name, **nominal(table))) for name in ("energy", "latency"))
    rows = sum(SIZES)
    print(f"an image: {rows} row operations, {rows * energy * 1e12:.3g} pJ; {len(SIZES)} arrays in turn, "
          f"{len(SIZES) * latency * 1e9:.3g} ns")  # fmt: skip
    print(f"ideal accuracy {shown(Accuracy.of(outcome.ideal))} %")
    print(f"{'operating point':20} {'σ (LSB)':>8} {'wrong (%)':>9} " + " ".join(f"{f'loss, {model}':>14}" for model in MODELS)
          + "  spread of macros, fixed / fresh")  # fmt: skip
    for row, point in enumerate(points):
        name = f"{point.axis} {point.value:g}"
        losses = " ".join(f"{shown(outcome.loss(model, row)):>14}" for model in MODELS)
        spreads = " / ".join(f"{100 * outcome.spread(model, row):.2f}" for model in ("fixed", "fresh"))
        print(f"{name:20} {point.errors.sigma_total:8.2f} {100 * point.errors.average:9.2f} {losses}  {spreads}")
    seen, unseen, labels, _ = digits(0)
    network = train(seen, labels, np.random.default_rng(0))  # network 0 again
    wrong = ", ".join(f"{100 * rate:.1f}" for rate in network.wrong_decisions(unseen, row_errors(table)))
    print(f"wrong decisions of network 0 at the nominal point, array by array: {wrong} %")
    checks = statements(points, outcome, network, unseen)
    for text, holds in checks.items():
        print(f"{text}: {'yes' if holds else 'NO'}")
    write_json(out / "results.json", as_json(points, outcome, checks, conditions, options))
    print("plot:", plot_accuracy(points, outcome, conditions, out / "accuracy.png"))
    print(f"table {simulated - started:.0f} s, networks {time.monotonic() - simulated:.0f} s", file=sys.stderr)
    if not all(checks.values()):
        sys.exit(1)


def statements(points: list[Point], outcome: Outcome, network: Network, unseen: NDArray[np.float64]) -> dict[str, bool]:
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
        "accuracy falls as sigma rises, within the intervals": not any(rises(points, outcome, model) for model in MODELS)
        and all(outcome.loss(model, last).mean > 0 for model in MODELS),
        "fixed and fresh shifts lose the same on average (paired t-test at each point, level 0.001)": min(alike) > 1e-3,
    }


def as_json(
    points: list[Point], outcome: Outcome, checks: dict[str, bool], conditions: str, options: argparse.Namespace
) -> dict[str, Any]:
    """What results.json holds; accuracies are fractions."""
    return {
        "conditions": conditions,
        "networks": options.networks,
        "macros": options.macros,
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
        "checks": checks,
    }


def shown(accuracy: Accuracy) -> str:
    """In per cent, with half the interval."""
    return f"{round(100 * accuracy.mean, 2) + 0.0:.2f} ± {50 * (accuracy.high - accuracy.low):.2f}"  # + 0.0: no -0.00


if __name__ == "__main__":  # worker processes import this file
    main()
