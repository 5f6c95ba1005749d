"""How far the junctions of one card lie apart: relative standard deviations from junction to junction."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """Relative standard deviations, and correlations of two kinds of point within a junction."""

    ra: float
    tmr: float
    cd: float
    hk: float = 0.0
    correlations: tuple[tuple[str, str, float], ...] = ()

    @property
    def r_p(self) -> float:
        """Relative standard deviation of R_P, to first order: that of RA and twice that of the diameter."""
        rho = sum(value for first, second, value in self.correlations if {first, second} == {"ra", "cd"})
        return math.sqrt(self.ra**2 + (2 * self.cd) ** 2 - 4 * rho * self.ra * self.cd)

    def correlated(self, kind: str) -> tuple[tuple[str, float], ...]:
        """The kinds with which ``kind`` is correlated, and the coefficients; each pair with its first one alone."""
        return tuple((second, value) for first, second, value in self.correlations if first == kind)


# The Monte Carlo of IMCE (Fan, ASP-DAC 2018): RA and TMR.  It does not speak of size, which its RA then stands for.
IMCE = Spread(ra=0.05, tmr=0.10, cd=0.0)
# Of a card that does not say.  R_P spreads by 5 %, as IMCE has it; how much of that is size is chosen: 2 % of the diameter,
# 1.2 nm of 60, are 4 % of the area, which leaves 3 % for RA.  TMR as IMCE.
DEFAULT = Spread(ra=0.03, tmr=0.10, cd=0.02)
