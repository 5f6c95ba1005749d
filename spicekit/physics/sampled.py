"""Write errors of any macrospin, counted over samples of the stochastic Landau-Lifshitz-Gilbert equation.

Where nothing turns about the easy axis in a circle (an in-plane layer, a rail beneath it, a field across) there is no
Fokker-Planck equation in one variable.  So the macromodel's own equation (:mod:`spicekit.physics.llg`) is solved for many
samples at once, by Heun's scheme in Stratonovich's sense, with Brown's field on each component, of the standard deviation

    sigma_H = sqrt(2 alpha k T/(mu0^2 gamma Ms V step))         Brown, Phys. Rev. 130, 1677 (1963)

as the ngspice macromodel has it; :mod:`spicekit.physics.stochastic` is the same for the perpendicular layer alone, without
precession.

**Start.**  Boltzmann's distribution in the starting well, by Metropolis steps from the easy axis in the two coordinates across
it.
**End.**  A layer that is pulled across its easy axis stands between the wells when the pulse ends: each sample is followed
without drive until it lies in a well, at half the barrier or below.  A write has failed if that is the well of the start.
**Step.**  0.05 rad of the precession (:attr:`spicekit.devices.junction.Junction.step` is 0.06 of it), with a power of the field
that is white up to there.  Samples come in blocks of their own random stream: a result depends on seed and number of samples
alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spicekit.binomial import clopper_pearson
from spicekit.physics import llg
from spicekit.physics.mtj_numbers import MtjNumbers
from spicekit.waves import Array

BLOCK = 2048  # samples a random stream; part of the result
_RADIANS = 0.05  # of the precession in a step
_WALK = 400  # Metropolis steps of the start
_LONGEST = 10.0  # tau_D after which a sample that lies in no well counts by its side
_LOOK = 20  # steps between looks at where they are

Drive = Callable[[float], tuple[float, float, float]]  # voltage and current of the junction, current of the rail at a time


@dataclass(frozen=True)
class SampledErrors:
    """Samples that were not written after pulses of several lengths; the arrays have the shape (pulses,)."""

    errors: NDArray[np.int64]
    samples: int
    wer: Array
    low: Array  # Clopper-Pearson interval, 95 %
    high: Array


def rail_sign(p: MtjNumbers, direction: Literal["ap-p", "p-ap"]) -> int:
    """Sign of the rail current that writes in this direction: positive flows from head to tail.

    A positive current pulls m towards +y, that is to P of a card with easy axis y; of a perpendicular one with a field along the
    rail it sets P if the field is positive (checked against :mod:`spicekit.physics.llg` in the tests).
    """
    to_parallel = -1 if p.ez and p.hx < 0 else 1
    return to_parallel if direction == "ap-p" else -to_parallel


def sampled_errors(
    p: MtjNumbers, state: Literal["p", "ap"], drive: Drive, pulses: Array, samples: int, seed: int
) -> SampledErrors:
    """Write ``samples`` layers from ``state`` under ``drive`` for each of ``pulses`` (s, in any order): one set of trajectories,
    which leaves the drive at each length in turn."""
    stops, back = np.unique(pulses, return_inverse=True)
    errors = np.zeros(len(stops), dtype=np.int64)
    streams = np.random.default_rng(seed).spawn(-(-samples // BLOCK))
    for number, stream in enumerate(streams):
        failed = _block(p, 1.0 if state == "p" else -1.0, drive, stops, stream)
        errors += failed[:, : samples - number * BLOCK].sum(axis=1)
    counted = np.asarray(errors[back]).reshape(np.shape(pulses))
    low, high = clopper_pearson(counted, samples)
    return SampledErrors(counted, samples, counted / samples, low, high)


def equilibrium(p: MtjNumbers, side: float, size: int, rng: np.random.Generator) -> Array:
    """Unit vectors, shape (3, size), of Boltzmann's distribution in the well at ``side`` (1 or -1) of the easy axis."""
    easy = (p.ex, p.ey, p.ez).index(1.0)
    across = [j for j in range(3) if j != easy]
    kt = p.mu0 * p.ms * p.hk * p.volume / (2 * p.delta)

    def place(a: Array) -> Array:
        m = np.empty((3, size))
        m[across] = a
        m[easy] = side * np.sqrt(np.maximum(1 - (a * a).sum(axis=0), 0))
        return m

    def log_density(a: Array) -> Array:  # in the two coordinates across, of which a solid angle is da db/c
        m = place(a)
        inside = np.abs(m[easy]) > 0
        energy = llg.energy_density(p, tuple(m), p.temperature) * p.volume / kt
        return np.where(inside, -energy - np.log(np.where(inside, np.abs(m[easy]), 1.0)), -np.inf)

    # the stiffness towards each side, by a tilt of 0.1: what sets the length of a step, not the result
    pole = place(np.zeros((2, size)))[:, 0]
    scale = []
    for j in across:
        tilted = pole.copy()
        tilted[j], tilted[easy] = 0.1, side * math.sqrt(0.99)
        rise = [float(llg.energy_density(p, tuple(m), p.temperature)) * p.volume / kt for m in (pole, tilted)]
        scale.append(0.1 / math.sqrt(max(2 * abs(rise[1] - rise[0]), 1.0)))
    a = np.zeros((2, size))
    now = log_density(a)
    for _ in range(_WALK):
        tried = a + 1.5 * np.array(scale)[:, None] * rng.standard_normal((2, size))
        then = log_density(tried)
        taken = np.log(rng.random(size)) < then - now
        a, now = np.where(taken, tried, a), np.where(taken, then, now)
    return place(a)


def _block(p: MtjNumbers, side: float, drive: Drive, stops: Array, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which samples of a whole block have failed after each of the sorted ``stops``, shape (stops, BLOCK)."""
    field = p.hk if p.ez else math.sqrt(p.hk * (p.hk + p.ms))
    longest = _RADIANS / (p.gamma * p.mu0 * field)
    m, now = equilibrium(p, side, BLOCK, rng), 0.0
    failed = np.empty((len(stops), BLOCK), dtype=np.bool_)
    for index, stop in enumerate(stops):
        steps = math.ceil((float(stop) - now) / longest - 1e-9)
        h = (float(stop) - now) / steps if steps else 0.0
        for number in range(steps):
            m = _heun(p, m, drive, now + number * h, h, rng)
        now = float(stop)
        failed[index] = _settled(p, side, m, longest, rng)
    return failed


def _settled(p: MtjNumbers, side: float, m: Array, h: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Whether each sample ends on ``side``, left alone."""
    easy = (p.ex, p.ey, p.ez).index(1.0)
    m = m.copy()
    open_ = np.arange(m.shape[1])
    bottoms = {s: float(llg.energy_density(p, tuple(s * (np.arange(3) == easy)), p.temperature)) for s in (1.0, -1.0)}
    half = p.mu0 * p.ms * p.hk / 4  # J/m3, half the barrier
    for _ in range(math.ceil(_LONGEST * p.tau_d / h / _LOOK)):
        here = m[:, open_]
        bottom = np.where(here[easy] > 0, bottoms[1.0], bottoms[-1.0])
        open_ = open_[llg.energy_density(p, tuple(here), p.temperature) - bottom > half]
        if not open_.size:
            break
        moving = m[:, open_]
        for _ in range(_LOOK):
            moving = _heun(p, moving, _still, 0.0, h, rng)
        m[:, open_] = moving
    return np.asarray(side * m[easy] > 0)


def _still(_: float) -> tuple[float, float, float]:
    return 0.0, 0.0, 0.0


def _heun(p: MtjNumbers, m: Array, drive: Drive, time: float, h: float, rng: np.random.Generator) -> Array:
    """``m`` a step of ``h`` s later, of length 1."""
    # k T is mu0 Ms Hk V/(2 delta)
    sigma = math.sqrt(p.alpha * p.hk / (p.mu0 * p.gamma * p.delta * h))
    noise = sigma * rng.standard_normal(m.shape)
    heated = replace(p, hx=p.hx + noise[0], hy=p.hy + noise[1], hz=p.hz + noise[2], k_norm=0.0)
    first = np.array(llg.rate(heated, (m[0], m[1], m[2]), p.temperature, *drive(time)))
    ahead = m + h * first
    second = np.array(llg.rate(heated, (ahead[0], ahead[1], ahead[2]), p.temperature, *drive(time + h)))
    after = m + 0.5 * h * (first + second)
    return np.asarray(after / np.sqrt((after * after).sum(axis=0)))
