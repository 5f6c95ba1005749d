"""One number of one device that may vary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spicekit.waves import Array


@dataclass(frozen=True)
class VariationPoint:
    """One number of one device that may vary: in the netlist the voltage of the node ``name``.

    A draw of a foundry's library, which ngspice evaluates while it reads the netlist, is a ``parameter`` of the netlist.
    """

    name: str  # "ra_c0": kind and device, and the node in the netlist
    kind: str  # "ra": what --sigma names
    nominal: float
    unit: str
    sigma: float = 0.0  # default local standard deviation, in the unit of the point
    low: float = -np.inf  # a sample at or below it is not physical: the trial is `invalid`
    draw: Callable[[Array], Array] | None = None  # default distribution: values of standard normals, in place of sigma
    most: float = np.inf  # largest standard deviation that may be asked for, in the unit of the point
    parameter: str = ""  # of the netlist, in place of the node
