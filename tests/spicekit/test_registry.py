"""Finding benches: shipped, in a user's file, by an installed package's entry point."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import spicekit
from spicekit import Bench, UserError, make_bench
from spicekit.registry import SHIPPED, bench_class, bench_names, full_name


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_shipped_bench_is_complete(name: str) -> None:
    bench = spicekit.calibrated(make_bench(name, {}))
    assert bench.name == name
    assert bench.summary
    measures = [measure.name for measure in bench.measures()]
    assert len(set(measures)) == len(measures)
    points = [point.name for point in bench.points()]
    assert len(set(points)) == len(points)
    for point in bench.points():
        assert point.sigma >= 0
        assert point.nominal > point.low
    for margin in bench.margins():
        assert {margin.low, margin.high} <= set(measures)
        assert margin.reference is None or margin.reference in measures
    assert spicekit.render(bench).startswith(f"* spicekit {name}: ")


def test_a_users_file(user_benches: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{user_benches / 'faults.py'}:Divider"
    assert issubclass(bench_class(name), Bench)
    result = spicekit.run(name)
    assert result.measures["v_out"] == pytest.approx(0.5, rel=1e-6)
    assert spicekit.run(name, {"r_top": 3000.0}).measures["v_out"] == pytest.approx(0.25, rel=1e-6)
    monkeypatch.chdir(user_benches)
    assert full_name("faults.py:Divider") == name  # what a campaign remembers is valid from anywhere
    assert full_name("sot-read") == "sot-read"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("sot-logik", "unknown bench 'sot-logik'; did you mean sot-logic"),
        ("/nonexistent/bench.py:Mine", "bench file not found: /nonexistent/bench.py"),
        ("FAULTS:Dividr", "faults.py: no bench 'Dividr' in it"),
        ("FAULTS:NotABench", "faults.py:NotABench is not a subclass of spicekit.Bench"),
        ("FAULTS", "faults.py:NAME; defined in it: FaultParameters, Divider, "),
    ],
)
def test_benches_that_do_not_exist(user_benches: Path, name: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        bench_class(name.replace("FAULTS", str(user_benches / "faults.py")))


def test_an_entry_point(tmp_path: Path, user_benches: Path) -> None:
    """An installed package that brings a bench, as its metadata lies on the path."""
    information = tmp_path / "mybenches-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: mybenches\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[spicekit.benches]\nmy-divider = mybenches:Divider\n")
    for file in user_benches.iterdir():
        if file.suffix == ".j2":
            (tmp_path / file.name).write_text(file.read_text())
    (tmp_path / "mybenches.py").write_text((user_benches / "faults.py").read_text())
    code = (
        "from spicekit import run\nfrom spicekit.registry import bench_names\n"
        "assert 'my-divider' in bench_names()\nprint(run('my-divider').measures['v_out'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(0.5, rel=1e-6)


def test_names_are_unique() -> None:
    assert len(set(bench_names())) == len(bench_names())


@pytest.mark.parametrize("value", [True, False, np.True_])
@pytest.mark.parametrize(("bench", "name"), [("stt-read", "tmr"), ("stt-bnn-row", "rows"), ("stt-read", "vdd")])
def test_true_is_not_1(bench: str, name: str, value: object) -> None:
    with pytest.raises(UserError, match=f"parameter '{name}': {value} is not a number"):
        make_bench(bench, {name: value})
