"""Numbers as circuit people write them: ``200n``, ``1meg``, ``5%``, ``inf``.

The suffixes are SPICE's (case-insensitive, so ``M`` is milli and ``meg`` is 1e6); letters after the suffix are a unit and
are ignored as in SPICE (``10pF``, ``3ns``).  Unlike SPICE, text that is not a number is an error, never zero.
"""

from __future__ import annotations

import math
import re

from spicekit.errors import UserError

_SUFFIXES = {
    "t": "e12", "g": "e9", "meg": "e6", "k": "e3", "": "", "m": "e-3", "u": "e-6", "µ": "e-6", "μ": "e-6", "n": "e-9",
    "p": "e-12", "f": "e-15", "a": "e-18",
}  # fmt: skip
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(e[+-]?\d+)?\s*(meg|[tgkmuµμnpfa])?([a-zµμω]*)", re.IGNORECASE)
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
    if not unit.isalpha() or unit in {"C", "K"}:  # the prefix of "m2" would be squared with it
        return f"{value:.{digits}g} {unit}".strip() if unit != "1" else f"{value:.{digits}g}"
    if value == 0:
        return f"0 {unit}"
    exponent = min(12, max(-18, 3 * math.floor(math.log10(abs(value)) / 3)))
    mantissa = f"{value / 10**exponent:.{digits}g}"
    if float(mantissa) in (1000.0, -1000.0) and exponent < 12:  # rounding carried over
        exponent += 3
        mantissa = f"{value / 10**exponent:.{digits}g}"
    prefix = {12: "T", 9: "G", 6: "M", 3: "k", 0: "", -3: "m", -6: "µ", -9: "n", -12: "p", -15: "f", -18: "a"}[exponent]
    return f"{mantissa} {prefix}{unit}"
