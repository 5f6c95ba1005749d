"""The engine ``batch``: transients of many trials at once, in compiled vector code of this machine.

What it does not know (another analysis, an element or a mode of a model that is not here, a machine without a compiler) it
says, and whoever sets up a campaign takes ngspice.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import files

import numpy as np

from spicekit.analysis import TranAnalysis
from spicekit.bench import Bench
from spicekit.benches.deck import Deck
from spicekit.engines import Solved, ngspice, trials_of
from spicekit.engines.altered import ABSURD
from spicekit.engines.batch import compiler
from spicekit.engines.batch.expression import number
from spicekit.engines.batch.layout import Layout
from spicekit.engines.batch.program import Program
from spicekit.engines.batch.reader import read
from spicekit.engines.batch.unsupported import Unsupported
from spicekit.errors import UserError
from spicekit.limit import counted
from spicekit.netlist import render_at
from spicekit.waves import Array, Waves

COMPLETE = 1
DEFAULTS = {"reltol": 1e-3, "abstol": 1e-12, "vntol": 1e-6, "trtol": 7.0, "chgtol": 1e-14}
KNOWN_OPTIONS = {*DEFAULTS, "method", "gmin", "num_threads", "itl1", "itl4", "rshunt"}


class Batch:
    """See :class:`spicekit.engines.Engine`.  A trial that finds no solution here is simulated by ngspice."""

    def unable(self, bench: Bench) -> str:
        """What of ``bench`` this engine does not know, or lacks; nothing if it can simulate it."""
        try:
            machine_of(bench)
        except Unsupported as reason:
            return str(reason)
        return ""

    def __call__(self, bench: Bench, samples: Mapping[str, Array]) -> Solved:
        try:
            machine = machine_of(bench)
        except Unsupported as reason:
            raise UserError(f"bench '{bench.name}': the engine batch does not know {reason}") from None
        points, trials = bench.points(), trials_of(samples)
        parameters = np.array([np.broadcast_to(samples.get(point.name, np.array(point.nominal)), trials) for point in points])
        columns = {measure.name: np.full(trials, np.nan) for measure in bench.measures()}
        waves = Waves({name: np.empty(0) for name in ("time", *machine.analysis.save)})
        with counted():
            runs = machine.run(parameters.T.reshape(trials, len(points)))
        lost = np.array([vectors is None for vectors in runs], dtype=bool)
        for trial, vectors in enumerate(runs):
            if vectors is not None:
                waves = Waves(vectors)
                for name, column in bench.measured(waves, 1).items():
                    columns[name][trial] = column[0]
        attempts, said = [0] * trials, ""
        converged = np.ones(trials, dtype=bool)
        if lost.any():
            again = ngspice.solve(bench, {name: values[lost] for name, values in samples.items()})
            converged[lost], said, waves = again.converged, again.said, again.waves
            for name, column in again.measures.items():
                columns[name][lost] = column
            for trial, attempt in zip(np.flatnonzero(lost).tolist(), again.attempts, strict=True):
                attempts[trial] = attempt + 1
        return Solved(columns, converged, attempts, waves, said)


solve = Batch()


def machine_of(bench: Bench) -> Machine:
    """A transient bench made ready to run.  Raises :class:`Unsupported`."""
    analysis = bench.analysis()
    if not isinstance(analysis, TranAnalysis) or isinstance(bench, Deck):
        raise Unsupported("an analysis that is no transient of a shipped kind")
    if any(point.parameter for point in bench.points()):
        raise Unsupported("draws of a library, which are parameters of the netlist")
    if analysis.seed is not None:
        raise Unsupported("noise sources")
    return _machine(render_at(bench, {}, standalone=False), tuple(point.name for point in bench.points()), _Key(analysis))


class _Key:
    """An analysis as a key: it holds a mapping of options."""

    def __init__(self, analysis: TranAnalysis) -> None:
        self.analysis = analysis

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.analysis == other.analysis

    def __hash__(self) -> int:
        return hash(repr(self.analysis))


@functools.lru_cache(maxsize=8)
def _machine(text: str, names: tuple[str, ...], key: _Key) -> Machine:
    """Kept from block to block of a campaign: making one takes seconds."""
    return Machine(text, names, key.analysis)


class Machine:
    """A netlist made ready to run; the DC values of the sources ``V<name>`` of ``names`` are those of a trial.

    Raises :class:`Unsupported` for what it cannot run.
    """

    def __init__(self, text: str, names: Sequence[str], analysis: TranAnalysis) -> None:
        self.analysis = analysis
        netlist = replace(read(text), tran=(analysis.step, analysis.stop))
        given = netlist.options
        other = sorted(given.keys() - KNOWN_OPTIONS)
        if other or given.get("method", "trap") != "trap":
            raise Unsupported(f"the option {other[0]}" if other else f"the method of integration {given['method']}")
        self.program = Program(netlist, names)
        numbers = {name: number(given.get(name, repr(value))) for name, value in DEFAULTS.items()}
        numbers |= {"stop": analysis.stop, "step": analysis.step, "largest": min(analysis.step, analysis.stop / 50)}
        self.layout = Layout(self.program, analysis.save, analysis.until, numbers, len(names))
        self.source = source(self.program)
        self.iterations: list[int] = []  # of Newton's method, of each trial of the last run
        self.rejected: list[int] = []  # steps that were too long
        self._start: Array | None = None
        self._library = compiler.library(self.source)
        self._declare()

    def _declare(self) -> None:
        pointer, whole = ctypes.c_void_p, ctypes.c_longlong
        lib = self._library
        lib.batch_run.argtypes, lib.batch_run.restype = [pointer, ctypes.c_int, pointer, pointer], pointer
        results = {
            "status": ctypes.c_int,
            "iterations": whole,
            "rejected": whole,
            "size": whole,
            "rows": pointer,
            "start": pointer,
        }
        for name, result in results.items():
            getattr(lib, f"batch_{name}").argtypes, getattr(lib, f"batch_{name}").restype = [pointer, ctypes.c_int], result
        lib.batch_free.argtypes, lib.batch_free.restype = [pointer], None

    def _nominal(self) -> Array:
        """The operating point of the netlist's own values, from which every trial's is searched; empty if there is none."""
        if self._start is None:
            lib, given = self._library, np.array(self.program.nominal, dtype=float)
            handle = lib.batch_run(ctypes.byref(self.layout.circuit), 1, given.ctypes.data, None)
            try:
                found = lib.batch_start(handle, 0)
                self._start = np.array((ctypes.c_double * self.program.unknowns).from_address(found)) if found else np.empty(0)
            finally:
                lib.batch_free(handle)
        return self._start

    def run(self, parameters: Array) -> list[dict[str, Array] | None]:
        """The vectors of each trial, None for one without a solution; ``parameters`` of shape (trials, points)."""
        lib, analysis = self._library, self.analysis
        given = np.ascontiguousarray(parameters)
        start = self._nominal()
        handle = lib.batch_run(
            ctypes.byref(self.layout.circuit), len(given), given.ctypes.data, start.ctypes.data if start.size else None
        )
        found: list[dict[str, Array] | None] = []
        self.iterations = [int(lib.batch_iterations(handle, trial)) for trial in range(len(given))]
        self.rejected = [int(lib.batch_rejected(handle, trial)) for trial in range(len(given))]
        try:
            for trial in range(len(given)):
                if lib.batch_status(handle, trial) != COMPLETE:
                    found.append(None)
                    continue
                size = lib.batch_size(handle, trial)
                data = (ctypes.c_double * size).from_address(lib.batch_rows(handle, trial))
                rows = np.array(data).reshape(-1, 1 + len(analysis.save)).T
                vectors = {name: row.copy() for name, row in zip(("time", *analysis.save), rows, strict=True)}
                found.append(vectors if all((abs(values) < ABSURD).all() for values in vectors.values()) else None)
        finally:
            lib.batch_free(handle)
        return found


def source(program: Program) -> str:
    """The C++ of a circuit's kernels with the engine around them."""
    folder = files("spicekit.engines.batch")
    kernels = [
        f"static void kernel{k}(const double *K, const V *in, V *out) {{\n{body}\n}}" for body, k in program.kernels.items()
    ]
    names = ", ".join(f"kernel{k}" for k in range(len(kernels)))
    engine = (folder / "transient.cpp").read_text().replace("typedef void (*Kernel)(const double *, const V *, V *);\n", "", 1)
    return "\n".join(
        [
            f"#define LANES {compiler.lanes()}",
            (folder / "vector.hpp").read_text(),
            *kernels,
            "typedef void (*Kernel)(const double *, const V *, V *);",
            f"static const Kernel KERNELS[] = {{{names}}};",
            engine,
        ]
    )
