"""A small quantised CNN for the 8 x 8 handwritten digits, trained here in numpy, its products done by pairs of cells.

Two 3 x 3 convolutions (16 and 32 filters, the second with stride 2) and a fully connected layer, each followed by batch
normalisation.  All three are bit-wise.  Weights and activations are quantised as in DoReFa-Net (Zhou et al.,
arXiv:1606.06160), with the straight-through estimator for the gradients: a weight is (2 q - M) / M with the unsigned integer q
and M = 2^w - 1, an activation p / A with A = 2^i - 1.  Hence

    sum(weight * activation) = (2 sum(q p) - M sum(p)) / (M A).

sum(q p) is that of the pairs (:mod:`montecarlo.behaviour.gates`); sum(p), a plain count of the inputs, and the batch
normalisation are digital and do not err.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from montecarlo.behaviour import GateErrors, Pairs
from montecarlo.behaviour.arrays import Integers
from networks.training import Latent, excess, minimise

EPSILON = 1e-4


def patches(images: NDArray[np.generic], kernel: int, stride: int = 1, padding: int = 0) -> NDArray[np.generic]:
    """What each kernel position sees: images (count, height, width, channels) to (count, rows, columns, kernel^2 channels)."""
    padded = np.pad(images, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    windows = sliding_window_view(padded, (kernel, kernel), axis=(1, 2))[:, ::stride, ::stride]
    return np.moveaxis(windows, 3, -1).reshape(*windows.shape[:3], -1)


@dataclass(frozen=True)
class Shape:
    """A layer: ``kernel`` None is fully connected."""

    filters: int
    kernel: int | None
    stride: int = 1

    def lower(self, images: NDArray[np.generic]) -> NDArray[np.generic]:
        """What each output sees: (count, rows, columns, places)."""
        if self.kernel is None:
            return images.reshape(len(images), 1, 1, -1)
        return patches(images, self.kernel, self.stride, self.kernel // 2)

    def raise_gradient(self, gradient: Latent, shape: tuple[int, ...]) -> Latent:
        """The transpose of :meth:`lower`: from (count, rows, columns, places) back to images of ``shape``."""
        if self.kernel is None:
            return gradient.reshape(shape)
        count, height, width, channels = shape
        margin = self.kernel // 2
        images = np.zeros((count, height + 2 * margin, width + 2 * margin, channels), dtype=np.float32)
        rows, columns = gradient.shape[1:3]
        parts = gradient.reshape(count, rows, columns, self.kernel, self.kernel, channels)
        for i in range(self.kernel):
            for j in range(self.kernel):
                window = images[:, i : i + self.stride * rows : self.stride, j : j + self.stride * columns : self.stride]
                window += parts[:, :, :, i, j]
        return images[:, margin : margin + height, margin : margin + width]


LAYERS = (Shape(16, 3), Shape(32, 3, stride=2), Shape(10, None))


@dataclass
class Layer:
    """A layer's parameters, latent weights of shape (places, filters), and the statistics of its batch normalisation."""

    shape: Shape
    weights: Latent
    gain: Latent
    bias: Latent
    mean: Latent = field(init=False)
    variance: Latent = field(init=False)

    def __post_init__(self) -> None:
        self.mean, self.variance = np.zeros_like(self.gain), np.ones_like(self.gain)

    def quantised(self, bits: int) -> Integers:
        """The weights as unsigned integers of ``bits`` bits; one bit is the sign."""
        if bits == 1:
            return np.asarray(self.weights > 0, dtype=np.int64)
        squashed = np.tanh(self.weights)
        levels = (1 << bits) - 1
        unsigned: Integers = np.rint((squashed / (2 * np.abs(squashed).max()) + 0.5) * levels).astype(np.int64)
        return unsigned


@dataclass
class Network:
    """A trained network; ``bits`` is (bits of a weight, bits of an activation): W:I."""

    bits: tuple[int, int]
    layers: list[Layer]

    def predict(
        self, images: NDArray[np.float64], errors: GateErrors | None = None, rng: np.random.Generator | None = None
    ) -> Integers:
        """The digit of each image (count, 8, 8), by ideal ANDs, or by a memory drawn from ``errors``."""
        weight_levels, levels = (1 << self.bits[0]) - 1, (1 << self.bits[1]) - 1
        values: Integers = quantise(images[..., None], levels)
        for number, layer in enumerate(self.layers):
            seen: Integers = layer.shape.lower(values)  # type: ignore[assignment]
            products = Pairs(layer.quantised(self.bits[0]), self.bits, errors, rng).products(seen)
            sums = (2 * products - weight_levels * seen.sum(axis=-1, keepdims=True, dtype=np.int64)) / (weight_levels * levels)
            outputs = (sums - layer.mean) / np.sqrt(layer.variance + EPSILON) * layer.gain + layer.bias
            if number < len(self.layers) - 1:
                values = quantise(outputs, levels)
        return np.asarray(outputs.reshape(len(images), -1).argmax(axis=1))

    def accuracy(
        self,
        images: NDArray[np.float64],
        digits: Integers,
        errors: GateErrors | None = None,
        rng: np.random.Generator | None = None,
    ) -> float:
        """Fraction of the images that are recognised."""
        return float(np.mean(self.predict(images, errors, rng) == digits))


def quantise(values: NDArray[np.floating], levels: int) -> Integers:
    """Clip to 0 .. 1 and round to integers 0 .. ``levels``, of which there are few."""
    integers: Integers = np.rint(np.clip(values, 0, 1) * levels).astype(np.uint8)
    return integers


def train(
    images: NDArray[np.float64], digits: Integers, bits: tuple[int, int], rng: np.random.Generator, epochs: int = 30
) -> Network:
    """Train on images (count, 8, 8) of values 0 to 1: Adam, cross entropy, batches of 64, learning rate falling to 0."""
    network, parameters = _fresh(bits, images.shape[1:], rng)

    def gradients(chosen: NDArray[Any]) -> list[Latent]:
        return _gradients(network, images[chosen], digits[chosen])

    clipped = [layer.weights for layer in network.layers]
    minimise(parameters, gradients, len(images), rng, epochs, clipped=clipped)
    return network


def _fresh(bits: tuple[int, int], size: tuple[int, ...], rng: np.random.Generator) -> tuple[Network, list[Latent]]:
    layers = []
    probe = np.zeros((1, *size, 1), dtype=np.float32)
    for shape in LAYERS:
        lowered = shape.lower(probe)
        places = lowered.shape[-1]
        weights = rng.uniform(-0.5, 0.5, (places, shape.filters)).astype(np.float32)
        ones, zeros = np.ones(shape.filters, dtype=np.float32), np.zeros(shape.filters, dtype=np.float32)
        layers.append(Layer(shape, weights, ones, zeros))
        probe = np.zeros((1, *lowered.shape[1:3], shape.filters), dtype=np.float32)
    return Network(bits, layers), [array for layer in layers for array in (layer.weights, layer.gain, layer.bias)]


def _gradients(network: Network, images: NDArray[np.float64], digits: Integers) -> list[Latent]:
    """Gradients of weights, gain and bias of each layer, and an update of the normalisation's statistics."""
    weight_levels, levels = (1 << network.bits[0]) - 1, (1 << network.bits[1]) - 1
    values = (quantise(images[..., None], levels) / levels).astype(np.float32)
    kept = []
    for layer in network.layers:
        seen: Latent = layer.shape.lower(values)  # type: ignore[assignment]
        weights = ((2 * layer.quantised(network.bits[0]) - weight_levels) / weight_levels).astype(np.float32)
        sums = seen @ weights
        mean, variance = sums.mean(axis=(0, 1, 2)), sums.var(axis=(0, 1, 2))
        layer.mean += 0.1 * (mean - layer.mean)
        layer.variance += 0.1 * (variance - layer.variance)
        root = np.sqrt(variance + EPSILON)
        normal = (sums - mean) / root
        outputs = normal * layer.gain + layer.bias
        kept.append((values.shape, seen, weights, root, normal, outputs))
        values = (quantise(outputs, levels) / levels).astype(np.float32)

    logits = kept[-1][-1].reshape(len(images), -1)
    wrong = excess(logits, digits)
    gradient = (wrong / len(images)).reshape(kept[-1][-1].shape).astype(np.float32)
    found: list[Latent] = []
    for number in reversed(range(len(network.layers))):
        layer = network.layers[number]
        shape, seen, weights, root, normal, outputs = kept[number]
        if number < len(network.layers) - 1:  # straight through the rounding, nothing through the clipping
            gradient = gradient * ((outputs > 0) & (outputs < 1))
        for_gain, for_bias = (gradient * normal).sum(axis=(0, 1, 2)), gradient.sum(axis=(0, 1, 2))
        normals = gradient * layer.gain
        sums = (normals - normals.mean(axis=(0, 1, 2)) - normal * (normals * normal).mean(axis=(0, 1, 2))) / root
        for_weights = seen.reshape(-1, seen.shape[-1]).T @ sums.reshape(-1, sums.shape[-1])
        if network.bits[0] > 1:
            squashed = np.tanh(layer.weights)
            for_weights = for_weights * (1 - squashed**2) / np.abs(squashed).max()
        found = [_single(for_weights), _single(for_gain), for_bias, *found]
        if number:
            gradient = layer.shape.raise_gradient(_single(sums @ weights.T), shape)
    return found


def _single(values: NDArray[Any]) -> NDArray[np.float32]:
    """``values``, which are of single precision already, as such for the type checker of any version of NumPy."""
    return values.astype(np.float32, copy=False)
