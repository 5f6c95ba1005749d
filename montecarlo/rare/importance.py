"""Method ``fis``: the most probable failure points by FORM, then importance sampling around them.

A pilot is drawn from standard normals shifted to the design points, each point by its share of the first-order probability.
From its trials follow the surface's curvature at each point and how failures fall off behind it (:class:`.density.Tail`).  Then
one fixed density is used to the end: that tail, and a part of shifted normals, which bounds the weights.  The pilot takes no part
in the estimate, because weights that learn from the trials which they weigh bias it (5 to 10 % low with normal variables); for
the same reason the number of trials is set two or three times, not looked at after every batch.

If one failing trial carries much of the estimate and lies away from all points, a search from it looks for the region that
was missed, and the sampling begins anew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from montecarlo.rare.density import Density, Mixture, Shifted, Tail
from montecarlo.rare.estimate import Estimate, from_weights
from montecarlo.rare.explore import FEW_VALUES, Exploration, regression
from montecarlo.rare.form import DesignPoint
from montecarlo.rare.regions import add, outsider, seek
from montecarlo.rare.state import LimitState, Spent, Trials, joined
from spicekit.waves import Array

PILOT = 200  # trials from the shifted normals alone
FIRST = 300  # trials of the sampling before its length is known
GROWTH = 4.0  # at most, from one length to the next
FEWEST = 50.0  # effective failing trials before an estimate is believed
LEAST_SHARE = 0.1  # of the trials, for a region that is drawn from
NEGLIGIBLE = 1e-3  # first-order probability beside the largest, below which a region is not drawn from
DEFENSIVE = 0.3  # share of the shifted normals beside a tail: no weight is more than 1 / 0.3 of what they alone would give
FEWEST_PILOTS = 10.0  # effective failing trials of the pilot; with fewer, the tail is that of a plane
UNCERTAIN = 0.02  # part of the pilot's failures that may lie in front of where failures are taken to begin
ADVANCE = 0.7  # depths of the failures by which the tail begins earlier: what lies in front has large weights, and few see it
BENT = (-0.7, 8.0)  # limits of beta times curvature: the spread across is between 1.8 and 0.33 sigmas
HEAVY = 0.1  # share of the estimate in one failing trial away from all points that starts a search


@dataclass
class Sampled:
    """Importance samples with their weights, and the design points that they were drawn around."""

    trials: Trials
    weights: Array
    points: list[DesignPoint]

    def estimate(self, lost_elsewhere: float) -> Estimate:
        return from_weights(self.weights, self.trials.fails, self.trials.lost, lost_elsewhere)

    def shares(self) -> Array:
        """Share of each design point's region: a failing trial counts for the tangent plane that it is furthest behind."""
        failing = self.trials.fails
        behind = [self.trials.z[failing] @ point.direction - point.beta for point in self.points]
        region = np.argmax(behind, axis=0)
        heavy = self.weights[failing]
        total = float(heavy.sum()) or 1.0
        return np.array([heavy[region == index].sum() / total for index in range(len(self.points))])


def sample(
    state: LimitState,
    explored: Exploration,
    points: list[DesignPoint],
    target: float,
    rng: np.random.Generator,
    stage: str = "sampling",
) -> Sampled | None:
    """Draw until the coefficient of variation is ``target`` or the trials are used up; None if they suffice for no estimate.

    ``points`` is at least one; a point found on the way is added to it.
    """
    result: Sampled | None = None
    searches = 2
    try:
        pilot = draw(state, propose(points, None), PILOT, points, rng, "pilot")
        density = propose(points, pilot)
        result = draw(state, density, FIRST, points, rng, stage)
        while True:
            stranger = missed(result) if searches else None
            reached = result.estimate(explored.lost)
            if stranger is not None:
                searches -= 1
                known = len(points)
                add(points, seek(state, explored, stranger))
                if len(points) > known:
                    density = propose(points, draw(state, propose(points, None), PILOT, points, rng, "pilot"))
                    result = draw(state, density, FIRST, points, rng, stage)
                continue
            if reached.cov <= target and reached.effective >= FEWEST:
                return result
            have = len(result.trials)
            wanted = have * min(max((reached.cov / target) ** 2 * 1.05, 1.2), GROWTH)
            more = min(int(wanted) - have, state.left)
            if more <= 0:
                return result
            result = together(result, draw(state, density, more, points, rng, stage))
    except Spent:
        return result


def draw(
    state: LimitState, density: Density, count: int, points: list[DesignPoint], rng: np.random.Generator, stage: str
) -> Sampled:
    """A batch from one density, with its weights."""
    trials = state(stage, density.draw(count, rng))
    return Sampled(trials, np.exp(-density.log_ratio(trials.z)), points)


def together(a: Sampled, b: Sampled) -> Sampled:
    """Two batches from the same density."""
    return Sampled(joined([a.trials, b.trials]), np.concatenate([a.weights, b.weights]), a.points)


def propose(points: list[DesignPoint], pilot: Sampled | None) -> Density:
    """The shifted normals, and what ``pilot`` tells of the tails behind each point."""
    first_order = np.array([ndtr(-point.beta) for point in points])
    worth = first_order / first_order.max()
    chosen = [index for index in range(len(points)) if worth[index] >= NEGLIGIBLE]
    share = np.maximum(worth[chosen] / worth[chosen].sum(), LEAST_SHARE)
    share /= share.sum()
    parts: list[Density] = []
    shares: list[float] = []
    for index, part in zip(chosen, share, strict=True):
        tail = None if pilot is None else fit_tail(points, index, pilot)
        parts += [Shifted(points[index].u)] if tail is None else [Shifted(points[index].u), tail]
        shares += [float(part)] if tail is None else [float(part) * DEFENSIVE, float(part) * (1 - DEFENSIVE)]
    return Mixture(parts, shares)


def fit_tail(points: list[DesignPoint], index: int, pilot: Sampled) -> Tail:
    """The tail behind a point, from the pilot's trials that are nearest to it."""
    point = points[index]
    distances = [((pilot.trials.z - other.u) ** 2).sum(axis=1) for other in points]
    mine = np.argmin(distances, axis=0) == index
    trials = pilot.trials[mine]
    heavy = np.where(trials.fails, pilot.weights[mine], 0.0)
    curved = curvature(point, trials)
    nearest, depth = point.beta, 1 / point.beta  # of a plane
    if heavy.any() and heavy.sum() ** 2 / (heavy**2).sum() > FEWEST_PILOTS:
        behind = trials.z @ point.direction - Tail(point.direction, 0.0, 1.0, curved, point.beta).bend(trials.z)
        order = np.argsort(behind, kind="stable")
        nearest = float(behind[order][np.searchsorted(np.cumsum(heavy[order]), UNCERTAIN * heavy.sum())])
        depth = max(float(np.average(behind, weights=heavy)) - nearest, 0.05)
    return Tail(point.direction, nearest - ADVANCE * depth, 1 / ((1 + ADVANCE) * depth), curved, point.beta)


def curvature(point: DesignPoint, trials: Trials) -> Array:
    """Curvature of the limit state's surface at ``point``, by quadratic regression, shape (dimensions, dimensions).

    Where the trials do not suffice for all coordinates, it is that of the ones which matter most; of a limit state that has
    few values, nought.
    """
    count, dimensions = len(trials), len(point.u)
    x, g = trials.z[~trials.lost] - point.u, trials.g[~trials.lost]
    flat = np.zeros((dimensions, dimensions))
    if len(np.unique(g)) < FEW_VALUES:
        return flat
    spare = count / 2 - 1 - dimensions
    active = min(dimensions, int((math.sqrt(1 + 8 * max(spare, 0.0)) - 1) / 2))
    if active == 0:
        return flat
    rest = g - g.mean() - x @ regression(x, g)
    squares = x**2 - (x**2).mean(axis=0)
    strength = np.abs(squares.T @ rest) / np.sqrt((squares**2).sum(axis=0) * (rest**2).sum() + 1e-300)
    chosen = np.sort(np.argsort(-np.maximum(strength, np.abs(point.direction)), kind="stable")[:active])
    rows, columns = np.triu_indices(active)
    slopes = regression(np.hstack([x, x[:, chosen[rows]] * x[:, chosen[columns]]]), g)
    steepness = -float(slopes[:dimensions] @ point.direction)
    if steepness <= 0:
        return flat
    hessian = flat.copy()
    hessian[chosen[rows], chosen[columns]] = slopes[dimensions:]
    hessian = (hessian + hessian.T) / steepness
    across = np.eye(dimensions) - np.outer(point.direction, point.direction)
    values, vectors = np.linalg.eigh(across @ hessian @ across)
    values = np.clip(values, BENT[0] / point.beta, BENT[1] / point.beta)
    return np.asarray(vectors * values @ vectors.T)


def missed(result: Sampled) -> Array | None:
    """A failing trial that carries much of the estimate and is away from all points."""
    fails = result.trials.fails
    total = result.weights[fails].sum()
    return outsider(result.trials[fails & (result.weights > HEAVY * total)], result.points) if total else None
