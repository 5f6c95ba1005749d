"""`shift-accumulate`: a register with an adder, for inputs that come bit after bit, the highest first.

In each cycle the register takes twice what it holds plus the sum that the tree gives; in the first cycle of an operation it takes
the sum alone.  Of an input of ``cycles`` bits x_k and sums s_k of what is selected by these bits, it holds sum of s_k 2^k then.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from spicekit.benches.digital.arithmetic import Word, ripple
from spicekit.benches.digital.gates import Circuit
from spicekit.benches.digital.logic import DataParameters, LogicBench, Words, bits_of
from spicekit.measures.measure import Measure
from spicekit.parameters import quantity


class AccumulateParameters(DataParameters):
    bits: int = quantity(4, "", "bits of the sum that is added", ge=1, le=16)
    cycles: int = quantity(4, "", "bits of the input: cycles of an operation", ge=1, le=8)
    operations: int = quantity(4, "", "operations on random data, each of `cycles` slots", ge=4, le=100)


class ShiftAccumulate(LogicBench[AccumulateParameters]):
    name = "shift-accumulate"
    summary = "shift-and-add register of bit-serial inputs: cycle time, energy of an operation over random data"

    @property
    def clock(self) -> str:
        return "clock"

    @property
    def width(self) -> int:
        """Bits of the register."""
        return self.p.bits + self.p.cycles

    @property
    def depth(self) -> float:
        """A register, a gate, the carries."""
        return 8.0 + 2.5 * self.width

    @property
    def inputs(self) -> tuple[str, ...]:
        return ("keep", *(f"s{k}" for k in range(self.p.bits)))

    @cached_property
    def _made(self) -> tuple[Circuit, list[str]]:
        circuit = Circuit()
        # the highest bit is never shifted: an operation ends before it would be
        kept: Word = [None, *(f"k{bit}" for bit in range(self.width - 1))]
        for bit in range(self.width - 1):
            circuit.and2(f"keep{bit}", f"q{bit}", "keep", f"k{bit}")
        total = ripple(circuit, "add", [f"s{k}" for k in range(self.p.bits)], kept)[: self.width]
        following = [node for node in total if node is not None]
        for bit, node in enumerate(following):
            circuit.flip_flop(f"r{bit}", node, "clock", f"q{bit}")
        return circuit, following

    @property
    def circuit(self) -> Circuit:
        return self._made[0]

    @property
    def outputs(self) -> Sequence[str]:
        """The register, and what it takes next."""
        return list(dict.fromkeys([*(f"q{bit}" for bit in range(self.width)), *self._made[1]]))

    @cached_property
    def words(self) -> Words:
        p, rng = self.p, np.random.default_rng(self.p.seed)
        # the first operation only brings the register to something known; the slot before it is the state at the beginning
        sums = np.concatenate([[0], rng.integers(0, 1 << p.bits, (p.operations + 1) * p.cycles)])
        keep = np.concatenate([[0], np.tile(np.arange(p.cycles) > 0, p.operations + 1)])
        held, following, register = [], [], 0
        for added, kept in zip(sums.tolist(), keep.tolist(), strict=True):
            held.append(register)
            register = (register << 1) * int(kept) + added
            following.append(register)
        nodes = [*(f"q{bit}" for bit in range(self.width)), *self._made[1]]
        bits = np.concatenate([bits_of(held, self.width), bits_of(following, self.width)], axis=1)
        columns = {node: bits[:, k] for k, node in enumerate(nodes)}
        return Words(
            np.concatenate([keep[:, None].astype(bool), bits_of(sums, p.bits)], axis=1),
            np.stack([columns[node] for node in self.outputs], axis=1),
            tuple((1 + k * p.cycles, 1 + (k + 1) * p.cycles) for k in range(1, p.operations + 1)),
            f"sums s of seed {p.seed}, and keep, 0 in the first cycle of an operation",
        )

    def made_measures(self) -> tuple[Measure, ...]:
        return (*super().made_measures(), self.error_measure())
