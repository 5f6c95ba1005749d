"""Errors of circuits applied to numbers, in numpy: what a network sees of rows, gates, columns, neurons and segments.

A circuit is two classes.  Its *errors* (``RowErrors``, ``GateErrors``, ``CountErrors``, ``NeuronErrors``, ``Reading``) are what
was simulated at one operating point: ``of(table, **where)`` takes them from a lookup table, the constructor from numbers.  Its
*chip* (``Rows``, ``Pairs``, ``Columns``, ``Neurons``, ``Segments``) holds weights, and is drawn from them:

* what is fresh a chip (mismatch) is drawn once, when the object is made, and is the same in every read of it;
* what is fresh a read (noise, or the model ``fresh`` of rows and neurons) is drawn in each call, from the same generator.

``Synapses`` with ``WriteErrors`` are weights in cells that a network writes while it learns; ``Spiking`` is such a network.
``Fibbinary`` is no circuit but a code of weights, for multipliers without adders.

So two chips are two objects, and the same seed is the same chip.  Without errors a chip is exact whole-number arithmetic, and so
is one whose errors are 0.  Batches come first: inputs (batch, features) give (batch, outputs).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from montecarlo.behaviour.counts import Columns as Columns
    from montecarlo.behaviour.counts import CountErrors as CountErrors
    from montecarlo.behaviour.eprop import Spiking as Spiking
    from montecarlo.behaviour.fibbinary import Fibbinary as Fibbinary
    from montecarlo.behaviour.gates import GateErrors as GateErrors
    from montecarlo.behaviour.gates import Pairs as Pairs
    from montecarlo.behaviour.neurons import NeuronErrors as NeuronErrors
    from montecarlo.behaviour.neurons import Neurons as Neurons
    from montecarlo.behaviour.rows import RowErrors as RowErrors
    from montecarlo.behaviour.rows import Rows as Rows
    from montecarlo.behaviour.segments import Amplifier as Amplifier
    from montecarlo.behaviour.segments import Reading as Reading
    from montecarlo.behaviour.segments import Segments as Segments
    from montecarlo.behaviour.synapses import Synapses as Synapses
    from montecarlo.behaviour.synapses import WriteErrors as WriteErrors

_PUBLIC = {
    "Amplifier": "segments", "Columns": "counts", "CountErrors": "counts", "Fibbinary": "fibbinary", "GateErrors": "gates",
    "NeuronErrors": "neurons", "Neurons": "neurons", "Pairs": "gates", "Reading": "segments", "RowErrors": "rows", "Rows": "rows",
    "Segments": "segments", "Spiking": "eprop", "Synapses": "synapses", "WriteErrors": "synapses",
}  # fmt: skip
__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'montecarlo.behaviour' has no attribute '{name}'")
    return getattr(importlib.import_module(f"montecarlo.behaviour.{_PUBLIC[name]}"), name)
