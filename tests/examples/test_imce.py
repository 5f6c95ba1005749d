"""IMCE's pairs of cells from the bench to the network: the bench, its tables, convolutions, training, the experiment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import correlate

pytest.importorskip("sklearn")  # the digits

import imce_network
from imce_network import BENCH, TmrPoint, experiment, make_tables, plot_accuracy, plot_errors, points_of, rises
from networks.experiment import Accuracy, digits
from networks.imce import LAYERS, Shape, patches, train

from montecarlo import Campaign, Variation
from montecarlo.behaviour import GateErrors, Pairs
from montecarlo.behaviour.arrays import Integers
from montecarlo.behaviour.gates import GATES, WORDS
from montecarlo.running.store import Store
from spicekit.netlist import render, render_at
from spicekit.nominal import run
from spicekit.registry import make_bench
from spicekit.table import LookupTable


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[Integers, Integers, tuple[int, int], int, int]:
    """Images, filters (kernel, kernel, channels, filters), (bits of a weight, of an input), stride, padding."""
    bits = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    count, channels, filters = (draw(st.integers(1, 3)) for _ in range(3))
    kernel = draw(st.integers(1, 4))
    height, width = (draw(st.integers(kernel, kernel + 4)) for _ in range(2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    images = rng.integers(0, 1 << bits[1], (count, height, width, channels))
    weights = rng.integers(0, 1 << bits[0], (kernel, kernel, channels, filters))
    return images, weights, bits, draw(st.integers(1, 3)), draw(st.integers(0, 2))


@given(convolutions())
def test_the_convolution_is_the_integer_convolution(case: tuple[Integers, Integers, tuple[int, int], int, int]) -> None:
    images, weights, bits, stride, padding = case
    padded = np.pad(images, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    expected = np.array(
        [
            np.stack([correlate(image, f, mode="valid", method="direct")[..., 0] for f in np.moveaxis(weights, -1, 0)], axis=-1)
            for image in padded
        ]
    )[:, ::stride, ::stride]
    flat = weights.reshape(-1, weights.shape[-1])
    seen = patches(images, weights.shape[0], stride, padding)
    np.testing.assert_array_equal(Pairs(flat, bits).products(seen), expected)


def test_the_bench_prints_the_same_alone(ngspice_batch: Callable[[str], dict[str, float]]) -> None:
    bench = make_bench(BENCH, {"tmr": "60%"})
    point = {"tmr_c0": 0.3, "tmr_c1": 0.1, "offset_sa": -1e-3}
    measures = run(bench, point).measures
    assert (measures["gate_and"], measures["gate_zero"]) == (0, 1)  # the deviations are chosen for that
    assert ngspice_batch(render_at(bench, point)) == pytest.approx(measures)
    assert ngspice_batch(render(bench)) == pytest.approx(run(bench).measures)


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """1000 pairs with a poor TMR: each gate of a wide spread occurs."""
    folder = tmp_path_factory.mktemp("pairs")
    Campaign(BENCH, trials=1000, parameters={"tmr": 0.3, "sigma_tmr": 0.3, "sigma_offset": 8e-3}).run(folder)
    return Store(folder)


def test_a_pair_is_the_gate_that_its_voltages_say(campaign: Store) -> None:
    reference = campaign.parts.column("v_ref")
    outputs = np.array([campaign.parts.column(f"v_{word}") > reference for word in WORDS]).T
    total = np.zeros(len(reference))
    for name, gate in GATES.items():
        expected = np.all(outputs == np.array(gate, dtype=bool), axis=1)
        np.testing.assert_array_equal(campaign.parts.column(f"gate_{name}"), expected)
        assert expected.any(), name
        total += expected
    np.testing.assert_array_equal(total, 1)


def test_sigma_tmr_and_offset_are_what_they_say(campaign: Store) -> None:
    samples = campaign.samples.read(0, 1000)
    for name, mean, sigma in (("tmr_c0", 0.3, 0.09), ("tmr_c1", 0.3, 0.09), ("offset_sa", 0.0, 8e-3), ("ra_c0", 32.0, 1.6)):
        assert np.mean(samples[name]) == pytest.approx(mean, abs=4 * sigma / np.sqrt(1000)), name
        assert np.std(samples[name]) == pytest.approx(sigma, rel=4 / np.sqrt(2000)), name


def test_the_column_is_that_of_sot_logic(tmp_path: Path, campaign: Store) -> None:
    """Same devices, same draws: the bench adds to sot-logic and changes nothing of it."""
    Campaign("sot-logic", trials=50, parameters={"tmr": 0.3}, variations=[Variation("tmr", 0.3, relative=True)]).run(tmp_path)
    logic = Store(tmp_path)
    shared = campaign.samples.read(0, 50)
    for name, values in logic.samples.read(0, 50).items():
        np.testing.assert_allclose(values, shared[name], err_msg=name)
    for word in WORDS:
        np.testing.assert_allclose(logic.parts.column(f"v_{word}"), campaign.parts.column(f"v_{word}")[:50], rtol=1e-6)
    np.testing.assert_allclose(
        logic.parts.column("v_ref_and") - shared["offset_sa"], campaign.parts.column("v_ref")[:50], rtol=1e-6
    )


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> LookupTable:
    folder = tmp_path_factory.mktemp("tables")
    return make_tables({"sigma_tmr": (0.1, 0.3)}, (1.0, 2.5), 300, folder)["sigma_tmr"]


def test_tables_are_made_once(table: LookupTable, tmp_path: Path) -> None:
    axes = {"sigma_tmr": (0.1, 0.2)}
    make_tables(axes, (1.0,), 20, tmp_path)
    parts = {part: part.stat().st_mtime_ns for part in tmp_path.rglob("part-*.parquet")}
    assert len(parts) == 2
    make_tables(axes, (1.0,), 20, tmp_path)
    assert parts == {part: part.stat().st_mtime_ns for part in tmp_path.rglob("part-*.parquet")}


def test_the_model_holds_the_tables_fractions(table: LookupTable) -> None:
    wide = GateErrors.of(table, tmr=1.0, sigma_tmr=0.3)
    assert wide.trials == 300
    assert wide.fractions.sum() == pytest.approx(1)
    assert wide.error_rate("11") == pytest.approx(float(table.query("gate_zero", tmr=1.0, sigma_tmr=0.3)))
    assert wide.error_rate("11") > 5 * max(wide.error_rate("01"), wide.error_rate("10"))  # all-AP has the widest spread
    low, high = wide.interval("11")
    assert low < wide.error_rate("11") < high
    narrow = GateErrors.of(table, tmr=2.5, sigma_tmr=0.1)
    np.testing.assert_array_equal(narrow.fractions, GateErrors.none().fractions)
    # between the points: the mean of both, and still fractions
    between, other = GateErrors.of(table, tmr=1.0, sigma_tmr=0.2), GateErrors.of(table, tmr=1.0, sigma_tmr=0.1)
    np.testing.assert_allclose(between.fractions, (wide.fractions + other.fractions) / 2)


@pytest.mark.parametrize("shape", LAYERS)
def test_the_gradient_of_lowering_is_its_transpose(shape: Shape) -> None:
    """<lower(x), y> = <x, raise(y)> for any x and y."""
    rng = np.random.default_rng(2)
    x = rng.standard_normal((2, 8, 8, 3)).astype(np.float32)
    lowered = shape.lower(x)
    y = rng.standard_normal(lowered.shape).astype(np.float32)
    assert np.vdot(lowered, y) == pytest.approx(np.vdot(x, shape.raise_gradient(y, x.shape)), rel=1e-4)


def test_a_network_learns_and_wrong_gates_cost_accuracy() -> None:
    seen, unseen, seen_labels, unseen_labels = digits(3)
    assert (len(seen), len(unseen)) == (1347, 450)
    network = train(seen, seen_labels, (1, 2), np.random.default_rng(3), epochs=12)
    assert network.accuracy(unseen, unseen_labels) > 0.9  # ten digits: chance is 0.1
    # the memory's ANDs at error rate 0 give the very same predictions
    perfect = np.random.default_rng(0)
    np.testing.assert_array_equal(network.predict(unseen, GateErrors.none(), perfect), network.predict(unseen))
    found = []
    for rate in (0.0, 0.02, 0.1, 0.4):
        model = replace(GateErrors.none(), fractions=np.array([1 - rate, rate, 0, 0, 0, 0]))
        rng = np.random.default_rng(4)
        found.append(np.mean([network.accuracy(unseen, unseen_labels, model, rng) for _ in range(3)]))
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.9 > 0.6 > found[-1]


def test_the_experiment(table: LookupTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the tables to the accuracies, in worker processes, and their pictures."""
    monkeypatch.setattr(imce_network, "CONFIGURATIONS", ((1, 1),))
    points = points_of({"sigma_tmr": table})
    assert [(point.tmr, point.value) for point in points] == [(1.0, 0.1), (1.0, 0.3), (2.5, 0.1), (2.5, 0.3)]
    results = experiment(points, networks=2, chips=1)
    ideal, real = results[1, 1]
    assert ideal.mean > 0.85
    assert real[2] == ideal  # no errors at the default design
    assert real[1].mean < ideal.mean - 0.1
    assert not rises(points, real)
    for path in (plot_accuracy(points, results, tmp_path / "a.png"), plot_errors(points, results, tmp_path / "b.png")):
        assert path.read_bytes().startswith(b"\x89PNG")


def test_a_rise_beyond_the_intervals_is_found() -> None:
    few, many = (GateErrors(np.array([1 - rate, rate, 0, 0, 0, 0]), 100) for rate in (0.01, 0.1))
    points = [TmrPoint("vdd", 1.0, few, 1.0), TmrPoint("vdd", 0.5, many, 1.0), TmrPoint("vdd", 0.5, many, 2.5)]
    low, high = Accuracy(0.5, 0.45, 0.55), Accuracy(0.6, 0.56, 0.64)
    assert rises(points, [high, low, high]) == []
    assert rises(points, [low, high, low]) == [(points[0], points[1])]
    assert rises(points, [low, replace(high, low=0.54), low]) == []


def test_the_interval_is_students() -> None:
    found = Accuracy.of(np.array([0.90, 0.92, 0.94, 0.96]))
    assert found.mean == pytest.approx(0.93)
    assert found.high - found.mean == pytest.approx(3.1824 * 0.025820 / 2, rel=1e-4)  # t(0.975, 3), standard deviation
    assert found.mean - found.low == pytest.approx(found.high - found.mean)
