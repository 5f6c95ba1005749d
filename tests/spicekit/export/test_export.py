"""What all formats share: whole tables, the operating point, and one clear line for each mistake."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spicekit.errors import SpicekitError, UserError
from spicekit.export import FORMATS, check_output, export, file_name
from spicekit.export.cell import Cell
from spicekit.export.place import nominal
from spicekit.export.roles import BY_SYSTEM, SOT_2T1R, STT_1T1MTJ, Roles
from spicekit.table import LookupTable
from spicekit.table_layout import CHECKSUM

pytestmark = pytest.mark.filterwarnings("ignore:NeuroSim V:UserWarning")  # the cells of conftest are too narrow for it

POINT_FORMATS = [name for name in FORMATS if name not in ("csv", "npz")]
COMMENTED = [name for name in POINT_FORMATS if name not in ("crosssim",)]


def test_csv_is_read_back_by_pandas(stt: LookupTable, written: Callable[..., str], tmp_path: Path) -> None:
    written(stt, "csv")
    frame = pd.read_csv(tmp_path / "out.csv")
    assert list(frame.columns) == ["variable", "unit", "tmr", "vdd", "temperature", "corner", "quantile", "value"]
    assert len(frame) == sum(values.size for _, values in stt.variables.values())
    rows = frame[(frame.variable == "read_i_p") & (frame.tmr == 2) & (frame.vdd == 1.0) & (frame.temperature == 85)]
    assert dict(zip(rows.corner, rows.value, strict=True)) == {
        corner: float(stt.query("read_i_p", tmr=2, vdd=1.0, temperature=85, corner=corner)) for corner in ("ff", "ss", "tt")
    }
    assert set(rows.unit) == {"A"}
    (scalar,) = frame[frame.variable == "cell_area"].itertuples()
    assert scalar.value == 41.6
    assert np.isnan(scalar.tmr)


def test_csv_leaves_unknown_values_empty(stt: LookupTable, written: Callable[..., str]) -> None:
    stt.variables["cell_area"] = ((), np.asarray(np.nan))
    assert "\ncell_area,F^2,,,,,,\n" in written(stt, "csv")


def test_npz_is_read_back_by_numpy_alone(stt: LookupTable, tmp_path: Path) -> None:
    (path,) = export(stt, "npz", tmp_path / "table.npz")
    with np.load(path, allow_pickle=False) as data:
        header = json.loads(str(data["header"]))
        for name, (dimensions, values) in stt.variables.items():
            assert header["dimensions"][name] == list(dimensions)
            assert np.array_equal(data[f"variable_{name}"], values)
        assert header["units"]["read_r_p"] == "ohm"


def test_a_whole_table_at_a_point_keeps_the_other_axes(stt: LookupTable, tmp_path: Path) -> None:
    given = (stt.coordinates, stt.variables, stt.units)
    stt.attributes = {**stt.attributes, CHECKSUM: LookupTable(*given, stt.attributes, "", stt.meanings).checksum()}
    stt.check()  # as a written table is
    (path,) = export(stt, "npz", tmp_path / "cut.npz", temperature="56", corner="ss")
    cut = LookupTable.load(path)
    assert list(cut.coordinates) == ["tmr", "vdd", "quantile"]
    where = {"tmr": 1.3, "vdd": 1.15}
    full = where | {"temperature": 56.0, "corner": "ss"}
    assert float(cut.query("read_i_p", **where)) == pytest.approx(float(stt.query("read_i_p", **full)))
    for mine, theirs in zip(cut.quantiles("read_r_p", **where), stt.quantiles("read_r_p", **full), strict=True):
        assert np.allclose(mine, theirs)
    assert float(cut.query("cell_area")) == 41.6


def test_every_format_from_a_simulated_table(simulated: LookupTable, tmp_path: Path) -> None:
    for name in FORMATS:
        for path in export(simulated, name, tmp_path / file_name(simulated, name)):
            assert path.stat().st_size > 0
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.mark.parametrize("name", COMMENTED)
def test_files_say_point_and_limits(name: str, sot: LookupTable, written: Callable[..., str]) -> None:
    text = written(sot, name, temperature=85)
    assert "Operating point: tmr=1.5, vdd=1.1 V, temperature=85 C, corner=tt" in text
    for sentence in importlib.import_module(FORMATS[name]).CANNOT_EXPRESS:
        assert (sentence in text) is not sentence.startswith("STT:")


@pytest.mark.parametrize("name", FORMATS)
def test_the_docs_list_every_limit(name: str, repository: Path) -> None:
    docs = " ".join((repository / "docs" / "export.md").read_text(encoding="utf-8").split())
    for sentence in importlib.import_module(FORMATS[name]).CANNOT_EXPRESS:
        assert sentence in docs


def test_the_record_states_the_nominal_point(stt: LookupTable, written: Callable[..., str]) -> None:
    stt.attributes["spicekit"] = json.dumps({"system": "stt-1t1mtj", "nominal": {"temperature": 85, "corner": "ss", "other": 1}})
    assert "Operating point: tmr=1.5, vdd=1.1 V, temperature=85 C, corner=ss." in written(stt, "nvsim")


@pytest.mark.parametrize("name", POINT_FORMATS)
def test_a_missing_field(name: str, stt: LookupTable, tmp_path: Path) -> None:
    missing = {"crosssim": "read_i_p_std", "aihwkit": "read_i_p_std", "nvmfi": "wer_reset"}.get(name, "t_pulse")
    del stt.variables[missing]
    with pytest.raises(UserError) as caught:
        export(stt, name, tmp_path / "out")
    assert str(caught.value) == (
        f"table.nc holds no '{missing}', which format '{name}' needs; make it with: spicekit characterize stt-1t1mtj --out DIR"
    )
    assert not list(tmp_path.iterdir())


def test_a_distribution_that_is_missing(sot: LookupTable, tmp_path: Path) -> None:
    del sot.variables["read_r_ap_quantiles"]
    with pytest.raises(UserError, match="holds no 'read_r_ap_quantiles', which format 'aihwkit' needs"):
        export(sot, "aihwkit", tmp_path / "out")


def test_a_table_of_a_bench_or_of_another_system(stt: LookupTable, tmp_path: Path) -> None:
    stt.attributes["spicekit"] = json.dumps({"bench": "sot-read"})
    with pytest.raises(UserError, match=r"of bench 'sot-read', and .*; format 'nvsim' needs .* spicekit characterize SYSTEM"):
        export(stt, "nvsim", tmp_path / "out")
    export(stt, "csv", tmp_path / "out.csv")
    stt.attributes["spicekit"] = json.dumps({"system": "c3cim"})
    with pytest.raises(UserError, match="table of system 'c3cim', and its record does not say under 'cell'") as caught:
        export(stt, "liberty", tmp_path / "out")
    assert not any(system in str(caught.value) for system in BY_SYSTEM)  # any that says its cell will do


def test_the_middle_of_any_grid_that_the_record_says_nothing_of(sot: LookupTable) -> None:
    """Of another system's too, whatever its dimensions are called; the ready table of version 0.1 means two cells."""
    assert nominal(sot, "fan_in") == 2
    sot.attributes["spicekit"] = json.dumps({"system": "mine", "cell": SOT_2T1R.model_dump(mode="json")})
    assert nominal(sot, "fan_in") == 3


@pytest.mark.parametrize("to", POINT_FORMATS)
@pytest.mark.parametrize(("name", "roles"), [("stt", STT_1T1MTJ), ("sot", SOT_2T1R)])
def test_a_cell_of_another_system_by_its_roles(
    request: pytest.FixtureRequest, tmp_path: Path, to: str, name: str, roles: Roles
) -> None:
    """With the names of its variables changed, which its record then says: the same numbers."""
    table: LookupTable = request.getfixturevalue(name)
    before, after = tmp_path / "before" / f"cell-{to}", tmp_path / "after" / f"cell-{to}"
    before.parent.mkdir()
    after.parent.mkdir()
    export(table, to, before)
    own = json.loads(
        re.sub(r'"(read|settle|set|reset|sense)_(\w+)"', r'"x\1_\2"', roles.model_dump_json()),
    )
    changed = LookupTable(
        table.coordinates,
        {re.sub(r"^(read|settle|set|reset|sense)_", r"x\1_", known): value for known, value in table.variables.items()},
        table.units,
        {"spicekit": json.dumps({"system": json.loads(table.attributes["spicekit"])["system"], "cell": own})},
        table.origin,
    )
    export(changed, to, after)
    files = [file.relative_to(before.parent) for file in before.parent.rglob("*") if file.is_file()]
    assert files
    for file in files:
        assert (after.parent / file).read_text() == (before.parent / file).read_text()


def test_roles_that_are_none(sot: LookupTable, tmp_path: Path) -> None:
    sot.attributes["spicekit"] = json.dumps({"system": "mine", "cell": {"terminals": 4}})
    with pytest.raises(SpicekitError, match=r"table.nc is damaged or of another version: .*terminals"):
        export(sot, "nvsim", tmp_path / "out")
    roles = SOT_2T1R.model_dump(mode="json")
    sot.attributes["spicekit"] = json.dumps({"system": "mine", "cell": roles | {"i_read": "corner"}})
    with pytest.raises(UserError, match="coordinate 'corner' holds words, not numbers"):
        export(sot, "nvsim", tmp_path / "out")
    sot.attributes["spicekit"] = json.dumps({"system": "mine", "cell": roles | {"i_read": "i_none"}})
    with pytest.raises(UserError, match=r"table.nc holds no 'i_none', which format 'nvsim' needs"):
        export(sot, "nvsim", tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_name_that_would_be_code_or_a_path_elsewhere_is_none(sot: LookupTable, tmp_path: Path) -> None:
    roles = SOT_2T1R.model_dump(mode="json")
    sot.attributes["spicekit"] = json.dumps({"system": "x:\nimport os", "cell": roles})
    with pytest.raises(UserError, match="has no name of letters, digits, _ and -; format 'hwcomponents' needs"):
        export(sot, "hwcomponents", tmp_path / "out")
    sot.attributes["spicekit"] = json.dumps({"system": "../x"})
    assert file_name(sot, "csv") == "table.csv"


def test_an_unknown_format_or_coordinate(stt: LookupTable, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^unknown format 'libertyy'; did you mean liberty\?$"):
        export(stt, "libertyy", tmp_path / "out")
    with pytest.raises(UserError, match=r"^table.nc: unknown coordinate 'temprature'; did you mean temperature\?$"):
        export(stt, "nvsim", tmp_path / "out", temprature=27)
    with pytest.raises(UserError, match=r"table.nc: unknown coordinate 'quantile'"):
        export(stt, "csv", tmp_path / "out", quantile=0.5)


@pytest.mark.parametrize("name", FORMATS)
def test_a_point_outside_the_grid(name: str, stt: LookupTable, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^vdd=3 is outside the table: 1 to 1.2 V$"):
        export(stt, name, tmp_path / "out", vdd=3)
    with pytest.raises(UserError, match=r"^table.nc: unknown corner 'fs'; choose from ff, ss, tt$"):
        export(stt, name, tmp_path / "out", corner="fs")
    with pytest.raises(UserError, match="'warm' is not a temperature"):
        export(stt, name, tmp_path / "out", temperature="warm")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", POINT_FORMATS)
def test_a_coordinate_that_changes_nothing(name: str, sot: LookupTable, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"nothing that format '{name}' takes from table.nc depends on 'fan_in'; leave it out"):
        export(sot, name, tmp_path / "out", fan_in=3)
    assert not list(tmp_path.iterdir())


def test_a_point_where_no_trial_was_ok(stt: LookupTable, tmp_path: Path) -> None:
    stt.variables["read_r_ap"][1][:] = np.nan
    with pytest.raises(UserError, match=r"'read_r_ap' is not known at .*corner=tt: no trial was ok there"):
        export(stt, "nvsim", tmp_path / "out")


@pytest.mark.parametrize("name", FORMATS)
def test_an_unwritable_path(name: str, stt: LookupTable, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SpicekitError, match=r"^cannot write \S+: Not a directory$"):
        export(stt, name, tmp_path / "file" / "out")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("name", FORMATS)
def test_an_unwritable_path_is_told_by_its_option(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for path, reason in ((tmp_path / "file" / "out", "Not a directory"), (Path("/proc/none"), "/proc takes no new files")):
        with pytest.raises(UserError, match=f"^-o {path}: .*{reason}"):
            check_output(name, path)
    check_output(name, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("name", ["aihwkit", "crosssim", "hwcomponents"])
def test_names_from_the_table_do_not_become_code(name: str, stt: LookupTable, tmp_path: Path) -> None:
    stt.origin = 'x\nimport os; os.abort()\n""".nc'
    stt.coordinates["corner"] = np.array(["ff", "ss", "tt\nraise SystemExit"])
    for path in export(stt, name, tmp_path / "out", corner="tt\nraise SystemExit"):
        if path.suffix == ".py":
            code = compile(path.read_text(), "generated", "exec")
            assert not {"os", "SystemExit"} & set(code.co_names)


def test_the_access_path_has_what_the_junction_leaves_trial_by_trial(stt: LookupTable) -> None:
    """Of 40,000 cells of a junction and 300 ohm: current and resistance of a junction move against each other."""
    junction = 3000.0 * np.exp(0.5 * np.random.default_rng(3).standard_normal(40_000))
    current = 0.15 / (junction + 300.0)
    for name, value in (("read_i_p", current.mean()), ("read_r_p", junction.mean())):
        stt.variables[name] = ((), np.asarray(value))
    with pytest.raises(UserError, match=r"the junction.s mean voltage is 0\.1\d* V of a read at 0\.15 V: name a variable"):
        _ = Cell(stt, {}, "nvsim").v_access
    stt.variables["read_v_mtj_p"] = ((), np.asarray((current * junction).mean()))
    assert Cell(stt, {}, "nvsim").v_access == pytest.approx((current * 300.0).mean(), rel=1e-9)
    assert Cell(stt, {}, "nvsim").r_access == pytest.approx(300.0, rel=1e-9)
