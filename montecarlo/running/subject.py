"""What is simulated, as far as those who have it simulated need to know; :class:`montecarlo.Campaign` is it."""

from __future__ import annotations

from typing import Any, Protocol

from montecarlo.variation import Space
from spicekit.bench import Bench
from spicekit.waves import Array


class Subject(Protocol):
    """Numbered trials of a bench with its variations."""

    bench_name: str
    parameters: dict[str, Any]
    space: Space
    trials: int
    engine: str

    @property
    def bench(self) -> Bench:
        """Calibrated."""

    @property
    def inputs(self) -> dict[str, str]:
        """The files that it was made from: absolute path -> SHA-256."""


class Drawn(Subject, Protocol):
    """A subject whose samples are drawn by a sampler."""

    seed: int
    sampler: str

    def normals(self, first: int, last: int) -> Array:
        """The standard-normal coordinates behind the samples of trials ``first`` to ``last - 1``, shape (trials, dimensions)."""
