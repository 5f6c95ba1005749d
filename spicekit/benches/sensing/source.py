"""What the sense amplifiers on one line have in common: the input that they sense and the names of their parameters.

The input is a source line at a given voltage with its resistance and capacitance, or the bit line of a 1T1MTJ cell which a
current reads, in both states side by side.  Amplifiers that are compared see the same input, and with one seed the same cells.
"""

from __future__ import annotations

import functools
import math
import operator
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, Literal

from typing_extensions import TypeVar

from spicekit.bench import Bench
from spicekit.benches.junction.parameters import JunctionAtRest, place_junction, refuse_rail
from spicekit.benches.noise import ThermalNoise, noise_context, noise_points
from spicekit.benches.sensing.verdict import SLOW, WORKS, verdicts
from spicekit.devices.junction import StaticJunction
from spicekit.errors import UserError
from spicekit.limits import Limits
from spicekit.measures import At, Choose, Crossing, Integral, Largest, Node, i, maximum, total, v
from spicekit.measures.measure import Margin, Measure
from spicekit.parameters import channel_length, channel_width, named_file, option, quantity, voltage
from spicekit.point import VariationPoint
from spicekit.rails import Item, RailSupply, Spent

Sized = tuple[str, float, float]  # type, width and length in metres

EDGE = 10e-12  # s, of the ideal sources at the drivers' inputs
LINE = (0.0, 2.0)  # V at the input
T_START = 0.2e-9  # s, START begins to rise where nothing has to be done before
CELLS = {"p": 0, "ap": 1}  # copies of the circuit, one a state of the cell: the higher resistance gives the higher voltage


class SenseParameters(JunctionAtRest, ThermalNoise, RailSupply):
    technology: str = named_file("ptm65", "CMOS technology: a shipped one or the path of a TOML file")
    temperature: float = quantity(27.0, "C", "temperature of all devices")
    measure: Literal["decision", "offset"] = option("decision", "one operation, or the input-referred offset of the amplifier")
    source: Literal["voltage", "cell"] = option("voltage", "input: a line at a given voltage, or a 1T1MTJ cell in both states")
    v_mid: float = voltage(0.4, "input voltage at which the decision shall turn", gt=0, le=2)
    overdrive: float = quantity(10e-3, "V", "input voltage above v_mid; below 0 the right answer is 0", ge=-1, le=1)
    v_in: float | None = voltage(None, "input voltage; v_mid + overdrive if not given", ge=LINE[0], le=LINE[1])
    # row of 128 complementary cells: 128 junction pairs in parallel are 26 ohm, the wire adds as much
    r_source: float = quantity(50.0, "ohm", "resistance of the line at the input", ge=1e-3, le=1e9)
    c_source: float = quantity(50e-15, "F", "capacitance of the line at the input", gt=0, le=1e-9)
    t_recover: float = quantity(2e-9, "s", "from the end of t_window to the end of the simulation", ge=5e-11, le=1e-6)
    w_driver: float = channel_width(0.5e-6, "width of the NMOS of the START driver; PMOS twice that", le=1e-4)
    i_read: float = quantity(10e-6, "A", "current through the cell", gt=0, le=1e-3)
    v_source: float = voltage(0.31, "the cell's source line during the read", ge=0, le=2)
    w_access: float = channel_width(300e-9, "width of the cell's transistor, of the shortest length", le=1e-5)
    w_mirror: float = channel_width(4e-6, "width of the mirror's PMOS", le=1e-4)
    l_mirror: float = channel_length(1e-6, "length of the mirror's PMOS", le=1e-5)
    t_window: float = quantity(2e-9, "s", "time in which the amplifier must decide", ge=1e-11, le=1e-6)

    @property
    def v_input(self) -> float:
        """Input voltage of ``source=voltage``."""
        return self.v_mid + self.overdrive if self.v_in is None else self.v_in


A = TypeVar("A", bound=SenseParameters, default=SenseParameters, covariant=True)


class SenseBench(Bench[A], Generic[A]):
    """A bench of one amplifier.  Copies of it in one netlist share their variation points."""

    supplies: ClassVar[dict[str, str]]  # of each copy: name -> what its energy is spent on
    latch: ClassVar[tuple[str, str]]  # nodes that part with the decision: the first is high for a 1
    spare_points: ClassVar = True  # those of the cell, with source=voltage
    scaled: ClassVar[tuple[str, ...]]  # parameters that grow with the area: see at_area()
    held: ClassVar[str | None] = None  # node that holds the decision until START falls, if not the first of these
    feeds_line: ClassVar[bool] = False  # whether the cell's read current comes from the amplifier itself
    deadline: ClassVar[str] = "t_decision"
    noise_dt: ClassVar[float]  # s, between two numbers of a transistor's noise
    quiet: ClassVar[tuple[str, ...]]  # how the names of transistors begin whose noise does not reach the decision

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if self.p.v_in is not None and self.p.source == "cell":
            raise UserError(f"bench '{self.name}': parameter v_in: {self.p.v_in:g} V given; allowed with source=voltage only")
        if self.p.v_mid > self.vdd:
            raise UserError(
                f"bench '{self.name}': parameter v_mid: {self.p.v_mid:g} V given; allowed: at most vdd = {self.vdd:g} V"
            )
        low, high = LINE
        if self.p.source == "voltage" and not low <= self.p.v_input <= high:
            raise UserError(
                f"bench '{self.name}': parameter overdrive: {self.p.overdrive:g} V given, an input of {self.p.v_input:g} V with "
                f"v_mid = {self.p.v_mid:g} V; allowed: an input of {low:g} to {high:g} V"
            )

    @functools.cached_property
    def junction(self) -> StaticJunction:
        """The cell's junction at the temperature of the bench."""
        junction = place_junction(self.p)
        refuse_rail(self.name, self.p, junction)
        return junction.static()

    @property
    def r_line(self) -> float:
        """Resistance of the line at the input in ohm; of a cell, the mean of both states at zero bias."""
        junction = self.junction
        return junction.r_p * (1 + junction.numbers.tmr / 2) if self.cells else self.p.r_source

    @property
    def t_start(self) -> float:
        """When START begins to rise, in seconds."""
        return T_START

    @property
    def t_from(self) -> float:
        """The middle of that edge, from which times are counted."""
        return self.t_start + EDGE / 2

    @property
    def t_off(self) -> float:
        """When START falls again, in seconds."""
        return self.t_start + self.p.t_window

    @property
    def cells(self) -> dict[str, int]:
        """Copies of the cell: tag -> state."""
        return CELLS if self.p.source == "cell" else {}

    @property
    def amplifiers(self) -> dict[str, int]:
        """Copies of the amplifier: tag -> right answer."""
        return self.cells or {"in": int(self.p.v_input > self.p.v_mid)}

    @property
    def inputs(self) -> dict[str, float]:
        """Copies of the line at a given voltage: tag -> V."""
        return {} if self.cells else {"in": self.p.v_input}

    @abstractmethod
    def amplifier_devices(self) -> dict[str, Sized]:
        """Transistors of the amplifier: name -> type, width and length in metres."""

    def amplifier_points(self) -> tuple[VariationPoint, ...]:
        """Variation points of the amplifier beside those of its transistors."""
        return ()

    @property
    @abstractmethod
    def gate_area(self) -> float:
        """Sum of W L over the amplifier's transistors in m2, with its share of what several amplifiers use."""

    @property
    def shared_area(self) -> float:
        """Part of it that no size of the amplifier changes, in m2."""
        return 0.0

    def at_area(self, area: float) -> dict[str, float]:
        """The parameters with which the amplifier has a gate area of ``area`` m2: its widths, and the capacitors that go with
        them, times one factor, so that times stay and energies grow with the area.

        Raises :class:`UserError` if what it shares with others is larger.
        """
        if area <= self.shared_area:
            raise UserError(f"bench '{self.name}': its share of the reference alone has {self.shared_area * 1e12:.3g} um2")
        factor = (area - self.shared_area) / (self.gate_area - self.shared_area)
        return {name: getattr(self.p, name) * factor for name in self.scaled}

    def source_devices(self) -> dict[str, Sized]:
        """Transistors of the cell's read: name -> type, width and length in metres."""
        mirror = ("pmos", self.p.w_mirror, self.p.l_mirror)
        cell: dict[str, Sized] = {"c0": ("nmos", self.p.w_access, self.technology.l_min)}
        return cell if self.feeds_line else cell | {"md": mirror, "mr": mirror}

    def points(self) -> tuple[VariationPoint, ...]:
        """Cell first: with one seed, amplifiers to be compared see the same cells."""
        devices = {**self.source_devices(), **self.amplifier_devices()}
        transistors = [
            point for name, (role, width, length) in devices.items() for point in self.transistor(name, width, length, role)
        ]
        return (*self.junction.points("c0"), *transistors, *self.amplifier_points(), *noise_points(self.p))

    def context(self) -> dict[str, Any]:
        devices = {**self.source_devices(), **self.amplifier_devices()}
        noisy = [name for name in devices if not name.startswith(self.quiet)]
        return noise_context(self.p, self.noise_dt, noisy) | {
            "device": self.junction,
            "devices": devices,
            "cells": self.cells,
            "amplifiers": self.amplifiers,
            "inputs": self.inputs,
            "edge": EDGE,
            "t_start": self.t_start,
        }

    def works(self) -> str:
        return WORKS if self.p.measure == "decision" else ""

    def slow(self) -> str:
        return SLOW if self.p.measure == "decision" else ""

    def margins(self) -> tuple[Margin, ...]:
        if self.cells:
            return (Margin("read", low="v_p", high="v_ap", reference="trip" if self.p.measure == "offset" else None),)
        return ()

    @property
    def window(self) -> Limits:
        """Of times from START."""
        return Limits("raise t_window", high=self.t_off - self.t_from, event=True)

    def decision_save(self) -> tuple[str, ...]:
        """Vectors that :meth:`decision_measures` and :meth:`energy_measures` need of the copies."""
        nodes = ("sl", *self.latch, *((self.held,) if self.held else ()))
        voltages = [f"v({node}_{tag})" for tag in self.amplifiers for node in nodes]
        return (*voltages, *(f"i(vdd_{name}_{tag})" for tag in self.amplifiers for name in self.supplies))

    def decision_measures(self) -> tuple[Measure, ...]:
        """Decision, its time and the kickback, over the copies."""
        high, low = self.latch
        apart = {tag: v(f"{high}_{tag}") - v(f"{low}_{tag}") for tag in self.amplifiers}
        parted = {tag: Crossing(abs(wave), self.vdd / 2, after=self.t_start) for tag, wave in apart.items()}
        decision, late, wrong = {}, {}, {}
        for tag, right in self.amplifiers.items():
            decision[tag] = (At(v(f"{self.held}_{tag}"), self.t_off) if self.held else At(apart[tag], self.t_off)) > self.vdd / 2
            late[tag] = parted[tag] >= self.t_off
            wrong[tag] = (parted[tag] < self.t_off) & ((At(apart[tag], self.t_off) > 0) ^ right)
            if self.held:  # which still holds the answer before
                late[tag] = late[tag] | (decision[tag] ^ (At(apart[tag], self.t_off) > 0))
        any_late, any_wrong = (functools.reduce(operator.or_, one.values()) for one in (late, wrong))
        meaning, both = "decision at the end of t_window", ", either state" if self.cells else ""
        which = (
            [
                *(
                    Measure(f"decision_{tag}", "", f"{meaning}, cell {tag.upper()}", x, fraction=True)
                    for tag, x in decision.items()
                ),
                *self.level_measures(),
            ]
            if self.cells
            else [Measure("decision", "", meaning, decision["in"], fraction=True)]
        )
        any_late, any_wrong = (functools.reduce(operator.or_, one.values()) for one in (late, wrong))
        return (
            *which,
            *verdicts(any_late, any_wrong, "t_window", both),
            Measure(
                "t_decision",
                "s",
                "from START until the latch's outputs parted by VDD/2 (the later of both states)",
                maximum(*(Choose(late[tag], math.inf, time - self.t_from) for tag, time in parted.items())),
                limits=self.window,
            ),
            self.kickback(),
        )

    def kickback(self) -> Measure:
        """How far the amplifier moves its input."""
        moved = [abs(line - At(line, self.t_start)) for line in (v(f"sl_{tag}") for tag in self.amplifiers)]
        largest = maximum(*(Largest(x, self.t_off) for x in moved))
        return Measure("kick", "V", "largest movement of the input within t_window", largest)

    def level_measures(self) -> tuple[Measure, ...]:
        """Input voltages of the cell's states when START rises."""
        return tuple(
            Measure(f"v_{tag}", "V", f"input when START rises, cell {tag.upper()}", At(v(f"sl_{tag}"), self.t_start))
            for tag in self.cells
        )

    def energy_measures(
        self, shared: Mapping[str, tuple[int, str]], further: Mapping[str, tuple[Node, str]] | None = None
    ) -> tuple[Measure, ...]:
        """Energy of a whole operation by supply; ``shared``: supply -> number of amplifiers that it feeds, and its meaning;
        ``further``: charge in coulombs that is taken beside these, and its meaning."""
        beside = further or {}
        meanings = {**self.supplies, **{name: meaning for name, (_, meaning) in {**shared, **beside}.items()}}
        charges = {
            name: total([Integral(i(f"vdd_{name}_{tag}")) for tag in self.amplifiers]) / len(self.amplifiers)
            for name in self.supplies
        } | {name: Integral(i(f"vdd_{name}")) / users for name, (users, _) in shared.items()}
        charges |= {name: charge for name, (charge, _) in beside.items()}
        items = (Item(name, meaning, self.vdd, charges[name]) for name, meaning in meanings.items())
        mean = ", mean of both states" if self.cells else ""
        return Spent(self.p, self.vdd, tuple(items)).measures("energy of the amplifier", mean)

    def arrival(self, node: str) -> Node:
        """When ``node`` first passes VDD/2, in seconds from START; inf if it does not within t_window."""
        found = Crossing(v(node), self.vdd / 2, after=self.t_start)
        return Choose(found < self.t_off, found - self.t_from, math.inf)

    def subtitle(self) -> str:
        if self.p.measure == "offset":
            return f"offset at {self.p.v_mid:g} V"
        return f"cell {self.p.device} at {self.p.i_read * 1e6:g} µA" if self.cells else f"input {self.p.v_input * 1e3:g} mV"
