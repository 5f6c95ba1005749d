"""The charge-based integrate-and-fire neuron at 285 MHz (Duong, Trinh et al., Int. J. Circuit Theory and Applications)."""

from __future__ import annotations

from collections.abc import Mapping

from montecarlo.systems.neuron_figures import DUONG, Published, neuron_figures, plans
from montecarlo.systems.neuron_table import neuron_table
from montecarlo.systems.system import Figure, System
from spicekit.benches.neurons.charge_if import ChargeIf
from spicekit.table import LookupTable

TABLE = neuron_table(ChargeIf.name, "charge-based integrate-and-fire neuron on a binary row", ChargeIf().p.frequency)

PLANS = plans(ChargeIf.name)
PUBLISHED = Published(DUONG, 285e6, 5.10e-15)


def figures(tables: Mapping[str, LookupTable]) -> list[Figure]:
    """All figures, from the tables of :data:`PLANS`."""
    return neuron_figures(ChargeIf.name, ChargeIf().p.frequency, PUBLISHED, tables)


SYSTEM = System("charge-if", TABLE, PLANS, figures)
