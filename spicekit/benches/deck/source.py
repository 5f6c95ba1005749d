"""A netlist file as it is read: its statements with their places, its subcircuits, and those of the files that it includes.

What may stand in it is what may stand in a model file (:mod:`spicekit.model_text`), and besides analyses, ``.meas`` and what says
where a solution starts and what is written of it.  A ``.control`` block is refused: it is a program, with ``shell`` in it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from spicekit import inputs, model_file, model_text
from spicekit.analysis import OPTIONS
from spicekit.errors import UserError, unknown
from spicekit.paths import user_path

ANALYSES = ("op", "dc", "tran", "ac", "noise")
MEASURES = frozenset({".meas", ".measure"})
OUTPUT = frozenset({".save", ".print", ".plot", ".four", ".width"})
STATEMENTS = frozenset({*(f".{name}" for name in ANALYSES), *MEASURES, *OUTPUT, ".ic", ".nodeset", ".temp"})
# of ngspice's options those that neither run nor write anything: of the solver, of the circuit, and some that it ignores
_OPTIONS = OPTIONS | model_text.MODEL_OPTIONS | {
    "temp", "method", "savecurrents", "trytocompact", "sparse", "klu", "acct", "noacct", "noinit", "nopage", "nomod", "list",
    "node", "opts", "post", "probe", "numdgt", "autostop", "interp", "warn", "maxwarns", "oldlimit",
}  # fmt: skip
COMMENT = re.compile(r"(^|\s)\$.*|;.*|(^|\s)//.*")
_ASSIGNED = re.compile(r"([A-Za-z_][\w.#@]*)\s*=\s*('[^']*'|\{[^{}]*\}|\"[^\"]*\"|[^\s=,()]+(?:\([^()]*\))?)")
_GOES_ON = re.compile(r"\s*[-+*/^?:<>&|!%].*")
_DRAWN = re.compile(r"\b(agauss|gauss|aunif|unif|limit)\s*\(", re.IGNORECASE)
_DIRECTIVE = re.compile(r"\*+\s*spicekit\s+(.*)", re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """A logical line: continuations joined, without comments."""

    file: Path
    first: int  # physical lines, counted from 1
    last: int
    text: str

    @property
    def place(self) -> str:
        return f"{self.file}:{self.first}"

    @property
    def word(self) -> str:
        """Its first word in lower case."""
        return self.text.split(None, 1)[0].lower()

    def words(self) -> tuple[list[str], dict[str, str]]:
        """Its plain words, and what it assigns (``w=1u``; names in lower case, braces and quotes taken off)."""
        given = {match[1].lower(): self._value(match) for match in _ASSIGNED.finditer(self.text)}
        plain = _ASSIGNED.sub(" ", self.text).split()
        return [word for word in plain if word.lower() not in ("params:", "param:")], given

    def _value(self, match: re.Match[str]) -> str:
        """What is assigned; with what follows, if that makes an expression of it (``a = 2 * 3``)."""
        more = _GOES_ON.match(self.text, match.end())
        return (match[2] + more[0]).strip() if more else match[2].strip("'\"{}").strip()


@dataclass(frozen=True)
class Subcircuit:
    """A definition: its lines, between header and end."""

    name: str  # in lower case
    header: Statement
    body: tuple[Statement, ...]
    lines: tuple[str, ...]  # of its file, all
    ends: int  # physical line of its .ends
    outside: bool  # of a file that the netlist includes
    nested: bool  # holds definitions of its own

    @property
    def ports(self) -> list[str]:
        return [word.lower() for word in self.header.words()[0][2:]]

    @property
    def parameters(self) -> dict[str, str]:
        return self.header.words()[1]


@dataclass(frozen=True)
class Source:
    """A netlist file."""

    path: Path
    lines: tuple[str, ...]  # physical, up to .end
    top: tuple[Statement, ...]  # outside of subcircuits
    subcircuits: Mapping[str, Subcircuit]  # its own and those of included files
    models: frozenset[str]  # names, in lower case, of the models that it or an included file defines
    includes: Mapping[int, str]  # physical line -> the line with the file's absolute path
    directives: tuple[tuple[int, str], ...]  # comments that speak to us: line, what stands after `spicekit`
    drawn: bool  # holds functions that ngspice draws by itself
    given_later: Mapping[str, int]  # parameters that an included file gives: name -> the last physical line that includes one


@dataclass
class _Found:
    subcircuits: dict[str, Subcircuit] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)
    parameters: set[str] = field(default_factory=set)  # outside of subcircuits
    drawn: bool = False


def read_source(path: Path) -> Source:
    """The netlist in ``path``.  Raises :class:`UserError`, with file and line, for what cannot be read or may not stand in it."""
    lines = _text(path)
    statements = list(_statements(path, lines))
    ends = next((statement.first for statement in statements if statement.word == ".end"), len(lines) + 1)
    behind = next((statement for statement in statements if statement.first > ends), None)
    if behind:  # ngspice 39 takes it for a part of the circuit, other versions do not
        raise UserError(f"{behind.place}: this stands behind .end, where versions of ngspice differ: take it out, or .end")
    statements = [statement for statement in statements if statement.first < ends]
    found, includes = _Found(drawn=any(_DRAWN.search(statement.text) for statement in statements)), {}
    later: dict[str, int] = {}
    top, own = _levels(path, lines, statements, outside=False)
    found.models |= {_named(s) for s in statements if s.word == ".model"}
    for statement in statements:
        _check(statement)
        if statement.word in model_text.INCLUDES or statement.word == ".lib":
            target, section = included(statement)
            includes[statement.first] = f'.lib "{target}" {section}' if section else f'.include "{target}"'
            model_file.model_stamps(target, statement.place)
            found.parameters.clear()
            _follow(target, section, found, statement.place, 0)
            later |= dict.fromkeys(found.parameters, statement.first)
    directives = [
        (number, match[1].strip())
        for number, line in enumerate(lines[: ends - 1], 1)
        if (match := _DIRECTIVE.match(line.strip()))
    ]
    return Source(
        path, lines[: ends - 1], tuple(top), found.subcircuits | own, frozenset(found.models), includes, tuple(directives),
        found.drawn, later,
    )  # fmt: skip


def read_library(path: Path, section: str | None, origin: str) -> tuple[dict[str, Subcircuit], frozenset[str]]:
    """The subcircuits and the names of models that ``section`` of a model file, or the whole of it, defines."""
    found = _Found()
    _follow(path, section, found, origin, 0)
    return found.subcircuits, frozenset(found.models)


def included(statement: Statement) -> tuple[Path, str]:
    """The file that an ``.include`` or ``.lib`` line names, which must be there, and the section."""
    events = list(model_text.events_of(statement.text, statement.first, statement.file, "the netlist"))
    event = events[0]
    if event.kind == "section":
        raise UserError(f"{statement.place}: a netlist has no sections: give .lib FILE SECTION")
    name = os.path.expandvars(event.name)
    if "$" in name:
        raise UserError(f"{statement.place}: '{event.name}': this environment variable is not set")
    target = statement.file.parent / user_path(name)
    if not target.is_file():
        raise UserError(f"{statement.place}: it includes {target}, which is not a file")
    return target.resolve(), str(event.text)


def _text(path: Path) -> tuple[str, ...]:
    try:
        raw = inputs.read(path)
    except OSError as error:
        raise UserError(f"netlist {path}: {error.strerror}") from None
    odd = model_text.CONTROL_CHARACTERS.search(raw)
    if odd or raw.startswith(b"\xef\xbb\xbf"):
        number, what = (raw.count(b"\n", 0, odd.start()) + 1, repr(odd[0].decode())) if odd else (1, "a byte order mark")
        raise UserError(f"{path}:{number}: not a plain text file: it holds {what}")
    try:
        return tuple(raw.decode().replace("\r\n", "\n").split("\n"))
    except UnicodeDecodeError as error:
        number = raw.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path}:{number}: not UTF-8") from None


def _statements(path: Path, lines: Iterable[str], titled: bool = True) -> Iterator[Statement]:
    """The logical lines, without a title.  Raises :class:`UserError` for a line that may not stand in a netlist."""
    start = last = 0
    logical = ""
    for number, physical in enumerate(lines, 1):
        line = physical.strip(" \t")
        if re.match(r"\*\s*ng_script", line, re.IGNORECASE):
            raise UserError(f"{path}:{number}: '*ng_script' makes ngspice take a file for commands; take it out")
        if number == 1 and titled:
            continue
        if line.lower().startswith((".control", ".endc")):
            raise UserError(
                f"{path}:{number}: a .control block is refused: it is a program, with shell among its commands, "
                "that no campaign can follow; write the analysis as .tran, .dc, .ac, .noise or .op and what you look at as .meas"
            )
        continued = line.startswith("+")
        model_text.look_at(line, number, path, continued, STATEMENTS)
        if continued and start:
            logical, last = f"{logical} {COMMENT.sub('', line[1:])}", number
        elif line and line[0] not in "*$;" and not line.startswith("//"):
            if start:
                yield Statement(path, start, last, logical)
            start = last = number
            logical = COMMENT.sub("", line).strip()
    if start:
        yield Statement(path, start, last, logical)


def _levels(
    path: Path, lines: tuple[str, ...], statements: Iterable[Statement], *, outside: bool
) -> tuple[list[Statement], dict[str, Subcircuit]]:
    """The statements outside of subcircuits, and the subcircuits."""
    top: list[Statement] = []
    found: dict[str, Subcircuit] = {}
    opened: list[tuple[Statement, list[Statement], list[bool]]] = []
    for statement in statements:
        if statement.word in (".subckt", ".macro"):
            for _, _, holds in opened:
                holds[0] = True
            opened.append((statement, [], [False]))
        elif statement.word in (".ends", ".eom"):
            if not opened:
                raise UserError(f"{statement.place}: this .ends closes no subcircuit")
            header, body, nested = opened.pop()
            if not opened:
                name = _named(header)
                if name in found:
                    raise UserError(f"{header.place}: .subckt '{name}' stands at {found[name].header.place} already")
                found[name] = Subcircuit(name, header, tuple(body), lines, statement.first, outside, nested[0])
        elif opened:
            opened[-1][1].append(statement)
        else:
            top.append(statement)
    if opened:
        raise UserError(f"{opened[-1][0].place}: this .subckt has no .ends")
    return top, found


def _named(statement: Statement) -> str:
    words = statement.text.split(None, 2)
    if len(words) < 2:
        raise UserError(f"{statement.place}: this {words[0]} line names nothing")
    return words[1].lower()


def _check(statement: Statement) -> None:
    """Raises :class:`UserError` for what a model file may not define either, and for options that are none of the solver's."""
    if statement.word in (".option", ".options"):
        for word in re.sub(r"\s*=\s*", "=", statement.text).split()[1:]:
            name = word.partition("=")[0].strip(",").lower()
            if name not in _OPTIONS:
                raise UserError(f"{statement.place}: {unknown('option', name, _OPTIONS)}")
    elif statement.word.startswith(".") and statement.word not in STATEMENTS:
        list(model_text.events_of(statement.text, statement.first, statement.file, "the netlist"))


def _follow(path: Path, section: str | None, found: _Found, origin: str, depth: int) -> None:
    """Take what ``section`` of a file, or the whole of it, and what that reads, defines."""
    if depth > model_file.MOST_DEEP:
        raise UserError(f"{path}: included files may be {model_file.MOST_DEEP} deep, not more (given by {origin})")
    lines, statements = _library(str(path))
    chosen: list[Statement] = []
    current: str | None = None
    for statement in statements:
        if statement.word == ".lib" and len(statement.text.split()) == 2:
            current = statement.text.split()[1].strip("'\"").lower()
        elif statement.word == ".endl":
            current = None
        elif not section or current == section.lower():
            chosen.append(statement)
    outer, parts = _levels(path, lines, chosen, outside=True)
    found.parameters |= {name for s in outer if s.word in (".param", ".params") for name in s.words()[1]}
    found.subcircuits |= {name: part for name, part in parts.items() if name not in found.subcircuits}
    for statement in chosen:
        if statement.word == ".model":
            found.models.add(_named(statement))
        elif statement.word in model_text.INCLUDES or statement.word == ".lib":
            target, inner = included(statement)
            _follow(target, inner, found, origin, depth + 1)
    found.drawn |= any(_DRAWN.search(statement.text) for statement in chosen)


@inputs.cached
def _library(path: str) -> tuple[tuple[str, ...], tuple[Statement, ...]]:
    lines = tuple(inputs.read(Path(path)).decode("latin-1").replace("\r\n", "\n").split("\n"))
    return lines, tuple(_statements(Path(path), lines, titled=False))
