"""A binary network on simulated C3CIM columns: accuracy against HRS/LRS ratio and spread, and for each memory, and its energy.

python examples/c3cim_network.py --out out/c3cim-network [--table DIR] [--networks 6] [--chips 10] [--trials 60] [--workers N]

Needs scikit-learn for its handwritten digits.  DIR is what `spicekit characterize c3cim --out DIR` made; without it a small
table is simulated in --out.  The tables over ratio and spread are simulated in --out.  Writes accuracy.png and results.json.
"""

from __future__ import annotations

import argparse
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from c3cim.experiment import Outcome, experiment, rises
from c3cim.plots import plot_accuracy
from c3cim.tables import DEVICES, I_COL, Point, characterisation, points_of, sweeps
from imce.experiment import Accuracy

from spicekit.errors import UserError
from spicekit.files import output_folder, write_json
from spicekit.table import LookupTable

CONDITIONS = "rram-hfo2, 50 nA, 1 V, 27 °C, tt unless said otherwise"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=Path("out/c3cim-network"), help="folder of tables and results")
    parser.add_argument("--table", type=Path, help="folder of spicekit characterize c3cim; a small one is made if not given")
    parser.add_argument("--networks", type=int, default=6, help="trained networks, each with its own split of the data")
    parser.add_argument("--chips", type=int, default=10, help="chips drawn for each network, at each point")
    parser.add_argument("--trials", type=int, default=60, help="simulated columns a ratio or spread, and n_hrs")
    parser.add_argument("--workers", type=int, help="processes that simulate; all cores if not given")
    options = parser.parse_args()
    if options.networks < 2 or min(options.chips, options.trials) < 2:
        parser.error("--networks, --chips and --trials: at least 2")
    if find_spec("sklearn") is None:
        parser.error("scikit-learn is missing: pip install scikit-learn")
    started = time.monotonic()
    try:
        out = output_folder(options.out)
        table = characterisation(options.table, out / "table", options.workers, say)
        points = points_of(table, sweeps(out / "sweeps", options.trials, options.workers, say))
    except UserError as error:
        parser.error(str(error))
    simulated = time.monotonic()
    outcome = experiment(points, options.networks, options.chips)

    print(f"{outcome.columns} columns of 64 cells, {CONDITIONS}; loss against the same network on ideal columns")
    print(f"ideal accuracy {shown(Accuracy.of(outcome.ideal))} %")
    print(f"{'operating point':28} {'wrong counts (%)':>16} {'accuracy (%)':>14} {'loss (points)':>14}  energy an inference (pJ)")
    for row, point in enumerate(points):
        name = f"{point.axis} {point.value:g}" if isinstance(point.value, float) else str(point.value)
        energy = spent(point, outcome.columns) if point.energy else ""
        accuracy, loss = shown(outcome.accuracy(row)), shown(outcome.loss(row))
        print(f"{name:28} {100 * point.errors.wrong.mean():16.2f} {accuracy:>14} {loss:>14}  {energy}")
    for device in DEVICES:
        own, drawn = spread_of_random_data(table, points, device)
        print(f"{device}: sigma of the error for random data {own:.3f} steps, as drawn here {drawn:.3f}")
    checks = statements(points, outcome)
    for text, holds in checks.items():
        print(f"{text}: {'yes' if holds else 'NO'}")
    write_json(out / "results.json", as_json(points, outcome, checks, options))
    print("plot:", plot_accuracy(points, outcome, CONDITIONS, out / "accuracy.png"))
    print(f"tables {simulated - started:.0f} s, networks {time.monotonic() - simulated:.0f} s", file=sys.stderr)
    if not all(checks.values()):
        sys.exit(1)


def statements(points: list[Point], outcome: Outcome) -> dict[str, bool]:
    """What must hold if the experiment is right."""
    widest = max((row for row, point in enumerate(points) if point.axis == "spread"), key=lambda row: float(points[row].value))
    return {
        "without errors every score is the integer network's": outcome.exact,
        "accuracy falls as the spread rises, within the intervals": not rises(points, outcome) and outcome.loss(widest).low > 0,
    }


def spread_of_random_data(table: LookupTable, points: list[Point], device: str) -> tuple[float, float]:
    """Sigma of the error in steps: simulated with inputs and weights drawn, and of the table's distribution for such counts.

    The latter is of columns whose 64 cells are all selected; random data select half of them, a quarter in HRS.
    """
    point = next(one for one in points if one.value == device)
    counts = np.random.default_rng(0).binomial(64, 0.25, 2000)
    return float(table.query("random_error_std", device=device, i_col=I_COL)), point.errors.sigma(counts)


def spent(point: Point, columns: int) -> str:
    """Energy of an inference in pJ, and the time of a MAC."""
    alone, whole = (columns * energy * 1e12 for energy in (point.energy, point.energy + point.readout))
    return f"{alone:.1f}, with read-out {whole:.0f}; settles in {point.time * 1e9:.0f} ns"


def as_json(points: list[Point], outcome: Outcome, checks: dict[str, bool], options: argparse.Namespace) -> dict[str, Any]:
    """What results.json holds; accuracies are fractions, energies in J."""
    return {
        "conditions": CONDITIONS,
        "networks": options.networks,
        "chips": options.chips,
        "columns": outcome.columns,
        "ideal": vars(Accuracy.of(outcome.ideal)),
        "points": [
            {
                "axis": point.axis,
                "value": point.value,
                "wrong_counts": float(point.errors.wrong.mean()),
                "accuracy": vars(outcome.accuracy(row)),
                "loss": vars(outcome.loss(row)),
            }
            | (
                {"energy": outcome.columns * point.energy, "energy_readout": outcome.columns * point.readout}
                if point.energy
                else {}
            )
            for row, point in enumerate(points)
        ],
        "checks": checks,
    }


def say(line: str) -> None:
    print(line, file=sys.stderr)


def shown(accuracy: Accuracy) -> str:
    """In per cent, with half the interval."""
    return f"{round(100 * accuracy.mean, 2) + 0.0:.2f} ± {50 * (accuracy.high - accuracy.low):.2f}"  # + 0.0: no -0.00


if __name__ == "__main__":  # worker processes import this file
    main()
