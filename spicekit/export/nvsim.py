"""NVSim's memory cell file ``.cell``, which DESTINY and NS-Cache read too, and a configuration ``.cfg`` for it.

https://github.com/SEAL-UCSB/NVSim (``MemCell.cpp``, ``SubArray.cpp``, ``InputParameter.cpp``); samples:
``sample_STTRAM.cell`` and ``sample_NVM_macro.cfg`` there.

Grammar: one ``-Key (unit): value`` a line.  The reader compares the beginning of the line with the key and then scans the
whole line with one fixed pattern, so that a wrong blank or unit leaves the value at its default without a word.  A line
that begins with no key, such as ``//``, is skipped; the first line must not be empty, or the reader never ends.
Order matters twice: CellArea before CellAspectRatio, AccessType before AccessCMOSWidth.

A read there takes twice ReadPower (the reference cell draws the same) for the time of the sense amplifier, which NVSim
computes; the power is VDD times the current of the parallel state, 30 uW of 0.9 V and 33 uA in the sample.  MinSenseVoltage
serves voltage sensing alone; where half the difference of both states' voltages is not above it, there is no result.
"""

from __future__ import annotations

from pathlib import Path

from spicekit.errors import UserError
from spicekit.export.cell import Cell
from spicekit.export.place import Point, number
from spicekit.files import write_text
from spicekit.table import LookupTable

FILE = "{system}.cell"

CANNOT_EXPRESS = (
    "spread: each field is the mean over devices; margins, error rates and write errors are lost",
    "dependence on bias, supply and temperature: one operating point a file",
    "different read currents of the two states: ReadPower is that of the parallel one, from the supply",
    "energy and time of the simulated read: NVSim computes both, from ReadPower and its own sense amplifier",
    "a current that changes during the write: the larger of its start and end is written, the energy is the simulated one",
    "leakage of the cell: NVSim computes it from its own transistor models",
    "SOT: the third terminal and the heavy-metal rail: there is one resistance pair, of the read path, and no write resistance",
    "SOT: the second access transistor: AccessCMOSWidth is the table's access_width",
    "SOT: AND and OR of several cells",
)


SENSE_DEFAULT = 0.08  # V, MinSenseVoltage where a file says none


def write(table: LookupTable, path: Path, point: Point) -> list[Path]:
    """Write the cell file at one operating point and, beside it, a ``.cfg`` of the same node and temperature."""
    configuration = path.with_suffix(".cfg")
    if configuration == path or len(path.name.split()) != 1:
        raise UserError(f"-o {path}: NVSim's cell file needs a name without blanks that does not end in .cfg")
    cell = Cell(table, point, "nvsim")
    r_on, r_off = cell.r
    lines = [
        "-MemCellType: MRAM",
        f"-ProcessNode: {cell.node}",
        f"-CellArea (F^2): {number(cell.features)}",
        f"// height over width, {cell.aspect_note()}",
        f"-CellAspectRatio: {number(cell.aspect_ratio)}",
        "// of the junction at its operating point, parallel and antiparallel",
        f"-ResistanceOn (ohm): {number(r_on)}",
        f"-ResistanceOff (ohm): {number(r_off)}",
    ]
    if cell.roles.forced == "current":  # voltage sensed: NVSim takes this branch if there is no ReadVoltage
        lines += ["-ReadMode: voltage", f"-ReadCurrent (uA): {number(cell.i_read * 1e6)}", *_sense(cell)]
    else:
        lines += ["-ReadMode: current", f"-ReadVoltage (V): {number(cell.v_read)}"]
    lines += ["// VDD times the current of the parallel state", f"-ReadPower (uW): {number(cell.p_read * 1e6)}"]
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
    kelvin = cell.kelvin
    head = [f"// {line}" for line in cell.remarks(CANNOT_EXPRESS)]
    text = _CONFIGURATION.format(node=cell.node, kelvin=kelvin, cell=path.name)
    write_text(path, "\n".join([*head, *lines]) + "\n")
    write_text(configuration, text)
    return [path, configuration]


def _sense(cell: Cell) -> list[str]:
    """Lines of the smallest voltage that is sensed; with them NVSim has to find a result."""
    sense, remark = cell.sense_voltage()
    half = cell.i_read * (cell.r[1] - cell.r[0]) / 2  # as NVSim computes it
    least = SENSE_DEFAULT if sense is None else sense
    if least >= half:
        source = "NVSim's own, as the table has none" if sense is None else "|mean| + 6 sigma of the sense amplifier's offset"
        raise UserError(
            f"{cell.table.origin}: at {cell.where()} half the read signal is {number(half * 1e3)} mV, not above MinSenseVoltage, "
            f"{number(least * 1e3)} mV ({source}): NVSim gives no result for that"
        )
    if sense is None:
        return [f"// MinSenseVoltage (mV) is not in the table, NVSim takes {number(SENSE_DEFAULT * 1e3)}: {remark}"]
    return [f"// {remark}", f"-MinSenseVoltage (mV): {number(sense * 1e3)}"]


_CONFIGURATION = """\
// for the cell beside it: node and temperature are the table's; the memory is an example to edit
-DesignTarget: RAM
-OptimizationTarget: ReadEDP
-ProcessNode: {node}
-Temperature (K): {kelvin}
-Capacity (KB): 128
-WordWidth (bit): 128
-DeviceRoadmap: HP
-LocalWireType: LocalAggressive
-LocalWireRepeaterType: RepeatedNone
-LocalWireUseLowSwing: No
-GlobalWireType: GlobalAggressive
-GlobalWireRepeaterType: RepeatedNone
-GlobalWireUseLowSwing: No
-Routing: H-tree
-InternalSensing: true
-MemoryCellInputFile: {cell}
-BufferDesignOptimization: latency
-UseCactiAssumption: Yes
"""
