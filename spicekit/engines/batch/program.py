"""From a netlist to what the transient engine runs: unknowns, devices, the equations they stand in and the order of elimination.

Voltage sources are no equations: they join nodes to one, at a known distance. A node's voltage is then a sum of unknowns and of
known voltages (a mismatch source at a gate is a shift of the gate), a source's current is the sum of what leaves the nodes
behind it (a drain current that is scaled by a mismatch is a weight in two equations), and some three hundred equations of a
sense amplifier are 17 unknowns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from spicekit.engines.batch import bsim4
from spicekit.engines.batch.emit import function
from spicekit.engines.batch.expression import number, parse
from spicekit.engines.batch.graph import Node, gradient, ordered, variable
from spicekit.engines.batch.reader import GROUND, Element, Netlist
from spicekit.engines.batch.transistor import INPUTS, terminals
from spicekit.engines.batch.unsupported import Unsupported

Value = Any  # Node | float

PARAMETER, CONSTANT, PULSE, POINTS, SINE, TIME, EXPONENTIAL, HOLD, GUESS = range(9)  # kinds of known voltages
STIFF = 1e3  # S, that hold a node at its initial value


@dataclass
class Sum:
    """A linear combination of unknowns and of known voltages."""

    unknown: dict[int, float] = field(default_factory=dict)
    known: dict[int, float] = field(default_factory=dict)

    def plus(self, other: Sum, factor: float = 1.0) -> Sum:
        result = Sum(dict(self.unknown), dict(self.known))
        for mine, others in ((result.unknown, other.unknown), (result.known, other.known)):
            for key, value in others.items():
                mine[key] = mine.get(key, 0.0) + factor * value
                if mine[key] == 0:
                    del mine[key]
        return result


@dataclass(frozen=True)
class Current:
    """A current that is that of a device's output, times a factor and perhaps a known voltage."""

    output: int
    factor: float
    weight: int = -1


@dataclass
class Device:
    kernel: int
    constants: tuple[float, ...]
    inputs: list[tuple[str, str]]
    outputs: int
    has_current: bool
    has_charge: bool
    first: int = 0  # its first output


@dataclass
class _Edge:
    """A source of voltage from ``plus`` to ``minus``."""

    element: Element
    plus: str
    minus: str
    value: Sum | None = None


class Program:
    """The circuit of ``netlist``; ``varied`` are the names of sources whose DC value a trial gives, in their order.

    Of a ``static`` one only operating points are asked for: it has no charges, and sources their DC values.
    """

    def __init__(self, netlist: Netlist, varied: Sequence[str], static: bool = False) -> None:
        self.netlist, self.static = netlist, static
        self.kernels: dict[str, int] = {}
        self.devices: list[Device] = []
        self.outputs = 0
        self.known: list[tuple[int, tuple[float, ...]]] = []
        self.breaks: set[float] = {0.0}
        self.unknowns = 0
        self.rows: dict[int, list[Current]] = {}  # equation -> what adds up to zero
        self.voltages: set[int] = set()  # unknowns that are a node's voltage, whose equation is Kirchhoff's
        self.limited: set[str] = set()  # nodes of transistors, at which a voltage far off is worth nothing
        self._cards: dict[tuple[Any, ...], tuple[int, tuple[float, ...]]] = {}
        self._varied = {f"v{name}".lower(): k for k, name in enumerate(varied)}
        self.nominal = [0.0] * len(varied)  # what the netlist has where a trial has its own
        self._leaving: dict[str, list[Current]] = {}
        self._edges: dict[str, _Edge] = {}
        self._behind: dict[str, tuple[list[str], int]] = {}  # source -> nodes behind it, sign
        self._memo: dict[str, list[Current] | None] = {}
        self._later: list[tuple[Element, str, Value]] = []  # whose current or voltage is that of another source's current
        self._components: dict[int, list[str]] = {}  # unknown voltage -> nodes that share it
        self.node: dict[str, Sum] = {GROUND: Sum()}
        self._time = -1
        self._join()
        for element in netlist.elements:
            getattr(self, f"_{element.kind}", self._skip)(element)
        self._hold(netlist.initial, HOLD)
        self._hold(netlist.guess, GUESS)
        shunt = number(netlist.options.get("rshunt", "0"))
        for name in [name for name, place in self.node.items() if place.unknown and name[-1] != "#"] if shunt else []:
            self._flows(self._linear(name, GROUND, 1 / shunt, 0.0), name, GROUND)
        self._close()

    # nodes

    def _join(self) -> None:
        elements = self.netlist.elements
        names = dict.fromkeys([GROUND, *(node for e in elements for node in e.nodes[: 2 if e.kind in "eg" else 4])])
        for e in elements:
            if e.kind == "v":
                self._edges[e.name] = _Edge(e, *e.ends, Sum(known={self._source(e): 1.0}))
            elif e.kind in "eh" or (e.kind == "b" and re.match(r"v\s*=", e.rest)):
                self._edges[e.name] = _Edge(e, *e.ends)
        while True:
            self._place(names)
            found = False
            for edge in self._edges.values():
                if edge.element.kind == "e" and edge.value is None:
                    control = self._control(edge.element)
                    if control is not None and not control.unknown:
                        edge.value = Sum().plus(control, number(edge.element.rest))
                        found = True
            if not found:
                break
        for edge in self._edges.values():
            if edge.value is None:
                edge.value = Sum(unknown={self._unknown(): 1.0})
                self.node[f"{edge.element.name}#"] = edge.value
        self._place(names, final=True)

    def _control(self, element: Element) -> Sum | None:
        a, b = (self.node.get(name) for name in element.control)
        return None if a is None or b is None else a.plus(b, -1.0)

    def _place(self, names: Mapping[str, None], final: bool = False) -> None:
        """Walk from ground, and then from any other node, along the sources whose voltage is known."""
        beside: dict[str, list[tuple[_Edge, str, float]]] = {}
        for edge in self._edges.values():
            if edge.value is not None:
                beside.setdefault(edge.plus, []).append((edge, edge.minus, -1.0))
                beside.setdefault(edge.minus, []).append((edge, edge.plus, 1.0))
        placed: dict[str, Sum] = {}
        for root in names:
            if root in placed or (root != GROUND and not final):
                continue
            unknown = -1 if root == GROUND else self._unknown()
            if unknown >= 0:
                self.voltages.add(unknown)
            placed[root] = Sum() if unknown < 0 else Sum(unknown={unknown: 1.0})
            order: list[tuple[str, _Edge | None, str]] = [(root, None, "")]
            for at, came, _ in order:
                for edge, other, sign in beside.get(at, []):
                    if edge is came:
                        continue
                    if other in placed:
                        raise Unsupported(f"{edge.element.name}: a loop of voltage sources")
                    assert edge.value is not None
                    placed[other] = placed[at].plus(edge.value, sign)
                    order.append((other, edge, at))
            if final:
                self._note(order, unknown)
        if final:
            self.node.update(placed)
        else:
            self.node = placed

    def _note(self, order: list[tuple[str, _Edge | None, str]], unknown: int) -> None:
        below: dict[str, list[str]] = {name: [name] for name, _, _ in order}
        for name, edge, parent in reversed(order):
            if edge is not None:
                self._behind[edge.element.name] = (below[name], -1 if edge.plus == name else 1)
                below[parent] = below[parent] + below[name]
        if unknown >= 0:
            self._components[unknown] = below[order[0][0]]

    def _unknown(self) -> int:
        self.unknowns += 1
        return self.unknowns - 1

    # sources

    def _source(self, element: Element) -> int:
        text = element.rest.strip()
        found = re.match(
            r"(?:dc\s+)?([-+.\d][\w.+-]*)?\s*(?:ac\s+\S+(?:\s+\S+)?)?\s*(?:(pulse|pwl|sin|exp)\s*\(?([^)]*)\)?)?\s*$", text
        )
        if found is None:
            raise Unsupported(f"{element.name}: the source '{text}'")
        if not found[2] or (self.static and found[1]):
            value = number(found[1] or "0")
            k = self._varied.get(element.name)
            if k is None:
                return self._add_known(CONSTANT, (value,))
            self.nominal[k] = value
            return self._add_known(PARAMETER, (float(k),))
        values = [number(word) for word in re.split(r"[\s,]+", found[3].strip())]
        step, stop = self.netlist.tran[:2] if self.netlist.tran else (1.0, 1.0)
        if found[2] == "pulse":
            values += [0.0] * (7 - len(values))
            v1, v2, delay, rise, fall, width, period = values[:7]
            rise, fall, width = rise or step, fall or step, width or stop
            period = period or stop
            start = delay
            while start <= stop and len(self.breaks) < 100_000:
                self.breaks.update(t for t in (start, start + rise, start + rise + width, start + rise + width + fall) if t >= 0)
                start += period
            return self._add_known(PULSE, (v1, v2, delay, rise, fall, width, period))
        if found[2] == "pwl":
            self.breaks.update(t for t in values[::2] if t >= 0)
            return self._add_known(POINTS, (len(values) / 2, *values))
        if found[2] == "exp":
            if len(values) != 6 or min(values[3], values[5]) <= 0:
                raise Unsupported(f"{element.name}: the source '{text}'")
            self.breaks.update(t for t in (values[2], values[4]) if t >= 0)
            return self._add_known(EXPONENTIAL, tuple(values))
        values += [0.0] * (5 - len(values))
        self.breaks.add(values[3])
        return self._add_known(SINE, tuple(values[:5]))

    def _add_known(self, kind: int, data: tuple[float, ...]) -> int:
        self.known.append((kind, data))
        return len(self.known) - 1

    # elements

    def _device(
        self, kernel: tuple[int, tuple[float, ...]], inputs: list[tuple[str, str]], outputs: int, current: bool, charge: bool
    ) -> int:
        """Add a device; the number of its first output."""
        self.devices.append(Device(kernel[0], kernel[1], inputs, outputs, current, charge, self.outputs))
        self.outputs += outputs
        return self.outputs - outputs

    def _kernel(self, inputs: Sequence[str], outputs: Sequence[Value]) -> tuple[int, tuple[float, ...]]:
        """The kernel of formulas in the order of the engine: currents, charges, derivatives of both."""
        body, constants = function(inputs, outputs)
        return self.kernels.setdefault(body, len(self.kernels)), tuple(constants)

    def _linear(self, a: str, b: str, conductance: float, capacitance: float) -> int:
        body = "out[0] = K[0] * in[0]; out[1] = K[1] * in[0]; out[2] = all(K[0]); out[3] = all(K[1]);"
        made = self.kernels.setdefault(body, len(self.kernels)), (conductance, capacitance)
        return self._device(made, [(a, b)], 1, conductance != 0, capacitance != 0)

    def _flows(self, output: int, plus: str, minus: str, factor: float = 1.0, weight: int = -1) -> None:
        """The output's current flows into the device at ``plus`` and out of it at ``minus``."""
        self._leaving.setdefault(plus, []).append(Current(output, factor, weight))
        self._leaving.setdefault(minus, []).append(Current(output, -factor, weight))

    def _skip(self, element: Element) -> None:
        if element.kind not in "v":
            raise Unsupported(f"{element.name}: an element of the kind {element.kind.upper()}")

    def _r(self, element: Element) -> None:
        value = number(element.rest)
        if value == 0:
            raise Unsupported(f"{element.name}: a resistance of zero")
        self._flows(self._linear(*element.ends, 1 / value, 0.0), *element.ends)

    def _c(self, element: Element) -> None:
        if not self.static:
            self._flows(self._linear(*element.ends, 0.0, number(element.rest)), *element.ends)

    def _i(self, element: Element) -> None:
        name = f"{element.name}#"
        self.node[name] = Sum(known={self._source(element): 1.0})
        self._flows(self._linear(name, GROUND, 1.0, 0.0), *element.ends)

    def _g(self, element: Element) -> None:
        self._flows(self._linear(*element.control, number(element.rest), 0.0), *element.ends)

    def _f(self, element: Element) -> None:
        source, gain = element.rest.split()
        self._later.append((element, element.node(source), number(gain)))

    def _e(self, element: Element) -> None:
        if f"{element.name}#" in self.node:
            self._define(element, self._linear(*element.control, number(element.rest), 0.0))

    def _h(self, element: Element) -> None:
        source, gain = element.rest.split()
        self._later.append((element, element.node(source), number(gain)))

    def _b(self, element: Element) -> None:
        kind, text = element.rest[0], element.rest.partition("=")[2]
        value = parse(text, lambda what, names: self._lookup(element, what, names))
        used = [node.args[0] for node in ordered([value]) if node.op == "input"]
        if any(name.startswith("i:") for name in used):
            if kind != "i":
                raise Unsupported(f"{element.name}: {element.rest}")
            self._later.append((element, "", value))
            return
        slopes = gradient([value], [variable(name) for name in used])[0]
        inputs = [(name.split(":")[1], name.split(":")[2]) for name in used]
        output = self._device(self._kernel(used, [value, 0.0, *slopes, *([0.0] * len(used))]), inputs, 1, True, False)
        if kind == "i":
            self._flows(output, *element.ends)
        else:
            self._define(element, output)

    def _lookup(self, element: Element, what: str, names: Sequence[str]) -> Value:
        if what == "i":
            return variable(f"i:{element.place}{names[0]}")
        if what == "v":
            a, b = element.node(names[0]), element.node(names[1]) if len(names) > 1 else GROUND
            for name in (a, b):
                if name not in self.node:
                    raise Unsupported(f"{element.name}: the node {name}")
            return variable(f"v:{a}:{b}")
        if names[0] == "time":
            if self._time < 0:
                self._time = self._add_known(TIME, ())
                self.node["time#"] = Sum(known={self._time: 1.0})
            return variable(f"v:time#:{GROUND}")
        if names[0] == "temper":
            return self.netlist.celsius
        if names[0] in element.parameters:
            return element.parameters[names[0]]
        raise Unsupported(f"{element.name}: '{names[0]}'")

    def _define(self, element: Element, output: int) -> None:
        """The equation of a source's voltage: itself less the output is zero."""
        name = f"{element.name}#"
        (unknown,) = self.node[name].unknown
        self.rows.setdefault(unknown, []).extend([Current(self._linear(name, GROUND, 1.0, 0.0), 1.0), Current(output, -1.0)])

    def _m(self, element: Element) -> None:
        words = re.sub(r"\s*=\s*", "=", element.rest).split()
        name, values = words[0], {key: number(value) for key, _, value in (w.partition("=") for w in words[1:])}
        if name not in self.netlist.models:
            raise Unsupported(f"{element.name}: the model {name}")
        kind, card = self.netlist.models[name]
        if card.get("level") not in (14.0, 54.0):
            raise Unsupported(f"{element.name}: MOSFET level {card.get('level', 1.0):g}")
        m = values.pop("m", 1.0)
        unknown = values.keys() - {"w", "l", "nf", "ad", "as", "pd", "ps"}
        if unknown:
            raise Unsupported(f"{element.name}: the parameter {sorted(unknown)[0]} of a transistor")
        if "w" not in values or "l" not in values:
            raise Unsupported(f"{element.name}: a transistor without w or l")
        key = (name, *sorted(values.items()))
        if key not in self._cards:
            shape = bsim4.Geometry(values["w"], values["l"], values.get("nf", 1.0), values.get("ad"), values.get("as"),
                                   values.get("pd"), values.get("ps"))  # fmt: skip
            gmin = number(self.netlist.options.get("gmin", "1e-12"))
            sized = bsim4.size({k: v for k, v in card.items() if k != "level"}, kind == "nmos", shape, self.netlist.celsius, gmin)
            t = terminals(sized)
            charges, capacitances = ([0.0] * 3, [[0.0] * 3] * 3) if self.static else (t.charges, t.capacitances)
            slopes = [x for rows in (t.conductances, capacitances) for row in rows for x in row]
            self._cards[key] = self._kernel(INPUTS, [*t.currents, *charges, *slopes])
        drain, gate, source, bulk = element.nodes
        self.limited.update(element.nodes)
        first = self._device(self._cards[key], [(drain, source), (gate, source), (bulk, source)], 3, True, not self.static)
        for k, node in enumerate((drain, gate, bulk)):
            self._flows(first + k, node, source, m)

    def _hold(self, voltages: Mapping[str, float], kind: int) -> None:
        """Hold nodes at voltages while the operating point is searched for."""
        for name, voltage in voltages.items():
            if name not in self.node:
                raise Unsupported(f"an initial voltage of the node {name}")
            target = f"{name}=#"
            self.node[target] = Sum(known={self._add_known(CONSTANT, (voltage,)): 1.0})
            weight = self._add_known(kind, ())
            self._flows(self._linear(name, target, STIFF, 0.0), name, GROUND, 1.0, weight)

    # currents of sources

    def currents(self, source: str) -> list[Current]:
        """The current through a source, from its first node to its second, as a sum of outputs."""
        if source not in self._behind:
            raise Unsupported(f"the current of {source}")
        found = self._memo.get(source, [])
        if found is None:
            raise Unsupported(f"{source}: currents that depend on themselves")
        if source not in self._memo:
            self._memo[source] = None
            nodes, sign = self._behind[source]
            self._memo[source] = found = [
                Current(c.output, sign * c.factor, c.weight) for node in nodes for c in self._all_leaving(node)
            ]
        return found

    def _all_leaving(self, node: str) -> list[Current]:
        result = list(self._leaving.get(node, []))
        for element, source, value in self._later:
            if element.kind != "h" and node in element.nodes:
                for end, sign in zip(element.nodes, (1.0, -1.0), strict=False):
                    if end == node:
                        result += [Current(c.output, sign * c.factor, c.weight) for c in self._reflected(element, source, value)]
        return result

    def _reflected(self, element: Element, source: str, value: Value) -> list[Current]:
        """The currents of F and of B = V(known) * I(source)."""
        if element.kind == "f":
            return [Current(c.output, value * c.factor, c.weight) for c in self.currents(source)]
        factor, weight = 1.0, -1
        args = list(value.args) if isinstance(value, Node) and value.op == "mul" else [value]
        currents = [a for a in args if isinstance(a, Node) and a.op == "input" and a.args[0].startswith("i:")]
        others = [a for a in args if a not in currents]
        if len(currents) != 1 or len(others) > 1:
            raise Unsupported(f"{element.name}: {element.rest}")
        for other in others:
            if not isinstance(other, Node):
                factor = other
                continue
            names = str(other.args[0]).split(":") if other.op == "input" else []
            place = self.node[names[1]].plus(self.node[names[2]], -1.0) if len(names) == 3 else Sum(unknown={-1: 1.0})
            if not place.unknown and not place.known:
                return []  # a node that is ground: the current is zero
            if place.unknown or len(place.known) != 1:
                raise Unsupported(f"{element.name}: {element.rest}")
            ((weight, factor),) = place.known.items()
        result = []
        for c in self.currents(currents[0].args[0][2:]):
            if c.weight >= 0 and weight >= 0:
                raise Unsupported(f"{element.name}: a current scaled twice")
            result.append(Current(c.output, factor * c.factor, max(c.weight, weight)))
        return result

    def _close(self) -> None:
        """Kirchhoff's equation of each unknown node, and those of H sources."""
        for element, source, value in self._later:
            if element.kind == "h":
                name = f"{element.name}#"
                (unknown,) = self.node[name].unknown
                self.rows[unknown] = [Current(self._linear(name, GROUND, 1.0, 0.0), 1.0)]
                self.rows[unknown] += [Current(c.output, -value * c.factor, c.weight) for c in self.currents(source)]
        for unknown, nodes in self._components.items():
            self.rows[unknown] = merged(c for node in nodes for c in self._all_leaving(node))
        for unknown in range(self.unknowns):
            if not self.rows.get(unknown):
                raise Unsupported("a node that nothing is connected to")


def merged(currents: Any) -> list[Current]:
    """The same sum, every output once a weight."""
    total: dict[tuple[int, int], float] = {}
    for c in currents:
        total[(c.output, c.weight)] = total.get((c.output, c.weight), 0.0) + c.factor
    return [Current(output, factor, weight) for (output, weight), factor in total.items() if factor]
