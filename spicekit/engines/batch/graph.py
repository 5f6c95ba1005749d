"""Formulas as graphs: a model is written once as Python arithmetic and becomes values, derivatives and compiled code.

A formula is a :class:`Node` or, where nothing in it varies, a plain float: arithmetic of floats is done at once, which folds
the constants of a card and of a size into the formula and leaves out what is multiplied by zero. A branch on what varies is
:func:`where`, a choice for each value without a jump; a branch on a constant is Python's own ``if``. Equal nodes are one
object, so what is computed twice is computed once. :func:`gradient` differentiates forward, node by node; :func:`evaluate`
computes a graph with numpy, and :mod:`spicekit.engines.batch.emit` writes it as C++.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

Value = "Node | float"


class Node:
    """An operation on other nodes and floats.  ``args`` of an ``input`` is its name."""

    __slots__ = ("__weakref__", "args", "key", "op")

    def __init__(self, op: str, args: tuple[Any, ...], key: tuple[Any, ...]) -> None:
        self.op, self.args, self.key = op, args, key

    def __add__(self, other: Node | float) -> Node | float:
        return add(self, other)

    def __radd__(self, other: float) -> Node | float:
        return add(other, self)

    def __sub__(self, other: Node | float) -> Node | float:
        return sub(self, other)

    def __rsub__(self, other: float) -> Node | float:
        return sub(other, self)

    def __mul__(self, other: Node | float) -> Node | float:
        return mul(self, other)

    def __rmul__(self, other: float) -> Node | float:
        return mul(other, self)

    def __truediv__(self, other: Node | float) -> Node | float:
        return div(self, other)

    def __rtruediv__(self, other: float) -> Node | float:
        return div(other, self)

    def __neg__(self) -> Node | float:
        return neg(self)

    def __lt__(self, other: Node | float) -> Node | bool:
        return less(self, other)

    def __gt__(self, other: Node | float) -> Node | bool:
        return less(other, self)

    def __le__(self, other: Node | float) -> Node | bool:
        return less_equal(self, other)

    def __ge__(self, other: Node | float) -> Node | bool:
        return less_equal(other, self)

    def __bool__(self) -> bool:
        raise TypeError("a formula has no truth value while it is written: use where()")


_nodes: WeakValueDictionary[tuple[Any, ...], Node] = WeakValueDictionary()


def _node(op: str, *args: Any) -> Node:
    key = (op, *(id(a) if isinstance(a, Node) else (a, math.copysign(1.0, a)) if isinstance(a, float) else a for a in args))
    found = _nodes.get(key)
    if found is None:
        _nodes[key] = found = Node(op, args, key)
    return found


def variable(name: str) -> Node:
    """What a formula is a function of."""
    return _node("input", name)


def add(a: Node | float, b: Node | float) -> Node | float:
    if not isinstance(a, Node) and not isinstance(b, Node):
        return a + b
    if not isinstance(a, Node) and a == 0.0:
        return b
    if not isinstance(b, Node) and b == 0.0:
        return a
    if isinstance(b, Node) and b.op == "neg":
        return sub(a, b.args[0])
    return _node("add", _float(a), _float(b))


def sub(a: Node | float, b: Node | float) -> Node | float:
    if not isinstance(a, Node) and not isinstance(b, Node):
        return a - b
    if not isinstance(b, Node) and b == 0.0:
        return a
    if not isinstance(a, Node) and a == 0.0:
        return neg(b)
    if a is b:
        return 0.0
    if isinstance(b, Node) and b.op == "neg":
        return add(a, b.args[0])
    return _node("sub", _float(a), _float(b))


def mul(a: Node | float, b: Node | float) -> Node | float:
    if not isinstance(a, Node) and not isinstance(b, Node):
        return a * b
    if isinstance(b, Node) and not isinstance(a, Node):
        a, b = b, a
    assert isinstance(a, Node)
    if not isinstance(b, Node):
        if b == 0.0:
            return 0.0
        if b == 1.0:
            return a
        if b == -1.0:
            return neg(a)
        if a.op == "mul" and not isinstance(a.args[1], Node):
            return mul(a.args[0], a.args[1] * b)
        if a.op == "neg":
            return mul(a.args[0], -b)
    elif a.op == "neg" and b.op == "neg":
        return mul(a.args[0], b.args[0])
    elif a.op == "neg":
        return neg(mul(a.args[0], b))
    elif b.op == "neg":
        return neg(mul(a, b.args[0]))
    return _node("mul", a, _float(b))


def div(a: Node | float, b: Node | float) -> Node | float:
    if not isinstance(b, Node):
        return mul(a, 1.0 / b)
    if not isinstance(a, Node) and a == 0.0:
        return 0.0
    if isinstance(a, Node) and a.op == "neg":
        return neg(div(a.args[0], b))
    return mul(a, inverse(b))


def inverse(a: Node | float) -> Node | float:
    """1/a: a quotient is a product with it, so that a denominator that comes again, as in all derivatives, is divided by once."""
    return _node("inv", a) if isinstance(a, Node) else 1.0 / a


def neg(a: Node | float) -> Node | float:
    if not isinstance(a, Node):
        return -a
    if a.op == "neg":
        return a.args[0]  # type: ignore[no-any-return]
    if a.op == "sub":
        return sub(a.args[1], a.args[0])
    return _node("neg", a)


def less(a: Node | float, b: Node | float) -> Node | bool:
    """``a < b``: a condition for :func:`where`."""
    return _node("lt", _float(a), _float(b)) if isinstance(a, Node) or isinstance(b, Node) else a < b


def less_equal(a: Node | float, b: Node | float) -> Node | bool:
    return _node("le", _float(a), _float(b)) if isinstance(a, Node) or isinstance(b, Node) else a <= b


def both(a: Node | bool, b: Node | bool) -> Node | bool:
    """Whether both conditions hold."""
    if isinstance(a, bool):
        return b if a else False
    if isinstance(b, bool):
        return a if b else False
    return _node("and", a, b)


def where(condition: Node | bool, a: Node | float, b: Node | float) -> Node | float:
    """``a`` where the condition holds, else ``b``; what is not chosen may be infinite or no number."""
    if isinstance(condition, bool):
        return a if condition else b
    if a is b or (not isinstance(a, Node) and not isinstance(b, Node) and a == b):
        return a
    return _node("where", condition, _float(a), _float(b))


def exp(x: Node | float) -> Node | float:
    return _node("exp", x) if isinstance(x, Node) else math.exp(x)


def log(x: Node | float) -> Node | float:
    return _node("log", x) if isinstance(x, Node) else math.log(x)


def sqrt(x: Node | float) -> Node | float:
    return _node("sqrt", x) if isinstance(x, Node) else math.sqrt(x)


def sin(x: Node | float) -> Node | float:
    return _node("sin", x) if isinstance(x, Node) else math.sin(x)


def cos(x: Node | float) -> Node | float:
    return _node("cos", x) if isinstance(x, Node) else math.cos(x)


def tanh(x: Node | float) -> Node | float:
    """By the exponential of -2|x|, which never overflows."""
    if not isinstance(x, Node):
        return math.tanh(x)
    e = exp(where(x < 0.0, 2.0 * x, -2.0 * x))
    return where(x < 0.0, (e - 1.0) / (1.0 + e), (1.0 - e) / (1.0 + e))


def sinh(x: Node | float) -> Node | float:
    if not isinstance(x, Node):
        return math.sinh(x)
    e = exp(x)
    return where(
        less(absolute(x), 1e-3),
        x * (1.0 + x * x * (1.0 / 6.0 + x * x * (1.0 / 120.0))),  # the difference of exponentials has no digits here
        0.5 * (e - 1.0 / e),
    )


def power(x: Node | float, exponent: float) -> Node | float:
    """``x`` to a constant power; a whole one by products."""
    if not isinstance(x, Node):
        return float(x**exponent)
    if exponent == int(exponent) and 0 <= exponent <= 8:
        result: Node | float = 1.0
        for _ in range(int(exponent)):
            result = result * x
        return result
    if exponent in (0.5, -0.5):
        return sqrt(x) if exponent > 0 else 1.0 / sqrt(x)
    value = exp(exponent * log(x))
    return where(less(0.0, x), value, 0.0) if exponent > 1 else value  # at 0 its slope is 0 too


def absolute(x: Node | float) -> Node | float:
    return where(less(x, 0.0), -x, x)


def maximum(a: Node | float, b: Node | float) -> Node | float:
    return where(less(a, b), b, a)


def minimum(a: Node | float, b: Node | float) -> Node | float:
    return where(less(a, b), a, b)


def _float(x: Node | float) -> Node | float:
    return x if isinstance(x, Node) else float(x)


def ordered(outputs: Iterable[Node | float | bool]) -> list[Node]:
    """All nodes that ``outputs`` need, each after its arguments."""
    order: list[Node] = []
    seen: set[int] = set()
    stack: list[tuple[Node, bool]] = [(node, False) for node in reversed(list(outputs)) if isinstance(node, Node)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((arg, False) for arg in reversed(node.args) if isinstance(arg, Node) and id(arg) not in seen)
    # an argument pushed twice before it was done would come twice: keep the first
    first: dict[int, Node] = {}
    for node in order:
        first.setdefault(id(node), node)
    return list(first.values())


Rule = Callable[[Node, Sequence["Node | float"]], "Node | float"]


_RULES: dict[str, Rule] = {
    "add": lambda n, d: add(d[0], d[1]),
    "sub": lambda n, d: sub(d[0], d[1]),
    "mul": lambda n, d: add(mul(d[0], n.args[1]), mul(n.args[0], d[1])),
    "inv": lambda n, d: neg(mul(mul(n, n), d[0])),
    "neg": lambda n, d: neg(d[0]),
    "where": lambda n, d: where(n.args[0], d[1], d[2]),
    "exp": lambda n, d: mul(n, d[0]),
    "log": lambda n, d: mul(d[0], inverse(n.args[0])),
    "sqrt": lambda n, d: mul(mul(0.5, d[0]), inverse(n)),
    "sin": lambda n, d: mul(cos(n.args[0]), d[0]),
    "cos": lambda n, d: neg(mul(sin(n.args[0]), d[0])),
}


def gradient(outputs: Sequence[Node | float], inputs: Sequence[Node]) -> list[list[Node | float]]:
    """The derivatives of each output by each input, of shape (outputs, inputs)."""
    order = ordered(outputs)
    columns = []
    for one in inputs:
        slope: dict[int, Node | float] = {id(one): 1.0}
        for node in order:
            if node.op in ("input", "lt", "le", "and"):
                continue
            slopes = [slope.get(id(arg), 0.0) if isinstance(arg, Node) else 0.0 for arg in node.args]
            if any(isinstance(s, Node) or s != 0.0 for s in slopes):
                slope[id(node)] = _RULES[node.op](node, slopes)
        columns.append([slope.get(id(out), 0.0) if isinstance(out, Node) else 0.0 for out in outputs])
    return [[column[k] for column in columns] for k in range(len(outputs))]


_BUILD: dict[str, Callable[..., Any]] = {"add": add, "sub": sub, "mul": mul, "inv": inverse, "neg": neg, "where": where}


def substitute(outputs: Sequence[Node | float], new: Mapping[str, Node | float]) -> list[Any]:
    """The same formulas with other formulas in place of their inputs."""
    made: dict[int, Node | float] = {}
    for node in ordered(outputs):
        if node.op == "input":
            made[id(node)] = new.get(node.args[0], node)
        else:
            args = [made[id(arg)] if isinstance(arg, Node) else arg for arg in node.args]
            made[id(node)] = _BUILD[node.op](*args) if node.op in _BUILD else _node(node.op, *args)
    return [made[id(out)] if isinstance(out, Node) else out for out in outputs]


_NUMPY: dict[str, Callable[..., Any]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "inv": np.reciprocal, "neg": np.negative, "lt": np.less,
    "le": np.less_equal, "and": np.logical_and, "where": np.where, "exp": np.exp, "log": np.log, "sqrt": np.sqrt,
    "sin": np.sin, "cos": np.cos,
}  # fmt: skip


def evaluate(outputs: Sequence[Node | float], inputs: Mapping[str, Any]) -> list[NDArray[np.float64]]:
    """The outputs for arrays of inputs, which are of one shape."""
    shape = np.broadcast_shapes(*(np.shape(values) for values in inputs.values()))
    known: dict[int, Any] = {}
    with np.errstate(all="ignore"):  # in branches that are not chosen
        for node in ordered(outputs):
            if node.op == "input":
                known[id(node)] = np.asarray(inputs[node.args[0]], dtype=float)
            else:
                known[id(node)] = _NUMPY[node.op](*(known[id(arg)] if isinstance(arg, Node) else arg for arg in node.args))
    return [np.broadcast_to(known[id(out)] if isinstance(out, Node) else float(out), shape) for out in outputs]
