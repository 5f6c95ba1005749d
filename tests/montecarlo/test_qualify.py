"""A qualification: verdicts at every point against closed forms, its files, its resumption, and what it refuses."""

from __future__ import annotations

import json
import math
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

import spicekit
from montecarlo import Campaign, Sweep, Variation
from montecarlo.jobs.qualification import Qualification
from spicekit import UserError
from spicekit.files import read_record
from spicekit.registry import make_bench

Cli = Callable[..., subprocess.CompletedProcess[str]]
Complaint = Callable[[subprocess.CompletedProcess[str], int], str]

TEMPERATURES, SUPPLIES = [-40.0, 27.0, 125.0], [0.9, 1.0, 1.1]


def t_pass(temperature: float, vdd: float) -> float:
    """Closed form of the bench `rising`."""
    return 1e-9 * (1 + 4e-3 * (temperature - 27)) * math.log(vdd / (vdd - 0.5))


@pytest.fixture(scope="module")
def rising(user_benches: Path) -> str:
    return f"{user_benches / 'rising.py'}:Rising"


@pytest.fixture(scope="module")
def folder(rising: str, cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bench's qualification with 3 trials."""
    out = tmp_path_factory.mktemp("qualify") / "rising"
    done = cli("qualify", rising, "--trials", 3, "--seed", 5, "--workers", 1, "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert json.loads(done.stdout) == read_record(out / "summary.json")
    return out


def test_every_point_has_the_verdict_of_the_closed_form(folder: Path) -> None:
    summary = read_record(folder / "summary.json")
    assert summary["over"] == {"temperature": TEMPERATURES, "vdd": SUPPLIES}  # no transistor: no corner
    expected = {
        (temperature, vdd): "wrong" if vdd > 1.05 else "slow" if t_pass(temperature, vdd) > 0.9e-9 else "works"
        for temperature in TEMPERATURES
        for vdd in SUPPLIES
    }
    assert {(point["temperature"], point["vdd"]): point["verdict"] for point in summary["points"]} == expected
    assert summary["verdicts"] == {"works": 4, "slow": 2, "wrong": 3, "does not converge": 0}
    for point in summary["points"]:
        exact = t_pass(point["temperature"], point["vdd"])
        late = exact > 0.9e-9
        assert point["figure"] == (None if late else pytest.approx(exact, rel=1e-3))
        assert point["trials"][point["verdict"]] == 3
        assert sum(point["trials"].values()) == 3
        assert point["outcomes"] == {"ok": 4}
        reasons = {"v_end < 1.05 not met": 4} if point["vdd"] > 1.05 else {}
        assert point["why"] == reasons | ({"t_pass not within its window": 4} if late else {})


def test_the_trials_are_those_of_a_campaign(folder: Path, rising: str, tmp_path: Path) -> None:
    parameters = {"temperature": -40, "vdd": 1.0}
    alone = Campaign(rising, trials=3, seed=5, parameters=parameters).run(tmp_path / "alone", workers=1)
    points = read_record(folder / "summary.json")["points"]
    point = next(point for point in points if (point["temperature"], point["vdd"]) == (-40.0, 1.0))
    row = alone.summary["measures"]["t_pass"]
    assert (point["figure_low"], point["figure_high"]) == (row["min"], row["max"])


def test_the_table_holds_the_verdicts(folder: Path) -> None:
    summary = read_record(folder / "summary.json")
    codes = {"works": 0, "slow": 1, "wrong": 2, "does not converge": 3}
    with xr.open_dataset(folder / "table.nc", engine="h5netcdf") as table:
        for point in summary["points"]:
            at = table.sel(temperature=point["temperature"], vdd=point["vdd"])
            assert int(at["verdict"]) == codes[point["verdict"]]
            assert int(at["verdict_nominal"]) == codes[point["nominal"]]
            assert int(at["verdict_works"]) == point["trials"]["works"]


def test_the_picture(folder: Path) -> None:
    data = (folder / "qualify.png").read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert min(width, height) > 300


def test_the_same_again_simulates_nothing_and_another_is_refused(folder: Path, rising: str) -> None:
    parts = {path: path.stat().st_mtime_ns for path in folder.rglob("part-*.parquet")}
    before = (folder / "summary.json").read_bytes()
    Qualification(rising, trials=3, seed=5).run(folder, workers=1)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("part-*.parquet")} == parts
    assert len(parts) > 0
    assert (folder / "summary.json").read_bytes() == before
    with pytest.raises(UserError, match=r"holds another qualification: 'trials' differs \(3 there, 4 now\)"):
        Qualification(rising, trials=4, seed=5).run(folder, workers=1)
    with pytest.raises(UserError, match=r"holds qualify\.json but no sweep\.json"):
        Sweep(rising, {"vdd": [0.9, 1]}).run(folder, workers=1)


def test_results_do_not_depend_on_the_workers(folder: Path, rising: str, tmp_path: Path) -> None:
    summary = Qualification(rising, trials=3, seed=5).run(tmp_path / "two", workers=2)
    assert summary == read_record(folder / "summary.json")


def test_simulations_that_fail_are_counted_and_do_not_end_it(rising: str, tmp_path: Path) -> None:
    job = Qualification(
        rising, trials=12, parameters={"vdd": 1.0}, over={"temperature": [27.0, 30.0]}, variations=[Variation.parse("r=100%")]
    )
    summary = job.run(tmp_path / "out", workers=1)
    for point in summary["points"]:  # a resistor of 0 or less is no resistor: about a sixth of the trials
        assert point["verdict"] == "does not converge"
        assert 0 < point["outcomes"]["invalid"] == point["trials"]["does not converge"] < 12


def test_a_point_that_cannot_be_calibrated_is_wrong_and_does_not_end_it(user_benches: Path, cli: Cli, tmp_path: Path) -> None:
    """At 125 C the source has 0.265 V left, of which a divider cannot make 0.3 V."""
    arguments = [
        "qualify",
        f"{user_benches / 'tuned.py'}:Tuned",
        "-p",
        "drift=7.5m",
        "--corner",
        "tt",
        "--trials",
        2,
        "--workers",
        1,
    ]
    done = cli(*arguments, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "2 works, 0 slow, 1 wrong, 0 does not converge of 3 points" in done.stdout
    assert "cannot be calibrated (3)" in done.stdout
    assert "at temperature 125: bench 'tuned': parameter target: not reached with 10000 ohm: raise most" in done.stdout
    cold, _, hot = read_record(tmp_path / "out" / "summary.json")["points"]
    assert (cold["verdict"], cold["figure"], cold["uncalibrated"]) == ("works", pytest.approx(0.3, abs=1e-6), None)
    assert (hot["verdict"], hot["figure"], hot["outcomes"], hot["trials"]["wrong"]) == ("wrong", None, {}, 2)
    with xr.open_dataset(tmp_path / "out" / "table.nc", engine="h5netcdf") as table:
        assert table["verdict"].values.tolist() == [0, 0, 2]
        assert table["count"].values.tolist() == [2, 2, 0]
        assert math.isnan(table["v_out"].values[2])
    before = (tmp_path / "out" / "summary.json").read_bytes()
    assert cli(*arguments, "--out", tmp_path / "out").returncode == 0  # it resumes
    assert (tmp_path / "out" / "summary.json").read_bytes() == before
    done = cli(*arguments, "-p", "temperature=125", "--over", "vdd=0.9,1")
    assert done.returncode == 2
    assert "not reached with 10000 ohm" in done.stderr


def test_a_shipped_bench_over_its_corners(cli: Cli, tmp_path: Path) -> None:
    done = cli(
        "qualify", "sot-read", "--trials", 2, "-p", "temperature=27", "--over", "vdd=0.9,1.1", "--workers", 1, "--out",
        tmp_path / "out",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "10 works, 0 slow, 0 wrong, 0 does not converge of 10 points" in done.stdout
    assert "the bench states no condition" in done.stdout
    summary = read_record(tmp_path / "out" / "summary.json")
    assert summary["over"] == {"corner": list(make_bench("sot-read", {}).technology.corners), "vdd": [0.9, 1.1]}
    point: dict[str, Any] = summary["points"][-1]
    nominal = spicekit.run("sot-read", temperature=27, corner=point["corner"], vdd=point["vdd"])
    assert point["figure"] == pytest.approx(nominal.measures["dv"], rel=1e-6)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"over": {"t_window": [1e-9, 2e-9]}}, "--over t_window: a qualification is over corner, temperature, vdd"),
        ({"over": {"vdd": [1, 1.1]}, "parameters": {"vdd": 1}}, "'vdd' is given by -p and swept by --over"),
        ({"parameters": {"vdd": 1, "temperature": 27}}, "no corner, temperature or supply is left"),
        ({"parameters": {"condition": "v_end"}}, r"works\(\) 'v_end': nothing is compared in it"),
        ({"trials": 0, "variations": [Variation.parse("r=5%")]}, "need --trials"),
        ({"trials": -1}, "--trials -1"),
        ({"over": {"temperature": [27, 300]}}, "300 C is outside"),
    ],
)
def test_mistakes_are_said_before_anything_is_simulated(options: dict[str, Any], part: str, rising: str) -> None:
    with pytest.raises(UserError, match=part):
        Qualification(rising, **options)


def test_a_mistake_on_the_command_line_is_one_line_and_leaves_nothing(
    rising: str, cli: Cli, complaint: Complaint, tmp_path: Path
) -> None:
    line = complaint(cli("qualify", rising, "--figure", "t_pas", "--out", tmp_path / "out"), 2)
    assert "--figure" in line
    assert "t_pas" in line
    assert not (tmp_path / "out").exists()


def test_an_axis_that_the_netlist_does_not_hold_is_left_out() -> None:
    assert list(Qualification("mtj-iv", trials=0).over) == ["temperature"]
    assert list(Qualification("sot-read", trials=0).over) == ["corner", "temperature", "vdd"]
    with pytest.raises(UserError, match="no corner, temperature or supply"):
        Qualification("mtj-iv", trials=0, parameters={"temperature": 27})


def test_the_engine_is_that_of_all_simulations() -> None:
    given = {"corner": "tt", "temperature": 27}
    for engine in ("ngspice", "batch"):
        job = Qualification("sram-6t", trials=2, parameters=given, over={"vdd": [1.0]}, engine=engine)
        assert [one.engine for one in job.campaigns] == [engine, engine]
