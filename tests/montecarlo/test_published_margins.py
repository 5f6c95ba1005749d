"""IMCE's sense margins (Fan, ASP-DAC 2018): an ideal circuit, 100 000 trials, sigma(RA) 5 %, sigma(TMR) 10 %.

The unit is I * R_P.  Mean gaps are given to 1 %.  A worst gap is the distance of two extreme values: it scatters from one
campaign to the next, and what scatter is allowed is found here by simulating the closed form in numpy with many seeds.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from montecarlo import Campaign
from montecarlo.running.store import Store

Array = NDArray[np.float64]
Read = Callable[[Path], object]

IDEAL = {"access": "ideal", "bias": "ideal", "v_half": "inf", "i_read": "10u", "i_logic": "10u"}
R_P = 32.0e-12 / (math.pi * 60e-9**2 / 4)  # the bench's default junction
UNIT = 10e-6 * R_P

PUBLISHED = {
    1.5: {"read": (1.500, 0.526), "and": (0.533, 0.124), "or": (0.214, -0.006)},
    2.5: {"read": (2.500, 1.102), "and": (0.967, 0.367), "or": (0.277, 0.041)},
}


def closed_form(ra: Array, tmr: Array) -> dict[str, Array]:
    """Sense voltages in I * R_P of cells with relative ``ra`` and ``tmr`` of shape (2, trials)."""

    def parallel(*states: int) -> Array:
        return 1 / sum(1 / (ra[cell] * (1 + state * tmr[cell])) for cell, state in enumerate(states))

    return {
        "v_p": ra[0],
        "v_ap": ra[0] * (1 + tmr[0]),
        "v_00": parallel(0, 0),
        "v_01": parallel(0, 1),
        "v_10": parallel(1, 0),
        "v_11": parallel(1, 1),
    }


def gaps(v: dict[str, Array]) -> dict[str, tuple[float, float]]:
    """Mean and worst gap of each margin."""
    pairs = {"read": ("v_p", "v_ap"), "and": ("v_10", "v_11"), "or": ("v_00", "v_10")}
    return {
        name: (float(v[high].mean() - v[low].mean()), float(v[high].min() - v[low].max())) for name, (low, high) in pairs.items()
    }


def scatter(tmr: float, trials: int, campaigns: int = 60) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation, over many campaigns, of the worst gaps."""
    found: dict[str, list[float]] = {"read": [], "and": [], "or": []}
    for seed in range(campaigns):
        rng = np.random.default_rng([2018, seed])
        ra = 1 + 0.05 * rng.standard_normal((2, trials))
        for name, (_, worst) in gaps(closed_form(ra, tmr * (1 + 0.1 * rng.standard_normal((2, trials))))).items():
            found[name].append(worst)
    return {name: (float(np.mean(worst)), float(np.std(worst, ddof=1))) for name, worst in found.items()}


@pytest.mark.parametrize("tmr", [1.5, 2.5])
def test_the_published_worst_gaps_are_within_the_scatter(tmr: float) -> None:
    """Checks the scatter itself before anything is measured by it."""
    for name, (mean, deviation) in scatter(tmr, 100_000, campaigns=40).items():
        assert abs(PUBLISHED[tmr][name][1] - mean) < 4 * deviation, name
        assert deviation < 0.06 * PUBLISHED[tmr][name][0]  # else this would be no test


def check(summary: dict[str, dict[str, dict[str, float]]], tmr: float, trials: int) -> None:
    for name, (mean, deviation) in scatter(tmr, trials).items():
        margin = summary["margins"][name]
        assert margin["mean"] / UNIT == pytest.approx(PUBLISHED[tmr][name][0], rel=0.01), name
        # extremes have a longer tail than a normal distribution: five of its sigmas instead of the customary three
        assert margin["worst"] / UNIT == pytest.approx(mean, abs=5 * deviation), name


def test_100_000_trials_at_150_per_cent(tmp_path: Path) -> None:
    """The main job, by the command line, with the memory of its parent process."""
    options = [word for name, value in (IDEAL | {"tmr": "150%"}).items() for word in ("-p", f"{name}={value}")]
    command = ["spicekit", "mc", "sot-logic", "--trials", "100000", "--seed", "1", *options, "--json", "--out", str(tmp_path)]
    code = (
        f"import resource, sys\nfrom spicekit.cli import main\nsys.argv = {command!r}\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stderr) * 1024 < 1e9
    summary = json.loads(done.stdout)
    assert summary["outcomes"] == {"ok": 100_000, "nonconverged": 0, "timeout": 0, "crashed": 0, "invalid": 0}
    check(summary, 1.5, 100_000)
    # every one of the 100 000 trials is the closed form of its own sample, to the solver's tolerance
    store = Store(tmp_path)
    samples = store.samples.read(0, 100_000)
    expected = closed_form(
        np.array([samples["ra_c0"], samples["ra_c1"]]) / 32.0, np.array([samples["tmr_c0"], samples["tmr_c1"]])
    )
    for name, values in expected.items():
        np.testing.assert_allclose(store.parts.column(name) / UNIT, values, rtol=1e-6, err_msg=name)


def test_20_000_trials_at_250_per_cent(tmp_path: Path) -> None:
    summary = Campaign("sot-logic", trials=20_000, seed=1, parameters=IDEAL | {"tmr": 2.5}).run(tmp_path).summary
    assert summary["outcomes"]["ok"] == 20_000
    check(summary, 2.5, 20_000)


def test_nominal_ratio() -> None:
    """read : AND2 : OR2 = T : T(1+T)/(2(2+T)) : T/(2(2+T)), and the means of the table are near it."""
    one = np.ones((2, 1))
    for tmr, published in PUBLISHED.items():
        found = gaps(closed_form(one, tmr * one))
        assert found["read"][0] == pytest.approx(tmr)
        assert found["and"][0] == pytest.approx(tmr * (1 + tmr) / (2 * (2 + tmr)))
        assert found["or"][0] == pytest.approx(tmr / (2 * (2 + tmr)))
        for name, (mean, _) in published.items():
            assert mean == pytest.approx(found[name][0], rel=0.01)
