"""A binary network on constant-current columns, and the bench whose spread is a parameter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtri

pytest.importorskip("sklearn")  # the digits

import c3cim_network
from c3cim_network import AXES, BENCH, DEVICES, I_COL, MODEL, REDUCED, Device, plot_accuracy, points_of, run
from networks.c3cim import CLASSES, HIDDEN, INPUTS, Network, bits, train
from networks.experiment import Outcome, Point, characterisation, digits
from threadpoolctl import threadpool_limits

from montecarlo.behaviour import CountErrors
from spicekit import run as run_bench
from spicekit.benches.c3cim.baseline import ConventionalParameters
from spicekit.errors import UserError
from spicekit.registry import make_bench
from spicekit.table import LookupTable
from spicekit.table_layout import QUANTILES
from spicekit.waves import Array

N_HRS = np.array([0, 4, 16, 36, 64])
LEVELS = np.array(QUANTILES)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """The products are small: threads would wait for each other."""
    with threadpool_limits(1):
        yield


def test_the_clamp_of_a_current_summing_column_settles_in_half_of_a_comparison() -> None:
    """The current and the size that the bench's design=bitwise has, and the current of 64 cells as Ohm's law has it."""
    clamp = Path(c3cim_network.__file__).parent / "netlists" / "current_summing_clamp.spice"
    measured = run_bench(make_bench(str(clamp), {"technology": "ptm45"})).measures
    bitwise = ConventionalParameters(design="bitwise")
    assert 0.95 * bitwise.i_amplifier < measured["i_amplifier"] <= bitwise.i_amplifier
    assert 3e-9 < measured["t_settle"] < 5.5e-9
    assert measured["error"] < 0.05  # steps: what its gain leaves
    r_on = 0.1 / measured["i_line"] * 64 - 100e3
    assert 3e3 < r_on < 12e3  # transistor of a cell, and the lines


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


def test_a_network_learns_and_its_columns_are_exact() -> None:
    seen, unseen, labels, unseen_labels = digits(3)
    network = train(seen, labels, np.random.default_rng(3), epochs=10)
    assert network.accuracy(unseen, unseen_labels) > 0.88
    assert network.columns == HIDDEN * 2 + CLASSES * 4
    assert network.exact(unseen)
    again = train(seen, labels, np.random.default_rng(3), epochs=10)
    for one, other in zip((*network.weights, *network.offsets), (*again.weights, *again.offsets), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_check_of_exactness_can_fail() -> None:
    rng = np.random.default_rng(4)
    shapes = ((INPUTS, HIDDEN), (HIDDEN, CLASSES))
    first, second = (rng.choice([-1, 1], shape).astype(np.float32) for shape in shapes)
    offsets = (np.zeros(HIDDEN, dtype=np.int64), np.zeros(CLASSES, dtype=np.int64))
    images = digits(0)[1][:20]
    assert Network((first, second), offsets).exact(images)
    assert not Network((first, 3 * second), offsets).exact(images)  # weights that a cell cannot hold
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
        {"spicekit": json.dumps({"system": "c3cim"})},
    )


def test_the_experiment(table: LookupTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the tables to the accuracies and their picture."""
    tables = {
        "ratio": swept("r_hrs", AXES["ratio"][1], [2.0, 1.0, 0.6, 0.5, 0.5]),
        "spread": swept("sigma_r", AXES["spread"][1], [0.0, 0.1, 0.2, 0.5, 4.0, 12.0]),
    }
    points = points_of(table, tables)
    assert [point.value for point in points if point.axis == "ratio"] == [2, 3, 5, 10, 15]
    assert [point.energy for point in points if isinstance(point, Device)] == [90e-15] * 3
    assert len([point for point in points if point.axis == "device"]) == len(DEVICES)
    monkeypatch.setattr(c3cim_network, "train", partial(train, epochs=15))
    outcome, trained = run(points, networks=2, chips=1)
    assert all(network.exact(digits(seed)[1]) for seed, network in enumerate(trained))
    assert trained[0].columns == 552
    assert outcome.ideal.mean() > 0.88
    spread = [row for row, point in enumerate(points) if point.axis == "spread"]
    np.testing.assert_array_equal(outcome.real[MODEL][:, spread[0], 0], outcome.ideal)  # no spread: no error
    assert outcome.real[MODEL][:, spread[-1]].mean() < outcome.ideal.mean() - 0.03
    assert not outcome.rises(points, "spread", MODEL)
    assert plot_accuracy(points, outcome, 552, tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_rise_beyond_the_intervals_is_found() -> None:
    points = [Point("spread", value, CountErrors.none()) for value in (0.0, 5.0)]
    real = np.array([[[0.80], [0.89]], [[0.81], [0.90]]])  # networks, points, chips
    ideal = np.array([0.9, 0.91])
    assert Outcome(ideal, {MODEL: real}).rises(points, "spread", MODEL) == [(points[0], points[1])]
    assert Outcome(ideal, {MODEL: real[:, ::-1]}).rises(points, "spread", MODEL) == []


def test_another_table_is_refused(table: LookupTable, tmp_path: Path) -> None:
    LookupTable(table.coordinates, table.variables, {}, {"spicekit": "{}"}).save_npz(tmp_path / "other.npz")
    with pytest.raises(UserError, match="characterize c3cim"):
        characterisation(tmp_path / "other.npz", tmp_path, ["c3cim"], REDUCED)
    table.save_npz(tmp_path / "own.npz")
    assert characterisation(tmp_path / "own.npz", tmp_path, ["c3cim"], REDUCED).provenance["system"] == "c3cim"


def test_the_spread_of_the_bench_is_the_parameter() -> None:
    """Points of both states, and nothing else, take it; the default is the card's."""
    own, shipped = make_bench(BENCH, {"n": 4, "sigma_r": 0.2}), make_bench("c3cim-column", {"n": 4})
    for point, other in zip(own.points(), shipped.points(), strict=True):
        if point.kind in ("r_lrs", "r_hrs"):
            assert point.draw is not None
            assert point.draw(np.array([1.0]))[0] == pytest.approx(point.nominal * np.exp(0.2))
        else:
            assert (point.name, point.sigma) == (other.name, other.sigma)
    assert [p.sigma for p in make_bench(BENCH, {"n": 4}).points()] == [p.sigma for p in shipped.points()]
