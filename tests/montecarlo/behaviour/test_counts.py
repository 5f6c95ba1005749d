"""Constant-current columns: against plain integers, hand-made tables and statistics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import binomtest, norm

from montecarlo.behaviour import Columns, CountErrors
from montecarlo.behaviour.counts import CELLS
from spicekit.errors import UserError
from spicekit.table import LookupTable
from spicekit.table_layout import QUANTILES
from spicekit.waves import Array

N_HRS = np.array([0, 4, 16, 36, 64])
LEVELS = np.array(QUANTILES)


def normal_errors(sigma: float, mean: float = 0.0) -> Array:
    """Quantiles (n_hrs, levels) of an error with ``sigma`` at 64, growing as the root of n_hrs, and a mean that n_hrs scales."""
    z = ndtri(np.clip(LEVELS, 1e-4, 1 - 1e-4))
    return np.asarray(mean * N_HRS[:, None] / 64 + sigma * np.sqrt(N_HRS / 64)[:, None] * z)


def errors_of(sigma: float, mean: float = 0.0) -> CountErrors:
    table = LookupTable(
        {"n_hrs": N_HRS, "quantile": LEVELS}, {"error_quantiles": (("n_hrs", "quantile"), normal_errors(sigma, mean))}, {}, {}
    )
    return CountErrors.of(table, "error")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from((3, 64, 65, 130)))
def test_without_errors_a_neuron_is_its_integer_sum(seed: int, inputs: int) -> None:
    rng = np.random.default_rng(seed)
    seen, weights = rng.integers(0, 2, (4, inputs)), rng.choice([-1, 1], (inputs, 3))
    expected = [[sum(x * w for x, w in zip(row, column, strict=True)) for column in weights.T.tolist()] for row in seen.tolist()]
    made = weights.astype(np.float32)
    for columns in (Columns(made), Columns(made, CountErrors.none(), rng)):
        np.testing.assert_array_equal(columns.sums(seen.astype(np.float32)), expected)
        assert columns.number == 3 * -(-inputs // CELLS)


def test_an_error_of_one_count_moves_the_sum_by_two() -> None:
    """Columns that always count one too many; a count never exceeds the selected cells."""
    one = CountErrors(np.array([0.0, 1.0]), np.ones((CELLS + 1, 2)))
    rng = np.random.default_rng(1)
    weights = np.where(np.arange(130) % 2, np.float32(1), np.float32(-1))[:, None]
    seen = np.ones((1, 130), dtype=np.float32)
    assert Columns(weights, one, rng).sums(seen)[0, 0] == 2 * 3  # three columns
    assert Columns(np.ones((130, 1), dtype=np.float32), one, rng).sums(seen)[0, 0] == 130
    assert Columns(weights, one, rng).sums(np.zeros((1, 130), dtype=np.float32))[0, 0] == 0


def test_drawn_counts_have_the_rates_of_the_distribution() -> None:
    """P(wrong) of a normal error, at counts on the table's grid and between: two-sided binomial test."""
    errors = errors_of(0.6)
    wrong = errors.wrong
    rng = np.random.default_rng(2)
    decoded = errors.decoded(rng.random(4000))
    for n in (4, 9, 16, 25, 36, 50, 60):
        expected = 2 * norm.sf(0.5, scale=0.6 * np.sqrt(n / 64))
        assert wrong[n] == pytest.approx(expected, rel=0.05, abs=2e-3), n
        assert binomtest(int(np.count_nonzero(decoded[n] != n)), 4000, float(wrong[n])).pvalue > 1e-4
    assert wrong[0] == 0
    assert errors.sigma(np.array([64])) == pytest.approx(0.6, rel=0.02)


def test_a_mean_error_shifts_the_count() -> None:
    decoded = errors_of(0.0, mean=2.0).decoded(np.array([0.5]))[:, 0]
    np.testing.assert_array_equal(decoded[[0, 4, 16, 36, 64]] - N_HRS, [0, 0, 0, 1, 2])


def test_columns_keep_their_ranks_from_read_to_read() -> None:
    rng = np.random.default_rng(3)
    weights, seen = rng.choice([-1, 1], (128, 50)).astype(np.float32), np.ones((1, 128), dtype=np.float32)
    chip, other = (Columns(weights, errors_of(2.0), rng) for _ in range(2))
    np.testing.assert_array_equal(chip.sums(seen), chip.sums(seen))
    assert not np.array_equal(chip.sums(seen), other.sums(seen))


def test_what_is_missing_is_asked_for() -> None:
    with pytest.raises(UserError, match="generator"):
        Columns(np.ones((2, 2), dtype=np.float32), CountErrors.none())
    with pytest.raises(UserError, match="n_hrs"):
        CountErrors.of(LookupTable({}, {}, {}, {}))
