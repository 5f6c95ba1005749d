"""The Fokker-Planck solver against a table, two spectral methods, and the limits known in closed form."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from numpy.polynomial import chebyshev, legendre
from scipy.integrate import quad
from scipy.linalg import expm

from spicekit.errors import UserError
from spicekit.physics.fokker_planck import attempts, normalised_pulse, populations, read_disturb, write_error_rate
from spicekit.physics.write_error import spread, wer_distribution

# Write error rate of a perpendicular macrospin, delta 60, no field, Boltzmann start.
TABLE = {
    1.5: {4: 0.3027, 6: 0.04165, 8: 5.213e-3, 12: 8.01e-5, 20: 1.89e-8},
    2.0: {2: 0.5949, 3: 0.1098, 4: 1.527e-2, 5: 2.045e-3, 6: 2.726e-4, 8: 4.84e-6, 10: 8.58e-8},
}


@pytest.mark.parametrize("overdrive", TABLE)
def test_table(overdrive: float) -> None:
    tau = np.array(list(TABLE[overdrive]), dtype=float)
    expected = np.array(list(TABLE[overdrive].values()))
    # Three digits are given for some entries: half a unit of the last is 0.06 %, and 0.05 % is left for the solver.
    np.testing.assert_allclose(write_error_rate(60, overdrive, tau), expected, rtol=1.1e-3)


def legendre_wer(delta: float, i: float, tau: float, terms: int, field: float = 0.0, slope: float = 0.0) -> float:
    """The same equation in the moments <P_l(u)>, advanced by a dense matrix exponential: absolute accuracy ~1e-12.

    The overdrive is i + slope u.
    """
    ell = np.arange(terms + 1)
    u = np.zeros((terms + 1, terms + 1))  # u P_l in terms of P_k
    u[ell[1:], ell[:-1]] = ell[1:] / (2 * ell[1:] + 1)
    u[ell[:-1], ell[1:]] = (ell[:-1] + 1) / (2 * ell[:-1] + 1)
    gradient = np.zeros_like(u)  # (1 - u^2) P_l' = l(l + 1)/(2l + 1) (P_{l-1} - P_{l+1})
    factor = ell * (ell + 1) / (2 * ell + 1)
    gradient[ell[1:], ell[:-1]] = factor[1:]
    gradient[ell[:-1], ell[1:]] = -factor[:-1]
    matrix = gradient @ ((1 - slope) * u + (field - i) * np.eye(terms + 1)) - np.diag(ell * (ell + 1) / (2 * delta))
    nodes, weights = legendre.leggauss(400)
    half = (1 + field) / 2  # of the interval from -h, the top of the barrier, to 1
    x, w = 1 + half * (nodes - 1), half * weights
    start = np.exp(delta * (x**2 - 1) + 2 * delta * field * (x - 1)) * w
    vander = legendre.legvander(x, terms)
    moments = expm(matrix * tau) @ (vander.T @ (start / start.sum()))
    return float(np.sum((2 * ell + 1) / 2 * moments * (vander.T @ w)))


@pytest.mark.parametrize(
    ("delta", "overdrive", "tau"),
    [(10, 1.5, 6), (20, 0.5, 8), (20, 3, 3), (60, 0.9, 5), (60, 1.5, 12), (60, 2, 6), (100, 1.2, 25)],
)
def test_legendre_expansion(delta: float, overdrive: float, tau: float) -> None:
    expected = legendre_wer(delta, overdrive, tau, 150)
    assert float(write_error_rate(delta, overdrive, tau)) == pytest.approx(expected, rel=5e-4, abs=1e-10)


@pytest.mark.parametrize("field", [-0.4, -0.1, 0.15, 0.5])
@pytest.mark.parametrize(("delta", "overdrive", "tau"), [(10, 1.5, 6), (20, 0.5, 8), (60, 1.5, 8), (60, 2, 6)])
def test_legendre_expansion_in_a_field(field: float, delta: float, overdrive: float, tau: float) -> None:
    expected = legendre_wer(delta, overdrive, tau, 150, field)
    assert float(write_error_rate(delta, overdrive, tau, field=field)) == pytest.approx(expected, rel=5e-4, abs=1e-10)


def collocation_wer(delta: float, i: float, tau: float, edge: float, n: int) -> float:
    """Chebyshev collocation above an absorbing ``edge`` so far below the equator that nothing would come back from it.

    What has switched leaves the domain, so what is left keeps its relative accuracy however little it is.
    """
    k = np.arange(n + 1)
    x = -np.cos(np.pi * k / n)
    c = np.where((k == 0) | (k == n), 2.0, 1.0) * (-1.0) ** k
    difference = x[:, None] - x + np.eye(n + 1)
    derivative = np.outer(c, 1 / c) / difference
    derivative -= np.diag(derivative.sum(axis=1))
    derivative *= 2 / (1 - edge)
    u = edge + (1 - edge) * (x + 1) / 2
    flux = (1 - u**2)[:, None] * (np.diag(u - i) - derivative / (2 * delta))
    matrix = -(derivative @ flux)[1:, 1:]  # rho = 0 at the edge
    start = np.where(u > 0, np.exp(delta * (u**2 - 1)), 0.0)

    def above(rho: np.ndarray) -> float:
        series = chebyshev.chebint(chebyshev.chebfit(x, rho, n))
        zero = -2 * edge / (1 - edge) - 1
        return float(chebyshev.chebval(1.0, series) - chebyshev.chebval(zero, series))

    rho = np.concatenate([[0.0], expm(matrix * tau) @ start[1:]])
    return above(rho) / above(start)


@pytest.mark.parametrize(
    ("delta", "overdrive", "tau"),
    [(60, 2, 19.1), (60, 1.5, 36), (60, 5, 4.7), (20, 2, 18.2), (100, 3, 10), (60, 2, 30)],
)
def test_tail_by_collocation(delta: float, overdrive: float, tau: float) -> None:
    expected = collocation_wer(delta, overdrive, tau, edge=-0.4, n=90)
    assert 1e-25 < expected < 2e-14
    assert float(write_error_rate(delta, overdrive, tau)) == pytest.approx(expected, rel=1e-3)


def test_limit_of_large_delta() -> None:
    """Near the pole y = 1 - u is linear: an exponential distribution stays one, its mean growing from 1/(2 delta) as
    (i exp(2 (i - 1) tau) - 1)/(2 delta (i - 1)); without noise the rest of the way takes y exp(2 (i - 1) tau) = C to the
    equator, ln C = [(i - 1) ln 2 + 2 ln((i - 1)/i)]/(i + 1).  So WER = 1 - exp(-2 delta C (i - 1)/(i exp(..) - 1))."""
    i = 2.0
    deltas = np.array([50.0, 100.0, 200.0])
    tau = 5 + np.log(deltas / 50) / (2 * (i - 1))
    constant = np.exp(((i - 1) * np.log(2) + 2 * np.log((i - 1) / i)) / (i + 1))
    expected = -np.expm1(-2 * deltas * constant * (i - 1) / (i * np.exp(2 * (i - 1) * tau) - 1))
    ratio = write_error_rate(deltas, i, tau, rtol=1e-4) / expected
    correction = 1 - ratio
    assert np.all(correction > 0)
    # What the limit leaves out, the noise on the way, goes as (a + b ln delta)/delta: two values foretell the third.
    scaled = deltas * correction
    assert scaled[2] == pytest.approx(2 * scaled[1] - scaled[0], rel=0.02)
    assert correction[2] < 0.025


@pytest.mark.parametrize(("delta", "overdrive", "tau"), [(60, 2, 10.0), (60, 0.5, 8.0)])
def test_grid_refinement_is_of_fourth_order(delta: float, overdrive: float, tau: float) -> None:
    finest = np.log(populations(delta, overdrive, tau, cells=1024))
    error = [np.abs(np.log(populations(delta, overdrive, tau, cells=n)) - finest).max() for n in (128, 256, 512)]
    assert error[0] < 3e-3
    assert error[2] < 1e-5
    assert error[0] / error[2] > 4**3  # 4**4 but for the first grid's next order


def brown_rate(delta: float, i: float) -> float:
    """Escape rate per tau_D at a high barrier: Brown, Phys. Rev. 130, 1677 (1963), with the current as a field."""
    return float(np.sqrt(delta / np.pi) * (1 - i**2) * (1 - i) * np.exp(-delta * (1 - i) ** 2))


def kramers_rate(delta: float, i: float) -> float:
    """The same rate before the integrals over well and barrier are approximated."""
    well = quad(lambda u: np.exp(delta * ((u - i) ** 2 - (1 - i) ** 2)), i, 1)[0]
    reach = min(0.9, 6 / np.sqrt(delta))
    barrier = quad(lambda u: np.exp(-delta * (u - i) ** 2) / (1 - u**2), max(i - reach, -0.95), min(i + reach, 0.95))[0]
    return float(np.exp(-delta * (1 - i) ** 2) / (2 * delta * well * barrier))


@pytest.mark.parametrize(("delta", "overdrive"), [(40, 0.0), (60, 0.0), (100, 0.0), (60, 0.3), (100, 0.5), (60, -0.1)])
def test_read_disturb_grows_at_the_neel_brown_rate(delta: float, overdrive: float) -> None:
    early, late = read_disturb(delta, overdrive, [40.0, 240.0], rtol=1e-4)
    rate = (late - early) / 200
    assert rate == pytest.approx(kramers_rate(delta, overdrive), rel=1e-3)
    # Brown's formula neglects 1/delta in both integrals, each divided by the curvature at a current.
    assert rate == pytest.approx(brown_rate(delta, overdrive), rel=2.5 / (delta * (1 - abs(overdrive)) ** 2))
    if overdrive == 0:
        assert delta * (1 - rate / brown_rate(delta, 0)) == pytest.approx(1, abs=0.12)


def test_read_disturb_from_tiny_to_certain() -> None:
    rate = kramers_rate(60, 0.3)
    tau = np.array([1e2, 1e4, 1e8, 1e12, 1e17])
    # Over the years the layer goes back and forth: the return rate is the forward one against a current of -i.
    back = kramers_rate(60, -0.3)
    expected = rate / (rate + back) * -np.expm1(-(rate + back) * tau)
    assert 1e-15 < expected[0] < 1e-9
    ratio = read_disturb(60, 0.3, tau) / expected
    assert ratio[0] == pytest.approx(1, rel=0.1)  # the flow over the barrier takes a few tau_D to set in
    np.testing.assert_allclose(ratio[1:], 1, rtol=2e-3)


def test_ends_in_the_boltzmann_distribution() -> None:
    def mass(delta: float, i: float, low: float, high: float) -> float:
        return float(quad(lambda u: np.exp(delta * ((u - i) ** 2 - (1 + abs(i)) ** 2)), low, high)[0])

    for delta, i in ((10, 0.0), (10, 0.5), (15, -0.4), (6, 0.2)):
        upper, lower = mass(delta, i, 0, 1), mass(delta, i, -1, 0)
        original, switched = populations(delta, i, 1e14, cells=256)
        assert original / switched == pytest.approx(upper / lower, rel=2e-3)


@pytest.mark.parametrize(("delta", "field"), [(10, 0.3), (8, -0.5), (12, 0.05)])
def test_a_field_ends_in_its_boltzmann_distribution(delta: float, field: float) -> None:
    """exp(-E/kT), E/kT = delta (1 - u^2) - 2 delta h u, over either well, whose border is the top of the barrier at u = -h."""

    def mass(low: float, high: float) -> float:
        return float(quad(lambda u: np.exp(-delta * (1 - u**2) + 2 * delta * field * u), low, high)[0])

    original, switched = populations(delta, 0.0, 1e14, field=field, cells=256)
    assert switched / original == pytest.approx(mass(-1, -field) / mass(-field, 1), rel=2e-3)


@pytest.mark.parametrize(("delta", "field"), [(60, 0.1), (60, -0.2), (100, -0.5)])
def test_a_field_flips_at_kramers_rate(delta: float, field: float) -> None:
    """In the rate a field is a current of -h: the barrier is delta (1 + h)^2."""
    early, late = read_disturb(delta, 0.0, [40.0, 240.0], field=field, rtol=1e-4)
    assert (late - early) / 200 == pytest.approx(kramers_rate(delta, -field), rel=1e-3)


def test_a_field_beyond_the_anisotropy_is_refused() -> None:
    for field in (-1.0, 1.0, 3.0, np.nan):
        with pytest.raises(UserError, match="field is"):
            populations(60, 0.0, 1.0, field=field)


def test_rates_are_probabilities_and_complementary() -> None:
    tau = np.array([0, 1e-6, 0.01, 0.1, 0.5, 1, 2, 4, 8, 16, 40, 200])
    for delta in (1, 10, 60, 200):
        for i in (-1.0, 0.0, 0.5, 1.0, 2.0, 10.0):
            original, switched = populations(delta, i, tau, cells=256)
            np.testing.assert_allclose(original + switched, 1, rtol=1e-14)
            assert np.all((original >= 0) & (original <= 1) & (switched >= 0) & (switched <= 1))
            assert original[0] == 1
            assert switched[0] == 0
            if i >= 0:
                assert np.all(np.diff(original) <= 1e-12)
                alive = original > 1e-140
                assert np.all(original[alive] > 0)


def test_broadcasting() -> None:
    delta, i, tau = np.array([[[40.0]], [[60.0]]]), np.array([[1.5], [2.0], [1.5]]), np.array([3.0, 0.0, 6.0, 3.0])
    together = write_error_rate(delta, i, tau)
    assert together.shape == (2, 3, 4)
    assert together[1, 2, 2] == write_error_rate(60, 1.5, [6.0, 3.0])[0]
    assert np.all(together[:, :, 1] == 1)
    np.testing.assert_array_equal(together[:, 0], together[:, 2])
    assert write_error_rate(60, 2, 3).shape == ()
    assert write_error_rate(60, 2, []).shape == (0,)


def test_says_when_the_grid_is_too_coarse() -> None:
    with pytest.warns(RuntimeWarning, match="delta 200, overdrive 30"):
        write_error_rate(200, 30, 0.5, rtol=1e-7)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_error_rate(60, 2, 5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 2, 1), "delta is 0; it must be finite and greater than 0"),
        (([60, -1], 2, 1), "delta is -1"),
        ((1e4, 2, 1), "delta is 10000; it must be at most 1000"),
        ((60, np.nan, 1), "overdrive is nan; it must be finite"),
        ((60, 2, [1, -3]), "tau is -3; it must be finite and at least 0"),
        ((60, 2, np.inf), "tau is inf"),
        ((60, 2, 1e200), "tau is 1e\\+200"),
        ((60, "fast", 1), "overdrive is 'fast'"),
        (([60, 61], 2, [1, 2, 3]), "do not broadcast"),
    ],
)
def test_bad_input(arguments: tuple[object, object, object], message: str) -> None:
    for function in (write_error_rate, read_disturb):
        with pytest.raises(UserError, match=message) as caught:
            function(*arguments)  # type: ignore[arg-type]
        assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="rtol"):
        write_error_rate(60, 2, 1, rtol=0)
    with pytest.raises(UserError, match="multiple of 128"):
        populations(60, 2, 1, cells=100)


def test_normalised_pulse() -> None:
    overdrive, tau = normalised_pulse([-21.37e-6, 42.74e-6], 5.078e-9, critical_current=21.37e-6, tau_d=2.539e-9)
    np.testing.assert_allclose(overdrive, [-1, 2])
    assert float(tau) == pytest.approx(2)
    with pytest.raises(UserError, match="critical_current is 0"):
        normalised_pulse(1e-6, 1e-9, critical_current=0, tau_d=1e-9)
    with pytest.raises(UserError, match="pulse is -1e-09"):
        normalised_pulse(1e-6, -1e-9, critical_current=1e-6, tau_d=1e-9)


@pytest.mark.parametrize(("overdrive", "longest"), [(2.0, 12.0), (1.1, 60.0)])
def test_distribution_agrees_with_solving_each_junction(overdrive: float, longest: float) -> None:
    rng = np.random.default_rng(3)
    ra, anisotropy = np.exp(0.05 * rng.standard_normal(400)), 1 + 0.05 * rng.standard_normal(400)
    delta, i, tau = spread(60, overdrive, np.linspace(0, longest, 11), ra=ra, anisotropy=anisotropy)
    result = wer_distribution(delta, i, tau)
    assert result.wer.shape == (400, 11)
    np.testing.assert_array_equal(result.wer[:, 0], 1)
    extreme = [int(np.argmin(i)), int(np.argmax(i)), int(np.argmin(delta)), int(np.argmax(delta)), 0, 1]
    direct = write_error_rate(delta[extreme, None], i[extreme, None], tau[extreme])
    np.testing.assert_allclose(result.wer[extreme], direct, rtol=1e-2, atol=1e-17)
    np.testing.assert_allclose(result.mean, result.wer.mean(axis=0))
    assert np.all(np.diff(result.quantiles, axis=0) >= 0)
    # The spread matters: the mean over the junctions is far above the rate of the mean junction.
    nominal = write_error_rate(60, overdrive, longest)
    assert result.mean[-1] > 1.5 * nominal


def test_distribution_of_one_and_of_few() -> None:
    tau = np.array([2.0, 3.0, 4.0])
    expected = write_error_rate(60, 2, tau)
    np.testing.assert_allclose(wer_distribution(60, 2, tau).wer, expected[None], rtol=1e-2)
    few = wer_distribution([60, 60, 60], 2, tau, quantiles=[0.5])
    np.testing.assert_allclose(few.quantiles, expected[None], rtol=1e-2)
    identical = wer_distribution(np.full(50, 60.0), np.full(50, 2.0), tau)
    np.testing.assert_allclose(identical.wer, np.tile(expected, (50, 1)), rtol=1e-2)


def test_spread_scales() -> None:
    delta, i, tau = spread(60, 2, [4.0], ra=[1.0, 1.1, 1.0], anisotropy=[1.0, 1.0, 1.1])
    np.testing.assert_allclose(delta, [60, 60, 66])
    np.testing.assert_allclose(i, [2, 2 / 1.1, 2 / 1.1])
    np.testing.assert_allclose(tau[:, 0], [4, 4, 4.4])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([60, 61], [2, 2, 2], [1.0]), "do not fit"),
        (([60, 61], 2, np.ones((3, 4))), "do not fit"),
        ((60, 2, []), "do not fit"),
        (([60, -1], 2, [1.0]), "delta is -1"),
        ((60, 2, [np.nan]), "tau is nan"),
    ],
)
def test_distribution_bad_input(arguments: tuple[object, object, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        wer_distribution(*arguments)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="quantiles holds 2"):
        wer_distribution(60, 2, 1.0, quantiles=[2])


def steady(i: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda u: np.full(u.shape, i)


@pytest.mark.parametrize(
    ("delta", "overdrive", "tau"),
    [(60, 2.0, 4.0), (60, 2.0, 8.0), (60, 8.0, 0.3), (60, 8.0, 1.0), (40, 0.9, 5.0), (20, 3.0, 3.0)],
)
def test_an_attempt_of_one_torque_has_the_write_error_rate(delta: float, overdrive: float, tau: float) -> None:
    expected = float(write_error_rate(delta, overdrive, tau, rtol=1e-3))
    assert attempts(delta, [[(tau, steady(overdrive))]])[0] == pytest.approx(expected, rel=6e-3)
    pieces = [(share * tau, steady(overdrive)) for share in (0.004, 0.016, 0.3, 0.68)]
    assert attempts(delta, [pieces])[0] == pytest.approx(expected, rel=6e-3)


@pytest.mark.parametrize(("i", "slope"), [(1.8, 0.3), (2.2, -0.4), (3.0, -1.0)])
def test_a_torque_that_changes_with_the_state(i: float, slope: float) -> None:
    expected = legendre_wer(40, i, 2.0, 120, slope=slope)
    assert 1e-3 < expected < 0.9
    assert abs(expected / legendre_wer(40, i + slope, 2.0, 120) - 1) > 0.05  # that of the starting state alone is another
    assert attempts(40, [[(2.0, lambda u: i + slope * u)]])[0] == pytest.approx(expected, rel=5e-3)


def test_further_attempts_are_for_those_that_have_not_switched() -> None:
    """At a strong drive hardly any come back, so that n pulses without a pause are one of n times the length."""
    left = attempts(60, [[(1.0, steady(3.0))]] * 3)
    whole = write_error_rate(60, 3.0, [1.0, 2.0, 3.0])
    assert np.all(np.diff(left) < 0)
    np.testing.assert_allclose(left, whole, rtol=0.03)
    # after a rest of many tau_D what is left stands in its well again: every attempt has the same rate
    rest = [(30.0, steady(0.0))]
    once = float(attempts(60, [[(1.0, steady(3.0)), *rest]])[0])
    np.testing.assert_allclose(attempts(60, [[(1.0, steady(3.0)), *rest]] * 3), once ** np.arange(1, 4), rtol=3e-3)
    assert float(attempts(60, [[(1.0, steady(0.0)), *rest]])[0]) == pytest.approx(1.0)
