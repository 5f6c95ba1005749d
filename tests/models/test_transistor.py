"""Mismatch of a transistor: a gate source shifts its curve, a factor scales its current, and nothing else happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from spicekit.netlist import environment
from spicekit.technology import load_technology

Array = NDArray[np.float64]
Solve = Callable[[str, str, Iterable[str]], dict[str, Array]]

VOLTS = 1e-9  # what a node may be off by: vntol


def curves(role: str, name: str = "ptm45", subcircuit: str = "mc", dvth: float = 0.0, dbeta: float = 0.0) -> str:
    """A netlist with the transistor (source and bulk grounded) at drain and gate sources ``vd``, ``vg``."""
    technology = load_technology(name)
    library = environment().get_template("cmos/transistor.lib.j2").render(technology=technology, corner="tt", roles=(role,))
    nodes = "dvth dbeta" if subcircuit == "mc" else ""
    return (
        f"* curves\n.options reltol=1e-9 abstol=1e-18 vntol={VOLTS} gmin=1e-18\n{library}\n"
        f"Vd d 0 0\nVg g 0 0\nVs s 0 0\nVb b 0 0\nVvth dvth 0 {dvth!r}\nVbeta dbeta 0 {dbeta!r}\n"
        f"X1 d g s b {nodes} {role}_{subcircuit} w=500n l={2 * technology.l_min}\n.save i(vd) i(vg) i(vs) i(vb)\n.end\n"
    )


def transfer(solve: Solve, netlist: str, sign: int, drain: float, start: float, stop: float, step: float) -> dict[str, Array]:
    """Currents into the four terminals over the gate voltage; ``sign`` is -1 for a pmos."""
    netlist = netlist.replace("Vd d 0 0", f"Vd d 0 {sign * drain!r}")
    found = solve(netlist, f"dc vg {sign * start} {sign * stop} {sign * step}", ["i(vd)", "i(vg)", "i(vs)", "i(vb)"])
    return {name: -values for name, values in found.items()}


@pytest.mark.parametrize(("role", "sign"), [("nmos", 1), ("pmos", -1)])
@pytest.mark.parametrize("drain", [0.05, 1.0])
@pytest.mark.parametrize("dvth", [0.05, -0.05])
def test_vth_shift_moves_the_curve(solve: Solve, role: str, sign: int, drain: float, dvth: float) -> None:
    """I(V_GS, dvth) = I(V_GS - dvth) in magnitudes: exact, because the shift is a voltage source."""
    shifted = transfer(solve, curves(role, dvth=dvth), sign, drain, 0.1, 1.0, 0.05)["i(vd)"]
    plain = transfer(solve, curves(role), sign, drain, 0.1 - dvth, 1.0 - dvth, 0.05)["i(vd)"]
    # ngspice sweeps by adding the step up, so the two gate voltages differ by some 1e-16 V; exp(1e-16/40 mV) is far below 1e-9
    np.testing.assert_allclose(shifted, plain, rtol=1e-9, atol=1e-17)


@pytest.mark.parametrize(("role", "sign"), [("nmos", 1), ("pmos", -1)])
def test_larger_dvth_is_a_weaker_transistor(solve: Solve, role: str, sign: int) -> None:
    on = {
        dvth: sign * transfer(solve, curves(role, dvth=dvth), sign, 1.0, 1.0, 1.0, 1.0)["i(vd)"][0] for dvth in (-0.03, 0.0, 0.03)
    }
    assert on[0.03] < on[0.0] < on[-0.03]
    assert on[0.03] > 0


@pytest.mark.parametrize(("role", "sign"), [("nmos", 1), ("pmos", -1)])
@pytest.mark.parametrize("dbeta", [-0.3, -0.04, 0.04, 1.0])
def test_beta_scales_the_drain_current(solve: Solve, role: str, sign: int, dbeta: float) -> None:
    plain = transfer(solve, curves(role), sign, 0.6, 0.0, 1.0, 0.05)
    scaled = transfer(solve, curves(role, dbeta=dbeta), sign, 0.6, 0.0, 1.0, 0.05)
    np.testing.assert_allclose(scaled["i(vd)"], (1 + dbeta) * plain["i(vd)"], rtol=1e-9, atol=1e-17)
    # what is added to the drain leaves at the source; gate and bulk know nothing of it
    np.testing.assert_allclose(scaled["i(vs)"] - plain["i(vs)"], plain["i(vd)"] - scaled["i(vd)"], rtol=1e-6, atol=1e-17)
    np.testing.assert_allclose(scaled["i(vg)"], plain["i(vg)"], rtol=1e-9, atol=1e-17)
    np.testing.assert_allclose(scaled["i(vb)"], plain["i(vb)"], rtol=1e-9, atol=1e-17)


@pytest.mark.parametrize(("role", "sign"), [("nmos", 1), ("pmos", -1)])
@pytest.mark.parametrize("name", ["ptm45", "ptm65"])
def test_nominal_mismatch_is_the_plain_transistor(solve: Solve, name: str, role: str, sign: int) -> None:
    varied = transfer(solve, curves(role, name), sign, 0.5, 0.0, 1.0, 0.1)
    plain = transfer(solve, curves(role, name, "tt"), sign, 0.5, 0.0, 1.0, 0.1)
    for terminal in varied:
        np.testing.assert_allclose(varied[terminal], plain[terminal], rtol=1e-9, atol=1e-17, err_msg=terminal)


def test_multiplier_counts_transistors(solve: Solve) -> None:
    one = curves("nmos", subcircuit="tt")
    many = one.replace(" l=9e-08", " l=9e-08 m=63")
    assert many != one
    ratio = transfer(solve, many, 1, 0.5, 0.0, 1.0, 0.2)["i(vd)"] / transfer(solve, one, 1, 0.5, 0.0, 1.0, 0.2)["i(vd)"]
    np.testing.assert_allclose(ratio, 63, rtol=1e-9)
