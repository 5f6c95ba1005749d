"""A two-layer binary network for the 8 x 8 handwritten digits, on constant-current columns of 64 cells.

========  ============================================================  ==========================
layer     inputs, 0 or 1                                                columns
========  ============================================================  ==========================
hidden    64 pixels, each compared with two grey levels: 128            256 neurons, 2 columns each
output    the 256 answers of the hidden layer                           10 classes, 4 columns each
========  ============================================================  ==========================

Weights are +1 and -1.  A hidden neuron answers 1 if its sum is at least its threshold, a class scores its sum plus an offset:
whole numbers, on the digital side, where the columns' counts are added.  The lowest of equal classes wins.

Training: straight-through estimator (Bengio et al., arXiv:1308.3432; Hubara et al., NIPS 2016), Adam, cross entropy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from montecarlo.behaviour import Columns, CountErrors
from montecarlo.behaviour.arrays import Array, Bits, Counts, Signs
from networks.stt_bnn import encode
from networks.training import Latent, excess, minimise, sign

INPUTS, HIDDEN, CLASSES = 128, 256, 10
PASS = 12.0  # straight through where the distance from the threshold is at most this
SCALE = 0.1  # logits are the scores times this
BIAS_RATE = 20.0  # thresholds are whole numbers of cells and move faster than weights of +-1
Build = Callable[[Signs], Columns]


@dataclass(frozen=True)
class Network:
    """Weights of both layers, +1 and -1: (128, 256) and (256, 10); what is added to each neuron's sum."""

    weights: tuple[Signs, Signs]
    offsets: tuple[Counts, Counts]

    def scores(self, images: Array, build: Build = Columns) -> Counts:
        """Of each class, (images, 10), by the columns that ``build`` makes of a layer's weights."""
        hidden = build(self.weights[0]).sums(bits(images)) + self.offsets[0]
        return build(self.weights[1]).sums((hidden >= 0).astype(np.float32)) + self.offsets[1]

    def accuracy(self, images: Array, labels: NDArray[Any], build: Build = Columns) -> float:
        """Fraction of the images that are recognised."""
        return float(np.mean(self.scores(images, build).argmax(axis=1) == labels))

    @property
    def columns(self) -> int:
        """Columns, each read once an image."""
        return sum(Columns(weights).number for weights in self.weights)

    def exact(self, images: Array) -> bool:
        """Whether columns without errors, and with errors of 0, give every score of the integer network, which has no columns."""
        values = bits(images).astype(np.int64)
        hidden = (values @ self.weights[0].astype(np.int64) + self.offsets[0] >= 0).astype(np.int64)
        expected = hidden @ self.weights[1].astype(np.int64) + self.offsets[1]
        drawn = partial(Columns, errors=CountErrors.none(), rng=np.random.default_rng(0))
        return all(np.array_equal(self.scores(images, build), expected) for build in (Columns, drawn))


def bits(images: Array) -> Bits:
    """Images (count, 8, 8) of values 0 to 1 as bits: (count, 128)."""
    return (encode(images) > 0).astype(np.float32)


def train(images: Array, labels: NDArray[Any], rng: np.random.Generator, epochs: int = 50) -> Network:
    """Train on images (count, 8, 8): batches of 64, learning rate falling to 0 by a cosine."""
    inputs = bits(images)
    weights: list[Latent] = [rng.uniform(-0.5, 0.5, shape).astype(np.float32) for shape in ((INPUTS, HIDDEN), (HIDDEN, CLASSES))]
    latent = weights + [np.zeros(size, dtype=np.float32) for size in (HIDDEN, CLASSES)]

    def gradients(chosen: NDArray[Any]) -> list[Latent]:
        return _gradients(latent, inputs[chosen], labels[chosen])

    paces = (1.0, 1.0, BIAS_RATE, BIAS_RATE)
    minimise(latent, gradients, len(images), rng, epochs, clipped=weights, paces=paces)
    one_, two_, *offsets = latent
    whole = [np.rint(values).astype(np.int64) for values in offsets]
    return Network((sign(one_), sign(two_)), (whole[0], whole[1]))


def _gradients(latent: list[Latent], inputs: Bits, labels: NDArray[Any]) -> list[Latent]:
    """Of the cross entropy, for both layers' weights and offsets, straight through signs, steps and rounding."""
    first, second = sign(latent[0]), sign(latent[1])
    sums = inputs @ first + np.rint(latent[2])
    hidden = (sums >= 0).astype(np.float32)
    logits = SCALE * (hidden @ second + np.rint(latent[3]))
    wrong = excess(logits, labels)
    out = (SCALE * wrong / len(labels)).astype(np.float32)
    back = (out @ second.T) * (np.abs(sums) <= PASS)
    return [inputs.T @ back, hidden.T @ out, back.sum(axis=0), out.sum(axis=0)]
