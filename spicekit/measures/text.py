"""Definitions as people read them: a formula in which a part that is a measure itself has that measure's name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from spicekit.measures.nodes import (
    At,
    Binary,
    Choose,
    Crossing,
    Final,
    First,
    Integral,
    Largest,
    Node,
    Number,
    Python,
    Reduction,
    Settling,
    Smallest,
    Unary,
    Vector,
)
from spicekit.units import format_value

if TYPE_CHECKING:
    from spicekit.bench import Measure

_STRENGTH = {"or": 1, "and": 2, "differs": 3, "<": 4, "<=": 4, ">": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "/": 6}
_ATOM = 9
_EDGES = {"rise": "rises through", "fall": "falls through", "either": "passes"}


def definitions_text(measures: Iterable[Measure]) -> dict[str, str]:
    """The definition of every measure that has one, by name."""
    defined = {measure.name: measure.definition for measure in measures if measure.definition is not None}
    names: dict[Node, str] = {}
    for name, definition in defined.items():
        if not isinstance(definition, Number):
            names.setdefault(definition, name)
    found = {}
    for name, definition in defined.items():
        first = names.get(definition, name)
        found[name] = first if first != name else _Words({x: y for x, y in names.items() if y != name})(definition)[0]
    return found


class _Words:
    def __init__(self, names: dict[Node, str]) -> None:
        self.names = names

    def __call__(self, x: Node) -> tuple[str, int]:
        """The text and how strongly it holds together."""
        if x in self.names:
            return self.names[x], _ATOM
        if isinstance(x, Number):
            return f"{x.value:.6g}", _ATOM if x.value >= 0 else 5
        if isinstance(x, Vector):
            return x.name, _ATOM
        if isinstance(x, Unary):
            return self._unary(x)
        if isinstance(x, Binary):
            return self._binary(x)
        if isinstance(x, Choose):
            condition, then, otherwise = (self(part)[0] for part in (x.condition, x.then, x.otherwise))
            return f"{then} if {condition}, else {otherwise}", 0
        if isinstance(x, Python):
            return x.words, _ATOM
        if isinstance(x, Reduction):
            return self._reduction(x), 0
        raise TypeError(f"there are no words for a {type(x).__name__}")

    def _unary(self, x: Unary) -> tuple[str, int]:
        text, strength = self(x.operand)
        if x.operation == "abs":
            return f"|{text}|", _ATOM
        if x.operation == "-":
            return f"-{_held(text, strength, 7)}", 6
        if x.operation == "not":
            return f"not {_held(text, strength, 7)}", 3
        return f"{x.operation}({text})", _ATOM

    def _binary(self, x: Binary) -> tuple[str, int]:
        (left, strong), (right, stronger) = self(x.left), self(x.right)
        if x.operation in ("min", "max"):
            same = f"{x.operation}("
            nested = isinstance(x.left, Binary) and x.left.operation == x.operation and left.startswith(same)
            return f"{left[:-1] if nested else same + left}, {right})", _ATOM
        strength = _STRENGTH[x.operation]
        word = "differs from" if x.operation == "differs" else x.operation
        return f"{_held(left, strong, strength)} {word} {_held(right, stronger, strength + 1)}", strength

    def _reduction(self, x: Reduction) -> str:
        wave = _held(*self(x.wave), 6)
        if isinstance(x, Crossing):
            level = _held(*self(x.level), 4)
            after = "" if x.after == Number(0.0) else f" after {self._time(x.after)}"
            return f"time when {wave} first {_EDGES[x.edge]} {level}{after}"
        if isinstance(x, Settling):
            start = f" after {format_value(x.start, 's')}" if x.start > 0 else ""
            stop = "" if x.stop is None else f" until {format_value(x.stop, 's')}"
            return f"time from which {wave} stays within {x.band:.6g}{start}{stop}"
        if isinstance(x, At):
            return f"{wave} at {self._time(x.when)}"
        if isinstance(x, First | Final):
            return f"{wave} at the {'start' if isinstance(x, First) else 'end'}"
        if isinstance(x, Integral):
            start = "" if x.start == Number(0.0) else f" from {self._time(x.start)}"
            stop = "" if x.stop is None else f" until {self._time(x.stop)}"
            return f"integral of {wave}{start}{stop}"
        if isinstance(x, Largest | Smallest):
            stop = "" if x.stop is None else f" until {format_value(x.stop, 's')}"
            return f"{type(x).__name__.lower()} {wave}{stop}"
        raise TypeError(f"there are no words for a {type(x).__name__}")

    def _time(self, x: Node) -> str:
        return format_value(x.value, "s") if isinstance(x, Number) else _held(*self(x), 4)


def _held(text: str, strength: int, least: int) -> str:
    return text if strength >= least else f"({text})"
