"""NVSim and its descendants: the cell file read by each program's own reader, and a memory that each computes with it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from real.check import Absent, Row, compiled, copied, run, source, version

# main() of the tool becomes tool_main(); at the end, however it ends, what its reader took is printed
PROBE = r"""
#include <cstdio>
#include <cstdlib>
#include "global.h"
int tool_main(int argc, char **argv);
static void show() {
  MemCell *c = CELL;
  if (!c) return;
  printf("\n@ area %.9g\n@ aspect %.9g\n@ r_on %.9g\n@ r_off %.9g\n@ read_mode %d\n", c->area, c->aspectRatio, c->resistanceOn,
         c->resistanceOff, (int)c->readMode);
  printf("@ v_read %.9g\n@ i_read %.9g\n@ p_read %.9g\n@ v_sense %.9g\n", c->readVoltage, c->readCurrent, c->readPower,
         c->minSenseVoltage);
  printf("@ reset_i %.9g\n@ reset_t %.9g\n@ reset_e %.9g\n@ set_i %.9g\n@ set_t %.9g\n@ set_e %.9g\n", c->resetCurrent,
         c->resetPulse, c->resetEnergy, c->setCurrent, c->setPulse, c->setEnergy);
  printf("@ width %.9g\n@ v_access %.9g\n", c->widthAccessCMOS, c->voltageDropAccessDevice);
  fflush(stdout);
}
int main(int argc, char **argv) {
  atexit(show);
  return tool_main(argc, argv);
}
"""

# name, folders, where the sources are in it, the expression of the cell that was read
TOOLS = (
    ("NVSim", ("NVSim",), ".", "cell"),
    ("NVSim of NVMExplorer", ("nvsim-merged",), ".", "cell"),
    ("DESTINY", ("destiny_3d_cache", "destiny"), ".", "sweepCells[0]"),
    ("NS-Cache", ("NS-Cache",), "src", "sweepCells[0]"),
)

UNITS = {"F": 1.0, "": 1.0, "k": 1e3, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}


def check(root: Path | None, out: Path, cells: dict[str, Path], studies: dict[str, Path]) -> Iterator[Row]:
    """``cells``: name -> its ``.cell``, with the ``.cfg`` beside it; ``studies``: those of NVMExplorer.  Builds into ``out``."""
    for tool, names, inner, expression in TOOLS:
        try:
            folder = source(root, *names)
            program = out / "build" / f"{names[0]}-{version(folder)}"
            if not program.exists():
                sources = copied(folder / inner, out / "build" / names[0])
                probe = out / "build" / f"{names[0]}-probe.cpp"
                probe.write_text(PROBE.replace("CELL", expression))
                _build(sources, probe, program)
        except Absent as error:
            yield Row(tool, "-", "is run", 1.0, None, note=str(error))
            continue
        for name, path in cells.items():
            yield from _read(tool, version(folder), program, name, path)
    for name, study in studies.items():
        yield from _nvmexplorer(root, out, name, study)


def _nvmexplorer(root: Path | None, out: Path, name: str, study: Path) -> Iterator[Row]:
    """The cell file that NVMExplorer's own program writes of a study; its NVSim, which takes minutes for 1 MB, is left out."""
    tool = "NVMExplorer"
    try:
        folder = source(root, "NVMExplorer")
        copy = copied(folder, out / "build" / f"NVMExplorer-{name}")
        content = json.loads(study.read_text())
        content["experiment"]["nvsim_path"] = "true"
        (copy / "study.json").write_text(json.dumps(content))
        (copy / "output" / "logs").mkdir(parents=True, exist_ok=True)
        # without NVSim's answer it ends with an error, behind what is looked at
        subprocess.run(
            [sys.executable, "-W", "ignore", "run.py", "study.json"], cwd=copy, capture_output=True, timeout=300, check=False
        )
        written = sorted((copy / "data" / "cell_cfgs").glob("*spicekit*.cell"))
        if not written:
            raise Absent("it wrote no cell file")
    except (Absent, OSError, subprocess.TimeoutExpired) as error:
        yield Row(tool, "-", f"{name}: is run", 1.0, None, note=str(error))
        return
    (cell,) = content["custom_cells"]
    meant = {"r_on": cell["r_on"], "r_off": cell["r_off"], "area": cell["cell_size_F2"], "p_read": cell["read_power"] * 1e-6,
             "v_read": cell["read_voltage"], "set_i": cell["set_current"] * 1e-6, "set_e": cell["set_energy"] * 1e-12,
             "reset_t": cell["reset_pulse"] * 1e-9, "width": cell["access_CMOS_width"]}  # fmt: skip
    taken = meant_by(written[0])
    for key, value in meant.items():
        yield Row(tool, version(folder), f"{name}: {key}", value, taken.get(key))


def _build(sources: Path, probe: Path, program: Path) -> None:
    main = sources / "main.cpp"
    # the probe has a main() of its own, so that of the tool is renamed
    main.write_text(re.sub(r"\bint main\s*\(", "int tool_main(", main.read_text(errors="replace")))
    compiled(sources, program, extra=[probe])


def _read(tool: str, commit: str, program: Path, name: str, path: Path) -> Iterator[Row]:
    try:
        text = run([str(program), path.with_suffix(".cfg").name], folder=path.parent)
    except Absent as error:
        yield Row(tool, commit, f"{name}: is run", 1.0, None, note=str(error))
        return
    taken = {key: float(value) for key, value in re.findall(r"^@ (\w+) (\S+)$", text, re.MULTILINE)}
    for key, meant in meant_by(path).items():
        yield Row(tool, commit, f"{name}: {key}", meant, taken.get(key))
    # a memory that was found is one with a result for each of these
    energy = re.search(r"Read Dynamic Energy\s*=\s*([\d.]+)([munpf]?)J", text)
    found = float(energy[1]) * UNITS[energy[2]] if energy else None
    yield Row(tool, commit, f"{name}: a memory is found", 1.0, 1.0 if found else None, note=_said(found, text))


def _said(found: float | None, text: str) -> str:
    if not found:
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith("@")]
        return lines[-1].strip() if lines else "nothing said"
    return f"read energy {found * 1e12:.4g} pJ"


def meant_by(path: Path) -> dict[str, float]:
    """What a cell file says, in SI units, by the probe's names."""
    keys = {
        "CellArea (F^2)": ("area", 1.0), "CellAspectRatio": ("aspect", 1.0), "ResistanceOn (ohm)": ("r_on", 1.0),
        "ResistanceOff (ohm)": ("r_off", 1.0), "ReadVoltage (V)": ("v_read", 1.0), "ReadCurrent (uA)": ("i_read", 1e-6),
        "ReadPower (uW)": ("p_read", 1e-6), "MinSenseVoltage (mV)": ("v_sense", 1e-3), "ResetCurrent (uA)": ("reset_i", 1e-6),
        "ResetPulse (ns)": ("reset_t", 1e-9), "ResetEnergy (pJ)": ("reset_e", 1e-12), "SetCurrent (uA)": ("set_i", 1e-6),
        "SetPulse (ns)": ("set_t", 1e-9), "SetEnergy (pJ)": ("set_e", 1e-12), "AccessCMOSWidth (F)": ("width", 1.0),
        "VoltageDropAccessDevice (V)": ("v_access", 1.0),
    }  # fmt: skip
    found = {}
    for line in path.read_text().splitlines():
        key, colon, value = line.removeprefix("-").partition(": ")
        if line.startswith("-") and colon and key in keys:
            name, unit = keys[key]
            found[name] = float(value) * unit
        elif line.startswith("-ReadMode"):
            found["read_mode"] = float(value == "voltage")
    return found
