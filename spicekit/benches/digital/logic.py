"""What the benches of digital logic share: words at the inputs, one after the other, and what the circuit makes of them.

Time goes in slots of one ``period``.  In each the inputs take a word at the slot's beginning, by edges of ``edge``, and at its
end every output has to be at its level.  A bench says which words these are, what the outputs must be (computed by plain
arithmetic, not by the gates) and which slots are operations, whose energy counts.

The energy of an operation depends on its word and the one before.  Over n operations of random data its mean has the variance
(g0 + 2 g1) / n, with the autocovariances g of operations beside each other: those further apart share no word.  ``e_error`` is
half of Student's 95 % interval by it (by g0 alone, where neighbours make up for each other).
"""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic

import numpy as np
from scipy.special import stdtrit
from typing_extensions import TypeVar

from spicekit.analysis import Analysis, TranAnalysis
from spicekit.bench import Bench, Panel
from spicekit.benches.digital.gates import Bits, Circuit
from spicekit.errors import UserError
from spicekit.limits import Limits
from spicekit.measures import At, Integral, Largest, Mean, Node, Settling, Sum, Taken, i, listed, maximum, sqrt, total, v
from spicekit.measures.measure import Measure
from spicekit.parameters import BenchParameters, quantity
from spicekit.point import VariationPoint
from spicekit.rails import Item, RailSupply, Spent
from spicekit.units import format_value

PACE = 0.5e-3  # s of a gate delay a metre of channel length: an inverter with four like itself takes some 0.3 to 0.5 ps a nm
SLACK = 5  # gate delays of a slot beside those of the longest path
MARGIN = 2.0  # of a slot over these
GATES = "gates of the inputs, from what drives them"
LEVEL = 0.1  # of the supply, how far from its level an output may be at the end of a slot


class LogicParameters(BenchParameters):
    drive: float = quantity(1.0, "", "widths over those of gates made of the smallest transistors", ge=1, le=64)
    p_ratio: float = quantity(2.0, "", "width of a PMOS over that of an NMOS of the same strength", ge=1, le=4)
    fan_out: float = quantity(4.0, "", "load of each output, in inverters of drive 1", ge=0, le=256)
    period: float | None = quantity(
        None, "s", "length of a slot; some three times what the nominal circuit needs if not given", ge=1e-12, le=1e-6
    )
    edge: float | None = quantity(
        None, "s", "edges of the inputs, 0 to 100 %; 0.5 ps a nanometre of channel length if not given", ge=1e-13, le=1e-7
    )
    step: float | None = quantity(None, "s", "largest time step; a tenth of the period if not given", ge=1e-15, le=1e-8)
    chgtol: float = quantity(
        1e-16, "A s", "error of a charge that a time step may make; the simulator's option", ge=1e-18, le=1e-13
    )


class DataParameters(LogicParameters):
    operations: int = quantity(16, "", "operations on random data", ge=4, le=200)
    seed: int = quantity(1, "", "seed of the data", ge=0)


@dataclass(frozen=True)
class Words:
    """What the inputs are in each slot and what the outputs must be at its end."""

    inputs: Bits  # (slots, inputs); slot 0 is the state in which the simulation begins
    outputs: Bits  # (slots, outputs)
    operations: tuple[tuple[int, int], ...]  # of each its first slot, and the first after it
    about: str
    checked: int = 1  # the first slot whose outputs are known


L = TypeVar("L", bound=LogicParameters, default=LogicParameters, covariant=True)


class LogicBench(Bench[L], Generic[L]):
    """A circuit of gates with its words."""

    template = "benches/logic.cir.j2"

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        # in a shorter slot nothing gets to its level, and what the supply gives is no energy of an operation
        halves = 2 if self.clock else 1  # of a clock each has edges of its own
        edges, gates = 2 * halves * self.edge, halves * self.depth * PACE * self.technology.l_min / 2
        if self.period < edges * (1 - 1e-9):
            of = "inputs and clock" if self.clock else "inputs"
            raise UserError(
                f"bench '{self.name}': parameters period, edge: {format_value(self.period, 's')} and "
                f"{format_value(self.edge, 's')} given; allowed: a period of at least {2 * halves} edges, which {of} need"
            )
        if self.period < gates * (1 - 1e-9):
            raise UserError(
                f"bench '{self.name}': parameter period: {format_value(self.period, 's')} given; allowed: from "
                f"{format_value(gates, 's')}, half of what the longest path takes"
            )

    # --- what a bench brings

    @property
    @abstractmethod
    def circuit(self) -> Circuit:
        """The gates."""

    @property
    @abstractmethod
    def inputs(self) -> Sequence[str]:
        """Nodes of the inputs."""

    @property
    @abstractmethod
    def outputs(self) -> Sequence[str]:
        """Nodes of the outputs."""

    @property
    @abstractmethod
    def words(self) -> Words:
        """The data."""

    @property
    @abstractmethod
    def depth(self) -> float:
        """Gate delays of the longest path, about."""

    @property
    def supplies(self) -> tuple[str, ...]:
        """Of the circuit; the node of ``logic`` is vdd_logic."""
        return ("logic",)

    @property
    def clock(self) -> str:
        """The node of the clock, which rises at the beginning of each slot and falls in its middle; empty if there is none."""
        return ""

    # --- time

    @property
    def edge(self) -> float:
        """Of the inputs in seconds."""
        return PACE * self.technology.l_min if self.p.edge is None else self.p.edge

    @property
    def period(self) -> float:
        """Of a slot in seconds."""
        return MARGIN * PACE * self.technology.l_min * (self.depth + SLACK) if self.p.period is None else self.p.period

    def start(self, slot: int) -> float:
        """When the inputs' edges of ``slot`` begin, in seconds."""
        return slot * self.period

    @property
    def stop(self) -> float:
        """End of the simulation in seconds."""
        return self.start(len(self.words.inputs))

    @property
    def lag(self) -> float:
        """From the beginning of a slot to the inputs' edges, in seconds: with a clock they follow it, as from a register."""
        return 2 * self.edge if self.clock else 0.0

    def waveforms(self) -> dict[str, list[tuple[float, float]]]:
        """Of each input its knots: times in seconds, volts."""
        found = {}
        slots = range(1, len(self.words.inputs))
        for node, bits in zip(self.inputs, self.words.inputs.T, strict=True):
            knots = [(0.0, self.vdd * int(bits[0]))]
            for slot in slots:
                if bits[slot] != bits[slot - 1]:
                    begin = self.start(slot) + self.lag
                    knots += [(begin, self.vdd * int(bits[slot - 1])), (begin + self.edge, self.vdd * int(bits[slot]))]
                elif node == self.inputs[0] and not self.clock:  # a time step ends with each slot, where charges are counted
                    knots.append((self.start(slot), self.vdd * int(bits[slot])))
            found[node] = knots
        if self.clock:
            knots = [(0.0, 0.0)]
            for k in range(1, len(self.words.inputs)):
                for begin, low in ((self.start(k), 0), (self.start(k) + self.period / 2, 1)):
                    knots += [(begin, self.vdd * low), (begin + self.edge, self.vdd * (1 - low))]
            found[self.clock] = knots
        return found

    # --- the bench

    @cached_property
    def devices(self) -> dict[str, tuple[str, float, float]]:
        """All transistors of the circuit: name -> type, width and length in metres."""
        return self.circuit.devices(self.technology.w_min, self.technology.l_min, self.p.drive, self.p.p_ratio)

    def points(self) -> tuple[VariationPoint, ...]:
        return tuple(
            point for name, (role, width, length) in self.devices.items() for point in self.transistor(name, width, length, role)
        )

    def context(self) -> dict[str, Any]:
        return {
            "devices": self.devices,
            "gates_placed": self.circuit.gates,
            "waveforms": self.waveforms(),
            "about": self.words.about,
            "loads": self.loads(),
            "held": {node: self.vdd * int(bit) for node, bit in self.circuit.held.items()},
            "supplies": self.supplies,
            "static": False,
            "w_load": self.technology.w_min,
            "l_min": self.technology.l_min,
        }

    def analysis(self) -> Analysis:
        return self._transient

    @cached_property
    def _transient(self) -> TranAnalysis:
        shown = (vector for panel in self.panels() for vector in panel.vectors)
        save = tuple(dict.fromkeys((*self.vectors(), *shown)))
        step = self.period / 10 if self.p.step is None else self.p.step
        return TranAnalysis(save=save, step=step, stop=self.stop, options={"chgtol": self.p.chgtol})

    def panels(self) -> tuple[Panel, ...]:
        clock = {f"v({self.clock})": self.clock} if self.clock else {}
        return (
            Panel("inputs", "V", clock | {f"v({node})": node for node in self.inputs[:6]}),
            Panel("outputs", "V", {f"v({node})": node for node in self.outputs[:6]}),
        )

    def works(self) -> str:
        return "wrong < 0.5"

    def measures(self) -> tuple[Measure, ...]:
        return self._measures

    @cached_property
    def _measures(self) -> tuple[Measure, ...]:  # thousands of nodes: a campaign asks for them in each trial
        return self.made_measures()

    def made_measures(self) -> tuple[Measure, ...]:
        """What is measured, made once."""
        return (*self.output_measures(), *self.spent().measures("energy of an operation", ", mean over them"))

    def output_measures(self) -> tuple[Measure, ...]:
        """Whether the outputs are right, and how long they take."""
        wrong = [
            At(self.away(node, slot), self.start(slot + 1)) > LEVEL * self.vdd for slot in self.slots for node in self.outputs
        ]
        return (
            Measure("wrong", "", "an output is not at its level at the end of a slot", Sum(listed(wrong)) > 0, fraction=True),
            Measure(
                "delay", "s", "from the inputs until all outputs are settled, the longest seen", self.delay(), limits=self.late()
            ),
        )

    @property
    def slots(self) -> range:
        """Those whose outputs are known."""
        return range(self.words.checked, len(self.words.inputs))

    @cached_property
    def _bit(self) -> dict[str, Bits]:
        return dict(zip(self.outputs, self.words.outputs.T, strict=True))

    def away(self, node: str, slot: int) -> Node:
        """How far output ``node`` is from its level in ``slot``, in volts."""
        return abs(v(node) - self.vdd) if self._bit[node][slot] else abs(v(node))

    def settled(self, nodes: Sequence[str]) -> list[Node]:
        """From the beginning of each slot until each of ``nodes`` stays on its side of VDD/2, in seconds."""
        return [
            Settling(self.away(node, slot), self.vdd / 2, start=self.start(slot), stop=self.start(slot + 1))
            - (self.start(slot) + self.edge / 2)
            for slot in self.slots
            for node in nodes
        ]

    def delay(self) -> Node:
        """The longest of all outputs, in seconds."""
        return Largest(listed(self.settled(self.outputs)))

    def late(self) -> Limits:
        """Up to where it is looked for."""
        return Limits("raise period", high=self.period, event=True)

    def loads(self) -> dict[str, float]:
        """Of the outputs, in inputs of an inverter of drive 1."""
        return dict.fromkeys(self.outputs, self.p.fan_out)

    # --- energy

    def spent(self) -> Spent:
        """Where the energy goes."""
        supply = total([i(f"vdd_{name}") for name in self.supplies])
        n = len(self.words.operations)
        return Spent(
            RailSupply(),
            self.vdd,
            (
                Item("logic", "supply of the gates", self.vdd, Sum(listed(self.over(supply))) / n),
                Item("gates", GATES, self.vdd, total([Sum(listed(self.lifted(node))) for node in self.driven]) / n),
            ),
        )

    @property
    def driven(self) -> Sequence[str]:
        """The nodes of the inputs, whose charge counts."""
        return (*self.inputs, self.clock) if self.clock else self.inputs

    def over(self, current: Node) -> list[Node]:
        """Its charge in coulombs in each operation."""
        return [Integral(current, self.start(first), self.start(last)) for first, last in self.words.operations]

    def lifted(self, node: str) -> list[Node]:
        """Charge in coulombs that VDD gives, through the gate before, to lift input ``node``, in each operation.

        Of each edge the net charge: what it takes back as the input falls goes to ground.
        """
        parts = 2 if node == self.clock else 1
        found = []
        for first, last in self.words.operations:
            ends = [self.start(first) + k * self.period / parts for k in range((last - first) * parts + 1)]
            current = -i(f"v{node}")
            found.append(total([maximum(Integral(current, begin, end), 0) for begin, end in itertools.pairwise(ends)]))
        return found

    def each(self) -> Node:
        """The energies of the operations in J, a list."""
        supply = self.over(total([i(f"vdd_{name}") for name in self.supplies]))
        drivers = [self.lifted(node) for node in self.driven]
        return listed(total(parts) * self.vdd for parts in zip(supply, *drivers, strict=True))

    def error_measure(self) -> Measure:
        """Of the mean over random data."""
        return Measure(
            "e_error",
            "J",
            "half of the 95 % interval of e_total over random data",
            half_interval(self.each(), len(self.words.operations)),
        )


def half_interval(values: Node, n: int) -> Node:
    """Half of the 95 % interval of the mean of a list of ``n``, of which neighbours may be correlated."""
    apart = values - Mean(values)
    variance = Sum(apart * apart) / (n - 1)
    shifted = Sum(Taken(apart, tuple(range(n - 1))) * Taken(apart, tuple(range(1, n)))) / (n - 1)
    return sqrt(maximum(variance, variance + 2 * shifted) / n) * float(stdtrit(n - 1, 0.975))


def bits_of(values: Sequence[int] | np.ndarray[Any, np.dtype[np.int64]], width: int) -> Bits:
    """The ``width`` bits of whole numbers (n,), the lowest first: (n, width)."""
    return (np.asarray(values, dtype=np.int64)[:, None] >> np.arange(width) & 1).astype(bool)
