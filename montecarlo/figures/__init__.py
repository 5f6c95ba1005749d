"""A system's figures of merit, each from simulations and beside what is published.

A system is a module that declares two things::

    PLANS = (Plan("read", "sot-sense", {"bits": ["0", "1"]}, trials=16), ...)      what is simulated: sweeps, by name
    def figures(tables: Mapping[str, LookupTable]) -> list[Figure]: ...            what is computed from their tables

Everything else (folders, workers, resuming, output) is here.  A new system is a new module and a line in :data:`SYSTEMS`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

from montecarlo import records
from montecarlo.campaign import Progress
from montecarlo.executor import Pool
from montecarlo.sweep import Sweep
from spicekit.errors import SpicekitError, unknown
from spicekit.files import output_folder
from spicekit.outcome import Outcome
from spicekit.table import LookupTable

SYSTEMS = {
    "imce": "montecarlo.figures.imce",
    "stt-bnn": "montecarlo.figures.stt_bnn",
    "c3cim": "montecarlo.figures.c3cim",
    "charge-if": "montecarlo.figures.charge_if",
    "stt-bsnn": "montecarlo.figures.stt_bsnn",
}


@dataclass(frozen=True)
class Plan:
    """A sweep that a system needs: its name, which is that of its folder, and the arguments of :class:`Sweep`."""

    name: str
    bench: str
    over: Mapping[str, Sequence[Any]]
    trials: int
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def sweep(self, seed: int) -> Sweep:
        return Sweep(self.bench, self.over, trials=self.trials, seed=seed, parameters=self.parameters)


@dataclass(frozen=True)
class Figure:
    """One number of a system.  ``origin`` says where it comes from: bench and measure, or the formula with its inputs."""

    name: str
    unit: str
    simulated: float
    origin: str
    source: str = ""  # of the published value, or of the assumptions
    published: float | None = None

    @property
    def ratio(self) -> float | None:
        """Simulated over published."""
        return None if self.published is None else self.simulated / self.published

    def as_json(self) -> dict[str, Any]:
        """The object that ``spicekit system --json`` lists."""
        return {
            "name": self.name,
            "unit": self.unit,
            "simulated": self.simulated,
            "published": self.published,
            "ratio": self.ratio,
            "source": self.source,
            "from": self.origin,
        }


class System(Protocol):
    """What the module of a system holds."""

    PLANS: Sequence[Plan]

    def figures(self, tables: Mapping[str, LookupTable]) -> list[Figure]: ...


def load_system(name: str) -> System:
    """The module of a system.  Raises :class:`UserError` that names the nearest ones for an unknown name."""
    if name not in SYSTEMS:
        raise unknown("system", name, SYSTEMS)
    return cast(System, importlib.import_module(SYSTEMS[name]))


def system_figures(
    name: str,
    out: Path,
    *,
    seed: int = 1,
    executor: Executor | None = None,
    workers: int | None = None,
    timeout: float = 120.0,
    retry: bool = False,
    progress: Progress = lambda done, total: None,
    warn: Callable[[str], None] = lambda line: None,
) -> list[Figure]:
    """Simulate in folder ``out`` what the system ``name`` needs and is not there, write ``system.json`` and return the figures.

    Raises :class:`SpicekitError` if a trial failed: a mean over the others would not be the system's.
    """
    system = load_system(name)
    folder = output_folder(out)
    sweeps = {plan.name: plan.sweep(seed) for plan in system.PLANS}
    trials = {key: sum(campaign.trials for campaign in sweep.campaigns) for key, sweep in sweeps.items()}
    before = 0
    tables = {}
    with Pool(executor, workers, timeout) as pool:
        for key, sweep in sweeps.items():
            sweep.run(
                folder / key,
                executor=pool(),
                retry=retry,
                progress=lambda done, _, before=before: progress(before + done, sum(trials.values())),  # type: ignore[misc]
                warn=warn,
            )
            before += trials[key]
            tables[key] = _complete(LookupTable.load(folder / key), folder / key)
    figures = system.figures(tables)
    records.write(folder / "system.json", records.System, as_json(name, figures))
    return figures


def as_json(name: str, figures: Sequence[Figure]) -> dict[str, Any]:
    """The content of ``system.json``."""
    return {"system": name, "figures": [figure.as_json() for figure in figures]}


def _complete(table: LookupTable, folder: Path) -> LookupTable:
    for outcome in Outcome:
        failed = int(table.variables[f"outcome_{outcome}"][1].sum())
        if failed and outcome is not Outcome.OK:
            raise SpicekitError(f"{failed} trials in {folder} are {outcome}: {outcome.advice}")
    return table
