"""A campaign with a cheaper bench as control variate: ``spicekit mc stt-bnn-row -p analysis=tran --control analysis=dc``.

The control is simulated, in the folder ``control`` within the campaign's, with the samples of the campaign's trials and of many
further ones; what it makes of the campaign's figures (:mod:`montecarlo.statistics.control`) is ``control`` in the summary.
A variation point that the control does not have does not matter to it, one that the campaign's bench does not have is nominal.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from montecarlo import records
from montecarlo.jobs.campaign import Campaign
from montecarlo.jobs.result import CampaignResult
from montecarlo.running.crew import Crew, Settings
from montecarlo.running.store import Store
from montecarlo.statistics.control import controlled
from montecarlo.statistics.improved import as_figure, plain_mean, plain_std
from montecarlo.statistics.surrogate import Refused
from montecarlo.variation import Space
from spicekit.errors import UserError
from spicekit.outcome import Outcome
from spicekit.point import VariationPoint
from spicekit.waves import Array

FOLDER = "control"
FURTHER = 10  # further trials of the control for each of the campaign's, if not given


class Control(Campaign):
    """The control of a campaign.

    ``words`` are ``name=value``, parameters that differ from the campaign's, or begin with the name of another bench, of which
    they are all that is given.  ``further`` trials follow those that it has in common with the campaign.  Raises
    :class:`UserError` for what is wrong with them.
    """

    def __init__(self, full: Campaign, words: Sequence[str], further: int | None = None) -> None:
        if full.sampler != "random":
            raise UserError(f"--control: --sampler {full.sampler} given; allowed: random, whose trials are independent")
        benches = [word for word in words if "=" not in word]
        if len(benches) > 1 or benches != list(words[: len(benches)]):
            raise UserError(f"--control {' --control '.join(words)}: give at most one bench, first, then name=value")
        given = dict(word.split("=", 1) for word in words if "=" in word)
        further = FURTHER * full.trials if further is None else further
        if further < 1:
            raise UserError(f"--control-trials {further}: at least 1")
        try:
            super().__init__(
                benches[0] if benches else full.bench_name,
                trials=full.trials + further,
                seed=full.seed,
                parameters=given if benches else full.parameters | given,
                engine=full.engine,
            )
        except UserError as error:
            raise UserError(f"--control {' --control '.join(words)}: {error}") from None
        self.full = full
        if (self.bench_name, self.parameters) == (full.bench_name, full.parameters):
            raise UserError(f"--control {' --control '.join(words)}: that is the campaign itself; give a cheaper bench")
        own = {point.name for point in full.space.points}
        if not any(point.name in own for point in self.space.points):
            raise UserError(f"--control: {self.bench_name} has no variation point of {full.bench_name}, so that they vary apart")
        self.space = Lent(full.space, self.space.points)
        self._draw = full.redrawn(self.trials)._draw

    def record(self) -> dict[str, Any]:
        """As of a campaign, and whose control it is."""
        return super().record() | {"control_of": {"bench": self.full.bench_name, "given": self.full.parameters}}


class Lent(Space):
    """The distribution of another bench's variation points ``lender``, of which ``points`` take what has their name."""

    def __init__(self, lender: Space, points: Sequence[VariationPoint]) -> None:
        super().__init__(points)
        self.lender = lender
        self.variations, self.correlations = lender.variations, lender.correlations

    @property
    def dimensions(self) -> int:
        return self.lender.dimensions

    @property
    def labels(self) -> list[str]:
        return self.lender.labels

    def values(self, z: Array) -> dict[str, Array]:
        lent = self.lender.values(z)
        return {point.name: lent.get(point.name, np.full(len(z), point.nominal)) for point in self.points}

    def describe(self) -> dict[str, Any]:
        return self.lender.describe()


def run_controlled(
    campaign: Campaign, control: Control, out: str | Path, crew: Crew | None = None, **settings: Unpack[Settings]
) -> CampaignResult:
    """Run ``campaign`` in ``out`` and ``control`` within it; the summary then holds what the control makes of the figures.

    As :meth:`Campaign.run` in all else.
    """
    folder, total = Path(out), campaign.trials + control.trials
    with Crew.of(crew, settings) as crew:
        result = campaign.run(folder, crew.part(0, total))
        cheap = control.run(folder / FOLDER, crew.part(campaign.trials, total))
    found = _improved(campaign, control, Store(folder), Store(folder / FOLDER))
    elapsed = [one.summary["elapsed_s"] / one.summary["trials"] for one in (cheap, result)]
    found["cost"] = elapsed[0] / elapsed[1] if elapsed[1] else None
    summary = result.summary | {"control": found}
    summary |= records.write(folder / "summary.json", records.Summary, records.without_nan(summary))
    return CampaignResult(campaign.bench, folder, summary)


def _improved(campaign: Campaign, control: Control, store: Store, cheap: Store) -> dict[str, Any]:
    """:class:`montecarlo.records.Control`, but for what a trial costs."""
    good, trials = str(Outcome.OK), campaign.trials
    ok_cheap = cheap.parts.column("outcome") == good
    pairs, further = (store.parts.column("outcome") == good) & ok_cheap[:trials], ok_cheap[trials:]
    known = {measure.name for measure in control.bench.measures()}
    measures: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for measure in campaign.bench.measures():
        if measure.name not in known:
            refused[measure.name] = "its control does not measure it"
            continue
        full, other = store.parts.column(measure.name)[pairs], cheap.parts.column(measure.name)
        try:
            found = controlled(full, other[:trials][pairs], other[trials:][further])
        except Refused as reason:
            refused[measure.name] = str(reason)
            continue
        degrees = len(full) - 2
        figures = {"mean": as_figure(plain_mean(full), found.moments.mean, degrees)}
        if not measure.fraction:
            figures["std"] = as_figure(plain_std(full), found.moments.std, degrees)
        measures[measure.name] = {"unit": measure.unit, "r2": found.r2, "slope": found.slope} | figures
    return {
        "bench": control.bench_name,
        "given": control.parameters,
        "pairs": int(np.count_nonzero(pairs)),
        "trials": int(np.count_nonzero(further)),
        "measures": measures,
        "refused": refused,
    }
