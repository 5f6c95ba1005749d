"""Our exported files in the tools that they are for: what each tool takes of a file beside what the table means.

    make tools TOOLS_ROOT=DIR [TOOLS_PYTHON="PYTHON ..."]

``DIR`` holds the sources as their repositories are called (NVSim, nvsim-merged, destiny_3d_cache, NS-Cache, DNN_NeuroSim_V1.4,
DNN_NeuroSim_V2.1, cross-sim, MNSIM-2.0, NVMExplorer); they are copied, built in ``--out`` and never written to.  The Python
packages (aihwkit, hwcomponents, accelforge) are installed into an environment of their own there, or each
``--python`` has some.
What is not there is said and left out.  Exit code 1 if a tool takes something else than was meant.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from real import cell_files, neurosim, python_tools
from real.check import Row

from montecarlo.jobs.characterisation import Characterisation
from montecarlo.systems import system_table
from spicekit.export import export
from spicekit.export.cell import Cell
from spicekit.export.macro import Operations, macro_of
from spicekit.table import LookupTable

SYSTEMS = ("stt-1t1mtj", "sot-2t1r")
MACROS = ("c3cim",)  # the quickest to simulate
PACKAGES = ("aihwkit", "hwcomponents", "accelforge")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--root", type=Path, help="folder with the tools' sources")
    parser.add_argument(
        "--python", type=Path, action="append", help="interpreter that has Python packages among them; repeatable"
    )
    parser.add_argument("--out", type=Path, default=Path("out/tools"))
    given = parser.parse_args()
    if given.root is not None and not given.root.is_dir():
        parser.error(f"--root {given.root}: no such folder")
    for python in given.python or []:
        if not (python.is_file() and os.access(python, os.X_OK)):
            parser.error(f"--python {python}: no interpreter there")
    out = given.out.resolve()
    (out / "build").mkdir(parents=True, exist_ok=True)
    rows = list(told(all_rows(given.root and given.root.resolve(), out, given.python or [installed(out / "venv")])))
    (out / "tools.md").write_text(summary(rows))
    print(f"\n{summary(rows)}\nEvery quantity: {out / 'all.txt'}")
    (out / "all.txt").write_text("\n".join(map(line, rows)) + "\n")
    sys.exit(1 if any(row.taken is not None and not row.good for row in rows) else 0)


def all_rows(root: Path | None, out: Path, pythons: list[Path]) -> Iterator[Row]:
    cells, studies, scripts, written = {}, {}, {}, []
    for system in SYSTEMS:
        table = LookupTable.load(table_of(system, out))
        name = system.replace("-", "_")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NeuroSim's width is compared below
            cells[name] = export(table, "nvsim", out / f"{name}.cell")[0]
            studies[name] = export(table, "nvmexplorer", out / f"{name}_nvmexplorer.json")[0]
            scripts[name] = export(table, "neurosim", out / f"{name}_neurosim_v14.sed")[0]
        export(table, "aihwkit", out / f"{name}_aihwkit.py")
        export(table, "crosssim", out / f"{name}_crosssim.json")
        export(table, "hwcomponents", out / f"hwcomponents_spicekit_{name}")
        export(table, "mnsim", out / f"{name}_mnsim.sed")
        export(table, "nvmfi", out / f"{name}_nvmfi.py")
        written.append(meant(name, out, Cell(table, {}, "hwcomponents")))
    macros = []
    for system in MACROS:
        table = LookupTable.load(table_of(system, out))
        name, roles = system.replace("-", "_"), macro_of(table)
        assert roles is not None
        (architecture,) = export(table, "accelforge", out / f"{name}_accelforge.yaml")
        (action,) = Operations(table, roles, {}, "accelforge").actions
        macros.append(python_tools.Computing(name, architecture, action))
    yield from cell_files.check(root, out, cells, studies)
    yield from neurosim.check(root, out, scripts)
    yield from python_tools.check(root, written, macros, pythons)


def meant(name: str, out: Path, cell: Cell) -> python_tools.Written:
    """What the Python tools are to take of a cell."""
    (g_p, sigma_p), (g_ap, sigma_ap) = cell.conductance("p"), cell.conductance("ap")
    device = {"high": 1 / g_ap, "low": 1 / g_p, "variation": 100 * sigma_p / g_p, "area": cell.area * 1e12,
              "v_read": cell.v_read, "t_pulse": cell.t_pulse * 1e9}  # fmt: skip
    costs = {"write": (cell.e_write, cell.t_pulse)}
    return python_tools.Written(name, out, (g_p, sigma_p, g_ap, sigma_ap), costs, device)


def table_of(system: str, out: Path) -> Path:
    """The standard table at its nominal point alone, with few trials: what is compared is how it is read."""
    folder = out / "tables" / system
    if not (folder / "table.nc").exists():
        made = system_table(system)
        over = {name: [made.nominal[name]] for name in made.over}
        Characterisation(made, over=over, trials_scale=0.06).run(folder, workers=1)
    return folder


def installed(venv: Path) -> Path:
    """The interpreter of an environment with the packages that can be had for it."""
    python = venv / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    for package in PACKAGES:
        done = subprocess.run(
            [str(python), "-m", "pip", "install", "-q", "--prefer-binary", package], capture_output=True, text=True, check=False
        )
        if done.returncode:
            print(f"{package} cannot be installed: {done.stderr.strip().splitlines()[-1]}", flush=True)
    return python


def told(rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        if not row.good:
            print(line(row), flush=True)
        yield row


def line(row: Row) -> str:
    word = "good" if row.good else "NOT RUN" if row.taken is None else "DIFFERS"
    numbers = "" if row.taken is None else f"{row.meant:.6g} meant, {row.taken:.6g} taken"
    return f"{word:8} {row.tool} {row.version}: {row.quantity} {numbers} {row.note}".rstrip()


def summary(rows: list[Row]) -> str:
    """A row a tool: its version, how many quantities were compared, the largest deviation, and what was not run."""
    lines = ["| tool | version | compared | differ | not run |", "|---|---|---|---|---|"]
    for tool in dict.fromkeys(row.tool for row in rows):
        own = [row for row in rows if row.tool == tool]
        compared = [row for row in own if row.taken is not None]
        versions = ", ".join(dict.fromkeys(row.version for row in compared)) or "-"
        differ = [row.quantity for row in compared if not row.good]
        missing = list(dict.fromkeys(f"{row.quantity}: {row.note}" for row in own if row.taken is None))
        lines.append(f"| {tool} | {versions} | {len(compared)} | {', '.join(differ) or 0} | {'; '.join(missing) or '-'} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
