"""The engine ``batch``: many trials at once, in compiled vector code of this machine.

What it does not know (an element or a mode of a model that is not here, a machine without a compiler) it says, and whoever
sets up a campaign takes ngspice.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from spicekit.analysis import DcAnalysis, TranAnalysis
from spicekit.bench import Bench
from spicekit.benches.deck import Deck
from spicekit.engines import Solved, ngspice, trials_of
from spicekit.engines.batch.machine import Machine
from spicekit.engines.batch.unsupported import Unsupported
from spicekit.errors import UserError
from spicekit.limit import counted
from spicekit.netlist import render_at
from spicekit.waves import Array, Waves


class Batch:
    """See :class:`spicekit.engines.Engine`.  A trial that finds no solution here is simulated by ngspice."""

    def unable(self, bench: Bench) -> str:
        """Why this engine cannot simulate ``bench``, as what it "does not know" or lacks; nothing if it can."""
        try:
            machine_of(bench)
        except Unsupported as error:
            return error.reason
        return ""

    def __call__(self, bench: Bench, samples: Mapping[str, Array]) -> Solved:
        try:
            machine = machine_of(bench)
        except Unsupported as error:
            raise UserError(f"bench '{bench.name}': the engine batch {error.reason}") from None
        points, trials = bench.points(), trials_of(samples)
        parameters = np.array([np.broadcast_to(samples.get(point.name, np.array(point.nominal)), trials) for point in points])
        given = parameters.T.reshape(trials, len(points))
        with counted():
            measures, waves, lost = (_static if machine.static else _transient)(bench, machine, given)
        attempts, said = [0] * trials, ""
        converged = np.ones(trials, dtype=bool)
        if lost.any():
            again = ngspice.solve(bench, {name: values[lost] for name, values in samples.items()})
            converged[lost], said = again.converged, again.said
            for name, column in again.measures.items():
                measures[name][lost] = column
            for trial, attempt in zip(np.flatnonzero(lost).tolist(), again.attempts, strict=True):
                attempts[trial] = attempt + 1
            waves = _with(waves, again.waves, np.repeat(lost, machine.points)) if machine.static else again.waves
        return Solved(measures, converged, attempts, waves, said)


solve = Batch()


def _static(bench: Bench, machine: Machine, given: Array) -> tuple[dict[str, Array], Waves, NDArray[np.bool_]]:
    """Measures and vectors of all trials, and which found no solution."""
    vectors, found = machine.points_of(given)
    waves = Waves(vectors)
    return bench.measured(waves, len(given)), waves, ~found


def _transient(bench: Bench, machine: Machine, given: Array) -> tuple[dict[str, Array], Waves, NDArray[np.bool_]]:
    """Measures of all trials, vectors of the last one, and which found no solution."""
    runs = machine.run(given)
    columns = {measure.name: np.full(len(given), np.nan) for measure in bench.measures()}
    waves = Waves({name: np.empty(0) for name in ("time", *machine.analysis.save)})
    for trial, vectors in enumerate(runs):
        if vectors is not None:
            waves = Waves(vectors)
            for name, column in bench.measured(waves, 1).items():
                columns[name][trial] = column[0]
    return columns, waves, np.array([vectors is None for vectors in runs], dtype=bool)


def _with(waves: Waves, others: Waves, where: NDArray[np.bool_]) -> Waves:
    """``waves`` with the points of ``others`` at ``where``."""
    vectors = {name: values.copy() for name, values in waves.vectors.items()}
    for name, values in others.vectors.items():
        vectors[name][where] = values
    return Waves(vectors)


def machine_of(bench: Bench) -> Machine:
    """A bench made ready to run.  Raises :class:`Unsupported`."""
    analysis = bench.analysis()
    if not isinstance(analysis, TranAnalysis | DcAnalysis) or isinstance(bench, Deck):
        raise Unsupported("an analysis of a netlist of one's own")
    if any(point.parameter for point in bench.points()):
        raise Unsupported("draws of a library, which are parameters of the netlist")
    if isinstance(analysis, TranAnalysis) and analysis.seed is not None:
        raise Unsupported("noise sources")
    state = (repr(sorted(bench.found.items())), repr(analysis))
    kept = _machines.get(bench)
    if kept is None or kept[0] != state:  # from block to block of a campaign: making one takes seconds, rendering milliseconds
        netlist = render_at(bench, {}, standalone=False)
        kept = _machines[bench] = state, _machine(netlist, tuple(point.name for point in bench.points()), _Key(analysis))
    return kept[1]


_machines: WeakKeyDictionary[Bench, tuple[tuple[str, str], Machine]] = WeakKeyDictionary()


class _Key:
    """An analysis as a key: it holds a mapping of options."""

    def __init__(self, analysis: DcAnalysis | TranAnalysis) -> None:
        self.analysis = analysis

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.analysis == other.analysis

    def __hash__(self) -> int:
        return hash(repr(self.analysis))


@functools.lru_cache(maxsize=8)
def _machine(text: str, names: tuple[str, ...], key: _Key) -> Machine:
    """Shared by benches of one netlist."""
    return Machine(text, names, key.analysis)
