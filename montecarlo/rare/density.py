"""Densities to draw trials from: shifted to failure regions, and mixtures of several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import logsumexp

from spicekit.waves import Array


class Density(Protocol):
    """A density over standard-normal coordinates."""

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        """``count`` vectors, shape (count, dimensions)."""
        ...

    def log_ratio(self, z: Array) -> Array:
        """Logarithm of this density over the standard-normal one, shape (trials,)."""
        ...


@dataclass(frozen=True)
class Shifted:
    """Standard normal around ``centre``: mean-shift importance sampling (Schueller and Stix, Struct. Safety 4, 293 (1987))."""

    centre: Array

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        return self.centre + rng.standard_normal((count, len(self.centre)))

    def log_ratio(self, z: Array) -> Array:
        return np.asarray(z @ self.centre - self.centre @ self.centre / 2)


@dataclass(frozen=True)
class Tail:
    """An exponential tail behind a curved surface: along the unit vector ``direction`` t, across it a normal distribution.

    The surface is t = start + x' K x / 2, with x the coordinates across and K the ``curvature`` (its matrix, zero along t).
    Behind a plane at distance b the standard normal falls like exp(-b t): drawn from that, all failing trials have nearly the
    same weight, while those of the mean shift spread over a factor exp(b).  Across, the standard normal behind the surface
    has the precision I + beta K (Breitung, J. Eng. Mech. 110, 357 (1984), doi:10.1061/(ASCE)0733-9399(1984)110:3(357)), and so
    has this density.  It has nothing in front of the surface, so it is only ever one part of a mixture.
    """

    direction: Array
    start: float
    rate: float
    curvature: Array
    beta: float

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        values, vectors = np.linalg.eigh(self.curvature)
        z = rng.standard_normal((count, len(self.direction)))
        across = z / np.sqrt(1 + self.beta * values) @ vectors.T
        across -= np.outer(across @ self.direction, self.direction)
        # one depth from each of `count` equally likely intervals: how deep is most of what trials differ by
        depth = -np.log1p(-(rng.permutation(count) + rng.random(count)) / count) / self.rate
        along = self.start + self.bend(across) + depth
        return np.asarray(across + np.outer(along, self.direction))

    def log_ratio(self, z: Array) -> Array:
        t, bend = z @ self.direction, self.bend(z)
        behind = t - self.start - bend
        across = np.log1p(self.beta * np.linalg.eigvalsh(self.curvature)).sum() / 2 - self.beta * bend
        along = math.log(self.rate * math.sqrt(2 * math.pi)) + t * t / 2 - self.rate * behind
        return np.where(behind >= 0, across + along, -np.inf)

    def bend(self, z: Array) -> Array:
        """How far the surface is from its tangent plane, shape (trials,)."""
        return np.asarray(((z @ self.curvature) * z).sum(axis=1) / 2)


@dataclass(frozen=True)
class Mixture:
    """Several densities, drawn from in proportion to ``shares``, whose sum is 1."""

    parts: Sequence[Density]
    shares: Sequence[float]

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        # as even as whole numbers allow, not by lot: one source of scatter less
        edges = np.round(np.cumsum([0.0, *self.shares]) * count).astype(int)
        drawn = [part.draw(int(n), rng) for part, n in zip(self.parts, np.diff(edges), strict=True)]
        return np.asarray(rng.permutation(np.concatenate(drawn)))

    def log_ratio(self, z: Array) -> Array:
        terms = [math.log(share) + part.log_ratio(z) for part, share in zip(self.parts, self.shares, strict=True)]
        return np.asarray(logsumexp(terms, axis=0))
