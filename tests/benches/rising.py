"""A user's bench with closed forms: a capacitor charged from the supply through a resistor that grows with temperature."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from spicekit import Bench, BenchParameters, Measure, TranAnalysis, VariationPoint, Waves, quantity
from spicekit.limits import Limits
from spicekit.waves import Array

R, C = 1e3, 1e-12  # ohm at 27 C, F
COEFFICIENT = 4e-3  # of R, per C
THRESHOLD = 0.5  # V


class RisingParameters(BenchParameters):
    t_window: float = quantity(0.9e-9, "s", "within which the threshold must be passed", gt=0)
    condition: str = "v_end < 1.05"


class Rising(Bench):
    """The threshold is passed at R C ln(VDD / (VDD - THRESHOLD)); the output ends at VDD.  No transistor: no corner."""

    name = "rising"
    summary = "an RC step response from the supply"
    template = "rising.cir.j2"
    roles: ClassVar[tuple[str, ...]] = ()
    Parameters: ClassVar[type[BenchParameters]] = RisingParameters

    def analysis(self) -> TranAnalysis:
        return TranAnalysis(save=("v(out)",), step=10e-12, stop=10e-9)

    def context(self) -> dict[str, Any]:
        return {"factor": 1 + COEFFICIENT * (self.temperature - 27), "farad": C}

    def points(self) -> tuple[VariationPoint, ...]:
        return (VariationPoint("r_top", "r", R, "ohm", sigma=0.001 * R, low=0.0),)

    def measures(self) -> tuple[Measure, ...]:
        window = Limits("raise t_window", high=self.p.t_window, event=True)
        return (Measure("v_end", "V", "output after 10 ns"), Measure("t_pass", "s", "time to 0.5 V", limits=window))

    def works(self) -> str:
        return str(self.p.condition)

    def evaluate(self, waves: Waves) -> dict[str, Array | float]:
        time, out = waves("time"), waves("v(out)")
        return {"v_end": float(out[-1]), "t_pass": float(np.interp(THRESHOLD, out, time))}
