"""A binarised spiking network for the 8 x 8 handwritten digits, in two forms.

=======  ============================================  =========================================
layer    inputs                                        neurons, one row of 288 synapses each
=======  ============================================  =========================================
1        64 pixels, four bits each                     256
2        spikes of layer 1                             256
3        spikes of layer 2                             10 classes x 12
=======  ============================================  =========================================

A spike is an input of +1, no spike one of -1.  The score of a class is the number of spikes of its 12 neurons in all steps.

``uniform``  8 steps.  A pixel is compared with four grey levels; its bits are the same in each step.  One weight a synapse.

``nuts``     as NUTS-BSNN (Dinh et al., Neurocomputing 560, 126838 (2023), doi:10.1016/j.neucom.2023.126838): 14 steps of layer 1,
             which does not fire in the first K = 5; the layers behind it run in the 9 steps after these, layer 3 without
             firing in its first 5.  In layers 1 and 3 a weight is a series of 5 stochastic bits, in as many rows that take turns;
             a pixel is four stochastic bits, drawn anew in each step, with its grey value as probability of +1.
             The paper's networks are convolutional and larger; that inputs are stochastic bits as well is chosen here, so that
             every input of a row is binary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from montecarlo.behaviour import NeuronErrors, Neurons
from montecarlo.behaviour.arrays import Array, Counts, Signs
from montecarlo.behaviour.neurons import MODELS, SIGNALS, Model
from networks.training import binary

CLASSES, VOTERS = 10, 12
NEURONS = (SIGNALS, SIGNALS, CLASSES * VOTERS)
LEVELS = (2.5 / 16, 6.5 / 16, 10.5 / 16, 14.5 / 16)  # grey levels with which a pixel is compared
COPIES = 4  # stochastic bits of a pixel


@dataclass(frozen=True)
class Form:
    """Time ``steps`` of the first layer, of which the first ``integrate`` are without firing; ``sets`` of weight bits."""

    name: str
    steps: int
    integrate: int = 0
    sets: int = 1  # in the first and the last layer
    stochastic: bool = False  # input bits

    def encode(self, images: NDArray[np.float64], rng: np.random.Generator) -> Signs:
        """Images (count, 8, 8) of values 0 to 1 as +1 and -1, (steps, count, 256)."""
        if self.stochastic:
            grey = np.tile(images.reshape(len(images), -1), COPIES)
            return np.where(rng.random((self.steps, *grey.shape)) < grey, np.float32(1), np.float32(-1))
        bits = binary(images, LEVELS)
        return np.broadcast_to(bits, (self.steps, *bits.shape))

    def layer_sets(self, layer: int) -> int:
        """Sets of weight bits of a layer, counted from 0."""
        return 1 if layer == 1 else self.sets

    def layer_integrate(self, layer: int) -> int:
        """Steps of a layer's own without firing."""
        return 0 if layer == 1 else self.integrate

    def passed(self, spikes: Signs, layer: int) -> Signs:
        """Spikes of a layer as inputs of the one behind it: +1 and -1, from the first step in which it may fire."""
        return 2 * spikes[self.layer_integrate(layer) :] - 1

    @property
    def row_steps(self) -> int:
        """Steps of single rows, an image."""
        later = self.steps - self.integrate
        return self.steps * NEURONS[0] + later * (NEURONS[1] + NEURONS[2])


UNIFORM = Form("uniform", steps=8)
NUTS = Form("nuts", steps=14, integrate=5, sets=5, stochastic=True)
FORMS = {form.name: form for form in (UNIFORM, NUTS)}


@dataclass(frozen=True)
class Network:
    """Three layers in one of the forms."""

    form: Form
    layers: tuple[Neurons, ...]

    def votes(
        self,
        inputs: Signs,
        errors: NeuronErrors | None = None,
        model: Model = "cells",
        rng: np.random.Generator | None = None,
    ) -> Counts:
        """Spikes of each class, (images, 10), for encoded images; with ``errors`` of a circuit drawn from ``rng``."""
        values = inputs
        for number, layer in enumerate(self.layers):
            spikes = layer.drawn(errors, model, rng).spikes(values)
            values = self.form.passed(spikes, number)
        return np.asarray(spikes.reshape(*spikes.shape[:2], CLASSES, VOTERS).sum(axis=(0, 3)), dtype=np.int64)

    def accuracy(
        self,
        inputs: Signs,
        digits: NDArray[Any],
        errors: NeuronErrors | None = None,
        model: Model = "cells",
        rng: np.random.Generator | None = None,
    ) -> float:
        """Fraction of the images that are recognised; the lowest of equal classes wins."""
        return float(np.mean(self.votes(inputs, errors, model, rng).argmax(axis=1) == digits))

    def exact(self, inputs: Signs) -> bool:
        """Whether every spike of a circuit without errors is the ideal network's, layer by layer, in all models."""
        values, same = inputs, True
        for number, layer in enumerate(self.layers):
            ideal = layer.spikes(values)
            for model in MODELS:
                chip = layer.drawn(NeuronErrors(), model, np.random.default_rng(0))
                same &= np.array_equal(chip.spikes(values), ideal)
            values = self.form.passed(ideal, number)
        return same

    def spike_errors(self, inputs: Signs, errors: NeuronErrors, model: Model, rng: np.random.Generator) -> Array:
        """Of each layer the fraction of the steps with firing in which its spikes differ, its inputs being right."""
        values, found = inputs, []
        for number, layer in enumerate(self.layers):
            ideal = layer.spikes(values)
            wrong = layer.drawn(errors, model, rng).spikes(values) != ideal
            found.append(float(np.mean(wrong[layer.integrate :])))
            values = self.form.passed(ideal, number)
        return np.array(found)
