"""NVSim's cell file, read with the scanf patterns of NVSim and of DESTINY; NVMExplorer, whose product is the same file."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

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
def test_stt_is_read_back_by_both_dialects(stt: LookupTable, written: Written, read_cell_file: Reader, point: Any) -> None:
    text, v = written(stt, "nvsim", **point), at(stt, point)
    for dialect, read, other in (
        ("nvsim", {"-ReadEnergy": (v("read_e_p") + v("read_e_ap")) / 2 * 1e12}, "-ReadPower"),
        ("destiny", {"-ReadPower": (v("read_e_p") + v("read_e_ap")) / 2 / 5e-9 * 1e6}, "-ReadEnergy"),
    ):
        values, skipped = read_cell_file(text, dialect)
        assert [line.split()[0] for line in skipped] == [other]
        assert values == {
            "-MemCellType": "MRAM",
            "-ProcessNode": 65,
            "-CellArea": pytest.approx(41.6),
            "-CellAspectRatio": 1,
            "-ResistanceOn": pytest.approx(v("read_r_p"), rel=1e-5),
            "-ResistanceOff": pytest.approx(v("read_r_ap"), rel=1e-5),
            "-ReadMode": "current",
            "-ReadVoltage": 0.15,
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
        } | {key: pytest.approx(value, rel=1e-5) for key, value in read.items()}


def test_sot_is_a_current_driven_voltage_sensed_cell(sot: LookupTable, written: Written, read_cell_file: Reader) -> None:
    text, v = written(sot, "nvsim"), at(sot, {})
    values, skipped = read_cell_file(text)
    assert [line.split()[0] for line in skipped] == ["-ReadPower"]
    assert values["-ReadMode"] == "voltage"
    assert "-ReadVoltage" not in values  # NVSim would take the cell for a voltage divider
    assert values["-ReadCurrent"] == pytest.approx(10)
    assert values["-SetCurrent"] == pytest.approx(v("set_i_write") * 1e6, rel=1e-5)
    assert values["-ResetEnergy"] == pytest.approx(v("reset_e_write") * 1e12, rel=1e-5)
    assert values["-VoltageDropAccessDevice"] == pytest.approx(v("read_v_p") - v("read_i_p") * v("read_r_p"), rel=1e-4)
    for limit in ("heavy-metal rail", "third terminal", "second access transistor"):
        assert limit in text


def test_sense_voltage_is_six_sigma_of_the_offset_or_a_comment(
    stt: LookupTable, written: Written, read_cell_file: Reader
) -> None:
    text = written(stt, "nvsim")
    assert "-MinSenseVoltage" not in read_cell_file(text)[0]
    assert "// MinSenseVoltage (mV) is not in the table" in text
    stt.variables["sense_offset"] = ((), np.asarray(-1e-3))
    stt.variables["sense_offset_std"] = ((), np.asarray(3.3e-3))
    stt.variables["sense_count"] = ((), np.asarray(20))
    text = written(stt, "nvsim")
    assert read_cell_file(text)[0]["-MinSenseVoltage"] == pytest.approx(20.8)
    assert "offset (20 trials)" in text


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
    assert [line.split()[0] for line in skipped] == ["-ReadPower"]
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
    values, skipped = read_cell_file(nvmexplorer_cell(cell), "destiny")
    assert skipped == []
    assert values["-ResistanceOn"] == pytest.approx(v("read_r_p"), abs=0.5)
    assert values["-CellArea"] == 42
    assert values["-ReadPower"] == pytest.approx((v("read_e_p") + v("read_e_ap")) / 2 / 5e-9 * 1e6, rel=1e-5)
    assert values["-SetEnergy"] == pytest.approx(v("set_e_write") * 1e12, rel=1e-5)
    assert values["-ResetCurrent"] == pytest.approx(v("reset_i_start") * 1e6, rel=1e-5)


def test_nvmexplorer_states_what_a_sot_cell_loses(sot: LookupTable, written: Written) -> None:
    study = json.loads(written(sot, "nvmexplorer"))
    assert any("rail" in remark for remark in study["remarks"])
    assert study["custom_cells"][0]["read_voltage"] == pytest.approx(at(sot, {})("read_v_p"), rel=1e-5)
