"""Compiles C++ to a library of this machine, once: it is kept in the user's cache by what it is made of.

Compiled by the machine's own compiler (``CXX``, else g++ or clang++) for its own processor. The operations are those of IEEE
754 in the order they are written, none is contracted, so that the lanes' width and the processor do not change a bit.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

from spicekit.engines.batch.unsupported import Unsupported

FLAGS = (
    "-std=c++17",
    "-O2",
    "-march=native",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fPIC",
    "-shared",
    "-w",
)
PATIENCE = 300.0  # s


@functools.cache
def compiler() -> str | None:
    """The C++ compiler of this machine."""
    named = os.environ.get("CXX")
    for name in (named,) if named else ("g++", "clang++", "c++"):
        if path := shutil.which(name):
            return path
    return None


@functools.cache
def _machine() -> str:
    """What a compiled library depends on beside its text: the compiler's version and the processor."""
    path = compiler()
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout if path else ""
    try:
        flags = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags")), "")
    except OSError:
        flags = platform.processor()
    return f"{path} {version.partition(chr(10))[0]} {platform.machine()} {flags}"


def lanes() -> int:
    """Doubles in a vector register."""
    return 8 if " avx512dq" in _machine() else 4


def cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spicekit" / "batch"


def identity(source: str) -> str:
    """What names the library of ``source`` on this machine."""
    return hashlib.sha256("\0".join((source, *FLAGS, _machine())).encode()).hexdigest()[:24]


def library(source: str) -> ctypes.CDLL:
    """The library of ``source``, compiled if it is not there yet.  Raises :class:`Unsupported` where that is not possible."""
    file = folder() / f"{identity(source)}.so"
    if not file.exists():
        _compile(source, file)
    return ctypes.CDLL(str(file))


def folder() -> Path:
    """Where what was made is kept: the user's cache, or a folder of this process alone where others may write in that."""
    kept = cache_folder()
    return kept if _ours(kept) else _temporary()


def _ours(folder: Path) -> bool:
    """Whether ``folder`` is there or can be made, and nobody else writes in it: what it holds is run."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError:
        return False
    return status.st_uid == os.getuid() and not status.st_mode & 0o022 and os.access(folder, os.W_OK)


@functools.cache
def _temporary() -> Path:
    return Path(tempfile.mkdtemp(prefix="spicekit-batch-"))


def _compile(source: str, file: Path) -> None:
    path = compiler()
    if path is None:
        raise Unsupported("no C++ compiler (g++, clang++ or CXX)")
    with tempfile.TemporaryDirectory(dir=file.parent, prefix="compile-") as folder:
        text, made = Path(folder) / "batch.cpp", Path(folder) / file.name
        text.write_text(source)
        try:
            done = subprocess.run(
                [path, *FLAGS, "-o", str(made), str(text)], capture_output=True, text=True, check=False, timeout=PATIENCE
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unsupported(f"{path} did not compile: {error}") from None
        if done.returncode:
            raise Unsupported(f"{path} did not compile: {(done.stderr.strip().splitlines() or [''])[0]}")
        made.replace(file)
