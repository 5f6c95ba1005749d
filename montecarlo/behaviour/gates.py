"""IMCE's bit-wise product of integers (Fan, ASP-DAC 2018), every AND of it done by a pair of cells that may be another gate.

    inputs * weights = sum over m, n of 2^(m+n) bitcount(AND(C_n(weights), C_m(inputs)))

with C_k the plane of bit k; integers are unsigned.  A pair senses two cells at once; its sense voltage rises with every junction
that is antiparallel, so however its devices deviate it is one of six gates (:data:`GATES`).  The fraction of each in a campaign
is the whole error model, joint over the inputs.  A weight bit stays where it is while the inputs pass, so a pair belongs to a
place, a filter and a pair of bit planes (m, n), and errs in the same way in every read.

With its weight bit fixed, a gate's output is f(0) + input bit (f(1) - f(0)): linear in the input bit, so a bitcount is a constant
plus a product with a matrix of -1, 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from montecarlo.behaviour.arrays import Array, Counts, Integers, needed
from montecarlo.behaviour.lookup import operating_point
from montecarlo.statistics.margins import clopper_pearson
from spicekit.errors import UserError
from spicekit.table import LookupTable

WORDS = ("00", "01", "10", "11")  # what the pair stores: first the input bit, then the weight bit
GATES = {  # name -> its outputs for WORDS
    "and": (0, 0, 0, 1),
    "zero": (0, 0, 0, 0),  # takes 11 for a 0
    "input": (0, 0, 1, 1),  # takes 10 for 11, not 01: its output is the input bit
    "weight": (0, 1, 0, 1),
    "or": (0, 1, 1, 1),
    "one": (1, 1, 1, 1),
}
AND = list(GATES).index("and")
OUTPUTS = np.array(list(GATES.values()), dtype=np.int8).reshape(len(GATES), 2, 2)  # [gate, input bit, weight bit]
WRONG = {word: [k for k, gate in enumerate(GATES.values()) if gate[i] != GATES["and"][i]] for i, word in enumerate(WORDS)}


@dataclass(frozen=True)
class GateErrors:
    """The fractions of :data:`GATES` at one operating point, (6,), from ``trials`` simulated pairs (0: not simulated)."""

    fractions: Array
    trials: int = 0

    def __post_init__(self) -> None:
        if self.fractions.shape != (len(GATES),) or np.any(self.fractions < 0) or not np.isclose(self.fractions.sum(), 1):
            raise UserError(f"fractions of {', '.join(GATES)} must be 0 or more and add up to 1; given: {self.fractions}")

    @classmethod
    def of(cls, table: LookupTable, **where: Any) -> GateErrors:
        """From a table of the fractions ``gate_and``, ``gate_zero``, ... (``examples/benches/imce_and.py``) at ``where``.

        Between the points of the grid the fractions are interpolated; they still add up to 1.
        """
        place = operating_point(table, **where)
        fractions = np.array([float(table.query(f"gate_{name}", **place)) for name in GATES])
        return cls(fractions / fractions.sum(), int(table.query("count", **place)))

    @classmethod
    def none(cls) -> GateErrors:
        """All pairs are AND gates."""
        return cls(np.array([float(name == "and") for name in GATES]))

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Integers:
        """The gate (index into GATES) of each pair of a memory of ``shape``."""
        return rng.choice(len(GATES), size=shape, p=self.fractions)

    def error_rate(self, inputs: str) -> float:
        """Probability of the wrong answer given the inputs, e.g. P(0 | 11)."""
        return float(sum(self.fractions[k] for k in WRONG[inputs]))

    def interval(self, inputs: str) -> tuple[float, float]:
        """Exact 95 % interval of :meth:`error_rate`."""
        return clopper_pearson(round(self.error_rate(inputs) * self.trials), self.trials)

    @property
    def mean_error_rate(self) -> float:
        """Over the four input combinations, each as likely."""
        return float(np.mean([self.error_rate(word) for word in WORDS]))


class Pairs:
    """Pairs of cells that hold ``weights``, unsigned integers (places, filters); ``bits`` is (of a weight, of an input).

    Fresh a chip: ``gates``, the gate of every pair as an index into :data:`GATES`, (input bits, weight bits, places, filters).
    Nothing is fresh a read.  Raises :class:`UserError` for a weight that does not fit into its bits.
    """

    def __init__(
        self, weights: Integers, bits: tuple[int, int], errors: GateErrors | None = None, rng: np.random.Generator | None = None
    ) -> None:
        _fit(weights, bits[0], "weights")
        self.bits = bits
        shape = (bits[1], bits[0], *weights.shape)
        self.gates = np.full(shape, AND) if errors is None else errors.draw(needed(rng), shape)
        self.constants = np.zeros((bits[1], weights.shape[1]), dtype=np.int64)  # for each bit of an input
        self.slopes = np.zeros((bits[1], *weights.shape), dtype=np.float32)
        for m in range(bits[1]):
            for n in range(bits[0]):
                at_0, at_1 = (OUTPUTS[self.gates[m, n], bit, (weights >> n) & 1].astype(np.int64) << n for bit in (0, 1))
                self.constants[m] += at_0.sum(axis=0)
                self.slopes[m] += at_1 - at_0

    def products(self, inputs: Integers) -> Counts:
        """Sums over the places of ``inputs`` (..., places) times weights: (..., filters).  Exact up to 2^24 places."""
        _fit(inputs, self.bits[1], "inputs")
        total = np.zeros((*inputs.shape[:-1], self.constants.shape[1]), dtype=np.int64)
        for m, (constant, slope) in enumerate(zip(self.constants, self.slopes, strict=True)):
            seen = ((inputs >> m) & 1).astype(np.float32)
            total += (np.rint(seen @ slope).astype(np.int64) + constant) << m
        return total


def _fit(values: Integers, bits: int, name: str) -> None:
    if values.size and not 0 <= values.min() <= values.max() < 1 << bits:
        raise UserError(f"{name} of {values.min()} to {values.max()} given; {bits} bits hold 0 to {(1 << bits) - 1}")
