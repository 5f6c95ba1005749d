"""The figures of C3CIM from hand-made tables, against an independent count; the standard table at its nominal point."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from montecarlo import Characterisation, Sweep
from montecarlo.systems import system_table
from montecarlo.systems.c3cim.figures import BASELINES, BNN, PLANS, SNN, STEPS, figures, macs
from montecarlo.systems.c3cim.table import T_MAC, settled
from montecarlo.systems.system import Figure
from spicekit.export.macro import Operations, macro_of
from spicekit.table import LookupTable

FJ = 1e-15


def trials_table(over: dict[str, list[object]], **measures: tuple[Any, float]) -> LookupTable:
    """16 trials a point; measures are (means, shaped as the points; standard deviation)."""
    shape = tuple(len(values) for values in over.values())
    variables = {"count": (tuple(over), np.full(shape, 16.0))}
    for name, (mean, std) in measures.items():
        both = {name: mean, f"{name}_std": std}
        variables |= {one: (tuple(over), np.array(np.broadcast_to(value, shape), dtype=float)) for one, value in both.items()}
    return LookupTable({name: np.array(values) for name, values in over.items()}, variables, {}, {})


def nominal_table(over: dict[str, list[object]], **measures: Any) -> LookupTable:
    shape = tuple(len(values) for values in over.values())
    each = {n: (tuple(over), np.array(np.broadcast_to(v, shape))) for n, v in measures.items()}
    return LookupTable({name: np.array(values) for name, values in over.items()}, each, {}, {})


DESIGNS: list[object] = ["50nA", "100nA"]
PLACES: list[object] = ["first", "last", "random"]


@pytest.fixture(scope="module")
def found() -> dict[str, Figure]:
    over: dict[str, list[object]] = {"design": DESIGNS, "rows": ["return", "hold"], "n_sel": [32, 64]}
    mac = trials_table(
        over,
        e_mac=(np.array([[[80, 100], [70, 70]], [[50, 70], [45, 46]]]) * FJ, 4 * FJ),
        e_column=(np.array([[[54]], [[29]]]) * FJ, 0), e_driver=(np.array([[[9]], [[5]]]) * FJ, 0),
        e_gates=(np.array([[[20, 40], [10, 10]], [[20, 40], [11, 12]]]) * FJ, 0),
        e_readout=(288 * FJ, 0), e_convert=(286 * FJ, 0), t_settle=(np.array([[[200e-9, 1000e-9]], [[190e-9, 400e-9]]]), 5e-9),
        settled=(0.75, 0),
    )  # fmt: skip
    places: dict[str, list[object]] = {"placement": PLACES}
    tables = {
        "mac": mac,
        "pedestal": nominal_table(
            {"design": DESIGNS, "n_hrs": [0, 32, 64]}, pedestal=np.array([[-0.6, -0.2, 0.1], [-0.9, 0.05, 1.1]])
        ),
        "line": nominal_table({"design": DESIGNS} | places, step=[4.5e-3] * 3, inl=[0.19, 0.14, 0.06], dnl=[0.02, 0.01, 0.01]),
        "conventional": nominal_table(places, inl=[3.0, 3.1, 4.0], dnl=[0.3, 0.2, 0.2]),
        "count": trials_table({"design": DESIGNS, "data": ["uniform", "random"]}, wrong=([[0.25, 0.125]], 0.4)),
        **{
            one.plan: nominal_table(
                places, e_mac=[2400 * FJ, 2500 * FJ, 2600 * FJ], e_convert=[286 * FJ] * 3, e_column=[2300 * FJ] * 3
            )
            for one in BASELINES
        },
    }
    assert list(tables) == [plan.name for plan in PLANS]
    made = figures(tables)
    assert len({one.name for one in made}) == len(made)
    return {one.name: one for one in made}


def test_every_figure_names_its_plans_and_what_it_counts(found: dict[str, Figure]) -> None:
    assert all(one.plans and set(one.plans) <= {plan.name for plan in PLANS} for one in found.values())
    whole = found["100nA: column MAC, current and bias"]
    assert whole.plans == ("mac",)
    assert "an ideal rail of 0.7 V; by a linear regulator from 1 V it is 1.43 times that" in whole.remark
    assert "rows apart: 11 fJ a column where they hold their input, 20 fJ where half of them switch and return" in whole.remark
    assert "354 fJ a MAC, 11.8 times the published 30 fJ" in found["BNN 784-3136-10, 100nA, energy without read-out"].remark
    assert found["current-summing (5 k and 50 kohm) over constant-current, power"].plans == ("conventional-5k", "mac")


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
    both = found["100nA: column MAC, current and bias"]
    assert (both.simulated, both.published) == pytest.approx((34 * FJ, 30 * FJ))
    whole, half = (found[f"50nA: column MAC, {which} and return{s}"] for which, s in (
        ("every row switches", "s"), ("half of the rows switch", "")))  # fmt: skip
    assert (whole.simulated, half.simulated) == pytest.approx((100 * FJ, 80 * FJ))
    assert "mean of 16 trials, sigma 4 fJ" in whole.origin
    assert found["100nA: column MAC, rows hold, random inputs"].ratio == pytest.approx(1.5)
    bit = found["50nA: 1-bit MAC, current and bias"]
    assert bit.simulated == pytest.approx(63 * FJ / 64)
    assert bit.ratio == pytest.approx(63 / 64 / 0.47)
    assert found["50nA: settling time"].simulated == 1000e-9
    pedestal = found["100nA: pedestal of the switch at half of the counts, in steps"]
    assert pedestal.simulated == 0.05
    assert "through both ends, which references take out: -0.05" in pedestal.remark
    assert "sigma 0.32 steps" in found["100nA: wrong counts, random inputs and weights"].remark  # sqrt(kT / 2 fF) is 1.44 mV
    assert found["100nA: wrong counts, random inputs and weights"].simulated == 0.125
    assert "95 % interval" in found["100nA: MACs that settled in time"].origin


def test_energy_of_an_inference(found: dict[str, Figure]) -> None:
    for title, number, published in (("BNN 784-3136-10", 41_258, 14.6e-9), ("SNN 324-81-10", 30_360, 11.24e-9)):
        for design, energy in (("50nA", 70), ("100nA", 45)):
            alone, both = (found[f"{title}, {design}, energy {which} read-out"] for which in ("without", "with"))
            assert alone.simulated == pytest.approx(number * energy * FJ)
            assert both.simulated == pytest.approx(number * (energy + 288) * FJ)
            assert (alone.published, both.published) == (published, published)
    assert "1.238 nJ" in found["BNN 784-3136-10, 50nA, energy without read-out"].origin


def test_what_the_published_totals_imply(found: dict[str, Figure]) -> None:
    """14.6 nJ over 41 258 MACs, 11.24 nJ over 30 360: 354 and 370 fJ; a converter of (total - 45 - 2) / 65 meets them."""
    for title, each, level in (("BNN 784-3136-10", 353.9, "4.72 fJ"), ("SNN 324-81-10", 370.2, "4.97 fJ")):
        figure = found[f"MAC with read-out, as {title} implies it"]
        assert figure.published == pytest.approx(each * FJ, rel=1e-3)
        assert figure.simulated == pytest.approx(333 * FJ)
        assert level in figure.origin


def test_comparison_with_the_conventional_column(found: dict[str, Figure]) -> None:
    title = "current-summing ({}) over constant-current, {}"
    for one in BASELINES:
        assert found[title.format(one.title, "energy a MAC")].simulated == pytest.approx((2500 + 286) / 333)
        power = found[title.format(one.title, "power")]
        assert power.simulated == pytest.approx((2786 * FJ / one.column.t_mac) / (333 * FJ / 420e-9))
        assert power.published == 35
    remark = found[title.format(BASELINES[-1].title, "power")].remark
    assert "both ratios hold for one that takes 80.4 ns" in remark
    assert all(figure.plans for figure in found.values())
    # 80.4 ns is where both published ratios would hold at once; converted bit by bit a column takes 1 + 7 times 10 ns
    assert pytest.approx(420e-9 * 6.7 / 35, rel=1e-3) == 80.4e-9
    assert BASELINES[-1].column.t_mac == pytest.approx((1 + math.ceil(math.log2(65))) * 10e-9)
    assert "in 7.78 ns the energy's ratio would be 6.7" in found[title.format("10 k and 100 kohm", "power")].origin
    assert found["100nA: INL, in steps"].simulated == 0.19
    assert found["INL, in steps, current-summing column, 10 k and 100 kohm"].simulated == 4.0
    assert "first 0.190, last 0.140, random 0.060" in found["50nA: INL, in steps"].origin


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
    assert all(np.isfinite(values).all() for name, (_, values) in table.variables.items() if not name.endswith("correlation"))
    outcomes = {name: values.sum() for name, (_, values) in table.variables.items() if "_outcome_" in name}
    assert all(count == 0 for name, count in outcomes.items() if not name.endswith("_ok"))
    assert float(table.query("count_count")) == 3
    assert 0.1 < float(table.query("line_inl")) < 0.5
    assert float(table.query("line_step")) == pytest.approx(4.53e-3, rel=0.02)  # 50 nA x 90 kohm, a little bent
    assert 0.9e-6 < float(table.query("settle_t_settle")) < 1.1e-6
    assert float(table.query("e_mac_settled")) < float(table.query("settle_e_mac"))
    roles = macro_of(table)  # what exporters take for an operation
    assert roles is not None
    (action,) = Operations(table, roles, {"n_hrs": 64}, "csv").actions
    assert (action.name, action.cells) == ("column_mac", 64)
    assert (action.energy, action.latency) == (table.query("e_mac_settled"), table.query("settle_t_settle"))
