"""A junction in a bench: a device card at a temperature, with the parameters that a user overrides.

It gives the template the numbers of its macromodel and the campaign its variation points.  In the netlist each point is the
voltage of a node that the macromodel reads (see ``models/mtj/mtj-llg.lib.j2``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.special import ndtr

from spicekit.bench import BenchParameters, VariationPoint, named_file, option, quantity
from spicekit.card import MtjCard, load_card
from spicekit.physics.initial import angle_from_normal
from spicekit.physics.quantities import LEAST_BIAS
from spicekit.units import KELVIN
from spicekit.waves import Array


class JunctionParameters(BenchParameters):
    """Which junction a bench uses, and what it changes about its card."""

    device: str = named_file("stt-bnn-65nm", "device card: a shipped one or the path of a TOML file")
    temperature: float | None = quantity(None, "C", "temperature of all devices; the card's own if not given")  # type: ignore[assignment]
    ra: float | None = quantity(None, "ohm um2", "resistance-area product; the card's if not given", ge=0.1, le=1e5)
    tmr: float | None = quantity(
        None, "", "TMR at zero bias and the card's own temperature; the card's if not given (150% or 1.5)", gt=0, le=20
    )
    v_half: float | None = quantity(None, "V", "bias at which TMR is halved; the card's if not given, inf: none", ge=LEAST_BIAS)
    model: Literal["llg", "fast"] = option(
        "llg", "macromodel: llg (precession and all), or fast (switching time alone, for arrays; two terminals)"
    )
    theta0: float | None = quantity(None, "rad", "initial angle from the easy axis; the card's rule if not given", ge=0, le=1.5)


@dataclass(frozen=True)
class Junction:
    """A card at ``temperature`` (kelvin)."""

    card: MtjCard
    temperature: float
    k: dict[str, float]  # the macromodel's numbers: spicekit.physics.macromodel.KEYS
    ra: float  # ohm um2
    tmr: float  # at zero bias and `temperature`

    @classmethod
    def of(cls, p: Any) -> Junction:
        """The junction that the parameters ``p`` (:class:`JunctionParameters`) ask for."""
        card = load_card(p.device)
        own = card.temperature.default.value
        temperature = own if p.temperature is None else p.temperature + KELVIN
        k = card.macromodel(temperature)
        if p.v_half is not None:
            k["tmr_v2"] = 0.0 if math.isinf(p.v_half) else p.v_half**-2
        if p.theta0 is not None:
            k["theta0"], k["theta0_sampled"] = p.theta0, 0.0
        ra = k["r_p"] * k["area"] * 1e12 if p.ra is None else p.ra
        tmr = k["tmr"]
        if p.tmr is not None:  # given at the card's temperature; Julliere's law with P falling as 1 - b T^1.5
            ratio = ((1 - k["p_b"] * temperature**1.5) / (1 - k["p_b"] * own**1.5)) ** 2
            tmr = 2 * ratio * p.tmr / (p.tmr + 2 - ratio * p.tmr)
        return cls(card, temperature, k, ra, tmr)

    def field(self, state: Literal["p", "ap"]) -> float:
        """Applied field over Hk along the magnetisation of ``state``.  Raises :class:`UserError` for one across the easy axis."""
        return self.card.axial_field(self.k, state)

    @property
    def celsius(self) -> float:
        """Temperature in degrees Celsius."""
        return self.temperature - KELVIN

    @property
    def step(self) -> float:
        """Time step in s that puts a switching time within about 1e-3 of the one of a ten times finer step.

        0.06 radians of the ferromagnetic resonance, gamma mu0 Hk out of plane and gamma mu0 sqrt(Hk (Hk + Ms)) in plane.
        """
        k = self.k
        field = k["hk"] if k["ez"] else math.sqrt(k["hk"] * (k["hk"] + k["ms"]))
        return 0.06 / (k["gamma"] * k["mu0"] * field)

    @property
    def r_p(self) -> float:
        """Parallel resistance at zero bias in ohm."""
        return self.ra * 1e-12 / self.k["area"]

    def points(self, name: str, *, dynamic: bool = True) -> list[VariationPoint]:
        """The variation points of the junction called ``name``; ``dynamic`` adds those of its magnetisation.

        sigma(RA) 5 % and sigma(TMR) 10 % as in the Monte Carlo of IMCE (Fan, ASP-DAC 2018); area and anisotropy vary
        only if asked for.  The initial angle is drawn from the Boltzmann distribution if the card says so.
        """
        points = [
            VariationPoint(f"ra_{name}", "ra", self.ra, "ohm um2", sigma=0.05 * self.ra, low=0.0),
            VariationPoint(f"tmr_{name}", "tmr", self.tmr, "", sigma=0.10 * self.tmr, low=0.0),
            VariationPoint(f"area_{name}", "area", 1.0, "", low=0.0),
        ]
        if not dynamic:
            return points
        sampled = bool(self.k["theta0_sampled"])
        delta = self.k["delta"]

        def angle(z: Array) -> Array:
            return angle_from_normal(delta, z)

        return [
            *points,
            VariationPoint(f"hk_{name}", "hk", 1.0, "", low=0.0),
            VariationPoint(f"theta0_{name}", "theta0", self.k["theta0"], "rad", low=-1e-12, draw=angle if sampled else None),
            VariationPoint(f"phi0_{name}", "phi0", self.k["phi0"], "rad", draw=_azimuth if sampled else None, most=2 * np.pi),
        ]


def _azimuth(z: Array) -> Array:
    """An even azimuth in rad from a standard normal."""
    return np.asarray(2 * np.pi * ndtr(z))
