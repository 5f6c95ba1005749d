"""The engines: what simulates the trials of a bench.

An engine is a function of a bench and samples (:class:`Engine`).  It is found by name: shipped, a user's file
(``path/to/file.py:name``) or an installed entry point.  ``ngspice`` is the default, and what others are compared with.  What a
trial is worth (its outcome, and that an impossible sample is not simulated) is said in :mod:`spicekit.block`, once for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from spicekit.errors import UserError
from spicekit.registry import find
from spicekit.waves import Array, Waves

if TYPE_CHECKING:
    from spicekit.bench import Bench

NGSPICE, FINE, BATCH = "ngspice", "ngspice-fine", "batch"
SHIPPED = {
    NGSPICE: "spicekit.engines.ngspice:solve",
    FINE: "spicekit.engines.ngspice:fine",
    BATCH: "spicekit.engines.batch.engine:solve",
}
ENTRY_POINT_GROUP = "spicekit.engines"


@dataclass(frozen=True)
class Solved:
    """What an engine gives of a block of trials."""

    measures: dict[str, Array]  # of Bench.measured: name -> shape (trials,); NaN for a trial that found no solution
    converged: NDArray[np.bool_]  # shape (trials,)
    attempts: list[int]  # the fallback that each trial needed, 0 none
    waves: Waves  # DC: of all trials; transient: of the last one that ran
    said: str = ""  # what the engine said last, in one line: shown for a trial without a solution


class Engine(Protocol):
    """Simulates trials of a bench in this process.

    What takes time for each trial runs in :func:`spicekit.limit.counted`.  The same samples give the same bits, whatever was
    simulated before.  Raises :class:`UserError` for a bench that it cannot simulate.
    """

    def __call__(self, bench: Bench, samples: Mapping[str, Array], /) -> Solved:
        """``samples``: variation point -> shape (trials,); points not in it are nominal; without any it is one trial."""
        ...


def trials_of(samples: Mapping[str, Array]) -> int:
    """The number of trials that ``samples`` ask for."""
    return len(next(iter(samples.values()))) if samples else 1


def unable(name: str, bench: Bench) -> str:
    """Why the engine ``name`` cannot simulate ``bench``, which is calibrated; nothing if it can, or if it does not say.

    An engine says it in its method ``unable``, as what follows its name: "does not know noise sources".
    """
    says = getattr(engine(name), "unable", None)
    return "" if says is None else str(says(bench))


def engine(name: str) -> Engine:
    """The engine ``name``.  Raises :class:`UserError` for one that does not exist."""
    found = find("engine", name, SHIPPED, ENTRY_POINT_GROUP)
    if not callable(found) or isinstance(found, type):
        raise UserError(f"engine '{name}' is no function of a bench and samples")
    chosen: Engine = found
    return chosen
