"""The files that decide numbers, read once and known by their content.

A device card, a process, a bench of the user's: what is computed from one is worth nothing if the file changed in between.  All
of them are read through here, so that whoever needs to know can ask which files were read, and whether they are still the same::

    with recording() as files:
        bench = make_bench("stt-read", {"device": "card.toml"})
    files                       # {"/home/me/card.toml": "9f86d0..."}: absolute path -> SHA-256
    changed(files)              # what differs by now, in words

What ships with spicekit is not recorded: it is part of the code, which has a hash of its own (:mod:`montecarlo.identity`).
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from spicekit.paths import data_root

T = TypeVar("T")
Stamp = tuple[int, int, int, int]  # device's file number, size, times of change: a file with the same stamp is not read again

_known: dict[Path, tuple[Stamp, str]] = {}  # path -> stamp and SHA-256 of the content that was read last
_records: ContextVar[tuple[dict[str, str], ...]] = ContextVar("records", default=())


def read(path: Path) -> bytes:
    """The content of ``path``, noted in every open record.  Raises :class:`OSError`, also for what is no regular file."""
    with open(path, "rb", opener=_regular) as file:
        while True:
            before = _stamp(os.fstat(file.fileno()))
            file.seek(0)
            content = file.read()
            if _stamp(os.fstat(file.fileno())) == before:  # nobody wrote to it meanwhile
                break
    _known[_absolute(path)] = (before, hashlib.sha256(content).hexdigest())
    _put(path)
    return content


def note(path: Path) -> None:
    """Note ``path``, which another program reads (a library, by ngspice), in every open record.  Raises :class:`OSError`."""
    fingerprint(path)
    _put(path)


def fingerprint(path: Path) -> str:
    """SHA-256 of the content of ``path``; it is read only if it may have changed.  Raises :class:`OSError`."""
    absolute = _absolute(path)
    known = _known.get(absolute)
    if known is None or known[0] != _stamp(absolute.stat()):
        with recording():  # a look is no use
            read(absolute)
        known = _known[absolute]
    return known[1]


@contextlib.contextmanager
def recording() -> Iterator[dict[str, str]]:
    """A record of the files that are read meanwhile: absolute path -> SHA-256."""
    files: dict[str, str] = {}
    token = _records.set((*_records.get(), files))
    try:
        yield files
    finally:
        _records.reset(token)


def changed(files: Mapping[str, str]) -> list[str]:
    """What is no longer as ``files`` (path -> SHA-256) has it, in words; empty if all is the same."""
    found = []
    for name, expected in files.items():
        try:
            now = fingerprint(Path(name))
        except OSError as error:
            found.append(f"{name} cannot be read: {error.strerror}")
            continue
        if now != expected:
            found.append(f"{name} has changed (SHA-256 {expected[:12]} then, {now[:12]} now)")
    return found


@dataclass(frozen=True)
class _Loaded(Generic[T]):
    value: T
    files: dict[str, str]


def cached(load: Callable[[str], T]) -> Callable[[str], T]:
    """``load`` of a name or path, called again only if one of the files that it read has changed.

    What it read is noted in the open records whether it is called or not.
    """
    loaded: dict[str, _Loaded[T]] = {}

    def get(name: str) -> T:
        entry = loaded.get(name)
        if entry is None or changed(entry.files):
            with recording() as files:
                value = load(name)
            entry = loaded[name] = _Loaded(value, files)
        put(entry.files)
        return entry.value

    return get


def put(files: Mapping[str, str]) -> None:
    """Put ``files`` (path -> SHA-256), which something remembered was made from, into every open record."""
    for record in _records.get():
        record.update(files)


def shipped(path: Path) -> bool:
    """Whether ``path`` is one of the models and netlists that come with spicekit."""
    return any(_absolute(path).is_relative_to(data_root() / folder) for folder in ("models", "netlists"))


def _put(path: Path) -> None:
    if not shipped(path):
        for record in _records.get():
            record[str(_absolute(path))] = _known[_absolute(path)][1]


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links, and the link is what was named


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _regular(path: str, flags: int) -> int:
    descriptor = os.open(path, flags | os.O_NONBLOCK)  # a pipe nobody writes to would hold us for ever
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        raise OSError(errno.EINVAL, "not a regular file", path)
    return descriptor
