"""The text of a model file: which lines it may hold, and what each of them begins, ends, defines or reads.

A model file is a foundry's or a stranger's text that ngspice reads by itself, and ngspice's reader takes more than models:
``.control`` blocks and ``*#`` lines are commands, ``shell`` among them, and it knows a line by how it begins (``.control!``,
``.inc! x`` and ``.libx y tt`` work like the words they begin with).  So every physical line is looked at, and one that is not
known to be a model's is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from spicekit.errors import UserError

INCLUDES = frozenset({".inc", ".incl", ".include", ".includes"})
_MODELS = frozenset(
    {".model", ".subckt", ".ends", ".macro", ".eom", ".param", ".params", ".func", ".global", ".lib", ".endl", ".if", ".elseif"}
    | {".else", ".endif", ".end", ".title", ".prot", ".protect", ".unprot", ".unprotect"}
)
_OPTIONS = frozenset({".option", ".options"})
# the models', and a word of Xyce's before them; all else (tolerances, iterations, temperature, seed) is the bench's
MODEL_OPTIONS = frozenset({"scale", "scalm", "tnom", "wnflag", "defl", "defw", "defad", "defas", "parhier", "badmos3", "parser"})
_DEFINING = {".model": "model", ".subckt": "subckt", ".macro": "subckt", ".func": "func"}
_BRACKETS = {".ends": "ends", ".eom": "ends", ".if": "if", ".elseif": "else", ".else": "else", ".endif": "endif", ".endl": "endl"}
_NUMERICAL = frozenset({"numd", "nbjt", "numos"})  # CIDER's device simulator, which reads and writes files
CONTROL_CHARACTERS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
COMMENT = re.compile(r"(^|\s)\$.*|;.*|(^|\s)//.*")
_QUOTED = re.compile(r"\"[^\"]+\"|'[^']+'|[^\s\"'=]+")
_PARAMETER = re.compile(r"([a-z_]\w*)\s*=")
_NAME = re.compile(r"\s+([^\s(),={}'\"]+)")
_EXPRESSION = re.compile(r"'[^']*'|\"[^\"]*\"|\{[^{}]*\}")
_ASSIGNED = re.compile(r"([a-z_][\w.$#@!]*)\s*(\([^()]*\))?\s*=(?!=)", re.I)
_OPTION = re.compile(r"([a-z_]\w*)\s*(=\s*[^\s,]+)?", re.I)
# ngspice's functions of chance in parameters
_RANDOM = re.compile(r"(?<![\w.])(agauss|gauss|aunif|unif|limit)\s*\([^()]*\)?", re.I)


class Event(NamedTuple):
    """What one logical line of a file begins, ends, defines or reads."""

    kind: str  # as of spicekit.model_file.Definition; ends, device, if, else, endif, section, endl, include, lib
    number: int
    name: str = ""  # in lower case, except a file's
    text: str | int = ""  # of lib: the section; of a definition: a hash of what it says


class Content(NamedTuple):
    events: tuple[Event, ...]
    subcircuits: tuple[tuple[str, frozenset[str]], ...]  # name and its parameters, in lower case
    terminals: tuple[tuple[str, tuple[str, ...]], ...]  # of these, in lower case

    @property
    def sections(self) -> frozenset[str]:
        return frozenset(event.name for event in self.events if event.kind == "section")

    @property
    def includes(self) -> list[Event]:
        return [event for event in self.events if event.kind in ("include", "lib")]


def content(raw: bytes, path: Path, origin: str) -> Content:
    """What the text ``raw`` of the file ``path`` holds.

    Raises :class:`UserError` for one that is no plain text or holds anything but models; ``origin`` names the key that gave it.
    """
    odd = CONTROL_CHARACTERS.search(raw)
    if odd or raw.startswith(b"\xef\xbb\xbf"):
        number, what = (raw.count(b"\n", 0, odd.start()) + 1, repr(odd[0].decode())) if odd else (1, "a byte order mark")
        raise UserError(f"{path}:{number}: not a plain text file: it holds {what} (given by {origin})")
    events: list[Event] = []
    parts: list[tuple[str, set[str]]] = []
    terminals: list[tuple[str, tuple[str, ...]]] = []
    opened: list[tuple[int, int]] = []  # subcircuits: which event, and a hash of what they hold so far
    within: list[int] = []  # the same: which part
    try:
        for number, line in _logical(raw.decode("latin-1").replace("\r\n", "\n").split("\n")):
            says = hash(" ".join(line.lower().split()))
            for event in _events(line, number, says):
                if event.kind == "subckt":
                    within.append(len(parts))
                    parts.append((event.name, set(_subcircuit_parameters(line))))
                    plain = re.split(r"\bparams:|\S+\s*=", COMMENT.sub("", line).lower(), maxsplit=1)[0]
                    terminals.append((event.name, tuple(plain.split()[2:])))
                    opened.append((len(events), 0))
                elif event.kind == "ends" and opened:
                    which, held = opened.pop()
                    events[which] = events[which]._replace(text=hash((events[which].text, held)))
                    within.pop()
                elif event.kind == "param" and within:  # an instance gives these too, as SKY130's devices have their sizes
                    parts[within[-1]][1].add(event.name)
                elif event.kind == "device" and (opened or (events and events[-1].kind == "device")):
                    continue  # says nothing more
                events.append(event)
            if opened:
                opened[-1] = (opened[-1][0], hash((opened[-1][1], says)))
    except _RefusedError as error:
        raise UserError(f"{path}:{error.number}: {error} (given by {origin})") from None
    return Content(tuple(events), tuple((name, frozenset(own)) for name, own in parts), tuple(terminals))


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


def events_of(line: str, number: int, path: Path, origin: str) -> Iterator[Event]:
    """What a logical line of the netlist ``path`` defines or reads."""
    try:
        yield from _events(line, number, 0)
    except _RefusedError as error:
        raise UserError(f"{path}:{error.number}: {str(error).replace('a model file', origin)}") from None


def _look(line: str, number: int, continued: bool, also: frozenset[str] = frozenset()) -> None:
    """Whether ngspice may see this physical line, whatever it makes of the lines around it."""
    if _commands(line) or line.lower().startswith(".control"):
        raise _RefusedError(number, "a model file may not hold a .control block or *# line")
    if line.startswith("."):
        word = _word(line)
        if word not in INCLUDES | _MODELS | _OPTIONS | also:
            raise _RefusedError(number, f"a model file may not hold '{word[:20]}', which is no statement of a model")
    elif line[:1] in ("a", "A") and not continued:
        raise _RefusedError(number, "a model file may not hold an A device: XSPICE's code models can read files and run programs")
    elif line and not continued and not (line[0] in "*$;" or line.startswith("//") or (line[0].isascii() and line[0].isalpha())):
        raise _RefusedError(number, f"{line[:20]!r} is neither a device, a statement, a comment nor a continuation")


def _commands(line: str) -> bool:
    """Whether ngspice takes a line for commands, as it does after ``*#``.

    With another # before them they are a comment, and a rule of * and # says nothing; what would part or nest commands, were
    they any, is not let through.
    """
    return line.startswith("*#") and bool(line.strip("*#")) and (line[2] != "#" or bool(set(line) & set(";`")))


def _word(line: str) -> str:
    """The statement of a line, in lower case; with what is glued to it, except a parenthesis."""
    word = re.match(r"[^\s(]*", line)
    return word[0].lower() if word else ""


def _subcircuit_parameters(line: str) -> frozenset[str]:
    words = line.lower().split(None, 2)
    return frozenset(_PARAMETER.findall(COMMENT.sub("", words[2]))) if len(words) > 2 else frozenset()


def _events(line: str, number: int, says: int) -> Iterator[Event]:
    """What a logical line defines, reads or sets; ``says`` is a hash of it."""
    word = _word(line)
    rest = line[len(word) :]
    if call := _RANDOM.search(COMMENT.sub("", line)):
        yield Event("random", number, " ".join(call[0].lower().split())[:60])
    if not word.startswith("."):
        yield Event("device", number, word)
    elif word in _OPTIONS:
        for option in _OPTION.finditer(COMMENT.sub("", rest)):
            if option[1].lower() not in MODEL_OPTIONS:
                raise _RefusedError(number, f"a model file may not set the option '{option[1]}', which the bench sets")
            yield Event("option", number, option[0].lower())
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
        yield Event(_DEFINING[word], number, name[1].lower(), says)
    elif word in (".param", ".params"):
        for parameter in _ASSIGNED.finditer(_EXPRESSION.sub("0", COMMENT.sub("", rest))):
            yield Event("func" if parameter[2] else "param", number, parameter[1].lower(), says)
    elif word == ".global":
        for node in COMMENT.sub("", rest).lower().split():
            yield Event("global", number, node)
    elif word in _BRACKETS:
        yield Event(_BRACKETS[word], number)
    elif word in INCLUDES or word == ".lib":
        yield _reads(word, rest, number)


def _reads(word: str, rest: str, number: int) -> Event:
    text = rest if rest.lstrip().startswith(("$", '"', "'")) else COMMENT.sub("", rest)
    first = _QUOTED.match(text.lstrip())
    after = [] if first is None else COMMENT.sub("", text.lstrip()[first.end() :]).split()
    if first is None or len(after) > (word == ".lib"):
        if text.count("'") % 2 or text.count('"') % 2:
            raise _RefusedError(number, f"a quote is not closed: {word}{rest[:60]}")
        form = ".lib FILE SECTION or .lib SECTION" if word == ".lib" else f"{word} FILE"
        raise _RefusedError(number, f"give it as {form}")
    name = first[0].strip("\"'")
    if word != ".lib":
        return Event("include", number, name)
    return Event("lib", number, name, after[0].strip("\"'").lower()) if after else Event("section", number, name.lower())
