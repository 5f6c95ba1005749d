"""What lies in the folder where a command is typed does not change its numbers and is not run."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from spicekit import run
from spicekit.errors import SpicekitError
from spicekit.simulator import simulator

Cli = Callable[..., subprocess.CompletedProcess[str]]

SWITCH = """* a switch as PSPICE names it, which ngspice reads in that dialect alone
V1 a 0 1
S1 a b a 0 sm
R1 b 0 1k
.model sm VSWITCH(Ron=1 Roff=1e6 Von=0.6 Voff=0.4)
.end
"""


def test_no_init_file_is_read(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the working folder, of SPICE_USERINIT_DIR, under either name, or an spinit beside: each would leave a mark."""
    (tmp_path / "init").mkdir()
    for name in (".spiceinit", "spice.rc", "spinit", "init/.spiceinit"):
        (tmp_path / name).write_text(f"shell touch {tmp_path}/mark\noption scale=1.3\noption reltol=0.1\n")
    monkeypatch.setenv("SPICE_USERINIT_DIR", "init")
    printed = json.loads(cli("run", "sot-read", "--json", cwd=tmp_path).stdout)
    measures = {name: entry["value"] for name, entry in printed["measures"].items()}
    assert measures == pytest.approx(dict(run("sot-read").measures), rel=1e-12)
    assert not (tmp_path / "mark").exists()


def test_no_init_file_is_read_by_a_worker(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / ".spiceinit").write_text(f"shell touch {tmp_path}/mark\n")
    done = cli("mc", "sot-read", "--trials", 5, "--workers", 1, "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "mark").exists()


def test_the_dialect_is_that_of_each_netlist() -> None:
    """1 V over 1 ohm and 1 kohm."""
    ngspice = simulator()
    for _ in range(2):  # it is set and set back
        ngspice.load(SWITCH, "psa")
        ngspice.command("op")
        assert ngspice.vectors(["v(b)"])["v(b)"][0] == pytest.approx(1000 / 1001, rel=1e-6)
        with pytest.raises(SpicekitError, match="sm"):
            ngspice.load(SWITCH)
