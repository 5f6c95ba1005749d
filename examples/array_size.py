"""Arrays of growing size: read signal and write current of the nearest and the farthest cell, as a table for NVSim users.

python examples/array_size.py --out out/array-size [--rows 16 64 256 1024] [--trials 100]

Two systems, 1T1MTJ in 65 nm and 2T1R SOT in 45 nm, 64 columns, source lines along the columns.  Netlists are reduced; a read is
a campaign with the mismatch of the row, the column and the drivers, a write is nominal.  Writes array-size.csv (a row for each
array, worst cell), array-size.png and the tables of the sweeps.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from montecarlo.jobs.sweep import Sweep
from montecarlo.running.executor import LocalExecutor
from spicekit import make_bench
from spicekit.files import output_folder
from spicekit.style import COLOURS, new_figure, save

# bench -> signal and its unit for the plot, write current, margin
BENCHES = {"stt-array": ("di", 1e6, "read signal (µA)", "i_start"), "sot-array": ("dv", 1e3, "read signal (mV)", "i_write")}
PLACES: dict[str, dict[str, Any]] = {"nearest": {"row": 0, "column": 0}, "farthest": {}}
LINES = {"nearest": ("--", COLOURS[3]), "farthest": ("-", COLOURS[0])}
DIRECTIONS = ("ap-p", "p-ap")
Tables = dict[tuple[str, str, str], xr.Dataset]  # bench, place, operation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out/array-size"))
    parser.add_argument("--rows", type=int, nargs="+", default=[16, 64, 256, 1024])
    parser.add_argument("--columns", type=int, default=64)
    parser.add_argument("--trials", type=int, default=100, help="of each read")
    parser.add_argument("--workers", type=int, default=None)
    given = parser.parse_args()
    tables = simulated(given.rows, given.columns, given.trials, output_folder(given.out), given.workers)
    print(f"table: {as_csv(tables, given.rows, given.columns, given.out / 'array-size.csv')}")
    print(f"plot: {plot(tables, given.columns, given.out / 'array-size.png')}")


def simulated(rows: Sequence[int], columns: int, trials: int, folder: Path, workers: int | None) -> Tables:
    """The sweeps over ``rows`` of both benches, both places and both operations."""
    tables = {}
    pool = LocalExecutor(workers) if workers else LocalExecutor()
    try:
        for bench in BENCHES:
            for place, where in PLACES.items():
                fixed = where | {"columns": columns, "netlist": "reduced"}
                for operation, over, number in (("read", {}, trials), ("write", {"direction": list(DIRECTIONS)}, 0)):
                    sweep = Sweep(bench, {"rows": list(rows), **over}, trials=number, parameters=fixed | {"operation": operation})
                    tables[bench, place, operation] = sweep.run(folder / f"{bench}-{place}-{operation}", executor=pool)
    finally:
        pool.shutdown()
    return tables


def as_csv(tables: Tables, rows: Sequence[int], columns: int, path: Path) -> Path:
    """One line an array, SI units: signal of both places, worst gap of the read over all trials, currents and energies."""
    names = ["bench", "rows", "columns", "signal_nearest", "signal_farthest", "worst_gap", "disturb_half"]
    names += [
        f"{name}_{direction}" for direction in DIRECTIONS for name in ("i_write", "switched", "t_switch", "e_write", "i_half")
    ]
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(names)
        for bench, (signal, _, _, current) in BENCHES.items():
            near, far, write = (
                tables[key] for key in ((bench, "nearest", "read"), (bench, "farthest", "read"), (bench, "farthest", "write"))
            )
            for count in rows:
                one = far.sel(rows=count)
                found = [near[signal].sel(rows=count), one[signal], one["margin_read_worst"], one.get("disturb_half", "")]
                for direction in DIRECTIONS:
                    at = write.sel(rows=count, direction=direction)
                    found += [at[name] for name in (current, "switched", "t_switch", "e_write", "i_half")]
                numbers = [value if isinstance(value, str) else f"{float(value):.5g}" for value in found]
                lines.writerow([bench, count, columns, *numbers])
                print(dict(zip(names, [bench, count, columns, *numbers], strict=True)))
    return path


def plot(tables: Tables, columns: int, path: Path) -> Path:
    """Read signal and write current over the number of rows."""
    figure = new_figure(10, 7)
    axes = figure.subplots(2, 2, sharex=True)
    for (bench, (signal, scale, label, current)), (left, right) in zip(BENCHES.items(), axes, strict=True):
        for place, (line, colour_of) in LINES.items():
            read, write = tables[bench, place, "read"], tables[bench, place, "write"]
            rows = read["rows"].to_numpy()
            mean, sigma = read[signal].to_numpy() * scale, read[f"{signal}_std"].to_numpy() * scale
            left.plot(rows, mean, line, marker="o", color=colour_of, label=f"{place} cell, mean ± 3σ")
            left.fill_between(rows, mean - 3 * sigma, mean + 3 * sigma, color=colour_of, alpha=0.15)
            for colour, direction in zip(COLOURS[1:], DIRECTIONS, strict=False):
                values = write[current].sel(direction=direction).to_numpy() * 1e6
                label_of = f"{place} cell, {direction.upper().replace('-', ' to ')}"
                right.plot(rows, values, line, marker="o", color=colour, label=label_of)
        left.set_ylabel(label)
        left.set_title(f"{bench}, {columns} columns: read")
        right.set_ylabel("write current (µA)")
        right.set_title(f"{bench}: write")
        left.legend(fontsize=8)
        right.legend(fontsize=8)
        left.set_xscale("log", base=2)
        left.set_xticks(rows, [str(count) for count in rows])
    for axis in axes[1]:
        axis.set_xlabel("rows")
    made = {bench: make_bench(bench, {}) for bench in BENCHES}
    where = (f"{bench}: {', '.join(one.process())}, {one.temperature:.3g} °C" for bench, one in made.items())
    figure.suptitle("; ".join(where), fontsize=10)
    return save(figure, path)


if __name__ == "__main__":  # worker processes import this file
    main()
