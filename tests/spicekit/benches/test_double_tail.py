"""`double-tail`: decisions, offsets by closed forms of its stages, regeneration, and itself with a far finer solver."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from spicekit import UserError, make_bench, render, run
from spicekit.analysis import TranAnalysis
from spicekit.benches.sensing.double_tail import DoubleTail

SHORT: dict[str, Any] = {"t_window": 1e-9, "t_recover": 1e-9}  # enough, and fewer time points
RESOLUTION = 32e-3 / 2**9


def measures(values: Mapping[str, float] | None = None, **given: Any) -> dict[str, float]:
    result = run("double-tail", values, **SHORT | given)
    assert result.outcome == "ok"
    return result.measures


@pytest.mark.parametrize(
    "given",
    [{}, {"corner": "ss", "temperature": -40, "vdd": 0.99}, {"corner": "ff", "temperature": 125, "vdd": 1.21}, {"v_mid": 0.7}],
    ids=str,
)
def test_decides_right(given: dict[str, Any]) -> None:
    for overdrive in (-2e-3, 2e-3):
        m = measures(**given, overdrive=overdrive)
        assert (m["late"], m["wrong"], m["decision"]) == (0, 0, overdrive > 0), overdrive
        assert m["e_total"] == pytest.approx(m["e_amplifier"] + m["e_drive"] + m["e_reference"], rel=1e-12)
        assert min(m["e_amplifier"], m["e_drive"]) > 0


def test_regeneration_takes_the_same_time_a_decade_of_the_input() -> None:
    """t = t_0 - tau ln(input) of a latch: a decade from 10 mV to 1 mV costs what one from 1 mV to 0.1 mV does.

    Published for 90 nm at 1.2 V: 44 ps a decade (Schinkel et al., ISSCC 2007).
    """
    times = [measures(overdrive=overdrive)["t_decision"] for overdrive in (10e-3, 1e-3, 0.1e-3)]
    decades = [late - soon for soon, late in itertools.pairwise(times)]
    assert decades[1] == pytest.approx(decades[0], rel=0.15)
    assert 10e-12 < decades[1] < 150e-12


def test_offset_of_reference_and_of_both_stages() -> None:
    nominal = measures(measure="offset")["offset"]
    assert abs(nominal) < 1.5 * RESOLUTION  # symmetric
    assert measures({"vref": 0.405}, measure="offset")["offset"] - nominal == pytest.approx(5e-3, abs=2 * RESOLUTION)
    # a source in series with the gate of the reference's side (n) acts like the reference, upwards for PMOS
    for side, sign in (("p", -1), ("n", 1)):
        moved = measures({f"vth_input_{side}": 6e-3}, measure="offset")["offset"] - nominal
        assert moved == pytest.approx(sign * 6e-3, abs=3 * RESOLUTION)
    # what lies behind the first stage counts by its gain
    assert abs(measures({"vth_mid_p": 20e-3}, measure="offset")["offset"] - nominal) < 10e-3


def test_offset_search_is_what_bisection_finds() -> None:
    values = {"vth_input_p": 3e-3, "vth_far_n": 15e-3, "vth_mid_p": -6e-3, "beta_input_n": 0.01, "vref": 0.398}
    found = measures(values, measure="offset")["offset"]
    for step in (-3 * RESOLUTION, 3 * RESOLUTION):
        assert measures(values, overdrive=found + step)["decision"] == (step > 0)


class Fine(DoubleTail):
    """The same circuit with a time step and tolerances at least ten times smaller."""

    template = "benches/double-tail.cir.j2"

    def analysis(self) -> TranAnalysis:
        usual = super().analysis()
        return replace(usual, step=usual.step / 50, reltol=1e-5, trtol=1.0, options={"chgtol": 1e-18})


def test_time_step() -> None:
    given = SHORT | {"overdrive": 1e-3}
    m, fine = run(DoubleTail(**given)).measures, run(Fine(**given)).measures
    assert m["t_decision"] == pytest.approx(fine["t_decision"], rel=0.01)
    assert m["e_total"] == pytest.approx(fine["e_total"], rel=0.005)
    assert m["e_drive"] == pytest.approx(fine["e_drive"], rel=0.02)


@pytest.mark.parametrize("given", [{}, {"source": "cell", "reference": "mtj"}, {"measure": "offset"}], ids=str)
def test_rendered_netlist(ngspice_batch: Callable[[str], dict[str, float]], given: dict[str, Any]) -> None:
    printed = ngspice_batch(render(make_bench("double-tail", SHORT | given)))
    for name, value in measures(**given).items():
        assert printed[name] == pytest.approx(value, rel=1e-4, abs=5e-6 if name == "offset" else 0), name


def test_an_amplifier_without_time_is_late_and_not_wrong() -> None:
    m = measures(t_window=100e-12)
    assert (m["late"], m["wrong"], m["error"]) == (1, 0, 1)
    assert m["t_decision"] == math.inf


def test_plotted_vectors_are_saved() -> None:
    for given in ({}, {"source": "cell"}, {"measure": "offset"}):
        bench = DoubleTail(**given)
        assert {vector for panel in bench.panels() for vector in panel.vectors} <= set(bench.analysis().save)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"w_mid": 50e-9}, r"parameter w_mid: 50 nm given; allowed: at least 120 nm, the smallest W"),
        ({"inputs": "both"}, r"parameter inputs: allowed: 'pmos' or 'nmos'"),
        ({"reference": "mtj"}, r"parameter reference: mtj given; allowed with source=cell"),
    ],
)
def test_wrong_parameters(given: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        make_bench("double-tail", given)
    assert "\n" not in str(caught.value)
