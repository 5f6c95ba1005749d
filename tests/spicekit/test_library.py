"""Libraries for decks without spicekit: `ngspice -b` on a deck that includes one gives the numbers of the benches."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import spicekit
from spicekit import run
from spicekit.devices import load_device
from spicekit.devices.mtj import MtjCard
from spicekit.devices.resistive import ResistiveCard
from spicekit.errors import UserError
from spicekit.library import library
from spicekit.paths import data_root
from spicekit.technology import load_technology

Cli = Callable[..., subprocess.CompletedProcess[str]]
Complaint = Callable[[subprocess.CompletedProcess[str], int], str]

DC = ".options reltol=1e-7 abstol=1e-15 vntol=1e-9 gmin=1e-15"
TRAN = ".options method=trap reltol=1e-5 abstol=1e-13 vntol=1e-7 trtol=7"
_NUMBER = re.compile(r"^\s*([\w().#]+)\s*=\s*([-+0-9.e]+)", re.MULTILINE)


def simulate(folder: Path, deck: str, *options: str) -> dict[str, float]:
    """What `ngspice -b` prints and measures for a deck in ``folder``, started from the root of the file system."""
    (folder / "deck.cir").write_text(f"* a deck of somebody's\n{deck}\n.end\n")
    done = subprocess.run(
        ["ngspice", *options, "-b", str(folder / "deck.cir")], cwd="/", capture_output=True, text=True, timeout=120, check=False
    )
    said = done.stderr + done.stdout
    assert not re.search(r"^\s*((fatal|parse) )?error|^doAnalyses|aborted", said, re.IGNORECASE | re.MULTILINE), said
    return {name.lower(): float(value) for name, value in _NUMBER.findall(done.stdout)}


def currents(folder: Path, lines: str, sources: int, *options: str, temperature: float = 27.0) -> list[float]:
    """Currents into the circuit of ``lines`` from V0, V1, ... at the operating point."""
    prints = "\n".join(f"print i(v{n})" for n in range(sources))
    deck = f".include pdk/mtj.lib\n{lines}\n{DC}\n.temp {temperature}\n.op\n.control\nset numdgt=12\nop\n{prints}\n.endc"
    found = simulate(folder, deck, *options)
    return [-found[f"i(v{n})"] for n in range(sources)]


def put(folder: Path, name: str, **options: object) -> None:
    (folder / "pdk").mkdir(exist_ok=True)
    (folder / "pdk" / "mtj.lib").write_text(library(name, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("card", ["stt-bnn-65nm", "fong-pma", "umn-imtj", "arm-50nm"])
def test_a_static_junction_has_the_resistance_of_mtj_iv(tmp_path: Path, card: str) -> None:
    put(tmp_path, card, model="static")
    name = f"mtj_{card.replace('-', '_')}"
    lines = [
        f"V{n} t{n} 0 {v}\nX{n} t{n} 0 {name} state={s}" for n, (v, s) in enumerate([(1e-3, 0), (1e-3, 1), (0.7, 0), (0.7, 1)])
    ]
    i = currents(tmp_path, "\n".join(lines), 4, temperature=85.0)  # the deck's temperature is not the junction's
    bench = run("mtj-iv", device=card, v_max=0.7).measures
    assert [1e-3 / i[0], 1e-3 / i[1], 0.7 / i[2], 0.7 / i[3]] == pytest.approx(
        [bench["r_p"], bench["r_ap"], bench["r_p_max"], bench["r_ap_max"]], rel=1e-6
    )


def test_its_temperature_is_an_option(tmp_path: Path) -> None:
    put(tmp_path, "stt-bnn-65nm", model="static", celsius=125.0)
    (i,) = currents(tmp_path, "V0 a 0 1m\nX0 a 0 mtj_stt_bnn_65nm state=1", 1)
    assert 1e-3 / i == pytest.approx(run("mtj-iv", temperature=125).measures["r_ap"], rel=1e-6)
    assert 1e-3 / i < 0.97 * run("mtj-iv").measures["r_ap"]


@pytest.mark.parametrize("model", ["static", "llg", "fast"])
def test_instances_differ_by_state_and_spread(tmp_path: Path, model: str) -> None:
    put(tmp_path, "stt-bnn-65nm", model=model)
    level = "" if model == "static" else " theta0=1e-9"  # exactly at its pole, as the closed form is
    given = ["state=0", "state=1", "state=1 dra=0.1", "state=1 dtmr=-0.2", "state=1 darea=0.05", "dra=-0.1", "state=0 m=3"]
    lines = [f"V{n} t{n} 0 0.3\nX{n} t{n} 0 mtj_stt_bnn_65nm {words}{level}" for n, words in enumerate(given)]
    hostile = ".param state=1 ra=2 um2=3 alpha=5 roll=7 dra=0.5 theta0=1 m=4"  # the deck's own, of names within
    found = currents(tmp_path, "\n".join([hostile, *lines]), len(given))
    junction = load_device("stt-bnn-65nm", MtjCard).at()

    def expected(antiparallel: bool, ra: float = 1, tmr: float = 1, area: float = 1, count: int = 1) -> float:
        rolled = 1 + antiparallel * tmr * 2.5 / (1 + (0.3 / 0.5) ** 2)
        return 0.3 * count * area / (junction.r_p * ra * rolled)

    assert found == pytest.approx(
        [
            expected(False),
            expected(True),
            expected(True, ra=1.1),
            expected(True, tmr=0.8),
            expected(True, area=1.05),
            expected(False, ra=0.9),
            expected(False, count=3),
        ],
        rel=1e-6,
    )


@pytest.mark.parametrize("dialect", ["hsa", "psa", "ltpsa", "all"])
def test_other_dialects_and_upper_case(tmp_path: Path, dialect: str) -> None:
    """As xschem with SKY130 (hsa) and KiCad (ltpsa) set ngspice; a multiplier of the cell around it counts too."""
    put(tmp_path, "stt-bnn-65nm", model="static")
    deck = (
        ".SUBCKT CELL A B\nXJ1 A B MTJ_STT_BNN_65NM STATE=1 DRA=0.1\n.ENDS\nV0 A 0 0.3\nX0 A 0 CELL\nV1 B 0 0.3\nX1 B 0 CELL M=2"
    )
    one, two = currents(tmp_path, deck, 2, "-D", f"ngbehavior={dialect}")
    junction = load_device("stt-bnn-65nm", MtjCard).at()
    assert one == pytest.approx(0.3 / (junction.r_p * 1.1 * (1 + 2.5 / 1.36)), rel=1e-6)
    assert two == pytest.approx(2 * one, rel=1e-9)


SWITCHING = [
    ("umn-i-pmtj", "llg", {"value": 0.6, "t_stop": 3e-9}, ""),
    ("umn-i-pmtj", "llg", {"value": 0.6, "t_stop": 3e-9}, "uic"),
    ("stt-bnn-65nm", "llg", {"value": 200e-6, "direction": "p-ap", "drive": "current", "t_stop": 5e-9}, ""),
    ("stt-bnn-65nm", "fast", {"value": 0.6, "t_stop": 1e-8}, ""),
    ("stt-bnn-65nm", "fast", {"value": 0.6, "direction": "p-ap", "t_stop": 1e-8}, "uic"),
    ("umn-imtj", "llg", {"value": 1.2, "t_stop": 2e-9}, "uic"),
    ("freepdk45-sot", "llg", {"value": 0.1, "t_stop": 3e-10}, ""),
]


@pytest.mark.parametrize(("card", "model", "given", "start"), SWITCHING)
def test_it_switches_as_mtj_switch_does(tmp_path: Path, card: str, model: str, given: dict[str, object], start: str) -> None:
    put(tmp_path, card, model=model)
    bench = spicekit.make_bench("mtj-switch", {"device": card, "model": model, **given})
    step, stop = bench.analysis().step, bench.p.t_stop  # type: ignore[union-attr]
    rail = load_device(card, MtjCard).three_terminal
    state, sign = (1, 1) if bench.p.direction == "ap-p" else (0, -1)
    drive = f"Vdrive d 0 {sign * bench.p.value!r}" if bench.p.drive == "voltage" else f"Idrive 0 d {sign * bench.p.value!r}"
    axis = next(j for j in "xyz" if getattr(load_device(card, MtjCard).at().numbers, f"e{j}"))
    device = f"X1 open d 0 mtj_{card.replace('-', '_')} state={state}\nRopen open 0 1e9" if rail else (
        f"X1 d 0 mtj_{card.replace('-', '_')} state={state}"
    )  # fmt: skip
    measured = f".meas tran t_switch when v(x1.m{axis})=0 cross=1\n.meas tran m_end find v(x1.m{axis}) at={stop * 0.999!r}"
    deck = f".include pdk/mtj.lib\n{drive}\n{device}\n{TRAN}\n.tran {step!r} {stop!r} 0 {step!r} {start}\n{measured}"
    found = simulate(tmp_path, deck)
    theirs = run("mtj-switch", device=card, model=model, **given).measures  # type: ignore[arg-type]
    assert found["t_switch"] == pytest.approx(theirs["t_switch"], rel=1e-3 if start else 1e-5)
    assert found["m_end"] == pytest.approx(theirs["m_end"], abs=5e-3)


def test_two_of_them_switch_by_themselves(tmp_path: Path) -> None:
    put(tmp_path, "umn-i-pmtj")
    two = "Xa a 0 mtj_umn_i_pmtj state=1\nXb b 0 mtj_umn_i_pmtj state=1 dra=0.1\nXc c 0 mtj_umn_i_pmtj state=1 m=2"
    sources = "\n".join(f"V{n} {n} 0 0.6" for n in "abc")
    measured = "\n".join(f".meas tran t{n} when v(x{n}.mz)=0\n.meas tran i{n} find i(v{n}) at=0.5n" for n in "abc")
    found = simulate(tmp_path, f".include pdk/mtj.lib\n{sources}\n{two}\n{TRAN}\n.tran 3p 4n 0 3p\n{measured}")
    slower = run("mtj-switch", ra=5 * 1.1).measures["t_switch"]
    assert found["ta"] == pytest.approx(found["tc"], rel=1e-9)
    assert found["ta"] == pytest.approx(run("mtj-switch").measures["t_switch"], rel=2e-3)
    assert found["tb"] == pytest.approx(slower, rel=2e-3)
    assert found["tb"] > 1.05 * found["ta"]
    assert found["ic"] == pytest.approx(2 * found["ia"], rel=1e-6)


def test_a_junction_on_its_rail(tmp_path: Path) -> None:
    put(tmp_path, "freepdk45-sot", model="static")
    k = load_device("freepdk45-sot", MtjCard).at().numbers
    # along the rail with the junction open; through the junction and both halves of the rail; three of them
    deck = (
        "V0 h0 0 0.1\nX0 p0 h0 0 mtj_freepdk45_sot\nRopen p0 0 1e15\nV1 p1 0 -1m\nX1 p1 0 0 mtj_freepdk45_sot state=1\n"
        "V2 h2 0 0.1\nX2 p2 h2 0 mtj_freepdk45_sot m=3\nRopen2 p2 0 1e15\nV3 p3 0 -1m\nX3 p3 0 0 mtj_freepdk45_sot state=1 m=3"
    )
    along, through, three_along, three_through = currents(tmp_path, deck, 4)
    assert along == pytest.approx(0.1 / k.r_rail, rel=1e-6)
    assert -1e-3 / through - k.r_rail / 4 == pytest.approx(run("mtj-iv", device="freepdk45-sot").measures["r_ap"], rel=1e-4)
    assert [three_along, three_through] == pytest.approx([3 * along, 3 * through], rel=1e-6)


def test_a_resistive_memory(tmp_path: Path) -> None:
    put(tmp_path, "rram-hfo2")
    given = ["state=0", "state=1", "state=0 dr_lrs=0.2", "state=1 dr_hrs=-0.1 m=2"]
    lines = [f"V{n} t{n} 0 0.4\nX{n} t{n} 0 resistive_rram_hfo2 {words}" for n, words in enumerate(given)]
    states = load_device("rram-hfo2", ResistiveCard).states
    high = 0.25 * np.sinh(0.4 / 0.25) / states.r_hrs.value
    assert currents(tmp_path, "\n".join(lines), 4) == pytest.approx(
        [0.4 / states.r_lrs.value, high, 0.4 / (1.2 * states.r_lrs.value), 2 * high / 0.9], rel=1e-6
    )


def test_two_libraries_in_one_deck(tmp_path: Path) -> None:
    for name in ("rram-hfo2", "fefet-like"):
        (tmp_path / f"{name}.lib").write_text(library(name))
    put(tmp_path, "stt-bnn-65nm", model="static")
    deck = (
        ".include rram-hfo2.lib\n.include fefet-like.lib\nV0 a 0 1m\nX0 a 0 resistive_rram_hfo2\nV1 b 0 1m\n"
        "X1 b 0 resistive_fefet_like\nV2 c 0 1m\nX2 c 0 mtj_stt_bnn_65nm"
    )
    found = currents(tmp_path, deck, 3)
    assert found == pytest.approx([1e-3 / 10e3, 1e-3 / 25e3, 1e-3 / load_device("stt-bnn-65nm", MtjCard).at().r_p], rel=1e-5)


def on_currents(folder: Path, extra: str = "", **options: object) -> list[float]:
    put(folder, "ptm65", **options)
    deck = "V0 dn 0 1.1\nM0 dn dn 0 0 ptm65_nmos w=1u l=65n\nV1 dp 0 -1.1\nM1 dp dp 0 0 PTM65_PMOS W=1u L=65n\n" + extra
    found = simulate(folder, f".include pdk/mtj.lib\n{deck}\n.op\n.control\nset numdgt=12\nop\nprint i(v0)\nprint i(v1)\n.endc")
    return [abs(found["i(v0)"]), abs(found["i(v1)"])]


def test_a_technology(tmp_path: Path) -> None:
    tt, ss, ff, hot = (on_currents(tmp_path, **given) for given in ({}, {"corner": "ss"}, {"corner": "ff"}, {"celsius": 125.0}))
    assert ss[0] < tt[0] < ff[0]
    assert ss[1] < tt[1] < ff[1]
    assert 0.4e-3 < tt[0] < 1.5e-3  # published 65 nm bulk: 0.5 to 1 mA/um
    assert hot == pytest.approx(on_currents(tmp_path, ".temp 125"), rel=1e-9)
    assert 0.85 * tt[0] < hot[0] < 0.98 * tt[0]  # of so short a channel it falls little (docs/technology.md)


def test_a_users_own_technology_is_found_by_its_models(tmp_path: Path) -> None:
    """Its library names the foundry's file, which stays where it is."""
    (tmp_path / "fab").mkdir()
    (tmp_path / "fab" / "all.lib").write_text(f".lib tt\n{load_technology('ptm65').cards('tt')}\n.endl tt\n")
    text = re.sub(r"\n\[bsim4\..*", "\n", (data_root() / "models" / "cmos" / "ptm65.toml").read_text(), flags=re.DOTALL)
    text = re.sub(r"\[corners.tt\].*", '[corners.tt]\nfile = "all.lib"\nsection = "tt"\n', text, flags=re.DOTALL)
    (tmp_path / "fab" / "mine.toml").write_text(text)
    made = library(str(tmp_path / "fab" / "mine.toml"))
    assert f".lib '{(tmp_path / 'fab' / 'all.lib').resolve()}' tt" in made
    assert re.search(r"mine.toml \(SHA-256 [0-9a-f]{16}\)", made)


@pytest.mark.parametrize(("deck", "says"), [("write", "`t_switch` = ([0-9.]+ ps)"), ("cell", "`vbl#branch` is −([0-9.]+) µA")])
def test_the_other_decks_of_the_page(repository: Path, tmp_path: Path, deck: str, says: str) -> None:
    page = (repository / "docs" / "own-circuit.md").read_text(encoding="utf-8")
    text = page.split(f"* {deck}.cir\n", 1)[1].split(".end\n", 1)[0]
    for name, file in (("freepdk45-sot", "sot.lib"), ("rram-hfo2", "rram.lib"), ("ptm65", "ptm65.lib")):
        (tmp_path / file).write_text(library(name))
    said = re.search(says, page)
    assert said
    if deck == "write":
        assert simulate(tmp_path, text)["t_switch"] == pytest.approx(float(said[1].split()[0]) * 1e-12, rel=1e-3)
    else:
        found = simulate(tmp_path, f"{text}\n.control\nset numdgt=12\nop\nprint i(vbl)\n.endc")
        assert found["i(vbl)"] == pytest.approx(-float(said[1]) * 1e-6, rel=1e-3)


def test_the_deck_of_the_page_runs(tmp_path: Path, repository: Path) -> None:
    page = (repository / "docs" / "own-circuit.md").read_text(encoding="utf-8")
    deck = page.split("* read.cir", 1)[1].split("\n", 1)[1].split(".end\n", 1)[0]
    (tmp_path / "mtj.lib").write_text(library("stt-bnn-65nm"))
    (tmp_path / "ptm65.lib").write_text(library("ptm65"))
    found = simulate(tmp_path, deck + ".control\nop\nprint i(vbl)\nprint v(d)\n.endc\n")
    r_ap = load_device("stt-bnn-65nm", MtjCard).at().r_p * (1 + 2.5 / (1 + (0.2 / 0.5) ** 2))
    assert -found["i(vbl)"] == pytest.approx(0.2 / r_ap, rel=0.1)  # and the transistor's resistance
    assert 0 < found["v(d)"] < 0.05


def test_its_comments_say_what_it_is(tmp_path: Path) -> None:
    text = " ".join(library("stt-bnn-65nm", file="mtj.lib").replace("\n* ", " ").split())
    for says in (
        f"spicekit {spicekit.__version__}",
        "device card 'stt-bnn-65nm', model llg, at 26.85 C",
        "0 parallel, 1 antiparallel",
        "GPL-3.0-or-later",
        ".include mtj.lib, then e.g. Xj1 free pinned mtj_stt_bnn_65nm state=0",
        load_device("stt-bnn-65nm").reference,
    ):
        assert says in text
    assert library("stt-bnn-65nm").isascii()


def test_text_of_a_card_stays_in_comments(tmp_path: Path) -> None:
    """A card is data: a line break in its title begins no line of the library, whose name is plain whatever the card's is."""
    text = (data_root() / "models" / "mtj" / "stt-bnn-65nm.toml").read_text()
    text = re.sub(r"^name = .*$", r'name = "a b.control\\n\\u0080é"', text, flags=re.MULTILINE)
    text = re.sub(r"^title = .*$", r'title = "x\\n.control\\nshell touch y\\r*#shell z\\u2028.end"', text, flags=re.MULTILINE)
    (tmp_path / "card.toml").write_text(text)
    made = library(str(tmp_path / "card.toml"), model="static")
    begin = {line.split(" ")[0] for line in re.split(r"[\n\r]", made) if line}
    assert begin <= {"*", ".subckt", ".ends", ".param", "Ev", "Bmtj", "Vstate", "Vra", "Vtmr", "Vcd", "Vfree", "Ffree", "Xmtj"}
    assert "\n.subckt mtj_a_b_control___ free pinned params: state=0 " in made


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("stt-bnn", {}, r"unknown device or technology 'stt-bnn'; did you mean stt-bnn-65nm"),
        ("ptm", {}, r"unknown device or technology 'ptm'"),
        ("none.toml", {}, r"cannot read .*none.toml"),
        ("stt-bnn-65nm", {"model": "fst"}, r"unknown --model 'fst'; did you mean fast"),
        ("rram-hfo2", {"model": "llg"}, r"--model llg given; device 'rram-hfo2' is of kind 'resistive': allowed: static"),
        ("freepdk45-sot", {"model": "fast"}, r"--model fast given; device 'freepdk45-sot' has a rail: allowed: llg, static"),
        ("stt-bnn-65nm", {"corner": "ss"}, r"--corner ss given; 'stt-bnn-65nm' is a device card"),
        ("ptm65", {"model": "llg"}, r"--model llg given; 'ptm65' is a technology"),
        ("ptm65", {"corner": "sx"}, r"technology 'ptm65': unknown corner 'sx'"),
        ("ptm65", {"celsius": 200.0}, r"--temperature 200 C is outside -40.0 to 125.0 C of technology 'ptm65'"),
    ],
)  # fmt: skip
def test_what_it_refuses(name: str, options: dict[str, object], says: str) -> None:
    with pytest.raises(UserError, match=says):
        library(name, **options)  # type: ignore[arg-type]


def test_the_command(tmp_path: Path, cli: Cli, complaint: Complaint) -> None:
    done = cli("library", "umn-i-pmtj", "--model", "static", "--temperature", "85", "-o", "my.lib", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "my.lib").read_text() == library("umn-i-pmtj", model="static", celsius=85.0, file="my.lib")
    assert cli("library", "umn-i-pmtj", "--model", "static").stdout == library("umn-i-pmtj", model="static")
    complaint(cli("library", "umn-i-pmtj", "--model", "stat", "-o", "no.lib", cwd=tmp_path), 2)
    assert [file.name for file in tmp_path.iterdir()] == ["my.lib"]
