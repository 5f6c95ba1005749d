"""What a system declares: the parts of its standard table, the sweeps behind its figures, the figures themselves."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import xarray as xr

from montecarlo.jobs.sweep import Sweep
from spicekit.engines import NGSPICE
from spicekit.export.roles import Macro, Roles
from spicekit.table import LookupTable

Compute = Callable[[xr.Dataset], xr.Dataset]


@dataclass(frozen=True)
class Part:
    """The sweep of one bench.  Its measure ``v`` becomes the variable ``<prefix>_v``."""

    prefix: str
    bench: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    over: tuple[str, ...] | None = None  # those of the system's dimensions that the bench is swept over; None: all
    own: Mapping[str, Sequence[Any]] = field(default_factory=dict)  # further dimensions: parameter -> values
    trials: int = 0  # at each point; 0: the nominal simulation alone
    measures: tuple[str, ...] | None = None  # those to keep; None: all


@dataclass(frozen=True)
class SystemTable:
    """What the standard table of a system holds."""

    name: str  # that the table has: of the cell, or of the bench
    summary: str
    over: Mapping[str, Sequence[Any]]  # the system's dimensions: parameter -> values
    nominal: Mapping[str, Any]  # the operating point that an exporter takes if the user gives none
    parts: tuple[Part, ...]
    computed: tuple[Compute, ...] = ()  # each makes further variables from the simulated ones
    cell: Roles | None = None  # which variables are what of a memory cell, for the exporters; None: it is not of one
    macro: Macro | None = None  # which are what of a macro's operations


@dataclass(frozen=True)
class Plan:
    """A sweep that a system's figures need: its name, which is that of its folder, and the arguments of :class:`Sweep`."""

    name: str
    bench: str
    over: Mapping[str, Sequence[Any]]
    trials: int
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def sweep(self, seed: int, engine: str = NGSPICE) -> Sweep:
        return Sweep(self.bench, self.over, trials=self.trials, seed=seed, parameters=self.parameters, engine=engine)

    def command(self, seed: int = 1, engine: str = NGSPICE) -> str:
        """The line that makes the same table, in the folder in which ``spicekit system --out DIR`` looks for it."""
        words = ["spicekit", "sweep", self.bench]
        for name, values in self.over.items():
            words += ["--over", f"{name}={','.join(map(str, values))}"]
        words += ["--trials", str(self.trials)] if self.trials else []
        words += ["--seed", str(seed)] if seed != 1 else []
        words += ["--engine", engine] if engine != NGSPICE else []
        for name, value in self.parameters.items():
            words += ["-p", f"{name}={value}"]
        return shlex.join([*words, "--out", f"DIR/{self.name}"])


@dataclass(frozen=True)
class Figure:
    """One number of a system.

    ``origin`` says where it comes from: bench and measure, or the formula with its inputs.  ``plans`` names those of the system's
    plans of whose tables it is made; :func:`montecarlo.systems.figures.system_figures` writes their commands into ``command``.
    ``remark`` says what is counted, and of a value that misses the published one why, with what was measured of it.
    """

    name: str
    unit: str
    simulated: float
    origin: str
    source: str = ""  # of the published value, or of the assumptions
    published: float | None = None
    remark: str = ""
    plans: tuple[str, ...] = ()
    command: str = ""

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
            "remark": self.remark,
            "command": self.command,
        }


def made_of(plan: str, figures: Sequence[Figure], *further: str) -> list[Figure]:
    """``figures`` that are made of the tables of ``plan`` and ``further`` plans, where they do not say otherwise."""
    return [figure if figure.plans else replace(figure, plans=(plan, *further)) for figure in figures]


@dataclass(frozen=True)
class System:
    """A system: its standard table, and its figures from the tables of its plans, by name; without plans it has none."""

    name: str
    table: SystemTable
    plans: tuple[Plan, ...] = ()
    figures: Callable[[Mapping[str, LookupTable]], list[Figure]] = lambda tables: []

    def commands(self, figure: Figure, seed: int = 1, engine: str = NGSPICE) -> str:
        """The commands that make ``figure``: of each plan behind it, then the system's, which simulates what is missing."""
        known = {plan.name: plan for plan in self.plans}
        options = [*(["--seed", str(seed)] if seed != 1 else []), *(["--engine", engine] if engine != NGSPICE else [])]
        again = shlex.join(["spicekit", "system", self.name, *options, "--out", "DIR"])
        return "; ".join([*(known[name].command(seed, engine) for name in figure.plans), again])
