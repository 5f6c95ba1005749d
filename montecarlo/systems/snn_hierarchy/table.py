"""The standard table of the hierarchy's memories: reads, writes and leakage of the three cells over temperature and corner."""

from __future__ import annotations

from montecarlo.systems.compute import constants
from montecarlo.systems.imce.table import WRITE
from montecarlo.systems.snn_hierarchy.cells import (
    SOT_READ,
    SRAM_CELL,
    SRAM_SENSE,
    STT_CELL,
    STT_READ,
    STT_SENSE,
    boxes,
)
from montecarlo.systems.system import Part, SystemTable

ENERGIES = ("e_total", "e_supply", "switched", "t_switch")
WRITTEN = ("written", "t_write", "e_total", "e_lines", "e_cell", "e_wl")

TABLE = SystemTable(
    name="snn-hierarchy",
    summary="memories of a spiking accelerator, 45 nm: read, write and leakage of SRAM, STT-MRAM and SOT-MRAM cells",
    over={"temperature": (-40.0, 27.0, 85.0), "corner": ("tt", "ff", "ss")},
    nominal={"temperature": 27.0, "corner": "tt"},
    parts=(
        Part("sram", "sram-6t", {"technology": "ptm45"}),
        Part("sram_write", "sram-6t", SRAM_CELL | {"operation": "write"}, own={"rows": (32, 128, 512)}, measures=WRITTEN),
        Part("sram_sense", "vsa-sense", SRAM_SENSE, measures=("error", "t_decision", "e_total")),
        Part("stt_read", "stt-settle", STT_READ, own={"rows": (32, 128, 512)}),
        Part("stt_sense", "vsa-sense", STT_SENSE | {"reference": "resistor"}, measures=("error", "t_decision", "e_total")),
        Part("stt_set", "stt-write", STT_CELL | {"t_pulse": 10e-9, "direction": "ap-p"}, measures=ENERGIES),
        Part("stt_reset", "stt-write", STT_CELL | {"t_pulse": 10e-9, "direction": "p-ap"}, measures=ENERGIES),
        Part("sot_read", "sot-sense", SOT_READ, own={"bits": ("0", "1")}, measures=("error", "t_sense", "e_total")),
        Part("sot_set", "sot-write", WRITE | {"direction": "ap-p"}, measures=ENERGIES),
        Part("sot_reset", "sot-write", WRITE | {"direction": "p-ap"}, measures=ENERGIES),
    ),
    computed=(
        constants({f"{name.lower()}_area": (box.area, "m2", f"area of the {name} cell by the layout rule of ptm45")
                   for name, box in boxes().items()}),
    ),
)  # fmt: skip
