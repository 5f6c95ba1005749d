"""The local pool: it survives the death of its workers, at work or not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import Future, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

from montecarlo.running.executor import LocalExecutor, available_cores, died
from spicekit.errors import UserError


@pytest.fixture
def pool() -> Iterator[LocalExecutor]:
    made = LocalExecutor(workers=2)
    yield made
    made.shutdown(cancel_futures=True)


def test_works(pool: LocalExecutor) -> None:
    assert [future.result(60) for future in [pool.submit(pow, 2, power) for power in range(20)]] == [2**k for k in range(20)]
    assert pool.submit(os.getpid).result(60) != os.getpid()


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), 0.0, 1e300])
def test_a_time_limit_that_no_clock_keeps_is_refused(seconds: float) -> None:
    with pytest.raises(UserError, match=r"allowed: 0\.1 to 1e\+07 s"):
        LocalExecutor(workers=1, timeout=seconds)


def test_more_workers_than_files_may_be_open_are_refused_with_the_number_allowed() -> None:
    with pytest.raises(UserError, match=r"--workers 1000000: allowed: at most \d+"):
        LocalExecutor(workers=1_000_000)


def test_an_error_comes_back_and_is_no_death(pool: LocalExecutor) -> None:
    error = pool.submit(int, "x").exception(60)
    assert isinstance(error, ValueError)
    assert not died(error)


def test_a_worker_that_dies_at_work(pool: LocalExecutor) -> None:
    error = pool.submit(os.kill, pool.submit(os.getpid).result(60), 0).exception(60)  # signal 0: nothing happens
    assert error is None
    for status in (9, 0):  # a library that exits as if all were well
        error = pool.submit(os._exit, status).exception(60)
        assert error is not None
        assert died(error)
        assert pool.submit(pow, 2, 3).result(60) == 8


def test_workers_that_die_while_idle(pool: LocalExecutor) -> None:
    """pebble takes this for the end of the pool."""
    for _ in range(3):
        workers = {pool.submit(os.getpid).result(60) for _ in range(10)}
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        time.sleep(0.5)  # pebble looks every 0.1 s
        futures: list[Future[int]] = [pool.submit(pow, 2, power) for power in range(6)]
        done, left = wait(futures, timeout=60)
        assert not left
        # those that the broken pool took along end as died, to be run again; the pool goes on
        for future in done:
            error = future.exception()
            assert error is None or died(error)
        assert pool.submit(pow, 2, 5).result(60) == 32


def test_a_worker_killed_before_the_pool_has_heard_what_it_took(pool: LocalExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    other = pool.submit(time.sleep, 5)
    while not other.running():
        time.sleep(0.01)
    manager = pool._pool._pool_manager
    heard = manager.process_next_message

    def late(timeout: float) -> None:
        time.sleep(1)  # a thread that does not get the processor
        heard(timeout)

    monkeypatch.setattr(manager, "process_next_message", late)
    time.sleep(0.3)  # until it is in there
    error = pool.submit(os._exit, 9).exception(60)
    assert error is not None
    assert died(error)
    assert other.exception(60) is None


def test_workers_that_die_before_a_task_has_come_to_them(pool: LocalExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    """pebble ends the tasks that it has handed on, and forgets those that still wait for its own thread."""
    workers = {pool.submit(os.getpid).result(60) for _ in range(10)}
    go = threading.Event()
    monkeypatch.setattr(
        pool._pool._pool_manager, "schedule", lambda task: go.wait(60)
    )  # a thread that does not get the processor
    future = pool.submit(pow, 2, 3)
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    error = future.exception(20)
    go.set()
    assert error is not None
    assert died(error)
    assert pool.submit(pow, 2, 5).result(60) == 32


@pytest.mark.parametrize("lock", ["reader_mutex", "writer_mutex"])
def test_a_worker_killed_while_it_holds_the_lock_of_the_channel(pool: LocalExecutor, lock: str) -> None:
    """The others would wait for two minutes and die one by one."""
    code = f"""
import gc, os, signal
from pebble.pool.channel import WorkerChannel
next(one for one in gc.get_objects() if isinstance(one, WorkerChannel)).mutex.{lock}.acquire()
os.kill(os.getpid(), signal.SIGKILL)
"""
    error = pool.submit(exec, code, {}).exception(60)
    assert error is not None
    assert died(error)
    assert [pool.submit(pow, 2, power).result(30) for power in range(6)] == [2**k for k in range(6)]


def test_the_error_of_a_broken_pool_holds_no_buffer(pool: LocalExecutor) -> None:
    assert pool.submit(pow, 2, 2).result(60) == 4
    reader, writer = os.pipe()
    os.close(reader)
    os.dup2(writer, pool._pool._pool_manager.worker_manager.pool_channel.writer.fileno())  # to workers that nothing reaches
    error = pool.submit(pow, 2, 3).exception(60)
    os.close(writer)
    assert error is not None
    assert isinstance(error.__cause__, BrokenPipeError)
    left = [frame.f_locals for frame, _ in traceback.walk_tb(error.__cause__.__traceback__)]
    assert len(left) > 1
    assert not any(left)


def test_a_pool_that_breaks_while_the_next_task_is_submitted(pool: LocalExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both end the tasks then; whoever comes second finds them ended, and says nothing."""
    assert pool.submit(pow, 2, 2).result(60) == 4
    raised: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", raised.append)
    manager, tasks = pool._pool._pool_manager, pool._pool._pool_manager.task_manager
    ended, found = threading.Event(), tasks.task_start

    def slowly(number: int, worker: int | None) -> None:
        found(number, worker)
        if worker is None and not manager.context.alive:  # of a broken pool, by its handler
            ended.set()
            time.sleep(0.3)

    monkeypatch.setattr(tasks, "task_start", slowly)
    waiting = [pool.submit(time.sleep, 30) for _ in range(3)]
    until = time.monotonic() + 60
    while not tasks.tasks and time.monotonic() < until:  # the pool's own thread has not come to them yet
        time.sleep(0.01)
    thread = threading.Thread(target=manager.handle_broken_pool, args=(BrokenProcessPool("broken"),))
    thread.start()
    assert ended.wait(60)
    pool._give_up(BrokenProcessPool("the same"))
    thread.join(60)
    assert [type(future.exception(60)) for future in waiting] == [BrokenProcessPool] * 3
    assert raised == []


def test_a_task_that_finds_the_pool_broken_after_it_was_given_up(pool: LocalExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stood in pebble's queue when the pool broke, was ended with the others, and is handed to the workers none the less."""
    assert pool.submit(pow, 2, 2).result(60) == 4
    raised: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", raised.append)
    manager = pool._pool._pool_manager
    dispatch = manager.worker_manager.dispatch

    def late(task: Any) -> None:
        pool._give_up(BrokenProcessPool("found by another thread"))
        manager.worker_manager.close_channels()
        dispatch(task)

    monkeypatch.setattr(manager.worker_manager, "dispatch", late)
    task = pool.submit(pow, 2, 3)
    assert isinstance(task.exception(60), BrokenProcessPool)
    deadline = time.monotonic() + 60
    while manager.task_manager.tasks and time.monotonic() < deadline and not raised:
        time.sleep(0.01)
    assert raised == []
    assert pool.submit(pow, 2, 5).result(60) == 32


def test_cores() -> None:
    assert 1 <= available_cores() <= (os.cpu_count() or 1)
    assert LocalExecutor().workers == available_cores()


ORPHAN = """
import os, sys, time
from montecarlo.running.executor import LocalExecutor
if __name__ == "__main__":
    pool = LocalExecutor(workers=1)
    print(pool.submit(os.getpid).result(60), flush=True)
    pool.submit(time.sleep, 1000.0)
    time.sleep(1000.0)
"""


def test_a_worker_whose_campaign_was_killed_ends(tmp_path: Path) -> None:
    script = tmp_path / "orphan.py"
    script.write_text(ORPHAN)
    campaign = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert campaign.stdout is not None
    worker = int(campaign.stdout.readline())
    os.kill(worker, 0)
    campaign.kill()
    campaign.wait()
    until = time.monotonic() + 30
    while Path(f"/proc/{worker}").exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not Path(f"/proc/{worker}").exists()
