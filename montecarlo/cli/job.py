"""How every command runs its job: who simulates, the progress shown, what an interruption leaves."""

from __future__ import annotations

import contextlib
import signal
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from montecarlo.cli.output import ProgressBar
from spicekit.cli.output import fail, warn
from spicekit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor

    from montecarlo.running.crew import Crew

Result = TypeVar("Result")


def run_job(
    label: str,
    run: Callable[[Path, Crew], Result],
    out: Path | None,
    *,
    workers: int | None,
    dask: str | None,
    timeout: float,
    retry: bool = False,
    keep_going: bool = False,
) -> Result:
    """What ``run`` makes of folder ``out`` (None: of one that is not kept) with the crew that the options ask for."""
    from montecarlo.running.crew import Crew

    with (
        contextlib.nullcontext(out) if out else tempfile.TemporaryDirectory() as folder,
        _executor(dask, workers, timeout) as executor,
        ProgressBar(label) as progress,
    ):
        try:
            with _ended_in_order():
                return run(Path(folder), Crew(executor, workers, timeout, retry, keep_going, progress, warn))
        except KeyboardInterrupt:
            kept = f"; the finished trials are in {out}: the same command goes on from there" if out else ""
            fail(f"interrupted{kept}", 1)


@contextlib.contextmanager
def _ended_in_order() -> Iterator[None]:
    """Within, SIGTERM is what Ctrl-C is: the workers are ended and what they share is given back.

    Without, Python dies at once, and its resource tracker tells of leaked semaphores.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _executor(dask: str | None, workers: int | None, timeout: float) -> contextlib.AbstractContextManager[Executor | None]:
    """The executor that --dask asks for; None for this machine's cores."""
    if dask is None:
        return contextlib.nullcontext()
    if workers is not None:
        raise UserError(f"--workers {workers}: those of --dask are started there; give one of the two options")
    from montecarlo.running.cluster import cluster_executor

    return cluster_executor(dask, timeout)
