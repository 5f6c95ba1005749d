"""A foundry's own draws in a netlist: each transistor hands its draws to the library's device.

Which transistor of a netlist is which device is told by the node of its threshold, ``vth_DEVICE``: the copies of one transistor
in the two states of a cell share it.  So the draws go the way that this node takes, through the ports of the subcircuits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from spicekit.point import VariationPoint
from spicekit.technology_tables import Statistics


def local_points(statistics: Statistics, device: str, role: str) -> list[VariationPoint]:
    """The foundry's draws of one transistor."""
    names = [f"mm_{k}_{device}" for k, _ in enumerate(statistics.local.get(role, ()), 1)]
    return [VariationPoint(name, "mm", 0.0, "", sigma=1.0, parameter=name) for name in names]


def global_points(statistics: Statistics) -> list[VariationPoint]:
    """The foundry's draws of all devices at once."""
    return [
        VariationPoint(f"process_{k}", "process", 0.0, "", sigma=1.0, parameter=name)
        for k, name in enumerate(statistics.globals, 1)
    ]


def with_draws(netlist: str, statistics: Statistics, points: Iterable[VariationPoint]) -> str:
    """``netlist``, in which every transistor has the parameters of its variation ``points``."""
    counts = {f"{role}_mc": len(names) for role, names in statistics.local.items()}
    if not any(counts.values()):
        return netlist
    known = {point.parameter for point in points}
    lines = netlist.split("\n")
    ports: dict[str, list[str]] = {
        name: ["", "", "", "", "dvth", ""] for name in counts
    }  # subcircuit -> ports that lead to draws
    wanted: dict[str, dict[str, int]] = {name: {"dvth": count} for name, count in counts.items()}  # and how many, by port
    heads = {words[1].lower(): words for line in lines if (words := line.split())[:1] and words[0].lower() == ".subckt"}
    for name, words in heads.items():
        ports.setdefault(name, [word.lower() for word in words[2:] if "=" not in word and word.lower() != "params:"])
    inside = _inside(lines)
    changed = True
    while changed:  # until no subcircuit is found to lead to one any more
        changed = False
        for name, instances in inside.items():
            for called, nodes in instances:
                for port, count in wanted.get(called, {}).items():
                    node = nodes[ports[called].index(port)]
                    if name not in counts and node in ports.get(name, ()) and wanted.setdefault(name, {}).get(node, 0) < count:
                        wanted[name][node] = count
                        changed = True
    return "\n".join(_written(lines, ports, wanted, counts, known))


def _inside(lines: list[str]) -> dict[str, list[tuple[str, list[str]]]]:
    """Subcircuit, or "" for the top -> the subcircuits that it holds, each with the nodes of the instance."""
    found: dict[str, list[tuple[str, list[str]]]] = {}
    current = ""
    for line in lines:
        words = line.lower().split()
        if words[:1] == [".subckt"]:
            current = words[1]
        elif words[:1] == [".ends"]:
            current = ""
        elif line[:1] in "xX" and words:
            *nodes, called = _plain(words)
            found.setdefault(current, []).append((called, nodes))
    return found


def _plain(words: list[str]) -> list[str]:
    """Nodes and name of the subcircuit of an X line."""
    plain = words[1:]
    ends = [k for k, word in enumerate(plain) if "=" in word or word.lower() == "params:"]
    return plain[: ends[0]] if ends else plain


def _written(
    lines: list[str], ports: dict[str, list[str]], wanted: dict[str, dict[str, int]], counts: dict[str, int], known: set[str]
) -> list[str]:
    found, current = [], ""
    for line in lines:
        words = line.lower().split()
        if words[:1] == [".subckt"]:
            current = words[1]
            if current not in counts:
                own = wanted.get(current, {})
                line += "".join(f" {_name(current, port, k)}=0" for port in own for k in range(1, own[port] + 1))
        elif words[:1] == [".ends"]:
            current = ""
        elif line[:1] in ("x", "X"):
            *nodes, called = _plain(words)
            for port, count in wanted.get(called, {}).items():
                node = nodes[ports[called].index(port)]
                for k in range(1, count + 1):
                    given = f"draw_{k}" if called in counts else _name(called, port, k)
                    value = f"mm_{k}_{re.sub('^vth_', '', node)}"
                    if current and node in wanted.get(current, {}):
                        value = _name(current, node, k)
                    elif current or value not in {name.lower() for name in known}:
                        continue
                    line += f" {given}={{{value}}}"
        found.append(line)
    return found


def _name(subcircuit: str, port: str, k: int) -> str:
    """Of a parameter: no other subcircuit's, see :meth:`spicekit.technology.Technology.instance`."""
    return f"draw_{k}_{subcircuit}_{port}"
