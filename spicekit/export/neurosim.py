"""NeuroSim: ``sed`` scripts that set the named lines of its ``Param.cpp``, one for V1.4 and one for V2.1.

https://github.com/neurosim/DNN_NeuroSim_V1.4 (``Inference_pytorch/NeuroSIM/Param.cpp``) and DNN_NeuroSim_V2.1
(``Training_pytorch/NeuroSIM/Param.cpp``).

The values have to stand on their own lines: ``technode`` and ``memcelltype`` decide about much that is set between them and
the end of the constructor.  A script ends with exit code 1 and a word where a line is missing.  Traps: NeuroSim has no MRAM,
its RRAM type serves; its feature size is not the node but the wire width that it holds for the node, another one in each
version, so the cell's sides are converted; and it sizes an access transistor of its own, for a quarter of R_on, and gives up
where that is wider than the cell.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from spicekit.errors import UserError
from spicekit.export.cell import Cell
from spicekit.export.place import Point, number
from spicekit.export.sed import sed_script
from spicekit.files import write_text
from spicekit.table import LookupTable

FILE = "{module}_neurosim_v14.sed"

CANNOT_EXPRESS = (
    "spread, margins, error rates and write errors: each value is a mean at one operating point",
    "MRAM: NeuroSim knows SRAM, RRAM and FeFET; the cell is described as RRAM (memcelltype 2)",
    "separate SET and RESET: one write voltage and one pulse width; write energies are NeuroSim's own",
    "read and write energy: NeuroSim computes them from resistances and voltages",
    "temperatures below 300 K or above 400 K, where its transistor tables end (refused), and fractions of a kelvin",
    "SOT: rail, third terminal and second transistor: one 1T1R cell is described, read at the RBL voltage of a parallel cell",
    "SOT: AND and OR of several cells",
)

# technology node in nm -> width of the wires in nm in V1.4 and in V2.1; V1.4 has no RRAM below 22 nm
WIRE_WIDTHS = {130: (175, 200), 90: (110, 200), 65: (105, 100), 45: (80, 50), 32: (56, 40), 22: (40, 32)}

# of the LSTP transistor that both versions take as they come: supply in V, factor of the on resistance, and current in A/m
# at 300, 350 and 400 K (Technology.cpp)
_TRANSISTORS = {
    130: (1.3, 1.54, (300.7, 193.5, 134.6)),
    90: (1.2, 1.77, (346.3, 222.3, 155.0)),
    65: (1.1, 1.77, (400.0, 258.9, 182.1)),
    45: (1.0, 1.77, (500.2, 344.5, 251.5)),
    32: (0.9, 1.77, (600.2, 439.7, 333.3)),
    22: (0.85, 1.77, (791.9, 628.3, 501.7)),
}


def write(table: LookupTable, path: Path, point: Point) -> list[Path]:
    """Write both scripts at one operating point: that of V1.4 into ``path``, that of V2.1 beside it.

    Warns where NeuroSim would give up because of the access transistor that it sizes.
    """
    cell = Cell(table, point, "neurosim")
    if cell.node not in WIRE_WIDTHS:
        nodes = ", ".join(str(node) for node in WIRE_WIDTHS)
        raise UserError(f"format 'neurosim' cannot hold feature_size={cell.node} nm; its technology nodes are {nodes} nm")
    scripts = {}
    for version, wires in zip(("V1.4", "V2.1"), WIRE_WIDTHS[cell.node], strict=True):
        values = _values(cell, wires)
        if version == "V2.1":
            values |= {"featuresize": wires * 1e-9, "wireWidth": wires, "readVoltage": cell.v_read}
        given = transistor_width(cell)
        width = values["widthInFeatureSize1T1R"]
        remarks = cell.remarks(CANNOT_EXPRESS)
        if given > width:
            said = (
                f"NeuroSim {version} gives up on this cell of {width:.2f} F: it sizes a transistor for R_on/4, {given:.2f} F wide"
            )
            remarks.append(f"Attention: {said}. Widen the cell (widthInFeatureSize1T1R) to see the rest.")
            warnings.warn(said, stacklevel=3)
        scripts[version] = _script(version, values, remarks, cell.t_pulse)
    other = path.with_name(f"{path.stem.removesuffix('_v14')}_v21{path.suffix}")
    write_text(path, scripts["V1.4"])
    write_text(other, scripts["V2.1"])
    return [path, other]


def transistor_width(cell: Cell) -> float:
    """Width in F of the access transistor that NeuroSim sizes: a fifth of its on resistance is a quarter of R_on."""
    vdd, factor, currents = _TRANSISTORS[cell.node]
    # through the logarithms at three temperatures: within 0.5 % of the tables
    current = np.exp(np.polyval(np.polyfit((300, 350, 400), np.log(currents), 2), cell.kelvin))
    return float(0.20 * factor * vdd / (current * cell.node * 1e-9) / (0.25 * cell.r[0]))


def _values(cell: Cell, wires: int) -> dict[str, float]:
    """Name of a member of ``Param`` -> value, in SI units; ``wires`` is the feature size in nm."""
    area = cell.area / (wires * 1e-9) ** 2
    values = {
        "memcelltype": 2,  # RRAM
        "accesstype": 1,  # CMOS
        "temp": cell.kelvin,
        "technode": cell.node,
        "cellBit": 1,
        "heightInFeatureSize1T1R": float(np.sqrt(area * cell.aspect_ratio)),
        "widthInFeatureSize1T1R": float(np.sqrt(area / cell.aspect_ratio)),
        "resistanceOn": cell.r[0],
        "resistanceOff": cell.r[1],
        "readPulseWidth": cell.t_read,
        "accessVoltage": cell.value("vdd"),
        "resistanceAccess": cell.r_access,
    }
    return values if cell.v_write is None else values | {"writeVoltage": cell.v_write}


def _script(version: str, values: dict[str, float], remarks: list[str], t_pulse: float) -> str:
    if "writeVoltage" not in values:
        remarks = [*remarks, "The table has no write voltage: NeuroSim's default stays"]
    pulse = f"writePulseWidth = {number(t_pulse)};"
    if version == "V2.1":
        more = f"s/^\\([[:space:]]*\\)writePulseWidth[[:space:]]*=[^;]*;/\\1{pulse}/"
    else:  # declared there, but never set
        more = f"/^[[:space:]]*resistanceAccess[[:space:]]*=/a\\\n\t{pulse}"
    text = {name: number(value) for name, value in values.items()}
    return sed_script(f"sed -i -f THIS Param.cpp, of NeuroSim {version}", remarks, text, file="Param.cpp", end=";", more=[more])
