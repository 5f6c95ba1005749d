"""The local pool of worker processes, with a limit on a simulation's processor time; it survives the death of a worker."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import multiprocessing.forkserver
import multiprocessing.util
import os
import resource
import shutil
import signal
import tempfile
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, InvalidStateError
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from pebble import ProcessExpired, ProcessPool

from montecarlo.running.worker import initialise
from spicekit.errors import SpicekitError, UserError
from spicekit.limit import checked, exceeded

MOST_WORKERS = 4096  # far above the cores of any machine: processes without end would stop this one
LOCKED = 10.0  # s that a living worker may hold the channel's lock for: it takes a task or hands over an answer meanwhile
PRELOADED = [  # what workers use, imported once in the process that they are forked from
    "montecarlo.running.worker", "spicekit.netlist", "spicekit.blame", "spicekit.devices", "spicekit.engines.ngspice",
    "PySpice.Spice.NgSpice.Shared", "scipy.optimize",
]  # fmt: skip
SOCKET_FOLDER = 70  # bytes of the path: a socket's may have 107, of which multiprocessing takes 32


class LocalExecutor(Executor):
    """A ``concurrent.futures.Executor`` on this machine's cores.

    A task of which one simulation takes more than ``timeout`` seconds of the processor (:mod:`spicekit.limit`) ends with an error
    for which :func:`timed_out` is true, one whose worker dies with an error for which :func:`died` is; the worker is replaced.
    """

    def __init__(self, workers: int | None = None, timeout: float | None = None) -> None:
        self._given = workers is not None
        self.workers = workers or available_cores()
        self._timeout = None if timeout is None else checked(timeout)
        self._pending: set[Future[Any]] = set()
        self._ending = threading.RLock()  # tasks of a broken pool: its handler does not expect that anybody else does it
        self._pool = self._start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        try:
            future: Future[Any] = self._pool.schedule(fn, args=args, kwargs=kwargs)
        except RuntimeError:  # pebble gives up for good when a worker dies while no task is running
            self._restart()
            future = self._pool.schedule(fn, args=args, kwargs=kwargs)
        self._pending.add(future)
        future.add_done_callback(self._done)
        if not self._pool.active:  # it broke meanwhile
            self._give_up(BrokenExecutor("the pool broke"))
        return future

    def _done(self, future: Future[Any]) -> None:
        """Forget a task, and what the frames of its error hold.

        A view of a buffer that could not be sent would be found at the exit of the process together with its buffer, and Python
        says so on stderr if it takes the buffer first.
        """
        self._pending.discard(future)
        error = None if future.cancelled() else future.exception()
        while error:
            traceback.clear_frames(error.__traceback__)
            error = error.__cause__

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if cancel_futures:
            self._pool.stop()
        else:
            self._pool.close()
        if wait:
            self._pool.join()

    def _restart(self) -> None:
        self.shutdown(cancel_futures=True)
        self._give_up(BrokenExecutor("the pool was started again"))  # tasks that no worker had taken yet: pebble forgets them
        self._pool = self._start()

    def _broken(self, tasks: Any, handle: Callable[[Exception], None], error: Exception) -> None:
        """The pool has broken: its own handler ends the tasks that were handed to workers, and no others.

        It expects all of ``tasks`` to be waiting still.  One that waited in the queue when the pool was first found broken has
        ended since, and finds it broken once more when its turn comes.
        """
        with self._ending:
            for number, task in tuple(tasks.tasks.items()):
                if task.future.done() and tasks.tasks.pop(number, None):
                    tasks.task_done_callback()
            handle(error)
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        with self._ending:
            for future in tuple(self._pending):
                with contextlib.suppress(InvalidStateError):
                    future.set_exception(error)

    def _start(self) -> Any:
        # not fork: this process has threads, and a child must not inherit a half-used libngspice
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        _check_limit(self.workers, self._given)
        _start_forkserver()
        arguments = (os.getpid(), self._timeout)
        pool = ProcessPool(max_workers=self.workers, initializer=initialise, initargs=arguments, context=context)
        manager: Any = pool._pool_manager
        manager.worker_manager.inspect_workers = _Ended(manager)
        manager.handle_broken_pool = functools.partial(self._broken, manager.task_manager, manager.handle_broken_pool)
        return pool


class _Ended:
    """pebble's look for workers that ended, which it takes several times a second, with what its own passes over.

    Its own does not report workers that ended with status 0; it forgets a worker that is dead before it has heard which task that
    had taken, so that the task never ends; and a worker that is killed while it holds the lock of the channel to the pool leaves
    it held, on which the others wait for minutes.
    """

    def __init__(self, manager: Any) -> None:
        self._tasks, self._workers = manager.task_manager, manager.worker_manager
        self._codes: dict[int, int] = {}  # of all that ended: process -> exit code

    def __call__(self) -> tuple[tuple[int, int], ...]:
        """Process and exit code of those that are to be accounted for.  Raises :class:`BrokenProcessPool` for a lock kept."""
        workers = self._workers.workers
        ended = [worker for worker in tuple(workers.values()) if not worker.is_alive() and workers.pop(worker.pid, None)]
        found = {worker.pid: worker.exitcode for worker in ended}
        if found:
            with self._workers.workers_channel.lock(timeout=LOCKED) as locked:
                if not locked:
                    raise BrokenProcessPool("a worker was killed while it held the lock of the channel to the pool")
        self._codes |= found
        for task in tuple(self._tasks.tasks.values()):
            if task.worker_id in self._codes and task.worker_id not in workers:
                found[task.worker_id] = self._codes[task.worker_id]
        return tuple(found.items())


def _check_limit(workers: int, given: bool) -> None:
    """Say what a limit of open files that is too low would only show as errors of processes half started.

    A number of workers that is ``given`` is the user's mistake, that of the machine's cores is not.
    """
    base, each = 32, 6
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    most = MOST_WORKERS if limit == resource.RLIM_INFINITY else min(MOST_WORKERS, (limit - base) // each)
    if workers <= most:
        return
    files = f" ({limit} open files are allowed, ulimit -n)" if most < MOST_WORKERS else ""
    if given and most > 0:
        raise UserError(f"--workers {workers}: allowed: at most {most}{files}")
    needed = base + each * workers
    raise SpicekitError(f"{limit} open files are allowed (ulimit -n), {workers} worker processes need up to {needed}")


def _start_forkserver() -> None:
    """Start the process that workers are forked from, if it does not run yet.

    It is a ``python -c``, which would search modules in the working folder first: a ``json.py`` there would be run.  Its socket
    stands in the temporary folder, whose path may be longer (on clusters it often is) than a socket's may.
    """
    config = multiprocessing.current_process()._config  # type: ignore[attr-defined]
    if config.get("tempdir") is None and len(os.fsencode(tempfile.gettempdir())) > SOCKET_FOLDER:
        folder = next((place for place in ("/tmp", "/var/tmp", "/dev/shm") if os.access(place, os.W_OK | os.X_OK)), None)
        if folder is None:
            raise SpicekitError(
                f"the temporary folder's path is too long for a socket: set TMPDIR to one of {SOCKET_FOLDER} bytes"
            )
        config["tempdir"] = tempfile.mkdtemp(prefix="pymp-", dir=folder)
        multiprocessing.util.Finalize(None, shutil.rmtree, args=(config["tempdir"], True), exitpriority=-100)
    given = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        multiprocessing.forkserver.ensure_running()
    finally:
        del os.environ["PYTHONSAFEPATH"]
        if given is not None:
            os.environ["PYTHONSAFEPATH"] = given


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def timed_out(error: BaseException) -> bool:
    """Whether ``error`` says that the worker was ended by the limit on processor time."""
    return isinstance(error, TimeoutError) or (isinstance(error, ProcessExpired) and exceeded(error.exitcode))


def died(error: BaseException) -> bool:
    """Whether ``error`` says that the worker, not the task, failed: pebble's, the standard library's or dask's words for it."""
    return isinstance(error, ProcessExpired | BrokenExecutor) or type(error).__name__ == "KilledWorker"


def killed(error: BaseException) -> bool:
    """Of a worker that died: whether it was killed from outside, as far as is known, rather than by a crash of its own."""
    return getattr(error, "exitcode", -signal.SIGKILL) == -signal.SIGKILL
