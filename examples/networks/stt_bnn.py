"""A binary network for the 8 x 8 handwritten digits whose every neuron is one row of 128 cells.

========  ==========================================================  ================
array     inputs                                                      rows
========  ==========================================================  ================
1         64 pixels, each compared with two grey levels: 128 bits     128 neurons
2         the 128 answers of array 1                                  128 neurons
3         the 128 answers of array 2                                  10 classes x 12
========  ==========================================================  ================

A row gives one bit and nothing else, so there are no partial sums to add: a neuron's fan-in is the 128 cells of its row, by
construction.  The macro compares with N/2 and nothing else, so there is no bias and no batch normalisation; pixels that are
always dark are the constant inputs that take their place.  The score of a class is the number of its 12 rows that answer +1:
a digital count of bits.  The lowest of equal classes wins.

Training: straight-through estimator (Bengio et al., arXiv:1308.3432; Hubara et al., NIPS 2016), Adam, cross entropy of the votes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from montecarlo.behaviour import RowErrors, Rows
from montecarlo.behaviour.arrays import Signs
from networks.training import Latent, binary, excess, minimise, sign

CELLS = 128  # of a row
CLASSES, VOTERS = 10, 12
LEVELS = (3.5 / 16, 10.5 / 16)  # grey levels with which a pixel is compared
SIZES = (CELLS, CELLS, CLASSES * VOTERS)  # rows of each layer
PASS = 16.0  # straight through where the sum of +-1 is at most this
SCALE = 0.3  # logits are the votes' sum of +-1 times this


def encode(images: NDArray[np.float64]) -> Signs:
    """Images (count, 8, 8) of values 0 to 1 as +1 and -1: (count, 128)."""
    return binary(images, LEVELS)


@dataclass(frozen=True)
class Network:
    """Weights of +1 and -1 of each layer: (128, rows)."""

    layers: tuple[Signs, ...]

    def votes(self, images: NDArray[np.float64], build: Callable[[Signs], Rows] = Rows) -> NDArray[np.int64]:
        """Votes for each class, (images, 10), by the rows that ``build`` makes of a layer's weights."""
        values = encode(images)  # the rows of a class are neighbours
        for weights in self.layers:
            values = build(weights).decide(values)
        return np.asarray((values.reshape(len(values), CLASSES, -1) > 0).sum(axis=2), dtype=np.int64)

    def wrong_decisions(self, images: NDArray[np.float64], errors: RowErrors) -> list[float]:
        """Expected share of wrong answers in each layer, its inputs being right."""
        values, found = encode(images), []
        for weights in self.layers:
            rows = Rows(weights)
            found.append(float(errors.rate(rows.distances(values)).mean()))
            values = rows.decide(values)
        return found

    def accuracy(self, images: NDArray[np.float64], digits: NDArray[Any], build: Callable[[Signs], Rows] = Rows) -> float:
        """Fraction of the images that are recognised."""
        return float(np.mean(self.votes(images, build).argmax(axis=1) == digits))


def train(images: NDArray[np.float64], digits: NDArray[Any], rng: np.random.Generator, epochs: int = 60) -> Network:
    """Train on images (count, 8, 8): batches of 64, learning rate falling to 0 by a cosine."""
    inputs = encode(images)
    latent: list[Latent] = [rng.uniform(-0.5, 0.5, (CELLS, size)).astype(np.float32) for size in SIZES]

    def gradients(chosen: NDArray[Any]) -> list[Latent]:
        return _gradients(latent, inputs[chosen], digits[chosen])

    minimise(latent, gradients, len(images), rng, epochs, clipped=latent)
    return Network(tuple(sign(weights) for weights in latent))


def _gradients(latent: list[Latent], inputs: Signs, digits: NDArray[Any]) -> list[Latent]:
    """Of the cross entropy, for each layer's latent weights, straight through both signs."""
    values, kept = inputs, []
    for weights in latent:
        stored = sign(weights)
        sums = values @ stored
        kept.append((values, stored, sums))
        values = sign(sums)
    logits = SCALE * values.reshape(len(inputs), CLASSES, VOTERS).sum(axis=2)
    wrong = excess(logits, digits)
    gradient = np.repeat(SCALE * wrong / len(digits), VOTERS, axis=1).astype(np.float32)
    found: list[Latent] = []
    for values, stored, sums in reversed(kept):
        gradient = gradient * (np.abs(sums) <= PASS)
        found.append(values.T @ gradient)
        gradient = gradient @ stored.T
    return found[::-1]
