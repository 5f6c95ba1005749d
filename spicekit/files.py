"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from spicekit.errors import SpicekitError, UserError


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a temporary file beside ``path`` and rename it when it is complete and on the disk.

    A link is followed.  What is no regular file (a device, a pipe) is written to as it stands, never replaced by a file.  Raises
    :class:`SpicekitError` (and leaves nothing behind) if the disk is full or the folder cannot be written.
    """
    try:
        path = path.resolve() if path.is_symlink() else path
        if path.exists() and not path.is_file() and not path.is_dir():
            write(path)
            return
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
        raise disk_error(path, error if isinstance(error, OSError) else OSError(errno.ELOOP, os.strerror(errno.ELOOP))) from None
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        write(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        _to_disk(path.parent)  # the name too
    except OSError as error:
        raise disk_error(path, error) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _to_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def disk_error(path: Path, error: OSError) -> SpicekitError:
    """The one line for a failed write."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error):
        return SpicekitError(
            f"disk full while writing {path}; what was computed is kept: free space and run the same command again"
        )
    return SpicekitError(f"cannot write {path}: {error.strerror or error}")


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8."""

    def write(file: Path) -> None:
        file.write_text(text, encoding="utf-8")

    write_atomically(path, write)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write ``content`` as JSON; NaN is not allowed in it."""
    write_text(path, json.dumps(content, indent=1, allow_nan=False) + "\n")


CHECKSUM = "checksum"  # key of a record: SHA-256 of all the rest


def write_record(path: Path, content: Mapping[str, Any]) -> dict[str, Any]:
    """Write ``content`` as JSON with a checksum of its own, and return what was written; NaN is not allowed in it."""
    plain = json.loads(json.dumps(dict(content), allow_nan=False))
    plain.pop(CHECKSUM, None)
    whole: dict[str, Any] = plain | {CHECKSUM: _checksum(plain)}
    write_json(path, whole)
    return whole


def read_record(path: Path) -> dict[str, Any]:
    """The content of a JSON file, without its checksum.

    Raises :class:`UserError` with one line that names the file if it cannot be read, is no JSON object, or was changed after it
    was written; a file without a checksum is taken as it is if it has no ``schema`` either, as version 0.1 wrote them.
    """
    try:
        content = json.loads(path.read_bytes(), parse_constant=_no_number)
        if not isinstance(content, dict):
            raise UserError(f"{path} cannot be read: it is not a JSON object")
        checksum = content.pop(CHECKSUM, None)
        found = _checksum(content)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # not JSON or not UTF-8, numbers beyond all; lists in lists without end
        raise UserError(f"{path} cannot be read: not JSON ({error})") from None
    if checksum is None and "schema" in content:
        raise UserError(f"{path} was changed after it was written: its checksum is gone")
    if checksum is not None and checksum != found:
        raise UserError(f"{path} was changed after it was written: its checksum is that of another content")
    return content


def _no_number(word: str) -> None:
    raise ValueError(f"{word} in it")


def _checksum(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def output_folder(path: Path) -> Path:
    """``path`` as a folder that can be written to.  Raises :class:`UserError` if it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--out {path}: cannot make this folder: {error.strerror}") from None
    return path
