"""Arrays that the behaviour modules share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spicekit.errors import UserError
from spicekit.waves import Array as Array

Signs = NDArray[np.float32]  # +1 and -1: products of such matrices are exact and fast
Bits = NDArray[np.float32]  # 0 and 1
Counts = NDArray[np.int64]
Integers = NDArray[np.integer]


def needed(rng: np.random.Generator | None) -> np.random.Generator:
    """The generator, where errors are to be drawn.  Raises :class:`UserError` if there is none."""
    if rng is None:
        raise UserError("errors need a generator to draw them from: rng=numpy.random.default_rng(SEED)")
    return rng
