"""The experiment: networks of both forms trained on the digits, run on chips drawn at each operating point."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from imce.experiment import Accuracy, digits
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # of scikit-learn

from spiking.layers import MODELS, Array, Model
from spiking.network import Form
from spiking.tables import Point
from spiking.training import train


@dataclass(frozen=True)
class Outcome:
    """Of all networks of one form: ideal accuracy, (networks,); each model's chips, (networks, points, chips).

    ``exact`` says of each network whether a circuit without errors makes the same spikes; ``spike_errors``, (networks, points,
    layers), is the fraction of steps with firing in which spikes differ (model ``cells``), a layer's inputs being right.
    """

    ideal: Array
    real: dict[Model, Array]
    exact: tuple[bool, ...]
    spike_errors: Array

    def accuracy(self, model: Model, point: int) -> Accuracy:
        """Mean over the networks (of each, over its chips) with Student's interval."""
        return Accuracy.of(self.real[model][:, point].mean(axis=1))

    def loss(self, model: Model, point: int) -> Accuracy:
        """Of each network against itself with ideal rows and neurons: what splits and training add to the spread drops out."""
        return Accuracy.of(self.ideal - self.real[model][:, point].mean(axis=1))

    def spread(self, model: Model, point: int) -> float:
        """Standard deviation of the accuracy from chip to chip of one network."""
        return float(np.sqrt(self.real[model][:, point].var(axis=1, ddof=1).mean()))


def experiment(form: Form, points: Sequence[Point], networks: int, chips: int, epochs: int = 40) -> Outcome:
    """Train ``networks`` networks, each on its own split, and run each on ``chips`` chips a point and model.

    A chip keeps its random numbers from point to point, and stochastic inputs are the same for ideal network and all chips, so
    that what differs are the deviations and not the draws.
    """
    ideal, exact = np.empty(networks), []
    real: dict[Model, Array] = {model: np.empty((networks, len(points), chips)) for model in MODELS}
    wrong = np.empty((networks, len(points), 3))
    with threadpool_limits(1):  # the products are small
        for seed in range(networks):
            seen, unseen, seen_labels, unseen_labels = digits(seed)
            network = train(form, seen, seen_labels, np.random.default_rng(seed), epochs)
            inputs = form.encode(unseen, np.random.default_rng([seed, 1]))
            ideal[seed] = network.accuracy(inputs, unseen_labels)
            exact.append(network.exact(inputs))
            for row, point in enumerate(points):
                wrong[seed, row] = network.spike_errors(inputs, point.errors, "cells", np.random.default_rng([seed, 2]))
                for model, found in real.items():
                    for chip in range(chips):
                        rng = np.random.default_rng([seed, 3, chip])
                        found[seed, row, chip] = network.accuracy(inputs, unseen_labels, point.errors, model, rng)
            print(f"{form.name}, network {seed}: ideal accuracy {ideal[seed]:.3f}", file=sys.stderr)
    return Outcome(ideal, real, tuple(exact), wrong)


def rises(points: Sequence[Point], outcome: Outcome, model: Model) -> list[tuple[Point, Point]]:
    """Pairs on the axis ``scale`` where the larger one loses less than the smaller by more than both intervals allow."""
    rows = [row for row, point in enumerate(points) if point.axis == "scale"]  # rising
    losses = {row: outcome.loss(model, row) for row in rows}
    return [
        (points[few], points[many]) for few in rows for many in rows if few < many and losses[many].high < losses[few].low
    ]  # fmt: skip
