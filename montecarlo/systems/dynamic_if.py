"""The standard table of the integrate-and-fire neuron with a programmable threshold in 65 nm, around 166 MHz."""

from __future__ import annotations

from montecarlo.systems import Part
from montecarlo.systems.neurons import OFFSET, THRESHOLD, neuron_table
from spicekit.benches.neurons.dynamic_if import DynamicIf

THETA = (-96, -48, 0, 16, 48, 96)  # both ends of the range lie where the membrane still is linear

TABLE = neuron_table(
    DynamicIf.name,
    "integrate-and-fire neuron with a programmable threshold on a binary row",
    DynamicIf().p.frequency,
    own=(Part("programmed", DynamicIf.name, THRESHOLD, over=(), own={"theta": THETA}, trials=24, measures=OFFSET),),
    nominal={"theta": 16},
)
