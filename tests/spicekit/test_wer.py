"""`spicekit wer`: the Fokker-Planck rate in a card's own units, and its spread over an array."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

import spicekit
from spicekit.devices import load_device
from spicekit.devices.mtj import MtjCard
from spicekit.errors import UserError
from spicekit.paths import data_root
from spicekit.physics import conductance, llg
from spicekit.physics.fokker_planck import read_disturb, write_error_rate
from spicekit.registry import make_bench
from spicekit.wer import parse_range, parse_spread, write_error_curve

Cli = Callable[..., subprocess.CompletedProcess[str]]

CARD = load_device("stt-bnn-65nm", MtjCard)


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "spicekit.cli", "wer", *words], capture_output=True, text=True, check=False)


def test_the_curve_is_the_solver_in_the_cards_units() -> None:
    p = CARD.at().numbers
    pulses = np.linspace(2e-9, 20e-9, 5)
    curve = write_error_curve(CARD, 2 * p.ic_p_ap, pulses, direction="p-ap")
    assert curve.overdrive == pytest.approx(2.0)
    assert curve.wer == pytest.approx(write_error_rate(p.delta, 2.0, pulses / p.tau_d))


def test_no_current_writes_nothing_and_an_array_is_worse_than_its_median() -> None:
    resting = write_error_curve(CARD, 0.0, np.array([1e-9, 1e-8]))
    assert resting.wer == pytest.approx([1.0, 1.0])
    assert np.all((resting.flip > 0) & (resting.flip < 1e-24))  # far too small to be seen in the write error rate
    spread = write_error_curve(CARD, 30e-6, np.array([12e-9]), sigma_ra=0.05, sigma_hk=0.03).junctions
    assert spread is not None
    low, median, high, worst = spread.quantiles[:, 0]
    assert low < median < high < worst
    assert median < spread.mean[0]


def weak_card(tmp_path: Path, ki: float) -> str:
    """The card with another surface anisotropy: at 0.752 mJ/m2 its barrier is some 10 kT."""
    text = (data_root() / "models" / "mtj" / "stt-bnn-65nm.toml").read_text()
    assert "ki = {value = 0.825" in text
    (tmp_path / "weak.toml").write_text(text.replace("ki = {value = 0.825", f"ki = {{value = {ki}"))
    return str(tmp_path / "weak.toml")


@pytest.mark.parametrize("ki", [0.7488, 0.7532, 0.7605])
def test_without_a_current_the_answer_is_the_flip_probability_of_neel_and_brown(tmp_path: Path, ki: float) -> None:
    """tau = tau0 exp(Delta) each way, tau0 = tau_D sqrt(pi/Delta), with Brown's correction 1 + 1/Delta of a low barrier."""
    card = weak_card(tmp_path, ki)
    p = load_device(card, MtjCard).at().numbers
    delta = p.delta
    assert 6 < delta < 20
    tau = p.tau_d * np.sqrt(np.pi / delta) * np.exp(delta) * (1 + 1 / delta)
    pulses = tau * np.array([0.1, 0.5, 2.0])
    done = command(card, "--current", "0", "--pulse", f"{pulses[0]}", "--json")
    expected = (1 - np.exp(-2 * pulses / tau)) / 2
    next_order = 3 / delta**2  # what the series in 1/Delta leaves out
    assert json.loads(done.stdout)["flip_probability"] == pytest.approx(expected[:1], rel=next_order)
    curve = write_error_curve(load_device(card, MtjCard), 0.0, pulses)
    assert curve.flip == pytest.approx(expected, rel=next_order)
    assert curve.wer + curve.flip == pytest.approx(np.ones(3), rel=1e-2)


def test_without_a_current_the_command_prints_the_flip_probability(tmp_path: Path) -> None:
    done = command("stt-bnn-65nm", "--current", "0", "--pulse", "1", "--sigma", "hk=3%", "--out", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "1.000e+00" not in done.stdout
    assert "WER" not in done.stdout
    p = CARD.at().numbers
    rate = np.sqrt(p.delta / np.pi) * np.exp(-p.delta) / p.tau_d  # Brown's, at a high barrier: 1/Delta too high
    words = next(line for line in done.stdout.splitlines() if line.strip().startswith("1 s")).split()
    assert float(words[2]) == pytest.approx(rate * (1 - 1 / p.delta), rel=0.01)
    # a normal spread s of the barrier multiplies the mean rate by exp((s Delta)^2 / 2), from whose tail few junctions are drawn
    written = json.loads((tmp_path / "wer.json").read_text())
    gain = written["flip_probability_mean"][0] / written["flip_probability"][0]
    assert gain == pytest.approx(np.exp((0.03 * p.delta) ** 2 / 2), rel=0.3)


@pytest.mark.parametrize(
    ("words", "expected", "said"),
    [
        (("--temperature", "85C"), 1.562e-2, "85 °C"),
        (("--temperature", "85"), 1.562e-2, "85 °C"),
        (("--temperature", "358.15K"), 1.562e-2, "85 °C"),
        (("--temperature", "300K"), 2.440e-2, "26.85 °C"),
        ((), 2.440e-2, "26.85 °C (the card's own)"),
    ],
)
def test_temperatures_are_celsius_unless_they_say_kelvin(words: tuple[str, ...], expected: float, said: str) -> None:
    """85 was once taken as 85 K.  1.5619e-2 and 2.4389e-2 are of the card's figures by hand, with N_z from its Fourier integral
    and the Fokker-Planck equation in Legendre polynomials (as in test_fokker_planck.py).
    """
    done = command("stt-bnn-65nm", "--current", "30u", "--pulse", "10n", *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{expected:.3e}" in done.stdout
    assert done.stdout.splitlines()[0].endswith(said)


@pytest.mark.parametrize(("kelvin", "expected"), [(300.0, 8.268e-3), (358.15, 7.415e-3)])
def test_the_card_of_version_0_1_has_the_rates_that_were_published_with_it(
    tmp_path: Path, kelvin: float, expected: float
) -> None:
    """At 60 uA for 10 ns: one efficiency for both states, UMN's critical thickness, and Sato and Ishii's disc."""
    text = (data_root() / "models" / "mtj" / "stt-bnn-65nm.toml").read_text()
    nzz = 1 / (1 + 2 * 1.3 / (30 * np.sqrt(np.pi)))
    sides = "".join(f'{axis} = {{value = {n!r}, unit = "1", source = "0.1"}}\n' for axis, n in (
        ("nxx", float(1 - nzz) / 2), ("nyy", float(1 - nzz) / 2), ("nzz", float(nzz))
    ))  # fmt: skip
    for old, new in (
        (r"^ms = .*", 'ms = {value = 1.1e6, unit = "A/m", source = "0.1"}'),
        (r"^ki = .*", 't_c = {value = 1.35, unit = "nm", source = "0.1"}'),
        (r"^exponent = .*\n", ""),
        (r"^ms_temperature = .*\n", ""),
        (r'^model = "cylinder"\n', f'model = "tensor"\n{sides}'),
        (r'^model = "tunnel"', 'model = "arm"'),
    ):
        text, count = re.subn(old, new, text, flags=re.MULTILINE)
        assert count == 1, old
    (tmp_path / "old.toml").write_text(text)
    curve = write_error_curve(
        load_device(str(tmp_path / "old.toml"), MtjCard), 60e-6, np.array([10e-9]), temperature=f"{kelvin}K"
    )
    assert curve.wer[0] == pytest.approx(expected, rel=1e-3)
    assert curve.ratio == "I/I_c"


def test_the_spread_of_ra_alone_is_that_of_the_current() -> None:
    """With no spread of the anisotropy a junction's rate is the nominal rate at its own current."""
    p = CARD.at().numbers
    curve = write_error_curve(CARD, 2 * p.ic_ap_p, np.array([12e-9]), sigma_ra=0.05)
    assert curve.junctions is not None
    ra = 1 + 0.05 * np.random.default_rng(1).standard_normal((2, 2000))[0]
    for index in (0, 7, 1234):
        expected = float(write_error_rate(p.delta, curve.overdrive / ra[index], 12e-9 / p.tau_d))
        assert curve.junctions.wer[index, 0] == pytest.approx(expected, rel=0.02)  # the solver's own rtol is 1 %


HEAT = '[thermal]\nr_th = {value = 1e6, unit = "K/W", source = "a"}\nc_th = {value = 1e-15, unit = "J/K", source = "a"}'


def card_with(tmp_path: Path, section: str, name: str = "stt-bnn-65nm") -> MtjCard:
    """A shipped card with a further section."""
    text = (data_root() / "models" / "mtj" / f"{name}.toml").read_text()
    (tmp_path / "changed.toml").write_text(f"{text}\n{section}\n")
    return load_device(str(tmp_path / "changed.toml"), MtjCard)


def field_of(millitesla: float, axis: str = "z") -> str:
    return f'[field]\nh{axis} = {{value = {millitesla}, unit = "mT", source = "a test"}}'


@pytest.mark.parametrize("millitesla", [50, -100])
@pytest.mark.parametrize(("direction", "state"), [("ap-p", -1.0), ("p-ap", 1.0)])
def test_a_field_of_the_card_is_that_of_the_llg_equation(
    tmp_path: Path, direction: Literal["ap-p", "p-ap"], state: float, millitesla: float
) -> None:
    """The drift of u = m_z along the starting state, du/dt = (1 - u^2)(u + h - i)/tau_D, from the macromodel's own equation."""
    card = card_with(tmp_path, field_of(millitesla))
    curve = write_error_curve(card, 30e-6, np.array([8e-9]), direction=direction)
    u = np.linspace(-0.9, 0.9, 7)
    sine, zero = np.sqrt(1 - u**2), np.zeros(7)
    p = card.at().numbers
    m = (0.6 * sine, 0.8 * sine, state * u)
    v = conductance.voltage(p, -state * 30e-6, state, p.temperature)  # of the starting state: it stays
    speed = state * llg.rate(p, m, p.temperature, v, v * conductance.conductance(p, v, m[2], p.temperature), zero)[2]
    expected = (1 - u**2) * (u + curve.field - curve.overdrive) / curve.tau_d
    assert abs(curve.field) > 0.3
    np.testing.assert_allclose(speed, expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())
    rate = write_error_rate(curve.delta, curve.overdrive, 8e-9 / curve.tau_d, field=curve.field)
    assert curve.wer[0] == pytest.approx(float(rate))
    bare = write_error_curve(CARD, 30e-6, np.array([8e-9]), direction=direction)
    assert (curve.wer[0] > bare.wer[0]) == (state * millitesla > 0)  # it is along the parallel state where positive


def test_each_junction_of_an_array_has_the_cards_field_over_its_own_anisotropy(tmp_path: Path) -> None:
    card = card_with(tmp_path, field_of(50))
    p = card.at().numbers
    curve = write_error_curve(card, 2 * p.ic_ap_p, np.array([8e-9]), sigma_hk=0.05)
    assert curve.junctions is not None
    hk = 1 + 0.05 * np.random.default_rng(1).standard_normal((2, 2000))[1]
    h = -p.hz / p.hk
    for index in (0, 7, 1234):
        delta, i, tau = p.delta * hk[index], curve.overdrive / hk[index], 8e-9 / p.tau_d * hk[index]
        expected = float(write_error_rate(delta, i, tau, field=h / hk[index]))
        assert curve.junctions.wer[index, 0] == pytest.approx(expected, rel=0.02)  # the solver's own rtol is 1 %


@pytest.mark.parametrize(
    ("section", "said"),
    [(field_of(5, "x"), r"field\.hx 3978\.87 A/m given; .* allowed: hz$"), (field_of(-150), r"field\.hz .*: less than the anis")],
)
def test_a_field_that_the_equation_does_not_take_is_refused_by_card_and_key(tmp_path: Path, section: str, said: str) -> None:
    card = card_with(tmp_path, section)
    with pytest.raises(UserError, match=f"device 'stt-bnn-65nm': {said}"):
        write_error_curve(card, 30e-6, np.array([8e-9]))
    with pytest.raises(UserError, match=f"device 'stt-bnn-65nm': {said}"):
        make_bench("stt-read", {"device": str(tmp_path / "changed.toml")})  # its `disturb`
    with pytest.raises(UserError, match=f"device 'stt-bnn-65nm': {said}"):
        make_bench("stt-bnn-row", {"device": str(tmp_path / "changed.toml")})


def test_the_read_disturbance_knows_the_cards_field(tmp_path: Path) -> None:
    card_with(tmp_path, field_of(50))
    for free_to, state in (("bl", "ap"), ("sl", "p")):
        result = spicekit.run("stt-read", v_read=0.05, free_to=free_to, device=str(tmp_path / "changed.toml"))
        p = result.bench.junction.numbers  # type: ignore[attr-defined]
        overdrive = result.measures[f"v_mtj_{state}"] / (p.ic_p_ap * p.r_p)  # one critical voltage for both
        h = p.hz / p.hk * (1 if state == "p" else -1)
        expected = float(read_disturb(p.delta, abs(overdrive), 5e-9 / p.tau_d, field=h))
        assert result.measures["disturb"] == pytest.approx(expected, rel=0.15)  # interpolated, on 256 cells


@pytest.mark.parametrize("key", ["field", "thermal", "vcma"])
def test_the_fast_model_refuses_what_it_does_not_hold(tmp_path: Path, key: str) -> None:
    section = {
        "field": field_of(5),
        "thermal": HEAT,
        "vcma": '[vcma]\nxi = {value = 60, unit = "fJ/(V m)", source = "a"}',
    }[key]
    text = (data_root() / "models" / "mtj" / "stt-bnn-65nm.toml").read_text()
    if "t_ox" not in text:
        text = text.replace("[magnet]", 't_ox = {value = 1, unit = "nm", source = "a"}\n\n[magnet]')
    (tmp_path / "changed.toml").write_text(f"{text}\n{section}\n")
    for bench in ("mtj-switch", "stt-write"):
        with pytest.raises(UserError, match=rf"model: 'fast' given; .* has \[{key}\]: allowed: llg"):
            make_bench(bench, {"device": str(tmp_path / "changed.toml"), "model": "fast"})


def test_a_barrier_that_no_cell_has_is_refused_by_card_and_keys(tmp_path: Path) -> None:
    text = (data_root() / "models" / "mtj" / "stt-bnn-65nm.toml").read_text()
    (tmp_path / "large.toml").write_text(re.sub(r"(?m)^(l[xy]) = .*", r'\1 = {value = 9, unit = "um", source = "a test"}', text))
    with pytest.raises(UserError, match=r"device 'stt-bnn-65nm': its barrier, of geometry\.lx, .* at most 1000 kT"):
        write_error_curve(load_device(str(tmp_path / "large.toml"), MtjCard), 30e-6, np.array([8e-9]))


def test_what_the_rate_leaves_out_of_a_card_is_said(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"leaves out \[thermal\] of the card"):
        write_error_curve(card_with(tmp_path, HEAT), 30e-6, np.array([8e-9]))


@pytest.mark.parametrize(("name", "said"), [("imce-45nm", "has a rail"), ("umn-imtj", "is in-plane")])
def test_a_spread_of_a_device_that_is_sampled_is_refused(name: str, said: str) -> None:
    with pytest.raises(UserError, match=f"--sigma: device '{name}' {said}; allowed: with a perpendicular"):
        write_error_curve(load_device(name, MtjCard), 1e-4, np.array([1e-9]), sigma_ra=0.05)


def test_a_card_on_a_rail_is_counted_over_samples_with_an_interval(tmp_path: Path) -> None:
    words = ("imce-45nm", "--current", "120u", "--pulse", "20p:1000p:2", "--samples", "1000")
    done = command(*words, "--out", str(tmp_path), "--json")
    assert done.returncode == 0, done.stderr
    curve = json.loads(done.stdout)
    assert (curve["critical_current"], curve["overdrive"], curve["samples"]) == (None, None, 1000)
    assert curve["wer"][0] > 0.9
    assert curve["wer"][1] < 0.1
    low, high = np.array(curve["wer_ci"]).T
    assert np.all((low <= curve["wer"]) & (curve["wer"] <= high))
    assert (tmp_path / "wer.png").read_bytes().startswith(b"\x89PNG")
    back = write_error_curve(load_device("imce-45nm", MtjCard), 120e-6, np.array([1e-9]), direction="p-ap", samples=1000)
    assert back.wer[0] < 0.1  # the current is turned round with the direction


def test_a_pulse_too_long_to_be_sampled_is_refused() -> None:
    with pytest.raises(UserError, match=r"--pulse 1e-06 s: device 'umn-imtj' is sampled step by step; allowed: at most 1e-07 s"):
        write_error_curve(load_device("umn-imtj", MtjCard), 1e-4, np.array([1e-6]))


def test_rates_and_voltages_beyond_any_measurement_are_remarked_on(cli: Cli) -> None:
    """A hundred times the critical voltage of 0.11 V: 11 V, and a tail of 1e-18 and less."""
    p = CARD.at().numbers
    curve = write_error_curve(CARD, 100 * p.ic_ap_p, np.array([0.2e-9, 4e-9]))
    volts = curve.voltage
    assert volts is not None
    own = float(conductance.conductance(p, volts, -1.0, p.temperature))
    assert volts * own == pytest.approx(100 * p.ic_ap_p)  # Ohm's law of the state it starts from
    assert curve.wer[1] < 1e-15
    tail, strong = curve.remarks
    assert "below 1e-15" in tail
    assert "floor" in tail
    assert strong.startswith(f"{volts:.3g} V over the junction")
    assert write_error_curve(CARD, 30e-6, np.array([5e-9])).remarks == ()
    assert write_error_curve(CARD, 0.0, np.array([5e-9])).remarks == ()  # a tiny probability of flipping is meant
    assert cli("wer", "stt-bnn-65nm", "--current", "1m", "--pulse", "5n").stdout.count("note: ") == 2


def test_ranges_and_sigmas_are_read_with_spice_suffixes() -> None:
    assert parse_range("--pulse", "1n:20n:40") == pytest.approx(np.linspace(1e-9, 20e-9, 40))
    assert parse_range("--pulse", "5n") == pytest.approx([5e-9])
    assert parse_spread(["ra=5%", "hk=3 %"]) == pytest.approx((0.05, 0.03))
    for text in ("1n:2n", "1n:2n:1", "1n:2n:2.5", "a:b:3"):
        with pytest.raises(UserError, match="--pulse"):
            parse_range("--pulse", text)
    for text in ("tmr=5%", "ra", "ra=-1%", "ra=200%", "ra=0.05", "hk=30m"):
        with pytest.raises(UserError, match="--sigma"):
            parse_spread([text])


def test_the_command_prints_one_object_and_draws_its_plot(tmp_path: Path) -> None:
    done = command(
        "stt-bnn-65nm", "--current", "30u", "--pulse", "2n:16n:4", "--sigma", "ra=5%", "--out", str(tmp_path), "--json"
    )
    assert done.returncode == 0, done.stderr
    curve = json.loads(done.stdout)
    assert curve["pulse_s"] == pytest.approx(np.linspace(2e-9, 16e-9, 4))
    assert np.all(np.diff(curve["wer"]) < 0)
    assert set(curve["wer_quantiles"]) == {"0.05", "0.5", "0.95", "0.999"}
    assert json.loads((tmp_path / "wer.json").read_text()) == curve
    assert (tmp_path / "wer.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nosuch", "--current", "1u", "--pulse", "1n"), "unknown device"),
        (("stt-bnn-65nm", "--current", "x", "--pulse", "1n"), "not a number"),
        (("stt-bnn-65nm", "--current=-5u", "--pulse", "1n"), "0 or above"),
        (("stt-bnn-65nm", "--current", "30u", "--pulse=-1n"), "--pulse -1e-09 s: allowed: 0 to 1e+10 s"),
        (("stt-bnn-65nm", "--current", "30u", "--pulse", "1e300"), "--pulse 1e+300 s: allowed: 0 to 1e+10 s"),
        (("stt-bnn-65nm", "--current", "30u", "--pulse", "1n:2n:3s"), "'3s' has a unit, but is to be a plain number"),
        (("stt-bnn-65nm", "--current", "60", "--pulse", "1n"), "--current 60 A: allowed: 0 or above, up to 0.1 A"),
        (("stt-bnn-65nm", "--current", "30u", "--pulse", "1n", "--direction", "up"), "ap-p"),
        (("stt-bnn-65nm", "--current", "30u", "--pulse", "1n", "--temperature", "1200"), "temperature 1200 C"),
        (("stt-bnn-65nm", "--current", "30u", "--pulse", "1n", "--temperature", "2000"), "at most 1726.85 C"),
        (("stt-bnn-65nm", "--current", "30u", "--pulse", "1n", "--temperature=-300"), "--temperature '-300' is -300 C; allowed"),
        (("stt-bnn-65nm", "--current", "30u", "--pulse", "1n", "--temperature", "0K"), "allowed: above -273.15 C"),
        (("stt-bnn-65nm", "--current", "60uV", "--pulse", "1n"), "--current '60uV' is not in A"),
        (("stt-bnn-65nm", "--current", "30u", "--pulse", "1nF"), "'1nF' is not in s"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(words: tuple[str, ...], said: str) -> None:
    done = command(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
