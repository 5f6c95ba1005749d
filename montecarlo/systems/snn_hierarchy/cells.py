"""The memory cells that are compared, all in 45 nm: what is simulated of each, and what a bank takes from the tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from montecarlo.systems.imce.table import COLUMN, T_PULSE, W_READ, W_WRITE, WRITE
from montecarlo.systems.snn_hierarchy.bank import C_WIRE, Cell, Line, Periphery
from montecarlo.systems.system import Plan
from spicekit.area.plans import floor_plan
from spicekit.area.rule import Box, Rule
from spicekit.benches.digital.sram_6t import Sram6t
from spicekit.benches.sot.write import SotWrite
from spicekit.benches.stt.write import SttWrite
from spicekit.registry import make_bench
from spicekit.table import LookupTable
from spicekit.technology import load_technology

TECHNOLOGY = load_technology("ptm45")
RULE = Rule(TECHNOLOGY)
VDD, L_MIN = TECHNOLOGY.vdd, TECHNOLOGY.l_min
SRAM, STT, SOT = Sram6t().p, SttWrite().p, SotWrite().p
W_STT = 300e-9  # m, access transistor: writes in both directions within the pulse
SWING = 0.1 * VDD  # V by which a read discharges a bit line of SRAM: CACTI's tenth of the supply
ROWS = (32, 128, 512)  # at which what grows with the rows is simulated
STT_COLUMNS, SOT_COLUMNS = 128, 64  # on the word line, the benches' own
MUX = 8  # columns of MRAM that share an amplifier (chosen)
FAR = 64  # rows of the SOT column, the bench's own: its read is that of an amplifier, and hardly grows with the rows

SRAM_BOX = RULE.sram_cell(SRAM.w_pd, SRAM.w_pg, SRAM.w_pu, L_MIN)
STT_BOX = RULE.stt_cell(W_STT, L_MIN)
SOT_BOX = RULE.sot_cell(W_READ, W_WRITE, L_MIN)


def wire(length: float) -> float:
    """Farads of a cell's piece of wire."""
    return float(f"{C_WIRE * length:.3g}")


SRAM_CELL = {"technology": "ptm45", "c_bit": wire(SRAM_BOX.along), "c_word": wire(SRAM_BOX.across)}
# a latch of small devices at a bit line that has fallen from VDD by SWING
SRAM_SENSE = {
    "technology": "ptm45", "reference": "ideal", "v_mid": VDD - SWING / 2, "overdrive": -SWING / 2, "gate_area": 5e-13,
    "l_input": 6e-8, "w_latch": 3e-7, "l_latch": L_MIN, "w_reset": 1.5e-7, "w_tail": 3e-7,
}  # fmt: skip
STT_CELL = {"technology": "ptm45", "device": "stt-bnn-65nm", "w_access": W_STT}
T_READ = 1e-9  # s: a word line that is on while the amplifier decides (74 ps + 0.5 ns)
STT_READ = STT_CELL | {"t_read": T_READ, "columns": STT_COLUMNS, "c_cell": wire(STT_BOX.along), "c_word": wire(STT_BOX.across)}
STT_SENSE = {"technology": "ptm45", "device": "stt-bnn-65nm", "source": "cell", "w_access": W_STT}
SOT_READ = COLUMN | {"i_logic": 10e-6, "rows": FAR, "columns": SOT_COLUMNS, "operation": "read"}

PLANS = (
    Plan("sram", "sram-6t", {"temperature": [27.0, 85.0]}, 0, {"technology": "ptm45"}),
    Plan("sram-write", "sram-6t", {"rows": list(ROWS)}, 0, SRAM_CELL | {"operation": "write"}),
    Plan("sram-sense", "vsa-sense", {"measure": ["decision"]}, 0, SRAM_SENSE),
    Plan("stt-read", "stt-settle", {"rows": list(ROWS)}, 0, STT_READ),
    Plan("stt-sense", "vsa-sense", {"reference": ["resistor"]}, 0, STT_SENSE),
    Plan("stt-write", "stt-write", {"direction": ["ap-p", "p-ap"]}, 0, STT_CELL | {"t_pulse": 10e-9}),
    Plan("sot-read", "sot-sense", {"bits": ["0", "1"]}, 0, SOT_READ),
    Plan("sot-write", "sot-write", {"direction": ["ap-p", "p-ap"]}, 0, WRITE),
)
MADE_OF = {
    "SRAM": ("sram", "sram-write", "sram-sense"),
    "STT": ("stt-read", "stt-sense", "stt-write"),
    "SOT": ("sot-read", "sot-write"),
}  # the plans behind each cell


def cells(tables: Mapping[str, LookupTable]) -> dict[str, Cell]:
    """The cells by name, from the tables of :data:`PLANS`; at 27 C."""
    return {"SRAM": sram(tables), "STT": stt(tables), "SOT": sot(tables)}


def sram(tables: Mapping[str, LookupTable], celsius: float = 27.0) -> Cell:
    """Six transistors: a read discharges each bit line by :data:`SWING`, a write one of the pair wholly."""
    static, write, sense = (tables[name] for name in MADE_OF["SRAM"])
    lines = grown(write, "e_lines")
    part = SWING / VDD
    read = Line(lines.fixed * part + mean(sense, "e_total"), lines.each * part)
    current = float(static.query("i_read", temperature=celsius))
    discharge = lines.at(128) / VDD**2 * SWING / current
    return Cell(
        name="SRAM",
        box=SRAM_BOX,
        vdd=VDD,
        read=read,
        write=Line(lines.fixed + mean(write, "e_cell"), lines.each),
        row=mean(write, "e_wl"),
        leak=float(static.query("i_leak", temperature=celsius)) * VDD,
        t_read=discharge + mean(sense, "t_decision"),
        t_write=mean(write, "t_write"),
        drivers=2 * SRAM.w_driver,
        column=amplifier("vsa-sense", SRAM_SENSE) + 2 * driver(SRAM.w_driver),
    )


def stt(tables: Mapping[str, LookupTable]) -> Cell:
    """1T1MTJ: a read by a voltage with an amplifier a bit; a write is a pulse, half of the bits in either direction."""
    read, sense, write = (tables[name] for name in MADE_OF["STT"])
    on, off = grown(read, "e_p"), grown(read, "e_ap")
    line = mean(read, "e_wl") / STT_COLUMNS
    return Cell(
        name="STT",
        box=STT_BOX,
        vdd=VDD,
        read=Line((on.fixed + off.fixed) / 2 - line + mean(sense, "e_total"), (on.each + off.each) / 2),  # e_p has a share
        write=Line(mean(write, "e_total")),
        row=line,
        leak=0.0,
        t_read=mean(read, "t_settle") + mean(sense, "t_decision"),
        t_write=float(STT.t_pulse),
        drivers=2 * STT.w_driver,
        column=amplifier("vsa-sense", STT_SENSE) + 2 * driver(STT.w_driver),
        mux=MUX,
    )


def sot(tables: Mapping[str, LookupTable]) -> Cell:
    """2T1R: a read by a current with IMCE's amplifier; a write along the rail, from the supply through regulator and pump."""
    read, write = (tables[name] for name in MADE_OF["SOT"])
    line = mean(read, "e_wordline") / SOT_COLUMNS
    return Cell(
        name="SOT",
        box=SOT_BOX,
        vdd=VDD,
        read=Line(mean(read, "e_total") - line),
        write=Line(mean(write, "e_supply")),
        row=line,
        leak=0.0,
        t_read=mean(read, "t_sense"),
        t_write=T_PULSE,
        drivers=SOT.w_driver,
        column=amplifier("sot-sense", SOT_READ) + driver(SOT.w_driver),
        mux=MUX,
    )


def periphery(tables: Mapping[str, LookupTable], celsius: float = 27.0) -> Periphery:
    """Leakage a metre of width is that of the idle cell: a pull-down, a pull-up and a pass gate are off, with VDD across them."""
    off = float(tables["sram"].query("i_leak", temperature=celsius)) / (SRAM.w_pd + SRAM.w_pg + SRAM.w_pu)
    gate = RULE.layout.gate_capacitance * L_MIN
    return Periphery(off=off, w_row=SRAM.w_driver, row=driver(SRAM.w_driver), gate=gate, w_min=TECHNOLOGY.w_min)


def driver(width: float) -> float:
    """Area in m2 of a driver's last stage, NMOS of ``width`` metres and PMOS of twice that."""
    return RULE.transistor(width, L_MIN).area + RULE.transistor(2 * width, L_MIN).area


def amplifier(bench: str, parameters: Mapping[str, Any]) -> float:
    """Area in m2 of the amplifier that ``bench`` simulates."""
    regions = floor_plan(make_bench(bench, dict(parameters))).regions
    return next(region.area for region in regions if region.name == "amplifier")


def grown(table: LookupTable, measure: str) -> Line:
    """The straight line through ``measure`` over the rows."""
    rows, values = table.coordinates["rows"], table.variables[measure][1].ravel()
    each, fixed = np.polyfit(rows, values, 1)
    return Line(float(fixed), float(each))


def mean(table: LookupTable, measure: str) -> float:
    """``measure`` over all points of a table."""
    return float(np.mean(table.variables[measure][1]))


def boxes() -> dict[str, Box]:
    """Sides of the cells by the layout rule."""
    return {"SRAM": SRAM_BOX, "STT": STT_BOX, "SOT": SOT_BOX}
