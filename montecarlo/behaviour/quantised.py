"""A small network with whole weights and activations, its weights projected on a code of multipliers, and trained again.

A perceptron of one hidden layer learns images with real weights.  Then each layer's weights become whole numbers of a scale, sign
and magnitude, the largest weight the code's largest word; activations become ``bits`` bits, and biases stay real.  What such a
layer computes is a product of whole numbers, which :meth:`montecarlo.behaviour.Fibbinary.products` gives bit by bit.  Trained
again, every step sees the projected weights and changes the real ones behind them (the straight-through estimator; Courbariaux,
Bengio and David, NIPS 2015).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from montecarlo.behaviour.arrays import Array, Counts
from montecarlo.behaviour.fibbinary import Fibbinary
from montecarlo.behaviour.images import Images

HIDDEN = 32
RATE, MOMENTUM, BATCH = 0.1, 0.9, 32
EPOCHS, AGAIN = 30, 15  # of the first training, and of the one with projected weights
CLIPPED = 0.999  # part of the hidden activations that lie within their largest word


@dataclass(frozen=True)
class Plain:
    """All magnitudes of ``bits`` bits: what standard multipliers take."""

    bits: int

    @property
    def count(self) -> int:
        return 1 << self.bits

    @property
    def words(self) -> Counts:
        return np.arange(self.count)

    def nearest(self, values: Array) -> Counts:
        """The nearest whole number of either sign."""
        return np.clip(np.rint(values), 1 - self.count, self.count - 1).astype(np.int64)


Code = Plain | Fibbinary


@dataclass
class Perceptron:
    """Real weights (inputs, outputs) and biases of both layers, for inputs that are whole numbers of 0 to ``most``."""

    weights: list[Array]
    biases: list[Array]
    most: int
    code: Code | None = None  # of the weights; None: real
    step: float = 1.0  # of the hidden activations, in units of the first layer's sums over ``most``
    _speed: list[Array] = field(default_factory=list)

    @classmethod
    def drawn(cls, inputs: int, outputs: int, bits: int, rng: np.random.Generator) -> Perceptron:
        """With random weights."""
        shapes = ((inputs, HIDDEN), (HIDDEN, outputs))
        weights = [rng.normal(0, np.sqrt(2 / shape[0]), shape) for shape in shapes]
        return cls(weights, [np.zeros(HIDDEN), np.zeros(outputs)], (1 << bits) - 1)

    def whole(self, layer: int) -> tuple[Counts, float]:
        """Weights of ``layer`` as words of the code with their sign, and what a 1 of them is."""
        assert self.code is not None
        scale = float(np.abs(self.weights[layer]).max() / self.code.words[-1])
        return self.code.nearest(self.weights[layer] / scale), scale

    def seen(self, layer: int) -> Array:
        """The weights with which ``layer`` computes."""
        if self.code is None:
            return self.weights[layer]
        words, scale = self.whole(layer)
        return np.asarray(words * scale, dtype=float)

    def hidden(self, images: Counts) -> Array:
        """What the hidden layer gives, in units of 1: real, or whole numbers of 0 to ``most`` over ``most`` times ``step``."""
        sums = images @ self.seen(0) / self.most + self.biases[0]
        if self.code is None:
            return np.maximum(sums, 0)
        return np.asarray(np.clip(np.rint(sums / self.step * self.most), 0, self.most) * (self.step / self.most))

    def scores(self, images: Counts) -> Array:
        """(images, classes)"""
        return np.asarray(self.hidden(images) @ self.seen(1) + self.biases[1])

    def accuracy(self, images: Counts, labels: NDArray[np.int64]) -> float:
        """Part of the images that are recognised."""
        return float(np.mean(self.scores(images).argmax(axis=1) == labels))

    def train(self, images: Counts, labels: NDArray[np.int64], epochs: int, rate: float, rng: np.random.Generator) -> None:
        """Stochastic gradient descent with momentum on the cross entropy; the rate falls to nothing."""
        speed = [np.zeros_like(value) for value in (*self.weights, *self.biases)]
        batches = -(-len(images) // BATCH)
        for epoch in range(epochs):
            order = rng.permutation(len(images))
            for k in range(batches):
                some = order[k * BATCH : (k + 1) * BATCH]
                now = rate * (1 - (epoch * batches + k) / (epochs * batches))
                slopes = self._slopes(images[some], labels[some])
                for value, slope, fast in zip((*self.weights, *self.biases), slopes, speed, strict=True):
                    fast *= MOMENTUM
                    fast -= now * slope
                    value += fast

    def _slopes(self, images: Counts, labels: NDArray[np.int64]) -> list[Array]:
        """Of the loss by weights and biases; what is whole passes a slope as if it were not."""
        hidden = self.hidden(images)
        scores = hidden @ self.seen(1) + self.biases[1]
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        chances[np.arange(len(labels)), labels] -= 1
        chances /= len(labels)
        top = np.inf if self.code is None else self.step
        back = chances @ self.seen(1).T * ((hidden > 0) & (hidden < top))
        return [images.T @ back / self.most, hidden.T @ chances, back.sum(axis=0), chances.sum(axis=0)]

    def on(self, code: Code, images: Counts) -> Perceptron:
        """A copy with weights of ``code``; ``images`` say how large its hidden activations become."""
        step = float(np.quantile(self.hidden(images), CLIPPED))
        return Perceptron([w.copy() for w in self.weights], [b.copy() for b in self.biases], self.most, code, step)


@dataclass(frozen=True)
class Accuracies:
    """Parts of the unseen images that are recognised, one a seed."""

    real: Array  # real weights and activations
    projected: dict[str, Array]  # by the name of the code
    retrained: dict[str, Array]


def accuracies(images: Images, codes: dict[str, Code], *, bits: int = 4, seeds: int = 10) -> Accuracies:
    """Networks of ``seeds`` seeds, weights and order of the images drawn anew, on ``codes``; inputs of ``bits`` bits."""
    most = (1 << bits) - 1

    def whole(pixels: Array) -> Counts:
        return np.rint(pixels.reshape(len(pixels), -1) * most).astype(np.int64)

    learn, unseen = whole(images.learn), whole(images.unseen)
    real = np.empty(seeds)
    projected, retrained = ({name: np.empty(seeds) for name in codes} for _ in range(2))
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        network = Perceptron.drawn(learn.shape[1], images.classes, bits, rng)
        network.train(learn, images.learn_labels, EPOCHS, RATE, rng)
        real[seed] = network.accuracy(unseen, images.unseen_labels)
        for name, code in codes.items():
            other = network.on(code, learn)
            projected[name][seed] = other.accuracy(unseen, images.unseen_labels)
            other.train(learn, images.learn_labels, AGAIN, RATE / 5, np.random.default_rng([seed, 1]))
            retrained[name][seed] = other.accuracy(unseen, images.unseen_labels)
    return Accuracies(real, projected, retrained)
