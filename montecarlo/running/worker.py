"""What a worker process does: simulate a range of trials and return its table."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from montecarlo.identity import check, code_hash
from montecarlo.running.subject import Subject
from spicekit.bench import Bench
from spicekit.block import simulate_block
from spicekit.engines import NGSPICE
from spicekit.errors import SpicekitError
from spicekit.inputs import recording
from spicekit.limit import limited
from spicekit.outcome import Outcome
from spicekit.registry import make_bench
from spicekit.waves import Array

FOLLOW = 2.0  # s, between two looks whether the parent lives
_timeout: float | None = None  # of this worker, in seconds of the processor


@dataclass(frozen=True)
class Task:
    """Trials ``first`` to ``first + n - 1`` of a bench; everything that a worker needs, wherever it runs."""

    bench: str
    parameters: str  # JSON
    first: int
    samples: dict[str, Array]  # variation point -> array of shape (n,)
    block: int  # trials a sweep; sweeps start at multiples of it, so that results do not depend on the task's extent
    code: str  # SHA-256 of the code that the answer must come from
    inputs: tuple[tuple[str, str], ...]  # the files that decide it: absolute path, SHA-256
    found: tuple[tuple[str, float], ...] = ()  # the bench's calibrations, which the campaign's own process has found
    engine: str = NGSPICE

    @classmethod
    def of(cls, campaign: Subject, first: int, samples: dict[str, Array], block: int) -> Task:
        """Trials of ``campaign``, with its parameters, its inputs and the code that this process runs."""
        parameters = json.dumps(campaign.parameters)
        return cls(
            campaign.bench_name, parameters, first, samples, block, code_hash(), tuple(campaign.inputs.items()),
            tuple(campaign.bench.found.items()), campaign.engine,
        )  # fmt: skip

    @property
    def trials(self) -> int:
        return len(next(iter(self.samples.values())))


@dataclass(frozen=True)
class Rows:
    """Results of consecutive trials."""

    first: int
    outcomes: list[str]
    attempts: list[int]
    measures: dict[str, Array]

    @property
    def trials(self) -> int:
        return len(self.outcomes)


def simulate(task: Task) -> Rows:
    """Simulate the trials of ``task``, block by block; within the limit of the worker, if it has one.

    What a user's bench raises becomes one line.  Raises :class:`SpicekitError` if this process has other code or other input
    files than the task was made for.
    """
    try:
        with limited(_timeout):
            return _simulate(task)
    except (Exception, SystemExit) as error:
        from spicekit.blame import blamed

        raise blamed(error) or error from error


def _simulate(task: Task) -> Rows:
    check(task.code, dict(task.inputs))
    bench = _bench(task.bench, task.parameters, task.inputs, task.found)
    outcomes: list[str] = []
    attempts: list[int] = []
    columns: dict[str, list[Array]] = {measure.name: [] for measure in bench.measures()}
    start = 0
    while start < task.trials:
        end = min(task.trials, start + task.block - (task.first + start) % task.block)
        result = simulate_block(bench, {name: values[start:end] for name, values in task.samples.items()}, task.engine)
        outcomes += [str(outcome) for outcome in result.outcomes]
        attempts += result.attempts
        for name, values in result.measures.items():
            columns[name].append(values)
        start = end
    check(task.code, dict(task.inputs))  # ngspice reads its libraries itself, again and again: none has changed meanwhile
    return Rows(task.first, outcomes, attempts, {name: np.concatenate(parts) for name, parts in columns.items()})


@dataclass(frozen=True)
class Glance:
    """How one trial ended, why if it is not ok, and the processor time that it took in seconds."""

    outcome: str
    reason: str
    seconds: float


def glance(task: Task) -> Glance:
    """Simulate a task of one trial to see whether it can be; the rest is as for :func:`simulate`."""
    try:
        with limited(_timeout):
            check(task.code, dict(task.inputs))
            bench = _bench(task.bench, task.parameters, task.inputs, task.found)
            started = time.thread_time()  # that of the process goes in steps of 4 to 10 ms while a timer counts it
            block = simulate_block(bench, task.samples, task.engine)
            seconds = time.thread_time() - started
    except (Exception, SystemExit) as error:
        from spicekit.blame import blamed

        raise blamed(error) or error from error
    outcome = block.outcomes[0]
    words = "" if outcome is Outcome.OK else block.reason or f"{outcome.advice}: {block.said}"
    return Glance(str(outcome), words, seconds)


def failed_table(bench: Bench, first: int, trials: int, outcome: Outcome) -> Rows:
    """The table of trials whose worker never answered."""
    nan = {measure.name: np.full(trials, np.nan) for measure in bench.measures()}
    return Rows(first, [str(outcome)] * trials, [0] * trials, nan)


def joined(tables: list[Rows]) -> Rows:
    """Tables of adjoining ranges as one."""
    tables = sorted(tables, key=lambda table: table.first)
    return Rows(
        tables[0].first,
        [outcome for table in tables for outcome in table.outcomes],
        [attempt for table in tables for attempt in table.attempts],
        {name: np.concatenate([table.measures[name] for table in tables]) for name in tables[0].measures},
    )


def initialise(parent: int, timeout: float | None) -> None:
    """Start of a worker of process ``parent``: Ctrl-C is for the parent, which then ends the workers in order.

    ``timeout`` limits each simulation to as many seconds of the processor (:mod:`spicekit.limit`).

    SIGTERM ends a worker at once: a handler in Python would wait until ngspice returns, which a hung trial never does.  A
    worker whose parent is gone ends by itself: nobody wants its answer, and a hung trial would take a core for ever.
    """
    global _timeout
    _timeout = timeout
    sys.stdout = sys.stderr  # standard output is for answers, and what a bench prints is none
    with contextlib.suppress(OSError):
        os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: int) -> None:
    while True:
        time.sleep(FOLLOW)
        try:
            os.kill(parent, 0)
        except OSError:  # no such process, or another user's by now
            os._exit(1)


@functools.lru_cache(maxsize=8)
def _bench(name: str, parameters: str, inputs: tuple[tuple[str, str], ...], found: tuple[tuple[str, float], ...]) -> Bench:
    given: dict[str, Any] = json.loads(parameters)
    with recording() as files:
        bench = make_bench(name, given)
        bench.found |= dict(found)
        bench.points()
    known = dict(inputs)
    other = dict(files.items() - known.items())
    for name in other.keys() & known.keys():  # between the look at all of them and the reading of this one
        raise SpicekitError(f"{name} has changed (SHA-256 {known[name][:12]} then, {other[name][:12]} now)")
    if other:  # a link that leads elsewhere by now, an include that was not there
        raise SpicekitError(f"bench '{bench.name}' reads {', '.join(other)} here, which the campaign was not set up with")
    return bench
