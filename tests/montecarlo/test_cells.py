"""Cells side by side: the campaigns behind the table, and the command."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from montecarlo import Campaign
from montecarlo.jobs.cells import Cells, are_cells
from spicekit.errors import UserError

Cli = Callable[..., subprocess.CompletedProcess[str]]


def test_the_table_has_what_the_campaigns_give(tmp_path: Path, cli: Cli) -> None:
    done = cli(
        "compare",
        "sram-6t",
        "sram-8t,w_port=150n",
        "--trials",
        "6",
        "-p",
        "steps=20",
        "--workers",
        "1",
        "--json",
        "--out",
        str(tmp_path / "c"),
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    six, eight = answer["cells"]
    trials = Campaign("sram-6t", trials=6, parameters={"steps": 20}).run(tmp_path / "alone", workers=1).trials
    figure = six["figures"]["snm_read"]
    assert (figure["mean"], figure["std"]) == pytest.approx((trials["snm_read"].mean(), trials["snm_read"].std()), rel=1e-12)
    assert six["failing"] == {"value": 0.0, "low": 0.0, "high": pytest.approx(1 - 0.025 ** (1 / 6))}  # Clopper and Pearson
    assert eight["area"] > six["area"]
    assert eight["figures"]["snm_half"]["mean"] == pytest.approx(figure["mean"])  # the same six transistors and draws
    assert eight["figures"]["write written"]["mean"] == 1
    lines = (tmp_path / "c" / "table.csv").read_text().splitlines()
    assert lines[0] == 'figure,unit,"sram-6t",std,"sram-8t,w_port=150n",std'
    assert all(line.count(",") == 5 for line in lines[1:])


@pytest.mark.parametrize(
    ("benches", "more", "message"),
    [
        (["sram-6t", "vsa-sense"], {}, "cells are compared with cells; allowed: sram-6t, sram-8t, or sense amplifiers alone"),
        (["sram-6t"], {}, "sram-6t given; allowed: 2 or more"),
        (["sram-6t", "sram-8t,operation=write"], {}, "'operation=write': give BENCH"),
        (["sram-6t", "sram-8t"], {"parameters": {"operation": "static"}}, "-p operation: chosen by the comparison"),
        (["sram-6t", "sram-8t"], {"trials": 1}, "--trials 1: at least 2"),
    ],
)
def test_bad_input(benches: list[str], more: dict[str, object], message: str) -> None:
    def compare() -> None:
        if are_cells(benches):
            Cells(benches, **{"trials": 4, **more})  # type: ignore[arg-type]

    with pytest.raises(UserError, match=message) as caught:
        compare()
    assert "\n" not in str(caught.value)


def test_options_of_the_other_kind_are_refused(cli: Cli, complaint: Callable[..., str]) -> None:
    assert "--at: given with cells" in complaint(cli("compare", "sram-6t", "sram-8t", "--at", "area=5u2"), 2)
    assert "--at: missing" in complaint(cli("compare", "vsa-sense", "tbs-sense"), 2)
