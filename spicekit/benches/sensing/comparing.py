"""Amplifiers that compare their input with an analog reference, and how their offset is found.

``reference=buffer``: a voltage that a unity-gain buffer brings, with a variation point of its own; by default its sigma is that
of an input pair of 2 um2 a transistor, 2.5 mV at the shipped 65 nm (Pelgrom).  The buffer serves ``users`` amplifiers, whose
share of its area and current is theirs.  With ``source=cell`` the reference may be a line of its own with the cell's read
current, into a resistor or reference cells of junctions (:mod:`spicekit.benches.sensing.reference`) behind a replica of the
access path.  ``reference=ideal`` costs nothing and has no spread.  An amplifier without an analog reference (``tbs-sense``) is
spared all of it.

Their offset is searched (:mod:`spicekit.benches.sensing.searched`).
"""

from __future__ import annotations

import functools
from typing import Any, Generic, Literal

from typing_extensions import TypeVar

from spicekit.benches.junction.parameters import place_junction
from spicekit.benches.sensing.reference import T_NOMINAL, Leg, ReferenceSpread
from spicekit.benches.sensing.searched import Searched, SearchedParameters
from spicekit.benches.sensing.source import Sized
from spicekit.devices.junction import StaticJunction
from spicekit.errors import UserError
from spicekit.measures import Integral, Node, Number, i, mean
from spicekit.measures.measure import Measure
from spicekit.parameters import option, quantity
from spicekit.point import VariationPoint

BUFFER = 2e-12  # m2, gate area of each input transistor of the reference's buffer
BUFFER_PARTS = 4  # of such an area: the input pair and its load


class ComparingParameters(SearchedParameters, ReferenceSpread):
    reference: Literal["buffer", "ideal", "resistor", "mtj"] = option(
        "buffer",
        "reference: a buffer's voltage; an ideal one; with source=cell a line with a resistor, or with cells of junctions",
    )
    users: int = quantity(16, "", "reference=buffer: amplifiers on one buffer", ge=1, le=1024)
    # 16 lines of 50 fF, settled to 5 % in the 4.2 ns of an operation: 1.4 ns, so that gm = 0.57 mS at some 12/V
    i_buffer: float = quantity(100e-6, "A", "reference=buffer: its supply current", ge=0, le=1e-2)
    sigma_ref: float | None = quantity(
        None,
        "V",
        "standard deviation of the buffer; that of an input pair of 2 um2 each if not given",
        ge=0,
        le=1,
    )


C = TypeVar("C", bound=ComparingParameters, default=ComparingParameters, covariant=True)


class Comparing(Searched[C], Generic[C]):
    """A bench of one amplifier and its reference."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if self.own_line and not self.cells:
            raise UserError(
                f"bench '{self.name}': parameter reference: {self.p.reference} given; allowed with source=cell, as it has the "
                "cell's read current"
            )
        if self.p.sigma_ref is not None and self.p.reference != "buffer":
            raise UserError(
                f"bench '{self.name}': parameter sigma_ref: given with reference={self.p.reference}; allowed with buffer"
            )

    @property
    def gate_area(self) -> float:
        return self.shared_area + sum(width * length for _, width, length in self.amplifier_devices().values())

    @property
    def shared_area(self) -> float:
        """Gate area of an amplifier's share of the reference's buffer."""
        return BUFFER_PARTS * BUFFER / self.p.users if self.p.reference == "buffer" else 0.0

    @property
    def own_line(self) -> bool:
        """Whether the reference is a line with a read current of its own."""
        return self.p.reference in ("resistor", "mtj")

    @functools.cached_property
    def _cell_at_nominal(self) -> StaticJunction:
        """The junction at the temperature for which the reference is made."""
        return place_junction(self.p.model_copy(update={"temperature": T_NOMINAL})).static()

    @functools.cached_property
    def leg(self) -> Leg | None:
        """The reference cells of reference=mtj."""
        if self.p.reference != "mtj":
            return None
        return Leg.of("ref", [0], [1], self._cell_at_nominal, self.p.i_read, self.p.n_ref)

    @property
    def r_ref(self) -> float:
        """Resistance in ohm of reference=resistor at the temperature of the bench."""
        cell, current = self._cell_at_nominal, self.p.i_read
        return self.p.warm(self.temperature) * (cell.voltage([0], current) + cell.voltage([1], current)) / 2 / current

    def source_devices(self) -> dict[str, Sized]:
        own = super().source_devices()
        pairs = {"mref": "mr", "cref": "c0"} if self.own_line else {}
        return own | {name: own[of] for name, of in pairs.items() if of in own}

    def amplifier_points(self) -> tuple[VariationPoint, ...]:
        """Those of the reference."""
        if self.leg is not None:
            return tuple(self.leg.points(self.junction))
        if self.p.reference == "resistor":
            return (VariationPoint("r_ref", "r_ref", self.r_ref, "ohm", sigma=self.p.sigma_r * self.r_ref, low=0.0),)
        sigma = 2**0.5 * self.technology.sigma_vth(BUFFER, 1.0) if self.p.sigma_ref is None else self.p.sigma_ref
        sigma = sigma if self.p.reference == "buffer" else 0.0
        return (VariationPoint("vref", "vref", self.p.v_mid, "V", sigma=sigma, most=self.technology.vdd / 2),)

    def context(self) -> dict[str, Any]:
        return super().context() | {"own_line": self.own_line, "leg": self.leg}

    @property
    def edges_of_cells(self) -> bool:
        return self.own_line

    def reference_save(self) -> tuple[str, ...]:
        """Vectors that :meth:`reference_charge` needs."""
        return tuple(f"i(vdd_reference_{tag})" for tag in self.amplifiers if self.own_line)

    def reference_charge(self) -> dict[str, tuple[Node, str]]:
        """Charge that the reference takes, from the start of the simulation to its end, as the cell's read current flows."""
        if self.own_line:
            taken = [Integral(i(f"vdd_reference_{tag}")) for tag in self.amplifiers]
            return {"reference": (mean(taken), "read current of the reference line")}
        if self.p.reference == "ideal":
            return {}
        share = self.p.i_buffer * (self.t_off + self.p.t_recover) / self.p.users
        return {"reference": (Number(share), "reference buffer, one amplifier's share")}

    def spent(self) -> tuple[Measure, ...]:
        return self.energy_measures({}, self.reference_charge())
