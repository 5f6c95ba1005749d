"""Write errors counted over many trajectories of the stochastic Landau-Lifshitz-Gilbert equation.

The independent check on :mod:`spicekit.physics.fokker_planck`: the same perpendicular macrospin, but the full
three-dimensional motion with precession, drawn trajectory by trajectory.  The LLG equation with a damping-like spin
torque of strength ``a_J = alpha i Hk`` along the easy axis z (Slonczewski, J. Magn. Magn. Mater. 159, L1 (1996)) is
solved for dm/dt; in units of Hk and of ``tau_D = (1 + alpha^2)/(alpha gamma mu0 Hk)`` it is

    dm/d tau = -(1/alpha) m x b - m x (m x b) + i m x (m x z) - alpha i m x z,      b = m_z z + b_thermal,

read in Stratonovich's sense (Brown, Phys. Rev. 130, 1677 (1963)).  The thermal field is white, each component with
``<b(tau) b(tau')> = alpha^2/((1 + alpha^2) delta)`` times the delta function of ``tau - tau'``: m then diffuses over
the sphere with 1/(2 delta) per tau_D, as the Boltzmann distribution asks for.  It enters both cross products.

**Damping and step.**  In this symmetric problem precession turns m about z and leaves m_z alone, so the write error
rate does not depend on alpha; a small alpha only makes the equation stiff.  Heun's scheme turns a rate of escape
``i - 1`` beside a precession ``1/alpha`` into ``(i - 1)(1 + (step/alpha)^2/2 + ...)``: a layer escapes too fast, and
the error rate comes out too small by about ``(step/alpha)^2 (i - 1) tau`` of itself.  Hence the default alpha of 1 and
the default step (:func:`default_step`), whose error is near 0.1 % at delta 60, i = 2, tau = 5; it falls as the square
of the step, as ``benchmarks/stochastic_llg.py`` shows.  A physical alpha gives the same answer for more steps.

**Reproducible.**  Trajectories are drawn in blocks of 4096, each from a generator of its own spawned by block number:
trajectory k depends on the seed and on k alone, not on how many there are or how many threads share the work.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spicekit.binomial import clopper_pearson
from spicekit.errors import UserError
from spicekit.physics.fokker_planck import checked
from spicekit.waves import Array

BLOCK = 4096  # trajectories a random stream; part of the result, not a tuning knob.  A block's arrays fit in the L2 cache


@dataclass(frozen=True)
class WriteErrors:
    """What :func:`stochastic_llg` counted; the arrays have the shape of ``tau``, times are in units of tau_D."""

    tau: Array  # the pulse widths
    errors: NDArray[np.int64]  # trajectories with m_z > 0 at the end of the pulse
    trajectories: int
    wer: Array  # errors/trajectories
    low: Array  # Clopper-Pearson interval
    high: Array
    switching_times: Array | None  # (trajectories,) first time at m_z = 0; nan: not within the longest pulse


def stochastic_llg(
    delta: float,
    overdrive: float,
    tau: ArrayLike,
    trajectories: int,
    rng: int | np.random.SeedSequence | np.random.Generator,
    *,
    alpha: float = 1.0,
    step: float | None = None,
    confidence: float = 0.95,
    switching_times: bool = False,
    workers: int = 1,
) -> WriteErrors:
    """Count the trajectories with ``m_z > 0`` at the end of a pulse, from a Boltzmann start in that well.

    ``delta`` (> 0) and ``overdrive`` are scalars as in :func:`~spicekit.physics.fokker_planck.write_error_rate`;
    ``tau`` (>= 0, in tau_D) is a scalar or an array, all of it read off the same trajectories.  ``rng`` is a seed or a
    generator (whose ``spawn`` state then advances).  ``alpha`` is the damping (> 0), ``step`` the longest time step in
    tau_D; ``confidence`` (0 to 1) belongs to the interval of Clopper and Pearson, Biometrika 26, 404 (1934).
    ``workers`` threads share the blocks; the result does not depend on it.

    Raises :class:`~spicekit.errors.UserError` for a value out of range or not finite.
    """
    pulses = checked("tau", tau, least=0.0)
    for name, value in (("overdrive", overdrive), ("delta", delta), ("alpha", alpha), ("step", step)):
        if value is not None and checked(name, value, above=None if name == "overdrive" else 0.0).ndim:
            raise UserError(f"{name} is an array; give one number")
    longest = default_step(overdrive, alpha) if step is None else step
    for name, number in (("trajectories", trajectories), ("workers", workers)):
        if number != int(number) or number < 1:
            raise UserError(f"{name} is {number}; it must be a whole number from 1")
    if not 0 < confidence < 1:
        raise UserError(f"confidence is {confidence:g}; it must be between 0 and 1")
    stops, back = np.unique(pulses, return_inverse=True)
    blocks = -(-trajectories // BLOCK)

    def run(number: int, stream: np.random.Generator) -> tuple[NDArray[np.int64], Array]:
        size = min(BLOCK, trajectories - number * BLOCK)
        return _block(delta, overdrive, stops, longest, alpha, stream, size, switching_times)

    try:
        generator = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise UserError(f"rng is {rng!r}; give a whole number from 0 or a numpy generator") from None
    with ThreadPoolExecutor(workers) as pool:  # numpy lets go of the interpreter lock inside its loops
        parts = list(pool.map(run, range(blocks), generator.spawn(blocks)))
    errors = np.asarray(np.sum([part[0] for part in parts], axis=0))[back].reshape(pulses.shape)
    low, high = clopper_pearson(errors, trajectories, confidence)
    times = np.concatenate([part[1] for part in parts]) if switching_times else None
    return WriteErrors(pulses, errors, trajectories, errors / trajectories, low, high, times)


def default_step(overdrive: float, alpha: float) -> float:
    """The default time step in tau_D: a fiftieth of a radian of precession, a hundredth of the spin torque's time."""
    return 0.02 * min(alpha, 0.5 / max(1.0, abs(overdrive)))


def boltzmann_cosine(delta: float, size: int, rng: np.random.Generator) -> Array:
    """``size`` draws of ``u = cos(theta)`` from ``exp(delta u^2)`` on 0 < u <= 1, exact, by rejection.

    ``y = 1 - u`` has the density ``exp(-delta y (2 - y))``; ``exp(-delta y)`` on 0 <= y < 1 lies above it.
    """
    found = np.empty(0)
    while len(found) < size:
        y = -np.log1p(rng.random(3 * size) * math.expm1(-delta)) / delta
        found = np.concatenate([found, y[rng.random(3 * size) < np.exp(-delta * y * (1 - y))]])
    return 1 - found[:size]


def _block(
    delta: float,
    overdrive: float,
    stops: Array,
    longest: float,
    alpha: float,
    rng: np.random.Generator,
    size: int,
    timed: bool,
) -> tuple[NDArray[np.int64], Array]:
    """One block: errors at the sorted ``stops`` and switching times, both of its first ``size`` trajectories."""
    m = np.empty((3, BLOCK))  # a whole block always, so that a trajectory does not depend on how many follow it
    m[2] = boltzmann_cosine(delta, BLOCK, rng)
    azimuth, radius = 2 * np.pi * rng.random(BLOCK), np.sqrt(1 - m[2] ** 2)
    m[0], m[1] = radius * np.cos(azimuth), radius * np.sin(azimuth)
    noise, k1, k2, predicted, w, spare = (np.empty_like(m) for _ in range(6))
    before, times, now = np.empty(BLOCK), np.full(BLOCK, np.nan), 0.0
    errors = np.zeros(len(stops), dtype=np.int64)
    for index, stop in enumerate(stops):
        steps = math.ceil((stop - now) / longest - 1e-9)
        h = (stop - now) / steps if steps else 0.0
        for number in range(steps):
            rng.standard_normal(out=noise)
            noise *= alpha / math.sqrt((1 + alpha**2) * delta * h)
            _velocity(m, noise, overdrive, alpha, k1, w, spare)
            np.multiply(k1, h, out=predicted)
            predicted += m
            _velocity(predicted, noise, overdrive, alpha, k2, w, spare)
            k1 += k2
            k1 *= 0.5 * h
            before[:] = m[2]
            m += k1
            np.multiply(m, m, out=spare)
            np.sqrt(spare.sum(axis=0, out=spare[0]), out=spare[0])
            m /= spare[0]
            if timed:
                first = (m[2] <= 0) & np.isnan(times)
                times[first] = now + h * (number + before[first] / (before[first] - m[2][first]))
        now = float(stop)
        errors[index] = np.count_nonzero(m[2, :size] > 0)
    return errors, times[:size]


def _velocity(m: Array, noise: Array, i: float, alpha: float, out: Array, w: Array, spare: Array) -> None:
    """dm/d tau into ``out``, as ``m x w`` with ``w = -c/alpha - i (alpha + 1/alpha) z - m x c`` and ``c = b - i z``."""
    c = spare
    c[:] = noise
    c[2] += m[2]
    c[2] -= i
    _cross(m, c, out, w[0])
    np.multiply(c, -1 / alpha, out=w)
    w -= out
    w[2] -= i * (alpha + 1 / alpha)
    _cross(m, w, out, spare[0])


def _cross(a: Array, b: Array, out: Array, spare: Array) -> None:
    for j in range(3):
        k, n = (j + 1) % 3, (j + 2) % 3
        np.multiply(a[k], b[n], out=out[j])
        np.multiply(a[n], b[k], out=spare)
        out[j] -= spare
