"""What rails cost, against closed forms and against converters that are built of switches, capacitors and pass transistors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spicekit import UserError, render, run
from spicekit.rails import multiplication
from spicekit.registry import make_bench

VDD, R, C, STOP = 1.0, 1e3, 100e-15, 10e-9


def spent(user_benches: Path, rails: str, v_rail: float, **given: float) -> dict[str, float]:
    return run(f"{user_benches / 'two_rails.py'}:TwoRails", rails=rails, v_rail=v_rail, vdd=VDD, **given).measures


@pytest.mark.parametrize(
    ("rails", "v_rail", "factor"),  # energy from the supply over VDD times the charge of the rail
    [
        ("ideal", 0.4, 0.4),
        ("ideal", -0.2, 0.2),
        ("ldo", 0.4, 1.0),
        ("ldo", 1.0, 1.0),
        ("ldo", 0.0, 0.0),
        ("pump", 0.4, 1.0),
        ("pump", -0.2, 1.0 / 0.8),
        ("pump", -1.2, 2.0 / 0.8),
        ("pump", 1.6, 2.0 / 0.8),
        ("pump", 2.5, 3.0 / 0.8),
    ],
)
def test_a_resistor_on_a_rail_and_a_capacitor_on_the_supply(user_benches: Path, rails: str, v_rail: float, factor: float) -> None:
    m = spent(user_benches, rails, v_rail)
    charge, capacitor = v_rail / R * STOP, C * VDD**2  # drawn once; half of it is lost in the resistor, half at the fall
    assert m["q_load"] == pytest.approx(charge, rel=1e-6)
    assert m["e_load"] == pytest.approx(charge * v_rail, rel=1e-6)
    assert m["e_load_supply"] == pytest.approx(factor * VDD * abs(charge), rel=1e-6)
    assert m["e_gates"] == pytest.approx(capacitor, rel=2e-3)
    assert m["e_total"] == pytest.approx(1.5 * charge * v_rail + capacitor, rel=2e-3)
    assert m["e_supply"] == pytest.approx(1.5 * factor * VDD * abs(charge) + capacitor, rel=2e-3)


@pytest.mark.parametrize("v_rail", [0.4, -0.4])
def test_a_consumer_that_gives_gets_no_credit(user_benches: Path, v_rail: float) -> None:
    """Twice the resistor's current flows into the rail from elsewhere."""
    m = spent(user_benches, "pump", v_rail, back=2 * v_rail / R)
    assert m["e_load"] == pytest.approx(-(v_rail**2) / R * STOP, rel=1e-6)
    assert m["e_load_supply"] == 0
    assert m["e_supply"] == pytest.approx(m["e_gates"])


def test_the_multiplication_is_the_smallest_that_reaches_the_rail() -> None:
    found = [multiplication(volts, 1.1) for volts in (0.0, 0.6, 1.1, 1.10000001, 1.2, 2.2, 2.3, -0.135, -1.1, -1.2)]
    assert found == [None, None, None, None, 2, 2, 3, 1, 1, 2]


REGULATOR = """Bamp gate 0 V = 0.5 + 0.5 * tanh(100 * (V(rail) - 0.4))
Xpass rail gate vreg vreg pmos_tt w=20e-6 l=45e-9
Vreg vreg 0 1
Crail rail 0 10p
.save i(vreg)
"""


def test_a_linear_regulator_takes_what_it_gives(user_benches: Path, ngspice_batch: Callable[[str], dict[str, float]]) -> None:
    """A PMOS of 20 um, and an amplifier that is ideal but for its gain, in place of the rail's source."""
    bench = make_bench(f"{user_benches / 'two_rails.py'}:TwoRails", {"rails": "ldo", "vdd": VDD})
    circuit, found, _ = render(bench).partition(".control")
    circuit, rail, rest = circuit.partition("Vrail rail 0 0.4\n")
    assert found
    assert rail
    deck = (
        circuit
        + REGULATOR
        + rest
        + f".control\nrun\nmeas tran q integ i(vreg)\nlet taken = -q * {VDD}\nprint taken\n.endc\n.end\n"
    )
    assert ngspice_batch(deck)["taken"] == pytest.approx(spent(user_benches, "ldo", 0.4)["e_load_supply"], rel=0.01)


PUMPS = """pumps with ideal switches: an inverter of VDD and a doubler, each giving 1 mA
Vdd vdd 0 1
Vone one 0 PULSE(0 1 1n 0.1n 0.1n 4.7n 10n)
Vtwo two 0 PULSE(0 1 6n 0.1n 0.1n 3.7n 10n)
.model sw sw vt=0.5 vh=0 ron=1 roff=1e12
Vm vdd in_m 0
Sm1 in_m am one 0 sw
Sm2 bm 0 one 0 sw
Sm3 am 0 two 0 sw
Sm4 bm out_m two 0 sw
Cm am bm 1n
Com out_m 0 3n ic=-0.98
Im 0 out_m 1m
Vd vdd in_d 0
Sd1 in_d ad one 0 sw
Sd2 bd 0 one 0 sw
Sd3 ad out_d two 0 sw
Sd4 bd in_d two 0 sw
Cd ad bd 1n
Cod out_d 0 3n ic=1.97
Id out_d 0 1m
.tran 100p 1.2u 0 200p uic
.control
run
meas tran q_m integ i(vm) from=0.8u to=1.2u
meas tran q_d integ i(vd) from=0.8u to=1.2u
let k_m = q_m / 0.4n
let k_d = q_d / 0.4n
print k_m k_d
.endc
.end
"""


def test_pumps_of_switches_multiply_the_charge(ngspice_batch: Callable[[str], dict[str, float]]) -> None:
    found = ngspice_batch(PUMPS)
    assert found["k_m"] == pytest.approx(multiplication(-0.9, 1.0), rel=0.01)
    assert found["k_d"] == pytest.approx(multiplication(1.9, 1.0), rel=0.01)


def test_a_regulator_is_refused_where_it_cannot_be(user_benches: Path) -> None:
    for v_rail in (-0.1, 1.2):
        with pytest.raises(UserError, match=r"parameter rails: ldo given; allowed: ideal, pump: .* v_rail"):
            spent(user_benches, "ldo", v_rail)
    with pytest.raises(UserError, match="V_WN of -135 mV of a supply of 1 V"):
        make_bench("sot-write", {"rails": "ldo", "direction": "p-ap"})


def test_a_written_rail_costs_its_charge_at_the_supply() -> None:
    """The same write whatever makes its rails; from 1 V by a regulator, and below 0 by a pump that gives 80 % of the charge."""
    ideal, pump = (run("sot-write", direction="p-ap", rails=rails).measures for rails in ("ideal", "pump"))
    assert pump["e_total"] == ideal["e_total"] == ideal["e_supply"]
    assert ideal["e_line"] == pytest.approx(0.135 * -ideal["q_line"])
    assert pump["e_supply"] - ideal["e_supply"] == pytest.approx(-ideal["q_line"] * (1 / 0.8 - 0.135), rel=1e-9)
    assert ideal["e_write"] == pytest.approx(ideal["e_total"] - ideal["e_gates"], rel=1e-9)
