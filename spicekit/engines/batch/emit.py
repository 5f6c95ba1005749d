"""Writes formulas as C++ of vector operations: each operation is done for all lanes at once.

Every constant becomes a place in a table, so that transistors of one card and different sizes are one function.
"""

from __future__ import annotations

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

    for number, node in enumerate(ordered(outputs)):
        if node.op == "input":
            names[id(node)] = f"in[{inputs.index(node.args[0])}]"
            continue
        kind, name = ("M", f"m{number}") if node.op in _CONDITIONS else ("V", f"v{number}")
        words = [word(arg) for arg in node.args]
        if node.op == "where":
            words[1:] = [w if isinstance(a, Node) else f"all({w})" for w, a in zip(words[1:], node.args[1:], strict=True)]
        lines.append(f"const {kind} {name} = {_FORMS[node.op].format(*words)};")
        names[id(node)] = name
    lines += [f"out[{k}] = {word(out) if isinstance(out, Node) else f'all({word(out)})'};" for k, out in enumerate(outputs)]
    return "\n".join(lines), list(constants)
