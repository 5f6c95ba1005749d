"""Digital compute-in-memory in SRAM, 32 kb, with standard and Fibbinary weights (Gomony et al., DAC 2024)."""

from __future__ import annotations

from montecarlo.systems.sram_cim import figures, table
from montecarlo.systems.system import System

SYSTEM = System("sram-cim", table.TABLE, figures.PLANS, figures.figures)
