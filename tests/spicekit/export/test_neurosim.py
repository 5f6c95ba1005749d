"""NeuroSim's assignments: read by a strict parser of ``name = number;``, and by a C++ compiler where there is one."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spicekit.errors import UserError
from spicekit.table import LookupTable

CENTRE: dict[str, Any] = {"tmr": 1.5, "vdd": 1.1, "temperature": 27, "corner": "tt"}
# members of class Param that the file may set, with their C++ types
MEMBERS = {
    "memcelltype": "int", "accesstype": "int", "technode": "int", "cellBit": "int", "temp": "double",
    "heightInFeatureSize1T1R": "double", "widthInFeatureSize1T1R": "double", "resistanceOn": "double",
    "resistanceOff": "double", "maxConductance": "double", "minConductance": "double", "readVoltage": "double",
    "readPulseWidth": "double", "accessVoltage": "double", "resistanceAccess": "double", "writeVoltage": "double",
    "writePulseWidth": "double", "minSenseVoltage": "double",
}  # fmt: skip


def read(text: str) -> dict[str, float]:
    values: dict[str, float] = {}
    for line in text.splitlines():
        if line.startswith("//"):
            continue
        match = re.fullmatch(r"(\w+) = ([-+0-9.e]+);  // [^\n]+", line)
        assert match, line
        assert match[1] in MEMBERS
        assert match[1] not in values
        values[match[1]] = int(match[2]) if MEMBERS[match[1]] == "int" else float(match[2])
    return values


def test_stt(stt: LookupTable, written: Callable[..., str]) -> None:
    values = read(written(stt, "neurosim"))
    v = {name: float(stt.query(name, **CENTRE)) for name in ("read_r_p", "read_r_ap", "read_i_p")}
    near = {name: pytest.approx(v[f"read_{r}"], rel=1e-5) for name, r in (("resistanceOn", "r_p"), ("resistanceOff", "r_ap"))}
    assert values | near == values
    assert values["maxConductance"] == pytest.approx(1 / v["read_r_p"], rel=1e-5)
    assert values["resistanceAccess"] == pytest.approx(0.15 / v["read_i_p"] - v["read_r_p"], rel=1e-4)
    fixed = {"memcelltype": 2, "accesstype": 1, "cellBit": 1, "technode": 65, "temp": 300}
    assert values | fixed == values
    assert (values["readVoltage"], values["accessVoltage"], values["writeVoltage"]) == (0.15, 1.1, 1.1)
    assert (values["readPulseWidth"], values["writePulseWidth"]) == (5e-9, 1e-8)
    # the sides in NeuroSim's feature size, 105 nm wires at 65 nm, make the table's area
    area = values["heightInFeatureSize1T1R"] * values["widthInFeatureSize1T1R"] * (105e-9) ** 2
    assert area == pytest.approx(41.6 * (65e-9) ** 2, rel=1e-5)


def test_sot_has_no_write_voltage_unless_the_table_has(sot: LookupTable, written: Callable[..., str]) -> None:
    text = written(sot, "neurosim")
    assert "writeVoltage" not in read(text)
    assert "// writeVoltage: V: not in the table" in text
    sot.variables["v_write"] = ((), np.asarray(0.135))
    assert read(written(sot, "neurosim"))["writeVoltage"] == 0.135


def test_a_stated_aspect_ratio_is_kept(stt: LookupTable, written: Callable[..., str]) -> None:
    stt.variables["cell_aspect_ratio"] = ((), np.asarray(1.3))
    values = read(written(stt, "neurosim"))
    assert values["heightInFeatureSize1T1R"] / values["widthInFeatureSize1T1R"] == pytest.approx(1.3, rel=1e-5)


def test_a_node_that_neurosim_lacks(stt: LookupTable, written: Callable[..., str]) -> None:
    stt.variables["feature_size"] = ((), np.asarray(28e-9))
    with pytest.raises(UserError, match=r"cannot hold feature_size=28 nm; its technology nodes are 130, .*, 7 nm"):
        written(stt, "neurosim")


def test_a_temperature_outside_its_transistor_tables(stt: LookupTable, written: Callable[..., str]) -> None:
    stt.coordinates["temperature"] = np.array([-40.0, 27.0])
    with pytest.raises(UserError, match="cannot hold temperature=-40 C; its transistor tables run from 27 to 127 C"):
        written(stt, "neurosim", temperature=-40)
    assert read(written(stt, "neurosim", temperature=27))["temp"] == 300


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler")
def test_a_compiler_takes_it(stt: LookupTable, written: Callable[..., str], tmp_path: Path) -> None:
    text = written(stt, "neurosim")
    members = "".join(f"{kind} {name} = 0;\n" for name, kind in MEMBERS.items())
    source = f'#include <cstdio>\n{members}int main() {{\n{text}\nprintf("%.9g %d", resistanceOn, technode);\n}}\n'
    (tmp_path / "param.cpp").write_text(source)
    subprocess.run(["g++", "-Wall", "-Werror", "-o", tmp_path / "param", tmp_path / "param.cpp"], check=True)
    printed = subprocess.run([tmp_path / "param"], capture_output=True, text=True, check=True).stdout.split()
    assert float(printed[0]) == pytest.approx(float(stt.query("read_r_p", **CENTRE)), rel=1e-5)
    assert printed[1] == "65"
