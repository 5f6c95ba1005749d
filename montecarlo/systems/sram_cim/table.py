"""The standard table: the cell, its write, the library's full adder and the multipliers, over supply, temperature and corner."""

from __future__ import annotations

from montecarlo.systems.compute import constants
from montecarlo.systems.sram_cim.macro import DESIGNS
from montecarlo.systems.system import Part, SystemTable
from spicekit.area.rule import Rule
from spicekit.benches.digital.sram_cell import SramParameters
from spicekit.export.roles import SRAM_6T
from spicekit.technology import load_technology

TECHNOLOGY = load_technology("ptm45")
RULE = Rule(TECHNOLOGY)
VDD = TECHNOLOGY.vdd
CELL = SramParameters()
BOX = RULE.sram_cell(CELL.w_pd, CELL.w_pg, CELL.w_pu, TECHNOLOGY.l_min)
F = RULE.feature


def _width(metres: float, what: str) -> tuple[float, str, str]:
    return metres / F, "features", f"width of the cell's {what}"


TABLE = SystemTable(
    name="sram-cim",
    cell=SRAM_6T,
    summary="digital compute-in-memory in SRAM, 45 nm: cell, full adder, NOR, standard and Fibbinary multipliers",
    over={
        "vdd": tuple(round(factor * VDD, 6) for factor in (0.9, 1.0, 1.1)),
        "temperature": (-40.0, 27.0, 125.0),
        "corner": ("tt", "ff", "ss"),
    },
    nominal={"vdd": VDD, "temperature": 27.0, "corner": "tt"},
    parts=(
        Part("cell", "sram-6t", {"steps": 40}, trials=100),
        Part("write", "sram-6t", {"operation": "write"}),
        Part("adder", "logic-gate", {"cell": "full-adder"}),
        *(Part(name, "multiplier", design.multiplier() | {"operations": 12}, over=("vdd",)) for name, design in DESIGNS.items()),
    ),
    computed=(
        constants(
            {
                "feature_size": (F, "m", "F: the technology's node"),
                "cell_area": (BOX.area / F**2, "F^2", f"area of the cell by the layout rule of {TECHNOLOGY.name}"),
                "cell_height": (BOX.along / F, "features", "side of the cell along the bit line, by the layout rule"),
                "cell_width": (BOX.across / F, "features", "side of the cell along the word line, by the layout rule"),
                "cell_aspect_ratio": (BOX.along / BOX.across, "", "cell_height over cell_width"),
                "access_width": _width(CELL.w_pg, "pass gates"),
                "pull_down_width": _width(CELL.w_pd, "pull-down transistors"),
                "pull_up_width": _width(CELL.w_pu, "pull-up transistors"),
            }
        ),
    ),
)
