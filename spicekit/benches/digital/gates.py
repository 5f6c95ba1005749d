"""A small static CMOS library: what gates there are, how large their transistors are, and what they compute.

The rule of sizes: an inverter of drive 1 has the technology's smallest NMOS, and a PMOS ``p_ratio`` times as wide; of k
transistors in series, by the longest way to the rail that a transistor is part of, each is k times as wide, so that every way
conducts as that inverter does.  Lengths are the technology's smallest.  Which nodes the transistors of a gate are at stands in
``netlists/digital/gates.cir.j2``.

A :class:`Circuit` is built of gates in the order in which signals go through them.  Gates of several stages (an exclusive or, a
full adder) are made of those of one stage (:data:`SIZES`), so that a netlist has only these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.bool_]

# gate -> its transistors: how many are in series on its longest way to the rail; n is an NMOS, p a PMOS
SIZES: dict[str, dict[str, int]] = {
    "inverter": {"n": 1, "p": 1},
    "nand2": {"na": 2, "nb": 2, "pa": 1, "pb": 1},
    "nor2": {"na": 1, "nb": 1, "pa": 2, "pb": 2},
    "aoi22": {f"{type_}{pin}": 2 for type_ in "np" for pin in "abcd"},
    # of the mirror adder (Weste and Eshraghian; Rabaey, Digital Integrated Circuits, 11.3): carry and sum, both inverted
    "mirror": {
        f"{type_}{part}": 3 if part in ("a4", "b4", "c4") else 2
        for type_ in "np"
        for part in ("a1", "b1", "c1", "a2", "b2", "a3", "b3", "c3", "k", "a4", "b4", "c4")
    },
    "transmission": {"n": 1, "p": 1},
    "clocked": {"na": 2, "nk": 2, "pa": 2, "pk": 2},  # an inverter with a transistor of the clock in each way
}

# what a gate without memory gives of its pins
LOGIC: dict[str, Callable[..., dict[str, Bits]]] = {
    "inverter": lambda a: {"y": ~a},
    "nand2": lambda a, b: {"y": ~(a & b)},
    "nor2": lambda a, b: {"y": ~(a | b)},
    "aoi22": lambda a, b, c, d: {"y": ~(a & b | c & d)},
    "mirror": lambda a, b, c: {"k": ~(a & b | c & (a | b)), "y": ~(a ^ b ^ c)},
}


@dataclass(frozen=True)
class Gate:
    """A placed gate: pin -> node."""

    kind: str
    name: str
    pins: Mapping[str, str]
    supply: str


@dataclass
class Circuit:
    """Gates in the order of their signals.  ``supply`` is the node that those which are added next are fed from."""

    supply: str = "vdd_logic"
    gates: list[Gate] = field(default_factory=list)
    held: dict[str, bool] = field(default_factory=dict)  # nodes of the flip-flops that hold something at first, and what

    def place(self, kind: str, name: str, **pins: str) -> None:
        """A gate of :data:`SIZES`."""
        self.gates.append(Gate(kind, name, pins, self.supply))

    def inverter(self, name: str, a: str, y: str) -> None:
        self.place("inverter", name, a=a, y=y)

    def nand2(self, name: str, a: str, b: str, y: str) -> None:
        self.place("nand2", name, a=a, b=b, y=y)

    def nor2(self, name: str, a: str, b: str, y: str) -> None:
        self.place("nor2", name, a=a, b=b, y=y)

    def aoi22(self, name: str, a: str, b: str, c: str, d: str, y: str) -> None:
        """not (a b + c d)"""
        self.place("aoi22", name, a=a, b=b, c=c, d=d, y=y)

    def and2(self, name: str, a: str, b: str, y: str) -> None:
        self.nand2(f"{name}_g", a, b, f"{name}_n")
        self.inverter(f"{name}_i", f"{name}_n", y)

    def ao22(self, name: str, a: str, b: str, c: str, d: str, y: str) -> None:
        """a b + c d"""
        self.aoi22(f"{name}_g", a, b, c, d, f"{name}_n")
        self.inverter(f"{name}_i", f"{name}_n", y)

    def xor2(self, name: str, a: str, b: str, y: str) -> None:
        """Of both inputs and their inverses: 12 transistors."""
        self.inverter(f"{name}_a", a, f"{name}_an")
        self.inverter(f"{name}_b", b, f"{name}_bn")
        self.aoi22(f"{name}_g", a, b, f"{name}_an", f"{name}_bn", y)

    def mux2(self, name: str, a: str, b: str, s: str, y: str) -> None:
        """a where s is 0, b where it is 1."""
        self.inverter(f"{name}_s", s, f"{name}_sn")
        self.ao22(name, a, f"{name}_sn", b, s, y)

    def half_adder(self, name: str, a: str, b: str, y: str, carry: str) -> None:
        """18 transistors."""
        self.xor2(f"{name}_x", a, b, y)
        self.and2(f"{name}_c", a, b, carry)

    def full_adder(self, name: str, a: str, b: str, c: str, y: str, carry: str) -> None:
        """The mirror adder with its two inverters: 28 transistors."""
        self.place("mirror", f"{name}_m", a=a, b=b, c=c, k=f"{name}_kn", y=f"{name}_yn")
        self.inverter(f"{name}_k", f"{name}_kn", carry)
        self.inverter(f"{name}_y", f"{name}_yn", y)

    def latch(self, name: str, d: str, on: str, off: str, y: str) -> None:
        """Follows the inverse of ``d`` while ``on`` is 1 (``off`` its inverse), else holds: 8 transistors."""
        self.place("transmission", f"{name}_t", a=d, y=f"{name}_s", on=on, off=off)
        self.inverter(f"{name}_i", f"{name}_s", y)
        self.place("clocked", f"{name}_k", a=y, y=f"{name}_s", on=off, off=on)

    def flip_flop(self, name: str, d: str, clock: str, q: str) -> None:
        """Takes ``d`` when ``clock`` rises: two latches and two inverters of the clock, 20 transistors.  It holds 0 first."""
        self.inverter(f"{name}_off", clock, f"{name}_cn")
        self.inverter(f"{name}_on", f"{name}_cn", f"{name}_cp")
        self.latch(f"{name}_m", d, f"{name}_cn", f"{name}_cp", f"{name}_mq")
        self.latch(f"{name}_l", f"{name}_mq", f"{name}_cp", f"{name}_cn", q)
        self.held |= {f"{name}_l_s": True, q: False}

    @property
    def transistors(self) -> int:
        """How many it has."""
        return sum(len(SIZES[gate.kind]) for gate in self.gates)

    def devices(self, w_min: float, l_min: float, drive: float, p_ratio: float) -> dict[str, tuple[str, float, float]]:
        """All transistors: name -> type, width and length in metres."""
        found = {}
        for gate in self.gates:
            for part, series in SIZES[gate.kind].items():
                role, ratio = ("nmos", 1.0) if part.startswith("n") else ("pmos", p_ratio)
                found[f"{gate.name}_{part}"] = (role, drive * series * ratio * w_min, l_min)
        return found

    def evaluate(self, inputs: Mapping[str, Bits]) -> dict[str, Bits]:
        """The bits of all nodes, of circuits without memory: node -> as many as each of ``inputs`` has."""
        nodes: dict[str, Any] = dict(inputs)
        for gate in self.gates:
            outputs = LOGIC[gate.kind](**{pin: nodes[node] for pin, node in gate.pins.items() if pin not in ("y", "k")})
            nodes |= {gate.pins[pin]: bits for pin, bits in outputs.items()}
        return nodes
