"""The junction alone: switching under a constant voltage or current."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from spicekit.analysis import Analysis, TranAnalysis
from spicekit.bench import Panel
from spicekit.benches.junction.bench import JunctionBench
from spicekit.benches.junction.noise import check_noise
from spicekit.benches.junction.parameters import JunctionParameters
from spicekit.benches.noise import SEED, seed_point
from spicekit.errors import UserError
from spicekit.limits import Limits
from spicekit.measures import At, Choose, Crossing, Final, First, Integral, i, v
from spicekit.measures.measure import Measure
from spicekit.parameters import named_file, option, quantity
from spicekit.point import VariationPoint
from spicekit.waves import Waves


class SwitchParameters(JunctionParameters):
    device: str = named_file("umn-i-pmtj", "device card: a shipped one or the path of a TOML file")
    direction: Literal["ap-p", "p-ap"] = option("ap-p", "from antiparallel to parallel, or back")
    drive: Literal["voltage", "current"] = option("voltage", "what is held constant")
    value: float = quantity(
        0.6, "", "magnitude of the drive: V or A; for a SOT device that across or along its rail", ge=0, le=100
    )
    t_stop: float = quantity(5e-9, "s", "end of the simulation", gt=1e-12, le=1e-5)
    noise_dt: float = quantity(
        0.0, "s", "time step of the fluctuating thermal field; 0: none, the initial angle alone", ge=0, le=1e-9
    )
    step: float | None = quantity(None, "s", "largest time step; 0.06 rad of the precession if not given", ge=1e-14, le=1e-10)

    @classmethod
    def unit_given(cls, name: str, given: Mapping[str, Any]) -> str:
        if name == "value":
            return {"current": "A"}.get(str(given.get("drive")), "V")
        return super().unit_given(name, given)


class MtjSwitch(JunctionBench[SwitchParameters]):
    """Switching of the device alone.

    The time step follows the card (:attr:`spicekit.devices.junction.Junction.step`); a drawn thermal field takes
    four steps a draw.
    """

    name = "mtj-switch"
    summary = "switching of one junction under a constant voltage or current"
    template = "benches/mtj-switch.cir.j2"
    roles = ()

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if self.p.drive == "current" and self.p.value > 0.1:
            raise UserError(
                f"bench '{self.name}': parameter value: {self.p.value:g} A given; allowed: 0 to 0.1 A with drive=current"
            )
        check_noise(self.name, self.p, self.p.noise_dt)

    def subtitle(self) -> str:
        return f"{self.p.device} {self.p.direction}"

    @property
    def step(self) -> float:
        """Largest time step in seconds."""
        if self.p.step is not None:
            return self.p.step
        return min(self.junction.step, self.p.noise_dt / 4 or np.inf)

    def points(self) -> tuple[VariationPoint, ...]:
        points = self.junction.points("mtj")
        if self.p.noise_dt:  # every trial has its own thermal field, which replay repeats
            return (*points, seed_point(1.0))
        return points

    def analysis(self) -> Analysis:
        return TranAnalysis(
            save=("v(mx)", "v(my)", "v(mz)", "v(drive)", "i(vdrive)", "v(resistance)"),
            step=self.step,
            stop=self.p.t_stop,
            reltol=1e-5,
            options={"vntol": 1e-7},
            seed=SEED if self.p.noise_dt else None,
        )

    def measures(self) -> tuple[Measure, ...]:
        window = Limits("raise t_stop or value", high=self.p.t_stop, event=True)
        m = self.easy_axis
        t_switch = Crossing(m, 0.0)
        delivered = Integral(i("vdrive") * v("drive"), 0.0, t_switch)
        return (
            Measure("t_switch", "s", "first zero of m along the easy axis", t_switch, limits=window),
            Measure("switched", "", "1 if m ended on the other side of the hard plane", Final(m) * First(m) < 0, fraction=True),
            Measure("i_1ns", "A", "current at 1 ns (at t_stop if that is earlier)", At(i("vdrive"), min(1e-9, self.p.t_stop))),
            Measure(
                "energy",
                "J",
                "energy from the drive until t_switch",
                Choose(t_switch < np.inf, delivered, np.inf),
                limits=replace(window, high=np.inf),
            ),
            Measure("m_end", "", "m along the easy axis at t_stop", Final(m)),
        )

    def works(self) -> str:
        return "switched > 0.5"

    def panels(self) -> tuple[Panel, ...]:
        return (
            Panel("magnetisation", "", {"v(mx)": "m_x", "v(my)": "m_y", "v(mz)": "m_z"}),
            Panel("current", "A", {"i(vdrive)": "into the device"}),
            Panel("voltage", "V", {"v(drive)": "across the device"}),
            Panel("resistance", "ohm", {"v(resistance)": "junction"}),
        )

    def figures(self, waves: Waves) -> dict[str, Any]:
        from spicekit.style import sphere

        title = f"{self.junction.card.name}, {self.p.direction.upper().replace('-', ' to ')}, {self.p.t_stop * 1e9:g} ns"
        return {"trajectory.png": sphere([(waves("v(mx)"), waves("v(my)"), waves("v(mz)"))], title)}
