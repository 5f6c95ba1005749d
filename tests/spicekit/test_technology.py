"""Technologies as objects: names, mismatch, corners, sizes."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from spicekit import make_bench
from spicekit.errors import UserError
from spicekit.paths import data_root
from spicekit.technology import load_technology, technology_names


def test_the_shipped_ones_load() -> None:
    assert technology_names() == ["ptm45", "ptm65"]
    assert load_technology("ptm45").vdd == 1.0
    assert load_technology("ptm65").vdd == 1.1


@pytest.mark.parametrize(("width", "length"), [(150e-9, 45e-9), (4e-6, 1e-6), (1e-6, 65e-9)])
def test_pelgrom(width: float, length: float) -> None:
    for name in technology_names():
        technology = load_technology(name)
        area = width * length
        a_vt, a_beta = technology.mismatch.a_vt, technology.mismatch.a_beta
        assert isinstance(a_vt, float)
        assert isinstance(a_beta, float)
        assert technology.sigma_vth(width, length) == pytest.approx(a_vt / math.sqrt(area), rel=1e-15)
        assert technology.sigma_beta(width, length) == pytest.approx(a_beta / math.sqrt(area), rel=1e-15)
        # four times the area, half the spread
        assert technology.sigma_vth(4 * width, length) == pytest.approx(technology.sigma_vth(width, length) / 2)
        assert technology.sigma_c(4 * area) == pytest.approx(technology.sigma_c(area) / 2)


def test_mismatch_is_that_of_the_node() -> None:
    # one micrometre square: 1 to 5 mV and below 2 % in every published 65 and 45 nm process
    for name in technology_names():
        assert 1e-3 < load_technology(name).sigma_vth(1e-6, 1e-6) < 5e-3
        assert 1e-3 < load_technology(name).sigma_beta(1e-6, 1e-6) < 2e-2


def test_points_of_a_bench_carry_the_sigma_of_their_size() -> None:
    bench = make_bench("sot-logic", {"w_read": "300n", "w_mirror": "2u", "l_mirror": "0.5u"})
    points = {point.name: point for point in bench.points()}
    technology = load_technology("ptm45")
    assert points["vth_c1"].sigma == technology.sigma_vth(300e-9, 45e-9)
    assert points["beta_mc"].sigma == technology.sigma_beta(2e-6, 0.5e-6)
    assert points["vth_c0"].nominal == points["beta_c0"].nominal == 0.0
    # the reference's transistor has as many fingers as cells are sensed together
    assert points["vth_ref_and"].sigma == technology.sigma_vth(600e-9, 45e-9)


def test_cell_transistors_are_as_short_as_the_technology_allows() -> None:
    for name in technology_names():
        technology = load_technology(name)
        bench = make_bench("sot-read", {"technology": name})
        points = {point.name: point for point in bench.points()}
        assert points["vth_c0"].sigma == technology.sigma_vth(150e-9, technology.l_min)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"l_access": "40n"}, "parameter l_access: 40 nm given; allowed: at least 45 nm, the smallest L of technology 'ptm45'"),
        ({"technology": "ptm65", "l_access": "45n"}, "parameter l_access: 45 nm given; allowed: at least 65 nm, the smallest L"),
        ({"w_mirror": "50n"}, "parameter w_mirror: 50 nm given; allowed: at least 90 nm, the smallest W of"),
    ],
)
def test_a_transistor_that_the_process_cannot_make(given: dict[str, str], says: str) -> None:
    with pytest.raises(UserError, match=says):
        make_bench("sot-read", given).points()


@pytest.mark.parametrize("temperature", [-40.0, 125.0])
def test_temperature_range_includes_its_ends(temperature: float) -> None:
    assert make_bench("sot-read", {"temperature": temperature}).p.temperature == temperature


@pytest.mark.parametrize("temperature", [-40.1, 126])
def test_temperature_out_of_range(temperature: float | str) -> None:
    with pytest.raises(UserError, match=r"is outside -40.0 to 125.0 C of technology 'ptm45'"):
        make_bench("sot-read", {"temperature": temperature})


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("ptm4", "unknown technology 'ptm4'; did you mean ptm45"),
        ("gf180", "unknown technology 'gf180'; did you mean gf180mcu"),
        (
            "x9",
            "unknown technology 'x9'; choose from freepdk45, gf180mcu, ihp-sg13g2, path/to/your.toml, ptm45, ptm65, sky130A, "
            "sky130A-binned",
        ),
        ("", "unknown technology ''"),
    ],
)
def test_unknown_technology(name: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        load_technology(name)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("nmos = { vth0 = -0.03", "nmos = { vth1 = -0.03", r"corners.ff.nmos.vth1 is not in \[bsim4.nmos\]"),
        ('"model"\nname = "ptm45_nmos"', '"subckt"\nname = "x"', r"corners.tt needs a file, or devices.nmos kind = 'model'"),
        ("[corners.tt]", '[corners.tt]\nsection = "TT"', "corners.tt needs a file"),
        ("[devices.nmos]", '[devices.dnw]\nkind = "model"\nname = "d"\n[devices.nmos]', r"corners.tt .* \[bsim4.dnw\]"),
    ],
)  # fmt: skip
def test_inconsistent_file(repository: Path, tmp_path: Path, old: str, new: str, says: str) -> None:
    text = (repository / "models" / "cmos" / "ptm45.toml").read_text()
    assert text.count(old) == 1
    (tmp_path / "mine.toml").write_text(text.replace(old, new))
    with pytest.raises(UserError, match=says):
        load_technology(str(tmp_path / "mine.toml"))


WRONG = {
    'vdd = { value = 1.0, unit = "V"': {
        'vdd = { value = 1.0, unit = "m"': "vdd: unit 'm' given; allowed: 'V'",
        'vdd = { value = 1000, unit = "V"': "vdd: value 1000 given; allowed: 0.1 to 50 V",
        'vdd = { value = nan, unit = "V"': "vdd: value nan given",
        'vdd = { value = true, unit = "V"': "vdd: value True given",
        'vdd = { value = "1", unit = "V"': "vdd: value 1 given",
        'vdd = { volts = 1.0, unit = "V"': "vdd: give it as {value = NUMBER, unit = 'V', source = 'TEXT'}",
    },
    'l_min = { value = 45e-9, unit = "m"': {
        'l_min = { value = 45e-9, unit = "V"': "l_min: unit 'V' given; allowed: 'm'",
        'l_min = { value = 45, unit = "m"': "l_min: value 45 given; allowed: 1e-09 to 0.0001 m",
    },
    "w_min = { value = 90e-9": {"w_min = { value = 90": "w_min: value 90 given; allowed: 1e-09 to 0.0001 m"},
    'a_vt = { value = 1.8e-9, unit = "V m"': {
        'a_vt = { value = 1.8e-9, unit = "m"': "mismatch.a_vt: unit 'm' given; allowed: 'V m'",
        'a_vt = { value = 2.5, unit = "V m"': "mismatch.a_vt: value 2.5 given; allowed: 0 to 1e-06 V m",
    },
    "a_beta = { value = 0.7e-8": {"a_beta = { value = 0.7": "mismatch.a_beta: value 0.7 given; allowed: 0 to 1e-06 m"},
    "a_c = { value = 0.7e-8": {"a_c = { value = -0.7e-8": "mismatch.a_c: value -7e-09 given"},
    "low = -40, high = 125": {
        "low = 125, high = -40": "temperature: low = 125, high = -40 given; allowed: low below high",
        "low = nan, high = 125": "temperature: low = nan, high = 125 given",
        "low = -40, high = inf": "temperature: low = -40, high = inf given",
        "low = -300, high = 125": "temperature: low = -300, high = 125 given; allowed: low below high, above -273.15",
    },
    "vth0 = -0.03": {"vth0 = inf": "corners.ff.nmos.vth0: allowed: a finite number"},
}


@pytest.mark.parametrize(
    ("old", "new", "says"), [(old, new, says) for old, cases in WRONG.items() for new, says in cases.items()]
)
def test_a_figure_that_no_process_has_is_refused_when_its_file_is_read(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = (data_root() / "models" / "cmos" / "ptm45.toml").read_text()
    assert old in text
    (tmp_path / "mine.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(UserError) as error:
        load_technology(str(tmp_path / "mine.toml"))
    assert f"{tmp_path / 'mine.toml'}: {says}" in str(error.value)
    assert "\n" not in str(error.value)
