"""The neuron with a dynamic threshold of STT-BSNN (IEEE Access 2021, doi:10.1109/ACCESS.2021.3125685) at 166 MHz.

theta carries the batch normalisation of a trained network.  Eight binary-weighted capacitors at the comparator's input, each
joined by its bit to a line that rises from V_L to V_H or held at V_L, give -128 to 127 matches in two's complement: the plate of
the highest bit falls instead.  A ninth, of half a unit, puts the threshold between two whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from spicekit.benches.neurons.circuit import Trim
from spicekit.benches.neurons.neuron import Neuron
from spicekit.benches.neurons.parameters import DESIGNS, Kind, NeuronParameters
from spicekit.parameters import channel_width, option, quantity

BITS = 8


class DynamicIfParameters(NeuronParameters):
    # light: chosen for the published energy, at the price of the leak (docs/neurons.md); references are those of the default
    DESIGNS: ClassVar = {**DESIGNS, "light": {"i_amp": 45e-6}}
    design: Literal["ideal-row", "real-row", "light"] = option(  # type: ignore[assignment]  # a word more
        "ideal-row",
        "named design: a row on ideal rails, of junctions without roll-off; or as stt-bnn-row simulates it; or the first with "
        "less current in the amplifier",
    )
    frequency: float = quantity(166e6, "Hz", "time steps a second", ge=1e5, le=2e9)
    i_amp: float = quantity(50e-6, "A", "current of the amplifier", gt=0, le=1e-2)
    c_c: float = quantity(40e-15, "F", "from the amplifier's output to the comparator", gt=0, le=1e-11)
    w_inverter: float = channel_width(500e-9, "width of the NMOS of the comparator's inverters; PMOS twice that", le=1e-4)
    w_bit: float = channel_width(240e-9, "width of the transistors that select a bit's line", le=1e-4)


class DynamicIf(Neuron[DynamicIfParameters]):
    name = "dynamic-if"
    summary = "integrate-and-fire neuron with a programmable threshold on a binary row: trains, linearity, threshold, energy"
    template = "benches/neuron.cir.j2"
    TRIM: ClassVar[Mapping[Kind, Trim]] = {"real": Trim(0.9869, -4.729, 1.19), "ideal": Trim(0.9869, -4.502, 1.24)}
    HOLD_RATIO: ClassVar[float] = 1.36
    START: ClassVar[Mapping[Kind, float]] = {"real": 0.36, "ideal": 0.37}

    @property
    def bits(self) -> list[int]:
        """Of theta in two's complement, the lowest first."""
        return [(self.p.theta >> bit) & 1 for bit in range(BITS)]

    def threshold_capacitors(self) -> dict[str, tuple[float, str]]:
        unit = self.p.c_c * self.v_step / (self.p.v_high - self.p.v_low)
        weighted = {f"c_t{bit}": (unit * 2**bit, f"plate_{bit}") for bit in range(BITS)}
        return {"c_half": (unit * (0.5 + self.trim.theta), "rising"), **weighted}

    def context(self) -> dict[str, Any]:
        return super().context() | {"bits": self.bits, "w_bit": self.p.w_bit}
