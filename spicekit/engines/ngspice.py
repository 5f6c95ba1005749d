"""The default engine: ngspice in this process, by the way of running that fits the bench's analysis.

A trial that finds no solution is tried again with other settings of the solver, the way's ``fallbacks``, in their order; the
tolerances stay those of the bench.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Protocol

import numpy as np

from spicekit.analysis import DcAnalysis, TranAnalysis
from spicekit.bench import Bench
from spicekit.benches.deck import Deck
from spicekit.engines import Solved, trials_of
from spicekit.engines.altered import Altered
from spicekit.engines.parsed import Parsed
from spicekit.engines.swept import Swept
from spicekit.errors import UserError
from spicekit.simulator import simulator
from spicekit.waves import Array, Waves

Fallbacks = tuple[tuple[str, str], ...]  # in words, and as words of an .options line


class Way(Protocol):
    """A way to run the trials of one bench."""

    fallbacks: ClassVar[Fallbacks]
    netlist: str

    def run(self, trials: list[int]) -> list[int]:
        """Simulate ``trials`` with the netlist that was just loaded; returns those that found no solution."""
        ...

    def results(self) -> tuple[dict[str, Array], Waves]:
        """Measures of all trials, NaN where there is no solution, and the waveforms."""
        ...


def solve(bench: Bench, samples: Mapping[str, Array]) -> Solved:
    """The engine ``ngspice``: see :class:`spicekit.engines.Engine`."""
    return _solve(bench, samples, "")


def fine(bench: Bench, samples: Mapping[str, Array]) -> Solved:
    """Transients with tolerances ten times finer than the bench's: how far it is from convergence."""
    analysis = bench.analysis()
    if not isinstance(analysis, TranAnalysis):
        raise UserError(f"bench '{bench.name}' is no transient: the engine ngspice-fine has nothing to refine")
    numbers = {"abstol": 1e-13, "vntol": 1e-7, "chgtol": 1e-14, **analysis.options, "reltol": analysis.reltol}
    finer = " ".join(f"{name}={numbers[name] / 10!r}" for name in ("reltol", "abstol", "vntol", "chgtol"))
    return _solve(bench, samples, finer)


def _solve(bench: Bench, samples: Mapping[str, Array], always: str) -> Solved:
    """``always`` are words of the ``.options`` line beside those of the fallbacks."""
    ngspice, trials = simulator(), trials_of(samples)
    kind = Parsed if isinstance(bench, Deck) else Swept if isinstance(bench.analysis(), DcAnalysis) else Altered
    way: Way = kind(ngspice, bench, samples, trials)
    attempts = [0] * trials
    left = list(range(trials))
    for attempt, fallback in enumerate(["", *(settings for _, settings in way.fallbacks)]):
        settings = f"{always} {fallback}".strip()
        netlist = way.netlist.replace("\n.save ", f"\n.options {settings}\n.save ", 1) if settings else way.netlist
        ngspice.load(netlist, bench.technology.compatibility)
        for trial in left:
            attempts[trial] = attempt
        left = way.run(left)
        if not left:
            break
    measures, waves = way.results()
    converged = np.ones(trials, dtype=bool)
    converged[left] = False
    return Solved(measures, converged, attempts, waves, ngspice.last_words() if left else "")
