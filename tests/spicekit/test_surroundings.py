"""What surrounds a command: its working folder, temporary folder, streams, limits, encoding, library."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., subprocess.CompletedProcess[str]]
Complaint = Callable[[subprocess.CompletedProcess[str], int], str]
MC = ("mc", "sot-read", "--trials", "5", "--workers", "1", "--out", "out", "--json")


@pytest.fixture
def program(tmp_path: Path) -> str:
    """The command line as its console script starts it: the script's folder is searched for modules, not the working one."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "spicekit_program.py"
    script.write_text("from spicekit.cli import main\nif __name__ == '__main__':\n    main()\n")
    return f"{sys.executable} {script}"


def shell(line: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", line], cwd=cwd, env=os.environ | environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_no_module_of_the_working_folder_is_run(tmp_path: Path, program: str) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    for module in ("json", "random", "numpy", "signal", "selectors", "runpy", "struct"):
        (folder / f"{module}.py").write_text(f"open({str(tmp_path / 'mark')!r}, 'a').write('{module} ')\nraise SystemExit(9)\n")
    for command in (" ".join(MC), "doctor"):
        done = shell(f"{program} {command}", folder)
        assert not (tmp_path / "mark").exists(), (tmp_path / "mark").read_text()
        assert done.returncode == 0, done.stderr


def test_a_long_temporary_folder(tmp_path: Path, program: str) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    done = shell(f"{program} {' '.join(MC)}", tmp_path, TMPDIR=str(folder))
    assert done.returncode == 0, done.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("command", ["list", "run sot-read --json"])
@pytest.mark.parametrize(
    ("where", "says"), [("> /dev/full", "cannot write the answer: No space left on device"), (">&-", "standard output is closed")]
)
def test_an_answer_that_has_no_place(
    tmp_path: Path, program: str, complaint: Complaint, command: str, where: str, says: str
) -> None:
    assert says in complaint(shell(f"{program} {command} {where}", tmp_path), 1)


def test_closed_streams_do_not_spoil_files(tmp_path: Path, program: str) -> None:
    """The first file that is opened gets the number of a closed stream, and with it what is printed there."""
    plain = shell(f"{program} render sot-read -o plain.cir", tmp_path)
    closed = shell(f"{program} render sot-read -o closed.cir <&- >&- 2>&-", tmp_path)
    assert plain.returncode == closed.returncode == 0
    assert (tmp_path / "plain.cir").read_bytes() == (tmp_path / "closed.cir").read_bytes()


def test_an_encoding_without_greek(tmp_path: Path, program: str) -> None:
    for environment in ({"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}):
        for command in ("show sot-logic", "run sot-logic", "mc sot-read --trials 5 --workers 1 --out out"):
            done = shell(f"{program} {command}", tmp_path, **environment)
            assert done.returncode == 0, done.stderr
            assert done.stdout.isascii()


def test_file_names_that_are_not_utf8(tmp_path: Path, program: str, complaint: Complaint) -> None:
    """pyarrow and the records cannot hold such a path."""
    for command in ("run sot-read --out", "run sot-read -p technology=", "mc sot-read --trials 5 --out"):
        complaint(shell(f"{program} {command}{'' if command.endswith('=') else ' '}$'\\xff.toml'", tmp_path), 2)
    assert not any(entry.name != "bin" for entry in tmp_path.iterdir())


def test_a_plotting_backend_that_is_none_does_not_matter(tmp_path: Path, program: str) -> None:
    done = shell(f"{program} run sot-read --out out", tmp_path, MPLBACKEND="foo")
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "out").glob("*.png"))


def test_a_limit_of_open_files_is_one_line(tmp_path: Path, program: str) -> None:
    done = shell(f"ulimit -n 16; {program} {' '.join(MC)}", tmp_path)
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert done.returncode == 1
        assert done.stderr.startswith("spicekit: ")
        assert done.stderr.count("\n") == 1


def test_a_limit_of_addresses_is_one_line(tmp_path: Path, program: str, complaint: Complaint) -> None:
    """OpenBLAS hangs where it cannot map its buffers."""
    line = complaint(shell(f"ulimit -v 400000; {program} {' '.join(MC)}", tmp_path), 1)
    assert "a process may have 391 MiB of addresses (ulimit -v)" in line
    assert shell(f"ulimit -v 2500000; {program} {' '.join(MC)}", tmp_path).returncode == 0


@pytest.mark.parametrize("content", [b"no library at all", None])
def test_a_library_that_is_none(tmp_path: Path, program: str, complaint: Complaint, content: bytes | None) -> None:
    library = tmp_path / "libngspice.so"
    if content is None:  # one that breaks off: the loader itself dies of it
        from spicekit.shared_library import find_library

        whole = Path(next(line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "libc.so" in line))
        library.write_bytes(whole.read_bytes()[:100_000])
        assert find_library()
    else:
        library.write_bytes(content)
    line = complaint(shell(f"{program} run sot-read", tmp_path, NGSPICE_LIBRARY_PATH=str(library)), 1)
    assert str(library) in line


def test_a_library_of_something_else(tmp_path: Path, program: str, complaint: Complaint) -> None:
    other = next(line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "libm.so" in line)
    line = complaint(shell(f"{program} run sot-read", tmp_path, NGSPICE_LIBRARY_PATH=other), 1)
    assert f"cannot load {other} as ngspice: " in line
