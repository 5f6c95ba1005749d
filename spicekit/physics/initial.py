"""The thermal initial state: polar angles drawn from the Boltzmann distribution of a uniaxial well.

The angle's density over the well 0 <= theta <= pi/2 is exp(-Delta sin^2 theta) sin theta; for Delta >> 1 that is a
Rayleigh distribution with scale 1/sqrt(2 Delta).  The draws come in as uniforms or standard normals, so that a
campaign keeps its samples; an in-plane well is not uniaxial, there Delta is the smaller of its two barriers and the
angle a safe overestimate.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import dawsn, log_ndtr

from spicekit.physics.mtj_numbers import MtjNumbers
from spicekit.waves import Array


def angle_from_uniform(delta: ArrayLike, uniform: ArrayLike) -> Array:
    """The angle in rad at which the distribution function is ``uniform`` (0 <= u < 1); ``delta`` > 0."""
    return _invert(np.asarray(delta, float), np.log1p(-np.asarray(uniform, float)))


def angle_from_normal(delta: ArrayLike, normal: ArrayLike) -> Array:
    """The angle in rad for a standard-normal variate, increasing in it: F(theta) = Phi(z), exact far into the tails."""
    return _invert(np.asarray(delta, float), log_ndtr(-np.asarray(normal, float)))


def sample_angle(delta: float, rng: np.random.Generator, size: int | tuple[int, ...] | None = None) -> Array:
    """Independent angles in rad, shape ``size``."""
    return angle_from_uniform(delta, rng.random(size))


def rayleigh_angle(delta: ArrayLike, uniform: ArrayLike) -> Array:
    """The small-angle limit of :func:`angle_from_uniform`: sqrt(-ln(1 - u)/Delta) in rad."""
    return np.asarray(np.sqrt(-np.log1p(-np.asarray(uniform, float)) / np.asarray(delta, float)))


def survival(delta: ArrayLike, theta: ArrayLike) -> Array:
    """The probability that the initial angle exceeds ``theta`` (rad, 0 to pi/2).

    With s = sqrt(Delta) and Dawson's integral D: exp(-Delta sin^2 theta) D(s cos theta)/D(s), the integral of the
    density in cos theta.
    """
    root = np.sqrt(np.asarray(delta, float))
    angle = np.asarray(theta, float)
    return np.asarray(np.exp(-((root * np.sin(angle)) ** 2)) * dawsn(root * np.cos(angle)) / dawsn(root))


def direction(p: MtjNumbers, theta: ArrayLike, phi: ArrayLike, antiparallel: bool) -> Array:
    """Unit vectors, shape (3, ...), at the polar angle ``theta`` from the easy axis (its negative if ``antiparallel``).

    ``phi`` (rad) turns about the easy axis: from x to y for z, from y to z for x, from z to x for y.
    """
    polar, azimuth = np.broadcast_arrays(np.asarray(theta, float), np.asarray(phi, float))
    local = (
        np.sin(polar) * np.cos(azimuth),
        np.sin(polar) * np.sin(azimuth),
        np.cos(polar) * (-1 if antiparallel else 1),
    )
    axis = (p.ex, p.ey, p.ez).index(1.0)
    return np.stack([local[(component - axis - 1) % 3] for component in range(3)])


def _invert(delta: Array, log_survival: Array) -> Array:
    """Solve ln S = ``log_survival`` for y = sin^2 theta by Newton, kept inside a shrinking bracket; theta in rad."""
    if np.any(~(delta > 0)):
        raise ValueError("the thermal stability must be above 0")
    delta, target = np.broadcast_arrays(delta, log_survival)
    root = np.sqrt(delta)
    low, high = np.zeros(target.shape), np.ones(target.shape)
    y = np.clip(-target / delta, 0, 1)
    for _ in range(80):
        # the last interval below y = 1 has no slope to use (dawsn -> 0): the bracket halves it instead
        inner = root * np.sqrt(np.maximum(1 - y, 1e-300))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            excess = -delta * y + np.log(dawsn(inner) / dawsn(root)) - target
            newton = y + excess * 2 * inner * dawsn(inner) / delta
        low = np.where(excess >= 0, y, low)
        high = np.where(excess <= 0, y, high)
        step = np.where((newton > low) & (newton < high), newton, (low + high) / 2)
        step = np.where(excess == 0, y, step)
        done = np.all(np.abs(step - y) <= 1e-15 * np.maximum(step, 1e-300))
        y = step
        if done:
            break
    return np.asarray(np.arcsin(np.sqrt(np.minimum(y, 1.0))))


def nominal_angle(delta: float) -> float:
    """asin(sqrt(1/(2 Delta))) in rad, about the mode of the distribution: UMN library (Kim et al., CICC 2015)."""
    return math.asin(math.sqrt(min(1.0, 1 / (2 * delta))))
