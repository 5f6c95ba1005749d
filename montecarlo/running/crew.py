"""Who simulates for a job, within what limits, and who is told of it: given once, and handed on whole."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any, Self, TypedDict

from montecarlo.running.executor import LocalExecutor

Progress = Callable[[int, int], None]  # finished trials, all trials
Warn = Callable[[str], None]


class Settings(TypedDict, total=False):
    """The fields of a :class:`Crew`, as a job's ``run`` takes them by name."""

    executor: Executor | None
    workers: int | None
    timeout: float
    retry: bool
    keep_going: bool
    progress: Progress
    warn: Warn


@dataclass(frozen=True)
class Crew:
    """The workers of a job.  Used as a context, its own processes end with it: at once if that ends with an error.

    Each job starts processes of its own; jobs share those of an ``executor``, and of :meth:`part`.

    ``executor`` is any ``concurrent.futures.Executor``; without one, ``workers`` local processes (default: every core) with
    ``timeout`` seconds of the processor a trial (:mod:`spicekit.limit`).  ``retry`` simulates again what an earlier run lost as
    ``timeout`` or ``crashed``; ``keep_going`` goes on where the first trials all fail in the same way.
    """

    executor: Executor | None = None
    workers: int | None = None
    timeout: float = 120.0
    retry: bool = False
    keep_going: bool = False
    progress: Progress = lambda done, total: None
    warn: Warn = lambda line: None

    @classmethod
    def of(cls, crew: Crew | None, settings: Settings) -> Crew:
        """``crew``, or the usual one, with ``settings`` in place of its own."""
        return replace(crew or cls(), **settings)

    @functools.cached_property
    def pool(self) -> Executor:
        """Its executor; local processes start when it is first asked for."""
        return LocalExecutor(self.workers, self.timeout) if self.executor is None else self.executor

    def part(self, before: int, total: int, **changes: Any) -> Crew:
        """The same workers, who stay when it ends, for a part of a job: ``before`` of its ``total`` trials come before it."""

        def progress(done: int, _: int) -> None:
            self.progress(before + done, total)

        return replace(self, executor=self.pool, progress=progress, **changes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None) -> None:
        pool = self.__dict__.pop("pool", None)
        if self.executor is None and pool is not None:
            pool.shutdown(cancel_futures=error is not None)
