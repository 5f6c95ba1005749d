"""A quantised network on simulated SOT-MRAM: accuracy against sigma(TMR), supply and temperature, beside the ideal network's.

python examples/imce_network.py --out out/imce-network [--trials 1000] [--networks 6] [--chips 3]

Needs scikit-learn for its handwritten digits.  Simulates the tables that are missing in --out, trains the networks, runs each on
several memories whose AND gates are drawn from the tables, and writes accuracy.png, errors.png and results.json.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from imce.bench import WORDS
from imce.experiment import AXES, LABELS, TMR, Accuracy, Point, Results, experiment, points_of, rises
from imce.gates import make_tables
from imce.plots import plot_accuracy, plot_errors

from spicekit.errors import UserError
from spicekit.files import output_folder, write_json


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=Path("out/imce-network"), help="folder of tables and results")
    parser.add_argument("--trials", type=int, default=1000, help="simulated pairs of cells at each operating point")
    parser.add_argument(
        "--networks", type=int, default=6, help="trained networks of each W:I, each with its own split of the data"
    )
    parser.add_argument("--chips", type=int, default=3, help="memories drawn for each network")
    options = parser.parse_args()
    if options.networks < 2 or options.chips < 1 or options.trials < 1:
        parser.error("--networks: at least 2; --chips and --trials: at least 1")
    if find_spec("sklearn") is None:
        parser.error("scikit-learn is missing: pip install scikit-learn")
    started = time.monotonic()
    try:
        tables = make_tables(AXES, TMR, options.trials, output_folder(options.out), lambda line: print(line, file=sys.stderr))
    except UserError as error:  # such as a folder that holds other tables
        parser.error(str(error))
    points = points_of(tables)
    simulated = time.monotonic()
    results = experiment(points, options.networks, options.chips)

    print(f"{'operating point':34} {'P(1|01,10)':>11} {'P(0|11)':>8} " + " ".join(f"{f'W:I {w}:{i}':>15}" for w, i in results))
    print(f"{'ideal gates':34} {0:11.4f} {0:8.4f} " + " ".join(f"{_shown(ideal):>15}" for ideal, _ in results.values()))
    for row, point in enumerate(points):
        name = f"TMR {point.tmr:.0%}, {LABELS[point.axis]} {point.value:g}"
        one = (point.gates.error_rate("01") + point.gates.error_rate("10")) / 2
        accuracies = " ".join(f"{_shown(real[row]):>15}" for _, real in results.values())
        print(f"{name:34} {one:11.4f} {point.gates.error_rate('11'):8.4f} {accuracies}")
    found = as_json(points, results, options)
    write_json(options.out / "results.json", found)
    falls = not any(found["rises"].values())
    print(f"accuracy falls as errors rise, within the intervals: {'yes' if falls else 'NO'}")
    plots = (
        plot_accuracy(points, results, options.out / "accuracy.png"),
        plot_errors(points, results, options.out / "errors.png"),
    )
    print("plots: " + ", ".join(map(str, plots)))
    print(f"tables {simulated - started:.0f} s, networks {time.monotonic() - simulated:.0f} s", file=sys.stderr)


def as_json(points: Sequence[Point], results: Results, options: argparse.Namespace) -> dict[str, Any]:
    """What results.json holds."""
    return {
        "trials": options.trials,
        "networks": options.networks,
        "chips": options.chips,
        "ideal": {f"{w}:{i}": vars(ideal) for (w, i), (ideal, _) in results.items()},
        "points": [
            {
                "axis": point.axis,
                "value": point.value,
                "tmr": point.tmr,
                "error_rates": {word: point.gates.error_rate(word) for word in WORDS},
                "mean_error_rate": point.gates.mean_error_rate,
                "accuracy": {f"{w}:{i}": vars(real[row]) for (w, i), (_, real) in results.items()},
            }
            for row, point in enumerate(points)
        ],
        "rises": {f"{w}:{i}": len(rises(points, real)) for (w, i), (_, real) in results.items()},
    }


def _shown(accuracy: Accuracy) -> str:
    return f"{accuracy.mean:.3f} ± {(accuracy.high - accuracy.low) / 2:.3f}"


if __name__ == "__main__":  # worker processes import this file
    main()
