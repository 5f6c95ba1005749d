"""What a model file may hold, and which files it reads.

A model file is a foundry's or a stranger's text that ngspice reads by itself, and ngspice's reader takes more than models:
``.control`` blocks and ``*#`` lines are commands, ``shell`` among them, and it knows a line by how it begins (``.control!``,
``.inc! x`` and ``.libx y tt`` work like the words they begin with).  So every physical line is looked at, and one that is not
known to be a model's is refused.
"""

from __future__ import annotations

import functools
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from spicekit import inputs
from spicekit.errors import UserError
from spicekit.paths import user_path

_INCLUDES = frozenset({".inc", ".incl", ".include", ".includes"})
_MODELS = frozenset(
    {".model", ".subckt", ".ends", ".macro", ".eom", ".param", ".params", ".func", ".global", ".lib", ".endl", ".if", ".elseif"}
    | {".else", ".endif", ".end", ".title", ".prot", ".protect", ".unprot", ".unprotect"}
)
_OPTIONS = frozenset({".option", ".options"})
# which belong to the models; everything else (tolerances, iterations, temperature, seed) is the bench's to say
_MODEL_OPTIONS = frozenset({"scale", "scalm", "tnom", "wnflag", "defl", "defw", "defad", "defas", "parhier", "badmos3"})
_NUMERICAL = frozenset({"numd", "nbjt", "numos"})  # CIDER's device simulator, which reads and writes files
_CONTROL_CHARACTERS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_COMMENT = re.compile(r"(^|\s)\$.*|;.*|(^|\s)//.*")
_QUOTED = re.compile(r"\"[^\"]+\"|'[^']+'|[^\s\"'=]+")
_PARAMETER = re.compile(r"([a-z_]\w*)\s*=")
_OPTION = re.compile(r"([a-z_]\w*)\s*(=\s*[^\s,]+)?", re.I)


class Stamp(NamedTuple):
    """A model file as it was when it was looked at."""

    path: Path
    size: int
    changed: int  # ns
    inode: int


class _Content(NamedTuple):
    includes: tuple[tuple[int, str], ...]  # line number and file, as written
    sections: frozenset[str]  # in lower case
    subcircuits: tuple[tuple[str, frozenset[str]], ...]  # name and its parameters, in lower case


def model_stamps(path: Path, origin: str) -> list[Stamp]:
    """The file and those it reads.

    Raises :class:`UserError` for one that cannot be read, that is no plain text, or that holds anything but models.
    ``origin`` names the key that gave the path.
    """
    return list(_followed(path, origin, set()))


def sections(path: Path, origin: str) -> frozenset[str]:
    """Names, in lower case, of the sections that a library file holds."""
    return _content(_stamp(path, origin), origin).sections


def subcircuits(files: Iterable[Stamp], origin: str) -> dict[str, set[str]]:
    """Names of the subcircuits in ``files``, with their parameters, all in lower case; of any section."""
    found: dict[str, set[str]] = {}
    for file in files:
        for name, parameters in _content(file, origin).subcircuits:
            found.setdefault(name, set()).update(parameters)
    return found


def _followed(path: Path, origin: str, seen: set[Path]) -> Iterator[Stamp]:
    if path in seen:
        return
    seen.add(path)
    if "'" in str(path) or "\n" in str(path):
        raise UserError(f"{origin}: the path {str(path)!r} holds a quote or a line break, which a netlist cannot carry")
    stamp = _stamp(path, origin)
    yield stamp
    for number, name in _content(stamp, origin).includes:
        if name.startswith("$"):
            raise UserError(
                f"{path}:{number}: a file named by an environment variable ({name}) is not followed (given by {origin})"
            )
        target = path.parent / user_path(name)
        if not target.exists():  # ngspice would look for it elsewhere, unchecked
            raise UserError(f"{origin}: {path}:{number} includes {target}, which is not a file")
        here = Path(name)
        if not user_path(name).is_absolute() and here.exists() and not here.samefile(target):
            raise UserError(
                f"{path}:{number}: ngspice would take '{name}' from the working folder, where another file has this name; "
                "run the command from another folder"
            )
        yield from _followed(target.resolve(), origin, seen)


def _stamp(path: Path, origin: str) -> Stamp:
    try:
        found = path.stat()
    except OSError as error:
        raise UserError(f"{origin}: cannot read model file {path}: {error.strerror}") from None
    if stat.S_ISDIR(found.st_mode):
        raise UserError(f"{origin}: cannot read model file {path}: Is a directory")
    if not stat.S_ISREG(found.st_mode):  # a pipe or a device might never end, and reads differently every time
        raise UserError(f"{origin}: cannot read model file {path}: it is not a regular file")
    try:
        inputs.note(path)
    except OSError as error:
        raise UserError(f"{origin}: cannot read model file {path}: {error.strerror}") from None
    return Stamp(path, found.st_size, found.st_mtime_ns, found.st_ino)


@functools.lru_cache(maxsize=4096)
def _content(stamp: Stamp, origin: str) -> _Content:
    path = stamp.path
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"{origin}: cannot read model file {path}: {error.strerror}") from None
    odd = _CONTROL_CHARACTERS.search(raw)
    if odd or raw.startswith(b"\xef\xbb\xbf"):
        number, what = (raw.count(b"\n", 0, odd.start()) + 1, repr(odd[0].decode())) if odd else (1, "a byte order mark")
        raise UserError(f"{path}:{number}: not a plain text file: it holds {what} (given by {origin})")
    includes: list[tuple[int, str]] = []
    names: set[str] = set()
    parts: list[tuple[str, frozenset[str]]] = []
    try:
        for number, line in _logical(raw.decode("latin-1").replace("\r\n", "\n").split("\n")):
            _take(line, number, includes, names)
            if _word(line) in (".subckt", ".macro"):
                words = line.lower().split(None, 2)
                given = _PARAMETER.findall(_COMMENT.sub("", words[2])) if len(words) > 2 else []
                parts.append((words[1] if len(words) > 1 else "", frozenset(given)))
    except _RefusedError as error:
        raise UserError(f"{path}:{error.number}: {error} (given by {origin})") from None
    return _Content(tuple(includes), frozenset(names), tuple(parts))


class _RefusedError(Exception):
    def __init__(self, number: int, reason: str) -> None:
        super().__init__(reason)
        self.number = number


def _logical(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Lines with their continuations, and the number of the first.  Raises for a line that is not known to be a model's."""
    start, logical = 0, ""
    joined = False  # two backslashes at the end of a line make the next one its continuation
    for number, physical in enumerate(lines, 1):
        line = physical.strip(" \t")
        continued = line.startswith("+") or joined
        joined = line.endswith("\\\\")
        _look(line, number, continued)
        if continued:
            if logical.split(None, 1)[0:1] and _word(logical) in _INCLUDES | {".lib", ".endl"}:
                raise _RefusedError(number, f"a {_word(logical)} line may not be continued")
            if start:
                logical += " " + line.removeprefix("+")
        elif line and line[0] not in "*$;" and not line.startswith("//"):
            if start:
                yield start, logical
            start, logical = number, line
            if joined and _word(line) in _INCLUDES | {".lib", ".endl"}:
                raise _RefusedError(number, f"a {_word(line)} line may not be continued")
    if start:
        yield start, logical


def _look(line: str, number: int, continued: bool) -> None:
    """Whether ngspice may see this physical line, whatever it makes of the lines around it."""
    if line.startswith("*#") or line.lower().startswith(".control"):
        raise _RefusedError(number, "a model file may not hold a .control block or *# line")
    if line.startswith("."):
        word = _word(line)
        if word not in _INCLUDES | _MODELS | _OPTIONS:
            raise _RefusedError(number, f"a model file may not hold '{word[:20]}', which is no statement of a model")
    elif line[:1] in ("a", "A") and not continued:
        raise _RefusedError(number, "a model file may not hold an A device: XSPICE's code models can read files and run programs")
    elif line and not continued and not (line[0] in "*$;" or line.startswith("//") or (line[0].isascii() and line[0].isalpha())):
        raise _RefusedError(number, f"{line[:20]!r} is neither a device, a statement, a comment nor a continuation")


def _word(line: str) -> str:
    """The statement of a line, in lower case; with what is glued to it, except a parenthesis."""
    word = re.match(r"[^\s(]*", line)
    return word[0].lower() if word else ""


def _take(line: str, number: int, includes: list[tuple[int, str]], names: set[str]) -> None:
    """What a logical line reads, opens or sets."""
    word = _word(line)
    rest = line[len(word) :]
    if word in _OPTIONS:
        for option in _OPTION.finditer(_COMMENT.sub("", rest)):
            if option[1].lower() not in _MODEL_OPTIONS:
                raise _RefusedError(number, f"a model file may not set the option '{option[1]}', which the bench sets")
    elif word == ".model":
        kind = [part.lower() for part in re.split(r"[\s(]+", rest.strip())][1:2]
        if kind and kind[0] in _NUMERICAL:
            raise _RefusedError(number, f"a model file may not hold a model of kind '{kind[0]}', which reads and writes files")
    elif word in _INCLUDES or word == ".lib":
        text = rest if rest.lstrip().startswith(("$", '"', "'")) else _COMMENT.sub("", rest)
        first = _QUOTED.match(text.lstrip())
        after = [] if first is None else _COMMENT.sub("", text.lstrip()[first.end() :]).split()
        if first is None or len(after) > (word == ".lib"):
            form = ".lib FILE SECTION or .lib SECTION" if word == ".lib" else f"{word} FILE"
            raise _RefusedError(number, f"give it as {form}")
        name = first[0].strip("\"'")
        if word == ".lib" and not after:
            names.add(name.lower())
        else:
            includes.append((number, name))
