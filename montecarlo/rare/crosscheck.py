"""A check of the method where plain Monte Carlo can see: at a limit relaxed until a few per cent of the trials fail.

The limit is moved until 2 % of a thousand plain trials fail.  The same design points, drawn in along their lines to the moved
limit, and the same sampling give an estimate of the same probability.  If the two disagree, a failure region was missed or
the limit state is not what the search took it for, and the rare estimate deserves the same distrust.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from montecarlo.rare.estimate import Estimate, from_counts
from montecarlo.rare.explore import Exploration
from montecarlo.rare.form import DesignPoint, crossings
from montecarlo.rare.importance import sample
from montecarlo.rare.state import LimitState, Spent, joined

PLAIN = 1000  # plain trials in all
RELAXED = 0.02  # of them fail
TARGET = 0.15  # coefficient of variation of the importance sampling; plain Monte Carlo has 0.22 here
DOUBT = 2.58  # standard deviations between the two from which on they disagree (1 % by chance)


@dataclass(frozen=True)
class CrossCheck:
    """Two estimates of the failure probability at a relaxed limit, ``moved`` in the limit state's own scale."""

    moved: float
    plain: Estimate
    sampled: Estimate

    @property
    def agree(self) -> bool:
        difference = abs(math.log(self.plain.probability / self.sampled.probability))
        return difference <= DOUBT * math.sqrt(math.log1p(self.plain.cov**2) + math.log1p(self.sampled.cov**2))


def crosscheck(state: LimitState, explored: Exploration, points: list[DesignPoint], rng: np.random.Generator) -> CrossCheck | str:
    """Both estimates, or why there are none."""
    if explored.discrete:
        return "the limit state takes a few values only, so its limit cannot be relaxed"
    try:
        more = state("cross-check", rng.standard_normal((PLAIN - len(explored.plain), state.dimensions)))
    except Spent:
        return "no trials were left for it"
    plain = joined([explored.plain, more])
    known = np.sort(plain.g[~plain.lost])
    index = int(RELAXED * len(known))
    moved = float(known[index - 1] + known[index]) / 2
    if moved <= 0:
        return "the limit itself is within reach of plain trials"
    relaxed = LimitState(lambda _, z: state("cross-check", z).g[None] - moved, state.dimensions, state.left)
    drawn_in = []
    for point in points:
        distances, g = point.line
        distance = crossings(distances, g - moved)
        if distance:
            drawn_in.append(DesignPoint(point.direction * distance, (distances, g - moved)))
    if not drawn_in:
        return "no design point's line crosses the relaxed limit"
    sampled = sample(relaxed, explored, drawn_in, TARGET, rng, "cross-check")
    if sampled is None:
        return "no trials were left for it"
    estimate = sampled.estimate(0.0)
    if estimate.probability == 0:
        return "no trial of the importance sampling failed at the relaxed limit"
    return CrossCheck(moved, from_counts(index, int(plain.lost.sum()), len(plain)), estimate)
