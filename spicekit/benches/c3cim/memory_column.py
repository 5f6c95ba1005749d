"""What columns that count resistive cells have in common: device, data, references, decoding and linearity.

Input bit 1 selects a cell, weight bit 1 is the high-resistance state (HRS): the column's answer is the number of selected cells
in HRS.  A netlist holds the column three times:

- ``d``: the data; for a transfer, the number of cells in HRS is swept within each trial;
- ``l`` and ``h``: the references, the same inputs on a column without mismatch or spread, all cells in LRS or all in HRS.
  They are what a designer stores after characterising one nominal column at this corner and temperature: the offset with the
  data-dependent term n_sel * R_L, and the step.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Generic, Literal, Self

import numpy as np
from pydantic import model_validator
from scipy.special import ndtr
from typing_extensions import TypeVar

from spicekit.analysis import DcAnalysis
from spicekit.bench import Bench
from spicekit.devices import load_device
from spicekit.devices.resistive import two_state
from spicekit.errors import UserError
from spicekit.measures import (
    Differences,
    Largest,
    Mean,
    Node,
    Number,
    Usable,
    deviation,
    listed,
    maximum,
    minimum,
    rounded,
    v,
)
from spicekit.measures.measure import Measure
from spicekit.measures.numpy_writer import Evaluation
from spicekit.parameters import BenchParameters, channel_length, channel_width, named_file, option, quantity
from spicekit.point import VariationPoint
from spicekit.units import KELVIN
from spicekit.waves import Array, Waves


class ColumnAnalysis(DcAnalysis):
    """Of a hundred transistors and several hundred variation points: a trial takes longer, so a task has fewer."""

    block: ClassVar[int] = 200
    chunk: ClassVar[int] = 200


class MemoryColumnParameters(BenchParameters):
    device: str = named_file("rram-hfo2", "device card: a resistive memory or a junction, shipped or the path of a TOML file")
    r_lrs: float | None = quantity(None, "ohm", "resistance of the low state; the card's if not given", ge=1, le=1e9)
    r_hrs: float | None = quantity(None, "ohm", "resistance of the high state; the card's if not given", ge=1, le=1e9)
    n: int = quantity(64, "", "cells of the column", ge=2, le=512)
    n_sel: int | None = quantity(None, "", "selected cells (input 1); all if not given", ge=1)
    n_hrs: int | None = quantity(None, "", "selected cells in HRS (weight 1); half of them if not given", ge=0)
    placement: Literal["first", "last", "random"] = option(
        "random", "where selected cells and those in HRS sit: from cell 0 up, from the far end down, or drawn once by seed"
    )
    seed: int = quantity(1, "", "seed of a random placement", ge=0)
    inputs: str | None = option(None, "the input bits, a character 0 or 1 a cell, in place of n_sel")
    weights: str | None = option(None, "the weight bits, a character 0 or 1 a cell, in place of n_hrs")
    data: Literal["given", "uniform", "random"] = option(
        "given",
        "data: as given; or drawn anew each trial: uniform: all cells selected, n_hrs even over 0..n; random: each bit even",
    )
    transfer: int = quantity(
        0, "", "0: one reading; k: a transfer over every k-th n_hrs from 0 to n_sel, a divisor of n_sel", ge=0
    )
    w_cell: float = channel_width(90e-9, "width of each cell transistor", le=1e-5)
    l_cell: float | None = channel_length(None, "length of each cell transistor; the technology's shortest if not given", le=1e-6)
    # 45 nm local wires: 4.2 ohm/um and 0.26 fF/um (CACTI 7, tech_params/45nm.dat, conservative); cell pitch chosen, 0.36 um
    r_cell: float = quantity(1.5, "ohm", "resistance of the column's wire a cell", ge=1e-3, le=1e4)
    e_level: float = quantity(
        4.4e-15,
        "J",
        "energy of the converter a level: 4.4 fJ a conversion step (van Elzakker et al., JSSC 45, 1007 (2010))",
        ge=0,
        le=1e-9,
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name in ("inputs", "weights"):
            bits = getattr(self, name)
            if bits is not None and (len(bits) != self.n or set(bits) - set("01")):
                raise ValueError(f"{name}: {len(bits)} characters given; allowed: {self.n} characters, each 0 or 1")
            if bits is not None and (self.data != "given" or self.transfer or (self.n_sel, self.n_hrs) != (None, None)):
                raise ValueError(f"{name}: given with n_sel, n_hrs, data or transfer; allowed: bits or those")
        if (self.inputs is None) != (self.weights is None):
            raise ValueError("inputs, weights: one of them given; allowed: both or neither")
        if self.inputs is not None and "1" not in self.inputs:
            raise ValueError("inputs: no 1 given; allowed: at least one selected cell")
        if self.n_sel is not None and self.n_sel > self.n:
            raise ValueError(f"n_sel: {self.n_sel} given; allowed: at most n = {self.n}")
        selected = self.n if self.n_sel is None else self.n_sel
        if self.n_hrs is not None and self.n_hrs > selected:
            raise ValueError(f"n_hrs: {self.n_hrs} given; allowed: at most n_sel = {selected}")
        if self.data != "given" and (self.n_sel, self.n_hrs, self.transfer) != (None, None, 0):
            raise ValueError(f"data: '{self.data}' given with n_sel, n_hrs or transfer; allowed with data = 'given' only")
        if self.transfer and (selected % self.transfer or selected == self.transfer):
            raise ValueError(f"transfer: {self.transfer} given; allowed: 0, or a divisor of n_sel = {selected} below it")
        if self.transfer and self.n_hrs is not None:
            raise ValueError("transfer: given with n_hrs; allowed: one of them")
        return self


M = TypeVar("M", bound=MemoryColumnParameters, default=MemoryColumnParameters, covariant=True)


class MemoryColumn(Bench[M], Generic[M]):
    """Data, references, decoding; a subclass brings the circuit and :meth:`signal`."""

    signal_unit: ClassVar[str]  # of a reading

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        try:
            memory = two_state(load_device(self.p.device), self.temperature + KELVIN)
        except UserError as error:
            raise UserError(
                f"bench '{self.name}': parameter device: {error}; the bench takes a resistive memory or a junction, by its card"
            ) from None
        try:
            self.memory = memory.changed(r_lrs=self.p.r_lrs, r_hrs=self.p.r_hrs)
        except UserError as error:
            raise UserError(f"bench '{self.name}': parameter {error}") from None

    @property
    def l_cell(self) -> float:
        """Length of the cell transistors in metres."""
        return self.technology.l_min if self.p.l_cell is None else self.p.l_cell

    @property
    def e_convert(self) -> float:
        """Energy of converting one reading in J: a level for each count from 0 to n."""
        return (self.p.n + 1) * self.p.e_level

    @property
    def order(self) -> list[int]:
        """The cells in the order in which they are selected, and set to HRS."""
        cells = list(range(self.p.n))
        if self.p.placement == "random":
            return [int(cell) for cell in np.random.default_rng(self.p.seed).permutation(self.p.n)]
        return cells if self.p.placement == "first" else cells[::-1]

    @property
    def selected(self) -> list[bool]:
        """Whether each cell is selected, as far as the data are given."""
        if self.p.inputs is not None:
            return [bit == "1" for bit in self.p.inputs]
        chosen = set(self.order[: self.p.n_sel])
        return [cell in chosen for cell in range(self.p.n)]

    @property
    def n_sel(self) -> int:
        """Number of selected cells, as far as the data are given."""
        return sum(self.selected)

    @property
    def n_hrs(self) -> int:
        """Number of selected cells in HRS, as far as the data are given."""
        if self.p.weights is not None:
            return sum(bit == "1" and on for bit, on in zip(self.p.weights, self.selected, strict=True))
        return self.n_sel // 2 if self.p.n_hrs is None else self.p.n_hrs

    @property
    def inner(self) -> tuple[str, int, int, int] | None:
        """The sweep of n_hrs within a trial."""
        return ("vlevel", 0, self.n_sel, self.p.transfer) if self.p.transfer else None

    @property
    def state_nodes(self) -> bool:
        """Whether the states of the data are nodes ``state_k``: drawn, or swept."""
        return self.p.data != "given" or self.p.transfer > 0

    def weight(self, level: int) -> list[bool]:
        """Whether each cell is in HRS if ``level`` of the selected ones are."""
        if self.p.weights is not None:
            return [bit == "1" for bit in self.p.weights]
        chosen = set(self.order[:level])
        return [cell in chosen for cell in range(self.p.n)]

    def states(self) -> dict[str, list[str]]:
        """Copy of the column -> the node that says each cell's state."""
        data = [f"state_{k}" for k in range(self.p.n)]
        if not self.state_nodes:
            data = ["one" if bit else "0" for bit in self.weight(self.n_hrs)]
        return {"l": ["0"] * self.p.n, "h": ["one"] * self.p.n, "d": data}

    def context(self) -> dict[str, Any]:
        return {
            "device": self.memory,
            "memory": self.memory.numbers,
            "copies": self.states(),
            "selected": self.selected,
            "drawn_inputs": self.p.data == "random",
            "drawn_weights": self.p.data != "given",
            "rank": {cell: rank for rank, cell in enumerate(self.order)},
            "l_cell": self.l_cell,
        }

    def cell_points(self, *transistors: str) -> list[VariationPoint]:
        """Points of all cells: the memory, and each cell transistor (a letter of its name)."""
        points: list[VariationPoint] = []
        for k in range(self.p.n):
            points += self.memory.points(f"c{k}")
            for letter in transistors:
                points += self.transistor(f"{letter}{k}", self.p.w_cell, self.l_cell)
        return points

    def data_points(self) -> list[VariationPoint]:
        """Drawn data: a cell is in HRS if its even number ``weight`` is below the trial's ``share``, which is even itself for
        ``uniform``: then n_hrs is even over 0..n (Bayes' billiard table).  Inputs alike, with a share of one half."""
        if self.p.data == "given":
            return []
        start = self.weight(self.n_hrs)
        points = [VariationPoint("share", "share", 0.5, "", draw=_even if self.p.data == "uniform" else None)]
        for k in range(self.p.n):
            points.append(VariationPoint(f"weight_c{k}", "weight", 0.25 if start[k] else 0.75, "", draw=_even))
            if self.p.data == "random":
                points.append(VariationPoint(f"input_c{k}", "input", 0.25, "", draw=_even))
        return points

    def data_vectors(self) -> tuple[str, ...]:
        """Counters that the netlist holds if the data are drawn."""
        return () if self.p.data == "given" else ("v(counted)", "v(chosen)")

    @abstractmethod
    def signal(self, tag: str) -> Node:
        """The reading of a copy, in the unit ``signal_unit``."""

    def counted(self) -> tuple[Node, Node]:
        """Number of selected cells, and of those of them in HRS."""
        if self.p.data == "given":
            return Number(float(self.n_sel)), Number(float(self.n_hrs))
        return rounded(v("chosen")), rounded(v("counted"))

    def counts(self) -> Node:
        """The readings of a transfer in steps above that of no cell in HRS: a list."""
        low, high, data = (self.signal(tag) for tag in ("l", "h", "d"))
        return (data - low) / (high - low) * self.n_sel

    def common_measures(self) -> tuple[Measure, ...]:
        """Of a reading, or of a transfer."""
        low, high, data = (self.signal(tag) for tag in ("l", "h", "d"))
        n_sel, n_hrs = self.counted()
        each = (high - low) / n_sel
        step = Measure("step", self.signal_unit, "reading a cell in HRS, from the references", self.trial(each))
        if self.p.transfer:
            levels, out = self.levels, self.counts()
            away = deviation(out, levels)
            local = Differences(away) / Differences(listed(levels))
            error = abs(out - listed(levels))
            return (
                step,
                Measure(
                    "inl", "", "largest distance from the line through both ends of the transfer, in steps", Largest(abs(away))
                ),
                Measure("dnl", "", "largest deviation of a step from the mean step, in steps", Largest(abs(local))),
                Measure("usable", "", "n_hrs up to which the transfer from 0 has an INL below half a step", Usable(out, levels)),
                Measure("error_max", "", "largest |decoded - true| over the transfer, in steps, before rounding", Largest(error)),
            )
        out = (data - low) / each
        count = minimum(maximum(rounded(out), 0.0), n_sel)
        # the read-out's answer is between 0 and n_sel, whatever comes before the rounding
        ends = (-float(self.n_hrs), float(self.n_sel - self.n_hrs)) if self.p.data == "given" else None
        return (
            step,
            Measure("n_sel", "", "selected cells", n_sel),
            Measure("n_hrs", "", "of them in HRS: the right answer", n_hrs),
            Measure("count", "", "decoded answer", count),
            Measure("error", "", "decoded answer before rounding - right answer, in steps", out - n_hrs, support=ends),
            Measure("wrong", "", "1 if the decoded answer is not the right one", count ^ n_hrs, fraction=True),
        )

    def trial(self, x: Node) -> Node:
        """One number a trial: the mean over a transfer."""
        return Mean(x) if self.p.transfer else x

    @property
    def levels(self) -> tuple[float, ...]:
        """n_hrs at the points of the transfer."""
        return tuple(float(level) for level in range(0, self.n_sel + 1, self.p.transfer))

    def transfer(self, waves: Waves) -> tuple[Array, Array]:
        """n_hrs, shape (levels,), and :meth:`counts`, shape (trials, levels)."""
        levels = np.array(self.levels)
        return levels, np.asarray(Evaluation(waves, len(levels))(self.counts()))

    def figures(self, waves: Waves) -> dict[str, Any]:
        if not self.p.transfer:
            return {}
        from spicekit.benches.sensing.transfer_plot import transfer_figure

        readings = np.asarray(Evaluation(waves, len(self.levels))(self.signal("d")))
        p = self.p
        where = f"{p.device}, {self.n_sel} of {p.n} cells selected, placement {p.placement}"
        at = f"{self.technology.name} {p.corner}, {self.temperature:.3g} °C, {self.subtitle()}"
        title = f"{self.name}: {where}\n{at}"
        return {"transfer.png": transfer_figure(title, self.signal_unit, np.array(self.levels), readings[0])}


def _even(z: Array) -> Array:
    """Even over 0..1, from a standard normal."""
    return np.asarray(ndtr(z))
