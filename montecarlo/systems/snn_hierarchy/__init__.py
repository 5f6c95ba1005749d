"""A spiking convolutional network on processing elements, L1 buffers and an L2 of SRAM or MRAM, as Mega has them."""

from __future__ import annotations

from montecarlo.systems.snn_hierarchy import figures, table
from montecarlo.systems.system import System

SYSTEM = System("snn-hierarchy", table.TABLE, figures.PLANS, figures.figures)
