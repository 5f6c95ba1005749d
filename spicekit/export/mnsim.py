"""MNSIM 2.0: a ``sed`` script that sets the device's lines of its ``SimConfig.ini``.

https://github.com/thu-nics/MNSIM-2.0 (``SimConfig.ini``; ``Device.py`` of ``MNSIM/Hardware_Model`` and ``Weight_update.py`` of
``MNSIM/Accuracy_Model``).

Units: nm, um2, V, ns, ohm, per cent.  Resistances come from the high to the low one.  ``Device_Variation`` is one number for all
states, the standard deviation of the resistance over itself; that of the parallel state is written, which carries most of a
column's current.
"""

from __future__ import annotations

from pathlib import Path

from spicekit.export.cell import Cell
from spicekit.export.place import Point, number
from spicekit.export.sed import sed_script
from spicekit.files import write_text
from spicekit.table import LookupTable

FILE = "{module}_mnsim.sed"

CANNOT_EXPRESS = (
    "another spread of each state: Device_Variation is that of the parallel one for both",
    "spread from cell to cell: MNSIM draws one deviation for all cells of a state in a layer",
    "separate SET and RESET: one write voltage and one write time",
    "read and write energy: MNSIM computes them from voltages, resistances and times",
    "write errors and read disturbance: Device_SAF, cells that are stuck, is set to 0",
    "SOT: rail, third terminal and second transistor: one 1T1R cell is described, read at the RBL voltage of a parallel cell",
    "SOT: AND and OR of several cells",
)


def write(table: LookupTable, path: Path, point: Point) -> list[Path]:
    """Write the script at one operating point."""
    cell = Cell(table, point, "mnsim")
    (g_p, sigma_p), (g_ap, sigma_ap) = cell.conductance("p"), cell.conductance("ap")
    _, t_read, _ = cell.read_cost
    values = {
        "Device_Tech": str(cell.node),
        "Device_Type": "NVM",
        "Device_Area": number(cell.area * 1e12),
        "Read_Level": "2",
        "Read_Voltage": f"0,{number(cell.v_read)}",
        "Read_Latency": number(t_read * 1e9),
        "Write_Latency": number(cell.t_pulse * 1e9),
        "Device_Level": "2",
        "Device_Resistance": f"{number(1 / g_ap)},{number(1 / g_p)}",
        "Device_Variation": number(100 * sigma_p / g_p),
        "Device_SAF": "0,0",
        "Cell_Type": "1T1R",
        "Transistor_Tech": str(cell.node),
    }
    v_write = cell.v_write
    if v_write is not None:
        values |= {"Write_Level": "2", "Write_Voltage": f"0,{number(v_write)}"}
    remarks = [
        *cell.remarks(CANNOT_EXPRESS),
        f"Here {cell.conductance_note()}.",
        f"The antiparallel state's deviation is {number(100 * sigma_ap / g_ap)} %.",
    ]
    if v_write is None:
        remarks.append("The table has no write voltage: that of the file stays.")
    write_text(path, sed_script("sed -i -f THIS SimConfig.ini, of MNSIM 2.0", remarks, values, file="SimConfig.ini"))
    return [path]
