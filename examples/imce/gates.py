"""From the simulated tables to gates: which gate a pair of cells is, drawn for a whole memory at an operating point."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imce.bench import GATES, WORDS
from montecarlo import clopper_pearson
from montecarlo.executor import LocalExecutor
from montecarlo.sweep import Sweep
from spicekit.table import LookupTable

BENCH = f"{Path(__file__).with_name('bench.py')}:ImceAnd"
WRONG = {  # the inputs -> the gates that answer them wrongly
    word: [name for name, outputs in GATES.items() if outputs[index] != GATES["and"][index]] for index, word in enumerate(WORDS)
}


def make_tables(
    axes: Mapping[str, Sequence[float]], tmr: Sequence[float], trials: int, folder: Path, say: Callable[[str], None]
) -> dict[str, LookupTable]:
    """For each of ``axes`` (parameter -> values) a table over TMR and that parameter; what is in ``folder`` is not made again."""
    tables = {}
    pool = LocalExecutor()
    try:
        for name, values in axes.items():
            sweep = Sweep(BENCH, {"tmr": list(tmr), name: list(values)}, trials=trials, seed=1)
            sweep.run(folder / name, executor=pool, warn=say)
            tables[name] = LookupTable.load(folder / name)
            say(f"table over TMR and {name}: {folder / name / 'table.nc'}")
    finally:
        pool.shutdown()
    return tables


@dataclass(frozen=True)
class GateModel:
    """The fractions of the gates of :data:`imce.bench.GATES` at one operating point, from ``trials`` simulated pairs."""

    fractions: NDArray[np.float64]
    trials: int

    @classmethod
    def of(cls, table: LookupTable, **where: float) -> GateModel:
        """Between the points of the grid the fractions are interpolated; they still add up to 1."""
        fractions = np.array([float(table.query(f"gate_{name}", **where)) for name in GATES])
        return cls(fractions / fractions.sum(), int(table.query("count", **where)))

    @classmethod
    def ideal(cls) -> GateModel:
        """All pairs are AND gates."""
        return cls(np.array([float(name == "and") for name in GATES]), 0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.integer]:
        """The gate (index into GATES) of each pair of a memory of ``shape``."""
        return rng.choice(len(GATES), size=shape, p=self.fractions)

    def error_rate(self, inputs: str) -> float:
        """Probability of the wrong answer given the inputs, e.g. P(0 | 11)."""
        return float(sum(self.fractions[list(GATES).index(name)] for name in WRONG[inputs]))

    def interval(self, inputs: str) -> tuple[float, float]:
        """Exact 95 % interval of :meth:`error_rate`."""
        return clopper_pearson(round(self.error_rate(inputs) * self.trials), self.trials)

    @property
    def mean_error_rate(self) -> float:
        """Over the four input combinations, each as likely."""
        return float(np.mean([self.error_rate(word) for word in WORDS]))
