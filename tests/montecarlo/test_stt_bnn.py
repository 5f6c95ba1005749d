"""The binary macro's error: two steps against closed forms and whole simulations; its table and its system's figures."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, norm

import spicekit
from montecarlo import Campaign, Characterisation
from montecarlo.systems import load_system, system_table
from montecarlo.systems.figures import system_figures
from montecarlo.systems.stt_bnn import figures as stt_bnn
from montecarlo.systems.stt_bnn.table import DISTANCES
from montecarlo.systems.stt_bnn.two_step import TwoStep, average_error, error_rate, simulate
from spicekit.benches.bnn.macro_parameters import LIFTED
from spicekit.export.macro import Operations, macro_of
from spicekit.table import LookupTable


def normal(rows: int, amplifiers: int, *, lsb: float = 1.4e-3, sigma: tuple[float, float] = (0.5, 1.3)) -> TwoStep:
    """A row of 128 cells and its amplifiers, both with normal deviations (LSB); the line bends a little."""
    rng = np.random.default_rng(7)
    matches = rng.binomial(128, 0.5, rows).astype(float)
    line = 0.39 + lsb * (matches - 63.5) + 3e-7 * (matches - 63.5) ** 2
    return TwoStep(128, matches, line + rng.normal(0, sigma[0] * lsb, rows), 0.39 + rng.normal(0, sigma[1] * lsb, amplifiers))


def test_two_normal_distributions_make_the_error_function() -> None:
    found = normal(2000, 2000)
    assert found.lsb == pytest.approx(1.4e-3, rel=0.02)
    assert found.sigma["row"] == pytest.approx(0.5, rel=4 / math.sqrt(2 * 2000))
    assert found.sigma["amplifier"] == pytest.approx(1.3, rel=4 / math.sqrt(2 * 2000))
    assert found.threshold == pytest.approx(63.5, abs=4 * 1.4 / math.sqrt(2000))
    total = math.hypot(0.5, 1.3)
    counts = np.array([58, 62, 63, 64, 65, 69])
    expected = norm.cdf(-np.abs(counts - 63.5) / total)
    errors, average = found.intervals(counts)
    assert found.error(counts) == pytest.approx(expected, abs=0.03)
    assert np.all((errors[0] - 0.01 < expected) & (expected < errors[1] + 0.01))
    assert average[0] < average_error(128, total) < average[1]
    assert average[0] < found.average < average[1]


def test_the_published_error_is_a_sigma_of_1_6_lsb() -> None:
    """0.085 at 128 cells (Pham et al.), and the sum over binomial counts written out."""
    assert average_error(128, 1.6) == pytest.approx(0.085, abs=1e-3)
    for n in (9, 32):
        first = math.ceil(n / 2)  # the smallest count whose answer is +1
        by_hand = sum(
            binom.pmf(k, n, 0.5) * (norm.cdf((first - 0.5 - k) / 0.7) if k >= first else norm.sf((first - 0.5 - k) / 0.7))
            for k in range(n + 1)
        )
        assert average_error(n, 0.7) == pytest.approx(by_hand, rel=1e-12)
    assert average_error(32, np.array([[0.3], [0.7]])).shape == (2, 1)
    assert error_rate(np.array([-2.0, 2.0]), 1.0) == pytest.approx([norm.cdf(-2)] * 2)


def test_a_whole_trial_decides_as_its_two_steps_say() -> None:
    """The same devices end to end, as operating point of the row, and as trip point of the amplifier."""
    given: dict[str, Any] = {"n": 16, "tmr": 0.4}
    macro = Campaign("stt-bnn-macro", trials=5, parameters={**given, "data": "trial"}, seed=4)
    drawn = macro.samples(0, 5)
    offset = spicekit.make_bench("stt-bnn-macro", {**given, "source": "thevenin", "measure": "offset"})
    row = spicekit.make_bench("stt-bnn-row", {**given, "data": "trial"})
    points = {bench.name + bench.p.data: {point.name for point in bench.points()} for bench in (offset, row)}
    apart = []
    for trial in range(5):
        values = {name: float(column[trial]) for name, column in drawn.items()}
        whole = spicekit.run(macro.bench, values).measures
        trip = spicekit.run(offset, {k: v for k, v in values.items() if k in points["stt-bnn-macrogiven"]}).measures
        line = spicekit.run(row, {k: v for k, v in values.items() if k in points["stt-bnn-rowtrial"]}).measures
        assert whole["n1"] == line["n1"]
        apart.append((line["v_sl"] - trip["trip"], whole["lead"] * whole["t_delay"] / trip["slope"], whole["decision"]))
    predicted, found, decisions = np.array(apart).T
    assert np.ptp(predicted) > 4e-3  # V: the trials differ by far more than the two ways do
    assert found == pytest.approx(predicted, abs=0.35e-3 + 0.05 * float(np.abs(predicted).max()))
    clear = np.abs(predicted) > 0.4e-3
    assert np.array_equal(decisions[clear], predicted[clear] > 0)


def test_both_campaigns_are_kept(tmp_path: Path) -> None:
    parameters = {"n": 8, "v_mid": 0.3928, "trim": 359, "t_window": 9e-9}
    first = simulate(tmp_path, rows=60, amplifiers=3, parameters=parameters, workers=1)
    assert (first.n, len(first.v_sl), len(first.trips)) == (8, 60, 3)
    assert first.lsb == pytest.approx(spicekit.run("stt-bnn-row", n=8, n1=4).measures["lsb"], rel=0.05)
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("part-*.parquet")}
    again = simulate(tmp_path, rows=60, amplifiers=3, parameters=parameters, workers=1)
    assert before == {file: file.stat().st_mtime_ns for file in tmp_path.rglob("part-*.parquet")}
    assert np.array_equal(again.trips, first.trips)


def test_the_standard_table(tmp_path: Path) -> None:
    system = system_table("stt-bnn")
    over = {name: [value] for name, value in system.nominal.items()} | {"n": [16, 32], "boost": [0, 2], "v_in": [0.38, 0.42]}
    Characterisation(system, over=over, trials_scale=0.01).run(tmp_path, workers=2)
    table = LookupTable.load(tmp_path)
    shapes = {
        "error": ("tmr", "vdd", "temperature", "corner", "n", "boost", "distance"),
        "average_error": ("tmr", "vdd", "temperature", "corner", "n", "boost"),
        "sigma_total": ("tmr", "vdd", "temperature", "corner", "n", "boost"),
        "latency": ("vdd", "temperature", "corner", "boost"),
        "energy": ("tmr", "vdd", "n", "boost"),
        "time_t_load": ("v_in",),
        "time_t_load_std": ("v_in",),
    }
    assert {name: table.variables[name][0] for name in shapes} == shapes
    for name, (_, values) in table.variables.items():
        assert np.isfinite(values).all() or name.endswith("correlation"), name  # of what does not vary there is none
    for n, boost, part in ((16, 0, "row"), (32, 2, "low")):
        at = {"n": n, "boost": boost}
        lsb = float(table.query(f"{part}_lsb", **at))
        assert table.query("lsb", **at) == lsb
        spread = math.hypot(float(table.query(f"{part}_v_sl_std", **at)), float(table.query("sense_offset_std", **at)))
        assert table.query("sigma_total", **at) == pytest.approx(spread / lsb)
        assert table.query("error", **at, distance=DISTANCES) == pytest.approx(error_rate(DISTANCES, spread / lsb))
        assert table.query("average_error", **at) == pytest.approx(float(average_error(n, spread / lsb)))
        nominal = spicekit.run("stt-bnn-macro", n=n, boost=boost, trim=360, t_window=6e-9, temperature=27).measures
        assert table.query("energy", **at) == pytest.approx(nominal["e_total"])
        charge = nominal["q_row"] * (1.1 - LIFTED[1]["v_high"] if boost else 1.1 - 0.6)  # V_H by a linear regulator
        lifts = nominal["q_lift"] * (1.1 - LIFTED[2]["v_lift"]) if boost else 0
        assert table.query("energy_supply", **at) == pytest.approx(nominal["e_total"] + charge + lifts)
        assert table.query("tops_per_watt", **at) == pytest.approx(2 * n / nominal["e_total"] / 1e12)
        assert table.query("latency", **at) == pytest.approx(nominal["t_latency"] - nominal["t_decision"] + 4.4e-9, rel=0.1)
    roles = macro_of(table)  # what exporters take for an operation
    assert roles is not None
    (action,) = Operations(table, roles, {"n": 32}, "csv").actions
    assert (action.name, action.cells) == ("row_mac", 32)
    assert (action.energy, action.latency) == (table.query("energy", n=32, boost=0), table.query("latency", boost=0))
    # LOAD arrives sooner for a higher input, by 14 to 18 a volt in ln t
    slope = math.log(float(table.query("time_t_load", v_in=0.38) / table.query("time_t_load", v_in=0.42))) / 0.04
    assert 13 < slope < 19


def test_the_figures_are_those_of_their_trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With rows of 16 cells and two trials a point."""
    plans = []
    for plan in stt_bnn.PLANS:
        over = {name: {"n": [16], "boost": [0]}.get(name, values) for name, values in plan.over.items()}
        parameters = {name: 16 if name == "n" else value for name, value in plan.parameters.items()}
        plans.append(replace(plan, over=over, parameters=parameters, trials=2))
    for name, value in {"BOOSTS": (0,), "N": 16, "ROWS": 4, "OPERATIONS": 2 * 16 * 4}.items():
        monkeypatch.setattr(stt_bnn, name, value)
    system = replace(load_system("stt-bnn"), plans=tuple(plans))
    found = {figure.name: figure for figure in system_figures(system, tmp_path, workers=2)}
    tables = {plan.name: LookupTable.load(tmp_path / plan.name) for plan in plans}
    energy = float(tables["macro"].query("e_total"))
    assert found["boost 0, energy of an array operation"].simulated == pytest.approx(4 * energy)
    assert found["boost 0, efficiency"].simulated == pytest.approx(2 * 16 / energy / 1e12)
    assert found["boost 0, efficiency"].published == 319
    supply = energy + float(tables["macro"].query("q_row")) * (1.1 - 0.6)
    assert found["boost 0, efficiency, from the supply"].simulated == pytest.approx(2 * 16 / supply / 1e12)
    assert found["boost 0, efficiency, from the supply"].published == 319
    assert found["boost 0, efficiency"].command.startswith("spicekit sweep stt-bnn-macro --over boost=0 --trials 2 -p n=16")
    assert found["boost 0, energy of an XNOR and accumulate"].simulated == pytest.approx(energy / 16)
    cycle = found["boost 0, cycle"].simulated
    assert float(tables["macro"].query("t_latency")) < cycle < 10e-9
    assert found["boost 0, throughput"].simulated == pytest.approx(2 * 16 * 4 / cycle)
    sigma = math.hypot(float(tables["row"].query("v_sl_std")), float(tables["sense"].query("offset_std")))
    assert found["boost 0, sigma of both in LSB"].simulated == pytest.approx(sigma / float(tables["row"].query("lsb")))
    for design, name in (("fine", "tbs"), ("fast", "tbs-fast")):
        t_tbs, t_vsa = (
            np.mean([tables[amplifier].query("t_decision", overdrive=volts) for volts in (-10e-3, 10e-3)])
            for amplifier in (name, "vsa")
        )
        assert found[f"TBS over VSA, delay, design={design}"].simulated == pytest.approx(t_tbs / t_vsa)
        ber = found[f"read BER at 1 µA, VSA over TBS, orders of magnitude, design={design}"]
        assert math.isfinite(ber.simulated)
    assert all(figure.origin and (figure.source or figure.published is None) for figure in found.values())


def test_read_errors_of_two_normal_levels() -> None:
    """Equal spreads: the best level is the middle."""
    assert stt_bnn.bit_error_rate((0.3, 1e-3), (0.32, 1e-3), 3e-3) == pytest.approx(norm.cdf(-10 / math.sqrt(10)), rel=1e-6)
    # unequal: below what the middle gives, and above the rate of the narrower one alone
    rate = stt_bnn.bit_error_rate((0.3, 1e-3), (0.32, 5e-3), 2e-3)
    wide, narrow = math.sqrt(29), math.sqrt(5)
    assert norm.cdf(-20 / wide) / 2 < rate < (norm.cdf(-10 / wide) + norm.cdf(-10 / narrow)) / 2
