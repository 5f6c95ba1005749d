"""Constants of the manual, and what of SPICE's bounds exponents."""

from __future__ import annotations

from typing import Any

Value = Any  # Node | float: arithmetic of either

K_OVER_Q = 8.617087e-5  # V/K; the constants are those of the manual, which fitted cards belong to
Q = 1.60219e-19  # C
Q_GATE = 1.6021766208e-19  # C: ngspice has another one here
EPS0 = 8.85418e-12  # F/m
EPS_SI = 1.03594e-10  # F/m
LARGEST = 34.0  # an exponent beyond which exp is bounded
MIN_EXP, MAX_EXP = 1.713908431e-15, 5.834617425e14
