"""Static cells side by side: margins, read current, leakage, write and area of each, with mismatch.

A cell is no amplifier: it decides nothing, and its area is what is compared, not what is given.  Each bench is simulated twice,
at operating points and writing through its drivers, one campaign in a folder of its own; all have the same seed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from montecarlo import records
from montecarlo.jobs.campaign import Campaign
from montecarlo.running.crew import Crew, Settings
from spicekit.area import floor_plan
from spicekit.benches.digital.sram_cell import SramCell
from spicekit.binomial import clopper_pearson
from spicekit.engines import NGSPICE
from spicekit.errors import UserError
from spicekit.files import output_folder, write_text
from spicekit.folders import check_folder, check_same
from spicekit.outcome import Outcome
from spicekit.registry import bench_class, make_bench

RECORD, SUMMARY = "compare.json", "summary.json"
OPERATIONS = ("static", "write")


def are_cells(benches: Sequence[str]) -> bool:
    """Whether all of ``benches`` (BENCH,name=value,...) are cells.  Raises :class:`UserError` for cells among others."""
    kinds = [issubclass(bench_class(text.split(",")[0]), SramCell) for text in benches]
    if any(kinds) and not all(kinds):
        raise UserError("cells are compared with cells; allowed: sram-6t, sram-8t, or sense amplifiers alone")
    return bool(kinds) and all(kinds)


class Cells:
    """What is to be compared.  Raises :class:`UserError` for anything wrong with it, before anything is simulated."""

    def __init__(
        self,
        benches: Sequence[str],
        *,
        trials: int,
        seed: int = 1,
        parameters: Mapping[str, Any] | None = None,
        engine: str = NGSPICE,
    ) -> None:
        if len(benches) < 2 or len(set(benches)) != len(benches):
            raise UserError(f"{', '.join(benches)} given; allowed: 2 or more, each once: sram-6t sram-8t sram-6t,w_pd=300n")
        if trials < 2:
            raise UserError(f"--trials {trials}: at least 2")
        self.trials, self.seed, self.given = trials, seed, dict(parameters or {})
        if "operation" in self.given:
            raise UserError("-p operation: chosen by the comparison, which simulates both")
        self.plans = {text: self._campaigns(text, engine) for text in benches}

    def _campaigns(self, text: str, engine: str) -> dict[str, Campaign]:
        bench, *words = text.split(",")
        own: dict[str, Any] = {}
        for word in words:
            name, equals, value = word.partition("=")
            if not equals or not name or not value or name in own or name == "operation":
                raise UserError(f"'{text}': '{word}': give BENCH or BENCH,NAME=VALUE,... with each name once, and no operation")
            own[name] = value
        return {
            operation: Campaign(
                bench, trials=self.trials, seed=self.seed, parameters=self.given | own | {"operation": operation}, engine=engine
            )
            for operation in OPERATIONS
        }

    def run(self, out: str | Path, crew: Crew | None = None, **settings: Unpack[Settings]) -> records.CellSummary:
        """Simulate what is missing in folder ``out``, write ``summary.json`` and ``table.csv`` there and return the answer.

        Raises :class:`UserError` for a folder that holds something else; more cells may be compared in it later.
        """
        given = {name: str(value) for name, value in self.given.items()}
        mine = {"kind": "cells", "trials": self.trials, "seed": self.seed, "given": given}
        check_folder(Path(out), RECORD)
        check_same(Path(out) / RECORD, "comparison", mine)
        folder = output_folder(Path(out))
        records.write(folder / RECORD, records.CellsRecord, mine)
        rows, done = [], 0
        with Crew.of(crew, settings) as crew:
            for text, campaigns in self.plans.items():
                results = {}
                for operation, campaign in campaigns.items():
                    place = folder / re.sub(r"[^A-Za-z0-9._=+-]+", "_", text) / operation
                    results[operation] = campaign.run(place, crew.part(done, 2 * self.trials * len(self.plans))).trials
                    done += self.trials
                rows.append(_row(text, campaigns, results))
        answer = mine | {"cells": [row.model_dump() for row in rows]}
        written = records.write(folder / SUMMARY, records.CellSummary, answer)
        write_text(folder / "table.csv", csv(rows))
        return records.typed(written, records.CellSummary, folder / SUMMARY)


def _row(text: str, campaigns: Mapping[str, Campaign], results: Mapping[str, Any]) -> records.CellRow:
    figures: dict[str, records.CellFigure] = {}
    ok, lost, seen = 0, 0, 0
    for operation, campaign in campaigns.items():
        table = results[operation]
        table = table[table["outcome"] == str(Outcome.OK)]
        ok += len(table)
        bench = make_bench(campaign.bench.name, dict(campaign.bench.parameters()))
        for measure in bench.measures():
            values = table[measure.name].to_numpy(float)
            fine = bool(len(values) > 1 and np.isfinite(values).all())
            name = measure.name if operation == "static" else f"write {measure.name}"
            figures[name] = records.CellFigure(
                unit=measure.unit,
                mean=float(values.mean()) if fine else None,
                std=float(values.std(ddof=1)) if fine else None,
            )
        if operation == "static":
            half = "snm_half" if "snm_half" in table else "snm_read"
            lost = int(((table[half] <= 0) | (table["margin_write"] <= 0)).sum())
            seen = len(table)
    low, high = clopper_pearson(lost, seen) if seen else (0.0, 1.0)
    failing = records.Estimate(value=lost / seen if seen else None, low=float(low), high=float(high))
    return records.CellRow(name=text, area=floor_plan(bench)["cell"].area, ok=ok, failing=failing, figures=figures)


def csv(rows: Sequence[records.CellRow]) -> str:
    """A line a figure, a pair of columns a cell, in SI units."""
    names = list(dict.fromkeys(name for row in rows for name in row.figures))
    lines = [",".join(["figure", "unit", *(f"{json.dumps(row.name)},std" for row in rows)])]
    lines.append(",".join(["area", "m2", *(f"{row.area!r}," for row in rows)]))
    for name in names:
        unit = next(row.figures[name].unit for row in rows if name in row.figures)
        cells = [row.figures.get(name) for row in rows]
        shown = [f"{_text(cell.mean)},{_text(cell.std)}" if cell is not None else "," for cell in cells]
        lines.append(",".join([name, unit, *shown]))
    return "\n".join(lines) + "\n"


def _text(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else repr(value)
