"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spicekit.errors import SpicekitError, UserError


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a temporary file beside ``path`` and rename it when it is complete and on the disk.

    Raises :class:`SpicekitError` (and leaves nothing behind) if the disk is full or the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        write(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise disk_error(path, error) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


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


def output_folder(path: Path) -> Path:
    """``path`` as a folder that can be written to.  Raises :class:`UserError` if it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--out {path}: cannot make this folder: {error.strerror}") from None
    return path
