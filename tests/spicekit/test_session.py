"""Sessions: what ends one, and what it refuses.  That it computes what a transient does is tested with the neurons."""

from __future__ import annotations

import pytest

from spicekit import UserError, run
from spicekit.benches.neurons.charge_if import ChargeIf
from spicekit.errors import SpicekitError


def test_waveforms_grow_with_the_steps() -> None:
    bench = ChargeIf(components="ideal")
    with bench.session() as neuron:
        ends = []
        for _ in range(3):
            neuron.step(n1=140)
            ends.append(float(neuron.waves()("time")[-1]))
        # each ends just behind the inputs of the next step
        for step, end in enumerate(ends, 1):
            assert bench.input_time(step) < end < bench.input_time(step) + 0.1 * bench.period


def test_a_session_ends() -> None:
    with ChargeIf(components="ideal").session() as neuron:
        neuron.step(n1=150)
    with pytest.raises(SpicekitError, match="the session has ended"):
        neuron.step(n1=150)


def test_another_simulation_ends_it() -> None:
    with ChargeIf(components="ideal").session() as neuron:
        neuron.step(n1=150)
        other = run("sot-read")
        assert other.outcome == "ok"
        with pytest.raises(SpicekitError, match="has simulated something else since"):
            neuron.step(n1=150)
    assert run("sot-read").measures == other.measures  # closing leaves the other's circuit alone


def test_a_session_has_the_noise_of_its_seed() -> None:
    """Whatever was drawn before; none at the nominal seed."""

    def membrane(noise: str = "on", **values: float) -> float:
        with ChargeIf(noise=noise, steps=1).session(values) as neuron:
            return neuron.step(n1=150)["membrane"]

    quiet, first, other, again = membrane(), membrane(seed_noise=5.0), membrane(seed_noise=6.0), membrane(seed_noise=5.0)
    assert first == again
    assert len({quiet, first, other}) == 3
    assert membrane("off") == pytest.approx(quiet, abs=0.02)  # other time steps


def test_wrong_inputs_leave_it_running() -> None:
    with ChargeIf(components="ideal").session() as neuron:
        with pytest.raises(UserError, match="n1: 289 given; allowed: 0 to 288"):
            neuron.step(n1=289)
        assert neuron.step(n1=150)["membrane"] == pytest.approx(10, abs=1e-3)
