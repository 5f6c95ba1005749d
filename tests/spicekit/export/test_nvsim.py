"""NVSim's cell file, read with the scanf patterns that NVSim and DESTINY share; NVMExplorer, whose product is the same file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spicekit.errors import UserError
from spicekit.export import export
from spicekit.table import LookupTable

Reader = Callable[..., tuple[dict[str, Any], list[str]]]
Written = Callable[..., str]

POINTS = [{}, {"tmr": 1.7, "vdd": "1050m", "temperature": 85, "corner": "ss"}]
CENTRE: dict[str, Any] = {"tmr": 1.5, "vdd": 1.1, "temperature": 27, "corner": "tt"}


def at(table: LookupTable, point: dict[str, Any]) -> Callable[[str], float]:
    """Look a field up directly, at the nominal point where the test gives none."""
    where = CENTRE | point

    def value(name: str) -> float:
        dimensions, _ = table.variables[name]
        return float(table.query(name, **{d: where[d] for d in dimensions}))

    return value


@pytest.mark.parametrize("point", POINTS)
def test_stt_is_read_back(stt: LookupTable, written: Written, read_cell_file: Reader, point: Any) -> None:
    text, v = written(stt, "nvsim", **point), at(stt, point)
    vdd = 1.05 if point else 1.1
    values, skipped = read_cell_file(text)
    assert skipped == []
    assert values == {
        "-MemCellType": "MRAM",
        "-ProcessNode": 65,
        "-CellArea": pytest.approx(41.6),
        "-CellAspectRatio": 1,
        "-ResistanceOn": pytest.approx(v("read_r_p"), rel=1e-5),
        "-ResistanceOff": pytest.approx(v("read_r_ap"), rel=1e-5),
        "-ReadMode": "current",
        "-ReadVoltage": 0.15,
        "-ReadPower": pytest.approx(vdd * v("read_i_p") * 1e6, rel=1e-5),
        "-ResetMode": "current",
        "-ResetCurrent": pytest.approx(v("reset_i_start") * 1e6, rel=1e-5),  # falls as the cell turns antiparallel
        "-ResetPulse": pytest.approx(10),
        "-ResetEnergy": pytest.approx(v("reset_e_write") * 1e12, rel=1e-5),
        "-SetMode": "current",
        "-SetCurrent": pytest.approx(v("set_i_end") * 1e6, rel=1e-5),  # rises as the cell turns parallel
        "-SetPulse": pytest.approx(10),
        "-SetEnergy": pytest.approx(v("set_e_write") * 1e12, rel=1e-5),
        "-AccessType": "CMOS",
        "-AccessCMOSWidth": pytest.approx(4.615),
        "-VoltageDropAccessDevice": pytest.approx(0.15 - v("read_i_p") * v("read_r_p"), rel=1e-5),
    }


def test_sot_is_a_current_driven_voltage_sensed_cell(sot: LookupTable, written: Written, read_cell_file: Reader) -> None:
    text, v = written(sot, "nvsim"), at(sot, {})
    values, skipped = read_cell_file(text)
    assert skipped == []
    assert values["-ReadPower"] == pytest.approx(1.1 * 10)
    assert values["-ReadMode"] == "voltage"
    assert "-ReadVoltage" not in values  # NVSim would take the cell for a voltage divider
    assert values["-ReadCurrent"] == pytest.approx(10)
    assert values["-SetCurrent"] == pytest.approx(v("set_i_write") * 1e6, rel=1e-5)
    assert values["-ResetEnergy"] == pytest.approx(v("reset_e_write") * 1e12, rel=1e-5)
    assert values["-VoltageDropAccessDevice"] == pytest.approx(v("read_v_p") - v("read_i_p") * v("read_r_p"), rel=1e-4)
    for limit in ("heavy-metal rail", "third terminal", "second access transistor"):
        assert limit in text


def test_sense_voltage_is_six_sigma_of_the_offset_or_a_comment(
    sot: LookupTable, written: Written, read_cell_file: Reader
) -> None:
    text = written(sot, "nvsim")
    assert "-MinSenseVoltage" not in read_cell_file(text)[0]
    assert "// MinSenseVoltage (mV) is not in the table" in text
    offset(sot, 3.3e-3)
    text = written(sot, "nvsim")
    assert read_cell_file(text)[0]["-MinSenseVoltage"] == pytest.approx(20.8)
    assert "offset (20 trials)" in text


def offset(table: LookupTable, sigma: float) -> None:
    for name, value in (("sense_offset", -1e-3), ("sense_offset_std", sigma), ("sense_count", 20)):
        table.variables[name] = ((), np.asarray(value))


def test_a_cell_that_is_sensed_by_its_current_has_no_sense_voltage(stt: LookupTable, written: Written) -> None:
    """Whose amplifier's offset is a current, if its table has one."""
    offset(stt, 3.3e-7)
    assert "MinSenseVoltage" not in written(stt, "nvsim")
    assert "sense_voltage" not in json.loads(written(stt, "nvmexplorer"))["custom_cells"][0]


def test_a_signal_that_nvsim_finds_too_small_is_refused(sot: LookupTable, written: Written) -> None:
    """It wants (V_AP - V_P)/2 of its own current and resistances above MinSenseVoltage, which is 80 mV where none is given."""
    half = 10e-6 * (at(sot, {})("read_r_ap") - at(sot, {})("read_r_p")) / 2
    offset(sot, (half - 2e-3) / 6)
    written(sot, "nvsim")
    offset(sot, (half - 1e-3) / 6 + 1e-7)
    with pytest.raises(UserError, match=r"half the read signal is \d+\.?\d* mV, not above MinSenseVoltage, .*6 sigma"):
        written(sot, "nvsim")
    for name in ("sense_offset", "sense_offset_std", "sense_count"):
        del sot.variables[name]
    sot.variables["read_r_ap"] = ((), np.asarray(at(sot, {})("read_r_p") + 15.9e3))
    with pytest.raises(UserError, match=r"is 79.5 mV, not above MinSenseVoltage, 80 mV \(NVSim's own, as the table has none\)"):
        written(sot, "nvsim")


def test_a_configuration_of_the_same_node_and_temperature(stt: LookupTable, tmp_path: Path) -> None:
    cell, configuration = export(stt, "nvsim", tmp_path / "my.cell", temperature=85)
    assert configuration == tmp_path / "my.cfg"
    lines = configuration.read_text().splitlines()
    assert "-ProcessNode: 65" in lines
    assert "-ProcessNode: 65" in cell.read_text().splitlines()
    assert "-Temperature (K): 358" in lines
    assert "-MemoryCellInputFile: my.cell" in lines
    for bad in ("my.cfg", "my own.cell"):
        with pytest.raises(UserError, match=r"needs a name without blanks that does not end in \.cfg"):
            export(stt, "nvsim", tmp_path / bad)
    stt.coordinates["temperature"] = np.array([-40.0, 27.0])
    with pytest.raises(UserError, match="'nvsim' cannot hold temperature=-40 C; its transistor tables run from 27 to 127 C"):
        export(stt, "nvsim", tmp_path / "cold.cell", temperature=-40)


def test_a_point_is_named_and_failed_writes_are_shown(stt: LookupTable, written: Written) -> None:
    stt.variables["set_switched"] = ((), np.asarray(0.97))
    text = written(stt, "nvsim", temperature=85)
    assert "// Operating point: tmr=1.5, vdd=1.1 V, temperature=85 C, corner=tt." in text
    assert "only 97 % of the simulated set pulses" in text


def test_the_reader_of_this_test_notices_a_wrong_unit(stt: LookupTable, written: Written, read_cell_file: Reader) -> None:
    damaged = written(stt, "nvsim").replace("-SetPulse (ns):", "-SetPulse (s):")
    values, skipped = read_cell_file(damaged)
    assert "-SetPulse" not in values
    assert any(line.startswith("-SetPulse") for line in skipped)


def test_a_simulated_table(simulated: LookupTable, written: Written, read_cell_file: Reader) -> None:
    values, skipped = read_cell_file(written(simulated, "nvsim"))
    assert skipped == []
    where = {name: grid[0] for name, grid in simulated.coordinates.items() if name in simulated.variables["read_r_p"][0]}
    assert values["-ResistanceOn"] == pytest.approx(float(simulated.query("read_r_p", **where)), rel=1e-5)
    assert values["-ResistanceOff"] > 1.5 * values["-ResistanceOn"]
    assert 0 < values["-VoltageDropAccessDevice"] < 0.15
    assert values["-CellAspectRatio"] == pytest.approx(float(simulated.query("cell_aspect_ratio")), rel=1e-5)


# NVMExplorer: what STTRAMCellConfig accepts, and the lines that it writes for NVSim
_KEYS = {
    "cell_type", "name", "cell_size_F2", "access_CMOS_width", "r_on", "r_off", "read_mode", "read_voltage",
    "min_sense_voltage", "read_power", "mlc", "read_floating",
    *(f"{write}_{what}" for write in ("set", "reset") for what in ("mode", "current", "pulse", "energy")),
}  # fmt: skip


def nvmexplorer_cell(c: dict[str, Any]) -> str:
    lines = [  # "%d" there is int() here
        "-MemCellType: MRAM",
        f"-CellArea (F^2): {int(c['cell_size_F2'])}",
        f"-CellAspectRatio: {1.46:f}",
        "-AccessType: CMOS",
        f"-AccessCMOSWidth (F): {c['access_CMOS_width']:f}",
        f"-ResistanceOn (ohm): {int(c['r_on'])}",
        f"-ResistanceOff (ohm): {int(c['r_off'])}",
        f"-ReadMode: {c['read_mode']}",
        f"-ReadVoltage (V): {c['read_voltage']:f}",
        f"-ReadPower (uW): {c['read_power']:f}",
    ]
    for key in ("reset", "set"):
        name = key.capitalize()
        lines += [f"-{name}Mode: " + c[f"{key}_mode"], f"-{name}Current (uA): " + str(c[f"{key}_current"])]
        lines += [f"-{name}Pulse (ns): " + str(c[f"{key}_pulse"]), f"-{name}Energy (pJ): " + str(c[f"{key}_energy"])]
    return "\n".join(lines)


@pytest.mark.parametrize("point", POINTS)
def test_nvmexplorer_through_the_cell_file_that_it_makes(
    stt: LookupTable, written: Written, read_cell_file: Reader, point: Any
) -> None:
    study, v = json.loads(written(stt, "nvmexplorer", **point)), at(stt, point)
    (cell,) = study["custom_cells"]
    assert set(cell) <= _KEYS
    assert cell["cell_type"] in study["experiment"]["cell_type"]
    assert study["experiment"]["process_node"] == 65
    values, skipped = read_cell_file(nvmexplorer_cell(cell))
    assert skipped == []
    assert values["-ResistanceOn"] == pytest.approx(v("read_r_p"), abs=0.5)
    assert values["-CellArea"] == 42
    assert values["-ReadPower"] == pytest.approx((1.05 if point else 1.1) * v("read_i_p") * 1e6, rel=1e-5)
    assert values["-SetEnergy"] == pytest.approx(v("set_e_write") * 1e12, rel=1e-5)
    assert values["-ResetCurrent"] == pytest.approx(v("reset_i_start") * 1e6, rel=1e-5)


def test_nvmexplorer_states_what_a_sot_cell_loses(sot: LookupTable, written: Written) -> None:
    study = json.loads(written(sot, "nvmexplorer"))
    assert any("rail" in remark for remark in study["remarks"])
    assert study["custom_cells"][0]["read_voltage"] == pytest.approx(at(sot, {})("read_v_p"), rel=1e-5)
