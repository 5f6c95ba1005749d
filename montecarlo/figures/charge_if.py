"""The charge-based integrate-and-fire neuron at 285 MHz (Duong, Trinh et al., Int. J. Circuit Theory and Applications)."""

from __future__ import annotations

from collections.abc import Mapping

from montecarlo.figures import Figure
from montecarlo.figures.neurons import DUONG, Published, neuron_figures, plans
from spicekit.benches.neurons.charge_if import ChargeIf
from spicekit.table import LookupTable

PLANS = plans(ChargeIf.name)
PUBLISHED = Published(DUONG, 285e6, 5.10e-15)


def figures(tables: Mapping[str, LookupTable]) -> list[Figure]:
    """All figures, from the tables of :data:`PLANS`."""
    return neuron_figures(ChargeIf.name, ChargeIf().p.frequency, PUBLISHED, tables)
