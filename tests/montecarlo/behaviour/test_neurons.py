"""Rows with integrate-and-fire neurons: against recursions written out, the bench's ideal neuron, and statistics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import binomtest

from montecarlo.behaviour import NeuronErrors, Neurons
from montecarlo.behaviour.neurons import CONSTANTS, HIGH, LOW, MODELS, RHO, SIGNALS, SYNAPSES, Model
from spicekit.errors import UserError
from spicekit.physics.neuron import IntegerNeuron, matches
from spicekit.table import LookupTable


def drawn_layer(seed: int, *, sets: int = 1, neurons: int = 20, integrate: int = 0) -> Neurons:
    rng = np.random.default_rng(seed)
    share = rng.uniform(0.1, 0.9, neurons)  # of +1: with inputs that are mostly alike the membrane also meets its ends
    weights = np.where(rng.random((sets, SYNAPSES, neurons)) < share, np.float32(1), np.float32(-1))
    return Neurons(weights, rng.integers(0, 40, neurons), integrate)


def drawn_inputs(seed: int, steps: int, images: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    share = rng.uniform(0.1, 0.9, (1, images, 1))
    return np.where(rng.random((steps, images, SIGNALS)) < share, np.float32(1), np.float32(-1))


def even_layer(count: int, theta: int, **given: Any) -> Neurons:
    """Neurons with weights +1; of their constants 144 - 128 match if half of the signals do."""
    weights = np.ones((1, SYNAPSES, count), dtype=np.float32)
    weights[:, SIGNALS + CONSTANTS // 2 :] = -1
    return Neurons(weights, np.full(count, theta), **given)


def signals(n1: int, steps: int, images: int = 1) -> NDArray[np.float32]:
    """With which neurons of :func:`even_layer` have ``n1`` matches in each step."""
    row = np.where(np.arange(SIGNALS) < n1 - CONSTANTS // 2, np.float32(1), np.float32(-1))
    return np.tile(row, (steps, images, 1))


@pytest.mark.parametrize(("sets", "integrate"), [(1, 0), (3, 4)])
def test_a_layer_is_the_recursion_in_whole_numbers(sets: int, integrate: int) -> None:
    layer, inputs = drawn_layer(1, sets=sets, integrate=integrate), drawn_inputs(2, 8, 12)
    expected = np.zeros((8, 12, 20))
    ends = 0
    for image in range(12):
        for neuron in range(20):
            u = 0
            for t in range(8):
                row = [int(w) for w in layer.weights[t % sets, :, neuron]]
                given = [*map(int, inputs[t, image]), *[1] * CONSTANTS]
                u += sum(w == x for w, x in zip(row, given, strict=True)) - RHO
                ends += not LOW <= u <= HIGH
                u = min(max(u, LOW), HIGH)
                if t >= integrate and u > layer.theta[neuron]:
                    expected[t, image, neuron], u = 1, 0
    assert ends > 0
    np.testing.assert_array_equal(layer.spikes(inputs), expected)
    for model in MODELS:
        np.testing.assert_array_equal(layer.drawn(NeuronErrors(), model, np.random.default_rng(0)).spikes(inputs), expected)


def test_a_layer_is_the_ideal_neuron_of_the_bench() -> None:
    """Where the membrane stays within its range."""
    rng = np.random.default_rng(3)
    layer, inputs = drawn_layer(4, integrate=2), rng.choice([-1, 1], (8, 6, SIGNALS)).astype(np.float32)
    found = layer.spikes(inputs)
    for image in range(6):
        given = np.concatenate([inputs[:, image] > 0, np.ones((8, CONSTANTS), dtype=bool)], axis=1).astype(int)
        for neuron in range(20):
            n1 = matches(given, (layer.weights[0, :, neuron] > 0).astype(int))
            u, spikes = IntegerNeuron(RHO, int(layer.theta[neuron]), 2).train(n1)
            assert u.min() > LOW
            assert u.max() < HIGH
            np.testing.assert_array_equal(found[:, image, neuron], spikes)


@pytest.mark.parametrize("model", list(MODELS))
@pytest.mark.parametrize("source", ["row", "step", "bias", "offset"])
def test_each_deviation_has_its_sigma(model: Model, source: str) -> None:
    """One step at distance d below the threshold fires with the probability of a normal deviation: exact binomial test."""
    count, sigma = 20_000, 1.3
    changes: dict[str, dict[str, Any]] = {
        "row": {"row": sigma},
        "step": {"step": sigma},
        "bias": {"bias": (0.0, sigma)},
        "offset": {"offsets": (np.array([0.0]), np.array([0.0]), np.array([sigma]))},
    }
    errors = NeuronErrors(**changes[source])
    layer = even_layer(count, 5)
    for n1 in (RHO + 4, RHO + 6):  # half of the synapses match: the row's sigma holds for any inputs, as for these
        fired = int(layer.drawn(errors, model, np.random.default_rng(n1)).spikes(signals(n1, 1)).sum())
        assert binomtest(fired, count, float(ndtr((n1 - RHO - 5.5) / sigma))).pvalue > 1e-4


def test_what_stays_and_what_changes() -> None:
    """Of two images alike, neurons on the brink decide alike if only devices deviate, and not if steps do."""
    layer, inputs = even_layer(400, 5), signals(RHO + 5, 1, images=2)
    stays = [NeuronErrors(bias=(0.0, 1.0)), NeuronErrors(row=1.0), NeuronErrors(offsets=(np.zeros(1), np.zeros(1), np.ones(1)))]
    for errors in stays:
        one, two = layer.drawn(errors, "cells", np.random.default_rng(1)).spikes(inputs)[0]
        np.testing.assert_array_equal(one, two)
        assert 0 < one.mean() < 1
    for errors, model in ((NeuronErrors(step=1.0), "cells"), (NeuronErrors(row=1.0), "fresh")):
        one, two = layer.drawn(errors, model, np.random.default_rng(1)).spikes(inputs)[0]  # type: ignore[arg-type]
        assert 0.2 < np.mean(one != two) < 0.6


def test_means_leak_gain_and_the_thresholds_own_offset() -> None:
    """Membranes of a recursion written out: 3 matches a step above rho, no spike before the threshold is reached."""
    errors = NeuronErrors(bias=(0.4, 0.0), leak=0.1, gain=0.2, offsets=(np.array([0.0, 20.0]), np.array([0.0, 2.0]), np.zeros(2)))
    for theta in (6, 10, 14):
        u, first = 0.0, None
        for t in range(12):
            u = 0.9 * u + 1.2 * 3 + 0.4
            if first is None and u > theta + 0.5 + theta / 10:
                first = t
        chip = even_layer(1, theta).drawn(errors, "cells", np.random.default_rng(0))
        fired = chip.spikes(signals(RHO + 3, 12))[:, 0, 0]
        assert first is not None
        assert np.flatnonzero(fired)[0] == first
    assert errors.scaled(0.0).gain == errors.scaled(0.0).leak == errors.scaled(0.0).bias[0] == 0
    twice = errors.scaled(2.0)
    assert (twice.gain, twice.leak, twice.bias[0], twice.offsets[1][1]) == (0.4, 0.2, 0.8, 4.0)
    with pytest.raises(UserError, match="generator"):
        even_layer(1, 5).drawn(errors)


def test_errors_are_those_of_the_table(neuron_table: Callable[[], LookupTable]) -> None:
    usual = NeuronErrors.of(neuron_table())
    assert (usual.row, usual.step, usual.leak) == pytest.approx((0.65, 0.1, 0.001))
    assert usual.gain == pytest.approx(0.01)
    assert usual.bias == pytest.approx((0.14 - 0.01 * 4, 0.25))  # the trains of the table have 4 matches more than rho
    np.testing.assert_allclose(np.array(usual.offsets), np.array([[0, 40], [-0.2, 0.3], [0.7, 0.3]]))
    cold = NeuronErrors.of(neuron_table(), temperature=-40.0)
    np.testing.assert_allclose(np.array(cold.offsets), np.array([[0, 40], [0.2, 0.7], [1.4, 0.6]]))
    assert cold.bias == pytest.approx((1.0 + 0.1 * 4, 0.5))
    one = neuron_table()
    for name in ("programmed_offset", "programmed_offset_std"):
        del one.variables[name]
    np.testing.assert_allclose(np.array(NeuronErrors.of(one).offsets), np.array([[0], [0.1], [0.4]]))
    drawn = usual.draw_offsets(np.full(20_000, 20), np.random.default_rng(1))
    assert drawn.mean() == pytest.approx(0.05, abs=4 * 0.5 / np.sqrt(20_000))
    assert drawn.std() == pytest.approx(0.5, rel=4 / np.sqrt(40_000))


def test_a_chip_read_again_keeps_its_devices_and_draws_new_steps() -> None:
    layer, inputs = even_layer(400, 5), signals(RHO + 5, 1)
    fixed = layer.drawn(NeuronErrors(row=1.0, bias=(0.0, 1.0)), "cells", np.random.default_rng(1))
    np.testing.assert_array_equal(fixed.spikes(inputs), fixed.spikes(inputs))
    noisy = layer.drawn(NeuronErrors(step=1.0), "cells", np.random.default_rng(1))
    assert not np.array_equal(noisy.spikes(inputs), noisy.spikes(inputs))
