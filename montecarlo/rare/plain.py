"""Method ``mc``: plain Monte Carlo until the coefficient of variation is met."""

from __future__ import annotations

import numpy as np

from montecarlo.rare.estimate import Estimate, from_counts
from montecarlo.rare.explore import Exploration
from montecarlo.rare.state import LimitState, Spent, Trials, joined

BATCH = 1000


def estimate(state: LimitState, explored: Exploration, target: float, rng: np.random.Generator) -> tuple[Estimate, Trials]:
    """The estimate and all plain trials."""
    batches = [explored.plain]
    failures, lost, count = int(explored.plain.fails.sum()), int(explored.plain.lost.sum()), len(explored.plain)
    while not (reached := from_counts(failures, lost, count)).cov <= target and state.left:
        try:
            batch = state("plain", rng.standard_normal((min(BATCH, state.left), state.dimensions)))
        except Spent:
            break
        batches.append(batch)
        failures, lost, count = failures + int(batch.fails.sum()), lost + int(batch.lost.sum()), count + len(batch)
    return reached, joined(batches)
