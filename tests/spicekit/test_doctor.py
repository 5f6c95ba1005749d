"""`spicekit doctor` on machines where something is wrong: broken and foreign libraries, other distributions of the same name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from spicekit.doctor import diagnose

Cli = Callable[..., subprocess.CompletedProcess[str]]
Complaint = Callable[[subprocess.CompletedProcess[str], int], str]

HEADER = b"\x7fELF\x01\x01\x01" + bytes(9) + (3).to_bytes(2, "little") + (40).to_bytes(2, "little") + bytes(1024)  # 32-bit ARM


def libraries(folder: Path) -> dict[str, tuple[str, str]]:
    """Files that are no libngspice, by what they are: (path, what the loader says of it)."""
    (folder / "text.so").write_text("no library " * 1000)
    (folder / "short.so").write_bytes(b"\x7fELF")
    (folder / "foreign.so").write_bytes(HEADER)
    mathematics = next(line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "libm.so" in line)
    return {
        "text": (str(folder / "text.so"), "invalid ELF header"),
        "cut off": (str(folder / "short.so"), "file too short"),
        "of another processor": (str(folder / "foreign.so"), "wrong ELF class"),
        "not ngspice": (mathematics, "undefined symbol: ngSpice_Init"),
    }


@pytest.mark.parametrize("kind", ["text", "cut off", "of another processor", "not ngspice"])
def test_a_library_that_does_not_load(cli: Cli, complaint: Complaint, tmp_path: Path, kind: str) -> None:
    path, reason = libraries(tmp_path)[kind]
    done = cli("doctor", env={"NGSPICE_LIBRARY_PATH": path})
    assert (done.returncode, done.stderr) == (1, "")
    first = done.stdout.splitlines()[0]
    assert first.split()[:2] == ["BROKEN", "libngspice"]
    assert path in first
    assert reason in first
    assert "apt-get" not in first
    assert first.count(reason) == 1
    line = complaint(cli("run", "sot-read", env={"NGSPICE_LIBRARY_PATH": path}), 1)
    assert line.startswith(f"cannot load {path} as ngspice: ")
    assert reason in line
    found = json.loads(cli("doctor", "--json", env={"NGSPICE_LIBRARY_PATH": path}).stdout)["findings"][0]
    assert (found["good"], found["needed"]) == (False, True)
    assert reason in found["problem"]


def test_a_library_that_takes_the_process_along(cli: Cli, tmp_path: Path) -> None:
    """A real one whose initialisation aborts, if there is a compiler to make it."""
    source, library = tmp_path / "abort.c", tmp_path / "abort.so"
    source.write_text("void abort(void);\n__attribute__((constructor)) static void at_load(void) { abort(); }\n")
    try:
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no C compiler")
    done = cli("doctor", env={"NGSPICE_LIBRARY_PATH": str(library)})
    assert done.returncode == 1
    assert f"{library} crashed while it was loaded (SIGABRT)" in done.stdout.splitlines()[0]


def distribution(site: Path, name: str, version: str = "0.2.3") -> None:
    """Another project's package ``name``, laid out as pip leaves it."""
    (site / name).mkdir(parents=True, exist_ok=True)
    (site / name / "__init__.py").write_text("KERNELS = ()\n")
    info = site / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text(
        f"{name}/__init__.py,,\n{name}-{version}.dist-info/METADATA,,\n{name}-{version}.dist-info/RECORD,,\n"
    )


def program(*arguments: str, site: Path, repository: Path) -> subprocess.CompletedProcess[str]:
    """The installed program, with the packages of ``site`` before ours."""
    code = f"import sys; sys.path.insert(0, {str(site)!r}); import spicekit_imc; spicekit_imc.main()"
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_another_spicekit_in_front_of_ours(tmp_path: Path, repository: Path, complaint: Complaint) -> None:
    distribution(tmp_path, "spicekit")
    line = complaint(program("doctor", site=tmp_path, repository=repository), 1)
    theirs, ours = tmp_path / "spicekit" / "__init__.py", repository / "spicekit" / "__init__.py"
    assert f"import spicekit finds {theirs} (distribution spicekit 0.2.3) instead of {ours}" in line
    assert f"{sys.executable} -m pip install --force-reinstall --no-deps spicekit-imc" in line


def test_another_montecarlo_in_front_of_ours(tmp_path: Path, repository: Path) -> None:
    distribution(tmp_path, "montecarlo", "0.1.17")
    done = program("doctor", site=tmp_path, repository=repository)
    assert (done.returncode, done.stderr) == (1, "")
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("BROKEN")]
    assert f"import montecarlo finds {tmp_path / 'montecarlo' / '__init__.py'} (distribution montecarlo 0.1.17)" in line
    assert "pip uninstall" in line


def test_another_spicekit_installed_over_ours(tmp_path: Path, repository: Path) -> None:
    """Both in one folder, as two wheels in one environment: its record names the file that is ours."""
    for name in ("spicekit", "montecarlo", "spicekit_imc.py", "models", "netlists"):
        (tmp_path / name).symlink_to(repository / name)
    info = tmp_path / "spicekit-0.2.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: spicekit\nVersion: 0.2.3\n")
    (info / "RECORD").write_text("spicekit/__init__.py,,\n")
    done = program("doctor", site=tmp_path, repository=repository)
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("BROKEN")]
    assert "distribution spicekit 0.2.3 has its files in" in line


def test_packages_of_ones_own_are_found_whole(repository: Path) -> None:
    (finding,) = [one for one in diagnose() if one.name == "spicekit, montecarlo"]
    assert (finding.found, finding.problem) == (str(repository), "")
