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
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from spicekit import inputs
from spicekit.errors import UserError
from spicekit.paths import user_path

INCLUDES = frozenset({".inc", ".incl", ".include", ".includes"})
_MODELS = frozenset(
    {".model", ".subckt", ".ends", ".macro", ".eom", ".param", ".params", ".func", ".global", ".lib", ".endl", ".if", ".elseif"}
    | {".else", ".endif", ".end", ".title", ".prot", ".protect", ".unprot", ".unprotect"}
)
_OPTIONS = frozenset({".option", ".options"})
# which belong to the models; everything else (tolerances, iterations, temperature, seed) is the bench's to say
MODEL_OPTIONS = frozenset({"scale", "scalm", "tnom", "wnflag", "defl", "defw", "defad", "defas", "parhier", "badmos3"})
_DEFINING = {".model": "model", ".subckt": "subckt", ".macro": "subckt", ".func": "func"}
_BRACKETS = {".ends": "ends", ".eom": "ends", ".if": "if", ".elseif": "else", ".else": "else", ".endif": "endif", ".endl": "endl"}
MOST_DEEP, MOST_FILES = 100, 10_000  # ngspice holds each on its stack, and dies of some hundreds
_NUMERICAL = frozenset({"numd", "nbjt", "numos"})  # CIDER's device simulator, which reads and writes files
CONTROL_CHARACTERS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_COMMENT = re.compile(r"(^|\s)\$.*|;.*|(^|\s)//.*")
_QUOTED = re.compile(r"\"[^\"]+\"|'[^']+'|[^\s\"'=]+")
_PARAMETER = re.compile(r"([a-z_]\w*)\s*=")
_NAME = re.compile(r"\s+([^\s(),={}'\"]+)")
_EXPRESSION = re.compile(r"'[^']*'|\"[^\"]*\"|\{[^{}]*\}")
_ASSIGNED = re.compile(r"([a-z_][\w.$#@!]*)\s*(\([^()]*\))?\s*=(?!=)", re.I)
_OPTION = re.compile(r"([a-z_]\w*)\s*(=\s*[^\s,]+)?", re.I)


class Stamp(NamedTuple):
    """A model file as it was when it was looked at."""

    path: Path
    size: int
    changed: int  # ns
    inode: int


class Definition(NamedTuple):
    """What a netlist gets from a library: a name that holds in the whole netlist, or an option."""

    kind: str  # subckt, model, param, func, global, option
    name: str  # in lower case
    place: str  # FILE:LINE


class _Event(NamedTuple):
    """What one logical line of a file begins, ends, defines or reads."""

    kind: str  # as of Definition; ends, device, if, else, endif, section, endl, include, lib
    number: int
    name: str = ""  # in lower case, except a file's
    text: str | int = ""  # of lib: the section; of a definition: a hash of what it says


class _Content(NamedTuple):
    events: tuple[_Event, ...]
    subcircuits: tuple[tuple[str, frozenset[str]], ...]  # name and its parameters, in lower case

    @property
    def sections(self) -> frozenset[str]:
        return frozenset(event.name for event in self.events if event.kind == "section")

    @property
    def includes(self) -> list[_Event]:
        return [event for event in self.events if event.kind in ("include", "lib")]


def model_stamps(path: Path, origin: str) -> list[Stamp]:
    """The file and those it reads.

    Raises :class:`UserError` for one that cannot be read, that is no plain text, or that holds anything but models, and for files
    that include each other in a circle or too deep: ngspice would die of it.  ``origin`` names the key that gave the path.
    """
    found: dict[Path, Stamp] = {}
    included: dict[Path, list[tuple[int, Path]]] = {}
    waiting = [path]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found[file] = _stamp(_writable(file, origin), origin)
            targets = [(event, _target(file, event, origin)) for event in _content(found[file], origin).includes]
            # ngspice reads a library that is named by .lib once, what is named by .include every time
            included[file] = [(event.number, target) for event, target in targets if event.kind == "include"]
            waiting += [target for _, target in reversed(targets)]
    depths: dict[Path, int] = {}
    for file in found:
        _depth(file, included, {}, depths, origin)
    return list(found.values())


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


def definitions(files: Iterable[Stamp], section: str | None, origin: str, with_sections: bool = True) -> tuple[Definition, ...]:
    """What a netlist gets that reads ``section`` of the first of ``files``, or the whole of it; the others are those it reads.

    ngspice takes the first of two definitions of a name without a word and adds a device to the
    circuit: :class:`UserError` for either, and for sections, subcircuits and conditions that are missing or do not end.  In
    dialects that are not ``with_sections``, ``.lib`` is another word for ``.include``.
    """
    return _definitions(tuple(files), section and section.lower(), origin, with_sections)


@functools.lru_cache(maxsize=256)
def _definitions(files: tuple[Stamp, ...], section: str | None, origin: str, with_sections: bool) -> tuple[Definition, ...]:
    reading = _Reading({file.path: file for file in files}, origin, with_sections)
    reading.read(files[0].path, section, ())
    return reading.finished()


class _Reading:
    """One pass over what ngspice reads, in its order."""

    def __init__(self, files: Mapping[Path, Stamp], origin: str, with_sections: bool) -> None:
        self._files = files
        self._origin = origin
        self._with_sections = with_sections
        self._found: list[Definition] = []
        self._known: dict[tuple[object, ...], list[tuple[_Event, str, dict[str, int]]]] = {}
        self._scope: list[tuple[str, str]] = []  # subcircuits that are open, and where they began
        self._branches: dict[str, int] = {}  # conditions that are open, by where they began -> which of their branches
        self._reads = 0

    def read(self, path: Path, section: str | None, above: tuple[tuple[Path, str | None], ...]) -> None:
        """Take ``section`` of a file, or the whole of it, and what that reads; ``above`` are those that led here."""
        self._reads += 1
        if len(above) > MOST_DEEP or self._reads > MOST_FILES:
            raise UserError(f"{path}: too many files in files: {self._reads} read, {len(above)} deep (given by {self._origin})")
        current: _Event | None = None
        for event in _content(self._files[path], self._origin).events:
            if event.kind == "section" and section is None:
                reason = "a file that is read whole may not hold sections (PSPICE's .lib FILE is .include FILE here)"
                raise self._refused(path, event, reason)
            if event.kind in ("section", "endl"):
                current = self._section(path, event, section, current)
            elif section is None or (current and current.name == section):
                self._take(path, event, (*above, (path, section)))
        if current and current.name == section:
            raise self._refused(path, current, f"section '{section}' has no .endl")

    def finished(self) -> tuple[Definition, ...]:
        for what, places in (("subckt", [place for _, place in self._scope]), ("if", list(self._branches))):
            if places:
                raise UserError(f"{places[-1]}: this .{what} has no .end{what.replace('subckt', 's')} (given by {self._origin})")
        return tuple(self._found)

    def _section(self, path: Path, event: _Event, section: str | None, current: _Event | None) -> _Event | None:
        """The section that is open after a .lib SECTION or .endl line."""
        if event.kind == "endl":
            if current is None:
                raise self._refused(path, event, "this .endl closes no section of its file")
            return None
        if current and current.name == section:
            raise self._refused(path, event, f"section '{event.name}' begins within section '{section}'")
        if event.name == section:
            events = _content(self._files[path], self._origin).events
            first = next(found for found in events if (found.kind, found.name) == ("section", section))
            if first.number != event.number:
                raise self._refused(path, event, f"section '{section}' stands at line {first.number} already")
        return event

    def _take(self, path: Path, event: _Event, above: tuple[tuple[Path, str | None], ...]) -> None:
        place = f"{path}:{event.number}"
        kind, name = event.kind, event.name
        if kind in ("include", "lib"):
            self._follow(path, event, above)
        elif kind == "ends":
            if not self._scope:
                raise self._refused(path, event, "this .ends closes no subcircuit")
            self._scope.pop()
        elif kind == "if":
            self._branches[place] = 0
        elif kind in ("else", "endif"):
            if not self._branches:
                raise self._refused(path, event, f"this .{kind} belongs to no .if")
            begun, branch = self._branches.popitem()
            if kind == "else":
                self._branches[begun] = branch + 1
        elif kind == "device":
            if not self._scope:
                raise self._refused(path, event, f"a device at top level ({name}) would be a part of every circuit")
        else:
            if kind in ("subckt", "model", "func") or (kind == "param" and not self._scope):
                self._define(path, event, place)
            if not self._scope or kind in ("global", "option"):
                self._found.append(Definition(kind, name, place))
            if kind == "subckt":
                self._scope.append((name, place))

    def _follow(self, path: Path, event: _Event, above: tuple[tuple[Path, str | None], ...]) -> None:
        section = None
        target = _target(path, event, self._origin)
        if event.kind == "lib":
            if not self._with_sections:
                raise self._refused(path, event, "libraries have no sections in this dialect: write .include FILE")
            section = str(event.text)
            if section not in _content(self._files[target], self._origin).sections:
                has = ", ".join(sorted(_content(self._files[target], self._origin).sections)) or "none"
                raise self._refused(path, event, f"{target} has no section '{section}'; it has {has}")
        if (target, section) in above:
            circle = [*above[above.index((target, section)) :], (target, section)]
            names = " -> ".join(f"{file.name} {part}" if part else file.name for file, part in circle)
            raise self._refused(path, event, f"a library may not read itself: {names}")
        self.read(target, section, above)

    def _define(self, path: Path, event: _Event, place: str) -> None:
        """Two of one name in one subcircuit are one if they say the same, or if they stand in different branches: of an
        .if, ngspice takes models and parameters by the condition, but the first subcircuit or function in any case."""
        known = self._known.setdefault((tuple(name for name, _ in self._scope), event.kind, event.name), [])
        for other, there, branches in known:
            apart = event.kind in ("model", "param") and any(
                self._branches.get(begun, branch) != branch for begun, branch in branches.items()
            )
            if other.text != event.text and not apart:
                raise self._refused(path, event, f".{event.kind} '{event.name}' is defined otherwise at {there}")
        known.append((event, place, dict(self._branches)))

    def _refused(self, path: Path, event: _Event, reason: str) -> UserError:
        return UserError(f"{path}:{event.number}: {reason} (given by {self._origin})")


def _depth(
    file: Path, included: Mapping[Path, list[tuple[int, Path]]], above: dict[Path, int], known: dict[Path, int], origin: str
) -> int:
    """Levels of files below ``file``; ``above`` are those that lead to it, with the lines.  Raises :class:`UserError`."""
    if file not in known:
        deepest = 0
        for number, target in included[file]:
            if target in (way := {**above, file: number}):
                names = [path.name for path in list(way)[list(way).index(target) :]]
                circle = " -> ".join([*names, target.name])
                raise UserError(f"{file}:{number}: files may not include each other in a circle: {circle} (given by {origin})")
            if len(way) > MOST_DEEP:
                raise UserError(f"{file}:{number}: included files may be {MOST_DEEP} deep, not more (given by {origin})")
            deepest = max(deepest, 1 + _depth(target, included, way, known, origin))
        known[file] = deepest
    return known[file]


def _writable(path: Path, origin: str) -> Path:
    if "'" in str(path) or "\n" in str(path):
        raise UserError(f"{origin}: the path {str(path)!r} holds a quote or a line break, which a netlist cannot carry")
    return path


def _target(path: Path, event: _Event, origin: str) -> Path:
    """The file that a line of the file ``path`` reads."""
    name = event.name
    if name.startswith("$"):
        raise UserError(
            f"{path}:{event.number}: a file named by an environment variable ({name}) is not followed (given by {origin})"
        )
    target = path.parent / user_path(name)
    if not target.exists():  # ngspice would look for it elsewhere, unchecked
        raise UserError(f"{origin}: {path}:{event.number} includes {target}, which is not a file")
    here = Path(name)
    if not user_path(name).is_absolute() and here.exists() and not here.samefile(target):
        raise UserError(
            f"{path}:{event.number}: ngspice would take '{name}' from the working folder, where another file has this name; "
            "run the command from another folder"
        )
    return target.resolve()


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
    odd = CONTROL_CHARACTERS.search(raw)
    if odd or raw.startswith(b"\xef\xbb\xbf"):
        number, what = (raw.count(b"\n", 0, odd.start()) + 1, repr(odd[0].decode())) if odd else (1, "a byte order mark")
        raise UserError(f"{path}:{number}: not a plain text file: it holds {what} (given by {origin})")
    events: list[_Event] = []
    parts: list[tuple[str, frozenset[str]]] = []
    opened: list[tuple[int, int]] = []  # subcircuits: which event, and a hash of what they hold so far
    try:
        for number, line in _logical(raw.decode("latin-1").replace("\r\n", "\n").split("\n")):
            says = hash(" ".join(line.lower().split()))
            for event in _events(line, number, says):
                if event.kind == "subckt":
                    parts.append((event.name, _subcircuit_parameters(line)))
                    opened.append((len(events), 0))
                elif event.kind == "ends" and opened:
                    which, held = opened.pop()
                    events[which] = events[which]._replace(text=hash((events[which].text, held)))
                elif event.kind == "device" and (opened or (events and events[-1].kind == "device")):
                    continue  # says nothing more
                events.append(event)
            if opened:
                opened[-1] = (opened[-1][0], hash((opened[-1][1], says)))
    except _RefusedError as error:
        raise UserError(f"{path}:{error.number}: {error} (given by {origin})") from None
    return _Content(tuple(events), tuple(parts))


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
            if logical.split(None, 1)[0:1] and _word(logical) in INCLUDES | {".lib", ".endl"}:
                raise _RefusedError(number, f"a {_word(logical)} line may not be continued")
            if start:
                logical += " " + line.removeprefix("+")
        elif line and line[0] not in "*$;" and not line.startswith("//"):
            if start:
                yield start, logical
            start, logical = number, line
            if joined and _word(line) in INCLUDES | {".lib", ".endl"}:
                raise _RefusedError(number, f"a {_word(line)} line may not be continued")
    if start:
        yield start, logical


def look_at(line: str, number: int, path: Path, continued: bool, also: frozenset[str]) -> None:
    """Raises :class:`UserError` for a physical line that may not stand in a netlist, which may hold the statements ``also``."""
    try:
        _look(line, number, continued, also)
    except _RefusedError as error:
        raise UserError(f"{path}:{error.number}: {str(error).replace('a model file', 'a netlist')}") from None


def events_of(line: str, number: int, path: Path, origin: str) -> Iterator[_Event]:
    """What a logical line of the netlist ``path`` defines or reads."""
    try:
        yield from _events(line, number, 0)
    except _RefusedError as error:
        raise UserError(f"{path}:{error.number}: {str(error).replace('a model file', origin)}") from None


def _look(line: str, number: int, continued: bool, also: frozenset[str] = frozenset()) -> None:
    """Whether ngspice may see this physical line, whatever it makes of the lines around it."""
    if (line.startswith("*#") and line.strip("*#")) or line.lower().startswith(".control"):  # a rule of * and # says nothing
        raise _RefusedError(number, "a model file may not hold a .control block or *# line")
    if line.startswith("."):
        word = _word(line)
        if word not in INCLUDES | _MODELS | _OPTIONS | also:
            raise _RefusedError(number, f"a model file may not hold '{word[:20]}', which is no statement of a model")
    elif line[:1] in ("a", "A") and not continued:
        raise _RefusedError(number, "a model file may not hold an A device: XSPICE's code models can read files and run programs")
    elif line and not continued and not (line[0] in "*$;" or line.startswith("//") or (line[0].isascii() and line[0].isalpha())):
        raise _RefusedError(number, f"{line[:20]!r} is neither a device, a statement, a comment nor a continuation")


def _word(line: str) -> str:
    """The statement of a line, in lower case; with what is glued to it, except a parenthesis."""
    word = re.match(r"[^\s(]*", line)
    return word[0].lower() if word else ""


def _subcircuit_parameters(line: str) -> frozenset[str]:
    words = line.lower().split(None, 2)
    return frozenset(_PARAMETER.findall(_COMMENT.sub("", words[2]))) if len(words) > 2 else frozenset()


def _events(line: str, number: int, says: int) -> Iterator[_Event]:
    """What a logical line defines, reads or sets; ``says`` is a hash of it."""
    word = _word(line)
    rest = line[len(word) :]
    if not word.startswith("."):
        yield _Event("device", number, word)
    elif word in _OPTIONS:
        for option in _OPTION.finditer(_COMMENT.sub("", rest)):
            if option[1].lower() not in MODEL_OPTIONS:
                raise _RefusedError(number, f"a model file may not set the option '{option[1]}', which the bench sets")
            yield _Event("option", number, option[0].lower())
    elif word in _DEFINING:
        name = _NAME.match(rest)
        if name is None:
            raise _RefusedError(number, f"this {word} line names nothing")
        if _DEFINING[word] == "model":
            kind = [part.lower() for part in re.split(r"[\s(]+", rest.strip())][1:2]
            if kind and kind[0] in _NUMERICAL:
                raise _RefusedError(
                    number, f"a model file may not hold a model of kind '{kind[0]}', which reads and writes files"
                )
        yield _Event(_DEFINING[word], number, name[1].lower(), says)
    elif word in (".param", ".params"):
        for parameter in _ASSIGNED.finditer(_EXPRESSION.sub("0", _COMMENT.sub("", rest))):
            yield _Event("func" if parameter[2] else "param", number, parameter[1].lower(), says)
    elif word == ".global":
        for node in _COMMENT.sub("", rest).lower().split():
            yield _Event("global", number, node)
    elif word in _BRACKETS:
        yield _Event(_BRACKETS[word], number)
    elif word in INCLUDES or word == ".lib":
        yield _reads(word, rest, number)


def _reads(word: str, rest: str, number: int) -> _Event:
    text = rest if rest.lstrip().startswith(("$", '"', "'")) else _COMMENT.sub("", rest)
    first = _QUOTED.match(text.lstrip())
    after = [] if first is None else _COMMENT.sub("", text.lstrip()[first.end() :]).split()
    if first is None or len(after) > (word == ".lib"):
        form = ".lib FILE SECTION or .lib SECTION" if word == ".lib" else f"{word} FILE"
        raise _RefusedError(number, f"give it as {form}")
    name = first[0].strip("\"'")
    if word != ".lib":
        return _Event("include", number, name)
    return _Event("lib", number, name, after[0].strip("\"'").lower()) if after else _Event("section", number, name.lower())
