"""Numbers as circuit people write them: ``200n``, ``1meg``, ``5%``, ``inf``.

The suffixes are SPICE's (case-insensitive, so ``M`` is milli and ``meg`` is 1e6); letters after the suffix are a unit
(``10pF``, ``3ns``).  Unlike SPICE, text that is not a number is an error, never zero, and so is a unit other than the one that
is wanted.  Temperatures are degrees Celsius wherever a user gives or reads one; the physics within is in kelvin.
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
_TEMPERATURE = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(°?c|k)?", re.IGNORECASE)
_UNITS = {"", "v", "a", "s", "f", "h", "hz", "ohm", "ω", "w", "j", "m", "c", "k", "b", "oe", "t", "ev"}

KELVIN = 273.15  # 0 degrees Celsius in kelvin
HOTTEST = 2000.0  # K: the highest temperature that is taken for one


def parse_value(text: str | float) -> float:
    """Read a number with an optional SPICE suffix, per cent sign and unit.

    >>> parse_value("200n"), parse_value("1meg"), parse_value("5%"), parse_value("-inf")
    (2e-07, 1000000.0, 0.05, -inf)

    Raises :class:`UserError` for anything that is not a number, ``nan`` included, and for one that no double holds: ``1e400``
    would be infinite, ``1e-400`` zero.
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
            return _held(text, float(f"{match[1]}{match[2] or ''}") / 100, match[1])
    elif (match := _NUMBER.fullmatch(word)) and match[4].lower() in _UNITS:
        suffix = _SUFFIXES[(match[3] or "").lower()]
        if not match[2]:  # one conversion from decimal text: 200n is the double nearest to 2e-07
            return _held(text, float(f"{match[1]}{suffix}"), match[1])
        return _held(text, float(f"{match[1]}{match[2]}") * float(f"1{suffix}"), match[1])
    raise UserError(f"'{text}' is not a number; give e.g. 200n, 1meg, 5% or 1.5e-9")


def _held(text: str | float, value: float, digits: str) -> float:
    """``value``, if it is what ``text`` with these ``digits`` says and not where a double ends."""
    if math.isinf(value) or (value == 0 and float(digits) != 0):
        raise UserError(f"'{text}' is beyond what a number can hold; allowed: 5e-324 to 1.8e308, 0 and inf")
    return value


def parse_temperature(text: str | float) -> float:
    """Degrees Celsius of ``85``, ``85C`` or ``85 °C``, and of ``358K``, which is in kelvin.

    >>> parse_temperature("85"), parse_temperature("85C"), parse_temperature("358K")
    (85.0, 85.0, 84.85)

    Raises :class:`UserError` for anything else, and for what is not above absolute zero or is above 2000 K.
    """
    match = _TEMPERATURE.fullmatch(str(text).strip())
    if not match or isinstance(text, bool):
        raise UserError(f"'{text}' is not a temperature; give e.g. 85 or 85C (degrees Celsius), or 358K (kelvin)")
    kelvin = (match[2] or "").lower() == "k"
    celsius = round(float(match[1]) - KELVIN, 9) if kelvin else float(match[1])
    if not -KELVIN < celsius <= HOTTEST - KELVIN:
        raise UserError(f"'{text}' is {celsius:g} C; allowed: above {-KELVIN:g} C (0 K), at most {HOTTEST - KELVIN:g} C")
    return celsius


def parse_quantity(text: str | float, unit: str) -> float:
    """Read a number that is in ``unit``: :func:`parse_value`, but the letters behind it must spell that unit, if any.

    ``C`` is a temperature (:func:`parse_temperature`).  A dimensionless number (``unit`` empty) has no letters but a suffix.
    Raises :class:`UserError` besides for per cent of a quantity with a unit, and for ``1A`` and ``1F``: SPICE reads the unit
    as atto and femto there.
    """
    if unit == "C":
        return parse_temperature(text)
    value = parse_value(text)
    word = str(text).strip()
    match = _NUMBER.fullmatch(word)
    per_cent = match is None and word.endswith("%")
    if not isinstance(text, str) or (match is None and not per_cent):
        return value
    wanted = "" if unit == "1" else unit
    given = "%" if match is None else match[4].lower().replace("ω", "ohm")
    if match is not None and given and match[3] == "M" and wanted:
        raise UserError(
            f"'{text}' is in milli{given} to SPICE, in mega{given} to people; give {match[1]}m{given} or {match[1]}meg{given}"
        )
    if not wanted and given not in ("", "%"):
        raise UserError(f"'{text}' has a unit, but is to be a plain number; give e.g. 1.5 or 150%")
    if wanted and given not in ("", wanted.lower()):
        raise UserError(f"'{text}' is not in {wanted}; give a number in {wanted}, e.g. {'1u' if wanted.isalpha() else '10'}")
    if match is not None and not given and match[3] in ("A", "F"):
        bare, prefix = word[:-1].strip(), {"A": "1e-18", "F": "1e-15"}[match[3]]
        meant = f"{bare} or {value:g}" if wanted == match[3] else f"{value:g}"
        raise UserError(f"'{text}' is {f'{bare} times {prefix} {wanted}'.strip()} to SPICE; give {meant}")
    return value


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
