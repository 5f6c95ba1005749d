"""Integrate-and-fire neurons: what is measured of their circuit, and how it is stepped; `charge-if` and `dynamic-if` share it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic

import numpy as np
from numpy.typing import ArrayLike

from spicekit.bench import Calibration, Panel
from spicekit.benches.neurons import measures as definitions
from spicekit.benches.neurons.circuit import N, NeuronCircuit
from spicekit.benches.neurons.references import calibrations
from spicekit.benches.neurons.timing import INPUTS_CHANGE
from spicekit.errors import UserError
from spicekit.measures.measure import Measure
from spicekit.measures.numpy_writer import Evaluation
from spicekit.waves import Waves


class Neuron(NeuronCircuit[N], Generic[N]):
    """The common part of both neurons; a subclass adds its threshold's capacitors and its :class:`Trim`."""

    def calibrations(self) -> tuple[Calibration, ...]:
        return () if self.kept else calibrations(self)

    def measures(self) -> tuple[Measure, ...]:
        return () if self.live else definitions.measures(self)  # a session has no end at which to measure

    def membrane(self, waves: Waves, step: int) -> float:
        """V_C1 over its nominal step at the end of ``step`` (counted from 0), in matches."""
        return float(Evaluation(waves)(definitions.membrane(self, step)))

    def high(self, waves: Waves, node: str, step: int) -> bool:
        """Whether ``q`` (over the threshold) or ``spike`` (and permitted to fire) is what ``step`` (from 0) ended with."""
        return bool(Evaluation(waves)(definitions.decision(self, node, step)))

    def works(self) -> str:
        return "spike_errors < 0.5" if self.p.measure == "train" else ""

    def input_time(self, step: int) -> float:
        """When the inputs of ``step`` (counted from 0) change, in seconds."""
        return (step + INPUTS_CHANGE) * self.period

    def sources(  # type: ignore[override]
        self, *, n1: float | None = None, spikes: ArrayLike | None = None, fire: bool = True
    ) -> Mapping[str, float]:
        """Sources for ``n1`` matches, or with row=cells for ``spikes`` of shape (N,), and the permission to fire.

        Raises :class:`UserError` for what is out of range or of another shape.
        """
        enabled = {"en": self.vdd if fire else 0.0}
        if self.p.row == "cells":
            bits = np.asarray(() if spikes is None else spikes)
            if n1 is not None or bits.shape != (self.p.synapses,) or not np.isin(bits, (0, 1)).all():
                raise UserError(f"bench '{self.name}': spikes of shape {bits.shape} given; allowed: {self.p.synapses} of 0 or 1")
            return enabled | {f"in_{j}": float(bit) for j, bit in enumerate(bits)}
        if spikes is not None or n1 is None or not 0 <= n1 <= self.p.synapses:
            given = "spikes" if spikes is not None else n1
            raise UserError(f"bench '{self.name}': n1: {given} given; allowed: 0 to {self.p.synapses}")
        return enabled | {"n1_now": float(n1)}

    def outputs(self, waves: Waves, step: int) -> Mapping[str, float]:
        """Spike (0 or 1) and membrane in matches, before a reset, at the end of ``step``."""
        return {"spike": float(self.high(waves, "spike", step)), "membrane": self.membrane(waves, step)}

    def panels(self) -> tuple[Panel, ...]:
        return (
            Panel("phases", "V", {f"v({name})": name for name in ("az", "take", "sub", "strobe")}),
            Panel("row", "", {"v(matches)": "matches / N"}),
            Panel("source line", "V", {"v(sl)": "SL"}),
            Panel("amplifier", "V", {"v(x)": "x", "v(y)": "y", "v(m)": "m: x - V_C1"}),
            Panel("transfer", "V", {"v(bottom)": "lower plate of C_S", "v(n2)": "C_2"}),
            Panel("decision", "V", {"v(zin)": "comparator's input", "v(spike)": "spike"}),
        )

    def subtitle(self) -> str:
        ideal = f", ideal: {', '.join(self.ideal)}" if self.ideal else ""
        return f"{self.p.frequency / 1e6:g} MHz, N = {self.p.synapses}, θ = {self.p.theta}, ρ = {self.p.rho}{ideal}"
