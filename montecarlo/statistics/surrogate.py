"""Fewer trials for the same confidence: a regression on the trials as control variate, beside what the trials say alone.

The regression (:mod:`montecarlo.statistics.regression`) is evaluated at many more draws of what varies.

- Mean and standard deviation: the mean over the draws, plus the mean difference between each trial and the fit that has not
  seen it (cross-fitting: Chernozhukov et al., Econometrics J. 21, C1 (2018), doi:10.1111/ectj.12097), of the measure and of its
  squared distance from the mean.  Unbiased whatever the regression is worth; a poor one only makes the interval wide.
- Quantiles and error rates: each draw is given the difference of a trial that lies near it in the fitted value.  Their intervals
  hold what the coefficients do not know (MacKinnon and White, J. Econometrics 29, 305 (1985), HC3), what the differences do not,
  and the number of draws.  Beyond the trials they rest on the regression holding there.

With a coefficient for four trials these errors are too small, since the fits of all folds share trials, and the choice of terms
is in none of them.  So what the figure moves by where the chosen terms are fitted without a fold is added in squares (the
delete-a-group jackknife: P. S. Kott, J. Official Statistics 17, 521 (2001)).  On 20 sets of 250 trials of ``tbs-sense``'s energy
either alone is 1.1 to 1.9 times too small, and both together are right (benchmarks/surrogate.py).

All intervals are at 95 %.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from montecarlo.statistics.regression import FOLDS, LINKS, Fit, fit, folds_of
from spicekit.waves import Array

LEAST_R2 = 0.95
NEAR = 10  # a draw is given the difference of one of the trials nearest to it, one in so many
LEAST_NEAR = 10
WINDOW = 0.5  # of a tail's probability: the draws around a value that tell what it is made of
# a difference of so many robust standard deviations, and of such a part of the measure's own, is a jump; of more than such a
# share of the trials they reach the outermost quantiles that are told
JUMP, JUMP_PART, JUMP_SHARE = 12.0, 0.5, 0.001
BLOCK = 2_000  # draws at a time
LEAST_LEFT = 0.05  # of a trial's difference, where its fit goes through it


class Refused(ValueError):
    """Why a measure has no regression."""


@dataclass(frozen=True)
class Estimate:
    """A number and its 95 % interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, error: float, degrees: int) -> Estimate:
        """By the standard error and its degrees of freedom (Student's t)."""
        width = float(stdtrit(degrees, 0.975)) * error
        return cls(value, value - width, value + width)


@dataclass(frozen=True)
class Moments:
    """Mean and standard deviation with their intervals."""

    mean: Estimate
    std: Estimate


@dataclass(frozen=True)
class Smeared:
    """The measure's distribution: its values in the link at the draws, with differences, and what is not known of them."""

    fit: Fit
    values: Array  # in the link
    trials: int
    _fitted: Array  # without the differences
    _near: int  # trials of whose differences each draw was given one
    _draws: Array
    _covariance: Array  # of the coefficients of the terms
    _uncertain: Array  # standard error of the mean difference that each draw was given
    refits: Array  # the values by the fits without a fold each, shape (folds, draws)

    @property
    def degrees(self) -> int:
        """Degrees of freedom of its errors."""
        return self.trials - len(self.fit.terms)

    def quantile(self, level: float) -> Estimate:
        """The quantile of the measure."""
        at = float(np.quantile(self.values, level))
        error, density = self._at(at, min(level, 1 - level))
        drawn = np.sqrt(level * (1 - level) / len(self.values)) / density
        spread = (at - float(np.quantile(self._fitted, level))) * self._of_spread
        refitted = jackknife(self.refits, lambda values: float(np.quantile(values, level)))
        error = float(np.sqrt(error**2 + drawn**2 + spread**2 + refitted**2))
        found = Estimate.of(at, error, self.degrees)
        low, value, high = self.fit.value(np.array([found.low, at, found.high]))
        return Estimate(float(value), float(low), float(high))

    def above(self, value: float) -> tuple[float, float]:
        """The probability that the measure is at or above ``value``, and its standard error."""
        if self.fit.link == "logarithm" and value <= 0:
            return 1.0, 0.0
        at = float(self.fit.linked(np.array([value]))[0])
        found = float((self.values >= at).mean())
        error, density = self._at(at, max(min(found, 1 - found), 1e-3))
        drawn = found * (1 - found) / len(self.values)
        spread = (found - float((self._fitted >= at).mean())) * self._of_spread
        refitted = jackknife(self.refits, lambda values: float((values >= at).mean()))
        return found, float(np.sqrt((error * density) ** 2 + drawn + spread**2 + refitted**2))

    @property
    def _of_spread(self) -> float:
        """Relative error of what the differences move: it goes with their variance, which is that of as many trials."""
        return float(np.sqrt(2 / self._near))

    def _at(self, at: float, tail: float) -> tuple[float, float]:
        """The standard error of the fit around a value in the link, and the density of the draws there."""
        count = max(int(WINDOW * tail * len(self.values)), 50)
        distance = np.abs(self.values - at)
        near = np.argpartition(distance, count)[:count]
        density = count / len(self.values) / (2 * float(distance[near].max()))
        mean = self.fit.candidates.columns(self._draws[near], self.fit.terms).mean(axis=0)
        error = np.hypot(np.sqrt(mean @ self._covariance @ mean), self._uncertain[near].mean())
        return float(error), density


def regressed(x: Array, y: Array, links: Sequence[str] = LINKS) -> Fit:
    """The regression of ``y``, shape (trials,), on ``x``, shape (trials, variables); raises :class:`Refused` with the reason."""
    if not np.isfinite(y).all():
        raise Refused(f"beyond its limits in {np.count_nonzero(~np.isfinite(y))} trials")
    if len(y) == 0 or np.ptp(y) <= 1e-12 * np.abs(y).max():
        raise Refused("it does not vary")
    if len(np.unique(y)) <= len(y) / 2:
        raise Refused(f"it takes {len(np.unique(y))} values only in {len(y)} trials")
    try:
        found = fit(x, y, links)
    except ValueError as error:
        raise Refused(str(error)) from None
    if found.r2 < LEAST_R2:
        raise Refused(f"R2 {max(found.r2, 0.0):.3f} with {len(found.terms)} coefficients, below {LEAST_R2:g}")
    rest = y - found.value(found.left_out)
    scale = 1.4826 * np.median(np.abs(rest - np.median(rest)))
    jumps = np.count_nonzero((np.abs(rest) > JUMP * scale) & (np.abs(rest) > JUMP_PART * y.std()))
    if jumps > JUMP_SHARE * len(y):
        raise Refused(f"it jumps in {jumps} of {len(y)} trials")
    return found


def linked(found: Fit, draws: Array) -> Array:
    """The fits (to all trials, then one a fold) at the draws, in the link, shape (draws, 1 + folds)."""
    terms = np.flatnonzero(found.coefficients.any(axis=1))
    blocks = (draws[first : first + BLOCK] for first in range(0, len(draws), BLOCK))
    return np.concatenate([found.candidates.columns(block, terms) @ found.coefficients[terms] for block in blocks])


def moments(found: Fit, y: Array, at_draws: Array, smear: Smeared) -> Moments:
    """Mean and standard deviation of the measure ``y`` of the trials, with the fits ``at_draws``, cross-fitted; ``smear`` is its
    distribution."""
    share = np.bincount(folds_of(len(y))) / len(y)
    values = found.value(at_draws[:, 1:])
    fitted = found.value(found.left_out)
    drawn = values.mean(axis=0)
    mean = float((y - fitted).mean() + drawn @ share)
    error = np.hypot((y - fitted).std(ddof=1) / np.sqrt(len(y)), float((values @ share).std()) / np.sqrt(len(values)))
    squares = (values - mean) ** 2
    rest = (y - mean) ** 2 - (fitted - mean) ** 2
    variance = float(rest.mean() + squares.mean(axis=0) @ share)
    of_variance = np.hypot(rest.std(ddof=1) / np.sqrt(len(y)), float((squares @ share).std()) / np.sqrt(len(values)))
    std = float(np.sqrt(max(variance, 0.0)))
    refits = found.value(smear.refits)
    error = np.hypot(error, jackknife(refits, lambda values: float(values.mean())))
    of_std = np.hypot(of_variance / (2 * std), jackknife(refits, lambda values: float(values.std()))) if std else np.inf
    return Moments(Estimate.of(mean, float(error), len(y) - 1), Estimate.of(std, float(of_std), len(y) - 1))


def jackknife(refits: Array, figure: Callable[[Array], float]) -> float:
    """The standard error of a figure of the distribution, by the fits without a fold each."""
    found = np.array([figure(values) for values in refits])
    return float(np.sqrt((FOLDS - 1) / FOLDS * ((found - found.mean()) ** 2).sum()))


def smeared(found: Fit, x: Array, y: Array, draws: Array, at_draws: Array, rng: np.random.Generator) -> Smeared:
    """The distribution of the measure over the ``draws``, shape (draws, variables), where the fits are ``at_draws``."""
    at_draws = at_draws[:, 0]
    rest = found.linked(y) - found.left_out
    width = min(max(len(y) // NEAR, LEAST_NEAR), len(y))
    picked = rng.integers(width, size=len(draws))
    order, first = _around(found.left_out, at_draws, width)
    given = rest[order[first + picked]]
    windows = np.lib.stride_tricks.sliding_window_view(rest[order], width)
    uncertain = (windows.std(axis=1, ddof=1) / np.sqrt(width))[first]
    columns = found.candidates.columns(x, found.terms)
    inverse = np.linalg.pinv(columns.T @ columns, hermitian=True)
    covariance = inverse @ (columns.T * rest**2) @ columns @ inverse
    refits = _refitted(found, columns, found.linked(y), draws, width, picked)
    return Smeared(found, at_draws + given, len(y), at_draws, width, draws, covariance, uncertain, refits)


def _around(fitted: Array, at_draws: Array, width: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The trials in the order of their fitted values, and the first of the ``width`` ones around each draw."""
    order = np.argsort(fitted, kind="stable")
    return order, np.clip(np.searchsorted(fitted[order], at_draws) - width // 2, 0, len(fitted) - width)


def _refitted(found: Fit, columns: Array, linked_y: Array, draws: Array, width: int, picked: NDArray[np.intp]) -> Array:
    """The distribution by the same terms, fitted without a fold each: with its own differences, as the trials that it has seen
    would be if left out, and the same random numbers.  Shape (folds, draws)."""
    fold = folds_of(len(linked_y))
    coefficients = np.empty((columns.shape[1], FOLDS))
    seen: list[tuple[Array, Array]] = []
    for k in range(FOLDS):
        mine, kept = columns[fold != k], linked_y[fold != k]
        inverse = np.linalg.pinv(mine)
        coefficients[:, k] = inverse @ kept
        fitted = mine @ coefficients[:, k]
        leverage = np.einsum("ij,ji->i", mine, inverse)
        seen.append((fitted, (kept - fitted) / np.sqrt(np.clip(1 - leverage, LEAST_LEFT, 1.0))))
    blocks = (draws[first : first + BLOCK] for first in range(0, len(draws), BLOCK))
    values = np.concatenate([found.candidates.columns(block, found.terms) @ coefficients for block in blocks]).T
    for k, (fitted, rest) in enumerate(seen):
        order, first = _around(fitted, values[k], width)
        values[k] += rest[order[first + picked]]
    return values
