"""Rows of 288 synapses with an integrate-and-fire neuron each (STT-BSNN): as whole numbers, and as a circuit that errs.

A row counts N1, the synapses whose weight and input agree; all is in these matches.  256 synapses carry signals, 32 a constant
+1: the number of matches among them is a neuron's own shift.  A step is

    u(t) = u(t-1) + N1 - RHO,    a spike if u > theta and the step is past the first `integrate`,    u = 0 after a spike

with u kept within LOW to HIGH, where the membrane of the circuit is linear.  Of the circuit (:class:`NeuronErrors`):

    u(t) = (1 - leak) u(t-1) + (1 + gain) (N1 + row - RHO) + bias + step,    a spike if u > theta + 1/2 + offset

``bias`` and ``offset`` are a neuron's, drawn once a chip; ``step`` is drawn in every step, and so is ``row`` in the model
``fresh``; in ``cells`` it is what gains of the synapses, drawn once a chip, make of the inputs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from montecarlo.behaviour.arrays import Array, Bits, Counts, Signs, needed
from montecarlo.behaviour.lookup import axis, operating_point
from spicekit.table import LookupTable

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

    @classmethod
    def of(cls, table: LookupTable, **where: Any) -> NeuronErrors:
        """From a table of ``spicekit characterize dynamic-if`` or ``charge-if`` at ``where``.

        Coordinates not given are at their nominal values.  The offset of each programmable threshold is simulated at the
        nominal operating point alone; elsewhere it moves, and its sigma grows, as those of the one that is simulated everywhere.
        """
        place, usual = operating_point(table, **where), operating_point(table)

        def value(name: str, at: dict[str, Any] = place, **also: Any) -> Any:
            return table.query(name, **at | also)

        gain = float(value("line_gain")) - 1
        # in the table's trains half of the synapses match
        bias = float(value("alone_step_bias")) - gain * (SYNAPSES / 2 - RHO)
        offset, sigma = (float(value(f"threshold_{name}")) for name in ("offset", "offset_std"))
        theta, means, sigmas = np.zeros(1), np.array([offset]), np.array([sigma])
        if "programmed_offset" in table.variables:
            theta = axis(table, "theta")
            before, sigma_before = (float(value(f"threshold_{name}", usual)) for name in ("offset", "offset_std"))
            means = value("programmed_offset", theta=theta) + offset - before
            sigmas = value("programmed_offset_std", theta=theta) * sigma / sigma_before
        return cls(
            row=float(value("sigma_row")),
            step=float(value("alone_sigma_step")),
            bias=(bias, float(value("alone_sigma_bias"))),
            offsets=(theta, means, sigmas),
            leak=float(value("line_leak")),
            gain=gain,
        )

    @property
    def synapse(self) -> float:
        """Sigma of a synapse's gain in the model ``cells``: half of the sum of 288 such terms has the row's sigma."""
        return float(2 * self.row / np.sqrt(SYNAPSES))

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

    def draw_offsets(self, theta: Counts | Array, rng: np.random.Generator) -> Array:
        """Of neurons with thresholds ``theta`` in matches, between two of them while one learns: interpolated,
        and constant beyond the last one of the table."""
        at, mean, sigma = self.offsets
        normal = rng.standard_normal(len(theta))
        return np.asarray(np.interp(theta, at, mean) + np.interp(theta, at, sigma) * normal)


class Neurons:
    """Neurons that hold ``weights`` of +1 and -1, (sets, 288, neurons), and thresholds ``theta``, (neurons,), in matches.

    Step t uses set t modulo sets; no neuron fires in the first ``integrate`` steps.  Without ``errors`` all is whole numbers.
    Fresh a chip: ``bias`` and ``threshold``, (neurons,), and the gains that are in ``weights`` (model ``cells``).  Fresh a read:
    the deviation of each step.
    """

    def __init__(
        self,
        weights: Signs,
        theta: Counts,
        integrate: int = 0,
        errors: NeuronErrors | None = None,
        model: Model = "cells",
        rng: np.random.Generator | None = None,
    ) -> None:
        self.weights, self.theta, self.integrate, self.errors, self.rng = weights, theta, integrate, errors, rng
        if errors is None:
            return
        rng = needed(rng)
        self.bias = errors.bias[0] + errors.bias[1] * rng.standard_normal(len(theta))
        self.threshold = theta + 0.5 + errors.draw_offsets(theta, rng)
        self.step = errors.step
        if model == "cells":
            self.weights = weights * (1 + errors.synapse * rng.standard_normal(weights.shape, dtype=np.float32))
        else:
            self.step = float(np.hypot(errors.step, errors.row))

    def drawn(self, errors: NeuronErrors | None, model: Model = "cells", rng: np.random.Generator | None = None) -> Neurons:
        """A chip of these neurons, which have no errors themselves."""
        return Neurons(self.weights, self.theta, self.integrate, errors, model, rng)

    def spikes(self, inputs: Signs) -> Bits:
        """Spikes (1 or 0), (steps, images, neurons), for signals of +1 and -1, (steps, images, 256)."""
        found = np.zeros((*inputs.shape[:2], len(self.theta)), dtype=np.float32)
        if self.errors is None:
            u: Any = np.zeros(found.shape[1:], dtype=np.int64)
            threshold: Any = self.theta
        else:
            u, threshold = np.zeros(found.shape[1:]), self.threshold
        for t, signals in enumerate(inputs):
            u = np.clip(self._membrane(u, self._matches(signals, t)), LOW, HIGH)
            if t >= self.integrate:
                fires = u > threshold
                found[t] = fires
                u[fires] = 0
        return found

    def _membrane(self, u: Any, matches: Array) -> Any:
        """After a step, in matches."""
        if self.errors is None:
            return u + matches.astype(np.int64) - RHO
        noise = self.step * needed(self.rng).standard_normal(u.shape, dtype=np.float32)
        return (1 - self.errors.leak) * u + (1 + self.errors.gain) * (matches - RHO) + self.bias + noise

    def _matches(self, signals: Signs, step: int) -> Array:
        """Matches of each row, (images, neurons): whole numbers if the weights are."""
        chosen = self.weights[step % len(self.weights)]
        products = signals @ chosen[:SIGNALS] + chosen[SIGNALS:].sum(axis=0)
        return np.asarray((products.astype(np.float64) + SYNAPSES) / 2)
