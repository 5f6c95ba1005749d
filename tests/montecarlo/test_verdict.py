"""The rule of the verdicts, on tables whose verdicts are known by hand."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from montecarlo.verdict import KeyFigure, Verdict, judge
from spicekit import Bench, DcAnalysis, Margin, Measure, UserError, Waves
from spicekit.limits import Limits
from spicekit.waves import Array

WORKS, SLOW, WRONG, FAILS = Verdict
INF, NAN = np.inf, np.nan


class Table(Bench):
    """A bench of which only what it declares matters here."""

    name = "table"
    summary = ""
    template = "divider.cir.j2"
    declared: ClassVar[tuple[Measure, ...]]
    parted: ClassVar[tuple[Margin, ...]] = ()
    condition: ClassVar[str] = ""

    def analysis(self) -> DcAnalysis:
        raise NotImplementedError

    def evaluate(self, waves: Waves) -> dict[str, Array | float]:
        raise NotImplementedError

    def measures(self) -> tuple[Measure, ...]:
        return self.declared

    def margins(self) -> tuple[Margin, ...]:
        return self.parted

    def works(self) -> str:
        return self.condition


class Amplifier(Table):
    declared: ClassVar[tuple[Measure, ...]] = (
        Measure("wrong", "", "", fraction=True),
        Measure("decided", "", "", fraction=True),
        Measure("t_decision", "s", "", limits=Limits("raise t_window", high=1e-9, event=True)),
    )
    condition: ClassVar[str] = "wrong < 0.5 or decided < 0.5"


class Patient(Amplifier):
    """One whose condition counts a late decision too, and which says when nothing but time was missing."""

    declared: ClassVar[tuple[Measure, ...]] = (
        *(Measure(name, "", "", fraction=True) for name in ("error", "wrong")),
        Measure("t_decision", "s", "", limits=Limits("raise t_window", high=1e-9, event=True)),
    )
    condition: ClassVar[str] = "error < 0.5"

    def slow(self) -> str:
        return "wrong < 0.5"


class Arrivals(Amplifier):
    """The decision has come when the first of two edges arrives; the other may come later, or never."""

    declared: ClassVar[tuple[Measure, ...]] = (
        Measure("t_delay", "s", "", limits=Limits("raise t_window", high=1e-9, event=True)),
        *Amplifier.declared,
        Measure("lead", "", "", limits=Limits("raise t_window", event=True)),
    )
    deadline: ClassVar[str] = "t_decision"


class Search(Table):
    declared: ClassVar[tuple[Measure, ...]] = (
        Measure("offset", "V", "", limits=Limits("raise offset_range", low=-0.03, high=0.03)),
    )


class Cell(Table):
    declared: ClassVar[tuple[Measure, ...]] = tuple(Measure(name, "V", "") for name in ("v_p", "v_ap", "v_ref"))
    parted: ClassVar[tuple[Margin, ...]] = (Margin("read", "v_p", "v_ap"),)


class OwnReference(Cell):
    parted: ClassVar[tuple[Margin, ...]] = (Margin("read", "v_p", "v_ap", "v_ref"),)


def results(outcomes: list[str] | None = None, **columns: list[float]) -> dict[str, Array]:
    """A trials table."""
    count = len(next(iter(columns.values())))
    return {"outcome": np.array(outcomes or ["ok"] * count, dtype=object)} | {k: np.array(v) for k, v in columns.items()}


@pytest.mark.parametrize(
    ("bench", "table", "verdicts"),
    [
        # right, late with an output that means nothing yet, late with the right one, wrong, simulations that failed
        (
            Amplifier,
            results(
                ["ok", "ok", "ok", "ok", "nonconverged", "timeout", "crashed", "invalid"],
                wrong=[0, 1, 0, 1, NAN, NAN, NAN, NAN],
                decided=[1, 0, 0, 1, NAN, NAN, NAN, NAN],
                t_decision=[0.3e-9, INF, INF, 0.4e-9, NAN, NAN, NAN, NAN],
            ),
            [WORKS, SLOW, SLOW, WRONG, FAILS, FAILS, FAILS, FAILS],
        ),
        # of two copies one may be late and the other wrong; one that decided and lost the decision again has a time
        (
            Patient,
            results(error=[0, 1, 1, 1, 1], wrong=[0, 0, 1, 1, 0], t_decision=[0.3e-9, INF, 0.4e-9, INF, 0.4e-9]),
            [WORKS, SLOW, WRONG, WRONG, SLOW],
        ),
        (
            Arrivals,
            results(t_delay=[INF, INF], wrong=[0, 0], decided=[1, 0], t_decision=[0.3e-9, INF], lead=[INF, NAN]),
            [WORKS, SLOW],
        ),
        # a search that ends before the figure, on either side or on none: no answer is no working circuit
        (Search, results(offset=[0.01, INF, -INF, NAN]), [WORKS, WRONG, WRONG, WRONG]),
        # one fixed reference for all trials; no fixed one parts the third from the others
        (Cell, results(v_p=[0.1, 0.12, 0.14], v_ap=[0.3, 0.32, 0.34], v_ref=[0, 0, 0]), [WORKS] * 3),
        (Cell, results(v_p=[0.1, 0.12, 0.35], v_ap=[0.3, 0.32, 0.4], v_ref=[0, 0, 0]), [WORKS, WORKS, WRONG]),
        # each trial's own reference
        (OwnReference, results(v_p=[0.1, 0.3, 0.1], v_ap=[0.2, 0.4, 0.2], v_ref=[0.15, 0.35, 0.21]), [WORKS, WORKS, WRONG]),
        # the states are the wrong way round
        (OwnReference, results(v_p=[0.2], v_ap=[0.1], v_ref=[0.15]), [WRONG]),
    ],
)
def test_the_verdict_of_each_trial(bench: type[Bench], table: dict[str, Any], verdicts: list[Verdict]) -> None:
    found = judge(bench(), table)
    assert found.verdicts.tolist() == [int(verdict) for verdict in verdicts]
    assert found.worst is max(verdicts)
    assert found.counts == {verdict.words: verdicts.count(verdict) for verdict in Verdict}


def test_every_reason_is_counted() -> None:
    table = results(["ok", "ok", "timeout"], wrong=[1, 1, NAN], decided=[1, 0, NAN], t_decision=[1e-10, INF, NAN])
    assert judge(Amplifier(), table).reasons == {
        "timeout": 1,
        "t_decision not within its window": 1,
        "wrong < 0.5 or decided < 0.5 not met": 1,
    }
    late = judge(Patient(), results(error=[1, 1], wrong=[0, 1], t_decision=[INF, 0.4e-9]))
    assert late.reasons == {"t_decision not within its window": 1, "error < 0.5 not met": 2}


def test_a_point_without_a_simulation_that_is_ok_does_not_converge() -> None:
    found = judge(Cell(), results(["nonconverged"] * 2, v_p=[NAN] * 2, v_ap=[NAN] * 2, v_ref=[NAN] * 2))
    assert (found.worst, found.reasons) == (FAILS, {"nonconverged": 2})


def test_the_condition_of_a_bench_is_read_before_anything_is_simulated() -> None:
    class Mistaken(Amplifier):
        condition: ClassVar[str] = "wrng < 0.5"

    with pytest.raises(UserError, match=r"bench 'table': works\(\) 'wrng < 0.5': .*'wrng'"):
        judge(Mistaken(), results(wrong=[0], decided=[1], t_decision=[1e-10]))


def test_the_figure_that_is_shown() -> None:
    class Counting(Table):
        declared: ClassVar[tuple[Measure, ...]] = (
            Measure("wrong", "", "", fraction=True), Measure("n", "", ""), Measure("errors", "", ""),
        )  # fmt: skip
        condition: ClassVar[str] = "errors < 0.5"

    assert KeyFigure.choose(Amplifier()).name == KeyFigure.choose(Arrivals()).name == "t_decision"
    assert KeyFigure.choose(Counting()).name == "errors"
    assert KeyFigure.choose(Counting(), "n").name == "n"
    assert KeyFigure.choose(Search()).name == "offset"
    table = results(v_p=[0.1, 0.1], v_ap=[0.3, 0.4], v_ref=[0.25, 0.15])
    assert KeyFigure.choose(Cell()).of(table) == pytest.approx([0.2, 0.3])
    assert KeyFigure.choose(OwnReference()).of(table) == pytest.approx([0.05, 0.05])
    with pytest.raises(UserError, match="did you mean t_decision"):
        KeyFigure.choose(Amplifier(), "tdecision")
