"""The standard table of a system: all sweeps that its declaration asks for, in one pool, merged into one dataset.

::

    characterize.json           what is simulated: system, dimensions, seed, scale of the trials
    parts/PREFIX/ ...           the folder of a sweep for each part
    table.nc .csv .parquet .json .npz

Running it again on its folder resumes it.  What a system's table holds is declared in :mod:`montecarlo.systems`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import xarray as xr

from montecarlo import records
from montecarlo.identity import code_hash, versions
from montecarlo.jobs.sweep import Sweep, Sweeps
from montecarlo.running.crew import Crew, Settings
from montecarlo.statistics.tabulate import check_complete, write_table
from montecarlo.systems.system import Part, SystemTable
from spicekit.engines import NGSPICE
from spicekit.errors import UserError, unknown
from spicekit.registry import full_name
from spicekit.table_layout import PAIR, inner


class Characterisation(Sweeps):
    """``system`` with ``over`` in place of the values of some of its dimensions, and ``trials_scale`` times its trials."""

    noun, file, kind = "characterisation", "characterize.json", records.CharacterisationRecord

    def __init__(
        self,
        system: SystemTable,
        *,
        over: Mapping[str, Sequence[Any]] | None = None,
        trials_scale: float = 1.0,
        seed: int = 1,
        engine: str = NGSPICE,
        surrogate: bool = False,
    ) -> None:
        if not 0 < trials_scale <= 1e6:
            raise UserError(f"--trials-scale {trials_scale:g}: above 0, at most 1e6")
        self.system, self.trials_scale, self.seed, self.engine = system, trials_scale, seed, full_name(engine)
        given = dict(over or {})
        for name in given:
            part_of(system, name)
        self.over = {name: given.get(name, values) for name, values in system.over.items()}
        sweeps: dict[str, Sweep] = {}
        for part in system.parts:
            own = {name: given.get(name, values) for name, values in part.own.items()}
            grid = {name: self.over[name] for name in dimensions(system, part)} | own
            # two trials are the fewest that have a spread
            trials = max(2, round(part.trials * trials_scale)) if part.trials else 0
            if part.prefix in sweeps:
                raise ValueError(f"system '{system.name}' has two parts '{part.prefix}'")
            sweeps[part.prefix] = Sweep(
                part.bench,
                grid,
                trials=trials,
                seed=seed,
                parameters=part.parameters,
                measures=part.measures,
                engine=engine,
                surrogate=surrogate and trials > 0,
            )
        self.sweeps = sweeps

    def record(self) -> dict[str, Any]:
        """What ``characterize.json`` holds."""
        comparison = next((one.comparison for one in self.campaigns if one.comparison), None)  # one of them all
        engines = {one.engine for one in self.campaigns}  # of several each part's record tells its own
        return {
            "system": self.system.name,
            "over": {name: list(values) for name, values in self.over.items()},
            "trials_scale": self.trials_scale,
            "seed": self.seed,
            "code_sha256": code_hash(),
            "engine": engines.pop() if len(engines) == 1 else self.engine,
            **({"comparison": comparison.model_dump()} if comparison else {}),
        }

    def provenance(self) -> dict[str, Any]:
        """Where the numbers come from, kept inside the table."""
        parts = {prefix: sweep.provenance() for prefix, sweep in self.sweeps.items()}
        for part in parts.values():
            del part["versions"]
        found: dict[str, Any] = {"nominal": dict(self.system.nominal), "versions": versions(), "parts": parts}
        if self.system.cell is not None:
            found["cell"] = self.system.cell.model_dump(mode="json")
        if self.system.macro is not None:
            found["macro"] = self.system.macro.model_dump(mode="json")
        return records.checked(self.record() | found, records.Provenance)

    def run(self, out: str | Path, crew: Crew | None = None, **settings: Unpack[Settings]) -> xr.Dataset:
        """Simulate what is missing in folder ``out``, write the table there and return it.

        The arguments are those of :meth:`montecarlo.Campaign.run`.  Raises :class:`UserError` if the folder holds something
        else.
        """
        with self.at_work(out, crew, settings) as (folder, crew):
            self.simulate(folder, crew)
            tables = {prefix: sweep.table(self.place(folder, prefix)) for prefix, sweep in self.sweeps.items()}
            check_complete(tables, crew.keep_going)
            dataset = self.merged(tables)
            write_table(dataset, folder, tuple(self.over))
            return dataset

    def place(self, folder: Path, name: str) -> Path:
        """Where in ``folder`` a part has its own."""
        return folder / "parts" / name

    def merged(self, tables: Mapping[str, xr.Dataset]) -> xr.Dataset:
        """One dataset of the parts' tables (prefix -> table) and of what is computed from them."""
        renamed = [of_part(prefix, table) for prefix, table in tables.items()]
        simulated = xr.merge(renamed, join="exact", compat="no_conflicts", combine_attrs="override")
        computed = [compute(simulated) for compute in self.system.computed]
        dataset = xr.merge([simulated, *computed], join="exact", compat="no_conflicts", combine_attrs="override")
        further = sorted((str(name) for name in dataset.sizes if name not in self.over), key=inner)
        order = [*self.over, *further]
        return dataset.transpose(*order, missing_dims="ignore").assign_attrs({"spicekit": json.dumps(self.provenance())})


def of_part(prefix: str, table: xr.Dataset) -> xr.Dataset:
    """The table of a part with its prefix: its variables, and the pairs of which it has correlations."""
    found = table.rename({str(name): f"{prefix}_{name}" for name in table.data_vars})
    if PAIR not in found.coords:
        return found
    pairs = [" ".join(f"{prefix}_{word}" for word in str(pair).split()) for pair in found[PAIR].values]
    return found.assign_coords({PAIR: (PAIR, np.asarray(pairs), found[PAIR].attrs)}).rename({PAIR: f"{prefix}_{PAIR}"})


def dimensions(system: SystemTable, part: Part) -> tuple[str, ...]:
    """Those of the system's dimensions over which ``part`` is swept, in the system's order."""
    return tuple(system.over) if part.over is None else tuple(name for name in system.over if name in part.over)


def part_of(system: SystemTable, name: str) -> Part:
    """The first part that is swept over ``name``.  Raises :class:`UserError` if none is."""
    for part in system.parts:
        if name in (*dimensions(system, part), *part.own):
            return part
    known = {name for part in system.parts for name in (*dimensions(system, part), *part.own)}
    raise unknown("dimension", name, known, of=f"system '{system.name}'")


def parse_dimension(system: SystemTable, text: str) -> tuple[str, list[Any]]:
    """Read ``tmr=1:2.5:4`` as :func:`montecarlo.jobs.sweep.parse_over` does, for a dimension of ``system``."""
    from montecarlo.jobs.sweep import parse_over

    return parse_over(part_of(system, text.partition("=")[0].strip()).bench, text)
