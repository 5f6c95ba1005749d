"""Benches with noise=on: shot noise of a discharge, the same noise again, the same devices as without, no noise where none is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from spicekit import UserError, calibrated, make_bench
from spicekit.benches.neurons.charge_if import ChargeIf
from spicekit.block import simulate_block
from spicekit.outcome import Outcome
from spicekit.physics.constants import E_CHARGE, K_B

# a quick discharge: LOAD falls after some 1.5 ns, and the input is far above what the delay line is trimmed for
TBS = {"trim": 100, "v_mid": 0.45, "overdrive": 0.0, "t_window": "3n", "t_recover": "100p"}


REFUSED = [
    ("tbs-sense", {"measure": "offset", "trim": 1}),
    ("sot-sense", {"measure": "offset"}),
    ("charge-if", {"measure": "threshold"}),
]


@pytest.mark.parametrize(("name", "given"), REFUSED)
def test_noise_belongs_to_a_decision(name: str, given: dict[str, object]) -> None:
    with pytest.raises(UserError, match=f"noise: on given with measure={given['measure']}"):
        make_bench(name, {**given, "noise": "on"})


@pytest.mark.parametrize(
    "name",
    [
        "tbs-sense",
        "vsa-sense",
        "auto-zero",
        "double-tail",
        "current-mode",
        "self-reference",
        "sot-sense",
        "stt-bnn-macro",
        "charge-if",
        "dynamic-if",
    ],
)
def test_a_trial_has_the_same_devices_with_noise_and_without(name: str) -> None:
    off, on = (make_bench(name, {"noise": noise}).points() for noise in ("off", "on"))
    assert [point.name for point in on[:-1]] == [point.name for point in off]
    assert on[-1].name == "seed_noise"


def test_the_time_of_a_discharge_scatters_by_shot_noise() -> None:
    """tbs-sense: M_ST near threshold takes LOAD's charge Q in t; N = Q/q electrons make sigma_t/t = 1/sqrt(N) (Poisson).

    What follows LOAD adds a little, hence the wider upper bound; 99.9 % interval of chi-square.
    """
    bench = make_bench("tbs-sense", {**TBS, "noise": "on"})
    seeds = np.array([0.0, *range(101, 109)])
    block = simulate_block(bench, {"seed_noise": seeds})
    assert block.outcomes == [Outcome.OK] * len(seeds)
    t_load = block.measures["t_load"]
    quiet = simulate_block(make_bench("tbs-sense", TBS), {"c_load": np.zeros(1)})
    assert t_load[0] == pytest.approx(quiet.measures["t_load"][0], rel=2e-3)  # a seed of 0: no noise
    # LOAD falls from the supply to the inverter's switching point, about half of it; recharging it takes e_load
    charge = quiet.measures["e_load"][0] / bench.vdd / 2
    expected = np.sqrt(E_CHARGE / charge) * t_load[0]
    count = len(seeds) - 2
    low, high = np.sqrt(stats.chi2.ppf([0.0005, 0.9995], count) / count)
    assert 0.85 * low < t_load[1:].std(ddof=1) / expected < 1.3 * high


def test_a_trial_does_not_depend_on_those_before() -> None:
    bench = make_bench("tbs-sense", {**TBS, "noise": "on"})
    both = simulate_block(bench, {"seed_noise": np.array([7.0, 8.0])}).measures
    alone = simulate_block(bench, {"seed_noise": np.array([8.0])}).measures
    for name, values in both.items():
        assert np.array_equal(values[1:], alone[name], equal_nan=True)
    assert both["t_load"][0] != both["t_load"][1]


def test_a_step_of_the_neuron_scatters_by_the_charge_that_is_sampled() -> None:
    """charge-if: C_S is sampled when *az* and when *take* end, kT/C each time; amplifier and row add less than as much again.

    Scatter of what twelve like steps add to the membrane, in matches; 99.9 % interval of chi-square.  Without noise the steps
    are so alike that the test can tell.
    """
    given: dict[str, object] = {"phases": "ideal", "steps": 12, "rho": 140, "n1": ",".join(12 * ["140"])}
    sigma = {}
    for noise, point, value in (("off", "vth_amp", 0.0), ("on", "seed_noise", 21.0)):
        bench = calibrated(make_bench("charge-if", {**given, "noise": noise}))
        found = simulate_block(bench, {point: np.array([value])}).measures
        sigma[noise] = float(np.sqrt(found["step_error"] ** 2 - found["step_bias"] ** 2)[0])
    assert isinstance(bench, ChargeIf)
    expected = np.sqrt(2 * K_B * 300.15 / bench.p.c_s) / bench.line.lsb
    low, high = np.sqrt(stats.chi2.ppf([0.0005, 0.9995], 11) / 11)
    assert sigma["off"] < low * expected
    assert low * expected < sigma["on"] < high * 2 * expected
