"""What a simulation returns: named vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Waves:
    """Vectors of a simulation by ngspice's names (``v(rbl)``, ``i(vdd)``); in DC an array has shape (trials,)."""

    vectors: Mapping[str, Array]

    def __call__(self, vector: str) -> Array:
        return self.vectors[vector]
