"""Nodes of lists: of the points of a sweep within each trial, and of the steps of a circuit that works in steps.

In a DC analysis with an ``inner`` sweep every vector is a list, one number a point; :func:`listed` makes one of single numbers,
so of what a waveform is in each step.  Arithmetic goes element by element, and with a number all through the list; what
:class:`Mean`, :class:`Point`, :class:`spicekit.measures.nodes.Largest` and their like make of a list is a number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spicekit.measures.nodes import Final, First, Node, Operand, Reduction, node


@dataclass(frozen=True)
class Listed(Node):
    """Several numbers one after the other."""

    terms: tuple[Node, ...]


def listed(terms: Iterable[Operand]) -> Listed:
    """The list of ``terms``, numbers all."""
    return Listed(tuple(node(term) for term in terms))


@dataclass(frozen=True)
class Taken(Node):
    """Those of the list ``wave`` at the places ``order``, counted from 0, in that order."""

    wave: Node
    order: tuple[int, ...]


@dataclass(frozen=True)
class Differences(Node):
    """From each of the list ``wave`` to the next: one fewer than it has."""

    wave: Node


@dataclass(frozen=True)
class Symbol(Node):
    """What a :class:`Scan` puts a number in place of, step by step."""

    name: str


STATE, VALUE = Symbol("state"), Symbol("value")
ITEM = tuple(Symbol(f"item {k}") for k in range(4))


@dataclass(frozen=True)
class Scan(Node):
    """The list of ``value`` in each step, what carries over from step to step being a state that is 0 before the first.

    ``value`` holds ``STATE`` for that state and ``ITEM[k]`` for the step's element of list ``over[k]``; ``after``, the state for
    the next step, may hold ``VALUE`` too.  A sum that starts again once it is above 1:
    ``Scan((x,), STATE + ITEM[0], VALUE * (VALUE <= 1))``.
    """

    over: tuple[Node, ...]
    value: Node
    after: Node


@dataclass(frozen=True)
class Fit(Node):
    """Least-squares fit of the list ``target`` by the sum of ``terms``, each a list or a number times a factor: the factors."""

    target: Node
    terms: tuple[Node, ...]


@dataclass(frozen=True)
class Residual(Node):
    """What a fit leaves of its target."""

    fit: Fit


@dataclass(frozen=True)
class Point(Reduction):
    """Element ``place``, counted from 0, of the list ``wave``."""

    wave: Node
    place: int


@dataclass(frozen=True)
class Sum(Reduction):
    """Sum of the list ``wave``."""

    wave: Node


@dataclass(frozen=True)
class Mean(Reduction):
    """Mean of the list ``wave``."""

    wave: Node


def deviation(wave: Node, levels: tuple[float, ...]) -> Node:
    """Distance of each of the list ``wave``, outputs at ``levels``, from the line through its first and its last, in steps of
    that line, as :func:`spicekit.linearity.deviation`.  Its largest magnitude is the integral non-linearity, that of its
    differences over those of the levels the differential one."""
    step = (Final(wave) - First(wave)) / (levels[-1] - levels[0])
    return (wave - First(wave)) / step - listed(level - levels[0] for level in levels)


@dataclass(frozen=True)
class Usable(Reduction):
    """The highest of ``levels`` for which the list ``wave`` up to it has an integral non-linearity below ``limit`` steps."""

    wave: Node
    levels: tuple[float, ...]
    limit: float = 0.5
