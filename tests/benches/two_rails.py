"""A resistor on a rail, and a capacitor that a driver charges: energies with closed forms."""

from __future__ import annotations

from typing import Any

from spicekit import Bench, BenchParameters, Measure, TranAnalysis, quantity, voltage
from spicekit.measures import i
from spicekit.rails import Item, RailSupply, Spent, check_rails, gates

STOP = 10e-9  # s


class TwoRailsParameters(BenchParameters, RailSupply):
    v_rail: float = voltage(0.4, "rail", ge=-3, le=3)
    r: float = quantity(1e3, "ohm", "resistor on it", gt=0)
    back: float = quantity(0.0, "A", "current that flows back into the rail")
    c: float = quantity(100e-15, "F", "capacitor that is charged and discharged once", gt=0)


class TwoRails(Bench[TwoRailsParameters]):
    name = "two-rails"
    summary = "a resistor on a rail, a capacitor on the supply"
    template = "two_rails.cir.j2"

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        check_rails(self.name, self.p, self.vdd, {"v_rail": self.p.v_rail})

    def analysis(self) -> TranAnalysis:
        return TranAnalysis(save=self.vectors(), step=100e-12, stop=STOP)

    def measures(self) -> tuple[Measure, ...]:
        items = (
            Item.of("load", "resistor", self.p.v_rail, -i("vrail"), rail="V_RAIL"),
            Item.of("half", "half of it", self.p.v_rail, -i("vrail"), rail="V_RAIL", users=2),
            gates(self.vdd, ["i(vin)"], "capacitor"),
        )
        return Spent(self.p, self.vdd, items).measures()
