"""The resistive memory in three forms: the ngspice macromodel, the Verilog-A twin and the closed form agree; an MTJ card fits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spicekit.devices import list_devices, load_device
from spicekit.devices.mtj import MtjCard
from spicekit.devices.resistive import ResistiveCard
from spicekit.netlist import environment
from spicekit.paths import data_root

Array = NDArray[np.float64]
Solve = Callable[[str, str, Iterable[str]], dict[str, Array]]
BIAS = "dc vtop -0.6 0.8 0.05"


def simulated(solve: Solve, state: float, r: tuple[float, float], u: tuple[float, float], read: float) -> tuple[Array, Array]:
    """Voltage over the device and its current, from the macromodel."""
    library = environment().get_template("rram/rram-static.lib.j2").render()
    found = solve(
        f"* rram\n.options reltol=1e-12 abstol=1e-20 vntol=1e-15\n{library}\nVtop top 0 0\nVbot bot 0 0.1\nVs state 0 {state!r}\n"
        f"Vl rl 0 {r[0]!r}\nVh rh 0 {r[1]!r}\nVn read 0 {read!r}\n"
        f"X1 top bot state rl rh read rram u_lrs={u[0]!r} u_hrs={u[1]!r}\n.save v(top) i(vtop) i(vbot)\n.end\n",
        BIAS,
        ["v(top)", "i(vtop)", "i(vbot)"],
    )
    np.testing.assert_allclose(found["i(vbot)"], -found["i(vtop)"], rtol=1e-12, atol=1e-20)
    return found["v(top)"] - 0.1, -found["i(vtop)"]


@pytest.fixture(scope="module")
def twin() -> Any:
    openvaf_py = pytest.importorskip("openvaf_py", reason="openvaf-py, which compiles Verilog-A, has no wheel for this Python")
    (module,) = openvaf_py.compile_va(str(data_root() / "models" / "rram" / "rram.va"))
    return module


def compiled(module: Any, v: float, given: dict[str, float]) -> float:
    values = dict.fromkeys((*module.param_names, *module.init_param_names), 0.0) | {"mfactor": 1.0} | given
    for name, kind in zip(module.param_names, module.param_kinds, strict=True):
        if kind == "voltage":
            values[name] = v
    residuals, _ = module.run_init_eval(values)
    nodes = [node["name"] for node in module.get_dae_system()["nodes"]]
    current = {name: residual[0] for name, residual in zip(nodes, residuals, strict=True)}
    assert current["bot"] == -current["top"]
    return float(current["top"])


@pytest.mark.parametrize("state", [0.0, 1.0, 0.3])
@pytest.mark.parametrize("v0", [(0.4, 0.25), (1e3, 0.25), (1e3, 1e3), (0.06, 0.1)])
@pytest.mark.parametrize("read", [0.0, -0.2])
def test_the_three_forms_agree(solve: Solve, twin: Any, state: float, v0: tuple[float, float], read: float) -> None:
    r = (9.7e3, 123e3)
    v, i = simulated(solve, state, r, (1 / v0[0], 1 / v0[1]), read)
    u = (1 - state) / v0[0] + state / v0[1]
    resistance = (r[0] + state * (r[1] - r[0])) * (1 + read)
    inside = np.minimum(np.abs(v * u), 5)
    expected = v / resistance * np.sinh(inside) / inside
    np.testing.assert_allclose(i, expected, rtol=1e-9, atol=1e-18)
    given = {"state": state, "r_lrs": r[0], "r_hrs": r[1], "v0_lrs": v0[0], "v0_hrs": v0[1], "read": read}
    np.testing.assert_allclose([compiled(twin, float(at), given) for at in v], expected, rtol=1e-9, atol=1e-18)


def test_without_bend_it_is_a_resistor(solve: Solve) -> None:
    v, i = simulated(solve, 1.0, (1e4, 1e5), (0.0, 0.0), 0.0)
    np.testing.assert_allclose(i, v / 1e5, rtol=1e-11, atol=1e-18)


def junction_current(solve: Solve, state: int, celsius: float, card: str) -> tuple[Array, Array]:
    k = load_device(card, MtjCard).at(300.15).numbers
    library = environment().get_template("mtj/mtj-static.lib.j2").render(device=load_device(card, MtjCard).at().static())
    found = solve(
        f"* mtj\n.options reltol=1e-12 abstol=1e-20\n{library}\n"
        f"Vra ra 0 {k.r_p * k.area * 1e12!r}\nVtmr tmr 0 {k.tmr!r}\n"
        f"Vs state 0 {state}\nVtop top 0 0\nVcd cd 0 1\n"
        f"X1 top 0 ra tmr cd state mtj_static area={k.area!r} v_half={k.tmr_v2**-0.5!r} "
        f"temp_k={celsius + 273.15!r}\n.save v(top) i(vtop)\n.end\n",
        "dc vtop -0.1 0.1 0.01",
        ["v(top)", "i(vtop)"],
    )
    keep = np.abs(found["v(top)"]) > 1e-3
    return found["v(top)"][keep], -found["i(vtop)"][keep]


@pytest.mark.parametrize("celsius", [27.0, 100.0])
@pytest.mark.parametrize("state", [0, 1])
def test_a_junction_becomes_a_memory(solve: Solve, state: int, celsius: float) -> None:
    """Against the junction's own macromodel: second order in V, so the error at 0.1 V is of order (V/v_half)^4."""
    device = load_device("imce-45nm", MtjCard).at(celsius + 273.15).two_state().numbers
    v, i = junction_current(solve, state, celsius, "imce-45nm")
    r, u = (device.r_hrs, device.u_hrs) if state else (device.r_lrs, device.u_lrs)
    modelled = v / r * np.sinh(max(u, 1e-6) * v) / (max(u, 1e-6) * v)
    np.testing.assert_allclose(modelled, i, rtol=2e-3)
    near = np.abs(v) < 0.025
    np.testing.assert_allclose(modelled[near], i[near], rtol=1e-5)


def test_a_junctions_spread_is_that_of_ra_and_tmr() -> None:
    device = load_device("imce-45nm", MtjCard).at(300.0).two_state().numbers
    z = np.random.default_rng(4).standard_normal((2, 200_000))
    tmr = device.r_hrs / device.r_lrs - 1
    for sigma, r in ((device.sigma_lrs, 1 + 0.05 * z[0]), (device.sigma_hrs, (1 + 0.05 * z[0]) * (1 + tmr * (1 + 0.1 * z[1])))):
        assert sigma == pytest.approx(np.std(np.log(r)), rel=0.02)


def test_every_card_ships_with_sources() -> None:
    assert list_devices("resistive") == ["fefet-like", "rram-hfo2"]
    for name in list_devices("resistive"):
        device = load_device(name, ResistiveCard).at(300.15)
        assert 0 < device.numbers.r_lrs < device.numbers.r_hrs
        z = np.random.default_rng(1).standard_normal(100_000)
        for point in device.points("c0")[:2]:
            assert point.draw is not None
            drawn = np.log(point.draw(z) / point.nominal)
            expected = device.numbers.sigma_lrs if point.kind == "r_lrs" else device.numbers.sigma_hrs
            assert np.std(drawn) == pytest.approx(expected, rel=0.01)
            assert abs(np.mean(drawn)) < 4 * expected / math.sqrt(len(z))
