"""Writes formulas as C++ of vector operations: each operation is done for all lanes at once.

A product that is used once, in a sum, is one operation with it; which ones these are is decided here, so that every compiler
gives the same bits.
Every constant becomes a place in a table, so that transistors of one card and different sizes are one function.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from spicekit.engines.batch.graph import Node, ordered

Value = Any  # Node | float

_FORMS = {
    "add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "neg": "-{}", "inv": "1.0 / {}", "lt": "{} < {}", "le": "{} <= {}",
    "and": "{} & {}", "where": "{} ? {} : {}", "exp": "vexp({})", "log": "vlog({})", "sqrt": "vsqrt({})", "sin": "vsin({})",
    "cos": "vcos({})",
}  # fmt: skip
_CONDITIONS = ("lt", "le", "and")


def function(inputs: Sequence[str], outputs: Sequence[Value]) -> tuple[str, list[float]]:
    """The body of ``(const double *K, const V *in, V *out)``, and the table K of this use of it."""
    constants: dict[float, int] = {}
    names: dict[int, str] = {}
    lines = []

    def word(value: Value) -> str:
        if isinstance(value, Node):
            return names[id(value)]
        return f"K[{constants.setdefault(float(value), len(constants))}]"

    def vector(value: Value) -> str:
        return word(value) if isinstance(value, Node) else f"all({word(value)})"

    order = ordered(outputs)
    uses = Counter(id(arg) for node in order for arg in node.args if isinstance(arg, Node))
    uses.update(id(out) for out in outputs if isinstance(out, Node))

    def fused(node: Node) -> Node | None:
        """The product that is one operation with the sum ``node``."""
        if node.op not in ("add", "sub"):
            return None
        return next((a for a in node.args if isinstance(a, Node) and a.op == "mul" and uses[id(a)] == 1), None)

    within = {id(product) for node in order if (product := fused(node)) is not None}
    for number, node in enumerate(order):
        if id(node) in within:
            continue
        if node.op == "input":
            names[id(node)] = f"in[{inputs.index(node.args[0])}]"
            continue
        kind, name = ("M", f"m{number}") if node.op in _CONDITIONS else ("V", f"v{number}")
        if (product := fused(node)) is not None:
            a, b = (vector(arg) for arg in product.args)
            first = node.args[0] is product
            c = vector(node.args[1 if first else 0])
            if node.op == "sub":
                a, c = (a, f"-({c})") if first else (f"-({a})", c)
            lines.append(f"const V {name} = vfma({a}, {b}, {c});")
            names[id(node)] = name
            continue
        words = [word(arg) for arg in node.args]
        if node.op == "where":
            words[1:] = [w if isinstance(a, Node) else f"all({w})" for w, a in zip(words[1:], node.args[1:], strict=True)]
        lines.append(f"const {kind} {name} = {_FORMS[node.op].format(*words)};")
        names[id(node)] = name
    lines += [f"out[{k}] = {word(out) if isinstance(out, Node) else f'all({word(out)})'};" for k, out in enumerate(outputs)]
    return "\n".join(lines), list(constants)
