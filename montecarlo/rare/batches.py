"""Batches of trials through the executor, each in a folder of its own like a small campaign.

A method asks for one batch after another, and what it asks for follows from the seed and the answers alone.  So resuming is
running again from the start: batches that are on disk are read instead of simulated.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from montecarlo.identity import digest
from montecarlo.jobs.campaign import Campaign
from montecarlo.running.crew import Crew
from montecarlo.running.schedule import Source, simulate_sources
from montecarlo.running.store import Store, identity_of
from spicekit.analysis import DcAnalysis
from spicekit.expression import Expression
from spicekit.outcome import Outcome
from spicekit.waves import Array

TASKS = 16  # into which a batch is divided, whatever the number of workers, so that results do not depend on it
LEAST = {True: 32, False: 1}  # trials a task: a DC sweep has its set-up to earn back


@dataclass
class BatchSource(Source):
    """A batch for the scheduler: its number of trials and its task size are its own, not the campaign's."""

    size: int = 0
    count: int = 0

    @property
    def trials(self) -> int:
        return self.count

    @property
    def block(self) -> int:
        return self.size

    @property
    def chunk(self) -> int:
        return self.size


class Batches:
    """Limit-state values of ``campaign``'s bench: what :class:`montecarlo.rare.state.LimitState` simulates with."""

    def __init__(
        self,
        campaign: Campaign,
        expression: Expression,
        folder: Path,
        crew: Crew,
        most: int,
    ) -> None:
        self.outcomes = dict.fromkeys(map(str, Outcome), 0)
        self.simulated = 0  # trials that were not read from the folder
        self._campaign = campaign
        self._expression = expression
        self._folder = folder
        self._crew = crew
        self._most = most  # trials that may be asked for
        self._batches = 0
        self._trials = 0

    def __call__(self, stage: str, z: Array) -> Array:
        """Simulate trials ``z`` of the coordinates that move, or read them: limit states of the comparisons, NaN where not ok."""
        space = self._campaign.space
        store = self._claimed(stage, space.values(space.widened(z)), len(z))
        smallest = LEAST[isinstance(self._campaign.bench.analysis(), DcAnalysis)]
        size = max(smallest, -(-len(z) // TASKS))
        finished = store.parts.finished(self._crew.warn, self._crew.retry)
        ranges = [(first, min(first + size, len(z))) for first in range(0, len(z), size)]
        missing = [(first, last) for first, last in ranges if finished.get(first) != last - first]
        if missing:
            source = BatchSource(self._campaign, store, missing, size=size, count=len(z))
            self.simulated += simulate_sources([source], self._crew.part(self._trials, self._most, keep_going=True))
        self._trials += len(z)
        self._crew.progress(self._trials, self._most)
        results = store.parts.results()
        for outcome in self.outcomes:
            self.outcomes[outcome] += int(np.count_nonzero(results["outcome"] == outcome))
        measures = {measure.name: results[measure.name] for measure in self._campaign.bench.measures()}
        comparisons = self._expression.comparisons(measures)
        comparisons[:, results["outcome"] != str(Outcome.OK)] = np.nan
        return comparisons

    def _claimed(self, stage: str, values: dict[str, Array], trials: int) -> Store:
        """The folder of the next batch, with its samples in it."""
        name = f"{self._batches:04d}-{stage.replace(' ', '-')}"
        store = Store(self._folder / name, digest({"campaign": identity_of(self._campaign.record()), "batch": name}))
        self._batches += 1
        store.parts.folder.mkdir(parents=True, exist_ok=True)
        store.clean()
        if store.samples.path.exists():
            there = store.samples.read(0, trials)
            if all(np.array_equal(there[name], column) for name, column in values.items()):
                return store
            self._crew.warn(f"{store.folder} holds other trials than this machine draws; they are set aside and simulated again")
            for part in store.parts.files():
                store.parts.set_aside(part)
        store.samples.write(trials, lambda first, last: {name: column[first:last] for name, column in values.items()})
        return store
