"""The neuron with a dynamic threshold of STT-BSNN at 166 MHz (IEEE Access 2021, doi:10.1109/ACCESS.2021.3125685)."""

from __future__ import annotations

from collections.abc import Mapping

from montecarlo.figures import Figure
from montecarlo.figures.neurons import STT_BSNN, Published, neuron_figures, plans
from spicekit.benches.neurons.dynamic_if import DynamicIf
from spicekit.table import LookupTable

PLANS = plans(DynamicIf.name)
PUBLISHED = Published(STT_BSNN, 166e6, 5.48e-15)


def figures(tables: Mapping[str, LookupTable]) -> list[Figure]:
    """All figures, from the tables of :data:`PLANS`."""
    return neuron_figures(DynamicIf.name, DynamicIf().p.frequency, PUBLISHED, tables)
