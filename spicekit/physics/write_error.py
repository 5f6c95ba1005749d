"""Write error rate as a distribution: every junction of an array has its own barrier and its own critical current.

The spread of resistance-area product and anisotropy makes the rate a random variable, whose mean is set by the few
worst junctions.  A thousand junctions lie close together in (delta, overdrive, tau), so the Fokker-Planck equation is
not solved for each but on a Chebyshev grid around them, and interpolated in

    Z = ln(-ln P(switched)),

which is all but linear: a layer leaves its well from an exponentially distributed energy, so that P(switched) is close
to exp(-X) with ln X falling linearly in time (see the limit of large delta in the tests).  At small rates Z = ln(WER).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from spicekit.errors import UserError
from spicekit.physics.fokker_planck import FLOOR, Floats, checked, populations

Side = Literal["original", "switched"]  # of the equator, at the end of the pulse
QUANTILES = (0.001, 0.01, 0.05, 0.5, 0.95, 0.99, 0.999)
_MOST = 33  # nodes an axis; beyond that the junctions are solved one by one
_INDEX: dict[Side, int] = {"original": 0, "switched": 1}  # in the answer of populations()
# rates below these need no relative accuracy; a flip by heat alone is asked for where it is rare
_LEAST: dict[Side, float] = {"original": 1e-16, "switched": 1e-60}


@dataclass(frozen=True)
class WriteErrorDistribution:
    """Write error rates (or flip probabilities) of ``samples`` junctions at ``pulses`` pulse widths."""

    wer: Floats  # (samples, pulses)
    mean: Floats  # (pulses,): the error rate of an array of such junctions
    levels: Floats  # (quantiles,) between 0 and 1
    quantiles: Floats  # (quantiles, pulses) of the rate over the junctions


def wer_distribution(
    delta: ArrayLike,
    overdrive: ArrayLike,
    tau: ArrayLike,
    *,
    quantiles: Sequence[float] = QUANTILES,
    rtol: float = 1e-2,
    side: Side = "original",
    zeeman: float = 0.0,
) -> WriteErrorDistribution:
    """Write error rates of many junctions, with their mean and quantiles at each pulse width.

    With ``side="switched"`` the probabilities of having switched instead, which are their complement.  ``zeeman`` is delta H/Hk
    of a field H along the starting state (see :mod:`spicekit.physics.fokker_planck`): one number for all, as both delta and Hk
    go with a junction's anisotropy.

    ``delta`` (> 0) and ``overdrive`` have the shape (samples,) or are scalars; ``tau`` (>= 0, in tau_D) is (pulses,),
    or (samples, pulses) if tau_D differs between junctions (see :func:`spread`).  ``rtol`` bounds the relative error of
    each rate above 1e-16.  A thousand junctions at forty pulse widths take a few seconds.

    Raises :class:`~spicekit.errors.UserError` for a value out of range, not finite or of the wrong shape.
    """
    d, i = np.atleast_1d(checked("delta", delta, above=0.0)), np.atleast_1d(checked("overdrive", overdrive))
    t, levels = np.atleast_2d(checked("tau", tau, least=0.0)), checked("quantiles", quantiles, least=0.0)
    if levels.size and levels.max() > 1:
        raise UserError(f"quantiles holds {levels.max():g}; they must be between 0 and 1")
    checked("rtol", rtol, above=0.0)
    try:
        d, i, first = np.broadcast_arrays(d, i, t[:, 0])
    except (ValueError, IndexError):
        raise UserError(
            f"delta {d.shape}, overdrive {i.shape}, tau {t.shape} do not fit (samples,), (samples,), (samples, pulses)"
        ) from None
    if d.ndim != 1 or t.ndim != 2:
        raise UserError(f"delta has {d.ndim} axes and tau {t.ndim}; give (samples,) and (samples, pulses)")
    wer = _rates(d, i, np.broadcast_to(t, (len(first), t.shape[1])), rtol, side, zeeman)
    return WriteErrorDistribution(wer, wer.mean(axis=0), levels, np.quantile(wer, levels, axis=0))


def spread(
    delta: ArrayLike, overdrive: ArrayLike, tau: ArrayLike, *, ra: ArrayLike, anisotropy: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """``(delta, overdrive, tau)`` of junctions whose RA and effective anisotropy field differ from nominal.

    ``ra`` and ``anisotropy`` (> 0, shape (samples,)) are factors on the nominal values; ``delta`` and ``overdrive`` are
    the nominal ones (scalars), ``tau`` is (pulses,) in nominal tau_D.  Returns shapes (samples,), (samples,) and
    (samples, pulses).  At a given write voltage the current goes as 1/RA; the barrier ``mu0 Ms Hk V/2`` and the
    critical current ``4 alpha e E_b/(hbar eta)`` go as Hk, tau_D as 1/Hk (Sun, Phys. Rev. B 62, 570 (2000)).  For a
    current source give ``ra = 1``.
    """
    d, i, t = checked("delta", delta, above=0.0), checked("overdrive", overdrive), checked("tau", tau, least=0.0)
    r, k = np.broadcast_arrays(checked("ra", ra, above=0.0), checked("anisotropy", anisotropy, above=0.0))
    return np.asarray(d * k), np.asarray(i / (r * k)), np.atleast_1d(k)[:, None] * np.atleast_1d(t)


def _rates(delta: Floats, overdrive: Floats, tau: Floats, rtol: float, side: Side, zeeman: float) -> Floats:
    """Rates (samples, pulses), interpolated on a grid refined until ``rtol`` is seen; failing that, solved singly."""
    axes = [_unit(delta), _unit(overdrive), _unit(tau)]
    sizes = [n if np.any(half > 0) else 1 for n, (_, half, _) in zip((5, 5, 9), axes, strict=True)]
    cells = _cells(delta, overdrive, tau, rtol, side, zeeman)
    least = _LEAST[side]
    solved: dict[tuple[float, float], Floats] = {}
    while sizes[0] * sizes[1] < len(delta) and max(sizes) <= _MOST and cells is not None:
        grids = [middle + np.multiply.outer(_lobatto(n), half) for n, (middle, half, _) in zip(sizes, axes, strict=True)]
        for pair in product(grids[0], grids[1]):
            if pair not in solved:
                solved[pair] = _transformed(*pair, grids[2], cells, zeeman)
        values = np.stack([solved[pair] for pair in product(grids[0], grids[1])]).reshape(*sizes, -1)
        rate = _interpolate(values, axes, side)
        # Every other node gives the next coarser grid: the axis along which that matters most is the one to refine.
        worst = [0.0, 0.0, 0.0]
        for axis in (axis for axis in range(3) if sizes[axis] > 1):
            coarse = _interpolate(np.take(values, range(0, sizes[axis], 2), axis=axis), axes, side)
            scale = np.maximum(np.maximum(rate, coarse), least)
            worst[axis] = float(np.max(np.abs(rate - coarse) / scale, initial=0.0))
        if max(worst) <= rtol:
            return rate
        axis = int(np.argmax(worst))
        sizes[axis] = 2 * sizes[axis] - 1
        if axis == 2:
            solved.clear()
    field = zeeman / delta[:, None]
    return populations(delta[:, None], overdrive[:, None], tau, field=field, rtol=rtol, converge=side)[_INDEX[side]]


def _cells(delta: Floats, overdrive: Floats, tau: Floats, rtol: float, side: Side, zeeman: float) -> int | None:
    """Cells that serve every corner of the samples: one number, so that the solver's own error varies smoothly."""
    times = np.linspace(tau.min(axis=0), tau.max(axis=0), 2).ravel()
    corners = list(product((delta.min(), delta.max()), (overdrive.min(), overdrive.max())))
    for cells in (128, 256, 512):
        pairs = [
            [populations(d, i, times, field=zeeman / d, cells=n)[_INDEX[side]] for n in (cells, 2 * cells)] for d, i in corners
        ]
        if all(np.all(np.abs(a - b) <= rtol * np.maximum(b, _LEAST[side])) for a, b in pairs):
            return cells
    return None


def _transformed(delta: float, overdrive: float, tau: Floats, cells: int, zeeman: float) -> Floats:
    """Z, in the shape of ``tau``."""
    original, switched = populations(delta, overdrive, tau, field=zeeman / delta, cells=cells)
    small = -np.log1p(-np.clip(original, FLOOR, 0.5))
    return np.log(np.where(original < 0.5, small, -np.log(np.clip(switched, FLOOR, 0.5))))


def _interpolate(values: Floats, axes: list[tuple[Floats, Floats, Floats]], side: Side) -> Floats:
    """The rate at the samples from Z at the nodes, (delta, overdrive, tau, pulses)."""
    first, second, third = (_basis(n, xi) for n, (_, _, xi) in zip(values.shape[:3], axes, strict=True))
    exponents = [
        -np.exp(np.einsum("abcp,ka,kb,kpc->kp", values, u, v, w, optimize=True))
        for u, v, w in zip(*(np.array_split(x, -(-len(x) // 1000)) for x in (first, second, third)), strict=True)
    ]  # a thousand samples at a time bound the memory
    exponent = np.concatenate(exponents)  # ln P(switched)
    return np.asarray(-np.expm1(exponent) if side == "original" else np.exp(exponent))


def _unit(x: Floats) -> tuple[Floats, Floats, Floats]:
    """Middle and half width of the samples' range (of each pulse's), and the samples scaled into -1 to 1."""
    middle, half = (x.max(axis=0) + x.min(axis=0)) / 2, (x.max(axis=0) - x.min(axis=0)) / 2
    return middle, half, (x - middle) / np.where(half > 0, half, 1.0)


def _lobatto(n: int) -> Floats:
    return -np.cos(np.pi * np.arange(n) / (n - 1)) if n > 1 else np.zeros(1)


def _basis(n: int, xi: Floats) -> Floats:
    """Lagrange's polynomials on the Lobatto points, (..., n) (Berrut and Trefethen, SIAM Rev. 46, 501 (2004))."""
    if n == 1:
        return np.ones((*xi.shape, 1))
    weight = (-1.0) ** np.arange(n)
    weight[[0, -1]] /= 2
    distance = xi[..., None] - _lobatto(n)
    hit = np.abs(distance) < 1e-14
    terms = weight / np.where(hit, 1.0, distance)
    basis: Floats = np.where(hit.any(axis=-1, keepdims=True), hit, terms / terms.sum(axis=-1, keepdims=True))
    return basis
