"""The model files of a technology: which files they read, their sections, and what a netlist gets from them.

What a line may hold is :mod:`spicekit.model_text`'s to say.
"""

from __future__ import annotations

import functools
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, overload

from spicekit import inputs
from spicekit.errors import UserError
from spicekit.model_text import Content, Event, content
from spicekit.paths import user_path

MOST_DEEP, MOST_FILES = 100, 10_000  # ngspice holds each on its stack, and dies of some hundreds


SCALED = re.compile(r"scale\s*=\s*(?!(1|1\.0*|1\.?0*e[+-]?0+)$).*")  # an option that changes the sizes of devices


class Stamp(NamedTuple):
    """A model file as it was when it was looked at."""

    path: Path
    size: int
    changed: int  # ns
    inode: int


class Definition(NamedTuple):
    """What a netlist gets from a library: a name that holds in the whole netlist, or an option."""

    kind: str  # subckt, model, param, func, global, option; random: a number that is drawn when the library is read
    name: str  # in lower case; of random: the call
    place: str  # FILE:LINE


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
            events = _content(found[file], origin).includes
            # ngspice looks for the library of a section when it takes that section, for what is included in any case
            targets = [
                (event, target)
                for event in events
                if (target := _target(file, event, origin, needed=event.kind == "include")) is not None
            ]
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


def terminals(files: Iterable[Stamp], origin: str) -> set[tuple[str, tuple[str, ...]]]:
    """The subcircuits in ``files`` with the names of their terminals, all in lower case; of any section."""
    return {found for file in files for found in _content(file, origin).terminals}


def definitions(
    files: Iterable[Stamp], roots: Iterable[tuple[Path, str | None]], origin: str, with_sections: bool = True
) -> tuple[Definition, ...]:
    """What a netlist gets that reads ``roots``, each a file and its section, or None for the whole of it; ``files`` are all that
    are read.

    ngspice takes the first of two definitions of a name without a word and adds a device to the
    circuit: :class:`UserError` for either, and for sections, subcircuits and conditions that are missing or do not end.  In
    dialects that are not ``with_sections``, ``.lib`` is another word for ``.include``.
    """
    taken = tuple((path, section and section.lower()) for path, section in roots)
    return _definitions(tuple(files), taken, origin, with_sections)


@functools.lru_cache(maxsize=256)
def _definitions(
    files: tuple[Stamp, ...], roots: tuple[tuple[Path, str | None], ...], origin: str, with_sections: bool
) -> tuple[Definition, ...]:
    reading = _Reading({file.path: file for file in files}, origin, with_sections)
    for path, section in roots:
        reading.read(path, section, ())
    return reading.finished()


class _Reading:
    """One pass over what ngspice reads, in its order."""

    def __init__(self, files: Mapping[Path, Stamp], origin: str, with_sections: bool) -> None:
        self._files = files
        self._origin = origin
        self._with_sections = with_sections
        self._found: list[Definition] = []
        self._known: dict[tuple[object, ...], list[tuple[Event, str, dict[str, int]]]] = {}
        self._scope: list[tuple[str, str]] = []  # subcircuits that are open, and where they began
        self._branches: dict[str, int] = {}  # conditions that are open, by where they began -> which of their branches
        self._reads = 0

    def read(self, path: Path, section: str | None, above: tuple[tuple[Path, str | None], ...]) -> None:
        """Take ``section`` of a file, or the whole of it, and what that reads; ``above`` are those that led here."""
        self._reads += 1
        if len(above) > MOST_DEEP or self._reads > MOST_FILES:
            raise UserError(f"{path}: too many files in files: {self._reads} read, {len(above)} deep (given by {self._origin})")
        current: Event | None = None
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

    def _section(self, path: Path, event: Event, section: str | None, current: Event | None) -> Event | None:
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

    def _take(self, path: Path, event: Event, above: tuple[tuple[Path, str | None], ...]) -> None:
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
        elif kind == "random":
            self._found.append(Definition(kind, name, place))
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

    def _follow(self, path: Path, event: Event, above: tuple[tuple[Path, str | None], ...]) -> None:
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

    def _define(self, path: Path, event: Event, place: str) -> None:
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

    def _refused(self, path: Path, event: Event, reason: str) -> UserError:
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


@overload
def _target(path: Path, event: Event, origin: str) -> Path: ...
@overload
def _target(path: Path, event: Event, origin: str, needed: bool) -> Path | None: ...
def _target(path: Path, event: Event, origin: str, needed: bool = True) -> Path | None:
    """The file that a line of the file ``path`` reads; None for one that is not there, unless it is ``needed``."""
    name = event.name
    if name.startswith("$"):
        raise UserError(
            f"{path}:{event.number}: a file named by an environment variable ({name}) is not followed (given by {origin})"
        )
    target = path.parent / user_path(name)
    if not target.exists():  # ngspice would look for it elsewhere, unchecked
        if not needed:
            return None
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
def _content(stamp: Stamp, origin: str) -> Content:
    try:
        raw = stamp.path.read_bytes()
    except OSError as error:
        raise UserError(f"{origin}: cannot read model file {stamp.path}: {error.strerror}") from None
    return content(raw, stamp.path, origin)
