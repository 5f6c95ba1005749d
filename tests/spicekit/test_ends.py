"""Parameters at the ends of their ranges: a physical result, or one line that names the parameter (see benchmarks/ends.py)."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spicekit import UserError, make_bench, run
from spicekit.outcome import Outcome
from spicekit.registry import SHIPPED

FILE = Path(__file__).parents[2] / "benchmarks" / "ends.py"
SPEC = importlib.util.spec_from_file_location("ends", FILE)
assert SPEC is not None
assert SPEC.loader is not None
ends: Any = importlib.util.module_from_spec(SPEC)
sys.modules["ends"] = ends
SPEC.loader.exec_module(ends)

FAST = ("mtj-iv", "sot-read", "sot-logic")  # some 50 ms a probe


@pytest.mark.parametrize("bench", SHIPPED)
def test_an_end_of_a_range_can_be_made_or_is_refused_by_name(bench: str) -> None:
    probes = list(ends.probes(bench))
    chosen = np.random.default_rng(1).choice(len(probes), size=min(len(probes), 6), replace=False)
    found = [ends.look(probes[k], simulate=False) for k in chosen]
    assert not [f"{finding.probe}: {finding.words}" for finding in found if finding.verdict == "fault"]


@pytest.mark.parametrize("bench", FAST)
def test_an_end_of_a_range_simulates_or_is_refused_by_name(bench: str) -> None:
    probes = [probe for probe in ends.probes(bench) if probe.parameter not in ends.SIZES]
    chosen = np.random.default_rng(2).choice(len(probes), size=8, replace=False)
    found = [ends.look(probes[k]) for k in chosen]
    assert not [f"{finding.probe}: {finding.words}" for finding in found if finding.verdict == "fault"]


@pytest.mark.parametrize(
    ("bench", "given", "says"),
    [
        ("sot-read", {"w_write": "1e-15"}, "parameter w_write: 1 fm given; allowed: at least 90 nm, the smallest W of"),
        ("sot-read", {"ra": "1e-15"}, "parameter ra: allowed: greater than or equal to 0.1"),
        ("sot-read", {"vdd": 31}, "parameter vdd: 31 V given; allowed: at most 3 V, 0.1 to 3 times the supply of"),
        ("stt-bnn-row", {"v_high": 5}, "parameter v_high: 5 V given; allowed: at most 3.3 V, 3 times the supply of"),
        ("stt-bnn-row", {"v_high": 1.2}, "parameter v_high: 1.2 V given; allowed: at most vdd = 1.1 V"),
        ("stt-bnn-macro", {"vdd": 0.35}, "parameter v_high: 0.6 V given; allowed: at most vdd = 0.35 V"),
        ("stt-bnn-row", {"w_word": 1e-9}, "parameter w_word: 1 nm given; allowed: at least 120 nm"),
        ("tbs-sense", {"w_buffer": 4e-7}, "parameter w_buffer: 400 nm given; allowed: at least 480 nm, 4 times the smallest W"),
        ("c3cim-column", {"i_col": "100u"}, "parameters i_col, r_hrs: 100 µA through a cell of 100 kohm needs 10 V"),
        ("c3cim-conventional", {"v_read": 2}, "parameter v_read: 2 V given; allowed: below vdd = 1 V"),
        ("c3cim-settle", {"data": "random"}, "data: random given; allowed: given"),
        ("charge-if", {"subtract": 1}, r"capacitor c_2 comes out as -0.628 fF \(with subtract = 1\); allowed: above 0"),
        ("vsa-sense", {"w_tail": 1e-4}, "leaves no room for the input pair: .* w_tail"),
        ("vsa-sense", {"vdd": 0.2}, "parameter v_mid: 0.4 V given; allowed: at most vdd = 0.2 V"),
        ("mtj-switch", {"noise_dt": 1e-20}, "parameter noise_dt: 1e-20 s given; allowed: 0, or at least 1e-14 s"),
    ],
)
def test_what_means_nothing_is_refused_before_it_is_simulated(bench: str, given: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says):
        make_bench(bench, given)


def test_the_smallest_size_and_the_highest_supply_are_allowed() -> None:
    bench = make_bench("sot-read", {"w_read": 90e-9, "l_access": 45e-9, "vdd": 3.0})
    assert (bench.p.w_read, bench.vdd) == (90e-9, 3.0)


def test_a_junction_of_megohms_is_simulated() -> None:
    """Its resistance is a node's voltage: not one that no circuit has."""
    result = run("mtj-switch", ra=1e5, t_stop=1e-9)
    assert result.outcome is Outcome.OK
    # 0.6 V over 100 kohm um2 and the area of the 65 nm square, raised by at most the TMR
    assert 0.6 / (1e5 / 0.065**2) / 6 < result.measures["i_1ns"] < 0.6 / (1e5 / 0.065**2)


def test_a_calibration_that_finds_nothing_names_what_was_changed() -> None:
    with pytest.raises(UserError, match=r"parameter trim: .* after a delay line .* \(with w_line = 100 µm\)$"):
        run("tbs-sense", w_line=1e-4)
