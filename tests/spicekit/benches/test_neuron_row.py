"""What a neuron's row costs, the row of the array in closed form, and the trim of the threshold."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spicekit import UserError, render, run
from spicekit.benches.neurons.charge_if import ChargeIf
from spicekit.benches.neurons.dynamic_if import DynamicIf
from spicekit.benches.neurons.neuron import Neuron


def test_drivers_and_word_line_are_those_of_the_row() -> None:
    """The same devices as in `stt-bnn-row`, which switches its word line too; its transient lasts as long as V_SL is taken."""
    bench = ChargeIf(phases="ideal", word_line="toggle", steps=4)
    m = run(bench).measures
    row = run("stt-bnn-row", n=288, ra=100, tmr=2.5, temperature=27, analysis="tran", t_row=bench.period / 4).measures
    assert m["e_drivers"] == pytest.approx(row["e_drivers"], rel=0.15)
    assert m["e_word"] == pytest.approx(row["e_wordline"], rel=0.15)
    static = run(ChargeIf(phases="ideal", steps=4)).measures
    assert static["e_word"] == 0
    assert m["e_step"] - static["e_step"] == pytest.approx(m["e_word"], rel=0.05)


def test_energy_from_the_supply() -> None:
    """By linear regulators from 1.1 V the row's charge costs 1.1 V and not the 0.4 V between its rails."""
    at_rails, supplied = (run(ChargeIf(phases="ideal", steps=2, rails=rails)).measures for rails in ("ideal", "ldo"))
    assert at_rails["e_supply"] == pytest.approx(at_rails["e_step"])
    assert supplied["e_step"] == pytest.approx(at_rails["e_step"])
    assert supplied["e_supply"] - supplied["e_step"] == pytest.approx(at_rails["e_row"] * 0.7 / 0.4, rel=0.1)
    assert supplied["e_synapse"] == pytest.approx(supplied["e_supply"] / 288)


def test_the_real_row_is_that_of_the_array() -> None:
    line = ChargeIf(design="real-row").line
    rows = [run("stt-bnn-row", n=288, n1=n1, ra=100, tmr=2.5, temperature=27).measures for n1 in (0, 144, 288)]
    assert line.lsb == pytest.approx((rows[2]["v_sl"] - rows[0]["v_sl"]) / 288, rel=0.03)
    constant, linear, quadratic = line.currents()
    assert constant + linear * 144 + quadratic * 144**2 == pytest.approx(rows[1]["i_row"], rel=0.05)
    assert line.volts(144) == pytest.approx(rows[1]["v_sl"], abs=0.01)
    assert ChargeIf().line.lsb / line.lsb == pytest.approx(1.2, abs=0.05)


@pytest.mark.parametrize("kind", [ChargeIf, DynamicIf])
def test_a_neuron_trims_its_threshold(kind: type[Neuron]) -> None:
    """A comparator off by a match: what is left is half of the trim's step, and what a step after a reset differs by."""
    off = {"vth_z2_n": -0.05}
    given = {"phases": "ideal", "measure": "threshold"}
    plain, trimmed = (run(kind(**given, trim_bits=bits), off).measures for bits in (0, 4))
    assert abs(plain["offset"]) > 0.7
    assert abs(trimmed["offset"]) < 0.5
    assert abs(trimmed["offset"]) < 0.6 * abs(plain["offset"])


def test_a_trimmed_train_is_that_of_the_recursion(ngspice_batch: Callable[[str], dict[str, float]]) -> None:
    bench = ChargeIf(components="ideal", trim_bits=3, steps=6)
    m = run(bench).measures
    assert m["spike_errors"] == 0
    assert m["step_error"] < 2e-3
    assert ngspice_batch(render(bench))["u_end"] == pytest.approx(m["u_end"], abs=2e-3)
    with pytest.raises(UserError, match="trim_bits: 3 given; allowed in a session: 0"), bench.session():
        pass
