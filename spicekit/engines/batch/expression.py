"""The expressions of a netlist: those in braces, which are numbers, and those of B sources, which become graphs.

The grammar is ngspice's for what the shipped netlists use: numbers with suffixes, + - * / ^ **, comparisons, && ||, the ternary
``a ? b : c``, functions, ``V(a)``, ``V(a,b)``, ``I(Vname)``, ``time``, ``temper`` and names of parameters. A condition is 1 or
0.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from spicekit.engines.batch import graph
from spicekit.engines.batch.graph import Node
from spicekit.engines.batch.unsupported import Unsupported

Value = Any  # Node | float
Lookup = Callable[[str, Sequence[str]], Value]  # "v" and its nodes, "i" and its source, "name" and the name

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?:meg|mil|[tgkmunpfa])?[a-z]*)|(?P<name>[a-z_][\w.#]*)"
    r"|(?P<op>\*\*|<=|>=|==|!=|&&|\|\||[-+*/^()<>?:,=!]))"
)
SUFFIXES = {
    "t": 1e12,
    "g": 1e9,
    "meg": 1e6,
    "k": 1e3,
    "mil": 25.4e-6,
    "m": 1e-3,
    "u": 1e-6,
    "n": 1e-9,
    "p": 1e-12,
    "f": 1e-15,
    "a": 1e-18,
}
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(meg|mil|[tgkmunpfa])?([a-z]*)$")

_FUNCTIONS: dict[str, Callable[..., Value]] = {
    "exp": graph.exp, "ln": graph.log, "log": graph.log, "sqrt": graph.sqrt, "sin": graph.sin, "cos": graph.cos,
    "tanh": graph.tanh, "sinh": graph.sinh, "abs": graph.absolute, "min": graph.minimum, "max": graph.maximum,
    "u": lambda x: graph.where(x > 0.0, 1.0, 0.0), "sgn": lambda x: graph.where(x > 0.0, 1.0, graph.where(x < 0.0, -1.0, 0.0)),
    "uramp": lambda x: graph.maximum(x, 0.0),
}  # fmt: skip


def number(text: str) -> float:
    """A SPICE number with its suffix.  Raises :class:`Unsupported` for what is none."""
    found = _NUMBER.match(text.strip().lower())
    if found is None:
        raise Unsupported(f"'{text}' in place of a number")
    return float(found[1]) * SUFFIXES.get(found[2], 1.0) if found[2] else float(found[1])


def parse(text: str, lookup: Lookup) -> Value:
    """The value of ``text``: a float where nothing in it is looked up as a graph."""
    try:
        return _Parser(text, lookup).whole()
    except RecursionError:
        raise Unsupported("an expression of parentheses without end") from None


class _Parser:
    def __init__(self, text: str, lookup: Lookup) -> None:
        self._text, self._lookup = text.lower(), lookup
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while self._text[at:].strip():
            found = _TOKEN.match(self._text, at)
            if found is None:
                raise Unsupported(f"'{self._text[at:].strip()[:20]}' in the expression {text}")
            kind = found.lastgroup or ""
            self._tokens.append((kind, found[kind]))
            at = found.end()
        self._at = 0

    def whole(self) -> Value:
        value = self._ternary()
        if self._at != len(self._tokens):
            raise Unsupported(f"the expression {self._text}")
        return value

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self, *allowed: str) -> str:
        token = self._peek()
        if token and token in allowed and self._tokens[self._at][0] == "op":
            self._at += 1
            return token
        return ""

    def _need(self, token: str) -> None:
        if not self._take(token):
            raise Unsupported(f"the expression {self._text}: '{self._peek()}' in place of '{token}'")

    def _ternary(self) -> Value:
        condition = self._or()
        if not self._take("?"):
            return condition
        yes = self._ternary()
        self._need(":")
        no = self._ternary()
        return graph.where(_condition(condition), yes, no)

    def _or(self) -> Value:
        value = self._and()
        while self._take("||"):
            other = self._and()
            value = graph.where(_condition(value), 1.0, graph.where(_condition(other), 1.0, 0.0))
        return value

    def _and(self) -> Value:
        value = self._comparison()
        while self._take("&&"):
            other = self._comparison()
            value = graph.where(graph.both(_condition(value), _condition(other)), 1.0, 0.0)
        return value

    def _comparison(self) -> Value:
        value = self._sum()
        op = self._take("<", ">", "<=", ">=", "==", "!=")
        if not op:
            return value
        other = self._sum()
        if op in ("==", "!="):
            same = graph.both(graph.less_equal(value, other), graph.less_equal(other, value))
            return graph.where(same, *((1.0, 0.0) if op == "==" else (0.0, 1.0)))
        a, b = (value, other) if op[0] == "<" else (other, value)
        return graph.where(graph.less(a, b) if len(op) == 1 else graph.less_equal(a, b), 1.0, 0.0)

    def _sum(self) -> Value:
        value = self._product()
        while op := self._take("+", "-"):
            other = self._product()
            value = graph.add(value, other) if op == "+" else graph.sub(value, other)
        return value

    def _product(self) -> Value:
        value = self._signed()
        while op := self._take("*", "/"):
            other = self._signed()
            if op == "/" and not isinstance(other, Node) and other == 0:
                raise Unsupported(f"a division by zero in {self._text}")
            value = graph.mul(value, other) if op == "*" else graph.div(value, other)
        return value

    def _signed(self) -> Value:
        if self._take("-"):
            return graph.neg(self._signed())
        if self._take("+"):
            return self._signed()
        if self._take("!"):
            return graph.where(_condition(self._signed()), 0.0, 1.0)
        return self._power()

    def _power(self) -> Value:
        value = self._atom()
        if self._take("^", "**"):
            return _power(value, self._signed())
        return value

    def _atom(self) -> Value:
        if self._take("("):
            value = self._ternary()
            self._need(")")
            return value
        if self._at >= len(self._tokens):
            raise Unsupported(f"the expression {self._text}, which ends early")
        kind, token = self._tokens[self._at]
        self._at += 1
        if kind == "number":
            return number(token)
        if kind != "name":
            raise Unsupported(f"'{token}' in the expression {self._text}")
        if not self._take("("):
            return math.pi if token == "pi" else self._lookup("name", [token])
        if token in ("v", "i"):
            names = []
            while self._peek() not in (")", ""):
                names.append(self._peek())
                self._at += 1
                self._take(",")
            self._need(")")
            return self._lookup(token, names)
        args = [self._ternary()]
        while self._take(","):
            args.append(self._ternary())
        self._need(")")
        if token == "pwl":
            return _pwl(args)
        if token in ("pow", "pwr"):
            return _power(*args)
        if token not in _FUNCTIONS:
            raise Unsupported(f"the function {token}()")
        return _FUNCTIONS[token](*args)


def _condition(x: Value) -> Node | bool:
    """``x`` as a condition: what is positive holds, as for ngspice's ternary."""
    if isinstance(x, Node) and x.op == "where" and x.args[1:] == (1.0, 0.0):
        return x.args[0]  # type: ignore[no-any-return]
    return graph.less(0.0, x) if isinstance(x, Node) else x != 0


def _power(x: Value, exponent: Value) -> Value:
    if isinstance(exponent, Node):
        return graph.exp(graph.mul(exponent, graph.log(x)))
    if isinstance(x, Node) and exponent != int(exponent):
        x = graph.absolute(x)  # ngspice's power of a negative base
    return graph.power(x, exponent)


def _pwl(args: list[Value]) -> Value:
    """Linear between points, constant outside them."""
    x, points = args[0], list(zip(args[1::2], args[2::2], strict=True))
    if any(isinstance(value, Node) for point in points for value in point) or len(points) < 2:
        raise Unsupported("pwl() of points that are no numbers")
    value: Value = points[0][1]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        value = graph.where(graph.less_equal(x0, x), y0 + (x - x0) * ((y1 - y0) / (x1 - x0)), value)
    return graph.where(graph.less_equal(points[-1][0], x), points[-1][1], value)
