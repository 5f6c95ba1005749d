"""A failure probability with its interval, from trials and the weights with which they were drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from montecarlo.statistics.margins import clopper_pearson
from spicekit.waves import Array

TWO_SIDED = 1.959964  # standard deviations of a 95 % interval


@dataclass(frozen=True)
class Estimate:
    """``probability`` is that of the trials that converged, ``ci`` its 95 % interval, ``cov`` its standard error over itself.

    ``lowest`` counts the trials that did not converge as good, ``highest`` counts them as failures.  ``effective`` is the
    number of independent failing trials that would carry the same information.
    """

    probability: float
    cov: float
    ci: tuple[float, float]
    lowest: float
    highest: float
    effective: float

    @property
    def sigma(self) -> float:
        """The distance in standard deviations at which a normal distribution has this tail probability."""
        return sigma_of(self.probability)


def sigma_of(probability: float) -> float:
    """One-sided: 1.35e-3 is 3 sigma."""
    return -float(ndtri(probability)) if 0 < probability < 1 else math.inf if probability <= 0 else -math.inf


def from_counts(failures: int, lost: int, trials: int) -> Estimate:
    """Plain Monte Carlo: ``lost`` of the ``trials`` did not converge.  Exact interval (Clopper and Pearson 1934)."""
    good = trials - lost
    p = failures / good if good else math.nan
    return Estimate(
        probability=p,
        cov=math.sqrt((1 - p) / failures) if failures else math.inf,
        ci=clopper_pearson(failures, good),
        lowest=failures / trials if trials else 0.0,
        highest=(failures + lost) / trials if trials else 1.0,
        effective=float(failures),
    )


def from_weights(weights: Array, fails: NDArray[np.bool_], lost: NDArray[np.bool_], lost_elsewhere: float = 0.0) -> Estimate:
    """Importance sampling: ``weights`` are the ratio of the standard-normal density to that drawn from, shape (trials,).

    ``lost_elsewhere`` is the probability not to converge that plain trials have seen: this sampling sees little of where most
    of the probability is.  The effective number is Kish's, (sum w)^2 / sum w^2, over the failing trials.
    """
    trials = len(weights)
    share = np.where(fails, weights, 0.0)
    low = float(share.sum()) / trials
    missing = max(float(weights[lost].sum()) / trials, lost_elsewhere)
    cov = float(share.std(ddof=1)) / math.sqrt(trials) / low if low else math.inf
    return Estimate(
        probability=low,
        cov=cov,
        ci=interval(low, cov),
        lowest=low,
        highest=min(low + missing, 1.0),
        effective=float(share.sum() ** 2 / (share**2).sum()) if low else 0.0,
    )


def interval(probability: float, cov: float) -> tuple[float, float]:
    """95 % interval of an estimate whose logarithm is normal with standard deviation sqrt(ln(1 + cov^2)).

    An estimate of a rare event is skewed to the right, and its lower bound must not reach 0.
    """
    if not (probability > 0 and math.isfinite(cov)):
        return 0.0, 1.0
    factor = math.exp(TWO_SIDED * math.sqrt(math.log1p(cov * cov)))
    return probability / factor, min(probability * factor, 1.0)
