"""The Fibbinary code: counts beside Fibonacci numbers and the published ones, Zeckendorf's theorem, products against numpy."""

from __future__ import annotations

import itertools
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo.behaviour import Fibbinary
from montecarlo.behaviour.fibbinary import fibonacci
from spicekit.errors import UserError

CODES = st.integers(1, 10).flatmap(lambda bits: st.builds(Fibbinary, st.just(bits), st.one_of(st.none(), st.integers(1, bits))))


def literally(bits: int, read: int) -> list[int]:
    """The words by their text: no 11 in any multiplier's share."""
    texts = ("".join(word) for word in itertools.product("01", repeat=bits))
    shares = ((text, [text[::-1][first : first + read] for first in range(0, bits, read)]) for text in texts)
    return sorted(int(text, 2) for text, parts in shares if not any("11" in part for part in parts))


@given(CODES)
def test_the_words_are_those_without_a_pair_of_ones_in_a_multiplier(code: Fibbinary) -> None:
    words = literally(code.bits, code.multiplier or code.bits)
    assert code.words.tolist() == words
    assert code.count == len(words)


def test_strict_counts_are_fibonacci_numbers_and_words_those_of_zeckendorf() -> None:
    assert [fibonacci(n) for n in range(1, 11)] == [1, 1, 2, 3, 5, 8, 13, 21, 34, 55]
    assert [Fibbinary(bits).count for bits in (4, 8, 16)] == [8, 55, 2584]
    # the k-th word, its bits read as places of 1, 2, 3, 5, 8, ..., is k: every number once (Zeckendorf)
    code = Fibbinary(12)
    places = np.array([fibonacci(n + 2) for n in range(12)])
    np.testing.assert_array_equal(code.encode(code.words) @ places, np.arange(code.count))


@pytest.mark.parametrize(
    ("bits", "ratio", "published"), [(4, Fraction(9, 8), 12.5), (8, Fraction(81, 55), 47.2), (16, Fraction(6561, 2584), 154)]
)
def test_pairs_of_bits_give_the_published_gain(bits: int, ratio: Fraction, published: float) -> None:
    gain = Fraction(Fibbinary(bits, 2).count, Fibbinary(bits).count)
    assert gain == ratio
    step = Fraction(1) if published == 154 else Fraction(1, 10)  # the last digit that is printed
    assert abs(100 * (gain - 1) - Fraction(str(published))) < step


@given(CODES, st.integers(0, 2**32))
def test_products_by_parts_are_numpys(code: Fibbinary, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.choice(code.words, (7, 5)) * rng.choice([-1, 1], (7, 5))
    inputs = rng.integers(0, 1 << 8, (2, 3, 7))
    found = code.products(inputs, weights)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, inputs @ weights)
    np.testing.assert_array_equal(code.decode(code.encode(weights)), weights)


def test_each_product_of_a_small_code_is_right_and_a_multiplier_needs_the_code() -> None:
    code = Fibbinary(6, 2)
    np.testing.assert_array_equal(code.multiply(np.arange(64)[:, None], code.words), np.outer(np.arange(64), code.words))
    message = "3 given; allowed: magnitudes of 6 bits without neighbouring ones in the 2 bits of a multiplier, as nearest() gives"
    with pytest.raises(UserError, match=re.escape(message)):
        code.multiply(np.arange(4), np.array([3]))
    assert code.has(np.array([6, -6, 3, 64])).tolist() == [True, True, False, False]
    assert code.pairs == [(0, True), (2, True), (4, True)]
    assert Fibbinary(5, 3).pairs == [(0, True), (2, False), (3, True)]


@given(CODES, st.lists(st.floats(-1500, 1500), min_size=1, max_size=8))
def test_nearest_is_what_a_search_of_all_finds(code: Fibbinary, values: list[float]) -> None:
    both = np.concatenate([code.words, -code.words])  # the smaller magnitude comes first, and argmin keeps it
    expected = [both[np.argmin(np.abs(both - value))] for value in values]
    distance = np.abs(code.nearest(np.array(values)) - np.array(values))
    np.testing.assert_array_equal(distance, np.abs(np.array(expected) - values))
    assert np.all(code.has(code.nearest(np.array(values))))


def test_of_two_as_near_the_smaller_is_taken() -> None:
    assert Fibbinary(4).nearest(np.array([3, -3, 6.5, 7, 15, -99, 0])).tolist() == [2, -2, 5, 8, 10, -10, 0]
    assert Fibbinary(4, 2).nearest(np.array([3, 7, 15])).tolist() == [2, 6, 10]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"bits": 0}, "bits = 0 given; allowed: whole numbers from 1 to 24"),
        ({"bits": 4.0}, "bits = 4.0 given; allowed: whole numbers from 1 to 24"),
        ({"bits": 8, "multiplier": 9}, "multiplier = 9 given; allowed: whole numbers from 1 to 8"),
    ],
)
def test_a_code_that_there_is_not(given: dict[str, int], message: str) -> None:
    with pytest.raises(UserError, match=f"^Fibbinary code: {message}$"):
        Fibbinary(**given)


def test_what_is_no_word() -> None:
    code = Fibbinary(3)
    with pytest.raises(UserError, match=re.escape("bits of shape (4,) given; allowed: -1, 0 or 1 of shape (..., 3)")):
        code.decode(np.zeros(4, dtype=int))
    with pytest.raises(UserError, match=re.escape("the word [1, 1, 0] given, lowest bit first")):
        code.decode(np.array([[1, 0, 1], [1, 1, 0]]))
    with pytest.raises(UserError, match=re.escape("the word [1, 0, -1] given, lowest bit first")):
        code.decode(np.array([1, 0, -1]))
    with pytest.raises(UserError, match="a value that is not finite given"):
        code.nearest(np.array([np.nan]))
    with pytest.raises(UserError, match="input -1 given; allowed: whole numbers from 0 to "):
        code.products(np.array([-1]), np.array([[1]]))


def test_numbers_of_few_bits_and_no_whole_ones() -> None:
    """-128 of 8 bits has no opposite of 8 bits, a word of 16 bits no room in it; half a bit or input is none."""
    code, wide = Fibbinary(8, multiplier=2), Fibbinary(16)
    lowest = np.array([-128, 127], dtype=np.int8)
    assert code.has(lowest).tolist() == [True, False]
    assert code.nearest(lowest).tolist() == [-128, 128]
    assert code.decode(code.encode(lowest[:1])).tolist() == [-128]
    assert wide.has(np.array([5, 6, -128], dtype=np.int8)).tolist() == [True, False, True]
    for call in (
        lambda: code.has(np.array([1.5])),
        lambda: code.decode(np.full((1, 8), 0.5)),
        lambda: code.decode(np.full((1, 8), -128, dtype=np.int8)),
        lambda: code.multiply(np.array([1.7]), np.array([1])),
        lambda: code.multiply(np.array([1 << 55]), np.array([128])),
        lambda: code.encode(np.array([1 << 63], dtype=np.uint64)),
    ):
        with pytest.raises(UserError, match=r"Fibbinary code: .* given; allowed: "):
            call()
    assert code.multiply(np.array([(1 << 55) - 1]), np.array([170])).tolist() == [((1 << 55) - 1) * 170]
    assert code.products(np.zeros((2, 0), dtype=int), np.zeros((0, 3), dtype=int)).tolist() == [[0] * 3] * 2
