"""A magnetic tunnel junction placed at a temperature, and one of which nothing but its resistance is known.

It gives the template the numbers of its macromodel and the campaign its variation points.  In the netlist each point is the
voltage of a node that the macromodel reads (see ``models/mtj/mtj-llg.lib.j2``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtr

from spicekit.devices.mtj_figures import MtjFigures
from spicekit.devices.resistive import Resistive, ResistiveNumbers
from spicekit.devices.spread import DEFAULT, Spread
from spicekit.errors import UserError
from spicekit.physics import conductance
from spicekit.physics.initial import angle_from_normal
from spicekit.physics.macromodel import with_critical_currents
from spicekit.physics.magnetics import julliere_polarisation
from spicekit.physics.mtj_numbers import MtjNumbers
from spicekit.point import VariationPoint
from spicekit.units import KELVIN
from spicekit.waves import Array

Form = Literal["llg", "fast", "fixed"]  # of the macromodel: all of the dynamics, the switching time alone, a state that is given


def resistance_points(tag: str, ra: float, tmr: float, spread: Spread) -> tuple[VariationPoint, ...]:
    """RA in ohm um2, TMR and the relative diameter of the junction ``tag``, which make its resistance."""
    own = spread.correlated
    return (
        VariationPoint(f"ra_{tag}", "ra", ra, "ohm um2", sigma=spread.ra * ra, low=0.0, correlated=own("ra")),
        VariationPoint(f"tmr_{tag}", "tmr", tmr, "", sigma=spread.tmr * tmr, low=0.0, correlated=own("tmr")),
        VariationPoint(f"cd_{tag}", "cd", 1.0, "", sigma=spread.cd, low=0.0, square="area", correlated=own("cd")),
    )


@dataclass(frozen=True)
class Junction:
    """A card at a temperature.  ``at_rest`` is a junction whose magnetisation does not move."""

    card: MtjFigures
    numbers: MtjNumbers
    ra: float  # ohm um2
    tmr: float  # at zero bias and the temperature
    form: Form = "llg"
    at_rest: bool = False
    spread: Spread = DEFAULT

    @classmethod
    def of(cls, card: MtjFigures, numbers: MtjNumbers) -> Junction:
        """With the card's own resistance and spread."""
        spread = card.variation.spread if card.variation else DEFAULT
        return cls(card, numbers, numbers.r_p * numbers.area * 1e12, numbers.tmr, spread=spread)

    def changed(
        self, *, ra: float | None = None, tmr: float | None = None, v_half: float | None = None, theta0: float | None = None
    ) -> Junction:
        """This junction with what is given in place of the card's figures: RA in ohm um2, TMR at the card's temperature, the
        bias in V at which it is halved (may be inf), the initial angle in rad.  A tunnel junction's torque follows its TMR."""
        k = self.numbers
        if tmr is not None:  # given at the card's temperature; Julliere's law with P falling as 1 - b T^1.5
            own = self.card.temperature.default.value
            k = replace(k, p_tmr0=float(julliere_polarisation(tmr)) / (1 - k.p_b * own**1.5))
            tmr = float(conductance.tmr(k, k.temperature))
            k = replace(k, tmr=tmr)
        if ra is not None:
            k = replace(k, r_p=ra * 1e-12 / k.area)
        if v_half is not None:
            k = replace(k, tmr_v2=0.0 if math.isinf(v_half) else v_half**-2)
        if theta0 is not None:
            k = replace(k, theta0=theta0, theta0_sampled=0.0)
        if k.stt_tunnel:
            k = with_critical_currents(k)
        return replace(self, numbers=k, ra=self.ra if ra is None else ra, tmr=self.tmr if tmr is None else tmr)

    @property
    def model(self) -> str:
        """Template of the macromodel."""
        return f"mtj/mtj-{self.form}.lib.j2"

    @property
    def celsius(self) -> float:
        """Temperature in degrees Celsius."""
        return self.numbers.temperature - KELVIN

    @property
    def step(self) -> float:
        """Time step in s that puts a switching time within about 1e-3 of the one of a ten times finer step.

        0.06 radians of the ferromagnetic resonance, gamma mu0 Hk out of plane and gamma mu0 sqrt(Hk (Hk + Ms)) in plane.
        """
        k = self.numbers
        field = k.hk if k.ez else math.sqrt(k.hk * (k.hk + k.ms))
        return 0.06 / (k.gamma * k.mu0 * field)

    @property
    def beyond_fast(self) -> str:
        """What the card has and the form ``fast`` leaves out; empty if nothing."""
        card = self.card
        parts = {"a rail": card.rail, "[field]": card.field.given, "[vcma]": card.vcma, "[thermal]": card.thermal}
        return next((name for name, given in parts.items() if given), "")

    @property
    def r_p(self) -> float:
        """Parallel resistance at zero bias in ohm."""
        return self.ra * 1e-12 / self.numbers.area

    def field(self, state: Literal["p", "ap"]) -> float:
        """Applied field along the magnetisation of ``state``, over the anisotropy field: what the Fokker-Planck equation and its
        like take.

        Raises :class:`UserError` for an in-plane junction, for a field across the easy axis, and for one in which ``state`` or
        the other is not stable.
        """
        k, easy = self.numbers, self.card.magnet.easy_axis
        if easy != "z":
            raise UserError(
                f"device '{self.card.name}' is an in-plane junction (magnet.easy_axis '{easy}'); its rates are computed for a "
                "perpendicular one alone: allowed: z"
            )
        applied = {"x": k.hx, "y": k.hy, "z": k.hz}
        for axis, h in applied.items():
            if axis != easy and h:
                raise UserError(
                    f"device '{self.card.name}': field.h{axis} {h:g} A/m given; its rates are computed for a field along "
                    f"the easy axis alone: allowed: h{easy}"
                )
        along = applied[easy] / k.hk
        if abs(along) >= 1:
            raise UserError(
                f"device '{self.card.name}': field.h{easy} {applied[easy]:g} A/m given; allowed: less than the anisotropy field, "
                f"{k.hk:g} A/m, beyond which one state alone is stable"
            )
        return along if state == "p" else -along

    def varied(self, ra: ArrayLike, tmr: ArrayLike, cd: ArrayLike, hk: ArrayLike = 1.0) -> MtjNumbers:
        """The numbers of junctions of these RA (ohm um2), TMR at the temperature, relative diameter and relative effective
        anisotropy field (beside what the diameter makes of it), or arrays of them."""
        ra, tmr, cd, hk = (np.asarray(x, float) for x in (ra, tmr, cd, hk))
        k, area, smaller = self.numbers, cd * cd, 1 / cd - 1
        field = hk * (1 + k.hk_size / k.hk * smaller)
        bloch = 1 - k.p_b * k.temperature**1.5
        changes: dict[str, Any] = {
            "r_p": ra * 1e-12 / (k.area * area),
            "tmr": tmr,
            "p_tmr0": julliere_polarisation(tmr) / bloch,
            "volume": k.volume * area,
            "stt_coefficient": k.stt_coefficient / area,
            "delta": k.delta * area * field,
            "hk": k.hk * field,
            # as the macromodel's: a further anisotropy along the easy axis
            "k_easy": k.k_easy + (hk - 1) * k.k_eff + k.mu0 * k.ms / 2 * hk * k.net_size * smaller,
            "k_eff": k.k_eff * field,
            "stiffness": k.stiffness + (hk - 1) * k.hk + hk * k.stiffness_size * smaller,
            "tau_d": k.tau_d / field,
        }
        return with_critical_currents(replace(k, **changes))

    def points(self, tag: str) -> tuple[VariationPoint, ...]:
        """RA, TMR and the diameter, which moves resistance, barrier and critical current together; and unless the junction is at
        rest or its state is given those of its magnetisation.

        The effective anisotropy field varies with the diameter, and by itself only if the card says so or it is asked for.  The
        initial angle is drawn from the Boltzmann distribution if
        the card says so; of an in-plane layer, which is stiff across its plane, towards either side of its soft direction: the
        energy then has the distribution of a well with two degrees of freedom, exponential with a mean of kT.
        """
        resistance = resistance_points(tag, self.ra, self.tmr, self.spread)
        if self.form == "fixed" or self.at_rest:
            return resistance
        sampled = bool(self.numbers.theta0_sampled)
        delta = self.numbers.delta

        def angle(z: Array) -> Array:
            return angle_from_normal(delta, z)

        def azimuth(z: Array) -> Array:
            return np.asarray(2 * np.pi * ndtr(z) if self.numbers.ez else self.numbers.phi0 + np.pi * (z < 0))

        return (
            *resistance,
            self.field_point(tag),
            VariationPoint(f"theta0_{tag}", "theta0", self.numbers.theta0, "rad", low=-1e-12, draw=angle if sampled else None),
            VariationPoint(f"phi0_{tag}", "phi0", self.numbers.phi0, "rad", draw=azimuth if sampled else None, most=2 * np.pi),
        )

    def field_point(self, tag: str) -> VariationPoint:
        """The relative effective anisotropy field, beside what the diameter makes of it."""
        spread = self.spread
        return VariationPoint(f"hk_{tag}", "hk", 1.0, "", sigma=spread.hk, low=0.0, correlated=spread.correlated("hk"))

    def static(self) -> StaticJunction:
        """The junction at rest, of which the circuit sees the resistance alone."""
        v2 = self.numbers.tmr_v2
        numbers = StaticNumbers(self.numbers.area, self.ra, self.tmr, v2**-0.5 if v2 else math.inf)
        return StaticJunction(numbers, self.spread)

    def two_state(self) -> Resistive:
        """As a memory with two resistances: R_P and R_AP at zero bias, the spread that RA, TMR and diameter give each state,
        and V0 from the second order of its conductance: G = G0 (1 + c V^2) is that of a sinh with 1/V0^2 = 6 c."""
        k = self.numbers
        bend = k.tmr / (1 + k.tmr) * k.tmr_v2  # of 1/(1 + TMR/(1 + (V/v_half)^2)), second order
        bend_ap = k.gap2 if k.conductance == 2 else k.gp2 + bend
        return Resistive(
            self.card.name,
            ResistiveNumbers(
                r_lrs=k.r_p,
                r_hrs=k.r_p * (1 + k.tmr),
                sigma_lrs=self.spread.r_p,
                sigma_hrs=math.hypot(self.spread.r_p, self.spread.tmr * k.tmr / (1 + k.tmr)),
                u_lrs=math.sqrt(6 * max(k.gp2, 0.0)),
                u_hrs=math.sqrt(6 * max(bend_ap, 0.0)),
                noise=0.0,
            ),
        )


@dataclass(frozen=True)
class StaticNumbers:
    """What ``models/mtj/mtj-static.lib.j2`` reads."""

    area: float  # m2
    ra: float  # ohm um2
    tmr: float  # at zero bias and 300.15 K, from where the model takes it to its temp_k
    v_half: float  # V, bias at which TMR is halved; inf: none

    @property
    def rolls_off(self) -> bool:
        """Whether the bias lowers TMR."""
        return math.isfinite(self.v_half)


@dataclass(frozen=True)
class StaticJunction:
    """A junction whose state is given, by its resistance alone: no card, and no temperature but the netlist's."""

    numbers: StaticNumbers
    spread: Spread
    model: ClassVar[str] = "mtj/mtj-static.lib.j2"

    @classmethod
    def round(cls, *, diameter: float, ra: float, tmr: float, v_half: float, spread: Spread = DEFAULT) -> StaticJunction:
        """A disc of ``diameter`` in m, ``ra`` in ohm um2, ``v_half`` in V (may be inf)."""
        return cls(StaticNumbers(math.pi / 4 * diameter**2, ra, tmr, v_half), spread)

    @property
    def r_p(self) -> float:
        """Parallel resistance in ohm."""
        return self.numbers.ra * 1e-12 / self.numbers.area

    def voltage(self, states: Sequence[int], current: float) -> float:
        """Voltage in volts over such junctions in parallel (``states``: 0 P, 1 AP) at ``current`` in amperes."""
        r_p, tmr, v_half = self.r_p, self.numbers.tmr, self.numbers.v_half

        def excess(v: float) -> float:
            return float(sum(v / (r_p * (1 + s * tmr / (1 + (v / v_half) ** 2))) for s in states) - current)

        return float(brentq(excess, 0.0, 1.001 * current * r_p * (1 + tmr), xtol=1e-15))

    def points(self, tag: str) -> tuple[VariationPoint, ...]:
        """RA, TMR and the diameter."""
        return resistance_points(tag, self.numbers.ra, self.numbers.tmr, self.spread)
