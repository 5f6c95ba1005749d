"""The value of a definition from the vectors of a simulation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from spicekit import crossing, linearity
from spicekit.measures.lists import (
    STATE,
    VALUE,
    Differences,
    Fit,
    Listed,
    Mean,
    Point,
    Residual,
    Scan,
    Sum,
    Symbol,
    Taken,
    Usable,
)
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
    "round": np.rint,
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
    """Values of definitions over one set of vectors: what several of them share is computed once.

    In DC a trial has ``points`` operating points, more than one with an inner sweep.
    """

    def __init__(self, waves: Waves, points: int = 1) -> None:
        self.waves = waves
        # in DC a number has shape (trials, 1) here and a list (trials, elements); in a transient () and (elements,)
        self._dc = "time" not in waves.vectors
        self._points = points
        self._known: dict[Node, Any] = {}

    def __call__(self, definition: Node) -> Array | float:
        """The value: in DC of shape (trials,), in a transient a number, or of shape (points,) if it is a waveform; a list has an
        axis more."""
        value: Array | float = self._of(definition)
        return value[..., 0] if isinstance(value, np.ndarray) and self._dc and value.shape[-1:] == (1,) else value

    def _of(self, x: Node) -> Any:
        if isinstance(x, Number):
            return x.value
        if x not in self._known:
            self._known[x] = self._value(x)
        return self._known[x]

    def _value(self, x: Node) -> Any:
        if isinstance(x, Vector):
            vector = self.waves(x.name)
            return vector.reshape(-1, self._points) if self._dc else vector
        if isinstance(x, Unary):
            value = _UNARY[x.operation](self._of(x.operand))
            return np.asarray(value, dtype=float)[()] if x.operation in _TRUTH else value
        if isinstance(x, Binary):
            value = _BINARY[x.operation](self._of(x.left), self._of(x.right))
            return np.asarray(value, dtype=float)[()] if x.operation in _TRUTH else value
        if isinstance(x, Choose):
            return np.where(np.asarray(self._of(x.condition), dtype=bool), self._of(x.then), self._of(x.otherwise))[()]
        if isinstance(x, Python):
            value = x.function(self.waves)
            return np.reshape(value, (-1, 1)) if self._dc and np.ndim(value) else value
        if isinstance(x, Reduction):
            return self._reduced(x)
        return self._list(x)

    def _reduced(self, x: Reduction) -> Any:
        wave = np.asarray(self._of(x.wave))
        if isinstance(x, Point | First | Final):
            place = x.place if isinstance(x, Point) else 0 if isinstance(x, First) else wave.shape[-1] - 1
            return self._element(wave, place)
        if isinstance(x, Mean | Sum):
            return self._one(np.mean(wave, axis=-1) if isinstance(x, Mean) else np.sum(wave, axis=-1))
        if isinstance(x, Largest | Smallest):
            values = wave if x.stop is None else wave[self.waves("time") <= x.stop]
            return self._one(np.max(values, axis=-1) if isinstance(x, Largest) else np.min(values, axis=-1))
        if isinstance(x, Usable):
            highest = linearity.usable(np.array(x.levels), wave, x.limit)
            return self._one(highest)
        time = self.waves("time")
        if isinstance(x, Crossing):
            level, after = float(self._of(x.level)), float(self._of(x.after))
            return crossing.crossing(time, wave, level, after=after, edge=x.edge)
        if isinstance(x, Settling):
            inside = (time >= x.start) & (time <= (np.inf if x.stop is None else x.stop))
            return crossing.settled(time[inside], wave[inside], x.band)
        if isinstance(x, At):
            return crossing.value_at(time, wave, float(self._of(x.when)))
        if isinstance(x, Integral):
            stop = None if x.stop is None else float(self._of(x.stop))
            return crossing.integral(time, wave, float(self._of(x.start)), stop)
        raise TypeError(f"no value is known of a {type(x).__name__}")

    def _list(self, x: Node) -> Any:
        if isinstance(x, Listed):
            return _joined([self._of(term) for term in x.terms])
        if isinstance(x, Taken):
            return self._of(x.wave)[..., list(x.order)]
        if isinstance(x, Differences):
            return np.diff(self._of(x.wave), axis=-1)
        if isinstance(x, Fit):
            target, design = self._fitted(x)
            factors = [np.linalg.lstsq(each, one, rcond=None)[0] for each, one in zip(*_by_trial(design, target), strict=True)]
            return np.reshape(factors, (*target.shape[:-1], len(x.terms)))
        if isinstance(x, Residual):
            target, design = self._fitted(x.fit)
            found = zip(*_by_trial(design, target), self._of(x.fit).reshape(-1, len(x.fit.terms)), strict=True)
            return np.reshape([one - each @ factors for each, one, factors in found], target.shape)
        if isinstance(x, Scan):
            return self._scanned(x)
        if isinstance(x, Symbol):
            raise TypeError(f"{x.name} stands for a number within a Scan only")
        raise TypeError(f"no value is known of a {type(x).__name__}")

    def _fitted(self, x: Fit) -> tuple[Array, Array]:
        """Target of shape (..., elements) and terms of shape (..., elements, terms)."""
        target, *terms = np.broadcast_arrays(self._of(x.target), *(self._of(term) for term in x.terms))
        return target, np.stack(terms, axis=-1)

    def _scanned(self, x: Scan) -> Any:
        lists = [np.asarray(self._of(each)) for each in x.over]
        state: Any = 0.0
        found = []
        for place in range(max(each.shape[-1] for each in lists)):
            step = Evaluation(self.waves, self._points)
            step._known = {STATE: state} | {Symbol(f"item {k}"): self._element(each, place) for k, each in enumerate(lists)}
            step._known[VALUE] = step._of(x.value)
            found.append(step._known[VALUE])
            state = step._of(x.after)
        return _joined(found)

    def _one(self, values: Any) -> Any:
        """Numbers that were made of lists, one a trial, beside lists again."""
        return values[..., None] if self._dc else values[()]

    def _element(self, wave: Array, place: int) -> Any:
        return wave[..., place : place + 1] if self._dc else wave[place]


def _joined(numbers: list[Any]) -> Array:
    """One list of numbers."""
    return np.concatenate(np.broadcast_arrays(*(np.atleast_1d(number) for number in numbers)), axis=-1)


def _by_trial(design: Array, target: Array) -> tuple[Array, Array]:
    return design.reshape(-1, *design.shape[-2:]), target.reshape(-1, target.shape[-1])
