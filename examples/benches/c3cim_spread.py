"""A bench of one's own: the constant-current column with the spread of its memory as a parameter to sweep over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from spicekit import quantity
from spicekit.benches.c3cim.column import C3cimColumn, C3cimParameters


class SpreadParameters(C3cimParameters):
    sigma_r: float | None = quantity(
        None, "", "standard deviation of ln R from cell to cell, in both states; the card's if not given", ge=0, le=1
    )


class SpreadColumn(C3cimColumn[SpreadParameters]):
    name = "c3cim-spread"
    summary = "constant-current column whose memory has a given spread"

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if self.p.sigma_r is not None:
            numbers = replace(self.memory.numbers, sigma_lrs=self.p.sigma_r, sigma_hrs=self.p.sigma_r)
            self.memory = replace(self.memory, numbers=numbers)
