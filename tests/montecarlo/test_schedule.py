"""What is left of a campaign whose workers are killed all the time: every bit of it."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pebble import ProcessExpired

from montecarlo import Campaign
from montecarlo.running.worker import Task
from spicekit.errors import SpicekitError

Read = Callable[[Path], pd.DataFrame]
Fingerprint = Callable[[Path], dict[str, str]]


class Hazardous(Executor):
    """Tasks run in this process, and as often as ``danger`` says of their number of trials they end as if killed instead."""

    workers = 2

    def __init__(self, danger: Callable[[int, int], float], signum: int = signal.SIGKILL) -> None:
        self._chance = random.Random(1)
        self._danger = danger
        self._signal = signum
        self.sizes: list[int] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        task: Task = args[0]
        self.sizes.append(task.trials)
        future: Future[Any] = Future()
        if self._chance.random() < self._danger(task.first, task.first + task.trials):
            future.set_exception(ProcessExpired("killed", code=-self._signal))
        else:
            future.set_result(fn(*args, **kwargs))
        return future


def test_kills_from_outside_leave_no_trace(
    tmp_path: Path, user_benches: Path, fingerprint: Fingerprint, trials_table: Read
) -> None:
    """The longer a task the likelier its death: six of ten blocks die, one of fifty trials alone.

    Eight searches of a block suffice but once in several hundred runs.
    """
    campaign = Campaign(f"{user_benches / 'faults.py'}:Divider", trials=5000)
    pool = Hazardous(lambda first, last: min(0.02 + (last - first) / 900, 0.9))
    campaign.run(tmp_path / "killed", executor=pool)
    assert 63 in pool.sizes  # blocks were searched for a trial that does it
    assert set(trials_table(tmp_path / "killed")["outcome"]) == {"ok"}
    campaign.run(tmp_path / "untouched", workers=1)
    assert fingerprint(tmp_path / "killed") == fingerprint(tmp_path / "untouched")


@pytest.mark.parametrize(("signum", "most"), [(signal.SIGKILL, 25), (signal.SIGSEGV, 20)])
def test_a_trial_that_always_kills_is_found(
    tmp_path: Path, user_benches: Path, trials_table: Read, signum: int, most: int
) -> None:
    campaign = Campaign(f"{user_benches / 'faults.py'}:Divider", trials=2000)
    pool = Hazardous(lambda first, last: float(first <= 1234 < last), signum)
    summary = campaign.run(tmp_path, executor=pool).summary
    table = trials_table(tmp_path)
    assert np.flatnonzero(table["outcome"] == "crashed").tolist() == [1234]
    assert summary["outcomes"]["ok"] == 1999
    assert len(pool.sizes) - 3 - 7 - 7 - 7 <= most  # besides the good blocks, and the good pieces of three sizes


def test_a_block_that_dies_as_a_whole_only(tmp_path: Path, user_benches: Path, trials_table: Read) -> None:
    """As one that needs more memory than there is: its trials are right in pieces, which stand in the end."""
    campaign = Campaign(f"{user_benches / 'faults.py'}:Divider", trials=1000)
    summary = campaign.run(tmp_path, executor=Hazardous(lambda first, last: float(last - first > 100))).summary
    assert summary["outcomes"]["ok"] == 1000
    r_top = campaign.samples(0, 1000)["r_top"]
    np.testing.assert_allclose(trials_table(tmp_path)["v_out"], 1000 / (1000 + r_top), rtol=1e-6)


def test_trials_that_all_crash_are_given_up(tmp_path: Path, user_benches: Path) -> None:
    campaign = Campaign(f"{user_benches / 'faults.py'}:Divider", trials=60)
    deadly = Hazardous(lambda first, last: float((first, last) != (0, 1)), signal.SIGSEGV)  # not the nominal one, nor trial 0
    with pytest.raises(SpicekitError, match="given up: 49 of the first 50 trials are crashed"):
        campaign.run(tmp_path, executor=deadly)
    assert campaign.run(tmp_path, executor=deadly, keep_going=True).outcomes["crashed"] == 59
