"""The bit-wise product by pairs of cells: against plain integers, gate by gate as the memory does it, and statistics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chisquare

from montecarlo.behaviour import GateErrors, Pairs
from montecarlo.behaviour.arrays import Counts, Integers
from montecarlo.behaviour.gates import AND, GATES, OUTPUTS
from spicekit.errors import UserError
from spicekit.table import LookupTable


def literally(inputs: Integers, weights: Integers, gates: Integers) -> Counts:
    """Every single AND: bitcount and shift, as the memory does it."""
    total = np.zeros((*inputs.shape[:-1], weights.shape[1]), dtype=np.int64)
    for m in range(gates.shape[0]):
        for n in range(gates.shape[1]):
            results = OUTPUTS[gates[m, n], ((inputs >> m) & 1)[..., None], (weights >> n) & 1]
            total += results.sum(axis=-2, dtype=np.int64) << (m + n)
    return total


@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 4), st.integers(1, 20), st.integers(1, 5))
def test_pairs_are_the_product_and_with_wrong_gates_the_literal_one(seed: int, w: int, i: int, places: int, filters: int) -> None:
    rng = np.random.default_rng(seed)
    inputs, weights = rng.integers(0, 1 << i, (3, 2, places)), rng.integers(0, 1 << w, (places, filters))
    for exact in (Pairs(weights, (w, i)), Pairs(weights, (w, i), GateErrors.none(), rng)):
        found = exact.products(inputs)
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found, inputs @ weights)
    chip = Pairs(weights, (w, i), GateErrors(np.full(6, 1 / 6)), rng)
    literal = literally(inputs, weights, chip.gates)
    np.testing.assert_array_equal(chip.products(inputs), literal)
    # and the definition, one AND at a time, for one of the outputs
    by_hand = sum(
        list(GATES.values())[chip.gates[m, n, k, 0]][2 * (inputs[0, 0, k] >> m & 1) + (weights[k, 0] >> n & 1)] << (m + n)
        for m in range(i)
        for n in range(w)
        for k in range(places)
    )
    assert literal[0, 0, 0] == by_hand


def test_what_does_not_fit_into_its_bits_is_refused() -> None:
    weights = np.full((3, 4), 2)
    with pytest.raises(UserError, match="weights of 2 to 2 given; 1 bits hold 0 to 1"):
        Pairs(weights, (1, 2))
    with pytest.raises(UserError, match="inputs of 4 to 4 given; 2 bits hold 0 to 3"):
        Pairs(weights, (2, 2)).products(np.full((1, 3), 4))
    with pytest.raises(UserError, match="inputs of -1 to -1"):
        Pairs(weights, (2, 2)).products(np.full((1, 3), -1))
    with pytest.raises(UserError, match="generator"):
        Pairs(weights, (2, 2), GateErrors.none())
    with pytest.raises(UserError, match="add up to 1"):
        GateErrors(np.array([0.5, 0.1, 0, 0, 0, 0]))


def test_fractions_are_those_of_the_table() -> None:
    """At a point of the grid and between: the mean of both, and still fractions."""
    fractions = np.array([[0.9, 0.5], [0.06, 0.3], [0.02, 0.1], [0.01, 0.05], [0.01, 0.05], [0.0, 0.0]])
    variables = {f"gate_{name}": (("tmr",), row) for name, row in zip(GATES, fractions, strict=True)}
    table = LookupTable({"tmr": np.array([1.0, 2.0])}, variables | {"count": (("tmr",), np.array([200.0, 200.0]))}, {}, {})
    found = GateErrors.of(table, tmr=1.0)
    np.testing.assert_allclose(found.fractions, fractions[:, 0])
    assert found.error_rate("11") == pytest.approx(0.06)
    exact = binomtest(12, 200).proportion_ci(method="exact")
    assert found.interval("11") == pytest.approx((exact.low, exact.high))
    np.testing.assert_allclose(GateErrors.of(table, tmr=1.5).fractions, fractions.mean(axis=1))
    with pytest.raises(UserError, match="tmr"):
        GateErrors.of(table)


def test_the_gates_are_all_that_can_be() -> None:
    """A sense voltage that rises with every 1 gives the monotone functions of two bits, and there are six."""
    monotone = {(a, b, c, d) for a in (0, 1) for b in (0, 1) for c in (0, 1) for d in (0, 1) if a <= min(b, c) and max(b, c) <= d}
    assert set(GATES.values()) == monotone
    assert [int(OUTPUTS[AND, a, b]) for a in (0, 1) for b in (0, 1)] == [0, 0, 0, 1]


def test_gates_are_drawn_with_their_fractions() -> None:
    model = GateErrors(np.array([0.7, 0.1, 0.05, 0.05, 0.08, 0.02]), 1000)
    drawn = model.draw(np.random.default_rng(1), (2, 1, 100, 100))
    assert drawn.shape == (2, 1, 100, 100)
    assert chisquare(np.bincount(drawn.ravel(), minlength=6), model.fractions * 20_000).pvalue > 1e-3
    assert model.error_rate("00") == pytest.approx(0.02)
    assert model.error_rate("01") == pytest.approx(0.15)
    assert model.error_rate("10") == pytest.approx(0.15)
    assert model.error_rate("11") == pytest.approx(0.1)
    assert model.mean_error_rate == pytest.approx(0.42 / 4)
