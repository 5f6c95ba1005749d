"""The shipped transistors over temperature, size and bias: within what silicon does."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

from spicekit.netlist import environment
from spicekit.simulator import simulator
from spicekit.technology import load_technology
from spicekit.units import KELVIN
from spicekit.waves import Array

SHIPPED = ("ptm45", "ptm65")
ROLES = ("nmos", "pmos")
TEMPERATURES = (-40.0, 0.0, 27.0, 85.0, 125.0)
POINTS = 121
both = pytest.mark.parametrize(("name", "role"), list(itertools.product(SHIPPED, ROLES)))


@functools.cache
def currents(name: str, role: str, temperature: float, drains: tuple[float, ...]) -> dict[tuple[float, float, float], Array]:
    """|I_D| at :data:`POINTS` gate voltages from 0 to 1.1 times the supply: (W, L, drain voltage) -> array.

    The sizes are the smallest width and 1 um, the shortest length, two and four times that, and 1 um.
    """
    technology, sign = load_technology(name), -1 if role == "pmos" else 1
    lengths = [technology.l_min * times for times in (1, 2, 4)] + [1e-6]
    devices = list(itertools.product((technology.w_min, 1e-6), lengths, drains))
    text = environment().get_template("cmos/transistor.lib.j2").render(technology=technology, corner="tt", roles=(role,))
    lines = [f"* transistors\n.options reltol=1e-6 abstol=1e-18 gmin=1e-18\n.temp {temperature}\n{text}\nVg g 0 0"]
    for k, (width, length, drain) in enumerate(devices):
        lines.append(f"Vd{k} d{k} 0 {sign * drain}\nX{k} d{k} g 0 0 {role}_tt w={width} l={length}")
    vectors = [f"i(vd{k})" for k in range(len(devices))]
    ngspice = simulator()
    ngspice.load("\n".join([*lines, f".save {' '.join(vectors)}", ".end\n"]))
    stop = sign * 1.1 * technology.vdd
    ngspice.command(f"dc vg 0 {stop!r} {stop / (POINTS - 1)!r}")
    found = ngspice.vectors(vectors)
    return {device: -sign * found[vector][:POINTS] for device, vector in zip(devices, vectors, strict=True)}


def over_temperature(name: str, role: str, drains: tuple[float, ...]) -> dict[tuple[float, float, float], Array]:
    """The same for all temperatures: arrays of shape (temperatures, gate voltages)."""
    found = [currents(name, role, temperature, drains) for temperature in TEMPERATURES]
    return {device: np.array([one[device] for one in found]) for device in found[0]}


@both
def test_on_current_falls_with_temperature_and_no_faster_than_mobility_can(name: str, role: str) -> None:
    """Phonons give a mobility of at most T^-1.5 in bulk silicon's inversion layers, surface and velocity saturation less.

    The falling threshold adds to a hot transistor's current.  (Takagi et al., IEEE Trans. Electron Devices 41, 2357 (1994).)
    """
    vdd = load_technology(name).vdd
    kelvin = np.array(TEMPERATURES) + KELVIN
    for device, current in over_temperature(name, role, (0.05, vdd)).items():
        for supply in (0.9, 1.0, 1.1):
            on = current[:, round(supply / 1.1 * (POINTS - 1))]
            assert (np.diff(on) < 0).all(), (device, supply)
            power = np.log(on / on[2])[[0, -1]] / np.log(kelvin / kelvin[2])[[0, -1]]
            assert ((power > -1.5) & (power < 0)).all(), (device, supply, power)


@both
def test_there_is_one_bias_at_which_current_does_not_depend_on_temperature(name: str, role: str) -> None:
    """Mobility and threshold fall together: below it a hot transistor carries more, above it less (Filanovsky and Allam, IEEE
    Trans. Circuits Syst. I 48, 876 (2001))."""
    vdd = load_technology(name).vdd
    gate = np.linspace(0, 1.1 * vdd, POINTS)
    for device, current in over_temperature(name, role, (0.05, vdd)).items():
        hotter = current[-1] > current[0]
        [change] = np.flatnonzero(np.diff(hotter.astype(int)))
        assert hotter[0]
        assert 0.25 * vdd < gate[change] < 0.7 * vdd, device


@both
def test_mobility_is_a_power_of_temperature(name: str, role: str) -> None:
    """Of a long transistor at a fixed overdrive in the linear region; the threshold is extrapolated from the largest slope."""
    drain = 0.02
    current = over_temperature(name, role, (drain,))[(1e-6, 1e-6, drain)]
    gate = np.linspace(0, 1.1 * load_technology(name).vdd, POINTS)
    slope = np.gradient(current, gate, axis=1)
    steepest = slope.argmax(axis=1)
    rows = np.arange(len(TEMPERATURES))
    threshold = gate[steepest] - current[rows, steepest] / slope[rows, steepest] - drain / 2
    falling = np.polyfit(TEMPERATURES, threshold, 1)[0]
    assert -1e-3 < falling < -0.2e-3  # V/K, of every process of these nodes
    mobility = np.log([np.interp(v + 0.3, gate, row) for v, row in zip(threshold, current, strict=True)])
    kelvin = np.log(np.array(TEMPERATURES) + KELVIN)
    power = np.polyfit(kelvin, mobility, 1)
    assert -1.6 < power[0] < -1.0
    assert np.abs(mobility - np.polyval(power, kelvin)).max() < 0.02


@both
def test_a_drain_at_twice_the_supply_does_not_multiply_carriers(name: str, role: str) -> None:
    """Impact ionisation is not modelled: but for gate-induced leakage all of the drain's current comes
    from the source, at twice the supply too."""
    technology, sign = load_technology(name), -1 if role == "pmos" else 1
    text = environment().get_template("cmos/transistor.lib.j2").render(technology=technology, corner="ff", roles=(role,))
    ngspice = simulator()
    for temperature, length in itertools.product((-40.0, 125.0), (technology.l_min, 1e-6)):
        ngspice.load(
            f"* one transistor\n.options abstol=1e-15\n.temp {temperature}\n{text}\nVd d 0 {sign * 2 * technology.vdd}\n"
            f"Vg g 0 {sign * technology.vdd}\nVb b 0 0\nX1 d g 0 b {role}_tt w=1u l={length}\n.save i(vd) i(vb)\n.end\n"
        )
        ngspice.command("op")
        found = ngspice.vectors(["i(vd)", "i(vb)"])
        assert abs(found["i(vb)"][0]) < 1e-2 * abs(found["i(vd)"][0]), (temperature, length)
