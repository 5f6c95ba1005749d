"""`spicekit technology check`, against the closed forms of the square-law transistor."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from mini_process import write

from spicekit.errors import UserError
from spicekit.technology import load_technology
from spicekit.technology_check import check_technology, fitting
from spicekit.trim_files import bench_sizes, read_size, write_trimmed

Cli = Callable[..., subprocess.CompletedProcess[str]]
KP, VTO = 200e-6, 0.4
SQUARE = f""".param on=0
.subckt nfet d g s b w=1 l=1
.param dv={{on*agauss(0,30m,3)}}
M1 d g s b nch w={{w}} l={{l}}
.model nch nmos level=1 kp={KP} vto={{{VTO}+dv}}
.ends
.subckt pfet d g s b w=1 l=1
M1 d g s b pch w={{w}} l={{l}}
.ends
.model pch pmos level=1 kp={KP / 2} vto={-VTO}
"""
MM = ('file = "mini.lib"', 'file = "mini.lib"\n[corners.mm]\nfile = "mini.lib"\nparams = { on = 1 }')


def test_currents_and_thresholds_of_a_square_law(tmp_path: Path) -> None:
    file = write(tmp_path, SQUARE, MM, kind="subckt")
    check = check_technology(load_technology(file), file, (1e-6, 0.1e-6))
    assert set(check.failed) == {"mm"}
    assert "is drawn whenever the library is read" in check.failed["mm"]
    n, p = check.transistors
    for one, kp in ((n, KP), (p, KP / 2)):
        assert one.i_on == pytest.approx(kp / 2 * 10 * (1 - VTO) ** 2, rel=1e-4)
        assert one.v_th == pytest.approx(VTO + math.sqrt(2 * 100e-9 / kp), abs=1e-3)  # saturated: I = kp/2 W/L (V - V_T)^2
        assert one.i_off < 1e-9
        assert one.sigma_vth == pytest.approx(1.8e-3 / math.sqrt(0.1), rel=1e-9)
        relative = 2 / (1 - VTO) * one.sigma_vth  # g_m / I of a square law
        assert one.sigma_on == pytest.approx(math.hypot(relative, 0.7e-2 / math.sqrt(0.1)), rel=0.01)
        assert math.isnan(one.sigma_vth_library)


def test_a_librarys_own_mismatch_stands_beside_pelgroms(tmp_path: Path) -> None:
    write_trimmed(load_technology(write(tmp_path, SQUARE, MM, kind="subckt")), tmp_path / "small.toml", ["tt", "mm"])
    file = str(tmp_path / "small.toml")
    check = check_technology(load_technology(file), file, (1e-6, 0.1e-6))
    found = {(one.corner, one.role): one for one in check.transistors}
    n = found["mm", "nmos"]
    assert n.sigma_vth_library == pytest.approx(10e-3, rel=0.02)
    assert n.sigma_on_library == pytest.approx(2 * 10e-3 / (1 - VTO), rel=0.01)
    assert math.isnan(found["mm", "pmos"].sigma_vth_library)
    assert math.isnan(found["tt", "nmos"].sigma_vth_library)


def test_which_benches_fit(tmp_path: Path) -> None:
    assert not any(fitting("ptm45").values())
    change = ('0.09, unit = "um"', '0.42, unit = "um"')
    changes = (change, ('45, unit = "nm"', '150, unit = "nm"'), ('value = 1.0, unit = "V"', 'value = 1.8, unit = "V"'))
    file = write(tmp_path, SQUARE, *changes, kind="subckt")
    found = fitting(file)
    assert found["stt-read"] == found["vsa-sense"] == ""
    assert not any("\n" in reason for reason in found.values())
    low = write(tmp_path, SQUARE, changes[0], ('value = 1.0, unit = "V"', 'value = 0.2, unit = "V"'), kind="subckt")
    assert "v_" in fitting(low)["stt-bnn-row"]


def test_the_command_and_its_files(tmp_path: Path, cli: Cli) -> None:
    file = write(tmp_path, SQUARE, MM, kind="subckt")
    done = cli("technology", "check", file, "--size", "1u/100n", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert "mm: not simulated: " in done.stdout
    assert "tt: library takes" in done.stdout
    record = json.loads((tmp_path / "out" / "check.json").read_text())
    assert record["transistors"][0]["i_on"] == pytest.approx(KP / 2 * 10 * (1 - VTO) ** 2, rel=1e-4)
    assert record["transistors"][0]["sigma_vth_library"] is None
    assert (tmp_path / "out" / "check.png").stat().st_size > 10_000
    trimmed = cli("technology", "trim", file, "-o", str(tmp_path / "new.toml"), "--corner", "mm")
    assert "draws at work: nmos: 1 local" in trimmed.stdout
    assert sorted(load_technology(str(tmp_path / "new.toml")).corners) == ["mm"]
    wrong = cli("technology", "trim", file, "-o", str(tmp_path / "x.toml"), "--corner", "tf")
    assert wrong.returncode == 2
    assert "technology 'mini': unknown corner 'tf'" in wrong.stderr


def test_equal_faults_are_told_once(tmp_path: Path, cli: Cli) -> None:
    """A library that no bench can use is one line, not one for each bench, and input that is wrong."""
    library = SQUARE.replace(".param on=0", ".param on=1")
    more = 'file = "mini.lib"\n[corners.ss]\nfile = "mini.lib"'
    file = write(tmp_path, library, ('file = "mini.lib"', more), kind="subckt")
    done = cli("technology", "check", file)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("spicekit: technology 'mini': no corner can be simulated: tt, ss: ")
    scaled = write(tmp_path, SQUARE, MM, ('value = 1.0, unit = "V"', 'value = 0.2, unit = "V"'), kind="subckt")
    lines = cli("technology", "check", scaled).stdout.splitlines()
    reasons = [line.partition(": ")[2] for line in lines if ": " in line and "library takes" not in line]
    assert len(reasons) == len(set(reasons))


def test_no_bench_fits_a_corner_that_cannot_be_simulated(tmp_path: Path) -> None:
    off, on = SQUARE, SQUARE.replace(".param on=0", ".param on=1")
    (tmp_path / "off.lib").write_text(off)
    more = 'file = "mini.lib"\n[corners.ss]\nfile = "off.lib"'
    file = write(tmp_path, on, ('file = "mini.lib"', more), kind="subckt")
    check = check_technology(load_technology(file), file)
    assert list(check.failed) == ["tt"]
    assert set(check.benches.values()) == {"corner tt cannot be simulated"}


def test_sizes_of_a_bench() -> None:
    assert read_size("1u/150n") == pytest.approx((1e-6, 150e-9))
    assert any(size == pytest.approx((300e-9, 45e-9)) for size in bench_sizes("stt-read", "ptm45"))
    with pytest.raises(UserError, match="--size '1u': give W/L"):
        read_size("1u")
