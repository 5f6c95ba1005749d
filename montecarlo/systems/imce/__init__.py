"""IMCE: in-memory logic in 2T1R SOT-MRAM (Fan, ASP-DAC 2018)."""

from __future__ import annotations

from montecarlo.systems.imce import figures, table
from montecarlo.systems.system import System

SYSTEM = System("imce", table.TABLE, figures.PLANS, figures.figures)
