"""What the training of the networks shares: binary values, the gradient of the cross entropy, Adam in batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Latent = NDArray[np.float32]

RATE = 5e-3  # learning rate at the start
BATCH = 64  # examples a step


def sign(values: NDArray[Any]) -> Latent:
    """+1 from 0 upward, as a row gives it for N1 >= N/2, and -1."""
    return np.where(values >= 0, np.float32(1), np.float32(-1))


def binary(images: NDArray[np.float64], levels: Sequence[float]) -> Latent:
    """Images (count, 8, 8) of values 0 to 1 compared with grey ``levels``: +1 and -1, (count, 64 levels)."""
    flat = images.reshape(len(images), -1)
    return np.concatenate([np.where(flat > level, 1, -1) for level in levels], axis=1).astype(np.float32)


def excess(logits: NDArray[Any], labels: NDArray[Any]) -> NDArray[Any]:
    """Gradient of an example's cross entropy for its ``logits``, (examples, classes): likelihoods, less 1 at the label."""
    likely = np.exp(logits - logits.max(axis=1, keepdims=True))
    likely /= likely.sum(axis=1, keepdims=True)
    likely[np.arange(len(labels)), labels] -= 1
    return np.asarray(likely)


def minimise(
    parameters: Sequence[Latent],
    gradients: Callable[[NDArray[Any]], Sequence[Latent]],
    examples: int,
    rng: np.random.Generator,
    epochs: int,
    *,
    clipped: Sequence[Latent],
    paces: Sequence[float] | None = None,
) -> None:
    """Train ``parameters`` in place by Adam (Kingma and Ba, ICLR 2015, arXiv:1412.6980); the rate falls to 0 by a cosine.

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
