"""The binarised spiking network: its layers, its training, deviations from tables, the experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import binomtest, kstest

pytest.importorskip("sklearn")  # the digits

from imce.experiment import digits
from spiking.experiment import Outcome, experiment, rises
from spiking.layers import CONSTANTS, HIGH, LOW, MODELS, RHO, SIGNALS, SYNAPSES, Layer, Model, NeuronErrors
from spiking.network import FORMS, LEVELS, NUTS, UNIFORM
from spiking.plots import plot_accuracy
from spiking.tables import SCALES, Point, characterisation, described, neuron_errors, points_of
from spiking.training import WIDTH, Pass, Trained, _backward, _forward, train
from spiking_network import accuracy_table, statements

from spicekit.errors import UserError
from spicekit.physics.neuron import IntegerNeuron, matches
from spicekit.table import LookupTable

Array = NDArray[np.float64]


def drawn_layer(seed: int, *, sets: int = 1, neurons: int = 20, integrate: int = 0) -> Layer:
    rng = np.random.default_rng(seed)
    share = rng.uniform(0.1, 0.9, neurons)  # of +1: with inputs that are mostly alike the membrane also meets its ends
    weights = np.where(rng.random((sets, SYNAPSES, neurons)) < share, np.float32(1), np.float32(-1))
    return Layer(weights, rng.integers(0, 40, neurons), integrate)


def drawn_inputs(seed: int, steps: int, images: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    share = rng.uniform(0.1, 0.9, (1, images, 1))
    return np.where(rng.random((steps, images, SIGNALS)) < share, np.float32(1), np.float32(-1))


def even_layer(count: int, theta: int, **given: Any) -> Layer:
    """Neurons with weights +1; of their constants 144 - 128 match if half of the signals do."""
    weights = np.ones((1, SYNAPSES, count), dtype=np.float32)
    weights[:, SIGNALS + CONSTANTS // 2 :] = -1
    return Layer(weights, np.full(count, theta), **given)


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
        np.testing.assert_array_equal(layer.spikes(inputs, NeuronErrors(), model, np.random.default_rng(0)), expected)


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
        fired = int(layer.spikes(signals(n1, 1), errors, model, np.random.default_rng(n1)).sum())
        assert binomtest(fired, count, float(ndtr((n1 - RHO - 5.5) / sigma))).pvalue > 1e-4


def test_what_stays_and_what_changes() -> None:
    """Of two images alike, neurons on the brink decide alike if only devices deviate, and not if steps do."""
    layer, inputs = even_layer(400, 5), signals(RHO + 5, 1, images=2)
    stays = [NeuronErrors(bias=(0.0, 1.0)), NeuronErrors(row=1.0), NeuronErrors(offsets=(np.zeros(1), np.zeros(1), np.ones(1)))]
    for errors in stays:
        one, two = layer.spikes(inputs, errors, "cells", np.random.default_rng(1))[0]
        np.testing.assert_array_equal(one, two)
        assert 0 < one.mean() < 1
    for errors, model in ((NeuronErrors(step=1.0), "cells"), (NeuronErrors(row=1.0), "fresh")):
        one, two = layer.spikes(inputs, errors, model, np.random.default_rng(1))[0]  # type: ignore[arg-type]
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
        fired = even_layer(1, theta).spikes(signals(RHO + 3, 12), errors, "cells", np.random.default_rng(0))[:, 0, 0]
        assert first is not None
        assert np.flatnonzero(fired)[0] == first
    assert errors.scaled(0.0).gain == errors.scaled(0.0).leak == errors.scaled(0.0).bias[0] == 0
    twice = errors.scaled(2.0)
    assert (twice.gain, twice.leak, twice.bias[0], twice.offsets[1][1]) == (0.4, 0.2, 0.8, 4.0)
    with pytest.raises(ValueError, match="generator"):
        even_layer(1, 5).spikes(signals(RHO, 1), errors)


def test_stochastic_bits_have_the_pixels_as_probabilities() -> None:
    images = np.linspace(0, 1, 64).reshape(1, 8, 8)
    bits = FORMS["nuts"].encode(np.repeat(images, 400, axis=0), np.random.default_rng(5))
    assert bits.shape == (14, 400, SIGNALS)
    mean = (bits > 0).mean(axis=(0, 1)).reshape(-1, 64)
    np.testing.assert_allclose(mean, np.tile(images.ravel(), (4, 1)), atol=5 * 0.5 / np.sqrt(14 * 400))
    assert not np.array_equal(bits[0], bits[1])
    plain = UNIFORM.encode(images, np.random.default_rng(5))
    expected = [1 if grey > level else -1 for level in LEVELS for grey in images.ravel()]
    for t in range(8):
        np.testing.assert_array_equal(plain[t, 0], expected)


def test_steps_of_the_non_uniform_form() -> None:
    """Layer 1 is silent in K steps and layer 2 does not see them; layer 3 is silent in the first K of what is left."""
    seen, _, labels, _ = digits(0)
    network = train(NUTS, seen[:128], labels[:128], np.random.default_rng(0), epochs=1)
    assert [layer.weights.shape for layer in network.layers] == [(5, 288, 256), (1, 288, 256), (5, 288, 120)]
    inputs = NUTS.encode(seen[:20], np.random.default_rng(1))
    first = network.layers[0].spikes(inputs)
    assert not first[:5].any()
    second = network.layers[1].spikes(NUTS.passed(first, 0))
    assert len(second) == 9
    third = network.layers[2].spikes(NUTS.passed(second, 1))
    assert len(third) == 9
    assert not third[:5].any()
    np.testing.assert_array_equal(network.votes(inputs).sum(axis=1), third.sum(axis=(0, 2)))
    assert NUTS.row_steps == 14 * 256 + 9 * (256 + 120)
    assert UNIFORM.row_steps == 8 * 632


def trained_layer(sets: int, neurons: int, integrate: int) -> Trained:
    rng = np.random.default_rng(6)
    weights = rng.uniform(-1, 1, (SIGNALS, neurons)).astype(np.float32)
    ones = np.ones(neurons, dtype=np.float32)
    return Trained(weights, 1.2 * ones, 0.3 * ones, sets, integrate)


def test_what_is_trained_is_what_is_stored() -> None:
    """Spikes of the training's forward pass are those of the layer that is written to rows."""
    trained, inputs = trained_layer(1, 15, 2), drawn_inputs(7, 8, 10)
    done = _forward(trained, inputs, np.random.default_rng(0))
    np.testing.assert_array_equal(done.spikes, trained.layer(np.random.default_rng(0)).spikes(inputs))
    theta, constant = trained.folded()
    n1 = (inputs @ np.where(trained.weights > 0, 1, -1) + SIGNALS) / 2
    std = n1.std(axis=(0, 1)) + 1
    np.testing.assert_array_equal(theta, np.rint(1.2 * std))
    np.testing.assert_array_equal(constant, np.clip(np.rint(RHO - n1.mean(axis=(0, 1)) + 0.3 * std), 0, CONSTANTS))


def test_stochastic_weights_have_their_probabilities() -> None:
    trained = trained_layer(400, 3, 0)
    share = (trained.bits(np.random.default_rng(1)) > 0).mean(axis=0)
    z = (share - (1 + trained.weights) / 2) / np.sqrt((1 - trained.weights**2) / 4 / 400 + 1e-12)
    inside = np.abs(trained.weights) < 0.9
    assert kstest(z[inside], "norm").pvalue > 1e-3


def test_gradients_are_the_sums_over_paths() -> None:
    """Of a layer written out path by path: a match counts for every later step up to the next spike."""
    trained, inputs = trained_layer(2, 4, 1), drawn_inputs(8, 6, 3)
    done: Pass = _forward(trained, inputs, np.random.default_rng(0))
    above = np.random.default_rng(9).standard_normal(done.spikes.shape).astype(np.float32)
    steps, images, neurons = above.shape
    by_match = np.zeros(above.shape)
    for t in range(steps):
        for image in range(images):
            for neuron in range(neurons):
                for later in range(t, steps):
                    if not done.kept[later, image, neuron]:
                        break
                    by_match[t, image, neuron] += above[later, image, neuron] * done.open[later, image, neuron]
                    if done.spikes[later, image, neuron]:
                        break
    weights = sum(np.einsum("bi,bn->in", inputs[t], by_match[t]) / 2 for t in range(steps))
    into = np.stack([by_match[t] @ done.bits[t % 2].T for t in range(steps)])
    found = _backward(done, above)
    np.testing.assert_allclose(found[0], weights, atol=1e-4)
    np.testing.assert_allclose(found[1], -(above * done.open).sum(axis=(0, 1)), atol=1e-5)
    np.testing.assert_allclose(found[2], by_match.sum(axis=(0, 1)), atol=1e-5)
    np.testing.assert_allclose(found[3], into, atol=1e-4)
    assert set(np.unique(done.open)) == {0, 1 / WIDTH}


def table(**changed: Array) -> LookupTable:
    """One like the characterisation's, with two temperatures."""
    where, all_of = ("temperature", "corner"), ("frequency", "vdd", "temperature", "corner")
    values: dict[str, tuple[tuple[str, ...], Array]] = {
        "line_gain": (all_of, np.array([[[[0.9], [1.01]]]])),
        "line_leak": (all_of, np.array([[[[0.02], [0.001]]]])),
        "energy_e_step": (all_of, np.array([[[[2e-12], [1e-12]]]])),
        "alone_step_bias": (where, np.array([[1.0], [0.14]])),
        "alone_sigma_bias": (where, np.array([[0.5], [0.25]])),
        "alone_sigma_step": (where, np.array([[0.2], [0.1]])),
        "train_sigma_bsnn": (where, np.array([[0.0040], [0.00276]])),
        "sigma_row": (where, np.array([[0.7], [0.65]])),
        "threshold_offset": (where, np.array([[0.5], [0.1]])),
        "threshold_offset_std": (where, np.array([[0.8], [0.4]])),
        "programmed_offset": (("theta",), np.array([-0.2, 0.3])),
        "programmed_offset_std": (("theta",), np.array([0.7, 0.3])),
    }
    coordinates = {
        "frequency": np.array([166e6]), "vdd": np.array([1.1]), "temperature": np.array([-40.0, 27.0]),
        "corner": np.array(["tt"]), "theta": np.array([0.0, 40.0]),
    }  # fmt: skip
    nominal = '{"frequency": 166e6, "vdd": 1.1, "temperature": 27.0, "corner": "tt", "theta": 16}'
    attributes = {"spicekit": f'{{"system": "dynamic-if", "nominal": {nominal}}}'}
    return LookupTable(coordinates, values, {}, attributes)


def test_errors_are_those_of_the_table() -> None:
    usual = neuron_errors(table())
    assert (usual.row, usual.step, usual.leak) == pytest.approx((0.65, 0.1, 0.001))
    assert usual.gain == pytest.approx(0.01)
    assert usual.bias == pytest.approx((0.14 - 0.01 * 4, 0.25))  # the trains of the table have 4 matches more than rho
    np.testing.assert_allclose(np.array(usual.offsets), np.array([[0, 40], [-0.2, 0.3], [0.7, 0.3]]))
    cold = neuron_errors(table(), temperature=-40.0)
    np.testing.assert_allclose(np.array(cold.offsets), np.array([[0, 40], [0.2, 0.7], [1.4, 0.6]]))
    assert cold.bias == pytest.approx((1.0 + 0.1 * 4, 0.5))
    points = points_of(table())
    assert [point.value for point in points] == [*SCALES, -40.0, 27.0]
    assert points[SCALES.index(1.0)].errors.row == points[-1].errors.row == usual.row
    assert described(table()) == "dynamic-if, 166 MHz, 1.1 V, 27 °C, tt, σ_BSNN 0.276%"
    one = table()
    for name in ("programmed_offset", "programmed_offset_std"):
        del one.variables[name]
    np.testing.assert_allclose(np.array(neuron_errors(one).offsets), np.array([[0], [0.1], [0.4]]))
    drawn = usual.draw_offsets(np.full(20_000, 20), np.random.default_rng(1))
    assert drawn.mean() == pytest.approx(0.05, abs=4 * 0.5 / np.sqrt(20_000))
    assert drawn.std() == pytest.approx(0.5, rel=4 / np.sqrt(40_000))


def test_another_systems_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="table"):
        characterisation(tmp_path, tmp_path / "made", print)


def test_the_network_learns_and_deviations_cost_accuracy(tmp_path: Path) -> None:
    usual = neuron_errors(table())
    points = [Point("scale", factor, usual.scaled(factor)) for factor in (0.0, 1.0, 16.0)]
    outcomes = {"uniform": experiment(UNIFORM, points, networks=2, chips=2, epochs=6)}
    outcome = outcomes["uniform"]
    assert outcome.ideal.min() > 0.88
    assert all(statements(points, outcomes).values())
    assert outcome.loss("cells", 2).mean > 0.1
    assert np.abs(outcome.loss("cells", 1).mean) < 0.05
    np.testing.assert_array_equal(outcome.spike_errors[:, 0], 0)
    assert (outcome.spike_errors[:, 2] > outcome.spike_errors[:, 1]).all()
    lines = accuracy_table(points, outcomes)
    assert len(lines) == 3 * len(MODELS)
    for line in lines:
        row = [point.value for point in points].index(line["value"])
        assert line["accuracy"] + line["loss"] == pytest.approx(outcome.ideal.mean(), abs=2e-6)
        assert line["accuracy"] == pytest.approx(outcome.real[line["model"]][:, row].mean(), abs=1e-6)
        assert line["accuracy_low"] <= line["accuracy"] <= line["accuracy_high"]
    assert plot_accuracy(points, outcomes, "test", tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_an_accuracy_that_rises_with_the_deviations_is_seen() -> None:
    points = [Point("scale", factor, NeuronErrors()) for factor in (0.0, 1.0, 2.0)]
    ideal = np.array([0.95, 0.93, 0.94])
    real = ideal[:, None, None] - np.array([0.0, 0.2, 0.1])[:, None] + 1e-3 * np.random.default_rng(1).standard_normal((3, 3, 4))
    outcome = Outcome(ideal, {"cells": real, "fresh": np.sort(real, axis=1)[:, ::-1]}, (True,) * 3, np.zeros((3, 3, 3)))
    assert rises(points, outcome, "cells") == [(points[1], points[2])]
    assert rises(points, outcome, "fresh") == []
    assert outcome.loss("cells", 1).mean == pytest.approx(0.2, abs=2e-3)
    assert not statements(points, {"uniform": outcome})["accuracy falls as the deviations rise, within the intervals"]
