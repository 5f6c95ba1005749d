"""NeuroSim's scripts, run by sed on lines as its ``Param.cpp`` of each version has them; what they make is read back strictly."""

from __future__ import annotations

import re
import shutil
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spicekit.errors import UserError
from spicekit.export import export
from spicekit.export.cell import Cell
from spicekit.export.neurosim import transistor_width
from spicekit.table import LookupTable

pytestmark = [
    pytest.mark.skipif(shutil.which("sed") is None, reason="no sed"),
    pytest.mark.filterwarnings("ignore:NeuroSim V:UserWarning"),
]

CENTRE: dict[str, Any] = {"tmr": 1.5, "vdd": 1.1, "temperature": 27, "corner": "tt"}
# what both versions set on lines of their own, in their order; the values are made up
V14 = """\
Param::Param() {
\tmemcelltype = 1;        \t// 1: SRAM, 2: RRAM
\taccesstype = 1;         \t// 1: CMOS
\ttemp = 299;                         // K
\ttechnode = 23;\t\t\t// nm
\tswitch (technode){ case 22: sizing = 110; break; }
\tcellBit = 9;
\tminSenseVoltage = 0.1;
\theightInFeatureSize1T1R = 9;
\twidthInFeatureSize1T1R = 9;
\tresistanceOn = 100e3; // 6e3;
\tresistanceOff = 100e3*17;// 6e3*17;
\tmaxConductance = (double) 1/resistanceOn;
\tif (technode == 65) {readVoltage=0.55;}
\treadPulseWidth = 9e-9;
\taccessVoltage = 9;
\tresistanceAccess = resistanceOn*IR_DROP_TOLERANCE;            // of access CMOS
\twriteVoltage = 9;\t// level shifter above 1.5 V
\tif (memcelltype == 1) {
\t\tcellBit = 1;
\t}
}
"""
V21 = V14.replace("\tif (technode == 65) {readVoltage=0.55;}\n", "\treadVoltage = 9;\n\twritePulseWidth = 50e-9;\n").replace(
    "23;\t\t\t// nm\n", "23;\n\tfeaturesize = 9e-9;\n\twireWidth = 9;  // nm\n"
)


def made(table: LookupTable, folder: Path, version: int, **point: Any) -> tuple[dict[str, float], str]:
    """What the lines of ``Param.cpp`` set after the script, and its text."""
    script = export(table, "neurosim", folder / "x_v14.sed", **point)[version]
    assert script.name == ("x_v14.sed", "x_v21.sed")[version]
    before = (V14, V21)[version]
    (folder / "Param.cpp").write_text(before)
    subprocess.run(["sed", "-i", "-f", script, "Param.cpp"], cwd=folder, check=True)
    text = (folder / "Param.cpp").read_text()
    kept = [line for line in text.splitlines() if "writePulseWidth" not in line]
    assert len(kept) == len([line for line in before.splitlines() if "writePulseWidth" not in line])  # each on its own line
    for old, new in zip((line for line in before.splitlines() if "writePulseWidth" not in line), kept, strict=True):
        assert old.partition("//")[2] == new.partition("//")[2]
    values = {name: float(value) for name, value in re.findall(r"^\t(\w+) = ([-+0-9.e]+);", text, re.MULTILINE)}
    return values, text


@pytest.mark.parametrize(("version", "wires"), [(0, 105e-9), (1, 100e-9)])
def test_stt(stt: LookupTable, tmp_path: Path, version: int, wires: float) -> None:
    values, text = made(stt, tmp_path, version)
    v = {name: float(stt.query(name, **CENTRE)) for name in ("read_r_p", "read_r_ap", "read_i_p")}
    assert values["resistanceOn"] == pytest.approx(v["read_r_p"], rel=1e-5)
    assert values["resistanceOff"] == pytest.approx(v["read_r_ap"], rel=1e-5)
    assert values["resistanceAccess"] == pytest.approx(0.15 / v["read_i_p"] - v["read_r_p"], rel=1e-4)
    fixed = {"memcelltype": 2, "accesstype": 1, "cellBit": 1, "technode": 65, "temp": 300}
    assert values | fixed == values
    assert (values["accessVoltage"], values["writeVoltage"]) == (1.1, 1.1)
    assert (values["readPulseWidth"], values["writePulseWidth"]) == (5e-9, 1e-8)
    assert values["minSenseVoltage"] == 0.1  # of its SRAM
    # the sides in NeuroSim's feature size, the width of its wires at 65 nm, make the table's area
    area = values["heightInFeatureSize1T1R"] * values["widthInFeatureSize1T1R"] * wires**2
    assert area == pytest.approx(41.6 * (65e-9) ** 2, rel=1e-5)
    if version == 0:
        assert "{readVoltage=0.55;}" in text  # which its model of the converter fixes
    else:
        assert (values["readVoltage"], values["wireWidth"], values["featuresize"]) == (0.15, 100, 1e-7)


def test_a_line_that_is_not_there_is_told(stt: LookupTable, tmp_path: Path) -> None:
    script, _ = export(stt, "neurosim", tmp_path / "x_v14.sed")
    (tmp_path / "Param.cpp").write_text(V14.replace("\taccessVoltage = 9;\n", ""))
    done = subprocess.run(["sed", "-f", script, "Param.cpp"], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "this Param.cpp has no line that sets accessVoltage\n"


def test_a_transistor_that_neurosim_sizes_wider_than_the_cell(stt: LookupTable, sot: LookupTable, tmp_path: Path) -> None:
    """At 65 nm, 300 K: 0.2 x 1.77 x 1.1 V / (400 A/m x 65 nm) / (R_on / 4); V1.4 itself says 19.38 F of this table's cell."""
    cell = Cell(stt, {}, "neurosim")
    assert transistor_width(cell) == pytest.approx(0.2 * 1.77 * 1.1 / (400 * 65e-9) / (cell.r[0] / 4))
    warm = Cell(stt, {"temperature": 77.0}, "neurosim")
    assert transistor_width(warm) * warm.r[0] == pytest.approx(0.8 * 1.77 * 1.1 / (258.9 * 65e-9), rel=1e-3)
    with pytest.warns(UserWarning, match=r"NeuroSim V1\.4 gives up on this cell of 3\.99 F: it sizes a .* R_on/4, 19\.38 F wide"):
        _, text = made(stt, tmp_path, 0)
    assert "Attention" not in text
    assert "# Attention: NeuroSim V1.4 gives up" in (tmp_path / "x_v14.sed").read_text()
    sot.variables["read_r_p"] = ((), np.asarray(30e3))
    sot.variables["read_i_p"] = ((), np.asarray(4e-6))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        export(sot, "neurosim", tmp_path / "sot.sed")


def test_sot_has_no_write_voltage_unless_the_table_has(sot: LookupTable, tmp_path: Path) -> None:
    values, _ = made(sot, tmp_path, 0)
    assert values["writeVoltage"] == 9
    assert "# The table has no write voltage" in (tmp_path / "x_v14.sed").read_text()
    sot.variables["v_write"] = ((), np.asarray(0.135))
    assert made(sot, tmp_path, 0)[0]["writeVoltage"] == 0.135


def test_a_stated_aspect_ratio_is_kept(stt: LookupTable, tmp_path: Path) -> None:
    stt.variables["cell_aspect_ratio"] = ((), np.asarray(1.3))
    values, _ = made(stt, tmp_path, 0)
    assert values["heightInFeatureSize1T1R"] / values["widthInFeatureSize1T1R"] == pytest.approx(1.3, rel=1e-5)


def test_a_node_that_neurosim_lacks(stt: LookupTable, written: Callable[..., str]) -> None:
    stt.variables["feature_size"] = ((), np.asarray(28e-9))
    with pytest.raises(UserError, match=r"cannot hold feature_size=28 nm; its technology nodes are 130, .*, 22 nm"):
        written(stt, "neurosim")


def test_a_temperature_outside_its_transistor_tables(stt: LookupTable, tmp_path: Path) -> None:
    stt.coordinates["temperature"] = np.array([-40.0, 27.0])
    with pytest.raises(UserError, match="cannot hold temperature=-40 C; its transistor tables run from 27 to 127 C"):
        export(stt, "neurosim", tmp_path / "x_v14.sed", temperature=-40)
    assert made(stt, tmp_path, 0, temperature=27)[0]["temp"] == 300
