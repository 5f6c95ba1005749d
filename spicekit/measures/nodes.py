"""The nodes of a measure's definition.

Vectors of a transient are waveforms; what :class:`Crossing`, :class:`At`, :class:`Integral` and their like make of them is a
number.  In DC every vector is a number of each trial at once, or a list if the analysis sweeps a source within a trial
(:mod:`spicekit.measures.lists`).  Arithmetic, comparisons (1 if true, 0 if not) and the logic ``& | ^ ~`` of comparisons work on
all; a measure is a number.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Literal, TypeAlias

from spicekit.waves import Array, Waves

Edge = Literal["rise", "fall", "either"]
Operand: TypeAlias = "Node | float"


class Node:
    """A part of a definition; its operators make larger ones.  Two are equal if they say the same, so ``==`` is no comparison:
    of two that are 0 or 1, ``a ^ b`` says whether they differ."""

    __array_ufunc__ = None  # a number of numpy leaves the operation to this class

    def __add__(self, other: Operand) -> Node:
        return Binary("+", self, node(other))

    def __radd__(self, other: float) -> Node:
        return Binary("+", node(other), self)

    def __sub__(self, other: Operand) -> Node:
        return Binary("-", self, node(other))

    def __rsub__(self, other: float) -> Node:
        return Binary("-", node(other), self)

    def __mul__(self, other: Operand) -> Node:
        return Binary("*", self, node(other))

    def __rmul__(self, other: float) -> Node:
        return Binary("*", node(other), self)

    def __truediv__(self, other: Operand) -> Node:
        return Binary("/", self, node(other))

    def __rtruediv__(self, other: float) -> Node:
        return Binary("/", node(other), self)

    def __lt__(self, other: Operand) -> Node:
        return Binary("<", self, node(other))

    def __le__(self, other: Operand) -> Node:
        return Binary("<=", self, node(other))

    def __gt__(self, other: Operand) -> Node:
        return Binary(">", self, node(other))

    def __ge__(self, other: Operand) -> Node:
        return Binary(">=", self, node(other))

    def __and__(self, other: Operand) -> Node:
        return Binary("and", self, node(other))

    def __or__(self, other: Operand) -> Node:
        return Binary("or", self, node(other))

    def __xor__(self, other: Operand) -> Node:
        return Binary("differs", self, node(other))

    def __neg__(self) -> Node:
        return Unary("-", self)

    def __abs__(self) -> Node:
        return Unary("abs", self)

    def __invert__(self) -> Node:
        return Unary("not", self)

    def __bool__(self) -> bool:
        raise TypeError("a definition has no truth value: write Choose(condition, then, otherwise), and & | ~ for and, or, not")

    def __init_subclass__(cls) -> None:
        cls.__hash__ = Node.__hash__  # type: ignore[method-assign]  # which a dataclass then leaves alone

    def __hash__(self) -> int:
        return self._hash

    @functools.cached_property
    def _hash(self) -> int:
        """Found once: that of a definition of thousands of steps goes through all of it."""
        return hash((type(self), *(getattr(self, item.name) for item in fields(self))))  # type: ignore[arg-type]

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "_hash"}  # another process hashes text otherwise

    @functools.cached_property
    def parts(self) -> tuple[Node, ...]:
        """The nodes that this one is made of."""
        values = (getattr(self, item.name) for item in fields(self))  # type: ignore[arg-type]
        several = (value if isinstance(value, tuple) else (value,) for value in values)
        return tuple(part for parts in several for part in parts if isinstance(part, Node))

    def walk(self) -> Iterator[Node]:
        """This node and all below it, what several share once."""
        left, seen = [self], set[int]()
        while left:
            x = left.pop()
            if id(x) not in seen:
                seen.add(id(x))
                yield x
                left += reversed(x.parts)


@dataclass(frozen=True)
class Number(Node):
    """A constant."""

    value: float


def node(value: Operand) -> Node:
    """``value`` itself, or the :class:`Number` that it is.  Raises :class:`TypeError` for anything else."""
    if isinstance(value, Node):
        return value
    if isinstance(value, str):
        raise TypeError(f"'{value}' is neither a number nor a part of a definition: a node's voltage is v({value!r})")
    return Number(float(value))


@dataclass(frozen=True)
class Vector(Node):
    """A saved vector by ngspice's name."""

    name: str


def v(name: str) -> Vector:
    """Voltage of a node."""
    return Vector(f"v({name})")


def i(name: str) -> Vector:
    """Current through a voltage source, into its first terminal."""
    return Vector(f"i({name})")


@dataclass(frozen=True)
class Unary(Node):
    """``- abs not ln exp sqrt floor round`` of one operand."""

    operation: Literal["-", "abs", "not", "ln", "exp", "sqrt", "floor", "round"]
    operand: Node


def ln(x: Node) -> Node:
    """Natural logarithm."""
    return Unary("ln", x)


def exp(x: Node) -> Node:
    return Unary("exp", x)


def sqrt(x: Node) -> Node:
    return Unary("sqrt", x)


def floor(x: Node) -> Node:
    """The largest whole number that is not above ``x``."""
    return Unary("floor", x)


def rounded(x: Node) -> Node:
    """The nearest whole number."""
    return Unary("round", x)


@dataclass(frozen=True)
class Binary(Node):
    """An operation on two operands: arithmetic, comparison or logic (1 or 0), the smaller or the larger of both."""

    operation: Literal["+", "-", "*", "/", "<", "<=", ">", ">=", "and", "or", "differs", "min", "max"]
    left: Node
    right: Node


def minimum(first: Operand, *others: Operand) -> Node:
    """The smallest of several numbers, trial by trial."""
    return functools.reduce(lambda a, b: Binary("min", a, node(b)), others, node(first))


def maximum(first: Operand, *others: Operand) -> Node:
    """The largest of several numbers, trial by trial."""
    return functools.reduce(lambda a, b: Binary("max", a, node(b)), others, node(first))


def total(terms: Sequence[Node]) -> Node:
    """Sum of several, added from first to last."""
    return functools.reduce(lambda a, b: a + b, terms)


def mean(terms: Sequence[Node]) -> Node:
    """Mean of several, added from first to last."""
    return total(terms) / len(terms)


@dataclass(frozen=True)
class Choose(Node):
    """``then`` where ``condition`` holds, else ``otherwise``."""

    condition: Node
    then: Node
    otherwise: Node

    def __init__(self, condition: Operand, then: Operand, otherwise: Operand) -> None:
        _set(self, condition=node(condition), then=node(then), otherwise=node(otherwise))


class Reduction(Node):
    """What makes a number of a waveform, or of a list."""

    wave: Node


@dataclass(frozen=True)
class Crossing(Reduction):
    """First time, in seconds, at or after ``after`` at which ``wave`` passes ``level``; inf if it never does."""

    wave: Node
    level: Node
    after: Node
    edge: Edge

    def __init__(self, wave: Node, level: Operand, *, after: Operand = 0.0, edge: Edge = "either") -> None:
        _set(self, wave=wave, level=node(level), after=node(after), edge=edge)


@dataclass(frozen=True)
class Settling(Reduction):
    """Time, in seconds, from which ``wave`` stays at or below ``band``; inf if it is above it at the end, or at ``stop``.

    Nothing before ``start`` is looked at: a wave that stays there from then on gives the first computed point after it.

    Of a waveform that settles to its final value within 1 %: ``Settling(abs(w / Final(w) - 1), 0.01)``.
    """

    wave: Node
    band: float
    start: float = 0.0
    stop: float | None = None


@dataclass(frozen=True)
class At(Reduction):
    """``wave`` at a time in seconds; beyond the ends of the run what it is there."""

    wave: Node
    when: Node

    def __init__(self, wave: Node, when: Operand) -> None:
        _set(self, wave=wave, when=node(when))


@dataclass(frozen=True)
class First(Reduction):
    """``wave`` at the start of the run: at the operating point; the first of a list."""

    wave: Node


@dataclass(frozen=True)
class Final(Reduction):
    """``wave`` at the end of the run; the last of a list."""

    wave: Node


@dataclass(frozen=True)
class Integral(Reduction):
    """Trapezoidal integral of ``wave`` over time from ``start`` to ``stop``, of the whole run if not given."""

    wave: Node
    start: Node
    stop: Node | None

    def __init__(self, wave: Node, start: Operand = 0.0, stop: Operand | None = None) -> None:
        _set(self, wave=wave, start=node(start), stop=None if stop is None else node(stop))


def energy(source: str, volts: Operand, start: Operand = 0.0, stop: Operand | None = None) -> Node:
    """Energy in joules that flows into the first terminal of the voltage source ``source`` of ``volts``: what a source between
    supply (first) and circuit measures of the circuit, and minus what the supply itself gives."""
    return Integral(i(source), start, stop) * node(volts)


@dataclass(frozen=True)
class Largest(Reduction):
    """The largest of the computed points of ``wave`` up to ``stop``, of the whole run if not given; of a list."""

    wave: Node
    stop: float | None = None


@dataclass(frozen=True)
class Smallest(Reduction):
    """The smallest of the computed points of ``wave`` up to ``stop``, of the whole run if not given; of a list."""

    wave: Node
    stop: float | None = None


@dataclass(frozen=True)
class Python(Node):
    """What only Python can say: ``function`` of the simulation's vectors, of which it needs ``vectors``.

    A measure that holds one is missing from what a netlist prints by itself.
    """

    function: Callable[[Waves], Array | float]
    vectors: tuple[str, ...]
    words: str = field(default="computed in Python")  # what `spicekit show` says of it


def vectors(definition: Node) -> tuple[str, ...]:
    """The saved vectors that ``definition`` needs, in the order in which it names them."""
    found: list[str] = []
    for part in definition.walk():
        found += [part.name] if isinstance(part, Vector) else part.vectors if isinstance(part, Python) else ()
    return tuple(dict.fromkeys(found))


def _set(made: Node, **values: object) -> None:
    for name, value in values.items():
        object.__setattr__(made, name, value)
