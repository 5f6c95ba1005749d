"""A user's bench that is calibrated: the divider whose lower resistor is chosen for an output of `target`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from scipy.optimize import brentq

from spicekit import Bench, BenchParameters, Calibration, DcAnalysis, Measure, UserError, VariationPoint, option, quantity
from spicekit.bench import Simulate
from spicekit.measures import v


class TunedParameters(BenchParameters):
    target: float = quantity(0.3, "V", "nominal output, of a source of 1 V", gt=0, lt=1)
    r_bottom: float | None = quantity(None, "ohm", "lower resistor; that of the target if not given", gt=0)
    most: float = quantity(1e4, "ohm", "the largest that is tried", gt=0)
    drift: float = quantity(0.0, "", "share of the source that is lost for each degree above 27 C", ge=0)
    log: str = option("", "file in which each search leaves a line")


class Tuned(Bench):
    name = "tuned"
    summary = "a resistive divider that is set to its output"
    template = "tuned.cir.j2"
    Parameters: ClassVar[type[BenchParameters]] = TunedParameters

    @property
    def r_bottom(self) -> float:
        return self.calibrated("r_bottom") if self.p.r_bottom is None else float(self.p.r_bottom)

    def calibrations(self) -> tuple[Calibration, ...]:
        if self.p.r_bottom is not None:
            return ()
        target = f"v_out = {self.p.target:g} V"
        return (Calibration("r_bottom", "ohm", "lower resistor", target, self.start, self.search, parameter="r_bottom"),)

    @property
    def v_in(self) -> float:
        return 1 - self.p.drift * (self.p.temperature - 27)

    def start(self) -> Bench:
        return Tuned(r_bottom=1.0, drift=self.p.drift, temperature=self.p.temperature)

    def search(self, simulate: Simulate) -> float:
        if self.p.log:
            with Path(self.p.log).open("a") as file:
                file.write(f"{os.getpid()}\n")

        def over(r_bottom: float) -> float:
            return simulate(r_bottom=r_bottom).measures["v_out"] - self.p.target

        if over(1.0) * over(self.p.most) > 0:
            raise UserError(f"bench 'tuned': parameter target: not reached with {self.p.most:g} ohm: raise most")
        return float(brentq(over, 1.0, self.p.most, xtol=1e-6))

    def analysis(self) -> DcAnalysis:
        return DcAnalysis(save=("v(out)", "v(pick_1)"))

    def points(self) -> tuple[VariationPoint, ...]:
        return (
            VariationPoint("r_top", "r", 1000.0, "ohm", sigma=50.0, low=0.0),
            VariationPoint("pick_1", "pick", 0.0, "", sigma=1.0),
        )

    def measures(self) -> tuple[Measure, ...]:
        return (Measure("v_out", "V", f"output, with {self.r_bottom:.0f} ohm", v("out")),)  # it asks for the calibration
