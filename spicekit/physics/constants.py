"""Physical constants (CODATA 2018), SI.

A device card may override ``gamma`` and ``k_b`` where its published figures were computed with rounded values.
"""

from __future__ import annotations

from typing import Final

MU0: Final = 1.25663706212e-6  # vacuum permeability, H/m
HBAR: Final = 1.054571817e-34  # reduced Planck constant, J s
E_CHARGE: Final = 1.602176634e-19  # elementary charge, C
K_B: Final = 1.380649e-23  # Boltzmann constant, J/K
M_E: Final = 9.1093837015e-31  # electron mass, kg
GAMMA: Final = 1.76085963023e11  # gyromagnetic ratio of the electron, rad/(s T)
