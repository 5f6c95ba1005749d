"""What `make test` does where a tool to compare with has no wheel for the Python at hand, and where pip fails otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

CODE = """
import sys
sys.path.insert(0, {tools!r})
import compare
compare.requires = lambda name: ["made-tool>=1; extra == 'compare'", "missing-tool>=1; extra == 'compare'", "numpy>=1"]
compare.OPTIONS = (*compare.OPTIONS, "--no-deps", "--target", {target!r})
compare.main()
"""


def wheel(folder: Path, name: str, tag: str) -> None:
    with zipfile.ZipFile(folder / f"{name}-1.0-{tag}.whl", "w") as archive:
        archive.writestr(f"{name}.py", "")
        archive.writestr(f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{name}-1.0.dist-info/WHEEL", f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n"
        )
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")


def compare(repository: Path, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    code = CODE.format(tools=str(repository / "tools"), target=str(folder / "site"))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")} | {
        "PIP_CONFIG_FILE": os.devnull
    }
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment | settings, capture_output=True, text=True, timeout=120, check=False)


def test_a_tool_without_a_wheel_is_left_out(repository: Path, tmp_path: Path) -> None:
    wheel(tmp_path, "made_tool", "py3-none-any")
    wheel(tmp_path, "missing_tool", "cp27-cp27m-any")  # of another Python
    done = compare(repository, tmp_path, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path))
    assert done.returncode == 0, done.stderr
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    assert f"SKIPPED missing-tool>=1, with its tests: there is no wheel of it for {python}" in done.stdout
    assert done.stdout.count("SKIPPED") == 1
    assert (tmp_path / "site" / "made_tool.py").is_file()


def test_nothing_is_left_out_for_a_network_that_is_down(repository: Path, tmp_path: Path) -> None:
    done = compare(repository, tmp_path, PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="1", PIP_DEFAULT_TIMEOUT="1")
    assert done.returncode == 1
    assert "SKIPPED" not in done.stdout
    assert "connection broken" in done.stderr
