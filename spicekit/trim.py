"""A foundry's library cut down to the devices that a technology names, with its statistics as parameters.

ngspice reads all of a library and keeps it, hundreds of bins of dozens of devices, and does so again for every netlist.  What is
written here is, of each corner, a section with the devices and what they refer to.

ngspice evaluates ``agauss`` and ``gauss`` whenever it reads a library, so that a trial could not be repeated, and two copies of
one transistor would be two transistors.  Here each call is the nominal value plus so many sigmas, ``agauss(a, b, c)`` is
``a + b/c * mm_1``: within a subcircuit a parameter of it, which every instance gives (local: mismatch), outside a parameter of
the library (global: process).  The technology file says which (``[corners.NAME.statistics]``), and the benches make variation
points of them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spicekit.draws import changes
from spicekit.errors import UserError
from spicekit.library_lines import Line, assignments, identifiers, used_lines
from spicekit.technology import Technology
from spicekit.units import parse_value

LOCAL, GLOBAL = "mm", "process"  # what the names of parameters begin with
_GROUP = re.compile(r"\{[^{}]*\}|'[^']*'|\"[^\"]*\"")
_DRAW = re.compile(r"(?<![\w.])(agauss|gauss)\s*\(", re.IGNORECASE)
_BIN = re.compile(r"\.model\s+(\S+?)\.\d+\s", re.IGNORECASE)
_LIMIT = re.compile(r"(?<![\w.])(lmin|lmax|wmin|wmax)\s*=\s*([^\s()]+)", re.IGNORECASE)
_EDGE = 1e-6  # of a bin's, relative: figures of six digits


@dataclass(frozen=True)
class Trimmed:
    """One corner of a trimmed library."""

    lines: list[str]
    local: dict[str, list[str]]  # role -> parameters of its subcircuit that are draws at work
    globals: list[str]


@dataclass
class _Item:
    """One thing that a library defines at the top, or a line that is kept in any case."""

    names: tuple[str, ...]  # by which it is referred to, in lower case; of none it is kept
    lines: list[Line]
    mentions: set[str] = field(default_factory=set)


def trimmed(technology: Technology, corner: str, sizes: Sequence[tuple[float, float]] = ()) -> Trimmed:
    """``corner`` of the library of ``technology``; of the bins of a model those of ``sizes``, (W, L) in metres, or all.

    Raises :class:`UserError` for a corner without a library, for a size that has no bin, and for draws that are not of the normal
    distribution.
    """
    if not technology.model_files(corner):
        raise UserError(f"{technology.file}: corners.{corner} has no file: there is no library to trim")
    origin = f"{technology.file}: corners.{corner}.file"
    wanted = {device.name.lower() for device in technology.devices.values()}
    kept = _kept(_items(used_lines(technology.roots(corner), origin)), wanted)
    if sizes:
        _check_bins(kept, sizes, technology)
    writer = _Writer(kept, sizes)
    text = writer.text()
    return Trimmed(text, *_at_work(technology, corner, text, writer, sizes))


def _items(lines: Iterable[Line]) -> list[_Item]:
    found: list[_Item] = []
    inside: list[Line] = []
    depth = 0
    for line in lines:
        depth += (line.word in (".subckt", ".macro")) - (line.word in (".ends", ".eom"))
        if depth or inside:
            inside.append(line)
            if not depth:
                found.append(_Item((inside[0].text.split()[1].lower(),), inside))
                inside = []
        elif line.word in (".param", ".params"):
            rest = line.text.split(None, 1)[1]
            found += [_Item((name,), [Line(f".param {text}", line.place)]) for name, text in assignments(rest)]
        elif line.word == ".model":
            name = line.text.split()[1].lower()
            found.append(_Item((name, re.sub(r"\.\d+$", "", name)), [line]))
        elif line.word == ".func":
            found.append(_Item((re.split(r"[\s(]+", line.text)[1].lower(),), [line]))
        else:
            found.append(_Item((), [line]))
    for item in found:
        item.mentions = set().union(*(identifiers(line.text) for line in item.lines))
    return found


def _kept(items: list[_Item], wanted: set[str]) -> list[_Item]:
    """The items that ``wanted`` names refer to, at whatever remove, and those without a name, in their order."""
    by_name: dict[str, list[_Item]] = {}
    for item in items:
        for name in item.names:
            by_name.setdefault(name, []).append(item)
    chosen = {id(item) for item in items if not item.names}
    waiting = set(wanted).union(*(item.mentions for item in items if not item.names))
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        for item in by_name.get(name, ()):
            if id(item) not in chosen:
                chosen.add(id(item))
                waiting |= item.mentions - seen
    return [item for item in items if id(item) in chosen]


def _limits(text: str) -> dict[str, float]:
    """The edges of a bin, in metres; none if they are not all there as numbers."""
    found = {}
    for name, value in _LIMIT.findall(text):
        try:
            found[name.lower()] = parse_value(value.strip("'{}"))
        except UserError:
            return {}
    return found if len(found) == 4 else {}


def _in_bin(text: str, sizes: Sequence[tuple[float, float]]) -> bool:
    """Whether a .model is of one of ``sizes``, or is no bin."""
    edge = _limits(text) if _BIN.match(text) else {}
    if not edge or not sizes:
        return True
    return any(
        edge["wmin"] * (1 - _EDGE) <= width <= edge["wmax"] * (1 + _EDGE)
        and edge["lmin"] * (1 - _EDGE) <= length <= edge["lmax"] * (1 + _EDGE)
        for width, length in sizes
    )


def _check_bins(kept: list[_Item], sizes: Sequence[tuple[float, float]], technology: Technology) -> None:
    """Raise :class:`UserError` for a size of which no model has a bin: the trimmed library would not know it."""
    models = [line.text for item in kept for line in item.lines if _BIN.match(line.text) and _limits(line.text)]
    for width, length in sizes:
        if models and not any(_in_bin(text, [(width, length)]) for text in models):
            raise UserError(f"{technology.file}: no model has a bin for W = {width * 1e6:g} um, L = {length * 1e6:g} um")


class _Writer:
    """The text of a trimmed library, in which every draw has become a parameter."""

    def __init__(self, kept: list[_Item], sizes: Sequence[tuple[float, float]]) -> None:
        self._kept, self._sizes = kept, sizes
        known = set().union(*(item.mentions for item in kept))
        self._local, self._global = (_unused(prefix, known) for prefix in (LOCAL, GLOBAL))
        self._subcircuits = {item.names[0]: item for item in kept if item.names and item.lines[0].word in (".subckt", ".macro")}
        self._written: dict[str, tuple[list[str], int]] = {}
        self.globals = 0

    def text(self) -> list[str]:
        found: list[str] = []
        for item in self._kept:
            name = item.names[0] if item.names else ""
            if self._subcircuits.get(name) is item:
                found += self._subcircuit(name)[0]
            elif item.lines[0].word != ".model" or _in_bin(item.lines[0].text, self._sizes):
                text, self.globals = _without_draws(item.lines[0], self._global, self.globals)
                found.append(text)
        return [*(f".param {name}=0" for name in self.global_names()), *found]

    def local_names(self, subcircuit: str) -> list[str]:
        """Parameters of a subcircuit that stand for a draw."""
        count = self._subcircuit(subcircuit.lower())[1] if subcircuit.lower() in self._subcircuits else 0
        return [f"{self._local}_{k}" for k in range(1, count + 1)]

    def global_names(self) -> list[str]:
        return [f"{self._global}_{k}" for k in range(1, self.globals + 1)]

    def _subcircuit(self, name: str) -> tuple[list[str], int]:
        """Its lines, and how many draws an instance of it has: its own and those of the subcircuits that it holds.

        Bins of one model, and the branches of an .if, count from the same number: one of them is at work.
        """
        if name in self._written:
            return self._written[name]
        head, *body = self._subcircuits[name].lines
        lines: list[str] = []
        count = most = 0
        bins: dict[str, int] = {}
        branches: list[int] = []
        for line in body:
            if line.word == ".model" and not _in_bin(line.text, self._sizes):
                continue
            if line.word == ".if":
                branches.append(count)
            elif line.word in (".elseif", ".else") and branches:
                count = branches[-1]
            elif line.word == ".endif" and branches:
                branches.pop()
                count = most
            elif (model := _BIN.match(line.text)) is not None:
                count = bins.setdefault(model[1].lower(), count)
            text, count = _without_draws(line, self._local, count)
            if line.word[0] == "x":
                text, count = self._passed(text, count)
            most = max(most, count)
            if bins and line.word != ".model":
                count = most
            lines.append(text)
        given = "".join(f" {self._local}_{k}=0" for k in range(1, most + 1))
        self._written[name] = ([f"{head.text}{given}", *lines], most)
        return self._written[name]

    def _passed(self, line: str, count: int) -> tuple[str, int]:
        """An X line, with the draws of the subcircuit that it calls passed on."""
        called = next((word.lower() for word in line.split()[1:] if word.lower() in self._subcircuits), None)
        own = len(self.local_names(called)) if called else 0
        if not own:
            return line, count
        # ngspice takes a name on an X line for the parameter of the called subcircuit, once that has its value
        copies = " ".join(f"{self._local}_given_{count + k}={{{self._local}_{count + k}}}" for k in range(1, own + 1))
        words = " ".join(f"{self._local}_{k}={{{self._local}_given_{count + k}}}" for k in range(1, own + 1))
        return f".param {copies}\n{line} {words}", count + own


def _unused(prefix: str, known: set[str]) -> str:
    """``prefix``, with a number if names of the library begin so."""
    for number in itertools.count(1):
        name = prefix if number == 1 else f"{prefix}{number}"
        if not any(re.fullmatch(rf"{name}_\d+", other) for other in known):
            return name
    raise AssertionError


def _without_draws(line: Line, prefix: str, count: int) -> tuple[str, int]:
    """The line with a parameter in place of each draw, and how many there are by then."""
    text = line.text
    while (call := _DRAW.search(text)) is not None:
        arguments, end = _arguments(text, call.end())
        if len(arguments) != 3:
            raise UserError(f"{line.place}: {call[1]} with {len(arguments)} arguments; allowed: 3")
        count += 1
        nominal, spread, sigmas = arguments
        name = f"{prefix}_{count}"
        value = (
            f"(({nominal})+({spread})/({sigmas})*{name})"
            if call[1].lower() == "agauss"
            else f"(({nominal})*(1+({spread})/({sigmas})*{name}))"
        )
        text = f"{text[: call.start()]}{value}{text[end:]}"
    return (_whole(text) if line.word in (".param", ".params") and text != line.text else text), count


def _whole(text: str) -> str:
    """A .param line in which each value is one expression: of ``{a} + b*agauss(...)`` ngspice makes one only as it stands."""
    found = [definition.partition("=") for _, definition in assignments(text.split(None, 1)[1])]
    return ".param " + " ".join(f"{name}={{{_GROUP.sub(_in_parentheses, value.strip())}}}" for name, _, value in found)


def _in_parentheses(group: re.Match[str]) -> str:
    return f"({group[0][1:-1]})"


def _arguments(text: str, start: int) -> tuple[list[str], int]:
    """The arguments of a call whose parenthesis opens before ``start``, and where it ends."""
    depth, found, begin = 1, [], start
    for place in range(start, len(text)):
        depth += (text[place] == "(") - (text[place] == ")")
        if depth == 0 or (depth == 1 and text[place] == ","):
            found.append(text[begin:place].strip())
            begin = place + 1
        if depth == 0:
            return found, place + 1
    return found, len(text)


def _at_work(
    technology: Technology, corner: str, lines: list[str], writer: _Writer, sizes: Sequence[tuple[float, float]]
) -> tuple[dict[str, list[str]], list[str]]:
    """The draws that change a device: of each role, and of all."""
    settings = [f".param {name}={value!r}" for name, value in technology.set_params(corner).items()]
    text = "\n".join([*lines, *settings])
    tried = sizes or [(technology.w_min, technology.l_min)]

    def changed(role: str, names: list[str], common: bool) -> list[str]:
        def at_work(chosen: list[str]) -> bool:
            words = " ".join(f"{name}=1" for name in chosen)
            given, setting = ("", f".param {words}") if common else (words, "")
            return any(changes(technology, role, text, given, setting, size) for size in tried)

        if not names or not at_work(names):  # all at once: a section without statistics is soon known
            return []
        return [name for name in names if at_work([name])]

    local = {role: changed(role, writer.local_names(device.name), False) for role, device in technology.devices.items()}
    common = {name for role in technology.devices for name in changed(role, writer.global_names(), True)}
    return {role: names for role, names in local.items() if names}, [name for name in writer.global_names() if name in common]


def trimmed_technology(technology: Technology, library: Path, corners: dict[str, Trimmed]) -> str:
    """The text of a technology file of the trimmed ``library``, whose sections are ``corners``."""
    text, skipping = [], False
    for line in technology.file.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("["):
            skipping = re.match(r"\s*\[\s*corners\s*[.\]]", line) is not None
        if not skipping:
            text.append(line)
    while text and not text[-1].strip():
        text.pop()
    for name, corner in corners.items():
        text += ["", f"[corners.{name}]", f'file = "{library.name}"', f'section = "{name}"']
        own = technology.corners[name].params
        text += [f"params = {{ {', '.join(f'{key} = {value!r}' for key, value in own.items())} }}"] if own else []
        if corner.local or corner.globals:
            text += [f"[corners.{name}.statistics]  # standard normals: of each device on its own, and of all at once"]
            for role, names in corner.local.items():
                text.append(f"local.{role} = [{_quoted(names)}]")
            text += [f"global = [{_quoted(corner.globals)}]"] if corner.globals else []
    return "\n".join(text) + "\n"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def trimmed_library(technology: Technology, corners: dict[str, Trimmed]) -> str:
    """The text of the library."""
    names = ", ".join(device.name for device in technology.devices.values())
    lines = [f"* {technology.name}: only {names}, by `spicekit technology trim`"]
    for name, corner in corners.items():
        lines += [f".lib {name}", *itertools.chain.from_iterable(map(_folded, corner.lines)), f".endl {name}"]
    return "\n".join(lines) + "\n"


def _folded(line: str) -> Iterator[str]:
    """A logical line as physical ones of a size that can be read."""
    for whole in line.split("\n"):
        row: list[str] = []
        length = 0
        for word in whole.split():
            if length + len(word) > 120 and not _open(row):
                yield " ".join(row)
                row, length = ["+"], 1
            row.append(word)
            length += len(word) + 1
        yield " ".join(row)


def _open(row: list[str]) -> bool:
    """Whether a quote or brace is open at the end of ``row``."""
    text = " ".join(row)
    return text.count("'") % 2 == 1 or text.count('"') % 2 == 1 or text.count("{") != text.count("}")
