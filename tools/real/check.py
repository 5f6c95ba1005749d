"""What every tool's check is made of: a source folder that is copied and built elsewhere, and rows of meant beside taken."""

from __future__ import annotations

import math
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

TOLERANCE = 1e-5  # of six significant digits in a file


class Absent(Exception):
    """A tool, or what it needs, is not there; the text says what."""


@dataclass(frozen=True)
class Row:
    """One quantity: what the table means and what the tool took or computed; ``taken`` None: said in ``note`` alone."""

    tool: str
    version: str
    quantity: str
    meant: float
    taken: float | None
    tolerance: float = TOLERANCE  # relative
    note: str = ""

    @property
    def good(self) -> bool:
        if self.taken is None:
            return False
        return math.isclose(self.meant, self.taken, rel_tol=self.tolerance, abs_tol=1e-30)


def source(root: Path | None, *names: str) -> Path:
    """The folder of the first of ``names`` below ``root``.  Raises :class:`Absent`."""
    if root is None:
        raise Absent("no TOOLS_ROOT given")
    for name in names:
        if (root / name).is_dir():
            return root / name
    raise Absent(f"no folder {' or '.join(names)} in {root}")


def version(folder: Path) -> str:
    """Its commit, or what stands in for one."""
    done = subprocess.run(["git", "-C", str(folder), "log", "-1", "--format=%h"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "no commit known"


def copied(folder: Path, target: Path) -> Path:
    """A copy of the sources without what was built there: the user's folder is never written to."""
    shutil.rmtree(target, ignore_errors=True)
    ignored = shutil.ignore_patterns(".git", "*.o", "*.pdf", "*.dep")
    return Path(shutil.copytree(folder, target, ignore=ignored))


def compiled(folder: Path, program: Path, *, extra: Iterable[Path] = (), flags: Sequence[str] = ()) -> Path:
    """All ``.cpp`` of ``folder`` and ``extra`` as one program.  Raises :class:`Absent` without a compiler."""
    if shutil.which("g++") is None:
        raise Absent("no g++")
    objects = []
    for path in [*sorted(folder.glob("*.cpp")), *extra]:
        made = program.parent / f"{program.name}-{path.stem}.o"
        # old C++ that counts on headers of headers; not optimised, as compiling takes longer than running
        run(["g++", "-O0", "-w", "-std=gnu++11", "-include", "limits", *flags, f"-I{folder}", "-c", str(path), "-o", str(made)])
        objects.append(str(made))
    run(["g++", *objects, "-fopenmp", "-o", str(program)])
    return program


def run(command: Sequence[str], *, folder: Path | None = None, seconds: float = 300) -> str:
    """Its output.  Raises :class:`Absent` with the last line that it said if it fails."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Absent(f"{Path(command[0]).name}: {error}") from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing said").splitlines()
        raise Absent(f"{' '.join(command[:3])} ended with {done.returncode}: {said[-1][:200]}")
    return done.stdout
