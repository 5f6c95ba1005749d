"""Trials of the engine ``batch`` beside ngspice, before a job begins: some are simulated by both, and where they are too far
apart the job is ngspice's.

What is far is measured by ngspice itself: by how much its measures change with tolerances ten times finer, beside the relative
tolerance that the bench asks for.  A finer trial takes two and a half times as long: five are enough where the least error that
they leave likely clears every measure, and twenty decide where it does not.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from scipy.special import gammaincinv

from montecarlo import records
from montecarlo.running.executor import died, timed_out
from montecarlo.running.subject import Subject
from montecarlo.running.worker import Rows, Task, simulate
from spicekit.analysis import DcAnalysis, TranAnalysis
from spicekit.bench import Bench
from spicekit.engines import BATCH, FINE, NGSPICE
from spicekit.engines.batch.engine import machine_of
from spicekit.outcome import Outcome
from spicekit.waves import Array

LEAST, SHARE = 20, 0.01  # trials that are simulated again, and of all the part that comes to them
CONVERGED = (5, 20)  # of these, trials with finer tolerances: at first, and where they do not decide
SURE = 0.975  # with this probability the own error is above the least that some trials leave likely
MODEL = 1e-6  # to which single transistors agree (tests/spicekit/engines/test_bsim4.py)
WORSE = 3.0  # times ngspice's own error, in the root of the mean square
GROUP = {True: 100, False: 5}  # trials that ngspice simulates one after the other: operating points, or transients


class Sampled(Subject, Protocol):
    """A subject whose samples are drawn, and what is known of it beside ngspice."""

    seed: int
    comparison: records.Comparison | None

    def samples(self, first: int, last: int) -> dict[str, Array]:
        """Of the trials from one to below the other."""


@dataclass
class _Part:
    """The chosen trials of one campaign, and what the engines say of them."""

    tasks: list[Task]  # groups
    batch: Future[Rows]
    reference: list[Future[Rows]]
    fine: list[Future[Rows]] = field(default_factory=list)


def compared(campaigns: Sequence[Sampled], pool: Executor) -> records.Comparison:
    """Trials of all ``campaigns`` by both engines, of each form of a bench as many as of a campaign alone.

    Of several forms (a system's parts, an operation that is swept) the measures' names begin with the bench's.
    """
    forms: dict[tuple[str, ...], list[Sampled]] = {}
    for campaign in campaigns:
        forms.setdefault((campaign.bench.name, *(measure.name for measure in campaign.bench.measures())), []).append(campaign)
    names = [name for name, *_ in forms]
    found: dict[str, records.Comparison] = {}
    for k, (name, group) in enumerate(zip(names, forms.values(), strict=True)):
        found[name if names.count(name) == 1 else f"{name} {names[: k + 1].count(name)}"] = _compared(group, pool)
    if len(found) == 1:
        return next(iter(found.values()))
    return records.Comparison(
        engine=BATCH,
        kernel=hashlib.sha256(" ".join(one.kernel for one in found.values()).encode()).hexdigest(),
        trials=sum(one.trials for one in found.values()),
        outcomes_apart=sum(one.outcomes_apart for one in found.values()),
        measures={f"{name}.{measure}": values for name, one in found.items() for measure, values in one.measures.items()},
        beyond=[f"{name}.{measure}" for name, one in found.items() for measure in one.beyond],
    )


def _compared(campaigns: Sequence[Sampled], pool: Executor) -> records.Comparison:
    """Of one form of a bench; which trials, the seed of the first campaign decides."""
    parts = []
    for campaign, chosen in chosen_trials(campaigns):
        drawn = [campaign.samples(trial, trial + 1) for trial in chosen]
        size = GROUP[isinstance(campaign.bench.analysis(), DcAnalysis)]
        groups = [_task(campaign, drawn[k : k + size]) for k in range(0, len(drawn), size)]
        batch = pool.submit(simulate, _task(campaign, drawn))
        parts.append(_Part(groups, batch, [pool.submit(simulate, replace(task, engine=NGSPICE)) for task in groups]))
    bench = campaigns[0].bench
    for most in CONVERGED:
        _refine(parts, pool, most)
        measures, apart, converged = _measured(parts, bench)
        beyond = [name for name, one in measures.items() if too_far(one, tolerance_of(bench), least_likely(converged))]
        if not beyond:
            break
    beyond = [name for name, one in measures.items() if too_far(one, tolerance_of(bench))]
    trials = sum(task.trials for part in parts for task in part.tasks)
    kernel = hashlib.sha256(machine_of(bench).source.encode()).hexdigest()
    return records.Comparison(engine=BATCH, kernel=kernel, trials=trials, outcomes_apart=apart, measures=measures, beyond=beyond)


def _refine(parts: list[_Part], pool: Executor, most: int) -> None:
    """Submits groups to the finer ngspice until ``most`` trials are."""
    done = sum(task.trials for part in parts for task in part.tasks[: len(part.fine)])
    for part in parts:
        for task in part.tasks[len(part.fine) :]:
            if done >= most:
                return
            part.fine.append(pool.submit(simulate, replace(task, engine=FINE)))
            done += task.trials


def _measured(parts: list[_Part], bench: Bench) -> tuple[dict[str, records.ComparedMeasure], int, int]:
    """Each measure compared, how many outcomes are apart, and in how many trials both tolerances have one."""
    mine, reference, fine = _Table(), _Table(), _Table()
    for part in parts:
        mine.add(_answer(part.batch), sum(task.trials for task in part.tasks))
        for k, (task, future) in enumerate(zip(part.tasks, part.reference, strict=True)):
            reference.add(_answer(future), task.trials)
            fine.add(_answer(part.fine[k]) if k < len(part.fine) else None, task.trials)
    good = str(Outcome.OK)
    ok = np.array([a == b == good for a, b in zip(mine.outcomes, reference.outcomes, strict=True)])
    sure = ok & np.array([one == good for one in fine.outcomes])
    measures = {}
    for measure in bench.measures():
        a, b, c = (table.column(measure.name) for table in (mine, reference, fine))
        measures[measure.name] = measured(a[ok], b[ok], b[sure], c[sure])
    apart = sum(a != b for a, b in zip(mine.outcomes, reference.outcomes, strict=True))
    return measures, apart, int(np.count_nonzero(sure))


def least_likely(trials: int) -> float:
    """The least root mean square that as many normal trials leave likely, as a share of theirs: by chi-squared."""
    return math.sqrt(trials / (2 * gammaincinv(trials / 2, SURE))) if trials else 0.0


def chosen_trials(campaigns: Sequence[Sampled]) -> list[tuple[Sampled, list[int]]]:
    """Campaigns with the numbers of their trials that are compared: of all trials together some, at random."""
    ends = np.cumsum([campaign.trials for campaign in campaigns])
    total = int(ends[-1])
    count = LEAST + math.ceil(SHARE * total)
    chosen = np.sort(np.random.default_rng([campaigns[0].seed, total]).permutation(total)[:count])
    of = np.searchsorted(ends, chosen, side="right")
    found = []
    for k, campaign in enumerate(campaigns):
        if (mine := chosen[of == k] - (ends[k] - campaign.trials)).size:
            found.append((campaign, mine.tolist()))
    return found


def _task(campaign: Sampled, drawn: list[dict[str, Array]]) -> Task:
    samples = {name: np.concatenate([one[name] for one in drawn]) for name in drawn[0]}
    return Task.of(campaign, 0, samples, len(drawn))


class _Table:
    """Rows of answers, one below the other."""

    def __init__(self) -> None:
        self.outcomes: list[str] = []
        self._parts: list[tuple[Rows | None, int]] = []

    def add(self, rows: Rows | None, trials: int) -> None:
        """The answer for ``trials`` trials; None for one that was lost."""
        self.outcomes += ["lost"] * trials if rows is None else rows.outcomes
        self._parts.append((rows, trials))

    def column(self, name: str) -> Array:
        """A measure of all, NaN where it was lost or is no measure of the bench's form."""
        nothing = [np.full(trials, np.nan) for _, trials in self._parts]
        found = [no if rows is None else rows.measures.get(name, no) for (rows, _), no in zip(self._parts, nothing, strict=True)]
        return np.concatenate(found)


def too_far(one: records.ComparedMeasure, reltol: float, share: float = 1.0) -> bool:
    """Whether a measure differs by more than that ``share`` of ngspice's own error accounts for, or jumps more often than its."""
    return one.jumps > WORSE * one.own_jumps or one.difference > allowed(one, reltol, share)


def tolerance_of(bench: Bench) -> float:
    """The relative tolerance that a bench asks for, but not below that to which transistor models agree."""
    analysis = bench.analysis()
    return max(analysis.reltol, MODEL) if isinstance(analysis, TranAnalysis | DcAnalysis) else MODEL


def allowed(one: records.ComparedMeasure, reltol: float, share: float = 1.0) -> float:
    """What a measure may differ by: ngspice's own error some times, and the relative tolerance that the bench asks for."""
    return WORSE * share * one.convergence + reltol * one.size


def _answer(future: Future[Rows]) -> Rows | None:
    """None for trials that were lost."""
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
        own_jumps=int(np.count_nonzero(np.isfinite(coarse) != np.isfinite(fine))),
    )


def warnings_of(comparison: records.Comparison) -> list[str]:
    """What a user has to know of it, in lines."""
    lines = []
    if comparison.outcomes_apart:
        lines.append(
            f"engine {comparison.engine}: {comparison.outcomes_apart} of {comparison.trials} trials that ngspice simulated too "
            "end otherwise there"
        )
    if comparison.beyond:
        names = ", ".join(comparison.beyond)
        lines.append(
            f"simulated by ngspice: with {comparison.trials} trials, {names} of the engine {comparison.engine} differ from "
            f"ngspice's by more than {WORSE:g} times ngspice's own error"
        )
    return lines


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values * values))) if values.size else 0.0
