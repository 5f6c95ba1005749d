"""`adder-tree`: the sum of many words by adders in pairs, whole or by its parts.

A whole tree has some ``bits + 1`` full adders an input, too many transistors beyond 16 inputs or so.  By ``levels`` one adder of
each level is simulated, and counted as often as the level has adders.  What it gets are no ideal words: before it stand the real
adders of ``context`` levels, whose sums come bit after bit and with glitches, since a large part of a tree's energy is in these;
before them all bits come at once.  A level's output drives an adder's input.  ``context=1`` is exact for the first two levels.
"""

from __future__ import annotations

import math
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
LARGEST = 32  # inputs of a whole tree


class TreeParameters(DataParameters, ProductParameters):
    inputs: int = quantity(8, "", "words that are added: a power of 2", ge=2, le=256)
    kind: Literal["uniform", "nor", "standard", "fibbinary"] = option(
        "uniform", "the words: any of `bits` bits; or products of such a multiplier, of random inputs with weights that stay"
    )
    bits: int | None = quantity(None, "", "kind=uniform: bits of a word; 1 if not given", ge=1, le=16)
    simulate: Literal["levels", "whole"] = option(
        "levels", "levels: an adder of each level, counted as often as there are; whole: all adders, of up to 32 inputs"
    )
    context: int = quantity(1, "", "simulate=levels: levels of real adders before the one that is looked at", ge=0, le=2)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.inputs & (self.inputs - 1):
            raise ValueError(f"inputs: {self.inputs} given; allowed: powers of 2 from 2 to 256")
        if self.bits is not None and self.kind != "uniform":
            raise ValueError(f"bits: given with kind={self.kind}; allowed with uniform, a product has weight_bits and input_bits")
        if self.simulate == "whole" and self.inputs > LARGEST:
            raise ValueError(f"inputs: {self.inputs} given with simulate=whole; allowed: up to {LARGEST}, or simulate=levels")
        return self

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
    levels: list[list[Word]]  # the words, level by level

    @property
    def context(self) -> list[str]:
        """The output nodes of the level before the last."""
        return [node for word in self.levels[-2] for node in word if node is not None]


class AdderTree(LogicBench[TreeParameters]):
    name = "adder-tree"
    summary = "tree of ripple adders, 2 to 256 inputs, whole or by its levels: delay, energy over random data"

    @property
    def depth(self) -> float:
        """Through the carries of the first adder, and a bit more in each level; of a part through its own levels."""
        levels = self.levels if self.p.simulate == "whole" else min(self.levels, self.p.context + 1)
        return 2.5 * (self.p.width + self.levels) + 5.0 * levels

    @property
    def levels(self) -> int:
        """How many the tree has."""
        return int(math.log2(self.p.inputs))

    @property
    def whole(self) -> bool:
        """Whether all adders are there."""
        return self.p.simulate == "whole"

    @property
    def supplies(self) -> tuple[str, ...]:
        """Of each level, and of the adders that are there to feed others."""
        return (*(f"level{k}" for k in range(1, self.levels + 1)), *(() if self.whole else ("context",)))

    @cached_property
    def _made(self) -> tuple[Circuit, list[Section]]:
        circuit, sections = Circuit(), []
        for level in [self.levels] if self.whole else range(1, self.levels + 1):
            first = 0 if self.whole else max(0, level - 1 - self.p.context)
            width = self.p.width + first  # each level adds a bit
            tag = f"t{level}"
            words: list[Word] = [[f"{tag}_x{k}_{bit}" for bit in range(width)] for k in range(1 << (level - first))]
            own = [f"vdd_level{k}" for k in range(first + 1, level + 1)]
            fed = own if self.whole else [*["vdd_context"] * (level - first - 1), own[-1]]
            sections.append(Section(level, first, tree(circuit, tag, words, fed)))
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
        """Those of each tree, and by levels those of the adders before the last."""
        found: list[str] = []
        for section in self.sections:
            found += section.context if not self.whole and len(section.levels) > 2 else []
            found += [node for node in section.levels[-1][0] if node is not None]
        return tuple(found)

    def loads(self) -> dict[str, float]:
        last = {node for node in self.sections[-1].levels[-1][0] if node is not None}
        context = set() if self.whole else {node for section in self.sections for node in section.context}
        return {node: self.p.fan_out if node in last else ADDER_INPUT for node in self.outputs if node not in context}

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
            shown = section.levels[-2:] if not self.whole and len(section.levels) > 2 else section.levels[-1:]
            for back, words in zip(range(len(shown) - 1, -1, -1), shown, strict=True):
                sums = self.sums(section.level - back)[:, : len(words)]
                outputs += [bits_of(column, len(word)) for column, word in zip(sums.T, words, strict=True)]
        slots = len(self.leaves)
        operations = tuple((k, k + 1) for k in range(slots - self.p.operations, slots))
        return Words(np.concatenate(inputs, axis=1), np.concatenate(outputs, axis=1), operations, f"of seed {self.p.seed}")

    # --- measures

    def count(self, level: int) -> int:
        """Adders of ``level`` that the simulated ones of it stand for, each."""
        return 1 if self.whole else self.p.inputs >> level

    def spent(self) -> Spent:
        n = len(self.words.operations)
        items = [
            Item(
                f"level_{level}",
                f"adders of level {level}",
                self.vdd,
                Sum(listed(self.over(i(f"vdd_level{level}")))) / n * self.count(level),
            )
            for level in range(1, self.levels + 1)
        ]
        lifted = total([Sum(listed(self.lifted(node))) for node in self.driven]) / n * self.count(1)
        return Spent(RailSupply(), self.vdd, (*items, Item("gates", GATES, self.vdd, lifted)))

    @property
    def driven(self) -> list[str]:
        """The tree's own inputs: by levels those of the first."""
        return [node for word in self.sections[0].levels[0] for node in word if node is not None]

    def each(self) -> Node:
        levels = [
            [charge * self.count(level) for charge in self.over(i(f"vdd_level{level}"))] for level in range(1, self.levels + 1)
        ]
        drivers = [[charge * self.count(1) for charge in self.lifted(node)] for node in self.driven]
        return listed(total(parts) * self.vdd for parts in zip(*levels, *drivers, strict=True))

    def delay(self) -> Node:
        """Of the whole tree; by levels the sum of what each adds to the one before it."""
        if self.whole:
            return super().delay()
        found: Node = Number(0.0)
        for section in self.sections:
            found = found + Largest(listed(self.settled([node for node in section.levels[-1][0] if node is not None])))
            if len(section.levels) > 2:
                found = found - Largest(listed(self.settled(section.context)))
        return found

    def late(self) -> Limits:
        return Limits("raise period", high=self.period * (1 if self.whole else self.levels), event=True)

    def made_measures(self) -> tuple[Measure, ...]:
        return (*super().made_measures(), self.error_measure())
