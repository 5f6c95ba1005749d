"""A bench step by step: the circuit is simulated up to its next inputs, Python looks at the outputs and decides on these.

    with ChargeIf().session() as neuron:
        for _ in range(8):
            outputs = neuron.step(n1=150)
            ...

ngspice pauses at a time point and goes on with altered sources, so that all state is the circuit's own: charge on capacitors.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Generic, Self

import numpy as np

from spicekit.analysis import TranAnalysis
from spicekit.bench import Bench, P_co
from spicekit.engines.altered import stopped
from spicekit.engines.calibrate import calibrated
from spicekit.errors import SpicekitError
from spicekit.netlist import render_at
from spicekit.simulator import simulator
from spicekit.waves import Waves


class SteppedBench(Bench[P_co], Generic[P_co]):
    """A bench that can be stepped; its template reads ``live``, which is True in a session."""

    live = False

    @abstractmethod
    def input_time(self, step: int) -> float:
        """When the inputs of ``step`` (counted from 0) change, in seconds; the outputs of the one before are there by then."""

    @abstractmethod
    def sources(self, **inputs: Any) -> Mapping[str, float]:
        """Voltage sources, without their V, and their values for these inputs.  Raises :class:`UserError` for wrong ones."""

    @abstractmethod
    def outputs(self, waves: Waves, step: int) -> Mapping[str, float]:
        """What ``step`` gives, from waveforms that hold this step and end at the inputs of the next."""

    def session(self, values: Mapping[str, float] | None = None) -> Session:
        """A running simulation, at ``values`` of the variation points (the others stay nominal)."""
        bench = copy.copy(self)
        bench.live = True
        return Session(bench, values)


class Session:
    """A running simulation of ``bench``, at ``values`` of its variation points (the others stay nominal).

    A process has one simulator: whatever else is simulated in it meanwhile ends the session.
    """

    def __init__(self, bench: SteppedBench, values: Mapping[str, float] | None = None, longest: int = 100_000) -> None:
        calibrated(bench)
        analysis = bench.analysis()
        assert isinstance(analysis, TranAnalysis)
        self.bench = bench
        self.steps = 0  # taken so far
        self._names = ("time", *analysis.save)
        self._longest = longest
        self._read = 0  # points of the waveforms that belong to steps taken
        self._ngspice = simulator()
        netlist = render_at(bench, values or {}, standalone=False)
        self._ngspice.load(netlist, bench.technology.compatibility, bench.technology.compiled())
        self._own = self._ngspice.loads
        # noise is drawn as in a trial with these values: none at a seed of 0, which ngspice does not take
        self._drawn = analysis.drawn
        seed = 0 if analysis.seed is None else int((values or {}).get(analysis.seed, 0))
        if seed:
            self._ngspice.command(f"setseed {seed}")
        stop = bench.input_time(longest)
        self._advance(0, f"tran {analysis.step!r} {stop!r} 0 {analysis.step!r}")

    def step(self, **inputs: Any) -> dict[str, float]:
        """Set the inputs of the next step, simulate it, return its outputs.

        Raises :class:`SpicekitError` if the simulation fails or the session has ended.
        """
        sources = self.bench.sources(**inputs)
        if self._own != self._ngspice.loads:
            raise SpicekitError("the session has ended: it was closed, or this process has simulated something else since")
        if self.steps == self._longest:
            raise SpicekitError(f"the session ends after {self._longest} steps")
        for name, value in sources.items():
            self._ngspice.command(f"alter v{name} dc={float(value)!r}")
        waves = self._advance(self.steps + 1)
        outputs = dict(self.bench.outputs(waves, self.steps))
        self.steps += 1
        return outputs

    def waves(self) -> Waves:
        """All waveforms so far."""
        return Waves(self._ngspice.vectors(self._names))

    def close(self) -> None:
        """End the simulation."""
        if self._own == self._ngspice.loads:
            self._ngspice.clear()
            self._own = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _advance(self, step: int, analysis: str | None = None) -> Waves:
        """Simulate up to the inputs of ``step``; the waveforms since the last inputs."""
        until = self.bench.input_time(step)
        self._ngspice.run_until(until, analysis)
        vectors = self._ngspice.vectors(self._names, self._read)
        lengths = {len(values) for values in vectors.values()}
        if len(vectors) != len(self._names) or lengths in ({0}, set()) or vectors["time"][-1] < until:
            raise SpicekitError(f"the session's simulation failed in step {self.steps}: {self._ngspice.last_words()}")
        if not all(np.isfinite(values).all() for values in vectors.values()):
            raise SpicekitError(f"the session's simulation failed in step {self.steps}: not a number")
        if self._drawn is not None and stopped(vectors[self._drawn]):
            raise SpicekitError(f"the session's simulation failed in step {self.steps}: a source of noise stopped")
        self._read += len(vectors["time"]) - 1
        return Waves(vectors)
