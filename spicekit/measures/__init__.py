"""Definitions of measures: what one is, said once, for numpy and for a netlist that stands alone.

A definition is a tree of :mod:`spicekit.measures.nodes` over the saved vectors.  :mod:`spicekit.measures.numpy_writer` gives its
value, :mod:`spicekit.measures.ngspice_writer` the lines of a ``.control`` block that print the same, and
:mod:`spicekit.measures.text` what ``spicekit show`` says of it.
"""

from spicekit.measures.nodes import (
    At,
    Choose,
    Crossing,
    Final,
    First,
    Integral,
    Largest,
    Node,
    Number,
    Python,
    Settling,
    Smallest,
    Vector,
    energy,
    exp,
    floor,
    i,
    ln,
    maximum,
    mean,
    minimum,
    sqrt,
    total,
    v,
)

__all__ = [
    "At",
    "Choose",
    "Crossing",
    "Final",
    "First",
    "Integral",
    "Largest",
    "Node",
    "Number",
    "Python",
    "Settling",
    "Smallest",
    "Vector",
    "energy",
    "exp",
    "floor",
    "i",
    "ln",
    "maximum",
    "mean",
    "minimum",
    "sqrt",
    "total",
    "v",
]
