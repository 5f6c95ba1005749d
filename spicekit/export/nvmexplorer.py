"""NVMExplorer's study file: JSON with one custom cell.

https://github.com/lpentecost/NVMExplorer (``config/``, ``nvmexplorer_src/input_defs/cell_cfgs.py``).

Grammar: ``{"experiment": {...}, "custom_cells": [{"cell_type": "STT", ...}]}``; unknown keys are ignored there, so the
remarks stand under a key of their own.  Units: ohm, V, mV, uW, uA, ns, pJ; area in F^2, width in F.  NVMExplorer writes
resistances and area as whole numbers and cuts the rest, so they are rounded here.
"""

from __future__ import annotations

from pathlib import Path

from spicekit.export.cell import Cell
from spicekit.export.place import Point, identifier, rounded
from spicekit.files import write_json
from spicekit.table import LookupTable

FILE = "{module}_nvmexplorer.json"

CANNOT_EXPRESS = (
    "spread, margins, error rates and write errors: each field is a mean at one operating point",
    "fractions of an ohm and of an F^2: NVMExplorer cuts resistances and area to whole numbers",
    "the aspect ratio of the cell: NVMExplorer fixes it at 1.46",
    "temperature: NVMExplorer always runs NVSim at 350 K",
    "energy and time of the simulated read: NVSim computes both, from read_power and its own sense amplifier",
    "the voltage over the access transistor",
    "SOT: a cell type of its own: it is described as an STT cell, third terminal, rail and second transistor are lost",
    "SOT: a read by a current: it becomes a read at the RBL voltage of a parallel cell",
    "SOT: AND and OR of several cells",
)


def write(table: LookupTable, path: Path, point: Point) -> list[Path]:
    """Write the study at one operating point."""
    cell = Cell(table, point, "nvmexplorer")
    r_on, r_off = cell.r
    name = f"spicekit_{identifier(cell.system)}"
    custom = {
        "cell_type": "STT",
        "name": name,
        "cell_size_F2": round(cell.features),
        "access_CMOS_width": rounded(cell.access_width),
        "r_on": round(r_on),
        "r_off": round(r_off),
        "read_mode": "current",
        "read_voltage": rounded(cell.v_read),
        "read_power": rounded(cell.p_read * 1e6),
        "mlc": 1,
        "read_floating": False,
    }
    for write_name in ("reset", "set"):
        custom |= {
            f"{write_name}_mode": "current",
            f"{write_name}_current": rounded(cell.write_current(write_name) * 1e6),
            f"{write_name}_pulse": rounded(cell.t_pulse * 1e9),
            f"{write_name}_energy": rounded(cell.write_energy(write_name) * 1e12),
        }
    experiment = {
        "exp_name": name,
        "cell_type": ["STT"],
        "opt_target": ["ReadEDP"],
        "capacity": [1],
        "bits_per_cell": [1],
        "process_node": cell.node,
        "traffic": ["generic"],
        "simulator": "nvsim",
        "nvsim_path": "./nvmexplorer_src/nvsim_src/nvsim",
        "output_path": "./output",
        "custom_cells": "True",
    }
    write_json(path, {"experiment": experiment, "custom_cells": [custom], "remarks": cell.remarks(CANNOT_EXPRESS)})
    return [path]
