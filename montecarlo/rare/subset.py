"""Method ``subset``: subset simulation (Au and Beck, Prob. Eng. Mech. 16, 263 (2001), doi:10.1016/S0266-8920(01)00019-4).

The failure probability is a product of conditional ones: of the trials that fall below a level of g, the worst tenth sets the
next level, and Markov chains that start from them fill it again.  It needs neither a gradient nor a design point and does not
mind many coordinates; it costs some thousand trials a factor of ten and a half.  The chains move by conditional sampling with an
adapted step (Papaioannou et al., Prob. Eng. Mech. 41, 89 (2015), doi:10.1016/j.probengmech.2015.06.006).

All chains of a level advance together, so a batch is as long as there are chains.  Independent runs are averaged until the
coefficient of variation is met.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from montecarlo.rare.estimate import Estimate, interval
from montecarlo.rare.explore import Exploration
from montecarlo.rare.state import LimitState, Spent, Trials, joined

LEVEL = 1000  # trials a level
PART = 0.1  # of them that pass on to the next
LEVELS = 20  # 1e-20
ACCEPTED = 0.44  # fraction of moves accepted that the step aims at


@dataclass(frozen=True)
class SubsetRun:
    """One run of subset simulation."""

    probability: float
    variance: float  # of the logarithm, from the levels' own scatter and the chains' correlation
    lost: float  # probability of trials that did not converge, were all of them failures
    failing: Trials


def estimate(state: LimitState, explored: Exploration, target: float, rng: np.random.Generator) -> tuple[Estimate, Trials] | None:
    """The estimate and failing trials, evenly weighted; None if not one run could be finished."""
    runs: list[SubsetRun] = []
    try:
        while not runs or math.inf > _summed(runs).cov > target:
            runs.append(run(state, explored.plain if not runs else None, rng))
    except Spent:
        pass
    if not runs:
        return None
    return _summed(runs), joined([one.failing for one in runs])


def _summed(runs: list[SubsetRun]) -> Estimate:
    values = np.array([one.probability for one in runs])
    p = float(values.mean())
    lost = float(np.mean([one.lost for one in runs]))
    if not all(math.isfinite(one.variance) for one in runs):
        return Estimate(p, math.inf, (0.0, 1.0), p, min(p + lost, 1.0), 0.0)
    inner = math.sqrt(sum((one.probability**2) * math.expm1(one.variance) for one in runs)) / len(runs)
    # what the runs differ by knows of correlations between levels too, but means little for two or three of them
    outer = float(values.std(ddof=1)) / math.sqrt(len(runs)) if len(runs) > 3 else 0.0
    cov = max(inner, outer) / p if p else math.inf
    return Estimate(p, cov, interval(p, cov), p, min(p + lost, 1.0), 1 / cov**2 if cov else math.inf)


def run(state: LimitState, plain: Trials | None, rng: np.random.Generator) -> SubsetRun:
    """One run; ``plain`` are trials that the first level can use.  Raises :class:`Spent` if the trials do not suffice."""
    have = [] if plain is None else [plain]
    level = joined([*have, state("level 0", rng.standard_normal((LEVEL - sum(map(len, have)), state.dimensions)))])
    chains = [np.arange(len(level))]
    probability, variance, lost, step = 1.0, 0.0, float(level.lost.mean()), 0.6
    for number in range(1, LEVELS + 1):
        fraction = float(level.fails.mean())
        if fraction >= PART or number == LEVELS:
            variance += _variance(level.fails, chains)
            return SubsetRun(probability * fraction, variance, lost, level[level.fails])
        seeds = np.argsort(level.g, kind="stable")[: int(PART * LEVEL)]  # NaN last: a lost trial passes no level
        limit = float(level.g[seeds[-1]])
        passed = level.g <= limit
        if not 0 < passed.mean() < 0.5:  # the worst tenth is no worse than the rest: the limit state has no levels
            return SubsetRun(probability * fraction, math.inf, lost, level[level.fails])
        variance += _variance(passed, chains)
        probability *= float(passed.mean())
        level, chains, missing, step = climb(state, level[seeds], limit, step, f"level {number}", rng)
        lost += probability * missing
    raise AssertionError


def climb(
    state: LimitState, seeds: Trials, limit: float, step: float, stage: str, rng: np.random.Generator
) -> tuple[Trials, list[NDArray[np.int64]], float, float]:
    """Fill a level from its seeds: trials, the chain of each, fraction of lost moves, and the step for the next level.

    A move keeps the correlation sqrt(1 - step^2) with the present state, which leaves the standard normal invariant; it is
    taken if it stays below the level.
    """
    here, parts, lost = seeds, [seeds], 0
    for turn in range(LEVEL // len(seeds) - 1):
        moved = math.sqrt(1 - step * step) * here.z + step * rng.standard_normal(here.z.shape)
        tried = state(stage, moved)
        lost += int(tried.lost.sum())
        taken = tried.g <= limit
        here = Trials(
            np.where(taken[:, None], tried.z, here.z),
            np.where(taken, tried.comparisons, here.comparisons),
            np.where(taken, tried.g, here.g),
        )
        parts.append(here)
        step = float(np.clip(step * math.exp((taken.mean() - ACCEPTED) / math.sqrt(turn + 1)), 0.05, 1.0))
    count = len(seeds)
    chains = [np.arange(len(parts)) * count + chain for chain in range(count)]
    return joined(parts), chains, lost / (count * (len(parts) - 1)), step


def _variance(passed: NDArray[np.bool_], chains: list[NDArray[np.int64]]) -> float:
    """Variance of the logarithm of a level's fraction, with the correlation along its chains (Au and Beck, eq. 29)."""
    p = float(passed.mean())
    if p in (0.0, 1.0):
        return 0.0 if p else math.inf
    gamma = 0.0
    if len(chains) > 1:
        table = np.array([passed[chain] for chain in chains], dtype=float) - p
        length = table.shape[1]
        for lag in range(1, length):
            rho = float((table[:, :-lag] * table[:, lag:]).mean()) / (p * (1 - p))
            gamma += 2 * (1 - lag / length) * rho
    return (1 - p) / (p * len(passed)) * (1 + max(gamma, 0.0))
