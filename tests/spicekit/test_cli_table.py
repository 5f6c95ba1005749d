"""`spicekit table`: show, query and export from the command line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spicekit.table import LookupTable
from spicekit.table_layout import QUANTILES

Cli = Callable[..., subprocess.CompletedProcess[str]]
Complaint = Callable[[subprocess.CompletedProcess[str], int], str]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up table as .npz: a current over (tmr, corner) with its spread, unknown at one point."""
    levels = np.array(QUANTILES)
    mean = np.array([[1e-6, 2e-6], [3e-6, np.nan]])
    axes = ("tmr", "corner")
    table = LookupTable(
        {"tmr": np.array([1.0, 2.0]), "corner": np.array(["tt", "ss"]), "quantile": levels},
        {
            "i": (axes, mean),
            "i_std": (axes, 0.1 * mean),
            "i_quantiles": ((*axes, "quantile"), mean[..., None] * (0.5 + levels)),
            "rate": (axes, np.full((2, 2), 0.01)),
            "rate_low": (axes, np.full((2, 2), 0.002)),
            "rate_high": (axes, np.full((2, 2), 0.05)),
            "outcome_ok": (axes, np.array([[10, 10], [10, 0]])),
            "outcome_invalid": (axes, np.array([[0, 0], [0, 10]])),
            "area": ((), np.array(17.0)),
        },
        {"i": "A", "i_std": "A", "area": "F^2"},
        {"spicekit": json.dumps({"bench": "made-up", "over": {"tmr": [1, 2], "corner": ["tt", "ss"]}, "trials": 10, "seed": 5})},
        meanings={"i": "a current", "area": "of the cell"},
    )
    path = tmp_path_factory.mktemp("tables") / "made.npz"
    table.save_npz(path)
    return path


def test_show(file: Path, cli: Cli) -> None:
    done = cli("table", "show", file)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("made.npz: sweep of made-up, 10 trials a point\n")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["tmr", "1", "to", "2,", "2", "values"] in lines
    assert ["corner", "tt", "|", "ss"] in lines
    assert ["i", "A", "sq", "a", "current"] in lines
    assert ["area", "F^2", "--", "of", "the", "cell", "[constant]"] in lines
    assert ["Trials:", "30", "ok,", "10", "invalid"] in lines
    assert ["seed", "5"] in lines


def test_show_json(file: Path, cli: Cli) -> None:
    about = json.loads(cli("table", "show", file, "--json").stdout)
    assert about["dimensions"] == [
        {"name": "tmr", "unit": "", "values": [1.0, 2.0]},
        {"name": "corner", "unit": "", "values": ["tt", "ss"]},
    ]
    found = {measure["name"]: measure for measure in about["measures"]}
    assert found["i"] == {
        "name": "i", "unit": "A", "meaning": "a current", "dimensions": ["tmr", "corner"], "std": True, "quantiles": True,
    }  # fmt: skip
    assert "i_std" not in found
    assert about["provenance"]["seed"] == 5


def test_query(file: Path, cli: Cli) -> None:
    done = cli("table", "query", file, "i", "-p", "tmr=1.5", "-p", "corner=tt", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert {key: found[key] for key in ("measure", "unit", "at")} == {
        "measure": "i", "unit": "A", "at": {"tmr": 1.5, "corner": "tt"},
    }  # fmt: skip
    assert found["value"] == pytest.approx(2e-6)
    assert found["std"] == pytest.approx(2e-7)
    assert found["quantiles"]["0.9"] == pytest.approx(2e-6 * 1.4)
    told = [level for level in QUANTILES if level in (0, 1) or 1 / 11 <= level <= 10 / 11]  # by ten trials
    assert list(found["quantiles"]) == [f"{level:g}" for level in told]
    text = cli("table", "query", file, "i", "-p", "tmr=1.5", "-p", "corner=tt").stdout
    assert [line.split()[:2] for line in text.splitlines()[2:]] == [["50", "%"]]
    text = cli("table", "query", file, "rate", "-p", "tmr=150%", "-p", "corner=ss").stdout
    assert [line.split() for line in text.splitlines()] == [["rate", "=", "0.01"], ["95", "%", "0.002", "to", "0.05"]]


def test_what_is_not_known_is_said(file: Path, cli: Cli) -> None:
    point = ["-p", "tmr=2", "-p", "corner=ss"]
    found = json.loads(cli("table", "query", file, "i", *point, "--json").stdout)
    assert found["value"] is found["std"] is found["quantiles"]["0.5"] is None
    assert cli("table", "query", file, "i", *point).stdout.startswith("i = not known   a current\n")


def test_export(file: Path, cli: Cli, tmp_path: Path) -> None:
    done = cli("table", "export", file, "--to", "npz", "-p", "corner=tt", "-o", tmp_path / "one.npz", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"format": "npz", "files": [str(tmp_path / "one.npz")]}
    assert LookupTable.load(tmp_path / "one.npz").query("i", tmr=2) == pytest.approx(3e-6)
    done = cli("table", "export", file, "--to", "csv", cwd=tmp_path)  # its usual name, where the command runs
    assert done.stdout == "Files: made.csv\n"
    assert (tmp_path / "made.csv").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["query", "FILE", "i", "-p", "tmr=3", "-p", "corner=tt"], "tmr=3 is outside the table: 1 to 2"),
        (["query", "FILE", "i", "-p", "tmr"], "-p 'tmr': give NAME=VALUE"),
        (["query", "FILE", "j"], "made.npz: unknown measure 'j'; choose from area, i, rate"),
        (["export", "FILE", "--to", "nvsin"], "unknown format 'nvsin'; did you mean nvsim"),
        (["export", "FILE", "--to", "nvsim"], "is a table of bench 'made-up', and its record does not say under 'cell'"),
        (["export", "FILE", "--to", "csv", "-p", "path=1"], "made.npz: unknown coordinate 'path'; choose from corner, tmr"),
        (["show", "NONE"], "no table at"),
    ],
)
def test_wrong_input_is_one_line(words: list[str], said: str, file: Path, tmp_path: Path, cli: Cli, complaint: Complaint) -> None:
    given = [file if word == "FILE" else tmp_path / "none.nc" if word == "NONE" else word for word in words]
    assert said in complaint(cli("table", *given, cwd=tmp_path), 2)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_named(tmp_path: Path, cli: Cli, complaint: Complaint) -> None:
    (tmp_path / "table.nc").write_bytes(b"nonsense")
    assert complaint(cli("table", "show", tmp_path), 2).startswith(f"{tmp_path / 'table.nc'} is damaged or not a table: ")
    assert (tmp_path / "table.nc").read_bytes() == b"nonsense"
