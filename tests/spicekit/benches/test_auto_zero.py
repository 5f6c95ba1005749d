"""`auto-zero`: what zeroing takes out of the offset and what it leaves, its price, and itself with a far finer solver."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from spicekit import UserError, make_bench, render, run
from spicekit.analysis import TranAnalysis
from spicekit.benches.sensing.auto_zero import AutoZero

SHORT: dict[str, Any] = {"t_window": 1e-9}  # enough, and fewer time points


def measures(values: Mapping[str, float] | None = None, **given: Any) -> dict[str, float]:
    result = run("auto-zero", values, **SHORT | given)
    assert result.outcome == "ok"
    return result.measures


@pytest.mark.parametrize(("corner", "celsius", "vdd"), [("tt", 27, 1.1), ("ss", -40, 0.99), ("ff", 125, 1.21)])
def test_decides_right(corner: str, celsius: float, vdd: float) -> None:
    for overdrive in (-3e-3, 3e-3):
        m = measures(overdrive=overdrive, corner=corner, temperature=celsius, vdd=vdd)
        assert (m["error"], m["decision"]) == (0, overdrive > 0)
        assert 0.35e-9 < m["t_decision"] < 0.7e-9  # t_amplify and the latch
        assert m["e_total"] == pytest.approx(m["e_amplifier"] + m["e_latch"] + m["e_drive"] + m["e_reference"], rel=1e-12)


def test_what_is_zeroed_leaves_the_offset_and_the_reference_stays() -> None:
    nominal = measures(measure="offset")["offset"]
    assert abs(nominal) < 2e-3
    # of which vsa-sense has the whole
    assert measures({"vth_amp1_n": 30e-3}, measure="offset")["offset"] == pytest.approx(nominal, abs=0.3e-3)
    # the second inverter's switch and the latch count by what is behind the gain before them
    assert measures({"vth_amp2_n": 30e-3}, measure="offset")["offset"] == pytest.approx(nominal, abs=1.5e-3)
    assert measures({"vref": 0.405}, measure="offset")["offset"] == pytest.approx(nominal + 5e-3, abs=0.2e-3)


def test_without_the_second_switch_opening_later_the_first_ones_charge_is_left() -> None:
    """A later second switch stores what the first one leaves: its channel's charge, changed by the size of what takes it."""
    moved = {}
    for t_skip in (1e-12, 0.2e-9):
        both = [measures({"vth_switch1": dv}, measure="offset", t_skip=t_skip)["offset"] for dv in (-0.15, 0.15)]
        moved[t_skip] = abs(both[1] - both[0])
    assert moved[0.2e-9] < 0.5 * moved[1e-12]


def test_zeroing_costs_its_current() -> None:
    spent = [measures(t_zero=t)["e_amplifier"] for t in (1e-9, 1.5e-9, 2e-9)]
    assert spent[1] - spent[0] == pytest.approx(spent[2] - spent[1], rel=0.02)  # a constant current
    assert spent[1] - spent[0] > 0.2 * spent[0]
    assert measures(t_zero=2e-9)["t_decision"] == pytest.approx(measures()["t_decision"], rel=0.01)


def test_cells() -> None:
    m = measures(source="cell", reference="mtj")
    assert (m["decision_p"], m["decision_ap"], m["error"]) == (0, 1, 0)
    assert m["kick"] < 10e-3  # a tenth of what a comparator's input pair kicks back
    late = measures(t_amplify=2e-9)
    assert (late["late"], late["wrong"], late["error"]) == (1, 0, 1)


class Fine(AutoZero):
    """The same circuit with a time step and tolerances at least ten times smaller."""

    template = "benches/auto-zero.cir.j2"

    def analysis(self) -> TranAnalysis:
        usual = super().analysis()
        return replace(usual, step=usual.step / 50, reltol=1e-5, trtol=1.0, options={"chgtol": 1e-18})


def test_time_step() -> None:
    given = SHORT | {"overdrive": 2e-3}
    m, fine = run(AutoZero(**given)).measures, run(Fine(**given)).measures
    assert m["t_decision"] == pytest.approx(fine["t_decision"], rel=0.005)
    for name in ("e_total", "e_amplifier", "e_latch", "e_drive"):
        assert m[name] == pytest.approx(fine[name], rel=0.02), name


@pytest.mark.parametrize("given", [{}, {"source": "cell", "reference": "mtj"}, {"measure": "offset"}], ids=str)
def test_rendered_netlist(ngspice_batch: Callable[[str], dict[str, float]], given: dict[str, Any]) -> None:
    printed = ngspice_batch(render(make_bench("auto-zero", SHORT | given)))
    for name, value in measures(**given).items():
        assert printed[name] == pytest.approx(value, rel=1e-4, abs=5e-6 if name == "offset" else 0), name


def test_plotted_vectors_are_saved() -> None:
    for given in ({}, {"source": "cell"}, {"measure": "offset"}):
        bench = AutoZero(**given)
        assert {vector for panel in bench.panels() for vector in panel.vectors} <= set(bench.analysis().save)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"w_switch": 130e-9}, r"parameter w_switch: 130 nm given; allowed: at least 240 nm"),
        ({"t_zero": 0}, r"parameter t_zero: allowed: greater than or equal to 1e-11"),
        ({"reference": "mtj"}, r"parameter reference: mtj given; allowed with source=cell"),
    ],
)
def test_wrong_parameters(given: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        make_bench("auto-zero", given)
    assert "\n" not in str(caught.value)
