"""Weights without neighbouring ones (Fibbinary; Simon et al., DAC 2021), whose multipliers need no adders.

Of two neighbouring bits of such a weight at most one is set, so their product with an input x is 0, x or 2x: a selection, where
two plain bits need an adder for 3x.  A weight is sign and magnitude, the magnitude a plain binary number of ``bits`` bits; the
code only says which of them there are:

* strict: no two neighbouring ones in the whole word.  The count of words of n bits is the Fibonacci number F(n+2);
* relaxed: neighbouring ones are allowed unless the same multiplier reads both.  Each multiplier of g bits has F(g+2) words of its
  own, so there are F(g+2)^(n/g) in all: 3^(n/2) where a multiplier reads a pair of bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from montecarlo.behaviour.arrays import Array, Counts, Integers
from spicekit.errors import UserError

MOST = 24  # bits of a word: all of them are listed


@dataclass(frozen=True)
class Fibbinary:
    """The code of magnitudes of ``bits`` bits, of which each multiplier reads ``multiplier``, from the lowest on.

    Without ``multiplier`` it is the strict code.  The highest multiplier reads fewer bits where they do not divide.
    Raises :class:`UserError` for a number of bits that is out of range, and its methods for values that are no whole numbers.
    """

    bits: int
    multiplier: int | None = None

    def __post_init__(self) -> None:
        for name, value, most in (("bits", self.bits, MOST), ("multiplier", self.multiplier, self.bits)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most):
                raise UserError(f"Fibbinary code: {name} = {value!r} given; allowed: whole numbers from 1 to {most}")

    @property
    def count(self) -> int:
        """How many magnitudes there are."""
        read = self.multiplier or self.bits
        whole, rest = divmod(self.bits, read)
        return int(fibonacci(read + 2) ** whole) * fibonacci(rest + 2)

    @cached_property
    def words(self) -> Counts:
        """All magnitudes, rising: (count,)."""
        every = np.arange(1 << self.bits)
        return every[self.has(every)]

    def has(self, values: Integers) -> NDArray[np.bool_]:
        """Which of ``values`` (...), of either sign, the code holds: (...)."""
        size = np.abs(_whole(values, "value"))
        return np.asarray((size >> self.bits == 0) & (size & (size >> 1) & self._read_together == 0))

    def encode(self, values: Integers) -> Integers:
        """The bits of ``values`` (...), the lowest first, times their sign: -1, 0 and 1, (..., bits).

        Raises :class:`UserError` for a value that the code does not hold.
        """
        values = _whole(values, "value")
        if not np.all(good := self.has(values)):
            raise UserError(f"Fibbinary code: {values[~good].flat[0]} given; allowed: {self._allowed}, as nearest() gives them")
        bits = np.abs(values)[..., None] >> np.arange(self.bits) & 1
        return np.asarray(np.sign(values)[..., None] * bits, dtype=np.int8)

    def decode(self, bits: Integers) -> Counts:
        """The values (...) of ``bits`` (..., bits) as :meth:`encode` gives them.

        Raises :class:`UserError` for words of another length, of both signs, or which the code does not hold.
        """
        bits = _whole(bits, "bit")
        if bits.ndim < 1 or bits.shape[-1] != self.bits or np.any(np.abs(bits) > 1):
            raise UserError(f"Fibbinary code: bits of shape {bits.shape} given; allowed: -1, 0 or 1 of shape (..., {self.bits})")
        values = bits @ (1 << np.arange(self.bits))
        mixed = np.any(bits > 0, axis=-1) & np.any(bits < 0, axis=-1)
        if not np.all(good := self.has(values) & ~mixed):
            raise UserError(
                f"Fibbinary code: the word {bits[~good][0].tolist()} given, lowest bit first; allowed: {self._allowed}"
            )
        return values

    def nearest(self, values: Array | Integers) -> Counts:
        """The value of the code that is nearest to each of ``values`` (...), which may be real; of two, the smaller magnitude.

        Raises :class:`UserError` for a value that is not finite.
        """
        values = np.asarray(values, dtype=float)  # of whole numbers the lowest one has no opposite
        if not np.all(np.isfinite(values)):
            raise UserError("Fibbinary code: a value that is not finite given; allowed: finite numbers")
        size = np.abs(values)
        above = np.clip(np.searchsorted(self.words, size), 1, self.count - 1)
        low, high = self.words[above - 1], self.words[above]
        return (np.sign(values) * np.where(size - low <= high - size, low, high)).astype(np.int64)

    def multiply(self, inputs: Integers, weights: Integers) -> Counts:
        """Products of whole ``inputs`` of 0 or more with ``weights`` of the code, shapes broadcast, as the multipliers make them.

        Two neighbouring bits select one of two shifted inputs: a bit-wise OR, which is right since at most one of them is set.
        Raises :class:`UserError` for a weight that the code does not hold and for inputs that are negative, or so large that
        their products are no whole numbers of 64 bits.
        """
        inputs, most = _whole(inputs, "input"), (1 << 63 - self.bits) - 1
        if np.any(wrong := (inputs < 0) | (inputs > most)):
            raise UserError(f"Fibbinary code: input {inputs[wrong].flat[0]} given; allowed: whole numbers from 0 to {most}")
        bits = self.encode(weights)
        gates = -np.abs(bits.astype(np.int64))  # all ones where the bit is set
        total = np.zeros(np.broadcast_shapes(inputs.shape, gates.shape[:-1]), dtype=np.int64)
        for low, pair in self.pairs:
            selected = inputs & gates[..., low]
            if pair:
                selected = selected | (inputs << 1) & gates[..., low + 1]
            total += selected << low
        return total * np.sign(weights)

    def products(self, inputs: Integers, weights: Integers) -> Counts:
        """Sums over the places of ``inputs`` (..., places) times ``weights`` (places, filters): (..., filters)."""
        return np.asarray(self.multiply(np.asarray(inputs)[..., None], weights).sum(axis=-2))

    @property
    def pairs(self) -> list[tuple[int, bool]]:
        """What selects: the lowest bit of each, and whether it reads the next one too."""
        read = self.multiplier or self.bits
        found = []
        for first in range(0, self.bits, read):
            last = min(first + read, self.bits)
            found += [(low, low + 1 < last) for low in range(first, last, 2)]
        return found

    @property
    def _read_together(self) -> int:
        """The bits i of which the same multiplier reads bit i + 1."""
        read = self.multiplier or self.bits
        return sum(1 << bit for bit in range(self.bits - 1) if (bit + 1) % read)

    @property
    def _allowed(self) -> str:
        where = "" if self.multiplier is None else f" in the {self.multiplier} bits of a multiplier"
        return f"magnitudes of {self.bits} bits without neighbouring ones{where}"


def _whole(values: Integers, what: str) -> Counts:
    """``values`` as whole numbers of 64 bits: those of 8 bits have no room for shifts, nor for the opposite of the lowest one."""
    given = np.asarray(values)
    if given.size == 0 or (given.dtype.kind in "iub" and not (given.dtype == np.uint64 and given.max() >> 63)):
        return given.astype(np.int64)
    raise UserError(f"Fibbinary code: {what}s of type {given.dtype} given; allowed: whole numbers of up to 64 bits")


def fibonacci(n: int) -> int:
    """F(n), with F(1) = F(2) = 1."""
    low, high = 0, 1
    for _ in range(n):
        low, high = high, low + high
    return low
