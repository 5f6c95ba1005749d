"""Latin hypercube: every coordinate is stratified over all trials (scipy's, McKay et al. 1979)."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from spicekit.waves import Array


class LatinHypercubeSampler:
    """One draw of the whole design: it depends on the number of trials, which a campaign therefore cannot extend."""

    def __init__(self, seed: int, trials: int, dimensions: int) -> None:
        self._unit = qmc.LatinHypercube(dimensions, rng=np.random.default_rng(seed)).random(trials)

    def normals(self, first: int, last: int) -> Array:
        return np.asarray(ndtri(self._unit[first:last]))
