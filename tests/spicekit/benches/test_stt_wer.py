"""The write error rate of a cell in its circuit: against the junction's alone, and the circuit with a thermal field."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import spicekit
from spicekit.benches.stt.wer import SttWer
from spicekit.benches.stt.write import SttWrite
from spicekit.binomial import clopper_pearson
from spicekit.block import simulate_block
from spicekit.errors import UserError
from spicekit.physics.fokker_planck import attempts, write_error_rate
from spicekit.physics.llg import effective_field
from spicekit.physics.load_line import LoadLine, torque
from spicekit.wer import write_error_curve

IDEAL: dict[str, Any] = {"w_access": 5e-6, "w_driver": 5e-5, "c_line": 0, "v_wl": 2.0}  # hardly a resistance but the junction's


def drawn(bench: SttWrite, trials: int, seed: int) -> dict[str, np.ndarray]:
    """Initial angles and thermal fields; the circuit stays nominal."""
    rng = np.random.default_rng(seed)
    return {point.name: point.draw(rng.standard_normal(trials)) for point in bench.points() if point.draw}


@pytest.mark.parametrize("direction", ["ap-p", "p-ap"])
def test_behind_ideal_drivers_it_is_the_rate_of_the_junction_alone(direction: Any) -> None:
    """Within what the pulse's edges of 50 ps are worth."""
    bench = SttWer(vdd=0.55, t_pulse=4e-9, direction=direction, **IDEAL)
    result = spicekit.run(bench)
    m, p = result.measures, bench.junction.numbers
    current = m["i_ap" if direction == "ap-p" else "i_p"]
    assert abs(m["v_p"] / m["v_ap"] - 1) < 0.02
    curve = write_error_curve(bench.junction.card, current, np.array([4e-9, 4.1e-9]), direction=direction)
    assert p.delta == curve.delta
    assert curve.wer[1] < m["wer"] < curve.wer[0]
    assert 0.01 < m["wer"] < 0.5


def test_the_fraction_of_writes_that_fail_is_the_rate() -> None:
    """The circuit with its thermal field, by its drivers of default size: after one pulse and after two."""
    given = {"t_pulse": 1.8e-9, "t_gap": 0.5e-9, "pulses": 2}
    rate = spicekit.run(SttWer(**given, t_stop=2.5e-9)).measures
    bench, trials = SttWrite(**given, t_stop=4.8e-9), 120
    found = simulate_block(bench, drawn(bench, trials, 5)).measures
    for name in ("1", "2"):
        failed = trials - int(found[f"switched_{name}"].sum())
        low, high = clopper_pearson(failed, trials, 0.98)
        assert low < rate[f"wer_{name}"] < high, name


def test_a_deterministic_pulse_fails_more_often() -> None:
    """Without its thermal field the circuit is not what the rate is of: the test above tells the two apart."""
    given = {"t_pulse": 1.8e-9, "t_stop": 2.8e-9}
    rate = spicekit.run(SttWer(**given)).measures["wer"]
    bench, trials = SttWrite(**given, noise_dt=0), 150
    failed = trials - int(simulate_block(bench, drawn(bench, trials, 5)).measures["switched"].sum())
    assert rate < clopper_pearson(failed, trials, 0.98)[0]


def test_the_load_line_meets_both_states_and_a_voltage_makes_one_torque() -> None:
    bench = SttWer()
    waves = spicekit.run(bench).waves
    at = len(waves("time")) // 2
    ends = [float(x[at]) for s in ("ap", "p") for x in (waves(f"v(bl_{s})") - waves(f"v(n0_{s})"), waves(f"i(vcell_{s})"))]
    p = bench.junction.numbers
    line = LoadLine(*ends)
    v = line.voltage(p, np.array([-1.0, 0.0, 1.0]))
    assert v[[0, 2]] == pytest.approx([ends[0], ends[2]], rel=1e-6)
    assert ends[2] < v[1] < ends[0]
    u = np.linspace(-0.99, 0.99, 9)
    held = torque(p, "ap", LoadLine(0.5, 1.0, 0.5, 1.0))(u)
    assert held == pytest.approx(np.full(9, 0.5 / (p.ic_p_ap * p.r_p)), rel=1e-9)
    moving = torque(p, "ap", line)(u)
    assert moving * p.ic_p_ap * p.r_p == pytest.approx(line.voltage(p, -u), rel=1e-9)


def test_the_step_and_the_pieces_of_a_pulse_are_fine_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    coarse = spicekit.run(SttWer(t_pulse=3e-9)).measures["wer"]
    monkeypatch.setattr("spicekit.benches.stt.wer.DETAIL", 0.02)
    assert coarse == pytest.approx(spicekit.run(SttWer(t_pulse=3e-9, step=5e-12)).measures["wer"], rel=2e-3)


def test_more_pulses_are_for_the_cells_that_are_not_written() -> None:
    one, three = (spicekit.run(SttWer(t_pulse=1.5e-9, pulses=n)).measures for n in (1, 3))
    assert three["wer_1"] == pytest.approx(one["wer"], rel=1e-2)
    assert three["wer"] == three["wer_3"] < three["wer_2"] < three["wer_1"]


def test_each_trial_has_the_rate_of_its_own_junction() -> None:
    """A larger resistance: less current; a larger diameter or field: a higher barrier at the same voltage."""
    bench = SttWer(t_pulse=2e-9)
    changed = {"ra_c0": 11.0, "tmr_c0": 2.0, "cd_c0": 1.1, "hk_c0": 1.1}
    nominal = {point.name: point.nominal for point in bench.points()}
    samples = {name: np.array([nominal[name], *(value if other == name else nominal[name] for other, value in changed.items())])
               for name in changed}  # fmt: skip
    plain, ra, tmr, cd, hk = simulate_block(bench, samples).measures["wer"]
    assert ra > 1.05 * plain
    assert cd > 1.05 * plain
    assert hk > 1.1 * plain
    assert tmr > plain  # of a smaller polarisation
    drawn = bench.junction.varied(10.0, bench.junction.tmr, 1.0, 1.1)
    assert drawn.delta == pytest.approx(1.1 * bench.junction.numbers.delta)
    assert drawn.ic_p_ap == pytest.approx(1.1 * bench.junction.numbers.ic_p_ap)
    both = bench.junction.varied(10.0, bench.junction.tmr, 1.1, 1.1)  # the field that the layer feels is that of its barrier
    felt = [effective_field(both, m, both.ms, 0.0) for m in ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0))]
    assert felt[0][2] - felt[1][0] == pytest.approx(float(both.hk), rel=1e-9)
    assert both.hk / bench.junction.numbers.hk < 0.95 * 1.1  # a wider layer is softer
    expected = write_error_rate(drawn.delta, 3.0, 1.0)
    assert attempts_of(drawn, 3.0) == pytest.approx(float(expected), rel=5e-3)


def attempts_of(p: Any, overdrive: float) -> float:
    """The rate of a tau_D of a voltage ``overdrive`` times the critical one, by way of the macromodel's equation."""
    v = overdrive * float(p.ic_p_ap * p.r_p)
    return float(attempts(float(p.delta), [[(1.0, torque(p, "ap", LoadLine(v, 0.0, v, 0.0)))]])[0])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"device": "umn-imtj"}, "'umn-imtj' is an in-plane junction"),
        ({"model": "fast"}, "parameter model: fast given"),
        ({"theta0": 0.1}, "parameter theta0: 0.1 given"),
        ({"device": "imce-45nm"}, "has a rail"),
        ({"pulses": 0}, "pulses"),
    ],
)
def test_what_the_rate_is_not_of_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        SttWer(**given)


def test_a_write_ends_with_the_pulse_after_which_it_is_found_done() -> None:
    """Of pulses that need two: the energy of two and of the reads after them; of pulses that need one, that of one."""
    long, single = (SttWrite(t_pulse=3e-9, pulses=n, e_verify=1e-13, noise_dt=0, t_gap=1e-9) for n in (3, 1))
    three, one = spicekit.run(long).measures, spicekit.run(single).measures
    assert (three["attempts"], three["switched_1"], three["t_switch"]) == (1, 1, pytest.approx(one["t_switch"], rel=1e-3))
    assert three["t_write"] == pytest.approx(4e-9)
    assert three["e_write"] - 1e-13 == pytest.approx(one["e_write"], rel=0.03)
    assert three["e_gates"] == pytest.approx(one["e_gates"], rel=0.02)  # the fall of the word line too
    assert three["e_wl"] == pytest.approx(one["e_wl"], rel=0.01)
    short = spicekit.run(SttWrite(t_pulse=1.7e-9, pulses=3, t_gap=0.3e-9, noise_dt=0, e_verify=1e-13)).measures
    assert [short[f"switched_{n}"] for n in (1, 2, 3)] == [0, 1, 1]
    assert (short["attempts"], short["switched"]) == (2, 1)
    assert short["t_write"] == pytest.approx(4e-9)
    once = spicekit.run(SttWrite(t_pulse=1.7e-9, noise_dt=0)).measures
    assert once["switched"] == 0
    assert 1.8 * once["e_write"] < short["e_write"] - 2e-13 < 2.6 * once["e_write"]


def test_the_nominal_run_has_no_thermal_field_and_every_trial_its_own() -> None:
    bench, still = SttWrite(t_pulse=2.2e-9), SttWrite(t_pulse=2.2e-9, noise_dt=0)
    nominal, alone = spicekit.run(bench).measures, spicekit.run(still).measures
    assert nominal["t_switch"] == pytest.approx(alone["t_switch"], rel=5e-3)
    times = simulate_block(bench, {"seed_noise": np.array([0.0, 5.0, 6.0, 5.0])}).measures["t_switch"]
    assert times[0] == nominal["t_switch"]
    assert times[1] == times[3]
    assert len(set(times)) == 3
    assert not any(point.name == "seed_noise" for point in SttWrite(model="fast").points())
    with pytest.raises(UserError, match=r"noise_dt.*no thermal field"):
        SttWrite(model="fast", noise_dt=1e-12)
