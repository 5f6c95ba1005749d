"""What counts as a failure, as text: ``v_ap - v_p < 5m``, ``margin_and < 0 or late > 0.5``.

::

    condition  = all {"or" all};  all = one {"and" one};  one = "not" one | comparison | "(" condition ")"
    comparison = sum ("<" | "<=" | ">" | ">=") sum {...}            a < b < c means a < b and b < c
    sum        = product {("+" | "-") product};  product = factor {("*" | "/") factor}
    factor     = ["-" | "+"] factor | NUMBER | MEASURE | "(" sum ")" | ("abs" | "min" | "max") "(" sum {"," sum} ")"

The text is read by this parser alone; nothing of it reaches Python's ``eval``.  Numbers take SPICE suffixes (``5m``, ``2.5u``,
``5mV``, ``10%``).  Units are checked: what is added or compared must have the same one, products and quotients have the
product's.  A number without a unit takes that of the other side of a sum or comparison, and is dimensionless in a product.

From a condition follows its *limit state* g: below 0 where the condition holds (the trial fails), above 0 where it does not,
NaN where a measure is missing, or lies beyond its limits on a side where the comparison may go either way.  A comparison
a < b gives g = a - b; "and" and "or" give the larger and the smaller one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from spicekit.bench import Bench, Measure
from spicekit.errors import UserError, unknown
from spicekit.unit_algebra import Unit, read_unit, times, written
from spicekit.units import parse_value
from spicekit.waves import Array

Measures = Mapping[str, Array]

LONGEST = 400  # words and signs
DEEPEST = 50  # parentheses, signs and "not" within each other
ON_THE_LIMIT = 1e-300  # g of a trial that lies exactly on the limit: its sign alone says whether that fails

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?:\s?%|[a-zµμωΩ]*))|(?P<name>[a-z_]\w*)|(?P<sign><=|>=|==|!=|[-+*/()<>,]))",
    re.IGNORECASE | re.ASCII,
)
_NUMBER = re.compile(r"[\d.]+(?:e[+-]?\d+)?(?P<suffix>meg|[tgkmuµμnpfa])?(?P<unit>.*)", re.IGNORECASE)
_FUNCTIONS: dict[str, Callable[[list[Array]], Array]] = {
    "abs": lambda values: np.abs(values[0]),
    "min": lambda values: np.asarray(np.minimum.reduce(np.broadcast_arrays(*values))),
    "max": lambda values: np.asarray(np.maximum.reduce(np.broadcast_arrays(*values))),
}
_WORDS = ("and", "or", "not", *_FUNCTIONS)


@dataclass(frozen=True)
class _Quantity:
    """An arithmetic expression; ``unit`` is None for bare numbers, which take the unit of what they meet."""

    unit: Unit | None
    value: Callable[[Measures], Array]
    names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Condition:
    """A condition, as a function of the limit states of all comparisons, shape (comparisons, trials)."""

    state: Callable[[Array], Array]


class Expression:
    """A condition over ``measures``.  Raises :class:`UserError` for text that is none."""

    def __init__(self, text: str, measures: Iterable[Measure], option: str = "--fail") -> None:
        self.text = text.strip()
        known = {measure.name: measure for measure in measures}
        self._limits = {name: measure.limits for name, measure in known.items()}
        parser = _Parser(self.text, known, option)
        self._state = parser.read().state
        self._comparisons = parser.comparisons
        self.units: tuple[str, ...] = tuple(comparison.unit for comparison in parser.comparisons)
        self.names: frozenset[str] = frozenset().union(*(comparison.names for comparison in parser.comparisons))

    def comparisons(self, measures: Measures) -> Array:
        """Limit state of each comparison, shape (comparisons, trials): below 0 where it holds, never exactly 0."""
        with np.errstate(all="ignore"):
            rows = [self._row(comparison, measures) for comparison in self._comparisons]
        return np.array(np.broadcast_arrays(*rows), dtype=float)

    def _row(self, comparison: _Comparison, measures: Measures) -> Array:
        """Limit state of a comparison.

        A measure beyond its limits (-inf, inf) stands at the limit, so that g keeps its size, where the comparison comes out
        the same however far beyond it is; else it is not known whether the trial fails, and g is NaN.
        """
        beyond = [name for name in comparison.names if np.isinf(measures[name]).any()]
        if not beyond:
            return comparison.state(measures)
        ends = {name: limits for name in beyond if (limits := self._limits.get(name)) is not None}
        nearest = {name: np.clip(measures[name], limits.low, limits.high) for name, limits in ends.items()}
        near, far = comparison.state({**measures, **nearest}), comparison.gap(measures)
        return np.where(np.sign(near) == np.sign(far), near, np.nan)

    def combine(self, comparisons: Array) -> Array:
        """Limit state of the whole, shape (trials,), from those of its comparisons, each of which may have been scaled."""
        return np.asarray(self._state(comparisons))

    def limit_state(self, measures: Measures) -> Array:
        """Limit state g, shape (trials,): below 0 where the condition holds, NaN where a measure that it names is NaN."""
        return self.combine(self.comparisons(measures))


def condition(bench: Bench) -> Expression | None:
    """The bench's own condition, :meth:`spicekit.bench.Bench.works`.  Raises :class:`UserError` for one that cannot be read."""
    return _of_bench(bench, "works", bench.works())


def patience(bench: Bench) -> Expression | None:
    """The same of :meth:`spicekit.bench.Bench.slow`."""
    return _of_bench(bench, "slow", bench.slow())


def _of_bench(bench: Bench, method: str, text: str) -> Expression | None:
    return Expression(text, bench.measures(), f"bench '{bench.name}': {method}()") if text else None


@dataclass(frozen=True)
class _Comparison:
    smaller: _Quantity
    larger: _Quantity
    strict: bool
    unit: str

    @property
    def names(self) -> frozenset[str]:
        return self.smaller.names | self.larger.names

    def gap(self, measures: Measures) -> Array:
        gap = np.asarray(self.smaller.value(measures) - self.larger.value(measures), dtype=float)
        return np.where(gap == 0, ON_THE_LIMIT if self.strict else -ON_THE_LIMIT, gap)

    def state(self, measures: Measures) -> Array:
        gap = self.gap(measures)
        return np.where(np.isfinite(gap), gap, np.nan)


class _Parser:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str, measures: Mapping[str, Measure], option: str) -> None:
        self._option = option
        self._text = text
        self._measures = measures
        self._depth = 0
        self.comparisons: list[_Comparison] = []
        self._tokens = self._tokenise()
        self._next = 0

    def read(self) -> _Condition:
        found = self._or()
        if self._next < len(self._tokens):
            raise self._wrong(f"'{self._tokens[self._next][1]}' is not expected there")
        if isinstance(found, _Quantity):
            raise self._wrong("nothing is compared in it; give e.g. margin < 5m, or late > 0.5 for a measure that is 0 or 1")
        return found

    def _tokenise(self) -> list[tuple[str, str]]:
        tokens, place = [], 0
        while place < len(self._text):
            match = _TOKEN.match(self._text, place)
            if not match:
                if not self._text[place:].strip():
                    break
                raise self._wrong(f"'{self._text[place:].strip()[0]}' is not allowed in it")
            place = match.end()
            assert match.lastgroup is not None
            tokens.append((match.lastgroup, match[match.lastgroup]))
            if len(tokens) > LONGEST:
                raise self._wrong(f"longer than {LONGEST} words and signs")
        return tokens

    def _peek(self) -> str:
        """The next sign or word; nothing for a number or at the end."""
        if self._next >= len(self._tokens) or self._tokens[self._next][0] == "number":
            return ""
        return self._tokens[self._next][1].lower()

    def _take(self, *allowed: str) -> str:
        """The next sign or word if it is one of ``allowed``, else nothing."""
        word = self._peek()
        if word in allowed:
            self._next += 1
            return word
        return ""

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            there = f"'{self._tokens[self._next][1]}'" if self._next < len(self._tokens) else "the end"
            raise self._wrong(f"'{sign}' is missing before {there}")

    def _or(self) -> _Condition | _Quantity:
        return self._joined("or", self._and, np.minimum)

    def _and(self) -> _Condition | _Quantity:
        return self._joined("and", self._not, np.maximum)

    def _joined(self, word: str, part: Callable[[], _Condition | _Quantity], choose: np.ufunc) -> _Condition | _Quantity:
        found = part()
        while self._take(word):
            left, right = self._condition(found, word).state, self._condition(part(), word).state
            found = _Condition(lambda g, left=left, right=right: choose(left(g), right(g)))  # type: ignore[misc]
        return found

    def _not(self) -> _Condition | _Quantity:
        if self._take("not"):
            self._deeper()
            state = self._condition(self._not(), "not").state
            self._depth -= 1
            return _Condition(lambda g: -state(g))
        return self._comparison()

    def _comparison(self) -> _Condition | _Quantity:
        left = self._sum()
        found: _Condition | _Quantity = left
        while sign := self._take("<", "<=", ">", ">=", "==", "!="):
            if sign in ("==", "!="):
                raise self._wrong(f"'{sign}' has no side to be on; for a measure that is 0 or 1 give e.g. late > 0.5")
            right = self._sum()
            one = self._compare(left, right, sign)
            if isinstance(found, _Condition):
                found = _Condition(lambda g, a=found.state, b=one.state: np.maximum(a(g), b(g)))  # type: ignore[misc]
            else:
                found = one
            left = right
        return found

    def _compare(self, left: _Condition | _Quantity, right: _Condition | _Quantity, sign: str) -> _Condition:
        a, b = self._quantity(left, sign), self._quantity(right, sign)
        unit = self._same(a, b, sign)
        if not a.names | b.names:
            raise self._wrong(f"no measure on either side of '{sign}'")
        smaller, larger = (a, b) if sign in ("<", "<=") else (b, a)
        index = len(self.comparisons)
        self.comparisons.append(_Comparison(smaller, larger, sign in ("<", ">"), written(unit)))
        return _Condition(lambda g: g[index])

    def _sum(self) -> _Condition | _Quantity:
        found = self._product()
        while sign := self._take("+", "-"):
            a, b = self._quantity(found, sign), self._quantity(self._product(), sign)
            found = _apply(np.add if sign == "+" else np.subtract, a, b, self._same(a, b, sign))
        return found

    def _product(self) -> _Condition | _Quantity:
        found = self._factor()
        while sign := self._take("*", "/"):
            a, b = self._quantity(found, sign), self._quantity(self._factor(), sign)
            bare = a.unit is None and b.unit is None
            found = _apply(
                np.multiply if sign == "*" else np.divide,
                a,
                b,
                None if bare else times(a.unit or {}, b.unit or {}, 1 if sign == "*" else -1),
            )
        return found

    def _factor(self) -> _Condition | _Quantity:
        self._deeper()
        try:
            if sign := self._take("-", "+"):
                inner = self._quantity(self._factor(), sign)
                return inner if sign == "+" else _Quantity(inner.unit, lambda m: -inner.value(m), inner.names)
            if self._take("("):
                found = self._or()
                self._expect(")")
                return found
            if self._next >= len(self._tokens):
                raise self._wrong("something is missing at its end")
            kind, word = self._tokens[self._next]
            if kind == "sign":
                raise self._wrong(f"a measure or a number is missing before '{word}'")
            self._next += 1
            return self._number(word) if kind == "number" else self._name(word)
        finally:
            self._depth -= 1

    def _name(self, word: str) -> _Quantity:
        if word.lower() in _FUNCTIONS and self._peek() == "(":
            return self._function(word.lower())
        if word in self._measures:
            unit = self._measures[word].unit
            return _Quantity(read_unit(unit), lambda measures: measures[word], frozenset({word}))
        if word.lower() in _WORDS:
            raise self._wrong(f"'{word}' is not expected there")
        raise UserError(f"{self._option} '{self._text}': {unknown('measure', word, self._measures)}")

    def _function(self, name: str) -> _Quantity:
        self._expect("(")
        parts = [self._quantity(self._sum(), name)]
        while self._take(","):
            parts.append(self._quantity(self._sum(), name))
        self._expect(")")
        if name == "abs" and len(parts) != 1:
            raise self._wrong("abs takes one value")
        unit = parts[0].unit
        for part in parts[1:]:
            unit = self._same(_Quantity(unit, part.value), part, name)
        function = _FUNCTIONS[name]
        return _Quantity(
            unit,
            lambda measures: function([part.value(measures) for part in parts]),
            frozenset().union(*(p.names for p in parts)),
        )

    def _number(self, word: str) -> _Quantity:
        try:
            value = parse_value(word)
        except UserError as error:
            raise self._wrong(str(error)) from None
        match = _NUMBER.fullmatch(word)
        unit = match["unit"] if match else ""
        if match and match["suffix"] in ("A", "F", "T") and not unit:
            raise self._wrong(
                f"'{word}' would be {value:g}: a suffix, not a unit, as in SPICE; leave the unit away, it is the other side's"
            )
        constant = np.float64(value)
        return _Quantity(read_unit(unit) if unit else None, lambda _: constant)  # type: ignore[arg-type,return-value]

    def _same(self, a: _Quantity, b: _Quantity, sign: str) -> Unit | None:
        """The unit that both sides have, or the one of the side that has one."""
        if a.unit is None or b.unit is None:
            return b.unit if a.unit is None else a.unit
        if a.unit != b.unit:
            raise self._wrong(f"'{sign}' between {written(a.unit) or 'a plain number'} and {written(b.unit) or 'a plain number'}")
        return a.unit

    def _condition(self, found: _Condition | _Quantity, word: str) -> _Condition:
        if isinstance(found, _Quantity):
            raise self._wrong(
                f"'{word}' needs comparisons on its sides, e.g. a < 1m {word if word != 'not' else 'or not'} b < 2m"
            )
        return found

    def _quantity(self, found: _Condition | _Quantity, sign: str) -> _Quantity:
        if isinstance(found, _Condition):
            raise self._wrong(f"'{sign}' works on values, not on conditions")
        return found

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._wrong(f"parentheses and signs within each other; at most {DEEPEST}")

    def _wrong(self, what: str) -> UserError:
        shown = self._text if len(self._text) <= 80 else f"{self._text[:77]}..."
        return UserError(f"{self._option} '{shown}': {what}")


def _apply(operation: Callable[[Array, Array], Array], a: _Quantity, b: _Quantity, unit: Unit | None) -> _Quantity:
    return _Quantity(unit, lambda measures: operation(a.value(measures), b.value(measures)), a.names | b.names)
