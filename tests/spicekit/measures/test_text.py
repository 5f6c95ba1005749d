"""Definitions in words."""

from __future__ import annotations

import pytest

from spicekit import Measure
from spicekit.measures import (
    ITEM,
    STATE,
    VALUE,
    At,
    Choose,
    Crossing,
    Differences,
    Final,
    First,
    Fit,
    Integral,
    Largest,
    Mean,
    Node,
    Point,
    Python,
    Residual,
    Scan,
    Settling,
    Smallest,
    Sum,
    Taken,
    Usable,
    energy,
    i,
    listed,
    ln,
    minimum,
    v,
)
from spicekit.measures.text import definitions_text


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        (
            Crossing(abs(v("q") - v("qb")), 0.5, after=1.7e-9) - 1.7e-9,
            "(time when |v(q) - v(qb)| first passes 0.5 after 1.7 ns) - 1.7e-09",
        ),
        (Crossing(v("q"), Final(v("q")) / 2, edge="fall"), "time when v(q) first falls through (v(q) at the end) / 2"),
        (Settling(abs(v("q") - 1), 0.01), "time from which |v(q) - 1| stays within 0.01"),
        (At(v("q") - v("qb"), 2e-9), "(v(q) - v(qb)) at 2 ns"),
        (First(v("q")) * Final(v("q")) < 0, "(v(q) at the start) * (v(q) at the end) < 0"),
        (Mean(v("out") - 1) * 2, "(mean of (v(out) - 1)) * 2"),
        (Sum(listed([1, v("a"), 3, 4, 5])), "sum of (1, v(a), ..., 5)"),
        (Point(Taken(v("a") + 1, (2, 0)), 1), "element 1 of (v(a) + 1)[2, 0]"),
        (Point(Fit(v("a"), (v("b"), v("c"))), 1), "factor 2 of fit(v(a) by v(b) and v(c))"),
        (Sum(Residual(Fit(v("a"), (v("b"),)))), "sum of residual of fit(v(a) by v(b))"),
        (Largest(Differences(v("a"))), "largest differences(v(a))"),
        (
            Sum(Scan((v("a"),), STATE + ITEM[0], VALUE * (VALUE < 1))),
            "sum of steps(items of v(a); value = state + item 0; next state = value * (value < 1))",
        ),
        (Usable(v("a"), (0.0, 1.0, 2.0)), "highest of 0 to 2 up to which v(a) has an INL below 0.5"),
        (energy("vdd", 1.1), "(integral of i(vdd)) * 1.1"),
        (Integral(-i("vdd"), 1e-9, 2e-9), "integral of -i(vdd) from 1 ns until 2 ns"),
        (Largest(abs(v("q")), 3e-9) - Smallest(v("q")), "(largest |v(q)| until 3 ns) - (smallest v(q))"),
        (1 - (v("a") - (v("b") - v("c"))), "1 - (v(a) - (v(b) - v(c)))"),
        (-(v("a") + v("b")) * 2, "-(v(a) + v(b)) * 2"),
        (v("a") / (v("b") / 2) * 3, "v(a) / (v(b) / 2) * 3"),
        (ln(minimum(v("a"), v("b"), 1)), "ln(min(v(a), v(b), 1))"),
        (~((v("a") > 1) & (v("b") <= 2)), "not (v(a) > 1 and v(b) <= 2)"),
        (Choose(v("a") > 1, v("b"), 0) + 1, "(v(b) if v(a) > 1, else 0) + 1"),
        (Python(lambda waves: 0.0, (), "solved elsewhere"), "solved elsewhere"),
    ],
)
def test_words(definition: Node, words: str) -> None:
    assert definitions_text([Measure("m", "", "", definition)]) == {"m": words}


def test_a_part_that_is_a_measure_has_its_name() -> None:
    r_p, r_ap = v("a") / 2, v("b") / 2
    measures = (
        Measure("tmr", "", "", r_ap / r_p - 1),
        Measure("r_p", "", "", r_p),
        Measure("r_ap", "", "", r_ap),
        Measure("again", "", "", r_p),
        Measure("unknown", "", ""),
    )
    assert definitions_text(measures) == {"tmr": "r_ap / r_p - 1", "r_p": "v(a) / 2", "r_ap": "v(b) / 2", "again": "r_p"}


def test_brief_words_say_how_many() -> None:
    many = listed([v(f"out{k}") > 1 for k in range(7)])
    terms = v("a") * 2 + v("b") + v("c") + 4
    measures = (
        Measure("wrong", "", "", Sum(many) > 0),
        Measure("total", "", "", terms / 2),
        Measure("least", "", "", minimum(v("a"), v("b"), v("c"))),
        Measure("b", "", "", v("x") + v("y")),
        Measure("with_b", "", "", v("x") + v("y") + 1),  # a measure is one term
    )
    assert definitions_text(measures, brief=True) == {
        "wrong": "(sum of (v(out0) > 1, ... 7 of these)) > 0",
        "total": "(v(a) * 2 + ... (4 terms)) / 2",
        "least": "min(v(a), ... 3 of these)",
        "b": "v(x) + v(y)",
        "with_b": "b + 1",
    }
