"""Units of products and quotients: V / A is ohm, V A s is J."""

from __future__ import annotations

from collections.abc import Mapping

Unit = Mapping[str, int]  # base unit -> exponent; nothing in it: dimensionless

# in terms of V, A and s, so that a product such as i * r is a voltage
_DERIVED: dict[str, Unit] = {
    "ohm": {"V": 1, "A": -1}, "ω": {"V": 1, "A": -1}, "w": {"V": 1, "A": 1}, "j": {"V": 1, "A": 1, "s": 1},
    "f": {"A": 1, "s": 1, "V": -1}, "h": {"V": 1, "s": 1, "A": -1}, "hz": {"s": -1}, "v": {"V": 1}, "a": {"A": 1}, "s": {"s": 1},
    "1": {}, "": {}, "%": {},
}  # fmt: skip


def times(a: Unit, b: Unit, sign: int) -> Unit:
    """The unit of a product (``sign`` 1) or quotient (-1)."""
    powers = {base: a.get(base, 0) + sign * b.get(base, 0) for base in {*a, *b}}
    return {base: power for base, power in powers.items() if power}


def read_unit(text: str) -> Unit:
    """``V``, ``s/V``, ``ohm um2`` and the like, in any case; a word that is not known is a unit of its own."""
    unit: Unit = {}
    for place, part in enumerate(text.split("/")):
        for word in part.lower().split():
            unit = times(unit, _DERIVED.get(word, {word: 1}), -1 if place else 1)
    return unit


def written(unit: Unit | None) -> str:
    """A unit as text: ``V``, ``J``, ``V^2 A^-1``."""
    if not unit:
        return ""
    for name in ("V", "A", "s", "ohm", "W", "J", "F", "H", "Hz"):
        if read_unit(name) == unit:
            return name
    return " ".join(base if power == 1 else f"{base}^{power}" for base, power in sorted(unit.items()))
