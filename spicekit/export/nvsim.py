"""NVSim's memory cell file ``.cell``, which DESTINY and NS-Cache read too.

https://github.com/SEAL-UCSB/NVSim (``MemCell.cpp``); sample: ``sample_STTRAM.cell`` there.

Grammar: one ``-Key (unit): value`` a line.  The reader compares the beginning of the line with the key and then scans the
whole line with one fixed pattern, so that a wrong blank or unit leaves the value at its default without a word.  A line
that begins with no key, such as ``//``, is skipped; the first line must not be empty, or the reader never ends.
Order matters twice: CellArea before CellAspectRatio, AccessType before AccessCMOSWidth.
"""

from __future__ import annotations

from pathlib import Path

from spicekit.export.cell import Cell, Point, number
from spicekit.files import write_text
from spicekit.table import LookupTable

FILE = "{system}.cell"

CANNOT_EXPRESS = (
    "spread: each field is the mean over devices; margins, error rates and write errors are lost",
    "dependence on bias, supply and temperature: one operating point a file",
    "different read energies of the two states: their mean is written",
    "a current that changes during the write: the larger of its start and end is written, the energy is the simulated one",
    "leakage of the cell: NVSim computes it from its own transistor models",
    "SOT: the third terminal and the heavy-metal rail: there is one resistance pair, of the read path, and no write resistance",
    "SOT: the second access transistor: AccessCMOSWidth is the table's access_width",
    "SOT: AND and OR of several cells",
)


def write(table: LookupTable, path: Path, point: Point) -> list[Path]:
    """Write the cell file at one operating point."""
    cell = Cell(table, point, "nvsim")
    r_on, r_off = cell.r
    sense, remark = cell.sense_voltage()
    lines = [
        "-MemCellType: MRAM",
        "// NVSim rescales resistances by the square of (this node / its own): give it the same node",
        f"-ProcessNode: {cell.node}",
        f"-CellArea (F^2): {number(cell.features)}",
        f"// height over width, {cell.aspect_note()}",
        f"-CellAspectRatio: {number(cell.aspect_ratio)}",
        "// of the junction at its operating point, parallel and antiparallel",
        f"-ResistanceOn (ohm): {number(r_on)}",
        f"-ResistanceOff (ohm): {number(r_off)}",
    ]
    if cell.roles.forced == "current":  # voltage sensed: NVSim takes this branch if there is no ReadVoltage
        lines += ["-ReadMode: voltage", f"-ReadCurrent (uA): {number(cell.i_read * 1e6)}"]
    else:
        lines += ["-ReadMode: current", f"-ReadVoltage (V): {number(cell.v_read)}"]
    if sense is None:
        lines += [f"// MinSenseVoltage (mV) is not in the table, NVSim takes 80: {remark}"]
    else:
        lines += [f"// {remark}", f"-MinSenseVoltage (mV): {number(sense * 1e3)}"]
    lines += [
        f"// the same read, {number(cell.t_read * 1e9)} ns: NVSim knows ReadEnergy, DESTINY and NS-Cache know ReadPower",
        f"-ReadEnergy (pJ): {number(cell.e_read * 1e12)}",
        f"-ReadPower (uW): {number(cell.e_read / cell.t_read * 1e6)}",
    ]
    for key, name in (("Reset", "reset"), ("Set", "set")):
        lines += [
            f"-{key}Mode: current",
            f"-{key}Current (uA): {number(cell.write_current(name) * 1e6)}",
            f"-{key}Pulse (ns): {number(cell.t_pulse * 1e9)}",
            f"-{key}Energy (pJ): {number(cell.write_energy(name) * 1e12)}",
        ]
    lines += [
        "-AccessType: CMOS",
        f"-VoltageDropAccessDevice (V): {number(cell.v_access)}",
        f"-AccessCMOSWidth (F): {number(cell.access_width)}",
    ]
    head = [f"// {line}" for line in cell.remarks(CANNOT_EXPRESS)]
    write_text(path, "\n".join([*head, *lines]) + "\n")
    return [path]
