"""Placed junctions: what a user gives in place of the card's figures, what varies, and cards that do not say their kind."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spicekit.devices import list_devices, load_device
from spicekit.devices.junction import StaticJunction
from spicekit.devices.mtj import MtjCard
from spicekit.devices.resistive import ResistiveCard
from spicekit.errors import UserError
from spicekit.paths import data_root
from spicekit.physics.conductance import conductance


def test_what_is_given_in_place_of_the_cards_figures_is_in_the_numbers() -> None:
    """Resistances from the conductance law of the changed numbers, against RA over area and Julliere's TMR at the temperature."""
    card = load_device("stt-bnn-65nm", MtjCard)
    junction = card.at(398.0).changed(ra=5.0, tmr=1.2, v_half=0.4)
    k = junction.numbers
    r_p = 5e-12 / (math.pi / 4 * 60e-9**2)
    p2 = 1.2 / (1.2 + 2) * ((1 - 2e-5 * 398.0**1.5) / (1 - 2e-5 * 300.0**1.5)) ** 2  # TMR = 2 P^2/(1 - P^2)
    tmr = 2 * p2 / (1 - p2)
    assert (junction.ra, junction.tmr) == (5.0, pytest.approx(tmr, rel=1e-12))
    assert (k.r_p, k.tmr) == (pytest.approx(r_p, rel=1e-12), junction.tmr)
    assert (k.r_p * (1 + k.tmr / (1 + k.tmr_v2 * 0.4**2)) / r_p - 1) == pytest.approx(tmr / 2, rel=1e-12)
    assert 1 / conductance(k, 0.3, 1.0, 398.0) == pytest.approx(r_p, rel=1e-12)
    assert card.at(398.0).changed(v_half=math.inf).numbers.tmr_v2 == 0
    assert card.at(398.0).changed() == card.at(398.0)


def test_a_memory_of_a_changed_junction_has_its_resistances() -> None:
    junction = load_device("stt-bnn-65nm", MtjCard).at().changed(ra=20.0, tmr=0.8)
    memory = junction.two_state().numbers
    assert memory.r_hrs / memory.r_lrs - 1 == pytest.approx(0.8, rel=1e-12)
    assert memory.r_lrs == pytest.approx(20e-12 / (math.pi / 4 * 60e-9**2), rel=1e-12)


def test_what_varies_is_what_the_model_reads() -> None:
    junction = load_device("stt-bnn-65nm", MtjCard).at()
    assert [point.kind for point in junction.points("c0")] == ["ra", "tmr", "cd", "hk", "theta0", "phi0"]
    assert [point.name for point in replace(junction, at_rest=True).points("c0")] == ["ra_c0", "tmr_c0", "cd_c0"]
    assert [point.kind for point in replace(junction, form="fixed").points("c0")] == ["ra", "tmr", "cd"]
    for placed in (junction, junction.static(), StaticJunction.round(diameter=45e-9, ra=18.0, tmr=2.5, v_half=0.5)):
        ra, tmr, cd = (point.sigma / point.nominal for point in placed.points("c0")[:3])
        # R_P = RA/(pi/4 d^2) as Fan, ASP-DAC 2018, has it, most of it by size
        assert (ra, tmr, cd) == (pytest.approx(0.03), pytest.approx(0.10), pytest.approx(0.02))
        assert math.hypot(ra, 2 * cd) == pytest.approx(0.05)


@pytest.mark.parametrize("name", ["stt-bnn-65nm", "imce-45nm", "umn-i-pmtj", "umn-imtj", "umn-she-sot"])
@pytest.mark.parametrize("cd", [0.92, 1.05])
def test_size_moves_everything_as_a_card_of_that_size_has_it(name: str, cd: float) -> None:
    """Against the card with both lateral dimensions changed, its own demagnetising tensor and all."""
    card = load_device(name, MtjCard)
    shape = card.geometry
    edges = {edge: getattr(shape, edge).model_copy(update={"value": cd * getattr(shape, edge).value}) for edge in ("lx", "ly")}
    exact = card.model_copy(update={"geometry": shape.model_copy(update=edges)}).at().numbers
    junction = card.at()
    k = junction.varied(np.array([junction.ra]), np.array([junction.tmr]), np.array([cd]))
    for number in ("r_p", "volume", "stt_coefficient", "delta", "hk", "tau_d"):
        # slope in 1/d: 1e-3 of Hk at 8 %, where leaving it out would be 5 %
        assert getattr(k, number) == pytest.approx(getattr(exact, number), rel=1.2e-3), number
    for number in ("ic_ap_p", "ic_p_ap"):
        assert getattr(k, number) == pytest.approx(getattr(exact, number), rel=1.2e-3), number


def test_a_card_says_its_own_spread(tmp_path: Path) -> None:
    text = (data_root() / "models" / "mtj" / "umn-i-pmtj.toml").read_text(encoding="utf-8")
    own = tmp_path / "own.toml"

    def card(section: str) -> MtjCard:
        own.write_text(f"{text}\n[variation]\n{section}\n", encoding="utf-8")
        return load_device(str(own), MtjCard)

    given = (
        'cd = {value = 1, unit = "%", source = "measured"}\nhk = {value = 0.04, unit = "1", source = "measured"}\n'
        'correlations = [{between = ["cd", "hk"], value = -0.3, source = "measured"}]'
    )
    points = {point.kind: point for point in card(given).at().points("c0")}
    assert [points[kind].sigma for kind in ("ra", "tmr", "cd", "hk")] == [0, 0, 0.01, 0.04]
    assert points["cd"].correlated == (("hk", -0.3),)
    for wrong, says in (
        ('cd = {value = 40, unit = "%", source = "x"}', r"variation.cd: 40 % given; allowed: >= 0 and <= 0.3"),
        ('diameter = {value = 4, unit = "%", source = "x"}', r"unknown key 'diameter'"),
        ('correlations = [{between = ["cd", "cd"], value = 0.3, source = "x"}]', r"cd, cd given; allowed: two kinds"),
        ('correlations = [{between = ["cd", "r"], value = 0.3, source = "x"}]', r"correlations.0.between.1"),
        ('correlations = [{between = ["cd", "ra"], value = 1.3, source = "x"}]', r"correlations.0.value: allowed: less than 1"),
    ):
        with pytest.raises(UserError, match=says) as error:
            card(wrong)
        assert "own.toml" in str(error.value)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(("folder", "name", "kind"), [("mtj", "arm-50nm", MtjCard), ("rram", "rram-hfo2", ResistiveCard)])
def test_a_card_that_does_not_say_its_kind_is_known_by_its_sections(
    tmp_path: Path, folder: str, name: str, kind: type[MtjCard | ResistiveCard]
) -> None:
    text = (data_root() / "models" / folder / f"{name}.toml").read_text(encoding="utf-8")
    first, rest = text.split("\n", 1)
    assert first.startswith("kind = ")
    own = tmp_path / "own.toml"
    own.write_text(rest, encoding="utf-8")
    assert load_device(str(own), kind) == load_device(name)


def test_a_card_that_says_another_kind_is_refused_by_its_keys(tmp_path: Path) -> None:
    text = (data_root() / "models" / "rram" / "rram-hfo2.toml").read_text(encoding="utf-8")
    own = tmp_path / "own.toml"
    own.write_text(text.replace('kind = "resistive"', 'kind = "mtj"'), encoding="utf-8")
    with pytest.raises(UserError, match=r"own\.toml: unknown keys 'states' .*'conduction', 'noise'; choose from"):
        load_device(str(own))


def test_every_shipped_card_is_of_one_kind() -> None:
    assert sorted([*list_devices("mtj"), *list_devices("resistive")]) == list_devices()


def test_a_path_means_the_file_in_the_folder_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, sigma in (("a", "5"), ("b", "7")):
        (tmp_path / folder).mkdir()
        text = (data_root() / "models" / "rram" / "rram-hfo2.toml").read_text(encoding="utf-8")
        (tmp_path / folder / "card.toml").write_text(text.replace("sigma_lrs = {value = 5", f"sigma_lrs = {{value = {sigma}"))
        monkeypatch.chdir(tmp_path / folder)
        assert load_device("card.toml", ResistiveCard).at().numbers.sigma_lrs == pytest.approx(float(sigma) / 100)
