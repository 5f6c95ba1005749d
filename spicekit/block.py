"""Simulating a block of trials of one bench in this process, by the engine that fits its analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spicekit.analysis import DcAnalysis
from spicekit.bench import Bench
from spicekit.outcome import Outcome
from spicekit.sweep import sweep_trials
from spicekit.transient import alter_trials
from spicekit.waves import Array, Waves


@dataclass(frozen=True)
class Block:
    """Measures and fate of each trial of a block."""

    measures: dict[str, Array]  # name -> shape (trials,); NaN for a trial that is not ok
    outcomes: list[Outcome]
    attempts: list[int]  # solver fallback that a trial needed, 0 none
    waves: Waves  # DC: of all trials; transient: of the last one


def simulate_block(bench: Bench, samples: Mapping[str, Array]) -> Block:
    """Simulate every trial of ``samples`` (variation point -> array of shape (trials,)).

    A trial with a sample outside its physical range is not simulated and ends as ``invalid``, as does one whose measures
    are not all finite numbers.
    """
    trials = len(next(iter(samples.values()))) if samples else 1
    clean, invalid = _physical(bench, samples, trials)
    engine = sweep_trials if isinstance(bench.analysis(), DcAnalysis) else alter_trials
    measures, converged, attempts, waves = engine(bench, clean, trials)
    finite = np.all([np.isfinite(column) for column in measures.values()], axis=0)
    outcomes = np.where(converged, np.where(finite, Outcome.OK, Outcome.INVALID), Outcome.NONCONVERGED)
    outcomes[invalid] = Outcome.INVALID
    for column in measures.values():
        column[outcomes != Outcome.OK] = np.nan
    return Block(measures, [Outcome(outcome) for outcome in outcomes], attempts, waves)


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
