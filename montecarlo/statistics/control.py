"""A bench by another one that is cheaper: its trials as control variate, in two levels (M. B. Giles, Acta Numerica 24, 259
(2015), doi:10.1017/S096249291500001X).

Both are simulated with the same samples in some trials, the pairs, and the cheap one in many further trials.  With y of the full
bench and c of its control

    mean(y) = mean over the pairs of (y - b c)  +  b * mean over the further trials of c

The slope b that a pair is given comes from the pairs of the other folds, and the further trials are independent of all pairs: so
the estimate is unbiased whatever the control is worth, and its interval holds the error of both parts.  The standard deviation
is that of the squared distance from the mean, with a slope of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from montecarlo.statistics.surrogate import Estimate, Moments, Refused
from spicekit.waves import Array

LEAST_PAIRS = 30
LEAST_R2 = 0.5  # of the pairs: below it a pair is worth two trials at the most
FOLDS = 10


@dataclass(frozen=True)
class Controlled:
    """Mean and standard deviation of a measure by its control, and how closely the two go together."""

    moments: Moments
    r2: float  # square of the correlation of the pairs
    slope: float  # of the measure over its control


def controlled(full: Array, paired: Array, further: Array) -> Controlled:
    """Of the measure ``full`` and its control ``paired`` in the same trials, shape (pairs,), and of the control in ``further``
    ones, shape (trials,).  Raises :class:`Refused` with the reason where a control is not to be had or not worth having."""
    pairs = len(full)
    if pairs < LEAST_PAIRS or len(further) < LEAST_PAIRS:
        raise Refused(f"{min(pairs, len(further))} trials are ok; at least {LEAST_PAIRS} pairs and as many further ones")
    for values, whose in ((full, "it"), (paired, "its control"), (further, "its control")):
        if not np.isfinite(values).all():
            raise Refused(f"{whose} is beyond its limits in {np.count_nonzero(~np.isfinite(values))} trials")
        if np.ptp(values) <= 1e-12 * np.abs(values).max():
            raise Refused(f"{whose} does not vary")
    r2 = float(np.corrcoef(full, paired)[0, 1] ** 2)
    if r2 < LEAST_R2:
        raise Refused(f"R2 {r2:.2f} with its control in {pairs} pairs, below {LEAST_R2:g}: too few trials are saved")
    mean = _Level(full, paired, further)
    centre, square = float(further.mean()), float(further.var(ddof=1))
    # the mean that distances are taken from has an error of its own, which goes with these very trials
    small = mean.of_pairs**2 - mean.of_further**2
    second = _Level(
        (full - mean.value) ** 2 + small,
        (paired - centre) ** 2 - square / len(further),
        (further - centre) ** 2 * (len(further) / (len(further) - 1)),
    )
    std = float(np.sqrt(max(second.value, 0.0)))
    degrees = pairs - 2
    of_std = Estimate.of(std, second.error / (2 * std) if std else np.inf, degrees)
    return Controlled(Moments(Estimate.of(mean.value, mean.error, degrees), of_std), r2, mean.slope)


class _Level:
    """The estimate of a mean and its standard errors: of the pairs, and of the further trials."""

    def __init__(self, full: Array, paired: Array, further: Array) -> None:
        fold, centre = np.arange(len(full)) % FOLDS, float(further.mean())
        slopes = np.empty(len(full))
        for k in range(FOLDS):
            others = fold != k
            c = paired[others] - paired[others].mean()
            size = float(c @ c)
            slopes[fold == k] = float(c @ (full[others] - full[others].mean())) / size if size else 0.0
        rest = full - slopes * (paired - centre)
        self.value, self.slope = float(rest.mean()), float(slopes.mean())
        self.of_pairs = float(rest.std(ddof=1)) / np.sqrt(len(full))
        self.of_further = abs(self.slope) * float(further.std(ddof=1)) / np.sqrt(len(further))

    @property
    def error(self) -> float:
        return float(np.hypot(self.of_pairs, self.of_further))
