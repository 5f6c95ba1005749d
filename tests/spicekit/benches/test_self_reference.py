"""`self-reference`: its divider by a closed form, RA that does not matter, its offset, and itself with a far finer solver."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from spicekit import UserError, calibrated, make_bench, render, run
from spicekit.analysis import TranAnalysis
from spicekit.benches.sensing.self_reference import SelfReference

CELL: dict[str, Any] = {"source": "cell", "t_recover": 0.5e-9}


@pytest.fixture(scope="module")
def alpha() -> float:
    """The divider of the default cell."""
    found = calibrated(make_bench("self-reference", CELL))
    assert isinstance(found, SelfReference)
    return found.alpha


def measures(values: Mapping[str, float] | None = None, **given: Any) -> dict[str, float]:
    result = run("self-reference", values, **{"t_recover": 0.5e-9} | given)
    assert result.outcome == "ok"
    assert result.attempt == 0
    return result.measures


COLD: dict[str, Any] = {"technology": "ptm45", "temperature": -40, "vdd": 0.9}  # both thresholds together above the supply


@pytest.mark.parametrize(
    "given",
    [{}, {"corner": "ss", "temperature": -40, "vdd": 0.99}, COLD | {"corner": "ss"}, COLD | {"corner": "sf"}],
    ids=str,
)
def test_decides_right(given: dict[str, Any]) -> None:
    for overdrive in (-3e-3, 3e-3):
        m = measures(**given, overdrive=overdrive)
        assert (m["late"], m["wrong"], m["decision"]) == (0, 0, overdrive > 0), overdrive
        assert m["signal"] == pytest.approx(overdrive, abs=0.5e-3)
        assert 4e-9 < m["t_decision"] < 4.3e-9  # t_amplify and the latch
    assert m["e_total"] == pytest.approx(m["e_amplifier"] + m["e_latch"] + m["e_drive"], rel=1e-12)  # no reference


def read(bench: SelfReference, state: int, current: float, ra: float = 1.0) -> float:
    """The line's voltage by Ohm's law, where the divider takes a part of the current; the access transistor is left out."""
    junction, found = bench.junction, current * bench.junction.r_p
    for _ in range(60):  # an RA of k times is a voltage of k times at the same bias
        through = current - found / bench.p.r_divider
        found = (found + junction.voltage([state], ra * through)) / 2
    return found


def signals(bench: SelfReference, ra: float = 1.0) -> list[float]:
    """Of P and AP by that law."""
    i, k = bench.p.i_read, bench.p.ratio
    return [read(bench, state, i, ra) - bench.alpha * read(bench, state, k * i, ra) for state in (0, 1)]


def test_the_divider_lies_between_the_states(alpha: float) -> None:
    """Both signals are as large; alpha is that of junctions and divider, and the roll-off of AP alone makes the signal."""
    m, bench = measures(**CELL, alpha=alpha), SelfReference(**CELL, alpha=alpha)
    assert (m["decision_p"], m["decision_ap"], m["error"]) == (0, 1, 0)
    assert m["signal_ap"] == pytest.approx(-m["signal_p"], abs=0.1e-3)
    first, second = (sum(read(bench, state, k * bench.p.i_read) for state in (0, 1)) for k in (1, bench.p.ratio))
    assert alpha == pytest.approx(first / second, rel=0.02)
    p, ap = signals(bench)
    assert m["signal_ap"] - m["signal_p"] == pytest.approx(ap - p, rel=0.15)
    flat = run("self-reference", **CELL, alpha=alpha, v_half=1e3).measures
    assert abs(flat["signal_ap"] / flat["v_ap"] - flat["signal_p"] / flat["v_p"]) < 0.02  # alike, so none tells them apart
    assert (flat["decision_p"], flat["decision_ap"]) == (0, 0)


def test_the_second_current_arrives_without_more(alpha: float) -> None:
    """A cell sees nothing above what it is read with: no charge waits behind the switch."""
    result = run("self-reference", **CELL, alpha=alpha)
    for tag in ("p", "ap"):
        assert result.waves(f"v(sl_{tag})").max() < result.measures[f"v2_{tag}"] + 15e-3


@pytest.mark.parametrize("k", [0.5, 0.8, 1.5])
def test_resistance_counts_by_the_roll_off_alone(k: float, alpha: float) -> None:
    """RA k times: 0.8 and 1.5 change nothing; at half of it AP's voltage is too low for its roll-off."""
    bench = SelfReference(**CELL, alpha=alpha)
    ra = next(point.nominal for point in bench.points() if point.name == "ra_c0")
    m = measures({"ra_c0": k * ra}, **CELL, alpha=alpha)
    p, ap = signals(bench, k)
    assert [m["decision_p"], m["decision_ap"]] == [p > 0, ap > 0] == [0, k > 0.5]
    assert m["signal_ap"] - m["signal_p"] == pytest.approx(ap - p, rel=0.25, abs=0.5e-3)


def test_offset_of_the_amplifier_is_zeroed_and_that_of_the_divider_is_not() -> None:
    given = {"measure": "offset"}
    nominal = measures(**given)["offset"]
    assert abs(nominal) < 1e-3
    assert measures({"vth_amp1_n": 30e-3}, **given)["offset"] == pytest.approx(nominal, abs=0.4e-3)
    # alpha = b/(a + b) moves by -(1 - alpha) of the upper resistor's deviation, and the threshold, alpha V2, with it
    bench = SelfReference()
    expected = -(1 - bench.alpha) * 0.02 * bench.p.v_mid
    assert measures({"r_top": 0.02}, **given)["offset"] - nominal == pytest.approx(expected, rel=0.15)


class Fine(SelfReference):
    """The same circuit with a time step and tolerances at least ten times smaller."""

    template = "benches/self-reference.cir.j2"

    def analysis(self) -> TranAnalysis:
        usual = super().analysis()
        return replace(usual, step=usual.step / 50, reltol=3e-5, trtol=1.0, options=usual.options | {"chgtol": 1e-17})


def test_a_wrong_answer_names_the_time_to_raise() -> None:
    """As in 180 nm with the time of 65 nm: the latch takes an answer that is not there yet."""
    result = run("self-reference", t_recover=0.5e-9, t_amplify=0.2e-9)
    assert result.measures["wrong"] == 1
    assert any("raise t_amplify, and t_window with it" in line for line in result.warnings())
    assert not any("t_amplify" in line for line in run("self-reference", t_recover=0.5e-9).warnings())


def test_time_step(alpha: float) -> None:
    m, fine = (run(kind(**CELL, alpha=alpha)).measures for kind in (SelfReference, Fine))
    assert m["t_decision"] == pytest.approx(fine["t_decision"], rel=0.002)
    for name in ("signal_p", "signal_ap"):
        assert m[name] == pytest.approx(fine[name], abs=50e-6), name
    for name in ("e_total", "e_amplifier"):
        assert m[name] == pytest.approx(fine[name], rel=0.02), name


@pytest.mark.parametrize("given", [{}, CELL, {"measure": "offset"}], ids=str)
def test_rendered_netlist(ngspice_batch: Callable[[str], dict[str, float]], given: dict[str, Any], alpha: float) -> None:
    given = {"t_recover": 0.5e-9, "alpha": alpha} | given
    printed = ngspice_batch(render(make_bench("self-reference", given)))
    for name, value in measures(**given).items():
        assert printed[name] == pytest.approx(value, rel=1e-4, abs=5e-6 if name == "offset" else 1e-6 * (name[0] == "s")), name


def test_plotted_vectors_are_saved(alpha: float) -> None:
    for given in ({}, CELL, {"measure": "offset"}):
        bench = SelfReference(**given | {"alpha": alpha})
        assert {vector for panel in bench.panels() for vector in panel.vectors} <= set(bench.analysis().save)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"alpha": 1.2}, r"parameter alpha: allowed: .*less than 0.98"),
        ({"ratio": 1}, r"parameter ratio: allowed: greater than or equal to 1.1"),
        ({"v_mid": 0.5}, r"v_mid: 0.5 V given with ratio = 3, 1.5 V in the second read; allowed: at most vdd = 1.1 V"),
        ({"measure": "offset", "t_amplify": 4.5e-9}, r"parameter t_amplify: 4.5e-09 s given; allowed with measure=offset"),
        ({"reference": "mtj"}, r"reference"),
    ],
)
def test_wrong_parameters(given: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        make_bench("self-reference", given)
    assert "\n" not in str(caught.value)
