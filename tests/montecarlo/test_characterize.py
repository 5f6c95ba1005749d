"""The standard table of a system: merged from its parts, resumable as a whole, with the names that exporters rely on."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import spicekit
from montecarlo import Characterisation, Sweep
from montecarlo.jobs.characterisation import parse_dimension
from montecarlo.systems import system_table
from montecarlo.systems.compute import constants, layout
from montecarlo.systems.system import Part, SystemTable
from spicekit import LookupTable, UserError
from spicekit.area import Box, Rule, floor_plan
from spicekit.devices import load_device
from spicekit.devices.mtj import MtjCard
from spicekit.export import FORMATS, export
from spicekit.export.roles import BY_SYSTEM, Roles
from spicekit.registry import make_bench
from spicekit.technology import load_technology
from spicekit.wer import write_error_curve

Cli = Callable[..., subprocess.CompletedProcess[str]]

IDEAL = {"access": "ideal", "bias": "ideal"}


def doubled(simulated: xr.Dataset) -> xr.Dataset:
    """A computed part: from a simulated one."""
    return xr.Dataset({"twice": 2 * simulated["read_dv"]})


SMALL = SystemTable(
    name="small",
    summary="a system of two parts",
    over={"tmr": (1.5, 2.5), "corner": ("tt", "ss")},
    nominal={"tmr": 2.5, "corner": "tt"},
    parts=(
        Part("read", "sot-read", IDEAL, trials=20),
        Part("logic", "sot-logic", IDEAL, over=("tmr",), own={"fan_in": (2, 3)}, measures=("margin_and", "e_and")),
    ),
    computed=(doubled, constants({"v_read": (0.1, "V", "chosen")})),
)


def tables(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.glob("table*"))}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("characterize") / "small"
    Characterisation(SMALL, seed=2).run(folder, workers=2)
    return folder


def test_a_part_is_its_sweep(small: Path) -> None:
    table = LookupTable.load(small)
    sweep = Sweep("sot-read", SMALL.over, trials=20, seed=2, parameters=IDEAL).table(small / "parts" / "read")
    assert set(sweep.data_vars) == {n.removeprefix("read_") for n in table.variables if n.startswith("read_")}
    for name, variable in sweep.data_vars.items():
        own = ["read_pair" if dimension == "pair" else dimension for dimension in variable.dims]
        assert list(table.variables[f"read_{name}"][0]) == own
        assert np.array_equal(table.variables[f"read_{name}"][1], variable.values, equal_nan=True)
        assert table.units[f"read_{name}"] == variable.attrs["units"]
        assert table.meanings[f"read_{name}"] == variable.attrs["long_name"]


def test_parts_have_their_own_dimensions_trials_and_measures(small: Path) -> None:
    table = LookupTable.load(small)
    assert list(table.coordinates) == ["tmr", "corner", "fan_in", "quantile", "read_pair"]
    assert table.variables["logic_margin_and"][0] == ("tmr", "fan_in")
    nominal = spicekit.run("sot-logic", tmr=1.5, fan_in=3, **IDEAL).measures["margin_and"]
    assert table.query("logic_margin_and", tmr=1.5, fan_in=3) == pytest.approx(nominal, rel=1e-9)
    kept = {name for name in table.variables if name.startswith("logic_") and "outcome" not in name}
    margins = {f"logic_margin_{name}_mean" for name in ("read", "and", "or")}
    assert kept == {"logic_count", "logic_margin_and", "logic_e_and"} | margins
    assert np.array_equal(table.variables["twice"][1], 2 * table.variables["read_dv"][1])
    assert (table.query("v_read"), table.units["v_read"], table.meanings["v_read"]) == (0.1, "V", "chosen")


def test_provenance_holds_every_part(small: Path) -> None:
    record = LookupTable.load(small).provenance
    assert record["system"] == "small"
    assert record["nominal"] == {"tmr": 2.5, "corner": "tt"}
    assert record["over"] == {"tmr": [1.5, 2.5], "corner": ["tt", "ss"]}
    assert (record["seed"], record["trials_scale"]) == (2, 1.0)
    assert set(record["versions"]) == {"spicekit", "ngspice", "python", "numpy", "scipy", "pyarrow"}
    assert list(record["parts"]) == ["read", "logic"]
    assert record["parts"]["logic"]["over"] == {"tmr": [1.5, 2.5], "fan_in": [2, 3]}
    assert record["parts"]["read"]["parameters"]["ra"] == 32.0


def test_files_of_mixed_dimensions(small: Path) -> None:
    import pandas as pd

    assert list(tables(small)) == [
        "table-fan_in.csv", "table-fan_in.parquet", "table.csv", "table.json", "table.nc", "table.npz", "table.parquet",
    ]  # fmt: skip
    grid, logic = pd.read_csv(small / "table.csv"), pd.read_csv(small / "table-fan_in.csv")
    assert (len(grid), len(logic)) == (4, 4)
    assert list(logic.columns[:2]) == ["tmr", "fan_in"]
    assert (grid["v_read"] == 0.1).all()  # a constant stands in every row


def test_it_resumes_as_a_whole(small: Path, tmp_path: Path) -> None:
    """Half of one part and all of another are missing."""
    shutil.copytree(small, tmp_path / "again")
    for file in tables(tmp_path / "again"):
        (tmp_path / "again" / file).unlink()
    shutil.rmtree(tmp_path / "again" / "parts" / "logic")
    for index in ("0001", "0002"):
        next((tmp_path / "again" / "parts" / "read" / "points" / index / "trials").iterdir()).unlink()
    seen: list[tuple[int, int]] = []
    Characterisation(SMALL, seed=2).run(tmp_path / "again", workers=1, progress=lambda done, total: seen.append((done, total)))
    assert (seen[0], seen[-1]) == ((40, 84), (84, 84))
    assert tables(tmp_path / "again") == tables(small)


def test_another_folder_is_refused(small: Path, tmp_path: Path) -> None:
    before = tables(small)
    for job, said in (
        (Characterisation(SMALL, seed=3), r"holds another characterisation: 'seed' differs \(2 there, 3 now\)"),
        (Characterisation(SMALL, seed=2, trials_scale=2), r"'trials_scale' differs \(1.0 there, 2 now\)"),
        (Characterisation(SMALL, seed=2, over={"tmr": [1.5]}), "'over' differs"),
    ):
        with pytest.raises(UserError, match=said):
            job.run(small)
    with pytest.raises(UserError, match=r"holds characterize\.json but no sweep\.json"):
        Sweep("sot-read", {"tmr": [1, 2]}).run(small)
    Sweep("sot-read", {"tmr": [1, 2]}, parameters=IDEAL).run(tmp_path, workers=1)
    with pytest.raises(UserError, match=r"holds sweep\.json but no characterize\.json"):
        Characterisation(SMALL).run(tmp_path)
    assert tables(small) == before


def test_dimensions_can_be_given_and_trials_scaled() -> None:
    job = Characterisation(SMALL, over={"corner": ["ff"], "fan_in": [4]}, trials_scale=0.25)
    assert job.sweeps["read"].over == {"tmr": [1.5, 2.5], "corner": ["ff"]}
    assert job.sweeps["logic"].over == {"tmr": [1.5, 2.5], "fan_in": [4]}
    assert (job.sweeps["read"].trials, job.sweeps["logic"].trials) == (5, 0)
    assert Characterisation(SMALL, trials_scale=1e-3).sweeps["read"].trials == 2  # the fewest with a spread
    assert parse_dimension(SMALL, "fan_in=2:4:3") == ("fan_in", [2, 3, 4])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: system_table("stt"), "unknown system 'stt'; "),
        (lambda: Characterisation(SMALL, over={"vdd": [1.0]}), "system 'small': unknown dimension 'vdd'"),
        (lambda: parse_dimension(SMALL, "vdd=1"), "system 'small': unknown dimension 'vdd'"),
        (lambda: Characterisation(SMALL, over={"tmr": [2.0, 1.0]}), "--over tmr: values must be in increasing order"),
        (lambda: Characterisation(SMALL, trials_scale=0), "--trials-scale 0: above 0"),
        (lambda: Characterisation(SMALL, trials_scale=float("nan")), "--trials-scale nan"),
    ],
)
def test_wrong_input_is_one_line(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(UserError, match=said) as error:
        make()
    assert "\n" not in str(error.value)


def test_the_layout_of_a_cell() -> None:
    cell = layout(Rule(load_technology("ptm45")), Box(90e-9, 180e-9), 135e-9)(xr.Dataset())
    found = {name: float(value) for name, value in cell.data_vars.items()}
    assert found == pytest.approx(
        {"feature_size": 45e-9, "access_width": 3, "cell_area": 8, "cell_height": 2, "cell_width": 4, "cell_aspect_ratio": 0.5}
    )


# what the exporters ask for, see spicekit/export
NAMES = {
    "stt-1t1mtj": [
        "read_i_p", "read_i_ap", "read_di", "read_r_p", "read_r_ap", "read_v_mtj_p", "read_e_p", "read_e_ap", "read_disturb",
        "read_i_p_std", "read_margin_read_mean", "read_margin_read_error_rate", "settle_t_p", "settle_t_ap", "settle_t_settle",
        "set_i_start", "set_i_end", "set_t_switch", "set_e_write", "set_switched", "reset_i_start", "reset_i_end",
        "reset_e_write", "reset_switched", "wer_set", "wer_reset",
        "cell_area", "cell_aspect_ratio", "access_width", "feature_size", "v_read", "t_read", "t_pulse",
    ],
    "sot-2t1r": [
        "read_v_p", "read_v_ap", "read_i_p", "read_r_p", "read_r_ap", "read_e_p", "read_e_ap", "read_r_p_quantiles",
        "logic_margin_and", "logic_margin_and_circuit_error_rate", "logic_margin_or_error_rate_high", "logic_e_and",
        "sense_read_t_sense", "sense_and_e_total", "sense_or_wrong", "sense_or_wrong_high", "sense_offset_std",
        "set_i_write", "set_t_switch", "set_e_write", "set_switched", "reset_i_write", "reset_e_write",
        "cell_area", "cell_aspect_ratio", "access_width", "feature_size", "i_read", "t_sense", "t_pulse", "v_write",
    ],
}  # fmt: skip


@pytest.fixture(scope="module", params=sorted(NAMES))
def shipped(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shipped system at its nominal point alone, with as few trials as can be."""
    system = system_table(request.param)
    over = {name: [value] for name, value in system.nominal.items() if name not in ("pulse",)}
    folder = tmp_path_factory.mktemp("shipped") / request.param
    Characterisation(system, over=over, trials_scale=0.01).run(folder, workers=2)
    return folder


def test_the_shipped_tables_hold_what_the_exporters_need(shipped: Path, tmp_path: Path) -> None:
    table = LookupTable.load(shipped)
    assert Roles.model_validate_json(json.dumps(table.provenance["cell"])) == BY_SYSTEM[table.provenance["system"]]
    missing = [name for name in NAMES[table.provenance["system"]] if name not in table.variables]
    assert missing == []
    outcomes = {name: values.sum() for name, (_, values) in table.variables.items() if "_outcome_" in name}
    assert all(count == 0 for name, count in outcomes.items() if not name.endswith("_ok")), outcomes
    for name, (_, values) in table.variables.items():
        assert np.isfinite(values).all() or name.endswith("correlation"), name  # of what does not vary there is none
    written = {name: export(table, name, tmp_path / name) for name in FORMATS}
    assert all(path.is_file() for paths in written.values() for path in paths)
    # the area is that of the layout rule, as `spicekit area` says it
    bench = make_bench("stt-read" if table.provenance["system"] == "stt-1t1mtj" else "sot-read", {})
    area = floor_plan(bench)["cell"].area
    features = area / float(table.query("feature_size")) ** 2
    assert f"-CellArea (F^2): {features:.6g}\n" in written["nvsim"][0].read_text(encoding="utf-8")
    assert f"area : {2 * area * 1e12:.6g};" in written["liberty"][0].read_text(encoding="utf-8")


def test_the_shipped_numbers_are_those_of_their_benches(shipped: Path) -> None:
    """The nominal simulation lies within the spread of the trials; error rates are the solver's."""
    table = LookupTable.load(shipped)
    point = {"temperature": 27, "corner": "tt"}
    if table.provenance["system"] == "stt-1t1mtj":
        nominal = spicekit.run("stt-read", **point).measures
        assert table.query("read_i_p") == pytest.approx(nominal["i_p"], rel=0.15)
        card, pulses = load_device("stt-bnn-65nm", MtjCard), table.coordinates["pulse"][::20]
        curve = write_error_curve(
            card, float(table.query("reset_i_start")), pulses, direction="p-ap", temperature=27
        )  # fmt: skip
        assert table.query("wer_reset", pulse=pulses) == pytest.approx(curve.wer, rel=0.02)  # solved at other pulses too
        # 376 nm: drain 152, gate 65, half of the source 101, half of the spacing 58; 416 nm: the transistor and the spacing
        assert float(table.query("cell_area")) == pytest.approx(376 * 416 / 65**2)
        assert float(table.query("cell_aspect_ratio")) == pytest.approx(376 / 416)
    else:
        assert float(table.query("cell_area")) == pytest.approx(520 * 620 / 45**2)  # 520 nm: 2 (70 + 45 + 105) + 80
        nominal = spicekit.run("sot-read", **point).measures
        assert table.query("read_dv") == pytest.approx(nominal["dv"], rel=0.15)
        assert table.query("sense_and_t_sense") == pytest.approx(1.64e-9, rel=0.1)
        assert table.query("set_i_write") == pytest.approx(120e-6, rel=0.15)  # Fan, ASP-DAC 2018


def test_the_command(tmp_path: Path, cli: Cli, complaint: Callable[[subprocess.CompletedProcess[str], int], str]) -> None:
    words = [
        "characterize",
        "sot-2t1r",
        "--over",
        "tmr=2.5",
        "--over",
        "vdd=1",
        "--over",
        "temperature=27",
        "--over",
        "corner=tt",
    ]
    options = [*words, "--over", "fan_in=2", "--trials-scale", "0.01", "--out", tmp_path]
    first = cli(*options, "--json")
    assert (first.returncode, first.stderr) == (0, "")
    assert json.loads(first.stdout)["coords"]["fan_in"]["data"] == [2]
    before = tables(tmp_path)
    again = cli(*options)
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.startswith("table.nc: standard table of sot-2t1r\n")
    assert f"Table: {tmp_path / 'table.nc'}" in again.stdout
    assert tables(tmp_path) == before
    assert "holds another characterisation: 'seed'" in complaint(cli(*options, "--seed", "2"), 2)
