"""Cards of kind ``mtj``: a magnetic tunnel junction::

    >>> load_device("umn-i-pmtj", MtjCard).at().numbers.delta           # doctest: +SKIP
    72.883

The sections and keys are in :mod:`spicekit.devices.mtj_figures`.
"""

from __future__ import annotations

import functools
import math
from dataclasses import asdict
from typing import Self

import numpy as np
from pydantic import model_validator

from spicekit.devices.junction import Junction
from spicekit.devices.mtj_figures import MtjFigures
from spicekit.errors import UserError
from spicekit.physics.macromodel import macromodel
from spicekit.physics.mtj_numbers import MtjNumbers


class MtjCard(MtjFigures):
    """One published junction."""

    @model_validator(mode="after")
    def _can_be_placed(self) -> Self:
        try:
            self.at()
        except UserError as error:
            raise ValueError(str(error).removeprefix(f"{self.name}: ")) from None
        return self

    def at(self, kelvin: float | None = None) -> Junction:
        """The junction at ``kelvin`` (the card's own temperature if None).

        Raises :class:`UserError` for a temperature that the card does not allow, and where figures of the card that are each
        allowed leave the range of numbers together.
        """
        return Junction.of(self, _numbers(self, kelvin))


@functools.lru_cache(maxsize=256)
def _numbers(card: MtjCard, kelvin: float | None) -> MtjNumbers:
    """A demagnetising tensor takes longer than anything else in a bench, and a bench asks for its junction again and again."""
    try:
        with np.errstate(all="ignore"):
            found = macromodel(card, kelvin)
    except ArithmeticError as error:
        raise UserError(f"{card.name}: some figure is far from any junction's ({error})") from None
    if wrong := [name for name, value in asdict(found).items() if not math.isfinite(value)]:
        raise UserError(f"{card.name}: some figure is far from any junction's: {', '.join(wrong)} would not be finite")
    return found
