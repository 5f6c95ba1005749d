"""Networks on the rows of STT-BNN's macro: a binary network and hyperdimensional classification."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")  # the digits

from networks.experiment import Outcome, Point, characterisation, digits, experiment
from networks.hdc import GREYS, Encoder, learn
from networks.stt_bnn import CLASSES, LEVELS, SIZES, Network, encode, train
from stt_bnn_network import SMALL, plot_accuracy, points_of, trained
from stt_hdc import SCALES, SOURCES
from stt_hdc import experiment as hdc_experiment
from stt_hdc import plot_accuracy as plot_hdc

from montecarlo.behaviour import Reading, RowErrors, Rows
from montecarlo.behaviour.rows import MODELS
from spicekit.errors import UserError
from spicekit.table import LookupTable


def plain_row(inputs: list[int], weights: list[int]) -> int:
    """N1 >= N/2, in whole numbers."""
    n1 = sum(1 for x, w in zip(inputs, weights, strict=True) if x == w)
    return 1 if 2 * n1 >= len(inputs) else -1


def test_the_network_is_the_integer_network() -> None:
    rng = np.random.default_rng(5)
    network = Network(tuple(rng.choice([-1, 1], (128, size)).astype(np.float32) for size in SIZES))
    images = digits(0)[1][:3]
    values = [[1 if grey > level else -1 for level in LEVELS for grey in image.ravel()] for image in images]
    for weights in network.layers:
        columns = [[*map(int, column)] for column in weights.T]
        values = [[plain_row(row, column) for column in columns] for row in values]
    per_class = len(values[0]) // CLASSES
    expected = [[sum(v > 0 for v in row[k * per_class : (k + 1) * per_class]) for k in range(CLASSES)] for row in values]
    np.testing.assert_array_equal(network.votes(images), expected)
    assert network.wrong_decisions(images, RowErrors(128, 0.0)) == [0, 0, 0]
    drawn = Rows(network.layers[0], RowErrors(128, 2.0), "fresh", rng).decide(np.repeat(encode(images), 100, axis=0))
    wrong = np.mean(drawn != np.repeat(Rows(network.layers[0]).decide(encode(images)), 100, axis=0))
    expected_wrong = network.wrong_decisions(images, RowErrors(128, 2.0))[0]
    assert wrong == pytest.approx(expected_wrong, abs=5 * np.sqrt(expected_wrong / drawn.size))
    for model in MODELS:
        build = partial(Rows, errors=RowErrors(128, 0.0), model=model, rng=rng)
        np.testing.assert_array_equal(network.votes(images, build), expected)


def test_the_points_are_those_of_the_table(stt_bnn_table: LookupTable) -> None:
    points = points_of(stt_bnn_table)
    assert [point.value for point in points if point.axis == "tmr"] == [1.0, 2.5]
    assert next(point.value for point in points if point.axis == "sigma") == 0


def test_another_table_is_refused(tmp_path: Path, stt_bnn_table: LookupTable) -> None:
    LookupTable(stt_bnn_table.coordinates, stt_bnn_table.variables, {}, {"spicekit": "{}"}).save_npz(tmp_path / "other.npz")
    with pytest.raises(UserError, match="characterize stt-bnn"):
        characterisation(tmp_path / "other.npz", tmp_path, ["stt-bnn"], SMALL)
    stt_bnn_table.save_npz(tmp_path / "own.npz")
    assert characterisation(tmp_path / "own.npz", tmp_path, ["stt-bnn"], SMALL).measures == stt_bnn_table.measures


def test_a_network_learns_and_wrong_decisions_cost_accuracy(stt_bnn_table: LookupTable, tmp_path: Path) -> None:
    points = [Point("sigma", sigma, RowErrors(128, sigma, sigma / 3)) for sigma in (0.0, 2.0, 8.0)]
    points.append(Point("tmr", 2.5, RowErrors.of(stt_bnn_table, n=128)))
    outcome = experiment(trained, points, list(MODELS), networks=3, chips=3)
    assert outcome.ideal.min() > 0.9  # ten digits: chance is 0.1
    for model in MODELS:
        np.testing.assert_array_equal(outcome.real[model][:, 0], np.repeat(outcome.ideal[:, None], 3, axis=1))
        assert not outcome.rises(points, "sigma", model)
        assert 0.2 < outcome.loss(model, 2).mean < 0.8
        assert outcome.loss(model, 3).mean < 0.03
    assert outcome.spread("fixed", 2) > outcome.spread("fresh", 2)
    assert plot_accuracy(points, outcome, "test", tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_training_is_the_same_again() -> None:
    seen, _, labels, _ = digits(1)
    one, other = (train(seen[:300], labels[:300], np.random.default_rng(2), epochs=3) for _ in range(2))
    for a, b in zip(one.layers, other.layers, strict=True):
        np.testing.assert_array_equal(a, b)
        assert set(np.unique(a)) == {-1.0, 1.0}


def test_a_rise_beyond_the_intervals_is_found() -> None:
    points = [Point("sigma", sigma, RowErrors(128, sigma)) for sigma in (0.0, 1.0)]
    real = np.array([[[0.80], [0.89]], [[0.81], [0.90]]])  # networks, points, macros
    outcome = Outcome(np.array([0.9, 0.91]), {"fixed": real})
    assert outcome.rises(points, "sigma", "fixed") == [(points[0], points[1])]
    assert replace(outcome, real={"fixed": real[:, ::-1]}).rises(points, "sigma", "fixed") == []


def test_images_are_encoded_as_defined() -> None:
    seen = digits(0)[0][:20]
    encoder = Encoder.draw(64, seen, np.random.default_rng(1))
    items = encoder.items.reshape(64, GREYS, 64)
    for one, other in itertools.pairwise(range(GREYS)):  # neighbours differ in D / (levels - 1) elements
        assert np.count_nonzero(items[0, one] != items[0, other]) == 4
    np.testing.assert_array_equal(items[:, 0], -items[:, -1])
    sums = np.array([sum(items[p, round(16 * grey)] for p, grey in enumerate(image.ravel())) for image in seen])
    np.testing.assert_array_equal(encoder.encode(seen), np.where(sums >= sums.mean(axis=0), 1, -1))
    assert np.allclose(encoder.centre, sums.mean(axis=0), atol=1e-5)


def test_hypervectors_classify_and_mismatch_costs_accuracy(stt_bnn_table: LookupTable, tmp_path: Path) -> None:
    readings = [Reading.of(stt_bnn_table, 50e-12, n=n) for n in (32, 128)]
    outcome = hdc_experiment(readings, 512, networks=2, memories=1)
    assert outcome.ideal.min() > 0.85
    assert all(outcome.exact)
    first, last = SCALES.index(1.0), len(SCALES) - 1
    for row in range(2):
        assert outcome.scaled[:, row, first].mean() > outcome.ideal.mean() - 0.05
        assert outcome.scaled[:, row, last].mean() < outcome.ideal.mean() - 0.02
    assert outcome.scaled[:, 1, first].mean() > outcome.one_bit[:, 1, first].mean() + 0.1
    by_source = dict(zip(SOURCES, outcome.score_errors.mean(axis=0).T, strict=True))
    assert by_source["amplifier"][1] > by_source["amplifier"][0]
    assert plot_hdc(readings, outcome, "test", tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_class_is_the_majority_of_its_images() -> None:
    rng = np.random.default_rng(9)
    labels = np.repeat(np.arange(10), 3)
    queries = rng.choice([-1, 1], (30, 256)).astype(np.float32)
    for digit, found in enumerate(learn(queries, labels, passes=0)):
        np.testing.assert_array_equal(found, np.where(queries[labels == digit].sum(axis=0) > 0, 1, -1))
