"""Bounded exponents and smooth limits, of numbers and of graphs of the bias."""

from __future__ import annotations

import math

from spicekit.engines.batch.bsim4.constants import LARGEST, MAX_EXP, MIN_EXP, Value
from spicekit.engines.batch.bsim4.geometry import theta
from spicekit.engines.batch.graph import Node, exp, log, sqrt, where


def power2(x: Value) -> Value:
    return x * x


def theta_of(x: Value) -> Value:
    if not isinstance(x, Node):
        return theta(x)
    e = exp(x)
    return where(x < LARGEST, e / (power2(e - 1.0) + 2.0 * MIN_EXP * e), 1.0 / (MAX_EXP - 2.0))


def bounded_exp(x: Value) -> Value:
    return where(x > LARGEST, MAX_EXP, where(x < -LARGEST, MIN_EXP, exp(x)))


def softplus(x: Value, width: float) -> Value:
    """width * log(1 + exp(x/width)), bounded."""
    e = x * (1.0 / width)
    return where(e > LARGEST, x, where(e < -LARGEST, width * math.log(1 + MIN_EXP), width * log(1.0 + exp(e))))


def softplus_of(x: Value, width: Value) -> Value:
    e = x / width
    return where(e > LARGEST, x, width * where(e < -LARGEST, math.log(1 + MIN_EXP), log(1.0 + exp(e))))


def smaller(a: Value, b: Value, delta: float) -> Value:
    """The smaller of ``a`` > 0 and ``b``, smoothly; in the form that keeps its digits where ``b`` is the larger."""
    t = a - b - delta
    root = sqrt(t * t + 4.0 * delta * a)
    return where(t >= 0.0, a - 0.5 * (t + root), a * (1.0 - 2.0 * delta / (root - t)))
