"""A temporal task and networks that learn it on line: in which order three groups of inputs fire.

Each group bursts once, for the same time and at the same rate, so that counts of spikes say nothing: the six orders are the
classes.  All chips learn beside each other, each from its own samples, one after the other; after each sample the weights change.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from montecarlo.behaviour.arrays import Array
from montecarlo.behaviour.eprop import Labels, Spiking
from montecarlo.behaviour.synapses import Rule, Synapses, WriteErrors
from spicekit.errors import UserError

ORDERS = np.array(list(itertools.permutations(range(3))))
GROUP, STEPS, BURST, SCORED = 6, 48, 12, 12  # inputs of a group; steps of a sample, of a burst, at the end that are scored
RATE, BACKGROUND = 0.3, 0.02  # probability of a spike a step
NEURONS = 32
SCALES = (1.0, 0.5, 0.5)  # largest weight of inputs, recurrent connections, read-out

NONE = WriteErrors()
Learning = Literal["e-prop", "random feedback", "read-out alone"]


def samples(rng: np.random.Generator, chips: int, batch: int) -> tuple[Array, Labels]:
    """Spikes (steps, chips, batch, inputs) and orders (chips, batch); each burst begins up to three steps late."""
    labels = rng.integers(len(ORDERS), size=(chips, batch))
    starts = np.empty((chips, batch, 3), dtype=int)
    late = rng.integers(0, 4, (chips, batch, 3))
    np.put_along_axis(starts, ORDERS[labels], np.arange(3) * BURST + late, axis=-1)  # of each group
    t = np.arange(STEPS)[:, None, None, None]
    on = (t >= starts) & (t < starts + BURST)
    rate = np.repeat(np.where(on, RATE, BACKGROUND), GROUP, axis=-1)
    return (rng.random(rate.shape) < rate).astype(float), labels


@dataclass(frozen=True)
class Study:
    """How a network is held and learns.  ``cells`` 0: weights are exact numbers."""

    cells: int = 16
    errors: WriteErrors = NONE
    rule: Rule = "stochastic"
    learning: Learning = "e-prop"
    sigma_theta: float = 0.0  # relative standard deviation of a neuron's threshold, and of its time constant
    chips: int = 12
    samples: int = 600  # that it learns from
    rate: float = 0.007  # of learning; falls to a fifth towards the end
    unseen: int = 200  # that it is tested with, the same for every chip
    drift: float = 0.0  # probability that a cell turns within a sample


@dataclass(frozen=True)
class Learned:
    """Of each chip: accuracy on unseen samples, and its weights; a chip's mean number of writes, and their energy in J."""

    accuracy: Array
    weights: tuple[Array, Array, Array]
    loading: float  # writes before it learns
    writes: float  # while it learns
    energy: float  # of these
    course: Array  # (samples,): share of the chips that were right, sample by sample


def learn(study: Study, seed: int, start: tuple[Array, Array, Array] | None = None) -> Learned:
    """``study`` with chips drawn from ``seed``, from the weights ``start`` (one network, or one a chip) if given."""
    _check(study)
    rng = np.random.default_rng((seed, 1))
    network = untrained(study, np.random.default_rng((seed, 2)))
    if start is not None:
        network = _with(network, [_each(weights, study) for weights in start])
    held: list[Synapses] = []
    if study.cells:
        device = np.random.default_rng((seed, 3))
        held = [
            Synapses(w.shape, study.cells, scale, study.errors, device, study.rule)
            for w, scale in zip(_weights(network), SCALES, strict=True)
        ]
        for synapses, weights in zip(held, _weights(network), strict=True):
            synapses.load(weights)
        network = _with(network, [synapses.weights for synapses in held])
    loading, spent = sum(s.sets + s.resets for s in held), sum(s.energy for s in held)
    feedback = np.random.default_rng((seed, 4)).standard_normal((study.chips, NEURONS, len(ORDERS))) * 0.1
    course = np.zeros(study.samples)
    for k in range(study.samples):
        inputs, labels = samples(rng, study.chips, 1)
        *gradients, summed = network.gradients(
            inputs, labels, SCORED, feedback if study.learning == "random feedback" else None,
            hidden=study.learning != "read-out alone",
        )  # fmt: skip
        course[k] = np.mean(summed.argmax(axis=-1) == labels)
        rate = study.rate * (1 - 0.8 * k / study.samples)
        for synapses, gradient in zip(held, gradients, strict=bool(held)):
            synapses.change(-rate * gradient)
            synapses.drift(study.drift)
        exact = [w - rate * g for w, g in zip(_weights(network), gradients, strict=True)]
        network = _with(network, [synapses.weights for synapses in held] or exact)
    unseen, expected = samples(np.random.default_rng((seed, 5)), 1, study.unseen)
    right = network.run(unseen, SCORED).argmax(axis=-1) == expected
    writes, energy = sum(s.sets + s.resets for s in held) - loading, sum(s.energy for s in held) - spent
    chips = study.chips
    return Learned(right.mean(axis=1), _weights(network), loading / chips, writes / chips, energy / chips, course)


def untrained(study: Study, rng: np.random.Generator) -> Spiking:
    """Networks of random weights, and of neurons that deviate."""

    def drawn(*shape: int, scale: float) -> Array:
        return np.clip(rng.standard_normal((study.chips, *shape)) * scale, -1, 1)

    spread = 1 + study.sigma_theta * rng.standard_normal((2, study.chips, NEURONS))
    theta, tau = np.maximum(spread, 0.2) * np.array([1.0, 20.0])[:, None, None]
    return Spiking(
        drawn(NEURONS, 3 * GROUP, scale=0.3),
        drawn(NEURONS, NEURONS, scale=0.3 / np.sqrt(NEURONS)),
        drawn(len(ORDERS), NEURONS, scale=0.1),
        theta=theta,
        alpha=np.exp(-1 / tau),
        kappa=float(np.exp(-1 / 20)),
    )


def _check(study: Study) -> None:
    if study.learning not in get_args(Learning):
        raise UserError(f"learning '{study.learning}': allowed: {', '.join(get_args(Learning))}")
    if study.chips < 1 or study.samples < 0 or study.unseen < 1:
        raise UserError("chips and unseen: at least 1; samples: at least 0")
    if study.sigma_theta < 0:
        raise UserError(f"sigma_theta {study.sigma_theta:g}: 0 or above")


def _weights(network: Spiking) -> tuple[Array, Array, Array]:
    return network.w_in, network.w_rec, network.w_out


def _with(network: Spiking, weights: Sequence[Array]) -> Spiking:
    w_in, w_rec, w_out = weights
    return replace(network, w_in=w_in, w_rec=w_rec, w_out=w_out)


def _each(weights: Array, study: Study) -> Array:
    return np.broadcast_to(weights, (study.chips, *weights.shape[1:])).copy()
