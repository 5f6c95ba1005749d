"""The benches around a junction: against published figures, the scipy reference, and ngspice's own measures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.optimize import brentq

import spicekit
from montecarlo import Campaign
from montecarlo.jobs.replay import replay
from montecarlo.statistics.margins import clopper_pearson
from montecarlo.variation import Variation
from spicekit.devices import load_device
from spicekit.devices.mtj import MtjCard
from spicekit.errors import UserError
from spicekit.physics import conductance, llg
from spicekit.physics.fokker_planck import read_disturb
from spicekit.registry import make_bench

FONG = {"device": "fong-pma", "drive": "current", "value": 100e-6, "t_stop": 3e-9}


def test_umn_switching_is_the_published_one() -> None:
    """UMN MTJ SPICE library, i-PMTJ at +0.6 V: m_z = 0 at 2.0884 ns, 317.8 uA at 1 ns."""
    result = spicekit.run("mtj-switch")
    assert result.measures["t_switch"] == pytest.approx(2.0884e-9, rel=0.01)
    assert result.measures["i_1ns"] == pytest.approx(317.8e-6, rel=1e-3)
    time, mz = result.waves("time"), result.waves("v(mz)")
    for when, published in ((1.0, -0.9377), (1.5, -0.7515), (2.0, -0.1687), (2.5, 0.7602), (3.0, 0.9814)):
        assert np.interp(when * 1e-9, time, mz) == pytest.approx(published, abs=0.03)


@pytest.mark.parametrize(("direction", "published"), [("ap-p", 1.2465e-9), ("p-ap", 2.0668e-9)])
def test_fong_switching_is_the_published_one(direction: str, published: float) -> None:
    """Fong et al.'s monodomain solver at 100 uA."""
    result = spicekit.run("mtj-switch", direction=direction, **FONG)
    assert result.measures["t_switch"] == pytest.approx(published, rel=5e-3)
    assert result.measures["switched"] == 1


def test_the_time_step_of_the_switching_bench_is_fine_enough() -> None:
    coarse = spicekit.run("mtj-switch", direction="ap-p", **FONG).measures
    fine = spicekit.run("mtj-switch", direction="ap-p", step=2e-13, **FONG).measures
    assert coarse["t_switch"] == pytest.approx(fine["t_switch"], rel=2e-3)
    assert coarse["energy"] == pytest.approx(fine["energy"], rel=2e-3)


def test_a_drive_that_never_switches_has_a_defined_result() -> None:
    for value in (0.0, 0.05):
        result = spicekit.run("mtj-switch", device="fong-pma", value=value, t_stop=1e-9)
        assert result.outcome == "ok"
        assert result.measures["switched"] == 0
        assert result.measures["t_switch"] == result.measures["energy"] == math.inf


def _junction(p: dict[str, float], bias: float, cosine: float, series: float) -> float:
    """Resistance of a junction behind ``series`` ohm at ``bias`` volts over both."""

    def resistance(v: float) -> float:
        return float(1 / conductance.conductance(p, v, cosine, p.temperature))

    v = brentq(lambda v: v * (1 + series / resistance(v)) - bias, -1.0, 1.0, xtol=1e-16) if series else bias
    return resistance(v)


@pytest.mark.parametrize("device", ["umn-i-pmtj", "fong-pma", "stt-bnn-65nm", "arm-50nm", "imce-45nm"])
def test_resistance_against_bias_is_the_conductance_law(device: str) -> None:
    bench = spicekit.make_bench("mtj-iv", {"device": device, "v_max": 0.8, "steps": 4})
    result = spicekit.run(bench)
    p = load_device(device, MtjCard).at().numbers
    end = math.cos(p.theta0) if p.angle_umn else 1.0  # the UMN library never lets the angle reach 0
    for state, cosine in (("p", end), ("ap", -end)):
        found = bench.resistances(result.waves, state)[:, 0]  # type: ignore[attr-defined]
        rail = 280.0 / 2 if p.sot else 0.0  # the two halves of the rail, in parallel, take a part of the bias
        expected = [_junction(p, v, cosine, rail) for v in bench.biases()]  # type: ignore[attr-defined]
        assert found == pytest.approx(expected, rel=1e-6)


def test_the_cells_write_asymmetry_is_source_degeneration() -> None:
    """The same transistor: full gate drive one way, the junction's voltage in its source the other way."""
    forward, backward = (spicekit.run("stt-write", direction=way).measures for way in ("ap-p", "p-ap"))
    assert forward["switched"] == backward["switched"] == 1
    assert forward["v_gs"] > 1.05
    assert backward["v_gs"] < 0.8
    reversed_stack = spicekit.run("stt-write", direction="p-ap", free_to="sl").measures
    assert reversed_stack["v_gs"] > 1.05


def test_stt_write_switches_when_the_reference_does_under_the_same_current() -> None:
    """The cell's current, fed to the scipy solver, gives the same switching time."""
    result = spicekit.run("stt-write", direction="ap-p")
    time, current = result.waves("time"), result.waves("i(vcell)")
    p = result.bench.junction.numbers  # type: ignore[attr-defined]
    alone = llg.integrate(
        p, drive="current", value=lambda t: float(np.interp(t, time, current)), stop=4e-9, antiparallel=True,
        breaks=[0.5e-9, 0.55e-9],
    )  # fmt: skip
    assert result.measures["t_switch"] + 0.5e-9 == pytest.approx(alone.t_switch, rel=5e-3)


def test_the_time_step_of_stt_write_is_fine_enough() -> None:
    coarse, fine = (spicekit.run("stt-write", t_pulse=4e-9, **given).measures for given in ({}, {"step": 5e-13}))
    for name in ("t_switch", "e_write", "i_start", "i_end"):
        assert coarse[name] == pytest.approx(fine[name], rel=5e-3), name


@pytest.mark.parametrize(
    "given", [{}, {"temperature": 27}, {"corner": "ss", "temperature": -40}, {"corner": "ss", "temperature": 125}], ids=str
)
def test_energies_of_stt_write_are_those_of_shorter_steps(given: dict[str, Any]) -> None:
    """That of the gates is a hundredth of the write's, in edges of some ten steps."""
    usual, fine = (spicekit.run("stt-write", noise_dt=0, **given, **more).measures for more in ({}, {"step": 1.2e-12}))
    for name in ("e_gates", "e_wl", "e_total"):
        assert usual[name] == pytest.approx(fine[name], rel=0.01), name


@pytest.mark.parametrize("direction", ["ap-p", "p-ap"])
def test_sot_write_is_imces(direction: str) -> None:
    """About 120 uA for 1 ns (Fan, ASP-DAC 2018), in either direction."""
    result = spicekit.run("sot-write", direction=direction)
    assert result.measures["switched"] == 1
    assert result.measures["i_write"] == pytest.approx(120e-6, rel=0.12)
    time, current = result.waves("time"), result.waves("i(vhead)")
    alone = llg.integrate(
        result.bench.junction.numbers,  # type: ignore[attr-defined]
        drive="current", value=0.0, stop=2.8e-9, antiparallel=direction == "ap-p",
        rail_current=lambda t: float(np.interp(t, time, current)),
    )  # fmt: skip
    assert result.measures["t_switch"] + 0.3e-9 == pytest.approx(alone.t_switch, rel=5e-3)


def test_a_wrong_polarity_does_not_write() -> None:
    assert spicekit.run("sot-write", direction="ap-p", polarity="negative").measures["switched"] == 0


def test_read_disturbance_is_the_fokker_planck_solvers() -> None:
    result = spicekit.run("stt-read", v_read=0.2)
    p = result.bench.junction.numbers  # type: ignore[attr-defined]
    # the torque goes with the voltage, and the critical voltage is that of the parallel state
    drive = result.measures["v_mtj_ap"] / (p.ic_p_ap * p.r_p)
    expected = float(read_disturb(p.delta, drive, 5e-9 / p.tau_d))
    assert result.measures["disturb"] == pytest.approx(expected, rel=0.15)  # interpolated, on 256 cells


def test_size_moves_resistance_barrier_and_disturbance_together(tmp_path: Path) -> None:
    """Without any option: size is what varies first.  At a given voltage the current density stays and the barrier goes with the
    size: ln of the disturbance falls with it."""
    campaign = Campaign("stt-read", trials=60, seed=2, parameters={"v_read": 0.1}, variations=[Variation.parse("tmr=0")])
    campaign.run(tmp_path / "c", workers=1)
    trials = pq.read_table(tmp_path / "c" / "trials")
    drawn = campaign.samples(0, 60)
    junction = campaign.bench.junction  # type: ignore[attr-defined]
    k, found = junction.numbers, trials["disturb"].to_numpy()
    delta = junction.varied(drawn["ra_c0"], drawn["tmr_c0"], drawn["cd_c0"]).delta
    assert np.corrcoef(np.log(found), drawn["cd_c0"])[0, 1] < -0.33  # 0 at the 1 % level
    # ln R and ln Delta share the diameter alone, -2 and 1.29 times its deviation: -0.8 with 3 % of RA and 4 % of the area
    rho = np.corrcoef(np.log(trials["r_p"].to_numpy()), np.log(delta))[0, 1]
    assert abs(np.arctanh(rho) - np.arctanh(-0.8)) < 3.3 / math.sqrt(57)  # Fisher's interval, 99.9 %
    v = trials["v_mtj_ap"].to_numpy()
    for n in (0, 7, 31):
        d = drawn["cd_c0"][n]
        field = 1 + k.hk_size / k.hk * (1 / d - 1)
        drive = v[n] / (k.ic_p_ap * k.r_p * field) * 10 / drawn["ra_c0"][n]  # the critical current's density goes with Hk
        expected = float(read_disturb(k.delta * d**2 * field, drive, 5e-9 / k.tau_d * field))
        assert found[n] == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize("bench", ["sot-read", "stt-settle", "vsa-sense", "charge-if", "stt-bnn-row"])
def test_the_diameter_moves_the_resistance_as_the_inverse_of_ra(bench: str) -> None:
    """The netlist of a junction wider by 2 % against one whose RA is lower by 1.02^2, to the solver's tolerance."""
    small: dict[str, dict[str, Any]] = {
        "vsa-sense": {"source": "cell"}, "charge-if": {"row": "cells", "synapses": 16, "rho": 7, "steps": 2},
        "stt-bnn-row": {"n": 8},
    }  # fmt: skip
    made = make_bench(bench, small.get(bench, {}))
    points = {point.name: point for point in made.points()}
    wide = {name: 1.02 for name, point in points.items() if point.kind == "cd"}
    low = {name: point.nominal / 1.02**2 for name, point in points.items() if point.kind == "ra"}
    assert len(wide) == len(low) > 0
    first, second, plain = (spicekit.run(made, values).measures for values in (wide, low, {}))
    moved = [name for name in plain if math.isfinite(plain[name]) and abs(second[name] - plain[name]) > 1e-4 * abs(plain[name])]
    assert moved
    for name in moved:
        if name != "disturb":  # of which the size is more than resistance
            assert first[name] == pytest.approx(second[name], rel=2e-5), name


@pytest.mark.parametrize("bench", ["stt-read", "stt-bnn-row"])
def test_the_disturbance_of_an_in_plane_junction_is_refused(bench: str) -> None:
    with pytest.raises(UserError, match="'umn-imtj' is an in-plane junction"):
        spicekit.make_bench(bench, {"device": "umn-imtj"})


def test_a_campaign_draws_the_initial_angle_and_reports_the_fraction_switched(tmp_path: Path) -> None:
    """A pulse that writes about half of the cells: the fraction with its interval, and every trial can be replayed."""
    campaign = Campaign("stt-write", trials=60, seed=3, parameters={"t_pulse": 1.9e-9, "w_access": 300e-9})
    summary = campaign.run(tmp_path / "c", workers=2).summary
    assert summary["outcomes"]["ok"] == 60
    switched = summary["measures"]["switched"]
    assert 0.05 < switched["mean"] < 0.95
    assert switched["ci"] == pytest.approx(list(clopper_pearson(round(60 * switched["mean"]), 60)))
    angles = campaign.samples(0, 2000)["theta0_c0"]
    delta = campaign.bench.junction.numbers.delta  # type: ignore[attr-defined]
    assert np.mean(angles**2) == pytest.approx(1 / delta, rel=0.1)  # Rayleigh in the small-angle limit
    again = replay(tmp_path / "c", 17)
    table = pq.read_table(tmp_path / "c" / "trials")
    for name, value in again.measures.items():
        assert table[name][17].as_py() == pytest.approx(value, rel=1e-6), name


@pytest.mark.parametrize(
    ("bench", "parameters", "said"),
    [
        ("mtj-switch", {"device": "nosuch"}, "unknown device"),
        ("mtj-switch", {"drive": "current", "value": 0.6}, "parameter value"),
        ("mtj-switch", {"temperature": 2000}, "temperature"),
        ("mtj-switch", {"model": "fast", "noise_dt": 1e-12}, "noise_dt.*no thermal field"),
        ("stt-write", {"t_stop": 1e-9}, "end of the write pulse"),
        ("sot-write", {"t_stop": 1e-9}, "end of the write pulse"),
        ("stt-settle", {"v_read": 1e-9}, "v_read: allowed: greater than or equal to 0.001"),
        ("sot-write", {"device": "stt-bnn-65nm"}, "no rail"),
        ("stt-write", {"direction": "up"}, "direction"),
    ],
)
def test_wrong_input_is_one_line(bench: str, parameters: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said) as error:
        spicekit.make_bench(bench, parameters)
    assert "\n" not in str(error.value)


def test_the_thermal_field_belongs_to_its_trial(tmp_path: Path) -> None:
    """Each trial has its own noise, which a replay repeats; without noise the same initial angles switch differently."""
    parameters = {"device": "stt-bnn-65nm", "value": 0.8, "t_stop": 4e-9, "noise_dt": 5e-12}
    Campaign("mtj-switch", trials=12, parameters=parameters).run(tmp_path / "c", workers=2)
    times = pq.read_table(tmp_path / "c" / "trials")["t_switch"].to_numpy()
    assert len(set(times)) == 12
    assert replay(tmp_path / "c", 7).measures["t_switch"] == pytest.approx(times[7], rel=1e-9)


def test_the_fast_model_is_near_the_full_one() -> None:
    """At several times the critical current; the behavioural time is an average over azimuth and precession."""
    for direction in ("ap-p", "p-ap"):
        full, fast = (spicekit.run("stt-write", direction=direction, model=model).measures for model in ("llg", "fast"))
        assert fast["switched"] == full["switched"] == 1
        assert fast["t_switch"] == pytest.approx(full["t_switch"], rel=0.3)
        assert fast["i_end"] == pytest.approx(full["i_end"], rel=5e-3)
    with pytest.raises(UserError, match="has a rail"):
        spicekit.make_bench("mtj-switch", {"device": "imce-45nm", "model": "fast"})
