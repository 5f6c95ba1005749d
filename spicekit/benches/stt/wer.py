"""Write error rate of one STT-MRAM cell (1T1MTJ) in its circuit.

The write path is simulated twice, with the same devices: with the junction held in the state from which it is written, and in the
one to which.  That costs a hundredth of a write with its magnetisation.  The current and the voltage in between, while the
junction switches and takes the circuit with it, lie on the line through both; on it and on the junction's law of conductance
the torque of every angle is found, and the Fokker-Planck equation gives the probability that this cell is not written.  A
campaign's mean of it is the write error rate of an array of such circuits; each trial knows its own, so that few are needed,
and rates far below 1/trials are.

Left out: the time that the lines take to follow a resistance that changes (the tests compare with the circuit that has a
thermal field), Joule heating of the junction, and whatever is across the easy axis.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from spicekit.analysis import Analysis, TranAnalysis
from spicekit.bench import Panel
from spicekit.benches.stt.write_path import START, SttWritePath, WriteCell
from spicekit.errors import UserError
from spicekit.measures import At, Node, Python, i, v
from spicekit.measures.measure import Measure
from spicekit.parameters import quantity
from spicekit.physics.fokker_planck import LARGEST, Attempt, attempts
from spicekit.physics.load_line import LoadLine, torque
from spicekit.point import VariationPoint
from spicekit.waves import Array, Waves

VARIED = ("v(ra_c0)", "v(tmr_c0)", "v(cd_c0)", "v(hk_c0)")  # of the junction
# of the largest voltage: by so much it may change within what is taken for constant.  This and the step of 50 ps put the rate
# within 0.1 % of one with a tenth of both (see the tests).
DETAIL = 0.2


class WerParameters(WriteCell):
    step: float = quantity(50e-12, "s", "largest time step", ge=1e-14, le=1e-9)


class SttWer(SttWritePath[WerParameters]):
    name = "stt-wer"
    summary = "write error rate of one 1T1MTJ cell through its drivers: each trial's probability, given its circuit"
    template = "benches/stt-wer.cir.j2"
    at_rest = True
    spare_points = True  # the anisotropy: the rate alone reads it

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._rated: tuple[Waves, Array] | None = None  # the trial whose rates several measures ask for
        for name, value in (("model", self.p.model != "llg"), ("theta0", self.p.theta0 is not None)):
            if value:
                raise UserError(
                    f"bench '{self.name}': parameter {name}: {getattr(self.p, name)} given; allowed: none (the rate is "
                    "that of the llg model from Boltzmann's distribution)"
                )
        self.junction.field(self.before)  # one that the equation does not take is said now
        if (delta := self.junction.numbers.delta) > LARGEST:
            raise UserError(f"device '{self.p.device}': its barrier is {delta:.4g} kT; allowed: at most {LARGEST:g} kT")

    @property
    def before(self) -> Literal["p", "ap"]:
        """The state from which it is written."""
        return "ap" if self.p.direction == "ap-p" else "p"

    @property
    def after(self) -> str:
        """The state to which it is written."""
        return "p" if self.p.direction == "ap-p" else "ap"

    def points(self) -> tuple[VariationPoint, ...]:
        return (*self.junction.points("c0"), self.junction.field_point("c0"), *self.transistors())

    def analysis(self) -> Analysis:
        cell = [name for state in ("p", "ap") for name in (f"v(bl_{state})", f"v(n0_{state})", f"i(vcell_{state})")]
        return TranAnalysis(save=(*cell, *VARIED), step=self.p.step, stop=self.t_stop, options={"chgtol": 1e-17})

    def measures(self) -> tuple[Measure, ...]:
        early, state = START + self.p.t_pulse / 2, self.before
        needed = self.analysis().save

        def rate(attempt: int) -> Node:
            return Python(
                lambda waves: self.rates(waves)[attempt], needed, "Fokker-Planck equation along the circuit's load line"
            )

        def both(name: str, unit: str, meaning: str) -> tuple[Measure, ...]:
            wave = {s: abs(i(f"vcell_{s}") if unit == "A" else v(f"bl_{s}") - v(f"n0_{s}")) for s in ("p", "ap")}
            return tuple(
                Measure(f"{name}_{s}", unit, f"{meaning} in the middle of the pulse, {words}", At(wave[s], early))
                for s, words in ((state, "before it switches"), (self.after, "after"))
            )

        many = range(self.p.pulses)
        return (
            Measure("wer", "", "probability that this cell, in its circuit, is not written", rate(-1)),
            *(
                Measure(f"wer_{n + 1}", "", f"probability that it is not written by {n + 1} pulses or fewer", rate(n))
                for n in (many if self.p.pulses > 1 else ())
            ),
            *both("i", "A", "cell current"),
            *both("v", "V", "voltage over the junction"),
        )

    def rates(self, waves: Waves) -> Array:
        """Probability that the cell is not written after 1, 2, ... pulses, shape (pulses,)."""
        if self._rated is None or self._rated[0] is not waves:
            self._rated = waves, self._rates(waves)
        return self._rated[1]

    def _rates(self, waves: Waves) -> Array:
        ra, tmr, cd, hk = (float(waves(name)[-1]) for name in VARIED)
        numbers = self.junction.varied(ra, tmr, cd, hk)
        begin, end, segments = self._segments(waves)
        pulse = [(tau / numbers.tau_d, torque(numbers, self.before, line)) for tau, line in segments]
        gap = self.p.t_pulse + self.p.t_gap + begin - end  # the next pulse has the same delay
        rests = [gap] * (self.p.pulses - 1) + [self.t_stop - end]
        tries: list[Attempt] = [[*pulse, (max(rest, 0.0) / numbers.tau_d, np.zeros_like)] for rest in rests]
        field = self.junction.field(self.before) * self.junction.numbers.hk / float(numbers.hk)
        return attempts(float(numbers.delta), tries, field=field)

    def _segments(self, waves: Waves) -> tuple[float, float, list[tuple[float, LoadLine]]]:
        """From when to when there is a voltage over the junction, in s, and what the circuit offers it for how long, in s."""
        time = waves("time")
        sign = 1 if self.p.free_to == "bl" else -1  # of free minus pinned in BL minus SL
        curves = np.array(
            [
                sign * wave
                for state in (self.before, self.after)
                for wave in (waves(f"v(bl_{state})") - waves(f"v(n0_{state})"), waves(f"i(vcell_{state})"))
            ]
        )
        level = np.abs(curves[0]) / np.abs(curves[0]).max()
        on = np.flatnonzero(level > 0.01)
        found, first, last = [], max(int(on[0]) - 1, 0), min(int(on[-1]) + 1, len(time) - 1)
        begin = at = first
        while at < last:
            at += 1
            if at == last or abs(level[at + 1] - level[begin]) > DETAIL:
                span = time[at] - time[begin]
                mean = np.trapezoid(curves[:, begin : at + 1], time[begin : at + 1], axis=1) / span
                found.append((float(span), LoadLine(*(float(x) for x in mean))))
                begin = at
        return float(time[first]), float(time[last]), found

    def works(self) -> str:
        return "wer < 0.5"

    def notes(self, measures: Mapping[str, float]) -> tuple[str, ...]:
        left_out = f"{self.name}: the write error rate leaves out [thermal] of device '{self.p.device}'"
        return (left_out,) if self.junction.card.thermal else ()

    def panels(self) -> tuple[Panel, ...]:
        names = ((self.before, "before it switches"), (self.after, "after"))
        return (
            Panel("bit line", "V", {f"v(bl_{s})": words for s, words in names}),
            Panel("junction | transistor", "V", {f"v(n0_{s})": words for s, words in names}),
            Panel("cell current", "A", {f"i(vcell_{s})": words for s, words in names}),
        )
