"""A measure as a polynomial of the values that vary, fitted to the trials of a campaign.

Candidates are a constant, every variable, and the squares and products of the :data:`QUADRATIC` most important ones.  Terms are
taken one by one, each time the one that leaves the least (orthogonal least squares: Chen, Billings, Luo, Int. J. Control 50,
1873 (1989), doi:10.1080/00207178908953472), and how many is decided by cross-validation: of some eighty variables of a sense
amplifier thirty do nothing, and a coefficient for each would take trials of its own.  A measure that is positive is fitted as it
is and by its logarithm, and what predicts left-out trials better stands.

All is done on the Gram matrix of the candidates, a fold's by subtraction, so that the time hardly depends on the number of folds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

from spicekit.waves import Array

QUADRATIC = 12  # variables whose squares and products are candidates
FOLDS = 10
PER_TERM = 3  # trials for each coefficient, at least
LINKS = ("value", "logarithm")  # in which a measure may be fitted
LEFT = 1e-10  # of a candidate, below which it says nothing that those taken before it do not


@dataclass(frozen=True)
class Candidates:
    """Columns made of the variables: a constant, each variable standardised, products of ``pairs`` of them."""

    centre: Array  # of each variable
    scale: Array
    pairs: tuple[tuple[int, int], ...] = ()

    @classmethod
    def linear(cls, x: Array) -> Candidates:
        """Of variables ``x``, shape (trials, variables), each of which varies."""
        return cls(x.mean(axis=0), x.std(axis=0))

    def with_products(self, variables: Sequence[int]) -> Candidates:
        """With the squares and products of some of the variables."""
        chosen = sorted(variables)
        return Candidates(self.centre, self.scale, tuple((i, j) for n, i in enumerate(chosen) for j in chosen[n:]))

    def columns(self, x: Array, chosen: NDArray[np.intp] | None = None) -> Array:
        """Of all candidates, or of those with the ``chosen`` numbers; shape (trials, candidates)."""
        linear = len(self.centre)
        first = np.array([-1, *range(linear), *(pair[0] for pair in self.pairs)], dtype=np.intp)  # -1: the factor is 1
        second = np.array([-1] * (1 + linear) + [pair[1] for pair in self.pairs], dtype=np.intp)
        if chosen is not None:
            first, second = first[chosen], second[chosen]
        used = np.unique([*first, *second])
        used = used[used >= 0]
        z = np.ones((len(used) + 1, len(x)))  # a variable a row: whole rows are multiplied
        z[:-1] = (x.T[used] - self.centre[used, None]) / self.scale[used, None]
        place = np.full(linear + 1, len(used))
        place[used] = np.arange(len(used))  # place[-1] stays that of the ones
        found = z[place[first]]
        for row in np.flatnonzero(second >= 0):
            found[row] *= z[place[second[row]]]
        return np.asarray(found.T)


@dataclass(frozen=True)
class Fit:
    """The regression, in ``link`` of the measure (``value`` or ``logarithm``).

    ``coefficients`` has a column for the fit to all trials, then one a fold, fitted without it, shape (candidates, 1 + folds);
    ``terms`` are those in the first one.  ``left_out`` is each trial's value by the fit that has not seen it, in the link.
    """

    candidates: Candidates
    link: str
    coefficients: Array
    terms: NDArray[np.intp]
    left_out: Array
    r2: float  # of left-out trials, in the measure itself

    def value(self, linked: Array) -> Array:
        """The measure of its value in the link."""
        return np.exp(linked) if self.link == "logarithm" else linked

    def linked(self, values: Array) -> Array:
        """The value in the link of the measure."""
        return np.log(values) if self.link == "logarithm" else values


def folds_of(trials: int) -> NDArray[np.intp]:
    """The fold of each trial."""
    return np.arange(trials) % FOLDS


def fit(x: Array, y: Array, links: Sequence[str] = LINKS) -> Fit:
    """The regression of ``y``, shape (trials,), finite and not constant, on the variables ``x``, shape (trials, variables).

    Of ``links`` the better one.  Raises :class:`ValueError` for fewer than three times as many trials as there are folds.
    """
    most = len(y) // PER_TERM
    if most < FOLDS:
        raise ValueError(f"{len(y)} trials; at least {PER_TERM * FOLDS}")
    linear = Candidates.linear(x)
    found = [_fit(linear, x, y, most, link) for link in links if link == "value" or y.min() > 0]
    return max(found, key=lambda one: one.r2)


def _fit(linear: Candidates, x: Array, y: Array, most: int, link: str) -> Fit:
    target = np.log(y) if link == "logarithm" else y
    first = linear.columns(x)
    order = _forward(first.T @ first, first.T @ target, most)
    weights = np.abs(_solved(first.T @ first, first.T @ target, order))
    weights[0] = 0
    candidates = linear.with_products([int(k) - 1 for k in np.argsort(-weights, kind="stable")[:QUADRATIC] if weights[k] > 0])
    columns = candidates.columns(x)
    gram, moments = columns.T @ columns, columns.T @ target
    fold = folds_of(len(y))
    paths = []
    predicted = np.empty((len(y), most))
    for k in range(FOLDS):
        out = fold == k
        less_gram, less_moments = gram - columns[out].T @ columns[out], moments - columns[out].T @ target[out]
        order = _forward(less_gram, less_moments, most)
        predicted[out] = _along(less_gram, less_moments, order, columns[out], most)
        paths.append((less_gram, less_moments, order))
    whole = np.exp(np.clip(predicted, -700, 700)) if link == "logarithm" else predicted
    errors = ((whole - y[:, None]) ** 2).mean(axis=0)
    size = int(np.argmin(errors)) + 1
    order = _forward(gram, moments, most)
    chosen = order[:size]
    coefficients = np.stack([_solved(gram, moments, chosen), *(_solved(g, m, path[:size]) for g, m, path in paths)], axis=1)
    return Fit(candidates, link, coefficients, np.sort(chosen), predicted[:, size - 1], 1 - float(errors[size - 1] / y.var()))


def _forward(gram: Array, moments: Array, most: int) -> NDArray[np.intp]:
    """Candidates in the order in which they are taken, the constant first, at most ``most``."""
    g, b = gram.copy(), moments.copy()
    start = np.diag(gram).copy()
    order: list[int] = []
    alive = np.ones(len(b), dtype=bool)
    while len(order) < most:
        diagonal = np.diag(g)
        alive &= diagonal > LEFT * start
        if not alive.any():
            break
        gain = np.where(alive, b**2 / np.where(alive, diagonal, 1.0), -1.0)
        best = int(np.argmax(gain)) if order else 0
        row, pivot, moment = g[best].copy(), float(diagonal[best]), float(b[best])
        order.append(best)
        alive[best] = False
        b -= row * (moment / pivot)
        g -= np.outer(row, row / pivot)
    return np.array(order, dtype=np.intp)


def _solved(gram: Array, moments: Array, chosen: NDArray[np.intp]) -> Array:
    """Coefficients of all candidates, those that are not ``chosen`` 0."""
    found = np.zeros(len(moments))
    found[chosen] = np.linalg.solve(gram[np.ix_(chosen, chosen)], moments[chosen])
    return found


def _along(gram: Array, moments: Array, order: NDArray[np.intp], columns: Array, most: int) -> Array:
    """Values of trials with ``columns`` by the first 1, 2, ... terms of ``order``, shape (trials, most)."""
    lower = cholesky(gram[np.ix_(order, order)], lower=True)
    scores = solve_triangular(lower, moments[order], lower=True)
    orthogonal = solve_triangular(lower, columns[:, order].T, lower=True)
    values = np.cumsum(orthogonal.T * scores, axis=1)
    return np.concatenate([values, np.repeat(values[:, -1:], most - len(order), axis=1)], axis=1)
