"""What a netlist holds: its devices down the hierarchy, as far as they can be varied, and the netlist with some of them changed.

ngspice itself says what the sizes are: it is asked for its listing of the expanded circuit, in which every parameter is a number.
A device at ``x1.xc.m1`` that differs from the others of its definition gets one of its own: the definitions on the way to it are
copied under new names.  What is not changed stays as the user wrote it.
"""

from __future__ import annotations

import functools
import math
import multiprocessing
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from spicekit.benches.deck.source import Source, Statement, Subcircuit
from spicekit.errors import SpicekitError, UserError
from spicekit.limit import LOADING, isolated
from spicekit.simulator import simulator
from spicekit.units import parse_value

# a number as ngspice reads it on all lines alike: letters behind the suffix are a unit; `a` and `mil` are not read alike
_NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(meg|[tgkmunpf])?[a-z]*", re.IGNORECASE)
JUNCTION = "mtj_"  # how the names of a library's junctions begin
JUNCTION_POINTS = {"ra": "dra", "tmr": "dtmr", "cd": "darea"}  # kind of point -> parameter of the subcircuit
MOST_DEEP, MOST_DEVICES = 100, 200_000
_UNITS = {"r": "ohm", "c": "F", "l": "H", "v": "V", "i": "A"}
_NAMES = {
    "b": "B sources", "d": "diodes", "e": "E sources", "f": "F sources", "g": "G sources", "h": "H sources", "j": "JFETs",
    "k": "coupled inductors", "q": "bipolar transistors", "s": "switches", "t": "lines", "w": "switches", "z": "MESFETs",
    "n": "compiled models", "o": "lines", "u": "lines", "y": "lines", "p": "lines",
}  # fmt: skip


@dataclass(frozen=True)
class Device:
    """What may be varied."""

    path: str  # "x1.xc.m1", in lower case
    kind: Literal["mosfet", "junction", "value"]
    statement: Statement
    sign: int = 0  # of a transistor: 1 for PMOS, -1 for NMOS
    kinds: tuple[str, ...] = ()  # of a junction: its variation points
    area: float = math.nan  # of a transistor, W L m in m2; NaN if it has no sizes
    letter: str = ""  # of a value: r, c, l, v, i
    nominal: float = math.nan

    @property
    def unit(self) -> str:
        return _UNITS[self.letter]


@dataclass
class Contents:
    """The devices of a netlist, and what of it is left alone: why -> which."""

    devices: list[Device] = field(default_factory=list)
    alone: dict[str, list[str]] = field(default_factory=dict)

    def leave(self, path: str, why: str) -> None:
        self.alone.setdefault(why, []).append(path)


@dataclass(frozen=True)
class Listing:
    """The circuit as ngspice expands it."""

    lines: Mapping[str, str]  # device, in lower case -> its line
    models: Mapping[str, str]  # model -> type
    analyses: Mapping[str, str]  # op, dc, ... -> the command
    scale: float = 1.0


@functools.lru_cache(maxsize=64)
def _listed(
    netlist: str, compatibility: str, osdi: tuple[str, ...], seed: int, files: tuple[tuple[str, str], ...]
) -> tuple[str, tuple[str, ...]]:
    """What ngspice says when it is asked for the expanded circuit; or in the first place, why it refuses the netlist."""

    def work() -> tuple[str, tuple[str, ...]]:
        ngspice = simulator()
        ngspice.command(f"setseed {seed}")
        try:
            ngspice.load(netlist, compatibility, osdi)
        except SpicekitError as error:
            return str(error), tuple(ngspice.messages)
        return "", tuple(ngspice.told("listing expand"))

    if multiprocessing.current_process().daemon:  # a worker, which may have no children
        return work()
    try:
        return isolated(work, LOADING)
    except ChildProcessError:
        return "ngspice died of it", ()


def listing(source: Source, netlist: str, compatibility: str, osdi: tuple[str, ...], files: Mapping[str, str]) -> Listing:
    """``files``: what the netlist reads, path -> SHA-256; ``osdi``: compiled models that it needs.

    Raises :class:`UserError` for a netlist that ngspice refuses, with its line, and for one that draws by itself.
    """
    key = tuple(sorted(files.items()))
    refused, said = _listed(netlist, compatibility, osdi, 1, key)
    if refused:
        raise UserError(_refusal(source, refused, said))
    if source.drawn and _listed(netlist, compatibility, osdi, 2, key)[1] != said:
        raise UserError(
            f"{source.path}: agauss, gauss, aunif or unif in it, or in what it includes, is drawn by ngspice while it reads "
            "the netlist, other than by our seed: write the nominal value, switch the statistics of the library off by its "
            "parameters, and give the spread by --sigma"
        )
    lines: dict[str, str] = {}
    models, analyses, scale = {}, {}, 1.0
    for numbered in said:
        line = re.sub(r"^\s*\d+ : ", "", numbered).strip()
        words = line.split()
        if not words or line[0] in "*+":
            continue
        first = words[0].lower()
        if first == ".model" and len(words) > 2:
            models[words[1].lower()] = words[2].lower().partition("(")[0]
        elif first.startswith(".opt"):
            for match in re.finditer(r"\bscale\s*=\s*(\S+)", line):
                scale = parse_value(match[1])
        elif first.startswith("."):
            analyses[first[1:]] = " ".join(words)[1:]
        else:
            lines[first] = line
    return Listing(lines, models, analyses, scale)


def _refusal(source: Source, refused: str, said: Iterable[str]) -> str:
    """ngspice's words with the line of the file that they are about, as far as they quote it."""
    quoted = [word.lower() for message in said for word in re.split(r"[\s|:]+", message) if word]
    chatter = re.compile(r"\s*(Note: No compatibility mode|Circuit:|Please check|\S+ ngspice.dll)")
    reason = " ".join(message.strip() for message in said if message.strip() and not chatter.match(message))
    names = {word.rpartition(".")[2] for word in quoted}
    for statement in _all(source):
        if statement.word in names and not statement.word.startswith("."):
            return f"{statement.place}: ngspice refuses this line: {reason}"
    squeezed = reason.lower().replace(" ", "")
    for statement in _all(source):
        words = statement.text.lower().split()
        if statement.word.startswith(".") and any("=" in w and w in squeezed for w in words):
            return f"{statement.place}: ngspice refuses this line: {reason}"
    return f"{source.path}: {refused}"


def _all(source: Source) -> Iterator[Statement]:
    yield from source.top
    for part in source.subcircuits.values():
        yield from (part.header, *part.body)


def contents(source: Source, parts: Mapping[str, Subcircuit], known: Listing) -> Contents:
    """The devices of the netlist, whose subcircuits are its own and ``parts``."""
    found = Contents()
    _visit(source.top, "", {**parts, **source.subcircuits}, known, found, 0)
    return found


def _visit(
    statements: Iterable[Statement], prefix: str, parts: Mapping[str, Subcircuit], known: Listing, found: Contents, depth: int
) -> None:
    statements = list(statements)
    conditional = {s.word for s, branch in zip(statements, _branches(statements), strict=True) if branch}
    for statement in statements:
        name = statement.word
        path, letter = prefix + name, name[0]
        if letter == ".":
            continue
        if name in conditional:  # which of several of the name is there, is the condition's to say
            found.leave(path, "devices of a branch of .if")
            continue
        if len(found.devices) > MOST_DEVICES or depth > MOST_DEEP:
            raise UserError(f"{statement.place}: more than {MOST_DEVICES} devices, or subcircuits more than {MOST_DEEP} deep")
        if letter == "m":
            _mosfet(path, f"m.{path}" if prefix else path, statement, known, found)
        elif letter == "x":
            _instance(path, statement, parts, known, found, depth)
        elif letter in _UNITS:
            _value(path, letter, statement, found)
        else:
            found.leave(path, _NAMES.get(letter, f"{letter.upper()} devices"))


def _branches(statements: Iterable[Statement]) -> Iterator[int]:
    """Of each statement, in how many ``.if`` it stands."""
    depth = 0
    for statement in statements:
        depth += (statement.word == ".if" or statement.word.startswith(".if(")) - (statement.word == ".endif")
        yield depth


def _instance(
    path: str, statement: Statement, parts: Mapping[str, Subcircuit], known: Listing, found: Contents, depth: int
) -> None:
    plain, given = statement.words()
    part = parts.get(plain[-1].lower())
    if part is None:
        raise UserError(f"{statement.place}: no .subckt '{plain[-1]}' in the netlist, nor in what it includes")
    if part.name.startswith(JUNCTION) and {"dra", "dtmr"} <= part.parameters.keys():
        if given.keys() & set(JUNCTION_POINTS.values()):
            found.leave(path, "junctions with a spread of their own (dra, dtmr or darea is given)")
        else:
            kinds = tuple(kind for kind, parameter in JUNCTION_POINTS.items() if parameter in part.parameters)
            found.devices.append(Device(path, "junction", statement, kinds=kinds))
        return
    inner = [name for name in known.lines if name.startswith(f"m.{path}.")] if part.outside and len(part.ports) == 4 else []
    if len(inner) == 1 and len(plain) == 6:
        if _in_order(part, parts, 0):
            _mosfet(path, inner[0], statement, known, found)
        else:
            found.leave(path, "transistors of a subcircuit whose terminals are not drain, gate, source, bulk in this order")
    elif part.nested:
        found.leave(path, "instances of subcircuits that hold definitions of their own")
    else:
        _visit(part.body, f"{path}.", parts, known, found, depth + 1)


def _in_order(part: Subcircuit, parts: Mapping[str, Subcircuit], depth: int) -> bool:
    """Whether the terminals of a transistor's subcircuit are drain, gate, source, bulk; inner nodes may stand before them."""
    for statement in part.body:
        plain, _ = statement.words()
        letter = statement.word[0]
        inner = parts.get(plain[-1].lower()) if letter == "x" else None
        if letter != "m" and not (inner and len(inner.ports) == 4 and depth < MOST_DEEP and _in_order(inner, parts, depth + 1)):
            if letter == "x" and inner and len(inner.ports) == 4:
                return False
            continue
        nodes = [node.lower() for node in plain[1:5]]
        if any(node in part.ports and part.ports.index(node) != k for k, node in enumerate(nodes)):
            return False
    return True


def _mosfet(path: str, expanded: str, statement: Statement, known: Listing, found: Contents) -> None:
    line = known.lines.get(expanded)
    if line is None:
        found.leave(path, "devices of a branch of .if that is not taken")
        return
    plain, given = Statement(statement.file, 0, 0, line).words()
    model = plain[5].lower() if len(plain) > 5 else ""
    kind = known.models.get(model) or next((kind for name, kind in known.models.items() if name.startswith(f"{model}.")), "")
    if kind not in ("nmos", "pmos"):
        found.leave(path, f"transistors whose model is no nmos or pmos of four terminals ({kind or 'none'})")
        return
    try:
        sizes = [parse_value(given[name]) for name in ("w", "l")]
        area = sizes[0] * sizes[1] * parse_value(given.get("m", "1")) * known.scale**2
    except (KeyError, UserError):
        area = math.nan
    found.devices.append(Device(path, "mosfet", statement, sign=1 if kind == "pmos" else -1, area=area))


def _value(path: str, letter: str, statement: Statement, found: Contents) -> None:
    nominal = number(_value_text(statement, letter))
    if nominal is None:
        what = {"r": "resistors", "c": "capacitors", "l": "inductors"}.get(letter, "sources")
        found.leave(path, f"{what} whose value is no plain number (vary its .param)")
        return
    found.devices.append(Device(path, "value", statement, letter=letter, nominal=nominal))


def number(text: str) -> float | None:
    """The value of a plain number, as ngspice reads it wherever it stands; None for anything else."""
    match = _NUMBER.fullmatch(text.strip())
    suffix = text.strip()[len(match[1]) :].lower() if match else ""
    if match is None or suffix.startswith(("a", "mil")):
        return None
    return parse_value(match[1] + (match[2] or ""))


def _value_text(statement: Statement, letter: str) -> str:
    """The word of a line that is the value of its device; empty if there is none."""
    plain, given = statement.words()
    if letter in given:
        return given[letter]
    if letter in "vi" and "dc" in given:
        return given["dc"]
    rest = [word for word in plain[3:5] if word.lower() != "dc"] if letter in "vi" and plain[3:4] else plain[3:4]
    return rest[0] if rest else ""


Changes = Mapping[str, Mapping[str, float]]  # path of a device -> kind of point -> value


def write(
    source: Source,
    parts: Mapping[str, Subcircuit],
    devices: Mapping[str, Device],
    changes: Changes,
    top: Mapping[int, str],
    more: Iterable[str],
) -> str:
    """The netlist with ``changes`` of its devices, ``top`` in place of some statements (by their first physical line), and
    ``more`` lines at its end."""
    copies: list[str] = []
    numbers = iter(range(1, 1_000_000))
    known = {**parts, **source.subcircuits}
    replaced = {**source.includes, **top}
    replaced |= _changed(source.top, "", known, devices, changes, copies, numbers)
    return "\n".join([*_lines(source.lines, source.top, replaced), *more, *copies, ".end"]) + "\n"


def _changed(
    statements: Iterable[Statement],
    prefix: str,
    parts: Mapping[str, Subcircuit],
    devices: Mapping[str, Device],
    changes: Changes,
    copies: list[str],
    numbers: Iterator[int],
) -> dict[int, str]:
    """What stands in place of the statements of one level; the definitions that it needs go to ``copies``."""
    within = {path.removeprefix(prefix).partition(".")[0] for path in changes if path.startswith(prefix)}
    found = {}
    for statement in statements:
        if statement.word not in within:
            continue
        path = prefix + statement.word
        if path in changes:
            found[statement.first] = _deviating(devices[path], changes[path])
            continue
        name = statement.words()[0][-1]
        part = parts[name.lower()]
        inner = _changed(part.body, f"{path}.", parts, devices, changes, copies, numbers)
        own = f"spicekit_{next(numbers)}_{part.name}"
        header = re.sub(r"^(\.\w+\s+)\S+", rf"\g<1>{own}", part.header.text)
        body = _lines(part.lines[: part.ends - 1], part.body, inner)[part.header.last :]
        copies += [f"* {path}", header, *body, ".ends"]
        words = statement.text
        place = [match for match in re.finditer(r"\S+", words) if match[0] == name][-1]
        found[statement.first] = words[: place.start()] + own + words[place.end() :]
    return found


def _lines(lines: tuple[str, ...], statements: Iterable[Statement], replaced: Mapping[int, str]) -> list[str]:
    """Physical lines with some statements replaced; what has no line of its own any more is empty and left out."""
    found: list[str | None] = list(lines)
    for statement in statements:
        if statement.first in replaced:
            found[statement.first - 1] = replaced[statement.first]
            for number in range(statement.first, statement.last):
                if lines[number].lstrip().startswith("+"):
                    found[number] = None
    return [line if line is not None else "*" for line in found]


def _deviating(device: Device, values: Mapping[str, float]) -> str:
    """The lines of a device that deviates.  A transistor: a source in series with its gate, as much more of its drain current."""
    text = device.statement.text
    if device.kind == "value":
        return _with_value(text, device.letter, _value_text(device.statement, device.letter), next(iter(values.values())))
    if device.kind == "junction":
        if "cd" in values:
            values = {**values, "cd": (1 + values["cd"]) ** 2 - 1}
        return " ".join([text, *(f"{JUNCTION_POINTS[kind]}={value!r}" for kind, value in values.items())])
    name, drain, gate, source, rest = text.split(None, 4)
    tag = name.lower()
    lines = []
    if vth := values.get("vth", 0.0):
        lines.append(f"Vspicekit_g_{tag} spicekit_g_{tag} {gate} {device.sign * vth!r}")
        gate = f"spicekit_g_{tag}"
    if beta := values.get("beta", 0.0):
        lines += [
            f"Vspicekit_d_{tag} {drain} spicekit_d_{tag} 0",
            f"Fspicekit_{tag} {drain} {source} Vspicekit_d_{tag} {beta!r}",
        ]
        drain = f"spicekit_d_{tag}"
    return "\n".join([*lines, f"{name} {drain} {gate} {source} {rest}"])


def _with_value(text: str, letter: str, old: str, value: float) -> str:
    """A line with its value replaced: the assigned one, else the first word after the nodes that is it."""
    for key in (letter, "dc"):
        assigned = re.compile(rf"(\b{key}\s*=\s*)['{{\"]?{re.escape(old)}['}}\"]?", re.IGNORECASE)
        if assigned.search(text):
            return assigned.sub(lambda match: f"{match[1]}{value!r}", text, count=1)
    place = next(match for k, match in enumerate(re.finditer(r"\S+", text)) if k >= 3 and match[0] == old)
    return f"{text[: place.start()]}{value!r}{text[place.end() :]}"


def with_parameter(text: str, name: str, value: float) -> str:
    """A ``.param`` line with another value of ``name``."""
    return re.sub(
        rf"(?i)((?:^|\s){re.escape(name)}\s*=\s*)('[^']*'|\{{[^{{}}]*\}}|\S+)",
        lambda match: f"{match[1]}{value!r}",
        text,
        count=1,
    )


def parameters(source: Source) -> dict[str, tuple[float, Statement]]:
    """The ``.param`` outside of subcircuits whose value is a plain number, each given once: name -> value, line.

    One that a file included behind it gives too is none: ngspice takes the last.
    """
    found: dict[str, tuple[float, Statement]] = {}
    seen: set[str] = set()
    for statement in source.top:
        if statement.word not in (".param", ".params"):
            continue
        for name, text in statement.words()[1].items():
            if name in seen:
                found.pop(name, None)
            seen.add(name)
            value = number(text)
            if value is None:
                continue
            if source.given_later.get(name, 0) > statement.first:
                continue
            if re.fullmatch(r"[a-z]\w*", name) and math.isfinite(value):
                found[name] = (value, statement)
    return found
