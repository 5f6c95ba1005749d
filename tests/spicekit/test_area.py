"""Areas: the rule against standard cells that were drawn by the same design rules, the sums, the command."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from spicekit import UserError, make_bench
from spicekit.area import Rule, floor_plan
from spicekit.area.plans import regions
from spicekit.registry import bench_names
from spicekit.technology import load_technology

Cli = Callable[..., subprocess.CompletedProcess[str]]
Complaint = Callable[[subprocess.CompletedProcess[str], int], str]


@pytest.mark.parametrize(
    ("cell", "widths", "published"),  # um, um2; NanGate 45 nm open cell library, whose heights of 1.4 um hold the supply's lines
    [
        ("INV_X1", [0.415, 0.63], 0.532),
        ("INV_X2", [0.83, 1.26], 0.798),
        ("INV_X4", [1.66, 2.52], 1.33),
        ("INV_X8", [3.32, 5.04], 2.394),
        ("BUF_X2", [0.415, 0.63, 0.83, 1.26], 1.064),
        ("NAND2_X1", [0.415, 0.415, 0.63, 0.63], 0.798),
    ],
)
def test_transistors_by_themselves_take_what_standard_cells_do(cell: str, widths: list[float], published: float) -> None:
    rule = Rule(load_technology("ptm45"))
    area = sum(rule.transistor(width * 1e-6, 50e-9).area for width in widths)
    assert area * 1e12 == pytest.approx(published, rel=0.2), cell


def test_a_wide_transistor_is_folded_and_a_long_one_is_not() -> None:
    rule = Rule(load_technology("ptm45"))
    for width, length in ((90e-9, 45e-9), (1e-6, 45e-9), (10e-6, 120e-9), (40e-6, 45e-9)):
        box = rule.transistor(width, length)
        assert box.area > width * length
        assert width < 1e-6 or 0.4 < box.along / box.across < 2.5
    long = rule.transistor(0.2e-6, 2e-6)
    assert (long.along, long.across) == pytest.approx((2 * 105e-9 + 2e-6 + 80e-9, 0.2e-6 + 2 * 55e-9 + 75e-9))
    areas = [rule.transistor(width, 45e-9).area for width in (1e-7, 1e-6, 1e-5, 1e-4)]
    assert all(small < large for small, large in pairwise(areas))
    assert areas[-1] / areas[-2] == pytest.approx(10, rel=0.15)  # the ends of the diffusion count less and less


def test_cells_are_as_wide_as_their_transistor_or_their_lines() -> None:
    rule = Rule(load_technology("ptm65"))
    narrow, wide = rule.stt_cell(120e-9, 65e-9), rule.stt_cell(600e-9, 65e-9)
    assert narrow.across == pytest.approx(2 * 202e-9)  # BL and SL
    assert wide.across == pytest.approx(716e-9)
    assert narrow.along == wide.along == pytest.approx(152e-9 + 65e-9 + 202e-9 / 2 + 116e-9 / 2)
    # published for 65 nm: gate pitch 220 nm, metal pitch 210 nm (Bai et al., IEDM 2004)
    assert rule.gate_pitch == pytest.approx(220e-9, rel=0.25)
    assert rule.layout.metal_pitch == pytest.approx(210e-9, rel=0.05)


def test_every_bench_has_an_area_or_says_that_none_is_known() -> None:
    known = []
    for name in bench_names():
        bench = make_bench(name, {})
        if regions.dispatch(type(bench)) is regions.dispatch(object):
            with pytest.raises(UserError, match=f"bench '{name}': no area is known of its circuit"):
                floor_plan(bench)
            continue
        known.append(name)
        plan = floor_plan(bench)
        for region in plan.regions:
            assert region.area == pytest.approx(sum(part.count * part.each for part in region.parts))
            assert all(part.area > 0 for part in region.parts), (name, region.name)
        sums = plan.as_json()["regions"][-1]
        assert sum(part["share"] for part in sums["parts"]) == pytest.approx(1)
        assert sums["area"]["F2"] == pytest.approx(sums["area"]["um2"] * 1e-12 / plan.feature**2)
    # a cell, an array, an amplifier, a macro, a neuron, a column
    assert {"stt-write", "sot-logic", "sot-array", "vsa-sense", "stt-bnn-macro", "dynamic-if", "c3cim-settle"} <= set(known)


def test_a_region_holds_each_transistor_once() -> None:
    """The amplifier of sot-sense against its devices one by one, the cells and the words of a macro by their counts."""
    bench, rule = make_bench("sot-sense", {"rows": 32, "columns": 8}), Rule(load_technology("ptm45"))
    plan = floor_plan(bench)
    own = {name: device for name, device in bench.devices().items() if not name.startswith(("wl", "en_"))}  # type: ignore[attr-defined]
    area = sum(rule.transistor(width, length).area for _, width, length in own.values())
    driver = rule.transistor(1e-6, 45e-9).area + rule.transistor(2e-6, 45e-9).area
    legs = rule.transistor(150e-9, 45e-9).area + 2 * rule.transistor(300e-9, 45e-9).area
    assert plan["amplifier"].area == pytest.approx(area + 3 * driver + 3 * rule.transistor(4e-6, 1e-6).area + legs)
    assert plan["macro"].area == pytest.approx(8 * plan["column"].area + 32 * driver)
    double = floor_plan(make_bench("sot-sense", {"rows": 64, "columns": 8}))
    assert double["column"].area - plan["column"].area == pytest.approx(plan["column"].area - plan["amplifier"].area)


def test_an_amplifier_pays_its_share_of_the_delay_line() -> None:
    few, many = (floor_plan(make_bench("tbs-sense", {"amplifiers": n}))["amplifier"] for n in (2, 1024))
    line = {part.name: part.each for part in few.parts if part.count == 1 / 2}
    assert set(line) == {"line", "reset", "buffer"}
    assert few.area - many.area == pytest.approx((1 / 2 - 1 / 1024) * sum(line.values()))


def test_an_sram_cell_is_two_gates_long_and_its_strips_wide() -> None:
    six, eight = (floor_plan(make_bench(name, {}))["cell"].area for name in ("sram-6t", "sram-8t"))
    along = 2 * 185e-9
    assert six == pytest.approx(along * (2 * 205e-9 + 2 * 90e-9 + 3 * (2 * 55e-9 + 75e-9) + 80e-9))
    assert eight - six == pytest.approx(along * (205e-9 + 2 * 55e-9 + 75e-9))
    assert six * 1e12 == pytest.approx(
        0.346, rel=0.35
    )  # of Intel's 45 nm process, whose gate pitch is 160 nm: Mistry et al., IEDM 2007


def test_neurons_are_as_large_as_the_published_ones() -> None:
    """19e3 and 32e3 F^2: between what the neuron takes with its capacitors above and beside its transistors, within 16 %."""
    other = {"c_density": 1e-3, "rows": 100}  # of 288 synapses' drivers a row has 2.88 there, 2.25 without
    for name, theirs in (("charge-if", 19e3), ("dynamic-if", 32e3)):
        plan, thin = (floor_plan(make_bench(name, given)) for given in ({}, other))
        found = [one.simulated for one in plan.published]
        assert min(found) / 1.16 < theirs < max(found) * 1.16
        assert thin["capacitors"].area == pytest.approx(2 * plan["capacitors"].area)
        # what drives the row is the row's, not the neuron's
        assert thin["transistors"].area == plan["transistors"].area
        few, many = (next(part.each for part in one["row"].parts if "drivers" in part.name) for one in (thin, plan))
        assert few / many == pytest.approx(2.88 / 2.25, rel=0.05)


def test_the_command(cli: Cli) -> None:
    answer = json.loads(cli("area", "stt-read", "-p", "w_access=600n", "--json").stdout)
    (region,) = answer["regions"]
    assert region["area"]["um2"] == pytest.approx(0.376 * 0.716)
    assert answer["published"][0] | {"source": ""} == {
        "name": "cell", "unit": "F2", "simulated": pytest.approx(376 * 716 / 65**2), "published": 54, "at_most": False,
        "ratio": pytest.approx(376 * 716 / 65**2 / 54), "source": "",
    }  # fmt: skip
    text = cli("area", "tbs-sense").stdout
    assert "delay line shared by 16" in text
    assert "<= 1 %" in text


def test_a_technology_without_a_layout_is_said(tmp_path: Path, cli: Cli, complaint: Complaint) -> None:
    source = load_technology("ptm65").file.read_text(encoding="utf-8")
    for section, said in (("layout", "no [layout], from which areas follow"), ("diffusion", "no [diffusion], from which areas")):
        head, rest = source.split(f"[{section}]\n")
        file = tmp_path / f"{section}.toml"
        file.write_text(head + rest.partition("\n\n")[2], encoding="utf-8")
        line = complaint(cli("area", "stt-read", "-p", f"technology={file}"), 2)
        assert said in line
        assert str(file) in line
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(source.replace("gate_end = { value = 79", "gate_end = { value = -79"), encoding="utf-8")
    assert "layout.gate_end" in complaint(cli("area", "stt-read", "-p", f"technology={wrong}"), 2)
