"""A binary network on constant-current columns: against plain integers, hand-made tables, statistics and the bench."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import binomtest, norm

pytest.importorskip("sklearn")  # the digits

import c3cim.experiment as c3cim_experiment
from c3cim.bench import SpreadColumn
from c3cim.columns import CELLS, Columns, CountErrors
from c3cim.experiment import Outcome, experiment, rises, same
from c3cim.network import CLASSES, HIDDEN, INPUTS, Network, bits, train
from c3cim.plots import plot_accuracy
from c3cim.tables import AXES, DEVICES, I_COL, SYSTEM, Point, characterisation, points_of
from imce.experiment import digits
from threadpoolctl import threadpool_limits

from spicekit.benches.c3cim import C3cimColumn
from spicekit.errors import UserError
from spicekit.table import QUANTILES, LookupTable

Array = NDArray[np.float64]
N_HRS = np.array([0, 4, 16, 36, 64])
LEVELS = np.array(QUANTILES)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """The products are small: threads would wait for each other."""
    with threadpool_limits(1):
        yield


def normal_errors(sigma: float, mean: float = 0.0) -> Array:
    """Quantiles (n_hrs, levels) of an error with ``sigma`` at 64, growing as the root of n_hrs, and a mean that n_hrs scales."""
    z = ndtri(np.clip(LEVELS, 1e-4, 1 - 1e-4))
    return np.asarray(mean * N_HRS[:, None] / 64 + sigma * np.sqrt(N_HRS / 64)[:, None] * z)


def swept(parameter: str, values: tuple[float, ...], sigmas: list[float]) -> LookupTable:
    quantiles = np.stack([normal_errors(sigma) for sigma in sigmas])
    return LookupTable(
        {parameter: np.array(values), "n_hrs": N_HRS, "quantile": LEVELS},
        {"error_quantiles": ((parameter, "n_hrs", "quantile"), quantiles)},
        {},
        {},
    )


def errors_of(sigma: float, mean: float = 0.0) -> CountErrors:
    table = LookupTable(
        {"n_hrs": N_HRS, "quantile": LEVELS}, {"error_quantiles": (("n_hrs", "quantile"), normal_errors(sigma, mean))}, {}, {}
    )
    return CountErrors.of(table)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from((3, 64, 65, 130)))
def test_without_errors_a_neuron_is_its_integer_sum(seed: int, inputs: int) -> None:
    rng = np.random.default_rng(seed)
    seen, weights = rng.integers(0, 2, (4, inputs)), rng.choice([-1, 1], (inputs, 3))
    expected = [[sum(x * w for x, w in zip(row, column, strict=True)) for column in weights.T.tolist()] for row in seen.tolist()]
    made = weights.astype(np.float32)
    for columns in (Columns(made), Columns(made, CountErrors.none(), rng)):
        np.testing.assert_array_equal(columns.sums(seen.astype(np.float32)), expected)
        assert columns.number == 3 * -(-inputs // CELLS)


def test_an_error_of_one_count_moves_the_sum_by_two() -> None:
    """Columns that always count one too many; a count never exceeds the selected cells."""
    one = CountErrors(np.array([0.0, 1.0]), np.ones((CELLS + 1, 2)))
    rng = np.random.default_rng(1)
    weights = np.where(np.arange(130) % 2, np.float32(1), np.float32(-1))[:, None]
    seen = np.ones((1, 130), dtype=np.float32)
    assert Columns(weights, one, rng).sums(seen)[0, 0] == 2 * 3  # three columns
    assert Columns(np.ones((130, 1), dtype=np.float32), one, rng).sums(seen)[0, 0] == 130
    assert Columns(weights, one, rng).sums(np.zeros((1, 130), dtype=np.float32))[0, 0] == 0


def test_drawn_counts_have_the_rates_of_the_distribution() -> None:
    """P(wrong) of a normal error, at counts on the table's grid and between: two-sided binomial test."""
    errors = errors_of(0.6)
    wrong = errors.wrong
    rng = np.random.default_rng(2)
    decoded = errors.decoded(rng.random(4000))
    for n in (4, 9, 16, 25, 36, 50, 60):
        expected = 2 * norm.sf(0.5, scale=0.6 * np.sqrt(n / 64))
        assert wrong[n] == pytest.approx(expected, rel=0.05, abs=2e-3), n
        assert binomtest(int(np.count_nonzero(decoded[n] != n)), 4000, float(wrong[n])).pvalue > 1e-4
    assert wrong[0] == 0
    assert errors.sigma(np.array([64])) == pytest.approx(0.6, rel=0.02)


def test_a_mean_error_shifts_the_count() -> None:
    decoded = errors_of(0.0, mean=2.0).decoded(np.array([0.5]))[:, 0]
    np.testing.assert_array_equal(decoded[[0, 4, 16, 36, 64]] - N_HRS, [0, 0, 0, 1, 2])


def test_a_network_learns_and_its_columns_are_exact() -> None:
    seen, unseen, labels, unseen_labels = digits(3)
    network = train(seen, labels, np.random.default_rng(3), epochs=10)
    assert network.accuracy(unseen, unseen_labels) > 0.88
    assert network.columns == HIDDEN * 2 + CLASSES * 4
    assert same(network, unseen)
    again = train(seen, labels, np.random.default_rng(3), epochs=10)
    for one, other in zip((*network.weights, *network.offsets), (*again.weights, *again.offsets), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_check_of_exactness_can_fail() -> None:
    rng = np.random.default_rng(4)
    shapes = ((INPUTS, HIDDEN), (HIDDEN, CLASSES))
    first, second = (rng.choice([-1, 1], shape).astype(np.float32) for shape in shapes)
    offsets = (np.zeros(HIDDEN, dtype=np.int64), np.zeros(CLASSES, dtype=np.int64))
    images = digits(0)[1][:20]
    assert same(Network((first, second), offsets), images)
    assert not same(Network((first, 3 * second), offsets), images)  # weights that a cell cannot hold
    assert set(np.unique(bits(images))) == {0.0, 1.0}


@pytest.fixture(scope="module")
def table() -> LookupTable:
    """One like the characterisation's: the error's sigma is 0.5 for the first card, 0.8 for the second and 2 for the last."""
    devices, currents = np.array(["rram-hfo2", "fefet-like", "stt-bnn-65nm"]), np.array([I_COL])
    quantiles = np.array([[normal_errors(sigma) for _ in currents] for sigma in (0.5, 0.8, 2.0)])
    around = ("device", "i_col")
    energy = np.array([[90e-15]] * 3)
    return LookupTable(
        {
            "device": devices,
            "i_col": currents,
            "vdd": np.array([1.0]),
            "temperature": np.array([27.0]),
            "corner": np.array(["tt"]),
            "n_hrs": N_HRS,
            "quantile": LEVELS,
        },
        {
            "count_error_quantiles": ((*around, "n_hrs", "quantile"), quantiles),
            "e_mac_settled": (around, energy),
            "settle_e_readout": (around, np.full((3, 1), 784e-15)),
            "settle_t_settle": (around, np.full((3, 1), 770e-9)),
        },
        {},
        {"spicekit": json.dumps({"system": SYSTEM})},
    )


def test_the_experiment(table: LookupTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the tables to the accuracies and their picture."""
    tables = {
        "ratio": swept("r_hrs", AXES["ratio"][1], [2.0, 1.0, 0.6, 0.5, 0.5]),
        "spread": swept("sigma_r", AXES["spread"][1], [0.0, 0.1, 0.2, 0.5, 4.0, 12.0]),
    }
    points = points_of(table, tables)
    assert [point.value for point in points if point.axis == "ratio"] == [2, 3, 5, 10, 15]
    assert [point.energy for point in points if point.axis == "device"] == [90e-15] * 3
    assert len([point for point in points if point.axis == "device"]) == len(DEVICES)
    monkeypatch.setattr(c3cim_experiment, "train", partial(train, epochs=15))
    outcome = experiment(points, networks=2, chips=1)
    assert outcome.exact
    assert outcome.columns == 552
    assert outcome.ideal.mean() > 0.88
    spread = [row for row, point in enumerate(points) if point.axis == "spread"]
    np.testing.assert_array_equal(outcome.real[:, spread[0], 0], outcome.ideal)  # no spread: no error
    assert outcome.real[:, spread[-1]].mean() < outcome.ideal.mean() - 0.03
    assert not rises(points, outcome)
    assert plot_accuracy(points, outcome, "test", tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_rise_beyond_the_intervals_is_found() -> None:
    points = [Point("spread", value, CountErrors.none()) for value in (0.0, 5.0)]
    real = np.array([[[0.80], [0.89]], [[0.81], [0.90]]])  # networks, points, chips
    ideal = np.array([0.9, 0.91])
    assert rises(points, Outcome(ideal, real, 1, True)) == [(points[0], points[1])]
    assert rises(points, Outcome(ideal, real[:, ::-1], 1, True)) == []


def test_another_table_is_refused(table: LookupTable, tmp_path: Path) -> None:
    LookupTable(table.coordinates, table.variables, {}, {"spicekit": "{}"}).save_npz(tmp_path / "other.npz")
    with pytest.raises(UserError, match="characterize c3cim"):
        characterisation(tmp_path / "other.npz", tmp_path, None, lambda _: None)
    table.save_npz(tmp_path / "own.npz")
    assert characterisation(tmp_path / "own.npz", tmp_path, None, lambda _: None).provenance["system"] == SYSTEM


def test_the_spread_of_the_bench_is_the_parameter() -> None:
    """Points of both states, and nothing else, take it; the default is the card's."""
    own, shipped = SpreadColumn(n=4, sigma_r=0.2), C3cimColumn(n=4)
    for point, other in zip(own.points(), shipped.points(), strict=True):
        if point.kind in ("r_lrs", "r_hrs"):
            assert point.draw is not None
            assert point.draw(np.array([1.0]))[0] == pytest.approx(point.nominal * np.exp(0.2))
        else:
            assert (point.name, point.sigma) == (other.name, other.sigma)
    assert [p.sigma for p in SpreadColumn(n=4).points()] == [p.sigma for p in shipped.points()]
