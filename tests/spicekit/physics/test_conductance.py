"""Conductance laws against published tables, limits and one another."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spicekit.devices import list_devices, load_device
from spicekit.devices.mtj import MtjCard
from spicekit.physics import conductance as c

CARDS = {name: load_device(name, MtjCard).at().numbers for name in list_devices("mtj")}


@pytest.mark.parametrize(
    ("t_ox", "v", "parallel", "antiparallel", "digits"),
    [
        (1.0, 0.0, 2.376, 6.332, 3),
        (1.15, 0.0, 7.286, 19.706, 3),
        (1.5, 0.0, 99.50, 278.7, 2),
        (1.0, 0.1, 2.373, 6.272, 3),
        (1.15, 0.1, 7.272, 19.495, 3),
        (1.5, 0.1, 99.18, 274.7, 2),
    ],
)
def test_purdues_resistance_area_table(t_ox: float, v: float, parallel: float, antiparallel: float, digits: int) -> None:
    ra = [1e12 / float(c.tunnel_conductance(t_ox * 1e-9, v, state)) for state in ("p", "ap")]
    assert ra[0] == pytest.approx(parallel, abs=0.5 * 10**-digits)
    assert ra[1] == pytest.approx(antiparallel, abs=0.5 * 10 ** -(3 if digits == 3 else 1))


def test_both_cosine_laws_end_at_the_two_states_and_differ_between() -> None:
    for law in (c.cosine_resistance, c.cosine_conductance):
        np.testing.assert_allclose(law(1000.0, 1.5, np.array([1.0, -1.0])), [1000, 2500], rtol=1e-14)
    assert float(c.cosine_resistance(1000.0, 1.5, 0.0)) == pytest.approx(1750)  # mean resistance
    assert float(c.cosine_conductance(1000.0, 1.5, 0.0)) == pytest.approx(1 / ((1 / 1000 + 1 / 2500) / 2))
    assert float(c.bias_tmr(1.5, 0.65, 0.65)) == pytest.approx(0.75)
    assert float(c.bias_tmr(1.5, 3.0, math.inf)) == 1.5


@pytest.mark.parametrize(("name", "law"), [("umn-imtj", c.cosine_resistance), ("arm-50nm", c.cosine_conductance)])
def test_the_macromodel_form_is_the_published_law(name: str, law: object) -> None:
    p = CARDS[name]
    v, cosine = np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 9))
    v_half = math.inf if p.tmr_v2 == 0 else p.tmr_v2**-0.5
    expected = law(p.r_p, c.bias_tmr(p.tmr, v, v_half), cosine)  # type: ignore[operator]
    np.testing.assert_allclose(1 / c.conductance(p, v, cosine, p.temperature), expected, rtol=1e-13)


def test_the_tunnel_fit_of_a_card_is_the_fit() -> None:
    p = CARDS["fong-pma"]
    for cosine, state in ((1.0, "p"), (-1.0, "ap")):
        expected = c.tunnel_conductance(1.15e-9, 0.3, state) * p.area  # type: ignore[arg-type]
        assert c.conductance(p, 0.3, cosine, 300.0) == pytest.approx(float(expected), rel=1e-12)


def test_brinkmans_parabola() -> None:
    b1, b2 = c.brinkman_coefficients(1.0e-9, 1.0)
    # sqrt(2 m)/hbar is 5.1232 per nm and root eV
    assert b1 == 0
    assert b2 == pytest.approx(9 * (4 / 3 * 5.1232) ** 2 / 128, rel=1e-4)
    assert c.brinkman_coefficients(1.0e-9, 1.0, 0.2)[0] == pytest.approx(-0.2 * (4 / 3 * 5.1232) / 16, rel=1e-4)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(CARDS)), st.floats(-1.5, 1.5), st.floats(-1, 1), st.floats(250, 400)
)  # fmt: skip
def test_the_voltage_at_a_current_inverts_the_conductance(name: str, v: float, cosine: float, temperature: float) -> None:
    p = CARDS[name]
    current = v * c.conductance(p, v, cosine, temperature)
    assert c.voltage(p, current, cosine, temperature) == pytest.approx(v, rel=1e-11, abs=1e-14)


def test_umns_angle_meets_the_exact_one_only_at_the_equator_and_stays_inside_its_clip() -> None:
    p = CARDS["umn-i-pmtj"]
    assert float(c.cosine(p, 0.0, 1.0, 0.0)) == pytest.approx(0, abs=1e-3)  # 3.14/2 stands for pi/2 there
    assert float(c.cosine(p, 0.0, 0.01, 0.99995)) == pytest.approx(math.cos(p.theta0), rel=1e-12)
    assert float(c.cosine(p, 0.0, 0.01, -0.99995)) == pytest.approx(-math.cos(p.theta0), rel=1e-12)
    assert float(c.cosine(p, 0.0, 0.8660254, 0.5)) == pytest.approx(math.cos(math.pi / 4), abs=1e-3)


def test_tmr_follows_the_polarisation_law_from_its_value_at_the_cards_temperature() -> None:
    p = CARDS["stt-bnn-65nm"]
    assert p.tmr == pytest.approx(2.5, rel=1e-12)
    hot = load_device("stt-bnn-65nm", MtjCard).at(398.0).numbers
    assert hot.tmr < 2.0
    assert c.tmr(p, 398.0) == pytest.approx(hot.tmr, rel=1e-12)
