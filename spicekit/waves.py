"""What a simulation returns: named vectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spicekit.errors import SpicekitError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Waves:
    """Vectors of a simulation by ngspice's names (``v(rbl)``, ``i(vdd)``); in DC an array has shape (trials,)."""

    vectors: Mapping[str, Array]

    def __call__(self, vector: str) -> Array:
        """One vector.  Raises :class:`MissingVector` for one that was not saved."""
        try:
            return self.vectors[vector]
        except KeyError:
            raise MissingVector(vector, self.vectors) from None


class MissingVector(SpicekitError):
    """A vector that is not among the saved ones."""

    def __init__(self, vector: str, saved: Iterable[str] = ()) -> None:
        super().__init__(f"no vector {vector}; saved: {', '.join(saved)}")
        self.vector = vector
