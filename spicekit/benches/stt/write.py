"""Write of one STT-MRAM cell (1T1MTJ) through real drivers."""

from __future__ import annotations

from typing import Any, Literal

from spicekit.analysis import Analysis, TranAnalysis
from spicekit.bench import Panel
from spicekit.benches.junction.switching import barrier_life, check_stop, switching
from spicekit.benches.stt.cell import CellParameters, SttCell
from spicekit.measures import At, Integral, i, v
from spicekit.measures.measure import Measure
from spicekit.parameters import channel_width, option, quantity, voltage
from spicekit.point import VariationPoint


class WriteParameters(CellParameters):
    direction: Literal["ap-p", "p-ap"] = option("ap-p", "written state: antiparallel to parallel, or back")
    t_pulse: float = quantity(10e-9, "s", "length of the write pulse", gt=1e-11, le=1e-6)
    t_stop: float | None = quantity(None, "s", "end of the simulation; 2 ns after the pulse if not given", gt=1e-11, le=1e-5)
    w_driver: float = channel_width(2e-6, "width of the NMOS of the bit-line and source-line drivers; PMOS twice that", le=1e-4)
    v_wl: float | None = voltage(None, "word-line high level; the supply if not given", gt=0, le=5)
    c_line: float = quantity(30e-15, "F", "capacitance of the bit line, and of the source line", ge=0, le=1e-11)
    step: float | None = quantity(None, "s", "largest time step; 0.12 rad of the precession if not given", ge=1e-14, le=1e-9)


START = 0.5e-9  # the write pulse begins here, after the word line has risen


class SttWrite(SttCell[WriteParameters]):
    """A write pulse through the bit-line and source-line drivers and the access transistor.

    One direction has the transistor's source at ground, in the other it follows the junction's voltage: v_gs shows it.
    """

    name = "stt-write"
    summary = "write of one 1T1MTJ cell through its drivers: switching, energy, fraction not switched"
    template = "benches/stt-write.cir.j2"

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        check_stop(self.name, self.t_stop, START + self.p.t_pulse)

    @property
    def t_stop(self) -> float:
        """End of the simulation in seconds."""
        return START + self.p.t_pulse + 2e-9 if self.p.t_stop is None else self.p.t_stop

    @property
    def v_wl(self) -> float:
        """Word-line high level in volts."""
        return self.vdd if self.p.v_wl is None else self.p.v_wl

    def subtitle(self) -> str:
        return f"{self.p.device} {self.p.direction}"

    @property
    def from_bl(self) -> bool:
        """Whether the write current flows from BL to SL."""
        return (self.p.direction == "ap-p") == (self.p.free_to == "bl")

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "start": START,
            "end": START + self.p.t_pulse,
            "from_bl": self.from_bl,
            "v_wl": self.v_wl,
            "l_min": self.technology.l_min,
        }

    def points(self) -> tuple[VariationPoint, ...]:
        points = [*self.junction.points("c0"), *self.transistor("c0", self.p.w_access, self.l_access)]
        for line in ("bl", "sl"):
            points += self.transistor(f"{line}n", self.p.w_driver, self.technology.l_min)
            points += self.transistor(f"{line}p", 2 * self.p.w_driver, self.technology.l_min, "pmos")
        return tuple(points)

    def analysis(self) -> Analysis:
        return TranAnalysis(
            save=(
                "v(mx)", "v(my)", "v(mz)", "v(wl)", "v(bl)", "v(sl)", "v(n0)", "i(vcell)",
                "i(vdd_bl)", "i(vdd_sl)", "i(vdd_wl)", "v(vdd)",
            ),
            # coarser than a switching time alone would have it: within 2e-3 of a ten times finer step (see the tests)
            step=2 * self.junction.step if self.p.step is None else self.p.step,
            stop=self.t_stop,
        )  # fmt: skip

    def measures(self) -> tuple[Measure, ...]:
        early, end = START + 0.3e-9, START + self.p.t_pulse
        cell, junction = abs(i("vcell")), abs(v("bl") - v("n0"))
        gate_source = v("wl") - (v("sl") if self.from_bl else v("n0"))
        e_wl = Integral(-i("vdd_wl")) * self.v_wl
        return (
            *switching(self.easy_axis, START, self.t_stop, "raise t_pulse or v_wl"),
            Measure("i_start", "A", "cell current 0.3 ns into the pulse", At(cell, early)),
            Measure("i_end", "A", "cell current at the end of the pulse", At(cell, end)),
            Measure("v_gs", "V", "gate-source voltage of the access transistor 0.3 ns into the pulse", At(gate_source, early)),
            Measure("v_mtj", "V", "voltage over the junction 0.3 ns into the pulse", At(junction, early)),
            Measure(
                "e_write",
                "J",
                "energy from all supplies for the whole write",
                Integral(-(i("vdd_bl") + i("vdd_sl"))) * self.vdd + e_wl,
            ),
            Measure("e_wl", "J", "of it, the word line's", e_wl),
            *barrier_life(self.junction.card.breakdown, junction),
        )

    def works(self) -> str:
        return "switched > 0.5"

    def panels(self) -> tuple[Panel, ...]:
        return (
            Panel("magnetisation", "", {"v(mx)": "m_x", "v(my)": "m_y", "v(mz)": "m_z"}),
            Panel("lines", "V", {"v(wl)": "WL", "v(bl)": "BL", "v(sl)": "SL", "v(n0)": "junction | transistor"}),
            Panel("cell current", "A", {"i(vcell)": "BL to SL"}),
        )
