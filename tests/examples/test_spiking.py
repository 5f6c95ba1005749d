"""The binarised spiking network: its forms, its training, the experiment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import kstest

pytest.importorskip("sklearn")  # the digits

from networks.experiment import Point, characterisation, digits
from networks.spiking import FORMS, LEVELS, NUTS, UNIFORM
from networks.spiking_training import WIDTH, Pass, Trained, _backward, _deviating, _forward, train
from spiking_network import SCALES, SMALL, SYSTEMS, Spikes, accuracy_table, described, plot_accuracy, points_of, run, statements

from montecarlo.behaviour import NeuronErrors
from montecarlo.behaviour.neurons import CONSTANTS, MODELS, RHO, SIGNALS
from spicekit.errors import UserError
from spicekit.table import LookupTable


def drawn_inputs(seed: int, steps: int, images: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    share = rng.uniform(0.1, 0.9, (1, images, 1))
    return np.where(rng.random((steps, images, SIGNALS)) < share, np.float32(1), np.float32(-1))


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


def test_training_has_the_circuits_deviations() -> None:
    """Those that are the same for all neurons exactly, the drawn ones by the spread of a membrane after a step."""
    trained, inputs = trained_layer(2, 15, 2), drawn_inputs(7, 8, 10)
    errors = NeuronErrors(bias=(0.7, 0.0), offsets=(np.array([0, 30]), np.array([2.3, 5.3]), np.zeros(2)), leak=0.02, gain=0.1)
    done = _forward(trained, inputs, np.random.default_rng(0), errors)
    chip = trained.layer(np.random.default_rng(0)).drawn(errors, "cells", np.random.default_rng(0))
    np.testing.assert_array_equal(done.spikes, chip.spikes(inputs))
    assert not np.array_equal(done.spikes, _forward(trained, inputs, np.random.default_rng(0)).spikes)

    count = 4000
    errors = NeuronErrors(row=1.5, step=0.8, bias=(0.0, 0.6), offsets=(np.zeros(1), np.zeros(1), np.full(1, 0.9)))
    rng = np.random.default_rng(2)
    edge = np.zeros((1, 30, count), dtype=np.float32)
    added, threshold = _deviating(edge, np.full(count, 9.5, dtype=np.float32), 1, errors, rng)
    assert threshold.std() == pytest.approx(0.9, rel=0.05)
    stays = added.mean(axis=(0, 1))  # gains of the 32 constant synapses, and the bias
    assert stays.var() == pytest.approx(1.5**2 * CONSTANTS / 288 + 0.6**2 + 0.8**2 / 30, rel=0.1)
    assert (added - stays).std() == pytest.approx(0.8 * np.sqrt(29 / 30), rel=0.02)
    wide = trained_layer(1, 2000, 0)
    bits = _forward(wide, drawn_inputs(3, 1, 2), np.random.default_rng(5), NeuronErrors(row=1.5)).bits
    assert np.abs(bits).std() == pytest.approx(2 * 1.5 / np.sqrt(288), rel=0.02)


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


def test_another_systems_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="table"):
        characterisation(tmp_path, tmp_path / "made", SYSTEMS, SMALL)


def test_the_network_learns_and_deviations_cost_accuracy(neuron_table: Callable[[], LookupTable], tmp_path: Path) -> None:
    usual = NeuronErrors.of(neuron_table())
    points = [Point("scale", factor, usual.scaled(factor)) for factor in (0.0, 1.0, 16.0)]
    outcomes = {"uniform": run(UNIFORM, points, networks=2, chips=2, epochs=6)}
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


def test_training_that_knows_the_deviations_wins(neuron_table: Callable[[], LookupTable]) -> None:
    errors = NeuronErrors.of(neuron_table()).scaled(8.0)
    points = [Point("scale", 8.0, errors)]
    plain, knows = (run(UNIFORM, points, networks=1, chips=3, epochs=16, known=known) for known in (None, errors))
    assert knows.real["cells"].mean() > plain.real["cells"].mean() + 0.01
    assert all(knows.exact)


def test_an_accuracy_that_rises_with_the_deviations_is_seen() -> None:
    points = [Point("scale", factor, NeuronErrors()) for factor in (0.0, 1.0, 2.0)]
    ideal = np.array([0.95, 0.93, 0.94])
    real = ideal[:, None, None] - np.array([0.0, 0.2, 0.1])[:, None] + 1e-3 * np.random.default_rng(1).standard_normal((3, 3, 4))
    outcome = Spikes(ideal, {"cells": real, "fresh": np.sort(real, axis=1)[:, ::-1]}, (True,) * 3, np.zeros((3, 3, 3)))
    assert outcome.rises(points, "scale", "cells") == [(points[1], points[2])]
    assert outcome.rises(points, "scale", "fresh") == []
    assert outcome.loss("cells", 1).mean == pytest.approx(0.2, abs=2e-3)
    assert not statements(points, {"uniform": outcome})["accuracy falls as the deviations rise, within the intervals"]


def test_the_points_are_those_of_the_table(neuron_table: Callable[[], LookupTable]) -> None:
    points = points_of(neuron_table())
    assert [point.value for point in points] == [*SCALES, -40.0, 27.0]
    assert points[SCALES.index(1.0)].errors.row == points[-1].errors.row == 0.65
    assert described(neuron_table()) == "dynamic-if, 166 MHz, 1.1 V, 27 °C, tt, σ_BSNN 0.276%"
