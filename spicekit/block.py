"""Simulating a block of trials of one bench in this process, and what each of them is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spicekit.bench import Bench
from spicekit.engines import NGSPICE, engine, trials_of
from spicekit.errors import SpicekitError
from spicekit.outcome import Outcome
from spicekit.waves import Array, Waves


@dataclass(frozen=True)
class Block:
    """Measures and fate of each trial of a block."""

    measures: dict[str, Array]  # name -> shape (trials,); NaN for a trial that is not ok
    outcomes: list[Outcome]
    attempts: list[int]  # solver fallback that a trial needed, 0 none
    waves: Waves  # DC: of all trials; transient: of the last one
    reason: str = ""  # why the first of the invalid trials is
    said: str = ""  # by the engine, of trials without a solution


def simulate_block(bench: Bench, samples: Mapping[str, Array], by: str = NGSPICE) -> Block:
    """Simulate every trial of ``samples`` (variation point -> array of shape (trials,)) by the engine of that name.

    A trial with a sample outside its physical range is not simulated and ends as ``invalid``, as does one with a measure that
    is not a finite number, unless the measure has limits and the value lies beyond them.
    """
    trials = trials_of(samples)
    clean, invalid = _physical(bench, samples, trials)
    solved = engine(by)(bench, clean)
    measures = solved.measures
    if bench.technology.model_files(bench.p.corner) != bench.model_files:  # what ngspice read is then not what was looked at
        raise SpicekitError(f"a model file of technology '{bench.technology.name}' was changed while it was in use: start again")
    limited = {measure.name for measure in bench.measures() if measure.limits is not None}
    whole = [np.isfinite(column) for name, column in measures.items() if name not in limited]
    finite = np.all(whole, axis=0) if whole else np.ones(trials, dtype=bool)
    outcomes = np.where(solved.converged, np.where(finite, Outcome.OK, Outcome.INVALID), Outcome.NONCONVERGED)
    outcomes[invalid] = Outcome.INVALID
    reason = (
        _reason(bench, samples, measures, limited, int(found[0]))
        if len(found := np.flatnonzero(outcomes == Outcome.INVALID))
        else ""
    )
    for column in measures.values():
        column[outcomes != Outcome.OK] = np.nan
    return Block(measures, [Outcome(outcome) for outcome in outcomes], solved.attempts, solved.waves, reason, solved.said)


def _reason(bench: Bench, samples: Mapping[str, Array], measures: Mapping[str, Array], limited: set[str], trial: int) -> str:
    """What makes a trial invalid: its samples, or else its measures."""
    for point in bench.points():
        value = point.nominal if point.name not in samples else float(samples[point.name][trial])
        if not (np.isfinite(value) and value > point.low):
            allowed = f"above {point.low:g}" if np.isfinite(point.low) else "a finite number"
            return f"variation point {point.name} is {value:g} {point.unit}".rstrip() + f"; allowed: {allowed}"
    odd = [
        f"{name} is {column[trial]:g}"
        for name, column in measures.items()
        if name not in limited and not np.isfinite(column[trial])
    ]
    return f"measure {', '.join(odd)}: a measure that may have no value needs limits"


def _physical(bench: Bench, samples: Mapping[str, Array], trials: int) -> tuple[dict[str, Array], NDArray[np.bool_]]:
    """The samples with those of impossible trials replaced by nominal values, and which trials these are."""
    invalid = np.zeros(trials, dtype=bool)
    clean = dict(samples)
    for point in bench.points():
        if point.name in clean:
            good = np.isfinite(clean[point.name]) & (clean[point.name] > point.low)
            invalid |= ~good
            clean[point.name] = np.where(good, clean[point.name], point.nominal)
    return clean, invalid
