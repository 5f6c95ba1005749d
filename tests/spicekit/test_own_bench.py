"""The bench that docs/bench.md writes down, taken from the page."""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path

import pytest

import spicekit
from montecarlo import Campaign
from spicekit.devices import load_device
from spicekit.devices.mtj import MtjCard
from spicekit.nominal import RunResult
from spicekit.outcome import Outcome


@pytest.fixture
def page(tmp_path: Path, repository: Path) -> Path:
    """A folder with the files of the page."""
    text = (repository / "docs" / "bench.md").read_text(encoding="utf-8")
    files = re.findall(r"^`([\w.]+\.\w+)`[^\n]*(?:\n[^\n]+)*\n\n```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    for name, content in files:
        (tmp_path / name).write_text(content, encoding="utf-8")
    assert [name for name, _ in files] == ["cell.py", "cell.cir.j2"]
    return tmp_path


def run(page: Path, name: str, **given: float | str) -> RunResult:
    return spicekit.run(f"{page / 'cell.py'}:{name}", **given)


def test_the_page_needs_two_modules(page: Path) -> None:
    nodes = list(ast.walk(ast.parse((page / "cell.py").read_text(encoding="utf-8"))))
    assert not any(isinstance(node, ast.Import) for node in nodes)
    assert {node.module for node in nodes if isinstance(node, ast.ImportFrom)} == {"spicekit", "spicekit.measures"}


def test_the_pages_cell_at_its_operating_points(page: Path) -> None:
    """R_P is RA over the area; the currents are those of the shipped bench of such a cell, another netlist."""
    found = run(page, "Cell").measures
    card = load_device("stt-bnn-65nm", MtjCard)
    area = math.pi / 4 * card.geometry.lx.value * card.geometry.ly.value
    assert found["r_p"] == pytest.approx(card.transport.ra.value * 1e-12 / area, rel=5e-3)
    shipped = spicekit.run("stt-read", technology="ptm45", w_access=400e-9, v_read=0.1, temperature=27).measures
    assert [found["i_p"], found["i_ap"]] == pytest.approx([shipped["i_p"], shipped["i_ap"]], rel=5e-3)


def test_the_pages_transient_ends_at_the_operating_points(page: Path) -> None:
    """Antiparallel until it switches and parallel from then on: its current at the end, and the energy of both parts."""
    written, at = run(page, "CellWrite").measures, run(page, "Cell", v_bl=1.1).measures
    assert written["i_end"] == pytest.approx(at["i_p"], rel=1e-3)
    t, stop = written["t_switch"], 10e-9
    assert 0 < t < 5e-9
    assert written["energy"] == pytest.approx(1.1 * (at["i_ap"] * t + at["i_p"] * (stop - t)), rel=0.01)


def test_a_current_below_the_critical_one_does_not_switch_the_pages_cell(page: Path) -> None:
    card = load_device("stt-bnn-65nm", MtjCard).at()
    result = run(page, "CellWrite", v_bl=0.08)
    assert result.outcome is Outcome.OK
    assert result.measures["i_end"] < card.numbers.ic_ap_p
    assert math.isinf(result.measures["t_switch"])


def test_a_campaign_of_the_page(page: Path, tmp_path: Path) -> None:
    """The margin is that of its own trials."""
    result = Campaign(f"{page / 'cell.py'}:Cell", trials=50, seed=1).run(tmp_path / "out", workers=1)
    assert result.outcomes["ok"] == 50
    read = result.margins["read"]
    assert read["worst"] == pytest.approx(result.trials["i_p"].min() - result.trials["i_ap"].max(), rel=1e-9)
