"""Samples of the stochastic LLG equation of any card, against the Fokker-Planck equation, Boltzmann's law and ngspice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import spicekit
from spicekit.benches.sot.write import SotWrite
from spicekit.binomial import clopper_pearson
from spicekit.block import simulate_block
from spicekit.devices import load_device
from spicekit.devices.mtj import MtjCard
from spicekit.physics.fokker_planck import write_error_rate
from spicekit.physics.magnetics import thermal_stability
from spicekit.physics.sampled import equilibrium, sampled_errors


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_an_in_plane_layer_starts_in_boltzmanns_distribution(side: float) -> None:
    """exp(-Delta_a a^2 - Delta_b b^2), each Delta that of the net stiffness towards its side."""
    p = load_device("umn-imtj", MtjCard).at().numbers
    assert p.ey
    m = equilibrium(p, side, 40_000, np.random.default_rng(1))
    assert np.all(side * m[1] > 0)
    np.testing.assert_allclose((m * m).sum(axis=0), 1.0)
    own = 2 * p.k_easy / (p.mu0 * p.ms) - p.nyy * p.ms
    across = {0: -p.nxx * p.ms, 2: 2 * p.k_perp / (p.mu0 * p.ms) + (p.n_perp - p.nzz) * p.ms}
    for axis, pull in across.items():
        delta = float(thermal_stability(p.ms, own - pull, p.volume, p.temperature))
        expected = 1 / (2 * delta) * (1 + 1 / (2 * delta))  # and the first order of the sphere
        assert np.var(m[axis]) == pytest.approx(expected, rel=0.05), axis


def test_a_field_across_tilts_the_start() -> None:
    """By h = H/Hk, the minimum of the energy."""
    p = load_device("imce-45nm", MtjCard).at().numbers
    m = equilibrium(p, -1.0, 20_000, np.random.default_rng(2))
    stiffness = 2 * p.k_perp / (p.mu0 * p.ms) + (p.n_perp - p.nzz + p.nxx) * p.ms
    tilt = p.hx / stiffness
    assert 0.05 < tilt < 0.5
    assert np.median(m[0]) == pytest.approx(tilt, rel=0.05)


def test_a_perpendicular_layer_has_the_fokker_planck_rate() -> None:
    """With its precession, which the rate does not depend on."""
    p = load_device("stt-bnn-65nm", MtjCard).at().numbers
    p = replace(p, alpha=0.1, tau_d=p.tau_d * (1 + 0.1**2) / (1 + 0.01**2) / 10, ic_p_ap=10 * p.ic_p_ap)
    volts = 3 * p.ic_p_ap * p.r_p  # the torque goes with the voltage: three times the critical one
    pulses = np.array([0.9, 1.4]) * p.tau_d
    expected = write_error_rate(p.delta, 3.0, pulses / p.tau_d)
    assert np.all((expected > 0.05) & (expected < 0.95))
    found = sampled_errors(p, "ap", lambda _: (volts, 0.0, 0.0), pulses, 4096, 3)
    low, high = clopper_pearson(found.errors, 4096, 0.999)
    assert np.all((low < expected) & (expected < high)), (found.wer, expected)


def test_a_sample_depends_on_the_seed_and_its_number_alone() -> None:
    p = load_device("imce-45nm", MtjCard).at().numbers
    pulses = np.array([2e-10, 1e-10])
    few = sampled_errors(p, "ap", lambda _: (0.0, 0.0, 120e-6), pulses, 100, 5)
    again = sampled_errors(p, "ap", lambda _: (0.0, 0.0, 120e-6), pulses[::-1], 100, 5)
    np.testing.assert_array_equal(few.errors, again.errors[::-1])
    assert 0 < few.errors[0] < 100


def test_a_write_along_a_rail_is_that_of_the_circuit_with_a_thermal_field() -> None:
    """The rail's current does not depend on the junction's state: the nominal run's drives the samples."""
    bench = SotWrite(t_pulse=0.3e-9)
    waves = spicekit.run(bench).waves
    time, current = waves("time"), waves("i(vhead)")
    found = sampled_errors(
        bench.junction.numbers, "ap", lambda t: (0.0, 0.0, float(np.interp(t, time, current))), np.array([bench.t_stop]), 2048, 2
    )
    trials = 120
    rng = np.random.default_rng(4)
    drawn = {point.name: point.draw(rng.standard_normal(trials)) for point in bench.points() if point.draw}
    failed = trials - int(simulate_block(bench, drawn).measures["switched"].sum())
    assert 0.1 < failed / trials < 0.9
    low, high = clopper_pearson(failed, trials, 0.99)
    assert low < found.wer[0] < high
