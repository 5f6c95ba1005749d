"""The summary of a campaign: outcome counts, statistics of every measure, margins."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from montecarlo import records
from montecarlo.running.store import Store
from montecarlo.running.subject import Drawn
from montecarlo.statistics.improved import improved
from montecarlo.statistics.margins import MarginStatistics, circuit_errors, clopper_pearson, counted, describe
from montecarlo.statistics.sensitivity import sensitivity
from spicekit.beyond import Beyond, warnings
from spicekit.errors import SpicekitError
from spicekit.files import read_record
from spicekit.outcome import Outcome


def summarise(campaign: Drawn, store: Store, elapsed: float | None, surrogate: bool = False) -> dict[str, Any]:
    """Compute the summary from the parts on disk, one column at a time, write ``summary.json`` and return it.

    Trials that are not ``ok`` are counted among the outcomes and take no part in the statistics; those with a measure beyond its
    limits are counted with the measure, and ``warnings`` says what to do.  ``elapsed`` in seconds; None keeps the one of the run
    that finished the campaign.  ``surrogate`` adds what a regression on the trials makes of them.
    """
    path = store.folder / "summary.json"
    outcomes = store.parts.column("outcome")
    ok = outcomes == str(Outcome.OK)
    measures: dict[str, dict[str, Any]] = {}
    beyond: dict[str, Beyond] = {}
    for measure in campaign.bench.measures():
        values = store.parts.column(measure.name)[ok]
        measures[measure.name] = {"unit": measure.unit} | describe(counted(measure, values))
        if measure.fraction:
            measures[measure.name]["ci"] = list(clopper_pearson(int(values.sum()), len(values)))
        if measure.limits is not None:
            beyond[measure.name] = Beyond.of(values)
            # how many trials lie beyond which limit: of an event, the statistics are those of the others
            measures[measure.name]["beyond"] = asdict(beyond[measure.name])
            measures[measure.name]["limits"] = [measure.limits.low, measure.limits.high]
            measures[measure.name]["remedy"] = measure.limits.remedy
    units = {measure.name: measure.unit for measure in campaign.bench.measures()}
    margins = {}
    for margin in campaign.bench.margins():
        low, high = store.parts.column(margin.low)[ok], store.parts.column(margin.high)[ok]
        states = {"unit": units[margin.low], "low": margin.low, "high": margin.high}
        margins[margin.name] = states | asdict(MarginStatistics.of(low, high))
        if margin.reference is not None:  # with the circuit's own reference, which varies from trial to trial
            errors, decisions = circuit_errors(low, high, store.parts.column(margin.reference)[ok])
            margins[margin.name] |= {
                "circuit_reference": margin.reference,
                "circuit_error_rate": errors / decisions if decisions else math.nan,
                "circuit_error_rate_ci": list(clopper_pearson(errors, decisions)),
            }
    if elapsed is None:
        elapsed = elapsed_before(path)
    summary = {
        "bench": campaign.bench.name,
        "trials": campaign.trials,
        "seed": campaign.seed,
        "elapsed_s": round(elapsed, 3),
        "outcomes": {str(outcome): int(np.count_nonzero(outcomes == str(outcome))) for outcome in Outcome},
        "measures": measures,
        "margins": margins,
        "sensitivity": sensitivity(campaign, store),
    }
    if store.identity is not None:
        summary["identity"] = store.identity
        if found := calibrations_before(path, store.identity):
            summary["calibrations"] = found
    if surrogate:
        summary["surrogate"] = improved(campaign, store)
    lines = warnings(campaign.bench.measures(), beyond, int(np.count_nonzero(ok)))
    if lines:
        summary["warnings"] = list(lines)
    return records.write(path, records.Summary, records.without_nan(summary))


def calibrations_before(path: Path, identity: str) -> dict[str, Any]:
    """What notes on the same campaign asked for, as the summary at ``path`` tells; nothing if it cannot be read."""
    try:
        before = records.read(path, records.Summary)
    except SpicekitError:
        return {}
    return {name: one.model_dump() for name, one in before.calibrations.items()} if before.identity == identity else {}


def elapsed_before(path: Path) -> float:
    """Seconds that the summary at ``path`` tells; 0 if it cannot be read, as it is about to be written anew."""
    try:
        return float(read_record(path)["elapsed_s"])
    except (SpicekitError, KeyError, TypeError, ValueError, OverflowError):
        return 0.0
