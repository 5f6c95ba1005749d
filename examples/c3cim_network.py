"""A binary network on simulated C3CIM columns: accuracy against HRS/LRS ratio and spread, and for each memory, and its energy.

python examples/c3cim_network.py --out out/c3cim-network [--table DIR] [--networks 6] [--chips 10] [--trials 60] [--workers N]

Needs scikit-learn for its handwritten digits.  DIR is what `spicekit characterize c3cim --out DIR` made; without it a small
table is simulated in --out.  The tables over ratio and spread are simulated in --out.  Writes accuracy.png and results.json.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from networks.c3cim import Network, train
from networks.experiment import Accuracy, Drawn, Outcome, Point, characterisation, digits, experiment, finish, parser, say

from montecarlo.behaviour import Columns, CountErrors
from montecarlo.jobs.sweep import Sweep
from montecarlo.running.executor import LocalExecutor
from spicekit.errors import UserError
from spicekit.files import output_folder, write_json
from spicekit.style import COLOURS, new_figure, save
from spicekit.table import LookupTable

BENCH = f"{Path(__file__).parent / 'benches' / 'c3cim_spread.py'}:SpreadColumn"
REDUCED: dict[str, Sequence[Any]] = {"i_col": (50e-9,), "vdd": (1.0,), "temperature": (27.0,), "corner": ("tt",)}
R_LRS = 10e3  # ohm, of rram-hfo2
N_HRS = (0, 4, 16, 36, 64)
DEVICES = ("rram-hfo2", "fefet-like", "stt-bnn-65nm")
I_COL = 50e-9  # A, of the table
AXES: dict[str, tuple[str, tuple[float, ...]]] = {  # axis -> parameter, values
    "ratio": ("r_hrs", (20e3, 30e3, 50e3, 100e3, 150e3)),  # at 200 kohm there is no headroom
    "spread": ("sigma_r", (0.0, 0.01, 0.02, 0.05, 0.10, 0.20)),
}
SHOWN = {"ratio": 1 / R_LRS, "spread": 100.0}  # factor to the unit of LABELS
LABELS = {"ratio": "HRS / LRS", "spread": "σ(ln R) of both states (%)", "device": "device card"}
MODEL = "fixed"  # ranks of the columns
CONDITIONS = "rram-hfo2, 50 nA, 1 V, 27 °C, tt unless said otherwise"


@dataclass(frozen=True)
class Device(Point[CountErrors]):
    """A memory, also with the energies in J of a column's MAC and of its read-out, and its time in s."""

    energy: float
    readout: float
    time: float

    def spent(self, columns: int) -> str:
        """Energy of an inference in pJ, and the time of a MAC."""
        alone, whole = (columns * energy * 1e12 for energy in (self.energy, self.energy + self.readout))
        return f"{alone:.1f}, with read-out {whole:.0f}; settles in {self.time * 1e9:.0f} ns"


def main() -> None:
    options = parser(__doc__, "out/c3cim-network")
    options.add_argument("--table", type=Path, help="folder of spicekit characterize c3cim; a small one is made if not given")
    options.add_argument("--networks", type=int, default=6, help="trained networks, each with its own split of the data")
    options.add_argument("--chips", type=int, default=10, help="chips drawn for each network, at each point")
    options.add_argument("--trials", type=int, default=60, help="simulated columns a ratio or spread, and n_hrs")
    options.add_argument("--workers", type=int, help="processes that simulate; all cores if not given")
    given = options.parse_args()
    if min(given.networks, given.chips, given.trials) < 2:
        options.error("--networks, --chips and --trials: at least 2")
    started = time.monotonic()
    try:
        out = output_folder(given.out)
        table = characterisation(given.table, out / "table", ["c3cim"], REDUCED, trials_scale=0.2, workers=given.workers)
        points = points_of(table, sweeps(out / "sweeps", given.trials, given.workers))
    except UserError as error:
        options.error(str(error))
    simulated = time.monotonic()
    outcome, trained = run(points, given.networks, given.chips)

    columns = trained[0].columns
    print(f"{columns} columns of 64 cells, {CONDITIONS}; loss against the same network on ideal columns")
    print(f"ideal accuracy {Accuracy.of(outcome.ideal).shown()} %")
    print(f"{'operating point':28} {'wrong counts (%)':>16} {'accuracy (%)':>14} {'loss (points)':>14}  energy an inference (pJ)")
    for row, point in enumerate(points):
        name = f"{point.axis} {point.value:g}" if isinstance(point.value, float) else str(point.value)
        energy = point.spent(columns) if isinstance(point, Device) else ""
        accuracy, loss = outcome.accuracy(MODEL, row).shown(), outcome.loss(MODEL, row).shown()
        print(f"{name:28} {100 * point.errors.wrong.mean():16.2f} {accuracy:>14} {loss:>14}  {energy}")
    for point in points:
        if isinstance(point, Device):
            own, drawn = spread_of_random_data(table, point)
            print(f"{point.value}: sigma of the error for random data {own:.3f} steps, as drawn here {drawn:.3f}")
    exact = all(network.exact(digits(seed)[1]) for seed, network in enumerate(trained))
    checks = statements(points, outcome, exact)
    write_json(out / "results.json", as_json(points, outcome, columns, given) | {"checks": checks})
    print("plot:", plot_accuracy(points, outcome, columns, out / "accuracy.png"))
    finish(checks, simulated - started, time.monotonic() - simulated)


def sweeps(folder: Path, trials: int, workers: int | None) -> dict[str, LookupTable]:
    """For each of :data:`AXES` a table over its parameter and n_hrs; what is in ``folder`` is not made again."""
    tables = {}
    pool = LocalExecutor(workers)
    try:
        for axis, (parameter, values) in AXES.items():
            over: dict[str, Sequence[Any]] = {parameter: values, "n_hrs": N_HRS}
            sweep = Sweep(BENCH, over, trials=trials, seed=1, measures=("wrong", "error"))
            sweep.run(folder / axis, executor=pool, warn=say)
            tables[axis] = LookupTable.load(folder / axis)
            say(f"table over {parameter} and n_hrs: {folder / axis / 'table.nc'}")
    finally:
        pool.shutdown()
    return tables


def points_of(table: LookupTable, swept: dict[str, LookupTable]) -> list[Point[CountErrors]]:
    """Every value of the axes, then the devices."""
    found = []
    for axis, one in swept.items():
        parameter = AXES[axis][0]
        for value in one.coordinates[parameter]:
            errors = CountErrors.of(one, "error", **{parameter: value})
            found.append(Point(axis, round(float(value) * SHOWN[axis], 9), errors))
    for device in DEVICES:
        place: dict[str, Any] = {"device": device, "i_col": I_COL, "vdd": 1.0, "temperature": 27.0, "corner": "tt"}
        spent = (float(table.query(name, **place)) for name in ("e_mac_settled", "settle_e_readout", "settle_t_settle"))
        found.append(Device("device", device, CountErrors.of(table, **place), *spent))
    return found


def run(points: Sequence[Point[CountErrors]], networks: int, chips: int) -> tuple[Outcome, list[Network]]:
    """Outcome, and the networks."""
    trained = []

    def one(seed: int) -> tuple[float, Drawn[CountErrors]]:
        seen, unseen, seen_labels, labels = digits(seed)
        network = train(seen, seen_labels, np.random.default_rng(seed))
        trained.append(network)

        def accuracy(errors: CountErrors, model: str, chip: int) -> float:
            return network.accuracy(unseen, labels, partial(Columns, errors=errors, rng=np.random.default_rng([seed, chip])))

        return network.accuracy(unseen, labels), accuracy

    return experiment(one, points, [MODEL], networks, chips), trained


def statements(points: Sequence[Point[CountErrors]], outcome: Outcome, exact: bool) -> dict[str, bool]:
    """What must hold if the experiment is right."""
    widest = max((row for row, point in enumerate(points) if point.axis == "spread"), key=lambda row: float(points[row].value))
    return {
        "without errors every score is the integer network's": exact,
        "accuracy falls as the spread rises, within the intervals": not outcome.rises(points, "spread", MODEL)
        and outcome.loss(MODEL, widest).low > 0,
    }


def spread_of_random_data(table: LookupTable, device: Device) -> tuple[float, float]:
    """Sigma of the error in steps: simulated with inputs and weights drawn, and of the table's distribution for such counts.

    The latter is of columns whose 64 cells are all selected; random data select half of them, a quarter in HRS.
    """
    counts = np.random.default_rng(0).binomial(64, 0.25, 2000)
    return float(table.query("random_error_std", device=device.value, i_col=I_COL)), device.errors.sigma(counts)


def as_json(points: Sequence[Point[CountErrors]], outcome: Outcome, columns: int, given: argparse.Namespace) -> dict[str, Any]:
    """What results.json holds; accuracies are fractions, energies in J."""
    found = []
    for row, point in enumerate(points):
        one = {"axis": point.axis, "value": point.value, "wrong_counts": float(point.errors.wrong.mean())}
        one |= {"accuracy": vars(outcome.accuracy(MODEL, row)), "loss": vars(outcome.loss(MODEL, row))}
        if isinstance(point, Device):
            one |= {"energy": columns * point.energy, "energy_readout": columns * point.readout}
        found.append(one)
    about = {"conditions": CONDITIONS, "networks": given.networks, "chips": given.chips, "columns": columns}
    return about | {"ideal": vars(Accuracy.of(outcome.ideal)), "points": found}


def plot_accuracy(points: Sequence[Point[CountErrors]], outcome: Outcome, columns: int, path: Path) -> Path:
    """Accuracy against each axis; below, the wrong counts, and the energy of an inference for each device."""
    axes = list(dict.fromkeys(point.axis for point in points))
    figure = new_figure(4.2 * len(axes) + 1, 7)
    grid = figure.subplots(2, len(axes), sharex="col", squeeze=False, height_ratios=(1.3, 1))
    for (top, bottom), axis in zip(grid.T, axes, strict=True):
        rows = [row for row, point in enumerate(points) if point.axis == axis]
        devices = axis == "device"
        x = np.arange(len(rows)) if devices else np.array([float(points[row].value) for row in rows])
        found = [outcome.accuracy(MODEL, row) for row in rows]
        means = np.array([100 * one.mean for one in found])
        half = np.array([50 * (one.high - one.low) for one in found])
        top.errorbar(x, means, half, marker="o", ms=4, lw=0 if devices else 1, elinewidth=1, capsize=3, label="C3CIM columns")
        top.axhline(100 * outcome.ideal.mean(), color="black", ls=":", lw=1, label="ideal columns")
        if devices:
            energy, readout = (
                np.array([columns * getattr(points[row], part) for row in rows]) * 1e12 for part in ("energy", "readout")
            )
            bottom.bar(x - 0.2, energy, 0.4, color=COLOURS[0], label="columns")
            bottom.bar(x + 0.2, energy + readout, 0.4, color=COLOURS[1], label="with read-out")
            bottom.set_ylim(0, 1.35 * (energy + readout).max())  # room for the legend
            bottom.set_ylabel("energy an inference (pJ)")
            bottom.set_xticks(x, [str(points[row].value) for row in rows], fontsize=8)
        else:
            wrong = [100 * points[row].errors.wrong.mean() for row in rows]
            bottom.plot(x, wrong, "o-", ms=4, color=COLOURS[2], label="n_hrs even over 0 to 64")
            bottom.set_ylabel("wrong counts (%)")
            bottom.set_ylim(bottom=0)
        bottom.set_xlabel(LABELS[axis])
        bottom.legend(fontsize=8)
    low = min(axis.get_ylim()[0] for axis in grid[0])
    for axis in grid[0]:
        axis.set_ylim(low, 100)
        axis.set_ylabel("accuracy on unseen digits (%)")
    grid[0, 0].legend(fontsize=8, loc="lower left")
    figure.suptitle(f"Digits on C3CIM columns of 64 cells: {CONDITIONS} (bars: 95 % intervals)", fontsize=10)
    return save(figure, path)


if __name__ == "__main__":  # worker processes import this file
    main()
