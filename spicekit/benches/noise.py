"""Thermal noise of the circuits that decide, `noise=on`: what their benches share (netlist: models/cmos/noise.lib.j2).

Every trial of a campaign has a noise of its own, which ngspice draws from a seed that is a variation point: it depends on the
campaign's seed and the trial's number alone, and a replay repeats it.  At the seed's nominal value, 0, there is none: a nominal
run, and what a bench is calibrated for, is free of noise.  The seed comes last of all points, so that a trial has the same
devices with noise and without.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal, Self

import numpy as np
from pydantic import model_validator
from scipy.special import ndtr

from spicekit.analysis import TranAnalysis
from spicekit.parameters import Group, option
from spicekit.physics.constants import E_CHARGE, K_B
from spicekit.point import VariationPoint
from spicekit.waves import Array

SEED = "seed_noise"
DECIDING = ("decision", "train")  # values of `measure` that are the circuit's own operation
DRAWN = "noise_drawn"  # node of a source of noise that nothing else reads


class ThermalNoise(Group):
    """Whether a bench has noise."""

    noise: Literal["off", "on"] = option(
        "off",
        "thermal noise in each trial of a campaign, drawn in time for the transistors that matter; a trial takes seconds",
    )

    @property
    def noisy(self) -> bool:
        """The same as a truth value."""
        return self.noise == "on"

    @model_validator(mode="after")
    def _decides(self) -> Self:
        measure = getattr(self, "measure", DECIDING[0])
        if self.noisy and measure not in DECIDING:
            raise ValueError(f"noise: on given with measure={measure}, which no single noise belongs to; allowed: off")
        return self


def noise_points(p: ThermalNoise) -> tuple[VariationPoint, ...]:
    """The seed, if there is noise."""
    return (seed_point(0.0),) if p.noisy else ()


def seed_point(nominal: float) -> VariationPoint:
    """The seed of what ngspice draws.  At a ``nominal`` of 0 a nominal run has none of it, where the template says so."""
    return VariationPoint(SEED, "seed", nominal, "", low=nominal - 1, draw=_seed)


def noise_context(p: ThermalNoise, every: float, devices: Iterable[str]) -> dict[str, Any]:
    """What the templates read: numbers are drawn ``every`` so many seconds, for the transistors named by ``devices``."""
    return {"noise_dt": every, "noisy": list(devices), "k_b": K_B, "q_e": E_CHARGE} if p.noisy else {}


def with_noise(p: ThermalNoise, analysis: TranAnalysis) -> TranAnalysis:
    """``analysis`` of trials that have noise if the bench has."""
    if not p.noisy:
        return analysis
    return replace(analysis, save=(*analysis.save, f"v({DRAWN})"), seed=SEED, drawn=f"v({DRAWN})")


def _seed(z: Array) -> Array:
    """A seed for ngspice from 1 to 2^31 - 2, from a standard normal."""
    return np.asarray(1 + np.floor(ndtr(z) * (2**31 - 3)))
