"""Trials of another engine beside ngspice: some of each campaign are simulated again, and how far they are apart is kept.

What is far is measured by ngspice itself: by how much its measures change with tolerances ten times finer, beside the relative
tolerance that the bench asks for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace

import numpy as np

from montecarlo import records
from montecarlo.running.executor import died, timed_out
from montecarlo.running.store import Store
from montecarlo.running.subject import Drawn
from montecarlo.running.worker import Rows, Task, simulate
from spicekit.analysis import DcAnalysis, TranAnalysis
from spicekit.bench import Bench
from spicekit.engines import FINE, NGSPICE
from spicekit.outcome import Outcome
from spicekit.waves import Array

Samples = Callable[[int, int], dict[str, Array]]  # of the trials from one to below the other

LEAST, SHARE = 20, 0.01  # trials that are simulated again, and of all the part that comes to them
CONVERGED = 20  # of these, trials with finer tolerances
MODEL = 1e-6  # to which single transistors agree (tests/spicekit/engines/test_bsim4.py)
WORSE = 3.0  # times ngspice's own error, in the root of the mean square


def compared(campaign: Drawn, samples: Samples, store: Store, pool: Executor) -> records.Comparison:
    """``campaign``'s trials on disk beside ngspice's; which ones, its seed decides."""
    count = LEAST + math.ceil(SHARE * campaign.trials)
    chosen = np.random.default_rng([campaign.seed, campaign.trials]).permutation(campaign.trials)[:count].tolist()
    tasks = [Task.of(campaign, trial, samples(trial, trial + 1), 1) for trial in chosen]
    futures = [pool.submit(simulate, replace(task, engine=NGSPICE)) for task in tasks]
    finer = [pool.submit(simulate, replace(task, engine=FINE)) for task in tasks[:CONVERGED]]
    reference, fine = [_answer(future) for future in futures], [_answer(future) for future in finer]
    outcomes = store.parts.column("outcome")[chosen]
    apart = sum(rows is None or rows.outcomes[0] != outcome for rows, outcome in zip(reference, outcomes, strict=True))
    ok = [k for k, rows in enumerate(reference) if rows is not None and rows.outcomes[0] == outcomes[k] == str(Outcome.OK)]
    sure = [k for k in ok if k < len(fine) and (rows := fine[k]) is not None and rows.outcomes[0] == str(Outcome.OK)]
    measures = {}
    for measure in campaign.bench.measures():
        name = measure.name
        mine = store.parts.column(name)[chosen]
        measures[name] = measured(
            mine[ok], _column(reference, name, ok), _column(reference, name, sure), _column(fine, name, sure)
        )
    reltol = tolerance_of(campaign.bench)
    beyond = [name for name, one in measures.items() if one.jumps or one.difference > allowed(one, reltol)]
    return records.Comparison(trials=len(chosen), outcomes_apart=int(apart), measures=measures, beyond=beyond)


def tolerance_of(bench: Bench) -> float:
    """The relative tolerance that a bench asks for, but not below that to which transistor models agree."""
    analysis = bench.analysis()
    return max(analysis.reltol, MODEL) if isinstance(analysis, TranAnalysis | DcAnalysis) else MODEL


def allowed(one: records.ComparedMeasure, reltol: float) -> float:
    """What a measure may differ by: ngspice's own error some times, and the relative tolerance that the bench asks for."""
    return WORSE * one.convergence + reltol * one.size


def _answer(future: Future[Rows]) -> Rows | None:
    """None for a trial that ngspice lost."""
    try:
        return future.result()
    except Exception as error:
        if timed_out(error) or died(error):
            return None
        raise


def measured(mine: Array, reference: Array, coarse: Array, fine: Array) -> records.ComparedMeasure:
    """One measure of the same trials by the engine and by ngspice; of some of them by ngspice with both tolerances."""
    finite, sure = np.isfinite(mine) & np.isfinite(reference), np.isfinite(coarse) & np.isfinite(fine)
    return records.ComparedMeasure(
        difference=_rms(mine[finite] - reference[finite]),
        convergence=_rms(coarse[sure] - fine[sure]),
        size=_rms(reference[finite]),
        jumps=int(np.count_nonzero(np.isfinite(mine) != np.isfinite(reference))),
    )


def warnings_of(comparison: records.Comparison, engine: str) -> list[str]:
    """What a user has to know of it, in lines."""
    lines = []
    if comparison.outcomes_apart:
        lines.append(
            f"{comparison.outcomes_apart} of {comparison.trials} trials that ngspice simulated again end otherwise there"
        )
    if comparison.beyond:
        names = ", ".join(comparison.beyond)
        lines.append(
            f"beside ngspice, with {comparison.trials} trials, {names} differ by more than {WORSE:g} times its own error"
        )
    return [f"engine {engine}: {line}: simulate with --engine ngspice" for line in lines]


def _column(rows: list[Rows | None], name: str, chosen: list[int]) -> Array:
    return np.array([one.measures[name][0] for k in chosen if (one := rows[k]) is not None], dtype=float)


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values * values))) if values.size else 0.0
