"""Statistics of measures and margins: quantiles, gaps, the best reference, error rates with exact intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spicekit.bench import Measure
from spicekit.binomial import clopper_pearson as exact_interval
from spicekit.binomial import trials_for
from spicekit.waves import Array


def clopper_pearson(errors: int, decisions: int, confidence: float = 0.95) -> tuple[float, float]:
    """:func:`spicekit.binomial.clopper_pearson` of one count."""
    low, high = exact_interval(errors, decisions, confidence)
    return float(low), float(high)


def counted(measure: Measure, values: Array) -> Array:
    """The trials over which the statistics of ``measure`` are: of an event, those in which it happened."""
    if measure.limits is not None and measure.limits.event:
        return values[np.isfinite(values)]
    return values


def mean_and_std(values: Array) -> tuple[float, float]:
    """Mean and standard deviation; NaN where there are too few values, or one is not finite: it is not known."""
    if len(values) == 0 or not np.isfinite(values).all():
        return float("nan"), float("nan")
    return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else float("nan")


def quantiles(values: Array, levels: Sequence[float]) -> Array:
    """Quantiles, shape (levels,).

    Values that are only known to lie below or above all others (-inf, inf) have their place among them: a quantile between
    known values is exact, and one that falls among these is NaN, as all are if there are none or one is NaN.
    """
    if len(values) == 0 or np.isnan(values).any():
        return np.full(len(levels), np.nan)
    found = np.asarray(np.quantile(np.clip(values, -_FAR, _FAR), levels))
    return np.where(np.abs(found) < _FAR * 1e-12, found, np.nan)


_FAR = 1e300  # stands for infinity, with which an interpolation would be NaN


TOLD = (0.001, 0.5, 0.999)  # quantiles that a summary holds


def describe(values: Array) -> dict[str, float]:
    """Mean, standard deviation, extremes and the 0.1, 50 and 99.9 % quantiles; NaN where there are too few values
    (:func:`spicekit.binomial.trials_for`).

    With values beyond a limit (-inf, inf, NaN) there is neither mean nor standard deviation; see :func:`quantiles`.
    """
    mean, std = mean_and_std(values)
    found = quantiles(values, TOLD)
    q001, q50, q999 = np.where([len(values) < trials_for(level) for level in TOLD], np.nan, found)
    return {
        "mean": mean,
        "std": std,
        "min": float(values.min()) if len(values) else float("nan"),
        "max": float(values.max()) if len(values) else float("nan"),
        "q001": float(q001),
        "q50": float(q50),
        "q999": float(q999),
    }


def best_reference(low: Array, high: Array) -> tuple[float, int]:
    """The fixed reference with the fewest wrong decisions, and their number.

    A sample of ``low`` at or above the reference, or of ``high`` below it, is a wrong decision.  Of all references that are
    equally good it is the middle of the widest interval.
    """
    low, high = np.sort(low), np.sort(high)
    edges = np.unique(np.concatenate([low, high]))
    middles = (edges[1:] + edges[:-1]) / 2
    if len(middles) == 0:
        middles = edges
    wrong = (len(low) - np.searchsorted(low, middles, side="left")) + np.searchsorted(high, middles, side="left")
    fewest = wrong.min()
    if fewest > min(len(low), len(high)):  # the states are the wrong way round: beyond all samples one of them is right
        if len(low) <= len(high):
            return float(edges[0]), len(low)
        return float(np.nextafter(edges[-1], np.inf)), len(high)
    # join neighbouring equally good gaps, then take the widest
    good = np.flatnonzero(wrong == fewest)
    runs = np.split(good, np.flatnonzero(np.diff(good) > 1) + 1)
    left = np.array([edges[run[0]] for run in runs])
    right = np.array([edges[min(run[-1] + 1, len(edges) - 1)] for run in runs])
    widest = int(np.argmax(right - left))
    return float((left[widest] + right[widest]) / 2), int(fewest)


def circuit_errors(low: Array, high: Array, own: Array) -> tuple[int, int]:
    """Wrong decisions with the circuit's own reference ``own``, and all decisions, shape (trials,) each.

    A reference beyond the limits of its measure decides one state wrongly (-inf, inf); trials without any (NaN) do not count.
    """
    known = ~np.isnan(own)
    low, high, own = low[known], high[known], own[known]
    return int(np.count_nonzero(low >= own) + np.count_nonzero(high < own)), 2 * len(own)


@dataclass(frozen=True)
class MarginStatistics:
    """How well two states are told apart.  ``low`` and ``high`` are samples of the two measures, one a trial.

    ``mean`` is the distance of the means; ``worst`` the smallest of the high samples minus the largest of the low ones
    (below 0: no fixed reference parts them all); ``sigma3`` and ``sigma6`` are what is left of the mean gap after that many
    standard deviations on both sides (a figure of merit, not a yield: the tails are not normal).  ``error_rate`` is the
    fraction of wrong decisions at the best fixed reference, both states being equally likely.  With samples beyond the limits of
    their measure (not finite) nothing of this is known, and all is NaN.
    """

    mean: float
    worst: float
    sigma3: float
    sigma6: float
    reference: float
    error_rate: float
    error_rate_ci: tuple[float, float]

    @classmethod
    def of(cls, low: Array, high: Array) -> MarginStatistics:
        if len(low) == 0 or len(high) == 0 or not (np.isfinite(low).all() and np.isfinite(high).all()):
            nan = float("nan")
            return cls(nan, nan, nan, nan, nan, nan, (0.0, 1.0))
        gap = float(high.mean() - low.mean())
        spread = float(high.std(ddof=1) + low.std(ddof=1)) if min(len(low), len(high)) > 1 else float("nan")
        reference, errors = best_reference(low, high)
        decisions = len(low) + len(high)
        return cls(
            gap,
            float(high.min() - low.max()),
            gap - 3 * spread,
            gap - 6 * spread,
            reference,
            errors / decisions,
            clopper_pearson(errors, decisions),
        )
