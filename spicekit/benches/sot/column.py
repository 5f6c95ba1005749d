"""A column of SOT-MRAM in 2T1R cells, which is read by a current (Fan, ASP-DAC 2018).

The read current is pushed into RBL; the addressed cells' junctions lie in parallel between RBL and SL, and the voltage of RBL
tells how many of them are antiparallel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, Literal

from typing_extensions import TypeVar

from spicekit.bench import Bench
from spicekit.devices.junction import StaticJunction
from spicekit.devices.spread import IMCE
from spicekit.measures import Node, i, total
from spicekit.parameters import BenchParameters, Group, channel_length, channel_width, option, quantity
from spicekit.physics.quantities import LEAST_BIAS
from spicekit.point import VariationPoint


class Cells(Group):
    """The junctions of a 2T1R column and the current that reads them.

    The defaults are those of the card ``imce-45nm``, which is what is written, as a disc of the area of its ellipse.
    """

    ra: float = quantity(32.0, "ohm um2", "resistance-area product of the junction", ge=0.1, le=1e5)
    diameter: float = quantity(60e-9, "m", "diameter of the round junction", gt=1e-9, le=1e-6)
    tmr: float = quantity(2.5, "", "tunnel magnetoresistance at zero bias and 27 C (150% or 1.5)", gt=0, le=20)
    v_half: float = quantity(0.5, "V", "bias at which TMR is halved; inf switches the roll-off off", ge=LEAST_BIAS)
    i_read: float = quantity(7e-6, "A", "current into RBL of a read", ge=1e-12, le=1e-3)
    r_rail: float = quantity(560.0, "ohm", "heavy-metal rail, head to tail; the junction sits at its middle", ge=0.01, le=1e5)
    rows: int = quantity(64, "", "cells on the column; the unselected ones leak", ge=1, le=4096)

    @property
    def junction(self) -> StaticJunction:
        """The nominal junction."""
        return StaticJunction.round(diameter=self.diameter, ra=self.ra, tmr=self.tmr, v_half=self.v_half, spread=IMCE)


class Logic(Group):
    """The current for several cells at once.

    Their resistances lie in parallel, so it may be larger than that of a read, and has to be, for the smaller differences.
    """

    i_logic: float = quantity(10e-6, "A", "current into RBL for AND and OR", ge=1e-12, le=1e-3)


class Ideals(Group):
    """What of the column may be ideal."""

    access: Literal["nmos", "ideal"] = option("nmos", "access path: nmos transistors and the rail, or an ideal switch")
    bias: Literal["mirror", "ideal"] = option("mirror", "read current: a PMOS mirror, or an ideal source")


class Access(Group):
    """The transistors of a 2T1R cell."""

    w_read: float = channel_width(150e-9, "width of the read transistor", le=1e-5)
    w_write: float = channel_width(540e-9, "width of the write transistor", le=1e-4)
    l_access: float | None = channel_length(
        None, "length of both cell transistors; the technology's shortest if not given", le=1e-6
    )


class Mirror(Group):
    """The mirror that brings the read current."""

    w_mirror: float = channel_width(4e-6, "width of each mirror transistor", le=1e-4)
    l_mirror: float = channel_length(1e-6, "length of each mirror transistor", le=1e-5)


class SotParameters(Mirror, Access, Ideals, Cells, BenchParameters):
    t_sense: float = quantity(1e-9, "s", "time for which the read current flows, for the energy", ge=1e-12, le=1e-3)


S = TypeVar("S", bound=SotParameters, default=SotParameters, covariant=True)


class SotColumn(Bench[S], Generic[S]):
    """What the benches of a column share: the column's variation points and the junction voltage."""

    def cells(self) -> int:
        return 1

    @property
    def l_access(self) -> float:
        """Length of the cell transistors in metres."""
        return self.technology.l_min if self.p.l_access is None else self.p.l_access

    def cases(self) -> dict[str, list[int]]:
        """Name of each copy of the column -> what its addressed cells store; a read addresses cell 0 alone."""
        return {"p": [0], "ap": [1]}

    def currents(self) -> dict[str, float]:
        """The currents that the mirror brings, in amperes, each by the name of its diode."""
        return {"diode": self.p.i_read}

    def diode(self, states: Sequence[int]) -> str:
        """Name of the diode that sets the current of a column in which cells in ``states`` are addressed."""
        return "diode"

    def supply_current(self, *supplies: str, diode: str = "diode") -> Node:
        """Current in amperes out of the named supplies and the mirror's ``diode``."""
        return -total([i(f"vdd_{supply}") for supply in (*supplies, *((diode,) if self.p.bias == "mirror" else ()))])

    def context(self) -> dict[str, Any]:
        return {
            "device": self.p.junction,
            "cases": self.cases(),
            "diodes": {case: self.diode(states) for case, states in self.cases().items()},
            "currents": self.currents(),
            "l_access": self.l_access,
        }

    def points(self) -> tuple[VariationPoint, ...]:
        p = self.p
        points: list[VariationPoint] = []
        for cell in range(self.cells()):
            points += p.junction.points(f"c{cell}")
            if p.access == "nmos":
                points += self.transistor(f"c{cell}", p.w_read, self.l_access)
        if p.bias == "mirror":
            for branch in ("md", "mc", *self.mirror_outputs()):
                points += self.transistor(branch, p.w_mirror, p.l_mirror, "pmos")
        return tuple(points)

    def mirror_outputs(self) -> tuple[str, ...]:
        return ()

    def diode_supply(self) -> tuple[str, ...]:
        return tuple(f"i(vdd_{diode})" for diode in self.currents()) if self.p.bias == "mirror" else ()

    def junction_voltage(self, states: Sequence[int]) -> float:
        """Voltage in volts over nominal junctions in parallel (``states``: 0 P, 1 AP) at the current of their operation, through
        ideal switches."""
        return self.p.junction.voltage(states, self.currents()[self.diode(states)])
