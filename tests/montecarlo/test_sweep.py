"""A sweep: the table is that of its campaigns, the same bytes after any interruption, and nothing foreign is touched."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import spearmanr

import spicekit
from montecarlo import Campaign, Sweep, Variation
from montecarlo.jobs.sweep import parse_over
from montecarlo.running.store import Store
from spicekit import LookupTable, SpicekitError, UserError
from spicekit.table_layout import QUANTILES

Cli = Callable[..., subprocess.CompletedProcess[str]]

IDEAL = {"access": "ideal", "bias": "ideal"}
GRID = {"tmr": [1.5, 2.5], "corner": ["tt", "ss"]}
OPTIONS = ["sot-read", "--over", "tmr=1.5,2.5", "--over", "corner=tt,ss", "-p", "access=ideal", "-p", "bias=ideal"]
FILES = ["table.csv", "table.json", "table.nc", "table.npz", "table.parquet"]


def tables(folder: Path) -> dict[str, bytes]:
    """The files of the table."""
    return {file.name: file.read_bytes() for file in sorted(folder.glob("table*"))}


def everything(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, but for locks."""
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file() and f.name != ".lock"}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of 2 x 2 points with 60 trials each."""
    folder = tmp_path_factory.mktemp("sweep") / "reference"
    Sweep("sot-read", GRID, trials=60, seed=3, parameters=IDEAL, variations=[Variation.parse("ra=8%")]).run(folder, workers=1)
    return folder


def test_the_table_is_that_of_the_campaigns(reference: Path, tmp_path: Path) -> None:
    table = LookupTable.load(reference)
    for corner in ("tt", "ss"):
        folder = tmp_path / corner
        parameters = IDEAL | {"tmr": 2.5, "corner": corner}
        alone = Campaign("sot-read", trials=60, seed=3, parameters=parameters, variations=[Variation.parse("ra=8%")])
        summary = alone.run(folder, workers=1).summary
        point: dict[str, Any] = {"tmr": 2.5, "corner": corner}
        for name, row in summary["measures"].items():
            assert table.query(name, **point) == row["mean"]
            assert table.query(f"{name}_std", **point) == row["std"]
            levels, quantiles = table.quantiles(name, **point)
            assert dict(zip(levels, quantiles, strict=True))[0.5] == row["q50"]
            assert (quantiles[0], quantiles[-1]) == (row["min"], row["max"])
            assert (table.units[name], bool(table.meanings[name])) == (row["unit"], True)
        margin = summary["margins"]["read"]
        for field in ("mean", "worst", "sigma3", "sigma6", "reference", "error_rate"):
            assert table.query(f"margin_read_{field}", **point) == margin[field]
        interval = [float(table.query(f"margin_read_error_rate_{end}", **point)) for end in ("low", "high")]
        assert interval == margin["error_rate_ci"]
        assert table.query("count", **point) == table.query("outcome_ok", **point) == 60


def test_coordinates_units_and_provenance(reference: Path) -> None:
    with xr.open_dataset(reference / "table.nc", engine="h5netcdf") as dataset:
        assert list(dataset.sizes) == ["tmr", "corner", "quantile", "pair"]
        assert dataset["tmr"].values.tolist() == [1.5, 2.5]
        assert dataset["corner"].values.tolist() == ["tt", "ss"]
        assert dataset["quantile"].values.tolist() == list(QUANTILES)
        assert {**dataset["dv"].attrs, "comment": ""} == {"units": "V", "long_name": "read signal, v_ap - v_p", "comment": ""}
        assert dataset["dv"].attrs["comment"] == "mean over the trials that are ok; it is v_ap - v_p"
        assert (
            dataset["margin_read_worst"].attrs["comment"].startswith("smallest v_ap less largest v_p of all trials: below 0 no")
        )
        assert all(one.attrs["long_name"] and "units" in one.attrs for one in dataset.variables.values())
        assert all(one.attrs["comment"] for one in dataset.data_vars.values())
        assert dataset["count"].dtype == np.int64
        record = json.loads(dataset.attrs["spicekit"])
    assert record == LookupTable.load(reference).provenance
    assert (record["bench"], record["trials"], record["seed"], record["sampler"]) == ("sot-read", 60, 3, "random")
    assert record["over"] == GRID
    assert record["given"] == IDEAL
    assert record["parameters"]["ra"] == 32.0  # defaults too
    assert "tmr" not in record["parameters"]
    assert record["variations"][0]["sigma"] == 0.08
    assert len(record["netlist_sha256"]) == 64
    assert set(record["versions"]) == {"spicekit", "ngspice", "python", "numpy", "scipy", "pyarrow"}


def test_draws_of_one_device_go_together(reference: Path) -> None:
    """R_P and R_AP of a junction have its resistance-area product in common: their rank correlation is that of the trials."""
    table, place = LookupTable.load(reference), {"tmr": 2.5, "corner": "ss"}
    trials = Store(reference / "points" / "0003").parts.results()
    with pytest.warns(UserWarning, match="60 trials"):
        found = table.sample_joint(np.random.default_rng(1), ["r_p", "r_ap"], 20_000, **place)
    true = spearmanr(trials["r_p"], trials["r_ap"]).statistic
    assert true > 0.35  # so far from 0 that 60 independent pairs are not once in 100
    assert spearmanr(found["r_p"], found["r_ap"]).statistic == pytest.approx(true, abs=0.06)
    assert np.std(found["r_ap"] - found["r_p"]) == pytest.approx(np.std(trials["r_ap"] - trials["r_p"]), rel=0.05)


def test_every_file_says_the_same(reference: Path) -> None:
    table = LookupTable.load(reference)
    npz = LookupTable.load(reference / "table.npz")
    for name, (dimensions, values) in table.variables.items():
        assert npz.variables[name][0] == dimensions
        assert np.array_equal(npz.variables[name][1], values, equal_nan=True)
    for frame in (pd.read_csv(reference / "table.csv"), pd.read_parquet(reference / "table.parquet")):
        assert list(frame.columns[:2]) == ["tmr", "corner"]
        assert len(frame) == 4
        assert not any("quantiles" in column for column in frame.columns)
        for _, row in frame.iterrows():
            for name in ("dv", "dv_std", "margin_read_error_rate_high"):
                assert row[name] == table.query(name, tmr=row["tmr"], corner=row["corner"])
    plain = json.loads((reference / "table.json").read_text())
    assert np.array_equal(plain["data_vars"]["dv_quantiles"]["data"], table.variables["dv_quantiles"][1])


def test_a_nominal_sweep_is_the_nominal_simulation(tmp_path: Path, cli: Cli) -> None:
    done = cli("sweep", *OPTIONS, "--out", tmp_path, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    data = json.loads(done.stdout)["data_vars"]
    found = spicekit.run("sot-read", tmr=2.5, corner="ss", **IDEAL).measures
    table = LookupTable.load(tmp_path)
    for name, value in found.items():
        assert table.query(name, tmr=2.5, corner="ss") == pytest.approx(value, rel=1e-9)
        assert data[name]["data"][1][1] == table.query(name, tmr=2.5, corner="ss")
    assert table.query("margin_read_mean", tmr=2.5, corner="ss") == pytest.approx(found["dv"], rel=1e-9)
    extra = {name for name in table.variables if not name.startswith("outcome_")} - set(found)
    assert extra == {"count", "margin_read_mean"}  # no spread, no rates


def test_killed_and_resumed_gives_the_same_bytes(tmp_path: Path, cli_command: list[str]) -> None:
    """SIGKILL in the middle of the grid, another number of workers for the rest."""
    job = Sweep("sot-read", GRID, trials=4000, seed=3, parameters=IDEAL)
    options = [*OPTIONS, "--trials", "4000", "--seed", "3", "--workers", "1", "--out", str(tmp_path / "killed")]
    process = subprocess.Popen(
        [*cli_command, "sweep", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    until = time.monotonic() + 120
    while len(there := list((tmp_path / "killed").glob("points/*/trials/part-*"))) < 2:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert tables(tmp_path / "killed") == {}
    before = {file: file.stat().st_mtime_ns for file in there}
    job.run(tmp_path / "killed", workers=2)
    assert all(file.stat().st_mtime_ns == stamp for file, stamp in before.items())  # kept, not done again
    job.run(tmp_path / "whole", workers=1)
    assert list(tables(tmp_path / "whole")) == FILES
    assert tables(tmp_path / "killed") == tables(tmp_path / "whole")


def test_a_finished_sweep_mends_its_table_and_a_damaged_part(reference: Path) -> None:
    """What can be computed again is; the content is the same."""
    job = Sweep("sot-read", GRID, trials=60, seed=3, parameters=IDEAL, variations=[Variation.parse("ra=8%")])
    before = tables(reference)
    (reference / "table.nc").write_bytes(b"damaged")
    part = next(iter(sorted((reference / "points" / "0002" / "trials").iterdir())))
    part.write_bytes(part.read_bytes()[:-50])
    said: list[str] = []
    job.run(reference, workers=1, warn=said.append)
    assert [line.partition(" is damaged")[0] for line in said] == [str(part)]
    assert tables(reference) == before


def test_parameters_as_text_are_those_of_the_same_sweep() -> None:
    """What the command is given and what a program gives is one record: either resumes the other's folder."""
    numbers = {"temperature": 85.0, "w_read": 200e-9, "ra": 18}
    text = {"temperature": "358.15K", "w_read": "0.2u", "ra": "1.8e1"}
    made, typed = (Sweep("sot-read", {"tmr": [1.5]}, trials=4, parameters=given).record() for given in (numbers, text))
    assert made == typed
    assert typed["given"] == numbers


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": 4}, r"holds another sweep: 'seed' differs \(3 there, 4 now\)"),
        ({"trials": 61}, r"'trials' differs \(60 there, 61 now\)"),
        ({"over": GRID | {"tmr": [1.5, 2.0]}}, "'over' differs"),
        ({"parameters": IDEAL | {"ra": 17}}, "'given' differs"),
        ({"variations": []}, "'variations' differs"),
        ({"bench": "sot-logic"}, r"'bench' differs \(sot-read there, sot-logic now\)"),
    ],
)
def test_another_sweeps_folder_is_refused(reference: Path, changes: dict[str, Any], said: str) -> None:
    options: dict[str, Any] = {
        "bench": "sot-read", "over": GRID, "trials": 60, "seed": 3, "parameters": IDEAL, "variations": [Variation.parse("ra=8%")],
    }  # fmt: skip
    before = everything(reference)
    with pytest.raises(UserError, match=said):
        Sweep(**options | changes).run(reference)
    assert everything(reference) == before


@pytest.mark.parametrize("name", ["campaign.json", "table.nc", "characterize.json", "points/0000/campaign.json"])
def test_a_foreign_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("mine")
    with pytest.raises(UserError, match=r"holds .* but no sweep\.json; give another --out"):
        Sweep("sot-read", GRID).run(tmp_path)
    assert everything(tmp_path) == {name: b"mine"}


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe"])
def test_a_damaged_record_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "sweep.json").write_bytes(content)
    with pytest.raises(SpicekitError, match=rf"{tmp_path / 'sweep.json'} cannot be read") as error:
        Sweep("sot-read", GRID).run(tmp_path)
    assert "\n" not in str(error.value)
    assert everything(tmp_path) == {"sweep.json": content}


def test_a_second_process_is_turned_away(tmp_path: Path) -> None:
    from montecarlo.running.store import locked

    with locked(tmp_path), pytest.raises(UserError, match="is in use by another spicekit process"):
        Sweep("sot-read", GRID).run(tmp_path)


def test_trials_that_fail_are_nan_and_counted(tmp_path: Path, user_benches: Path) -> None:
    """At the lower threshold every trial is invalid, at the upper one none."""
    bench = f"{user_benches / 'faults.py'}:Infinite"
    Sweep(bench, {"threshold": [-1e9, 1e9]}, trials=20).run(tmp_path, workers=1, keep_going=True)
    table = LookupTable.load(tmp_path)
    assert np.isnan(table.query("v_out", threshold=-1e9))
    assert np.isnan(table.query("v_out_std", threshold=-1e9))
    assert np.isnan(table.sample(np.random.default_rng(1), "v_out", size=3, threshold=-1e9)).all()
    assert table.query("v_out", threshold=1e9) == pytest.approx(0.5, abs=0.02)
    assert table.variables["count"][1].tolist() == [0, 20]
    assert table.variables["outcome_invalid"][1].tolist() == [20, 0]
    assert json.loads((tmp_path / "table.json").read_text())["data_vars"]["v_out"]["data"][0] is None
    assert pd.read_csv(tmp_path / "table.csv")["v_out"].isna().tolist() == [True, False]


def test_a_measure_that_only_some_points_have(tmp_path: Path) -> None:
    """The states of three cells exist at fan-in 3 alone, and have their unit all the same."""
    Sweep("sot-logic", {"fan_in": [2, 3]}, trials=10).run(tmp_path, workers=1)
    table = LookupTable.load(tmp_path)
    assert table.coordinates["fan_in"].dtype == np.int64
    assert np.isnan(table.query("v_011", fan_in=2))
    assert 0.05 < table.query("v_011", fan_in=3) < 0.5
    assert table.units["v_011"] == "V"
    # the circuit's own reference: rates with their interval
    low, rate, high = (float(table.query(f"margin_or_circuit_error_rate{end}", fan_in=3)) for end in ("_low", "", "_high"))
    assert 0 <= low <= rate <= high <= 1


def test_fractions_have_their_interval(tmp_path: Path) -> None:
    Sweep("sot-write", {"v_write": [0.01, 0.135]}, trials=4).run(tmp_path, workers=1)
    table = LookupTable.load(tmp_path)
    assert table.variables["switched"][1].tolist() == [0, 1]
    assert table.variables["switched_high"][1][0] == pytest.approx(1 - 0.025**0.25)  # exact, of 0 in 4
    assert table.variables["switched_low"][1][1] == pytest.approx(0.025**0.25)


def test_a_measure_with_the_name_of_a_swept_parameter(tmp_path: Path) -> None:
    Sweep("mtj-iv", {"tmr": [1.0, 2.0]}).run(tmp_path, workers=1)
    table = LookupTable.load(tmp_path)
    assert table.query("tmr_measured", tmr=1.5) == pytest.approx(1.5, rel=1e-3)


def test_text_output_names_the_table(tmp_path: Path, cli: Cli) -> None:
    done = cli("sweep", "sot-read", "--over", "i_read=5u:10u:2", "-p", "access=ideal", "-p", "bias=ideal", "--out", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Table: {tmp_path / 'table.nc'}" in done.stdout
    assert LookupTable.load(tmp_path).coordinates["i_read"].tolist() == [5e-6, 1e-5]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("tmr=1:2.5:4", [1.0, 1.5, 2.0, 2.5]),
        ("tmr=100%:250%:2", [1.0, 2.5]),
        ("i_read=100n:300n:3", [1e-7, 2e-7, 3e-7]),
        ("tmr=2:2:1", [2.0]),
        (" temperature = -40, 27 ,85", [-40.0, 27.0, 85.0]),
        ("corner=tt,ff,ss", ["tt", "ff", "ss"]),
        ("rows=16,64", [16, 64]),
        ("technology=ptm45,some/path.toml", ["ptm45", "some/path.toml"]),
    ],
)
def test_over_is_read_by_the_parameters_type(text: str, values: list[Any]) -> None:
    name, found = parse_over("sot-read", text)
    assert name == text.partition("=")[0].strip()
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


def test_words_that_look_like_numbers_stay_words() -> None:
    assert parse_over("sot-sense", "bits=00,10") == ("bits", ["00", "10"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tmr", "give NAME=START:STOP:NUM"),
        ("=1,2", "give NAME=START:STOP:NUM"),
        ("tmr=", "give NAME=START:STOP:NUM"),
        ("tmt=1,2", "bench 'sot-read': unknown parameter 'tmt'; did you mean tmr"),
        ("tmr=1:2", "give START:STOP:NUM"),
        ("tmr=1:2:3:4", "give START:STOP:NUM"),
        ("tmr=1:2:2.5", "NUM must be a whole number"),
        ("tmr=1:2:0", "NUM must be a whole number"),
        ("tmr=1:2:1meg", "NUM must be a whole number from 1 to 10000"),
        ("tmr=1:inf:3", "START and STOP must be finite"),
        ("tmr=1:x:3", "'x' is not a number"),
        ("tmr=1:2:inf", "NUM must be a whole number"),
        ("tmr=1,x", "'x' is not a number"),
        ("tmr=1,,2", "a value is missing"),
        ("tmr=2,1", "increasing order"),
        ("tmr=2:1:3", "increasing order"),
        ("tmr=1,1.0", "must be different"),
        ("tmr=1:1:2", "must be different"),
        ("v_half=0.5,inf", "must be finite"),
        ("rows=2.5,3", "whole numbers"),
        ("corner=tt,tt", "must be different"),
    ],
)
def test_a_wrong_over_is_one_line(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as error:
        parse_over("sot-read", text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"over": {}}, "at least one parameter"),
        ({"over": {"tmr": []}}, "at least one value"),
        ({"over": {"tmr": [2, 1]}}, "increasing order"),
        ({"over": {"tmr": [1, 2]}, "parameters": {"tmr": 2}}, "'tmr' is given by -p and swept by --over"),
        ({"over": {"tmr": np.linspace(1, 2, 1000), "ra": np.linspace(5, 20, 1000)}}, "1000000 grid points; at most 10000"),
        ({"over": {"tmr": [1, 30]}}, "parameter tmr"),
        ({"over": {"corner": ["tt", "xx"]}}, "unknown corner"),
        ({"over": {"tmr": [1, 2]}, "trials": -1}, "--trials -1"),
        ({"over": {"tmr": [1, 2]}, "variations": [Variation.parse("ra=5%")]}, "need --trials"),
        ({"over": {"tmr": [1, 2]}, "measures": ["dw"]}, "bench 'sot-read': unknown measure 'dw'"),
    ],
)
def test_a_wrong_sweep_is_one_line(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said) as error:
        Sweep("sot-read", **options)
    assert "\n" not in str(error.value)


def test_the_command_line_complains_in_one_line(
    tmp_path: Path, cli: Cli, complaint: Callable[[subprocess.CompletedProcess[str], int], str]
) -> None:
    line = complaint(cli("sweep", "sot-read", "--over", "tmr=1,2", "--over", "tmr=3,4", "--out", tmp_path / "new"), 2)
    assert line == "--over: a parameter is given twice"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("text", ["27,85", "27C,85C", "27:85:2", "300.15K:358.15K:2", "300.15K,85"])
def test_a_grid_of_temperatures_is_in_celsius(text: str) -> None:
    assert parse_over("sot-read", f"temperature={text}") == ("temperature", [27.0, 85.0])


def test_a_grid_is_in_the_unit_of_its_parameter() -> None:
    with pytest.raises(UserError, match="--over vdd: '90%' is not in V"):
        parse_over("sot-read", "vdd=90%,1.1")


def test_a_folder_whose_name_begins_with_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> None:
    """A quoted ~ is a name like any other: the shell expands those that mean the home folder."""
    monkeypatch.chdir(tmp_path)
    Sweep("sot-read", {"tmr": [1.0, 2.0]}, trials=20).run("~/x", workers=1)
    assert (tmp_path / "~" / "x" / "table.nc").exists()
    assert LookupTable.load("~/x").coordinates["tmr"].tolist() == [1.0, 2.0]
    for words in (("report", "~/x"), ("replay", "~/x/points/0000", "--trial", 3)):
        done = cli(*words, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
