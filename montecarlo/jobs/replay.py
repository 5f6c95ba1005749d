"""One trial of a campaign again, with its waveforms, and compared with what the campaign found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from montecarlo.jobs.campaign import Campaign, made_otherwise
from montecarlo.running.store import Store
from spicekit.analysis import DcAnalysis
from spicekit.block import Block, simulate_block
from spicekit.errors import SpicekitError, UserError
from spicekit.limit import isolated
from spicekit.nominal import RunResult, run, run_within
from spicekit.outcome import LOST, Outcome
from spicekit.units import format_value
from spicekit.waves import Array

CLOSE = 1e-6  # of a measure's largest value in the part: such differences are another machine's mathematics, not another circuit
SHOWN = 3  # measures that differ, named in the message


def replay(
    folder: str | Path, trial: int, timeout: float | None = None, warn: Callable[[str], None] = lambda line: None
) -> RunResult:
    """Simulate trial number ``trial`` of the campaign in ``folder`` on its own.

    A DC trial is solved from scratch here and from its neighbour in the campaign, so the two agree to the solver's tolerance,
    not to the bit.  With ``timeout`` it runs as :func:`spicekit.nominal.run_within` does.

    The trial as the campaign simulated it, its neighbours included, is compared with the stored one to the bit.  Raises
    :class:`SpicekitError` if it is another one; if the campaign was made by other versions or other code ``warn`` is told so.
    """
    store = Store(Path(folder))
    campaign = Campaign.load(store.folder)
    if not 0 <= trial < campaign.trials:
        raise UserError(f"--trial {trial}: the campaign in {folder} has trials 0 to {campaign.trials - 1}")
    values = {name: float(column[0]) for name, column in store.samples.read(trial, trial + 1).items()}
    found = store.parts.rows(trial)
    if not store.samples.bound() and (found is None or store.identity is None):
        version = store.read_record()["versions"].get("spicekit")
        warn(f"{store.samples.path} is of spicekit {version} and bound to nothing: whether it was changed cannot be told")
    result = (
        run(campaign.bench, values, engine=campaign.engine)
        if timeout is None
        else run_within(timeout, campaign.bench, values, campaign.engine)
    )
    if found is None:
        warn(f"trial {trial} of {folder} has not been simulated yet: there is nothing to compare with")
    elif result.outcome not in LOST:
        _compare(store, campaign, trial, result, *found, timeout=timeout, warn=warn)
    return result


def _compare(
    store: Store,
    campaign: Campaign,
    trial: int,
    result: RunResult,
    part: Path,
    rows: Mapping[str, NDArray[Any]],
    *,
    timeout: float | None,
    warn: Callable[[str], None],
) -> None:
    """Compare a trial with its row, simulated as the campaign did: a DC trial within its block."""
    start = int(rows["trial"][0])
    outcome, measures = result.outcome, {name: np.array([value]) for name, value in result.measures.items()}
    size = campaign.bench.analysis().block if isinstance(campaign.bench.analysis(), DcAnalysis) else 1
    first = trial // size * size
    last = min(first + size, start + len(rows["trial"]))
    stored = rows["outcome"][first - start : last - start]
    if np.isin(stored, LOST).any():  # then this one, or it was simulated in pieces, to find the one that was lost
        warn(f"trial {trial} of {store.folder} is not compared: it was lost, or simulated beside one that was")
        return
    if last - first > 1:
        samples = store.samples.read(first, last)

        def simulate() -> Block:
            return simulate_block(campaign.bench, samples, campaign.engine)

        try:
            block = simulate() if timeout is None else isolated(simulate, timeout)
        except (TimeoutError, ChildProcessError):
            warn(f"trial {trial} of {store.folder} is not compared: its block ended at the limit of {timeout:g} s, or crashed")
            return
        outcome = block.outcomes[trial - first]
        measures = {name: column[trial - first : trial - first + 1] for name, column in block.measures.items()}
    words, near = _differences(campaign, outcome, measures, rows, trial - start)
    if not words:
        return
    record = store.read_record()
    other = made_otherwise(record)
    line = f"trial {trial} is not what {part} holds: {words}"
    if other:
        warn(f"{line}; the campaign was made otherwise: {', '.join(other)}")
    elif near:
        warn(f"{line}; so small a difference comes from another machine or its libraries")
    else:
        raise SpicekitError(f"{line}, with the same code, inputs and versions; one of the two is wrong")


def _differences(
    campaign: Campaign, outcome: Outcome, measures: Mapping[str, Array], rows: Mapping[str, NDArray[Any]], index: int
) -> tuple[str, bool]:
    """What differs from row ``index``, in words (empty: nothing), and whether it is no more than :data:`CLOSE`."""
    if outcome != rows["outcome"][index]:
        return f"it ends {outcome} here, {rows['outcome'][index]} there", False
    found, near = [], True
    for measure in campaign.bench.measures():
        here, there = float(measures[measure.name][0]), float(rows[measure.name][index])
        if here == there or (np.isnan(here) and np.isnan(there)):
            continue
        column = np.abs(rows[measure.name])
        near &= bool(abs(here - there) <= CLOSE * np.max(column[np.isfinite(column)], initial=0.0))
        shown = [format_value(value, measure.unit, 12 if near else 4) for value in (here, there)]
        found.append(f"{measure.name} is {shown[0]} here, {shown[1]} there")
    more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return ", ".join([*found[:SHOWN], *more]), near
