"""Reads the netlist that ngspice gets: subcircuits placed, parameters computed; what it does not know raises
:class:`Unsupported`.

Only what describes the circuit and its analysis is read; the ``.control`` block is ngspice's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from spicekit.engines.batch.expression import number, parse
from spicekit.engines.batch.unsupported import Unsupported

GROUND = "0"
NODES = {"r": 2, "c": 2, "l": 2, "v": 2, "i": 2, "b": 2, "e": 4, "g": 4, "f": 2, "h": 2, "m": 4}


@dataclass(frozen=True)
class Element:
    """A placed element.  ``place`` is the subcircuit it stands in, with its dot: local names begin with it."""

    kind: str  # the first letter
    name: str  # with its place: x1.m1
    nodes: tuple[str, ...]
    rest: str  # the words behind the nodes, parameters replaced by numbers
    place: str
    parameters: Mapping[str, float]  # what names in expressions mean
    local: Mapping[str, str]  # the subcircuit's ports -> nodes of the circuit

    @property
    def ends(self) -> tuple[str, str]:
        return self.nodes[0], self.nodes[1]

    @property
    def control(self) -> tuple[str, str]:
        """Of E and G."""
        return self.nodes[2], self.nodes[3]

    def node(self, name: str) -> str:
        """The circuit's node that the element's text calls ``name``."""
        return _node(name, self.place, self.local)


@dataclass
class Netlist:
    elements: list[Element] = field(default_factory=list)
    models: dict[str, tuple[str, dict[str, float]]] = field(default_factory=dict)  # name -> kind, parameters
    options: dict[str, str] = field(default_factory=dict)
    celsius: float = 27.0
    tran: tuple[float, ...] = ()
    uic: bool = False
    save: tuple[str, ...] = ()
    initial: dict[str, float] = field(default_factory=dict)  # .ic
    guess: dict[str, float] = field(default_factory=dict)  # .nodeset


@dataclass
class _Subcircuit:
    ports: list[str]
    defaults: dict[str, str]
    lines: list[str] = field(default_factory=list)


def read(text: str) -> Netlist:
    """The circuit of ``text``, whose first line is its title."""
    netlist = Netlist()
    top: list[str] = []
    circuits: dict[str, _Subcircuit] = {}
    parameters: dict[str, float] = {}
    inside: _Subcircuit | None = None
    for line in _lines(text):
        word, _, rest = line.partition(" ")
        if word == ".subckt":
            if inside is not None:
                raise Unsupported("a subcircuit within a subcircuit")
            head, defaults = _assignments(rest.replace("params:", " "))
            inside = circuits[head[0]] = _Subcircuit(head[1:], defaults)
        elif word == ".ends":
            inside = None
        elif word == ".model":
            _read_model(rest, netlist)
        elif inside is not None:
            inside.lines.append(line)
        elif word[0] == ".":
            _statement(word, rest, netlist, parameters)
        else:
            top.append(line)
    for line in top:
        _place(line, "", {}, parameters, circuits, netlist, 0)
    return netlist


def _lines(text: str) -> list[str]:
    """Logical lines in lower case, without the title, comments and the control block."""
    lines: list[str] = []
    control = False
    for raw in text.splitlines()[1:]:
        line = re.split(r";|\$ | //", raw.lower(), maxsplit=1)[0].strip()
        if line.startswith(".control") or line.startswith(".endc"):
            control = line.startswith(".control")
        elif control or not line or line[0] == "*":
            continue
        elif line == ".end":
            break
        elif line[0] == "+":
            lines[-1] += " " + line[1:]
        else:
            lines.append(line)
    return lines


def _assignments(text: str) -> tuple[list[str], dict[str, str]]:
    """The words of a line, and its ``name=value`` pairs."""
    text = re.sub(r"\s*=\s*", "=", text)
    words, pairs = [], {}
    for word in re.findall(r"(?:\{[^}]*\}|'[^']*'|[^\s])+", text):
        name, equals, value = word.partition("=")
        if equals:
            pairs[name] = value
        else:
            words.append(word)
    return words, pairs


def _value(text: str, parameters: Mapping[str, float]) -> float:
    """A number, a parameter or an expression in braces or quotes."""

    def lookup(kind: str, names: object) -> float:
        assert isinstance(names, list)
        if kind != "name" or names[0] not in parameters:
            raise Unsupported(f"'{names[0]}' in the value {text}")
        return parameters[names[0]]

    bare = text.strip().strip("{}'")
    return float(parse(bare, lookup)) if bare != text or re.match(r"[a-z_]", bare) else number(bare)


def _read_model(rest: str, netlist: Netlist) -> None:
    words, pairs = _assignments(rest.replace("(", " ").replace(")", " "))
    netlist.models[words[0]] = (words[1], {name: _value(value, {}) for name, value in pairs.items()})


def _statement(word: str, rest: str, netlist: Netlist, parameters: dict[str, float]) -> None:
    words, pairs = _assignments(rest)
    if word in (".option", ".options"):
        netlist.options.update(dict.fromkeys(words, ""), **pairs)
    elif word == ".temp":
        netlist.celsius = number(words[0])
    elif word == ".param":
        for name, value in pairs.items():
            parameters[name] = _value(value, parameters)
    elif word == ".tran":
        netlist.uic = "uic" in words
        netlist.tran = tuple(_value(w, parameters) for w in words if w != "uic")
    elif word == ".save":
        netlist.save += tuple(words)
    elif word in (".ic", ".nodeset"):
        for name, value in pairs.items():
            found = re.fullmatch(r"v\(([^)]+)\)", name)
            if found is None:
                raise Unsupported(f"{word} {name}")
            (netlist.initial if word == ".ic" else netlist.guess)[found[1].strip()] = _value(value, parameters)
    elif word not in (".title", ".global", ".meas", ".measure"):
        raise Unsupported(word)


def _node(name: str, place: str, local: Mapping[str, str]) -> str:
    if name in local:
        return local[name]
    return GROUND if name in (GROUND, "gnd") else place + name


def _place(
    line: str, place: str, local: Mapping[str, str], parameters: Mapping[str, float], circuits: Mapping[str, _Subcircuit],
    netlist: Netlist, depth: int,
) -> None:  # fmt: skip
    """Put the element of ``line``, or those of the subcircuit it calls, into ``netlist``."""
    if depth > 20:
        raise Unsupported("subcircuits that contain themselves")
    name, _, rest = line.partition(" ")
    kind = name[0]
    if kind == "x":
        words, pairs = _assignments(rest.replace("params:", " "))
        circuit = circuits.get(words[-1])
        if circuit is None or len(words) - 1 != len(circuit.ports):
            raise Unsupported(f"{place}{name}: the subcircuit {words[-1]}")
        ports = dict(zip(circuit.ports, (_node(w, place, local) for w in words[:-1]), strict=True))
        given = {key: _value(value, parameters) for key, value in pairs.items()}
        values = dict(parameters)
        for key, value in circuit.defaults.items():
            values[key] = given.pop(key) if key in given else _value(value, values)
        if given:
            raise Unsupported(f"{place}{name}: the parameter {next(iter(given))} of {words[-1]}")
        for inner in circuit.lines:
            if inner.startswith(".param"):
                for key, value in _assignments(inner.partition(" ")[2])[1].items():
                    values[key] = _value(value, values)
            else:
                _place(inner, f"{place}{name}.", ports, values, circuits, netlist, depth + 1)
        return
    if kind not in NODES:
        raise Unsupported(f"{place}{name}: an element of the kind {kind.upper()}")
    count = NODES[kind]
    if kind in "eg" and re.search(r"\b(vol|cur|value|poly|table)\b", rest):
        raise Unsupported(f"{place}{name}: {line}")
    parts = rest.split(None, count)
    nodes = tuple(_node(w, place, local) for w in parts[:count])
    if len(nodes) < count:
        raise Unsupported(f"{place}{name}: {line}")
    text = re.sub(r"\{([^}]*)\}", lambda found: repr(_value(found[0], parameters)), parts[count] if len(parts) > count else "")
    netlist.elements.append(Element(kind, place + name, nodes, text, place, dict(parameters), dict(local)))
