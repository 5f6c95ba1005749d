"""The macrospin macromodel in ngspice: published runs, the scipy reference, its start, its variation points, its noise."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad

from spicekit.devices import list_devices, load_device
from spicekit.devices.mtj import MtjCard
from spicekit.physics import conductance, llg
from spicekit.physics.initial import direction
from spicekit.simulator import simulator

Array = NDArray[np.float64]
Netlist = Callable[..., str]
Transient = Callable[..., dict[str, Array]]
Crossing = Callable[..., float]

CARDS = {name: load_device(name, MtjCard).at().numbers for name in list_devices("mtj")}
M = ("v(mx)", "v(my)", "v(mz)")
OPEN = "Rd d 0 1e15\n"  # no junction current


def angular_frequency(k: dict[str, float]) -> float:
    """Of small precessions, in rad/s."""
    return k.gamma * k.mu0 * k.hk


def deviation(found: dict[str, Array], path: llg.Trajectory) -> float:
    """The largest difference of a component of m at the reference's times."""
    return max(
        float(np.max(np.abs(np.interp(path.t, found["time"], found[node]) - path.m[j]))) for j, node in enumerate(M)
    )  # fmt: skip


# ---------------------------------------------------------------- published runs


def test_umns_interface_perpendicular_junction_from_ap_to_p_at_600_mv(
    netlist: Netlist, transient: Transient, crossing: Crossing
) -> None:
    found = transient(
        netlist(CARDS["umn-i-pmtj"], "Vd d 0 0.6", values={"state": 1}), 2e-12, 3.5e-9, names=["i(vd)"]
    )  # fmt: skip
    assert crossing(found) == pytest.approx(2.0884e-9, rel=0.01)
    times = np.array([1.0, 1.5, 2.0, 2.5, 3.0]) * 1e-9
    published = [-0.9377, -0.7515, -0.1687, 0.7602, 0.9814]
    np.testing.assert_allclose(np.interp(times, found["time"], found["v(mz)"]), published, atol=0.03)
    assert -np.interp(1e-9, found["time"], found["i(vd)"]) == pytest.approx(317.8e-6, rel=1e-3)


@pytest.mark.parametrize(("current", "state", "published"), [(100e-6, 1, 1.2465e-9), (-100e-6, 0, 2.0668e-9)])
def test_fongs_perpendicular_example(
    netlist: Netlist, transient: Transient, crossing: Crossing, current: float, state: int, published: float
) -> None:
    found = transient(netlist(CARDS["fong-pma"], f"Id 0 d {current!r}", values={"state": state}), 1e-12, 2.5e-9)
    assert crossing(found) == pytest.approx(published, rel=5e-4)


# ---------------------------------------------------------------- the reference


@pytest.mark.parametrize("name", list_devices("mtj"))
def test_every_card_follows_the_reference(netlist: Netlist, transient: Transient, name: str) -> None:
    """At a hundredth of a radian a step what is left of the trapezoidal rule's error, phase (w h)^2/12, is below 1e-3."""
    k, stop = CARDS[name], 1e-9
    circuit = "Vd d 0 0.6" + ("\nIrail 0 head 150u" if k.sot else "")
    text = netlist(k, circuit, solver="method=trap reltol=1e-6 vntol=1e-9", values={"state": 1})
    found = transient(text, 0.008 / angular_frequency(k), stop, names=["v(x1.mid)", "v(head)"])
    times = np.linspace(0, stop, 101)
    if k.sot:  # the junction's voltage follows the rail's: take it from the run
        v, rail = found["v(x1.mid)"] - 0.6, found["v(head)"] / k.r_rail
        path = llg.integrate(
            k, drive="voltage", value=lambda t: float(np.interp(t, found["time"], v)), stop=stop, antiparallel=True,
            rail_current=lambda t: float(np.interp(t, found["time"], rail)), times=times, rtol=1e-7,
        )  # fmt: skip
    else:
        path = llg.integrate(k, drive="voltage", value=0.6, stop=stop, antiparallel=True, times=times)
    assert deviation(found, path) < 1e-3
    assert np.max(np.ptp(path.m, axis=1)) > 0.1  # it did move


@pytest.mark.parametrize(("sign", "state"), [(1, 1), (-1, 0), (1, 0)])
def test_imces_write_pulse_switches_when_the_reference_does(
    netlist: Netlist, transient: Transient, crossing: Crossing, sign: int, state: int
) -> None:
    k, edges = CARDS["imce-45nm"], [1e-12, 1.001e-9, 1.002e-9]
    text = netlist(k, f"{OPEN}Irail 0 head pulse(0 {sign * 120e-6!r} 0 1p 1p 1n)", values={"state": state})
    found = transient(text, 2e-12, 3e-9)
    path = llg.integrate(
        k, drive="voltage", value=0.0, stop=3e-9, antiparallel=bool(state), breaks=edges,
        times=np.union1d(np.linspace(0, 3e-9, 301), edges),
        rail_current=lambda t: float(np.interp(t, [0, *edges], [0, sign * 120e-6, sign * 120e-6, 0])),
    )  # fmt: skip
    assert crossing(found) == pytest.approx(path.t_switch, rel=5e-4)
    assert math.isfinite(path.t_switch) == ((sign, state) in {(1, 1), (-1, 0)})
    assert deviation(found, path) < 1e-3


@pytest.mark.parametrize(("name", "stop"), [("fong-pma", 3.4e-9), ("umn-c-pmtj", 0.6e-9), ("umn-imtj", 2.5e-9)])
def test_the_recommended_step_is_right_to_a_thousandth_of_the_switching_time(
    netlist: Netlist, transient: Transient, crossing: Crossing, name: str, stop: float
) -> None:
    """0.06/(gamma mu0 H) at three times the critical current, against a ten times finer step."""
    k = CARDS[name]
    field = k.hk if k.ez else math.sqrt(k.hk * (k.hk + k.ms))
    step, node = 0.06 / (k.gamma * k.mu0 * field), "v(mz)" if k.ez else "v(my)"
    text = netlist(k, f"Id 0 d {3 * k.ic_ap_p!r}", values={"state": 1})
    coarse, fine = (transient(text, h, stop) for h in (step, step / 10))
    assert crossing(coarse, node) == pytest.approx(crossing(fine, node), rel=1e-3)
    assert np.max(np.abs(np.sqrt(sum(coarse[component] ** 2 for component in M)) - 1)) < 1e-3


def test_the_length_of_m_holds_for_50_ns(netlist: Netlist, transient: Transient) -> None:
    found = transient(netlist(CARDS["fong-pma"], "Id 0 d -40u"), 2e-12, 50e-9)
    assert np.max(np.abs(np.sqrt(sum(found[node] ** 2 for node in M)) - 1)) < 1e-3
    assert found["v(mz)"][-1] < -0.99  # it has been all the way round


def test_joule_heating_follows_the_reference(netlist: Netlist, transient: Transient) -> None:
    k = replace(CARDS["stt-bnn-65nm"], thermal=1.0, r_th=1e6, c_th=1e-15)
    found = transient(netlist(k, "Vd d 0 0.5", values={"state": 1}), 0.4e-12, 3e-9, names=["v(x1.temp)"])
    times = np.linspace(0, 3e-9, 101)
    path = llg.integrate(k, drive="voltage", value=0.5, stop=3e-9, antiparallel=True, times=times)
    assert found["v(x1.temp)"][0] == pytest.approx(300.0)
    assert path.temperature[-1] > 320
    np.testing.assert_allclose(np.interp(times, found["time"], found["v(x1.temp)"]), path.temperature, atol=0.01)
    assert deviation(found, path) < 1e-3


def test_a_pulse_through_a_series_resistor_reaches_the_torque_and_the_resistance_alike(
    netlist: Netlist, transient: Transient, crossing: Crossing
) -> None:
    """The device divides the voltage with a resistor; the reference is driven by the voltage that it then has."""
    k = CARDS["stt-bnn-65nm"]
    text = netlist(k, "Vs s 0 pulse(0 1.4 0.2n 50p 50p 5n)\nRs s d 2k", values={"state": 1})
    found = transient(text, 1e-12, 7e-9, names=["v(d)", "i(vs)"])
    path = llg.integrate(
        k, drive="voltage", value=lambda t: float(np.interp(t, found["time"], found["v(d)"])), stop=7e-9,
        antiparallel=True, times=np.linspace(0, 7e-9, 701), breaks=[0.2e-9, 0.25e-9, 5.25e-9, 5.3e-9], rtol=1e-7,
    )  # fmt: skip
    assert crossing(found) == pytest.approx(path.t_switch, rel=1e-3)
    np.testing.assert_allclose(np.interp(path.t, found["time"], -found["i(vs)"]), path.i, atol=2e-3 * path.i.max())


# ---------------------------------------------------------------- start and variation points


@pytest.mark.parametrize("name", ["umn-i-pmtj", "umn-imtj", "imce-45nm"])
@pytest.mark.parametrize("state", [0, 1])
def test_it_starts_at_its_angle_without_a_glitch(netlist: Netlist, transient: Transient, name: str, state: int) -> None:
    """The operating point holds m0 and its resistance; from there the first steps run along the rate at m0."""
    k = CARDS[name]
    circuit = "Vd d 0 0.3\nVh head 0 0.1" if k.sot else "Vd d 0 0.3"
    text = netlist(k, circuit, values={"state": state, "theta0": 0.2, "phi0": 0.7})
    found = transient(text, 1e-12, 50e-12, names=["i(vd)", "v(x1.mid)"])
    m0 = direction(k, 0.2, 0.7, bool(state))
    m = np.array([found[node] for node in M])
    np.testing.assert_allclose(m[:, 0], m0, atol=1e-9)
    v, i_rail = (float(found["v(x1.mid)"][0]) - 0.3, 0.1 / k.r_rail) if k.sot else (0.3, 0.0)
    i = v * conductance.conductance(k, v, conductance.cosine(k, *m0), k.temperature)
    assert -found["i(vd)"][0] == pytest.approx(-i if k.sot else i, rel=1e-6)
    start = np.array(llg.rate(k, tuple(m0), k.temperature, v, i, i_rail), dtype=float)
    early = (found["time"] > 0) & (found["time"] < 0.5e-12)
    np.testing.assert_allclose(found["i(vd)"][found["time"] < 0.1e-12], found["i(vd)"][0], rtol=2e-3)
    moved = (m[:, early] - m0[:, None]) / found["time"][early]
    np.testing.assert_allclose(moved, start[:, None] * np.ones(early.sum()), atol=0.03 * float(np.linalg.norm(start)))
    # a second run, one after an operating point and one after a DC sweep are the same run
    again = transient(None, 1e-12, 50e-12)
    for commands in (["op"], ["dc vd -0.1 0.1 0.1"]):
        other = transient(None, 1e-12, 50e-12, commands=commands)
        for node in ("time", *M):
            np.testing.assert_array_equal(other[node], again[node])
            np.testing.assert_array_equal(other[node], found[node])


def test_a_dc_sweep_keeps_the_state(netlist: Netlist) -> None:
    k, ngspice = CARDS["stt-bnn-65nm"], simulator()
    for state in (0, 1):
        ngspice.load(netlist(k, "Vd d 0 0", solver="reltol=1e-9 abstol=1e-18", values={"state": state}))
        ngspice.command("dc vd -0.65 0.6 0.1")
        found = ngspice.vectors(["v(d)", "i(vd)"])
        cosine = (1 - 2 * state) * math.cos(k.theta0)
        r = 1 / conductance.conductance(k, found["v(d)"], cosine, k.temperature)
        np.testing.assert_allclose(found["v(d)"] / -found["i(vd)"], r, rtol=1e-8)


def test_every_number_may_be_altered_between_two_runs(netlist: Netlist, transient: Transient) -> None:
    k = CARDS["umn-i-pmtj"]
    text = netlist(k, "Vd d 0 0.6", solver="method=trap reltol=1e-6 vntol=1e-9")
    values = {"state": 1.0, "theta0": 0.15, "phi0": 0.4, "ra": 6.0, "tmr": 1.3, "cd": 1.1, "hk": 1.01}
    transient(text, 1e-12, 0.1e-9)
    found = transient(None, 0.4e-12, 1.5e-9, commands=[f"alter v{name} dc={value!r}" for name, value in values.items()])
    bloch = 1 - k.p_b * k.temperature**1.5
    other = replace(
        k,
        r_p=6e-12 / (1.21 * k.area),
        p_tmr0=math.sqrt(1.3 / 3.3) / bloch,
        stt_coefficient=k.stt_coefficient / 1.21,
        nzz=k.nzz - 1.01 * k.net_size * (1 / 1.1 - 1) / k.ms,  # the demagnetising field of the size
        k_easy=k.k_easy + 0.01 * k.mu0 * k.ms * k.hk / 2,  # along the easy axis, a hundredth of Hk
    )
    path = llg.integrate(
        other, drive="voltage", value=0.6, stop=1.5e-9, antiparallel=True, theta0=0.15, phi0=0.4,
        times=np.linspace(0, 1.5e-9, 101),
    )  # fmt: skip
    assert deviation(found, path) < 1e-3


def test_what_a_device_does_not_have_is_not_in_its_netlist(device: Callable[..., str]) -> None:
    plain = device(CARDS["fong-pma"])
    for word in ("temp", "trrandom", "pow", "head", "hx", "{ny}", "{asym}", "{roll}", "{kv}"):
        assert word not in plain, word
    everything = replace(CARDS["imce-45nm"], thermal=1.0, k_vcma=1e4, hy=1e3, stt_asymmetry=0.7)
    rich = device(everything, noise_dt=1e-12)
    for word in ("temp", "trrandom", "pow", "head", "{hy}", "{asym}", "{roll}", "{kv}"):
        assert word in rich, word


# ---------------------------------------------------------------- thermal field


def test_the_noise_repeats_with_its_seed_and_only_then(netlist: Netlist, transient: Transient) -> None:
    text, other = (netlist(CARDS["fong-pma"], "Vd d 0 0.1", noise_dt=2e-12) for _ in range(2))

    def run(*commands: str, text: str | None = None, stop: float = 0.2e-9) -> Array:
        return transient(text, 1e-12, stop, commands=commands)["v(mx)"]

    first = run("setseed 7", text=text)
    later = run()
    odd = run("setseed 8", stop=0.1037e-9)  # leaves no half of a pair of draws behind
    reset = run("reset")
    for same in (run("setseed 7"), run("reset", "setseed 7"), run("setseed 7", text=other)):
        np.testing.assert_array_equal(same, first)
    size = len(odd) // 2
    runs = [first, later, odd, reset, run("setseed 8")]
    for one, two in pairwise(runs[:4]):
        assert np.max(np.abs(one[:size] - two[:size])) > 1e-4
    np.testing.assert_array_equal(runs[4][:size], odd[:size])


def test_the_noise_draws_independent_normal_numbers_all_along(netlist: Netlist, transient: Transient) -> None:
    """One number a component and 3.3 ps, held in between; the edges of a pulse on the way do not stop it."""
    every, stop = 3.3e-12, 10e-9
    nodes = [f"v(x1.noise{j})" for j in "xyz"]
    text = netlist(CARDS["fong-pma"], "Vd d 0 pulse(0 0.1 0.1n 10p 10p 0.123n 0.4n)", noise_dt=every)
    found = transient(text, 3e-12, stop, commands=["setseed 11"], names=nodes)
    middles = every * (np.arange(1, int(stop / every) - 1) + 0.9)
    draws = np.array([np.interp(middles, found["time"], found[node]) for node in nodes])
    starts = np.array([np.interp(middles - 0.3 * every, found["time"], found[node]) for node in nodes])
    np.testing.assert_array_equal(draws, starts)
    assert np.all(np.diff(draws, axis=1) != 0)
    size = draws.shape[1]
    np.testing.assert_allclose(draws.mean(axis=1), 0, atol=4 / math.sqrt(size))
    np.testing.assert_allclose(draws.var(axis=1), 1, atol=4 * math.sqrt(2 / size))
    shifted = np.vstack([draws[:, :-1], draws[:, 1:]])
    correlation = np.corrcoef(shifted) - np.eye(6)
    correlation[np.isclose(correlation, 1, atol=1e-3)] = 0
    assert np.max(np.abs(correlation - np.kron(np.zeros((2, 2)), np.eye(3)))) < 4.5 / math.sqrt(size)


def test_the_noise_keeps_boltzmanns_distribution(netlist: Netlist, transient: Transient) -> None:
    """Transverse variance in equilibrium, at a damping of 1: with a factor 1 + alpha^2 too many it would be twice as large."""
    k, every, stop = replace(CARDS["fong-pma"], alpha=1.0), 4e-12, 24e-9
    found = transient(netlist(k, "Vd d 0 0", noise_dt=every), 2e-12, stop, commands=["setseed 5"])
    # at the end of each hold: on the way from one to the next the variance is smaller, by noise_dt over the relaxation time
    times = every * (np.arange(125, int(stop / every) - 1) + 0.381966)
    tilt = np.array(sum(np.interp(times, found["time"], found[node]) ** 2 for node in M[:2]))
    # the correlation time is that of a relaxation, 24 ps: blocks of 1 ns are independent
    blocks = tilt[: len(tilt) // 250 * 250].reshape(-1, 250).mean(axis=1)

    def weight(theta: float) -> float:
        return math.exp(-k.delta * math.sin(theta) ** 2) * math.sin(theta)

    expected = quad(lambda x: weight(x) * math.sin(x) ** 2, 0, math.pi / 2)[0] / quad(weight, 0, math.pi / 2)[0]
    error = blocks.std(ddof=1) / math.sqrt(len(blocks))
    assert error < 0.06 * expected
    assert abs(blocks.mean() - expected) < 3 * error
