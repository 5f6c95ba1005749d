"""A recurrent layer of leaky integrate-and-fire neurons that learns while it runs: e-prop, and the delta rule of its read-out.

    v(t) = alpha v(t-1) + W_in x(t) + W_rec z(t-1) - theta z(t-1)        z = 1 where v > theta
    y(t) = kappa y(t-1) + W_out z(t)                                     pi = softmax(y)

The loss is the cross entropy of pi and the label, summed over the scored steps.  e-prop (Bellec et al., Nature Communications 11,
3625 (2020)) takes its gradient forward in time, with what is known at the synapse and a learning signal of the neuron::

    dE/dW_ji = sum over t of L_j(t) F_kappa(psi_j(t) F_alpha(x_i)(t))      L_j = sum over k of B_jk (pi_k - label_k)

F is the leaky sum, psi a pseudo-derivative of the spike, B the transposed read-out or fixed random weights.  Without W_rec it is
the whole gradient but for the reset, whose derivative is left out as usual; what goes through other neurons is left out too.
The sums are exchanged here: the same numbers come out of a pass backward over vectors of neurons, where the sum above has a trace
of every synapse (tests compare both).

Weights are (chips, to, from): several networks run beside each other, each with its own inputs.
"""

from __future__ import annotations

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

    def spikes(self, v: Array) -> Array:
        """Of membranes (..., chips, batch, neurons)."""
        theta = self.theta[:, None]
        return np.asarray(1 / (1 + np.exp(-4 * (v - theta))) if self.smooth else v > theta, dtype=float)

    def slopes(self, v: Array) -> Array:
        """Pseudo-derivatives of the spikes by the membranes."""
        theta = self.theta[:, None]
        if self.smooth:
            z = self.spikes(v)
            return 4 * z * (1 - z)
        return np.asarray(self.slope / theta * np.maximum(0, 1 - np.abs(v - theta) / theta))

    def run(self, inputs: Array, scored: int) -> Array:
        """Sum of the probabilities over the last ``scored`` steps: (chips, batch, classes).

        ``inputs``: (steps, chips or 1, batch, inputs).
        """
        return np.asarray(self._forward(inputs)[0][-scored:].sum(axis=0))

    def loss(self, inputs: Array, labels: Labels, scored: int) -> Array:
        """Cross entropy over the scored steps, of each chip, summed over the batch; labels (chips or 1, batch)."""
        pi = self._forward(inputs)[0][-scored:]
        right = np.take_along_axis(pi, np.broadcast_to(labels, pi.shape[:3])[..., None], -1)
        return np.asarray(-np.log(right).sum(axis=(0, 2, 3)))

    def gradients(
        self, inputs: Array, labels: Labels, scored: int, feedback: Array | None = None, *, hidden: bool = True
    ) -> tuple[Array, Array, Array, Array]:
        """Of the loss by w_in, w_rec, w_out, summed over the batch; and the probabilities as :meth:`run` gives them.

        ``feedback``: B (chips, neurons, classes); the read-out transposed if not given.  Without ``hidden`` only the read-out
        learns: the delta rule, and the first two are 0.
        """
        steps, chips = len(inputs), len(self.w_in)
        back = (self.w_out.transpose(0, 2, 1) if feedback is None else feedback).transpose(0, 2, 1)
        pi, v, spikes = self._forward(inputs)
        errors = pi - np.eye(self.w_out.shape[1])[labels]
        errors[: steps - scored] = 0
        summed = np.asarray(pi[-scored:].sum(axis=0))
        for t in reversed(range(steps - 1)):  # what a spike of each step does to all later outputs
            errors[t] += self.kappa * errors[t + 1]
        g_out = _summed(errors, spikes[1:])
        if not hidden:
            return np.zeros_like(self.w_in), np.zeros_like(self.w_rec), g_out, summed
        signals = self.slopes(v) * (errors @ back)
        for t in reversed(range(steps - 1)):  # what an input of each step does to all later membranes
            signals[t] += self.alpha[:, None] * signals[t + 1]
        g_rec = _summed(signals, spikes[:-1]) if np.any(self.w_rec) else np.zeros_like(self.w_rec)
        return _summed(signals, np.broadcast_to(inputs, (steps, chips, *inputs.shape[2:]))), g_rec, g_out, summed

    def _forward(self, inputs: Array) -> tuple[Array, Array, Array]:
        """Probabilities and membranes of every step, and spikes from the one before the first: (steps, chips, batch, ...)."""
        into, within, out = (weights.transpose(0, 2, 1) for weights in (self.w_in, self.w_rec, self.w_out))
        drive = inputs @ into
        v, z = np.empty_like(drive), np.zeros((len(drive) + 1, *drive.shape[1:]))
        alpha, reset = self.alpha[:, None], 0.0 if self.smooth else self.theta[:, None]
        membrane = np.zeros(drive.shape[1:])
        for t in range(len(drive)):
            membrane = alpha * membrane + drive[t] + z[t] @ within - reset * z[t]
            v[t], z[t + 1] = membrane, self.spikes(membrane)
        y = z[1:] @ out
        for t in range(1, len(y)):
            y[t] += self.kappa * y[t - 1]
        exponent = np.exp(y - y.max(axis=-1, keepdims=True))
        return exponent / exponent.sum(axis=-1, keepdims=True), v, z


def _summed(after: Array, before: Array) -> Array:
    """Products of (steps, chips, batch, to) and (steps, chips, batch, from), summed: (chips, to, from)."""
    to, source = (np.moveaxis(a, 1, 0).reshape(a.shape[1], -1, a.shape[-1]) for a in (after, before))
    return np.asarray(to.transpose(0, 2, 1) @ source)
