"""The figures of C3CIM from hand-made tables, against an independent count; the standard table at its nominal point."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from montecarlo import Characterisation, Sweep
from montecarlo.systems import system_table
from montecarlo.systems.c3cim.figures import BNN, PLANS, SNN, STEPS, figures, macs
from montecarlo.systems.c3cim.table import T_MAC, settled
from montecarlo.systems.system import Figure
from spicekit.table import LookupTable

FJ = 1e-15


def trials_table(over: str, values: list[object], **measures: tuple[list[float], list[float]]) -> LookupTable:
    """16 trials a value; measures are (means, standard deviations)."""
    variables = {"count": ((over,), np.full(len(values), 16.0))}
    for name, (mean, std) in measures.items():
        variables |= {name: ((over,), np.array(mean)), f"{name}_std": ((over,), np.array(std))}
    return LookupTable({over: np.array(values)}, variables, {}, {})


def nominal_table(**measures: list[float]) -> LookupTable:
    places = np.array(["first", "last", "random"])
    return LookupTable({"placement": places}, {n: (("placement",), np.array(v)) for n, v in measures.items()}, {}, {})


@pytest.fixture(scope="module")
def found() -> dict[str, Figure]:
    zero = [0.0, 0.0]
    mac = trials_table(
        "n_sel", [32, 64],
        e_mac=([70 * FJ, 90 * FJ], [3 * FJ, 4 * FJ]), e_column=([40 * FJ] * 2, zero), e_driver=([7 * FJ] * 2, zero),
        e_gates=([23 * FJ, 43 * FJ], zero), e_readout=([783 * FJ, 784 * FJ], zero), e_convert=([780 * FJ] * 2, zero),
        t_settle=([200e-9, 770e-9], [1e-9, 5e-9]), settled=([1.0, 0.75], zero),
    )  # fmt: skip
    tables = {
        "mac": mac,
        "line": nominal_table(e_mac=[46 * FJ, 47 * FJ, 48 * FJ], inl=[0.19, 0.14, 0.06], dnl=[0.02, 0.01, 0.01]),
        "conventional": nominal_table(e_mac=[2400 * FJ, 2500 * FJ, 2600 * FJ], inl=[3.0, 3.1, 4.0], dnl=[0.3, 0.2, 0.2]),
        "count": trials_table("data", ["uniform", "random"], wrong=([0.25, 0.125], [0.4, 0.3])),
    }
    assert list(tables) == [plan.name for plan in PLANS]
    made = figures(tables)
    assert len({one.name for one in made}) == len(made)
    return {one.name: one for one in made}


def columns_one_by_one(sizes: list[int]) -> int:
    """Columns of a fully connected network: cells dealt to columns of 64, neuron by neuron."""
    total = 0
    for inputs, neurons in itertools.pairwise(sizes):
        for _ in range(neurons):
            left = inputs
            while left > 0:
                left -= 64
                total += 1
    return total


def test_macs_of_both_networks() -> None:
    assert macs(BNN, 1) == columns_one_by_one([784, 3136, 10]) == 41_258
    assert macs(SNN, STEPS) == 60 * columns_one_by_one([324, 81, 10]) == 30_360
    # plain counting of single-bit MACs at the published energy, as the networks' shapes give it: 1.17 and 0.76 nJ
    bits = [sum(layer.products for layer in layers) for layers in (BNN, SNN)]
    assert bits[0] * 0.47e-15 == pytest.approx(1.17e-9, rel=0.005)
    assert 60 * bits[1] * 0.47e-15 == pytest.approx(0.763e-9, rel=0.005)


def test_energy_of_a_mac_and_its_bits(found: dict[str, Figure]) -> None:
    whole, half = found["column MAC, every row switches"], found["column MAC, half of the inputs 1"]
    assert (whole.simulated, whole.published) == pytest.approx((90 * FJ, 30 * FJ))
    assert whole.ratio == pytest.approx(3)
    assert "mean of 16 trials, sigma 4 fJ" in whole.origin
    assert half.ratio == pytest.approx(7 / 3)
    bit = found["1-bit MAC, every row switches"]
    assert bit.simulated == pytest.approx(90 * FJ / 64)
    assert bit.ratio == pytest.approx(90 / 64 / 0.47)
    assert found["settling time"].simulated == 770e-9
    assert found["wrong counts, random inputs and weights"].simulated == 0.125
    assert "95 % interval" in found["MACs that settled in time"].origin


def test_energy_of_an_inference(found: dict[str, Figure]) -> None:
    for title, number, published in (("BNN 784-3136-10", 41_258, 14.6e-9), ("SNN 324-81-10", 30_360, 11.24e-9)):
        alone, both = (found[f"{title}, energy {which} read-out"] for which in ("without", "with"))
        assert alone.simulated == pytest.approx(number * 70 * FJ)
        assert both.simulated == pytest.approx(number * (70 + 784) * FJ)
        assert (alone.published, both.published) == (published, published)
    assert "1.238 nJ" in found["BNN 784-3136-10, energy without read-out"].origin


def test_comparison_with_the_conventional_column(found: dict[str, Figure]) -> None:
    assert found["current-summing over constant-current, energy a MAC"].simulated == pytest.approx(2500 / 47)
    power = found["current-summing over constant-current, power"]
    assert power.simulated == pytest.approx((2500 * FJ / 10e-9) / (47 * FJ / 1100e-9))
    assert power.published == 35
    assert found["INL, in steps"].simulated == 0.19
    assert found["INL, in steps, current-summing column"].simulated == 4.0
    assert "first 0.190, last 0.140, random 0.060" in found["INL, in steps"].origin


def test_the_energy_of_a_mac_of_its_own_length() -> None:
    data = {"settle_e_column": 50e-15, "settle_e_driver": 10e-15, "settle_e_gates": 43e-15, "settle_t_settle": 0.25 * T_MAC}
    simulated = xr.Dataset({name: ((), value) for name, value in data.items()})
    assert float(settled(simulated)["e_mac_settled"]) == pytest.approx(60e-15 / 4 + 43e-15)


def test_a_measure_called_as_the_number_of_trials_does_not_hide_it(tmp_path: Path) -> None:
    """`c3cim-column` measures a count."""
    over = {"n_hrs": [0, 4]}
    table = Sweep("c3cim-column", over, trials=3, parameters={"n": 4, "driver": "ideal", "access": "ideal"}).run(
        tmp_path, workers=1
    )
    np.testing.assert_array_equal(table["count"], [3, 3])
    np.testing.assert_allclose(table["count_measured"], [0, 4])
    np.testing.assert_array_equal(table["error_lowest"], [0, -4])  # the decoded answer is between 0 and 4
    np.testing.assert_array_equal(table["error_highest"], [4, 0])


def test_the_standard_table(tmp_path: Path) -> None:
    """At its nominal point with few trials."""
    system = system_table("c3cim")
    over = {name: [system.nominal[name]] for name in system.over} | {"n_hrs": [64], "placement": ["first"]}
    Characterisation(system, over=over, trials_scale=0.01).run(tmp_path, workers=1)
    table = LookupTable.load(tmp_path)
    assert all(np.isfinite(values).all() for _, values in table.variables.values())
    outcomes = {name: values.sum() for name, (_, values) in table.variables.items() if "_outcome_" in name}
    assert all(count == 0 for name, count in outcomes.items() if not name.endswith("_ok"))
    assert float(table.query("count_count")) == 3
    assert 0.1 < float(table.query("line_inl")) < 0.5
    assert float(table.query("line_step")) == pytest.approx(4.53e-3, rel=0.02)  # 50 nA x 90 kohm, a little bent
    assert 0.9e-6 < float(table.query("settle_t_settle")) < 1.1e-6
    assert float(table.query("e_mac_settled")) < float(table.query("settle_e_mac"))
