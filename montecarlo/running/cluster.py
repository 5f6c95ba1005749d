"""Campaigns on a cluster through Dask: ``--dask tcp://HOST:PORT`` or ``--dask slurm:FILE.yaml``.

A Dask worker does not simulate itself.  Each has a :class:`LocalExecutor` with as many processes as the worker has threads, so
that a trial which hangs or kills its process ends as it does on one machine, ngspice (which is not thread-safe) has a process to
itself, and the worker lives on.  What arrives late, dies or comes back among the workers is Dask's business; the trials it took
with it run again elsewhere.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import logging
import multiprocessing
import re
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from montecarlo.running.executor import LocalExecutor, died, timed_out
from spicekit.errors import SpicekitError, UserError, unknown
from spicekit.files import read_bytes

ADDRESS = re.compile(r"(tcp|tls|ucx|ws|wss)://(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):\d{1,5}")
QUEUES = {
    "slurm": "SLURMCluster", "pbs": "PBSCluster", "sge": "SGECluster", "lsf": "LSFCluster", "oar": "OARCluster",
    "htcondor": "HTCondorCluster", "moab": "MoabCluster",
}  # fmt: skip
CONNECT = 10.0  # s, to reach a scheduler that runs
REFRESH = 1.0  # s, for which a count of the workers' threads is good


@dataclass(frozen=True)
class Answer:
    """What became of a task in a worker's process: Dask has errors of these kinds of its own, which mean something else."""

    fate: Literal["done", "timeout", "died"]
    result: Any = None


class DaskExecutor(Executor):
    """A ``concurrent.futures.Executor`` on the workers of a Dask client, with ``timeout`` as :class:`LocalExecutor` has."""

    def __init__(self, client: Any, timeout: float) -> None:
        self._client = client
        self._timeout = timeout
        self._address = client.scheduler.address
        self._versions = simulator_versions()
        self._tasks: set[Any] = set()  # a Dask future that nobody holds is forgotten by the scheduler
        self._threads = (0, -REFRESH)

    @property
    def workers(self) -> int:
        """Processes that simulate at present: the threads of all workers, at least 1."""
        count, when = self._threads
        if time.monotonic() - when > REFRESH:
            with contextlib.suppress(OSError):  # a lost scheduler is said by its tasks
                count = sum(self._client.nthreads().values())
            self._threads = (count, time.monotonic())
        return max(count, 1)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        task = self._client.submit(isolated, functools.partial(fn, *args, **kwargs), self._timeout, self._versions, pure=False)
        self._tasks.add(task)
        task.add_done_callback(functools.partial(self._finish, future=future))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if cancel_futures:
            self._client.cancel(list(self._tasks), force=True)

    def _finish(self, task: Any, future: Future[Any]) -> None:
        self._tasks.discard(task)
        try:
            if task.status == "finished":
                answer: Answer = task.result()
                if answer.fate == "done":
                    future.set_result(answer.result)
                elif answer.fate == "timeout":
                    future.set_exception(TimeoutError())
                else:
                    future.set_exception(BrokenExecutor("the process of a Dask worker died"))
            elif task.status == "error":
                future.set_exception(task.exception())
            else:
                future.set_exception(SpicekitError(lost(self._address)))
        except Exception as error:  # a result that cannot be fetched: what held it is gone
            future.set_exception(SpicekitError(f"{lost(self._address)} ({type(error).__name__}: {error})"))


def lost(address: str) -> str:
    """What to say of a scheduler that went away."""
    return f"the Dask scheduler {address} was lost; the finished trials are kept: the same command goes on from there"


def isolated(task: Callable[[], Any], timeout: float, versions: dict[str, str]) -> Answer:
    """Run ``task`` in a process of this Dask worker.  Raises what it raises, and :class:`SpicekitError` for other versions."""
    mine = simulator_versions()
    if mine != versions:
        raise SpicekitError(f"a Dask worker has {_words(mine)}, this machine {_words(versions)}: their results could differ")
    try:
        return Answer("done", _pool(timeout).submit(task).result())
    except Exception as error:
        if timed_out(error):
            return Answer("timeout")
        if died(error):
            return Answer("died")
        raise


@functools.lru_cache(maxsize=1)
def _pool(timeout: float) -> LocalExecutor:
    from distributed import get_worker

    # a worker under Dask's nanny is a daemonic process, which multiprocessing allows no children; the nanny's own way to
    # end a worker does not depend on the flag, and the children are daemonic in turn, so they end with it
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    return LocalExecutor(get_worker().state.nthreads, timeout)


@functools.cache
def simulator_versions() -> dict[str, str]:
    """What decides the bits of a result."""
    from montecarlo.identity import BINDING, code_hash, versions

    found = versions()
    return {name: found[name] for name in BINDING} | {"code": code_hash()[:12]}


def _words(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


@contextlib.contextmanager
def cluster_executor(where: str, timeout: float) -> Iterator[DaskExecutor]:
    """The executor for ``--dask WHERE``: a scheduler's address, or ``slurm:FILE.yaml`` for a queue (see :data:`QUEUES`).

    Raises :class:`UserError` for an address or file that is wrong, a scheduler that does not answer, or if the extra
    ``dask`` is not installed.
    """
    kind, colon, file = where.partition(":")
    queue = bool(colon) and kind in QUEUES
    if not queue and not ADDRESS.fullmatch(where):
        raise UserError(
            f"--dask '{where}': give a scheduler's address (tcp://HOST:PORT) or {{{', '.join(QUEUES)}}}:FILE.yaml for a queue"
        )
    try:
        import dask
        import distributed
    except ImportError:
        raise UserError("--dask needs the extra 'dask': pip install 'spicekit-imc[dask]'") from None
    # Dask tells the user about its own threads in tracebacks; what matters is said by the errors that tasks end with
    for name in tuple(logging.root.manager.loggerDict):
        if name.startswith(("distributed", "tornado")):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    with contextlib.ExitStack() as stack, dask.config.set({"distributed.comm.timeouts.connect": f"{CONNECT}s"}):
        address: Any = where
        if queue:
            address = stack.enter_context(contextlib.closing(job_queue(kind, Path(file))))
        try:
            make_client: Any = distributed.Client
            client = make_client(address, timeout=CONNECT, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise UserError(f"--dask {where}: no scheduler answers there ({type(error).__name__})") from None
        stack.callback(client.close)
        executor = DaskExecutor(client, timeout)
        try:
            yield executor
        except BaseException:
            with contextlib.suppress(Exception):  # what happened is said, not that the scheduler is gone too
                executor.shutdown(cancel_futures=True)
            raise


def job_queue(kind: str, file: Path) -> Any:
    """A cluster of dask-jobqueue from a YAML file: the keyword arguments of its class, and ``jobs``, how many to submit.

    The file is as trusted as a job script of the user's own: ``job_script_prologue`` is shell.
    """
    import dask_jobqueue
    import yaml

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            names = [key.value for key, _ in node.value]
            for name, (key, _) in zip(names, node.value, strict=True):
                if names.count(name) > 1:
                    raise yaml.MarkedYAMLError(problem=f"key '{name}' stands more than once", problem_mark=key.start_mark)
            return super().construct_mapping(node, deep)

    try:
        options = yaml.load(read_bytes(file).decode(), Loader)
    except OSError as error:
        raise UserError(f"--dask {kind}:{file}: cannot be read: {error.strerror}") from None
    except RecursionError:
        raise UserError(f"--dask {kind}:{file}: not YAML: lists in lists without end") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: not UTF-8, or a number of thousands of digits
        raise UserError(f"--dask {kind}:{file}: not YAML: {' '.join(str(error).partition(';')[0].split())}") from None
    if not isinstance(options, dict) or not all(isinstance(key, str) for key in options):
        raise UserError(f"--dask {kind}:{file}: give 'key: value' lines, e.g. cores: 8, memory: 16GB, queue: short, jobs: 4")
    jobs = options.pop("jobs", 1)
    if not isinstance(jobs, int) or isinstance(jobs, bool) or jobs < 1:
        raise UserError(f"--dask {kind}:{file}: jobs: {jobs!r} given; allowed: a whole number from 1")
    make_cluster = getattr(dask_jobqueue, QUEUES[kind])
    known = _keywords(make_cluster)
    for key in options:
        if key not in known:
            raise UserError(f"--dask {kind}:{file}: {unknown('key', key, [*known, 'jobs'])}")
    for command in (make_cluster.job_cls.submit_command, make_cluster.job_cls.cancel_command):
        program = command.split()[0]
        if shutil.which(program) is None:  # Dask would say so in its log, and wait for ever
            raise UserError(f"--dask {kind}:{file}: '{program}' is not installed on this machine, or not in PATH")
    try:
        cluster = make_cluster(**options)
    except (TypeError, ValueError) as error:
        raise UserError(f"--dask {kind}:{file}: {' '.join(str(error).split())}") from None

    async def submit() -> None:  # scale() alone lets a queue that refuses be said in a log only
        cluster.scale(jobs=jobs)
        await cluster._correct_state()

    try:
        cluster.sync(submit)
    except (RuntimeError, OSError) as error:
        with contextlib.suppress(Exception):  # there is nothing to cancel
            cluster.close()
        said = " ".join(str(error).partition("stderr:")[2].split()) or " ".join(str(error).split())
        raise UserError(f"--dask {kind}:{file}: {make_cluster.job_cls.submit_command} refuses the job: {said}") from None
    return cluster


def _keywords(cluster: Any) -> set[str]:
    """What a cluster of dask-jobqueue and its jobs may be given that a file can hold."""
    kinds = [kind for kind in (*cluster.__mro__, *cluster.job_cls.__mro__) if kind.__module__.startswith("dask_jobqueue.")]
    names = {name for kind in kinds for name in inspect.signature(kind.__init__).parameters}
    objects = {"self", "args", "kwargs", "job_kwargs", "base_class_kwargs", "job_cls", "scheduler", "scheduler_cls", "loop"}
    return names - objects - {"asynchronous", "security"}
