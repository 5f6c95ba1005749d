"""Numbers as circuit people write them: ``200n``, ``1meg``, ``5%``, ``inf``.

The suffixes are SPICE's (case-insensitive, so ``M`` is milli and ``meg`` is 1e6); letters after the suffix are a unit and
are ignored as in SPICE (``10pF``, ``3ns``).  Unlike SPICE, text that is not a number is an error, never zero.
"""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import ArrayLike

from spicekit.errors import UserError

_SUFFIXES = {
    "t": "e12", "g": "e9", "meg": "e6", "k": "e3", "": "", "m": "e-3", "u": "e-6", "µ": "e-6", "μ": "e-6", "n": "e-9",
    "p": "e-12", "f": "e-15", "a": "e-18",
}  # fmt: skip
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(e[+-]?\d+)?\s*(meg|[tgkmuµμnpfa])?([a-zµμω]*)", re.IGNORECASE)
_PREFIXES = {12: "T", 9: "G", 6: "M", 3: "k", 0: "", -3: "m", -6: "µ", -9: "n", -12: "p", -15: "f", -18: "a"}
_UNITS = {"", "v", "a", "s", "f", "h", "hz", "ohm", "ω", "w", "j", "m", "c", "k", "b", "oe", "t", "ev"}


def parse_value(text: str | float) -> float:
    """Read a number with an optional SPICE suffix, per cent sign and unit.

    >>> parse_value("200n"), parse_value("1meg"), parse_value("5%"), parse_value("-inf")
    (2e-07, 1000000.0, 0.05, -inf)

    Raises :class:`UserError` for anything that is not a number, ``nan`` included.
    """
    if isinstance(text, int | float) and not isinstance(text, bool):
        if isinstance(text, float) and math.isnan(text):
            raise UserError("'nan' is not a number; give e.g. 200n, 1meg, 5% or 1.5e-9")
        try:
            return float(text)
        except OverflowError:
            raise UserError("a whole number above 1.8e308 given; allowed: what a double can hold") from None
    word = str(text).strip()
    if word.lower() in {"inf", "+inf", "-inf"}:
        return float(word)
    if word.endswith("%"):
        match = _NUMBER.fullmatch(word[:-1].strip())
        if match and not match[3] and not match[4]:
            return float(f"{match[1]}{match[2] or ''}") / 100
    elif (match := _NUMBER.fullmatch(word)) and match[4].lower() in _UNITS:
        suffix = _SUFFIXES[(match[3] or "").lower()]
        if not match[2]:  # one conversion from decimal text: 200n is the double nearest to 2e-07
            return float(f"{match[1]}{suffix}")
        return float(f"{match[1]}{match[2]}") * float(f"1{suffix}")
    raise UserError(f"'{text}' is not a number; give e.g. 200n, 1meg, 5% or 1.5e-9")


def format_value(value: float, unit: str = "", digits: int = 4) -> str:
    """Write a number with an SI prefix for people: ``format_value(2e-7, "m")`` is ``"200 nm"``.

    Dimensionless values, per cent, and compound units (``ohm um2``) get no prefix.
    """
    if not math.isfinite(value):
        return f"{value} {unit}".strip()
    if not _takes_prefix(unit):
        return f"{value:.{digits}g} {unit}".strip() if unit != "1" else f"{value:.{digits}g}"
    if value == 0:
        return f"0 {unit}"
    exponent = _exponent(abs(value))
    mantissa = f"{value / 10**exponent:.{digits}g}"
    if float(mantissa) in (1000.0, -1000.0) and exponent < 12:  # rounding carried over
        exponent += 3
        mantissa = f"{value / 10**exponent:.{digits}g}"
    return f"{mantissa} {_PREFIXES[exponent]}{unit}"


def readable(values: ArrayLike, unit: str) -> tuple[float, str]:
    """Factor and unit that bring the largest magnitude of ``values`` to between 1 and 1000, for the axis of a plot.

    As they are if all are 0 or not finite, or if :func:`format_value` would give no prefix.
    """
    magnitudes = np.abs(np.asarray(values, dtype=float))
    peak = float(np.max(magnitudes, initial=0.0, where=np.isfinite(magnitudes)))
    if peak == 0 or not _takes_prefix(unit):
        return 1.0, unit
    exponent = _exponent(peak)
    return 10.0**-exponent, f"{_PREFIXES[exponent]}{unit}"


def _takes_prefix(unit: str) -> bool:
    return unit.isalpha() and unit not in {"C", "K"}  # the prefix of "m2" would be squared with it


def _exponent(magnitude: float) -> int:
    """That of the prefix, a multiple of 3; log10 of 1e-9 may be a rounding error off."""
    return min(12, max(-18, 3 * math.floor(math.log10(magnitude) / 3 + 1e-9)))
