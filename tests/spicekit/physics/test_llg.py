"""The macrospin equation: structure, energy, frequency, signs, options."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spicekit.devices import list_devices, load_device
from spicekit.devices.mtj import MtjCard
from spicekit.errors import UserError
from spicekit.physics import llg

CARDS = {name: load_device(name, MtjCard).at().numbers for name in list_devices("mtj")}
Vector = tuple[float, float, float]


def unit(z: float, phi: float) -> Vector:
    rho = math.sqrt(1 - z * z)
    return rho * math.cos(phi), rho * math.sin(phi), z


NAME = st.sampled_from(sorted(CARDS))
UNIT = st.builds(unit, st.floats(-0.999, 0.999), st.floats(0, 6.28))
CURRENT = st.floats(-300e-6, 300e-6)


@settings(deadline=None)
@given(NAME, UNIT, CURRENT, CURRENT, st.floats(-1, 1))
def test_the_rate_is_tangent_to_the_sphere(name: str, m: Vector, i: float, i_rail: float, v: float) -> None:
    p = CARDS[name]
    rate = np.array(llg.rate(p, m, p.temperature, v, i, i_rail), dtype=float)
    assert abs(np.dot(rate, m)) <= 1e-12 * np.linalg.norm(rate) + 1e-5  # 1e-5/s out of some 1e10/s


@settings(deadline=None)
@given(NAME, UNIT, CURRENT, CURRENT, st.floats(-1, 1))
def test_it_solves_gilberts_implicit_equation(name: str, m: Vector, i: float, i_rail: float, v: float) -> None:
    p = replace(CARDS[name], gilbert=1.0, stt_fieldlike=0.3, k_norm=0.0)
    ms, temperature = p.ms, p.temperature
    rate = np.array(llg.rate(p, m, temperature, v, i, i_rail), dtype=float)
    h = np.array(llg.effective_field(p, m, ms, v))
    a, b = (np.array(x, dtype=float) for x in llg.torque_fields(p, m, ms, temperature, v, i, i_rail))
    torque = np.cross(m, h) + np.cross(m, np.cross(m, a)) + np.cross(m, b)
    expected = -p.gamma * p.mu0 * torque + p.alpha * np.cross(m, rate)
    np.testing.assert_allclose(rate, expected, atol=float(1e-10 * np.linalg.norm(rate) + 1e-3))


@settings(deadline=None)
@given(NAME, UNIT, st.floats(-1, 1))
def test_the_field_is_the_slope_of_the_energy_and_without_a_drive_energy_falls(name: str, m: Vector, v: float) -> None:
    p = CARDS[name]
    field = np.array(llg.effective_field(p, m, p.ms, v))
    step, slope = 1e-6, []
    for axis in range(3):
        up, down = (np.array(m) + sign * step * np.eye(3)[axis] for sign in (1, -1))
        energies = [llg.energy_density(p, tuple(x), p.temperature, v) for x in (up, down)]
        slope.append((energies[0] - energies[1]) / (2 * step))
    np.testing.assert_allclose(-np.array(slope) / (p.mu0 * p.ms), field, atol=1e-6 * p.ms)
    idle = replace(p, stt_coefficient=0.0)  # a tunnel junction's torque goes with the voltage, whatever the current
    rate = np.array(llg.rate(idle, m, p.temperature, v, 0.0, 0.0), dtype=float)
    # a rate below 1e-3/s is rounding: it is the difference of terms of some 1e10/s, as at the equator
    assert np.dot(field, rate) >= -1e-9 * np.linalg.norm(field) * (np.linalg.norm(rate) + 1e6)


@pytest.mark.parametrize("name", ["umn-i-pmtj", "umn-imtj"])
def test_energy_falls_along_a_relaxation(name: str) -> None:
    p = CARDS[name]
    path = llg.integrate(p, drive="voltage", value=0.0, stop=5e-9, antiparallel=False, theta0=1.2, phi0=0.4)
    energy = llg.energy_density(p, tuple(path.m), p.temperature)
    assert np.all(np.diff(energy) < 1e-9 * np.ptp(energy))
    assert path.energy == 0


@pytest.mark.parametrize("name", ["umn-i-pmtj", "umn-imtj", "imce-45nm"])
def test_the_precession_has_kittels_frequency(name: str) -> None:
    p = replace(CARDS[name], alpha=0.0, k_norm=0.0, hx=0.0)
    easy = int(np.argmax([p.ex, p.ey, p.ez]))
    applied = 2e4
    p = replace(p, **{("hx", "hy", "hz")[easy]: applied})
    n, k = np.array([p.nxx, p.nyy, p.nzz]), np.zeros(3)
    k[2] = p.n_perp * p.ms + 2 * p.k_perp / (p.mu0 * p.ms)
    stiffness = [applied + (k[easy] - k[j]) + (n[j] - n[easy]) * p.ms for j in range(3) if j != easy]
    kittel = p.gamma * p.mu0 * math.sqrt(stiffness[0] * stiffness[1]) / (2 * math.pi)
    path = llg.integrate(p, drive="voltage", value=0.0, stop=20 / kittel, antiparallel=False, theta0=1e-3)
    across = path.m[(easy + 1) % 3]
    rising = np.flatnonzero((across[:-1] < 0) & (across[1:] >= 0))
    zeros = path.t[rising] - across[rising] * np.diff(path.t)[rising] / np.diff(across)[rising]
    assert (len(zeros) - 1) / (zeros[-1] - zeros[0]) == pytest.approx(kittel, rel=2e-5)


def test_the_length_of_m_holds_for_50_ns_with_and_without_the_pull() -> None:
    for p in (CARDS["fong-pma"], replace(CARDS["fong-pma"], k_norm=0.0)):
        path = llg.integrate(p, drive="current", value=-40e-6, stop=50e-9, antiparallel=False, rtol=1e-6)
        assert np.max(np.abs(np.linalg.norm(path.m, axis=0) - 1)) < 1e-4
    # and a length that is off comes back at rate 2 k_norm
    p = CARDS["fong-pma"]
    pull = np.array(llg.rate(p, (0.0, 0.0, 1.001), 300.0, 0.0, 0.0, 0.0))
    assert pull[2] == pytest.approx(-2 * 0.001 * p.k_norm, rel=2e-3)


def test_explicit_and_implicit_solvers_agree() -> None:
    p = CARDS["stt-bnn-65nm"]
    times = [
        llg.integrate(p, drive="voltage", value=0.5, stop=8e-9, antiparallel=True, method=method, rtol=rtol).t_switch  # type: ignore[arg-type]
        for method, rtol in (("DOP853", 1e-9), ("Radau", 1e-6))
    ]
    assert times[0] == pytest.approx(times[1], rel=1e-4)


def test_positive_current_writes_parallel_and_negative_antiparallel() -> None:
    for name in ("stt-bnn-65nm", "umn-imtj", "arm-50nm"):
        p = CARDS[name]
        for sign, antiparallel in ((1, True), (-1, False)):
            limit = p.ic_ap_p if antiparallel else p.ic_p_ap
            for factor in (3.0, 0.3):
                drive = sign * factor * limit
                path = llg.integrate(p, drive="current", value=drive, stop=20e-9, antiparallel=antiparallel, rtol=1e-6)
                assert math.isfinite(path.t_switch) == (factor > 1), (name, sign, factor)
            opposite = llg.integrate(p, drive="current", value=-3 * sign * limit, stop=10e-9, antiparallel=antiparallel)
            assert opposite.t_switch == math.inf


def test_the_critical_current_is_where_the_linear_growth_starts() -> None:
    p = CARDS["fong-pma"]  # uniaxial with an angular factor: the two directions differ
    for antiparallel, limit in ((True, p.ic_ap_p), (False, -p.ic_p_ap)):
        for factor, grows in ((1.02, True), (0.98, False)):
            path = llg.integrate(p, drive="current", value=factor * limit, stop=5e-9, antiparallel=antiparallel)
            tilt = np.hypot(path.m[0], path.m[1])
            assert (tilt[-1] > tilt[0]) == grows
            expected = math.exp((factor - 1) * 5e-9 / p.tau_d)
            assert tilt[-1] / tilt[0] == pytest.approx(expected, rel=0.01)


def test_a_positive_rail_current_pulls_towards_plus_y_and_theta_sh_sets_the_sign() -> None:
    p = CARDS["imce-45nm"]
    for factor in (1.0, -1.0):
        q = replace(p, sot_coefficient=factor * p.sot_coefficient)
        path = llg.integrate(q, drive="voltage", value=0.0, rail_current=500e-6, stop=2e-9, antiparallel=False)
        assert factor * path.m[1, -1] > 0.9
    # a junction without a rail takes no notice of one
    still = llg.integrate(CARDS["arm-50nm"], drive="voltage", value=0.0, rail_current=500e-6, stop=1e-9, antiparallel=False)
    assert still.t_switch == math.inf
    assert still.energy == 0
    assert not np.any(still.i_rail)


@pytest.mark.parametrize(("sign", "antiparallel"), [(1, True), (1, False), (-1, True), (-1, False)])
def test_imces_write_pulse_sets_the_state_that_its_sign_names(sign: int, antiparallel: bool) -> None:
    p = CARDS["imce-45nm"]
    for phi in (0.3, 1.9, 3.5, 5.1):
        for theta in (0.03, 0.2):
            path = llg.integrate(
                p, drive="voltage", value=0.0, rail_current=lambda t: sign * 120e-6 if t < 1e-9 else 0.0,
                breaks=[1e-9], stop=4e-9, antiparallel=antiparallel, theta0=theta, phi0=phi, rtol=1e-6,
            )  # fmt: skip
            assert sign * path.m[2, -1] > 0.9
            assert path.energy == pytest.approx((120e-6) ** 2 * p.r_rail * 1e-9, rel=2e-3)


def test_the_spin_current_has_its_diffusion_factor_and_its_area_ratio() -> None:
    card = load_device("umn-she-sot", MtjCard)
    p, rail = card.at().numbers, card.rail
    assert rail is not None
    share = 0.4 * (1 - 1 / math.cosh(5 / 3.5))
    spin_current = share * p.area / (45e-9 * 5e-9)  # an ampere in the rail
    hbar_2e = 1.054571817e-34 / (2 * 1.602176634e-19)
    assert p.sot_coefficient == pytest.approx(hbar_2e * spin_current / (p.mu0 * p.volume), rel=1e-12)
    assert p.r_rail == pytest.approx(533.3, abs=0.05)


def test_a_positive_voltage_lowers_the_perpendicular_anisotropy() -> None:
    p = CARDS["spinlib-vgsot"]
    low, high = (llg.effective_field(p, (0.0, 0.0, 1.0), p.ms, v)[2] for v in (0.5, -0.5))
    expected = 2 * 60e-15 / (p.mu0 * p.ms * 1.4e-9 * 1.1e-9)  # 2 xi V/(mu0 Ms t_ox t_free) over 1 V
    assert high - low == pytest.approx(expected, rel=1e-9)


def test_joule_heating_is_the_step_response_of_its_rc() -> None:
    p = replace(CARDS["stt-bnn-65nm"], thermal=1.0, r_th=2e6, c_th=1e-15)
    path = llg.integrate(p, drive="voltage", value=0.1, stop=10e-9, antiparallel=False, theta0=1e-6)
    power = 0.1**2 / p.r_p  # the parallel resistance knows no temperature
    rise = power * 2e6 * (1 - np.exp(-path.t / 2e-9))
    np.testing.assert_allclose(path.temperature - 300, rise, atol=1e-5)
    # heat lowers Ms and the polarisation: the antiparallel state then conducts better
    hot = llg.integrate(p, drive="voltage", value=-0.4, stop=10e-9, antiparallel=True, theta0=1e-6)
    assert hot.temperature[-1] > 320
    assert hot.r[-1] < hot.r[0]


def test_a_pulse_in_the_middle_is_not_stepped_over_and_ends_on_time() -> None:
    p = CARDS["stt-bnn-65nm"]
    path = llg.integrate(
        p, drive="voltage", value=lambda t: 0.6 if 10e-9 <= t < 22e-9 else 0.0, breaks=[10e-9, 22e-9], stop=30e-9,
        antiparallel=True,
    )  # fmt: skip
    quiet = llg.integrate(p, drive="voltage", value=0.6, stop=6e-9, antiparallel=True)
    assert 10e-9 + quiet.t_switch < path.t_switch < 22e-9  # damping shrank its angle first
    assert path.v[path.t < 10e-9].max() == 0
    assert path.v[path.t >= 22e-9].max() == 0


def test_bad_times_are_the_users_to_mend() -> None:
    p = CARDS["arm-50nm"]
    with pytest.raises(UserError, match="stop"):
        llg.integrate(p, drive="voltage", value=0.1, stop=0.0, antiparallel=True)
    with pytest.raises(UserError, match="times"):
        llg.integrate(
            p, drive="voltage", value=0.1, stop=1e-9, antiparallel=True, times=np.array([0.0, 2e-9])
        )  # fmt: skip
