"""The shipped technologies: what the netlist carries is what the TOML says, and ngspice computes with it."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spicekit.netlist import environment
from spicekit.simulator import simulator
from spicekit.technology import load_technology

SHIPPED = ("ptm45", "ptm65")


def toml(repository: Path, name: str) -> dict[str, Any]:
    return tomllib.loads((repository / "models" / "cmos" / f"{name}.toml").read_text())


def parse_cards(text: str) -> dict[str, dict[str, str]]:
    """A SPICE .model reader of the test's own: model name -> parameter -> text."""
    joined = re.sub(r"\n\+", " ", text)
    cards = {}
    for line in joined.splitlines():
        if line.lower().startswith(".model"):
            _, name, kind, rest = line.split(None, 3)
            cards[name] = {"_kind": kind} | dict(re.findall(r"(\w+)\s*=\s*(\S+)", rest))
    return cards


@pytest.mark.parametrize("name", SHIPPED)
def test_every_parameter_of_the_file_reaches_the_card(repository: Path, name: str) -> None:
    cards = parse_cards(load_technology(name).cards("tt"))
    for role, published in toml(repository, name)["bsim4"].items():
        card = cards[f"{name}_{role}"]
        assert card.pop("_kind") == role
        assert card.pop("level") == "54"
        assert set(card) == set(published)
        for key, value in published.items():
            # exact: every digit of the double is written
            assert (card[key] == value) if isinstance(value, str) else (float(card[key]) == value), key


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("corner", ["ff", "ss", "fs", "sf"])
def test_a_corner_changes_what_it_says_and_nothing_else(repository: Path, name: str, corner: str) -> None:
    raw = toml(repository, name)
    cards = parse_cards(load_technology(name).cards(corner))
    for role, published in raw["bsim4"].items():
        shifts = raw["corners"][corner].get(role, {})
        for key, value in published.items():
            if isinstance(value, str):
                continue
            found = float(cards[f"{name}_{role}"][key])
            if key not in shifts:
                assert found == value
            elif key == "vth0":  # volts on |V_TH0|
                assert abs(found) == pytest.approx(abs(value) + shifts[key], rel=1e-12)
                assert np.sign(found) == np.sign(value)
            else:
                assert found == pytest.approx(value * shifts[key], rel=1e-12)


def drain_current(name: str, role: str, corner: str = "tt", temperature: float = 27.0, **bias: float) -> float:
    """|I_D| of a shipped transistor (1 um wide, shortest L) through our templates and the in-process engine."""
    technology = load_technology(name)
    sign = -1 if role == "pmos" else 1
    text = environment().get_template("cmos/transistor.lib.j2").render(technology=technology, corner=corner, roles=(role,))
    vgs, vds = (sign * bias.get(key, technology.vdd) for key in ("vgs", "vds"))
    ngspice = simulator()
    ngspice.load(
        f"* one transistor\n.options reltol=1e-9 abstol=1e-18 gmin=1e-18\n.temp {temperature}\n{text}\n"
        f"Vd d 0 {vds}\nVg g 0 {vgs}\nX1 d g 0 0 {role}_tt w=1u l={technology.l_min}\n.save i(vd)\n.end\n"
    )
    ngspice.command("op")
    return -sign * float(ngspice.vectors(["i(vd)"])["i(vd)"][0])


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("role", ["nmos", "pmos"])
def test_current_is_that_of_a_netlist_written_by_hand(repository: Path, tmp_path: Path, name: str, role: str) -> None:
    raw = toml(repository, name)
    sign = -1 if role == "pmos" else 1
    length = raw["l_min"]["value"]
    card = "\n".join(f"+ {key} = {value}" for key, value in raw["bsim4"][role].items())
    diffusion = raw["diffusion"]["unshared"]["value"]  # nm
    junctions = f"AD={1000 * diffusion}e-18 AS={1000 * diffusion}e-18 PD={2 * (1000 + diffusion)}n PS={2 * (1000 + diffusion)}n"
    biases = [(0.0, 1.0), (0.25, 0.05), (0.5, 0.5), (0.8, 0.05), (1.0, 0.3), (1.0, 1.0)]
    lines = [f"* by hand\n.options reltol=1e-9 abstol=1e-18 gmin=1e-18\n.model m1 {role} level = 54\n{card}"]
    for k, (vgs, vds) in enumerate(biases):
        lines.append(f"Vd{k} d{k} 0 {sign * vds}\nVg{k} g{k} 0 {sign * vgs}\nM{k} d{k} g{k} 0 0 m1 W=1u L={length} {junctions}")
    prints = "\n".join(f"let i{k} = -i(vd{k})\nprint i{k}" for k in range(len(biases)))
    lines.append(f".control\nset numdgt=15\nop\n{prints}\nquit\n.endc\n.end\n")
    file = tmp_path / "hand.cir"
    file.write_text("\n".join(lines))
    done = subprocess.run(["ngspice", "-b", str(file)], capture_output=True, text=True, timeout=60, check=False)
    hand = [sign * float(value) for value in re.findall(r"^i\d+ = (\S+)$", done.stdout, re.M)]
    ours = [drain_current(name, role, vgs=vgs, vds=vds) for vgs, vds in biases]
    # one model, one simulator: only the solver's abstol and the 15 printed digits are between the two
    assert ours == pytest.approx(hand, rel=1e-9, abs=1e-17)
    assert min(ours) > 0


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("role", ["nmos", "pmos"])
def test_drive_is_that_of_the_node(name: str, role: str) -> None:
    # mA/um at VDD; the ITRS class of both nodes is 0.3 (65 nm bulk pmos) to 1.5 (45 nm metal-gate nmos)
    assert 0.2e-3 < drain_current(name, role) < 2e-3
    # and a transistor that is off carries at most microamperes
    assert drain_current(name, role, vgs=0.0) < 1e-6


@pytest.mark.parametrize("name", SHIPPED)
def test_corners_are_ordered(name: str) -> None:
    for role in ("nmos", "pmos"):
        ss, tt, ff = (drain_current(name, role, corner) for corner in ("ss", "tt", "ff"))
        assert ss < 0.97 * tt  # the chosen corners are 3-sigma lots: some per cent of the drive, not some thousandth
        assert ff > 1.03 * tt
    fs = [drain_current(name, role, "fs") / drain_current(name, role, "tt") for role in ("nmos", "pmos")]
    sf = [drain_current(name, role, "sf") / drain_current(name, role, "tt") for role in ("nmos", "pmos")]
    assert fs[0] > 1 > fs[1]
    assert sf[0] < 1 < sf[1]


@pytest.mark.parametrize("name", SHIPPED)
def test_hot_is_slow_and_leaky(name: str) -> None:
    cold, hot = (drain_current(name, "nmos", temperature=t) for t in (-40.0, 125.0))
    assert hot < cold
    cold, hot = (drain_current(name, "nmos", temperature=t, vgs=0.0) for t in (-40.0, 125.0))
    assert hot > 10 * cold


@pytest.mark.parametrize("name", SHIPPED)
def test_every_figure_has_unit_and_source(repository: Path, name: str) -> None:
    raw = toml(repository, name)
    for figure in (raw["vdd"], raw["l_min"], raw["w_min"], *raw["mismatch"].values()):
        assert set(figure) == {"value", "unit", "source"}
        assert len(figure["source"]) > 5
    assert raw["source"]
    assert {"ptm45": 1.0, "ptm65": 1.1}[name] == raw["vdd"]["value"]
    assert set(raw["corners"]) == {"tt", "ff", "ss", "fs", "sf"}
    assert (raw["temperature"]["low"], raw["temperature"]["high"]) == (-40, 125)
