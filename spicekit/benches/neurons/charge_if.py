"""The charge-based integrate-and-fire neuron (Duong, Trinh et al., Int. J. Circuit Theory and Applications) at 285 MHz.

Fixed threshold: one capacitor at the comparator's input, as large as theta asks for, that rises from V_L to V_H.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from spicekit.benches.neurons.circuit import Trim
from spicekit.benches.neurons.neuron import Neuron
from spicekit.benches.neurons.parameters import Kind, NeuronParameters
from spicekit.parameters import quantity


class ChargeIfParameters(NeuronParameters):
    # at 80 uA it has not settled when `take` and `sub` end: the rest depends on the membrane and bends it by a fifth of a match
    i_amp: float = quantity(100e-6, "A", "current of the amplifier", gt=0, le=1e-2)
    theta: int = quantity(16, "", "threshold in matches: a spike if u > theta", ge=0, le=80)


class ChargeIf(Neuron[ChargeIfParameters]):
    name = "charge-if"
    summary = "charge-based integrate-and-fire neuron on a binary row: trains, linearity, threshold, energy"
    template = "benches/neuron.cir.j2"
    TRIM: ClassVar[Mapping[Kind, Trim]] = {"real": Trim(0.9853, -3.185, 1.60), "ideal": Trim(0.9854, -2.841, 1.67)}
    HOLD_RATIO: ClassVar[float] = 1.23
    START: ClassVar[Mapping[Kind, float]] = {"real": 0.52, "ideal": 0.51}

    def threshold_capacitors(self) -> dict[str, tuple[float, str]]:
        part = (self.p.theta + 0.5 + self.trim.theta) * self.v_step / (self.p.v_high - self.p.v_low)
        return {"c_t": (part * self.p.c_c, "rising")}
