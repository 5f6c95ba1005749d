"""The table of a static cell: NVSim's `SRAM` and NeuroSim's lines, and formats that know no such cell."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from montecarlo.systems import system_table
from spicekit.area import floor_plan
from spicekit.errors import UserError
from spicekit.export import FORMATS, export
from spicekit.registry import make_bench
from spicekit.table import LookupTable

F = 45e-9


@pytest.fixture(scope="module")
def sram() -> LookupTable:
    """With the record and the scalars that `characterize` writes; nothing is simulated."""
    system = system_table("sram-cim")
    grid = {"vdd": np.array([0.9, 1.0]), "temperature": np.array([-40.0, 27.0, 125.0]), "corner": np.array(["tt", "ss"])}
    scalars = system.computed[0](xr.Dataset())
    variables: dict[str, Any] = {str(name): ((), np.asarray(value.values)) for name, value in scalars.items()}
    variables["cell_snm_read"] = (("vdd", "temperature", "corner"), np.full((2, 3, 2), 0.14))
    assert system.cell is not None
    record = {"system": system.name, "nominal": dict(system.nominal), "cell": system.cell.model_dump(mode="json")}
    return LookupTable(grid, variables, {"vdd": "V", "temperature": "C"}, {"spicekit": json.dumps(record)})


def test_nvsim_reads_it_back(
    sram: LookupTable, tmp_path: Path, read_cell_file: Callable[..., tuple[dict[str, Any], list[str]]]
) -> None:
    written, configuration = export(sram, "nvsim", tmp_path / "s.cell", temperature=125)
    values, skipped = read_cell_file(written.read_text())
    assert skipped == []
    area = floor_plan(make_bench("sram-6t", {})).regions[0].area
    assert values == {
        "-MemCellType": "SRAM",
        "-ProcessNode": 45,
        "-CellArea": pytest.approx(area / F**2, rel=1e-5),
        "-CellAspectRatio": pytest.approx(0.37 / (area * 1e12 / 0.37), rel=1e-4),  # 2 (45 + 140) nm along the bit line
        "-ReadMode": "voltage",
        "-AccessType": "CMOS",
        "-AccessCMOSWidth": pytest.approx(135 / 45),
        "-SRAMCellNMOSWidth": pytest.approx(205 / 45, rel=1e-5),
        "-SRAMCellPMOSWidth": pytest.approx(90 / 45),
    }
    assert "-Temperature (K): 398" in configuration.read_text()


def test_neurosim_sets_its_lines(sram: LookupTable, tmp_path: Path) -> None:
    names = ("memcelltype", "temp", "technode", "featuresize", "wireWidth", "heightInFeatureSizeSRAM", "widthInFeatureSizeSRAM",
             "widthSRAMCellNMOS", "widthSRAMCellPMOS", "widthAccessCMOS")  # fmt: skip
    for version, wires in zip(export(sram, "neurosim", tmp_path / "s_v14.sed"), (80, 50), strict=True):
        param = tmp_path / "Param.cpp"
        param.write_text("".join(f"\t{name} = 7;  // old\n" for name in names))
        subprocess.run(["sed", "-i", "-f", str(version), str(param)], check=True, capture_output=True)
        values = {name: float(value) for name, value in re.findall(r"(\w+) = ([^;]+);", param.read_text())}
        assert values["memcelltype"] == 1
        assert values["heightInFeatureSizeSRAM"] * wires == pytest.approx(370, rel=1e-4)
        assert values["heightInFeatureSizeSRAM"] * values["widthInFeatureSizeSRAM"] * wires**2 == pytest.approx(
            float(sram.query("cell_area")) * 45**2, rel=1e-4
        )
        assert values["widthSRAMCellNMOS"] == pytest.approx(205 / 45, rel=1e-4)


def test_a_temperature_that_the_tools_do_not_have_is_named_as_given(sram: LookupTable, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot hold temperature=-40 C; its transistor tables run from 27 to 127 C"):
        export(sram, "nvsim", tmp_path / "s.cell", temperature=-40)


@pytest.mark.parametrize("to", sorted(set(FORMATS) - {"nvsim", "neurosim", "csv", "npz"}))
def test_formats_of_resistive_cells_say_that_they_know_none(sram: LookupTable, tmp_path: Path, to: str) -> None:
    with pytest.raises(
        UserError, match=r"a static cell, which format .* does not know; allowed: nvsim, neurosim, csv, npz"
    ) as caught:
        export(sram, to, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
