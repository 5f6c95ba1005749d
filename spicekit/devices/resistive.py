"""Cards of kind ``resistive``: a two-state resistive memory, and what a bench makes of it at a temperature.

Any non-volatile memory that is a resistor when it is read has such a card: its two resistances, their spread from cell to cell,
how they bend with voltage and drift with temperature.  A device of another kind that has two such states says so by a method
``two_state``, as a junction does, so that one circuit runs with either.  In the netlist the resistances of each cell are the
voltages of nodes (see ``models/rram/rram-static.lib.j2``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Protocol, runtime_checkable

import numpy as np
from pydantic import model_validator

from spicekit.devices.device import DeviceCard
from spicekit.errors import UserError
from spicekit.physics import quantities as q
from spicekit.point import VariationPoint
from spicekit.units import KELVIN, format_value
from spicekit.waves import Array


class States(q.Section):
    r_lrs: q.Resistance  # low-resistance state, at low voltage and the card's temperature
    r_hrs: q.Resistance  # high-resistance state
    sigma_lrs: q.NotNegative  # standard deviation of ln R from cell to cell; the resistances above are medians
    sigma_hrs: q.NotNegative

    @model_validator(mode="after")
    def _apart(self) -> States:
        if self.r_hrs.value <= self.r_lrs.value:
            raise ValueError(f"r_hrs {self.r_hrs.value:g} ohm given; allowed: above r_lrs, {self.r_lrs.value:g} ohm")
        return self


class Conduction(q.Section):
    """``I = (V0/R) sinh(V/V0)`` in each state; ohmic if left out."""

    v0_lrs: q.Voltage | None = None
    v0_hrs: q.Voltage | None = None


class Noise(q.Section):
    sigma: q.NotNegative  # relative deviation of the resistance from one read to the next


class Temperature(q.Section):
    """``R(T) = R (1 + tc (T - default))``; no law if left out."""

    default: q.Temperature
    tc_lrs: q.TemperatureCoefficient | None = None
    tc_hrs: q.TemperatureCoefficient | None = None


class ResistiveCard(DeviceCard):
    """One two-state resistive memory."""

    kind: Literal["resistive"] = "resistive"
    states: States
    conduction: Conduction = Conduction()
    noise: Noise | None = None
    temperature: Temperature

    def at(self, kelvin: float | None = None) -> Resistive:
        """The memory at ``kelvin`` (the card's own temperature if None)."""
        s, t = self.states, self.temperature
        rise = 0.0 if kelvin is None else kelvin - t.default.value
        r_lrs, r_hrs = (
            r.value * (1 + (tc.value if tc else 0.0) * rise) for r, tc in ((s.r_lrs, t.tc_lrs), (s.r_hrs, t.tc_hrs))
        )  # fmt: skip
        if min(r_lrs, r_hrs) <= 0:
            raise UserError(
                f"device '{self.name}': a resistance at {t.default.value + rise - KELVIN:g} C is not above 0; allowed: nearer to "
                f"{t.default.value - KELVIN:g} C"
            )
        u_lrs, u_hrs = (1 / v0.value if v0 else 0.0 for v0 in (self.conduction.v0_lrs, self.conduction.v0_hrs))
        noise = self.noise.sigma.value if self.noise else 0.0
        return Resistive(
            self.name, ResistiveNumbers(r_lrs, r_hrs, s.sigma_lrs.value, s.sigma_hrs.value, u_lrs, u_hrs, noise)
        )  # fmt: skip


@dataclass(frozen=True)
class ResistiveNumbers:
    """What ``models/rram/rram-static.lib.j2`` and the points of its nodes are made of."""

    r_lrs: float  # ohm, median
    r_hrs: float  # ohm, median
    sigma_lrs: float  # of ln R, from cell to cell
    sigma_hrs: float
    u_lrs: float  # 1/V, the inverse of V0; 0 if the state has no bend
    u_hrs: float
    noise: float  # relative, from read to read

    @property
    def step(self) -> float:
        """Resistance that a cell gains from low to high state, ohm."""
        return self.r_hrs - self.r_lrs


@dataclass(frozen=True)
class Resistive:
    """A two-state memory at a temperature."""

    name: str
    numbers: ResistiveNumbers
    model: ClassVar[str] = "rram/rram-static.lib.j2"

    def two_state(self) -> Resistive:
        """Itself."""
        return self

    def changed(self, *, r_lrs: float | None = None, r_hrs: float | None = None) -> Resistive:
        """This memory with the resistances in ohm that are given in place of the card's.

        Raises :class:`UserError` for r_hrs that is not above r_lrs.
        """
        low, high = self.numbers.r_lrs if r_lrs is None else r_lrs, self.numbers.r_hrs if r_hrs is None else r_hrs
        if high <= low:
            raise UserError(f"r_hrs: {format_value(high, 'ohm')} given; allowed: above r_lrs, {format_value(low, 'ohm')}")
        return replace(self, numbers=replace(self.numbers, r_lrs=low, r_hrs=high))

    def points(self, tag: str) -> tuple[VariationPoint, ...]:
        """Both resistances of the cell, log-normal about their medians, and the deviation of this read."""
        k = self.numbers
        return (
            _resistance(f"r_lrs_{tag}", "r_lrs", k.r_lrs, k.sigma_lrs),
            _resistance(f"r_hrs_{tag}", "r_hrs", k.r_hrs, k.sigma_hrs),
            VariationPoint(f"read_{tag}", "read", 0.0, "", k.noise, -1.0),
        )


@runtime_checkable
class TwoState(Protocol):
    """A placed device that a circuit for two-state memories can hold."""

    def two_state(self) -> Resistive:
        """Its two states."""


def two_state(card: DeviceCard, kelvin: float) -> Resistive:
    """The device of ``card`` at ``kelvin`` as a two-state memory.  Raises :class:`UserError` for one that is none."""
    placed = card.at(kelvin)
    if not isinstance(placed, TwoState):
        raise UserError(f"device '{card.name}' is of kind '{card.kind}', which has no two states to read; give one that has")
    return placed.two_state()


def _resistance(name: str, kind: str, median: float, sigma: float) -> VariationPoint:
    return VariationPoint(name, kind, median, "ohm", sigma * median, 0.0, _lognormal(median, sigma))


def _lognormal(median: float, sigma: float) -> Callable[[Array], Array]:
    return lambda z: np.asarray(median * np.exp(sigma * z))
