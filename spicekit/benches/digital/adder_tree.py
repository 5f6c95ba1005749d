"""`adder-tree`: the sum of many words by adders in pairs, whole or by its levels.

A whole tree has some ``bits + 1`` full adders an input, too many transistors beyond 32 inputs.  The first ``base`` levels are
simulated as one tree, which counts as often as it is there; of each level above one adder is, and counts as often as the level
has adders.  What that one gets are no ideal words: before it stand the real adders of ``context`` levels, whose sums come bit
after bit and with glitches, since much of a tree's energy is in these; before them all bits come at once.  A level's output
drives an adder's input.

A simulation takes its steps for all transistors at once, so that parts that have nothing to do with each other cost more together
than one after the other: with ``part`` one of them is simulated alone.  ``e_total`` and ``delay`` are then what this part adds;
their sum over all parts is the tree's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from spicekit.benches.digital.arithmetic import Integers, Word, product_width, tree, weights_of
from spicekit.benches.digital.gates import Bits, Circuit
from spicekit.benches.digital.logic import GATES, DataParameters, LogicBench, Words, bits_of
from spicekit.benches.digital.multiplier import ProductParameters
from spicekit.limits import Limits
from spicekit.measures import Largest, Node, Number, Sum, i, listed, total
from spicekit.measures.measure import Measure
from spicekit.parameters import option, quantity
from spicekit.rails import Item, RailSupply, Spent

ADDER_INPUT = 9.0  # a full adder's input a in inputs of an inverter: 2 + 2 + 2 + 3 of SIZES["mirror"]


class TreeParameters(DataParameters, ProductParameters):
    inputs: int = quantity(8, "", "words that are added: a power of 2", ge=2, le=256)
    kind: Literal["uniform", "nor", "standard", "fibbinary"] = option(
        "uniform", "the words: any of `bits` bits; or products of such a multiplier, of random inputs with weights that stay"
    )
    bits: int | None = quantity(None, "", "kind=uniform: bits of a word; 1 if not given", ge=1, le=16)
    base: int = quantity(3, "", "levels from the inputs on that are simulated as one tree; above, an adder each", ge=1, le=5)
    context: int = quantity(1, "", "levels of real adders before an adder above the base", ge=0, le=2)

    part: int | None = quantity(
        None,
        "",
        "one part alone: the level of its last adder, from that of the base to the tree's last; all parts if not given",
        ge=1,
        le=8,
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.inputs & (self.inputs - 1):
            raise ValueError(f"inputs: {self.inputs} given; allowed: powers of 2 from 2 to 256")
        lowest = min(self.base, self.levels)
        if self.part is not None and not lowest <= self.part <= self.levels:
            raise ValueError(f"part: {self.part} given; allowed: {lowest} to {self.levels}, the last levels of the tree's parts")
        if self.bits is not None and self.kind != "uniform":
            raise ValueError(f"bits: given with kind={self.kind}; allowed with uniform, a product has weight_bits and input_bits")
        return self

    @property
    def levels(self) -> int:
        """How many the tree has."""
        return self.inputs.bit_length() - 1

    @property
    def width(self) -> int:
        """Bits of a word."""
        if self.kind == "uniform":
            return 1 if self.bits is None else self.bits
        return product_width(self.kind, self.inputs_read, self.weight_bits)


@dataclass(frozen=True)
class Section:
    """A tree, of which the last level is looked at, or each of a whole one."""

    level: int  # of the last adder, counted from 1
    first: int  # level whose words come at once: 0 the tree's own inputs
    base: bool  # whether all its adders count
    levels: list[list[Word]]  # the words, level by level

    @property
    def last(self) -> list[str]:
        """The output nodes."""
        return [node for node in self.levels[-1][0] if node is not None]

    @property
    def context(self) -> list[str]:
        """The output nodes of the real adders before the last, which do not count."""
        if self.base or len(self.levels) == 2:
            return []
        return [node for word in self.levels[-2] for node in word if node is not None]


class AdderTree(LogicBench[TreeParameters]):
    name = "adder-tree"
    summary = "tree of ripple adders, 2 to 256 inputs, whole or by its levels: delay, energy over random data"

    @property
    def depth(self) -> float:
        """Through the carries of the first adder, and a bit more in each level; of a part through its own levels."""
        levels = max(self.base if part == self.base else self.p.context + 1 for part in self.parts)
        return 2.5 * (self.p.width + max(self.parts)) + 5.0 * levels

    @property
    def levels(self) -> int:
        """How many the tree has."""
        return self.p.levels

    @property
    def base(self) -> int:
        """Levels of the tree that is simulated whole."""
        return min(self.p.base, self.levels)

    @property
    def parts(self) -> tuple[int, ...]:
        """Those that are simulated, by the level of their last adder."""
        return tuple(range(self.base, self.levels + 1)) if self.p.part is None else (self.p.part,)

    @property
    def counted(self) -> tuple[int, ...]:
        """The levels whose energy counts."""
        return tuple(k for part in self.parts for k in (range(1, part + 1) if part == self.base else (part,)))

    @property
    def supplies(self) -> tuple[str, ...]:
        """Of each level, and of the adders that are there to feed others."""
        context = any(part > self.base for part in self.parts) and self.p.context > 0
        return (*(f"level{k}" for k in self.counted), *(("context",) if context else ()))

    @cached_property
    def _made(self) -> tuple[Circuit, list[Section]]:
        circuit, sections = Circuit(), []
        for level in self.parts:
            first = 0 if level == self.base else max(0, level - 1 - self.p.context)
            width = self.p.width + first  # each level adds a bit
            tag = f"t{level}"
            words: list[Word] = [[f"{tag}_x{k}_{bit}" for bit in range(width)] for k in range(1 << (level - first))]
            own = [f"vdd_level{k}" for k in range(first + 1, level + 1)]
            fed = own if level == self.base else [*["vdd_context"] * (level - first - 1), own[-1]]
            sections.append(Section(level, first, level == self.base, tree(circuit, tag, words, fed)))
        return circuit, sections

    @property
    def circuit(self) -> Circuit:
        return self._made[0]

    @property
    def sections(self) -> list[Section]:
        """The trees that are simulated."""
        return self._made[1]

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        return tuple(node for section in self.sections for word in section.levels[0] for node in word if node is not None)

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """Those of each tree that is simulated, and of the adders before its last."""
        return tuple(node for section in self.sections for node in (*section.context, *section.last))

    def loads(self) -> dict[str, float]:
        top = {node for section in self.sections if section.level == self.levels for node in section.last}
        return {node: self.p.fan_out if node in top else ADDER_INPUT for section in self.sections for node in section.last}

    @cached_property
    def leaves(self) -> Integers:
        """The tree's input words in each slot, (slots, inputs)."""
        p = self.p
        rng = np.random.default_rng(p.seed)
        shape = (p.operations + 1, p.inputs)
        if p.kind == "uniform":
            most = (1 << p.width) - 1
            drawn = rng.integers(0, most + 1, shape)
            # the longest carry of the first level: a 1 to a full word
            full = np.where(np.arange(p.inputs) % 2, 0, most)
            return np.concatenate([[0 * full, full, full + np.arange(p.inputs) % 2], drawn])
        weights = rng.choice(weights_of(p.kind, p.weight_bits), p.inputs)
        most = (1 << p.inputs_read) - 1
        drawn = rng.integers(0, most + 1, shape) * weights
        return np.concatenate([[0 * weights, most * weights, 0 * weights], drawn])

    def sums(self, level: int) -> Integers:
        """The words of ``level``, 0 the inputs, in each slot: (slots, words)."""
        return np.asarray(self.leaves.reshape(len(self.leaves), -1, 1 << level).sum(axis=2))

    @cached_property
    def words(self) -> Words:
        inputs: list[Bits] = []
        outputs: list[Bits] = []
        for section in self.sections:
            given = self.sums(section.first)[:, : len(section.levels[0])]
            inputs += [bits_of(column, len(word)) for column, word in zip(given.T, section.levels[0], strict=True)]
            shown = section.levels[-2:] if section.context else section.levels[-1:]
            for back, words in zip(range(len(shown) - 1, -1, -1), shown, strict=True):
                sums = self.sums(section.level - back)[:, : len(words)]
                outputs += [bits_of(column, len(word)) for column, word in zip(sums.T, words, strict=True)]
        slots = len(self.leaves)
        operations = tuple((k, k + 1) for k in range(slots - self.p.operations, slots))
        return Words(np.concatenate(inputs, axis=1), np.concatenate(outputs, axis=1), operations, f"of seed {self.p.seed}")

    # --- measures

    def count(self, level: int) -> int:
        """Adders of ``level`` that each of the simulated ones stands for."""
        return self.p.inputs >> max(level, self.base)

    def spent(self) -> Spent:
        n = len(self.words.operations)
        items = [
            Item(
                f"level_{level}",
                f"adders of level {level}",
                self.vdd,
                Sum(listed(self.over(i(f"vdd_level{level}")))) / n * self.count(level),
            )
            for level in self.counted
        ]
        if self.driven:
            lifted = total([Sum(listed(self.lifted(node))) for node in self.driven]) / n * self.count(1)
            items.append(Item("gates", GATES, self.vdd, lifted))
        return Spent(RailSupply(), self.vdd, tuple(items))

    @property
    def driven(self) -> list[str]:
        """The tree's own inputs: those of the base."""
        return [
            node for section in self.sections if section.base for word in section.levels[0] for node in word if node is not None
        ]

    def each(self) -> Node:
        levels = [[charge * self.count(level) for charge in self.over(i(f"vdd_level{level}"))] for level in self.counted]
        drivers = [[charge * self.count(1) for charge in self.lifted(node)] for node in self.driven]
        return listed(total(parts) * self.vdd for parts in zip(*levels, *drivers, strict=True))

    def delay(self) -> Node:
        """Of the base, and what each level adds to the one before it."""
        found: Node = Number(0.0)
        for section in self.sections:
            found = found + Largest(listed(self.settled(section.last)))
            if section.context:
                found = found - Largest(listed(self.settled(section.context)))
        return found

    def late(self) -> Limits:
        return Limits("raise period", high=self.period * len(self.sections), event=True)

    def made_measures(self) -> tuple[Measure, ...]:
        return (*super().made_measures(), self.error_measure())
