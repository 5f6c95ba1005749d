"""A layer of rows of 288 synapses with an integrate-and-fire neuron each: as whole numbers, and as a circuit that errs.

A row counts N1, the synapses whose weight and input agree; all is in these matches.  256 synapses carry signals, 32 a constant
+1: the number of matches among them is a neuron's own shift.  A step is

    u(t) = u(t-1) + N1 - RHO,    a spike if u > theta and the step is past the first `integrate`,    u = 0 after a spike

with u kept within LOW to HIGH, where the membrane of the circuit is linear.  Of the circuit (:class:`NeuronErrors`):

    u(t) = (1 - leak) u(t-1) + (1 + gain) (N1 + row - RHO) + bias + step,    a spike if u > theta + 1/2 + offset

``bias`` and ``offset`` are a neuron's, drawn once; ``step`` is drawn in every step, and so is ``row`` in the model ``fresh``; in
``cells`` it is what gains of the synapses, drawn once, make of the inputs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Signs = NDArray[np.float32]  # +1 and -1: products of such matrices are exact and fast
Integers = NDArray[np.int64]

SYNAPSES, SIGNALS = 288, 256
CONSTANTS = SYNAPSES - SIGNALS
RHO = 140  # matches, of all neurons: V_ref is shared
LOW, HIGH = -190, 150  # matches between which the circuit's membrane is linear
THETA = (0, 127)  # what the threshold can be programmed to, from 0 upward

Model = Literal["cells", "fresh"]
MODELS: dict[Model, str] = {
    "cells": "a gain a synapse, drawn once: what mismatched junctions do",
    "fresh": "a normal deviation a step: what the bench draws",
}
assert tuple(MODELS) == get_args(Model)


@dataclass(frozen=True)
class NeuronErrors:
    """What rows and neurons deviate by, in matches; of ``offsets`` (theta, mean, sigma), sorted by theta."""

    row: float = 0.0
    step: float = 0.0
    bias: tuple[float, float] = (0.0, 0.0)  # mean, sigma
    offsets: tuple[Array, Array, Array] = (np.zeros(1), np.zeros(1), np.zeros(1))
    leak: float = 0.0
    gain: float = 0.0  # relative deviation of the membrane step

    def scaled(self, factor: float) -> NeuronErrors:
        """Every deviation times ``factor``, means and leak too: at 0 the circuit is ideal."""
        theta, mean, sigma = self.offsets
        return replace(
            self,
            row=factor * self.row,
            step=factor * self.step,
            bias=(factor * self.bias[0], factor * self.bias[1]),
            offsets=(theta, factor * mean, factor * sigma),
            leak=factor * self.leak,
            gain=factor * self.gain,
        )

    def draw_offsets(self, theta: Integers, rng: np.random.Generator) -> Array:
        """Of neurons with thresholds ``theta``: interpolated, and constant beyond the last one of the table."""
        at, mean, sigma = self.offsets
        normal = rng.standard_normal(len(theta))
        return np.asarray(np.interp(theta, at, mean) + np.interp(theta, at, sigma) * normal)


@dataclass(frozen=True)
class Layer:
    """``weights`` of +1 and -1, (sets, 288, neurons): step t uses set t modulo sets; ``theta`` (neurons,) in matches."""

    weights: Signs
    theta: Integers
    integrate: int = 0

    def spikes(
        self,
        inputs: Signs,
        errors: NeuronErrors | None = None,
        model: Model = "cells",
        rng: np.random.Generator | None = None,
    ) -> Signs:
        """Spikes (1 or 0), (steps, images, neurons), for signals of +1 and -1, (steps, images, 256).

        Without ``errors`` in whole numbers; with them a circuit is drawn from ``rng``.
        """
        if errors is None:
            return self._ideal(inputs)
        if rng is None:
            raise ValueError("errors need a generator to draw them from")
        return self._circuit(inputs, errors, model, rng)

    def _ideal(self, inputs: Signs) -> Signs:
        found = np.zeros((*inputs.shape[:2], len(self.theta)), dtype=np.float32)
        u = np.zeros(found.shape[1:], dtype=np.int64)
        for t, signals in enumerate(inputs):
            u += self._matches(signals, self.weights, t).astype(np.int64) - RHO
            np.clip(u, LOW, HIGH, out=u)
            if t >= self.integrate:
                fires = u > self.theta
                found[t] = fires
                u[fires] = 0
        return found

    def _circuit(self, inputs: Signs, errors: NeuronErrors, model: Model, rng: np.random.Generator) -> Signs:
        found = np.zeros((*inputs.shape[:2], len(self.theta)), dtype=np.float32)
        weights, u = self.weights, np.zeros(found.shape[1:])
        bias = errors.bias[0] + errors.bias[1] * rng.standard_normal(len(self.theta))
        threshold = self.theta + 0.5 + errors.draw_offsets(self.theta, rng)
        each_step = errors.step
        if model == "cells":
            spread = 2 * errors.row / np.sqrt(SYNAPSES)  # half of the sum of 288 such terms has the row's sigma
            weights = weights * (1 + spread * rng.standard_normal(weights.shape, dtype=np.float32))
        else:
            each_step = float(np.hypot(errors.step, errors.row))
        for t, signals in enumerate(inputs):
            noise = each_step * rng.standard_normal(u.shape, dtype=np.float32)
            u = (1 - errors.leak) * u + (1 + errors.gain) * (self._matches(signals, weights, t) - RHO) + bias + noise
            np.clip(u, LOW, HIGH, out=u)
            if t >= self.integrate:
                fires = u > threshold
                found[t] = fires
                u[fires] = 0.0
        return found

    @staticmethod
    def _matches(signals: Signs, weights: Signs, step: int) -> Array:
        """Matches of each row, (images, neurons): whole numbers if the weights are."""
        chosen = weights[step % len(weights)]
        products = signals @ chosen[:SIGNALS] + chosen[SIGNALS:].sum(axis=0)
        return np.asarray((products.astype(np.float64) + SYNAPSES) / 2)
