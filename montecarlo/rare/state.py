"""The limit state as the methods see it: trials in, g out, every one counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spicekit.waves import Array

Simulate = Callable[[str, Array], Array]  # stage, z of shape (trials, dimensions) -> comparisons of shape (comparisons, trials)
Combine = Callable[[Array], Array]  # comparisons -> limit state of shape (trials,)


class Spent(Exception):
    """The trials that were allowed are used up."""


@dataclass(frozen=True)
class Trials:
    """Trials with their limit state: g below 0 fails, NaN did not converge."""

    z: Array  # shape (trials, dimensions)
    comparisons: Array  # shape (comparisons, trials), not scaled
    g: Array  # shape (trials,)

    def __len__(self) -> int:
        return len(self.g)

    @property
    def fails(self) -> NDArray[np.bool_]:
        return np.asarray(self.g < 0)

    @property
    def lost(self) -> NDArray[np.bool_]:
        """Trials that did not converge."""
        return np.isnan(self.g)

    def __getitem__(self, chosen: NDArray[np.bool_] | NDArray[np.int64] | slice) -> Trials:
        return Trials(self.z[chosen], self.comparisons[:, chosen], self.g[chosen])


def joined(parts: list[Trials]) -> Trials:
    """Several batches as one."""
    return Trials(
        np.concatenate([part.z for part in parts]),
        np.concatenate([part.comparisons for part in parts], axis=1),
        np.concatenate([part.g for part in parts]),
    )


def first(comparisons: Array) -> Array:
    """The limit state of a single comparison."""
    return np.asarray(comparisons[0])


class LimitState:
    """g(z) over ``dimensions`` standard-normal coordinates, for at most ``most`` trials.

    Each comparison is divided by its own scale (see :meth:`calibrate`), so that volts and seconds can be weighed against each
    other and the numbers are of the order of 1.
    """

    def __init__(self, simulate: Simulate, dimensions: int, most: int, combine: Combine = first) -> None:
        self.dimensions = dimensions
        self.most = most
        self.scale: Array = np.ones(1)
        self.counts: dict[str, int] = {}  # stage -> trials
        self.history: list[tuple[str, Trials]] = []
        self._simulate = simulate
        self._combine = combine

    @property
    def used(self) -> int:
        return sum(self.counts.values())

    @property
    def left(self) -> int:
        return self.most - self.used

    def __call__(self, stage: str, z: Array) -> Trials:
        """Simulate a batch.  Raises :class:`Spent` if fewer trials than that are left."""
        if len(z) > self.left:
            raise Spent
        comparisons = self._simulate(stage, z)
        self.counts[stage] = self.counts.get(stage, 0) + len(z)
        trials = Trials(z, comparisons, self.combine(comparisons))
        self.history.append((stage, trials))
        return trials

    def combine(self, comparisons: Array) -> Array:
        """Limit state of the scaled comparisons."""
        return self._combine(comparisons / self.scale[:, None])

    def calibrate(self) -> None:
        """Scale every comparison by its standard deviation over the trials so far, whose limit state is that of the new scale."""
        rows = joined([trials for _, trials in self.history]).comparisons
        good = rows[:, np.isfinite(rows).all(axis=0)]
        spread = good.std(axis=1) if good.shape[1] > 1 else np.zeros(len(rows))
        self.scale = np.where(spread > 0, spread, 1.0)
        self.history = [(s, Trials(t.z, t.comparisons, self.combine(t.comparisons))) for s, t in self.history]
