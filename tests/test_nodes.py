"""`tools/nodes.py` tells a bench that works from one that says which parameters do not fit, and from one that says nothing."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spicekit import make_bench

Verdict = Callable[..., str]


@pytest.fixture
def tool(repository: Path) -> dict[str, Any]:
    return runpy.run_path(str(repository / "tools" / "nodes.py"))


@pytest.fixture
def verdict(tool: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Verdict:
    """What the tool says of a bench on ptm45 whose defaults were others."""

    def of(name: str, **others: object) -> str:
        monkeypatch.setitem(
            tool["verdict"].__globals__, "make_bench", lambda name, given: make_bench(name, given and others | given)
        )
        return str(tool["verdict"](name, "ptm45", "ngspice"))

    return of


def test_one_that_works(verdict: Verdict) -> None:
    assert verdict("stt-read") == "works"


def test_one_that_is_refused(verdict: Verdict) -> None:
    """A bit line held above the supply is refused before anything is simulated."""
    found = verdict("c3cim-conventional", v_read=1.05)
    assert found.startswith("says: `vdd`, `v_read` -- bench 'c3cim-conventional': parameter v_read: 1.05 V given; allowed: below")


def test_one_that_is_wrong_and_says_what_to_change(verdict: Verdict) -> None:
    """At twice the current 64 cells are too many."""
    assert verdict("c3cim-column", i_col=100e-9).startswith("wrong: `n`, `i_col` -- wrong < 0.5 not met; ")


def test_one_that_names_no_parameter(tool: dict[str, Any]) -> None:
    bench = SimpleNamespace(parameters=lambda: {"n": 1, "technology": "x"})
    for said in ("error < 0.5 not met in technology x", "error < 0.5 not met (with technology = x, n = 1)"):
        assert tool["told"](bench, "wrong", said) == f"wrong: no parameter named -- {said}"
