"""MNSIM's script, run by sed on lines as its ``SimConfig.ini`` has them, and read back as its ``Device.py`` reads them."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from spicekit.export import export
from spicekit.table import LookupTable

pytestmark = pytest.mark.skipif(shutil.which("sed") is None, reason="no sed")

CENTRE: dict[str, Any] = {"tmr": 1.5, "vdd": 1.1, "temperature": 27, "corner": "tt"}
LINES = """\
[Device level]
Device_Tech = 130
# tech unit: nm
Device_Type = NVM
# device type: now support two kinds: NVM and SRAM
Device_Area = 1.44
# 3.38 RRAM ref
Read_Level = 2
Read_Voltage = 0,0.15
Write_Level = 2
Write_Voltage = 0,3
Read_Latency = 3.16
Write_Latency = 10
Device_Level = 2
# For SRAM, this parameter should be set to 2
Device_Resistance = 1e6, 1e4
# from HRS to LRS
Device_Variation = 1
Device_SAF = 0.1,0.1
Read_Energy = 1.12e-15
Write_Energy = 1.6e-15

[Crossbar level]
Xbar_Size = 256,256
Cell_Type = 0T1R
Transistor_Tech = 130
"""


def made(table: LookupTable, folder: Path, **point: Any) -> dict[str, list[str]]:
    """The values of each key after the script, by Python's configparser as in MNSIM."""
    (script,) = export(table, "mnsim", folder / "x.sed", **point)
    (folder / "SimConfig.ini").write_text(LINES)
    subprocess.run(["sed", "-i", "-f", script, "SimConfig.ini"], cwd=folder, check=True)
    text = (folder / "SimConfig.ini").read_text()
    assert [line for line in text.splitlines() if "=" not in line] == [line for line in LINES.splitlines() if "=" not in line]
    read = configparser.ConfigParser()
    read.read_string(text)
    return {key: value.split(",") for section in read.sections() for key, value in read[section].items()}


def test_stt(stt: LookupTable, tmp_path: Path) -> None:
    found = made(stt, tmp_path)
    current = {state: float(stt.query(f"read_i_{state}", **CENTRE)) for state in ("p", "ap")}
    high, low = map(float, found["device_resistance"])
    assert high == pytest.approx(0.15 / current["ap"], rel=1e-5)
    assert low == pytest.approx(0.15 / current["p"], rel=1e-5)
    assert high > low  # from HRS to LRS
    spread = float(stt.query("read_i_p_std", **CENTRE)) / current["p"]
    assert float(found["device_variation"][0]) == pytest.approx(100 * spread, rel=1e-5)
    assert float(found["device_area"][0]) == pytest.approx(41.6 * 0.065**2, rel=1e-5)
    assert found["read_voltage"] == ["0", "0.15"]
    assert found["write_voltage"] == ["0", "1.1"]
    assert float(found["read_latency"][0]) == pytest.approx(1e9 * float(stt.query("settle_t_settle", **CENTRE)), rel=1e-5)
    assert found["write_latency"] == ["10"]
    assert (found["device_tech"], found["transistor_tech"], found["cell_type"]) == (["65"], ["65"], ["1T1R"])
    assert found["read_energy"] == ["1.12e-15"]  # of SRAM alone
    assert found["xbar_size"] == ["256", "256"]


def test_sot_keeps_the_write_voltage_that_its_table_lacks(sot: LookupTable, tmp_path: Path) -> None:
    found = made(sot, tmp_path, temperature=85)
    assert found["write_voltage"] == ["0", "3"]
    assert float(found["read_voltage"][1]) == pytest.approx(
        float(sot.query("read_v_p", **CENTRE | {"temperature": 85})), rel=1e-5
    )
    assert "no write voltage" in (tmp_path / "x.sed").read_text()


def test_a_line_that_is_not_there_is_told(stt: LookupTable, tmp_path: Path) -> None:
    (script,) = export(stt, "mnsim", tmp_path / "x.sed")
    (tmp_path / "SimConfig.ini").write_text(LINES.replace("Device_SAF", "SAF"))
    done = subprocess.run(["sed", "-f", script, "SimConfig.ini"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "this SimConfig.ini has no line that sets Device_SAF\n")
