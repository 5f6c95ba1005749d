"""The settling of a 1T1MTJ read: final currents against the DC bench, times against closed forms and a finer step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import spicekit
from spicekit.benches.stt.cell import V_READ
from spicekit.crossing import settled

SHORT_LINES = {"rows": 1, "columns": 1, "r_cell": 1e-3, "c_cell": 0, "r_word": 1e-3, "c_word": 0, "w_driver": 1e-4}


def test_the_final_current_is_the_dc_benchs() -> None:
    """Without lines, behind a wide driver, the end of the transient is the operating point."""
    found, dc = spicekit.run("stt-settle", **SHORT_LINES).measures, spicekit.run("stt-read").measures
    for state in ("i_p", "i_ap"):
        assert found[state] == pytest.approx(dc[state], rel=5e-3)


def test_a_long_bit_line_settles_with_its_time_constant() -> None:
    """A line of 1 pF behind some 10 kohm (a resistor that dwarfs the driver): the charge is an exponential's."""
    lines = SHORT_LINES | {"sections": 1, "r_cell": 1e4, "c_cell": 1e-12, "t_read": 100e-9, "device": "stt-bnn-65nm"}
    result = spicekit.run("stt-settle", **lines)
    r_ap = V_READ / result.measures["i_ap"] - 1e4  # of the cell; it lies in parallel with the line's resistance
    tau = 0.5e-12 / (1 / 1e4 + 1 / r_ap)  # half of the capacitance is in front of the resistance
    assert result.measures["t_ap"] == pytest.approx(tau * np.log(100), rel=0.1)  # the bias shifts r_ap a little
    assert result.measures["t_settle"] == max(result.measures["t_p"], result.measures["t_ap"])


def test_energy_is_the_lines_charge_and_the_current() -> None:
    """C V^2 of a bit line much larger than all else, and of a word line: 1 pF each."""
    plain = spicekit.run("stt-settle").measures
    bit = spicekit.run("stt-settle", c_cell=1e-12 / 128).measures
    assert bit["e_ap"] - plain["e_ap"] == pytest.approx((1e-12 - 0.05e-15 * 128) * V_READ**2, rel=0.03)
    word = spicekit.run("stt-settle", c_word=1e-12 / 128).measures
    assert word["e_wl"] - plain["e_wl"] == pytest.approx((1e-12 - 0.095e-15 * 128) * 1.1**2, rel=0.03)
    assert word["e_p"] - plain["e_p"] == pytest.approx((word["e_wl"] - plain["e_wl"]) / 128, rel=0.03)


def test_the_time_step_is_fine_enough() -> None:
    coarse, fine = (spicekit.run("stt-settle", **given).measures for given in ({}, {"step": 0.5e-12}))
    for name, value in coarse.items():
        assert value == pytest.approx(fine[name], rel=1e-2), name


@pytest.mark.parametrize("parameters", [{}, {"free_to": "sl", "rows": 1, "columns": 1, "sections": 3}])
def test_the_netlist_alone_prints_the_measures(
    parameters: dict[str, object], ngspice_batch: Callable[[str], dict[str, float]]
) -> None:
    made = spicekit.make_bench("stt-settle", dict(parameters))
    found, printed = spicekit.run(made).measures, ngspice_batch(spicekit.render(made))
    for name, value in found.items():
        assert printed[name] == pytest.approx(value, rel=1e-4), name


def test_settled_is_the_last_entry_into_the_band() -> None:
    time = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    assert settled(time, np.array([1.0, 0.0, 0.2, 0.0, 0.0]), 0.1) == pytest.approx(2.5)
    assert settled(time, np.zeros(5), 0.1) == 0
    assert settled(time, np.array([0.0, 0.0, 0.0, 0.0, 1.0]), 0.1) == float("inf")
