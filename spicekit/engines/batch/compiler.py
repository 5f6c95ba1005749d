"""Compiles C++ to a library of this machine, once: it is kept in the user's cache by what it is made of.

Compiled by the machine's own compiler (``CXX``, else g++ or clang++) for its own processor. The operations are those of IEEE
754 in the order they are written, none is contracted, so that the lanes' width and the processor do not change a bit.

A library's file is named by what it is made of and by its own hash: one that is cut or damaged is made anew.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from spicekit.engines.batch.unsupported import Uncompiled

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
PATIENCE = 1800.0  # s, by the clock: a busy machine takes minutes for what takes a quiet one ten seconds
LEFT = 3600.0  # s, after which what a process made to work in and did not take away is taken for left behind


@functools.cache
def compiler() -> str | None:
    """The C++ compiler of this machine."""
    named = _named()
    for name in (named,) if named else ("g++", "clang++", "c++"):
        if path := shutil.which(name):
            return path
    return None


def _named() -> str:
    return os.environ.get("CXX", "")


@functools.cache
def _machine() -> str:
    """What a compiled library depends on beside its text: the compiler's version and the processor."""
    path, version = compiler(), ""
    if path is not None:
        with contextlib.suppress(OSError, ValueError, subprocess.TimeoutExpired):  # no program: said when it is to compile
            version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=PATIENCE).stdout
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
    """The library of ``source``, compiled if it is not there yet.  Raises :class:`Uncompiled` where that is not possible."""
    kept, name = folder(), identity(source)
    sound = (file for file in sorted(kept.glob(f"{name}-*.so")) if _sound(file))
    try:
        return ctypes.CDLL(str(next(sound, None) or _compile(source, kept, name)))
    except OSError as error:
        raise Uncompiled(f"{compiler()}: what it made is not loaded: {error}") from None


def _sound(file: Path) -> bool:
    """Whether ``file`` holds what was compiled; one that is damaged is taken away."""
    try:
        if file.name == _name(file.name.partition("-")[0], file):
            return True
        file.unlink()
    except OSError:
        pass
    return False


def _name(identity: str, library: Path) -> str:
    return f"{identity}-{hashlib.sha256(library.read_bytes()).hexdigest()[:24]}.so"


def folder() -> Path:
    """Where what was made is kept: the user's cache, or where others may write in that, a temporary folder."""
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
    """One of this user, in which all processes find what one has compiled; else one of this process alone."""
    common = Path(tempfile.gettempdir()) / f"spicekit-batch-{os.getuid()}"
    if not common.is_symlink() and _ours(common):
        return common
    return Path(tempfile.mkdtemp(prefix="spicekit-batch-"))


@contextlib.contextmanager
def workplace(beside: Path, kind: str) -> Iterator[Path]:
    """A folder in ``beside`` to make something in that then is moved there whole.  What killed processes left is taken away."""
    for left in beside.glob(f"{kind}-*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT and not _at_work(left.name):
                shutil.rmtree(left)
    with tempfile.TemporaryDirectory(dir=beside, prefix=f"{kind}-{os.getpid()}-", ignore_cleanup_errors=True) as made:
        yield Path(made)


def _at_work(name: str) -> bool:
    """Whether the process that made the workplace ``name`` is there, as far as can be seen from this machine."""
    parts = name.split("-")
    if len(parts) < 3:
        return False
    try:
        os.kill(int(parts[1]), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:  # a process of somebody else, so not that one
        return False
    return True


def _compile(source: str, kept: Path, name: str) -> Path:
    """The file in ``kept`` of the library of ``source``."""
    path = compiler()
    if path is None:
        raise Uncompiled(f"CXX: '{_named()}' is no compiler here" if _named() else "no C++ compiler (g++, clang++ or CXX)")
    try:
        with workplace(kept, "compile") as folder:
            text, made = folder / "batch.cpp", folder / "batch.so"
            text.write_text(source)
            done = subprocess.run(
                [path, *FLAGS, "-o", str(made), str(text)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=PATIENCE,
            )
            if done.returncode:
                raise Uncompiled(f"{path}: {_first(done.stderr) or f'exit code {done.returncode}'}")
            file = kept / _name(name, made)
            made.replace(file)
            return file
    except subprocess.TimeoutExpired:
        raise Uncompiled(f"{path} takes more than {PATIENCE:g} s") from None
    except OSError as error:
        raise Uncompiled(f"{path}: {error}") from None


def _first(text: str) -> str:
    return next(iter(text.strip().splitlines()), "")
