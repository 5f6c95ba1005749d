"""What each variable of a table says beside its meaning: what the number is of, and what its sign tells."""

from __future__ import annotations

from spicekit.bench import Margin, Measure

COUNT = "of the trials that were asked for"
STD = "of one trial; the mean over them is as uncertain as this divided by the root of count"
LEVELS = "at the levels of `quantile`; those of 0 and 1 are the smallest and the largest trial"
EXACT = "Clopper-Pearson"
CORRELATED = "1: they rise together; -1: one falls as the other rises; 0: they have nothing to do with each other"
PARTS = {
    "mean": "mean of {high} less mean of {low}: above 0 the states are the right way round",
    "worst": "smallest {high} less largest {low} of all trials: below 0 no fixed reference parts them",
    "sigma3": "mean distance less 3 standard deviations of both states: a figure of merit, no yield",
    "sigma6": "mean distance less 6 standard deviations of both states: a figure of merit, no yield",
    "reference": "the fixed value that decides the fewest trials wrongly: at or above it {high} is meant, below it {low}",
    "error_rate": "part of the decisions that are wrong with {reference}, either state as likely",
    "error_rate_low": "lower end of its exact 95 % interval",
    "error_rate_high": "upper end of its exact 95 % interval",
}


def of_measure(measure: Measure, definition: str | None, many: bool) -> str:
    """Of a measure's mean over many trials, or of its nominal value."""
    said = "part of the trials in which it holds" if measure.fraction else "mean over the trials that are ok"
    if measure.limits is not None and measure.limits.event:
        said = "mean over the trials in which it happens"
    return (said if many else "of the nominal circuit") + (f"; it is {definition}" if definition else "")


def of_margin(margin: Margin, field: str) -> str:
    """Of one of the fields of a margin (``montecarlo.statistics.tabulate.MARGIN_FIELDS``)."""
    own = field.startswith("circuit_")
    reference = f"the circuit's own reference {margin.reference}" if own else "the best fixed reference"
    return PARTS[field.removeprefix("circuit_")].format(low=margin.low, high=margin.high, reference=reference)
