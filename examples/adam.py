"""Adam (Kingma and Ba, ICLR 2015, arXiv:1412.6980) in batches, for the networks that the examples train."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

RATE = 5e-3  # learning rate at the start
BATCH = 64  # examples a step


def minimise(
    parameters: Sequence[Array],
    gradients: Callable[[NDArray[Any]], Sequence[Array]],
    examples: int,
    rng: np.random.Generator,
    epochs: int,
    *,
    clipped: Sequence[Array],
    paces: Sequence[float] | None = None,
) -> None:
    """Train ``parameters`` in place; the learning rate falls to 0 by a cosine.

    ``gradients`` gives those of all parameters, of their shapes, for the indices of a batch of the ``examples``.  Parameters that
    are ``clipped``, latent weights, are kept within -1 and 1: beyond that they would hardly come back.  ``paces`` are factors
    on the learning rate, one a parameter.
    """
    moments = [(np.zeros_like(values), np.zeros_like(values)) for values in parameters]
    factors = [1.0] * len(parameters) if paces is None else paces
    steps, step = epochs * (examples // BATCH), 0
    for _ in range(epochs):
        order = rng.permutation(examples)
        for first in range(0, examples - BATCH + 1, BATCH):
            step += 1
            now = RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
            found = gradients(order[first : first + BATCH])
            for values, gradient, (one, two), factor in zip(parameters, found, moments, factors, strict=True):
                one += 0.1 * (gradient - one)
                two += 0.001 * (gradient**2 - two)
                values -= factor * (now * (one / (1 - 0.9**step)) / (np.sqrt(two / (1 - 0.999**step)) + 1e-8))
            for values in clipped:
                np.clip(values, -1, 1, out=values)
