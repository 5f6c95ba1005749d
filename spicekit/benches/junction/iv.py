"""The junction alone at rest: resistance and TMR against bias."""

from __future__ import annotations

from typing import Any

import numpy as np

from spicekit.analysis import Analysis, DcAnalysis
from spicekit.benches.junction.bench import JunctionBench
from spicekit.benches.junction.parameters import JunctionParameters
from spicekit.measures import Node, Number, i, v
from spicekit.measures.measure import Measure
from spicekit.measures.numpy_writer import Evaluation
from spicekit.parameters import quantity
from spicekit.point import VariationPoint
from spicekit.waves import Array, Waves


class IvParameters(JunctionParameters):
    v_max: float = quantity(1.0, "V", "largest bias, both signs", gt=0, le=5)
    steps: int = quantity(10, "", "bias points for each sign", ge=2, le=200)


class MtjIv(JunctionBench[IvParameters]):
    name = "mtj-iv"
    summary = "resistance and TMR of a junction against bias, both states"
    template = "benches/mtj-iv.cir.j2"
    roles = ()
    at_rest = True

    def biases(self) -> list[float]:
        """Bias voltages; the middle one stands for zero bias and is 1 mV, so that a resistance exists."""
        values = np.linspace(-self.p.v_max, self.p.v_max, 2 * self.p.steps + 1)
        values[self.p.steps] = 1e-3
        return [float(value) for value in values]

    def points(self) -> tuple[VariationPoint, ...]:
        return self.junction.points("mtj")

    def context(self) -> dict[str, Any]:
        return super().context() | {"biases": self.biases()}

    def analysis(self) -> Analysis:
        tags = [f"{state}{index}" for state in ("p", "ap") for index in range(len(self.biases()))]
        middles = [f"v(x{tag}.mid)" for tag in tags] if self.junction.card.three_terminal else []
        return DcAnalysis(save=(*(f"i(v{tag})" for tag in tags), *middles))

    def resistance(self, state: str, n: int) -> Node:
        """Resistance of the junction (without a rail's) in ohm at bias ``n``."""
        drop = v(f"x{state}{n}.mid") if self.junction.card.three_terminal else Number(self.biases()[n])
        return drop / -i(f"v{state}{n}")

    def resistances(self, waves: Waves, state: str) -> Array:
        """Those at all biases, shape (biases, trials)."""
        value = Evaluation(waves)
        return np.array([value(self.resistance(state, n)) for n in range(len(self.biases()))])

    def measures(self) -> tuple[Measure, ...]:
        zero, last = self.p.steps, 2 * self.p.steps
        r_p, r_ap = self.resistance("p", zero), self.resistance("ap", zero)
        r_p_max, r_ap_max = self.resistance("p", last), self.resistance("ap", last)
        return (
            Measure("r_p", "ohm", "parallel resistance at zero bias", r_p),
            Measure("r_ap", "ohm", "antiparallel resistance at zero bias", r_ap),
            Measure("tmr", "", "TMR at zero bias", r_ap / r_p - 1),
            Measure("r_p_max", "ohm", "parallel resistance at v_max", r_p_max),
            Measure("r_ap_max", "ohm", "antiparallel resistance at v_max", r_ap_max),
            Measure("tmr_max", "", "TMR at v_max", r_ap_max / r_p_max - 1),
        )

    def figures(self, waves: Waves) -> dict[str, Any]:
        from spicekit.style import COLOURS, new_figure

        figure = new_figure(7.5, 5.5)
        upper, lower = figure.subplots(2, 1, sharex=True)
        r_p, r_ap = self.resistances(waves, "p")[:, 0], self.resistances(waves, "ap")[:, 0]
        upper.plot(self.biases(), r_ap / 1e3, "o-", color=COLOURS[1], label="antiparallel")
        upper.plot(self.biases(), r_p / 1e3, "o-", color=COLOURS[0], label="parallel")
        upper.set_ylabel("resistance (kohm)")
        upper.legend()
        lower.plot(self.biases(), 100 * (r_ap / r_p - 1), "o-", color=COLOURS[2])
        lower.set_ylabel("TMR (%)")
        lower.set_ylim(bottom=0)
        lower.set_xlabel("bias (V), free minus pinned terminal")
        upper.set_title(f"{self.junction.card.name}: resistance and TMR against bias, {self.temperature:.0f} °C")
        return {"resistance.png": figure}
