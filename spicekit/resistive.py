"""A two-state resistive memory: its card, and what a bench makes of it at a temperature.

Any non-volatile memory that is a resistor when it is read has such a card: its two resistances, their spread from cell to cell,
how they bend with voltage and drift with temperature.  An MTJ card is turned into one (:meth:`Resistive.of`), so that one
circuit runs with either.  In the netlist the resistances of each cell are the voltages of nodes
(see ``models/rram/rram-static.lib.j2``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import Field, model_validator

from spicekit.bench import VariationPoint
from spicekit.card import MtjCard, list_cards, load_card
from spicekit.errors import UserError, unknown
from spicekit.paths import data_root, user_path
from spicekit.physics import quantities as q
from spicekit.toml import read_table, read_toml
from spicekit.units import KELVIN, format_value
from spicekit.waves import Array

SIGMA_RA = 0.05  # of a junction; with SIGMA_TMR the Monte Carlo of IMCE (Fan, ASP-DAC 2018)
SIGMA_TMR = 0.10


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


class ResistiveCard(q.Section):
    """One two-state resistive memory."""

    name: str = Field(min_length=1)
    title: str
    reference: str
    states: States
    conduction: Conduction = Conduction()
    noise: Noise | None = None
    temperature: Temperature


@dataclass(frozen=True)
class Resistive:
    """A memory device at a temperature."""

    name: str
    r_lrs: float  # ohm, median
    r_hrs: float
    sigma_lrs: float  # of ln R, from cell to cell
    sigma_hrs: float
    u_lrs: float  # 1/V, the inverse of V0; 0 if the state has no bend
    u_hrs: float
    noise: float  # relative, from read to read

    @classmethod
    def of(cls, device: str, kelvin: float, r_lrs: float | None = None, r_hrs: float | None = None) -> Resistive:
        """The device of a card at ``kelvin``, with resistances in ohm in place of the card's if given.

        A junction becomes one with R_P and R_AP at zero bias, the spread that sigma(RA) 5 % and sigma(TMR) 10 % give each
        state, and V0 from the second order of its conductance: G = G0 (1 + c V^2) is that of a sinh with 1/V0^2 = 6 c.
        Raises :class:`UserError` for an unknown card, and for r_hrs that is not above r_lrs.
        """
        card = load_memory(device)
        found = _from_junction(card, kelvin) if isinstance(card, MtjCard) else _from_card(card, kelvin)
        low, high = found.r_lrs if r_lrs is None else r_lrs, found.r_hrs if r_hrs is None else r_hrs
        if high <= low:
            raise UserError(f"r_hrs: {format_value(high, 'ohm')} given; allowed: above r_lrs, {format_value(low, 'ohm')}")
        return cls(
            found.name, low, high, found.sigma_lrs, found.sigma_hrs, found.u_lrs, found.u_hrs, found.noise
        )  # fmt: skip

    @property
    def step(self) -> float:
        """Resistance that a cell gains from low to high state, ohm."""
        return self.r_hrs - self.r_lrs

    def points(self, cell: str) -> list[VariationPoint]:
        """Both resistances of ``cell``, log-normal about their medians, and the deviation of this read."""
        return [
            VariationPoint(
                f"r_lrs_{cell}",
                "r_lrs",
                self.r_lrs,
                "ohm",
                self.sigma_lrs * self.r_lrs,
                0.0,
                _lognormal(self.r_lrs, self.sigma_lrs),
            ),
            VariationPoint(
                f"r_hrs_{cell}",
                "r_hrs",
                self.r_hrs,
                "ohm",
                self.sigma_hrs * self.r_hrs,
                0.0,
                _lognormal(self.r_hrs, self.sigma_hrs),
            ),
            VariationPoint(f"read_{cell}", "read", 0.0, "", self.noise, -1.0),
        ]


def _lognormal(median: float, sigma: float) -> Callable[[Array], Array]:
    return lambda z: np.asarray(median * np.exp(sigma * z))


def _from_card(card: ResistiveCard, kelvin: float) -> Resistive:
    s, t = card.states, card.temperature
    rise = kelvin - t.default.value
    r_lrs, r_hrs = (
        r.value * (1 + (tc.value if tc else 0.0) * rise) for r, tc in ((s.r_lrs, t.tc_lrs), (s.r_hrs, t.tc_hrs))
    )  # fmt: skip
    if min(r_lrs, r_hrs) <= 0:
        raise UserError(
            f"device '{card.name}': a resistance at {kelvin - KELVIN:g} C is not above 0; allowed: nearer to "
            f"{t.default.value - KELVIN:g} C"
        )
    u_lrs, u_hrs = (1 / v0.value if v0 else 0.0 for v0 in (card.conduction.v0_lrs, card.conduction.v0_hrs))
    noise = card.noise.sigma.value if card.noise else 0.0
    return Resistive(card.name, r_lrs, r_hrs, s.sigma_lrs.value, s.sigma_hrs.value, u_lrs, u_hrs, noise)


def _from_junction(card: MtjCard, kelvin: float) -> Resistive:
    k = card.macromodel(kelvin)
    tmr = k["tmr"]
    bend = tmr / (1 + tmr) * k["tmr_v2"]  # of 1/(1 + TMR/(1 + (V/v_half)^2)), second order
    bend_ap = k["gap2"] if k["conductance"] == 2 else k["gp2"] + bend
    return Resistive(
        card.name,
        k["r_p"],
        k["r_p"] * (1 + tmr),
        SIGMA_RA,
        math.hypot(SIGMA_RA, SIGMA_TMR * tmr / (1 + tmr)),
        math.sqrt(6 * max(k["gp2"], 0.0)),
        math.sqrt(6 * max(bend_ap, 0.0)),
        0.0,
    )


def list_memories() -> list[str]:
    """The names of the resistive cards that ship, sorted; MTJ cards are listed by :func:`spicekit.card.list_cards`."""
    return sorted(file.stem for file in _folder().glob("*.toml"))


def load_memory(name_or_path: str) -> ResistiveCard | MtjCard:
    """A shipped card of either kind by name, or a user's own by the path of its ``.toml`` file.

    Raises :class:`UserError` with one line (file, key, what was given, what is allowed) for anything wrong with it.
    """
    text = str(name_or_path)
    if text.endswith(".toml") or "/" in text:
        path = user_path(text)
        # the section that sets a resistive card apart
        return read_toml(path, ResistiveCard) if "states" in read_table(path) else load_card(text)
    if text in list_memories():
        return read_toml(_folder() / f"{text}.toml", ResistiveCard)
    if text in list_cards():
        return load_card(text)
    raise unknown("device", text, [*list_memories(), *list_cards()])


def _folder() -> Path:
    return data_root() / "models" / "rram"
