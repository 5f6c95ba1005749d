"""Bit errors for nvmFI: the rates of the table, in the form that its own ``get_error_map`` has."""

from __future__ import annotations

import importlib.util
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spicekit.errors import UserError
from spicekit.export import export
from spicekit.table import LookupTable

CENTRE: dict[str, Any] = {"tmr": 1.5, "vdd": 1.1, "temperature": 27, "corner": "tt"}


def made(table: LookupTable, folder: Path) -> Any:
    (path,) = export(table, "nvmfi", folder / "cell_nvmfi.py")
    specification = importlib.util.spec_from_file_location("cell_nvmfi", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_errors_of_write_and_read_together(stt: LookupTable, tmp_path: Path) -> None:
    module = made(stt, tmp_path)
    rate = {name: float(stt.query(name, **CENTRE)) for name in ("wer_set", "wer_reset", "read_disturb")}
    right = {name: 1 - (1 - rate[name]) * (1 - rate["read_disturb"]) for name in ("wer_set", "wer_reset")}
    assert pytest.approx(right["wer_set"], rel=1e-5) == module.DOWN  # what should be 1, parallel, and is not
    assert pytest.approx(right["wer_reset"], rel=1e-5) == module.UP
    other = types.SimpleNamespace(get_error_map=None)
    module.use(other)
    (levels,) = other.get_error_map(2)
    assert levels.shape == (2, 2)
    assert np.array_equal(levels, [[0, module.UP], [module.DOWN, 0]])  # of each level: one down, one up
    with pytest.raises(SystemExit, match="one bit a cell"):
        other.get_error_map(4)


def test_rates_far_below_the_rounding_of_1(stt: LookupTable, tmp_path: Path) -> None:
    for name, value in (("wer_set", 3e-20), ("wer_reset", 0.0), ("read_disturb", 1e-20)):
        stt.variables[name] = ((), np.asarray(value))
    module = made(stt, tmp_path)
    assert pytest.approx(4e-20, rel=1e-9) == module.DOWN
    assert pytest.approx(1e-20, rel=1e-9) == module.UP


def test_sot_has_the_errors_of_its_reads_alone(sot: LookupTable, tmp_path: Path) -> None:
    module = made(sot, tmp_path)
    assert module.DOWN == module.UP == pytest.approx(float(sot.query("sense_read_error", **CENTRE)), rel=1e-5)
    assert "SOT: write errors" in (tmp_path / "cell_nvmfi.py").read_text()
    del sot.variables["sense_read_error"]
    with pytest.raises(UserError, match="holds no rate of errors; format 'nvmfi' needs one of"):
        export(sot, "nvmfi", tmp_path / "out")
