"""`mtj-vcma` against closed forms and the scipy reference; barrier life and electromigration against integrals done by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spicekit import make_bench, run
from spicekit.benches.junction.vcma import START, MtjVcma
from spicekit.errors import UserError
from spicekit.paths import data_root
from spicekit.physics import llg
from spicekit.physics.constants import GAMMA, MU0


def card(folder: Path, name: str, *more: str, changes: tuple[tuple[str, str], ...] = ()) -> str:
    """A shipped card with further sections, as a file."""
    text = (data_root() / "models" / "mtj" / f"{name}.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "own.toml").write_text("\n".join([text, *more]), encoding="utf-8")
    return str(folder / "own.toml")


def test_the_pulse_is_half_a_turn_at_the_voltage_that_cancels_the_anisotropy() -> None:
    bench = MtjVcma()
    k = bench.junction.numbers
    # Delta kT of energy a volume is what xi V/(t_ox t_free) takes away
    energy = 45 * 1.380649e-23 * 300 / (math.pi / 4 * 50e-9**2)
    assert bench.v_pulse == pytest.approx(energy * 1.4e-9 / 100e-15, rel=1e-6)
    assert bench.t_pulse == pytest.approx(math.pi * (1 + 0.03**2) / (GAMMA * MU0 * 24e3), rel=1e-9)
    field = llg.effective_field(k, (0.3, 0.4, math.sqrt(0.75)), k.ms, bench.v_pulse)
    # nothing is left but the field in the plane and the isotropic part of the shape's
    shape = -k.nxx * k.ms * np.array([0.3, 0.4, math.sqrt(0.75)])
    np.testing.assert_allclose(np.array(field) - shape, [24e3, 0, 0], atol=1e-3 * 24e3)


@pytest.mark.parametrize("h_plane", [16e3, 24e3])
def test_period_of_precession_at_full_cancellation(h_plane: float) -> None:
    """m_z crosses 0 a quarter of a turn after the pulse began, and again half a turn later: T = 2 pi (1 + a^2)/(gamma mu0 Hx)."""
    period = 2 * math.pi * (1 + 0.03**2) / (GAMMA * MU0 * h_plane)
    result = run("mtj-vcma", h_plane=h_plane, t_pulse=1.2 * period, t_edge=1e-12, t_stop=START + 1.25 * period, ra=1e5)
    t, mz = result.waves("time"), result.waves("v(mz)")
    at = np.flatnonzero(mz[:-1] * mz[1:] < 0)
    crossings = t[at] - mz[at] * (t[at + 1] - t[at]) / (mz[at + 1] - mz[at])
    assert len(crossings) == 2
    assert crossings[1] - crossings[0] == pytest.approx(period / 2, rel=3e-3)
    # damping brings m towards the field, but turns nothing about it: the first quarter starts at m_z = -cos(asin(Hx/Hk))
    assert crossings[0] - START == pytest.approx(period / 4, rel=0.01)


@pytest.mark.parametrize("direction", ["ap-p", "p-ap"])
def test_the_trajectory_is_that_of_the_reference(direction: str) -> None:
    bench = make_bench("mtj-vcma", {"direction": direction})
    assert isinstance(bench, MtjVcma)
    result = run(bench)
    edge, flat = 10e-12, bench.t_pulse - 10e-12
    knots = np.array([0, START - edge / 2, START + edge / 2, START + edge / 2 + flat, START + 1.5 * edge + flat, 1])
    levels = bench.v_pulse * np.array([0, 0, 1, 1, 0, 0])

    def drive(time: float) -> float:
        return float(np.interp(time, knots, levels))

    times = np.linspace(0, bench.t_stop, 400)
    found = llg.integrate(
        bench.junction.numbers, drive="voltage", value=drive, stop=bench.t_stop, antiparallel=direction == "ap-p", times=times,
        breaks=[float(knot) for knot in knots[1:-1]],
    )  # fmt: skip
    for name, values in zip("xyz", found.m, strict=True):
        theirs = np.interp(times, result.waves("time"), result.waves(f"v(m{name})"))
        assert np.abs(theirs - values).max() < 0.02, name
    assert result.measures["switched"] == 1
    assert result.measures["t_switch"] == pytest.approx(found.t_switch - START, rel=5e-3)


def test_twice_the_pulse_turns_it_back() -> None:
    half = MtjVcma().t_pulse
    assert run("mtj-vcma", t_pulse=2 * half).measures["switched"] == 0


def test_assisted_writes_where_the_torque_alone_does_not(tmp_path: Path) -> None:
    assisted = run("mtj-vcma", mode="assisted")
    assert assisted.measures["switched"] == 1
    v = MtjVcma(mode="assisted").v_pulse
    text = (data_root() / "models" / "mtj" / "vcma-50nm.toml").read_text(encoding="utf-8")
    (tmp_path / "bare.toml").write_text(text[: text.index("[vcma]")], encoding="utf-8")
    alone = run("mtj-switch", device=str(tmp_path / "bare.toml"), value=v, t_stop=30e-9)
    assert alone.outcome == "ok"
    assert alone.measures["switched"] == 0
    assert run("mtj-vcma", mode="assisted", direction="p-ap").measures["switched"] == 0  # the voltage raises the barrier


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"device": "stt-bnn-65nm"}, r"has no \[vcma\], or is not perpendicular"),
        ({"device": "spinlib-vgsot"}, "has a rail"),
        ({"model": "fast"}, "model"),
        ({"h_plane": 0}, "h_plane: no field"),
        ({"h_plane": 5e5}, "allowed: below the anisotropy field"),
        ({"t_stop": 5e-10}, "the end of the write pulse"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says):
        make_bench("mtj-vcma", given)


LIFE = """[breakdown]
t63 = {value = 3, unit = "s", source = "test"}
voltage = {value = 1.2, unit = "V", source = "test"}
acceleration = {value = 8, unit = "decades/V", source = "test"}
"""


def test_life_of_the_barrier_is_the_integral_of_the_e_model(tmp_path: Path) -> None:
    own = card(tmp_path, "stt-bnn-65nm", LIFE)
    result = run("stt-write", device=own)
    t = result.waves("time")
    volts = np.abs(result.waves("v(bl)") - result.waves("v(n0)"))
    rate = 10 ** (8 * (volts - 1.2)) / 3
    assert result.measures["breakdown"] == pytest.approx(np.trapezoid(rate, t), rel=1e-6)
    assert result.measures["writes_63"] == pytest.approx(1 / result.measures["breakdown"], rel=1e-9)
    assert "breakdown" not in run("stt-write").measures
    # under a constant voltage: the pulse over t63
    own = card(tmp_path, "vcma-50nm", LIFE)
    constant = run("mtj-vcma", device=own, v_pulse=1.1, t_pulse=3e-9, t_edge=1e-12)
    assert constant.measures["breakdown"] == pytest.approx(3e-9 / (3 * 10 ** (8 * 0.1)), rel=2e-3)


def test_current_density_of_the_rail_over_its_limit(tmp_path: Path) -> None:
    limit = 'j_max = {value = 20, unit = "MA/cm2", source = "test"}'
    own = card(tmp_path, "imce-45nm", changes=(("[rail]\n", f"[rail]\n{limit}\n"),))
    result = run("sot-write", device=own)
    rail = make_bench("sot-write", {"device": own}).junction.card.rail  # type: ignore[attr-defined]
    most = 20e10 * rail.width.value * rail.thickness.value
    t, current = result.waves("time"), result.waves("i(vhead)")
    assert result.measures["em_peak"] == pytest.approx(np.abs(current).max() / most, rel=1e-9)
    inside = np.linspace(0.3e-9, 1.3e-9, 20001)
    square = np.trapezoid(np.interp(inside, t, current) ** 2, inside) / 1e-9
    assert result.measures["em_rms"] == pytest.approx(math.sqrt(square) / most, rel=1e-3)
    assert not {"em_peak", "em_rms"} & set(run("sot-write").measures)
