"""Tables of both systems with the names that ``spicekit characterize`` gives, and NVSim's way of reading a line."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from montecarlo.jobs.characterisation import Characterisation
from montecarlo.systems import system_table
from spicekit.export import export
from spicekit.table import LookupTable
from spicekit.table_layout import QUANTILES

GRID: dict[str, Any] = {
    "tmr": np.array([1.0, 1.5, 2.0]),
    "vdd": np.array([1.0, 1.1, 1.2]),
    "temperature": np.array([27.0, 85.0]),
    "corner": np.array(["ff", "ss", "tt"]),
}
# measure -> typical value, unit, relative spread over devices
STT = {
    "read_i_p": (40.123456e-6, "A", 0.06), "read_i_ap": (22.2e-6, "A", 0.05), "read_di": (17.9e-6, "A", 0.1),
    "read_r_p": (3012.3456, "ohm", 0.05), "read_r_ap": (6123.4, "ohm", 0.08), "read_e_p": (30.1e-15, "J", 0.06),
    "read_e_ap": (16.7e-15, "J", 0.05), "set_i_start": (61e-6, "A", 0.04), "set_i_end": (88e-6, "A", 0.04),
    "set_e_write": (0.91e-12, "J", 0.03), "reset_i_start": (79e-6, "A", 0.04), "reset_i_end": (55e-6, "A", 0.04),
    "reset_e_write": (0.82e-12, "J", 0.03), "settle_e_p": (29.1e-15, "J", 0.05), "settle_e_ap": (18.4e-15, "J", 0.04),
    "settle_t_settle": (84e-12, "s", 0.02), "wer_set": (3e-5, "", 0.2), "wer_reset": (7e-4, "", 0.2),
    "read_disturb": (2e-6, "", 0.3),
}  # fmt: skip
STT_SCALARS = {
    "cell_area": (41.6, "F^2"), "access_width": (4.615, ""), "feature_size": (65e-9, "m"), "v_read": (0.15, "V"),
    "t_read": (5e-9, "s"), "t_pulse": (10e-9, "s"),
}  # fmt: skip
SOT = {
    "read_v_p": (0.15, "V", 0.03), "read_v_ap": (0.41, "V", 0.05), "read_i_p": (9.87e-6, "A", 0.01),
    "read_r_p": (11318.0, "ohm", 0.05), "read_r_ap": (32111.0, "ohm", 0.1), "read_e_p": (20e-15, "J", 0.02),
    "read_e_ap": (21e-15, "J", 0.02), "set_i_write": (119e-6, "A", 0.03), "set_e_write": (31e-15, "J", 0.03),
    "reset_i_write": (121e-6, "A", 0.03), "reset_e_write": (32e-15, "J", 0.03), "sense_read_e_total": (101e-15, "J", 0.02),
    "sense_read_t_sense": (1.71e-9, "s", 0.02), "sense_and_e_total": (111e-15, "J", 0.02),
    "sense_and_t_sense": (1.72e-9, "s", 0.02), "sense_or_e_total": (112e-15, "J", 0.02),
    "sense_or_t_sense": (1.73e-9, "s", 0.02), "sense_read_error": (0.01, "", 0.1),
}  # fmt: skip
SOT_SCALARS = {
    "cell_area": (69.0, "F^2"), "access_width": (12.0, ""), "feature_size": (45e-9, "m"), "i_read": (10e-6, "A"),
    "t_sense": (1e-9, "s"), "t_pulse": (1e-9, "s"),
}  # fmt: skip


def synthetic(
    system: str, measures: dict[str, tuple[float, str, float]], scalars: dict[str, tuple[float, str]], grid: dict[str, Any]
) -> LookupTable:
    """Smoothly different numbers at every grid point, log-normal over devices."""
    rng = np.random.default_rng(7)
    variables: dict[str, Any] = {name: ((), np.asarray(value)) for name, (value, _) in scalars.items()}
    units = {name: unit for name, (_, unit) in scalars.items()} | {"tmr": "", "vdd": "V", "temperature": "C"}
    shape = tuple(len(values) for values in grid.values())
    for name, (value, unit, spread) in measures.items():
        median = value * (1 + 0.1 * rng.random(shape))
        draws = np.exp(spread * np.random.default_rng(1).standard_normal(40_000))
        for suffix, factor in (("", draws.mean()), ("_std", draws.std(ddof=1))):
            variables[name + suffix] = (tuple(grid), median * factor)
            units[name + suffix] = unit
        quantiles = median[..., None] * np.quantile(draws, QUANTILES)
        variables[f"{name}_quantiles"] = ((*grid, "quantile"), quantiles)
    attributes = {"spicekit": json.dumps({"system": system, "seed": 1})}
    return LookupTable(grid | {"quantile": np.asarray(QUANTILES)}, variables, units, attributes, "table.nc")


@pytest.fixture
def stt() -> LookupTable:
    return synthetic("stt-1t1mtj", STT, STT_SCALARS, GRID)


@pytest.fixture
def sot() -> LookupTable:
    table = synthetic("sot-2t1r", SOT, SOT_SCALARS, GRID)
    table.coordinates["fan_in"] = np.array([2, 3, 4])
    table.variables["logic_e_and"] = (("fan_in",), np.array([20e-15, 21e-15, 22e-15]))
    return table


@pytest.fixture
def macro() -> LookupTable:
    """Rows of 32 and 128 cells, and a neuron that steps at a frequency."""
    grid = {"vdd": np.array([1.0, 1.2]), "n": np.array([32, 128]), "frequency": np.array([1e8, 2e8])}
    energy = 1e-12 * np.array([[1.0, 3.0], [2.0, 5.0]])
    variables: dict[str, Any] = {"energy": (("vdd", "n"), energy), "latency": (("vdd",), np.array([9e-9, 7e-9]))}
    operation = {"meaning": "a row answers", "cells": "n", "energy": "energy", "latency": "latency"}
    record = {"system": "my-macro", "nominal": {"vdd": 1.0, "n": 128}, "macro": {"operations": {"row_mac": operation}}}
    return LookupTable(grid, variables, {"vdd": "V"}, {"spicekit": json.dumps(record)}, "table.nc")


@pytest.fixture(scope="session", params=["stt-1t1mtj", "sot-2t1r"])
def simulated(request: pytest.FixtureRequest, once: Callable[[str, Callable[[Path], object]], Path]) -> LookupTable:
    """The ready table of each system from ngspice, at its nominal point alone and with few trials."""
    table = system_table(request.param)
    over = {name: [table.nominal[name]] for name in table.over}
    job = Characterisation(table, over=over, trials_scale=0.06)
    return LookupTable.load(once(f"characterised-{request.param}", lambda folder: job.run(folder, workers=1)))


# What MemCell::ReadCellFromFile compares the beginning of a line with, in its order, and the pattern it then scans with.
_PATTERNS = [
    ("-MemCellType", "-MemCellType: %s"), ("-ProcessNode", "-ProcessNode: %d"), ("-CellArea", "-CellArea (F^2): %lf"),
    ("-CellAspectRatio", "-CellAspectRatio: %lf"), ("-ResistanceOn", "-ResistanceOn (ohm): %lf"),
    ("-ResistanceOff", "-ResistanceOff (ohm): %lf"), ("-ReadMode", "-ReadMode: %s"),
    ("-ReadVoltage", "-ReadVoltage (V): %lf"), ("-ReadCurrent", "-ReadCurrent (uA): %lf"),
    ("-ReadPower", "-ReadPower (uW): %lf"), ("-MinSenseVoltage", "-MinSenseVoltage (mV): %lf"), ("-ResetMode", "-ResetMode: %s"),
    ("-ResetCurrent", "-ResetCurrent (uA): %lf"), ("-ResetPulse", "-ResetPulse (ns): %lf"),
    ("-ResetEnergy", "-ResetEnergy (pJ): %lf"), ("-SetMode", "-SetMode: %s"), ("-SetCurrent", "-SetCurrent (uA): %lf"),
    ("-SetPulse", "-SetPulse (ns): %lf"), ("-SetEnergy", "-SetEnergy (pJ): %lf"), ("-AccessType", "-AccessType: %s"),
    ("-AccessCMOSWidth", "-AccessCMOSWidth (F): %lf"), ("-VoltageDropAccessDevice", "-VoltageDropAccessDevice (V): %lf"),
    ("-SRAMCellNMOSWidth", "-SRAMCellNMOSWidth (F): %lf"), ("-SRAMCellPMOSWidth", "-SRAMCellPMOSWidth (F): %lf"),
]  # fmt: skip


@pytest.fixture(scope="session")
def read_cell_file() -> Callable[..., tuple[dict[str, Any], list[str]]]:
    """Read a ``.cell`` text as the tool does, with the C library's own ``sscanf``: (values, lines that it skips)."""
    sscanf = ctypes.CDLL(None).sscanf

    def read(text: str) -> tuple[dict[str, Any], list[str]]:
        assert not text.startswith("\n"), "fscanf would never get past an empty first line"
        values: dict[str, Any] = {}
        skipped = []
        for line in text.splitlines():
            assert len(line) < 5000  # the tool's buffer
            for prefix, pattern in _PATTERNS:
                if line.startswith(prefix):
                    kinds: dict[str, Any] = {
                        "%d": ctypes.c_int(-1),
                        "%f": ctypes.c_double(),
                        "%s": ctypes.create_string_buffer(99),
                    }
                    slot = kinds["%" + pattern[-1]]
                    found = sscanf(line.encode(), pattern.encode(), ctypes.byref(slot))
                    if found != 1:
                        skipped.append(line)
                    elif prefix == "-CellAspectRatio":
                        assert "-CellArea" in values, "the sides are computed when the ratio is read"
                    elif prefix == "-AccessCMOSWidth":
                        assert values.get("-AccessType") == "CMOS", "the width is ignored before the access type"
                    assert prefix not in values, f"{prefix} twice"
                    if found == 1:
                        values[prefix] = slot.value.decode() if isinstance(slot.value, bytes) else slot.value
                    break
            else:
                skipped.append(line)
        return values, [line for line in skipped if not line.startswith("//")]

    return read


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    """Export into a temporary file and return its text."""

    def write(table: LookupTable, to: str, **point: float | str) -> str:
        (path, *_) = export(table, to, tmp_path / f"out.{to}", **point)
        return path.read_text(encoding="utf-8")

    return write
