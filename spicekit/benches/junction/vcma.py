"""The junction alone, written by voltage-controlled anisotropy.

A positive voltage (free minus pinned) lowers the perpendicular anisotropy.  ``precessional``: at V_c the layer has no
anisotropy left and turns about a field in its plane; a pulse of half a turn, pi (1 + alpha^2)/(gamma mu0 Hx), reverses it, from
either state (Shiota et al., Nature Mater. 11, 39 (2012)).  ``assisted``: the current of the same pulse writes, over a lowered
barrier, from antiparallel to parallel alone; the voltage of the other direction raises the barrier (Wang et al., Nature
Mater. 11, 64 (2012)).
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from spicekit.analysis import Analysis, TranAnalysis
from spicekit.bench import Panel
from spicekit.benches.junction.bench import JunctionBench
from spicekit.benches.junction.parameters import JunctionParameters, refuse_rail
from spicekit.benches.junction.switching import barrier_life, check_stop, switching
from spicekit.benches.noise import SEED, seed_point
from spicekit.devices.junction import Junction
from spicekit.errors import UserError
from spicekit.measures import At, Final, Integral, i, v
from spicekit.measures.measure import Measure
from spicekit.parameters import named_file, option, quantity
from spicekit.point import VariationPoint
from spicekit.waves import Waves

START = 0.2e-9  # the pulse begins here


class VcmaParameters(JunctionParameters):
    device: str = named_file("vcma-50nm", "device card with [vcma]: a shipped one or the path of a TOML file")
    mode: Literal["precessional", "assisted"] = option("precessional", "half a turn about a field; torque over a lowered barrier")
    direction: Literal["ap-p", "p-ap"] = option("ap-p", "from antiparallel to parallel, or back")
    v_pulse: float | None = quantity(
        None,
        "V",
        "pulse, free minus pinned; what cancels the anisotropy if not given, 0.9 of it in mode=assisted",
        ge=-10,
        le=10,
    )
    h_plane: float | None = quantity(
        None, "A/m", "field in the plane, along x, beside the card's; 24 kA/m if not given, 0 in mode=assisted", ge=-1e6, le=1e6
    )
    t_pulse: float | None = quantity(
        None, "s", "length of the pulse; half a turn about the field if not given, 30 ns in mode=assisted", gt=1e-11, le=1e-6
    )
    t_edge: float = quantity(10e-12, "s", "its edges, from 0 to all of it", ge=1e-13, le=1e-8)
    t_stop: float | None = quantity(None, "s", "end of the simulation; 8 ns after the pulse if not given", gt=1e-11, le=1e-5)
    noise_dt: float = quantity(0.0, "s", "time step of the fluctuating thermal field; 0: none", ge=0, le=1e-9)
    step: float | None = quantity(None, "s", "largest time step; 0.06 rad of the precession if not given", ge=1e-14, le=1e-10)


class MtjVcma(JunctionBench[VcmaParameters]):
    """A voltage pulse on a junction whose anisotropy goes with the voltage.

    It starts at rest in the field: tilted by asin(Hx/Hk) towards x, unless ``theta0`` is given.
    """

    name = "mtj-vcma"
    summary = "write of one junction by voltage-controlled anisotropy: precessional, or assisting the torque"
    template = "benches/mtj-vcma.cir.j2"
    roles = ()

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        p, card = self.p, self.junction.card
        refuse_rail(self.name, p, self.junction)
        if card.vcma is None or not self.junction.numbers.ez:
            raise UserError(
                f"bench '{self.name}': parameter device: '{p.device}' has no [vcma], or is not perpendicular; allowed: a "
                "perpendicular card with [vcma]"
            )
        if p.model == "fast":
            raise UserError(f"bench '{self.name}': parameter model: 'fast' given; allowed: llg")
        if p.mode == "precessional" and p.t_pulse is None and not self.junction.numbers.hx:
            raise UserError(
                f"bench '{self.name}': parameter h_plane: no field given to turn about; allowed: other than 0, or t_pulse"
            )
        check_stop(self.name, self.t_stop, START + self.t_pulse)

    @cached_property
    def junction(self) -> Junction:
        """The card at the temperature of the bench, with the field in the plane, at rest in it."""
        placed = super().junction
        field = self.p.h_plane if self.p.h_plane is not None else 24e3 if self.p.mode == "precessional" else 0.0
        k = replace(placed.numbers, hx=placed.numbers.hx + field)
        if self.p.theta0 is None and k.hx:
            if abs(k.hx) >= k.hk:
                raise UserError(
                    f"bench '{self.name}': parameter h_plane: {k.hx:g} A/m in the plane; allowed: below the anisotropy field, "
                    f"{k.hk:g} A/m"
                )
            k = replace(k, theta0=math.asin(abs(k.hx) / k.hk), phi0=0.0 if k.hx > 0 else math.pi, theta0_sampled=0.0)
        return replace(placed, numbers=k)

    @property
    def v_cancel(self) -> float:
        """V_c in volts: at it the layer has no anisotropy."""
        k = self.junction.numbers
        return k.k_eff / k.k_vcma

    @property
    def v_pulse(self) -> float:
        """Height of the pulse in volts, negative to write antiparallel in mode=assisted."""
        if self.p.v_pulse is not None:
            return self.p.v_pulse
        if self.p.mode == "precessional":
            return self.v_cancel
        return (1 if self.p.direction == "ap-p" else -1) * 0.9 * self.v_cancel

    @property
    def half_turn(self) -> float:
        """Time in s of half a turn about the field in the plane, without anisotropy; inf without a field."""
        k = self.junction.numbers
        return math.pi * (1 + k.alpha**2) / (k.gamma * k.mu0 * abs(k.hx)) if k.hx else math.inf

    @property
    def t_pulse(self) -> float:
        """Length of the pulse in s, between the middles of its edges."""
        if self.p.t_pulse is not None:
            return self.p.t_pulse
        return self.half_turn if self.p.mode == "precessional" else 30e-9

    @property
    def t_stop(self) -> float:
        """End of the simulation in seconds."""
        return START + self.t_pulse + 8e-9 if self.p.t_stop is None else self.p.t_stop

    def subtitle(self) -> str:
        return f"{self.p.device} {self.p.mode} {self.p.direction}"

    def context(self) -> dict[str, Any]:
        edge = min(self.p.t_edge, self.t_pulse / 2)
        return super().context() | {"edge": edge, "begin": START - edge / 2, "flat": self.t_pulse - edge, "v_pulse": self.v_pulse}

    def points(self) -> tuple[VariationPoint, ...]:
        points = self.junction.points("mtj")
        if self.p.noise_dt:
            return (*points, seed_point(1.0))
        return points

    def analysis(self) -> Analysis:
        step = min(self.junction.step, self.p.noise_dt / 4 or np.inf, self.p.t_edge)
        return TranAnalysis(
            save=("v(mx)", "v(my)", "v(mz)", "v(drive)", "i(vdrive)"),
            step=step if self.p.step is None else self.p.step,
            stop=self.t_stop,
            reltol=1e-5,
            options={"vntol": 1e-7},
            seed=SEED if self.p.noise_dt else None,
        )

    def measures(self) -> tuple[Measure, ...]:
        middle = START + self.t_pulse / 2
        return (
            *switching(self.easy_axis, START, self.t_stop, "change t_pulse or v_pulse"),
            Measure("m_pulse", "", "m along the easy axis at the end of the pulse", At(self.easy_axis, START + self.t_pulse)),
            Measure("m_end", "", "m along the easy axis at t_stop", Final(self.easy_axis)),
            Measure("i_pulse", "A", "current in the middle of the pulse", At(i("vdrive"), middle)),
            Measure("energy", "J", "energy from the drive", Integral(i("vdrive") * v("drive"))),
            *barrier_life(self.junction.card.breakdown, v("drive")),
        )

    def works(self) -> str:
        return "switched > 0.5"

    def panels(self) -> tuple[Panel, ...]:
        return (
            Panel("magnetisation", "", {"v(mx)": "m_x", "v(my)": "m_y", "v(mz)": "m_z"}),
            Panel("voltage", "V", {"v(drive)": "free minus pinned"}),
            Panel("current", "A", {"i(vdrive)": "into the free layer"}),
        )

    def figures(self, waves: Waves) -> dict[str, Any]:
        from spicekit.style import sphere

        title = f"{self.junction.card.name}, {self.p.mode}, {self.p.direction.upper().replace('-', ' to ')}, {self.v_pulse:.3g} V"
        return {"trajectory.png": sphere([(waves("v(mx)"), waves("v(my)"), waves("v(mz)"))], title)}
