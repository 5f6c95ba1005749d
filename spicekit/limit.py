"""A limit on the processor time of a simulation.

The kernel keeps it, by timers whose signals end the process: ngspice gives no way to stop it from Python, and a thread that
watches would wait for whoever holds the interpreter.  So :func:`limited` is for processes made for simulating alone.

What counts is what runs in :func:`counted`: an engine's solving and measuring, not the reading of netlists and libraries, nor a
simulation that calibrates the bench before.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import TypeVar

from spicekit.errors import SpicekitError, UserError

T = TypeVar("T")

LEAST, MOST = 0.1, 1e7  # s that may be given as a limit: what a clock resolves, and 116 days

WALL = 20  # times the limit, by the wall clock: of a simulation that sleeps and takes no processor time
LOADING = 3600.0  # s by the wall clock, for what does not count: reading a library, calibrating a bench
SIGNALS = (signal.SIGPROF, signal.SIGALRM)

_seconds: float | None = None
_counting = False


def checked(seconds: float) -> float:
    """``seconds``, if they can be a limit.  Raises :class:`UserError` else."""
    if not LEAST <= seconds <= MOST:
        raise UserError(f"timeout of {seconds:g} s given; allowed: {LEAST:g} to {MOST:g} s")
    return seconds


@contextlib.contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """Within, this process ends by one of :data:`SIGNALS` if something counted takes more than ``seconds`` of the processor.

    None sets no limit.
    """
    global _seconds
    if seconds is None:
        yield
        return
    for signum in SIGNALS:
        signal.signal(signum, signal.SIG_DFL)
    _seconds = seconds
    signal.setitimer(signal.ITIMER_REAL, LOADING)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        _seconds = None


@contextlib.contextmanager
def counted() -> Iterator[None]:
    """One simulation that the limit holds for; nothing where there is no limit, and part of the outer one within another."""
    global _counting
    if _seconds is None or _counting:
        yield
        return
    _counting = True
    signal.setitimer(signal.ITIMER_REAL, WALL * _seconds)
    signal.setitimer(signal.ITIMER_PROF, _seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, LOADING)
        _counting = False


@contextlib.contextmanager
def uncounted() -> Iterator[None]:
    """Simulations that calibrate: they do not count, unless they are part of something that does."""
    global _counting
    before, _counting = _counting, True
    try:
        yield
    finally:
        _counting = before


def exceeded(exitcode: int | None) -> bool:
    """Whether a process that ended with ``exitcode`` was ended by its limit."""
    return exitcode is not None and -exitcode in SIGNALS


def isolated(work: Callable[[], T], seconds: float) -> T:
    """What ``work`` gives, in a copy of this process with a limit of ``seconds``.

    Raises what it raises, :class:`TimeoutError` at the limit, :class:`KeyboardInterrupt` if the process was interrupted, and
    :class:`ChildProcessError` if it dies otherwise.
    """
    context = multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)

    def child() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # at once: a handler in Python would wait for ngspice
        answer: T | Exception
        try:
            with limited(seconds):
                answer = work()
        except (Exception, SystemExit) as error:
            from spicekit.blame import blamed

            answer = blamed(error) or (error if isinstance(error, Exception) else SpicekitError(f"SystemExit: {error}"))
            answer.add_note(traceback.format_exc())  # the pipe does not carry where it happened
        writer.send((isinstance(answer, Exception), answer))

    process = context.Process(target=child, daemon=True)
    with warnings.catch_warnings():  # from Python 3.12: threads of OpenBLAS and pyarrow, which the child does not use
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        process.start()
    writer.close()
    try:
        failed, answer = reader.recv()
    except EOFError:
        process.join()
        if exceeded(process.exitcode):
            raise TimeoutError from None
        if process.exitcode == -signal.SIGINT:  # Ctrl-C goes to the whole group, and the child may be the faster one
            raise KeyboardInterrupt from None
        raise ChildProcessError(f"exit code {process.exitcode}") from None
    process.join()
    if failed:
        raise answer
    return answer  # type: ignore[no-any-return]
