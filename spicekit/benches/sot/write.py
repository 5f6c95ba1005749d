"""Write of a 2T1R SOT-MRAM cell: a current along the heavy-metal rail, switched by the write transistor (Fan, ASP-DAC 2018).

WWL = VDD, RWL = 0, SL = 0, and WBL at V_WP or V_WN: about 120 uA for 1 ns through the rail.
"""

from __future__ import annotations

from typing import Any, Literal

from spicekit.analysis import Analysis, TranAnalysis
from spicekit.bench import Panel
from spicekit.benches.junction.bench import JunctionBench
from spicekit.benches.junction.parameters import JunctionParameters
from spicekit.benches.junction.switching import check_stop, electromigration, switching
from spicekit.benches.sot.column import Access
from spicekit.errors import UserError
from spicekit.measures import At, Integral, i, v
from spicekit.measures.measure import Measure
from spicekit.parameters import channel_width, named_file, option, quantity, voltage
from spicekit.point import VariationPoint

START = 0.3e-9  # the write pulse begins here, after the write word line has risen


class Pulse(JunctionParameters):
    device: str = named_file("imce-45nm", "device card with a rail: a shipped one or the path of a TOML file")
    direction: Literal["ap-p", "p-ap"] = option("ap-p", "written state: antiparallel to parallel, or back")
    polarity: Literal["auto", "positive", "negative"] = option(
        "auto", "of the rail current; auto: the one that sets the written state of a card with an assist field along the rail"
    )
    v_write: float = voltage(0.135, "magnitude of V_WP and V_WN on WBL", gt=0, le=3)
    t_pulse: float = quantity(1e-9, "s", "length of the write pulse", gt=1e-11, le=1e-6)
    t_stop: float | None = quantity(None, "s", "end of the simulation; 1.5 ns after the pulse if not given", gt=1e-11, le=1e-5)


class SotWriteParameters(Access, Pulse):
    w_driver: float = channel_width(4e-6, "width of the WBL driver's transistor", le=1e-4)
    c_line: float = quantity(20e-15, "F", "capacitance of WBL", ge=0, le=1e-11)
    step: float | None = quantity(None, "s", "largest time step; 0.06 rad of the precession if not given", ge=1e-14, le=1e-9)


class SotWrite(JunctionBench[SotWriteParameters]):
    name = "sot-write"
    summary = "write of one 2T1R SOT-MRAM cell: switching, rail current, energy, fraction not switched"
    template = "benches/sot-write.cir.j2"

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if not self.junction.card.three_terminal:
            raise UserError(f"bench '{self.name}': parameter device: '{self.p.device}' has no rail; give a SOT card")
        check_stop(self.name, self.t_stop, START + self.p.t_pulse)

    @property
    def t_stop(self) -> float:
        """End of the simulation in seconds."""
        return START + self.p.t_pulse + 1.5e-9 if self.p.t_stop is None else self.p.t_stop

    def subtitle(self) -> str:
        return f"{self.p.device} {self.p.direction}"

    @property
    def sign(self) -> int:
        """Sign of the rail current: positive flows from WBL into the head of the rail.

        A positive current pulls m towards +y, that is to P of a card with easy axis y; of a perpendicular one with a field
        along the rail it sets P if the field is positive (checked against :mod:`spicekit.physics.llg` in the tests).
        """
        if self.p.polarity != "auto":
            return 1 if self.p.polarity == "positive" else -1
        field = self.junction.numbers.hx if self.junction.numbers.ez else 1.0
        to_parallel = -1 if field < 0 else 1
        return to_parallel if self.p.direction == "ap-p" else -to_parallel

    @property
    def l_access(self) -> float:
        """Length of the cell transistors in metres."""
        return self.technology.l_min if self.p.l_access is None else self.p.l_access

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "l_access": self.l_access,
            "l_min": self.technology.l_min,
            "start": START,
            "end": START + self.p.t_pulse,
            "sign": self.sign,
        }

    def points(self) -> tuple[VariationPoint, ...]:
        p, shortest = self.p, self.technology.l_min
        cell = (*self.transistor("wr", p.w_write, self.l_access), *self.transistor("rd", p.w_read, self.l_access))
        return (*self.junction.points("c0"), *cell, *self.transistor("drv", p.w_driver, shortest))

    def analysis(self) -> Analysis:
        return TranAnalysis(
            save=("v(mx)", "v(my)", "v(mz)", "v(wwl)", "v(wbl)", "v(head)", "i(vhead)", "i(vsupply)", "i(vdd_wl)"),
            step=self.junction.step if self.p.step is None else self.p.step,
            stop=self.t_stop,
        )

    def measures(self) -> tuple[Measure, ...]:
        middle = START + self.p.t_pulse / 2
        e_wl = Integral(-i("vdd_wl")) * self.vdd
        return (
            *switching(self.easy_axis, START, self.t_stop, "raise t_pulse or v_write"),
            Measure("i_write", "A", "rail current in the middle of the pulse, magnitude", At(abs(i("vhead")), middle)),
            Measure("v_rail", "V", "voltage over the rail in the middle of the pulse, magnitude", At(abs(v("head")), middle)),
            Measure(
                "e_write",
                "J",
                "energy from all supplies for the whole write",
                Integral(-i("vsupply")) * self.sign * self.p.v_write + e_wl,
            ),
            Measure("e_rail", "J", "of it, dissipated in the rail", Integral(i("vhead") * v("head"))),
            Measure("e_wl", "J", "of it, the write word line's", e_wl),
            *electromigration(self.junction.card.rail, i("vhead"), START, START + self.p.t_pulse),
        )

    def works(self) -> str:
        return "switched > 0.5"

    def panels(self) -> tuple[Panel, ...]:
        return (
            Panel("magnetisation", "", {"v(mx)": "m_x", "v(my)": "m_y", "v(mz)": "m_z"}),
            Panel("lines", "V", {"v(wwl)": "WWL", "v(wbl)": "WBL", "v(head)": "head of the rail"}),
            Panel("rail current", "A", {"i(vhead)": "into the head of the rail"}),
        )
