"""Definitions as people read them: a formula in which a part that is a measure itself has that measure's name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from spicekit.measures.lists import Differences, Fit, Listed, Mean, Point, Residual, Scan, Sum, Symbol, Taken, Usable
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
    from spicekit.measures.measure import Measure

_STRENGTH = {"or": 1, "and": 2, "differs": 3, "<": 4, "<=": 4, ">": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "/": 6}
_ATOM = 9
FEW = 4  # elements of a list that are shown
_EDGES = {"rise": "rises through", "fall": "falls through", "either": "passes"}


def definitions_text(measures: Iterable[Measure], brief: bool = False) -> dict[str, str]:
    """The definition of every measure that has one, by name; ``brief``: of many elements and terms the first and how many."""
    defined = {measure.name: measure.definition for measure in measures if measure.definition is not None}
    names: dict[Node, str] = {}
    for name, definition in defined.items():
        if not isinstance(definition, Number):
            names.setdefault(definition, name)
    found = {}
    for name, definition in defined.items():
        first = names.get(definition, name)
        found[name] = first if first != name else _Words({x: y for x, y in names.items() if y != name}, brief)(definition)[0]
    return found


class _Words:
    def __init__(self, names: dict[Node, str], brief: bool) -> None:
        self.names = names
        self.brief = brief

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
        if isinstance(x, Listed | Taken | Differences | Fit | Residual | Scan | Symbol):
            return self._list(x), _ATOM
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
        if self.brief and x.operation in ("+", "min", "max"):
            terms = self._chain(x, x.operation)
            if len(terms) > 2:
                first = self(terms[0])
                if x.operation == "+":
                    return f"{_held(*first, 5)} + ... ({len(terms)} terms)", 5
                return f"{x.operation}({first[0]}, ... {len(terms)} of these)", _ATOM
        (left, strong), (right, stronger) = self(x.left), self(x.right)
        if x.operation in ("min", "max"):
            same = f"{x.operation}("
            nested = isinstance(x.left, Binary) and x.left.operation == x.operation and left.startswith(same)
            return f"{left[:-1] if nested else same + left}, {right})", _ATOM
        strength = _STRENGTH[x.operation]
        word = "differs from" if x.operation == "differs" else x.operation
        return f"{_held(left, strong, strength)} {word} {_held(right, stronger, strength + 1)}", strength

    def _chain(self, x: Node, operation: str) -> list[Node]:
        """The terms of a sum of sums, or of a minimum of minima; one that is a measure itself is one term."""
        if not isinstance(x, Binary) or x.operation != operation or x in self.names:
            return [x]
        return [*self._chain(x.left, operation), *self._chain(x.right, operation)]

    def _list(self, x: Node) -> str:
        if isinstance(x, Listed | Taken):
            terms = [self(term)[0] for term in x.terms] if isinstance(x, Listed) else [str(place) for place in x.order]
            few = terms if len(terms) <= FEW else [*terms[: FEW - 2], "...", terms[-1]]
            if self.brief and isinstance(x, Listed) and len(terms) > 2:
                few = [terms[0], f"... {len(terms)} of these"]
            return f"({', '.join(few)})" if isinstance(x, Listed) else f"{_held(*self(x.wave), _ATOM)}[{', '.join(few)}]"
        if isinstance(x, Differences):
            return f"differences({self(x.wave)[0]})"
        if isinstance(x, Scan):
            over, value, after = ", ".join(self(each)[0] for each in x.over), self(x.value)[0], self(x.after)[0]
            return f"steps(items of {over}; value = {value}; next state = {after})"
        if isinstance(x, Fit):
            return f"fit({self(x.target)[0]} by {' and '.join(self(term)[0] for term in x.terms)})"
        if isinstance(x, Residual):
            return f"residual of {self(x.fit)[0]}"
        assert isinstance(x, Symbol)
        return x.name

    def _reduction(self, x: Reduction) -> str:
        if isinstance(x, Point | Sum | Mean | Usable):
            several = _held(*self(x.wave), 6)
            if isinstance(x, Point):
                return f"factor {x.place + 1} of {several}" if isinstance(x.wave, Fit) else f"element {x.place} of {several}"
            if isinstance(x, Usable):
                return f"highest of {x.levels[0]:.6g} to {x.levels[-1]:.6g} up to which {several} has an INL below {x.limit:.6g}"
            return f"{type(x).__name__.lower()} of {several}"
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
