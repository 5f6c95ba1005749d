"""`tbs-sense` against closed forms, a DC solution of its transistor, bisection and itself with a far finer solver."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spicekit import UserError, calibrated, make_bench, render, run
from spicekit.analysis import TranAnalysis
from spicekit.benches.sensing import tbs
from spicekit.benches.sensing.tbs import TbsSense
from spicekit.engines import calibrate
from spicekit.measures.numpy_writer import Evaluation
from spicekit.technology import load_technology
from spicekit.waves import Array

Cli = Callable[..., subprocess.CompletedProcess[str]]
ENERGIES = ("e_load", "e_latch", "e_drive", "e_line")


def measures(values: Mapping[str, float] | None = None, **given: Any) -> dict[str, float]:
    result = run("tbs-sense", values, **given)
    assert result.outcome == "ok"
    assert result.attempt == 0
    return result.measures


def test_decides_within_ten_nanoseconds() -> None:
    for overdrive in (-0.1, -2e-3, 2e-3, 0.1):
        m = measures(overdrive=overdrive)
        assert (m["late"], m["wrong"], m["decision"]) == (0, 0, overdrive > 0), overdrive
        assert 0 < m["t_decision"] < 10e-9
        # the first arrival decides; the latch adds a few gate delays at most
        assert m["t_decision"] == pytest.approx(min(m["t_load"], m["t_delay"]), abs=30e-12)
        assert m["dt"] == pytest.approx(m["t_delay"] - m["t_load"], abs=1e-20)
        assert all(m[name] > 0 for name in ENERGIES)
        assert m["e_total"] == pytest.approx(sum(m[name] for name in ENERGIES), rel=1e-12)


def test_time_is_inverse_to_the_starved_current(solve: Callable[[str, str, Iterable[str]], dict[str, Array]]) -> None:
    """LOAD's time against the DC current of M_ST alone, from half to three times the current at the threshold."""
    p = TbsSense().p
    cards = load_technology("ptm65").cards("tt")
    netlist = (
        f"* M_ST\n{cards}\nVg g 0 0.4\nVd d 0 0.75\nM1 d g 0 0 ptm65_nmos w={p.w_st} l={p.l_st}\n.temp 27\n.save i(vd)\n.end"
    )
    inputs = np.array([0.37, 0.40, 0.43, 0.46])
    current = -solve(netlist, "dc vg 0.37 0.46 0.03", ["i(vd)"])["i(vd)"]
    times = np.array([measures(v_in=float(v), t_window=16e-9)["t_load"] for v in inputs])
    # t = charge / current + constant delay of the inverters
    charge, delay = np.polyfit(1 / current, times, 1)
    assert np.allclose(charge / current + delay, times, rtol=0.01)
    assert 0 < delay < 0.1 * times[1]
    assert current[-1] / current[0] > 4


def trim_of(**given: Any) -> int:
    bench = calibrated(TbsSense(**given))
    assert isinstance(bench, TbsSense)
    return bench.trim


@pytest.mark.parametrize(("corner", "celsius"), [("tt", 27), ("ff", 125), ("ss", 125), ("ss", -40)])
def test_trim_centres_the_nominal_decision(corner: str, celsius: float) -> None:
    conditions: dict[str, Any] = {"corner": corner, "temperature": celsius, "t_window": 40e-9}
    trimmed = trim_of(**conditions)
    assert 0 < trimmed < tbs.TRIM_MOST
    m = measures(**conditions, measure="offset")
    step = measures(**conditions, measure="offset", trim=trimmed + 20)["offset"] / 20 - m["offset"] / 20
    assert step < 0  # a later delay line lowers the threshold
    assert abs(m["offset"]) < abs(step) + 0.05e-3  # a unit of load and the error of the interpolation
    calibrate._known.clear()
    assert trim_of(**conditions) == trimmed


def test_without_trim_the_threshold_moves_with_the_corner() -> None:
    fixed: dict[str, Any] = {"trim": trim_of(), "measure": "offset", "t_window": 40e-9}
    assert measures(**fixed, corner="ss", temperature=-40)["offset"] > 0.04
    assert measures(**fixed, corner="ff", temperature=125)["offset"] < -0.04


def test_offset_of_single_devices() -> None:
    base = measures(measure="offset")
    # a source in series with the gate of M_ST is a shift of the input
    assert measures({"vth_st": 4e-3}, measure="offset")["offset"] - base["offset"] == pytest.approx(4e-3, rel=0.02)
    # 2 % more current of M_ST: ln(1.02) over gm/I, which is the slope of ln t; M_LOAD is most of the load
    more = measures({"beta_st": 0.02}, measure="offset")["offset"] - base["offset"]
    assert more == pytest.approx(-math.log(1.02) * base["t_delay"] / base["slope"], rel=0.1)
    load = measures({"c_load": 0.02}, measure="offset")["offset"] - base["offset"]
    assert 0.4 * -more < load < -more
    # the delay line: the change of its delay over the slope
    slow = measures({"vth_line1_p": 10e-3}, measure="offset")
    assert slow["offset"] - base["offset"] == pytest.approx((base["t_delay"] - slow["t_delay"]) / base["slope"], rel=0.02)


def device_set(seed: int) -> dict[str, float]:
    """Mismatch of every transistor and of C_LOAD."""
    rng = np.random.default_rng(seed)
    drawn = {point.name: float(rng.normal(point.nominal, point.sigma)) for point in TbsSense().points()}
    return {name: value for name, value in drawn.items() if not name.endswith(("_c0", "_md", "_mr"))}


@pytest.mark.parametrize("seed", [1, 2])
def test_linearised_offset_is_what_bisection_finds(seed: int) -> None:
    values = device_set(seed)
    low, high = -12e-3, 12e-3
    for _ in range(10):
        middle = (low + high) / 2
        low, high = (low, middle) if measures(values, overdrive=middle)["decision"] else (middle, high)
    assert measures(values, measure="offset")["offset"] == pytest.approx((low + high) / 2, abs=0.12e-3)


class Fine(TbsSense):
    """The same circuit with a time step and tolerances at least ten times smaller."""

    template = "benches/tbs-sense.cir.j2"

    def analysis(self) -> TranAnalysis:
        usual = super().analysis()
        return replace(usual, step=usual.step / 50, reltol=1e-5, trtol=1.0, options={"chgtol": 3e-18})


@pytest.mark.parametrize(
    "given",
    [
        {"overdrive": 1e-3},
        {"overdrive": 30e-3, "corner": "ff", "temperature": 125},
        {"measure": "offset"},
        {"design": "fast", "overdrive": 1e-3},
        {"design": "fast", "measure": "offset"},
    ],
    ids=str,
)
def test_time_step(given: dict[str, Any]) -> None:
    trim = trim_of(**given)  # the same line for both
    m, fine = measures(**given, trim=trim), run(Fine(**given, trim=trim)).measures
    for name in ("t_decision", "t_load", "t_delay", "slope"):
        if name in m:
            assert m[name] == pytest.approx(fine[name], rel=0.005), name
    if "offset" in m:
        assert m["offset"] == pytest.approx(fine["offset"], abs=0.05e-3)
        assert m["window_t"] == pytest.approx(fine["window_t"], rel=0.05)
        return
    assert m["e_total"] == pytest.approx(fine["e_total"], rel=0.02)
    assert m["e_load"] == pytest.approx(fine["e_load"], rel=0.003)
    assert m["e_line"] == pytest.approx(fine["e_line"], rel=0.01)
    assert m["e_latch"] == pytest.approx(fine["e_latch"], rel=0.05)


def test_a_design_gives_the_sizes_that_are_not_given() -> None:
    fine, fast = TbsSense(trim=600).p, TbsSense(design="fast", trim=300).p
    assert TbsSense(design="fine", trim=600).p == fine
    assert fast.w_st * fast.l_st == pytest.approx(fine.w_st * fine.l_st, rel=0.01)
    assert (fast.w_enable, fast.t_window, fine.t_window) == (1.2e-6, 2e-9, 10e-9)
    own = TbsSense(design="fast", trim=300, l_st="1u", t_window="5n").p
    assert (own.l_st, own.w_st, own.t_window) == (1e-6, fast.w_st, 5e-9)
    assert TbsSense(design="fast").gate_area == pytest.approx(TbsSense().gate_area, rel=0.03)


@pytest.mark.parametrize(("corner", "celsius", "vdd"), [("ff", 125, 1.2), ("ss", -40, 1.0)])
def test_fast_design_over_corners(corner: str, celsius: float, vdd: float) -> None:
    given: dict[str, Any] = {"design": "fast", "corner": corner, "temperature": celsius, "vdd": vdd, "t_window": 4e-9}
    trim = trim_of(**given)
    assert abs(measures(**given, trim=trim, measure="offset")["offset"]) < 0.3e-3
    cell = measures(**given, trim=trim, source="cell")
    assert (cell["decision_p"], cell["decision_ap"], cell["late"]) == (0, 1, 0)


def test_delay_beside_the_voltage_amplifier_is_as_published() -> None:
    """At equal gate area 13 to 14 % slower (Trinh et al., TCAS-I 2018)."""
    times = {}
    both: dict[str, dict[str, Any]] = {"tbs-sense": {"design": "fast"}, "vsa-sense": {}}
    for bench, given in both.items():
        times[bench] = np.mean([run(bench, **given, overdrive=x).measures["t_decision"] for x in (-10e-3, 10e-3)])
    assert times["tbs-sense"] / times["vsa-sense"] == pytest.approx(1.135, rel=0.05)


def test_metastability_window_is_where_the_latch_needs_t_meta(monkeypatch: pytest.MonkeyPatch) -> None:
    base = measures(measure="offset")
    assert 3e-12 < base["tau"] < 15e-12
    assert base["window_v"] == pytest.approx(base["window_t"] / base["slope"], rel=1e-12)
    # edges apart by half the window, and by four times less
    monkeypatch.setattr(tbs, "APART", (base["window_t"] / 2, base["window_t"] / 8))
    bench = TbsSense(measure="offset")
    result = run(bench)
    value = Evaluation(result.waves)
    assert value(bench.resolution(0)) == pytest.approx(50e-12, rel=0.02)
    assert value(bench.resolution(1)) == pytest.approx(50e-12 + base["tau"] * math.log(4), rel=0.02)


def test_energy_is_that_of_the_capacitors() -> None:
    base = measures(load="metal", overdrive=50e-3, trim=600)
    larger = measures(load="metal", overdrive=50e-3, trim=600, c_metal=15e-15)
    assert larger["e_load"] - base["e_load"] == pytest.approx(5e-15 * 1.1**2, rel=0.02)
    trimmed = measures(load="metal", overdrive=50e-3, trim=500)
    # the stages slow down with their load, and conduct longer
    assert base["e_line"] - trimmed["e_line"] == pytest.approx(100 * 0.3e-15 * 1.1**2 / 16, rel=0.1)


def test_an_amplifier_without_time_is_an_outcome() -> None:
    m = measures(t_window=2e-9, trim=700)
    assert (m["late"], m["wrong"], m["error"], m["decision"]) == (1, 0, 1, 0)
    assert m["t_decision"] == math.inf
    slow = measures({"vth_st": 0.4})  # LOAD never arrives: the delay line decides
    assert (slow["late"], slow["wrong"], slow["error"], slow["decision"]) == (0, 1, 1, 0)


def test_cell_levels_follow_the_junction() -> None:
    m = measures(source="cell", measure="offset", trim=600)
    bench = TbsSense(source="cell")
    r_p, tmr = bench.junction.r_p, bench.junction.numbers.tmr
    doubled = measures({"ra_c0": 2 * bench.junction.numbers.ra}, source="cell", measure="offset", trim=600)
    assert doubled["v_p"] - m["v_p"] == pytest.approx(10e-6 * r_p, rel=0.03)  # the mirror's accuracy
    v = 0.0
    for _ in range(100):  # bias of the antiparallel junction: TMR falls with it
        v = 10e-6 * r_p * (1 + tmr / (1 + (v / 0.5) ** 2))
    assert m["v_ap"] - m["v_p"] == pytest.approx(v - 10e-6 * r_p, rel=0.03)
    assert m["v_p"] < m["trip"] < m["v_ap"]
    decision = measures(source="cell")
    assert (decision["decision_p"], decision["decision_ap"], decision["wrong"], decision["late"]) == (0, 1, 0, 0)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"source": "cell", "load": "metal"},
        {"measure": "offset", "source": "cell"},
        {"t_window": "1n", "trim": "100"},
        {"measure": "offset", "t_window": "2n", "trim": "100"},
    ],
    ids=str,
)
def test_rendered_netlist(ngspice_batch: Callable[[str], dict[str, float]], given: dict[str, Any]) -> None:
    printed = ngspice_batch(render(make_bench("tbs-sense", dict(given))))
    for name, value in measures(**given).items():
        if not math.isfinite(value):  # beyond the window, for which a stand-alone netlist has no word
            continue
        # `meas` prints seven digits of the arrivals
        assert printed[name] == pytest.approx(value, rel=1e-4, abs=1e-6 if name == "offset" else 1e-15, nan_ok=True), name


def test_plotted_vectors_are_saved() -> None:
    for given in ({}, {"source": "cell"}, {"measure": "offset"}):
        bench = TbsSense(**given, trim=600)
        assert {vector for panel in bench.panels() for vector in panel.vectors} <= set(bench.analysis().save)


def test_campaign(cli: Cli, tmp_path: Path) -> None:
    """Offset of many amplifiers: Pelgrom's sigma of M_ST is nearly all of it."""
    arguments = ["-p", "measure=offset", "--trials", 30, "--seed", 5, "--workers", 1, "--out", tmp_path, "--json"]
    summary = json.loads(cli("mc", "tbs-sense", *arguments).stdout)
    assert summary["outcomes"]["ok"] == 30
    table = pd.concat([pd.read_parquet(part) for part in (tmp_path / "trials").iterdir()]).set_index("trial")
    samples = pd.read_parquet(tmp_path / "samples.parquet").set_index("trial")
    assert np.corrcoef(table["offset"], samples["vth_st"])[0, 1] > 0.75
    assert samples["vth_st"].std() == pytest.approx(2.5e-9 / math.sqrt(3e-12), rel=0.4)
    rest = table["offset"] - samples["vth_st"]
    assert rest.std() < 1.2e-3  # 0.7 mV of all other devices; 30 trials scatter by 13 %
    assert abs(rest.mean()) < 5 * 0.7e-3 / math.sqrt(30)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"v_in": 0.4, "source": "cell"}, r"parameter v_in: 0.4 V given; allowed with source=voltage only"),
        ({"stages": "2"}, r"stages: 2 given; allowed: an odd number"),
        ({"design": "best"}, r"parameter design: allowed: 'fine' or 'fast'"),
        ({"trim": 8192}, r"parameter trim: allowed: less than or equal to 8191"),
        ({"amplifiers": 1}, r"parameter amplifiers: allowed: greater than or equal to 2"),
        ({"source": "row"}, r"parameter source: allowed: 'voltage' or 'cell'"),
        ({"t_window": -1}, r"parameter t_window: allowed: greater than or equal to 1e-11"),
        ({"theta0": 0.1}, r"bench 'tbs-sense': unknown parameter 'theta0'"),
    ],
)
def test_wrong_parameters(given: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        make_bench("tbs-sense", given)
    assert "\n" not in str(caught.value)
