"""The constant-current column and the conventional one against closed forms, a linear solver, statistics and themselves."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from montecarlo.variation import Space, Variation
from spicekit import UserError, make_bench, run
from spicekit.analysis import DcAnalysis, TranAnalysis
from spicekit.bench import Bench
from spicekit.benches.c3cim.headroom import worst_inl
from spicekit.benches.c3cim.memory_column import MemoryColumn
from spicekit.benches.c3cim.settle import C3cimSettle
from spicekit.block import simulate_block
from spicekit.engines.swept import sweep
from spicekit.linearity import dnl, inl, usable
from spicekit.netlist import render
from spicekit.simulator import simulator
from spicekit.waves import Array

Cli = Callable[..., subprocess.CompletedProcess[str]]
OHMIC = """
name = "ohmic"
title = "two resistors"
reference = "made for the tests"
[states]
r_lrs = {value = 10, unit = "kohm", source = "made"}
r_hrs = {value = 100, unit = "kohm", source = "made"}
sigma_lrs = {value = 0, unit = "1", source = "made"}
sigma_hrs = {value = 5, unit = "%", source = "made"}
[temperature]
default = {value = 300.15, unit = "K", source = "made"}
"""


@pytest.fixture(scope="module")
def ohmic(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("cards") / "ohmic.toml"
    path.write_text(OHMIC)
    return str(path)


def measures(bench: str, values: dict[str, float] | None = None, **given: Any) -> dict[str, float]:
    result = run(bench, values, **given)
    assert result.outcome == "ok"
    return result.measures


def campaign(bench: Bench, trials: int, *variations: str, seed: int = 1) -> dict[str, Array]:
    """Measures of ``trials`` trials."""
    space = Space(bench.points(), [Variation.parse(text) for text in variations])
    block = simulate_block(bench, space.values(np.random.default_rng(seed).standard_normal((trials, space.dimensions))))
    assert set(block.outcomes) == {"ok"}
    return block.measures


@pytest.mark.parametrize(
    ("n", "n_sel", "n_hrs", "placement"),
    [(64, 64, 0, "first"), (64, 64, 64, "last"), (64, 40, 17, "random"), (8, 5, 5, "first"), (128, 100, 31, "last")],
)
def test_ideal_switches_and_driver_give_the_closed_form(ohmic: str, n: int, n_sel: int, n_hrs: int, placement: str) -> None:
    found = measures(
        "c3cim-column", device=ohmic, driver="ideal", access="ideal", r_on=2e3, r_cell=1.0, n=n, n_sel=n_sel, n_hrs=n_hrs,
        placement=placement, i_col=80e-9,
    )  # fmt: skip
    expected = 80e-9 * (n * (2e3 + 1.0) + n_sel * 10e3 + n_hrs * 90e3)
    assert found["v_col"] == pytest.approx(expected, rel=1e-6)
    assert found["v_out"] == pytest.approx(80e-9 * n_hrs * 90e3, rel=1e-6, abs=1e-9)
    assert found["step"] == pytest.approx(80e-9 * 90e3, rel=1e-6)
    assert (found["count"], found["wrong"], found["i_error"]) == (n_hrs, 0, 0)


def test_bits_select_cells(ohmic: str) -> None:
    inputs, weights = "1100101011", "1010111000"
    found = measures("c3cim-column", device=ohmic, driver="ideal", access="ideal", n=10, inputs=inputs, weights=weights)
    both = sum(a == b == "1" for a, b in zip(inputs, weights, strict=True))
    assert (found["n_sel"], found["n_hrs"], found["count"]) == (6, both, both)
    assert found["v_col"] == pytest.approx(50e-9 * (10 * 3001.5 + 6 * 10e3 + both * 90e3), rel=1e-6)


@pytest.mark.parametrize("placement", ["first", "last", "random"])
def test_the_real_column_is_linear_over_its_whole_range(placement: str) -> None:
    found = measures("c3cim-column", placement=placement, transfer=1)
    assert found["inl"] < 0.5
    assert found["dnl"] < 0.1
    assert found["usable"] == 64
    assert found["error_max"] < 0.5  # every count is right
    assert abs(found["i_error"]) < 0.02
    assert found["bend"] < 0.5


@pytest.mark.parametrize(("corner", "celsius"), [("ss", 125), ("ff", -40)])
def test_it_stays_linear_in_corners(corner: str, celsius: float) -> None:
    for placement in ("first", "last"):
        assert measures("c3cim-column", placement=placement, transfer=8, corner=corner, temperature=celsius)["inl"] < 0.5


@pytest.mark.parametrize("bench", ["c3cim-column", "c3cim-conventional"])
def test_a_transfer_is_its_readings(bench: str) -> None:
    """INL, DNL and the usable range from one run a reading, computed here."""
    levels = np.arange(0, 17, 2)
    single = [run(bench, n=16, n_hrs=int(k)) for k in levels]
    reading = np.array([s.measures["error"] + s.measures["n_hrs"] for s in single])
    line = reading[0] + (reading[-1] - reading[0]) * levels / 16
    step = (reading[-1] - reading[0]) / 16
    found = measures(bench, n=16, transfer=2)
    assert found["inl"] == pytest.approx(np.abs(reading - line).max() / step, abs=1e-5)
    assert found["dnl"] == pytest.approx(np.abs(np.diff(reading) / step / 2 - 1).max(), abs=1e-5)
    assert found["error_max"] == pytest.approx(np.abs(reading - levels).max(), abs=1e-5)
    assert found["e_column"] == pytest.approx(np.mean([s.measures["e_column"] for s in single]), rel=1e-5)


@pytest.mark.parametrize("device", ["rram-hfo2", "fefet-like", "stt-bnn-65nm"])
def test_any_memory_fits(device: str) -> None:
    assert max(measures("c3cim-column", device=device, placement=p, transfer=8)["inl"] for p in ("first", "last")) < 0.5


def test_headroom_is_found_and_said(cli: Cli) -> None:
    """At 100 nA the gates at 1.0 V cannot carry 64 cells of 100 kohm; the number of cells in the warning is itself simulated."""
    done = cli("run", "c3cim-column", "-p", "i_col=100n", "--json")
    assert done.returncode == 0
    missed, line = sorted(done.stderr.splitlines())
    assert missed.startswith("spicekit: warning: c3cim-column: does not work here: wrong < 0.5 is not met")
    assert line.startswith("spicekit: warning: headroom: at 100 nA and gates at 1 V INL stays below 0.5 step for ")
    line, _, ways = line.rpartition(": ")
    assert ways == "fewer cells (n), or less i_col"
    cells = int(line.split()[-5])
    assert line.endswith(f"for {cells} cells, not for 64")
    assert worst_inl(n=cells, i_col=100e-9) < 0.5 <= worst_inl(n=cells + 8, i_col=100e-9)
    assert 32 <= cells <= 56
    assert json.loads(done.stdout)["measures"]["bend"]["value"] > 0.5
    made = make_bench("c3cim-column", {})
    assert made.notes(run(made).measures) == ()


def test_gates_that_leak_are_told_from_headroom() -> None:
    """In 65 nm with gates at 1.5 V tunnelling bends the column; what the remark names makes it straight."""
    made = make_bench("c3cim-column", {"technology": "ptm65", "v_gate": 1.5, "n": 32})
    result = run(made)
    assert result.measures["bend"] > 0.5
    (line,) = (line for line in result.warnings() if " INL " in line)
    assert line.startswith("gates that leak into the column: at 50 nA and gates at 1.5 V")
    level = line.rpartition("v_gate = ")[2]
    assert level == "660 mV"
    assert worst_inl(n=32, technology="ptm65", v_gate=0.66) < 0.5


def test_spread_of_the_high_state(ohmic: str) -> None:
    """sigma(error) of m cells is sqrt(m) sigma_H R_H/(R_H - R_L); its chi-square interval covers that at 99.9 %."""
    bench = make_bench(
        "c3cim-column",
        {"device": ohmic, "driver": "ideal", "access": "ideal", "n": 32, "n_hrs": 32, "c_hold": 1e-9, "trim": "inf"},
    )
    trials = 800
    error = campaign(bench, trials)["error"]
    log = 0.05  # of ln R: mean and variance of a log-normal with median 1
    variance = 32 * (math.exp(log**2) - 1) * math.exp(log**2) * (100 / 90) ** 2
    interval = np.asarray(stats.chi2.ppf([5e-4, 1 - 5e-4], trials - 1)) / (trials - 1)
    assert interval[0] < error.var(ddof=1) / variance < interval[1]
    shift = 32 * (math.exp(log**2 / 2) - 1) * 100 / 90
    assert abs(error.mean() - shift) < 4 * math.sqrt(variance / trials)


def test_noise_of_the_sample_and_hold(ohmic: str) -> None:
    """sqrt(kT/C): 0.644 mV at 10 fF and 27 C, whatever the other points."""
    bench = make_bench("c3cim-column", {"device": ohmic, "driver": "ideal", "access": "ideal", "n": 8, "n_hrs": 4})
    found = campaign(bench, 800, "r_hrs=0", "r_lrs=0")
    sigma = math.sqrt(1.380649e-23 * 300.15 / 10e-15) / (50e-9 * 90e3)
    interval = np.sqrt(stats.chi2.ppf([5e-4, 1 - 5e-4], 799) / 799)
    assert interval[0] < found["error"].std(ddof=1) / sigma < interval[1]


def test_the_trim_takes_the_drivers_mismatch_away() -> None:
    """A current 3.3 % too high: without trim 64 steps gain by it, with a trim of 0.5 % the rest is at most half of that."""
    values = {"beta_mirror": 0.033}
    raw = measures("c3cim-column", values, n_hrs=64, trim="inf")
    trimmed = measures("c3cim-column", values, n_hrs=64)
    perfect = measures("c3cim-column", values, n_hrs=64, trim=0)
    assert raw["i_error"] - measures("c3cim-column")["i_error"] == pytest.approx(0.033, rel=0.05)
    full_scale = raw["v_col"] / raw["step"]  # offset included: the trim acts on the current
    assert raw["error"] == pytest.approx(0.033 * full_scale, rel=0.1)
    assert abs(trimmed["error"]) < 0.0025 * full_scale * 1.2
    assert abs(perfect["error"]) < 0.1


def test_drawn_data_are_even() -> None:
    bench = make_bench("c3cim-column", {"data": "uniform", "n": 8, "driver": "ideal", "access": "ideal"})
    found = campaign(bench, 900, "r_hrs=0", "r_lrs=0", "noise=0")
    assert stats.chisquare(np.bincount(found["n_hrs"].astype(int), minlength=9)).pvalue > 1e-3
    np.testing.assert_array_equal(found["wrong"], 0)
    bench = make_bench("c3cim-column", {"data": "random", "n": 16, "driver": "ideal", "access": "ideal"})
    found = campaign(bench, 300, "r_hrs=0", "r_lrs=0", "noise=0")
    for name, share in (("n_sel", 0.5), ("n_hrs", 0.25)):
        assert abs(found[name].mean() - 16 * share) < 4 * math.sqrt(16 * share * (1 - share) / 300)
    np.testing.assert_array_equal(found["count"], found["n_hrs"])


def test_a_campaign_of_the_real_column_draws_every_device() -> None:
    found = campaign(make_bench("c3cim-column", {"data": "uniform", "n": 16}), 200)
    assert 0 < found["error"].std() < 1
    quiet = campaign(make_bench("c3cim-column", {"data": "uniform", "n": 16}), 200, "r_hrs=0", "r_lrs=0", "noise=0", "vth=0")
    assert quiet["error"].std() < 0.5 * found["error"].std()
    assert found["i_error"].std() == pytest.approx(24 * 1.8e-3 / math.sqrt(2), rel=0.35)  # gm/I times sigma(V_TH) of 2 um2


@pytest.mark.parametrize("bench", ["c3cim-column", "c3cim-conventional"])
def test_the_linearity_of_a_transfer_is_that_of_its_curve(bench: str) -> None:
    made = make_bench(bench, {"n": 16, "transfer": 2, "n_sel": 12})
    assert isinstance(made, MemoryColumn)
    result = run(made, {"r_hrs_c3": 250e3})
    level, out = made.transfer(result.waves)
    assert level.tolist() == [0, 2, 4, 6, 8, 10, 12]
    assert result.measures["inl"] == pytest.approx(inl(level, out)[0])
    assert result.measures["dnl"] == pytest.approx(dnl(level, out)[0])
    assert result.measures["usable"] == usable(level, out)[0]
    assert result.measures["error_max"] == pytest.approx(np.abs(out[0] - level).max())


def test_trials_of_a_transfer_alone_are_those_of_the_sweep() -> None:
    """The engine's way out when a trial of a block has no operating point."""
    bench = make_bench("c3cim-column", {"n": 8, "transfer": 2})
    space = Space(bench.points())
    samples = space.values(np.random.default_rng(3).standard_normal((3, space.dimensions)))
    analysis = bench.analysis()
    assert isinstance(analysis, DcAnalysis)
    simulator().load(render(bench, samples))
    together, *alone = (sweep(simulator(), analysis, first, last) for first, last in ((0, 2), (0, 0), (1, 1), (2, 2)))
    assert together is not None
    for name, values in together.items():
        assert values.shape == (15,)
        one_by_one = np.concatenate([one[name] for one in alone if one is not None])
        np.testing.assert_allclose(one_by_one, values, rtol=1e-5, atol=1e-12)


def ladder(n: int, cell: Array, wire: float, v: float) -> float:
    """Current into a bit line of ``n`` cells, resistances ``cell``, on two wires of ``wire`` a cell: nodal analysis."""
    g = np.zeros((2 * n, 2 * n))
    right = np.zeros(2 * n)

    def between(a: int | None, b: int | None, r: float) -> None:
        for x, y in ((a, b), (b, a)):
            if x is not None:
                g[x, x] += 1 / r
                if y is not None:
                    g[x, y] -= 1 / r

    for k in range(n):
        between(k, n + k, cell[k])
        between(n + k, n + k - 1 if k else None, wire)
        if k + 1 < n:
            between(k, k + 1, wire)
    g[n - 1, n - 1] += 1 / wire
    right[n - 1] = v / wire
    return float((v - np.linalg.solve(g, right)[n - 1]) / wire)


def test_the_conventional_column_is_a_ladder(ohmic: str) -> None:
    """Currents of all numbers of cells in HRS against nodal analysis; a cell's resistance is measured on a column of two."""
    common: dict[str, Any] = {"device": ohmic, "clamp": "ideal", "trim": 0}
    v = 0.02  # small: the access transistors are nearly resistors, the ladder drops some mV
    alone = [measures("c3cim-conventional", n=2, n_sel=1, n_hrs=h, r_cell=1e-3, v_read=v, **common)["i_col"] for h in (0, 1)]
    low, high = v / alone[0], v / alone[1]
    for n_hrs in (0, 20, 64):
        found = measures("c3cim-conventional", n_hrs=n_hrs, placement="first", r_cell=1.5, v_read=v, **common)
        cell = np.where(np.arange(64) < n_hrs, high, low)
        assert found["i_col"] == pytest.approx(ladder(64, cell, 1.5, v), rel=2e-3)


def test_the_conventional_column_says_what_its_count_is_lost_by() -> None:
    condition, note = run("c3cim-conventional").warnings()
    assert condition.endswith("does not work here: wrong < 0.5 is not met, wrong is 1")
    assert (
        "wires: the bit line has 88.4 mV at its far end, of v_read = 100 mV, and the count is -4 steps off: fewer cells (n)"
        in note
    )
    for given in ({"n": 16}, {"r_cell": 1e-3}):
        assert run("c3cim-conventional", **given).warnings() == ()


def test_the_conventional_column_bends_and_burns() -> None:
    conventional, constant = (measures(f"c3cim-{name}", transfer=8) for name in ("conventional", "column"))
    assert conventional["inl"] > 3 > 0.5 > constant["inl"]
    assert conventional["usable"] < constant["usable"] == 64
    assert conventional["e_mac"] > 10 * constant["e_mac"]
    without_wire = measures("c3cim-conventional", transfer=8, r_cell=1e-3, gain=1e5)
    assert without_wire["inl"] < 0.05  # it is the wire


class Fine(C3cimSettle):
    def analysis(self) -> TranAnalysis:
        coarse = super().analysis()
        assert isinstance(coarse, TranAnalysis)
        return replace(coarse, step=coarse.step / 10, reltol=1e-5, trtol=1.0)


def test_the_step_of_the_transient_is_fine_enough() -> None:
    coarse, fine = run(C3cimSettle()), run(Fine())
    assert fine.outcome == "ok"
    assert fine.attempt == 0
    assert len(fine.waves("time")) > 4 * len(coarse.waves("time"))
    for name in ("t_settle", "v_final", "v_sample", "v_hold", "e_mac", "e_column", "e_driver", "e_gates", "e_readout"):
        assert coarse.measures[name] == pytest.approx(fine.measures[name], rel=5e-3), name
    for name in ("residual", "pedestal"):
        assert coarse.measures[name] == pytest.approx(fine.measures[name], abs=5e-3), name


def test_settling_and_energy() -> None:
    whole, dc = measures("c3cim-settle"), measures("c3cim-column", n_hrs=64)
    assert whole["settled"] == 1
    assert whole["v_final"] == pytest.approx(dc["v_col"], abs=0.1 * dc["step"])
    assert abs(whole["residual"]) < 0.5
    assert whole["e_column"] == pytest.approx(50e-9 * 1.0 * 1100e-9, rel=0.01)
    assert whole["e_driver"] == pytest.approx(dc["e_driver"], rel=0.01)
    assert whole["e_mac"] == pytest.approx(whole["e_column"] + whole["e_driver"] + whole["e_gates"], rel=1e-12)
    assert whole["e_convert"] == pytest.approx(65 * 4.4e-15)
    assert whole["e_readout"] > whole["e_convert"]
    # half the cells: a quarter of the resistance times capacitance of the cells, half of that of the sample-and-hold
    half = measures("c3cim-settle", n=32)
    assert 2 < whole["t_settle"] / half["t_settle"] < 4
    assert half["e_gates"] == pytest.approx(whole["e_gates"] / 2, rel=0.15)
    short = measures("c3cim-settle", t_mac=300e-9)
    assert short["settled"] == 0
    assert short["t_settle"] == math.inf
    assert short["residual"] < -0.5


def test_the_design_of_100_na() -> None:
    """Settles before its sample in every corner; current and bias within 15 % of the published 30 fJ; no pedestal at half."""
    usual = measures("c3cim-settle", design="100nA")
    assert usual["settled"] == 1
    assert usual["e_column"] == pytest.approx(100e-9 * 0.7 * 420e-9, rel=0.02)
    assert 0.85 < (usual["e_column"] + usual["e_driver"]) / 30e-15 < 1.15
    for corner, celsius in (("ss", 125), ("ff", 125), ("ss", -40), ("ff", -40)):
        assert measures("c3cim-settle", design="100nA", corner=corner, temperature=celsius)["settled"] == 1
        assert (
            measures("c3cim-column", design="100nA", placement="last", transfer=16, corner=corner, temperature=celsius)["inl"]
            < 0.5
        )
    wide, balanced = (measures("c3cim-settle", design="100nA", n_hrs=32, w_sample_p=w) for w in (90e-9, 125e-9))
    assert abs(balanced["pedestal"]) < 0.2 < -wide["pedestal"]
    # what is given beside the design keeps its value
    own = C3cimSettle(design="100nA", i_col=80e-9)
    assert (own.p.i_col, own.p.r_hrs, own.p.design) == (80e-9, 50e3, "100nA")


def test_rows_that_hold_pay_for_a_quarter_of_the_edges() -> None:
    """Half of the rows switch once in place of all twice; leakage, which a MAC of twice the length tells, stays."""
    back, held = (measures("c3cim-settle", n=16, rows=rows)["e_gates"] for rows in ("return", "hold"))
    longer = [measures("c3cim-settle", n=16, rows=rows, t_mac=2200e-9)["e_gates"] for rows in ("return", "hold")]
    leak = longer[0] - back  # of 1100 ns
    assert longer[1] - held == pytest.approx(leak, rel=0.05)
    assert (held - leak) / (back - leak) == pytest.approx(0.25, rel=0.05)  # the 10 ns after the way back leak, too
    # half of 8 selected rows switch as half of 16 do
    assert measures("c3cim-settle", n=16, n_sel=8, rows="hold")["e_gates"] == pytest.approx(held, rel=0.05)


def test_a_column_without_headroom_settles_at_once_and_says_what_it_carries() -> None:
    closed = run(C3cimSettle(v_gate=0.03))
    assert closed.measures["t_settle"] == 0  # it rests at its supply from the start
    assert closed.measures["v_final"] == pytest.approx(1.0, abs=1e-3)
    assert "headroom: the column at 999.9 mV carries" in " ".join(closed.warnings())
    assert not any("headroom" in line for line in run(C3cimSettle(n=16)).warnings())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"design": "1uA"}, "parameter design: allowed: '50nA' or '100nA'"),
        ({"i_col": 100e-9, "r_hrs": 8e6, "v_column": 0.7}, "allowed: at most v_column = 0.7 V"),
        ({"r_hrs": 5e3}, "parameter r_hrs: 5 kohm given; allowed: above r_lrs, 10 kohm"),
        ({"n_sel": 65}, "n_sel: 65 given; allowed: at most n = 64"),
        ({"n_sel": 8, "n_hrs": 9}, "n_hrs: 9 given; allowed: at most n_sel = 8"),
        ({"inputs": "101"}, "inputs: 3 characters given; allowed: 64 characters, each 0 or 1"),
        ({"n": 3, "inputs": "101"}, "allowed: both or neither"),
        ({"n": 3, "inputs": "000", "weights": "111"}, "at least one selected cell"),
        ({"transfer": 7}, "transfer: 7 given; allowed: 0, or a divisor of n_sel = 64"),
        ({"data": "random", "n_hrs": 3}, "allowed with data = 'given' only"),
        ({"device": "rram-hf02"}, "parameter device: unknown device 'rram-hf02'; did you mean rram-hfo2"),
        ({"device": "rram"}, "the bench takes a resistive memory or a junction, by its card"),
        ({"n": 1}, "n: "),
    ],
)
def test_bad_input_is_said_in_one_line(given: dict[str, Any], words: str) -> None:
    refused("c3cim-column", given, words)


def refused(bench: str, given: dict[str, Any], words: str) -> None:
    """In one line that names the bench."""
    with pytest.raises(UserError) as caught:
        make_bench(bench, given)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"bench '{bench}': ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"v_read": 1.0}, "parameter v_read: 1 V given; allowed: below vdd = 1 V"),
        ({"design": "100nA"}, "parameter design: allowed: 'fast' or 'bitwise'"),
        ({"n_sel": 65}, "n_sel: 65 given; allowed: at most n = 64"),
    ],
)
def test_bad_input_of_the_conventional_column(given: dict[str, Any], words: str) -> None:
    refused("c3cim-conventional", given, words)


def test_a_run_writes_its_transfer(tmp_path: Path, cli: Cli) -> None:
    done = cli("run", "c3cim-column", "-p", "n=16", "-p", "transfer=2", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "transfer.png").stat().st_size > 10_000
