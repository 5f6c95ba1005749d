"""The first trials: is the failure rare, is its limit state smooth, and where do failures lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from montecarlo.rare.state import LimitState, Trials, joined
from spicekit.waves import Array

PLAIN = 500  # trials as nature draws them
WIDE = 200  # trials with larger sigmas, a batch
WIDENINGS = (3.0, 4.5, 6.0)  # factors on all sigmas, tried in turn until a trial fails
FEW_VALUES = 10  # a limit state with fewer different values than that has no gradient


@dataclass(frozen=True)
class Exploration:
    """Plain trials, and what follows from them."""

    plain: Trials

    @property
    def discrete(self) -> bool:
        """Whether the limit state takes a few values only, as a decision does that is right or wrong."""
        known = self.plain.g[~self.plain.lost]
        return len(np.unique(known)) < FEW_VALUES

    @property
    def lost(self) -> float:
        """Fraction of plain trials that did not converge."""
        return float(self.plain.lost.mean())

    @property
    def probability(self) -> float:
        """Fraction of the converged trials that fail."""
        return float(self.plain.fails.sum()) / max(int((~self.plain.lost).sum()), 1)

    def slope(self, comparison: int | None = None) -> Array:
        """Gradient of g, or of one comparison, by linear regression over the plain trials, shape (dimensions,)."""
        values = self.plain.g if comparison is None else self.plain.comparisons[comparison]
        return regression(self.plain.z, values)


def explore(state: LimitState, rng: np.random.Generator) -> Exploration:
    """Plain trials; they set the scale of every comparison."""
    state("plain", rng.standard_normal((PLAIN, state.dimensions)))
    state.calibrate()
    return Exploration(joined([trials for _, trials in state.history]))


def widen(state: LimitState, rng: np.random.Generator) -> Trials:
    """Trials with larger sigmas: the first widening with a failure ends it, else all of them."""
    found = []
    for factor in WIDENINGS:
        found.append(state("wide", factor * rng.standard_normal((WIDE, state.dimensions))))
        if found[-1].fails.any():
            break
    return joined(found)


def regression(z: Array, values: Array) -> Array:
    """Slopes of a linear least-squares fit with a constant; of the shortest such vector where the fit is not unique."""
    good = np.isfinite(values)
    centre = z[good].mean(axis=0)
    return np.asarray(np.linalg.lstsq(z[good] - centre, values[good] - values[good].mean(), rcond=None)[0])
