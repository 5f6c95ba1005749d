"""`stt-bnn-row` against its closed form, a network solved without ngspice, a far finer time step, and statistics."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

import spicekit
from montecarlo import Campaign
from spicekit import UserError, make_bench, render
from spicekit.analysis import TranAnalysis
from spicekit.benches.bnn import array
from spicekit.benches.bnn.data import cells_of, drawn, placed, turned
from spicekit.benches.bnn.row import BnnRow
from spicekit.linearity import linearity
from spicekit.physics import bnn_row as closed

IDEAL: dict[str, Any] = {"access": "ideal", "r_sl": 0, "v_half": "inf", "temperature": 26.85}  # the card's temperature: TMR 250 %


def measures(**given: Any) -> dict[str, float]:
    result = spicekit.run("stt-bnn-row", **given)
    assert (result.outcome, result.attempt) == ("ok", 0)
    return result.measures


@pytest.mark.parametrize(("n", "n1"), [(8, 0), (32, 32), (32, 7), (128, 64), (512, 300)])
def test_ideal_row_is_the_divider(n: int, n1: int) -> None:
    m = measures(**IDEAL, n=n, n1=n1, v_high=0.7, v_low=0.1)
    r_p = 100 / (math.pi / 4 * 0.06**2)
    assert m["v_sl"] == pytest.approx(closed.source_line(n, n1, 2.5, 0.7, 0.1), rel=1e-6)
    assert m["lsb"] == pytest.approx(0.6 * 2.5 / (4.5 * n), rel=1e-6)
    assert m["i_row"] == pytest.approx(closed.row_current(n, n1, 2.5, r_p, 0.7, 0.1), rel=1e-6)
    assert m["e_row"] == pytest.approx(m["i_row"] * 0.7 * 1e-9, rel=1e-12)
    assert m["n1"] == n1


def test_closed_forms_are_the_networks() -> None:
    """The formulas against conductances summed junction by junction."""
    n, n1, tmr, r_p = 32, 11, 1.7, 5e3
    high = np.where(np.arange(n) < n1, 1 / r_p, 1 / r_p / (1 + tmr))
    low = np.where(np.arange(n) < n1, 1 / r_p / (1 + tmr), 1 / r_p)
    v = (high.sum() * 0.9 + low.sum() * 0.3) / (high.sum() + low.sum())
    assert closed.source_line(n, n1, tmr, 0.9, 0.3) == pytest.approx(v, rel=1e-12)
    assert closed.row_current(n, n1, tmr, r_p, 0.9, 0.3) == pytest.approx((high * (0.9 - v)).sum(), rel=1e-12)
    step = closed.source_line(n, n1 + 1, tmr, 0.9, 0.3) - closed.source_line(n, n1, tmr, 0.9, 0.3)
    assert closed.lsb(n, tmr, 0.9, 0.3) == pytest.approx(step, rel=1e-12)
    assert closed.source_line_with_roll_off(n, n1, tmr, 1e9, 0.9, 0.3) == pytest.approx(v, rel=1e-9)


@pytest.mark.parametrize("n1", [0, 20, 64])
def test_bias_roll_off_is_the_root_of_the_current_balance(n1: int) -> None:
    given = IDEAL | {"v_half": 0.5}
    expected = closed.source_line_with_roll_off(64, n1, 2.5, 0.5, 0.6, 0.2)
    assert measures(**given, n=64, n1=n1)["v_sl"] == pytest.approx(expected, rel=1e-7)


def test_ideal_row_is_linear() -> None:
    counts = range(0, 33, 4)
    found = linearity(counts, [measures(**IDEAL, n=32, n1=n1)["v_sl"] for n1 in counts])
    assert found.worst["inl"] < 1e-4
    assert found.worst["dnl"] < 1e-4
    assert found.lsb == pytest.approx(closed.lsb(32, 2.5, 0.6, 0.2), rel=1e-6)


def test_linearity_of_known_curves() -> None:
    codes = np.arange(11.0)
    bow = linearity(codes, 3 + 2 * codes + 0.04 * codes * (10 - codes))
    assert bow.lsb == pytest.approx(2)
    assert bow.worst["inl"] == pytest.approx(0.5)  # 0.04 * 25 over 2, at the middle
    assert bow.worst["dnl"] == pytest.approx(0.18)
    assert bow.inl_fit.sum() == pytest.approx(0, abs=1e-12)
    assert bow.inl_fit[0] == pytest.approx(-0.3)  # the mean of 0.02 k (10 - k) over k is 0.3
    for codes_, values in (([0, 1], [0, 1]), ([0, 1, 1], [0, 1, 2]), ([0, 1, 2], [1, 2, 1]), ([0, 1, 2], [0, math.nan, 1])):
        with pytest.raises(UserError, match="linearity"):
            linearity(codes_, values)


def resistor_row(words: tuple[str, str], tmr: float, r_p: float, r_sl: float) -> float:
    """Source line at the last cell, by nodal analysis of junctions and wire."""
    cells, n = cells_of(*words), len(words[0])
    matrix, current = np.zeros((n, n)), np.zeros(n)
    for j, cell in enumerate(cells):
        bl, blb = (1 / r_p, 1 / r_p / (1 + tmr)) if cell.weight else (1 / r_p / (1 + tmr), 1 / r_p)
        matrix[j, j] += bl + blb
        current[j] += bl * (0.6 if cell.input else 0.2) + blb * (0.2 if cell.input else 0.6)
    for j in range(n - 1):
        matrix[j : j + 2, j : j + 2] += np.array([[1, -1], [-1, 1]]) / r_sl
    return float(np.linalg.solve(matrix, current)[-1])


@pytest.mark.parametrize("given", [{"positions": "first"}, {"positions": "last"}, {"positions": "spread"}, {"data_seed": 5}])
def test_wire_and_positions_are_the_resistor_network(given: dict[str, Any]) -> None:
    bench = make_bench("stt-bnn-row", IDEAL | {"r_sl": 20.0, "n": 32} | given)
    r_p = bench.junction.r_p
    found = spicekit.run(bench).measures
    assert found["v_sl"] == pytest.approx(resistor_row(bench.p.words, 2.5, r_p, 20.0), rel=1e-7)
    a, b = (
        resistor_row(("".join(str(c.weight) for c in copy), "".join(str(c.input) for c in copy)), 2.5, r_p, 20.0)
        for copy in bench.copies.values()
    )
    assert abs(found["lsb"]) == pytest.approx(abs(b - a), rel=1e-6)


def test_data() -> None:
    for positions in ("first", "last", "random"):
        for n1 in range(16):
            assert set(placed(16, n1, positions, 3)) < set(placed(16, n1 + 1, positions, 3))
    assert placed(8, 3, "first", 0) == [0, 1, 2]
    assert placed(8, 3, "last", 0) == [5, 6, 7]
    for n1 in range(33):
        even = placed(32, n1, "spread", 0)
        assert len(even) == n1
        assert n1 < 2 or max(np.diff(even)) - min(np.diff(even)) <= 1
    for words in (("1111", "1111"), ("1010", "1110"), ("0101", "1010")):
        cells = cells_of(*words)
        changed = sum(c.match for c in turned(cells)) - sum(c.match for c in cells)
        assert changed == (-1 if words == ("1111", "1111") else 1)
    weights, inputs = drawn(4096, 7)
    assert abs(weights.count("1") - 2048) < 4 * 32  # four standard deviations
    assert (weights, inputs) == drawn(4096, 7) != drawn(4096, 8)
    assert abs(sum(c.match for c in cells_of(weights, inputs)) - 2048) < 4 * 32


def test_given_words_count_and_read_the_same_as_their_matches() -> None:
    words = ("11001010", "10011010")
    m = measures(n=8, weights=words[0], inputs=words[1])
    assert m["n1"] == 6
    # which junction of a matching cell is on V_H follows from its weight; nominal devices are alike
    same = "".join("1" if a == b else "0" for a, b in zip(*words, strict=True))
    assert m["v_sl"] == pytest.approx(measures(n=8, weights="1" * 8, inputs=same)["v_sl"], rel=1e-9)


def test_transistors_and_lines_shrink_the_step() -> None:
    """Series resistance takes a share of the divider; wider transistors and drivers give it back."""
    given = {"n": 32, "n1": 16, "v_half": "inf", "temperature": 26.85}
    ideal = closed.lsb(32, 2.5, 0.6, 0.2)
    plain = measures(**given)["lsb"]
    wide = measures(**given, w_access=3e-6, w_driver=1e-3, r_bl=0, r_sl=0)["lsb"]
    assert 0.75 * ideal < plain < 0.95 * ideal
    assert wide == pytest.approx(ideal, rel=0.03)
    # a row far from the drivers sees the drop of the wire under the current of all rows
    near, far = (measures(**given, row=row)["v_sl"] for row in (1, 128))
    assert near != pytest.approx(far, rel=1e-5)
    assert measures(**given, row=128)["lsb"] < measures(**given, row=1)["lsb"] < ideal


def test_the_line_lies_between_its_rails_cold_and_at_the_lowest_supply() -> None:
    """There ngspice finds another root of the equations from zero, in fs as in tt: 1.16 V on SL and 46 A out of a rail."""
    cold = measures(temperature=-40, vdd=0.99, corner="fs")
    near = measures(temperature=-40, vdd=0.995, corner="fs")
    assert cold["v_sl"] == pytest.approx(near["v_sl"], rel=1e-3)
    assert cold["i_row"] == pytest.approx(near["i_row"], rel=5e-3)


def test_bit_lines_of_all_columns_or_each() -> None:
    """Same drivers, wired together or not: with every cell alike there is no difference."""
    shared, column = (measures(n=16, n1=16, r_sl=0, bit_lines=way) for way in ("shared", "column"))
    assert shared["v_sl"] == pytest.approx(column["v_sl"], rel=1e-9)
    assert shared["i_row"] == pytest.approx(column["i_row"], rel=1e-9)


@pytest.mark.parametrize("device", ["stt-bnn-65nm", "fong-pma", "arm-50nm"])  # all their angular and bias laws
def test_junctions_in_a_fixed_state_are_the_cards(device: str) -> None:
    """At the source line's voltage, the macrospin of `mtj-iv` carries the same current in P at V_H as in AP at V_L."""
    given = {"device": device, "ra": 10.0}
    v_sl = measures(**given, access="ideal", r_sl=0, n=8, n1=8)["v_sl"]
    up = spicekit.run("mtj-iv", **given, v_max=0.6 - v_sl, steps=2)
    down = spicekit.run("mtj-iv", **given, v_max=v_sl - 0.2, steps=2)
    r_up = up.bench.resistances(up.waves, "p")[-1, 0]  # type: ignore[attr-defined]
    r_down = down.bench.resistances(down.waves, "ap")[0, 0]  # type: ignore[attr-defined]
    assert (0.6 - v_sl) / r_up == pytest.approx((v_sl - 0.2) / r_down, rel=1e-6)


def spread(trials: int, folder: Path, **given: Any) -> tuple[float, float]:
    """Standard deviation and mean of v_sl in V over a campaign."""
    statistics = Campaign("stt-bnn-row", trials=trials, seed=3, parameters=given).run(folder, workers=1).measures["v_sl"]
    return statistics["std"], statistics["mean"]


@pytest.mark.parametrize(("n", "published"), [(32, 0.22), (64, 0.32), (128, 0.45)])
def test_sigma_of_the_ideal_row(n: int, published: float, tmp_path: Path) -> None:
    """sigma(V_SL) / LSB for sigma(RA) 5 % and sigma(TMR) 10 %: the chi-square interval holds the expected value."""
    trials = 800
    sigma = spread(trials, tmp_path, **IDEAL, n=n)[0] / closed.lsb(n, 2.5, 0.6, 0.2)
    low, high = (sigma * math.sqrt((trials - 1) / chi2.ppf(q, trials - 1)) for q in (0.9995, 0.0005))
    expected = closed.sigma_in_lsb(n, n // 2, 2.5, 0.05, 0.10)
    assert low < expected < high
    assert expected == pytest.approx(published, rel=0.05)
    assert sigma == pytest.approx(published, rel=0.10)  # 5 % and twice the standard error


def test_drawn_data(tmp_path: Path) -> None:
    """Products drawn in every trial: a binomial count, and V_SL on the line through the ends."""
    summary = (
        Campaign("stt-bnn-row", trials=600, seed=4, parameters=IDEAL | {"n": 32, "data": "trial"})
        .run(tmp_path, workers=1)
        .summary
    )
    n1, v_sl, lsb = (summary["measures"][name] for name in ("n1", "v_sl", "lsb"))
    assert n1["mean"] == pytest.approx(16, abs=4 * math.sqrt(8 / 600))
    assert n1["std"] == pytest.approx(math.sqrt(8), rel=4 / math.sqrt(1200))
    step = closed.lsb(32, 2.5, 0.6, 0.2)
    assert lsb["min"] > 0.5 * step  # its sign follows the product that is turned
    assert lsb["mean"] == pytest.approx(step, rel=0.01)
    own = 0.22 * step
    assert v_sl["std"] == pytest.approx(math.hypot(n1["std"] * step, own), rel=0.03)


def test_drawn_products_are_those_of_the_words() -> None:
    products = {f"match_{j}": float(j % 3 == 0) for j in range(16)}
    drawn_ = spicekit.run("stt-bnn-row", products, n=16, data="trial").measures
    words = "".join("1" if j % 3 == 0 else "0" for j in range(16))
    given = measures(n=16, weights="1" * 16, inputs=words)
    for name in ("v_sl", "n1", "i_row"):
        assert drawn_[name] == pytest.approx(given[name], rel=1e-9), name


class Fine(BnnRow):
    """The same circuit with a step and tolerances at least ten times smaller."""

    template = BnnRow.template

    def analysis(self) -> TranAnalysis:
        usual = super().analysis()
        assert isinstance(usual, TranAnalysis)
        return replace(usual, step=usual.step / 10, reltol=1e-5, trtol=1.0, options={"chgtol": 1e-18})


def test_time_step() -> None:
    given = {"n": 16, "n1": 5, "boost": 2}
    fine = spicekit.run(Fine(**given))
    assert fine.outcome == "ok"
    for name, value in measures(**given).items():
        limit = {"t_settle": 0.02, "i_row": 0.005, "e_sense": 0.01}.get(name, 0.002)
        assert value == pytest.approx(fine.measures[name], rel=limit), name


def test_transient_ends_at_the_operating_point() -> None:
    dc = measures(n=32, n1=20)
    tran = measures(n=32, n1=20, analysis="tran", isolation="none", t_row=3e-9)
    for name, limit in {"v_sl": 1e-4, "lsb": 1e-3, "i_row": 0.01}.items():
        assert tran[name] == pytest.approx(dc[name], rel=limit), name
    assert tran["gain"] == 1
    assert 0.05e-9 < tran["t_settle"] < 1e-9
    assert tran["e_row"] == pytest.approx(dc["i_row"] * 0.6 * 3e-9, rel=0.05)


def test_boost_lifts_by_its_capacitors() -> None:
    """Charge is kept: C1 lifts by v C1/(C1 + C_load), C2 behind it by what is left of the series of both.

    Capacitors far above those of the transistors, with switches and time to charge them.  The plate between C1 and C2 floats in
    the second lift: what the drains and gates of its own two transistors add to it, a capacitance in proportion to their width,
    takes 8 and 16 % of the lift here.  Of two widths that is told, and without it the lift is that of the capacitors.
    """
    given = {"n": 16, "n1": 8, "c_load": 40e-15, "c_boost": 100e-15, "t_row": 5e-9, "analysis": "tran"}
    first = 0.3 * 100 / 140
    loaded = 100 * 40 / 140  # C1 in series with the load, as C2 sees it
    second = 0.3 * 100 / (100 + loaded) * 100 / 140
    lost = []  # capacitance at the floating plate over that of the capacitors there
    for width in (2e-6, 4e-6):
        out = [measures(**given, w_lift=width, boost=boost)["v_out"] for boost in (0, 1, 2)]
        assert out[1] - out[0] == pytest.approx(first, rel=5e-3)
        lost.append(second / (out[2] - out[1]) - 1)
    assert lost[1] / lost[0] == pytest.approx(2, rel=0.1)
    assert 2 * lost[0] - lost[1] == pytest.approx(0, abs=0.01)


def test_a_lift_has_settled_before_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the default capacitors and switches: five times the time changes a thousandth of what both lifts add."""
    given = {"n": 16, "boost": 2, "analysis": "tran"}
    found = measures(**given)["v_out"]
    monkeypatch.setattr(array, "LIFT_TIME", 5 * array.LIFT_TIME)
    assert found == pytest.approx(measures(**given)["v_out"], abs=1e-3 * (0.22 + 0.148))


def test_energy_of_word_line_and_capacitors() -> None:
    base = measures(n=16, boost=1)
    word = measures(n=16, boost=1, c_word=10.1e-15)
    assert word["e_wordline"] - base["e_wordline"] == pytest.approx(16 * 10e-15 * 1.1**2, rel=0.02)
    # C1 between its driver and the load: v_lift gives the charge of both in series
    series = [100e-15 * c / (100e-15 + c) for c in (10e-15, 50e-15)]
    light, heavy = (measures(n=16, boost=1, c_boost=100e-15, c_load=c)["e_sense"] for c in (10e-15, 50e-15))
    assert heavy - light == pytest.approx((series[1] - series[0]) * 0.3**2, rel=0.05)
    assert base["e_total"] == pytest.approx(sum(base[name] for name in ("e_row", "e_wordline", "e_drivers", "e_sense")))


@pytest.mark.parametrize(
    "given",
    [
        {"n": 16},
        {"n": 16, "data": "trial", "access": "ideal"},
        {"n": 9, "data_seed": 2, "bit_lines": "column", "corner": "ss", "temperature": 85},
        {"n": 16, "boost": 2, "data": "trial"},
        {"n": 16, "analysis": "tran", "isolation": "none", "n1": 16},
    ],
    ids=lambda given: "-".join(map(str, given.values())),
)
def test_the_netlist_alone_prints_the_measures(given: dict[str, Any], ngspice_batch: Callable[[str], dict[str, float]]) -> None:
    bench = make_bench("stt-bnn-row", given)
    printed = ngspice_batch(render(bench))
    for name, value in spicekit.run(bench).measures.items():
        assert printed[name] == pytest.approx(value, rel=5e-3 if name == "i_row" else 1e-3), name


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"n1": 129}, "n1: 129 given; allowed: 0 to n = 128"),
        ({"n": 4}, "n: allowed: greater than or equal to 8"),
        ({"n": 8, "weights": "11110000"}, "weights: given alone; allowed: weights and inputs together"),
        (
            {"n": 8, "weights": "1111000", "inputs": "11111111"},
            "weights: '1111000' given; allowed: n = 8 characters, each 0 or 1",
        ),
        ({"n1": 3, "data_seed": 1}, "n1: given with data_seed; allowed: one of n1, data_seed"),
        ({"n1": 3, "data": "trial"}, "n1: given with data=trial"),
        ({"v_high": 0.2}, "v_high: 0.2 V given; allowed: above v_low = 0.2 V"),
        ({"row": 129}, "row: 129 given; allowed: 1 to rows = 128"),
        ({"boost": 3}, "boost: allowed: less than or equal to 2"),
        ({"boost": 1, "isolation": "none"}, "isolation: none given with boost=1"),
        ({"boost": 1, "analysis": "dc"}, "analysis: dc given with boost=1"),
        ({"boost": 1, "access": "ideal"}, "access: ideal given for a transient"),
        ({"w_access": 50e-9}, "parameter w_access: 50 nm given; allowed: at least 120 nm"),
        ({"device": "imce-45nm"}, "device"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_wrong_input_is_one_line(given: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError) as caught:
        make_bench("stt-bnn-row", given).points()
    assert "stt-bnn-row" in str(caught.value)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_read_disturb_grows_with_the_current() -> None:
    low, high = (make_bench("stt-bnn-row", {"ra": ra, "t_row": 10e-9}).disturb() for ra in (100, 25))  # type: ignore[attr-defined]
    assert low < 1e-9 < high < 1  # far below the critical voltage, and at it
