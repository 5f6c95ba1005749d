"""Failure conditions as text: against Python's own arithmetic on the same numbers; and all that is not a condition."""

from __future__ import annotations

import re
import string
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spicekit import UserError
from spicekit.bench import Measure
from spicekit.expression import Expression

MEASURES = (
    Measure("v_p", "V", ""), Measure("v_ap", "V", ""), Measure("i_read", "A", ""), Measure("t_decision", "s", ""),
    Measure("e_read", "J", ""), Measure("decided", "", "", fraction=True), Measure("slope", "s/V", ""), Measure("r_p", "ohm", ""),
)  # fmt: skip
VALUES = {
    "v_p": np.array([0.1, 0.2, 0.3, np.nan]), "v_ap": np.array([0.3, 0.2, 0.25, 0.4]),
    "i_read": np.array([1e-6, 2e-6, 3e-6, 1e-6]),
    "t_decision": np.array([1e-9, 2e-9, 5e-9, 1e-9]), "e_read": np.array([1e-15, 2e-15, 3e-15, 1e-15]),
    "decided": np.array([1.0, 0.0, 1.0, 1.0]), "slope": np.array([1e-9, 1e-9, 2e-9, 1e-9]), "r_p": np.array([1e4, 2e4, 3e4, 1e4]),
}  # fmt: skip


def fails(text: str) -> list[bool | None]:
    """Of each trial of VALUES: whether the condition holds, None where it is not known."""
    g = Expression(text, MEASURES).limit_state(VALUES)
    assert not (g == 0).any()
    return [None if np.isnan(value) else bool(value < 0) for value in g]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v_ap - v_p < 5m", [False, True, True, None]),
        ("v_ap - v_p < 5mV", [False, True, True, None]),
        ("v_ap <= 200m", [False, True, False, False]),
        ("v_ap < 200m", [False, False, False, False]),
        ("200m >= v_ap", [False, True, False, False]),
        ("not v_ap > 200m", [False, True, False, False]),
        ("0.22 < v_ap < 0.28", [False, False, True, False]),
        ("decided < 0.5 or v_ap > 0.35", [False, True, False, True]),
        ("v_ap < 0.28 and t_decision > 3n", [False, False, True, False]),
        ("v_ap < 0.22 or v_ap < 0.28 and t_decision > 3n", [False, True, True, False]),
        ("(v_ap < 0.22 or v_ap < 0.28) and t_decision > 3n", [False, False, True, False]),
        ("not (decided > 0.5 and v_ap < 0.28)", [True, True, False, True]),
        ("v_ap / r_p > 25u", [True, False, False, True]),
        ("i_read * r_p > v_ap - 1", [True, True, True, True]),
        ("slope * v_ap > 0.45n", [False, False, True, False]),
        ("e_read / t_decision / i_read > 0.9 * v_ap", [True, True, False, True]),
        ("v_p / v_ap > 90%", [False, True, True, None]),
        ("max(v_ap, 250m) > 0.28", [True, False, False, True]),
        ("min(v_ap, v_p) < 0.15", [True, False, False, None]),
        ("abs(v_ap - 250m) > 40m", [True, True, False, True]),
        ("-v_ap > -0.28", [False, True, True, False]),
        ("v_ap - v_p - 0.1 < 0", [False, True, True, None]),
        ("2 * (v_ap + 100m) < 0.65V", [False, True, False, False]),
        ("1 / t_decision > 0.7g", [True, False, False, True]),
    ],
)
def test_conditions(text: str, expected: list[bool | None]) -> None:
    assert fails(text) == expected


def test_the_limit_state_is_the_distance_from_the_limit() -> None:
    single = Expression("v_ap - v_p < 5m", MEASURES)
    assert single.limit_state(VALUES)[:3] == pytest.approx([0.195, -0.005, -0.055])
    assert single.units == ("V",)
    assert single.names == {"v_ap", "v_p"}
    both = Expression("v_ap < 0.25 or t_decision > 3n", MEASURES)
    rows = both.comparisons(VALUES)
    assert rows[0] == pytest.approx(VALUES["v_ap"] - 0.25, abs=1e-15)
    assert rows[1] == pytest.approx(3e-9 - VALUES["t_decision"])
    assert both.units == ("V", "s")
    scaled = both.combine(rows / np.array([[0.1], [1e-9]]))
    assert scaled == pytest.approx(np.minimum(rows[0] / 0.1, rows[1] / 1e-9))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("v_pp < 1", "did you mean v_p or v_ap"),
        ("volts < 1", "choose from decided, e_read"),
        ("v_p < 5ms", "'<' between V and s"),
        ("v_p + e_read < 1", "'+' between V and J"),
        ("v_p * i_read < e_read", "'<' between W and J"),
        ("min(v_p, i_read) < 1", "'min' between V and A"),
        ("i_read < 1A", "a suffix, not a unit"),
        ("v_p == 1", "late > 0.5"),
        ("v_p", "nothing is compared"),
        ("decided", "nothing is compared"),
        ("not decided", "needs comparisons"),
        ("v_p and v_ap < 1", "needs comparisons"),
        ("(v_p < 1) + 1 < 2", "works on values"),
        ("1 < 2", "no measure"),
        ("v_p <", "missing at its end"),
        ("", "missing at its end"),
        ("v_p < 1 or", "missing at its end"),
        ("v_p < < 1", "missing before '<'"),
        ("(v_p < 1", "')' is missing"),
        ("v_p < 1)", "')' is not expected"),
        ("v_p < 1 v_ap < 1", "'v_ap' is not expected"),
        ("abs(v_p, v_ap) < 1", "abs takes one"),
        ("v_p < 5 mV", "'mV' is not expected"),
        ("v_p < 1e", "not a number"),
        ("v_p.real < 1", "'.' is not allowed"),
        ("v_p[0] < 1", "'[' is not allowed"),
        ("(lambda: 0)() < 1", "':' is not allowed"),
        ("__import__('os').system('x') < 1", "not allowed"),
        ("exec(v_p) < 1", "unknown measure 'exec'"),
        ("v_p ** 9 < 1", "missing before '*'"),
        ("v_p < 1; quit", "';' is not allowed"),
        ("(" * 60 + "v_p" + ")" * 60 + " < 1", "at most 50"),
        ("-" * 60 + "v_p < 1", "at most 50"),
        ("v_p" + "+v_p" * 300 + " < 1", "longer than 400"),
    ],
)
def test_what_is_not_a_condition_is_told_so(text: str, words: str) -> None:
    with pytest.raises(UserError, match=re.escape(words)) as caught:
        Expression(text, MEASURES)
    assert str(caught.value).startswith("--fail '")


# --- against Python: the same text, evaluated by both -------------------------------------------------------------------------

ARITHMETIC = st.recursive(
    st.sampled_from(["a", "b", "c"]) | st.floats(0, 5).map(lambda value: f"{value:.3f}"),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda text: f"-{text}"),
        inner.map(lambda text: f"abs({text})"),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
    ),
    max_leaves=6,
)
COMPARISONS = st.tuples(st.sampled_from(["a", "b"]), ARITHMETIC, st.sampled_from(["<", "<=", ">", ">="]), ARITHMETIC).map(
    lambda t: f"{t[0]} + {t[1]} {t[2]} {t[3]}"
)
CONDITIONS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"{t[0]} {t[1]} {t[2]}"),
        inner.map(lambda text: f"not ({text})"),
        inner.map(lambda text: f"({text})"),
    ),
    max_leaves=5,
)
PLAIN = tuple(Measure(name, "", "") for name in "abc")
SAMPLES = st.lists(st.tuples(*[st.sampled_from([-2.0, -0.5, 0.0, 0.5, 1.25, 3.0])] * 3), min_size=1, max_size=5)


@given(text=CONDITIONS, samples=SAMPLES)
def test_it_says_what_python_says(text: str, samples: list[tuple[float, float, float]]) -> None:
    columns = {name: np.array(column) for name, column in zip("abc", zip(*samples, strict=True), strict=True)}
    g = Expression(text, PLAIN).limit_state(columns)
    for trial, (a, b, c) in enumerate(samples):
        # this test's own text, made of the strategies above
        expected = eval(text, {"__builtins__": {"abs": abs, "min": min, "max": max}}, {"a": a, "b": b, "c": c})
        assert (g[trial] < 0) == expected
        assert g[trial] != 0


@given(text=CONDITIONS, missing=st.sampled_from("abc"))
def test_a_missing_measure_makes_the_trial_unknown(text: str, missing: str) -> None:
    expression = Expression(text, PLAIN)
    columns = {name: np.array([np.nan if name == missing else 1.0]) for name in "abc"}
    assert np.isnan(expression.limit_state(columns)[0]) == (missing in expression.names)


HOSTILE = [
    "__import__('os').system('true')", "v_p.__class__.__base__ < 1", "().__class__ < 1", "exec('1') < 1", "eval(v_p) < 1",
    "open('/etc/passwd') < v_p", "[x for x in v_p] < 1", "v_p if v_ap else 1 < 2", "f'{v_p}' < 1", "`id` < v_p", "$(id) < v_p",
    "v_p < 1\n.control\nshell id\n.endc", "{{ v_p }} < 1", "v_p := 1 < 2", "getattr(v_p, 'x') < 1", "@v_p < 1", "\x00v_p < 1",
]  # fmt: skip
_watching: list[str] | None = None


def _audit(event: str, _: object) -> None:
    if _watching is not None and event in {"compile", "exec", "import", "open", "os.system", "subprocess.Popen", "ctypes.dlopen"}:
        _watching.append(event)


sys.addaudithook(_audit)


def parse(text: str, measures: tuple[Measure, ...]) -> Expression | None:
    """The expression or, for a UserError, None; fails if Python was made to compile, import, open or run anything on the way."""
    global _watching
    _watching = []
    try:
        found: Expression | None = Expression(text, measures)
    except UserError:
        found = None
    finally:
        events, _watching = _watching, None
    assert events == []
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_refused_and_nothing_runs(text: str) -> None:
    assert parse(text, MEASURES) is None


@given(text=st.text(max_size=60) | st.text(string.printable, max_size=60) | st.text("abc<>=()+-*/., 0123456789mu'_", max_size=40))
def test_any_text_is_a_condition_or_a_user_error(text: str) -> None:
    expression = parse(text, PLAIN)
    if expression is not None:
        assert expression.limit_state({name: np.zeros(2) for name in "abc"}).shape == (2,)


def test_the_audit_would_see_it() -> None:
    global _watching
    _watching = []
    eval("1 + 1")
    events, _watching = _watching, None
    assert set(events) >= {"compile", "exec"}
