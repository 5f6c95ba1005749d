"""Samplers: standard-normal vectors by trial number, one sampler a file.

A sampler is made with (seed, trials, dimensions) and answers ``normals(first, last)``: an array of shape
(last - first, dimensions) for the trials first to last - 1, the same however the trials are split up.
"""

from __future__ import annotations

import importlib
from typing import Protocol

from spicekit.errors import unknown
from spicekit.waves import Array

NOMINAL = "nominal"  # in place of a sampler: every trial is the nominal circuit
_SAMPLERS = {"random": "RandomSampler", "lhs": "LatinHypercubeSampler", "sobol": "SobolSampler"}


class Sampler(Protocol):
    """Standard-normal vectors by trial number."""

    def __init__(self, seed: int, trials: int, dimensions: int) -> None: ...

    def normals(self, first: int, last: int) -> Array:
        """Vectors of trials ``first`` to ``last - 1``, shape (last - first, dimensions)."""
        ...


def sampler_names() -> list[str]:
    return list(_SAMPLERS)


def make_sampler(name: str, seed: int, trials: int, dimensions: int) -> Sampler:
    """The sampler ``name``; an unknown one is a :class:`UserError`."""
    if name not in _SAMPLERS:
        raise unknown("sampler", name, _SAMPLERS)
    sampler: type[Sampler] = getattr(importlib.import_module(f"montecarlo.samplers.{name}"), _SAMPLERS[name])
    return sampler(seed, trials, dimensions)
