"""Joint draws of several measures of the same trials, by a Gaussian copula.

A table keeps of each pair of measures the correlation of their normal scores (van der Waerden): the ranks of the trials, as
quantiles of a normal distribution.  Draws are normal with these correlations, and become values by each measure's own stored
quantiles: each measure alone is then distributed as :meth:`spicekit.table.LookupTable.sample` draws it, whatever its shape.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from spicekit.waves import Array

FEWEST = 4  # trials, of which a correlation is said


def correlation(first: Array, second: Array) -> float:
    """Of the normal scores of two measures of the same trials, shape (trials,); NaN where one does not vary or they are too few.

    Values beyond a limit (-inf, inf) are the lowest and the highest; trials without a value (NaN) are left out.
    """
    known = ~(np.isnan(first) | np.isnan(second))
    if np.count_nonzero(known) < FEWEST:
        return float("nan")
    one, two = (ndtri((rankdata(values[known]) - 0.5) / np.count_nonzero(known)) for values in (first, second))
    length = float(np.sqrt((one @ one) * (two @ two)))
    return float(one @ two) / length if length > 1e-9 * len(one) else float("nan")


def ranks(rng: np.random.Generator, correlations: Array, shape: tuple[int, ...]) -> Array:
    """Uniform numbers of 0 to 1, shape (*shape, measures), whose normal scores have ``correlations`` (..., measures, measures).

    The leading dimensions of these broadcast to ``shape``.
    """
    values, vectors = np.linalg.eigh(correlations)  # also where a measure is a function of others
    root = vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]
    drawn = rng.standard_normal((*shape, correlations.shape[-1]))
    mixed = drawn @ root.T if root.ndim == 2 else (root @ drawn[..., None])[..., 0]
    return np.asarray(ndtr(mixed))


def matrix(pairs: Sequence[str], known: Array, measures: Sequence[str]) -> Array:
    """The matrix of ``measures``, (..., measures, measures), of the correlations of ``pairs`` ("i_p i_ap"), (..., pairs).

    Raises :class:`KeyError` with the pair that is not there.
    """
    place = {frozenset(pair.split()): index for index, pair in enumerate(pairs)}
    found = np.ones((*known.shape[:-1], len(measures), len(measures)))
    for row, first in enumerate(measures):
        for column, second in enumerate(measures[:row]):
            index = place.get(frozenset((first, second)))
            if index is None:
                raise KeyError(first, second)
            found[..., row, column] = found[..., column, row] = known[..., index]
    return found
