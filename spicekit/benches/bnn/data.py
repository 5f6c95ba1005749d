"""Weights and inputs of a binary row: given, drawn, or placed for a match count.  1 stands for +1, 0 for -1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

Positions = Literal["first", "last", "spread", "random"]


@dataclass(frozen=True)
class Cell:
    """One XNOR cell of a row."""

    index: int
    weight: int
    input: int

    @property
    def match(self) -> int:
        """Its product: 1 for +1, 0 for -1."""
        return int(self.weight == self.input)


def cells_of(weights: str, inputs: str) -> list[Cell]:
    """The cells of a row with these words, a character 0 or 1 a cell."""
    return [Cell(j, int(weight), int(given)) for j, (weight, given) in enumerate(zip(weights, inputs, strict=True))]


def drawn(n: int, seed: int) -> tuple[str, str]:
    """Weights and inputs of ``n`` cells, each bit even, from a numpy Generator of ``seed``."""
    weights, inputs = ("".join(map(str, bits)) for bits in np.random.default_rng(seed).integers(0, 2, size=(2, n)))
    return weights, inputs


def placed(n: int, n1: int, positions: Positions, seed: int) -> list[int]:
    """Indices of the ``n1`` matching cells among ``n``, sorted; index ``n - 1`` is next to the amplifier.

    One match more adds a place and moves none, except with ``spread``, which spaces the matches evenly.
    """
    if positions == "spread":
        return [j for j in range(n) if (j + 1) * n1 // n > j * n1 // n]
    order = {"first": np.arange(n), "last": np.arange(n)[::-1], "random": np.random.default_rng(seed).permutation(n)}[positions]
    return sorted(int(j) for j in order[:n1])


def turned(cells: Sequence[Cell]) -> list[Cell]:
    """The row with one match more, or one less if all match: the input turned of such a cell nearest to the middle."""
    full = all(cell.match for cell in cells)
    middle = (len(cells) - 1) / 2
    chosen = min((cell for cell in cells if bool(cell.match) == full), key=lambda cell: abs(cell.index - middle))
    return [replace(cell, input=1 - cell.input) if cell is chosen else cell for cell in cells]
