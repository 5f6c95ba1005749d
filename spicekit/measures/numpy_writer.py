"""The value of a definition from the vectors of a simulation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from spicekit import crossing
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
from spicekit.waves import Array, Waves


def _by_number(of_number: Callable[[float], float], of_array: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """One number goes through the C library: numpy's own differ from it, and between processors, in the last bit."""

    def value(x: Any) -> Any:
        if np.ndim(x) == 0:
            try:
                return of_number(float(x))
            except (ValueError, OverflowError):
                pass  # numpy knows inf and NaN
        return of_array(x)

    return value


_UNARY: dict[str, Callable[[Any], Any]] = {
    "-": np.negative,
    "abs": np.abs,
    "not": np.logical_not,
    "ln": _by_number(math.log, np.log),
    "exp": _by_number(math.exp, np.exp),
    "sqrt": np.sqrt,
    "floor": np.floor,
}
_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "differs": np.not_equal,
    "min": np.minimum,
    "max": np.maximum,
}
# these give truth values, with which numpy does not compute as with numbers
_TRUTH = frozenset({"not", "<", "<=", ">", ">=", "and", "or", "differs"})


class Evaluation:
    """Values of definitions over one set of vectors: what several of them share is computed once."""

    def __init__(self, waves: Waves) -> None:
        self.waves = waves
        self._known: dict[Node, Any] = {}

    def __call__(self, definition: Node) -> Array | float:
        """The value: in DC of shape (trials,), in a transient a number, or of shape (points,) if it is a waveform."""
        if isinstance(definition, Number):
            return definition.value
        if isinstance(definition, Vector):
            return self.waves(definition.name)
        if definition not in self._known:
            self._known[definition] = self._value(definition)
        value: Array | float = self._known[definition]
        return value

    def _value(self, x: Node) -> Any:
        if isinstance(x, Unary):
            value = _UNARY[x.operation](self(x.operand))
            return np.asarray(value, dtype=float)[()] if x.operation in _TRUTH else value
        if isinstance(x, Binary):
            value = _BINARY[x.operation](self(x.left), self(x.right))
            return np.asarray(value, dtype=float)[()] if x.operation in _TRUTH else value
        if isinstance(x, Choose):
            return np.where(np.asarray(self(x.condition), dtype=bool), self(x.then), self(x.otherwise))[()]
        if isinstance(x, Python):
            return x.function(self.waves)
        if isinstance(x, Reduction):
            return self._reduced(x)
        raise TypeError(f"no value is known of a {type(x).__name__}")

    def _reduced(self, x: Reduction) -> float:
        time = self.waves("time")
        wave = np.asarray(self(x.wave))
        if isinstance(x, Crossing):
            level, after = float(self(x.level)), float(self(x.after))
            return crossing.crossing(time, wave, level, after=after, edge=x.edge)
        if isinstance(x, Settling):
            inside = (time >= x.start) & (time <= (np.inf if x.stop is None else x.stop))
            return crossing.settled(time[inside], wave[inside], x.band)
        if isinstance(x, At):
            return crossing.value_at(time, wave, float(self(x.when)))
        if isinstance(x, Integral):
            stop = None if x.stop is None else float(self(x.stop))
            return crossing.integral(time, wave, float(self(x.start)), stop)
        if isinstance(x, Largest | Smallest):
            values = wave if x.stop is None else wave[time <= x.stop]
            return float(values.max() if isinstance(x, Largest) else values.min())
        if isinstance(x, First | Final):
            return float(wave[0] if isinstance(x, First) else wave[-1])
        raise TypeError(f"no value is known of a {type(x).__name__}")
