"""The exact interval of a probability that was counted."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainccinv, betaincinv

from spicekit.waves import Array


def clopper_pearson(count: ArrayLike, trials: ArrayLike, confidence: float = 0.95) -> tuple[Array, Array]:
    """Ends of the interval for ``count`` of ``trials``, in their shape (Clopper and Pearson, Biometrika 26, 404 (1934)).

    It covers the true value with at least ``confidence``; with none counted, the upper end is about 3.7/trials at 95 %.  No
    trials say nothing: 0 to 1.
    """
    k, n, tail = np.asarray(count, dtype=float), np.asarray(trials, dtype=float), (1 - confidence) / 2
    low = np.where(k > 0, betaincinv(np.maximum(k, 1), n - k + 1, tail), 0.0)
    high = np.where(k < n, betainccinv(k + 1, np.maximum(n - k, 1), tail), 1.0)
    return low, high


def trials_for(level: float) -> int:
    """How many trials a quantile of ``level`` takes: of n, the extremes stand on average at 1/(n + 1) and n/(n + 1), and beyond
    these nothing is known of the distribution."""
    part = min(level, 1 - level)
    return max(math.ceil(1 / part - 1e-9) - 1, 1) if part > 0 else 1
