"""Without the tools of the extra `compare`, which not every Python has wheels of, their tests are skipped and no others."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

MODULES = {"liberty-parser": "liberty", "scikit-learn": "sklearn"}  # where the module's name is not the distribution's
WITHOUT = """
import sys
import pytest
sys.modules |= dict.fromkeys({modules!r})  # an import of None fails as if there were no such module
sys.exit(pytest.main({arguments!r}))
"""


def without_tools(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    extra = tomllib.loads((repository / "pyproject.toml").read_text())["project"]["optional-dependencies"]["compare"]
    names = [one.partition(">=")[0] for one in extra]
    modules = [MODULES.get(name, name.replace("-", "_")) for name in names]
    code = WITHOUT.format(modules=modules, arguments=["-q", "-rs", "-p", "no:cacheprovider", *arguments])
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=240, check=False)


def test_every_test_is_collected(repository: Path) -> None:
    done = without_tools(repository, "--collect-only")
    assert done.returncode == 0, done.stdout[-2000:]
    assert "openvaf-py, which compiles Verilog-A, has no wheel for this Python" in done.stdout


def test_what_needs_a_tool_is_skipped(repository: Path) -> None:
    files = ("tests/models/test_rram.py", "tests/models/test_verilog_a.py", "tests/spicekit/test_rawfile.py")
    done = without_tools(repository, *files)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "skipped" in done.stdout
    assert "passed" in done.stdout
