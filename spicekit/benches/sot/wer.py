"""Write error rate of one 2T1R SOT-MRAM cell in its circuit.

The current along the rail does not know the state of the layer: it is simulated with the junction held, and drives samples of the
stochastic LLG equation (:mod:`spicekit.physics.sampled`), of the trial's own junction.  What is counted is a fraction of the
samples, so that a campaign's mean has their number times its trials behind it, and the spread of its circuits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from scipy.special import ndtr

from spicekit.analysis import Analysis, TranAnalysis
from spicekit.bench import Panel
from spicekit.benches.sot.write_path import START, RailCell, SotWritePath
from spicekit.errors import UserError
from spicekit.measures import At, Python, i, v
from spicekit.measures.measure import Measure
from spicekit.parameters import quantity
from spicekit.physics.sampled import sampled_errors
from spicekit.point import VariationPoint
from spicekit.waves import Array, Waves

VARIED = ("v(ra_c0)", "v(tmr_c0)", "v(cd_c0)", "v(hk_c0)", "v(seed_samples)")  # of the junction; what draws its samples
SEEDS = 500_000  # a saved voltage: below what no circuit has (spicekit.engines.altered)


class SotWerParameters(RailCell):
    samples: int = quantity(2048, "", "writes of each trial's cell that are counted", ge=1, le=10_000_000)
    step: float = quantity(20e-12, "s", "largest time step of the circuit", ge=1e-14, le=1e-9)


class SotWer(SotWritePath[SotWerParameters]):
    name = "sot-wer"
    summary = "write error rate of one 2T1R SOT-MRAM cell: each trial's fraction of sampled writes, given its circuit"
    template = "benches/sot-wer.cir.j2"
    at_rest = True
    spare_points = True  # the anisotropy and the seed: the rate alone reads them

    def __init__(self, **given: object) -> None:
        super().__init__(**given)
        for name, value in (("model", self.p.model != "llg"), ("theta0", self.p.theta0 is not None)):
            if value:
                raise UserError(
                    f"bench '{self.name}': parameter {name}: {getattr(self.p, name)} given; allowed: none (the rate is "
                    "that of the llg model from Boltzmann's distribution)"
                )

    @property
    def before(self) -> Literal["p", "ap"]:
        """The state from which it is written."""
        return "ap" if self.p.direction == "ap-p" else "p"

    def points(self) -> tuple[VariationPoint, ...]:
        hk = self.junction.field_point("c0")
        seed = VariationPoint("seed_samples", "seed", 1.0, "", low=0.0, draw=_seed)
        return (*self.junction.points("c0"), hk, *self.transistors(), seed)

    def analysis(self) -> Analysis:
        save = ("v(wwl)", "v(wbl)", "v(head)", "i(vhead)", *VARIED)
        return TranAnalysis(save=save, step=self.p.step, stop=self.t_stop, options={"chgtol": 1e-17})

    def measures(self) -> tuple[Measure, ...]:
        middle = START + self.p.t_pulse / 2
        rate = Python(self.rate, ("i(vhead)", *VARIED), "stochastic LLG equation of its junction under its rail current")
        return (
            Measure("wer", "", "fraction of sampled writes of this cell, in its circuit, that fail", rate),
            Measure("i_write", "A", "rail current in the middle of the pulse, magnitude", At(abs(i("vhead")), middle)),
            Measure("v_rail", "V", "voltage over the rail in the middle of the pulse, magnitude", At(abs(v("head")), middle)),
        )

    def rate(self, waves: Waves) -> float:
        """Fraction of the samples that are not written."""
        ra, tmr, cd, hk, seed = (float(waves(name)[-1]) for name in VARIED)
        time, current = waves("time"), waves("i(vhead)")

        def drive(t: float) -> tuple[float, float, float]:
            return 0.0, 0.0, float(np.interp(t, time, current))

        numbers = self.junction.varied(ra, tmr, cd, hk)
        return float(sampled_errors(numbers, self.before, drive, np.array([self.t_stop]), self.p.samples, int(seed)).wer[0])

    def works(self) -> str:
        return "wer < 0.5"

    def notes(self, measures: Mapping[str, float]) -> tuple[str, ...]:
        left_out = f"{self.name}: the write error rate leaves out [thermal] of device '{self.p.device}'"
        return (left_out,) if self.junction.card.thermal else ()

    def panels(self) -> tuple[Panel, ...]:
        return (
            Panel("lines", "V", {"v(wwl)": "WWL", "v(wbl)": "WBL", "v(head)": "head of the rail"}),
            Panel("rail current", "A", {"i(vhead)": "into the head of the rail"}),
        )


def _seed(z: Array) -> Array:
    """A seed of the samples, from a standard normal."""
    return np.asarray(1 + np.floor(ndtr(z) * SEEDS))
