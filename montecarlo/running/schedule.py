"""Getting trials simulated: tasks to an executor, retries, isolation of the trial that kills or outlives its worker.

Several campaigns (the points of a sweep) share one executor: their tasks form one queue.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field

from montecarlo.running.content import samples_hash
from montecarlo.running.crew import Crew
from montecarlo.running.executor import died, killed, timed_out
from montecarlo.running.store import Store
from montecarlo.running.subject import Subject
from montecarlo.running.worker import Rows, Task, failed_table, joined, simulate
from spicekit.errors import SpicekitError
from spicekit.outcome import Outcome

RETRIES = 1  # of a range whose worker died, which may have been killed for reasons of its own
KILLED = 6  # of a trial alone whose worker was ended by SIGKILL: a trial that runs out of memory does that too, but always
PIECES = 8  # into how many a range is split that killed or outlived its worker, to find the trial which does it
# of a block for the trial that kills its worker or hangs: where none is found, the block runs again, until the last of these
SEARCHES = {Outcome.CRASHED: 8, Outcome.TIMEOUT: 2}
FIRST = 50  # trials that answer first: campaigns of which more than HOPELESS of these fail in the same way are given up
HOPELESS = 0.9
_CAUSES = {
    Outcome.NONCONVERGED: "no solution, also with the fallbacks: see what is wrong with `spicekit run`, or is a library cut off?",
    Outcome.TIMEOUT: "raise --timeout",
    Outcome.CRASHED: "the simulator dies",
    Outcome.INVALID: "samples outside their range, or measures that are not finite",
}


@dataclass
class Source:
    """A campaign with its folder, and the chunks that are still to be simulated (first trial, last trial + 1)."""

    campaign: Subject
    store: Store
    missing: list[tuple[int, int]]
    pieces: dict[int, list[Rows]] = field(default_factory=dict)  # answers of a chunk that was split, by its first trial
    hashes: dict[int, str] = field(default_factory=dict)  # of the samples of a chunk, by its first trial

    @property
    def trials(self) -> int:
        return self.campaign.trials

    @property
    def block(self) -> int:
        return self.campaign.bench.analysis().block

    @property
    def chunk(self) -> int:
        return self.campaign.bench.analysis().chunk

    def task(self, first: int, last: int) -> Task:
        """What a worker needs for trials ``first`` to ``last - 1``."""
        samples = self.store.samples.read(first, last)
        if last - first == min(self.chunk, self.trials - first):  # a chunk is a task as a whole, whatever becomes of it then
            self.hashes[first] = samples_hash(samples)
        return Task.of(self.campaign, first, samples, self.block)

    def accept(self, table: Rows) -> None:
        """Take the answer of a task; a chunk that is complete is written."""
        chunk = table.first // self.chunk * self.chunk
        pieces = self.pieces.setdefault(chunk, [])
        pieces.append(table)
        if sum(piece.trials for piece in pieces) == min(self.chunk, self.trials - chunk):
            self.store.parts.write(joined(self.pieces.pop(chunk)), self.hashes[chunk])


@dataclass
class _Range:
    """Trials ``first`` to ``last - 1`` of a source on their way through the executor."""

    source: Source
    first: int
    last: int
    tries: int = 0
    searches: int = 0  # of a block
    search: _Search | None = None  # of a piece of one

    @property
    def trials(self) -> int:
        return self.last - self.first

    def split(self, outcome: Outcome) -> list[_Range]:
        """Smaller ranges: whole blocks as long as there is more than one, so that their trials keep their bits."""
        whole = self.trials <= self.source.block and self.search is None
        search = _Search(self, outcome) if whole else self.search
        size = self.source.block if self.trials > self.source.block else -(-self.trials // PIECES)
        starts = range(self.first, self.last, size)
        return [_Range(self.source, first, min(first + size, self.last), search=search) for first in starts]


@dataclass
class _Search:
    """A block that is simulated in pieces, to find the trial that kills its worker or hangs (``outcome``).

    The trials of a piece start from other neighbours than those of the block and lose their last bits.  They stand only if there
    is such a trial; if there is none, somebody else killed or stopped the worker, and the block runs again as a whole.
    """

    block: _Range
    outcome: Outcome
    tables: list[Rows] = field(default_factory=list)

    def take(self, table: Rows, waiting: deque[_Range]) -> Rows | None:
        """Take the answer of a piece: gives that of the block if it is complete and stands."""
        self.tables.append(table)
        if sum(piece.trials for piece in self.tables) < self.block.trials:
            return None
        whole = joined(self.tables)
        self.block.searches += 1
        if {Outcome.CRASHED, Outcome.TIMEOUT}.isdisjoint(whole.outcomes) and self.block.searches < SEARCHES[self.outcome]:
            self.block.tries = 0
            waiting.appendleft(self.block)
            return None
        return whole


@dataclass
class _Tally:
    """Outcomes of the first answers, which tell whether it is worth going on."""

    keep_going: bool
    outcomes: Counter[str] = field(default_factory=Counter)

    def add(self, outcomes: Sequence[str]) -> None:
        """Raises :class:`SpicekitError` if nearly all of the first trials have failed in the same way."""
        seen = self.outcomes.total()
        if self.keep_going or seen >= FIRST:
            return
        self.outcomes.update(outcomes[: FIRST - seen])
        word, count = self.outcomes.most_common(1)[0]
        if self.outcomes.total() == FIRST and word != Outcome.OK and count > HOPELESS * FIRST:
            raise SpicekitError(
                f"given up: {count} of the first {FIRST} trials are {word} ({_CAUSES[Outcome(word)]}); "
                "what is finished is kept; mc, sweep and characterize simulate the others all the same with --keep-going"
            )


def simulate_sources(sources: Sequence[Source], crew: Crew) -> int:
    """Have everything that is missing from ``sources`` simulated by ``crew``; gives the number of these trials.

    Raises :class:`SpicekitError` for a failure that is not a trial's (no simulator, a netlist that does not parse, a bench
    that raises), and if nearly all of the first trials fail in the same way, unless the crew keeps going.
    """
    total = sum(source.trials for source in sources)
    missing = sum(last - first for source in sources for first, last in source.missing)
    done = total - missing
    crew.progress(done, total)
    if not missing:
        return 0
    pool = crew.pool
    waiting = deque(_Range(source, first, last) for source in sources for first, last in source.missing)
    tally = _Tally(crew.keep_going)
    running: dict[Future[Rows], _Range | None] = {}
    # a sweep that fails takes hours where it succeeds in a second: its first trials tell beforehand, and their answer is not kept
    if not crew.keep_going and waiting[0].trials >= waiting[0].source.block >= 2 * FIRST:
        running[pool.submit(simulate, waiting[0].source.task(waiting[0].first, waiting[0].first + FIRST))] = None
    job: _Range | None
    while waiting or running:
        while waiting and len(running) < _window(pool):
            job = waiting.popleft()
            running[pool.submit(simulate, job.source.task(job.first, job.last))] = job
        ready, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in ready:
            job = running.pop(future)
            if job is None:
                if future.exception() is None:
                    tally.add(future.result().outcomes)
                continue
            table = _answer(future, job, waiting, tally)
            if table is not None:
                done += table.trials
                job.source.accept(table)
                crew.progress(done, total)
    return missing


def _window(pool: Executor) -> int:
    """Tasks in flight: enough to keep every worker busy, few enough to keep memory small.  A cluster's workers come and go."""
    return 2 * int(getattr(pool, "workers", None) or getattr(pool, "_max_workers", None) or 16)


def _answer(future: Future[Rows], job: _Range, waiting: deque[_Range], tally: _Tally) -> Rows | None:
    """The table of ``job``; None if something has to run before it is known, which is then put in front of ``waiting``."""
    bench = job.source.campaign.bench
    error = future.exception()
    if error is None:
        tally.add(future.result().outcomes)
        return job.search.take(future.result(), waiting) if job.search else future.result()
    if isinstance(error, SpicekitError):
        raise error
    if timed_out(error):
        outcome = Outcome.TIMEOUT
    elif died(error):
        outcome = Outcome.CRASHED
        job.tries += 1
        if job.tries <= (KILLED if job.trials == 1 and killed(error) else RETRIES):
            waiting.appendleft(job)
            return None
    else:
        raise SpicekitError(f"bench '{bench.name}' failed: {type(error).__name__}: {error}")
    if job.trials == 1:
        table = failed_table(bench, job.first, 1, outcome)
        tally.add(table.outcomes)
        return job.search.take(table, waiting) if job.search else table
    waiting.extendleft(reversed(job.split(outcome)))
    return None
