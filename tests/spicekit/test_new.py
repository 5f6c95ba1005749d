"""`spicekit new bench`: what it writes runs at once, and nothing is overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from montecarlo import Campaign
from spicekit.cli.new import new_bench
from spicekit.errors import UserError
from spicekit.nominal import run
from spicekit.registry import make_bench


def test_the_example_runs_and_varies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    new_bench("my-cell")
    measures = run(make_bench("my_cell.py:MyCell", {})).measures
    assert measures["t_fall"] == pytest.approx(200e-15 * 0.5 / measures["i_peak"], rel=0.3)  # dV = I t / C, the current falling
    wider = run(make_bench("my_cell.py:MyCell", {"w": "1u"})).measures
    assert wider["t_fall"] == pytest.approx(measures["t_fall"] / 2, rel=0.05)
    found = Campaign("my_cell.py:MyCell", trials=4).run(tmp_path / "out", workers=1)
    assert found.summary["outcomes"]["ok"] == 4


@pytest.mark.parametrize("there", ["my_cell.py", "my_cell.cir.j2"])
def test_a_file_that_is_there_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / there).write_text("mine")
    with pytest.raises(UserError, match="is there already"):
        new_bench("my-cell")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("name", ["../x", "My", "sot-read", "class", "a b", ""])
def test_names_that_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"^name"):
        new_bench(name)
    assert not list(tmp_path.iterdir())
