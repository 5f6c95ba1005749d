"""Formulas as graphs: what is folded, and derivatives beside finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from spicekit.engines.batch import graph
from spicekit.engines.batch.expression import number, parse
from spicekit.engines.batch.graph import variable
from spicekit.engines.batch.unsupported import Unsupported

X, Y = variable("x"), variable("y")
FORMULAS = {
    "1 + x*y - x/(y + 3)": lambda x, y: 1 + x * y - x / (y + 3),
    "exp(-x*x) * ln(y + 3)": lambda x, y: np.exp(-x * x) * np.log(y + 3),
    "sqrt(x*x + 1) + tanh(y*2) + sinh(x)": lambda x, y: np.sqrt(x * x + 1) + np.tanh(2 * y) + np.sinh(x),
    "cos(x)*sin(y)^2": lambda x, y: np.cos(x) * np.sin(y) ** 2,
    "x > 0.3 ? x*x : y": lambda x, y: np.where(x > 0.3, x * x, y),
    "min(max(x, -0.5), y) + abs(x) * u(y)": lambda x, y: np.minimum(np.maximum(x, -0.5), y) + np.abs(x) * (y > 0),
    "pwl(x, -0.5, 1, 0, 2, 0.5, -1)": lambda x, y: np.interp(x, [-0.5, 0, 0.5], [1, 2, -1]),
    "-x^2 + (y + 3)**1.5": lambda x, y: -(x**2) + (y + 3) ** 1.5,
    "x < 0 && y < 0 || x > 0.5 ? 2u : 3meg": lambda x, y: np.where((x < 0) & (y < 0) | (x > 0.5), 2e-6, 3e6),
}  # fmt: skip


def lookup(kind: str, names: object) -> graph.Node:
    assert kind == "name"
    assert isinstance(names, list)
    return variable(names[0])


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_and_its_derivatives_are_those_of_numpy(text: str) -> None:
    random = np.random.default_rng(5)
    x, y = random.uniform(-1, 1, (2, 500))
    formula = parse(text, lookup)
    value, by_x, by_y = graph.evaluate([formula, *graph.gradient([formula], [X, Y])[0]], {"x": x, "y": y})
    assert value == pytest.approx(FORMULAS[text](x, y), rel=1e-13, abs=1e-15)
    h = 1e-6
    for found, dx, dy in ((by_x, h, 0.0), (by_y, 0.0, h)):
        difference = (FORMULAS[text](x + dx, y + dy) - FORMULAS[text](x - dx, y - dy)) / (2 * h)
        smooth = abs(difference) < 1e3  # not across a jump
        assert smooth.mean() > 0.99
        assert found[smooth] == pytest.approx(difference[smooth], rel=1e-5, abs=2e-5)


def test_constants_are_folded_and_what_is_equal_is_one_node() -> None:
    assert 2.0 * X * 0.0 + 3.0 == 3.0
    assert X + 0.0 is X
    assert 1.0 * X is X
    assert X - X == 0.0
    assert graph.neg(graph.neg(X)) is X
    assert graph.exp(X * Y) is graph.exp(X * Y)
    assert graph.gradient([3.0, X], [X]) == [[0.0], [1.0]]
    assert graph.gradient([3.0, X], []) == [[], []]
    with pytest.raises(TypeError, match="where"):
        bool(X > Y)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1k", 1e3), ("2.5MEG", 2.5e6), ("10pF", 1e-11), ("1e-3", 1e-3), ("5mil", 1.27e-4), ("3a", 3e-18), ("-.5n", -5e-10)],
)
def test_numbers_have_the_suffixes_of_spice(text: str, value: float) -> None:
    assert number(text) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("text", ["1 +", "x y", "ddt(x)", "1/0", "(x", "x ? 1", "pwl(x, y, 1)", "(" * 100_000])
def test_what_is_no_known_expression_is_named(text: str) -> None:
    with pytest.raises(Unsupported):
        parse(text, lookup)
