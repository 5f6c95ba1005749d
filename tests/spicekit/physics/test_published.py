"""Switching runs that others have published: UMN's i-PMTJ in HSPICE and the perpendicular example of Fong et al."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from spicekit.devices import load_device
from spicekit.devices.mtj import MtjCard
from spicekit.physics import conductance, llg
from spicekit.physics.initial import direction

TIMES = np.array([1.0, 1.5, 2.0, 2.5, 3.0]) * 1e-9
UMN_MZ = np.array([-0.9377, -0.7515, -0.1687, 0.7602, 0.9814])
UMN_SWITCH = 2.0884e-9


def test_umns_interface_perpendicular_junction_from_ap_to_p_at_600_mv() -> None:
    p = load_device("umn-i-pmtj", MtjCard).at().numbers
    path = llg.integrate(p, drive="voltage", value=0.6, stop=3.5e-9, antiparallel=True, times=TIMES)
    assert path.t_switch == pytest.approx(UMN_SWITCH, rel=0.01)
    np.testing.assert_allclose(path.m[2], UMN_MZ, atol=0.03)
    assert path.i[0] == pytest.approx(317.8e-6, rel=1e-3)
    assert p.delta == pytest.approx(72.88, rel=1e-4)


def test_what_is_left_of_umns_figures_is_the_time_step_of_their_run() -> None:
    """The same equations under the trapezoidal rule with 7.2 ps steps give the published run; with 1 ps, ours."""
    p = replace(load_device("umn-i-pmtj", MtjCard).at().numbers, k_norm=0.0)

    def rate(m: np.ndarray) -> np.ndarray:
        i = 0.6 * conductance.conductance(p, 0.6, conductance.cosine(p, *m), p.temperature)
        return np.array(llg.rate(p, (m[0], m[1], m[2]), p.temperature, 0.6, i, 0.0), dtype=float)

    step, m = 7.2e-12, direction(p, p.theta0, p.phi0, antiparallel=True)
    states = [m]
    while len(states) * step < 3.1e-9:
        before, m = rate(states[-1]), states[-1] + step * rate(states[-1])
        for _ in range(12):
            m = states[-1] + step / 2 * (before + rate(m))
        states.append(m)
    t, mz = np.arange(len(states)) * step, np.array(states)[:, 2]
    np.testing.assert_allclose(np.interp(TIMES, t, mz), UMN_MZ, atol=1.2e-3)
    assert np.interp(0.0, mz[t < 2.6e-9], t[t < 2.6e-9]) == pytest.approx(UMN_SWITCH, rel=3e-4)


@pytest.mark.parametrize(("current", "antiparallel", "published"), [(100e-6, True, 1.2465e-9), (-100e-6, False, 2.0668e-9)])
def test_fongs_perpendicular_example(current: float, antiparallel: bool, published: float) -> None:
    p = load_device("fong-pma", MtjCard).at().numbers
    path = llg.integrate(
        p, drive="current", value=current, stop=3e-9, antiparallel=antiparallel, times=np.array([1.0e-9, 1.5e-9])
    )
    assert path.t_switch == pytest.approx(published, rel=5e-5)  # every published digit
    if antiparallel:
        np.testing.assert_allclose(path.m[2], [-0.7699, 0.8017], atol=1e-4)


def test_a_uniaxial_layer_switches_in_the_time_of_the_closed_form() -> None:
    """Constant efficiency, no cross term: t/tau_D is the integral of d theta/((i - cos theta) sin theta), theta0 to pi/2."""
    card = load_device("fong-pma", MtjCard)
    p = replace(card.at().numbers, stt_qp=0.8, stt_qm=0.8, stt_ap=2.0, stt_am=0.0, gilbert=0.0, theta0=0.05)
    limit = p.alpha * p.hk * p.ms / (p.stt_coefficient * 0.8)
    x = math.cos(0.05)
    for i in (1.3, 2.0, 5.0):
        expected = p.tau_d * (
            -math.log(1 - x) / (2 * (i - 1)) + math.log(1 + x) / (2 * (i + 1)) + math.log((i - x) / i) / (i * i - 1)
        )
        path = llg.integrate(p, drive="current", value=i * limit, stop=2 * expected, antiparallel=True)
        assert path.t_switch == pytest.approx(expected, rel=1e-7)
