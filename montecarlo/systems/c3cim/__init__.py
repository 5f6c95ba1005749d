"""C3CIM: constant-current columns of 2T1R resistive cells (Biyani et al., DATE 2025)."""

from __future__ import annotations

from montecarlo.systems.c3cim import figures, table
from montecarlo.systems.system import System

SYSTEM = System("c3cim", table.TABLE, figures.PLANS, figures.figures)
