"""A user's benches: a divider with a fault in chosen trials, those whose `pick` is above `threshold`."""

from __future__ import annotations

import os
import signal
import time
from typing import Any, ClassVar

import numpy as np

from spicekit import Bench, BenchParameters, DcAnalysis, Measure, TranAnalysis, VariationPoint, Waves, quantity
from spicekit.waves import Array


class FaultParameters(BenchParameters):
    threshold: float = quantity(1e9, "", "the fault strikes the trials whose `pick` is above it")


class Divider(Bench):
    """No fault at all: what the others are compared with."""

    name = "divider"
    summary = "a resistive divider from 1 V"
    template = "divider.cir.j2"
    Parameters: ClassVar[type[BenchParameters]] = FaultParameters

    def analysis(self) -> DcAnalysis:
        return DcAnalysis(save=("v(out)", "v(pick_1)"))

    def points(self) -> tuple[VariationPoint, ...]:
        return (
            VariationPoint("r_top", "r", 1000.0, "ohm", sigma=50.0, low=0.0),
            VariationPoint("pick_1", "pick", 0.0, "", sigma=1.0),
        )

    def measures(self) -> tuple[Measure, ...]:
        return (Measure("v_out", "V", "output voltage"),)

    def evaluate(self, waves: Waves) -> dict[str, Array]:
        return {"v_out": waves("v(out)")}


class Singular(Divider):
    """A source that has to equal V(x) + V(x)^2 + 1, x being its own node: no solution, and a singular matrix."""

    name = "singular"
    template = "singular.cir.j2"


class Parallel(Divider):
    """Two unequal voltage sources in parallel, in every trial."""

    name = "parallel"
    template = "parallel.cir.j2"


class Endless(Divider):
    """A discontinuous source without a solution, and a solver that is told to try for ever."""

    name = "endless"
    template = "endless.cir.j2"

    def analysis(self) -> DcAnalysis:
        return DcAnalysis(save=("v(out)", "v(pick_1)"), options={"itl1": 1e9, "itl2": 1e9, "itl6": 1e9})


class Deadly(Divider):
    """Kills its own worker."""

    name = "deadly"

    def evaluate(self, waves: Waves) -> dict[str, Array]:
        if np.any(waves("v(pick_1)") > self.p.threshold):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().evaluate(waves)


class Leaving(Divider):
    """Ends its own worker as if all were well."""

    name = "leaving"

    def evaluate(self, waves: Waves) -> dict[str, Array]:
        if np.any(waves("v(pick_1)") > self.p.threshold):
            os._exit(0)
        return super().evaluate(waves)


class Sleepy(Divider):
    """Takes 1.5 s by the wall clock, but no processor time, in every trial; for ever where `pick` is above the threshold."""

    name = "sleepy"

    def evaluate(self, waves: Waves) -> dict[str, Array]:
        time.sleep(1000.0 if np.any(waves("v(pick_1)") > self.p.threshold) else 1.5)
        return super().evaluate(waves)


class Laborious(Divider):
    """Takes 1.5 s of the processor before its netlist is there."""

    name = "laborious"

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        until = time.process_time() + 1.5
        while time.process_time() < until:
            pass


class Spinning(Divider):
    """Never ends in Python where `pick` is above the threshold."""

    name = "spinning"

    def evaluate(self, waves: Waves) -> dict[str, Array]:
        while np.any(waves("v(pick_1)") > self.p.threshold):
            pass
        return super().evaluate(waves)


class Long(Divider):
    """Takes 1 s of the processor where `pick` is above the threshold."""

    name = "long"

    def evaluate(self, waves: Waves) -> dict[str, Array]:
        until = time.process_time() + 1.0
        while np.any(waves("v(pick_1)") > self.p.threshold) and time.process_time() < until:
            pass
        return super().evaluate(waves)


class Fatal(Divider):
    """Kills its own worker in every trial."""

    name = "fatal"

    def evaluate(self, waves: Waves) -> dict[str, Array]:
        if np.any(waves("v(out)") > 0.1):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().evaluate(waves)


class Infinite(Divider):
    """A measure that is no finite number."""

    name = "infinite"

    def evaluate(self, waves: Waves) -> dict[str, Array]:
        return {"v_out": np.where(waves("v(pick_1)") > self.p.threshold, np.inf, waves("v(out)"))}


class Hopeless(Divider):
    """No finite number in any trial but the nominal one."""

    name = "hopeless"

    def evaluate(self, waves: Waves) -> dict[str, Array]:
        return {"v_out": np.where(waves("v(pick_1)") != 0, np.inf, waves("v(out)"))}


class Broken(Divider):
    """A mistake in Python."""

    name = "broken"

    def evaluate(self, waves: Waves) -> dict[str, Array]:
        raise ValueError("two\nlines")


class Incomplete(Divider):
    """A measure that is not declared."""

    name = "incomplete"

    def evaluate(self, waves: Waves) -> dict[str, Array]:
        return {"v_aut": waves("v(out)")}


class Charging(Bench):
    """A transient: C is charged through R, from 0 to 1 V."""

    name = "charging"
    summary = "an RC step response"
    template = "charging.cir.j2"
    Parameters: ClassVar[type[BenchParameters]] = FaultParameters

    def analysis(self) -> TranAnalysis:
        return TranAnalysis(save=("v(out)",), step=10e-12, stop=2e-9)

    def points(self) -> tuple[VariationPoint, ...]:
        return (
            VariationPoint("r_top", "r", 1000.0, "ohm", sigma=100.0, low=0.0),
            VariationPoint("pick_1", "pick", 0.0, "", sigma=1.0),
        )

    def measures(self) -> tuple[Measure, ...]:
        return (Measure("v_end", "V", "output after 2 ns"), Measure("t_half", "s", "time to 0.5 V"))

    def evaluate(self, waves: Waves) -> dict[str, Array | float]:
        time, out = waves("time"), waves("v(out)")
        return {"v_end": float(out[-1]), "t_half": float(np.interp(0.5, out, time))}


NotABench = dict
