"""A quantised network on simulated SOT-MRAM: accuracy against sigma(TMR), supply and temperature, beside the ideal network's.

python examples/imce_network.py --out out/imce-network [--trials 1000] [--networks 6] [--chips 3]

Needs scikit-learn for its handwritten digits.  Simulates the tables that are missing in --out, trains the networks, runs each on
several memories whose AND gates are drawn from the tables, and writes accuracy.png, errors.png and results.json.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from networks.experiment import Accuracy, Point, banded, digits, finish, parser, say
from networks.imce import train

from montecarlo.behaviour import GateErrors
from montecarlo.behaviour.gates import WORDS
from montecarlo.jobs.sweep import Sweep
from montecarlo.running.executor import LocalExecutor
from spicekit.errors import UserError
from spicekit.files import output_folder, write_json
from spicekit.style import COLOURS, new_figure, save
from spicekit.table import LookupTable
from spicekit.waves import Array

BENCH = f"{Path(__file__).parent / 'benches' / 'imce_and.py'}:ImceAnd"
CONFIGURATIONS = ((1, 1), (1, 2), (2, 2))  # bits of weights and of activations
TMR = (1.0, 2.5)  # a low one, where the margins are narrow, and the default of the column
AXES: dict[str, tuple[float, ...]] = {
    "sigma_tmr": (0.05, 0.10, 0.15, 0.20, 0.25, 0.30),
    "vdd": (0.550, 0.575, 0.600, 0.625, 0.650, 0.700, 1.000),
    "temperature": (27.0, 60.0, 85.0, 105.0, 125.0),
}
LABELS = {"sigma_tmr": "σ(TMR) / TMR", "vdd": "supply (V)", "temperature": "temperature (°C)"}
Results = dict[tuple[int, int], tuple[Accuracy, list[Accuracy]]]  # W:I -> with ideal gates, at each point


@dataclass(frozen=True)
class TmrPoint(Point[GateErrors]):
    """An operating point of a pair of cells whose junctions have this ``tmr``."""

    tmr: float


def main() -> None:
    options = parser(__doc__, "out/imce-network")
    options.add_argument("--trials", type=int, default=1000, help="simulated pairs of cells at each operating point")
    options.add_argument("--networks", type=int, default=6, help="networks of each W:I, each with its own split of the data")
    options.add_argument("--chips", type=int, default=3, help="memories drawn for each network")
    given = options.parse_args()
    if given.networks < 2 or given.chips < 1 or given.trials < 1:
        options.error("--networks: at least 2; --chips and --trials: at least 1")
    started = time.monotonic()
    try:
        points = points_of(make_tables(AXES, TMR, given.trials, output_folder(given.out)))
    except UserError as error:  # such as a folder that holds other tables
        options.error(str(error))
    simulated = time.monotonic()
    results = experiment(points, given.networks, given.chips)

    print(
        f"{'operating point':34} {'P(1|01,10)':>11} {'P(0|11)':>8} " + " ".join(f"{f'W:I {w}:{i} (%)':>15}" for w, i in results)
    )
    print(f"{'ideal gates':34} {0:11.4f} {0:8.4f} " + " ".join(f"{ideal.shown(1):>15}" for ideal, _ in results.values()))
    for row, point in enumerate(points):
        name = f"TMR {point.tmr:.0%}, {LABELS[point.axis]} {point.value:g}"
        one = (point.errors.error_rate("01") + point.errors.error_rate("10")) / 2
        accuracies = " ".join(f"{real[row].shown(1):>15}" for _, real in results.values())
        print(f"{name:34} {one:11.4f} {point.errors.error_rate('11'):8.4f} {accuracies}")
    write_json(given.out / "results.json", as_json(points, results, given))
    print(f"plots: {plot_accuracy(points, results, given.out / 'accuracy.png')}, "
          f"{plot_errors(points, results, given.out / 'errors.png')}")  # fmt: skip
    falls = not any(rises(points, real) for _, real in results.values())
    finish({"accuracy falls as errors rise, within the intervals": falls}, simulated - started, time.monotonic() - simulated)


def make_tables(axes: Mapping[str, Sequence[float]], tmr: Sequence[float], trials: int, folder: Path) -> dict[str, LookupTable]:
    """For each of ``axes`` (parameter -> values) a table over TMR and that parameter; what is in ``folder`` is not made again."""
    tables = {}
    pool = LocalExecutor()
    try:
        for name, values in axes.items():
            sweep = Sweep(BENCH, {"tmr": list(tmr), name: list(values)}, trials=trials, seed=1)
            sweep.run(folder / name, executor=pool, warn=say)
            tables[name] = LookupTable.load(folder / name)
            say(f"table over TMR and {name}: {folder / name / 'table.nc'}")
    finally:
        pool.shutdown()
    return tables


def points_of(tables: Mapping[str, LookupTable]) -> list[TmrPoint]:
    """Every grid point of the tables."""
    return [
        TmrPoint(axis, float(value), GateErrors.of(table, tmr=tmr, **{axis: value}), float(tmr))
        for axis, table in tables.items()
        for tmr in table.coordinates["tmr"]
        for value in table.coordinates[axis]
    ]


def evaluate(bits: tuple[int, int], seed: int, chips: int, points: Sequence[TmrPoint]) -> tuple[float, Array]:
    """Train one network; its accuracy with ideal gates, and at each point and chip: shape (points, chips)."""
    seen, unseen, seen_labels, labels = digits(seed)
    network = train(seen, seen_labels, bits, np.random.default_rng([seed, *bits]))
    ideal = network.accuracy(unseen, labels)
    known = {GateErrors.none().fractions.tobytes(): [ideal] * chips}  # many points have the same gates
    for point in points:
        key = point.errors.fractions.tobytes()
        if key not in known:
            streams = [np.random.default_rng([seed, *bits, chip]) for chip in range(chips)]
            known[key] = [network.accuracy(unseen, labels, point.errors, rng) for rng in streams]
    return ideal, np.array([known[point.errors.fractions.tobytes()] for point in points])


def experiment(points: Sequence[TmrPoint], networks: int, chips: int) -> Results:
    """For each W:I the ideal accuracy and that of every point."""
    for library in ("OPENBLAS", "OMP", "MKL"):
        os.environ[f"{library}_NUM_THREADS"] = "1"  # one process a core does better than one matrix product on all
    jobs = {(bits, seed): (bits, seed, chips, points) for seed in range(networks) for bits in CONFIGURATIONS}
    found = {}
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        futures = {job: pool.submit(evaluate, *arguments) for job, arguments in jobs.items()}
        for (bits, seed), future in futures.items():
            found[bits, seed] = future.result()
            say(f"W:I {bits[0]}:{bits[1]}, network {seed}: ideal accuracy {found[bits, seed][0]:.3f}")
    results = {}
    for bits in CONFIGURATIONS:
        ideal = np.array([found[bits, seed][0] for seed in range(networks)])
        real = np.array([found[bits, seed][1].mean(axis=1) for seed in range(networks)])  # networks, points
        results[bits] = (Accuracy.of(ideal), [Accuracy.of(column) for column in real.T])
    return results


def rises(points: Sequence[TmrPoint], accuracies: Sequence[Accuracy]) -> list[tuple[TmrPoint, TmrPoint]]:
    """Pairs of one table and TMR where more errors go with an accuracy that is higher by more than both intervals allow."""
    found = []
    for better, good in zip(points, accuracies, strict=True):
        for worse, bad in zip(points, accuracies, strict=True):
            same = (better.axis, better.tmr) == (worse.axis, worse.tmr)
            if same and better.errors.mean_error_rate < worse.errors.mean_error_rate and bad.low > good.high:
                found.append((better, worse))
    return found


def as_json(points: Sequence[TmrPoint], results: Results, given: argparse.Namespace) -> dict[str, Any]:
    """What results.json holds."""
    return {
        "trials": given.trials,
        "networks": given.networks,
        "chips": given.chips,
        "ideal": {f"{w}:{i}": vars(ideal) for (w, i), (ideal, _) in results.items()},
        "points": [
            {
                "axis": point.axis,
                "value": point.value,
                "tmr": point.tmr,
                "error_rates": {word: point.errors.error_rate(word) for word in WORDS},
                "mean_error_rate": point.errors.mean_error_rate,
                "accuracy": {f"{w}:{i}": vars(real[row]) for (w, i), (_, real) in results.items()},
            }
            for row, point in enumerate(points)
        ],
        "rises": {f"{w}:{i}": len(rises(points, real)) for (w, i), (_, real) in results.items()},
    }


def plot_accuracy(points: Sequence[TmrPoint], results: Results, path: Path) -> Path:
    """Accuracy and error rates against each axis."""
    figure = new_figure(12, 7)
    swept = [axis for axis in AXES if any(point.axis == axis for point in points)]
    axes = figure.subplots(2, len(swept), sharex="col", sharey="row", squeeze=False)
    for column, axis in enumerate(swept):
        top, bottom = axes[0, column], axes[1, column]
        for tmr, line, marker in zip(TMR, ("-", "--"), ("o", "s"), strict=True):
            rows = [row for row, point in enumerate(points) if (point.axis, point.tmr) == (axis, tmr)]
            x = np.array([points[row].value for row in rows])
            for colour, (bits, (_, real)) in zip(COLOURS, results.items(), strict=False):
                label = f"W:I {bits[0]}:{bits[1]}, TMR {tmr:.0%}" if column == 0 else None
                banded(top, x, [real[row] for row in rows], ls=line, marker=marker, color=colour, label=label)
            for colour, word, label in zip(COLOURS[3:], ("11", "10"), ("P(0 | 11)", "P(1 | 10)"), strict=False):
                rate = np.array([points[row].errors.error_rate(word) for row in rows])
                ends = np.array([points[row].errors.interval(word) for row in rows]).T
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


def plot_errors(points: Sequence[TmrPoint], results: Results, path: Path) -> Path:
    """Accuracy against the error rate, all operating points together."""
    figure = new_figure(8, 5)
    (against,) = figure.subplots(1, 1, squeeze=False).flat
    for colour, (bits, (ideal, real)) in zip(COLOURS, results.items(), strict=False):
        for marker, axis in zip("osv", AXES, strict=True):
            rows = [row for row, point in enumerate(points) if point.axis == axis]
            if not rows:
                continue
            x = [100 * points[row].errors.mean_error_rate for row in rows]
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


if __name__ == "__main__":  # worker processes import this file
    main()
