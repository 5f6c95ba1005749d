"""`logic-gate`: a gate of the library by itself: truth table, delay and energy, or its levels and leakage at operating points."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
from pydantic import model_validator

from spicekit.analysis import Analysis, DcAnalysis
from spicekit.benches.digital.gates import Bits, Circuit
from spicekit.benches.digital.logic import LEVEL, LogicBench, LogicParameters, Words
from spicekit.measures import Largest, Mean, Node, Number, i, listed, maximum, v
from spicekit.measures.measure import Measure
from spicekit.parameters import option

Cell = Literal["inverter", "nand2", "nor2", "aoi22", "xor2", "mux2", "half-adder", "full-adder", "flip-flop"]

# cell -> pins of inputs, pins of outputs, gate delays, and what the outputs are, by plain arithmetic
CELLS: dict[str, tuple[str, tuple[str, ...], float, Callable[..., tuple[Bits, ...]]]] = {
    "inverter": ("a", ("y",), 1, lambda a: (a == 0,)),
    "nand2": ("ab", ("y",), 1, lambda a, b: (a * b == 0,)),
    "nor2": ("ab", ("y",), 2, lambda a, b: (a + b == 0,)),
    "aoi22": ("abcd", ("y",), 2, lambda a, b, c, d: (a * b + c * d == 0,)),
    "xor2": ("ab", ("y",), 3, lambda a, b: (a + b == 1,)),
    "mux2": ("abs", ("y",), 4, lambda a, b, s: (a * (1 - s) + b * s == 1,)),
    "half-adder": ("ab", ("y", "carry"), 3, lambda a, b: ((a + b) % 2 == 1, (a + b) // 2 == 1)),
    "full-adder": ("abc", ("y", "carry"), 5, lambda a, b, c: ((a + b + c) % 2 == 1, (a + b + c) // 2 == 1)),
    "flip-flop": ("d", ("q",), 5, lambda d: (d == 1,)),
}


class GateParameters(LogicParameters):
    cell: Cell = option("nand2", "the gate")
    operation: Literal["switching", "static"] = option(
        "switching", "switching: every change of the inputs, a transient; static: every word at its operating point, without load"
    )

    @model_validator(mode="after")
    def _static_has_no_memory(self) -> Self:
        if self.operation == "static" and self.cell == "flip-flop":
            raise ValueError(
                "operation: static given with cell=flip-flop; allowed: switching, its operating point is not one alone"
            )
        return self


class LogicGate(LogicBench[GateParameters]):
    """Goes through all changes from each input word to each other one; a flip-flop through all of what it holds and takes."""

    name = "logic-gate"
    summary = "gate of a static CMOS library, inverter to full adder and flip-flop: truth table, delay, energy, leakage"

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(CELLS[self.p.cell][0])

    @property
    def outputs(self) -> tuple[str, ...]:
        return CELLS[self.p.cell][1]

    @property
    def depth(self) -> float:
        return CELLS[self.p.cell][2]

    @property
    def clock(self) -> str:
        return "clock" if self.p.cell == "flip-flop" else ""

    @cached_property
    def circuit(self) -> Circuit:
        circuit = Circuit()
        clock = {"clock": "clock"} if self.clock else {}
        place = getattr(circuit, self.p.cell.replace("-", "_"))
        place("x", **{pin: pin for pin in (*self.inputs, *self.outputs)}, **clock)
        return circuit

    @cached_property
    def words(self) -> Words:
        pins = len(self.inputs)
        if self.clock:  # what was there when the clock rose: the word of the slot before
            given = np.array([0, 0, 1, 1, 0, 0])
            inputs = given[:, None].astype(bool)
            return Words(
                inputs, np.roll(inputs, 1, axis=0), tuple((k, k + 1) for k in range(2, len(given))),
                "0 and 1, each kept and changed", checked=1,
            )  # fmt: skip
        order = every_change(1 << pins)
        inputs = (order[:, None] >> np.arange(pins) & 1).astype(bool)
        outputs = np.stack(CELLS[self.p.cell][3](*inputs.astype(int).T), axis=1)
        return Words(
            inputs, outputs, tuple((k, k + 1) for k in range(1, len(order))), "every change from one word to another",
        )  # fmt: skip

    def context(self) -> dict[str, Any]:
        return super().context() | {"static": self.p.operation == "static"}

    def loads(self) -> dict[str, float]:
        return {} if self.p.operation == "static" else super().loads()

    def analysis(self) -> Analysis:
        if self.p.operation == "switching":
            return super().analysis()
        return DcAnalysis(save=self.vectors(), inner=("vword", 0, (1 << len(self.inputs)) - 1, 1))

    def made_measures(self) -> tuple[Measure, ...]:
        return super().made_measures() if self.p.operation == "switching" else self.static_measures()

    def static_measures(self) -> tuple[Measure, ...]:
        """Of the list of all words."""
        words = np.arange(1 << len(self.inputs))
        table = CELLS[self.p.cell][3](*(words >> np.arange(len(self.inputs))[:, None] & 1))
        away: Node = Number(0.0)  # of all outputs the farthest from its level, in volts, a list
        for node, bits in zip(self.outputs, table, strict=True):
            level = listed(self.vdd * int(bit) for bit in bits)
            away = maximum(away, abs(v(node) - level))
        leakage = i("vdd_logic")
        return (
            Measure("wrong", "", "an output is not at its level", Largest(away) > LEVEL * self.vdd, fraction=True),
            Measure("v_off", "V", "how far an output is from its level, at most", Largest(away)),
            Measure("i_leak", "A", "current from the supply, mean over all words", Mean(leakage)),
            Measure("i_leak_max", "A", "the same, the word with the largest", Largest(leakage)),
        )


def every_change(words: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """A walk over ``words`` that goes once from each to each other one: words (words - 1) + 1 places (Hierholzer)."""
    left = {word: [other for other in range(words) if other != word] for word in range(words)}
    path, walk = [0], []
    while path:
        if left[path[-1]]:
            path.append(left[path[-1]].pop())
        else:
            walk.append(path.pop())
    return np.array(walk[::-1])
