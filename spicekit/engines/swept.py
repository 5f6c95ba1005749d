"""ngspice's way with DC benches: the trial number is a swept source.

ngspice parses and sets up the circuit once for the whole block and starts each operating point from its neighbour's.  If one
trial finds no operating point, ngspice abandons the sweep; then each trial of the block is swept alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from spicekit.analysis import DcAnalysis
from spicekit.bench import Bench
from spicekit.limit import counted
from spicekit.netlist import render
from spicekit.netlist_check import not_delivered
from spicekit.simulator import Simulator
from spicekit.waves import Array, Waves

# A and V: of what more flows or lies in a circuit on a chip ngspice has found no solution, though it says so: the equations of
# transistors have others, far outside of any supply (46 A through a row of cells)
MOST = {"i": 10.0, "v": 1e3}


class Swept:
    """Operating points of ``trials`` trials of ``bench``."""

    fallbacks: ClassVar[tuple[tuple[str, str], ...]] = (
        ("more iterations", "itl1=1000 itl2=1000 itl6=100"),
        ("a conductance of 1 pS across every junction", "itl1=1000 itl2=1000 itl6=100 gmin=1e-12"),
        ("and 1 Tohm from every node to ground", "itl1=1000 itl2=1000 itl6=100 gmin=1e-12 rshunt=1e12"),
    )

    def __init__(self, ngspice: Simulator, bench: Bench, samples: Mapping[str, Array], trials: int) -> None:
        analysis = bench.analysis()
        assert isinstance(analysis, DcAnalysis)
        self.netlist = render(bench, samples)
        self._ngspice, self._bench, self._analysis, self._trials = ngspice, bench, analysis, trials
        self._points = analysis.points
        self._swept: dict[str, Array] | None = None  # vectors of all trials, shape (trials * points,)

    def run(self, trials: list[int]) -> list[int]:
        if self._swept is None:
            save = self._analysis.save
            self._swept = sweep(self._ngspice, self._analysis, 0, self._trials - 1)
            if self._swept is not None:
                return []
            lost = set(save) - self._ngspice.vectors(save).keys()
            if lost and len(lost) < len(save):
                raise not_delivered(self._bench, (name for name in save if name in lost))
            self._swept = {name: np.full(self._trials * self._points, np.nan) for name in save}
        return [trial for trial in trials if not self._alone(trial)]

    def _alone(self, trial: int) -> bool:
        """Sweep one trial; whether it found an operating point."""
        one = sweep(self._ngspice, self._analysis, trial, trial)
        assert self._swept is not None
        for name, values in (one or {}).items():
            self._swept[name][trial * self._points : (trial + 1) * self._points] = values
        return one is not None

    def results(self) -> tuple[dict[str, Array], Waves]:
        waves = Waves(self._swept or {})
        with counted():
            return self._bench.measured(waves, self._trials), waves


def sweep(ngspice: Simulator, analysis: DcAnalysis, first: int, last: int) -> dict[str, Array] | None:
    """Vectors of trials ``first`` to ``last``, arrays of shape (trials * points,); None unless all are there and possible."""
    ngspice.clear()
    with counted():
        ngspice.command(analysis.command(first, last))
    vectors = ngspice.vectors(analysis.save)
    size = (last - first + 1) * analysis.points
    complete = all(name in vectors and len(vectors[name]) == size for name in analysis.save)
    return vectors if complete and all(_possible(name, values) for name, values in vectors.items()) else None


def _possible(name: str, values: Array) -> bool:
    """Whether a vector can be that of a circuit on a chip."""
    most = MOST.get(name[:2].removesuffix("("), np.inf)
    return bool(np.isfinite(values).all() and np.abs(values).max(initial=0.0) <= most)
