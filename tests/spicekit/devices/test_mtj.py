"""Device cards: what ships, what a user's own file may say, and the one line that a wrong one gets."""

from __future__ import annotations

import math
import re
from dataclasses import asdict
from pathlib import Path

import pytest

from spicekit.devices import list_devices, load_device
from spicekit.devices.mtj import MtjCard
from spicekit.errors import UserError
from spicekit.paths import data_root

SHIPPED = {
    "umn-i-pmtj", "umn-c-pmtj", "umn-imtj", "fong-pma", "arm-50nm", "spinlib-vgsot", "freepdk45-sot", "umn-she-sot",
    "imce-45nm", "stt-bnn-65nm", "vcma-50nm",
}  # fmt: skip
FOLDER = data_root() / "models" / "mtj"


def edited(tmp_path: Path, name: str, *changes: tuple[str, str]) -> str:
    """A copy of a shipped card with regular expressions replaced; its path."""
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text, count=1, flags=re.MULTILINE)
        assert count == 1, f"{pattern} is not in {name}.toml"
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_the_published_sets_ship() -> None:
    assert set(list_devices("mtj")) == SHIPPED
    assert list_devices("mtj") == sorted(list_devices("mtj"))


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_card_gives_every_parameter_finite(name: str) -> None:
    card = load_device(name, MtjCard)
    assert card.name == name
    for temperature in (None, 260.0, 300.0, 398.0):
        p = card.at(temperature).numbers
        assert all(type(value) is float and math.isfinite(value) for value in asdict(p).values())
    p = card.at().numbers
    assert 25 < p.delta < 110
    assert p.temperature == card.temperature.default.value
    assert card.three_terminal == bool(p.sot)


def test_the_projects_own_cards_are_what_their_benches_need() -> None:
    bnn, imce = load_device("stt-bnn-65nm", MtjCard).at().numbers, load_device("imce-45nm", MtjCard).at().numbers
    assert bnn.tmr == pytest.approx(2.5)
    assert bnn.delta == pytest.approx(60, abs=2)
    assert 2e3 < bnn.r_p < 6e3
    assert imce.tmr == pytest.approx(2.5)
    assert imce.sot == 1
    assert imce.ez == 1


def test_units_are_converted_and_the_card_does_not_change(tmp_path: Path) -> None:
    other = edited(
        tmp_path, "arm-50nm", (r"value = 1.2e6, unit = \"A/m\"", 'value = 1200, unit = "emu/cc"'),
        (r"value = 1, unit = \"mJ/m2\"", 'value = 1e-3, unit = "J/m2"'),
        (r"^t_free = .*", 't_free = {value = 1e-9, unit = "m", source = "x"}'),
    )  # fmt: skip
    assert asdict(load_device(other, MtjCard).at().numbers) == pytest.approx(
        asdict(load_device("arm-50nm", MtjCard).at().numbers), rel=1e-12
    )
    with pytest.raises(ValueError, match="frozen"):
        load_device("arm-50nm", MtjCard).name = "other"  # type: ignore[misc]


def test_infinite_v_half_is_no_roll_off(tmp_path: Path) -> None:
    file = edited(tmp_path, "stt-bnn-65nm", (r"^v_half = \{value = 0.5", "v_half = {value = inf"))
    assert load_device(file, MtjCard).at().numbers.tmr_v2 == 0


WRONG: list[tuple[str, str, str, str]] = [
    ("unknown key", r"^alpha =", "alhpa =", r"magnet: unknown key 'alhpa'; did you mean alpha"),
    ("unknown section", r"^\[magnet\]", "[magnets]", r"unknown key 'magnets'; did you mean magnet"),
    ("missing key", r"^alpha = .*", "", r"missing key 'magnet.alpha'"),
    ("missing source", r', source = "chosen: as the Arm MRAM[^"]*"', "", r"missing key 'magnet.alpha.source'"),
    ("bare number", r"^alpha = .*", "alpha = 0.01", r"magnet.alpha: give it as \{value = NUMBER"),
    ("text", r"^alpha = \{value = 0.01", 'alpha = {value = "0.01"', r"magnet.alpha.value: .*number"),
    ("alpha 0", r"^alpha = \{value = 0.01", "alpha = {value = 0", r"magnet.alpha: 0 1 given; allowed: > 0 and <= 1"),
    ("TMR below 0", r"^tmr = \{value = 250", "tmr = {value = -5", r"transport.tmr: -5 % given; allowed: >= 0"),
    ("TMR 0", r"^tmr = \{value = 250", "tmr = {value = 0", r"transport.tmr 0 given"),
    ("nan", r"^ra = \{value = 10", "ra = {value = nan", r"transport.ra: nan ohm um2 given"),
    ("inf", r"^ra = \{value = 10", "ra = {value = inf", r"transport.ra: inf ohm um2 given"),
    ("unit", r'unit = "ohm um2"', 'unit = "ohm"', r"transport.ra: unit 'ohm' given; allowed: ohm um2, ohm m2"),
    ("choice", r'^easy_axis = "z"', 'easy_axis = "w"', r"magnet.easy_axis: allowed: 'x', 'y' or 'z' \(given: 'w'\)"),
    ("wrong easy axis", r'^easy_axis = "z"', 'easy_axis = "x"', r"magnet.easy_axis 'x' is not stable at 26.85 C \(300 K\)"),
    ("weak anisotropy", r"^ki = \{value = 0.825", "ki = {value = 0.7", r"magnet.easy_axis 'z' is not stable"),
    ("disc", r"^ly = \{value = 60", "ly = {value = 61", r"geometry: a disc has ly = lx"),
    ("no ra", r"^ra = .*", "", r"missing key 'transport.ra'"),
    ("no tmr", r"^tmr = .*", "", r"missing key 'transport.tmr'"),
    ("no t_ox", r'"cosine-conductance"', '"brinkman"', r"missing key 'geometry.t_ox' \(needed by brinkman\)"),
    ("above Curie", r"^default = \{value = 300", "default = {value = 1500", r"temperature: default 1500 K given"),
    ("Lambda", r'^model = "tunnel"', 'model = "umn"\nslonczewski_lambda = {value=2, unit="1", source="x"}', r"torque: slonc"),
    ("theta0", r'"boltzmann"', '"given"', r"initial: allowed: theta0 with theta0_rule = 'given'"),
    ("kT of nothing", r"^ki = ", 'barrier_temperature = {value=300, unit="K", source="x"}\nki = ', r"anisotropy: barrier_t"),
    ("a bend within kT", r"^v_half = .*", 'v_half = {value=1e-300, unit="V", source="x"}', r"v_half: 1e-300 V given; .* >= 0.01"),
    ("a size of a wire", r"^lx = .*", 'lx = {value=60, unit="um", source="x"}', r"geometry.lx: 60 um .* <= 1e-05"),
    ("no exponent", r"^exponent = .*", "", r"missing key 'anisotropy.exponent' \(temperature.t_curie is given"),
    ("exponent 0", r"^exponent = \{value = 3", "exponent = {value = 0", r"anisotropy.exponent: 0 1 given; allowed: >= 1 and"),
    ("Ms of a law", r"^t_curie = .*\nms_exponent = .*\n", "", r"temperature: ms_temperature given without t_curie"),
    ("two polarisations", r"^\[torque\]", '[polarisation]\np0={value=0.6,unit="1",source="x"}\n[torque]', r"'tunnel' takes the"),
    ("shape of a prism", r'^model = "cylinder"', 'model = "prism"', r"'prism' given with geometry.shape 'disc'; allowed: cyl"),
    ("not TOML", r"^\[magnet\]", "[magnet", r"not valid TOML"),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "replacement", "message"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_a_wrong_card_gets_one_line_with_file_and_key(tmp_path: Path, pattern: str, replacement: str, message: str) -> None:
    file = edited(tmp_path, "stt-bnn-65nm", (pattern, replacement))
    with pytest.raises(UserError, match=message) as caught:
        load_device(file, MtjCard)
    text = str(caught.value)
    assert text.startswith(f"{file}: ")
    assert "\n" not in text


def test_all_that_is_wrong_with_a_card_is_said_at_once(tmp_path: Path) -> None:
    wrong = ((r"^alpha = .*", "alfa = 1\nbeta = 2"), (r"^reference = .*", ""), (r"^lx = .*", "lx = 3"))
    file = edited(tmp_path, "stt-bnn-65nm", *wrong)
    with pytest.raises(UserError) as caught:
        load_device(file, MtjCard)
    parts = str(caught.value).removeprefix(f"{file}: ").split("; ")
    assert [part.partition(" = ")[0] for part in parts] == [
        "missing key 'reference'",
        "geometry.lx: give it as {value",
        "magnet: unknown keys 'alfa' (did you mean alpha?), 'beta'",
        "choose from alpha, easy_axis, ms",
    ]


@pytest.mark.parametrize(
    ("name", "pattern", "replacement", "message"),
    [
        ("freepdk45-sot", r"^nzz = \{value = 0.951", "nzz = {value = 0.9", r"nxx \+ nyy \+ nzz is 0.9484; allowed"),
        ("freepdk45-sot", r"^resistance = .*", "", r"rail: allowed: rho or resistance"),
        ("freepdk45-sot", r"^theta_sh = \{value = 0.7316", "theta_sh = {value = 0", r"rail: theta_sh 0 given"),
        ("fong-pma", r"^barrier = ", 'ku = {value=1e5,unit="J/m3",source="x"}\nbarrier = ', r"anisotropy: barrier given"),
        ("fong-pma", r"^barrier = .*\nbarrier_temperature = .*\nexponent = .*", "", r"demagnetisation.model 'none' given"),
        ("fong-pma", r"^p_free = .*", "", r"polarisation: allowed: p0 alone, or p_pinned and p_free"),
        ("fong-pma", r"^\[temperature\]", '[vcma]\nxi={value=1,unit="J",source="x"}\n[temperature]', r"vcma.xi: unit 'J'"),
        ("umn-imtj", r'^conductance = "', 'angle = "umn"\nconductance = "', r"transport.angle 'umn' given"),
    ],
)  # fmt: skip
def test_parts_that_do_not_fit_together(tmp_path: Path, name: str, pattern: str, replacement: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_device(edited(tmp_path, name, (pattern, replacement)))


def test_a_name_or_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"unknown device 'umn-ipmtj'; did you mean umn-i-pmtj"):
        load_device("umn-ipmtj", MtjCard)
    with pytest.raises(UserError, match="cannot read"):
        load_device(str(tmp_path / "none.toml"), MtjCard)


def test_a_temperature_beyond_the_laws() -> None:
    for temperature in (0.0, -10.0, 1500.0, math.nan):
        with pytest.raises(UserError, match=r"umn-i-pmtj: temperature .* given; allowed: above 0 K"):
            load_device("umn-i-pmtj", MtjCard).at(temperature)


def test_a_card_can_be_built_in_python() -> None:
    raw = load_device("arm-50nm", MtjCard).model_dump(exclude_none=True)
    assert MtjCard.model_validate(raw).at().numbers == load_device("arm-50nm", MtjCard).at().numbers
