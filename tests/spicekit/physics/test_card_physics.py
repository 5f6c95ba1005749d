"""What every card obeys: its barrier and critical current against temperature, its field Hk, its initial tilt; a tunnel
junction's torque against spin currents in four channels."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from spicekit.devices import list_devices, load_device
from spicekit.devices.mtj import MtjCard
from spicekit.physics import conductance, llg
from spicekit.physics.constants import E_CHARGE, HBAR, K_B
from spicekit.physics.initial import direction
from spicekit.physics.macromodel import MtjNumbers, overdrive
from spicekit.physics.write_error import spread

NAMES = list_devices("mtj")
TUNNEL = ("stt-bnn-65nm", "imce-45nm", "freepdk45-sot")
CELSIUS = (-40.0, 0.0, 27.0, 85.0, 125.0)


def card(name: str) -> MtjCard:
    return load_device(name, MtjCard)


def barrier(p: MtjNumbers) -> float:
    """Energy in J from the easy axis to the lowest point of its equator, by going round it."""
    p = replace(p, hx=0.0, hy=0.0, hz=0.0)
    turn = np.linspace(0, 2 * np.pi, 721)
    equator, easy = direction(p, np.pi / 2, turn, False), direction(p, 0.0, 0.0, False)
    energy = [llg.energy_density(p, tuple(m), p.temperature) for m in (equator, easy)]
    return float((np.min(energy[0]) - energy[1]) * p.volume)


# ---------------------------------------------------------------- temperature


@pytest.mark.parametrize("name", NAMES)
def test_barrier_and_stability_fall_with_temperature_and_no_critical_current_rises(name: str) -> None:
    placed = [card(name).at(celsius + 273.15).numbers for celsius in CELSIUS]
    stability = [p.delta for p in placed]
    energy = [p.delta * K_B * p.temperature for p in placed]
    for falling in (energy, stability, [barrier(p) for p in placed]):
        assert np.all(np.diff(falling) < 0)
    for rising in ([p.ic_ap_p for p in placed], [p.ic_p_ap for p in placed]):
        assert np.all(np.diff(rising) <= 0)
    assert stability[0] / stability[-1] > (125 + 273.15) / (273.15 - 40)  # kT alone would do that


@pytest.mark.parametrize("name", ["stt-bnn-65nm", "imce-45nm"])
def test_the_barrier_of_a_thin_layer_falls_as_measured_from_300_to_400_k(name: str) -> None:
    """W/CoFeB/MgO: the anisotropy falls by some 30 % at 1.7 nm and 50 % at 1.2 nm (K.-M. Lee et al., AIP Advances 7, 065107
    (2017)); the layers of these cards are 1.3 and 1 nm thick."""
    cold, hot = (barrier(card(name).at(kelvin).numbers) for kelvin in (300.0, 400.0))
    assert 0.5 < hot / cold < 0.7


@pytest.mark.parametrize("name", [n for n in NAMES if load_device(n, MtjCard).anisotropy.exponent])
def test_an_anisotropy_goes_with_a_power_of_the_magnetisation(name: str) -> None:
    """K(T)/K(T0) = (Ms(T)/Ms(T0))^n (Callen and Callen): n from the anisotropy of the macromodel itself, bare of its shape."""
    own, hot = card(name).at().numbers, card(name).at(398.0).numbers
    given = card(name).anisotropy.exponent
    assert given is not None
    bare = [
        barrier(replace(p, nxx=0.0, nyy=0.0, nzz=0.0)) / p.volume if p.nzz else p.k_easy for p in (own, hot)
    ]  # fmt: skip
    assert math.log(bare[1] / bare[0]) / math.log(hot.ms / own.ms) == pytest.approx(given.value, rel=1e-9)


def test_heat_from_within_is_heat_from_without() -> None:
    """A junction heated to 398 K by its current has the field of one placed there."""
    for name in ("arm-50nm", "imce-45nm", "umn-c-pmtj"):
        cold, hot = card(name).at(300.0).numbers, card(name).at(398.0).numbers
        m = (0.36, 0.48, 0.8)
        fields = [llg.effective_field(p, m, llg.magnetisation(p, 398.0), 0.0) for p in (cold, hot)]
        np.testing.assert_allclose(fields[0], fields[1], rtol=1e-9)


# ---------------------------------------------------------------- torque


def four_channels(p: float, theta: float) -> tuple[float, float]:
    """Charge current, and torque on the free layer over hbar/2e, of two ferromagnets of polarisation ``p`` at ``theta``.

    Spins tunnel from state to state with the product of the densities and the overlap of the spinors.  What the spin current
    loses between the layers goes to the torques, each across its own layer (Slonczewski, Phys. Rev. B 71, 024411 (2005)).
    """
    density = {1: (1 + p) / 2, -1: (1 - p) / 2}
    flow = {
        (a, b): density[a] * density[b] * (math.cos(theta / 2) ** 2 if a == b else math.sin(theta / 2) ** 2)
        for a in density for b in density
    }  # fmt: skip
    pinned, free = np.array([0.0, 1.0]), np.array([math.sin(theta), math.cos(theta)])
    lost = np.sum([f * (a * pinned - b * free) for (a, b), f in flow.items()], axis=0)
    across = np.array([[1.0, 0.0], [math.cos(theta), -math.sin(theta)]])  # unit vectors across pinned and free layer
    return sum(flow.values()), float(np.linalg.solve(across.T, lost)[1])


@pytest.mark.parametrize("name", TUNNEL)
def test_a_tunnel_junctions_torque_is_that_of_four_spin_channels(name: str) -> None:
    p = card(name).at().numbers
    polarisation = math.sqrt(p.tmr / (p.tmr + 2))
    small = 1e-6  # V: the elastic limit
    for theta in np.radians([1.0, 40.0, 90.0, 140.0, 179.0]):
        m = (math.sin(theta), 0.0, math.cos(theta))
        i = small * conductance.conductance(p, small, m[2], p.temperature)
        a = np.array(llg.torque_fields(p, m, p.ms, p.temperature, small, i, 0.0)[0])[2]
        charge, torque = four_channels(polarisation, theta)
        assert p.mu0 * p.ms * p.volume * a * math.sin(theta) == pytest.approx(
            HBAR / (2 * E_CHARGE) * abs(torque) / charge * i, rel=1e-6
        )
        assert abs(torque) / charge == pytest.approx(polarisation * math.sin(theta) / (1 + polarisation**2 * math.cos(theta)))


@pytest.mark.parametrize("name", TUNNEL)
@pytest.mark.parametrize("state", ["p", "ap"])
def test_the_critical_current_is_where_a_tunnel_junctions_tilt_starts_to_grow(name: str, state: str) -> None:
    p = replace(card(name).at().numbers, hx=0.0, sot=0.0)
    critical = p.ic_p_ap if state == "p" else p.ic_ap_p
    back = -1.0 if state == "p" else 1.0
    v = [float(conductance.voltage(p, sign * i, c, p.temperature)) for i, sign, c in ((p.ic_p_ap, -1, 1.0), (p.ic_ap_p, 1, -1.0))]
    assert -v[0] == pytest.approx(v[1], rel=1e-9)  # one voltage, both ways
    tau = 1 / (p.alpha * p.gamma * p.mu0 * p.stiffness)  # the mean of both axes
    for factor in (1.03, 0.97):
        assert float(overdrive(p, factor * critical, "p" if state == "p" else "ap")) == pytest.approx(factor, rel=0.01)
        path = llg.integrate(
            p, drive="voltage", value=back * factor * abs(v[0]), stop=5 * tau, antiparallel=state == "ap", theta0=1e-3, rtol=1e-8
        )  # fmt: skip
        early, late = (np.hypot(*path.m[:2, part]).max() for part in (slice(0, 300), slice(-300, None)))
        assert (late > early) == (factor > 1)
        if name == "stt-bnn-65nm":  # circular
            tilt = np.hypot(path.m[0], path.m[1])
            assert math.log(tilt[-1] / tilt[0]) == pytest.approx((factor - 1) * 5, rel=0.02)


def test_the_junction_of_the_networks_needs_more_current_to_leave_the_parallel_state() -> None:
    """P^2 = TMR/(TMR + 2) is 5/9: at 0 V an ampere makes 3.5 times the torque antiparallel that it makes parallel."""
    p = card("stt-bnn-65nm").at().numbers
    moment = p.mu0 * p.ms * p.hk * p.volume
    assert p.ic_p_ap == pytest.approx(2 * E_CHARGE / HBAR * p.alpha * moment * (1 + 5 / 9) / math.sqrt(5 / 9), rel=1e-9)
    v = p.ic_p_ap * p.r_p
    assert p.ic_ap_p == pytest.approx(p.ic_p_ap / (1 + 2.5 / (1 + (v / 0.5) ** 2)), rel=1e-9)
    assert (p.ic_ap_p, p.ic_p_ap, v) == (
        pytest.approx(9.3e-6, rel=0.01),
        pytest.approx(31.5e-6, rel=0.01),
        pytest.approx(0.1115, rel=0.01),
    )


def test_a_tunnel_junctions_torque_follows_the_tmr_that_is_given() -> None:
    junction = card("stt-bnn-65nm").at(350.0)
    changed = junction.changed(tmr=1.0)
    square = changed.numbers.tmr / (changed.numbers.tmr + 2)
    before = junction.numbers.tmr / (junction.numbers.tmr + 2)
    ratio = (1 + square) / math.sqrt(square) / ((1 + before) / math.sqrt(before))
    assert changed.numbers.ic_p_ap / junction.numbers.ic_p_ap == pytest.approx(ratio, rel=1e-12)
    assert conductance.tmr(changed.numbers, 350.0) == pytest.approx(changed.numbers.tmr, rel=1e-12)


# ---------------------------------------------------------------- one field Hk


@pytest.mark.parametrize("name", NAMES)
def test_hk_is_the_effective_field_to_a_campaign_as_to_the_write_error_rate(name: str) -> None:
    """A factor on the point hk moves the barrier by itself, as ``spicekit wer --sigma hk`` has it."""
    p = card(name).at().numbers
    for factor in (0.97, 1.03):
        moved = replace(p, k_easy=p.k_easy + (factor - 1) * p.k_eff)
        added = (factor - 1) * p.delta * (K_B if not card(name).constants.k_b else 1.38e-23) * p.temperature
        assert barrier(moved) - barrier(p) == pytest.approx(added, rel=1e-9)
        assert spread(p.delta, 1.0, 1.0, ra=1.0, anisotropy=factor)[0] == pytest.approx(factor * p.delta)


# ---------------------------------------------------------------- initial tilt


def ellipse(**changes: object) -> MtjCard:
    """Easy axis x: 160 nm x 80 nm x 5 nm, factors 0.04, 0.09, 0.87."""
    raw = card("umn-imtj").model_dump(exclude_none=True)

    def number(value: float, unit: str) -> dict[str, object]:
        return {"value": value, "unit": unit, "source": "a test"}

    raw["geometry"] = {"shape": "ellipse", "lx": number(160, "nm"), "ly": number(80, "nm"), "t_free": number(5, "nm")}
    raw["magnet"]["easy_axis"] = "x"
    raw["demagnetisation"] = {
        "model": "tensor",
        **{f"n{a}{a}": number(n, "1") for a, n in (("x", 0.04), ("y", 0.09), ("z", 0.87))},
    }
    return MtjCard.model_validate(raw | changes)


@pytest.mark.parametrize("name", [*NAMES, "ellipse"])
def test_the_initial_tilt_costs_half_a_kt(name: str) -> None:
    """With the rules 1/(2 Delta); of the cards whose Delta is the barrier.  Across the plane it would be 8 kT in the ellipse."""
    own = ellipse() if name == "ellipse" else card(name)
    p = replace(own.at().numbers, hx=0.0, hy=0.0, hz=0.0)
    start = direction(p, p.theta0, np.array([p.phi0, *np.linspace(0, 2 * np.pi, 361)]), True)
    rest = direction(p, 0.0, 0.0, True)
    energy = np.array(llg.energy_density(p, tuple(start), p.temperature) - llg.energy_density(p, tuple(rest), p.temperature))
    assert energy[0] == pytest.approx(energy.min(), rel=1e-6)  # the softest way there is
    if own.initial.theta0_rule != "given" and own.anisotropy.convention == "net":
        assert energy[0] * p.volume / (K_B * p.temperature) == pytest.approx(0.5, rel=1e-3)
    if name == "ellipse":
        assert energy.max() / energy[0] == pytest.approx((0.87 - 0.04) / (0.09 - 0.04), rel=1e-6)


def test_an_in_plane_junction_starts_in_its_plane_as_the_umn_library_has_it() -> None:
    """UMN's in-plane deck starts at (sin(theta0), -cos(theta0), 0) with theta0 = asin(1/sqrt(2 Delta)), Delta by Nx - Ny."""
    p = card("umn-imtj").at().numbers
    theta0 = math.asin(math.sqrt(1 / (2 * p.delta)))
    np.testing.assert_allclose(direction(p, p.theta0, p.phi0, True), [math.sin(theta0), -math.cos(theta0), 0], atol=1e-12)
    assert p.delta == pytest.approx((p.nxx - p.nyy) * p.mu0 * p.ms**2 * p.volume / (2 * 1.38e-23 * p.temperature), rel=1e-12)


def test_drawn_tilts_of_an_in_plane_junction_have_the_energies_of_boltzmann() -> None:
    """Two quadratic degrees of freedom: exponential with a mean of kT."""
    own = ellipse(initial={"theta0_rule": "boltzmann"})
    p = own.at().numbers
    points = {point.kind: point for point in own.at().points("c0")}
    z = np.random.default_rng(1).standard_normal((2, 20_000))
    theta, phi = (points[kind].draw(z[row]) for row, kind in enumerate(("theta0", "phi0")))  # type: ignore[misc]
    start, rest = direction(p, theta, phi, False), direction(p, 0.0, 0.0, False)
    energy = np.array(llg.energy_density(p, tuple(start), p.temperature) - llg.energy_density(p, tuple(rest), p.temperature))
    energy *= p.volume / (K_B * p.temperature)
    assert np.mean(energy) == pytest.approx(1, abs=0.03)
    assert np.mean(energy > 3) == pytest.approx(math.exp(-3), rel=0.1)
    assert abs(np.mean(start[1] > 0) - 0.5) < 0.02


def test_a_drive_takes_as_long_from_the_tilt_as_from_the_softest_one_found_by_search() -> None:
    p = ellipse().at().numbers
    ends = [
        llg.integrate(p, drive="current", value=4e-3, stop=3e-9, antiparallel=True, phi0=phi).t_switch
        for phi in (None, 0.0, math.pi / 2)
    ]
    assert ends[0] == pytest.approx(ends[1], rel=1e-9)
    assert ends[2] < 0.75 * ends[0]  # out of the plane it has sixteen times the energy to begin with
