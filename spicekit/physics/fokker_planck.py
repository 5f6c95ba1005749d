"""Write error rate and read disturb of a perpendicular macrospin, by a finite-volume Fokker-Planck solver.

The model is an axially symmetric free layer under a damping-like spin torque and a field along its axis (Butler et al.,
IEEE Trans. Magn. 48, 4684 (2012), arXiv:1202.2621; the thermal term is Brown's, Phys. Rev. 130, 1677 (1963)).  With
``u = cos(theta)``, time in units of ``tau_D = (1 + alpha^2)/(alpha gamma mu0 Hk)``, barrier ``delta = E_b/kT`` without field,
overdrive ``i = I/I_c0`` (positive: the current drives the layer out of the well at ``u = 1``) and field ``h = H/Hk`` (positive:
it holds the layer in that well) the density obeys

    d rho/d tau = -d/du { (1 - u^2) [ (u + h - i) rho - 1/(2 delta) d rho/du ] }.

The field stands before, during and after the pulse: the critical current is ``I_c0 (1 + h)``, the barrier of the starting
state ``delta (1 + h)^2``.

**What an error is.**  Below, the equator is ``u = -h``, the top of the barrier between the wells (``u = 0`` without a field).
The pulse starts in thermal equilibrium in the well ``u > -h``; the write has failed if ``u > -h`` at the end of the pulse.
No absorbing edge stands at the equator (a layer that went over and came back has failed), and no relaxation is added after
the pulse: from the equator either well is equally likely, so waiting only blurs the edge by ``1/sqrt(delta)``: at a delta
of 60 it would raise the rate by 0.01 % (i = 1.5), 0.2 % (2), 0.6 % (3), 1.4 % (10).

**How it is solved.**  Three choices keep a tail of 1e-15, and far smaller ones, positive and right *relative to
itself*:

- The fluxes are Scharfetter and Gummel's (IEEE Trans. Electron Devices 16, 64 (1969)): exact for the Boltzmann
  distribution, and the cells become a Markov chain with non-negative rates at any cell Peclet number.
- The chain is advanced by squaring ``exp(h L)``.  All its entries are non-negative, so nothing ever cancels: each is
  determined to high relative accuracy by the rates (Xue and Ye, Numer. Math. 110, 393 (2008)).  There is no time step
  to choose, and 10 years cost little more than 10 ns.  Columns are scaled back to a sum of one, else rounding would
  double with every squaring.  An eigen-decomposition will not do: its basis is worse conditioned than
  ``exp(delta (i - 1/2))``.
- The error is of second order in the cell size; ``log P`` is extrapolated from grids of n/2 and n cells, and n doubles
  until two extrapolations agree.

Cells narrow towards the initial pole as ``y^(2/3)``, ``y = 1 - u``: it minimises the relative error ``~ h^2/y^2`` that
the scheme's numerical diffusion makes on a trajectory's way out of the well.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from spicekit.errors import UserError
from spicekit.waves import Array

Torque = Callable[[Array], Array]  # overdrive at u = cos(theta) from the starting state
Attempt = Sequence[tuple[float, Torque]]  # times in tau_D, one after the other, with the torque in each

LARGEST = 1e3  # delta
FLOOR = 1e-150  # smaller probabilities come out as 0: their products would be denormal numbers, slow and inexact
_LADDER = (64, 128, 256, 512, 1024)  # cells of the refinement; 1024 serve delta 200 at an overdrive of 10 within 0.3 %
_MATTERS = 1e-16  # the refinement does not wait for probabilities below this
_UPPER = 0.75  # share of the cells between the initial pole and the equator
_TILE = 64  # divides every rung of the ladder
_FEW = 7  # squarings: up to here the powers cost more than the steps
_TERMS = 40  # Taylor terms of exp(s A), s <= 1; 1/40! is 1e-48


def write_error_rate(
    delta: ArrayLike, overdrive: ArrayLike, tau: ArrayLike, *, field: ArrayLike = 0.0, rtol: float = 2e-3
) -> Array:
    """Probability that the layer is still on its original side of the equator after a pulse.

    ``delta`` (barrier over kT, > 0, up to 1000), ``overdrive`` (I/I_c0, any sign), ``tau`` (pulse over tau_D, >= 0) and
    ``field`` (H/Hk along the starting state, -1 to 1) broadcast against each other; the result has their shape (0-d for
    scalars).  Each distinct triple (delta, overdrive, field) is solved once for all its ``tau``.  ``rtol`` is the
    relative agreement asked of two grid refinements, for every rate above 1e-16; a RuntimeWarning says so if 1024 cells do not
    reach it.  Rates below 1e-150 come out as 0.

    Raises :class:`~spicekit.errors.UserError` for a value out of range or not finite.
    """
    return populations(delta, overdrive, tau, field=field, rtol=rtol, converge="original")[0]


def read_disturb(delta: ArrayLike, overdrive: ArrayLike, tau: ArrayLike, *, field: ArrayLike = 0.0, rtol: float = 2e-3) -> Array:
    """Probability that a pulse too weak to write has nevertheless switched the layer: ``u < -h`` at its end.

    Arguments, shape and errors are those of :func:`write_error_rate`, of which this is the complement; it is computed
    without the subtraction, so a tiny one is right relative to itself (``rtol`` is sought for those above 1e-16).  For
    a negative overdrive the current holds the layer in its well.

    After a few tau_D it grows at the Neel-Brown rate (Brown, Phys. Rev. 130, 1677 (1963)), per tau_D and at high
    barriers ``sqrt(delta/pi) (1 - i^2)(1 - i) exp(-delta (1 - i)^2)``, to which corrections of order 1/delta belong; with a
    field it is i - h in place of i.
    """
    return populations(delta, overdrive, tau, field=field, rtol=rtol, converge="switched")[1]


def normalised_pulse(
    current: ArrayLike, pulse: ArrayLike, *, critical_current: ArrayLike, tau_d: ArrayLike
) -> tuple[Array, Array]:
    """``(overdrive, tau)`` of a current and a pulse width.

    ``current`` and ``critical_current`` (> 0) in amperes, positive in the direction that writes; ``pulse`` (>= 0) and
    ``tau_d`` (> 0) in seconds.  ``overdrive = current/critical_current`` has the broadcast shape of its two,
    ``tau = pulse/tau_d`` of its two.
    """
    i, ic = checked("current", current), checked("critical_current", critical_current, above=0.0)
    t, td = checked("pulse", pulse, least=0.0), checked("tau_d", tau_d, above=0.0)
    return np.asarray(i / ic), np.asarray(t / td)


def populations(
    delta: ArrayLike,
    overdrive: ArrayLike,
    tau: ArrayLike,
    *,
    field: ArrayLike = 0.0,
    rtol: float = 2e-3,
    cells: int | None = None,
    converge: Literal["original", "switched"] = "original",
) -> tuple[Array, Array]:
    """``(P(u > -h), P(u < -h))`` at the end of the pulse, each with its own relative accuracy.

    Arguments as :func:`write_error_rate`.  ``converge`` names the one that is refined to ``rtol``; ``cells`` (a
    multiple of 128) sets the finer grid by hand instead, for a result that is smooth in delta and overdrive.
    """
    d, i, t, f = _broadcast(delta, overdrive, tau, field)
    checked("rtol", rtol, above=0.0)
    if cells is not None and (cells < 2 * _TILE or cells % (2 * _TILE)):
        raise UserError(f"cells is {cells}; it must be a multiple of {2 * _TILE}")
    original, switched = np.empty(d.shape), np.empty(d.shape)
    if not d.size:
        return original, switched
    triples, which = np.unique(np.stack([d.ravel(), i.ravel(), f.ravel()]), axis=1, return_inverse=True)
    order = np.argsort(which.ravel(), kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(which.ravel()))[:-1])
    for (one_delta, one_i, one_field), members in zip(triples.T, groups, strict=True):
        taus, back = np.unique(t.ravel()[members], return_inverse=True)
        solved = _refined(float(one_delta), float(one_i), float(one_field), taus, rtol, cells, converge)
        original.flat[members], switched.flat[members] = solved[0][back], solved[1][back]
    return original, switched


def attempts(delta: float, pulses: Sequence[Attempt], *, field: float = 0.0, cells: int = 256) -> Array:
    """Probability that the layer is on its original side of the equator after each of several write attempts, shape (pulses,).

    The torque of an attempt may change in time and with the state: through a junction whose resistance it changes, the circuit
    drives another current.  At the end of an attempt it is seen who has switched (by a read that disturbs nobody), and the others
    get the next one, from where they are.  ``delta`` and ``field`` are those of :func:`write_error_rate`; 256 cells are within
    0.5 % of the limit of many at an overdrive up to 8 (128 were 2 % off where nine of ten fail).
    """
    checked("delta", delta, above=0.0)
    checked("field", field, above=-1.0)
    if delta > LARGEST or field >= 1:
        raise UserError(f"delta is {delta:g}, field {field:g}; they must be at most {LARGEST:g} and less than 1")
    if cells < 2 * _TILE or cells % (2 * _TILE):
        raise UserError(f"cells is {cells}; it must be a multiple of {2 * _TILE}")

    def solve(n: int) -> Array:
        _, _, start, upper = _chain(delta, 0.0, field, n)
        state, left = start[:, None], []
        for attempt in pulses:
            for tau, torque in attempt:
                down, up, *_ = _chain(delta, torque, field, n)
                state = _advanced(down, up, state, np.array([tau]))
            state[upper:] = 0.0
            left.append(float(state.sum()))
        return np.stack([np.array(left), 1 - np.array(left)])

    return np.asarray(_extrapolated(solve, (cells // 2, cells), 1.0, "original")[0][0])


def checked(name: str, value: ArrayLike, *, above: float | None = None, least: float | None = None) -> Array:
    """``value`` as an array of finite floats ``> above`` or ``>= least``; a UserError names the first that is not."""
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise UserError(f"{name} is {value!r}; give a number or an array of numbers") from None
    good, allowed = np.isfinite(array), "finite"
    if above is not None:
        good, allowed = good & (array > above), f"finite and greater than {above:g}"
    if least is not None:
        good, allowed = good & (array >= least), f"finite and at least {least:g}"
    if not good.all():
        raise UserError(f"{name} is {array[~good].flat[0]:g}; it must be {allowed}")
    return array


def _broadcast(delta: ArrayLike, overdrive: ArrayLike, tau: ArrayLike, field: ArrayLike) -> list[Array]:
    d, i, t = checked("delta", delta, above=0.0), checked("overdrive", overdrive), checked("tau", tau, least=0.0)
    f = checked("field", field, above=-1.0)
    for name, array, most in (("delta", d, LARGEST), ("tau", t, 1e100)):  # beyond, the grid and the exponents give out
        if array.size and array.max() > most:
            raise UserError(f"{name} is {array.max():g}; it must be at most {most:g}")
    if f.size and f.max() >= 1:  # one well is left
        raise UserError(f"field is {f.max():g}; it must be less than 1")
    try:
        return list(np.broadcast_arrays(d, i, t, f))
    except ValueError:
        shapes = f"delta {d.shape}, overdrive {i.shape} and tau {t.shape}" + (f" and field {f.shape}" if f.ndim else "")
        raise UserError(f"{shapes} do not broadcast") from None


def _refined(
    delta: float, i: float, field: float, taus: Array, rtol: float, cells: int | None, converge: str
) -> tuple[Array, Array]:
    """Both populations at ``taus``, extrapolated to zero cell size on a pair of grids that is fine enough."""
    ladder = _LADDER if cells is None else (cells // 2, cells)
    value, error = _extrapolated(lambda n: _solve(delta, i, field, taus, n), ladder, rtol, converge)
    if cells is None and error > rtol:
        warnings.warn(
            f"delta {delta:g}, overdrive {i:g}: the last two grids differ by {error:.1e}, more than rtol {rtol:g}",
            RuntimeWarning,
            stacklevel=4,
        )
    return value[0], value[1]


def _extrapolated(solve: Callable[[int], Array], ladder: Sequence[int], rtol: float, converge: str) -> tuple[Array, float]:
    """Both populations of ``solve(cells)``, shape (2, n), extrapolated from two rungs of the ladder, the first that agree with
    those before within ``rtol``; and by how much the last differ."""
    coarse, previous, error = solve(ladder[0]), None, math.inf
    for n in ladder[1:]:
        fine = solve(n)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.exp((4 * np.log(fine) - np.log(coarse)) / 3)
        value = np.where((fine > 0) & (coarse > 0), np.minimum(value, 1.0), fine)
        # The smaller one is extrapolated, the larger is its complement: they add up to one exactly.
        value = np.where(value <= value[::-1], value, 1 - value[::-1])
        if previous is not None:
            wanted = 0 if converge == "original" else 1
            now, before = value[wanted], previous[wanted]
            error = float(np.max(np.abs(now - before) / np.maximum(np.maximum(now, before), _MATTERS), initial=0.0))
            if error <= rtol:
                break
        coarse, previous = fine, value
    return value, error


def _solve(delta: float, i: float, field: float, taus: Array, n: int) -> Array:
    """Both populations, shape (2, len(taus)), on one grid of ``n`` cells."""
    down, up, start, upper = _chain(delta, i, field, n)
    state = _advanced(down, up, np.repeat(start[:, None], len(taus), axis=1), taus)
    return np.stack([state[:upper].sum(axis=0), state[upper:].sum(axis=0)])


def _advanced(down: Array, up: Array, state: Array, taus: Array) -> Array:
    """The masses ``state``, shape (n, len(taus)), each after its time."""
    n = len(state)
    leave = np.zeros(n)
    leave[:-1] += down
    leave[1:] += up
    h = 1 / leave.max()
    # A = 1 + h L is non-negative, and exp(s h L) = exp(-s) sum_j (s A)^j / j! has only positive terms.
    down, up, stay = (h * down)[:, None], (h * up)[:, None], (1 - h * leave)[:, None]

    def advance(x: Array, s: Array | float) -> Array:
        term = x * np.exp(-np.asarray(s))
        total = term.copy()
        for j in range(1, _TERMS + 1):
            following = stay * term
            following[1:] += down * term[:-1]
            following[:-1] += up * term[1:]
            term = following * (s / j)
            total += term
        return np.asarray(total)

    whole = np.floor(taus / h)
    state = advance(state, np.clip(taus / h - whole, 0.0, 1.0))
    steps = [int(x) for x in whole]  # exact integers: a decade in units of h is beyond 2^53
    levels = max(steps, default=0).bit_length()
    if levels <= _FEW and len(taus) == 1:
        for _ in range(steps[0]):
            state = advance(state, 1.0)
        return state
    power = advance(np.eye(n), 1.0)
    for level in range(levels):
        power *= power > FLOOR
        power /= power.sum(axis=0)
        due = np.array([(x >> level) & 1 for x in steps], dtype=np.bool_)
        if due.any():
            moved = _product(power, state[:, due])
            state[:, due] = moved * (moved > FLOOR)
        if level < levels - 1:
            power = _product(power, power)
    return state


def _product(a: Array, b: Array) -> Array:
    """``a @ b``, a square, in tiles of 64.

    A BLAS does so small a product in one thread.  Alone on two cores that takes twice as long, but beside other work it
    does not wait for a thread that is not being run (20 times as long was seen), and the order of the sum is always the
    same.
    """
    count = len(a) // _TILE
    tiles = a.reshape(count, _TILE, count, _TILE).swapaxes(1, 2)
    out = np.empty_like(b)
    for first in range(0, b.shape[1], _TILE):
        right = b[:, first : first + _TILE].reshape(count, _TILE, -1)
        out[:, first : first + _TILE] = np.matmul(tiles, right[None]).sum(axis=1).reshape(len(a), -1)
    return out


def _chain(delta: float, i: float | Torque, field: float, n: int) -> tuple[Array, Array, Array, int]:
    """The Markov chain: rates ``down`` (cell k to k+1, away from the initial pole) and ``up`` (k+1 to k), shape (n-1,),
    per tau_D; the initial masses, shape (n,); and the number of cells above the equator."""
    upper = round(n * _UPPER)
    edge = 1 + field  # y of the equator
    root = np.cbrt([1 / delta, edge + 1 / delta])  # from uniform cells within 1/delta of the pole to the y^(2/3) law
    half = np.arange(2 * upper + 1) / (2 * upper)
    above = (root[0] + (root[1] - root[0]) * half) ** 3 - 1 / delta
    below = edge + (2 - edge) * np.sin(0.5 * np.pi * np.arange(1, 2 * (n - upper) + 1) / (2 * (n - upper)))
    y = np.concatenate([above, below])
    face, centre = y[2:-1:2], y[1::2]
    width, gap = np.diff(y[0::2]), np.diff(centre)
    diffusion = face * (2 - face) / (2 * delta)
    middle = 0.5 * (centre[1:] + centre[:-1])
    peclet = 2 * delta * ((i(1 - middle) if callable(i) else i) - field - 1 + middle) * gap
    down = diffusion / gap * _bernoulli(-peclet) / width[:-1]
    up = diffusion / gap * _bernoulli(peclet) / width[1:]
    start = np.exp(delta * ((1 - centre) ** 2 - 1) - 2 * delta * field * centre) * width
    start[upper:] = 0.0
    return down, up, start / start.sum(), upper


def _bernoulli(x: Array) -> Array:
    """``x/(exp(x) - 1)``."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        value: Array = np.where(np.abs(x) < 1e-9, 1 - x / 2, x / np.expm1(x))
    return value
