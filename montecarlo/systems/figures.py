"""A system's figures of merit, each from simulations and beside what is published: folders, workers, resuming, output."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

from montecarlo import records
from montecarlo.running.crew import Crew, Settings
from montecarlo.systems import SYSTEMS, load_system
from montecarlo.systems.system import Figure, System
from spicekit.engines import NGSPICE
from spicekit.errors import SpicekitError, UserError
from spicekit.files import output_folder, write_text
from spicekit.folders import check_folder, check_same
from spicekit.outcome import Outcome
from spicekit.table import LookupTable


def system_figures(
    system: str | System,
    out: Path,
    crew: Crew | None = None,
    *,
    seed: int = 1,
    engine: str = NGSPICE,
    **settings: Unpack[Settings],
) -> list[Figure]:
    """Simulate in folder ``out`` what ``system``, or the one of that name, needs for its figures and is not there.

    ``crew`` and ``settings`` are as for :meth:`montecarlo.Campaign.run`.  Writes ``system.json`` and ``system.csv`` and
    returns the figures.  Raises :class:`UserError` for a system that has none or a folder that holds something else, and
    :class:`SpicekitError` if a trial failed: a mean over the others would not be the system's.
    """
    system = load_system(system) if isinstance(system, str) else system
    if not system.plans:
        compared = ", ".join(name for name in SYSTEMS if load_system(name).plans)
        raise UserError(f"system '{system.name}' has a standard table and no figures; those with figures: {compared}")
    check_folder(out, "system.json", ("system.csv",))
    check_same(out / "system.json", "system", {"system": system.name})
    folder = output_folder(out)
    sweeps = {plan.name: plan.sweep(seed, engine) for plan in system.plans}
    total = sum(campaign.trials for sweep in sweeps.values() for campaign in sweep.campaigns)
    before = 0
    tables = {}
    with Crew.of(crew, settings) as crew:
        for key, sweep in sweeps.items():
            sweep.run(folder / key, crew.part(before, total))
            before += sum(campaign.trials for campaign in sweep.campaigns)
            tables[key] = _complete(LookupTable.load(folder / key), folder / key)
    figures = [replace(figure, command=system.commands(figure, seed, engine)) for figure in system.figures(tables)]
    records.write(folder / "system.json", records.SystemRecord, as_json(system.name, figures))
    write_text(folder / "system.csv", as_csv(figures))
    return figures


def as_json(name: str, figures: Sequence[Figure]) -> dict[str, Any]:
    """The content of ``system.json``."""
    return {"system": name, "figures": [figure.as_json() for figure in figures]}


def as_csv(figures: Sequence[Figure]) -> str:
    """The content of ``system.csv``: a line a figure, in SI units, with the keys of ``system.json`` as heading."""
    file = io.StringIO()
    table = csv.DictWriter(file, list(Figure("", "", 0.0, "").as_json()), lineterminator="\n")
    table.writeheader()
    table.writerows(figure.as_json() for figure in figures)
    return file.getvalue()


def _complete(table: LookupTable, folder: Path) -> LookupTable:
    for outcome in Outcome:
        failed = int(table.variables[f"outcome_{outcome}"][1].sum())
        if failed and outcome is not Outcome.OK:
            raise SpicekitError(f"{failed} trials in {folder} are {outcome}: {outcome.advice}")
    return table
