"""The most probable failure point where a trial only fails or does not: a decision has no gradient to follow.

The boundary is found by halving along a line.  Its normal there comes from trials scattered around: for normally distributed
trials the least-squares slopes of the 0/1 outcome point along the normal (Brillinger, in "A Festschrift for Erich L. Lehmann",
1982).  The line along that normal meets the boundary nearer to the origin; and so on.  The idea of shifting to the
least-norm failing point is that of Dolecek et al. (ICCAD 2008, doi:10.1109/ICCAD.2008.4681593).
"""

from __future__ import annotations

import numpy as np

from montecarlo.rare.explore import regression
from montecarlo.rare.form import REACH, DesignPoint
from montecarlo.rare.state import LimitState
from spicekit.waves import Array

POINTS = 11  # a line, twice: the boundary to 1 % of the reach
SCATTER = 0.7  # sigmas around the boundary
AROUND = (150, 1000)  # trials there: eight a coordinate, within these limits
STEPS = 8
NEARER = 0.1  # sigmas that a step must gain for another one


def search(state: LimitState, direction: Array) -> DesignPoint | None:
    """The design point that is found from where ``direction`` first fails; None if no trial fails along it within reach.

    Raises :class:`Spent` if the trials do not suffice.
    """
    rng = np.random.default_rng(0)  # the scatter around a point; nothing random in the estimate hangs on it
    length = float(np.linalg.norm(direction))
    unit = direction / length
    found = boundary(state, unit, max(REACH, 1.01 * length))
    if found is None or found[0] == 0:
        return None
    offsets: list[Array] = []
    labels: list[Array] = []
    count = int(np.clip(8 * state.dimensions, *AROUND))
    for _ in range(STEPS):
        offsets.append(SCATTER * rng.standard_normal((count, state.dimensions)))
        trials = state("search", unit * found[0] + offsets[-1])
        labels.append(np.where(trials.lost, np.nan, np.where(trials.fails, 1.0, 0.0)))
        # all places so far together: their normals differ less than few trials of many coordinates scatter
        slope = regression(np.concatenate(offsets), np.concatenate(labels))
        steepness = float(np.linalg.norm(slope))
        if steepness == 0:  # all alike: a thin or far region, keep to what failed
            break
        turned = slope / steepness
        nearer = boundary(state, turned, max(REACH, 1.01 * found[0]))
        if nearer is None:  # turned too far: half the way back
            turned = (turned + unit) / np.linalg.norm(turned + unit)
            nearer = boundary(state, turned, max(REACH, 1.01 * found[0]))
        if nearer is None or nearer[0] >= found[0]:
            break
        gained = found[0] - nearer[0]
        unit, found = turned, nearer
        if gained < NEARER:
            break
    return DesignPoint(unit * found[0], (found[1], found[2]))


def boundary(state: LimitState, unit: Array, reach: float) -> tuple[float, Array, Array] | None:
    """Distance at which trials along ``unit`` first fail, with the distances tried and their limit state."""
    coarse = np.linspace(0, reach, POINTS)
    trials = state("search", np.outer(coarse, unit))
    failing = np.flatnonzero(trials.fails)
    if len(failing) == 0:
        return None
    last = int(failing[0])
    fine = np.linspace(coarse[max(last - 1, 0)], coarse[last], POINTS)
    closer = state("search", np.outer(fine, unit))
    distances = np.concatenate([coarse, fine])
    order = np.argsort(distances, kind="stable")
    nearest = fine[closer.fails][0] if closer.fails.any() else coarse[last]
    return float(nearest), distances[order], np.concatenate([trials.g, closer.g])[order]
