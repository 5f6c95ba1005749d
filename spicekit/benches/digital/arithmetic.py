"""Adders, multipliers and trees of the gates in :mod:`spicekit.benches.digital.gates`.

A word is a list of nodes, the lowest bit first; a bit that is always 0 has no node.  A bit that is alone in its place goes
through without a gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spicekit.benches.digital.gates import Circuit

Word: TypeAlias = list["str | None"]
Kind = Literal["nor", "standard", "fibbinary"]
Integers = NDArray[np.int64]


def ripple(circuit: Circuit, name: str, first: Sequence[str | None], second: Sequence[str | None]) -> Word:
    """The sum of two words: half and full adders, the carry from each to the next."""
    total: Word = []
    carry: str | None = None
    for bit in range(max(len(first), len(second))):
        terms = [*(word[bit] for word in (first, second) if bit < len(word)), carry]
        present = [node for node in terms if node is not None]
        here, y, out = f"{name}_{bit}", f"{name}_s{bit}", f"{name}_k{bit}"
        carry = None
        if len(present) == 3:
            circuit.full_adder(here, present[0], present[1], present[2], y, out)
        elif len(present) == 2:
            circuit.half_adder(here, present[0], present[1], y, out)
        total.append(y if len(present) > 1 else present[0] if present else None)
        carry = out if len(present) > 1 else None
    return total if carry is None else [*total, carry]


def multiplier(circuit: Circuit, name: str, kind: Kind, inputs: Sequence[str], weights: Sequence[str]) -> Word:
    """The product of a word of ``inputs`` with one of ``weights``.

    ``nor``: one bit of input, both words inverted: a NOR a bit of the weight.  ``standard``: an AND for each two bits, the rows
    added one after the other.  ``fibbinary``: of each two bits of the weight, lowest first, at most one is set: both rows are
    one, whose bits are chosen by an AND-OR; these rows are added (Simon et al., DAC 2021).
    """
    if kind == "nor":
        for k, weight in enumerate(weights):
            circuit.nor2(f"{name}_{k}", inputs[0], weight, f"{name}_p{k}")
        return [f"{name}_p{k}" for k in range(len(weights))]
    rows = []
    for low in range(0, len(weights), 2 if kind == "fibbinary" else 1):
        pair = kind == "fibbinary" and low + 1 < len(weights)
        row: Word = []
        for bit in range(len(inputs) + pair):
            here, node = f"{name}_{low}_{bit}", f"{name}_r{low}_{bit}"
            if pair and 0 < bit < len(inputs):
                circuit.ao22(here, inputs[bit], weights[low], inputs[bit - 1], weights[low + 1], node)
            elif bit < len(inputs):
                circuit.and2(here, inputs[bit], weights[low], node)
            else:
                circuit.and2(here, inputs[bit - 1], weights[low + 1], node)
            row.append(node)
        rows.append((low, row))
    product, total = list[str | None](), rows[0][1]
    for low, row in rows[1:]:
        shift = low - len(product)
        product += total[:shift]
        total = ripple(circuit, f"{name}_a{low}", total[shift:], row)
    return [*product, *total]


def product_width(kind: Kind, input_bits: int, weight_bits: int) -> int:
    """Bits of the word that :func:`multiplier` makes."""
    circuit = Circuit()
    made = multiplier(circuit, "p", kind, [f"x{k}" for k in range(input_bits)], [f"w{k}" for k in range(weight_bits)])
    return len(made)


def weights_of(kind: Kind, bits: int) -> Integers:
    """All weights of ``bits`` bits that a multiplier of ``kind`` takes."""
    every = np.arange(1 << bits)
    if kind != "fibbinary":
        return every
    low = sum(1 << bit for bit in range(0, bits, 2))
    return np.asarray(every[every & (every >> 1) & low == 0])


def tree(circuit: Circuit, name: str, words: Sequence[Word], supplies: Sequence[str]) -> list[list[Word]]:
    """Adders in pairs until one word is left: the words of each level, those given first; the adders of level k are fed from
    ``supplies[k - 1]``."""
    levels = [list(words)]
    while len(levels[-1]) > 1:
        depth = len(levels)
        circuit.supply = supplies[depth - 1]
        last = levels[-1]
        levels.append([ripple(circuit, f"{name}_{depth}_{k}", last[2 * k], last[2 * k + 1]) for k in range(len(last) // 2)])
    return levels
