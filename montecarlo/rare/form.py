"""The most probable failure point, by the gradient of the limit state: the first-order reliability method (FORM).

Of all points with g = 0 it is the one nearest to the origin of the standard-normal space; its distance is beta, and the
squared direction cosines tell how much each coordinate contributes (Hasofer and Lind, J. Eng. Mech. 100, 111 (1974)).

The step is that of Rackwitz and Fiessler (Comput. Struct. 9, 489 (1978), doi:10.1016/0045-7949(78)90046-9), its length by the
merit function of Zhang and Der Kiureghian (iHLRF, 1995).  Both parts are batches, because a batch costs little more than a trial
where trials are swept or many workers wait: the gradient is one batch of dimensions + 1 trials, the line search one of
several lengths at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from montecarlo.rare.state import LimitState, Trials
from spicekit.waves import Array

REACH = 10.0  # sigmas: a limit state that is beyond is as good as never reached (1e-23)
LENGTHS = np.array([1.0, 0.6, 0.3, 0.1])  # of a step, tried at once
DIFFERENCE = 0.2  # sigmas: far above a transient's numerical noise; the sampling afterwards mends what curvature does to it
NEAR = 0.05  # sigmas from g = 0 at which the search ends
ALIGNED = 0.3  # sigmas that the point may lie off its own normal
STEPS = 12
POINTS = 9  # of a line


@dataclass(frozen=True)
class DesignPoint:
    """The most probable failure point of one failure region."""

    u: Array  # standard-normal coordinates
    line: tuple[Array, Array]  # limit state along the line from the origin through it: distance in sigmas, g

    @property
    def beta(self) -> float:
        """Distance from the origin, in sigmas."""
        return float(np.linalg.norm(self.u))

    @property
    def direction(self) -> Array:
        return np.asarray(self.u / self.beta)

    def looks_like(self, other: DesignPoint) -> bool:
        return float(self.direction @ other.direction) > 0.9


def search(state: LimitState, direction: Array) -> DesignPoint | None:
    """The design point that is found from where ``direction`` first meets the limit state; None if there is none in reach.

    Raises :class:`Spent` if the trials do not suffice.
    """
    start = cross(state, direction)
    if start is None or not start.any():
        return None
    u = start
    for _ in range(STEPS):
        g, slope = gradient(state, u)
        steepness = float(np.linalg.norm(slope))
        if not steepness > 0:
            return None
        normal = -slope / steepness
        if abs(g) / steepness < NEAR and np.linalg.norm(u - (u @ normal) * normal) < ALIGNED:
            break
        target = normal * (u @ normal + g / steepness)
        if np.linalg.norm(target) > REACH:
            target *= REACH / np.linalg.norm(target)
        candidates = u + np.outer(LENGTHS, target - u)
        tried = state("search", candidates)
        penalty = 2 * max(np.linalg.norm(target), np.linalg.norm(u)) / steepness
        merit = (candidates**2).sum(axis=1) / 2 + penalty * np.abs(tried.g)
        if tried.lost.all():
            return None
        u = candidates[int(np.nanargmin(merit))]
    else:
        return None
    beta = float(np.linalg.norm(u))
    distances, along = line(state, u / beta, 1.3 * beta)
    return DesignPoint(u * ((crossings(distances, along) or beta) / beta), (distances, along))


def gradient(state: LimitState, u: Array) -> tuple[float, Array]:
    """g and its gradient at ``u``, by forward differences in one batch; a coordinate whose trial is lost counts as flat."""
    trials = state("search", np.vstack([u, u + DIFFERENCE * np.eye(len(u))]))
    g = float(trials.g[0])
    return g, np.nan_to_num((trials.g[1:] - g) / DIFFERENCE)


def cross(state: LimitState, direction: Array) -> Array | None:
    """The first point in ``direction`` with g = 0; None if there is none within reach, or as far as ``direction`` is long."""
    length = float(np.linalg.norm(direction))
    unit = direction / length
    distances, g = line(state, unit, max(REACH, 1.01 * length))
    distance = crossings(distances, g)
    lost = np.flatnonzero(np.isnan(g))
    if distance is None and len(lost) and lost[0] > 0:  # failures may lie just before where nothing converges
        distance = crossings(*line(state, unit, distances[lost[0]], distances[lost[0] - 1]))
    return None if distance is None else unit * distance


def line(state: LimitState, unit: Array, reach: float, start: float = 0.0) -> tuple[Array, Array]:
    """Limit state along ``unit``: :data:`POINTS` distances in sigmas, from ``start`` to ``reach``, and g."""
    distances = np.linspace(start, reach, POINTS)
    trials: Trials = state("search", np.outer(distances, unit))
    return distances, trials.g


def crossings(distances: Array, g: Array) -> float | None:
    """Where g first falls below 0, between the trials that converged; None if it does not."""
    good = np.isfinite(g)
    distances, g = distances[good], g[good]
    below = np.flatnonzero(g < 0)
    if len(below) == 0:
        return None
    after = int(below[0])
    if after == 0:
        return float(distances[0])
    before = after - 1
    return float(np.interp(0.0, [g[after], g[before]], [distances[after], distances[before]]))
