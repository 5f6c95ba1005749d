"""The SOT benches on ngspice against closed forms, where the circuit is ideal enough to have one, and against physics else."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from spicekit import UserError, make_bench, run

IDEAL: dict[str, Any] = {"access": "ideal", "bias": "ideal"}
MOSFETS: dict[str, Any] = {"access": "nmos", "bias": "mirror"}

# the solver stops at reltol 1e-7 (of the largest term) and 1 nV
CLOSED_FORM = 1e-6


def tmr_at(tmr: float, celsius: float) -> float:
    """TMR at zero bias: P(T) = P0 (1 - 2e-5 T^1.5) with Julliere's TMR = 2 P^2 / (1 - P^2), ``tmr`` being that at 27 C."""
    factor = ((1 - 2e-5 * (celsius + 273.15) ** 1.5) / (1 - 2e-5 * 300.15**1.5)) ** 2
    p_squared = tmr / (tmr + 2) * factor
    return 2 * p_squared / (1 - p_squared)


def sense_voltage(
    states: Sequence[int], current: float, ra: float, diameter: float, tmr: float, v_half: float, celsius: float = 27.0
) -> float:
    """The voltage at which junctions in parallel carry ``current`` together."""
    r_p = ra * 1e-12 / (math.pi * diameter**2 / 4)
    hot = tmr_at(tmr, celsius)

    def excess(v: float) -> float:
        return sum(v / (r_p * (1 + state * hot / (1 + (v / v_half) ** 2))) for state in states) - current

    return float(brentq(excess, 0, current * r_p * (1 + hot), xtol=1e-16, rtol=1e-14))


def expected_logic(k: int, i_read: float, i_logic: float, **junction: Any) -> dict[str, float]:
    """Sense voltages and references of ``sot-logic`` with ideal switches and ideal currents."""
    at_27 = {**junction, "celsius": 27.0}  # a designer fixes the references for nominal junctions at room temperature

    def middle(low: Sequence[int], high: Sequence[int]) -> float:
        current = i_read if len(low) == 1 else i_logic
        return (sense_voltage(low, current, **at_27) + sense_voltage(high, current, **at_27)) / 2

    values = {
        "v_p": sense_voltage([0], i_read, **junction),
        "v_ap": sense_voltage([1], i_read, **junction),
        "v_ref_m": middle([0], [1]),
        "v_ref_and": middle([1] * (k - 1) + [0], [1] * k),
        "v_ref_or": middle([0] * k, [1] + [0] * (k - 1)),
    }
    for bits in itertools.product((0, 1), repeat=k):
        values["v_" + "".join(map(str, bits))] = sense_voltage(bits, i_logic, **junction)
    return values


@pytest.mark.parametrize("v_half", [0.5, 0.3, math.inf])
@pytest.mark.parametrize("celsius", [27.0, 85.0, -40.0])
@pytest.mark.parametrize(("tmr", "current"), [(2.5, 10e-6), (1.5, 25e-6)])
def test_ideal_read_is_the_closed_form(v_half: float, celsius: float, tmr: float, current: float) -> None:
    found = run("sot-read", **IDEAL, v_half=v_half, temperature=celsius, tmr=tmr, i_read=current).measures
    v = {case: sense_voltage([state], current, 32.0, 60e-9, tmr, v_half, celsius) for case, state in (("p", 0), ("ap", 1))}
    for case in ("p", "ap"):
        assert found[f"v_{case}"] == pytest.approx(v[case], rel=CLOSED_FORM)
        assert found[f"i_{case}"] == pytest.approx(current, rel=1e-9)
        assert found[f"r_{case}"] == pytest.approx(v[case] / current, rel=CLOSED_FORM)
        assert found[f"e_{case}"] == pytest.approx(1.0 * current * 1e-9, rel=1e-9)  # VDD I t
    assert found["dv"] == pytest.approx(v["ap"] - v["p"], rel=CLOSED_FORM)
    assert found["tmr_read"] == pytest.approx(v["ap"] / v["p"] - 1, rel=CLOSED_FORM)


@pytest.mark.parametrize("fan_in", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("v_half", [0.5, math.inf])
def test_ideal_logic_is_the_closed_form(fan_in: int, v_half: float) -> None:
    given = {"ra": 12.0, "diameter": 40e-9, "tmr": 2.0, "v_half": v_half}
    found = run("sot-logic", **IDEAL, **given, fan_in=fan_in, inputs="all", i_read=6e-6, i_logic=8e-6, t_sense=3e-9).measures
    expected = expected_logic(fan_in, 6e-6, 8e-6, **given)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=CLOSED_FORM), name
    zeros, ones = "v_" + "0" * fan_in, "v_" + "1" * fan_in
    words = [name for name in expected if set(name) <= set("v_01")]
    assert len(words) == 2**fan_in
    margins = {
        "margin_read": min(expected["v_ap"] - expected["v_ref_m"], expected["v_ref_m"] - expected["v_p"]),
        "margin_and": min(
            expected[ones] - expected["v_ref_and"], expected["v_ref_and"] - max(expected[w] for w in words if w != ones)
        ),
        "margin_or": min(
            min(expected[w] for w in words if w != zeros) - expected["v_ref_or"], expected["v_ref_or"] - expected[zeros]
        ),
    }
    for name, value in margins.items():
        # a difference of voltages of some 0.1 V, each good to 1e-6
        assert found[name] == pytest.approx(value, abs=CLOSED_FORM * expected["v_ap"]), name
        assert value > 0
    # the supply carries the column's current and the reference branch's
    for name, current in (("e_read", 6e-6), ("e_and", 8e-6), ("e_or", 8e-6)):
        assert found[name] == pytest.approx(2 * 1.0 * current * 3e-9, rel=1e-9)


def test_references_stay_where_they_were_when_it_gets_hot() -> None:
    cold, hot = (run("sot-logic", **IDEAL, temperature=celsius).measures for celsius in (27, 85))
    expected = expected_logic(2, 7e-6, 10e-6, ra=32.0, diameter=60e-9, tmr=2.5, v_half=0.5, celsius=85.0)
    for name, value in expected.items():
        assert hot[name] == pytest.approx(value, rel=CLOSED_FORM), name
    for name in ("v_ref_m", "v_ref_and", "v_ref_or"):
        assert hot[name] == pytest.approx(cold[name], rel=CLOSED_FORM)
    assert hot["margin_and"] < cold["margin_and"]
    # the levels have moved and the references have not: each margin is that of its nearer side, here the one above
    for name, low, high, own in (("read", "v_p", "v_ap", "v_ref_m"), ("and", "v_10", "v_11", "v_ref_and")):
        above, below = expected[high] - expected[own], expected[own] - expected[low]
        assert above < 0.9 * below
        assert hot[f"margin_{name}"] == pytest.approx(above, abs=CLOSED_FORM * expected["v_ap"])
    icy = run("sot-logic", **IDEAL, temperature=-40).measures
    assert icy["margin_and"] == pytest.approx(icy["v_ref_and"] - icy["v_10"], rel=1e-9)  # and in the cold the one below


@settings(max_examples=25)
@given(
    ra=st.floats(1, 200),
    diameter=st.floats(20e-9, 90e-9),
    tmr=st.floats(0.3, 6),
    v_half=st.floats(0.2, 2),
    volts=st.floats(0.02, 0.4),
)
def test_any_ideal_junction(ra: float, diameter: float, tmr: float, v_half: float, volts: float) -> None:
    current = min(volts * math.pi * diameter**2 / 4 / (ra * 1e-12), 1e-3)  # a parallel junction is at ``volts``
    given = {"ra": ra, "diameter": diameter, "tmr": tmr, "v_half": v_half}
    found = run("sot-logic", **IDEAL, **given, i_read=current, i_logic=current).measures
    for name, value in expected_logic(2, current, current, **given).items():
        assert found[name] == pytest.approx(value, rel=CLOSED_FORM), name


@pytest.mark.parametrize("circuit", [IDEAL, MOSFETS], ids=["ideal", "mosfets"])
@pytest.mark.parametrize("fan_in", [2, 3, 4, 5, 6])
def test_the_boundary_words_decide(fan_in: int, circuit: dict[str, Any]) -> None:
    boundary = run("sot-logic", **circuit, fan_in=fan_in, inputs="boundary").measures
    every = run("sot-logic", **circuit, fan_in=fan_in, inputs="all").measures
    for name in ("margin_read", "margin_and", "margin_or"):
        # the same states beside other columns in the matrix: solver tolerance
        assert boundary[name] == pytest.approx(every[name], abs=1e-7)
    assert set(boundary) <= set(every)


@pytest.mark.parametrize("technology", ["ptm45", "ptm65"])
@pytest.mark.parametrize("corner", ["tt", "ff", "ss", "fs", "sf"])
def test_defaults_work_in_every_corner(technology: str, corner: str) -> None:
    result = run("sot-logic", technology=technology, corner=corner)
    assert result.outcome == "ok"
    m = result.measures
    assert m["v_00"] < m["v_01"] < m["v_11"] < m["v_ap"]
    assert m["v_00"] < m["v_p"] < m["v_ap"]
    for name in ("margin_read", "margin_and", "margin_or"):
        assert m[name] > 3e-3, name  # usable: more than the offset of a good sense amplifier
    for name in ("e_read", "e_and", "e_or"):
        assert m[name] > 0


def test_cells_are_alike() -> None:
    m = run("sot-logic", fan_in=3, inputs="all").measures
    for alike in (("v_001", "v_010", "v_100"), ("v_011", "v_101", "v_110")):
        assert np.ptp([m[name] for name in alike]) < 1e-7  # solver tolerance


def test_energy_of_the_mirror_is_three_branches() -> None:
    m = run("sot-logic", i_read=7e-6, i_logic=10e-6, t_sense=2e-9).measures
    for name, current in (("e_read", 7e-6), ("e_and", 10e-6), ("e_or", 10e-6)):
        # diode, column and reference each carry it; a long mirror's error is a few per cent
        assert m[name] == pytest.approx(3 * 1.0 * current * 2e-9, rel=0.05)
    longer = run("sot-logic", i_read=7e-6, i_logic=10e-6, t_sense=4e-9).measures
    assert longer["e_and"] == pytest.approx(2 * m["e_and"], rel=1e-12)
    read = run("sot-read", i_read=10e-6).measures
    assert read["e_p"] == pytest.approx(2 * 1.0 * 10e-6 * 1e-9, rel=0.05)


def test_what_takes_signal_away() -> None:
    base = run("sot-read").measures
    assert run("sot-read", tmr=1.0).measures["dv"] < base["dv"]
    assert run("sot-read", v_half=math.inf).measures["dv"] > base["dv"]
    assert run("sot-read", temperature=125).measures["tmr_read"] < base["tmr_read"]
    assert run("sot-read", temperature=125, rows=4096).measures["i_p"] < run("sot-read", temperature=125, rows=1).measures["i_p"]
    # a read transistor in the path lifts both levels, not the signal of the junction itself
    ideal = run("sot-read", access="ideal", bias="ideal").measures
    assert base["v_p"] > ideal["v_p"]
    assert base["r_p"] == pytest.approx(ideal["r_p"], rel=1e-6)


def test_rail_is_in_the_path() -> None:
    with_rail = run("sot-read", bias="ideal", r_rail=5600, i_read=10e-6).measures
    without = run("sot-read", bias="ideal", r_rail=0.01, i_read=10e-6).measures
    # half the rail carries the read current: the junction sits at its middle; the access transistor sees a little body effect
    assert with_rail["v_p"] - without["v_p"] == pytest.approx(10e-6 * 2800, rel=0.05)


def test_variation_points_act_on_their_own_device() -> None:
    nominal = run("sot-logic").measures
    points = {point.name: point for point in make_bench("sot-logic", {}).points()}
    up = run("sot-logic", values={"ra_c1": 1.1 * points["ra_c1"].nominal}).measures
    assert up["v_p"] == pytest.approx(nominal["v_p"], rel=1e-6)  # a read selects cell 0 alone
    assert up["v_01"] > nominal["v_01"]
    assert up["v_ref_and"] == pytest.approx(nominal["v_ref_and"], rel=1e-6)
    up = run("sot-logic", values={"r_ref_and": 1.1 * points["r_ref_and"].nominal}).measures
    assert up["v_ref_and"] > 1.05 * nominal["v_ref_and"]
    assert up["v_ref_or"] == pytest.approx(nominal["v_ref_or"], rel=1e-6)
    weak = run("sot-logic", values={"vth_mc": 0.01}).measures
    assert weak["v_p"] < nominal["v_p"]  # less read current into the column
    assert weak["v_ref_m"] == pytest.approx(nominal["v_ref_m"], rel=1e-3)  # not 1e-6: the gates on the bias node leak
    weak = run("sot-logic", values={"vth_c0": 0.05}).measures
    assert weak["v_p"] > nominal["v_p"]  # a worse switch in the path
    strong = run("sot-logic", values={"beta_md": 0.1}).measures
    assert strong["v_p"] < nominal["v_p"]  # the diode takes less gate drive for its current


def test_points_follow_the_circuit() -> None:
    def kinds(**given: Any) -> dict[str, int]:
        points = make_bench("sot-logic", given).points()
        assert len({point.name for point in points}) == len(points)
        return {kind: sum(point.kind == kind for point in points) for kind in sorted({point.kind for point in points})}

    assert kinds(**IDEAL) == {"cd": 2, "r_ref": 3, "ra": 2, "tmr": 2}
    assert kinds(**IDEAL, fan_in=6) == {"cd": 6, "r_ref": 3, "ra": 6, "tmr": 6}
    assert kinds() == {"beta": 8, "cd": 2, "r_ref": 3, "ra": 2, "tmr": 2, "vth": 8}  # 2 cells, 3 references, 3 mirror transistors


def test_published_sigmas_are_the_default() -> None:
    for name in ("sot-read", "sot-logic"):
        for point in make_bench(name, {"ra": 7.0, "tmr": "150%"}).points():
            if point.kind == "ra":
                assert (point.nominal, point.sigma) == (7.0, pytest.approx(0.35))
            if point.kind == "tmr":
                assert (point.nominal, point.sigma) == (1.5, pytest.approx(0.15))
            if point.kind == "cd":
                assert point.sigma == 0  # not spoken of: RA stands for all that spreads R_P


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"fan_in": 7}, r"parameter fan_in: allowed: less than or equal to 6 \(given: 7"),
        ({"fan_in": 1}, r"parameter fan_in: allowed: greater than or equal to 2"),
        ({"fan_in": 2.5}, r"parameter fan_in: allowed: a valid integer"),
        ({"fan_in": 4, "rows": 3}, r"fan_in: the column has 3 rows"),
        ({"tmr": "-5%"}, r"parameter tmr: allowed: greater than 0 \(given: -0.05\)"),
        ({"tmr": "much"}, r"parameter 'tmr': 'much' is not a number"),
        ({"access": "pmos"}, r"parameter access: allowed: 'nmos' or 'ideal' \(given: 'pmos'\)"),
        ({"vdd": "inf"}, r"parameter vdd: allowed: a finite number"),
        ({"vdd": 0}, r"parameter vdd: allowed: greater than 0"),
        ({"dia": 1}, r"bench 'sot-logic': unknown parameter 'dia'"),
        ({"diametre": "45n"}, r"bench 'sot-logic': unknown parameter 'diametre'; did you mean diameter"),
    ],
)
def test_wrong_parameters(given: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        make_bench("sot-logic", given)
    assert "\n" not in str(caught.value)
