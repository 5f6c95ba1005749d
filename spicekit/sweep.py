"""The engine for DC benches: the trial number is a swept source.

ngspice parses and sets up the circuit once for the whole block and starts each operating point from its neighbour's.  If one
trial finds no operating point, ngspice abandons the sweep; then each trial of the block is swept alone, and those that
still fail are tried again with the solver settings of :data:`FALLBACKS`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from spicekit.analysis import DcAnalysis
from spicekit.bench import Bench
from spicekit.limit import counted
from spicekit.netlist import render
from spicekit.netlist_check import not_delivered
from spicekit.simulator import Simulator, simulator
from spicekit.waves import Array, Waves

FALLBACKS: tuple[tuple[str, str], ...] = (
    ("more iterations", "itl1=1000 itl2=1000 itl6=100"),
    ("a conductance of 1 pS across every junction", "itl1=1000 itl2=1000 itl6=100 gmin=1e-12"),
    ("and 1 Tohm from every node to ground", "itl1=1000 itl2=1000 itl6=100 gmin=1e-12 rshunt=1e12"),
)
"""What a trial without an operating point is retried with, in this order; the tolerances stay those of the bench."""

Result = tuple[dict[str, Array], NDArray[np.bool_], list[int], Waves]


def sweep_trials(bench: Bench, samples: Mapping[str, Array], trials: int) -> Result:
    """Measures, which trials converged, the fallback each needed, and the waveforms of all."""
    analysis = bench.analysis()
    assert isinstance(analysis, DcAnalysis)
    ngspice = simulator()
    netlist = render(bench, samples)
    ngspice.load(netlist, bench.technology.compatibility)
    swept = _sweep(ngspice, analysis, 0, trials - 1)
    if swept is None and (lost := set(analysis.save) - ngspice.vectors(analysis.save).keys()) and len(lost) < len(analysis.save):
        raise not_delivered(bench, (name for name in analysis.save if name in lost))
    attempts = [0] * trials
    if swept is None:
        swept, attempts = _one_by_one(ngspice, bench, netlist, trials)
    waves = Waves(swept)
    finite = np.all([np.isfinite(values) for values in swept.values()], axis=0)
    converged = finite.reshape(trials, analysis.points).all(axis=1)
    with counted():
        measures = bench.measured(waves, trials)
    return measures, converged, attempts, waves


def _sweep(ngspice: Simulator, analysis: DcAnalysis, first: int, last: int) -> dict[str, Array] | None:
    """Vectors of trials ``first`` to ``last`` as arrays of shape (trials * points,); None unless all are there and complete."""
    ngspice.clear()
    with counted():
        ngspice.command(analysis.command(first, last))
    vectors = ngspice.vectors(analysis.save)
    size = (last - first + 1) * analysis.points
    complete = all(name in vectors and len(vectors[name]) == size for name in analysis.save)
    return vectors if complete and all(np.isfinite(values).all() for values in vectors.values()) else None


def _one_by_one(ngspice: Simulator, bench: Bench, netlist: str, trials: int) -> tuple[dict[str, Array], list[int]]:
    analysis = bench.analysis()
    assert isinstance(analysis, DcAnalysis)
    points = analysis.points
    arrays = {name: np.full(trials * points, np.nan) for name in analysis.save}
    attempts = [0] * trials
    left = list(range(trials))
    for attempt, settings in enumerate(["", *(settings for _, settings in FALLBACKS)]):
        if attempt:
            retried = netlist.replace("\n.save ", f"\n.options {settings}\n.save ", 1)
            ngspice.load(retried, bench.technology.compatibility)
        failed = []
        for trial in left:
            attempts[trial] = attempt
            one = _sweep(ngspice, analysis, trial, trial)
            if one is None:
                failed.append(trial)
                continue
            for name, values in one.items():
                arrays[name][trial * points : (trial + 1) * points] = values
        left = failed
        if not left:
            break
    return arrays, attempts
