"""Resistive cards: what is read, what is refused, temperature."""

from __future__ import annotations

from pathlib import Path

import pytest

from spicekit import UserError
from spicekit.devices import load_device
from spicekit.devices.mtj import MtjCard
from spicekit.devices.resistive import ResistiveCard

CARD = """
name = "mine"
title = "a memory"
reference = "the lab"
[states]
r_lrs = {value = 20, unit = "kohm", source = "measured"}
r_hrs = {value = 0.2e6, unit = "ohm", source = "measured"}
sigma_lrs = {value = 4, unit = "%", source = "measured"}
sigma_hrs = {value = 0.2, unit = "1", source = "measured"}
[conduction]
v0_lrs = {value = 400, unit = "mV", source = "measured"}
[noise]
sigma = {value = 1, unit = "%", source = "measured"}
[temperature]
default = {value = 300, unit = "K", source = "measured"}
tc_lrs = {value = 1000, unit = "ppm/K", source = "measured"}
tc_hrs = {value = -2e-3, unit = "1/K", source = "measured"}
"""


def card(folder: Path, *changes: tuple[str, str]) -> str:
    text = CARD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


def test_a_users_card(tmp_path: Path) -> None:
    device = load_device(card(tmp_path), ResistiveCard).at(350.0).numbers
    assert device.r_lrs == pytest.approx(20e3 * (1 + 1e-3 * 50))
    assert device.r_hrs == pytest.approx(200e3 * (1 - 2e-3 * 50))
    assert (device.sigma_lrs, device.sigma_hrs, device.noise) == (0.04, 0.2, 0.01)
    assert device.u_lrs == pytest.approx(2.5)
    assert device.u_hrs == 0  # ohmic
    assert device.step == pytest.approx(device.r_hrs - device.r_lrs)
    given = load_device(card(tmp_path), ResistiveCard).at(350.0).changed(r_lrs=1e3, r_hrs=5e3).numbers
    assert (given.r_lrs, given.r_hrs) == (1e3, 5e3)


def test_both_kinds_of_card_are_found() -> None:
    assert isinstance(load_device("rram-hfo2"), ResistiveCard)
    assert isinstance(load_device("stt-bnn-65nm"), MtjCard)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([("0.2e6", "20e3")], "r_hrs 20000 ohm given; allowed: above r_lrs, 20000 ohm"),
        ([("[noise]\nsigma", "[noise]\nsgima")], "noise: unknown key 'sgima'"),
        ([('r_lrs = {value = 20, unit = "kohm"', 'r_lrs = {value = 20, unit = "km"')], "unit 'km' given; allowed: ohm, kohm"),
        ([("value = 400", "value = -400")], "conduction.v0_lrs"),
    ],
)
def test_a_wrong_card_is_said_in_one_line(tmp_path: Path, changes: list[tuple[str, str]], words: str) -> None:
    with pytest.raises(UserError) as caught:
        load_device(card(tmp_path, *changes))
    assert words in str(caught.value)
    assert "mine.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_wrong_names_and_temperatures(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="rram-hfo2"):
        load_device("rram-hf02")
    with pytest.raises(UserError, match="cannot read"):
        load_device(str(tmp_path / "none.toml"))
    with pytest.raises(UserError, match=r"a resistance at 626\.85 C is not above 0; allowed: nearer to "):
        load_device(card(tmp_path)).at(900.0)
    with pytest.raises(UserError, match="above r_lrs"):
        load_device("rram-hfo2", ResistiveCard).at(300.15).changed(r_hrs=9e3)
