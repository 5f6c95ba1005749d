"""Training of the binarised spiking network, through all its steps, in whole matches.

Straight-through weights (Bengio et al., arXiv:1308.3432; Hubara et al., NIPS 2016) and a surrogate gradient of the spike, one
over a width around the threshold (Neftci et al., IEEE Signal Processing Magazine 36, 51 (2019)); a reset passes no gradient.
Stochastic weights are drawn anew for each batch.  Adam, cross entropy of the classes' spikes.

Batch normalisation.  With mean mu and standard deviation sigma of a neuron's matches x a step and its learnt factors a and b, a
membrane that adds (x - mu)/sigma + b and fires above a is, in whole matches, one with

    theta = round(a sigma),    matches of the constant synapses = round(RHO - mu + b sigma)

mu and sigma are running averages and pass no gradient.  The forward pass has these whole numbers, so that what is trained is what
the circuit has.

With the deviations of a circuit each batch runs on a chip of its own, as that of ``montecarlo.behaviour`` in the model ``cells``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from montecarlo.behaviour import NeuronErrors, Neurons
from montecarlo.behaviour.arrays import Counts, Signs
from montecarlo.behaviour.neurons import CONSTANTS, HIGH, LOW, RHO, SIGNALS, THETA
from networks.spiking import CLASSES, NEURONS, VOTERS, Form, Network
from networks.training import Latent, excess, minimise

WIDTH = np.float32(16)  # matches on either side of the threshold through which gradients pass
SCALE = np.float32(0.15)  # logits are a class's spikes times this
KEEP = 0.9  # of the running averages


@dataclass
class Trained:
    """A layer while it is trained: latent weights (256, neurons), factors a and b (neurons,), running averages."""

    weights: Latent
    a: Latent
    b: Latent
    sets: int
    integrate: int
    mean: Latent | None = None
    std: Latent | None = None

    def bits(self, rng: np.random.Generator) -> Signs:
        """Weights as +1 and -1, (sets, 256, neurons): their signs, or in several sets stochastic bits."""
        level = np.zeros(self.weights.shape) if self.sets == 1 else rng.uniform(-1, 1, (self.sets, *self.weights.shape))
        return np.where(self.weights > level, np.float32(1), np.float32(-1)).reshape(self.sets, *self.weights.shape)

    def folded(self) -> tuple[Counts, Counts]:
        """Threshold and matches of the constant synapses."""
        assert self.mean is not None
        assert self.std is not None
        theta = np.clip(np.rint(self.a * self.std), *THETA)
        constant = np.clip(np.rint(RHO - self.mean + self.b * self.std), 0, CONSTANTS)
        return theta.astype(np.int64), constant.astype(np.int64)

    def layer(self, rng: np.random.Generator) -> Neurons:
        """As it is stored in rows."""
        theta, constant = self.folded()
        agree = np.where(np.arange(CONSTANTS)[:, None] < constant, np.float32(1), np.float32(-1))
        bits = self.bits(rng)
        return Neurons(np.concatenate([bits, np.tile(agree, (len(bits), 1, 1))], axis=1), theta, self.integrate)

    def average(self, mean: Latent, std: Latent) -> None:
        """Take mean and standard deviation of a batch's matches into the running averages."""
        if self.mean is None or self.std is None:
            self.mean, self.std = mean, std
        else:
            self.mean += (1 - KEEP) * (mean - self.mean)
            self.std += (1 - KEEP) * (std - self.std)


@dataclass
class Pass:
    """What the backward pass of a layer needs: inputs (steps, images, 256), bits, and what the membrane did."""

    inputs: Signs
    bits: Signs
    spikes: Signs
    kept: Latent  # 1 where the membrane stayed within its range
    open: Latent  # surrogate gradient of the spike


def train(
    form: Form,
    images: NDArray[np.float64],
    digits: NDArray[Any],
    rng: np.random.Generator,
    epochs: int = 16,
    errors: NeuronErrors | None = None,
) -> Network:
    """Train on images (count, 8, 8), with the ``errors`` of a circuit if given; the learning rate falls to 0 by a cosine."""
    layers = [
        Trained(
            rng.uniform(-0.5, 0.5, (SIGNALS, count)).astype(np.float32),
            np.full(count, 1.5, dtype=np.float32),
            np.zeros(count, dtype=np.float32),
            form.layer_sets(number),
            form.layer_integrate(number),
        )
        for number, count in enumerate(NEURONS)
    ]
    learnt = [values for layer in layers for values in (layer.weights, layer.a, layer.b)]

    def gradients(chosen: NDArray[Any]) -> list[Latent]:
        return _gradients(form, layers, form.encode(images[chosen], rng), digits[chosen], rng, errors)

    minimise(learnt, gradients, len(images), rng, epochs, clipped=[layer.weights for layer in layers])
    return Network(form, tuple(layer.layer(rng) for layer in layers))


def _gradients(
    form: Form,
    layers: list[Trained],
    inputs: Signs,
    digits: NDArray[Any],
    rng: np.random.Generator,
    errors: NeuronErrors | None = None,
) -> list[Latent]:
    """Of the cross entropy: for each layer those of its weights, a and b."""
    passes: list[Pass] = []
    values = inputs
    for number, layer in enumerate(layers):
        passes.append(_forward(layer, values, rng, errors))
        values = form.passed(passes[-1].spikes, number)
    spikes = passes[-1].spikes
    logits = SCALE * spikes.reshape(*spikes.shape[:2], CLASSES, VOTERS).sum(axis=(0, 3))
    wrong = excess(logits, digits)
    gradient = np.broadcast_to(np.repeat(SCALE * wrong / len(digits), VOTERS, axis=1), spikes.shape).astype(np.float32)
    found: list[Latent] = []
    for layer, done in zip(reversed(layers), reversed(passes), strict=True):
        silent = len(done.spikes) - len(gradient)  # steps that the layer behind did not see
        gradient = np.concatenate([np.zeros((silent, *gradient.shape[1:]), dtype=np.float32), gradient])
        weights, theta, constant, gradient = _backward(done, gradient)
        assert layer.std is not None
        found = [weights, theta * layer.std, constant * layer.std, *found]
    return found


def _forward(layer: Trained, inputs: Signs, rng: np.random.Generator, errors: NeuronErrors | None = None) -> Pass:
    held = bits = layer.bits(rng)
    if errors is not None:
        bits = held * (1 + np.float32(errors.synapse) * rng.standard_normal(held.shape, dtype=np.float32))
    products = np.empty((*inputs.shape[:2], bits.shape[2]), dtype=np.float32)
    for number, chosen in enumerate(bits):
        part = np.ascontiguousarray(inputs[number :: len(bits)])
        products[number :: len(bits)] = (part.reshape(-1, SIGNALS) @ chosen).reshape(*part.shape[:2], -1)
    matches = (products + np.float32(SIGNALS)) / np.float32(2)
    mean = matches.mean(axis=(0, 1))
    if errors is not None:
        # that of the ideal rows: what a chip adds to it is another in each batch, and none that a neuron can be set by
        seen = np.stack([inputs[number :: len(held)].sum(axis=(0, 1)) for number in range(len(held))])
        mean = (np.einsum("si,sin->n", seen, held) / np.float32(matches[:, :, 0].size) + np.float32(SIGNALS)) / np.float32(2)
    layer.average(mean, matches.std(axis=(0, 1)) + np.float32(1))
    theta, constant = (values.astype(np.float32) for values in layer.folded())
    added, threshold = matches + (constant - RHO), theta + np.float32(0.5)
    if errors is not None:
        added, threshold = _deviating(added, threshold, len(bits), errors, rng)
    leak = np.float32(0 if errors is None else errors.leak)
    spikes, kept, near = np.zeros_like(matches), np.empty_like(matches), np.zeros_like(matches)
    u = np.zeros_like(matches[0])
    for t, found in enumerate(added):
        u = (1 - leak) * u + found
        kept[t] = (u >= LOW) & (u <= HIGH)
        u = np.clip(u, LOW, HIGH)
        if t >= layer.integrate:
            spikes[t] = u > threshold
            near[t] = (np.abs(u - threshold) < WIDTH) / WIDTH
            u = u * (1 - spikes[t])
    return Pass(inputs, bits, spikes, kept, near)


def _deviating(
    added: Latent, threshold: Latent, sets: int, errors: NeuronErrors, rng: np.random.Generator
) -> tuple[Latent, Latent]:
    """What a step adds to membranes and their thresholds, on a chip that is drawn: all but the gains of the signals' synapses."""
    count = added.shape[2]
    edge = errors.synapse * np.sqrt(CONSTANTS) / 2 * rng.standard_normal((sets, 1, count))  # gains of the constant synapses
    bias = errors.bias[0] + errors.bias[1] * rng.standard_normal(count)
    noise = errors.step * rng.standard_normal(added.shape, dtype=np.float32)
    turns = np.arange(len(added)) % sets
    added = (1 + errors.gain) * (added + edge[turns]) + bias + noise
    return added.astype(np.float32), (threshold + errors.draw_offsets(np.asarray(threshold - 0.5, dtype=float), rng)).astype(
        np.float32
    )


def _backward(done: Pass, gradient: Latent) -> tuple[Latent, Latent, Latent, Latent]:
    """Gradients of latent weights, of theta, of the constant matches, and of the spikes that were the inputs."""
    fired = gradient * done.open
    matches = np.empty_like(fired)
    later = np.zeros_like(fired[0])
    for t in range(len(fired) - 1, -1, -1):
        later = (fired[t] + later * (1 - done.spikes[t])) * done.kept[t]
        matches[t] = later
    sets, count = len(done.bits), matches.shape[2]
    weights = np.zeros((SIGNALS, count), dtype=np.float32)
    inputs = np.empty((*matches.shape[:2], SIGNALS), dtype=np.float32)
    for number, chosen in enumerate(done.bits):
        part, given = (np.ascontiguousarray(x[number::sets]) for x in (matches, done.inputs))
        flat = part.reshape(-1, count)
        weights += given.reshape(-1, SIGNALS).T @ flat / 2
        inputs[number::sets] = (flat @ chosen.T).reshape(given.shape)
    # a spike changes an input by 2, and an input of +-1 changes the matches by half
    return weights, -fired.sum(axis=(0, 1)), matches.sum(axis=(0, 1)), inputs
