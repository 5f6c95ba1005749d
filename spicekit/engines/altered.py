"""ngspice's way with transient benches: the circuit is loaded once, and each trial alters its sources and runs.

A trial has no solution if its run is not complete (a vector is missing, holds something that is not a number, or ends before the
stop time) or not possible (a vector exceeds :data:`ABSURD`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from spicekit.analysis import TranAnalysis
from spicekit.bench import Bench
from spicekit.limit import counted
from spicekit.netlist import render_at
from spicekit.netlist_check import not_delivered
from spicekit.simulator import Simulator
from spicekit.waves import Array, Waves

# V or A: ngspice's operating point meets its tolerances now and then at voltages no circuit has (one neuron in 2000 started with
# 1e14 A from its supply), and the transient that starts there is wrong in every measure
ABSURD = 1e6


class Altered:
    """Transients of ``trials`` trials of ``bench``."""

    fallbacks: ClassVar[tuple[tuple[str, str], ...]] = (
        ("1 Tohm from every node to ground", "rshunt=1e12"),
        ("Gear's integration, without it", "method=gear"),
        ("more iterations and a conductance of 1 pS across every junction", "method=gear itl1=1000 itl4=200 gmin=1e-12"),
        ("and 1 Tohm from every node to ground", "method=gear itl1=1000 itl4=200 gmin=1e-12 rshunt=1e12"),
    )

    def __init__(self, ngspice: Simulator, bench: Bench, samples: Mapping[str, Array], trials: int) -> None:
        analysis = bench.analysis()
        assert isinstance(analysis, TranAnalysis)
        # what ngspice takes when it reads the netlist; of several trials none has such a sample
        self._read = {
            point.name: float(samples[point.name][0]) for point in bench.points() if point.parameter and point.name in samples
        }
        self.netlist = render_at(bench, self._read, standalone=False)
        self._ngspice, self._bench, self._analysis, self._samples = ngspice, bench, analysis, samples
        self._columns = {measure.name: np.full(trials, np.nan) for measure in bench.measures()}
        self._waves = Waves({name: np.empty(0) for name in ("time", *analysis.save)})

    def run(self, trials: list[int]) -> list[int]:
        ngspice, analysis = self._ngspice, self._analysis
        if analysis.until:
            ngspice.command(f"stop when v({analysis.until}) > 0.5")
        now = {point.name: point.nominal for point in self._bench.points()}
        failed = []
        for trial in trials:
            for name, values in self._samples.items():
                if name in self._read:
                    continue
                value = float(values[trial])
                if value != now[name]:
                    ngspice.command(f"alter v{name} dc={value!r}")
                    now[name] = value
            if analysis.seed is not None and now[analysis.seed] >= 1:  # ngspice takes no seed of 0
                ngspice.command(f"setseed {int(now[analysis.seed])}")
            with counted():
                vectors = transient(ngspice, self._bench, analysis)
                if vectors is None:
                    failed.append(trial)
                    continue
                self._waves = Waves(vectors)
                for name, column in self._bench.measured(self._waves, 1).items():
                    self._columns[name][trial] = column[0]
        return failed

    def results(self) -> tuple[dict[str, Array], Waves]:
        return self._columns, self._waves


def transient(ngspice: Simulator, bench: Bench, analysis: TranAnalysis) -> dict[str, Array] | None:
    """The vectors of one run; None unless every one is there, finite and complete up to the stop time.

    Raises :class:`UserError` for a saved vector that the circuit does not have.
    """
    ngspice.clear()
    ngspice.command(analysis.command())
    names = ("time", *analysis.save, *((f"v({analysis.until})",) if analysis.until else ()))
    vectors = ngspice.vectors(names)
    if "time" in vectors and 1 < len(vectors) < len(names):
        raise not_delivered(bench, (name for name in names if name not in vectors))
    if any(name not in vectors or len(vectors[name]) < 2 for name in names):
        return None
    if analysis.drawn is not None and stopped(vectors[analysis.drawn]):
        return None
    if len({len(values) for values in vectors.values()}) != 1:
        return None
    over = analysis.until is not None and vectors[f"v({analysis.until})"][-1] > 0.5
    if not over and vectors["time"][-1] < analysis.stop * (1 - 1e-9):
        return None
    # comparisons with NaN are false
    absurd = [name for name, values in vectors.items() if not (abs(values) < ABSURD).all()]
    if absurd:  # nodes may hold other quantities, a resistance in ohm, say
        others = {name for panel in bench.panels() if panel.unit not in ("V", "A") for name in panel.vectors}
        absurd = [name for name in absurd if name not in others or not np.isfinite(vectors[name]).all()]
    return None if absurd else vectors


def stopped(drawn: Array) -> bool:
    """Whether a noise source has stopped to draw: one whose next draw falls together with the edge of a pulse does."""
    return bool(drawn.any() and np.ptp(drawn[-max(10, len(drawn) // 50) :]) == 0)
