"""The experiment: networks trained on the digits, run on chips whose columns are drawn at each operating point."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from imce.experiment import Accuracy, digits
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # of scikit-learn

from c3cim.columns import Array, Columns, CountErrors
from c3cim.network import Network, bits, train
from c3cim.tables import Point


@dataclass(frozen=True)
class Outcome:
    """Of all networks: ideal accuracy, (networks,), that of the chips, (networks, points, chips), and columns read an image."""

    ideal: Array
    real: Array
    columns: int
    exact: bool  # whether columns without errors gave every score of the integer networks

    def accuracy(self, point: int) -> Accuracy:
        """Mean over the networks (of each, over its chips) with Student's interval."""
        return Accuracy.of(self.real[:, point].mean(axis=1))

    def loss(self, point: int) -> Accuracy:
        """Of each network against itself with ideal columns: what splits and training add to the spread drops out."""
        return Accuracy.of(self.ideal - self.real[:, point].mean(axis=1))


def experiment(points: Sequence[Point], networks: int, chips: int) -> Outcome:
    """Train ``networks`` networks, each on its own split, and run each on ``chips`` chips a point.

    A chip keeps its ranks from point to point, so that points differ by their errors and not by their draws.
    """
    ideal, real, exact, columns = np.empty(networks), np.empty((networks, len(points), chips)), True, 0
    with threadpool_limits(1):  # the products are small
        for seed in range(networks):
            seen, unseen, seen_labels, unseen_labels = digits(seed)
            network = train(seen, seen_labels, np.random.default_rng(seed))
            ideal[seed] = network.accuracy(unseen, unseen_labels)
            exact, columns = exact and same(network, unseen), network.columns
            for row, point in enumerate(points):
                for chip in range(chips):
                    build = partial(Columns, errors=point.errors, rng=np.random.default_rng([seed, chip]))
                    real[seed, row, chip] = network.accuracy(unseen, unseen_labels, build)
            print(f"network {seed}: ideal accuracy {ideal[seed]:.3f}", file=sys.stderr)
    return Outcome(ideal, real, columns, exact)


def same(network: Network, images: Array) -> bool:
    """Whether columns whose errors are 0 give every score of the integer network, which has no columns."""
    values = bits(images).astype(np.int64)
    hidden = (values @ network.weights[0].astype(np.int64) + network.offsets[0] >= 0).astype(np.int64)
    expected = hidden @ network.weights[1].astype(np.int64) + network.offsets[1]
    drawn = partial(Columns, errors=CountErrors.none(), rng=np.random.default_rng(0))
    return all(np.array_equal(network.scores(images, build), expected) for build in (Columns, drawn))


def rises(points: Sequence[Point], outcome: Outcome) -> list[tuple[Point, Point]]:
    """Pairs on the axis spread where the larger one loses less than the smaller by more than both intervals allow."""
    rows = [row for row, point in enumerate(points) if point.axis == "spread"]
    losses = {row: outcome.loss(row) for row in rows}
    return [
        (points[few], points[many])
        for few in rows
        for many in rows
        if float(points[few].value) < float(points[many].value) and losses[many].high < losses[few].low
    ]
