"""The torque on a perpendicular layer whose circuit follows its resistance.

A circuit that drives a junction is known by two points of its load line: the voltage and the current with the junction held in
the state before the write, and in the one after.  In between, the junction's law of conductance meets the straight line through
both. What turns the layer there is asked of the macromodel's own equation (:mod:`spicekit.physics.llg`): it makes ``du/d tau =
(1 - u^2)(u + h - i(u))`` for the Fokker-Planck equation, with whatever of the card is symmetric about the easy axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from spicekit.physics import conductance, llg
from spicekit.physics.fokker_planck import Torque
from spicekit.physics.mtj_numbers import MtjNumbers
from spicekit.waves import Array


@dataclass(frozen=True)
class LoadLine:
    """Voltage (V, free minus pinned) and current (A, from free to pinned) with the junction in either state."""

    v_before: float
    i_before: float
    v_after: float
    i_after: float

    def voltage(self, p: MtjNumbers, cosine: Any) -> Any:
        """The voltage over a junction at ``cosine`` of the angle between its layers, by Newton."""
        apart = self.i_after - self.i_before
        slope = (self.v_after - self.v_before) / apart if abs(apart) > 1e-12 else 0.0
        v = np.full(np.shape(cosine), self.v_before)
        for _ in range(50):
            g = conductance.conductance(p, v + 1e-30j, cosine, p.temperature)
            excess = v - self.v_before - slope * (v * g.real - self.i_before)
            step = excess / (1 - slope * (g.real + v * g.imag / 1e-30))
            v = v - step
            if np.all(np.abs(step) <= 1e-12):
                break
        return v


def torque(p: MtjNumbers, state: Literal["p", "ap"], line: LoadLine) -> Torque:
    """The overdrive at u = cos(theta) from ``state``, for :func:`spicekit.physics.fokker_planck.attempts`."""
    sign = 1.0 if state == "p" else -1.0
    field = sign * p.hz / p.hk

    def overdrive(u: Array) -> Array:
        m = (np.sqrt(1 - u * u), np.zeros_like(u), sign * u)
        cosine = conductance.cosine(p, *m)
        v = line.voltage(p, cosine)
        i = v * conductance.conductance(p, v, cosine, p.temperature)
        speed = sign * llg.rate(p, m, p.temperature, v, i, np.zeros_like(u))[2]
        return np.asarray(u + field - p.tau_d * speed / (1 - u * u))

    return overdrive
