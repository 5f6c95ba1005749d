"""NeuroSim: assignments for the constructor in ``Param.cpp``.

https://github.com/neurosim/DNN_NeuroSim_V1.4 (``Inference_pytorch/NeuroSIM/Param.cpp``).

Grammar: C++ assignments ``name = value;`` in SI units, to stand behind the file's own, before "Initialization of parameters".
Two traps: NeuroSim has no MRAM, its RRAM type serves; and its feature size is not the node but the wire width that it holds
for the node, so the cell's sides are converted.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spicekit.errors import UserError
from spicekit.export.cell import Cell, Point, number
from spicekit.files import write_text
from spicekit.table import LookupTable

FILE = "{module}_neurosim.cpp"

CANNOT_EXPRESS = (
    "spread, margins, error rates and write errors: each value is a mean at one operating point",
    "MRAM: NeuroSim knows SRAM, RRAM and FeFET; the cell is described as RRAM (memcelltype 2)",
    "separate SET and RESET: one write voltage and one pulse width; write energies are NeuroSim's own",
    "read and write energy: NeuroSim computes them from resistances and voltages",
    "temperatures below 300 K or above 400 K, where its transistor tables end (refused), and fractions of a kelvin",
    "SOT: rail, third terminal and second transistor: one 1T1R cell is described, read at the RBL voltage of a parallel cell",
    "SOT: AND and OR of several cells",
)

# technology node in nm -> NeuroSim's feature size, the width of its wires in nm (V1.4)
WIRE_WIDTHS = {130: 175, 90: 110, 65: 105, 45: 80, 32: 56, 22: 40, 14: 32, 10: 22, 7: 20}


def write(table: LookupTable, path: Path, point: Point) -> list[Path]:
    """Write the assignments at one operating point."""
    cell = Cell(table, point, "neurosim")
    if cell.node not in WIRE_WIDTHS:
        nodes = ", ".join(str(node) for node in WIRE_WIDTHS)
        raise UserError(f"format 'neurosim' cannot hold feature_size={cell.node} nm; its technology nodes are {nodes} nm")
    width = WIRE_WIDTHS[cell.node]
    area = cell.area / (width * 1e-9) ** 2  # in NeuroSim's F^2
    r_on, r_off = cell.r
    vdd, v_write = cell.value("vdd"), cell.v_write
    lines: list[tuple[str, float | int | None, str]] = [
        ("memcelltype", 2, "RRAM stands for MRAM"),
        ("accesstype", 1, "CMOS transistor"),
        ("cellBit", 1, "bit a cell"),
        ("technode", cell.node, "nm; where the file sets it by a switch over 'tech', choose this node there"),
        ("temp", cell.kelvin, "K"),
        ("heightInFeatureSize1T1R", np.sqrt(area * cell.aspect_ratio), f"in wire widths of {width} nm"),
        ("widthInFeatureSize1T1R", np.sqrt(area / cell.aspect_ratio), f"aspect ratio: {cell.aspect_note()}"),
        ("resistanceOn", r_on, "ohm, of the junction at its operating point, parallel"),
        ("resistanceOff", r_off, "ohm, antiparallel"),
        ("maxConductance", 1 / r_on, "S"),
        ("minConductance", 1 / r_off, "S"),
        ("readVoltage", cell.v_read, "V"),
        ("readPulseWidth", cell.t_read, "s"),
        ("accessVoltage", vdd, "V, on the gate of the access transistor"),
        ("resistanceAccess", cell.r_access, "ohm, of the access path while a parallel cell is read"),
        ("writeVoltage", v_write, "V" if v_write is not None else "V: not in the table, NeuroSim's default stays"),
        ("writePulseWidth", cell.t_pulse, "s; known to the versions with training (V2) only: delete it elsewhere"),
    ]
    text = [f"// {line}" for line in cell.remarks(CANNOT_EXPRESS)]
    for name, value, comment in lines:
        text.append(f"// {name}: {comment}" if value is None else f"{name} = {number(value)};  // {comment}")
    write_text(path, "\n".join(text) + "\n")
    return [path]
