"""Campaigns that stop when a figure of their summary is precise enough: ``margins.and.error_rate ci<10%``.

``sigma(t_decision) ci<1%`` asks for a figure with a regression as control variate (:mod:`montecarlo.statistics.surrogate`), and
begins with fewer trials; as long as the measure is refused a regression, the goal is not met.

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
FIRST_IMPROVED = 100
_GOAL = re.compile(r"\s*(margins|measures)\.([\w-]+)\.(\w+)\s+ci\s*<\s*(\S+)\s*")
_IMPROVED = re.compile(r"\s*(\w+)\(\s*([\w-]+)\s*\)\s+ci\s*<\s*(\S+)\s*")
SURROGATE = "surrogate"
_OF_SURROGATE = {"mean": "mean", "sigma": "std", "q001": "q001", "q50": "q50", "q999": "q999"}
_FIGURES = {"margins": ("error_rate", "circuit_error_rate"), "measures": ("mean",)}


@dataclass(frozen=True)
class Until:
    """A figure of the summary, and how wide its interval may be: half of it, relative to the figure."""

    text: str
    group: str  # "margins", "measures" or "surrogate"
    name: str
    figure: str
    limit: float

    @classmethod
    def parse(cls, text: str, bench: Bench) -> Until:
        """Read ``margins.and.error_rate ci<10%``, ``measures.i_p.mean ci<1%`` or ``sigma(i_p) ci<1%`` for ``bench``."""
        if match := _IMPROVED.fullmatch(text):
            group, (figure, name, width) = SURROGATE, match.groups()
        elif match := _GOAL.fullmatch(text):
            group, name, figure, width = match.groups()
        else:
            given = '"margins.NAME.error_rate ci<10%", "measures.NAME.mean ci<1%" or "sigma(NAME) ci<1%"'
            raise UserError(f"--until '{text}': give e.g. {given}")
        try:
            limit = parse_quantity(width, "")
        except UserError as error:
            raise UserError(f"--until '{text}': {error}") from None
        if not 0 < limit < 1:
            raise UserError(f"--until '{text}': {width} given; allowed: above 0 %, below 100 %")
        known = [item.name for item in (bench.margins() if group == "margins" else bench.measures())]
        if name not in known:
            raise UserError(f"--until '{text}': {unknown('margin' if group == 'margins' else 'measure', name, known)}")
        if group == SURROGATE:
            if figure not in _OF_SURROGATE:
                raise UserError(f"--until '{text}': {unknown('figure', figure, _OF_SURROGATE)}")
            return cls(" ".join(text.split()), group, name, _OF_SURROGATE[figure], limit)
        own = [margin.name for margin in bench.margins() if margin.reference is not None]
        allowed = [word for word in _FIGURES[group] if word != "circuit_error_rate" or name in own]
        if figure not in allowed:
            raise UserError(f"--until '{text}': {unknown('figure', figure, allowed)}")
        return cls(" ".join(text.split()), group, name, figure, limit)

    def width(self, summary: records.Summary) -> float:
        """Half of the interval over the figure; infinite where the figure is 0 or not known."""
        if self.group == SURROGATE:
            found = summary.surrogate.measures.get(self.name) if summary.surrogate is not None else None
            one: records.Improvement | None = getattr(found, self.figure, None)
            return math.inf if one is None else _relative(*one.improved)
        row = summary.margins[self.name] if self.group == "margins" else summary.measures[self.name]
        value = getattr(row, self.figure)
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

    def why_not(self, summary: records.Summary) -> str:
        """What keeps it from being met, beside the number of trials; empty if nothing does."""
        refused = summary.surrogate.refused if self.group == SURROGATE and summary.surrogate is not None else {}
        return f"no regression of {self.name}: {refused[self.name]}" if self.name in refused else ""

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
    first = FIRST_IMPROVED if until.group == SURROGATE else FIRST
    stages = [trials for trials in stage_sizes(largest.bench.analysis().chunk, most, first) if trials >= _there(out, goal)]
    elapsed = 0.0
    with Crew.of(crew, settings) as crew:
        for trials in stages:
            campaign = make(trials)
            campaign.goal = goal
            campaign.surrogate |= until.group == SURROGATE
            again = crew.retry and trials == stages[0]
            result = campaign.run(out, crew.part(0, most, retry=again))
            elapsed += result.summary["elapsed_s"]
            if until.met(result.record):
                break
    result.summary["elapsed_s"] = round(elapsed, 3)
    result.summary.update(records.write(out / "summary.json", records.Summary, result.summary))
    return campaign, result


def _relative(value: float | None, low: float | None, high: float | None) -> float:
    return math.inf if not value or low is None or high is None else (high - low) / 2 / abs(value)


def stage_sizes(chunk: int, most: int, first: int = FIRST) -> list[int]:
    """Trials at the end of each stage: whole chunks, each stage twice the one before, the last one ``most``."""
    size = -(-first // chunk) * chunk
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
