"""What a netlist would lose without a word, found in its text before anything is simulated.

ngspice makes a node of every name that it meets.  A variation point whose node no device reads leaves the circuit as it is; a
misspelt mismatch node is a node of its own, at 0 V; a vector that does not exist is left out of the results.  :func:`check`
says so, with the bench, the file and the line.

A node counts as *driven* where a device's terminal meets it, and as *read* where its voltage is only looked at: in V(...), at the
controlling pair of an E, G or S, or at a subcircuit's port that its inside only reads.  A node that is read and never driven is
a mistake.
"""

from __future__ import annotations

import inspect
import re
import sys
import traceback
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from spicekit.analysis import TranAnalysis
from spicekit.bench import Bench
from spicekit.draws import check_draws
from spicekit.errors import UserError
from spicekit.measures.nodes import vectors
from spicekit.measures.shape import axis_of, fault
from spicekit.model_file import SCALED
from spicekit.not_saved import listed, near

GROUND = ("0", "gnd")
_CHECKED = "_netlist_checked"
# lines of an element's first letter: how many words after its name are terminals, and how many after those only read voltages
_PAIRS = {"r": 2, "c": 2, "l": 2, "v": 2, "i": 2, "d": 2, "f": 2, "h": 2, "w": 2, "b": 2, "j": 3, "z": 3, "q": 3, "m": 4, "t": 4}
_READ_VOLTAGE = re.compile(r"(?<![\w.])v\(\s*([^(),\s]+)\s*(?:,\s*([^(),\s]+)\s*)?\)", re.IGNORECASE)
_SAVED = re.compile(r"(?P<kind>[vi])\((?P<name>[^(),]+)\)", re.IGNORECASE)

# ngspice's own functions (manual, sections 2.10.5 and 5.1.2), sources included, which a .func of the name would replace
_FUNCTIONS = frozenset(
    {"abs", "acos", "acosh", "agauss", "arctan", "asin", "asinh", "atan", "atan2", "atanh", "aunif", "buf", "ceil", "cos", "cosh"}
    | {
        "ddt",
        "exp",
        "fabs",
        "floor",
        "gauss",
        "hypot",
        "i",
        "idt",
        "int",
        "inv",
        "limit",
        "ln",
        "log",
        "log10",
        "max",
        "min",
        "mod",
    }
    | {"nint", "poly", "pow", "pulse", "pwl", "pwr", "pwrs", "sffm", "sgn", "sin", "sinh", "sqr", "sqrt", "table", "tan", "tanh"}
    | {"ternary_fcn", "trnoise", "trrandom", "u", "u2", "unif", "uramp", "v", "vec"}
)
_SPECIAL = frozenset({"time", "temper", "hertz", "dc", "ac", "trial"})  # words of ngspice's lines and of ours


@dataclass
class Circuit:
    """The nodes of one level of a netlist: the top, or the inside of a subcircuit.  All names in lower case."""

    ports: tuple[str, ...] = ()
    driven: Counter[str] = field(default_factory=Counter)  # node -> terminals that meet it
    read: dict[str, str] = field(default_factory=dict)  # node -> the first line that reads it
    branches: set[str] = field(default_factory=set)  # names of elements whose current can be saved
    inside: list[Circuit] = field(default_factory=list)  # of the top: its subcircuits
    open: bool = False  # holds what is not understood: every node may be driven by it

    def undriven(self) -> list[str]:
        """Nodes that are read and driven by nothing; what drives a port is outside."""
        known = {*self.driven, *self.ports}
        return [] if self.open else [node for node in self.read if node not in known and "." not in node]


def check_once(bench: Bench, netlist: str) -> None:
    """:func:`check`, the first time that ``bench`` is rendered."""
    if not vars(bench).get(_CHECKED):
        vars(bench)[_CHECKED] = True
        check(bench, netlist)


def check(bench: Bench, netlist: str) -> None:
    """Raise :class:`UserError` for a variation point that nothing reads, a node that is read and driven by nothing, and a saved
    vector that does not exist.  ``netlist`` is the rendered text, in any form."""
    circuit = _parsed(netlist)
    every = bench.points()
    points = {point.name.lower(): point.name for point in every if not point.parameter}
    analysis = bench.analysis()
    saved = {name.lower() for name in analysis.save}
    for level in (circuit, *circuit.inside):
        for node in level.undriven():
            meant = near(node, [*(points.values() if level is circuit else level.ports), *level.driven])
            raise UserError(
                f"bench '{bench.name}': {_place_in_template(bench, node)}: node '{node}' is read and nothing drives it"
                f"{meant}; the line is: {_shortened(level.read[node])}"
            )
    for node, name in points.items():
        terminals = circuit.driven[node] - 1  # beside its own source
        seeds = isinstance(analysis, TranAnalysis) and analysis.seed == name
        used = node in circuit.read or terminals > 0 or f"v({node})" in saved or seeds
        if not used and not bench.spare_points and not circuit.open:
            raise UserError(
                f"bench '{bench.name}': {_place_in_class(bench, name, 'points')}: no device of {bench.template} reads the "
                f"variation point '{name}', so that it would vary nothing"
            )
    for point in every:
        handed = point.kind != "mm" or f"{{{point.parameter.lower()}}}" in netlist.lower()
        if point.parameter and not handed and not bench.spare_points:
            raise UserError(
                f"bench '{bench.name}': {bench.template} hands the draw '{point.name}' of the library to no transistor: it would "
                "vary nothing"
            )
    _check_library(bench, netlist, circuit)
    check_draws(bench.technology, bench.p.corner)
    _check_definitions(bench, isinstance(analysis, TranAnalysis), saved)
    for vector in analysis.save:
        match = _SAVED.fullmatch(vector.strip())
        if match is None or circuit.open or set(match["name"]) & set(".#@["):
            continue
        name = match["name"].lower()
        known = circuit.branches if match["kind"] in "iI" else circuit.driven
        if name not in known:
            what = "voltage source" if match["kind"] in "iI" else "node"
            raise UserError(
                f"bench '{bench.name}': {_place_in_class(bench, vector, 'analysis')}: analysis() saves {vector}, but "
                f"{bench.template} has no {what} '{match['name']}'{near(name, known)}"
            )


def _check_definitions(bench: Bench, transient: bool, saved: set[str]) -> None:
    """Raise :class:`UserError` for a measure whose definition is none, or needs a vector that is not saved."""
    for measure in bench.measures():
        if measure.definition is None:
            continue
        wrong = fault(measure.definition, axis_of(bench.analysis()))
        if wrong is not None:
            place = _place_in_class(bench, measure.name, "measures")
            raise UserError(f"bench '{bench.name}': {place}: measure '{measure.name}': {wrong}")
        for vector in vectors(measure.definition):
            if vector.lower() not in saved and not (transient and vector == "time"):
                place = _place_in_class(bench, vector, "measures")
                raise UserError(
                    f"bench '{bench.name}': {place}: measure '{measure.name}' needs {vector}, which analysis() does not save"
                    f"{near(vector, saved)}; saved: {listed(bench.analysis().save)}"
                )


def _check_library(bench: Bench, netlist: str, circuit: Circuit) -> None:
    """Raise :class:`UserError` for what the technology's model files would change in the netlist that reads them.

    ngspice takes the first definition of a subcircuit or model, the model file's; puts a function wherever its name is called;
    a parameter for a word; and joins the nodes of a global name in all subcircuits.  Parameters of our subcircuits hold against
    a library's.
    """
    library = bench.technology.definitions(bench.p.corner)
    if not library:
        return
    lines = _lines(netlist)
    text = "\n".join(lines).lower()
    defined = {kind: set(re.findall(rf"^\.{kind}\s+([^\s(]+)", text, re.M)) for kind in ("subckt", "model")}
    called = {*_FUNCTIONS, *re.findall(r"([a-z_]\w*)\s*\(", text)}
    nodes = {node for level in (circuit, *circuit.inside) for node in (*level.driven, *level.read, *level.ports)}
    sizes = re.search(r"^m.* w=", text, re.M)
    set_here = [*bench.technology.set_params(bench.p.corner), *bench.technology.statistics(bench.p.corner).globals]
    own = {
        **defined,
        "func": called,
        "param": {*_top_parameters(lines), *defined["subckt"], *_SPECIAL} - {name.lower() for name in set_here},
        "global": nodes.difference(GROUND),
    }
    for kind, name, place in library:
        if kind == "option" and sizes and SCALED.fullmatch(name) and bench.technology.lengths in (None, "m"):
            raise UserError(
                f"{place}: .option {name} would change the sizes of the transistors of bench '{bench.name}', in metres: "
                "give devices of kind 'subckt', whose sizes the library takes as it means them"
            )
        if name in own.get(kind, ()) or (kind == "model" and re.sub(r"\.\d+$", "", name) in own[kind]):
            raise UserError(
                f"{place}: .{kind} '{name}' of a model file would change the netlist of bench '{bench.name}', which has the name "
                "for something of its own: rename it"
            )


def _top_parameters(lines: Iterable[str]) -> set[str]:
    """Names, in lower case, of the parameters that a netlist sets outside of its subcircuits."""
    found: set[str] = set()
    depth = 0
    for line in lines:
        word = line.split(None, 1)[0].lower()
        depth += (word == ".subckt") - (word == ".ends")
        if depth == 0 and word == ".param":
            found.update(name.lower() for name in re.findall(r"([a-z_]\w*)\s*(?:\([^()]*\)\s*)?=(?!=)", line, re.I))
    return found


def not_delivered(bench: Bench, vectors: Iterable[str]) -> UserError:
    """The error for vectors that ngspice leaves out of the results of a run that has the others."""
    first, *others = vectors
    also = f" (nor {listed(others)})" if others else ""
    return UserError(
        f"bench '{bench.name}': {_place_in_class(bench, first, 'analysis')}: analysis() saves {first}, but ngspice finds "
        f"no such vector in {bench.template}{also}"
    )


def place_of_template_error(error: BaseException, template: str) -> str:
    """``file:line`` in the template, included file or macro that raised ``error``."""
    line = getattr(error, "lineno", None)
    if line:  # a syntax error knows
        return f"{getattr(error, 'filename', None) or getattr(error, 'name', None) or template}:{line}"
    # jinja puts the templates' own files and lines into the traceback
    places = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".j2")]
    return f"{places[-1].filename}:{places[-1].lineno}" if places else template


def _parsed(netlist: str) -> Circuit:
    top = Circuit(driven=Counter(GROUND))
    inside: dict[str, Circuit] = {}
    everywhere: set[str] = set()  # nodes of .global
    stack = [top]
    waiting: list[tuple[Circuit, list[str], str]] = []  # instances: their subcircuits may come later
    for line in _lines(netlist):
        words = line.split()
        first = words[0].lower()
        if first == ".subckt":
            ports = [word.lower() for word in words[2:]]
            ends = [k for k, word in enumerate(ports) if "=" in word or word in ("params:", "param:")]
            circuit = Circuit(tuple(ports[: ends[0]] if ends else ports), Counter(GROUND))
            inside[words[1].lower()] = circuit
            stack.append(circuit)
        elif first == ".ends" and len(stack) > 1:
            stack.pop()
        elif first == ".global":
            everywhere.update(word.lower() for word in words[1:])
            _look(top, (word.lower() for word in words[1:]), line)
        elif first.startswith("."):
            continue
        elif first[0] == "x":
            waiting.append((stack[-1], words, line))
        else:
            _element(stack[-1], first, words, line)
    known: dict[str, tuple[bool, ...]] = {}
    for circuit, words, line in waiting:
        _instance(circuit, words, line, inside, waiting, known)
    for circuit in (top, *inside.values()):
        circuit.driven.update(everywhere)
    top.inside = list(inside.values())
    return top


def _lines(netlist: str) -> list[str]:
    """The lines of the circuit, continuations joined, without comments, title and commands."""
    found: list[str] = []
    commands = False
    for line in netlist.splitlines()[1:]:
        text = (line.partition("pwl(V(trial)")[0] if line.startswith("B") else line).strip()  # a campaign's source: long
        if text.lower().startswith((".control", ".endc")):
            commands = text.lower().startswith(".control")
        elif commands or not text or text.startswith("*"):
            continue
        elif text.startswith("+") and found:
            found[-1] += f" {text[1:]}"
        else:
            found.append(text)
    return found


def _element(circuit: Circuit, name: str, words: list[str], line: str) -> None:
    letter = name[0]
    nodes = [word.lower() for word in words[1:]]
    if letter in "eg":
        circuit.driven.update(nodes[:2])
        if (
            len(nodes) > 4
            and not nodes[2].startswith(("poly", "table", "laplace", "freq"))
            and not set("=({") & set("".join(nodes[2:4]))
        ):
            _look(circuit, nodes[2:4], line)
        elif "=" not in line:
            circuit.open = True
    elif letter == "s":
        circuit.driven.update(nodes[:2])
        _look(circuit, nodes[2:4], line)
    elif letter in _PAIRS:
        circuit.driven.update(nodes[: _PAIRS[letter]])
    elif letter != "k":
        circuit.open = True
    if letter in "vehbl":
        circuit.branches.add(name)
    for pair in _READ_VOLTAGE.findall(line):
        _look(circuit, (node.lower() for node in pair if node), line)


def _look(circuit: Circuit, nodes: Iterable[str], line: str) -> None:
    for node in nodes:
        circuit.read.setdefault(node, line)


def _instance(
    circuit: Circuit,
    words: list[str],
    line: str,
    inside: Mapping[str, Circuit],
    waiting: list[tuple[Circuit, list[str], str]],
    known: dict[str, tuple[bool, ...]],
) -> None:
    """An instance of a subcircuit drives the nodes at its ports, except those that its inside only reads."""
    plain = [word.lower() for word in words[1:] if "=" not in word and word.lower() not in ("params:", "param:")]
    if not plain:
        return
    *nodes, name = plain
    if name not in inside:  # of an external model file
        circuit.driven.update(nodes)
        return
    for node, only_read in zip(nodes, _only_read(name, inside, waiting, known), strict=False):
        if only_read:
            _look(circuit, (node,), line)
        else:
            circuit.driven[node] += 1


def _only_read(
    name: str,
    inside: Mapping[str, Circuit],
    waiting: list[tuple[Circuit, list[str], str]],
    known: dict[str, tuple[bool, ...]],
) -> tuple[bool, ...]:
    """Of each port of subcircuit ``name``, whether the inside reads its voltage and does nothing else with it."""
    if name not in known:
        circuit = inside[name]
        known[name] = tuple(False for _ in circuit.ports)  # one that holds itself ends here
        for owner, words, line in waiting:
            if owner is circuit:
                _instance(circuit, words, line, inside, waiting, known)
        known[name] = tuple(port in circuit.read and port not in circuit.driven and not circuit.open for port in circuit.ports)
    return known[name]


def _shortened(line: str) -> str:
    text = " ".join(line.split())
    return text if len(text) <= 100 else f"{text[:100]}..."


def _place_in_class(bench: Bench, text: str, method: str) -> str:
    """``file:line`` of ``text`` in ``method`` of the bench's class; that of the method if it is put together there."""
    function = inspect.unwrap(getattr(type(bench), method))
    try:
        lines, start = inspect.getsourcelines(function)
    except (OSError, TypeError):
        return str(sys.modules[type(bench).__module__].__file__)
    found = next((k for k, line in enumerate(lines) if text in line), 0)
    return f"{inspect.getsourcefile(function)}:{start + found}"


def _place_in_template(bench: Bench, node: str) -> str:
    """``file:line`` of ``node`` in the bench's own template, or the template alone if the name is put together there."""
    folder = bench.template_folder()
    file = None if folder is None else folder / bench.template
    if file is None or not file.is_file():
        return bench.template
    word = re.compile(rf"(?<![\w.]){re.escape(node)}(?![\w.])", re.IGNORECASE)
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if word.search(line):
            return f"{file}:{number}"
    return str(file)
