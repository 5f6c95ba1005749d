"""``make tools`` without any of the tools, and with one that takes something else: what is absent and what differs is said."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spicekit.export import export
from spicekit.table import LookupTable


@pytest.fixture
def tools(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    monkeypatch.syspath_prepend(str(repository / "tools"))
    yield importlib.import_module
    for name in [name for name in sys.modules if name == "real" or name.startswith(("real.", "real_tools"))]:
        del sys.modules[name]


def cell(folder: Path) -> Path:
    """An STT cell's files for NVSim, of a table of one point."""
    values = {"cell_area": 41.6, "access_width": 4.6, "feature_size": 65e-9, "v_read": 0.1, "t_read": 5e-9, "t_pulse": 10e-9,
              "vdd": 1.1, "temperature": 27.0, "read_i_p": 23e-6, "read_i_ap": 8e-6, "read_r_p": 3500.0, "read_r_ap": 12000.0,
              "read_e_p": 1e-14, "read_e_ap": 5e-15, "set_i_start": 1e-4, "set_i_end": 2e-4, "set_e_write": 2e-12,
              "reset_i_start": 1.1e-4, "reset_i_end": 9e-5, "reset_e_write": 9e-13}  # fmt: skip
    variables = {name: ((), np.asarray(value)) for name, value in values.items()}
    table = LookupTable({}, variables, {"temperature": "C", "vdd": "V"}, {"spicekit": '{"system": "stt-1t1mtj"}'}, "t")
    return export(table, "nvsim", folder / "stt.cell")[0]


def test_what_is_absent_is_said(tools: Callable[[str], Any], tmp_path: Path) -> None:
    cell_files, neurosim = tools("real.cell_files"), tools("real.neurosim")
    rows = [*cell_files.check(None, tmp_path, {}, {}), *neurosim.check(tmp_path, tmp_path, {})]
    assert [row.note for row in rows][:1] == ["no TOOLS_ROOT given"]
    assert rows[-1].note == f"no folder DNN_NeuroSim_V2.1 in {tmp_path}"
    assert not any(row.good for row in rows)
    text = tools("real_tools").summary(rows)
    assert "| DESTINY | - | 0 | 0 | is run: no TOOLS_ROOT given |" in text


def test_what_a_tool_takes_otherwise_is_said(tools: Callable[[str], Any], tmp_path: Path) -> None:
    """A program that takes all of the file but the read power, as a reader does of a line with another unit."""
    cell_files = tools("real.cell_files")
    path = cell(tmp_path)
    meant = cell_files.meant_by(path)
    assert meant["p_read"] == pytest.approx(1.1 * 23e-6)
    assert meant["set_i"] == pytest.approx(2e-4)
    taken = {**meant, "p_read": 3.5e-6}
    program = tmp_path / "tool"
    lines = [f"echo '@ {name} {value!r}'" for name, value in taken.items()]
    program.write_text("\n".join(["#!/bin/sh", "echo ' -  Read Dynamic Energy = 22.7pJ'", *lines]) + "\n")
    program.chmod(0o755)
    rows = list(cell_files._read("tool", "abc", program, "stt", path))
    assert [row.quantity for row in rows if not row.good] == ["stt: p_read"]
    assert len(rows) == len(meant) + 1
    assert rows[-1].note == "read energy 22.7 pJ"
    assert "| tool | abc | 16 | stt: p_read | - |" in tools("real_tools").summary(rows)
    program.write_text("#!/bin/sh\necho 'No valid solutions.'\n")
    assert [row.note for row in cell_files._read("tool", "abc", program, "stt", path)][-1] == "No valid solutions."


def test_folders_and_interpreters_that_are_not_there(
    tools: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for option in ("--root", "--python"):
        monkeypatch.setattr("sys.argv", ["real_tools.py", option, str(tmp_path / "none"), "--out", str(tmp_path / "out")])
        with pytest.raises(SystemExit) as ended:
            tools("real_tools").main()
        assert ended.value.code == 2
        assert f"{option} {tmp_path / 'none'}: no " in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
