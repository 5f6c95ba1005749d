"""Neurons in another process than the one whose trims are kept: they count, or it is said what does not fit.

What they count is the integer recursion's; the process of 180 nm is an older one than theirs in all: 3.3 V, channels of 280 nm.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from spicekit import make_bench, run
from spicekit.errors import SpicekitError, UserError
from spicekit.paths import data_root

N1 = "150,146,133,165,140,152,151,160"
ROW = 0.65  # matches: what the row's own spread moves a step by

OLD = """name = "old"
description = "180 nm, 3.3 V, BSIM4 at its defaults"
source = "this test"
vdd   = { value = 3.3, unit = "V", source = "x" }
l_min = { value = 0.28, unit = "um", source = "x" }
w_min = { value = 0.22, unit = "um", source = "x" }
[devices.nmos]
kind = "model"
name = "nch"
[devices.pmos]
kind = "model"
name = "pch"
[mismatch]
a_vt   = { value = 5, unit = "mV um", source = "x" }
a_beta = { value = 1, unit = "% um", source = "x" }
[corners.tt]
file = "old.lib"
"""
MODELS = ".model nch nmos level=54 version=4.5 vth0=0.7\n.model pch pmos level=54 version=4.5 vth0=-0.7\n"


@pytest.fixture
def old(tmp_path: Path) -> str:
    (tmp_path / "old.lib").write_text(MODELS)
    (tmp_path / "old.toml").write_text(OLD)
    return str(tmp_path / "old.toml")


def test_it_counts_at_180_nm(old: str) -> None:
    result = run("charge-if", technology=old, phases="ideal", n1=N1)
    assert result.outcome == "ok"
    # u by hand with rho 140 and theta 16: 10, 16, 9, 34 (spike), 0, 12, 23 (spike), 20 (spike)
    assert (result.measures["spikes"], result.measures["spikes_ideal"], result.measures["spike_errors"]) == (3, 3, 0)
    assert result.measures["step_error"] < ROW


def test_it_counts_at_45_nm_and_with_the_trims_of_65_it_does_not() -> None:
    given = {"technology": "ptm45", "phases": "ideal", "n1": N1}
    assert run("dynamic-if", **given).measures["step_error"] < ROW
    of_65 = {"trim_gain": 0.9869, "trim_rho": -4.502, "trim_theta": 1.24, "trim_start": 0.37, "hold_ratio": 1.36}
    kept = run("dynamic-if", **given, **of_65)
    assert kept.measures["step_error"] > 2 * ROW
    assert kept.measures["spike_errors"] > 0


def test_what_does_not_count_is_said_in_one_line() -> None:
    with pytest.raises(
        UserError, match=r"^bench 'charge-if': it does not count in technology 'ptm45': .*; change freq"
    ) as raised:
        run("charge-if", technology="ptm45", phases="ideal", frequency=1.5e9)
    assert "\n" not in str(raised.value)
    with pytest.raises(UserError, match=r"synapses = 64 with rho = 30 cannot take: give them"):
        run("charge-if", technology="ptm45", phases="ideal", synapses=64, rho=30)


def test_the_same_process_by_another_name_has_its_trims(tmp_path: Path) -> None:
    text = (data_root() / "models" / "cmos" / "ptm65.toml").read_text()
    (tmp_path / "mine.toml").write_text(text.replace('name = "ptm65"', 'name = "mine"', 1))
    assert not make_bench("charge-if", {"technology": str(tmp_path / "mine.toml")}).calibrations()
    assert not make_bench("charge-if", {"technology": "ptm45", "components": "ideal"}).calibrations()


def test_no_netlist_is_written_with_a_guess() -> None:
    bench = make_bench("charge-if", {"technology": "ptm45"})
    with pytest.raises(SpicekitError, match=r"bench 'charge-if' is not calibrated \(hold_ratio\)"):
        bench.context()
