"""The experiment: networks trained on the digits, run on macros whose rows are drawn at each operating point.

A row decides once an image.  Drawn once or anew, the decisions on one image have the same joint distribution, so the mean
accuracy over macros is the same in the models ``fixed`` and ``fresh``.  What differs is the spread from macro to macro: with
shifts that stay, a macro is good or bad for all images.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from imce.experiment import Accuracy, digits
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # of scikit-learn

from stt_bnn.network import train
from stt_bnn.rows import MODELS, Array, Model, Rows
from stt_bnn.tables import Point


@dataclass(frozen=True)
class Outcome:
    """Of all networks: ideal accuracy, (networks,), and that of each model's macros: (networks, points, macros)."""

    ideal: Array
    real: dict[Model, Array]

    def accuracy(self, model: Model, point: int) -> Accuracy:
        """Mean over the networks (of each, over its macros) with Student's interval."""
        return Accuracy.of(self.real[model][:, point].mean(axis=1))

    def loss(self, model: Model, point: int) -> Accuracy:
        """Of each network against itself with ideal rows: what splits and training add to the spread drops out."""
        return Accuracy.of(self.ideal - self.real[model][:, point].mean(axis=1))

    def spread(self, model: Model, point: int) -> float:
        """Standard deviation of the accuracy from macro to macro of one network."""
        return float(np.sqrt(self.real[model][:, point].var(axis=1, ddof=1).mean()))


def experiment(points: Sequence[Point], networks: int, macros: int) -> Outcome:
    """Train ``networks`` networks, each on its own split, and run each on ``macros`` macros a point and model.

    A macro keeps its random numbers from point to point, so that points differ by their errors and not by their draws.
    """
    ideal = np.empty(networks)
    real: dict[Model, Array] = {model: np.empty((networks, len(points), macros)) for model in MODELS}
    with threadpool_limits(1):  # the products are small
        for seed in range(networks):
            seen, unseen, seen_labels, unseen_labels = digits(seed)
            network = train(seen, seen_labels, np.random.default_rng(seed))
            ideal[seed] = network.accuracy(unseen, unseen_labels)
            for model, found in real.items():
                for row, point in enumerate(points):
                    for macro in range(macros):
                        rng = np.random.default_rng([seed, macro])
                        build = partial(Rows, errors=point.errors, model=model, rng=rng)
                        found[seed, row, macro] = network.accuracy(unseen, unseen_labels, build)
            print(f"network {seed}: ideal accuracy {ideal[seed]:.3f}", file=sys.stderr)
    return Outcome(ideal, real)


def rises(points: Sequence[Point], outcome: Outcome, model: Model) -> list[tuple[Point, Point]]:
    """Pairs on the axis sigma where the larger one loses less than the smaller by more than both intervals allow."""
    rows = [row for row, point in enumerate(points) if point.axis == "sigma"]
    losses = {row: outcome.loss(model, row) for row in rows}
    return [
        (points[few], points[many])
        for few in rows
        for many in rows
        if points[few].errors.sigma_total < points[many].errors.sigma_total and losses[many].high < losses[few].low
    ]
