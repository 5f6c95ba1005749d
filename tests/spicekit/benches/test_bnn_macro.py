"""`stt-bnn-macro` against its parts, bisection of whole decisions, itself with a far finer solver, and plain ngspice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spicekit import UserError, make_bench, render, run
from spicekit.analysis import TranAnalysis
from spicekit.benches.bnn.macro import BnnMacro
from spicekit.benches.bnn.macro_parameters import LIFTED

AMPLIFIER = ("e_sense", "e_load", "e_latch", "e_drive", "e_line")
ROW = ("e_row", "e_wordline", "e_drivers")
THEVENIN: dict[str, Any] = {"source": "thevenin"}
OFFSET: dict[str, Any] = {"source": "thevenin", "measure": "offset"}


def measures(values: Mapping[str, float] | None = None, **given: Any) -> dict[str, float]:
    result = run("stt-bnn-macro", values, **given)
    assert (result.outcome, result.attempt) == ("ok", 0)
    return result.measures


def test_the_decision_turns_at_half_of_the_matches() -> None:
    found = {n1: measures(n=16, n1=n1, positions="spread") for n1 in (7, 8)}
    for n1, m in found.items():
        assert (m["n1"], m["decision"], m["wrong"], m["late"]) == (n1, n1 >= 8, 0, 0)
        # the first arrival decides; the latch adds a few gate delays
        assert m["t_decision"] == pytest.approx(min(m["t_load"], m["t_delay"]), abs=30e-12)
        assert m["lead"] == pytest.approx(np.log(m["t_delay"] / m["t_load"]))
        assert 0 < m["t_decision"] < m["t_latency"] < m["t_cycle"] < 10e-9
        assert m["e_total"] == pytest.approx(sum(m[name] for name in (*ROW, *AMPLIFIER)) + m["e_lift"], rel=1e-12)
        assert all(m[name] > 0 for name in (*ROW, *AMPLIFIER))
    # halfway between the two, within a tenth of an LSB: the line is trimmed behind a voltage in place of the row
    middle, lsb = (found[8]["lead"] + found[7]["lead"]) / 2, found[8]["lead"] - found[7]["lead"]
    assert abs(middle) < 0.1 * lsb


def test_the_row_is_a_voltage_behind_its_resistance() -> None:
    whole, source = (measures(n=32, n1=17, positions="spread", **given) for given in ({}, THEVENIN))
    alone = run("stt-bnn-row", n=32, n1=17, positions="spread").measures
    assert whole["v_sl"] == pytest.approx(alone["v_sl"], abs=0.1e-3)
    assert source["v_sl"] == pytest.approx(alone["v_sl"], abs=0.1e-3)
    per_lsb = whole["lead"] / 1.5  # 17 matches are 1.5 above the threshold
    assert source["lead"] == pytest.approx(whole["lead"], abs=0.1 * per_lsb)
    for name in AMPLIFIER:
        assert source[name] == pytest.approx(whole[name], rel=0.15 if name == "e_sense" else 0.03), name


def test_in_a_leaky_process_the_row_starts_where_it_floats() -> None:
    """In ptm45 the resting SL floats far from V_L, and what M_ST's drain keeps of it costs LOAD an LSB."""
    found = {n1: measures(technology="ptm45", n1=n1, positions="spread") for n1 in (63, 64)}
    assert [m["wrong"] for m in found.values()] == [0, 0]
    middle, lsb = (found[64]["lead"] + found[63]["lead"]) / 2, found[64]["lead"] - found[63]["lead"]
    assert abs(middle) < 0.2 * lsb
    source = measures(technology="ptm45", n1=64, positions="spread", **THEVENIN)
    assert source["lead"] == pytest.approx(found[64]["lead"], abs=0.2 * lsb)


def test_offset_is_where_whole_decisions_turn() -> None:
    """A device set drawn once; 0.15 mV below and above the trip point found from two arrivals."""
    bench = make_bench("stt-bnn-macro", {**OFFSET, "v_mid": 0.3928})
    rng = np.random.default_rng(3)
    values = {point.name: float(rng.normal(point.nominal, point.sigma)) for point in bench.points()}
    found = measures(values, **OFFSET, v_mid=0.3928)
    assert abs(found["offset"]) > 0.2e-3
    assert found["trip"] == pytest.approx(0.3928 + found["offset"])
    decisions = [
        measures(values, **THEVENIN, v_mid=0.3928, v_in=found["trip"] + shift)["decision"] for shift in (-0.15e-3, 0.15e-3)
    ]
    assert decisions == [0, 1]


def test_offset_of_single_devices() -> None:
    fixed = {**OFFSET, "v_mid": 0.3928}
    base = measures(**fixed)
    assert abs(base["offset"]) < 0.1e-3  # the trim
    # a source in series with the gate of M_ST is a shift of the sense node, which follows SL nearly one to one
    assert measures({"vth_st": 4e-3}, **fixed)["offset"] - base["offset"] == pytest.approx(4e-3, rel=0.05)
    slow = measures({"vth_line1_p": 10e-3}, **fixed)
    assert slow["offset"] - base["offset"] == pytest.approx((base["t_delay"] - slow["t_delay"]) / base["slope"], rel=0.02)


def test_lifts_bring_the_sense_node_to_where_it_is_without() -> None:
    found = [measures(**THEVENIN, v_mid=0.2, trim=350, t_window=8e-9, boost=lifts, n=16) for lifts in (0, 1, 2)]
    assert [m["v_sense"] for m in found] == pytest.approx([found[0]["v_sense"]] * 3, abs=0.03)
    assert found[0]["v_sl"] - found[1]["v_sl"] == pytest.approx(0.2, abs=0.02)
    energies = [m["e_sense"] for m in found]
    assert energies == sorted(energies)
    assert make_bench("stt-bnn-macro", {"boost": "1"}).p.v_lift == LIFTED[1]["v_lift"]
    own = make_bench("stt-bnn-macro", {"boost": 1, "v_low": 0.1}).p
    assert (own.v_high, own.v_low) == (0.4, 0.1)


def test_without_isolation_the_row_stays_on() -> None:
    fixed: dict[str, Any] = {"n": 8, "trim": 700, "t_window": 8e-9}
    held, on = (measures(**fixed, isolation=isolation) for isolation in ("switch", "none"))
    assert on["v_sense"] == pytest.approx(on["v_sl"], abs=1e-9)
    assert on["e_sense"] == 0
    assert on["e_row"] > 4 * held["e_row"]  # 9 ns instead of 1


def test_an_amplifier_that_never_decides_is_a_measure() -> None:
    m = measures(**THEVENIN, v_mid=0.3928, v_in=0.3928, trim=360, t_window=1e-9)
    assert (m["late"], m["wrong"], m["error"]) == (1, 0, 1)
    assert m["t_decision"] == m["t_latency"] == m["t_cycle"] == float("inf")


def test_drawn_matches_are_counted() -> None:
    bench = make_bench("stt-bnn-macro", {"n": 8, "data": "trial", "trim": 360, "t_window": 6e-9})
    values = {f"match_{j}": float(j in (0, 3, 4, 5, 7)) for j in range(8)}
    m = run(bench, values).measures
    assert (m["n1"], m["decision"]) == (5, 1)
    assert m["v_sl"] == pytest.approx(measures(n=8, n1=5, positions="spread", trim=360, t_window=6e-9)["v_sl"], abs=0.3e-3)


def test_every_transistor_of_the_sense_path_varies() -> None:
    points = {point.name for point in make_bench("stt-bnn-macro", {"n": 8, "boost": 2}).points()}
    for device in ("t0", "c7", "iso", "up1", "down2", "st", "en", "switch_n", "nandan_p", "line0_n", "buffer2_p"):
        assert {f"vth_{device}", f"beta_{device}"} <= points
    assert {"ra_t0", "tmr_c7", "c_load"} <= points


class Fine(BnnMacro):
    """The same circuit with a time step and tolerances at least ten times smaller."""

    template = "benches/stt-bnn-macro.cir.j2"

    def analysis(self) -> TranAnalysis:
        usual = super().analysis()
        return replace(usual, step=usual.step / 50, reltol=1e-5, trtol=1.0, options={"chgtol": 1e-18})


@pytest.mark.parametrize("given", [{"n": 8, "n1": 4}, {**OFFSET, "v_mid": 0.1978, "boost": 1}], ids=str)
def test_time_step(given: dict[str, Any]) -> None:
    fixed = {**given, "trim": 350, "t_window": 7e-9}
    m, fine = measures(**fixed), run(Fine(**fixed)).measures
    for name in m.keys() & {"t_decision", "t_load", "t_delay", "slope", "t_cycle"}:
        assert m[name] == pytest.approx(fine[name], rel=0.005), name
    for name in m.keys() & {"v_sl", "v_sense", "offset"}:
        assert m[name] == pytest.approx(fine[name], abs=0.2e-3), name
    for name in m.keys() & {"e_total", *ROW, "e_load", "e_line"}:
        assert m[name] == pytest.approx(fine[name], rel=0.005), name


class Tight(BnnMacro):
    """With smaller tolerances: the netlist alone has constants where a campaign has sources, they round differently, and after a
    while the solver takes other steps, so that two runs agree as far as the solver is right."""

    template = "benches/stt-bnn-macro.cir.j2"

    def analysis(self) -> TranAnalysis:
        return replace(super().analysis(), reltol=1e-5, options={"chgtol": 1e-17})


@pytest.mark.parametrize(
    "given",
    [
        {"n": 8, "data": "trial", "boost": 2},
        {"n": 8, "isolation": "none"},
        {**THEVENIN, "n": 8},
        {**THEVENIN, "n": 8, "t_window": 1e-9},
        OFFSET,
    ],
)
def test_the_netlist_alone_prints_the_measures(given: dict[str, Any], ngspice_batch: Callable[[str], dict[str, float]]) -> None:
    bench = Tight(**{"trim": 360, "t_window": 6e-9, **given})
    result = run(bench)
    printed = ngspice_batch(render(bench))
    exact = {"offset": 1e-7, "lead": 1e-5}  # a logarithm of the ratio of two times
    for name, value in result.measures.items():
        assert printed[name] == pytest.approx(value, rel=1e-4, abs=exact.get(name, 1e-18), nan_ok=True), name


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"measure": "offset"}, "measure: offset given with source=row; allowed: source=thevenin"),
        ({"v_in": 0.4}, "v_in: 0.4 V given with source=row"),
        ({"access": "ideal"}, "access: ideal given; allowed: nmos"),
        ({"v_idle": 0.2}, "v_idle: 0.2 V given with source=row; allowed: source=thevenin"),
        ({**THEVENIN, "data": "trial"}, "data: trial given with source=thevenin"),
        ({"n1": 200}, "n1: 200 given; allowed: 0 to n = 128"),
        ({"n": 4}, "n: allowed: greater than or equal to 8"),
        ({"boost": 3}, "boost: allowed: less than or equal to 2"),
        ({"boost": 1, "isolation": "none"}, "isolation: none given with boost=1"),
        ({"stages": 2}, "stages: 2 given; allowed: an odd number"),
    ],
)
def test_wrong_input_is_one_line(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match="stt-bnn-macro") as error:
        make_bench("stt-bnn-macro", given)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
