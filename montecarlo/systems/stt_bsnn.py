"""The neuron with a dynamic threshold of STT-BSNN at 166 MHz (IEEE Access 2021, doi:10.1109/ACCESS.2021.3125685)."""

from __future__ import annotations

from collections.abc import Mapping

from montecarlo.systems.neuron_figures import STT_BSNN, Published, neuron_figures, plans
from montecarlo.systems.neuron_table import OFFSET, THRESHOLD, neuron_table
from montecarlo.systems.system import Figure, Part, System
from spicekit.benches.neurons.dynamic_if import DynamicIf
from spicekit.table import LookupTable

THETA = (-96, -48, 0, 16, 48, 96)  # both ends of the range lie where the membrane still is linear

TABLE = neuron_table(
    DynamicIf.name,
    "integrate-and-fire neuron with a programmable threshold on a binary row",
    DynamicIf().p.frequency,
    own=(Part("programmed", DynamicIf.name, THRESHOLD, over=(), own={"theta": THETA}, trials=24, measures=OFFSET),),
    nominal={"theta": 16},
)

PLANS = plans(DynamicIf.name)
PUBLISHED = Published(STT_BSNN, 166e6, 5.48e-15)


def figures(tables: Mapping[str, LookupTable]) -> list[Figure]:
    """All figures, from the tables of :data:`PLANS`."""
    return neuron_figures(DynamicIf.name, DynamicIf().p.frequency, PUBLISHED, tables)


SYSTEM = System("stt-bsnn", TABLE, PLANS, figures)
