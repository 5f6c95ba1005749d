"""The experiment: networks trained on the digits, run on memories drawn at each operating point."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imce.gates import GateModel
from imce.network import train
from spicekit.table import LookupTable

CONFIGURATIONS = ((1, 1), (1, 2), (2, 2))  # bits of weights and of activations
TMR = (1.0, 2.5)  # a low one, where the margins are narrow, and the default of the column
AXES: dict[str, tuple[float, ...]] = {
    "sigma_tmr": (0.05, 0.10, 0.15, 0.20, 0.25, 0.30),
    "vdd": (0.550, 0.575, 0.600, 0.625, 0.650, 0.700, 1.000),
    "temperature": (27.0, 60.0, 85.0, 105.0, 125.0),
}
LABELS = {"sigma_tmr": "σ(TMR) / TMR", "vdd": "supply (V)", "temperature": "temperature (°C)"}


@dataclass(frozen=True)
class Point:
    """An operating point with its gates."""

    axis: str
    value: float
    tmr: float
    gates: GateModel


@dataclass(frozen=True)
class Accuracy:
    """Mean over the networks (of each, over its chips) with a 95 % interval."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, networks: NDArray[np.float64]) -> Accuracy:
        """From one accuracy a network: Student's interval of their mean."""
        from scipy.stats import t

        mean = float(networks.mean())
        half = float(t.ppf(0.975, len(networks) - 1) * networks.std(ddof=1) / np.sqrt(len(networks)))
        return cls(mean, mean - half, mean + half)


Results = dict[tuple[int, int], tuple[Accuracy, list[Accuracy]]]  # W:I -> with ideal gates, at each point


def points_of(tables: dict[str, LookupTable]) -> list[Point]:
    """Every grid point of the tables."""
    return [
        Point(axis, float(value), float(tmr), GateModel.of(table, tmr=tmr, **{axis: value}))
        for axis, table in tables.items()
        for tmr in table.coordinates["tmr"]
        for value in table.coordinates[axis]
    ]


def digits(seed: int) -> Sequence[NDArray[Any]]:
    """Scikit-learn's digits: training images, test images (values 0 to 1), training labels, test labels."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    split: Sequence[NDArray[Any]] = train_test_split(
        images.reshape(-1, 8, 8) / 16, labels, test_size=0.25, random_state=seed, stratify=labels
    )
    return split


def evaluate(bits: tuple[int, int], seed: int, chips: int, points: Sequence[Point]) -> tuple[float, NDArray[np.float64]]:
    """Train one network; its accuracy with ideal gates, and at each point and chip: shape (points, chips).

    A chip keeps its random numbers from point to point, so that points differ by their gates and not by their draws.
    """
    seen, unseen, seen_labels, unseen_labels = digits(seed)
    network = train(seen, seen_labels, bits, np.random.default_rng([seed, *bits]))
    ideal = network.accuracy(unseen, unseen_labels)
    known: dict[bytes, list[float]] = {GateModel.ideal().fractions.tobytes(): [ideal] * chips}  # many points have the same gates
    for point in points:
        key = point.gates.fractions.tobytes()
        if key not in known:
            streams = [np.random.default_rng([seed, *bits, chip]) for chip in range(chips)]
            known[key] = [network.accuracy(unseen, unseen_labels, partial(point.gates.draw, rng)) for rng in streams]
    return ideal, np.array([known[point.gates.fractions.tobytes()] for point in points])


def experiment(points: Sequence[Point], networks: int, chips: int) -> Results:
    """For each W:I the ideal accuracy and that of every point."""
    for library in ("OPENBLAS", "OMP", "MKL"):
        os.environ[f"{library}_NUM_THREADS"] = "1"  # one process a core does better than one matrix product on all
    jobs = {(bits, seed): (bits, seed, chips, points) for seed in range(networks) for bits in CONFIGURATIONS}
    found = {}
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        futures = {job: pool.submit(evaluate, *arguments) for job, arguments in jobs.items()}
        for (bits, seed), future in futures.items():
            found[bits, seed] = future.result()
            print(f"W:I {bits[0]}:{bits[1]}, network {seed}: ideal accuracy {found[bits, seed][0]:.3f}", file=sys.stderr)
    results = {}
    for bits in CONFIGURATIONS:
        ideal = np.array([found[bits, seed][0] for seed in range(networks)])
        real = np.array([found[bits, seed][1].mean(axis=1) for seed in range(networks)])  # networks, points
        results[bits] = (Accuracy.of(ideal), [Accuracy.of(column) for column in real.T])
    return results


def rises(points: Sequence[Point], accuracies: Sequence[Accuracy]) -> list[tuple[Point, Point]]:
    """Pairs of one table and TMR where more errors go with an accuracy that is higher by more than both intervals allow."""
    found = []
    for better, good in zip(points, accuracies, strict=True):
        for worse, bad in zip(points, accuracies, strict=True):
            same = (better.axis, better.tmr) == (worse.axis, worse.tmr)
            if same and better.gates.mean_error_rate < worse.gates.mean_error_rate and bad.low > good.high:
                found.append((better, worse))
    return found
