"""The rows of the STT-BNN macro under a binary network and under hyperdimensional classification."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import binomtest, chisquare

pytest.importorskip("sklearn")  # the digits

from hdc.encoder import GREYS, Encoder, learn
from hdc.experiment import SCALES, SOURCES, reading_of
from hdc.experiment import experiment as hdc_experiment
from hdc.plots import plot_accuracy as plot_hdc
from hdc.segments import Amplifier, Memory, Reading, matches
from imce.experiment import digits
from stt_bnn.experiment import Outcome, experiment, rises
from stt_bnn.network import CLASSES, LEVELS, SIZES, Network, encode, train
from stt_bnn.plots import plot_accuracy
from stt_bnn.rows import MODELS, Model, RowErrors, Rows
from stt_bnn.tables import NETWORK, Point, characterisation, points_of, row_errors

from spicekit.errors import UserError
from spicekit.physics.bnn_row import lsb, sigma_in_lsb, source_line
from spicekit.table import LookupTable

Array = NDArray[np.float64]
DISTANCES: Array = np.arange(-12.0, 12) + 0.5


def plain_row(inputs: list[int], weights: list[int]) -> int:
    """N1 >= N/2, in whole numbers."""
    n1 = sum(1 for x, w in zip(inputs, weights, strict=True) if x == w)
    return 1 if 2 * n1 >= len(inputs) else -1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from((2, 8, 32)), st.sampled_from(list(MODELS)))
def test_without_spread_a_row_is_the_integer_row(seed: int, n: int, model: Model) -> None:
    rng = np.random.default_rng(seed)
    inputs, weights = (rng.choice([-1, 1], shape).astype(np.float32) for shape in ((5, n), (n, 4)))
    found = Rows(weights, RowErrors(n, 0.0), model, rng).decide(inputs)
    expected = [[plain_row([*map(int, x)], [*map(int, w)]) for w in weights.T] for x in inputs]
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(Rows(weights).decide(inputs), expected)


def test_half_of_the_cells_is_enough() -> None:
    weights = np.ones((4, 1), dtype=np.float32)
    inputs = np.array([[-1, -1, -1, 1], [-1, -1, 1, 1], [-1, 1, 1, 1]], dtype=np.float32)
    np.testing.assert_array_equal(Rows(weights).decide(inputs)[:, 0], [-1, 1, 1])
    np.testing.assert_array_equal(Rows(weights).distances(inputs)[:, 0], [-0.5, 0.5, 1.5])


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


def skewed_rates() -> tuple[Array, Array]:
    """Simulated rates need not be those of a normal shift: here its mean is 0.6 cells and its tail is long above."""
    below = ndtr((np.sort(-DISTANCES) - 0.6) / np.where(np.sort(-DISTANCES) > 0.6, 3.0, 1.2))[::-1]
    rates: Array = np.where(DISTANCES > 0, below, 1 - below)
    return DISTANCES, rates


@pytest.mark.parametrize("errors", [RowErrors(32, 1.7), RowErrors(32, 2.0, 0.5, skewed_rates())], ids=["normal", "table"])
@pytest.mark.parametrize("model", ["fixed", "fresh"])
def test_drawn_errors_have_the_rates(errors: RowErrors, model: Model) -> None:
    """At every distance the fraction of wrong answers is the rate: 5000 rows or decisions, two-sided binomial test."""
    rng = np.random.default_rng(7)
    rows, images = (5000, 1) if model == "fixed" else (1, 5000)
    values = []
    for distance in DISTANCES:
        inputs = np.where(np.arange(32) < round(distance - 0.5 + 16), np.float32(1), np.float32(-1))
        answers = Rows(np.ones((32, rows), dtype=np.float32), errors, model, rng).decide(np.tile(inputs, (images, 1)))
        wrong = int(np.count_nonzero((answers > 0) != (distance > 0)))
        expected = float(np.interp(distance, *errors.rates)) if errors.rates else float(ndtr(-abs(distance) / errors.sigma_total))
        assert float(errors.rate(np.array([distance]))[0]) == pytest.approx(expected)
        values.append(binomtest(wrong, answers.size, expected).pvalue)
    assert min(values) > 1e-4 / len(values)
    assert np.mean(np.array(values) < 0.05) < 0.3


def test_the_average_is_that_of_random_data() -> None:
    errors = RowErrors(32, 2.0, 0.5, skewed_rates())
    rng = np.random.default_rng(8)
    inputs, weights = (rng.choice([-1, 1], shape).astype(np.float32) for shape in ((4000, 32), (32, 20)))
    wrong = Rows(weights, errors, "fresh", rng).decide(inputs) != Rows(weights).decide(inputs)
    assert wrong.mean() == pytest.approx(errors.average, rel=5 * np.sqrt(errors.average / wrong.size) / errors.average)


def test_rates_that_rise_with_the_distance_are_still_a_distribution() -> None:
    errors = RowErrors(8, 1.0, rates=(np.array([-1.5, -0.5, 0.5, 1.5]), np.array([0.1, 0.08, 0.2, 0.25])))
    shifts, below = errors.distribution()
    np.testing.assert_allclose(shifts, [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
    np.testing.assert_allclose(below, [0, 0.25, 0.25, 0.92, 0.92, 1])


def test_fixed_rows_stay_as_they_are_and_fresh_ones_do_not() -> None:
    weights = np.ones((32, 300), dtype=np.float32)
    inputs = np.where(np.arange(32) < 16, np.float32(1), np.float32(-1))[None]
    for model in MODELS:
        rows = Rows(weights, RowErrors(32, 2.0, 0.5), model, np.random.default_rng(1))
        same = np.array_equal(rows.decide(inputs), rows.decide(inputs))
        assert same == (model != "fresh")


def test_gains_of_cells_are_what_mismatched_junctions_do() -> None:
    """Against the divider itself: conductances that deviate, inputs that turn the bit lines."""
    n, tmr, v_high, v_low = 32, 2.5, 0.6, 0.2
    rng = np.random.default_rng(3)
    inputs, weights = (rng.choice([-1, 1], shape).astype(np.float32) for shape in ((50, n), (n,)))
    p, ap = 1 / (1 + 0.05 * rng.standard_normal(n)), 1 / ((1 + tmr) * (1 + 0.08 * rng.standard_normal(n)))
    true, complement = np.where(weights > 0, p, ap), np.where(weights > 0, ap, p)  # junctions at BL and at BLB
    above = np.where(inputs > 0, true, complement).sum(axis=1)
    v_sl = v_low + (v_high - v_low) * above / (true + complement).sum()
    rows = Rows(weights[:, None].copy())
    nominal = 1 + 1 / (1 + tmr)
    rows.weights = (weights * (p - ap) / (1 - 1 / (1 + tmr)) / ((p + ap).mean() / nominal))[:, None]
    np.testing.assert_allclose(
        (v_sl - source_line(n, n / 2, tmr, v_high, v_low)) / lsb(n, tmr, v_high, v_low),
        rows.distances(inputs)[:, 0] - 0.5,
        atol=1e-4,  # single precision
    )


def test_gains_of_cells_have_the_spread_of_the_row() -> None:
    n = 64
    sigma = sigma_in_lsb(n, n / 2, 2.5, 0.05, 0.10)
    errors = RowErrors(n, float(np.hypot(sigma, 1.0)), sigma)
    rows = Rows(np.ones((n, 20_000), dtype=np.float32), errors, "cells", np.random.default_rng(4))
    inputs = np.where(np.arange(n) < n // 2, np.float32(1), np.float32(-1))[None]
    deviation = rows.distances(inputs)[0] - 0.5
    assert np.std(deviation) == pytest.approx(errors.sigma_total, rel=4 / np.sqrt(40_000))
    assert np.std(deviation - rows.shifts) == pytest.approx(sigma, rel=4 / np.sqrt(40_000))


def test_bad_rows_are_refused() -> None:
    weights = np.ones((8, 2), dtype=np.float32)
    with pytest.raises(ValueError, match="of 4 cells given; the rows have 8"):
        Rows(weights, RowErrors(4, 1.0), rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="generator"):
        Rows(weights, RowErrors(8, 1.0))
    with pytest.raises(ValueError, match="sigma_row 2"):
        RowErrors(8, 1.0, 2.0)
    with pytest.raises(ValueError, match="whole number of segments of 64"):
        Memory(np.ones((2, 96), dtype=np.float32), reading(64), np.random.default_rng(0))


@pytest.fixture(scope="module")
def table() -> LookupTable:
    """One like the characterisation's, from closed forms."""
    tmr, n, v_in = np.array([1.0, 2.5]), np.array([32, 64, 128, 256]), np.linspace(0.30, 0.50, 11)
    step = np.array([[lsb(int(count), ratio, 0.6, 0.2) for count in n] for ratio in tmr])
    row = np.array([[sigma_in_lsb(int(count), count / 2, ratio, 0.05, 0.10) for count in n] for ratio in tmr])
    total = np.hypot(row, 1.6e-3 / step)
    mean, std = arrivals(v_in)
    return LookupTable(
        {"tmr": tmr, "n": n, "distance": DISTANCES, "v_in": v_in},
        {
            "lsb": (("tmr", "n"), step),
            "sigma_row": (("tmr", "n"), row),
            "sigma_total": (("tmr", "n"), total),
            "error": (("tmr", "n", "distance"), ndtr(-np.abs(DISTANCES) / total[..., None])),
            "time_t_load": (("v_in",), mean),
            "time_t_load_std": (("v_in",), std),
        },
        {},
        {"spicekit": json.dumps({"system": "stt-bnn", "nominal": {"tmr": 2.5, "vdd": 1.1, "corner": "tt"}})},
    )


def arrivals(v_in: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of a log-normal time: 6.4 ns at 0.4 V, 17.6 a volt, threshold 1.6 mV."""
    sigma = 17.6 * 1.6e-3
    mean = 6.4e-9 * np.exp(-17.6 * (v_in - 0.4) + sigma**2 / 2)
    return mean, mean * np.sqrt(np.expm1(sigma**2))


def reading(n: int, step: float = 0.0, window: float = float("inf")) -> Reading:
    v_in = np.linspace(0.30, 0.50, 11)
    return Reading(n, lsb(n, 2.5, 0.6, 0.2), 0.08, Amplifier.of(v_in, *arrivals(v_in), 0.4, window), step)


def test_the_points_are_those_of_the_table(table: LookupTable) -> None:
    points = points_of(table)
    assert [point.value for point in points if point.axis == "tmr"] == [1.0, 2.5]
    assert next(point.value for point in points if point.axis == "sigma") == 0
    found = row_errors(table, tmr=1.0)
    assert found.sigma_total == pytest.approx(float(table.query("sigma_total", tmr=1.0, n=128)))
    for distance in (-2.5, 0.5, 7.5):
        expected = float(table.query("error", tmr=1.0, n=128, distance=distance))
        assert float(found.rate(np.array([distance]))[0]) == pytest.approx(expected)
    normal = replace(found, rates=None)
    assert found.average == pytest.approx(normal.average, rel=1e-3)


def test_another_table_is_refused(tmp_path: Path, table: LookupTable) -> None:
    LookupTable(table.coordinates, table.variables, {}, {"spicekit": "{}"}).save_npz(tmp_path / "other.npz")
    with pytest.raises(UserError, match="characterize stt-bnn"):
        characterisation(tmp_path / "other.npz", tmp_path, NETWORK, lambda _: None)
    table.save_npz(tmp_path / "own.npz")
    assert characterisation(tmp_path / "own.npz", tmp_path, NETWORK, lambda _: None).measures == table.measures


def test_a_network_learns_and_wrong_decisions_cost_accuracy(table: LookupTable, tmp_path: Path) -> None:
    points = [Point("sigma", sigma, RowErrors(128, sigma, sigma / 3)) for sigma in (0.0, 2.0, 8.0)]
    points.append(Point("tmr", 2.5, row_errors(table)))
    outcome = experiment(points, networks=3, macros=3)
    assert outcome.ideal.min() > 0.9  # ten digits: chance is 0.1
    for model in MODELS:
        np.testing.assert_array_equal(outcome.real[model][:, 0], np.repeat(outcome.ideal[:, None], 3, axis=1))
        assert not rises(points, outcome, model)
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
    assert rises(points, outcome, "fixed") == [(points[0], points[1])]
    assert rises(points, replace(outcome, real={"fixed": real[:, ::-1]}), "fixed") == []


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


@pytest.mark.parametrize("n", [32, 64, 128, 256])
def test_without_deviations_the_scores_are_the_matches(n: int) -> None:
    rng = np.random.default_rng(n)
    classes, queries = (rng.choice([-1, 1], (count, 1024)).astype(np.float32) for count in (10, 30))
    expected = [[sum(int(a == b) for a, b in zip(query, one, strict=True)) for one in classes] for query in queries]
    np.testing.assert_array_equal(matches(queries, classes), expected)
    ideal = reading(n).scaled(0)
    np.testing.assert_array_equal(Memory(classes, ideal, rng).scores(queries), expected)
    fine = float(np.min(-np.diff(ideal.nominal(np.arange(n + 1.0))))) / 2.01  # a step below half of the shortest interval
    np.testing.assert_array_equal(Memory(classes, replace(ideal, step=fine), rng).scores(queries), expected)
    middle = (queries.reshape(30, 1, -1, n) == classes.reshape(1, 10, -1, n)).sum(axis=-1) >= n / 2
    np.testing.assert_array_equal(Memory(classes, ideal, rng).majority(queries), middle.sum(axis=-1))


def test_a_coarse_converter_rounds_by_half_a_step() -> None:
    """A code is the middle of its interval: at most half a step off in time, then half a match by whole numbers."""
    coarse = reading(128, step=400e-12)
    counts = np.arange(129.0)
    times = coarse.nominal(counts)
    error = np.abs(coarse.measure(times) - counts)
    slope = times * 17.6 * coarse.lsb  # s a match
    assert np.all(error <= 200e-12 / (slope - 17.6 * coarse.lsb * 200e-12) + 0.5 + 1e-9)
    assert error.max() > 2


def test_what_does_not_arrive_is_the_largest_count_that_does_not() -> None:
    short = reading(128, window=8e-9)
    late = short.nominal(np.arange(129.0)) >= 8e-9
    assert late.sum() > 10
    np.testing.assert_array_equal(short.measure(np.array([8e-9])), [late.sum() - 1])
    np.testing.assert_array_equal(replace(short, step=50e-12).measure(np.array([8e-9])), [late.sum() - 1])


def test_arrival_is_the_log_normal_that_was_simulated() -> None:
    amplifier = reading(128).amplifier
    assert amplifier.offset == pytest.approx(1.6e-3, rel=1e-6)
    rng = np.random.default_rng(2)
    drawn = amplifier.arrival(np.full(50_000, 0.43), rng.standard_normal(50_000))
    mean, std = arrivals(np.array([0.43]))
    assert drawn.mean() == pytest.approx(mean[0], rel=4 * std[0] / mean[0] / np.sqrt(50_000))
    assert drawn.std() == pytest.approx(std[0], rel=4 / np.sqrt(100_000))
    assert amplifier.arrival(np.array(0.55)) == pytest.approx(6.4e-9 * np.exp(-17.6 * 0.15))  # beyond the simulated voltages


@pytest.mark.parametrize("n", [32, 256])
def test_scores_err_as_the_closed_form_says(n: int) -> None:
    """The sum of D/N deviations, each normal with the sigma of an offset or of a row and rounded to whole matches."""
    rng = np.random.default_rng(6)
    dimension, classes_ = 1024, 400  # every class has rows of its own
    classes = rng.choice([-1, 1], (classes_, dimension)).astype(np.float32)
    query = rng.choice([-1, 1], (1, dimension)).astype(np.float32)
    base = reading(n)
    segments = dimension // n
    for source, sigma in (("amplifier", 1.6e-3 / base.lsb), ("cells", np.sqrt(n) / 2 * base.sigma_cell)):
        error = (Memory(classes, base.only(source), rng).scores(query) - matches(query, classes))[0]
        k = np.arange(1, 40)
        variance, fourth = (2 * np.sum((k**power - (k - 1) ** power) * ndtr(-(k - 0.5) / sigma)) for power in (2, 4))  # rounded
        total = np.sqrt(segments * variance)
        kurtosis = 3 + (fourth / variance**2 - 3) / segments  # of the sum; it gives the standard deviation of np.std
        assert np.std(error) == pytest.approx(total, rel=4 * np.sqrt((kurtosis - 1) / (4 * classes_))), source
        assert abs(error.mean()) < 4 * total / np.sqrt(classes_)


def test_hypervectors_classify_and_mismatch_costs_accuracy(table: LookupTable, tmp_path: Path) -> None:
    readings = [reading_of(table, n, 50e-12) for n in (32, 128)]
    assert readings[1].sigma_row == pytest.approx(float(table.query("sigma_row", tmr=2.5, n=128)))
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


def test_shifts_from_a_table_are_drawn_with_its_fractions() -> None:
    errors = RowErrors(32, 2.0, 0.5, skewed_rates())
    shifts, below = errors.distribution()
    drawn = errors.draw(np.random.default_rng(3), (20_000,))
    expected = np.diff(below) * drawn.size
    found = np.histogram(drawn, bins=shifts)[0]
    enough = expected > 5
    rest = [found[~enough].sum(), expected[~enough].sum()]
    assert chisquare([*found[enough], rest[0]], [*expected[enough], rest[1]]).pvalue > 1e-3
