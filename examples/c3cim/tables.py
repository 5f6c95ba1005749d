"""The simulated tables, and the count errors of the columns at each operating point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from c3cim.columns import CountErrors
from montecarlo.characterize import Characterisation
from montecarlo.executor import LocalExecutor
from montecarlo.sweep import Sweep
from montecarlo.systems import system_table
from spicekit.errors import UserError
from spicekit.table import LookupTable

SYSTEM = "c3cim"
BENCH = f"{Path(__file__).with_name('bench.py')}:SpreadColumn"
REDUCED: dict[str, Sequence[Any]] = {"i_col": (50e-9,), "vdd": (1.0,), "temperature": (27.0,), "corner": ("tt",)}
TRIALS_SCALE = 0.2
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


@dataclass(frozen=True)
class Point:
    """An operating point.  Of a device, also the energies in J of a column's MAC and of its read-out, and its time in s."""

    axis: str
    value: float | str
    errors: CountErrors
    energy: float = 0.0
    readout: float = 0.0
    time: float = 0.0


def characterisation(given: Path | None, folder: Path, workers: int | None, say: Callable[[str], None]) -> LookupTable:
    """The table in ``given``, or a small one made in ``folder``; what is there is not made again.

    Raises :class:`UserError` if ``given`` is no table of the system.
    """
    if given is None:
        say(f"no --table: simulating a small one in {folder} (spicekit characterize {SYSTEM} makes the full one)")
        Characterisation(system_table(SYSTEM), over=REDUCED, trials_scale=TRIALS_SCALE).run(folder, workers=workers, warn=say)
        given = folder
    table = LookupTable.load(given)
    if table.provenance.get("system") != SYSTEM:
        raise UserError(f"--table {given}: not a table of spicekit characterize {SYSTEM}")
    return table


def sweeps(folder: Path, trials: int, workers: int | None, say: Callable[[str], None]) -> dict[str, LookupTable]:
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


def points_of(table: LookupTable, swept: dict[str, LookupTable]) -> list[Point]:
    """Every value of the axes, then the devices."""
    found = []
    for axis, one in swept.items():
        parameter = AXES[axis][0]
        for value in one.coordinates[parameter]:
            found.append(Point(axis, round(float(value) * SHOWN[axis], 9), CountErrors.of(one, **{parameter: value})))
    for device in DEVICES:
        place: dict[str, Any] = {"device": device, "i_col": I_COL}
        around = place | {"vdd": 1.0, "temperature": 27.0, "corner": "tt"}
        energy, readout, time = (
            float(table.query(name, **around)) for name in ("e_mac_settled", "settle_e_readout", "settle_t_settle")
        )
        errors = CountErrors.of(table, "count_error", **place)
        found.append(Point("device", device, errors, energy, readout, time))
    return found
