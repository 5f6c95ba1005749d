"""Learning forward in time: against differences of the loss, and against the gradient backward in time where it is exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from montecarlo.behaviour.arrays import Array
from montecarlo.behaviour.eprop import Labels, Spiking

STEPS, INPUTS, NEURONS, CLASSES, CHIPS, BATCH, SCORED = 12, 5, 4, 3, 2, 3, 7


def drawn(seed: int, recurrent: float = 0.0, smooth: bool = False) -> tuple[Spiking, Array, Labels]:
    """Networks, inputs and labels; thresholds and time constants differ from neuron to neuron."""
    rng = np.random.default_rng(seed)
    network = Spiking(
        rng.normal(0, 0.7, (CHIPS, NEURONS, INPUTS)),
        recurrent * rng.normal(0, 0.5, (CHIPS, NEURONS, NEURONS)),
        rng.normal(0, 0.5, (CHIPS, CLASSES, NEURONS)),
        theta=rng.uniform(0.7, 1.3, (CHIPS, NEURONS)),
        alpha=rng.uniform(0.8, 0.95, (CHIPS, NEURONS)),
        kappa=0.9,
        smooth=smooth,
    )
    inputs = (rng.random((STEPS, CHIPS, BATCH, INPUTS)) < 0.4).astype(float)
    return network, inputs, rng.integers(CLASSES, size=(CHIPS, BATCH))


def differences(network: Spiking, name: str, inputs: Array, labels: Labels) -> Array:
    """The loss's gradient by the weights ``name``, from central differences."""
    weights = getattr(network, name)
    found = np.empty_like(weights)
    for place in np.ndindex(weights.shape[1:]):
        losses = []
        for step in (1e-5, -1e-5):
            moved = weights.copy()
            moved[(slice(None), *place)] += step
            losses.append(replace(network, **{name: moved}).loss(inputs, labels, SCORED))
        found[(slice(None), *place)] = (losses[0] - losses[1]) / 2e-5
    return found


def test_without_recurrent_weights_it_is_the_gradient() -> None:
    """Smooth neurons without a reset: nothing is approximated, and differences of the loss are the judge."""
    network, inputs, labels = drawn(1, smooth=True)
    g_in, _, g_out, _ = network.gradients(inputs, labels, SCORED)
    np.testing.assert_allclose(g_in, differences(network, "w_in", inputs, labels), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(g_out, differences(network, "w_out", inputs, labels), rtol=1e-6, atol=1e-7)
    assert np.abs(g_in).max() > 0.1


def test_with_recurrent_weights_it_leaves_out_what_goes_through_other_neurons() -> None:
    """The read-out's gradient stays exact; that of the inputs points the same way and is not the same."""
    network, inputs, labels = drawn(2, recurrent=1.0, smooth=True)
    g_in, g_rec, g_out, _ = network.gradients(inputs, labels, SCORED)
    np.testing.assert_allclose(g_out, differences(network, "w_out", inputs, labels), rtol=1e-6, atol=1e-7)
    for found, name in ((g_in, "w_in"), (g_rec, "w_rec")):
        exact = differences(network, name, inputs, labels)
        cosine = np.sum(found * exact) / np.sqrt(np.sum(found**2) * np.sum(exact**2))
        assert 0.5 < cosine < 0.9999


def backward(network: Spiking, inputs: Array, labels: Labels) -> tuple[Array, Array]:
    """Backpropagation through time of spiking neurons, a chip, sample and neuron after the other; no derivative of the reset."""
    g_in, g_out = np.zeros_like(network.w_in), np.zeros_like(network.w_out)
    for chip in range(CHIPS):
        theta, alpha = network.theta[chip], network.alpha[chip]
        for n in range(BATCH):
            v, z, y = np.zeros(NEURONS), np.zeros(NEURONS), np.zeros(CLASSES)
            spikes, slopes, errors = [], [], []
            for t in range(STEPS):
                v = alpha * v + network.w_in[chip] @ inputs[t, chip, n] - theta * z
                z = (v > theta).astype(float)
                y = network.kappa * y + network.w_out[chip] @ z
                spikes.append(z)
                slopes.append(network.slope / theta * np.maximum(0, 1 - np.abs(v - theta) / theta))
                pi = np.exp(y) / np.exp(y).sum()
                errors.append((pi - np.eye(CLASSES)[labels[chip, n]]) * (t >= STEPS - SCORED))
            by_y, by_v = np.zeros(CLASSES), np.zeros(NEURONS)
            for t in reversed(range(STEPS)):
                by_y = errors[t] + network.kappa * by_y
                by_v = slopes[t] * (network.w_out[chip].T @ by_y) + alpha * by_v
                g_in[chip] += np.outer(by_v, inputs[t, chip, n])
                g_out[chip] += np.outer(by_y, spikes[t])
    return g_in, g_out


def test_of_spikes_it_is_backpropagation_through_time() -> None:
    network, inputs, labels = drawn(3)
    g_in, g_rec, g_out, summed = network.gradients(inputs, labels, SCORED)
    expected_in, expected_out = backward(network, inputs, labels)
    np.testing.assert_allclose(g_in, expected_in, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(g_out, expected_out, rtol=1e-10, atol=1e-12)
    assert not g_rec.any()
    np.testing.assert_allclose(summed, network.run(inputs, SCORED))
    np.testing.assert_allclose(summed.sum(axis=-1), SCORED)


def forward(network: Spiking, inputs: Array, labels: Labels, feedback: Array) -> tuple[Array, Array]:
    """e-prop as it is defined: a trace and an eligibility of every synapse, and the learning signal of the step."""
    g_in, g_rec = np.zeros_like(network.w_in), np.zeros_like(network.w_rec)
    for chip in range(CHIPS):
        theta, alpha = network.theta[chip], network.alpha[chip]
        for n in range(BATCH):
            v, z, y = np.zeros(NEURONS), np.zeros(NEURONS), np.zeros(CLASSES)
            seen, eligible = np.zeros((NEURONS, INPUTS)), np.zeros((NEURONS, INPUTS))
            seen_rec, eligible_rec = np.zeros((NEURONS, NEURONS)), np.zeros((NEURONS, NEURONS))
            for t in range(STEPS):
                seen = alpha[:, None] * seen + inputs[t, chip, n]
                seen_rec = alpha[:, None] * seen_rec + z
                v = alpha * v + network.w_in[chip] @ inputs[t, chip, n] + network.w_rec[chip] @ z - theta * z
                z = (v > theta).astype(float)
                y = network.kappa * y + network.w_out[chip] @ z
                slope = network.slope / theta * np.maximum(0, 1 - np.abs(v - theta) / theta)
                eligible = network.kappa * eligible + slope[:, None] * seen
                eligible_rec = network.kappa * eligible_rec + slope[:, None] * seen_rec
                if t >= STEPS - SCORED:
                    signal = feedback[chip] @ (np.exp(y) / np.exp(y).sum() - np.eye(CLASSES)[labels[chip, n]])
                    g_in[chip] += signal[:, None] * eligible
                    g_rec[chip] += signal[:, None] * eligible_rec
    return g_in, g_rec


def test_it_is_the_sum_over_eligibility_traces() -> None:
    """With recurrent weights, and with a feedback of its own."""
    network, inputs, labels = drawn(8, recurrent=1.0)
    for feedback in (None, np.random.default_rng(9).normal(0, 1, (CHIPS, NEURONS, CLASSES))):
        found = network.gradients(inputs, labels, SCORED, feedback)
        expected = forward(network, inputs, labels, network.w_out.transpose(0, 2, 1) if feedback is None else feedback)
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-10, atol=1e-12)


def test_the_delta_rule_changes_the_readout_alone() -> None:
    network, inputs, labels = drawn(4, recurrent=1.0)
    whole = network.gradients(inputs, labels, SCORED)
    alone = network.gradients(inputs, labels, SCORED, hidden=False)
    np.testing.assert_array_equal(alone[2], whole[2])
    assert not alone[0].any()
    assert not alone[1].any()
    assert whole[1].any()


def test_feedback_is_the_readout_or_what_is_given() -> None:
    network, inputs, labels = drawn(5, recurrent=1.0)
    usual = network.gradients(inputs, labels, SCORED)
    given = network.gradients(inputs, labels, SCORED, network.w_out.transpose(0, 2, 1))
    other = network.gradients(inputs, labels, SCORED, np.ones((CHIPS, NEURONS, CLASSES)))
    np.testing.assert_array_equal(usual[0], given[0])
    assert np.abs(other[0]).max() == pytest.approx(0, abs=1e-12)  # the errors of all classes add up to 0


def test_chips_do_not_touch_each_other() -> None:
    network, inputs, labels = drawn(6, recurrent=1.0)
    alone = replace(
        network,
        w_in=network.w_in[1:],
        w_rec=network.w_rec[1:],
        w_out=network.w_out[1:],
        theta=network.theta[1:],
        alpha=network.alpha[1:],
    )
    for both, one in zip(
        network.gradients(inputs, labels, SCORED), alone.gradients(inputs[:, 1:], labels[1:], SCORED), strict=True
    ):
        np.testing.assert_allclose(both[1:], one, rtol=1e-12, atol=1e-14)
