"""The behavioural macromodel in ngspice against its closed form, and against the LLG equation that it stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from spicekit.devices import load_device
from spicekit.devices.mtj import MtjCard
from spicekit.physics import conductance, llg
from spicekit.physics.behavioural import switching_time
from spicekit.physics.constants import MU0
from spicekit.physics.macromodel import overdrive
from spicekit.simulator import simulator

Array = NDArray[np.float64]
Netlist = Callable[..., str]
Transient = Callable[..., dict[str, Array]]
Crossing = Callable[..., float]

NAMES = ("fong-pma", "umn-i-pmtj", "stt-bnn-65nm", "umn-imtj")
CARDS = {name: load_device(name, MtjCard).at().numbers for name in (*NAMES, "arm-50nm")}


def critical(k: dict[str, float], state: int) -> float:
    """The critical current out of ``state``, with its sign."""
    return k.ic_ap_p if state else -k.ic_p_ap


def source(k: dict[str, float], state: int, ratio: float) -> tuple[str, float]:
    """What drives it out of ``state`` with ``ratio`` times the critical torque until it has switched, and the current at first.

    A current, but to a tunnel junction, whose torque goes with it, a voltage.
    """
    if not k.stt_tunnel:
        current = ratio * critical(k, state)
        return f"Id 0 d {current!r}", current
    v = (2 * state - 1) * ratio * k.ic_p_ap * k.r_p
    return f"Vd d 0 {v!r}", float(v * conductance.conductance(k, v, 1.0 - 2 * state, k.temperature))


def expected(k: dict[str, float], state: int, current: float) -> float:
    drive = overdrive(k, abs(current), "ap" if state else "p")
    return float(switching_time(drive, 1.0, k.delta, k.theta0, k.tau_d))


@pytest.mark.parametrize("ratio", [0.5, 0.8, 0.95, 1.0, 1.2, 2.0, 6.0])
@pytest.mark.parametrize("state", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_a_constant_drive_switches_in_the_mean_switching_time(
    netlist: Netlist, transient: Transient, crossing: Crossing, name: str, state: int, ratio: float
) -> None:
    """In both regimes and both directions, over seven decades of time.

    The current through a tunnel junction grows within the last hundredths of the way to parallel, and counts there.
    """
    k = CARDS[name]
    circuit, current = source(k, state, ratio)
    time = expected(k, state, current)
    found = transient(netlist(k, circuit, model="fast", values={"state": state}), time / 20, 2.2 * time)
    grows = k.stt_tunnel and state  # up to twofold: a tenth of the time where it goes with the exponential of the drive
    assert crossing(found) == pytest.approx(time, rel=0.12 if grows else 2e-4)
    assert found["v(mz)"][[0, -1]] == pytest.approx([1 - 2 * state, 2 * state - 1], abs=1e-6)
    assert not np.any(found["v(mx)"])
    assert not np.any(found["v(my)"])


@pytest.mark.parametrize("ratio", [0.8, 1.2, 6.0])
@pytest.mark.parametrize("state", [0, 1])
def test_a_tunnel_junction_switches_under_a_current_too(
    netlist: Netlist, transient: Transient, crossing: Crossing, state: int, ratio: float
) -> None:
    """Turned parallel it has 1/(1 + TMR) of the voltage, and so of the torque: it is over the barrier then, and goes on."""
    k = CARDS["stt-bnn-65nm"]
    current = ratio * critical(k, state)
    time = expected(k, state, current)
    found = transient(netlist(k, f"Id 0 d {current!r}", model="fast", values={"state": state}), time / 20, 2.2 * time)
    assert crossing(found) == pytest.approx(time, rel=0.03 if ratio > 1 else 0.12)
    assert found["v(mz)"][-1] == pytest.approx(2 * state - 1, abs=1e-6)


@pytest.mark.parametrize("ratio", [2.0, 4.0])
@pytest.mark.parametrize("state", [0, 1])
@pytest.mark.parametrize("name", ["fong-pma", "stt-bnn-65nm"])
def test_it_switches_within_a_factor_of_two_of_the_llg_equation(
    netlist: Netlist, transient: Transient, crossing: Crossing, name: str, state: int, ratio: float
) -> None:
    """Perpendicular devices from their nominal angle.  The LLG run has no thermal kicks on the way, so it is the slower one.

    A tunnel junction's torque goes with the voltage, which a current source would take from it as it turns parallel.
    """
    k = CARDS[name]
    current = ratio * critical(k, state)
    stop = 2 * expected(k, state, current)
    v = float(conductance.voltage(k, current, 1 - 2 * state, k.temperature))
    drive: Literal["voltage", "current"] = "voltage" if k.stt_tunnel else "current"
    circuit, value = (f"Vd d 0 {v!r}", v) if k.stt_tunnel else (f"Id 0 d {current!r}", current)
    path = llg.integrate(k, drive=drive, value=value, stop=stop, antiparallel=bool(state), rtol=1e-6)
    found = transient(netlist(k, circuit, model="fast", values={"state": state}), 50e-12, stop)
    assert 0.5 < crossing(found) / path.t_switch < 1.0


def test_a_voltage_switches_it_in_a_tenth_of_the_steps_that_the_llg_equation_takes(
    netlist: Netlist, transient: Transient, crossing: Crossing
) -> None:
    k = CARDS["umn-i-pmtj"]
    runs = [
        transient(netlist(k, "Vd d 0 0.6", model=model, values={"state": 1}), step, 3e-9, names=["i(vd)"])
        for model, step in (("fast", 50e-12), ("llg", 2e-12))
    ]
    assert len(runs[0]["time"]) < len(runs[1]["time"]) / 10
    assert crossing(runs[0]) == pytest.approx(crossing(runs[1]), rel=0.15)
    np.testing.assert_allclose(runs[0]["i(vd)"][[0, -1]], runs[1]["i(vd)"][[0, -1]], rtol=5e-3)


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("state", [0, 1])
def test_its_resistance_is_that_of_the_conductance_law(netlist: Netlist, name: str, state: int) -> None:
    k, ngspice = CARDS[name], simulator()
    text = netlist(k, "Vd d 0 0", solver="reltol=1e-9 abstol=1e-18", model="fast", values={"state": state})
    ngspice.load(text)
    ngspice.command("dc vd -0.65 0.6 0.1")
    found = ngspice.vectors(["v(d)", "i(vd)"])
    g = conductance.conductance(k, found["v(d)"], 1.0 - 2 * state, k.temperature)
    np.testing.assert_allclose(-found["i(vd)"] / found["v(d)"], g, rtol=1e-8)


@pytest.mark.parametrize("name", ["arm-50nm", "stt-bnn-65nm"])
def test_its_numbers_scale_as_the_closed_form_says(netlist: Netlist, transient: Transient, crossing: Crossing, name: str) -> None:
    """The factor of Hk against a card whose interface anisotropy makes its Hk larger by it, the others by their definition."""
    card = load_device(name, MtjCard)
    k = CARDS[name]
    own = card.anisotropy.ki
    assert own is not None
    more = own.value + 0.02 * MU0 * k.ms * k.hk / 2 * card.geometry.t_free.value
    other = card.anisotropy.model_copy(update={"ki": own.model_copy(update={"value": more})})
    strong = card.model_copy(update={"anisotropy": other}).at().numbers
    assert strong.hk == pytest.approx(1.02 * k.hk, rel=1e-9)
    strong = replace(strong, theta0=k.theta0)
    field = 1 + k.hk_size / k.hk * (
        1 / 1.1 - 1
    )  # Hk of a larger junction; of a perpendicular layer the critical current goes with it
    scaled = {name: 1.21 * field * getattr(k, name) for name in ("delta", "ic_ap_p", "ic_p_ap")}
    large = replace(k, tau_d=k.tau_d / field, r_p=k.r_p / 1.21, **scaled)
    tilted = replace(k, theta0=0.2)
    ra = k.r_p * k.area * 1e12
    thick = replace(k, r_p=1.5 * k.r_p)
    for ratio in (0.9, 5.0):
        circuit, first = source(k, 0, ratio)
        for values, other in (
            ({"hk": 1.02}, strong),
            ({"cd": 1.1}, large),
            ({"theta0": 0.2}, tilted),
            ({"ra": 1.5 * ra}, thick),
        ):
            area = values.get("cd", 1.0) ** 2 if k.stt_tunnel else 1.0  # of the current that a voltage drives
            time = expected(other, 0, first * area / (values.get("ra", ra) / ra if k.stt_tunnel else 1.0))
            text = netlist(k, circuit, model="fast", values={"state": 0, **values})
            assert crossing(transient(text, time / 20, 1.5 * time)) == pytest.approx(time, rel=2e-4), values


def test_what_a_pulse_leaves_unfinished_decays_and_then_counts_no_more(
    netlist: Netlist, transient: Transient, crossing: Crossing
) -> None:
    k = CARDS["arm-50nm"]
    current = 3 * k.ic_ap_p
    time = expected(k, 1, current)

    def switched(pause: float, held: float = 0.0) -> float:
        edges = [0.0, 0.6 * time, 0.6 * time + pause, 1.2 * time + pause]
        levels = [current, held * k.ic_ap_p, current, 0.0]
        points = " ".join(
            f"{t + 1e-13 * (t > 0)!r} {i!r} {t2!r} {i!r}" for t, t2, i in zip(edges, [*edges[1:], 1e-6], levels, strict=True)
        )
        text = netlist(k, f"Id 0 d pwl({points})", model="fast", values={"state": 1})
        return crossing(transient(text, 20e-12, edges[-1] + 5 * time))

    assert switched(1e-12) == pytest.approx(time, rel=0.01)
    assert switched(20 * k.tau_d) == float("inf")
    assert switched(20 * k.tau_d, held=0.2) == pytest.approx(time + 20 * k.tau_d, rel=0.01)


def test_a_current_that_holds_the_state_never_switches_it(netlist: Netlist, transient: Transient) -> None:
    for state in (0, 1):
        k = CARDS["stt-bnn-65nm"]
        text = netlist(k, f"Id 0 d {-5 * critical(k, state)!r}", model="fast", values={"state": state})
        assert transient(text, 100e-12, 50e-9)["v(mz)"] == pytest.approx(1 - 2 * state, abs=1e-9)


def test_it_is_written_back_and_forth(netlist: Netlist, transient: Transient) -> None:
    """Four pulses of alternating sign, each 1.5 times the switching time."""
    k = CARDS["fong-pma"]
    current = 4 * max(k.ic_ap_p, k.ic_p_ap)
    width = 1.5 * max(expected(k, 1, current), expected(k, 0, -current))
    text = netlist(
        k, f"Id 0 d pulse({-current!r} {current!r} 0 1p 1p {width!r} {2 * width!r})", model="fast", values={"state": 1}
    )  # fmt: skip
    found = transient(text, 20e-12, 4 * width)
    ends = np.interp(width * np.array([0.98, 1.98, 2.98, 3.98]), found["time"], found["v(mz)"])
    np.testing.assert_allclose(ends, [1, -1, 1, -1], atol=1e-3)
