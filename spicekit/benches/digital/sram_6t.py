"""The SRAM cell of six transistors."""

from __future__ import annotations

from spicekit.benches.digital.sram_cell import SramCell, SramParameters


class Sram6t(SramCell[SramParameters]):
    """Read through the pass gates, which lifts the low node."""

    name = "sram-6t"
    summary = "SRAM cell of six transistors: static noise margins, read current, leakage; write through its drivers"
