"""aihwkit, CrossSim, hwcomponents, AccelForge, MNSIM and nvmFI on the files that were written, by interpreters that have them.

A short script a tool prints what the tool made of the file as JSON, ``{quantity: [meant, taken, relative tolerance]}``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from real.check import Absent, Row, copied, run, source, version
from spicekit.export.macro import Action

AIHWKIT = """
import importlib.util, json, sys, torch
from importlib.metadata import version
torch.manual_seed(1)
path, function, g_p, s_p, g_ap, s_ap = sys.argv[1], sys.argv[2], *map(float, sys.argv[3:])
made = importlib.util.spec_from_file_location("made", path)
module = importlib.util.module_from_spec(made)
made.loader.exec_module(module)
model = getattr(module, function)()
found = {}
for name, g, sigma in (("P", g_p, s_p), ("AP", g_ap, s_ap)):
    with torch.no_grad():
        noisy = model.apply_programming_noise_to_conductance(torch.full((200_000,), g * 1e6))
    found[f"mean conductance {name}"] = [g * 1e6, float(noisy.mean()), 2e-3]
    found[f"its deviation {name}"] = [sigma * 1e6, float(noisy.std()), 0.01]
print(json.dumps([version("aihwkit"), found]))
"""

CROSSSIM = """
import importlib.util, json, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
path, module_path, g_p, s_p, g_ap, s_ap = sys.argv[2], sys.argv[3], *map(float, sys.argv[4:])
made = importlib.util.spec_from_file_location("made", module_path)
module = importlib.util.module_from_spec(made)
made.loader.exec_module(module)
from simulator import AnalogCore, CrossSimParameters
found = {}
rng = np.random.default_rng(1)
weights, vectors = rng.choice([-1.0, 1.0], (128, 128)), rng.choice([-1.0, 1.0], (20, 128))
for time in (0, 1):
    errors, gains = [], []
    for chip in range(10):
        np.random.seed(chip)
        parameters = CrossSimParameters.from_json(path)
        parameters.core.style = "BALANCED"
        parameters.xbar.device.time = time
        core = AnalogCore(weights, params=parameters)
        got = np.array([core.matvec(vector) for vector in vectors])
        right = vectors @ weights.T
        gains.append(float((got * right).sum() / (right * right).sum()))
        errors.append(float((got - right).std()))
    sigma = float(np.sqrt(128 * (s_p**2 + s_ap**2)) / (g_p - g_ap))
    found[f"product's error, time {time}"] = [sigma, float(np.mean(errors)), 0.03]
    found[f"product's gain, time {time}"] = [1.0, float(np.mean(gains)), 0.02]
print(json.dumps(["3", found]))
"""

HWCOMPONENTS = """
import importlib, json, sys
from importlib.metadata import version
sys.path.insert(0, sys.argv[1])
import hwcomponents as hw
found = {}
for name, costs in json.loads(sys.argv[2]).items():
    importlib.import_module(f"hwcomponents_spicekit_{name}")
    models = [kind for kind in hw.ComponentModel.__subclasses__() if kind.__module__ == f"hwcomponents_spicekit_{name}"]
    component = models[0]()
    for action, (energy, latency) in costs.items():
        cost = getattr(component, action)()
        taken = (cost.energy, cost.latency) if hasattr(cost, "energy") else cost
        found[f"{name}: energy of {action}"] = [energy, float(taken[0]), 1e-5]
        found[f"{name}: latency of {action}"] = [latency, float(taken[1]), 1e-5]
print(json.dumps([version("hwcomponents"), found]))
"""

MNSIM = """
import json, sys
sys.path.insert(0, sys.argv[1])
from MNSIM.Hardware_Model.Device import device
made, meant = device(sys.argv[2]), json.loads(sys.argv[3])
high, low = made.device_resistance
found = {
    "HRS": [meant["high"], high, 1e-5], "LRS": [meant["low"], low, 1e-5],
    "variation": [meant["variation"], made.decice_variation, 1e-5],
    "area": [meant["area"], made.device_area, 1e-5], "read voltage": [meant["v_read"], made.device_read_voltage[-1], 1e-5],
    "write time": [meant["t_pulse"], made.device_write_latency, 1e-5],
}
made.calculate_device_read_power(V=meant["v_read"], R=low)
found["read power, parallel"] = [meant["v_read"] ** 2 / meant["low"], made.device_read_power, 1e-5]
print(json.dumps(["2.0", found]))
"""

NVMFI = """
import importlib.util, json, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from nvmexplorer_src.nvmFI import fault_injection
made = importlib.util.spec_from_file_location("made", sys.argv[2])
module = importlib.util.module_from_spec(made)
made.loader.exec_module(module)
# rates as they are would need 10^9 cells for an error to be seen: the injection is tried with others
module.UP, module.DOWN = 0.004, 0.001
module.use(fault_injection)
before = np.random.default_rng(1).integers(-128, 128, (1000, 250)) / 64.0
after = fault_injection.mat_fi(before.copy(), seed=1)
a, b = (np.rint(values * 64).astype(int) & 255 for values in (before, after))
zeros = sum(int(((a >> k & 1) == 0).sum()) for k in range(8))
ups, downs = (sum(int(((a >> k & 1 == old) & (b >> k & 1 != old)).sum()) for k in range(8)) for old in (0, 1))
found = {"stored 0 found as 1": [0.004, ups / zeros, 0.01], "stored 1 found as 0": [0.001, downs / (a.size * 8 - zeros), 0.01]}
print(json.dumps(["-", found]))
"""

ACCELFORGE = """
import json, sys
from importlib.metadata import version
import accelforge
from accelforge.mapper.FFM.mappings import Mappings
Mappings.render = lambda self, **settings: ""  # a picture, for which Graphviz would be needed
accelforge.set_n_parallel_jobs(1)
meant = json.loads(sys.argv[3])
cells = meant["cells"]
workload = sys.argv[2]
with open(workload, "w") as file:
    file.write(
        "workload:\\n  iteration_space_shape:\\n    m: 0 <= m < 16\\n    n0: 0 <= n0 < %d\\n    n1: 0 <= n1 < 8\\n"
        "  bits_per_value: {All: 1}\\n  einsums:\\n  - name: Product\\n    tensor_accesses:\\n"
        "    - {name: X, projection: [m, n0]}\\n    - {name: W, projection: [n0, n1]}\\n"
        "    - {name: Y, projection: [m, n1], output: True}\\n    renames: {weight: W, input: X, output: Y}\\n" % (2 * cells)
    )
spec = accelforge.Spec.from_yaml(sys.argv[1], workload)
result = spec.map_workload_to_arch(print_progress=False)
operations = 16 * 8 * 2
found = {
    "energy of 256 operations": [operations * meant["energy"], float(result.energy()), 1e-5],
    "their time": [operations * meant["latency"], float(result.latency()), 1e-5],
}
print(json.dumps([version("accelforge"), found]))
"""


@dataclass(frozen=True)
class Written:
    """The files of one cell for these tools, and the conductances that they hold: mean and deviation in S, P and AP."""

    name: str
    folder: Path
    conductances: tuple[float, float, float, float]
    costs: dict[str, tuple[float, float]]  # of an action: J, s
    device: dict[str, float]  # for MNSIM, in its units


@dataclass(frozen=True)
class Computing:
    """A macro's architecture and operation."""

    name: str
    architecture: Path
    action: Action


def check(root: Path | None, cells: list[Written], macros: list[Computing], pythons: list[Path]) -> Iterator[Row]:
    """Rows of each tool, by the first of ``pythons`` that has its package."""
    for cell in cells:
        function, numbers = f"{cell.name}_noise_model", [repr(value) for value in cell.conductances]
        yield from _rows("aihwkit", cell.name, pythons, AIHWKIT, str(cell.folder / f"{cell.name}_aihwkit.py"), function, *numbers)
        files = [str(cell.folder / f"{cell.name}_crosssim{suffix}") for suffix in (".json", ".py")]
        yield from _of_source(root, "CrossSim", "cross-sim", cell.name, [Path(sys.executable)], CROSSSIM, *files, *numbers)
        yield from _mnsim(root, cell)
        yield from _nvmfi(root, cell, pythons)
    folders = sorted({str(cell.folder / f"hwcomponents_spicekit_{cell.name}") for cell in cells})
    for folder_name, cell in zip(folders, sorted(cells, key=lambda cell: cell.name), strict=True):
        costs = json.dumps({cell.name: cell.costs})
        yield from _rows("hwcomponents", "", pythons, HWCOMPONENTS, folder_name, costs)

    for macro in macros:
        workload = str(macro.architecture.with_suffix(".workload.yaml"))
        meant = json.dumps({"cells": macro.action.cells, "energy": macro.action.energy, "latency": macro.action.latency})
        yield from _rows("AccelForge", macro.name, pythons, ACCELFORGE, str(macro.architecture), workload, meant)


def _mnsim(root: Path | None, cell: Written) -> Iterator[Row]:
    configuration = cell.folder / f"{cell.name}_SimConfig.ini"
    try:
        shutil.copy(source(root, "MNSIM-2.0") / "SimConfig.ini", configuration)
        run(["sed", "-i", "-f", str(cell.folder / f"{cell.name}_mnsim.sed"), str(configuration)])
    except (Absent, OSError) as error:
        yield Row("MNSIM", "-", "is run", 1.0, None, note=str(error))
        return
    python, device = [Path(sys.executable)], json.dumps(cell.device)
    yield from _of_source(root, "MNSIM", "MNSIM-2.0", cell.name, python, MNSIM, str(configuration), device)


def _nvmfi(root: Path | None, cell: Written, pythons: list[Path]) -> Iterator[Row]:
    tool = "nvmFI of NVMExplorer"
    try:
        folder = source(root, "NVMExplorer")
        copy = copied(folder, cell.folder / "build" / "NVMExplorer")
        faults = copy / "nvmexplorer_src" / "nvmFI" / "fi_utils.py"
        # numpy since 1.25 compares an array with [] element by element
        faults.write_text(faults.read_text().replace("lvl_cell_addresses != []", "lvl_cell_addresses.size"))
    except (Absent, OSError) as error:
        yield Row(tool, "-", "is run", 1.0, None, note=str(error))
        return
    for row in _rows(tool, cell.name, pythons, NVMFI, str(copy), str(cell.folder / f"{cell.name}_nvmfi.py")):
        yield replace(row, version=version(folder))


def _of_source(
    root: Path | None, tool: str, name: str, of: str, pythons: list[Path], script: str, *arguments: str
) -> Iterator[Row]:
    """Rows of a tool that is imported from its sources; its version is their commit."""
    try:
        folder = source(root, name)
    except Absent as error:
        yield Row(tool, "-", "is run", 1.0, None, note=str(error))
        return
    for row in _rows(tool, of, pythons, script, str(folder), *arguments):
        yield replace(row, version=version(folder))


def _rows(tool: str, of: str, pythons: list[Path], script: str, *arguments: str) -> Iterator[Row]:
    head = f"{of}: " if of else ""
    said = []
    for number, python in enumerate(pythons, start=1):
        try:
            found_version, found = _answer(python, script, arguments)
        except Absent as error:
            said.append(str(error))
            if number == len(pythons):
                telling = [text for text in said if not text.startswith("No module named")]
                yield Row(tool, "-", f"{head}is run", 1.0, None, note=(telling or said)[0])
            continue
        for name, (meant, taken, tolerance) in found.items():
            yield Row(tool, found_version, head + name, meant, taken, tolerance)
        return


def _answer(python: Path, script: str, arguments: tuple[str, ...]) -> tuple[str, dict[str, tuple[float, float, float]]]:
    done = subprocess.run(
        [str(python), "-W", "ignore", "-c", script, *arguments], capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode:
        said = (done.stderr.strip() or "nothing said").splitlines()[-1]
        raise Absent(said.removeprefix("ModuleNotFoundError: ")[:200])
    answer = json.loads(done.stdout.splitlines()[-1])
    return str(answer[0]), {name: tuple(values) for name, values in answer[1].items()}
