"""Demagnetisation, temperature laws and stability against closed forms and the figures of Arm's example."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from spicekit.devices import load_device
from spicekit.devices.mtj import MtjCard
from spicekit.physics import magnetics

LENGTH = st.floats(1.0, 200.0)


@given(LENGTH, LENGTH, LENGTH)
def test_the_demagnetising_factors_of_every_shape_sum_to_one(lx: float, ly: float, lz: float) -> None:
    for factors in (magnetics.prism_demagnetisation, magnetics.ellipsoid_demagnetisation):
        tensor = factors(lx, ly, lz)
        assert sum(tensor) == pytest.approx(1, abs=2e-9)
        assert min(tensor) > -1e-9
        order = np.argsort([lx, ly, lz])  # the shortest axis has the largest factor
        assert np.all(np.diff(np.array(tensor)[order]) <= 1e-9)
    nxx, nyy, nzz = magnetics.cylinder_demagnetisation(lx, ly, lz)
    assert nxx + nyy + nzz == pytest.approx(1, abs=1e-12)
    assert min(nxx, nyy, nzz) > 0
    assert (nxx <= nyy) == (lx >= ly) or nxx == pytest.approx(nyy)


@pytest.mark.parametrize("size", [(60, 60, 1.3), (80, 45, 1.0), (45, 80, 1.0), (160, 80, 5), (50, 50, 50), (30, 90, 60)])
def test_a_cylinders_factors_are_those_of_the_charges_on_its_faces_and_its_rim(size: tuple[float, float, float]) -> None:
    """Energy of uniform surface charges by quadrature in real space: N = (1/4 pi V) times the sum of s s' dA dA'/|r - r'|.

    Two faces: pairs of points by their distance d, of which an ellipse has as many as two copies of it d apart overlap.  The rim
    under a magnetisation along x has n_x dl = (ly/2) cos(phi) dphi.
    """
    a, b, t = size[0] / 2, size[1] / 2, size[2]

    def faces(rho: float, angle: float) -> float:
        d = rho * math.hypot(a * math.cos(angle), b * math.sin(angle))
        overlap = a * b * (2 * math.acos(rho / 2) - rho / 2 * math.sqrt(4 - rho * rho))
        return overlap * a * b * rho * (1 / d - 1 / math.hypot(d, t))

    angles = (np.arange(48) + 0.5) * 2 * np.pi / 48
    kinks = [t / max(a, b), 3 * t / min(a, b)]
    charges = [quad(faces, 0, 2, args=(x,), points=[k for k in kinks if k < 2], limit=200)[0] for x in angles]
    nzz = np.mean(charges) * 2 * np.pi / (2 * np.pi * np.pi * a * b * t)

    def rim(turn: float, phi: float) -> float:
        other = phi + turn
        d = math.hypot(a * (math.cos(other) - math.cos(phi)), b * (math.sin(other) - math.sin(phi)))
        pair = 2 * (t * math.asinh(t / d) - math.hypot(d, t) + d)  # 1/|r - r'| over both heights
        return b * b * math.cos(phi) * math.cos(other) * pair

    ends = [1e-3, 1e-2, 0.1, 2 * np.pi - 0.1, 2 * np.pi - 1e-2, 2 * np.pi - 1e-3]
    charges = [quad(rim, 0, 2 * np.pi, args=(x,), points=ends, limit=400)[0] for x in angles]
    nxx = np.mean(charges) * 2 * np.pi / (4 * np.pi * np.pi * a * b * t)
    assert magnetics.cylinder_demagnetisation(*size) == pytest.approx((nxx, 1 - nxx - nzz, nzz), abs=2e-6)


def test_a_thin_disc_has_the_factor_of_its_edge() -> None:
    """N_z = 1 - (t/(pi r)) (ln(8 r/t) - 1/2) for t << r: 1.3 nm on 60 nm gives 0.9349, where Sato and Ishii's form has 0.9534."""
    for t in (1e-3, 1e-5):
        nzz = magnetics.cylinder_demagnetisation(2, 2, t)[2]
        assert 1 - nzz == pytest.approx(t / math.pi * (math.log(8 / t) - 0.5), rel=t)
    assert magnetics.cylinder_demagnetisation(60, 60, 1.3)[2] == pytest.approx(0.9349, abs=5e-5)
    assert magnetics.cylinder_demagnetisation(1, 1, 1e3)[2] == pytest.approx(4 / (3 * math.pi) / 1e3, rel=1e-3)  # a needle's ends


def test_a_cube_and_a_sphere_have_one_third_each() -> None:
    assert magnetics.prism_demagnetisation(7e-9, 7e-9, 7e-9) == pytest.approx((1 / 3,) * 3, abs=1e-12)
    assert magnetics.ellipsoid_demagnetisation(7e-9, 7e-9, 7e-9) == pytest.approx((1 / 3,) * 3, abs=1e-12)


def test_a_spheroid_has_osborns_closed_form() -> None:
    m = 50.0
    root = math.sqrt(m * m - 1)
    oblate = m * m / root**2 * (1 - math.asin(root / m) / root)
    assert magnetics.ellipsoid_demagnetisation(m, m, 1)[2] == pytest.approx(oblate, rel=1e-12)
    prolate = (m / root * math.log(m + root) - 1) / root**2
    assert magnetics.ellipsoid_demagnetisation(1, 1, m)[2] == pytest.approx(prolate, rel=1e-11)


def test_the_prism_is_scale_free_and_permutes_with_its_axes() -> None:
    nxx, nyy, nzz = magnetics.prism_demagnetisation(65e-9, 40e-9, 1.48e-9)
    assert magnetics.prism_demagnetisation(65.0, 40.0, 1.48) == pytest.approx((nxx, nyy, nzz), abs=1e-12)
    assert magnetics.prism_demagnetisation(40e-9, 65e-9, 1.48e-9) == pytest.approx((nyy, nxx, nzz), abs=1e-12)


def test_the_tmr_of_umns_polarisation_falls_with_temperature_as_published() -> None:
    p = magnetics.polarisation(0.69, np.array([300.0, 358.0, 400.0]), 2e-5)
    np.testing.assert_allclose(magnetics.julliere_tmr(p, p) * 100, [123.8, 110.5, 101.2], atol=0.05)
    np.testing.assert_allclose(magnetics.julliere_polarisation(magnetics.julliere_tmr(p, p)), p, rtol=1e-14)


def test_arms_example() -> None:
    p = load_device("arm-50nm", MtjCard).at().numbers
    assert p.nzz == pytest.approx(0.9568, abs=5e-5)
    assert p.hk == pytest.approx(1.781e5, abs=50)
    assert p.delta == pytest.approx(63.66, abs=0.005)
    assert p.ic_ap_p == pytest.approx(21.37e-6, abs=5e-9)
    assert p.ic_p_ap == pytest.approx(21.37e-6, abs=5e-9)
    assert p.tau_d == pytest.approx(2.539e-9, abs=5e-13)
    assert p.theta0 == pytest.approx(1 / math.sqrt(2 * p.delta), rel=1e-14)


def test_umns_delta() -> None:
    assert load_device("umn-i-pmtj", MtjCard).at().numbers.delta == pytest.approx(72.88, rel=1e-4)


def test_a_given_barrier_is_the_barrier_whatever_the_shape() -> None:
    card = load_device("fong-pma", MtjCard)
    assert card.at().numbers.delta == pytest.approx(56, rel=1e-12)
    shaped = card.model_copy(update={"demagnetisation": load_device("umn-i-pmtj", MtjCard).demagnetisation})
    assert shaped.at().numbers.delta == pytest.approx(56, rel=1e-12)


def test_an_in_plane_layer_pays_half_its_out_of_plane_field_in_critical_current() -> None:
    p = load_device("umn-imtj", MtjCard).at().numbers
    soft, hard = (p.nxx - p.nyy) * p.ms, (p.nzz - p.nyy) * p.ms
    assert p.hk == pytest.approx(soft, rel=1e-12)
    uniaxial = magnetics.critical_current(p.alpha, p.ms, p.volume, 0.595, soft, soft)
    biaxial = magnetics.critical_current(p.alpha, p.ms, p.volume, 0.595, soft, hard)
    assert biaxial / uniaxial == pytest.approx((soft + hard) / (2 * soft), rel=1e-12)
