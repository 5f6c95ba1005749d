"""Conductance of a tunnel junction against angle, bias and temperature.

Every law is a closed form in the parameters of :mod:`spicekit.physics.macromodel`, so that an ngspice B source and a
Verilog-A module repeat it term by term.  Functions are vectorised: ``v`` (junction voltage in V, free minus pinned),
``cosine`` (of the angle between the layers) and ``temperature`` (K) broadcast against each other.
"""

from __future__ import annotations

import math
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from spicekit.physics.constants import E_CHARGE, HBAR, M_E
from spicekit.physics.mtj_numbers import MtjNumbers
from spicekit.waves import Array

#: the numeric code of each angular law in the macromodel parameters
LAWS: Final[dict[str, int]] = {"cosine-resistance": 0, "cosine-conductance": 1, "tunnel-fit": 2, "brinkman": 3}

# Purdue's fit, ln(G/A in S/cm2): (c1, c2) of the V^2 term and (c3, c4) of the constant term, thickness in nm
_TUNNEL_FIT: Final = {
    "p": (-5.90497, 21.5434, -7.46919, 25.0243),
    "ap": (-6.7524, 23.2848, -7.56891, 24.144),
}


def bias_tmr(tmr0: ArrayLike, v: ArrayLike, v_half: float) -> Array:
    """TMR (a ratio) at bias ``v`` (V): TMR0/(1 + (V/V_half)^2), halved at ``v_half`` (V, may be inf).

    Form: Zhang et al., Phys. Rev. Lett. 79, 3744 (1997); as in the UMN library (Kim et al., CICC 2015).
    """
    return np.asarray(np.asarray(tmr0, float) / (1 + (np.asarray(v, float) / v_half) ** 2))


def cosine_resistance(r_p: ArrayLike, tmr: ArrayLike, cosine: ArrayLike) -> Array:
    """Resistance in ohm, linear in the cosine between R_P and R_P (1 + TMR): UMN library (Kim et al., CICC 2015)."""
    parallel = np.asarray(r_p, float)
    antiparallel = parallel * (1 + np.asarray(tmr, float))
    return np.asarray(antiparallel + (1 + np.asarray(cosine, float)) * (parallel - antiparallel) / 2)


def cosine_conductance(r_p: ArrayLike, tmr: ArrayLike, cosine: ArrayLike) -> Array:
    """Resistance in ohm with the *conductance* linear in the cosine: Slonczewski, Phys. Rev. B 39, 6995 (1989).

    R = R_P (1 + x)/(1 + x cos) with x = TMR/(TMR + 2): the form of Arm's model (Garcia-Redondo et al.,
    arXiv:2106.04976).
    """
    ratio = np.asarray(tmr, float)
    x = ratio / (ratio + 2)
    return np.asarray(np.asarray(r_p, float) * (1 + x) / (1 + x * np.asarray(cosine, float)))


def tunnel_conductance(t_ox: ArrayLike, v: ArrayLike, state: Literal["p", "ap"]) -> Array:
    """Conductance an area in S/m2 of an MgO junction, ``t_ox`` in m, at bias ``v`` (V): e^(c1 t+c2) V^2 + e^(c3 t+c4).

    Fit to NEGF transport, from the Purdue SPICE model of Fong et al. (KNACK, SISPAD 2011).
    """
    c1, c2, c3, c4 = _TUNNEL_FIT[state]
    nanometres = np.asarray(t_ox, float) * 1e9
    per_cm2 = np.exp(c1 * nanometres + c2) * np.asarray(v, float) ** 2 + np.exp(c3 * nanometres + c4)
    return np.asarray(per_cm2 * 1e4)


def brinkman_coefficients(t_ox: float, height: float, difference: float = 0.0) -> tuple[float, float]:
    """(b1 in 1/V, b2 in 1/V2) of G(V)/G(0) = 1 + b1 V + b2 V^2 for a barrier ``t_ox`` (m), ``height``, ``difference``
    (eV).

    Brinkman, Dynes and Rowell, J. Appl. Phys. 41, 1915 (1970), eq. 9: b1 = -A0 dphi/(16 phi^1.5), b2 = 9 A0^2/(128
    phi), A0 = 4 sqrt(2 m) t/(3 hbar), free-electron mass.
    """
    a0 = 4 * math.sqrt(2 * M_E * E_CHARGE) * t_ox / (3 * HBAR)  # 1/sqrt(eV)
    return -a0 * difference / (16 * height**1.5), 9 * a0 * a0 / (128 * height)


def cosine(p: MtjNumbers, mx: Any, my: Any, mz: Any) -> Any:
    """Cosine of the angle that the resistance sees; ``mx, my, mz`` broadcast.

    Exact: m . e (e the easy axis, along which the pinned layer points).  ``angle_umn``: the UMN library does not take
    the arc cosine but a straight line, theta = 1.57 (1 - mz/sqrt(my^2 + mz^2)), clipped to [theta0, pi - theta0];
    kept because its published switching times hold only with it.
    """
    if not p.angle_umn:
        return mx * p.ex + my * p.ey + mz * p.ez
    theta = 1.57 * (1 - mz / np.sqrt(my * my + mz * mz))
    return np.cos(np.minimum(np.maximum(theta, p.theta0), math.pi - p.theta0))


def tmr(p: MtjNumbers, temperature: Any) -> Any:
    """TMR at zero bias (a ratio) at ``temperature`` (K): Julliere with P = p_tmr0 (1 - p_b T^1.5)."""
    square = (p.p_tmr0 * (1 - p.p_b * temperature**1.5)) ** 2
    return 2 * square / (1 - square)


def conductance(p: MtjNumbers, v: Any, cosine: Any, temperature: Any) -> Any:
    """Conductance of a junction in S at bias ``v``, from the macromodel parameters ``p``; analytic in ``v``.

    G_P = (1 + gp1 V + gp2 V^2)/r_p;  G_AP = G_P/(1 + TMR/(1 + tmr_v2 V^2)), or for the tunnel fit
    (1 + gap2 V^2)/(r_p (1 + TMR)).  Between the two the law ``conductance`` interpolates, see :data:`LAWS`.
    """
    ratio = tmr(p, temperature)
    g_p = (1 + p.gp1 * v + p.gp2 * v * v) / p.r_p
    if p.conductance == LAWS["tunnel-fit"]:
        g_ap = (1 + p.gap2 * v * v) / (p.r_p * (1 + ratio))
    else:
        g_ap = g_p / (1 + ratio / (1 + p.tmr_v2 * v * v))
    if p.conductance == LAWS["cosine-resistance"]:
        return 1 / ((1 - cosine) / (2 * g_ap) + (1 + cosine) / (2 * g_p))
    return (1 + cosine) * g_p / 2 + (1 - cosine) * g_ap / 2


def voltage(p: MtjNumbers, current: Any, cosine: Any, temperature: Any) -> Any:
    """The junction voltage (V) at which the current is ``current`` (A): Newton on V G(V) = I, slope by complex step."""
    v = current / conductance(p, 0.0, cosine, temperature)
    for _ in range(60):
        g = conductance(p, v + 1e-30j, cosine, temperature)
        step = (v * g.real - current) / (g.real + v * g.imag / 1e-30)
        v = v - step
        if np.all(np.abs(step) <= 1e-14 * np.abs(v)):
            break
    return v
