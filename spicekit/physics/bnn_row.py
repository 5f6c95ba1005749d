"""Closed form of an STT-BNN row behind ideal switches: a divider of N1 matching and N - N1 other XNOR cells.

A cell whose product is +1 has its parallel junction between V_H and the source line and its antiparallel one between the source
line and V_L; a cell whose product is -1 the other way round.  ``tmr`` is a ratio (2.5 is 250 %), without bias roll-off.
"""

from __future__ import annotations

import math

from scipy.optimize import brentq


def source_line(n: int, n1: float, tmr: float, v_high: float, v_low: float) -> float:
    """Voltage of the floating source line in V: V_L + dV (N1 g_P + (N - N1) g_AP) / (N (g_P + g_AP))."""
    g_ap = 1 / (1 + tmr)  # g_P is 1
    return v_low + (v_high - v_low) * (n1 + (n - n1) * g_ap) / (n * (1 + g_ap))


def lsb(n: int, tmr: float, v_high: float, v_low: float) -> float:
    """What one match more adds to it in V: dV TMR / ((TMR + 2) N)."""
    return (v_high - v_low) * tmr / ((tmr + 2) * n)


def row_current(n: int, n1: float, tmr: float, r_p: float, v_high: float, v_low: float) -> float:
    """Current from V_H to V_L in A, for parallel resistance ``r_p`` in ohm."""
    g_p, g_ap = 1 / r_p, 1 / (r_p * (1 + tmr))
    above, below = n1 * g_p + (n - n1) * g_ap, n1 * g_ap + (n - n1) * g_p
    return (v_high - v_low) * above * below / (above + below)


def sigma_in_lsb(n: int, n1: float, tmr: float, sigma_r: float, sigma_tmr: float) -> float:
    """Standard deviation of the source line over the LSB, for relative local deviations of R_P and TMR, to first order.

    With x the line's place between V_L (0) and V_H (1), a deviation dg of a junction at V_H moves it by
    (1 - x) dg / (N (g_P + g_AP)), one at V_L by -x dg / (N (g_P + g_AP)).
    """
    g_ap = 1 / (1 + tmr)
    var_p = sigma_r**2
    var_ap = g_ap**2 * (sigma_r**2 + (sigma_tmr * tmr / (1 + tmr)) ** 2)
    x = (n1 + (n - n1) * g_ap) / (n * (1 + g_ap))
    variance = n1 * ((1 - x) ** 2 * var_p + x**2 * var_ap) + (n - n1) * ((1 - x) ** 2 * var_ap + x**2 * var_p)
    return math.sqrt(variance) / (n * (1 + g_ap)) / (tmr / ((tmr + 2) * n))


def source_line_with_roll_off(n: int, n1: float, tmr: float, v_half: float, v_high: float, v_low: float) -> float:
    """As :func:`source_line` with TMR(V) = TMR / (1 + (V / v_half)^2): the root of the row's current balance."""

    def excess(v: float) -> float:
        def antiparallel(bias: float) -> float:
            return bias / (1 + tmr / (1 + (bias / v_half) ** 2))

        up, down = v_high - v, v - v_low
        return n1 * (up - antiparallel(down)) + (n - n1) * (antiparallel(up) - down)

    return float(brentq(excess, v_low, v_high, xtol=1e-15))
