"""`multiplier`: of an input with a weight that is held in memory cells."""

from __future__ import annotations

from functools import cached_property
from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from spicekit.benches.digital.arithmetic import Integers, Kind, multiplier, weights_of
from spicekit.benches.digital.gates import Circuit
from spicekit.benches.digital.logic import DataParameters, LogicBench, Words, bits_of
from spicekit.measures.measure import Measure
from spicekit.parameters import Group, option, quantity


class ProductParameters(Group):
    weight_bits: int = quantity(2, "", "bits of a weight", ge=1, le=8)
    input_bits: int | None = quantity(None, "", "bits of an input; 1 with nor, else 4 if not given", ge=1, le=8)

    @property
    def inputs_read(self) -> int:
        """Bits of an input."""
        return (1 if getattr(self, "kind", "") == "nor" else 4) if self.input_bits is None else self.input_bits

    @model_validator(mode="after")
    def _nor_takes_a_bit(self) -> Self:
        if getattr(self, "kind", "") == "nor" and self.inputs_read != 1:
            raise ValueError(f"input_bits: {self.inputs_read} given with kind=nor; allowed: 1, other kinds take more")
        return self


class MultiplierParameters(DataParameters, ProductParameters):
    kind: Kind = option(
        "fibbinary",
        "nor: one bit of input, a NOR a bit of the weight; standard: rows of ANDs, added; fibbinary: of each two bits of the "
        "weight at most one is set, and selects",
    )
    weights: Literal["held", "new"] = option(
        "held", "an operation has a new input and a weight that was there before, or a new weight too"
    )


class Multiplier(LogicBench[MultiplierParameters]):
    name = "multiplier"
    summary = "multiplier of an SRAM compute-in-memory macro: NOR, standard or Fibbinary: delay, energy over random data"

    @property
    def inputs(self) -> tuple[str, ...]:
        return (*(f"x{k}" for k in range(self.p.inputs_read)), *(f"w{k}" for k in range(self.p.weight_bits)))

    @cached_property
    def circuit(self) -> Circuit:
        return self._made[0]

    @property
    def outputs(self) -> tuple[str, ...]:
        return self._made[1]

    @cached_property
    def _made(self) -> tuple[Circuit, tuple[str, ...]]:
        circuit, n = Circuit(), self.p.inputs_read
        product = multiplier(circuit, "m", self.p.kind, self.inputs[:n], self.inputs[n:])
        return circuit, tuple(node for node in product if node is not None)

    @property
    def depth(self) -> float:
        """A gate, then a row after the other and through the carries of the last."""
        if self.p.kind == "nor":
            return 2.0
        rows = -(-self.p.weight_bits // (2 if self.p.kind == "fibbinary" else 1))
        return 3.0 + (4.0 * (rows - 1) + 2.0 * self.p.inputs_read if rows > 1 else 0.0)

    @cached_property
    def words(self) -> Words:
        p = self.p
        rng = np.random.default_rng(p.seed)
        code, most = weights_of(p.kind, p.weight_bits), (1 << p.inputs_read) - 1
        x = rng.integers(0, most + 1, p.operations + 1)
        w = rng.choice(code, p.operations + 1)
        # the longest carries first: the largest weight with the largest input and without one
        inputs, weights = [0, most, 0], [int(code[-1])] * 3
        operations = []
        for k in range(1, p.operations + 1):
            before = {"held": ((x[k - 1], w[k]),), "new": ((x[0], w[0]),) if k == 1 else ()}[p.weights]
            for value, weight in (*before, (x[k], w[k])):
                inputs.append(int(value))
                weights.append(int(weight))
            operations.append((len(inputs) - 1, len(inputs)))
        sent, held = bits_of(inputs, p.inputs_read), bits_of(weights, p.weight_bits)
        given = np.concatenate([sent, held], axis=1)
        products: Integers = np.array(inputs) * np.array(weights)
        return Words(
            ~given if p.kind == "nor" else given,
            bits_of(products, len(self.outputs)),
            tuple(operations),
            f"{'inverted ' if p.kind == 'nor' else ''}inputs x and weights w, of seed {p.seed}",
        )

    def made_measures(self) -> tuple[Measure, ...]:
        return (*super().made_measures(), self.error_measure())
