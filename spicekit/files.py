"""Files that are read only if they are regular, and written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from spicekit.errors import SpicekitError, UserError

Place = tuple[int, int]  # device and file number of a folder

_held: dict[Path, Place] = {}  # absolute path -> the folder that was there when it was first used


def read_bytes(path: Path) -> bytes:
    """The content of ``path``.  Raises :class:`OSError`, also for what is no regular file (links are followed)."""
    with open(path, "rb", opener=regular) as file:
        return file.read()


def regular(path: str, flags: int) -> int:
    """Open ``path``, for :func:`open`: a pipe nobody writes to would hold us for ever, a device might never end."""
    descriptor = os.open(path, flags | os.O_NONBLOCK, 0o666)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        raise OSError(errno.EINVAL, "not a regular file", path)
    return descriptor


def checked_regular(path: Path) -> Path:
    """``path``, absolute, for a library that opens files itself and would take ``~`` for the home folder.

    Raises :class:`OSError` for what cannot be read or is no regular file.
    """
    os.close(regular(str(path), os.O_RDONLY))
    return _absolute(path)


@contextlib.contextmanager
def held(*folders: Path) -> Iterator[None]:
    """Within, :func:`write_atomically` refuses to write to a folder that was put in the place of one of ``folders``.

    The same holds for the folders in them, each from the first file on that is written to it.
    """
    tops = [_absolute(folder) for folder in folders]
    _held.update({top: place for top in tops if (place := _place(top))})
    try:
        yield
    finally:
        for path in [path for path in _held if any(path.is_relative_to(top) for top in tops)]:
            del _held[path]


def check_held(path: Path) -> None:
    """Raise :class:`SpicekitError` if a folder on the way to ``path`` is held and another one is in its place by now."""
    parents = _absolute(path).parents
    within = [folder for folder in parents if any(top in _held for top in (folder, *folder.parents))]
    for folder in within:
        place = _place(folder)
        if folder not in _held and place:
            _held[folder] = place
        if _held.get(folder) != place:
            raise SpicekitError(
                f"{folder} was moved or replaced while it was in use: nothing is written to what is in its place now; "
                "what was computed before is in the folder that was moved"
            )


def _place(folder: Path) -> Place | None:
    try:
        found = folder.stat()
    except OSError:  # there is none
        return None
    return found.st_dev, found.st_ino


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links, and the link is what was named


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a temporary file (an absolute path) beside ``path``; rename it when it is complete and on the disk.

    A link is followed.  What is no regular file (a device, a pipe with a reader) is written to as it stands, never replaced by
    a file.  Raises :class:`SpicekitError` (and leaves nothing behind) if the disk is full, the folder cannot be written, or it
    is not the folder that is :func:`held`.
    """
    named, path = path, _absolute(path)
    try:
        path = path.resolve() if path.is_symlink() else path
        if path.is_symlink():  # links in a circle, from Python 3.13
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if path.exists() and not path.is_file() and not path.is_dir():
            with _read_by_somebody(path):
                write(path)
            return
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
        raise disk_error(named, error if isinstance(error, OSError) else OSError(errno.ELOOP, os.strerror(errno.ELOOP))) from None
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError as error:
        check_held(named)
        raise disk_error(named, error) from None
    try:
        check_held(named)
        write(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        check_held(named)
        os.rename(temporary.name, path.name, src_dir_fd=folder, dst_dir_fd=folder)  # in the folder in which it began
        os.fsync(folder)  # the name too
    except OSError as error:
        check_held(named)
        raise disk_error(named, error) from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary.name, dir_fd=folder)
        os.close(folder)


@contextlib.contextmanager
def _read_by_somebody(path: Path) -> Iterator[None]:
    """Raise :class:`OSError` for a pipe that nobody reads from: to open it would wait for ever."""
    if not path.is_fifo():
        yield
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        raise OSError(errno.ENXIO, "a pipe that nobody reads from") if error.errno == errno.ENXIO else error from None
    try:
        yield
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

    Raises :class:`SpicekitError` with one line that names the file if it cannot be read, is no JSON object, or was changed after
    it was written; a file without a checksum is taken as it is if it has no ``schema`` either, as version 0.1 wrote them.
    """
    try:
        content = json.loads(read_bytes(path), parse_constant=_no_number)
        if not isinstance(content, dict):
            raise SpicekitError(f"{path} cannot be read: it is not a JSON object")
        checksum = content.pop(CHECKSUM, None)
        found = _checksum(content)
    except OSError as error:
        raise SpicekitError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # not JSON or not UTF-8, numbers beyond all; lists in lists without end
        raise SpicekitError(f"{path} cannot be read: not JSON ({error})") from None
    if checksum is None and "schema" in content:
        raise SpicekitError(f"{path} was changed after it was written: its checksum is gone")
    if checksum is not None and checksum != found:
        raise SpicekitError(f"{path} was changed after it was written: its checksum is that of another content")
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
