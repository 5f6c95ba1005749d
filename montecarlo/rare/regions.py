"""Failure regions: the design point of each one found."""

from __future__ import annotations

import numpy as np

from montecarlo.rare import form, labels
from montecarlo.rare.explore import Exploration, widen
from montecarlo.rare.form import DesignPoint
from montecarlo.rare.state import LimitState, Spent, Trials
from spicekit.waves import Array

SEARCHES = 5  # at most, from different starts
KEPT = 0.5  # of all trials: once a point is known, what a further search may not touch
AWAY = 0.75  # of a point's distance, along its direction: a failing trial nearer than that is none of its region


def find_regions(state: LimitState, explored: Exploration, rng: np.random.Generator) -> list[DesignPoint]:
    """Design points, the nearest first; none if no trial was made to fail.

    Starts: down the slope of the plain trials (for each comparison, if there are several), opposite to the first point found,
    and from failing trials of widened sigmas that lie away from all points found so far.
    """
    found: list[DesignPoint] = []
    try:
        starts = [] if explored.discrete else _slopes(state, explored)
        for start in starts:
            add(found, seek(state, explored, start))
        wide = widen(state, rng)
        if found:
            add(found, seek(state, explored, -found[0].u))
        for _ in range(max(SEARCHES - len(starts) - 1, 1)):
            outside = outsider(wide, found)
            if outside is None or (found and state.left < KEPT * state.most):
                break
            known = len(found)
            add(found, seek(state, explored, outside))
            if len(found) == known:  # it led to a point that is known, so the others of its side would too
                break
    except Spent:
        pass
    return sorted(found, key=lambda point: point.beta)


def seek(state: LimitState, explored: Exploration, start: Array) -> DesignPoint | None:
    """One search, by gradient or by labels as the limit state is."""
    return labels.search(state, start) if explored.discrete else form.search(state, start)


def add(found: list[DesignPoint], point: DesignPoint | None) -> None:
    """Add ``point`` to ``found`` unless it is one of them."""
    if point is not None and not any(point.looks_like(other) for other in found):
        found.append(point)


def outsider(trials: Trials, found: list[DesignPoint]) -> Array | None:
    """The likeliest failing trial that is away from all points ``found``."""
    failing = trials.z[trials.fails]
    norms = np.linalg.norm(failing, axis=1)
    for index in np.argsort(norms, kind="stable"):
        if all(failing[index] @ point.direction < AWAY * point.beta for point in found):
            return np.asarray(failing[index])
    return None


def _slopes(state: LimitState, explored: Exploration) -> list[Array]:
    """Directions, of length 1, down the slopes of the plain trials; regression needs more trials than coordinates."""
    if len(explored.plain) < 2 * state.dimensions:
        return []
    count = len(explored.plain.comparisons)
    slopes = [explored.slope()] if count == 1 else [explored.slope(index) for index in range(count)]
    # without their length, which is in the comparison's unit: a search reaches at least as far as its start is long
    return [-slope / np.linalg.norm(slope) for slope in slopes if np.linalg.norm(slope) > 0][: SEARCHES - 2]
