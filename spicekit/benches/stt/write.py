"""Write of one STT-MRAM cell (1T1MTJ) through real drivers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from spicekit.analysis import Analysis, TranAnalysis
from spicekit.bench import Panel
from spicekit.benches.junction.noise import ThermalField, check_noise, draw_every
from spicekit.benches.junction.switching import attempted, barrier_life, switching
from spicekit.benches.noise import SEED, seed_point
from spicekit.benches.stt.write_path import OPEN, START, SttWritePath, WriteCell
from spicekit.measures import At, Integral, Node, Number, i, v
from spicekit.measures.measure import Measure
from spicekit.parameters import quantity
from spicekit.point import VariationPoint
from spicekit.rails import Item, RailSupply, Spent, check_rails, gates


class WriteParameters(ThermalField, WriteCell, RailSupply):
    e_verify: float = quantity(0.0, "J", "energy of the read that verifies an attempt, with pulses above 1", ge=0, le=1e-9)
    step: float | None = quantity(
        None,
        "s",
        "largest time step; 0.06 rad of the precession if not given, twice that without a thermal field",
        ge=1e-14,
        le=1e-9,
    )


class SttWrite(SttWritePath[WriteParameters]):
    """A write pulse through the bit-line and source-line drivers and the access transistor.

    One direction has the transistor's source at ground, in the other it follows the junction's voltage: v_gs shows it.
    """

    name = "stt-write"
    summary = "write of one 1T1MTJ cell through its drivers: switching, energy, fraction not switched"
    template = "benches/stt-write.cir.j2"

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        check_noise(self.name, self.p, self.p.noise_dt)
        check_rails(self.name, self.p, self.vdd, {"v_wl": self.v_wl})

    @property
    def attempts(self) -> int:  # type: ignore[override]
        """Pulses that are simulated."""
        return self.p.pulses

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
            save=(
                "v(mx)", "v(my)", "v(mz)", "v(wl)", "v(bl)", "v(sl)", "v(n0)", "i(vcell)",
                "i(vdd_bl)", "i(vdd_sl)", "i(vdd_wl)", "v(vdd)", *self.gates,
            ),
            # without a thermal field coarser than a switching time alone would have it: within 2e-3 of a ten times finer step
            # (see the tests).  After each draw of the field ngspice takes a step of Euler's backward, which damps the precession
            # by the square of the step: 0.7 % of t_switch at 0.12 rad, 0.2 % at 0.06 rad, of a damping of 0.01.
            step=(1 if self.noise_dt else 2) * self.junction.step if self.p.step is None else self.p.step,
            stop=self.t_stop,
            seed=SEED if self.noise_dt else None,
            # in the longer steps the trapezoidal rule rings behind the edges, and what flows into the gates counts only where it
            # is positive: e_gates was 5 to 9 % too large, by which of them the steps happened to take
            trtol=7.0 if self.noise_dt else 1.0,
            options={"chgtol": 1e-16},
        )  # fmt: skip

    def measures(self) -> tuple[Measure, ...]:
        early, end = START + 0.3e-9, START + self.p.t_pulse
        cell, junction = abs(i("vcell")), abs(v("bl") - v("n0"))
        gate_source = v("wl") - (v("sl") if self.from_bl else v("n0"))
        if self.p.pulses == 1:
            first = switching(self.easy_axis, START, self.t_stop, "raise t_pulse or v_wl")
            verify: Node = Number(0.0)
            within: Callable[[Node], Node] = Integral
            further: tuple[Measure, ...] = ()
        else:
            ends = [self.start(attempt) for attempt in range(1, self.p.pulses)]
            tries = attempted(self.easy_axis, START, ends, self.end + OPEN, self.t_stop, "raise pulses, t_pulse or v_wl")
            first, further = tries.first, tries.further(self.p.t_pulse + self.p.t_gap)
            within = tries.spent
            verify = self.p.e_verify * tries.count
        spent = self.spent(within, verify)
        lines, word, reads, _ = spent.items
        return (
            *first,
            Measure("i_start", "A", "cell current 0.3 ns into the pulse", At(cell, early)),
            Measure("i_end", "A", "cell current at the end of the pulse", At(cell, end)),
            Measure("v_gs", "V", "gate-source voltage of the access transistor 0.3 ns into the pulse", At(gate_source, early)),
            Measure("v_mtj", "V", "voltage over the junction 0.3 ns into the pulse", At(junction, early)),
            Measure(
                "e_write",
                "J",
                "energy of the whole write from the supplies of BL, SL and the word line, and of its verifying reads",
                lines.energy + word.energy + reads.energy,
            ),
            *spent.measures("energy of the whole write"),
            *further,
            *barrier_life(self.junction.card.breakdown, junction, within),
        )

    @property
    def gates(self) -> tuple[str, ...]:
        """Currents of the ideal sources in the place of the drivers' earlier stages: of the line that moves, of the word line."""
        return ("i(vin_bl)" if self.from_bl else "i(vin_sl)", "i(vin_wl)")

    def spent(self, within: Callable[[Node], Node], verify: Node) -> Spent:
        """Where the energy of the write goes: ``within`` integrates a power over the pulses that it takes, ``verify`` is that of
        the reads after them in joules."""
        items = (
            Item.of("lines", "BL and SL", self.vdd, -(i("vdd_bl") + i("vdd_sl")), over=within),
            Item.of("wl", "word line", self.v_wl, -i("vdd_wl"), rail="" if self.p.v_wl is None else "V_WL", over=within),
            Item("verify", "reads that verify the attempts, as given by e_verify", self.vdd, verify / self.vdd),
            gates(self.vdd, self.gates, "gates of the drivers of the line that moves and of the word line", within),
        )
        return Spent(self.p, self.vdd, items)

    def works(self) -> str:
        return "switched > 0.5"

    def panels(self) -> tuple[Panel, ...]:
        return (
            Panel("magnetisation", "", {"v(mx)": "m_x", "v(my)": "m_y", "v(mz)": "m_z"}),
            Panel("lines", "V", {"v(wl)": "WL", "v(bl)": "BL", "v(sl)": "SL", "v(n0)": "junction | transistor"}),
            Panel("cell current", "A", {"i(vcell)": "BL to SL"}),
        )
