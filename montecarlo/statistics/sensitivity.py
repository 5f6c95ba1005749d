"""Which variation points drive a margin or a measure, from the campaign's own trials.

Two figures for each standard-normal coordinate (a variation point, or a global variation):

- ``rank``: Spearman's rank correlation, signed; -0.8 says that the measure falls where the point rises.
- ``share``: first-order Sobol index, the part of the variance that is explained by this coordinate alone, whatever the shape of
  the dependence.  The trials are sorted by the coordinate into bins of equal size; the variance of the bins' means is that
  part (Plischke, Reliab. Eng. Syst. Saf. 95, 354 (2010), doi:10.1016/j.ress.2009.12.005), less what bins of pure noise would show
  (Kelley's epsilon squared, 1935).  None with fewer than :data:`FEWEST_SHARE` trials.  Shares add up to at most 1; what is
  missing acts only together with other points.

A coordinate is listed if one of the two differs from 0 at the level :data:`LEVEL` (Bonferroni over the coordinates).  At most
:data:`MOST_TRIALS` trials are used, the first ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtri, ndtri

from montecarlo.running.store import Store
from montecarlo.running.subject import Drawn
from montecarlo.samplers import NOMINAL
from spicekit.outcome import Outcome
from spicekit.waves import Array

MOST_TRIALS = 20_000
MOST_NUMBERS = 4_000_000  # trials x coordinates held at a time: 32 MB
FEWEST = 50  # trials for a rank correlation
FEWEST_SHARE = 1000
TOP = 8  # points listed
LEVEL = 0.01


def sensitivity(campaign: Drawn, store: Store) -> dict[str, Any]:
    """For every margin (its gap, high minus low) and every measure that is not a fraction: the points that drive it most.

    ``{"trials": n, "margins": {NAME: [{"point", "rank", "share"}, ...]}, "measures": {NAME: [...]}}``
    """
    bench, labels = campaign.bench, campaign.space.labels
    trials = min(campaign.trials, MOST_TRIALS, max(MOST_NUMBERS // max(len(labels), 1), FEWEST))
    table = store.parts.head(trials)
    ok = table["outcome"] == str(Outcome.OK)
    empty: dict[str, Any] = {"trials": int(ok.sum()), "margins": {}, "measures": {}}
    if campaign.sampler == NOMINAL or ok.sum() < FEWEST:
        return empty
    z = campaign.normals(0, trials)[ok]
    orders = np.argsort(z, axis=0, kind="stable")
    margins = {margin.name: table[margin.high][ok] - table[margin.low][ok] for margin in bench.margins()}
    measures = {measure.name: table[measure.name][ok] for measure in bench.measures() if not measure.fraction}
    return {
        "trials": int(ok.sum()),
        "margins": {name: drivers(orders, values, labels) for name, values in margins.items()},
        "measures": {name: drivers(orders, values, labels) for name, values in measures.items()},
    }


def drivers(orders: NDArray[np.int64], values: Array, labels: list[str]) -> list[dict[str, Any]]:
    """The coordinates that drive ``values`` (shape (trials,)), the strongest first.

    ``orders`` sorts the trials by each coordinate, shape (trials, dimensions); ``labels`` names the coordinates.
    """
    trials, dimensions = orders.shape
    if np.isnan(values).any() or np.all(values == values[0]):
        return []
    ranks = ranked(values)
    rank = rank_correlation(orders, ranks)
    strong = np.abs(rank) > -ndtri(LEVEL / (2 * dimensions)) / np.sqrt(trials - 1)
    share = None
    if trials >= FEWEST_SHARE and np.isfinite(values).all():
        share, surprising = first_order(orders, values, LEVEL / dimensions)
        strong |= surprising
    weight = rank**2 if share is None else np.maximum(share, rank**2)
    chosen = [index for index in np.argsort(-weight, kind="stable") if strong[index]][:TOP]
    return [
        {"point": labels[i], "rank": float(rank[i]), "share": None if share is None else float(max(share[i], 0.0))}
        for i in chosen
    ]


def ranked(values: Array) -> Array:
    """Ranks from 1, equal values share the mean of theirs; those beyond a limit (-inf, inf) are the lowest and the highest.

    That of ``scipy.stats``, which takes most of a second to import: every campaign would wait for it.
    """
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(count) - (count - 1) / 2)[place])


def rank_correlation(orders: NDArray[np.int64], ranks: Array) -> Array:
    """Spearman's rho of every coordinate with a measure of the given ``ranks``, shape (dimensions,)."""
    trials = len(ranks)
    places = np.arange(1, trials + 1) - (trials + 1) / 2
    centred = ranks - ranks.mean()
    length = np.sqrt((places**2).sum() * (centred**2).sum())
    return np.array([float(places @ centred[order]) / length for order in orders.T])


def first_order(orders: NDArray[np.int64], values: Array, level: float) -> tuple[Array, NDArray[np.bool_]]:
    """First-order index of every coordinate, and whether it differs from 0 (F test at ``level``), both shape (dimensions,)."""
    trials = len(values)
    bins = min(50, trials // 50)
    edges = np.linspace(0, trials, bins + 1).astype(int)
    sizes = np.diff(edges)
    centred = values - values.mean()
    total = float((centred**2).sum())
    between = np.array([float((np.add.reduceat(centred[order], edges[:-1]) ** 2 / sizes).sum()) for order in orders.T])
    explained = between / total
    share = 1 - (trials - 1) / (trials - bins) * (1 - explained)
    f = explained / np.maximum(1 - explained, 1e-300) * (trials - bins) / (bins - 1)
    return share, np.asarray(f > fdtri(bins - 1, trials - bins, 1 - level))
