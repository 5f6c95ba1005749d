"""Rows of STT-BNN: against plain integers, the divider of their junctions, and statistics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import binomtest, chisquare

from montecarlo.behaviour import RowErrors, Rows
from montecarlo.behaviour.rows import MODELS, Model
from spicekit.errors import UserError
from spicekit.physics.bnn_row import lsb, sigma_in_lsb, source_line
from spicekit.table import LookupTable
from spicekit.waves import Array

DISTANCES: Array = np.arange(-12.0, 12) + 0.5


def plain_row(inputs: list[int], weights: list[int]) -> int:
    """N1 >= N/2, in whole numbers."""
    n1 = sum(1 for x, w in zip(inputs, weights, strict=True) if x == w)
    return 1 if 2 * n1 >= len(inputs) else -1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from((2, 8, 32)), st.sampled_from(list(MODELS)))
def test_without_spread_a_row_is_the_integer_row(seed: int, n: int, model: Model) -> None:
    rng = np.random.default_rng(seed)
    inputs, weights = (rng.choice([-1, 1], shape).astype(np.float32) for shape in ((5, n), (n, 4)))
    found = Rows(weights, RowErrors(n, 0.0), model, rng).decide(inputs)
    expected = [[plain_row([*map(int, x)], [*map(int, w)]) for w in weights.T] for x in inputs]
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(Rows(weights).decide(inputs), expected)


def test_half_of_the_cells_is_enough() -> None:
    weights = np.ones((4, 1), dtype=np.float32)
    inputs = np.array([[-1, -1, -1, 1], [-1, -1, 1, 1], [-1, 1, 1, 1]], dtype=np.float32)
    np.testing.assert_array_equal(Rows(weights).decide(inputs)[:, 0], [-1, 1, 1])
    np.testing.assert_array_equal(Rows(weights).distances(inputs)[:, 0], [-0.5, 0.5, 1.5])


def skewed_rates() -> tuple[Array, Array]:
    """Simulated rates need not be those of a normal shift: here its mean is 0.6 cells and its tail is long above."""
    below = ndtr((np.sort(-DISTANCES) - 0.6) / np.where(np.sort(-DISTANCES) > 0.6, 3.0, 1.2))[::-1]
    rates: Array = np.where(DISTANCES > 0, below, 1 - below)
    return DISTANCES, rates


@pytest.mark.parametrize("errors", [RowErrors(32, 1.7), RowErrors(32, 2.0, 0.5, skewed_rates())], ids=["normal", "table"])
@pytest.mark.parametrize("model", ["fixed", "fresh"])
def test_drawn_errors_have_the_rates(errors: RowErrors, model: Model) -> None:
    """At every distance the fraction of wrong answers is the rate: 5000 rows or decisions, two-sided binomial test."""
    rng = np.random.default_rng(7)
    rows, images = (5000, 1) if model == "fixed" else (1, 5000)
    values = []
    for distance in DISTANCES:
        inputs = np.where(np.arange(32) < round(distance - 0.5 + 16), np.float32(1), np.float32(-1))
        answers = Rows(np.ones((32, rows), dtype=np.float32), errors, model, rng).decide(np.tile(inputs, (images, 1)))
        wrong = int(np.count_nonzero((answers > 0) != (distance > 0)))
        expected = float(np.interp(distance, *errors.rates)) if errors.rates else float(ndtr(-abs(distance) / errors.sigma_total))
        assert float(errors.rate(np.array([distance]))[0]) == pytest.approx(expected)
        values.append(binomtest(wrong, answers.size, expected).pvalue)
    assert min(values) > 1e-4 / len(values)
    assert np.mean(np.array(values) < 0.05) < 0.3


def test_the_average_is_that_of_random_data() -> None:
    errors = RowErrors(32, 2.0, 0.5, skewed_rates())
    rng = np.random.default_rng(8)
    inputs, weights = (rng.choice([-1, 1], shape).astype(np.float32) for shape in ((4000, 32), (32, 20)))
    wrong = Rows(weights, errors, "fresh", rng).decide(inputs) != Rows(weights).decide(inputs)
    assert wrong.mean() == pytest.approx(errors.average, rel=5 * np.sqrt(errors.average / wrong.size) / errors.average)


def test_rates_that_rise_with_the_distance_are_still_a_distribution() -> None:
    errors = RowErrors(8, 1.0, rates=(np.array([-1.5, -0.5, 0.5, 1.5]), np.array([0.1, 0.08, 0.2, 0.25])))
    shifts, below = errors.distribution()
    np.testing.assert_allclose(shifts, [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
    np.testing.assert_allclose(below, [0, 0.25, 0.25, 0.92, 0.92, 1])


def test_fixed_rows_stay_as_they_are_and_fresh_ones_do_not() -> None:
    weights = np.ones((32, 300), dtype=np.float32)
    inputs = np.where(np.arange(32) < 16, np.float32(1), np.float32(-1))[None]
    for model in MODELS:
        rows = Rows(weights, RowErrors(32, 2.0, 0.5), model, np.random.default_rng(1))
        same = np.array_equal(rows.decide(inputs), rows.decide(inputs))
        assert same == (model != "fresh")


def test_gains_of_cells_are_what_mismatched_junctions_do() -> None:
    """Against the divider itself: conductances that deviate, inputs that turn the bit lines."""
    n, tmr, v_high, v_low = 32, 2.5, 0.6, 0.2
    rng = np.random.default_rng(3)
    inputs, weights = (rng.choice([-1, 1], shape).astype(np.float32) for shape in ((50, n), (n,)))
    p, ap = 1 / (1 + 0.05 * rng.standard_normal(n)), 1 / ((1 + tmr) * (1 + 0.08 * rng.standard_normal(n)))
    true, complement = np.where(weights > 0, p, ap), np.where(weights > 0, ap, p)  # junctions at BL and at BLB
    above = np.where(inputs > 0, true, complement).sum(axis=1)
    v_sl = v_low + (v_high - v_low) * above / (true + complement).sum()
    rows = Rows(weights[:, None].copy())
    nominal = 1 + 1 / (1 + tmr)
    rows.weights = (weights * (p - ap) / (1 - 1 / (1 + tmr)) / ((p + ap).mean() / nominal))[:, None]
    np.testing.assert_allclose(
        (v_sl - source_line(n, n / 2, tmr, v_high, v_low)) / lsb(n, tmr, v_high, v_low),
        rows.distances(inputs)[:, 0] - 0.5,
        atol=1e-4,  # single precision
    )


def test_gains_of_cells_have_the_spread_of_the_row() -> None:
    n = 64
    sigma = sigma_in_lsb(n, n / 2, 2.5, 0.05, 0.10)
    errors = RowErrors(n, float(np.hypot(sigma, 1.0)), sigma)
    rows = Rows(np.ones((n, 20_000), dtype=np.float32), errors, "cells", np.random.default_rng(4))
    inputs = np.where(np.arange(n) < n // 2, np.float32(1), np.float32(-1))[None]
    deviation = rows.distances(inputs)[0] - 0.5
    assert np.std(deviation) == pytest.approx(errors.sigma_total, rel=4 / np.sqrt(40_000))
    assert np.std(deviation - rows.shifts) == pytest.approx(sigma, rel=4 / np.sqrt(40_000))


def test_shifts_from_a_table_are_drawn_with_its_fractions() -> None:
    errors = RowErrors(32, 2.0, 0.5, skewed_rates())
    shifts, below = errors.distribution()
    drawn = errors.draw(np.random.default_rng(3), (20_000,))
    expected = np.diff(below) * drawn.size
    found = np.histogram(drawn, bins=shifts)[0]
    enough = expected > 5
    rest = [found[~enough].sum(), expected[~enough].sum()]
    assert chisquare([*found[enough], rest[0]], [*expected[enough], rest[1]]).pvalue > 1e-3


def test_errors_are_those_of_the_table(stt_bnn_table: LookupTable) -> None:
    found = RowErrors.of(stt_bnn_table, tmr=1.0, n=128)
    assert (found.n, found.sigma_total) == (128, pytest.approx(float(stt_bnn_table.query("sigma_total", tmr=1.0, n=128))))
    for distance in (-2.5, 0.5, 7.5):
        expected = float(stt_bnn_table.query("error", tmr=1.0, n=128, distance=distance))
        assert float(found.rate(np.array([distance]))[0]) == pytest.approx(expected)
    normal = replace(found, rates=None)
    assert found.average == pytest.approx(normal.average, rel=1e-3)
    assert RowErrors.of(stt_bnn_table, n=128).sigma_total == float(stt_bnn_table.query("sigma_total", tmr=2.5, n=128))  # nominal
    with pytest.raises(UserError, match="depends on 'n'"):  # four values and none stated as nominal
        RowErrors.of(stt_bnn_table)


def test_what_does_not_fit_is_refused() -> None:
    weights = np.ones((32, 1), dtype=np.float32)
    with pytest.raises(UserError, match="rows of 8 cells given; the rows have 32"):
        Rows(weights, RowErrors(8, 1.0), rng=np.random.default_rng(0))
    with pytest.raises(UserError, match="generator"):
        Rows(weights, RowErrors(32, 1.0))
    with pytest.raises(UserError, match="sigma_row 2"):
        RowErrors(8, 1.0, 2.0)
