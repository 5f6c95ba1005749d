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
from spicekit.engines.reading import read
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
    """With tolerances ten times finer than the bench's: how far it is from convergence."""
    analysis = bench.analysis()
    if isinstance(bench, Deck) or not isinstance(analysis, TranAnalysis | DcAnalysis):
        raise UserError(f"bench '{bench.name}' is a netlist of one's own: the engine ngspice-fine has no tolerances to refine")
    given = dict(word.split("=") for word in analysis.option_line().split())
    numbers = {"chgtol": 1e-14, **{name: float(given[name]) for name in ("reltol", "abstol", "vntol", "chgtol") if name in given}}
    return _solve(bench, samples, " ".join(f"{name}={value / 10!r}" for name, value in numbers.items()))


def _solve(bench: Bench, samples: Mapping[str, Array], always: str) -> Solved:
    """``always`` are words of the ``.options`` line beside those of the fallbacks."""
    trials = trials_of(samples)
    if trials > 1 and _computed(bench, samples):
        return _one_by_one(bench, samples, trials, always)
    ngspice = simulator()
    kind = Parsed if isinstance(bench, Deck) else Swept if isinstance(bench.analysis(), DcAnalysis) else Altered
    way: Way = kind(ngspice, bench, samples, trials)
    attempts = [0] * trials
    left = list(range(trials))
    # a table of values is a part of the netlist; what a library computes when it is read is another circuit
    varying = [] if kind is Altered or _computed(bench, samples) else [point.name for point in bench.points()]
    for attempt, fallback in enumerate(["", *(settings for _, settings in way.fallbacks)]):
        settings = f"{always} {fallback}".strip()
        netlist = way.netlist.replace("\n.save ", f"\n.options {settings}\n.save ", 1) if settings else way.netlist
        if kind is not Parsed:  # it reads one for each trial
            read(ngspice, bench, netlist, kind is Altered or bool(varying), varying)
        for trial in left:
            attempts[trial] = attempt
        left = way.run(left)
        if not left:
            break
    measures, waves = way.results()
    converged = np.ones(trials, dtype=bool)
    converged[left] = False
    return Solved(measures, converged, attempts, waves, ngspice.last_words() if left else "")


def _computed(bench: Bench, samples: Mapping[str, Array]) -> bool:
    """Whether a library computes something from the samples when it is read."""
    return any(point.parameter and point.name in samples for point in bench.points())


def _one_by_one(bench: Bench, samples: Mapping[str, Array], trials: int, always: str) -> Solved:
    """Trials whose netlists differ: what a library computes when it is read varies, and ngspice reads it for each."""
    parts = [_solve(bench, {name: values[k : k + 1] for name, values in samples.items()}, always) for k in range(trials)]
    measures = {name: np.concatenate([part.measures[name] for part in parts]) for name in parts[0].measures}
    converged = np.concatenate([part.converged for part in parts])
    waves = parts[-1].waves
    if isinstance(bench.analysis(), DcAnalysis):
        waves = Waves({name: np.concatenate([part.waves.vectors[name] for part in parts]) for name in waves.vectors})
    attempts = [attempt for part in parts for attempt in part.attempts]
    return Solved(measures, converged, attempts, waves, next((part.said for part in reversed(parts) if part.said), ""))
