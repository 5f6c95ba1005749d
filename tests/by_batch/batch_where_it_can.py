"""The engine that ``pytest --engine batch`` puts in ngspice's place: the engine batch where it knows the bench, else ngspice."""

from __future__ import annotations

from collections.abc import Mapping

from spicekit import engines
from spicekit.bench import Bench
from spicekit.engines import Solved, ngspice
from spicekit.engines.batch.engine import solve as by_batch
from spicekit.waves import Array


def solve(bench: Bench, samples: Mapping[str, Array]) -> Solved:
    unable = by_batch.unable(bench) or any(point.parameter for point in bench.points())
    return ngspice.solve(bench, samples) if unable else by_batch(bench, samples)


def install() -> None:
    """From now on, in this process."""
    engines.SHIPPED[engines.NGSPICE] = f"{__name__}:solve"
