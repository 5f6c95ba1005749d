"""A netlist made ready to run: its equations, the compiled library that solves them, and what comes back from it."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from spicekit.analysis import DcAnalysis, TranAnalysis
from spicekit.engines.altered import ABSURD
from spicekit.engines.batch import compiler, kept
from spicekit.engines.batch.expression import number
from spicekit.engines.batch.layout import Circuit, laid_out
from spicekit.engines.batch.program import Program
from spicekit.engines.batch.reader import read
from spicekit.engines.batch.unsupported import Unsupported
from spicekit.waves import Array

COMPLETE = 1
DEFAULTS = {"reltol": 1e-3, "abstol": 1e-12, "vntol": 1e-6, "trtol": 7.0, "chgtol": 1e-14}
KNOWN_OPTIONS = {*DEFAULTS, "method", "gmin", "num_threads", "itl1", "itl4", "rshunt"}
SLOPES = 20_000  # of unknowns by parameters, beyond which an iteration more costs less than they do
DIFFERENCE = 1e-3  # of a parameter, or in its unit where that is 0, from which the slopes of an operating point are taken


class Machine:
    """A netlist made ready to run; the DC values of the sources ``V<name>`` of ``names`` are those of a trial.

    Raises :class:`Unsupported` for what it cannot run.
    """

    def __init__(self, text: str, names: Sequence[str], analysis: DcAnalysis | TranAnalysis) -> None:
        self.analysis = analysis
        self.static = isinstance(analysis, DcAnalysis)
        self._inner: Array | None = None  # values of a source that is swept within each trial, as of a further parameter
        if isinstance(analysis, DcAnalysis) and analysis.inner is not None:
            source, first, last, step = analysis.inner
            if source.lower() in {f"v{name}".lower() for name in names}:
                raise Unsupported(f"{source}, which varies, swept within each trial")
            self._inner = np.arange(first, last + 1, step, dtype=float)
            names = [*names, source[1:]]
        self.points = 1 if self._inner is None else len(self._inner)  # of each trial
        key = kept.key_of(text, repr(list(names)), repr(analysis))
        made = kept.load(key)
        if made is None:
            made = _prepared(text, names, analysis)
            kept.store(key, made)
        self.source, self.layout, self.nominal = made.source, made.layout, made.nominal
        self.unknowns = made.layout.counts["unknowns"]
        self.iterations: list[int] = []  # of Newton's method, of each trial of the last run
        self.rejected: list[int] = []  # steps that were too long
        self._start: Array | None = None
        self._slopes: Array | None = None
        self._library = compiler.library(self.source)
        self._declare()

    def rest(self, factor: float) -> None:
        """How far from where it was evaluated a transistor may be its own tangent, as a factor on the usual; 0: nowhere."""
        self.layout.circuit.resting = factor

    def run(self, parameters: Array) -> list[dict[str, Array] | None]:
        """The vectors of each trial, None for one without a solution; ``parameters`` of shape (trials, points)."""
        names = ("time", *self.analysis.save)
        found: list[dict[str, Array] | None] = []
        for rows in self._solved(parameters):
            if rows is None:
                found.append(None)
                continue
            vectors = {name: row.copy() for name, row in zip(names, rows.reshape(-1, len(names)).T, strict=True)}
            found.append(vectors if all((abs(values) < ABSURD).all() for values in vectors.values()) else None)
        return found

    def points_of(self, parameters: Array) -> tuple[dict[str, Array], NDArray[np.bool_]]:
        """The vectors of the operating points of all trials, each of shape (trials * points,) with those of one trial together,
        and which trials found all of theirs; ``parameters`` of shape (trials, variation points)."""
        names, trials = self.analysis.save, len(parameters)
        if self._inner is not None:
            parameters = np.column_stack([np.repeat(parameters, self.points, axis=0), np.tile(self._inner, trials)])
        lib = self._library
        table = np.empty((len(parameters), 1 + len(names)))
        handle = self._begin(self.layout.circuit, parameters, self._nominal(), self._sloped())
        try:
            self.iterations = [int(lib.batch_iterations(handle, trial)) for trial in range(len(parameters))]
            lib.batch_table(handle, table.ctypes.data, table.shape[1])
        finally:
            lib.batch_free(handle)
        good: NDArray[np.bool_] = np.isfinite(table).all(axis=1).reshape(trials, self.points)
        return dict(zip(names, table.T[1:], strict=True)), np.logical_and.reduce(good, axis=1)

    def _nominal(self) -> Array:
        """The operating point of the netlist's own values, from which every trial's is searched; empty if there is none."""
        if self._start is None:
            self._start = self._operating(np.array([self.nominal], dtype=float), None)[0]
        return self._start

    def _sloped(self) -> Array | None:
        """How the nominal operating point moves with each parameter: their nominal values, then a row each of the slopes;
        None where these are too many."""
        start = self._nominal()
        if self._slopes is None and 0 < start.size * len(self.nominal) <= SLOPES:
            nominal = np.array(self.nominal, dtype=float)
            steps = np.where(nominal == 0, 1.0, np.abs(nominal)) * DIFFERENCE
            moved = self._operating(nominal + np.diag(steps), start)
            slopes = [(one - start) / step if one.size else np.zeros(start.size) for one, step in zip(moved, steps, strict=True)]
            self._slopes = np.concatenate([nominal, *slopes])
        return self._slopes

    def _operating(self, parameters: Array, start: Array | None) -> list[Array]:
        """The unknowns at the operating point of each row of ``parameters``, nothing where there is none."""
        lib = self._library
        circuit = Circuit.from_buffer_copy(self.layout.circuit)
        circuit.stop = 0.0
        handle = self._begin(circuit, parameters, start, None)
        try:
            found = [lib.batch_start(handle, trial) for trial in range(len(parameters))]
            return [np.array((ctypes.c_double * self.unknowns).from_address(one)) if one else np.empty(0) for one in found]
        finally:
            lib.batch_free(handle)

    def _solved(self, parameters: Array) -> list[Array | None]:
        """What is saved of each trial, point by point behind the time; None for one without a solution."""
        lib, trials = self._library, range(len(parameters))
        handle = self._begin(self.layout.circuit, parameters, self._nominal(), None)
        try:
            self.iterations = [int(lib.batch_iterations(handle, trial)) for trial in trials]
            self.rejected = [int(lib.batch_rejected(handle, trial)) for trial in trials]
            return [
                np.array((ctypes.c_double * lib.batch_size(handle, trial)).from_address(lib.batch_rows(handle, trial)))
                if lib.batch_status(handle, trial) == COMPLETE
                else None
                for trial in trials
            ]
        finally:
            lib.batch_free(handle)

    def _begin(self, circuit: Circuit, parameters: Array, start: Array | None, slopes: Array | None) -> int:
        """Run the trials of ``parameters``; a handle of their results, which is to be freed."""
        given = np.ascontiguousarray(parameters)
        first, moves = (array.ctypes.data if array is not None and array.size else None for array in (start, slopes))
        return int(self._library.batch_run(ctypes.byref(circuit), len(given), given.ctypes.data, first, moves))

    def _declare(self) -> None:
        pointer, whole = ctypes.c_void_p, ctypes.c_longlong
        lib = self._library
        lib.batch_run.argtypes, lib.batch_run.restype = [pointer, ctypes.c_int, pointer, pointer, pointer], pointer
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
        lib.batch_table.argtypes, lib.batch_table.restype = [pointer, pointer, ctypes.c_int], None
        lib.batch_free.argtypes, lib.batch_free.restype = [pointer], None


def _prepared(text: str, names: Sequence[str], analysis: DcAnalysis | TranAnalysis) -> kept.Prepared:
    netlist = read(text)
    given = netlist.options
    other = sorted(given.keys() - KNOWN_OPTIONS)
    if other or given.get("method", "trap") != "trap":
        raise Unsupported(f"the option {other[0]}" if other else f"the method of integration {given['method']}")
    numbers = {name: number(given.get(name, repr(value))) for name, value in DEFAULTS.items()}
    numbers |= {"stop": 0.0, "step": 1.0, "largest": 1.0, "resting": 1.0}
    until = None
    if isinstance(analysis, TranAnalysis):
        netlist = replace(netlist, tran=(analysis.step, analysis.stop))
        until = analysis.until
        numbers |= {"stop": analysis.stop, "step": analysis.step, "largest": min(analysis.step, analysis.stop / 50)}
    program = Program(netlist, names, isinstance(analysis, DcAnalysis))
    layout = laid_out(program, analysis.save, until, numbers, len(names))
    return kept.Prepared(source_of(program), layout, program.nominal)


def source_of(program: Program) -> str:
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
