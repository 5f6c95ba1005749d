"""Folders of results: one holds one thing, and its record says which.  What is there is never mixed with something else."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spicekit.errors import UserError
from spicekit.files import disk_error, read_record

RESULTS = (
    "campaign.json", "sweep.json", "characterize.json", "qualify.json", "yield.json", "table.nc", "samples.parquet", "points",
    "parts", "system.json", "run.json", "wer.json", "compare.json", "check.json",
)  # fmt: skip


def check_folder(folder: Path, record: str, writes: Sequence[str] = ()) -> None:
    """Raise :class:`UserError` if ``folder`` is not there and cannot be made, cannot be written to, or holds other results than
    those of its file ``record``; so does a file of somebody else's under a name, or a pattern of names, that ``writes`` has.
    Nothing is made or changed."""
    check_writable(folder)
    check_unclaimed(folder, record)
    if not (folder / record).exists():
        for pattern in writes:
            for theirs in sorted(folder.glob(pattern)):
                raise UserError(f"{folder} holds {theirs.name} but no {record}; give another --out")


def check_unclaimed(folder: Path, record: str) -> None:
    """Raise :class:`UserError` if ``folder`` holds results without a ``record`` of them."""
    if (folder / record).exists():
        return
    there = [name for name in RESULTS if (folder / name).exists()]
    there += sorted(part.relative_to(folder).as_posix() for part in folder.glob("trials/part-*.parquet"))
    if there:
        raise UserError(f"{folder} holds {there[0]} but no {record}; give another --out")


def check_same(record: Path, noun: str, mine: Mapping[str, Any]) -> None:
    """Raise :class:`UserError` if the file ``record`` is there and says otherwise than ``mine``, which a ``noun`` is known by."""
    if not record.exists():
        return
    theirs = read_record(record)
    for key, value in mine.items():
        if shown := difference(theirs.get(key), value):
            raise UserError(f"{record.parent} holds another {noun}: '{key}' differs ({shown}); give another --out")


def difference(theirs: Any, mine: Any, keys: Sequence[str] | None = None) -> str:
    """The first difference between two values of a record (in ``keys`` of them, if given), in words; empty if there is none."""
    if isinstance(theirs, dict) and isinstance(mine, dict):
        for key in keys or [*mine, *theirs]:
            if theirs.get(key) != mine.get(key):
                return f"{key}: {theirs.get(key)} there, {mine.get(key)} now"
        return ""
    return "" if theirs == mine else f"{theirs} there, {mine} now"


def check_writable(folder: Path, option: str = "--out") -> None:
    """Raise :class:`UserError` if nothing can be written to ``folder``, or if it is not there and cannot be made."""
    there = Path(os.path.abspath(folder))  # noqa: PTH100 - resolve() would follow links
    try:
        while not _exists(there):
            there = there.parent
        Path(tempfile.mkdtemp(prefix=".spicekit-", dir=there)).rmdir()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_error(folder, error) from None
        reason = f"{there} takes no new files or folders" if error.errno == errno.ENOENT else error.strerror
        what = "cannot write there" if os.path.lexists(folder) else "cannot make this folder"
        raise UserError(f"{option} {folder}: {what}: {reason}") from None


def check_file(path: Path, option: str = "-o") -> None:
    """Raise :class:`UserError` if ``path`` cannot be written as a file: it is a folder, or its own folder takes no files.

    A device or a pipe may be named, too.
    """
    with contextlib.suppress(OSError):  # what is wrong with the name is said of the folder
        if path.is_dir():
            raise UserError(f"{option} {path}: is a folder; give a file to write")
        if path.exists() and not path.is_file():
            return
    parent = path.absolute().parent
    try:
        if not _exists(path):
            os.stat(parent)  # noqa: PTH116 - its error is what is wanted
        Path(tempfile.mkdtemp(prefix=".spicekit-", dir=path.resolve().parent)).rmdir()
    except FileNotFoundError:
        reason = f"{parent} takes no new files" if parent.is_dir() else "its folder does not exist; give a file to write"
        raise UserError(f"{option} {path}: {reason}") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_error(path, error) from None
        raise UserError(f"{option} {path}: cannot write this file: {error.strerror}") from None


def _exists(path: Path) -> bool:
    """Whether there is something of this name, be it a link to nowhere.  Raises :class:`OSError` for an impossible name."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True
