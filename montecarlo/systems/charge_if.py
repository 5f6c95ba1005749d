"""The standard table of the charge-based integrate-and-fire neuron in 65 nm, around 285 MHz."""

from __future__ import annotations

from montecarlo.systems.neurons import neuron_table
from spicekit.benches.neurons.charge_if import ChargeIf

TABLE = neuron_table(ChargeIf.name, "charge-based integrate-and-fire neuron on a binary row", ChargeIf().p.frequency)
