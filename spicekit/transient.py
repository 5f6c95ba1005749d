"""The engine for transient benches: the circuit is loaded once, and each trial alters its sources and runs.

A trial whose run is not complete (a vector is missing, holds something that is not a number, or ends before the stop time)
or not possible (a vector exceeds :data:`ABSURD`) is tried again with the solver settings of :data:`FALLBACKS`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from spicekit.analysis import TranAnalysis
from spicekit.bench import Bench
from spicekit.limit import counted
from spicekit.netlist import render_at
from spicekit.netlist_check import not_delivered
from spicekit.simulator import Simulator, simulator
from spicekit.waves import Array, Waves

# V or A: ngspice's operating point meets its tolerances now and then at voltages no circuit has (one neuron in 2000 started with
# 1e14 A from its supply), and the transient that starts there is wrong in every measure
ABSURD = 1e6

FALLBACKS: tuple[tuple[str, str], ...] = (
    ("1 Tohm from every node to ground", "rshunt=1e12"),
    ("Gear's integration, without it", "method=gear"),
    ("more iterations and a conductance of 1 pS across every junction", "method=gear itl1=1000 itl4=200 gmin=1e-12"),
    ("and 1 Tohm from every node to ground", "method=gear itl1=1000 itl4=200 gmin=1e-12 rshunt=1e12"),
)
"""What a trial without a complete run is retried with, in this order; tolerances and time step stay those of the bench."""

Result = tuple[dict[str, Array], NDArray[np.bool_], list[int], Waves]


def alter_trials(bench: Bench, samples: Mapping[str, Array], trials: int) -> Result:
    """Measures, which trials converged, the fallback each needed, and the waveforms of the last trial that ran."""
    analysis = bench.analysis()
    assert isinstance(analysis, TranAnalysis)
    columns = {measure.name: np.full(trials, np.nan) for measure in bench.measures()}
    converged = np.zeros(trials, dtype=bool)
    attempts = [0] * trials
    waves = Waves({name: np.empty(0) for name in ("time", *analysis.save)})
    ngspice = simulator()
    netlist = render_at(bench, {}, standalone=False)
    left = list(range(trials))
    for attempt, settings in enumerate(["", *(settings for _, settings in FALLBACKS)]):
        retried = netlist.replace("\n.save ", f"\n.options {settings}\n.save ", 1) if settings else netlist
        ngspice.load(retried, bench.technology.compatibility)
        if analysis.until:
            ngspice.command(f"stop when v({analysis.until}) > 0.5")
        now = {point.name: point.nominal for point in bench.points()}
        failed = []
        for trial in left:
            attempts[trial] = attempt
            for name, values in samples.items():
                value = float(values[trial])
                if value != now[name]:
                    ngspice.command(f"alter v{name} dc={value!r}")
                    now[name] = value
            if analysis.seed is not None:
                ngspice.command(f"setseed {int(now[analysis.seed])}")
            with counted():
                vectors = _transient(ngspice, bench, analysis)
                if vectors is None:
                    failed.append(trial)
                    continue
                converged[trial] = True
                waves = Waves(vectors)
                for name, column in bench.measured(waves, 1).items():
                    columns[name][trial] = column[0]
        left = failed
        if not left:
            break
    return columns, converged, attempts, waves


def _transient(ngspice: Simulator, bench: Bench, analysis: TranAnalysis) -> dict[str, Array] | None:
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
