"""The static MTJ macromodel in ngspice against its closed form."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from spicekit.devices.junction import StaticJunction
from spicekit.netlist import environment

Array = NDArray[np.float64]
Solve = Callable[[str, str, Iterable[str]], dict[str, Array]]


def resistance(v: Array, ra: float, diameter: float, tmr: float, state: float, v_half: float, celsius: float) -> Array:
    """The law, written down a second time: polarisation P = P0 (1 - 2e-5 T^1.5), Julliere's TMR = 2 P^2/(1 - P^2)."""
    p_squared = tmr / (tmr + 2)  # at 300.15 K

    def polarisation(kelvin: float) -> float:
        return 1 - 2e-5 * kelvin**1.5

    p_squared *= (polarisation(celsius + 273.15) / polarisation(300.15)) ** 2
    tmr_t = 2 * p_squared / (1 - p_squared)
    area = math.pi * diameter**2 / 4
    return ra * 1e-12 / area * (1 + state * tmr_t / (1 + (v / v_half) ** 2))


def measured(solve: Solve, ra: float, diameter: float, tmr: float, state: float, v_half: float, celsius: float) -> Array:
    library = (
        environment()
        .get_template("mtj/mtj-static.lib.j2")
        .render(device=StaticJunction.round(diameter=diameter, ra=ra, tmr=tmr, v_half=v_half))
    )
    area = math.pi * (diameter / 1.1) ** 2 / 4  # of a nominal junction, than which this one is a tenth wider
    found = solve(
        f"* mtj\n.options reltol=1e-12 abstol=1e-20 vntol=1e-15\n{library}\n"
        f"Vra ra 0 {ra!r}\nVtmr tmr 0 {tmr!r}\nVcd cd 0 1.1\nVstate state 0 {state!r}\nVtop top 0 0\nVbot bot 0 0.1\n"
        f"X1 top bot ra tmr cd state mtj_static area={area!r} v_half={v_half if math.isfinite(v_half) else 1!r} "
        f"temp_k={celsius + 273.15!r}\n.save v(top) i(vtop) i(vbot)\n.end\n",
        "dc vtop -0.9 1.1 0.05",
        ["v(top)", "i(vtop)", "i(vbot)"],
    )
    # what goes in at the top comes out at the bottom: the sensing of V and the control nodes draw no current
    np.testing.assert_allclose(found["i(vbot)"], -found["i(vtop)"], rtol=1e-12, atol=1e-18)
    v = found["v(top)"] - 0.1
    keep = np.abs(v) > 1e-3
    return np.column_stack([v[keep], v[keep] / -found["i(vtop)"][keep]])


@pytest.mark.parametrize("state", [0, 1, 0.5])
@pytest.mark.parametrize("v_half", [0.5, 0.3, math.inf])
@pytest.mark.parametrize("celsius", [27.0, 85.0, -40.0])
def test_resistance_is_the_closed_form(solve: Solve, state: float, v_half: float, celsius: float) -> None:
    found = measured(solve, 18.0, 45e-9, 2.5, state, v_half, celsius)
    expected = resistance(found[:, 0], 18.0, 45e-9, 2.5, state, v_half, celsius)
    # 1e-9: the solver stops at reltol 1e-12, and numbers reach it with 15 or more digits
    np.testing.assert_allclose(found[:, 1], expected, rtol=1e-9)


@pytest.mark.parametrize(("ra", "diameter", "tmr"), [(5.0, 65e-9, 1.0), (650.0, 50e-9, 1.0), (0.7, 20e-9, 6.0)])
def test_other_junctions(solve: Solve, ra: float, diameter: float, tmr: float) -> None:
    found = measured(solve, ra, diameter, tmr, 1, 0.65, 85.0)
    np.testing.assert_allclose(found[:, 1], resistance(found[:, 0], ra, diameter, tmr, 1, 0.65, 85.0), rtol=1e-9)


def test_parallel_state_knows_neither_bias_nor_temperature(solve: Solve) -> None:
    found = measured(solve, 18.0, 45e-9, 2.5, 0, 0.5, 125.0)[:, 1]
    np.testing.assert_allclose(found, 18.0e-12 / (math.pi * 45e-9**2 / 4), rtol=1e-12)


def test_tmr_is_halved_at_v_half(solve: Solve) -> None:
    found = measured(solve, 18.0, 45e-9, 2.0, 1, 0.5, 27.0)
    r_p = 18.0e-12 / (math.pi * 45e-9**2 / 4)
    at_half = found[np.argmin(np.abs(found[:, 0] - 0.5))]
    assert at_half[0] == pytest.approx(0.5, abs=1e-12)
    assert at_half[1] / r_p - 1 == pytest.approx(1.0, rel=1e-9)


def test_temperature_law_is_that_of_the_umn_library() -> None:
    """P0 = 0.69 gives TMR0 123.8 % (300 K), 110.5 % (358 K), 101.2 % (400 K): checks the test's own closed form."""
    p0 = 0.69
    at_300_15 = 2 * (p0 * (1 - 2e-5 * 300.15**1.5)) ** 2 / (1 - (p0 * (1 - 2e-5 * 300.15**1.5)) ** 2)
    for kelvin, percent in ((300.0, 123.8), (358.0, 110.5), (400.0, 101.2)):
        ratio = resistance(np.array([0.0]), 1.0, 1e-6, at_300_15, 1, math.inf, kelvin - 273.15)[0]
        ratio /= resistance(np.array([0.0]), 1.0, 1e-6, at_300_15, 0, math.inf, kelvin - 273.15)[0]
        assert 100 * (ratio - 1) == pytest.approx(percent, abs=0.05)  # the published digits
