"""Before a folder is claimed: can this be simulated here at all, how much room does it take, how long will it run?

A library that does not load, a circuit without an operating point, a disk that is too small are then said at once, and nothing is
left behind.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path

import numpy as np

from montecarlo.running.crew import Crew, Warn
from montecarlo.running.executor import died, timed_out
from montecarlo.running.subject import Subject
from montecarlo.running.worker import Glance, Task, glance
from spicekit.analysis import DcAnalysis
from spicekit.errors import SpicekitError
from spicekit.outcome import Outcome

LARGE = 1e9  # bytes of a folder from which on its size is said
LONG = 3600.0  # s from which on a campaign's time is said
PACKED = 0.96  # of the bytes of normal deviates that compression leaves


def preflight(campaigns: Sequence[Subject], out: Path, crew: Crew) -> None:
    """Look at a job that is about to start in ``out``: room for all ``campaigns``, and the nominal trial of the first.

    Raises :class:`SpicekitError` if the disk has not the room, or if the nominal trial is not ok, unless ``crew`` keeps going.
    """
    check_room(campaigns, out, crew.warn)
    seen = nominal(campaigns[0], crew.pool)
    if seen.outcome != Outcome.OK and not crew.keep_going:
        raise SpicekitError(
            f"bench '{campaigns[0].bench.name}': the nominal trial is {seen.outcome} ({seen.reason}), and nothing was started; "
            "mc, sweep and characterize start all the same with --keep-going"
        )
    if not isinstance(campaigns[0].bench.analysis(), DcAnalysis):  # whose trials go by hundreds in a sweep
        workers = int(getattr(crew.pool, "workers", 1))
        seconds = seen.seconds * sum(campaign.trials for campaign in campaigns) / workers
        if seconds > LONG:
            crew.warn(f"a trial takes {seen.seconds:.2g} s of a processor: about {_hours(seconds)} on {workers} of them")


def nominal(campaign: Subject, pool: Executor) -> Glance:
    """How the nominal trial of ``campaign`` ends in a worker of ``pool``.

    A worker that dies may have been killed from outside: the trial has a second one.
    """
    task = Task.of(campaign, 0, {point.name: np.array([point.nominal]) for point in campaign.space.points}, 1)
    future = pool.submit(glance, task)
    if (error := future.exception()) is not None and died(error):
        future = pool.submit(glance, task)
        error = future.exception()
    if error is None:
        return future.result()
    if timed_out(error):
        return Glance(str(Outcome.TIMEOUT), Outcome.TIMEOUT.advice, 0.0)
    if died(error):
        return Glance(str(Outcome.CRASHED), Outcome.CRASHED.advice, 0.0)
    raise error


def check_room(campaigns: Sequence[Subject], out: Path, warn: Warn) -> None:
    """Say how much ``campaigns`` will write, if that is much.  Raises :class:`SpicekitError` if there is not the room for it."""
    numbers = sum(
        campaign.trials * (len(campaign.space.points) * PACKED + len(campaign.bench.measures())) for campaign in campaigns
    )
    size = 8 * numbers
    there = next(folder for folder in (out.absolute(), *out.absolute().parents) if folder.is_dir())
    free = shutil.disk_usage(there).free
    trials = sum(campaign.trials for campaign in campaigns)
    if size > free:
        raise SpicekitError(f"--out {out}: {trials:,} trials take {_bytes(size)} there, {_bytes(free)} are free")
    if size > LARGE:
        warn(f"{trials:,} trials take {_bytes(size)} in {out}, where {_bytes(free)} are free")


def _bytes(size: float) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e8 else f"{size / 1e6:,.1f} MB"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds < 2 * 86400 else f"{seconds / 86400:.1f} days"
