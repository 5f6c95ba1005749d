"""SRAM cells: margins against a search for squares on curves that ngspice alone gives, closed forms, statics against writes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq, minimize_scalar

from spicekit import UserError, make_bench, run
from spicekit.technology import load_technology
from spicekit.waves import Array, Waves

Curve = Callable[[float | Array], Array]
SKEWED = {"vth_pd_l": 0.06, "vth_pg_l": -0.05, "vth_pu_r": 0.04, "vth_pd_r": -0.03}
# the left pull-down weak, its pass gate strong, the right half switching early: a read loses R high
FAILING = {"vth_pd_l": 0.14, "vth_pg_l": -0.14, "vth_pd_r": -0.12}


def curves(folder: Path, word: float, line: float, shifts: dict[str, float], side: str) -> tuple[Array, Array, Array]:
    """Input, output and current out of the bit line of one half, in V and A; the deck has nothing of the bench's."""
    vth = {name: shifts.get(f"vth_{name}_{side}", 0.0) for name in ("pd", "pu", "pg")}
    deck = f"""half of an SRAM cell
{load_technology("ptm45").cards("tt")}
.options temp=27 reltol=1e-7 abstol=1e-15 vntol=1e-9 gmin=1e-15
Vdd vdd 0 1
Vin in 0 0
Vword word 0 {word}
Vline line 0 {line}
Vpd in gpd {vth["pd"]}
Vpu gpu in {vth["pu"]}
Vpg word gpg {vth["pg"]}
Mpd out gpd 0 0 ptm45_nmos w=205n l=45n
Mpu out gpu vdd vdd ptm45_pmos w=90n l=45n
Mpg line gpg out 0 ptm45_nmos w=135n l=45n
.control
set wr_singlescale
set wr_vecnames
set numdgt=12
dc Vin -0.2 1.2 2m
wrdata {folder}/half.txt v(out) i(Vline)
quit
.endc
.end
"""
    subprocess.run(["ngspice", "-b"], input=deck, text=True, capture_output=True, timeout=60, check=False)
    values = np.loadtxt(folder / "half.txt", skiprows=1)
    return values[:, 0], values[:, 1], -values[:, 2]


def half(folder: Path, word: float, shifts: dict[str, float], side: str, line: float = 1.0) -> Curve:
    inputs, outputs, _ = curves(folder, word, line, shifts, side)
    curve = PchipInterpolator(inputs, outputs)
    return lambda x: np.asarray(curve(np.clip(x, inputs[0], inputs[-1])))


def largest_square(upper: Curve, lower: Curve) -> float:
    """Side of the largest square above the diagonal, lower left corner on ``x = lower(y)``, upper right one on ``y = upper(x)``;
    the largest of the negative ones where there is none."""

    def side(y: float) -> float:
        x = float(lower(y))
        return float(brentq(lambda s: upper(x + s) - (y + s), -1.5, 1.5))

    first = float(brentq(lambda y: y - lower(y), 0.0, 1.0))
    heights = np.linspace(first, 1.0, 101)
    best = float(max(heights, key=side))
    near = (max(first, best - 0.01), min(1.0, best + 0.01))
    found = minimize_scalar(lambda y: -side(y), bounds=near, method="bounded", options={"xatol": 1e-6})
    return max(-float(found.fun), side(best))


def margin(left: Curve, right: Curve) -> float:
    return min(largest_square(left, right), largest_square(right, left))


@pytest.mark.parametrize("shifts", [{}, SKEWED, FAILING], ids=["nominal", "skewed", "failing"])
def test_margins_are_those_of_a_search_on_the_curves_of_ngspice(tmp_path: Path, shifts: dict[str, float]) -> None:
    found = run(make_bench("sram-6t", {}), shifts or None).measures
    hold, read = (tuple(half(tmp_path, word, shifts, side) for side in "lr") for word in (0.0, 1.0))
    assert found["snm_hold"] == pytest.approx(margin(*hold), abs=2e-4)
    expected = margin(*read)
    assert (expected < 0) == (shifts is FAILING)
    assert found["snm_read"] == pytest.approx(expected, abs=2e-4)
    # and what the sign says: a cell keeps both states if its curves cross three times
    grid = np.linspace(0.0, 1.0, 20001)
    crossings = np.count_nonzero(np.diff(np.sign(read[0](read[1](grid)) - grid)))
    assert crossings == (1 if expected < 0 else 3)
    written = tuple(half(tmp_path, 1.0, shifts, side, line=0.0) for side in "lr")
    wrong = max(largest_square(written[0], read[1]), largest_square(written[1], read[0]))
    assert found["margin_write"] == pytest.approx(-wrong, abs=2e-4)
    low = {side: curves(tmp_path, 1.0, 1.0, shifts, side) for side in "lr"}
    at = int(np.argmin(np.abs(low["l"][0] - 1.0)))  # the other node at VDD
    assert found["v_low"] == pytest.approx(max(outputs[at] for _, outputs, _ in low.values()), rel=1e-4)
    assert found["i_read"] == pytest.approx(min(current[at] for *_, current in low.values()), rel=1e-4)


@pytest.mark.parametrize(("left", "right"), [(0.5, 0.5), (0.4, 0.4), (0.6, 0.3)])
def test_margin_of_ideal_switches(left: float, right: float) -> None:
    """Inverters that switch at once: each lobe is a rectangle, and the square its shorter side."""
    bench = make_bench("sram-6t", {"steps": 1000})
    d = np.linspace(-1.0, 1.0, 2001)
    # of y = F(x) with x = y + d: VDD below the switching point, 0 above it, the jump between; the right half with -d
    halves = {"l": np.clip(left - d, 0, 1), "r": np.clip(right + d, 0, 1)}
    waves = {f"v(out_{mode}_{side})": wave for mode in ("hold", "on", "write") for side, wave in halves.items()}
    waves |= {"v(d)": d, **{name: np.zeros(2001) for name in bench.vectors() if not name.startswith(("v(out_", "v(d)"))}}
    expected = min(min(left, 1 - right), min(right, 1 - left))
    assert bench.evaluate(Waves(waves))["snm_hold"] == pytest.approx([expected], abs=1.1e-3)


def test_a_stronger_pass_gate_writes_better_and_reads_worse() -> None:
    weak, strong = (run("sram-6t", w_pg=width, steps=40).measures for width in (110e-9, 180e-9))
    assert weak["snm_read"] > strong["snm_read"] + 0.02
    assert strong["margin_write"] > weak["margin_write"]
    assert strong["i_read"] > weak["i_read"]
    assert strong["snm_hold"] == pytest.approx(weak["snm_hold"], abs=2e-3)  # off
    fast, slow = (run("sram-6t", corner=corner, steps=40).measures for corner in ("fs", "sf"))  # NMOS, PMOS
    assert fast["snm_read"] < slow["snm_read"]
    assert fast["margin_write"] > slow["margin_write"]
    hot = run("sram-6t", temperature=125, steps=40).measures
    assert hot["i_leak"] > 3 * run("sram-6t", steps=40).measures["i_leak"]


def test_the_cell_of_eight_is_that_of_six_with_a_port() -> None:
    six, eight = (run(name, steps=40).measures for name in ("sram-6t", "sram-8t"))
    assert {name: eight[name] for name in ("snm_hold", "snm_half", "margin_write")} == pytest.approx(
        {"snm_hold": six["snm_hold"], "snm_half": six["snm_read"], "margin_write": six["margin_write"]}, rel=1e-6
    )
    assert eight["i_leak"] - six["i_leak"] > 0
    assert eight["i_off"] < 1e-3 * eight["i_read"]


@pytest.mark.parametrize(("v_wl", "written"), [(0.5, 0.0), (0.62, 1.0)])
def test_a_long_write_does_what_the_static_margin_says(v_wl: float, written: float) -> None:
    assert (run("sram-6t", v_wl=v_wl, steps=40).measures["margin_write"] > 0) == bool(written)
    long = run("sram-6t", operation="write", v_wl=v_wl, t_wl=5e-9, step=2e-11).measures
    assert long["written"] == written
    assert np.isfinite(long["t_write"]) == bool(written)


def test_energy_of_the_bit_line_and_the_step() -> None:
    small, large = (run("sram-6t", operation="write", c_bit=c).measures for c in (0.08e-15, 0.18e-15))
    assert large["e_lines"] - small["e_lines"] == pytest.approx(128 * 0.1e-15 * 1.0**2, rel=0.02)  # C VDD^2, of one line
    assert large["t_write"] > small["t_write"]
    fine = run("sram-6t", operation="write", step=2e-13).measures
    for name in ("t_flip", "t_write", "e_lines", "e_cell"):
        assert small[name] == pytest.approx(fine[name], rel=0.01), name


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"operation": "read"}, "operation"),
        ({"w_pd": 50e-9}, "parameter w_pd: 50 nm given; allowed: at least 90 nm"),
        ({"v_wl": 5}, "parameter v_wl: 5 V given; allowed: at most 3 V"),
        ({"steps": 5}, "steps"),
    ],
)
def test_bad_input(given: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        make_bench("sram-6t", given)
    assert "\n" not in str(caught.value)
