"""Write of a 2T1R SOT-MRAM cell with its magnetisation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from spicekit.analysis import Analysis, TranAnalysis
from spicekit.bench import Panel
from spicekit.benches.junction.noise import ThermalField, check_noise, draw_every
from spicekit.benches.junction.switching import attempted, electromigration, switching
from spicekit.benches.noise import SEED, seed_point
from spicekit.benches.sot.write_path import OPEN, START, RailCell, SotWritePath
from spicekit.measures import At, Integral, Node, Number, i, v
from spicekit.measures.measure import Measure
from spicekit.parameters import quantity
from spicekit.point import VariationPoint
from spicekit.rails import Item, RailSupply, Spent, check_rails, gates

# ideal sources, each in the place of a driver's earlier stages: of the WBL driver, of WBL's keeper, of the write word line
GATES = ("i(vgate)", "i(vidle)", "i(vin_wl)")


class SotWriteParameters(ThermalField, RailCell, RailSupply):
    pulses: int = quantity(1, "", "write attempts at most: another pulse where the read after one does not find the new state",
                           ge=1, le=16)  # fmt: skip
    t_gap: float = quantity(1.5e-9, "s", "from the end of a pulse to the next one, in which it is verified", ge=4e-10, le=1e-6)
    e_verify: float = quantity(0.0, "J", "energy of the read that verifies an attempt, with pulses above 1", ge=0, le=1e-9)
    step: float | None = quantity(None, "s", "largest time step; 0.06 rad of the precession if not given", ge=1e-14, le=1e-9)


class SotWrite(SotWritePath[SotWriteParameters]):
    name = "sot-write"
    summary = "write of one 2T1R SOT-MRAM cell: switching, rail current, energy, fraction not switched"
    template = "benches/sot-write.cir.j2"

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        check_noise(self.name, self.p, self.p.noise_dt)
        check_rails(self.name, self.p, self.vdd, {"V_WP" if self.sign > 0 else "V_WN": self.sign * self.p.v_write})

    @property
    def attempts(self) -> int:  # type: ignore[override]
        """Pulses that are simulated."""
        return self.p.pulses

    @property
    def t_gap(self) -> float:  # type: ignore[override]
        """Time between them in seconds."""
        return self.p.t_gap

    @property
    def noise_dt(self) -> float:
        """Time step of the thermal field in seconds; 0 if there is none."""
        return draw_every(self.junction, self.p.noise_dt)

    def context(self) -> dict[str, Any]:
        return super().context() | {"noise_dt": self.noise_dt}

    def points(self) -> tuple[VariationPoint, ...]:
        return (*self.junction.points("c0"), *self.transistors(), *([seed_point(0.0)] if self.noise_dt else []))

    def analysis(self) -> Analysis:
        return TranAnalysis(
            save=("v(mx)", "v(my)", "v(mz)", "v(wwl)", "v(wbl)", "v(head)", "i(vhead)", "i(vsupply)", "i(vdd_wl)", *GATES),
            step=self.junction.step if self.p.step is None else self.p.step,
            stop=self.t_stop,
            seed=SEED if self.noise_dt else None,
        )

    def measures(self) -> tuple[Measure, ...]:
        middle = START + self.p.t_pulse / 2
        if self.p.pulses == 1:
            first = switching(self.easy_axis, START, self.t_stop, "raise t_pulse or v_write")
            verify: Node = Number(0.0)
            within: Callable[[Node], Node] = Integral
            further: tuple[Measure, ...] = ()
        else:
            ends = [self.start(attempt) for attempt in range(1, self.p.pulses)]
            tries = attempted(self.easy_axis, START, ends, self.end + OPEN, self.t_stop, "raise pulses, t_pulse or v_write")
            first, further = tries.first, tries.further(self.p.t_pulse + self.p.t_gap)
            within = tries.spent
            verify = self.p.e_verify * tries.count
        spent = self.spent(within, verify)
        line, word, reads, _ = spent.items
        return (
            *first,
            Measure("i_write", "A", "rail current in the middle of the pulse, magnitude", At(abs(i("vhead")), middle)),
            Measure("v_rail", "V", "voltage over the rail in the middle of the pulse, magnitude", At(abs(v("head")), middle)),
            Measure(
                "e_write",
                "J",
                "energy of the whole write from WBL's rail and the write word line's supply, and of its verifying reads",
                line.energy + word.energy + reads.energy,
            ),
            Measure("e_rail", "J", "of it, dissipated in the rail", within(i("vhead") * v("head"))),
            *spent.measures("energy of the whole write"),
            *further,
            *electromigration(self.junction.card.rail, i("vhead"), START, START + self.p.t_pulse),
        )

    def spent(self, within: Callable[[Node], Node], verify: Node) -> Spent:
        """Where the energy of the write goes: ``within`` integrates a power over the pulses that it takes, ``verify`` is that of
        the reads after them in joules."""
        name = "V_WP" if self.sign > 0 else "V_WN"
        items = (
            Item.of("line", "WBL and the rail of the cell", self.sign * self.p.v_write, -i("vsupply"), rail=name, over=within),
            Item.of("wl", "write word line", self.vdd, -i("vdd_wl"), over=within),
            Item("verify", "reads that verify the attempts, as given by e_verify", self.vdd, verify / self.vdd),
            gates(self.vdd, GATES, "gates of the drivers of WBL and of the write word line, charged from VDD", within),
        )
        return Spent(self.p, self.vdd, items)

    def works(self) -> str:
        return "switched > 0.5"

    def panels(self) -> tuple[Panel, ...]:
        return (
            Panel("magnetisation", "", {"v(mx)": "m_x", "v(my)": "m_y", "v(mz)": "m_z"}),
            Panel("lines", "V", {"v(wwl)": "WWL", "v(wbl)": "WBL", "v(head)": "head of the rail"}),
            Panel("rail current", "A", {"i(vhead)": "into the head of the rail"}),
        )
