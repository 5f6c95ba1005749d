"""Whether a circuit works in a trial: the rule of :mod:`montecarlo.jobs.qualification`, and the figure shown beside it.

The first of these that holds for a trial is its verdict:

- *does not converge*: its outcome is not `ok`, there is nothing to judge.
- *wrong*: what the bench has to calibrate (a trim) cannot be found, so that no trial is simulated; or the condition of
  :meth:`spicekit.bench.Bench.works` is not met, and not for want of time alone (:meth:`spicekit.bench.Bench.slow`); or a
  margin's states are not told apart, by the circuit's own reference, or if it has none by the best fixed one for all trials of
  the point; or a figure lies beyond the limits of its search.
- *slow*: a time is not reached within its window (:mod:`spicekit.limits`): the bench's ``deadline``, or any of its times if it
  names none; or the condition is not met for want of time alone.  Late is not wrong, and does not work either.
- *works*: none of these.

The verdict of a point is the worst of its trials'.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from montecarlo.statistics.margins import best_reference
from spicekit.bench import Bench, Margin
from spicekit.errors import unknown
from spicekit.expression import condition, patience
from spicekit.outcome import Outcome
from spicekit.waves import Array

Results = Mapping[str, Array]  # the trials table: "outcome" and every measure, shape (trials,)


class Verdict(enum.IntEnum):
    """What becomes of a circuit, from good to bad."""

    WORKS = 0
    SLOW = 1
    WRONG = 2
    FAILS = 3

    @property
    def words(self) -> str:
        return ("works", "slow", "wrong", "does not converge")[self]


@dataclass(frozen=True)
class Judgement:
    """Of the trials of one point: the verdict of each, and in how many each reason was found."""

    verdicts: NDArray[np.int64]  # shape (trials,)
    reasons: Mapping[str, int]

    @classmethod
    def uncalibrated(cls, trials: int) -> Judgement:
        """Of a point at which the bench's search finds nothing: no setting of the circuit would do."""
        return cls(np.full(trials, int(Verdict.WRONG)), {"cannot be calibrated": trials})

    @property
    def worst(self) -> Verdict:
        return Verdict(int(self.verdicts.max()))

    @property
    def counts(self) -> dict[str, int]:
        """Verdict in words -> trials."""
        return {verdict.words: int(np.count_nonzero(self.verdicts == verdict)) for verdict in Verdict}


def judge(bench: Bench, results: Results) -> Judgement:
    """The verdicts of the trials in ``results``."""
    outcomes = results["outcome"]
    ok = outcomes == str(Outcome.OK)
    reasons = {str(o): int(np.count_nonzero(outcomes == str(o))) for o in Outcome if o is not Outcome.OK}
    values = {measure.name: results[measure.name][ok] for measure in bench.measures()}
    late, wrong = np.zeros((2, int(np.count_nonzero(ok))), dtype=bool)
    for measure in bench.measures():
        if measure.limits is None:
            continue
        away = ~np.isfinite(values[measure.name])
        if measure.unit == "s":
            if bench.deadline in ("", measure.name) or bench.deadline not in values:
                late |= away
                reasons[f"{measure.name} not within its window"] = int(np.count_nonzero(away))
        elif not measure.limits.event:
            wrong |= away
            reasons[f"{measure.name} beyond its limits"] = int(np.count_nonzero(away))
    works = condition(bench)
    if works is not None:
        state = works.limit_state(values)  # below 0 where it is met
        missed = (state > 0) | (np.isnan(state) & ~late)
        slow = patience(bench)
        behind = missed & (slow.limit_state(values) < 0) if slow is not None else np.zeros_like(missed)
        late |= behind
        wrong |= missed & ~behind
        reasons[f"{works.text} not met"] = int(np.count_nonzero(missed))
    for margin in bench.margins():
        missed = _confused(margin, values)
        wrong |= missed
        reasons[f"margin {margin.name}"] = int(np.count_nonzero(missed))
    verdicts = np.full(len(ok), int(Verdict.FAILS))
    verdicts[ok] = np.where(wrong, Verdict.WRONG, np.where(late, Verdict.SLOW, Verdict.WORKS))
    return Judgement(verdicts, {reason: count for reason, count in reasons.items() if count})


def _confused(margin: Margin, values: Results) -> NDArray[np.bool_]:
    """Trials in which one of both states is taken for the other."""
    low, high = values[margin.low], values[margin.high]
    if margin.reference is not None:
        own = values[margin.reference]
    elif len(low) and np.isfinite(low).all() and np.isfinite(high).all():
        own = np.full(len(low), best_reference(low, high)[0])
    else:
        return np.zeros(len(low), dtype=bool)
    return np.asarray((low >= own) | (high < own))


@dataclass(frozen=True)
class KeyFigure:
    """The one figure of a bench that is shown beside the verdicts."""

    name: str
    unit: str
    meaning: str
    of: Callable[[Results], Array]  # one value a trial

    @classmethod
    def choose(cls, bench: Bench, name: str | None = None) -> KeyFigure:
        """Measure ``name``, or the first of: deadline; time with a window; smallest margin; measure of the condition; any one.

        Measures that are 0 or 1 are left out.  Raises :class:`UserError` for a name that is no measure.
        """
        known = {measure.name: measure for measure in bench.measures()}
        if name is not None and name not in known:
            raise unknown("measure", name, known, of=f"--figure: bench '{bench.name}'")
        measures = [measure for measure in bench.measures() if not measure.fraction] or list(bench.measures())
        timed = [measure for measure in measures if measure.limits is not None and measure.unit == "s"]
        found = [measure for measure in timed if measure.name == bench.deadline] or timed
        if name is None and not found and (margins := bench.margins()):
            unit = next(measure.unit for measure in measures if measure.name == margins[0].low)
            return cls("margin", unit, "smallest distance of a state from the reference, or of both states", _smallest(margins))
        works = condition(bench)
        named = [measure for measure in measures if works is not None and measure.name in works.names]
        chosen = known[name] if name is not None else (found or named or measures)[0]
        return cls(chosen.name, chosen.unit, chosen.meaning, lambda results: results[chosen.name])


def _smallest(margins: tuple[Margin, ...]) -> Callable[[Results], Array]:
    def of(results: Results) -> Array:
        rows = []
        for margin in margins:
            low, high = results[margin.low], results[margin.high]
            if margin.reference is None:
                rows.append(high - low)
            else:
                rows += [results[margin.reference] - low, high - results[margin.reference]]
        return np.asarray(np.min(rows, axis=0))

    return of
