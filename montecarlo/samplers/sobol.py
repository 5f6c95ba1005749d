"""Sobol' sequence with Owen scrambling (scipy's): even coverage of all coordinates together.

The balance of the sequence holds for powers of two; other numbers of trials work and cover a little less evenly.
"""

from __future__ import annotations

import warnings

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from spicekit.errors import UserError
from spicekit.waves import Array


class SobolSampler:
    """Point number = trial number."""

    def __init__(self, seed: int, trials: int, dimensions: int) -> None:
        if dimensions > qmc.Sobol.MAXDIM:
            raise UserError(f"--sampler sobol: {dimensions} variation points, at most {qmc.Sobol.MAXDIM}; use random or lhs")
        self._seed = seed
        self._dimensions = dimensions
        self._sequence = self._begin()

    def normals(self, first: int, last: int) -> Array:
        if self._sequence.num_generated > first:
            self._sequence = self._begin()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The balance properties")  # said above, once
            while (ahead := first - self._sequence.num_generated) > 0:  # scipy's fast_forward knows 32-bit sequences only
                self._sequence.random(min(ahead, 10_000))
            unit = self._sequence.random(last - first)
        return np.asarray(ndtri(np.clip(unit, 2.0**-54, 1 - 2.0**-53)))

    def _begin(self) -> qmc.Sobol:
        # 60 bits: the default of 30 repeats values in a long run
        return qmc.Sobol(self._dimensions, scramble=True, bits=60, rng=np.random.default_rng(self._seed))
