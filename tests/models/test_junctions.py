"""Junctions of drain and source: areas and perimeters by the technology's diffusions, capacitances by BSIM4's equations."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from spicekit import make_bench
from spicekit.errors import UserError
from spicekit.library import library
from spicekit.netlist import environment
from spicekit.paths import data_root
from spicekit.technology import Technology, load_technology
from spicekit.waves import Array

Solve = Callable[[str, str, Iterable[str]], dict[str, Array]]
LENGTHS = {"ptm45": (105e-9, 140e-9), "ptm65": (152e-9, 202e-9)}  # alone, between two gates


def deck(technology: Technology, role: str, instances: list[str], sources: str = "") -> str:
    """The technology's wrapped transistors, at 27 C (tnom of the cards), with ``instances`` of them."""
    text = environment().get_template("cmos/transistor.lib.j2").render(technology=technology, corner="tt", roles=(role,))
    head = f"* junctions\n.options abstol=1e-18 gmin=1e-18\n.temp 27\n{text}\nVg g 0 0\nVs s 0 0\nVb b 0 0\n{sources}\n"
    return "\n".join([head, *instances, ".end\n"])


def rectangle(name: str, width: float, shared: bool) -> tuple[float, float, float]:
    """Area, edges at the field and edge at the gate of one diffusion, in m2, m, m."""
    alone, between = LENGTHS[name]
    if shared:  # half of it, its two sides
        return width * between / 2, between, width
    return width * alone, width + 2 * alone, width


def closed_form(technology: Technology, role: str, side: str, edges: tuple[float, float, float], reverse: float) -> float:
    """Capacitance in F: BSIM4.5.0 user's manual, chapter 10, at tnom."""
    card = technology.bsim4[role]
    found = 0.0
    for part, size in zip(("", "w", "wg"), edges, strict=True):
        # the area's keys are cjs, pbs, mjs; the edges' cjsws, cjswgs, ... of the source, cjswd, cjswgd of the drain
        key = f"sw{part[1:]}{side}" if part else side
        c, built_in, grading = (float(card[f"{name}{key}"]) for name in ("cj", "pb", "mj"))
        found += c * size * (1 + reverse / built_in) ** -grading
    return found


@pytest.mark.parametrize("role", ["nmos", "pmos"])
@pytest.mark.parametrize("name", ["ptm45", "ptm65"])
def test_capacitances_of_drain_and_source(solve: Solve, name: str, role: str) -> None:
    """Over width, reverse bias and how many transistors a diffusion has; the wrapper with mismatch and the plain one."""
    technology, sign = load_technology(name), -1 if role == "pmos" else 1
    cases = list(itertools.product((technology.w_min, 0.3e-6, 5e-6), (0.0, 0.4, 1.1), (0, 1), ("mc", "tt")))
    instances, vectors = [], []
    for k, (width, reverse, shared, kind) in enumerate(cases):
        nodes = "0 0 " if kind == "mc" else ""
        instances.append(f"Vd{k} d{k} 0 {sign * reverse}")
        instances.append(f"X{k} d{k} g s b {nodes}{role}_{kind} w={width!r} l={technology.l_min!r} shared_d={shared}")
        vectors += [f"@m.x{k}.m1[capbd]", f"@m.x{k}.m1[capbs]"]
    found = solve(deck(technology, role, [*instances, f".save {' '.join(vectors)}"]), "op", vectors)
    for k, (width, reverse, shared, _) in enumerate(cases):
        drain = closed_form(technology, role, "d", rectangle(name, width, bool(shared)), reverse)
        source = closed_form(technology, role, "s", rectangle(name, width, False), 0.0)
        assert found[f"@m.x{k}.m1[capbd]"][0] == pytest.approx(drain, rel=1e-6), cases[k]
        assert found[f"@m.x{k}.m1[capbs]"][0] == pytest.approx(source, rel=1e-6), cases[k]


def test_charge_of_a_drain_that_swings(solve: Solve) -> None:
    """From outside: charge into the bulk while the drain goes from 0 to 1 V, standing alone less shared.

    All else of the two transistors is the same, so the integral of the capacitance over the voltage is left.
    """
    technology, width = load_technology("ptm45"), 1e-6
    card = technology.bsim4["nmos"]
    charges = []
    for shared in (0, 1):
        instance = f"X1 d g s b nmos_tt w={width} l=45n shared_d={shared}"
        text = deck(technology, "nmos", [instance, ".save i(vb)"], "Vd d 0 PWL(0 0 1n 0 2n 1 3n 1)")
        found = solve(text, "tran 2p 3n 0 2p", ["time", "i(vb)"])
        charges.append(float(np.trapezoid(found["i(vb)"], found["time"])))
    alone, half = rectangle("ptm45", width, False), rectangle("ptm45", width, True)
    areas, fields = alone[0] - half[0], alone[1] - half[1]
    expected = 0.0
    for size, c, built_in, grading in ((areas, "cjd", "pbd", "mjd"), (fields, "cjswd", "pbswd", "mjswd")):
        cj, pb, mj = float(card[c]), float(card[built_in]), float(card[grading])
        expected += size * cj * pb / (1 - mj) * ((1 + 1 / pb) ** (1 - mj) - 1)
    assert abs(charges[0] - charges[1]) == pytest.approx(expected, rel=2e-3)


def test_layout_of_published_cells() -> None:
    """NanGate's cells of FreePDK45 as extracted: W = 415 nm, AS = 0.043575 um2, PS = 1.04 um; shared 0.02905 um2, 0.555 um."""
    diffusion = load_technology("ptm45").diffusion
    assert diffusion is not None
    for shared, area, perimeter in ((0, 0.043575, 1.04), (1, 0.02905, 0.555)):
        found = {
            key: eval(text, {"w": 0.415, "shared_d": shared, "shared_s": shared})
            for key, text in diffusion.junctions("w", 1e6).items()
        }
        assert found == pytest.approx(
            {"drain_area": area, "source_area": area, "drain_perimeter": perimeter, "source_perimeter": perimeter}
        )


FOUNDRY = """.option scale=1u
.model nch nmos level=54 cjs=1e-3 cjsws=4e-10 cjswgs=3e-10
.model pch pmos level=54 cjs=1e-3 cjsws=4e-10 cjswgs=3e-10
.subckt nfet d g s b wid=1 len=1 area_d=0 area_s=0 edge_d=0 edge_s=0
M1 d g s b nch w={wid} l={len} ad={area_d} as={area_s} pd={edge_d} ps={edge_s}
.ends
.subckt pfet d g s b w=1 l=1 ad=0 as=0 pd=0 ps=0
M1 d g s b pch w={w} l={l} ad={ad} as={as} pd={pd} ps={ps}
.ends
"""
TOML = """name = "mini"
description = "a few lines"
source = "this test"
lengths = "um"
vdd = { value = 1.0, unit = "V", source = "x" }
l_min = { value = 45, unit = "nm", source = "x" }
w_min = { value = 90, unit = "nm", source = "x" }
[devices.nmos]
kind = "subckt"
name = "nfet"
width = "wid"
length = "len"
drain_area = "area_d"
source_area = "area_s"
drain_perimeter = "edge_d"
source_perimeter = "edge_s"
[devices.pmos]
kind = "subckt"
name = "pfet"
parameters = { AD = "0.25 * w" }
[diffusion]
unshared = { value = 0.1, unit = "um", source = "x" }
shared = { value = 120, unit = "nm", source = "x" }
[mismatch]
a_vt = { value = 1.8, unit = "mV um", source = "x" }
a_beta = { value = 0.7, unit = "% um", source = "x" }
[corners.tt]
file = "mini.lib"
"""


def foundry(folder: Path, *changes: tuple[str, str]) -> Technology:
    text = TOML
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "mini.lib").write_text(FOUNDRY)
    (folder / "mini.toml").write_text(text)
    return load_technology(str(folder / "mini.toml"))


@pytest.mark.parametrize(("role", "drain_area"), [("nmos", 0.3e-6 * 0.1e-6), ("pmos", 0.25e-6 * 0.3e-6)])
def test_subcircuits_of_a_foundry_by_their_own_names_and_units(
    tmp_path: Path, solve: Solve, role: str, drain_area: float
) -> None:
    """What `parameters` give goes first (the pmos's drain has an area of its own)."""
    instance = f"X1 s g s b {role}_tt w=300n l=45n"
    vectors = ["@m.x1.x1.m1[capbd]", "@m.x1.x1.m1[capbs]"]
    found = solve(deck(foundry(tmp_path), role, [instance, f".save {' '.join(vectors)}"]), "op", vectors)
    edges = 4e-10 * (0.3e-6 + 2 * 0.1e-6) + 3e-10 * 0.3e-6
    assert found[vectors[0]][0] == pytest.approx(1e-3 * drain_area + edges, rel=1e-6)
    assert found[vectors[1]][0] == pytest.approx(1e-3 * 0.3e-6 * 0.1e-6 + edges, rel=1e-6)


def test_a_subcircuit_that_takes_no_junctions_is_refused(tmp_path: Path) -> None:
    foundry(tmp_path, ('edge_s"', 'edge_q"'))
    with pytest.raises(
        UserError,
        match=r"nmos.source_perimeter: .subckt 'nfet' has no parameter 'edge_q', which \[diffusion\] is told by; it has",
    ):
        make_bench("stt-read", {"technology": str(tmp_path / "mini.toml")})


def test_perimeters_without_the_gate_are_refused(tmp_path: Path) -> None:
    text = (data_root() / "models" / "cmos" / "ptm45.toml").read_text().replace("permod = 1", "permod = 0")
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(UserError, match=r"own.toml: bsim4.nmos.permod = 0 given; allowed with \[diffusion\]: 1"):
        load_technology(str(tmp_path / "own.toml"))


def test_without_diffusions_nothing_is_passed_and_that_is_said(tmp_path: Path, solve: Solve) -> None:
    text = (data_root() / "models" / "cmos" / "ptm45.toml").read_text()
    start, end = text.index("[diffusion]"), text.index("# One device's standard deviation")
    (tmp_path / "own.toml").write_text(text[:start] + text[end:])
    technology = load_technology(str(tmp_path / "own.toml"))
    assert technology.instance(technology.device("nmos"), "d g s b") == "M1 d g s b ptm45_nmos w={w} l={l}"
    vector = "@m.x1.m1[capbd]"
    instance = f"X1 s g s b nmos_tt w=300n l=45n\n.save {vector}"
    bare = solve(deck(technology, "nmos", [instance]), "op", [vector])[vector][0]
    assert bare < 0.8 * closed_form(technology, "nmos", "d", rectangle("ptm45", 0.3e-6, False), 0.0)
    [told] = [line for line in library(str(tmp_path / "own.toml")).splitlines() if "[diffusion]" in line]
    assert told.startswith("* No [diffusion] is given: areas and perimeters of junctions are what the model takes by itself")
