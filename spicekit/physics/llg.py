"""Macrospin dynamics of the free layer: the reference that the ngspice and Verilog-A forms are compared with.

Gilbert's equation with spin torques, solved for dm/dt (Landau and Lifshitz's form).  With the fields in A/m, H the
effective field, A the sum of the damping-like and B of the field-like torque vectors, k = ``gilbert``:

    (1 + alpha^2)/(gamma mu0) dm/dt = -m x H1 - m x (m x H2)
    H1 = H + B - k alpha A          H2 = alpha H + A + k alpha B
    A = a_stt e + a_sot s           B = stt_fieldlike a_stt e + sot_fieldlike a_sot s
    a_stt = stt_coefficient g asym(I) I/Ms             a_sot = sot_coefficient I_rail/Ms

The names are those of :class:`spicekit.physics.macromodel.MtjNumbers`.  k = 1 is the torque -gamma mu0 a m x (m x e) standing in
Gilbert's equation (Slonczewski 1996; OOMMF's Oxs_SpinXferEvolve); k = 0 leaves out its alpha cross term, as the UMN
library does.  A positive junction current (free to pinned terminal) pulls m towards +e, that is to parallel; a positive
rail current (along +x, theta_SH > 0) pulls m towards +y.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from scipy.integrate import solve_ivp

from spicekit.errors import SpicekitError, UserError
from spicekit.physics import conductance as transport
from spicekit.physics.initial import direction
from spicekit.physics.macromodel import efficiency
from spicekit.physics.mtj_numbers import MtjNumbers
from spicekit.waves import Array

Drive = float | Callable[[float], float]  # a constant, or a function of the time in s
Vector = tuple[Any, Any, Any]


def magnetisation(p: MtjNumbers, temperature: Any) -> Any:
    """Ms in A/m at ``temperature`` (K): ms0 (1 - T/t_curie)^ms_exponent."""
    return p.ms0 * (1 - temperature / p.t_curie) ** p.ms_exponent


def effective_field(p: MtjNumbers, m: Vector, ms: Any, v: Any) -> Vector:
    """The effective field in A/m: shape, anisotropy (lowered along z by the junction voltage ``v`` in V), applied."""
    mx, my, mz = m
    warm = (ms / p.ms) ** p.k_exponent
    along = 2 * p.k_easy * warm / (p.mu0 * ms) * (mx * p.ex + my * p.ey + mz * p.ez)
    perpendicular = 2 * (p.k_perp * warm - p.k_vcma * v) / (p.mu0 * ms) + p.n_perp * ms
    return (
        p.hx - p.nxx * ms * mx + along * p.ex,
        p.hy - p.nyy * ms * my + along * p.ey,
        p.hz - p.nzz * ms * mz + along * p.ez + perpendicular * mz,
    )


def torque_fields(p: MtjNumbers, m: Vector, ms: Any, temperature: Any, v: Any, i: Any, i_rail: Any) -> tuple[Vector, Vector]:
    """The damping-like and the field-like torque vectors A and B in A/m, for the junction's voltage and current (V, A) and the
    rail's current."""
    mx, my, mz = m
    drawn = v * transport.conductance(p, v, 1.0, temperature) if p.stt_tunnel else i  # by the parallel state at this voltage
    asymmetric = np.where(np.asarray(drawn) < 0, p.stt_asymmetry, 1.0)
    g = efficiency(p, mx * p.ex + my * p.ey + mz * p.ez, temperature)
    a = p.stt_coefficient * g * asymmetric * drawn / ms
    s = p.sot_coefficient * i_rail / ms
    b, f = p.stt_fieldlike * a, p.sot_fieldlike * s
    return (
        (a * p.ex + s * p.sx, a * p.ey + s * p.sy, a * p.ez + s * p.sz),
        (b * p.ex + f * p.sx, b * p.ey + f * p.sy, b * p.ez + f * p.sz),
    )


def rate(p: MtjNumbers, m: Vector, temperature: Any, v: Any, i: Any, i_rail: Any) -> Vector:
    """dm/dt in 1/s; every argument may be an array, all of one shape (K, V, A, A)."""
    ms = magnetisation(p, temperature)
    h = effective_field(p, m, ms, v)
    a, b = torque_fields(p, m, ms, temperature, v, i, i_rail)
    alpha = p.alpha
    cross = p.gilbert * alpha
    h1 = (h[0] + b[0] - cross * a[0], h[1] + b[1] - cross * a[1], h[2] + b[2] - cross * a[2])
    h2 = (
        alpha * h[0] + a[0] + cross * b[0],
        alpha * h[1] + a[1] + cross * b[1],
        alpha * h[2] + a[2] + cross * b[2],
    )
    precession, damping = _cross(m, h1), _cross(m, _cross(m, h2))
    scale = -p.gamma * p.mu0 / (1 + alpha * alpha)
    pull = p.k_norm * (1 - (m[0] * m[0] + m[1] * m[1] + m[2] * m[2]))
    return (
        scale * (precession[0] + damping[0]) + pull * m[0],
        scale * (precession[1] + damping[1]) + pull * m[1],
        scale * (precession[2] + damping[2]) + pull * m[2],
    )


def energy_density(p: MtjNumbers, m: Vector, temperature: Any, v: Any = 0.0) -> Any:
    """The free layer's magnetic energy an volume in J/m3, of which mu0 Ms H is minus the gradient."""
    ms = magnetisation(p, temperature)
    mx, my, mz = m
    shape = p.nxx * mx * mx + p.nyy * my * my + p.nzz * mz * mz - p.n_perp * mz * mz
    easy = (mx * p.ex + my * p.ey + mz * p.ez) ** 2
    zeeman = mx * p.hx + my * p.hy + mz * p.hz
    warm = (ms / p.ms) ** p.k_exponent
    own = p.k_easy * warm * easy + (p.k_perp * warm - p.k_vcma * v) * mz * mz
    return p.mu0 * ms * (ms * shape / 2 - zeeman) - own


@dataclass(frozen=True)
class Trajectory:
    """A device alone under its drive; N time points."""

    t: Array  # (N,) s
    m: Array  # (3, N) unit vector
    v: Array  # (N,) V, junction, free minus pinned terminal
    i: Array  # (N,) A, junction
    r: Array  # (N,) ohm, junction
    i_rail: Array  # (N,) A, 0 without a rail
    temperature: Array  # (N,) K
    t_switch: float  # s, first zero of m along the easy axis; inf if there was none
    energy: float  # J, junction and rail together


def integrate(
    p: MtjNumbers,
    *,
    drive: Literal["voltage", "current"],
    value: Drive,
    stop: float,
    antiparallel: bool,
    rail_current: Drive = 0.0,
    theta0: float | None = None,
    phi0: float | None = None,
    times: Array | None = None,
    breaks: Sequence[float] = (),
    method: Literal["DOP853", "Radau"] = "DOP853",
    rtol: float = 1e-9,
) -> Trajectory:
    """Integrate one device with parameters ``p`` from time 0 to ``stop`` (s), driven by ``value`` (V or A).

    It starts ``theta0`` (rad; the card's nominal angle if None) off the easy axis, at azimuth ``phi0`` (rad).
    ``times`` (s, increasing) are the points to return, 2001 even ones by default; ``breaks`` are times (s) at which a
    drive jumps. Raises :class:`UserError` for a time that is not positive or not in range, :class:`SpicekitError` if
    the solver fails.
    """
    if not stop > 0:
        raise UserError(f"stop {stop:g} s given; allowed: > 0")
    points = np.linspace(0, stop, 2001) if times is None else np.asarray(times, float)
    if np.any(points < 0) or np.any(points > stop) or np.any(np.diff(points) <= 0):
        raise UserError(f"times given out of order or range; allowed: increasing, from 0 to {stop:g} s")
    applied, rail = _function(value), _function(rail_current if p.sot else 0.0)
    start = direction(p, p.theta0 if theta0 is None else theta0, p.phi0 if phi0 is None else phi0, antiparallel)

    def electrical(level: Any, m: Vector, temperature: Any) -> tuple[Any, Any]:
        c = transport.cosine(p, *m)
        if drive == "current":
            return transport.voltage(p, level, c, temperature), level
        return level, level * transport.conductance(p, level, c, temperature)

    def derivative(t: float, y: Array) -> list[Any]:
        m, temperature = (y[0], y[1], y[2]), y[3]
        v, i = electrical(applied(t), m, temperature)
        i_rail = rail(t)
        heating = 0.0
        if p.thermal:
            heating = (v * i + i_rail**2 * p.r_rail - (temperature - p.temperature) / p.r_th) / p.c_th
        return [*rate(p, m, temperature, v, i, i_rail), heating]

    def crossing(_: float, y: Array) -> float:
        return float(y[0] * p.ex + y[1] * p.ey + y[2] * p.ez)

    edges = [0.0, *sorted({b for b in breaks if 0 < b < stop}), stop]
    y = np.array([*start, p.temperature])
    values = np.empty((4, points.size))
    switched = math.inf
    for begin, end in pairwise(edges):
        # a jump belongs to the segment after it: step just inside, so that the drive is smooth from end to end
        solution = solve_ivp(
            derivative, (begin, math.nextafter(end, begin)), y, method=method, dense_output=True, events=crossing,
            rtol=rtol, atol=[rtol * 1e-2] * 3 + [rtol * 1e2], first_step=min(1e-15, (end - begin) / 2),
        )  # fmt: skip
        if not solution.success or solution.sol is None or solution.t_events is None:
            raise SpicekitError(f"the LLG equation was not solved: {solution.message}")
        inside = (points >= begin) & (points <= end)
        if inside.any():
            values[:, inside] = solution.sol(points[inside])
        y = solution.y[:, -1]
        if solution.t_events[0].size:
            switched = min(switched, float(solution.t_events[0][0]))

    m, temperature = values[:3], values[3]
    i_rail = np.array([rail(float(t)) for t in points])
    v, i = electrical(np.array([applied(float(t)) for t in points]), (m[0], m[1], m[2]), temperature)
    c = transport.cosine(p, m[0], m[1], m[2])
    energy = float(np.trapezoid(v * i + i_rail**2 * p.r_rail, points))
    r = 1 / transport.conductance(p, v, c, temperature)
    return Trajectory(points, m, v, i, r, i_rail, temperature, switched, energy)


def _function(drive: Drive) -> Callable[[float], float]:
    if callable(drive):
        return drive
    constant = float(drive)
    return lambda _: constant


def _cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
