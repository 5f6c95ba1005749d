"""Campaigns that stop when a figure of their summary is precise enough: ``margins.and.error_rate ci<10%``.

The trials come in stages that double, whole chunks each.  After a stage the half-width of the figure's 95 % interval, divided by
the figure, is compared with what was asked for.  A stage's folder is that of a plain campaign of as many trials, so the result
is the same as if that number had been given; ``campaign.json`` says what was asked for and how many trials were allowed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from montecarlo import records
from montecarlo.jobs.campaign import Campaign
from montecarlo.jobs.result import CampaignResult
from montecarlo.rare.estimate import TWO_SIDED
from montecarlo.running.crew import Crew, Settings
from montecarlo.running.store import Store
from spicekit.bench import Bench
from spicekit.errors import UserError, unknown
from spicekit.outcome import Outcome
from spicekit.units import parse_quantity

FIRST = 1000  # trials of the first stage, rounded up to whole chunks
_GOAL = re.compile(r"\s*(margins|measures)\.([\w-]+)\.(\w+)\s+ci\s*<\s*(\S+)\s*")
_FIGURES = {"margins": ("error_rate", "circuit_error_rate"), "measures": ("mean",)}


@dataclass(frozen=True)
class Until:
    """A figure of the summary, and how wide its interval may be: half of it, relative to the figure."""

    text: str
    group: str  # "margins" or "measures"
    name: str
    figure: str
    limit: float

    @classmethod
    def parse(cls, text: str, bench: Bench) -> Until:
        """Read ``margins.and.error_rate ci<10%`` or ``measures.i_p.mean ci<1%`` for ``bench``."""
        match = _GOAL.fullmatch(text)
        if not match:
            raise UserError(f'--until \'{text}\': give e.g. "margins.NAME.error_rate ci<10%" or "measures.NAME.mean ci<1%"')
        group, name, figure, width = match.groups()
        try:
            limit = parse_quantity(width, "")
        except UserError as error:
            raise UserError(f"--until '{text}': {error}") from None
        if not 0 < limit < 1:
            raise UserError(f"--until '{text}': {width} given; allowed: above 0 %, below 100 %")
        known = [item.name for item in (bench.margins() if group == "margins" else bench.measures())]
        if name not in known:
            raise UserError(f"--until '{text}': {unknown(group[:-1], name, known)}")
        own = [margin.name for margin in bench.margins() if margin.reference is not None]
        allowed = [word for word in _FIGURES[group] if word != "circuit_error_rate" or name in own]
        if figure not in allowed:
            raise UserError(f"--until '{text}': {unknown('figure', figure, allowed)}")
        return cls(" ".join(text.split()), group, name, figure, limit)

    def width(self, summary: records.Summary) -> float:
        """Half of the interval over the figure; infinite where the figure is 0 or not known."""
        row = summary.margins[self.name] if self.group == "margins" else summary.measures[self.name]
        value: float | None = getattr(row, self.figure)
        if not value:
            return math.inf
        if isinstance(row, records.MarginSummary):
            low, high = getattr(row, f"{self.figure}_ci")
        elif row.ci is not None:
            low, high = row.ci
        elif row.std is None:
            return math.inf
        else:
            return float(TWO_SIDED * row.std / math.sqrt(summary.outcomes[Outcome.OK] - sum(row.beyond.values())) / abs(value))
        return float((high - low) / 2 / abs(value))

    def met(self, summary: records.Summary) -> bool:
        return self.width(summary) < self.limit


def run_until(
    make: Callable[[int], Campaign],
    until: Until,
    most: int,
    out: Path,
    crew: Crew | None = None,
    **settings: Unpack[Settings],
) -> tuple[Campaign, CampaignResult]:
    """Run ``make(trials)`` in folder ``out`` with more and more trials until the goal is met, ``most`` at most.

    Returns the last stage's campaign and its result.  The other arguments are those of :meth:`Campaign.run`.  Raises
    :class:`UserError` for a sampler whose trials depend on their number, and if the folder holds another campaign.
    """
    largest = make(most)
    largest.settle(out)
    if largest.sampler == "lhs":
        raise UserError("--until: a Latin hypercube needs its number of trials beforehand; use --sampler random or sobol")
    goal = {"until": until.text, "at_most": most}
    stages = [trials for trials in stage_sizes(largest.bench.analysis().chunk, most) if trials >= _there(out, goal)]
    elapsed = 0.0
    with Crew.of(crew, settings) as crew:
        for trials in stages:
            campaign = make(trials)
            campaign.goal = goal
            again = crew.retry and trials == stages[0]
            result = campaign.run(out, crew.part(0, most, retry=again))
            elapsed += result.summary["elapsed_s"]
            if until.met(result.record):
                break
    result.summary["elapsed_s"] = round(elapsed, 3)
    result.summary.update(records.write(out / "summary.json", records.Summary, result.summary))
    return campaign, result


def stage_sizes(chunk: int, most: int) -> list[int]:
    """Trials at the end of each stage: whole chunks, each stage twice the one before, the last one ``most``."""
    size = -(-FIRST // chunk) * chunk
    stages = []
    while size < most:
        stages.append(size)
        size *= 2
    return [*stages, most]


def _there(out: Path, goal: dict[str, Any]) -> int:
    """Trials of the stage that the folder has reached; 0 for an empty one or another's, which the campaign will say."""
    store = Store(out)
    if not store.record.exists():
        return 0
    record = store.read_record()
    same = all(record.get(key) == value for key, value in goal.items())
    return int(record["trials"]) if same else 0
