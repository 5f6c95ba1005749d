"""A netlist as ngspice has it once its libraries are read: no file to read, no subcircuit, every parameter a number.

A block of DC trials is a netlist of its own, as the tables of its variation points stand in its text, and ngspice would read a
foundry's library for each.  But it tells what it has made of the netlist; this with the tables of the next block is read in the
time that the circuit takes, and is the same circuit, to the bit, except where ngspice would change it on a second reading:

- a number within an expression loses its digits behind the tenth, unless it comes as a parameter;
- a function is none if a blank stands before its parenthesis, which is how ngspice writes it.

That it is the same circuit is not taken on trust: what ngspice makes of the text is compared (:meth:`Flat.same`).
"""

from __future__ import annotations

import re
from collections.abc import Collection

_LINES = ("b", "e", "g", "r", "c", "l", "f", "h")  # of devices that may hold an expression
_NUMBER = re.compile(r"\(\s+(-?\d\.\d{11,}e[-+]\d+)\s+\)")  # what a parameter has become
_FUNCTION = re.compile(r"\b([a-z]\w*) \(")
_SOURCE = re.compile(r"[bv](\S+) \1 0 ", re.IGNORECASE)  # B a table, V a constant, at the node of the same name
_DUMPED = re.compile(r"^ *\d+ +\d+  (.+)$", re.MULTILINE)
_LISTED = (".model", ".ic", ".nodeset")
_NOT_LISTED = (".temp", ".save")


def fixed(netlist: str, varying: Collection[str]) -> str:
    """``netlist`` but for the values of the variation points ``varying``, names in lower case."""
    return "\n".join(name if (name := _point(line)) in varying else line for line in netlist.split("\n"))


def listed(dump: str, listing: str) -> str:
    """Devices, models and options of a circuit, line by line: from what ngspice writes with ``ngdebug``, whose lines are whole,
    and from its own ``listing``, which alone has the options."""
    found = _DUMPED.findall(dump.partition("\n**")[0])  # a second part has what became comments, too
    lines = [line for line in found if line.startswith(_LISTED) or line[0] not in "*."]
    return "\n".join([*lines, *(line for line in listing.split("\n") if line.startswith(".option"))])


class Flat:
    """The circuit that ngspice read from ``netlist``, by its ``listing``.

    The values of the variation points ``varying``, names in lower case, are others next time.
    """

    def __init__(self, netlist: str, listing: str, varying: Collection[str]) -> None:
        self.confirmed: bool | None = None  # whether a circuit that was read from this text was the same; None: not tried
        self._varying = frozenset(varying)
        self._listed = [line for line in listing.split("\n") if line.strip()]
        parameters: dict[str, str] = {}
        lines = [_again(line, parameters) for line in self._listed]
        heads = [line for line in netlist.split("\n") if line.lower().startswith(_NOT_LISTED)]
        self._lines = ["* flat", *(f".param {name}={value}" for value, name in parameters.items()), *heads, *lines, ".end"]

    def text(self, netlist: str) -> str:
        """The circuit of ``netlist``, whose :func:`fixed` part is that of the netlist that was listed."""
        return "\n".join(_with_values(self._lines, netlist, self._varying))

    def same(self, netlist: str, listing: str) -> bool:
        """Whether ``listing`` is that of the circuit of ``netlist``; blanks do not count."""
        expected = _with_values(self._listed, netlist, self._varying)
        found = [line for line in listing.split("\n") if line.strip()]
        return list(map(_plain, found)) == list(map(_plain, expected))


def _with_values(lines: list[str], netlist: str, varying: Collection[str]) -> list[str]:
    now = {name: line for line in netlist.split("\n") if (name := _point(line)) in varying}
    return [now.get(_point(line), line) for line in lines]


def _point(line: str) -> str:
    """The variation point that a line gives its value; nothing if it gives none."""
    found = _SOURCE.match(line)
    return found[1].lower() if found else ""


def _plain(line: str) -> str:
    return "".join(line.lower().split())


def _again(line: str, parameters: dict[str, str]) -> str:
    """A listed line as it is read to the same end; ``parameters`` get what numbers it needs."""
    line = re.sub(r"=\s+", "=", line).rstrip()
    if not line.startswith(_LINES):
        return line
    line = _NUMBER.sub(lambda found: f"{{{parameters.setdefault(found[1], f'listed_{len(parameters)}')}}}", line)
    return _FUNCTION.sub(r"\1(", line)
