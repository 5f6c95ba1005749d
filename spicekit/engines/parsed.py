"""ngspice's way with netlists of a user's own: every trial is a netlist of its own, parsed anew.

So nothing of one trial can reach the next, whatever the netlist holds, and its ``.meas`` are evaluated by ngspice itself.  (After
an ``alter`` they are not: a ``.meas`` of ``param`` keeps the value of the first run, without a word.)
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from spicekit.bench import Bench
from spicekit.benches.deck import Deck, measured
from spicekit.engines.altered import ABSURD
from spicekit.engines.reading import read
from spicekit.errors import UserError
from spicekit.limit import counted
from spicekit.simulator import Simulator
from spicekit.waves import Array, Waves

DIGITS = "16"  # behind the point, of a parameter that ngspice prints: all that a double has
_ABORTED = re.compile(r"aborted|analysis not run|no such analysis", re.IGNORECASE)
_MISSING = re.compile(r"no such vector as '?([^\s']+?)'?\.?\s*$", re.IGNORECASE)
_UNKNOWN = re.compile(r"no such vector|no such function|not available or has zero length", re.IGNORECASE)


class Parsed:
    """``trials`` trials of a :class:`Deck`."""

    fallbacks: ClassVar[tuple[tuple[str, str], ...]] = ()

    def __init__(self, ngspice: Simulator, bench: Bench, samples: Mapping[str, Array], trials: int) -> None:
        assert isinstance(bench, Deck)
        self._ngspice, self._bench, self._samples = ngspice, bench, samples
        self._analysis = bench.analysis()
        self.netlist = bench.simulated({})
        self._columns = {measure.name: np.full(trials, np.nan) for measure in bench.measures()}
        self._waves = Waves({})
        os.environ["NGSPICE_MEAS_PRECISION"] = DIGITS

    def run(self, trials: list[int]) -> list[int]:
        failed = []
        for trial in trials:
            values = {name: float(column[trial]) for name, column in self._samples.items()}
            read(self._ngspice, self._bench, self._bench.simulated(values))
            with counted():
                found = self._simulate()
            if found is None:
                failed.append(trial)
                continue
            for measure in self._bench.measures():
                value = np.array([found.get(measure.name, np.nan)])
                self._columns[measure.name][trial] = (value if measure.limits is None else measure.limits.applied(value))[0]
        return failed

    def results(self) -> tuple[dict[str, Array], Waves]:
        return self._columns, self._waves

    def _simulate(self) -> dict[str, float] | None:
        """The measures of all analyses of the netlist that is loaded; None if one of them has no solution."""
        found: dict[str, float] = {}
        for name, command in self._analysis.commands.items():
            said = self._ngspice.told(command)
            self._check_vectors(name)
            if any(_ABORTED.search(line) for line in said) or not self._complete(name):
                return None
            chosen = self._analysis.readings
            at_points = [reading.vector for reading in chosen if reading.analysis == name and reading.vector]
            values = self._ngspice.vectors(at_points)
            found |= measured.values([*chosen], said)
            found |= {r.measure.name: float(values[r.vector][-1]) for r in chosen if r.analysis == name and r.vector in values}
            self._check(name, said, found)
        return found

    def _complete(self, name: str) -> bool:
        """Whether a transient reached its end with voltages that a circuit has; its waveforms are kept."""
        if name != "tran":
            return True
        vectors = self._ngspice.vectors(("time", *self._analysis.save))
        time = vectors.get("time", np.empty(0))
        if len(time) < 2 or time[-1] < self._analysis.stop * (1 - 1e-9):
            return False
        self._waves = Waves(vectors)
        return all((abs(values) < ABSURD).all() for values in vectors.values())

    def _check_vectors(self, name: str) -> None:
        """Raise :class:`UserError` for a vector that a transient is asked for and the circuit does not have."""
        if name != "tran" or not self._analysis.save:
            return
        there = self._ngspice.vectors(self._analysis.save)
        for vector in self._analysis.save:
            readings = [r for r in self._analysis.readings if r.statement and vector in r.statement.text.lower().replace(" ", "")]
            if vector not in there and readings and readings[0].statement and vector[0] == "v":
                raise UserError(
                    f"{readings[0].statement.place}: measure '{readings[0].measure.name}': the circuit has no node {vector[2:-1]}"
                )

    def _check(self, name: str, said: list[str], found: Mapping[str, float]) -> None:
        """Raise :class:`UserError` for a measure that has no value because it asks for what the circuit does not have."""
        own = [r for r in self._analysis.readings if r.analysis == name and r.statement]
        for vector in (match[1].lower() for line in said if (match := _MISSING.search(line))):
            for statement in (r.statement for r in own if r.statement and vector in r.statement.text.lower().replace(" ", "")):
                # of a WHEN ngspice then says 0
                hint = "" if "(" in vector else f" (a node is v({vector}))"
                hint = " (give par('v(a)-v(b)'))" if re.search(r"\(.*,|\)[-+*/]", vector) else hint
                words = f"the circuit has no vector {vector}{hint}"
                raise UserError(f"{statement.place}: measure '{statement.text.split()[2].lower()}': {words}")
        for reading in self._analysis.readings:
            if reading.analysis != name or reading.measure.name in found:
                continue
            words = next((line.strip() for line in said if _UNKNOWN.search(line)), "")
            place = reading.statement.place if reading.statement else str(self._bench.source.path)
            if not words and reading.measure.limits is None and not reading.exact:
                words = " ".join(line.strip() for line in said if re.search("error|failed", line, re.IGNORECASE)) or "no value"
            if words or reading.vector:
                raise UserError(f"{place}: measure '{reading.measure.name}': ngspice: {words or f'no vector {reading.vector}'}")
