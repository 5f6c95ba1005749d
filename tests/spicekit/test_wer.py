"""`spicekit wer`: the Fokker-Planck rate in a card's own units, and its spread over an array."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from spicekit.card import load_card
from spicekit.errors import UserError
from spicekit.physics.fokker_planck import write_error_rate
from spicekit.wer import parse_range, parse_spread, write_error_curve

CARD = load_card("stt-bnn-65nm")


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "spicekit.cli", "wer", *words], capture_output=True, text=True, check=False)


def test_the_curve_is_the_solver_in_the_cards_units() -> None:
    p = CARD.macromodel()
    pulses = np.linspace(2e-9, 20e-9, 5)
    curve = write_error_curve(CARD, 2 * p["ic_p_ap"], pulses, direction="p-ap")
    assert curve.overdrive == pytest.approx(2.0)
    assert curve.wer == pytest.approx(write_error_rate(p["delta"], 2.0, pulses / p["tau_d"]))


def test_no_current_writes_nothing_and_an_array_is_worse_than_its_median() -> None:
    assert write_error_curve(CARD, 0.0, np.array([1e-9, 1e-8])).wer == pytest.approx([1.0, 1.0])
    spread = write_error_curve(CARD, 60e-6, np.array([12e-9]), sigma_ra=0.05, sigma_hk=0.03).junctions
    assert spread is not None
    low, median, high, worst = spread.quantiles[:, 0]
    assert low < median < high < worst
    assert median < spread.mean[0]


def test_the_spread_of_ra_alone_is_that_of_the_current() -> None:
    """With no spread of the anisotropy a junction's rate is the nominal rate at its own current."""
    p = CARD.macromodel()
    curve = write_error_curve(CARD, 2 * p["ic_ap_p"], np.array([12e-9]), sigma_ra=0.05)
    assert curve.junctions is not None
    ra = 1 + 0.05 * np.random.default_rng(1).standard_normal((2, 2000))[0]
    for index in (0, 7, 1234):
        expected = float(write_error_rate(p["delta"], 2 / ra[index], 12e-9 / p["tau_d"]))
        assert curve.junctions.wer[index, 0] == pytest.approx(expected, rel=0.02)  # the solver's own rtol is 1 %


@pytest.mark.parametrize("name", ["imce-45nm", "umn-imtj"])
def test_a_device_for_which_the_equation_does_not_hold_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="perpendicular two-terminal"):
        write_error_curve(load_card(name), 1e-4, np.array([1e-9]))


def test_ranges_and_sigmas_are_read_with_spice_suffixes() -> None:
    assert parse_range("--pulse", "1n:20n:40") == pytest.approx(np.linspace(1e-9, 20e-9, 40))
    assert parse_range("--pulse", "5n") == pytest.approx([5e-9])
    assert parse_spread(["ra=5%", "hk=30m"]) == pytest.approx((0.05, 0.03))
    for text in ("1n:2n", "1n:2n:1", "1n:2n:2.5", "a:b:3"):
        with pytest.raises(UserError, match="--pulse"):
            parse_range("--pulse", text)
    for text in ("tmr=5%", "ra", "ra=-1%", "ra=200%"):
        with pytest.raises(UserError, match="--sigma"):
            parse_spread([text])


def test_the_command_prints_one_object_and_draws_its_plot(tmp_path: Path) -> None:
    done = command(
        "stt-bnn-65nm", "--current", "60u", "--pulse", "2n:16n:4", "--sigma", "ra=5%", "--out", str(tmp_path), "--json"
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
        (("stt-bnn-65nm", "--current", "60u", "--pulse=-1n"), "at least 0"),
        (("stt-bnn-65nm", "--current", "60u", "--pulse", "1n", "--direction", "up"), "ap-p"),
        (("stt-bnn-65nm", "--current", "60u", "--pulse", "1n", "--temperature", "2000"), "temperature"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(words: tuple[str, ...], said: str) -> None:
    done = command(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
