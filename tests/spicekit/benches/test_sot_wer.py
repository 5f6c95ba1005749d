"""The write error rate of a cell on a rail in its circuit."""

from __future__ import annotations

import numpy as np
import pytest

import spicekit
from spicekit.benches.sot.wer import SotWer
from spicekit.benches.sot.write import SotWrite
from spicekit.block import simulate_block
from spicekit.errors import UserError
from spicekit.physics.sampled import sampled_errors


def test_the_rail_current_is_that_of_the_write_and_drives_the_samples() -> None:
    bench = SotWer(t_pulse=0.3e-9, samples=500)
    held, written = spicekit.run(bench), spicekit.run(SotWrite(t_pulse=0.3e-9, noise_dt=0))
    assert held.measures["i_write"] == pytest.approx(written.measures["i_write"], rel=5e-3)
    time, current = written.waves("time"), written.waves("i(vhead)")
    found = sampled_errors(
        bench.junction.numbers, "ap", lambda t: (0.0, 0.0, float(np.interp(t, time, current))), np.array([bench.t_stop]), 500, 9
    )
    assert 0.2 < held.measures["wer"] < 0.8
    assert abs(held.measures["wer"] - found.wer[0]) < 4 * np.sqrt(2 * 0.25 / 500)


def test_each_trial_has_its_own_samples_and_its_own_circuit() -> None:
    bench = SotWer(t_pulse=1e-9, samples=1000)
    drawn = {"seed_samples": np.array([1.0, 1.0, 2.0, 1.0]), "vth_wr": np.array([0.0, 0.0, 0.0, 0.7])}
    wer = simulate_block(bench, drawn).measures["wer"]
    assert wer[0] == wer[1]
    assert wer[2] < 0.05
    assert wer[3] > 0.5  # hardly a current
    seeds = next(point.draw for point in bench.points() if point.name == "seed_samples" and point.draw)
    assert len(set(seeds(np.random.default_rng(1).standard_normal(100)))) == 100


def test_a_write_along_a_rail_ends_with_the_pulse_after_which_it_is_found_done() -> None:
    """Pulses so close that the layer still rings when it is read, and the third writes: the rail dissipates what three do."""
    given = {"t_pulse": 3e-10, "t_gap": 4e-10, "noise_dt": 0}
    many, one = (spicekit.run(SotWrite(**given, pulses=n, e_verify=1e-13)) for n in (3, 1))
    three, single = many.measures, one.measures
    found = np.interp(0.3e-9 + 7e-10 * np.arange(1, 3), many.waves("time"), many.waves("v(mx)")) * many.waves("v(mx)")[0] < 0
    assert [three[f"switched_{n}"] for n in (1, 2, 3)] == [*np.maximum.accumulate(found), 1]
    assert (three["attempts"], three["switched"], three["t_write"]) == (3, 1, pytest.approx(2.1e-9))
    assert three["e_rail"] == pytest.approx(3 * single["e_rail"], rel=5e-3)
    drawn = three["e_write"] - three["e_wl"] - 3e-13
    assert drawn == pytest.approx(3 * (single["e_write"] - single["e_wl"]), rel=0.02)
    enough = spicekit.run(SotWrite(noise_dt=0, pulses=2, e_verify=1e-13)).measures
    plain = spicekit.run(SotWrite(noise_dt=0)).measures
    assert (enough["attempts"], enough["t_write"]) == (1, pytest.approx(2.5e-9))
    assert enough["e_rail"] == pytest.approx(plain["e_rail"], rel=1e-3)
    assert enough["e_total"] - 1e-13 == pytest.approx(plain["e_total"], rel=5e-3)  # the fall of the word line too


@pytest.mark.parametrize(
    ("given", "said"), [({"device": "stt-bnn-65nm"}, "no rail"), ({"model": "fast"}, "model"), ({"theta0": 0.1}, "theta0: 0.1")]
)
def test_what_the_rate_is_not_of_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        SotWer(**given)
