"""STT-BNN: binary MAC rows on STT-MRAM with time-based sensing (Pham et al., JETCAS 2022; Trinh et al., TCAS-I 2018)."""

from __future__ import annotations

from montecarlo.systems.stt_bnn import figures, table
from montecarlo.systems.system import System

SYSTEM = System("stt-bnn", table.TABLE, figures.PLANS, figures.figures)
