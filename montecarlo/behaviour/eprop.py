"""A recurrent layer of leaky integrate-and-fire neurons that learns while it runs: e-prop, and the delta rule of its read-out.

    v(t) = alpha v(t-1) + W_in x(t) + W_rec z(t-1) - theta z(t-1)        z = 1 where v > theta
    y(t) = kappa y(t-1) + W_out z(t)                                     pi = softmax(y)

The loss is the cross entropy of pi and the label, summed over the scored steps.  e-prop (Bellec et al., Nature Communications 11,
3625 (2020)) takes its gradient forward in time, with what is known at the synapse and a learning signal of the neuron::

    dE/dW_ji = sum over t of L_j(t) F_kappa(psi_j(t) F_alpha(x_i)(t))      L_j = sum over k of B_jk (pi_k - label_k)

F is the leaky sum, psi a pseudo-derivative of the spike, B the transposed read-out or fixed random weights.  Without W_rec it is
the whole gradient but for the reset, whose derivative is left out as usual; what goes through other neurons is left out too.

Weights are (chips, to, from): several networks run beside each other, each with its own inputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from montecarlo.behaviour.arrays import Array

Labels = NDArray[np.int64]


@dataclass
class Spiking:
    """The networks: weights, and what their neurons are."""

    w_in: Array  # (chips, neurons, inputs)
    w_rec: Array  # (chips, neurons, neurons)
    w_out: Array  # (chips, classes, neurons)
    theta: Array = field(default_factory=lambda: np.ones((1, 1)))  # (chips or 1, neurons or 1)
    alpha: Array = field(default_factory=lambda: np.full((1, 1), 0.95))  # decay of the membrane a step, the same shape
    kappa: float = 0.95  # of the read-out
    slope: float = 0.3  # height of the pseudo-derivative times theta
    smooth: bool = False  # a sigmoid in place of the spike, and no reset: for tests against differences of the loss

    def fire(self, v: Array) -> tuple[Array, Array]:
        """Spikes and pseudo-derivatives of membranes (chips, batch, neurons)."""
        theta = self.theta[:, None]
        if self.smooth:
            z = 1 / (1 + np.exp(-4 * (v - theta)))
            return z, 4 * z * (1 - z)
        return (v > theta).astype(float), self.slope / theta * np.maximum(0, 1 - np.abs(v - theta) / theta)

    def run(self, inputs: Array, scored: int) -> Array:
        """Sum of the probabilities over the last ``scored`` steps: (chips, batch, classes).

        ``inputs``: (steps, chips or 1, batch, inputs).
        """
        return sum((pi for _, pi, _ in self._steps(inputs, scored)), start=np.zeros(()))

    def loss(self, inputs: Array, labels: Labels, scored: int) -> Array:
        """Cross entropy over the scored steps, of each chip, summed over the batch; labels (chips or 1, batch)."""
        total = np.zeros(len(self.w_in))
        for _, pi, _ in self._steps(inputs, scored):
            total -= np.log(np.take_along_axis(pi, np.broadcast_to(labels, pi.shape[:2])[..., None], -1)).sum(axis=(1, 2))
        return total

    def gradients(
        self, inputs: Array, labels: Labels, scored: int, feedback: Array | None = None, *, hidden: bool = True
    ) -> tuple[Array, Array, Array, Array]:
        """Of the loss by w_in, w_rec, w_out, summed over the batch; and the probabilities as :meth:`run` gives them.

        ``feedback``: B (chips, neurons, classes); the read-out transposed if not given.  Without ``hidden`` only the read-out
        learns: the delta rule, and the first two are 0.
        """
        g_in, g_rec, g_out = np.zeros_like(self.w_in), np.zeros_like(self.w_rec), np.zeros_like(self.w_out)
        chips, batch = len(self.w_in), inputs.shape[2]
        back = self.w_out.transpose(0, 2, 1) if feedback is None else feedback
        alpha = np.broadcast_to(self.alpha, (chips, self.w_in.shape[1]))[:, None, :, None]
        seen_in = np.zeros((chips, batch, *self.w_in.shape[1:]))  # what each synapse has seen, and its eligibility
        seen_rec = np.zeros((chips, batch, *self.w_rec.shape[1:]))
        trace_in, trace_rec = np.zeros_like(seen_in), np.zeros_like(seen_rec)
        trace_out = np.zeros((chips, batch, self.w_rec.shape[1]))
        target = np.eye(self.w_out.shape[1])[labels]
        summed, before = np.zeros(()), trace_out
        recurrent = bool(np.any(self.w_rec))
        steps = len(inputs)
        for t, (x, pi, (z, psi)) in enumerate(self._steps(inputs, steps)):
            trace_out = self.kappa * trace_out + z
            if hidden:
                seen_in = alpha * seen_in + x[:, :, None, :]
                trace_in = self.kappa * trace_in + psi[..., None] * seen_in
                if recurrent:
                    seen_rec = alpha * seen_rec + before[:, :, None, :]
                    trace_rec = self.kappa * trace_rec + psi[..., None] * seen_rec
            before = z
            if t < steps - scored:
                continue
            summed = summed + pi
            error = pi - target
            g_out += error.transpose(0, 2, 1) @ trace_out
            if hidden:
                signal = (error @ back.transpose(0, 2, 1))[..., None]
                g_in += (signal * trace_in).sum(axis=1)
                if recurrent:
                    g_rec += (signal * trace_rec).sum(axis=1)
        return g_in, g_rec, g_out, summed

    def _steps(self, inputs: Array, scored: int) -> Iterator[tuple[Array, Array, tuple[Array, Array]]]:
        """Of each of the last ``scored`` steps: inputs, probabilities, (spikes, pseudo-derivatives)."""
        into, within, out = (weights.transpose(0, 2, 1) for weights in (self.w_in, self.w_rec, self.w_out))
        chips, batch = len(self.w_in), inputs.shape[2]
        v = z = np.zeros((chips, batch, self.w_in.shape[1]))
        y = np.zeros((chips, batch, self.w_out.shape[1]))
        for t, x in enumerate(inputs):
            v = self.alpha[:, None] * v + x @ into + z @ within - (0 if self.smooth else self.theta[:, None] * z)
            z, psi = self.fire(v)
            y = self.kappa * y + z @ out
            if t >= len(inputs) - scored:
                exponent = np.exp(y - y.max(axis=-1, keepdims=True))
                yield x, exponent / exponent.sum(axis=-1, keepdims=True), (z, psi)
