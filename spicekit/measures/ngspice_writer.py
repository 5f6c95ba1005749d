"""Definitions as lines of a ``.control`` block, so that a netlist that stands alone prints the measures.

What beside the measures needs a name is called ``wave_1`` if it is a waveform, ``list_1`` if it is a list and ``found_1`` if it
is a number.  As in
:mod:`spicekit.limits`, what lies beyond the limits of a measure is printed as ``inf`` or ``-inf``, and so is a crossing that does
not happen: ngspice's ``meas`` then says that it failed and leaves the ``inf`` that stood there before.  What ngspice cannot
compute (a division by zero, the logarithm of a negative number) it says, and does not print; nor is a measure printed that
holds a :class:`spicekit.measures.nodes.Python`.

Energies are differences of ``integ``, the trapezoidal sum: ``meas integ`` is off by up to 0.6 % on the spikes of supply currents.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spicekit.measures import ngspice_lists
from spicekit.measures.lists import Differences, Mean, Point, Scan, Sum
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
    vectors,
)
from spicekit.measures.shape import Axis, axis

if TYPE_CHECKING:
    from spicekit.measures.measure import Measure

_WORDS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "differs": "ne"}
_INF = "1e400"  # ngspice reads it as inf, which it has no word for
_LAST = "[length(time)-1]"


@dataclass(frozen=True)
class _Running(Node):
    """The integral of ``wave`` up to each point."""

    wave: Node


def control_lines(measures: Iterable[Measure], along: Axis) -> str:
    """Lines that compute and print ``measures``, after ``run`` of an analysis whose vectors lie along that axis."""
    return "\n".join(Lines(tuple(measures), along).text())


class Lines:
    """The lines, as far as they are written."""

    def __init__(self, measures: tuple[Measure, ...], along: Axis) -> None:
        self.measures = measures
        self.along = along
        self.lines: list[str] = []
        self.known: dict[Node, str] = {}  # what has a name by now
        defined = [(measure.name, measure.definition) for measure in measures if measure.definition is not None]
        nodes = {name[2:-1].lower() for _, definition in defined for name in vectors(definition)}
        # a vector of the simulation keeps its name as long as it is read: a measure called like a node gets its name at the end
        self.names = {name: f"{name}_measured" if name.lower() in nodes else name for name, _ in defined}
        # of the measures that have no name yet
        self.definitions = {definition: name for name, definition in reversed(defined) if not isinstance(definition, Number)}
        self.shared = _shared(definition for _, definition in defined)  # what gets a name when it is first needed
        self.numbers: Counter[str] = Counter()  # of the last name of each kind
        self.taken = nodes | {name.lower() for name in (*self.names, *self.names.values())}

    def text(self) -> list[str]:
        printed = []
        for measure in self.measures:
            if measure.definition is None or any(isinstance(part, Python) for part in measure.definition.walk()):
                self.lines.append(f"* ({measure.name} is computed in Python: see spicekit run)")
                continue
            printed.append(measure)
            name = self.names[measure.name]
            if self.known.get(measure.definition) != name:
                self._define(measure.definition, name)
        for measure in printed:
            self._limit(measure)
        return [*self.lines, *(f"print {measure.name}" for measure in printed)]

    def _limit(self, measure: Measure) -> None:
        """Give ``measure`` its final name and say of a value beyond its limits that it is."""
        name, value = measure.name, self.names[measure.name]
        if measure.limits is not None:
            for end, sign, infinite in ((measure.limits.high, "ge", _INF), (measure.limits.low, "le", f"-{_INF}")):
                if np.isfinite(end):
                    self.lines.append(f"let {value} = ({value} {sign} {number_text(end)}) ? {infinite} : {value}")
        if name != value:
            self.lines.append(f"let {name} = {value}")

    def _define(self, x: Node, name: str) -> None:
        """Lines that make ``name`` the value of ``x``."""
        self.definitions.pop(x, None)
        self.shared.discard(x)
        if x in self.known:
            self.lines.append(f"let {name} = {self.known[x]}")
            return
        if isinstance(x, Crossing):
            self._crossing(x, name)
        elif isinstance(x, Settling):
            self._settling(x, name)
        elif isinstance(x, ngspice_lists.LISTS):
            ngspice_lists.define(self, x, name)
        elif isinstance(x, At) and not (isinstance(x.when, Number) and x.when.value <= 0):
            wave = self.named(x.wave)
            self.lines += [f"let {name} = {wave}{_LAST}", f"meas tran {name} find {wave} at={self._time(x.when)}"]
        else:
            text = self.expression(x)
            self.lines.append(f"let {name} = {text[1:-1] if _enclosed(text) else text}")
        self.known[x] = name

    def _settling(self, x: Settling, name: str) -> None:
        band = number_text(x.band)
        # how far it is outside, nothing after `stop`: whether it is outside at the end is seen by where it then falls to nothing
        window = Number(1.0) if x.stop is None else Vector("time") <= x.stop
        wave = self.named(x.wave if x.stop is None else x.wave * window)
        end = f"{wave}{_LAST} gt {band}" if x.stop is None else f"{name} ge vecmax(time * {self.expression(window)})"
        self.lines += [
            f"let {name} = 0",
            f"meas tran {name} when {wave}={band} cross=last",
            f"let {name} = ({end}) ? {_INF} : {name}",
        ]
        if x.start > 0:  # the first computed point from there on
            first = f"vecmin(time + 1e300 * (time lt {x.start!r}))"
            self.lines.append(f"let {name} = ({name} lt {x.start!r}) ? {first} : {name}")

    def _crossing(self, x: Crossing, name: str) -> None:
        wave, level = x.wave, x.level
        if not isinstance(level, Number):
            wave, level = wave - level, Number(0.0)
        edge = "cross" if x.edge == "either" else x.edge
        after = "" if x.after == Number(0.0) else f" td={self._time(x.after)}"
        vector = self.named(wave)
        self.lines += [f"let {name} = {_INF}", f"meas tran {name} when {vector}={number_text(level.value)}{after} {edge}=1"]

    def _time(self, x: Node) -> str:
        """A time as ``meas`` takes it: a number, or what ngspice puts in place of a name."""
        return number_text(x.value) if isinstance(x, Number) else f"$&{self.named(x)}"

    def named(self, x: Node) -> str:
        """A name that holds ``x``."""
        text = self.expression(x)
        if not isinstance(x, Vector) and not re.fullmatch(r"\w+", text):
            text = self.give_name(x)
        return text

    def give_name(self, x: Node) -> str:
        self.shared.discard(x)
        for part in x.over if isinstance(x, Scan) else x.parts:  # what it needs has the earlier names
            self.expression(part)
        name = self._fresh_for(x)
        self._define(x, name)
        return name

    def _fresh_for(self, x: Node) -> str:
        """A name for ``x`` that nothing has."""
        along = axis(x, self.along)
        return self.fresh("found" if along is None else "wave" if along == "time" else "list")

    def fresh(self, kind: str) -> str:
        """A name that nothing has."""
        self.numbers[kind] += 1
        name = f"{kind}_{self.numbers[kind]}"
        if name in self.taken:
            return self.fresh(kind)
        self.taken.add(name)
        return name

    def element(self, x: Node, place: int | str) -> str:
        """One element of a list; ngspice refuses to count in a list of one."""
        name = self.named(x)
        return name if axis(x, self.along) == 1 else f"{name}[{place}]"

    def expression(self, x: Node) -> str:
        """``x`` as an operand; what it needs beforehand is among the lines then."""
        if x in self.definitions:
            self._define(x, self.names[self.definitions[x]])
        elif x in self.shared:
            self.give_name(x)
        if x in self.known:
            return self.known[x]
        if isinstance(x, Number):
            return number_text(x.value)
        if isinstance(x, Vector):
            return x.name
        if isinstance(x, Unary):
            operand = self.expression(x.operand)
            if x.operation == "round":
                return f"floor({operand} + 0.5)"
            inner = operand if _enclosed(operand) else f"({operand})"
            return f"(-{operand})" if x.operation == "-" else f"(not {inner})" if x.operation == "not" else x.operation + inner
        if isinstance(x, Binary):
            return self._binary(x)
        if isinstance(x, Choose):
            condition, then, otherwise = (self.expression(part) for part in (x.condition, x.then, x.otherwise))
            return f"({condition} ? {then} : {otherwise})"
        if isinstance(x, _Running):
            return f"integ({self.expression(x.wave)})"
        if isinstance(x, Reduction):
            return self._reduction(x)
        if isinstance(x, ngspice_lists.LISTS):
            return self.give_name(x)
        if isinstance(x, Differences):
            last = int(axis(x, self.along) or 0)
            wave = self.named(x.wave)
            return f"({wave}[1] - {wave}[0])" if last == 1 else f"({wave}[1,{last}] - {wave}[0,{last - 1}])"
        raise TypeError(f"ngspice has no word for a {type(x).__name__}")

    def _binary(self, x: Binary) -> str:
        if x.operation not in ("min", "max"):
            a, b = self.expression(x.left), self.expression(x.right)
            return f"({a} {_WORDS.get(x.operation, x.operation)} {b})"
        # each stands there twice: a long one gets a name, or a chain of them would grow without end
        a, b = (self.expression(part) if isinstance(part, Number) else self.named(part) for part in (x.left, x.right))
        sign = "lt" if x.operation == "min" else "gt"
        if axis(x, self.along) is not None:  # point by point, which `?` is not
            return f"({a} * ({a} {sign} {b}) + {b} * (not ({a} {sign} {b})))"
        return f"(({a} {sign} {b}) ? {a} : {b})"

    def _reduction(self, x: Reduction) -> str:
        if isinstance(x, First):
            return self.element(x.wave, 0)
        if isinstance(x, Final):
            along = axis(x.wave, self.along)
            return f"{self.named(x.wave)}{_LAST}" if along == "time" else self.element(x.wave, int(along or 1) - 1)
        if isinstance(x, Point):
            return self.element(x.wave, x.place)
        if isinstance(x, Mean):
            return f"mean({self.expression(x.wave)})"
        if isinstance(x, Sum):
            return f"({axis(x.wave, self.along)} * mean({self.expression(x.wave)}))"
        if isinstance(x, At) and isinstance(x.when, Number) and x.when.value <= 0:
            return f"{self.named(x.wave)}[0]"
        if isinstance(x, Largest | Smallest):
            word, sign = ("vecmax", "-") if isinstance(x, Largest) else ("vecmin", "+")
            wave = self.expression(x.wave)
            if x.stop is None:
                return f"{word}({wave})"
            return f"{word}({wave} * (time le {number_text(x.stop)}) {sign} 1e300 * (time gt {number_text(x.stop)}))"
        if isinstance(x, Integral):
            charge = _Running(x.wave)
            whole = Final(charge) if x.stop is None else At(charge, x.stop)
            from_start = isinstance(x.start, Number) and x.start.value <= 0
            return self.expression(whole if from_start else whole - At(charge, x.start))
        return self.give_name(x)


def _shared(definitions: Iterable[Node]) -> set[Node]:
    """Computed parts that stand in several places, but for those that ngspice may be unable to compute: such a part stays within
    the :class:`Choose` that keeps it from being looked at."""
    places: Counter[Node] = Counter()
    seen: set[Node] = set()

    def count(x: Node) -> None:
        places[x] += 1
        if x not in seen:
            seen.add(x)
            for part in x.parts:
                count(part)

    for definition in definitions:
        count(definition)
    return {x for x, times in places.items() if times > 1 and _worth_a_name(x) and not any(_may_fail(part) for part in x.walk())}


def _worth_a_name(x: Node) -> bool:
    return isinstance(x, Binary | Choose) or (isinstance(x, Unary) and not isinstance(x.operand, Number | Vector))


def _may_fail(x: Node) -> bool:
    division = isinstance(x, Binary) and x.operation == "/" and not isinstance(x.right, Number)
    return division or (isinstance(x, Unary) and x.operation in ("ln", "sqrt"))


def number_text(value: float) -> str:
    if np.isnan(value):
        return f"({_INF} - {_INF})"  # no other word for it
    text = repr(float(value)) if np.isfinite(value) else _INF if value > 0 else f"-{_INF}"
    return f"({text})" if text.startswith("-") else text


def _enclosed(text: str) -> bool:
    """Whether one pair of parentheses holds all of ``text``."""
    if not (text.startswith("(") and text.endswith(")")):
        return False
    depth = 0
    for place, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return place == len(text) - 1
    return False
