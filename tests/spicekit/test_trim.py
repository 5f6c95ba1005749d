"""A foundry's library cut down to what is used, and its statistics as variation points, in libraries of a few lines."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
from mini_process import MODELS, read_current, write

from montecarlo import Campaign
from spicekit import make_bench, run
from spicekit.block import simulate_block
from spicekit.engines.calibrate import calibrated
from spicekit.errors import UserError
from spicekit.netlist import render, render_at
from spicekit.registry import bench_names
from spicekit.technology import load_technology
from spicekit.trim_files import write_trimmed

# as SKY130 writes it: draws in the cards of bins within the subcircuit, a switch for them, and one draw of the process
LIBRARY = (
    ".param mc_mm_switch=0 mc_pr_switch=0\n.param pr={0*2} + mc_pr_switch*gauss(1,0.06,3)\n.param idle = 3\n"
    + MODELS.format("").split("\n")[1]
    + """
.subckt nfet d g s b w=1 l=1 nf=1
+ mult=1
M1 d g s b nx w={w*nf} l={l} $ comment, with agauss(0,1,1)
.model nx.0 nmos level=54 version=4.5 lmin=1e-8 lmax=1e-3 wmin=5e-8 wmax=1e-6
+ vth0={0.4+0.1*(pr-mc_pr_switch)+mc_mm_switch*AGAUSS(0,2.0,2)*(3e-3/sqrt(l*w*1e12*mult))}
+ u0={0.067*(1+mc_mm_switch*agauss(0,0.01,1)/sqrt(l*w*1e12))}
.model nx.1 nmos level=54 version=4.5 lmin=1e-8 lmax=1e-3 wmin=1e-6 wmax=1e-2
+ vth0={0.4+0.1*(pr-mc_pr_switch)+mc_mm_switch*AGAUSS(0,2.0,2)*(3e-3/sqrt(l*w*1e12*mult))}
+ u0={0.067*(1+mc_mm_switch*agauss(0,0.01,1)/sqrt(l*w*1e12))}
.ends
.subckt pfet d g s b w=1 l=1 nf=1
.param dv = 'agauss(0,3e-3/sqrt(l*w*1e12),1)*mc_mm_switch'
M1 d g s b pch w={w*nf} l={l} delvto=dv
.ends
.subckt other a b
R1 a b {idle}
.ends
"""
)
CORNERS = (
    '[corners.tt]\nfile = "mini.lib"',
    '[corners.tt]\nfile = "mini.lib"\n[corners.mm]\nfile = "mini.lib"\nparams = { mc_mm_switch = 1, mc_pr_switch = 1 }',
)
SIGMA = 3e-3 / math.sqrt(0.3 * 0.045)  # of the access transistor, 300 nm by 45 nm


@pytest.fixture
def trimmed(tmp_path: Path) -> str:
    technology = load_technology(write(tmp_path, LIBRARY, CORNERS, kind="subckt"))
    found = write_trimmed(technology, tmp_path / "small.toml", ["tt", "mm"])
    assert (found["tt"].local, found["tt"].globals) == ({}, [])  # switched off: none is at work
    assert found["mm"].local == {"nmos": ["mm_1", "mm_2"], "pmos": ["mm_1"]}
    assert found["mm"].globals == ["process_1"]
    return str(tmp_path / "small.toml")


def shifted(tmp_path: Path, vth: float, u0: float, kind: str = "nch") -> float:
    """The read current with an access transistor of these parameters."""
    folder = tmp_path / f"shifted{abs(hash((vth, u0)))}"
    folder.mkdir()
    return read_current(write(folder, MODELS.format("").replace("vth0=0.4", f"vth0={0.4 + vth!r} u0={u0!r}")))


def test_a_trimmed_library_holds_the_devices_and_gives_the_same_currents(tmp_path: Path, trimmed: str) -> None:
    text = (tmp_path / "small.lib").read_text()
    assert "other" not in text
    assert "idle" not in text
    assert "agauss" not in text.lower()
    assert "nfet" in text
    assert read_current(trimmed) == pytest.approx(read_current(str(tmp_path / "mini.toml")), rel=1e-9)
    assert read_current(trimmed, corner="mm") == pytest.approx(shifted(tmp_path, 0, 0.067), rel=1e-6)


def test_a_draw_is_so_many_sigmas_of_the_foundrys_law(tmp_path: Path, trimmed: str) -> None:
    """Against a card with the numbers that the library's expressions give, by hand."""
    bench = make_bench("stt-read", {"technology": trimmed, "corner": "mm"})
    names = {point.name: point.sigma for point in bench.points()}
    assert names["mm_1_c0"] == names["mm_2_c0"] == names["process_1"] == 1
    assert names["vth_c0"] == names["beta_c0"] == 0  # not Pelgrom's too
    z = {"mm_1_c0": np.array([0.0, 2.0, 0.0, 0.0]), "mm_2_c0": np.array([0.0, 0.0, -1.5, 0.0])}
    z["process_1"] = np.array([0.0, 0.0, 0.0, 1.0])
    block = simulate_block(bench, z)
    u0 = 0.067 * (1 - 1.5 * 0.01 / math.sqrt(0.3 * 0.045))
    expected = [
        shifted(tmp_path, 0, 0.067),
        shifted(tmp_path, 2 * SIGMA, 0.067),
        shifted(tmp_path, 0, u0),
        shifted(tmp_path, 0.1 * 0.02, 0.067),  # gauss(1, 0.06, 3): a sigma of 2 %
    ]
    assert block.measures["i_p"] == pytest.approx(expected, rel=1e-6)


def test_both_copies_of_a_transistor_have_the_same_draw(trimmed: str) -> None:
    """The access transistor stands in the netlist once for each state of the cell."""
    netlist = render(make_bench("stt-read", {"technology": trimmed, "corner": "mm"}))
    given = re.findall(r"^X.*nmos_mc .* draw_1=(\S+) draw_2=(\S+)", netlist, re.MULTILINE | re.IGNORECASE)
    given += re.findall(r"^X\S* .*draw_1_\w+=(\S+) draw_2_\w+=(\S+)", netlist, re.MULTILINE | re.IGNORECASE)
    assert len([pair for pair in given if pair == ("{mm_1_c0}", "{mm_2_c0}")]) == 2


def test_a_campaign_draws_each_device_and_replays(tmp_path: Path, trimmed: str) -> None:
    given = {"technology": trimmed, "corner": "mm"}
    results = [
        Campaign("stt-read", trials=40, seed=3, parameters=given).run(tmp_path / f"out{workers}", workers=workers)
        for workers in (1, 2)
    ]
    one, two = (result.trials["i_p"].to_numpy() for result in results)
    assert np.array_equal(one, two)
    samples = results[0].samples
    assert {"mm_1_c0", "mm_2_c0", "process_1"} <= set(samples.columns)
    assert 0.6 < samples["mm_1_c0"].std() < 1.4
    again = simulate_block(
        make_bench("stt-read", given),
        {point.name: samples[point.name].to_numpy()[7:8] for point in make_bench("stt-read", given).points()},
    )
    assert again.measures["i_p"][0] == one[7]


@pytest.mark.parametrize("bench", [name for name in bench_names() if not name.startswith("mtj-")])
def test_every_transistor_that_varies_is_handed_its_draws(tmp_path: Path, trimmed: str, bench: str) -> None:
    """Where the node of a device's threshold leads to a transistor, so do its draws; the netlist is one that ngspice takes."""
    neuron = bench in ("charge-if", "dynamic-if")  # which finds no references with these made-up transistors
    given = dict.fromkeys(("trim_rho", "trim_theta", "trim_start"), 0) | {"trim_gain": 1, "hold_ratio": 1.2} if neuron else {}
    statistical = calibrated(make_bench(bench, {"technology": trimmed, "corner": "mm"} | given))
    local = [point for point in statistical.points() if point.kind == "mm"]
    assert local
    text = render_at(statistical, {}).lower()
    for point in local:
        vth = point.name.replace("mm_1_", "vth_").replace("mm_2_", "vth_")
        if re.search(rf"^x.* {vth}\b", text, re.MULTILINE):
            assert f"{{{point.name}}}" in text, point.name


def test_a_library_that_draws_is_refused_until_it_is_trimmed(tmp_path: Path, trimmed: str) -> None:
    with pytest.raises(UserError, match=r"mini.lib:\d+: .*`spicekit technology trim` makes variation points of them"):
        run("stt-read", technology=str(tmp_path / "mini.toml"), corner="mm")


def test_only_the_bins_of_the_sizes_in_use_are_kept(tmp_path: Path) -> None:
    technology = load_technology(write(tmp_path, LIBRARY, CORNERS, kind="subckt"))
    write_trimmed(technology, tmp_path / "small.toml", ["tt"], [(0.3e-6, 45e-9)])
    text = (tmp_path / "small.lib").read_text()
    assert "nx.0" in text
    assert "nx.1" not in text
    assert read_current(str(tmp_path / "small.toml")) == pytest.approx(read_current(str(tmp_path / "mini.toml")), rel=1e-9)
    with pytest.raises(UserError, match=r"no model has a bin for W = 20000 um, L = 0.045 um"):
        write_trimmed(technology, tmp_path / "none.toml", ["tt"], [(0.02, 45e-9)])
    assert not (tmp_path / "none.lib").exists()


def test_branches_and_inner_subcircuits_draw_as_often_as_they_are_used(tmp_path: Path) -> None:
    """As IHP writes it: a draw in each branch of an .if; and a device of two transistors, each of which is drawn."""
    library = (
        MODELS.format("")
        + """
.subckt half d g s b w=1 l=1
.if (w > 1)
.param dv = {agauss(0, 10m, 1)}
.else
.param dv = {agauss(0, 20m, 1)}
.endif
M1 d g s b nch w={w} l={l} delvto={dv}
.ends
.subckt nfet d g s b w=1 l=1
.param narrow = {w/2} long = {l}
X1 d g s b half w={narrow} l={long}
X2 d g s b half w={narrow} l={long}
.ends
.subckt pfet d g s b w=1 l=1
M1 d g s b pch w={w} l={l}
.ends
"""
    )
    technology = load_technology(write(tmp_path, library, kind="subckt"))
    found = write_trimmed(technology, tmp_path / "small.toml", ["tt"])
    assert found["tt"].local == {"nmos": ["mm_1", "mm_2"]}
    bench = make_bench("stt-read", {"technology": str(tmp_path / "small.toml")})
    block = simulate_block(bench, {"mm_1_c0": np.array([1.0, 0.0, 1.0]), "mm_2_c0": np.array([0.0, 1.0, 1.0])})
    one, other, both = block.measures["i_p"]
    nominal = read_current(str(tmp_path / "small.toml"))
    assert one == pytest.approx(other, rel=1e-9)
    assert nominal - both == pytest.approx(2 * (nominal - one), rel=0.05)
    plain = tmp_path / "plain"
    plain.mkdir()
    shifted = library.replace("agauss(0, 10m, 1)", "10m").replace("agauss(0, 20m, 1)", "20m")
    assert both == pytest.approx(read_current(write(plain, shifted, kind="subckt")), rel=1e-6)


def test_draws_of_another_distribution_are_left_and_refused(tmp_path: Path) -> None:
    library = MODELS.format("").replace("vth0=0.4", "vth0={aunif(0.4,0.1)}")
    technology = load_technology(write(tmp_path, library))
    write_trimmed(technology, tmp_path / "small.toml", ["tt"])
    with pytest.raises(UserError, match=r"small.lib:\d+: aunif\(0.4,0.1\) is drawn"):
        run("stt-read", technology=str(tmp_path / "small.toml"))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('["mm_1", "mm_2"]', '["mm_1", "mm_3"]', r"corners.mm.statistics.local.nmos: .subckt 'nfet' has no parameter 'mm_3'"),
        ("local.nmos", "local.nmso", r"corners.mm.statistics.local: unknown device 'nmso'; did you mean nmos"),
    ],
)
def test_statistics_that_the_library_has_not(tmp_path: Path, trimmed: str, old: str, new: str, says: str) -> None:
    text = Path(trimmed).read_text()
    assert old in text
    Path(trimmed).write_text(text.replace(old, new))
    with pytest.raises(UserError, match=says):
        make_bench("stt-read", {"technology": trimmed, "corner": "mm"})


def test_what_is_trimmed_is_not_overwritten(tmp_path: Path) -> None:
    technology = load_technology(write(tmp_path, LIBRARY, CORNERS, kind="subckt"))
    with pytest.raises(UserError, match="this would overwrite what is trimmed"):
        write_trimmed(technology, tmp_path / "mini.toml", ["tt"])
    with pytest.raises(UserError, match="has no file: there is no library to trim"):
        write_trimmed(load_technology("ptm45"), tmp_path / "x.toml", ["tt"])
