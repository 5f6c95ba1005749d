"""The figures of a system: counted by hand, simulated for real, and the command that shows them."""

from __future__ import annotations

import csv
import itertools
import json
import math
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from montecarlo.jobs.sweep import Sweep, parse_over
from montecarlo.records import SCHEMA
from montecarlo.running.store import Store
from montecarlo.systems import SYSTEMS, load_system, system_table
from montecarlo.systems.figures import system_figures
from montecarlo.systems.imce.figures import (
    E_ADD,
    E_FULL_ADDER,
    E_MAC,
    energy_countings,
    image_energy,
    input_writes,
    storage,
    storage_countings,
)
from montecarlo.systems.imce.figures import PLANS as IMCE_PLANS
from montecarlo.systems.networks import ALEXNET, SVHN, Layer
from montecarlo.systems.system import Figure, Plan, System
from spicekit.benches.sot.column import Cells
from spicekit.benches.sot.write import SotWrite
from spicekit.devices import load_device
from spicekit.devices.mtj import MtjCard
from spicekit.errors import SpicekitError, UserError
from spicekit.files import read_record
from spicekit.registry import make_bench
from spicekit.table import LookupTable

Cli = Callable[..., subprocess.CompletedProcess[str]]


def test_alexnet_is_the_published_network() -> None:
    """Products of each layer, and 60 965 224 parameters in all (Krizhevsky, NIPS 2012: 60 million; two groups)."""
    products = {layer.name: layer.products for layer in ALEXNET}
    assert products == {
        "conv1": 105_415_200,
        "conv2": 223_948_800,
        "conv3": 149_520_384,
        "conv4": 112_140_288,
        "conv5": 74_760_192,
        "fc6": 37_748_736,
        "fc7": 16_777_216,
        "fc8": 4_096_000,
    }
    biases = sum(layer.filters for layer in ALEXNET)
    assert sum(layer.filters * layer.places for layer in ALEXNET) + biases == 60_965_224
    assert [layer.name for layer in ALEXNET if not layer.bitwise] == ["conv1", "fc8"]


def test_the_network_for_40_x_40_has_six_bitwise_convolutions() -> None:
    bitwise = [layer for layer in SVHN if layer.bitwise]
    assert len(bitwise) == 6
    assert all(layer.kernel > 1 for layer in bitwise)
    # sides: 40 - 4 = 36, pooled 18, 18, 18, pooled 9, 9 - 2 = 7, 7, 7 - 2 = 5, 5 - 4 = 1
    assert [layer.side for layer in SVHN] == [36, 18, 18, 7, 7, 5, 1, 1]
    for layer, following in itertools.pairwise(SVHN):
        assert layer.filters == following.channels


def test_energy_of_a_small_layer_by_hand() -> None:
    """2 x 2 outputs, 70 filters in 2 groups of 35, kernel 3 on 8 channels (4 a group): 36 places."""
    layer = Layer("small", side=2, filters=70, kernel=3, channels=8, groups=2)
    assert (layer.places, layer.outputs, layer.products, layer.parameters) == (36, 280, 10_080, 2_520)
    # W:I 2:3.  A group's 35 filters x 2 bits need 2 columns of 63.  4 positions x 36 places x 2 groups x 3 bits
    assert input_writes(layer, 2, 3) == 4 * 36 * 2 * 3 * 2
    assert input_writes(layer, 1, 3) == 4 * 36 * 2 * 3  # 35 bits fit into one
    ands, alone, total = image_energy("net", [layer], 2, 3, 1e-13, 3e-14)
    assert ands.simulated == 6 * 10_080
    assert alone.simulated == pytest.approx(6 * 10_080 * 1e-13)
    parts = 6 * 10_080 * (1e-13 + E_FULL_ADDER) + 6 * 280 * E_ADD + 1728 * 3e-14  # 36 places: one row of 64 columns
    assert total.simulated == pytest.approx(parts)
    assert (total.published, total.ratio) == (None, None)


def test_storage_of_alexnet() -> None:
    (figure,) = storage()
    binary = 614_400 // 2 + 884_736 + 1_327_104 // 2 + 884_736 // 2 + 37_748_736 + 16_777_216  # conv2 .. conv5, fc6, fc7
    full = 96 * (363 + 1) + 1000 * (4096 + 1)
    assert figure.simulated == binary / 8 + 4 * full
    assert figure.published is None  # what the published 39.7 counts is not known


def test_the_ways_of_counting_alexnet() -> None:
    """Its energy and storage by hand; each beside the one published number that does not say what it counts."""
    found = {figure.name: figure for figure in [*energy_countings(1e-13, 3e-14), *storage_countings()]}
    # products: conv2, conv4 and conv5 double without groups
    grouped, groups = 614_895_616, 223_948_800 + 112_140_288 + 74_760_192
    ends = (105_415_200 + 4_096_000) * E_MAC
    for bits in (1, 2, 4):
        both = (
            found[f"counting W:I 1:{bits} grouped, no ends: energy"],
            found[f"counting W:I 1:{bits} ungrouped, no ends: energy"],
        )
        ands = bits * grouped * 1e-13, bits * (grouped + groups) * 1e-13
        for figure, least in zip(both, ands, strict=True):
            share = found[figure.name.replace("energy", "share of the ANDs")]
            assert share.simulated == pytest.approx(least / figure.simulated)
            assert least < figure.simulated < 1.1 * least  # bitcount 3.8 %, additions and writes the rest
            digital = found[figure.name.replace("no ends", "fp32 ends")]
            assert digital.simulated - figure.simulated == pytest.approx(ends)
            assert (figure.published, share.published) == (785.25e-6, 0.65)
    conv = 614_400 + 884_736 + 1_327_104 + 884_736  # conv2 to conv5 without groups
    fc, first, last = 37_748_736 + 16_777_216, 96 * 364, 1000 * 4097
    storage = found["counting ungrouped, double ends: storage"]
    assert storage.simulated == (conv + fc) / 8 + 8 * (first + last)
    assert storage.origin.startswith("38.5 MiB")
    full = found["counting ungrouped, double throughout: storage"]
    assert full.simulated == 8 * (conv + fc + first + last + 256 + 384 + 384 + 256 + 4096 + 4096)
    assert full.origin.startswith("475.9 MiB")
    assert full.ratio == pytest.approx(1, abs=2e-3)  # 12 times 39.7
    single = found["counting grouped, single ends: storage"]
    assert single.simulated == storage_of_bits()


def storage_of_bits() -> float:
    (figure,) = storage()
    return figure.simulated


def test_read_and_write_have_one_junction() -> None:
    """The disc of the read has the area and the resistance of the written card's ellipse, 80 x 45 nm, in every bench."""
    for name in ("sot-read", "sot-logic", "sot-sense"):
        bench = make_bench(name, {})
        assert isinstance(bench.p, Cells)
        read, written = bench.p.junction.numbers, load_device(SotWrite().p.device, MtjCard).at().static().numbers
        assert read.area == pytest.approx(math.pi / 4 * 80e-9 * 45e-9, rel=1e-9)
        # TMR of the one is that at 27 C, of the other at 300 K
        assert astuple(read) == pytest.approx(astuple(written), rel=1e-3)
    assert {"ra", "diameter"}.isdisjoint(name for plan in IMCE_PLANS for name in plan.parameters)


def test_a_figure_as_json() -> None:
    assert Figure("energy", "J", 3e-6, "a x b", "someone", 2e-6).as_json() == {
        "name": "energy",
        "unit": "J",
        "simulated": 3e-6,
        "published": 2e-6,
        "ratio": 1.5,
        "source": "someone",
        "from": "a x b",
        "remark": "",
        "command": "",
    }
    assert Figure("energy", "J", 3e-6, "a x b").as_json()["ratio"] is None


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_declares_what_it_must(name: str) -> None:
    system = load_system(name)
    assert system.name == name
    assert len({plan.name for plan in system.plans}) == len(system.plans)
    for part in system.table.parts:
        assert set(part.over or ()) <= set(system.table.over)
    assert bool(system.plans) == (name != "stt-1t1mtj")


@pytest.mark.parametrize(("name", "table"), [("imce", "sot-2t1r"), ("stt-bsnn", "dynamic-if"), ("c3cim", "c3cim")])
def test_a_system_is_found_by_the_name_of_its_table_too(name: str, table: str) -> None:
    assert load_system(table) is load_system(name)
    assert (load_system(table).name, system_table(name).name) == (name, table)


def test_both_commands_name_every_system_with_its_other_name(cli: Cli) -> None:
    for command in ("characterize", "system"):
        said = " ".join(cli(command, "--help").stdout.split())
        assert "imce (sot-2t1r)" in said
        assert "stt-bsnn (dynamic-if)" in said


def test_a_system_without_figures(cli: Cli, complaint: Callable[[subprocess.CompletedProcess[str], int], str]) -> None:
    line = complaint(cli("system", "stt-1t1mtj"), 2)
    said, _, names = line.partition("; those with figures: ")
    assert said == "system 'stt-1t1mtj' has a standard table and no figures"
    assert set(names.split(", ")) >= {"imce", "stt-bnn", "c3cim", "charge-if", "stt-bsnn"}
    assert "stt-1t1mtj" not in names


def test_a_trial_that_fails_is_an_error_not_a_mean(tmp_path: Path, user_benches: Path) -> None:
    """A system of one bench that finds no operating point in about half of its trials."""
    plan = Plan("one", f"{user_benches / 'faults.py'}:Singular", {"threshold": [0.0]}, 8)
    system = System("faulty", system_table("imce"), (plan,))
    with pytest.raises(SpicekitError, match=r"[1-7] trials in .*one are nonconverged"):
        system_figures(system, tmp_path)
    assert not (tmp_path / "system.json").exists()


def test_an_unknown_system(cli: Cli, complaint: Callable[[subprocess.CompletedProcess[str], int], str], tmp_path: Path) -> None:
    assert complaint(cli("system", "imec", "--out", tmp_path / "no"), 2) == "unknown system 'imec'; did you mean imce?"
    assert not (tmp_path / "no").exists()
    with pytest.raises(UserError, match=r"unknown system 'x'; choose from .*imce"):
        load_system("x")


@pytest.fixture(scope="module")
def imce(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """`spicekit system imce --json`: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("imce")
    done = cli("system", "imce", "--json", "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def figure(printed: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [item for item in printed["figures"] if item["name"] == name]
    return dict(found)


def test_imce_keeps_the_contract(imce: tuple[Path, dict[str, Any]]) -> None:
    folder, printed = imce
    assert read_record(folder / "system.json") == printed | {"schema": SCHEMA}
    assert printed["system"] == "imce"
    names = [item["name"] for item in printed["figures"]]
    assert len(set(names)) == len(names)
    for item in printed["figures"]:
        assert list(item) == ["name", "unit", "simulated", "published", "ratio", "source", "from", "remark", "command"]
        assert item["command"].endswith("spicekit system imce --out DIR")
        assert math.isfinite(item["simulated"])
        assert item["from"]
        if item["published"] is None:
            assert item["ratio"] is None
        else:
            assert item["source"]
            assert item["ratio"] == pytest.approx(item["simulated"] / item["published"])


def test_imce_energy_of_an_and_is_that_of_its_trials(imce: tuple[Path, dict[str, Any]]) -> None:
    folder, printed = imce
    stores = [Store(point) for point in sorted((folder / "logic" / "points").iterdir())]
    assert len(stores) == 8  # AND and OR, each on four words; AND first
    energy = np.mean([store.parts.column("e_total").mean() for store in stores[:4]])
    found = figure(printed, "AND energy")
    assert found["simulated"] == pytest.approx(energy)
    assert found["from"].startswith("sot-sense e_total, operation and: mean of 64 trials, sigma ")
    assert figure(printed, "OR energy")["simulated"] == pytest.approx(
        np.mean([s.parts.column("e_total").mean() for s in stores[4:]])
    )
    assert figure(printed, "AND, errors")["simulated"] == 0
    assert "95 % interval 0 to 0.056" in figure(printed, "AND, errors")["from"]
    assert figure(printed, "writes that switched")["simulated"] == 1
    assert 50e-15 < energy < 500e-15
    # the two cells of a logic operation cost no less than the one of a read, and a write is shorter than its pulse
    assert figure(printed, "write latency")["simulated"] < 1e-9


def test_imce_energy_of_an_image(imce: tuple[Path, dict[str, Any]]) -> None:
    folder, printed = imce
    energy_and = figure(printed, "AND energy")["simulated"]
    energy_write = figure(printed, "write energy")["simulated"]
    assert figure(printed, "AlexNet W:I 1:1, ANDs an image")["simulated"] == 614_895_616
    assert figure(printed, "AlexNet W:I 1:1, energy of the ANDs an image")["simulated"] == pytest.approx(614_895_616 * energy_and)
    total = figure(printed, "AlexNet W:I 1:1, energy an image")
    assert total["published"] is None  # of which nobody knows what it counts
    assert total["simulated"] == pytest.approx(
        614_895_616 * (energy_and + E_FULL_ADDER) + 9_654_400 * E_ADD + 12_941_472 * energy_write
    )
    ands = {bits: figure(printed, f"SVHN CNN W:I {bits}, ANDs an image")["simulated"] for bits in ("1:1", "1:4", "2:2")}
    assert ands == {"1:1": 37_064_704, "1:4": 148_258_816, "2:2": 148_258_816}
    assert LookupTable.load(folder / "write").attributes  # a table like any other, with its provenance


def test_imce_again_is_the_same_and_simulates_nothing(imce: tuple[Path, dict[str, Any]], cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(imce[0], folder)
    parts = {part: part.stat().st_mtime_ns for part in folder.rglob("part-*.parquet")}
    assert len(parts) == 12
    done = cli("system", "sot-2t1r", "--out", folder)  # the other name of the system
    assert done.returncode == 0, done.stderr
    assert parts == {part: part.stat().st_mtime_ns for part in folder.rglob("part-*.parquet")}
    assert read_record(folder / "system.json") == imce[1] | {"schema": SCHEMA}
    text = done.stdout
    for shown in ("AlexNet W:I 1:1, energy an image", "785.25 µJ", "41.628 MB", "AND latency", "Fan, ASP-DAC 2018"):
        assert shown in text
    lines = text.splitlines()
    assert max(len(line) for line in lines if not line.startswith(("Figures:", "  logic: spicekit sweep"))) <= 170
    with (folder / "system.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["name"], float(row["simulated"]), row["command"]) for row in rows] == [
        (item["name"], pytest.approx(item["simulated"], rel=1e-15), item["command"]) for item in imce[1]["figures"]
    ]


def test_which_countings_have_the_published_numbers(imce: tuple[Path, dict[str, Any]]) -> None:
    """Of the sixteen that are printed, for the energy and for the share of the ANDs."""
    for what in ("energy", "share of the ANDs"):
        ratios = {f["name"]: f["ratio"] for f in imce[1]["figures"] if f["name"].endswith(f", no ends: {what}")}
        ratios |= {f["name"]: f["ratio"] for f in imce[1]["figures"] if f["name"].endswith(f", fp32 ends: {what}")}
        assert len(ratios) == 16
        found = figure(imce[1], f"nearest counting: {what}")
        assert abs(found["ratio"] - 1) == min(abs(ratio - 1) for ratio in ratios.values())
        assert ratios[found["from"]] == found["ratio"]
        have = [name for name, ratio in ratios.items() if 0.98 <= ratio <= 1.02]
        assert found["remark"].startswith(f"{len(have)} of 16 countings have the published number within 2%")
        assert found["remark"].endswith("no way of counting is claimed to be the publication's")


def test_a_write_from_the_supply(imce: tuple[Path, dict[str, Any]]) -> None:
    """Rails of +-135 mV: the charge of the pulse, 1.22 to 1.26e-4 A x 1.05 ns, from 1 V; through the pump 1/0.8 of it."""
    rails, supply, current = (
        figure(imce[1], name)["simulated"] for name in ("write energy", "write energy from the supply", "write current")
    )
    charge = current * 1.07e-9  # with the edges, and what charges WBL
    assert supply - rails == pytest.approx(charge * ((1 + 1 / 0.8) / 2 - 0.135) + 8e-15, rel=0.05)


def test_the_commands_make_the_plans() -> None:
    """Read as the program reads them, of every system: the same bench, grid, trials and parameters as the plan's own sweep."""
    for name in SYSTEMS:
        for plan in load_system(name).plans:
            words = shlex.split(plan.command(7))
            assert words[:3] == ["spicekit", "sweep", plan.bench]
            given = {"--over": [], "-p": [], "--trials": ["0"], "--seed": [], "--out": []}  # type: dict[str, list[str]]
            for key, value in zip(words[3::2], words[4::2], strict=True):
                given[key].append(value)
            over = dict(parse_over(plan.bench, text) for text in given["--over"])
            parameters = dict(text.split("=") for text in given["-p"])
            trials, seed = int(given["--trials"][-1]), int(given["--seed"][0])
            typed, own = Sweep(plan.bench, over, trials=trials, seed=seed, parameters=parameters), plan.sweep(7)
            assert (typed.over, typed.trials) == (own.over, own.trials)
            assert [(c.parameters, c.seed) for c in typed.campaigns] == [(c.parameters, c.seed) for c in own.campaigns]


def test_a_system_resumes_what_its_commands_made(cli: Cli, tmp_path: Path) -> None:
    plan = Plan("read", "sot-read", {"tmr": [1.5, 2.5]}, 4, {"w_read": 200e-9, "rows": 32})
    made = [Figure("signal", "V", 0.0, "sot-read dv", plans=("read",))]
    system = System("small", system_table("imce"), (plan,), lambda tables: made)
    done = cli(*shlex.split(plan.command().replace("DIR", str(tmp_path)))[1:])
    assert done.returncode == 0, done.stderr
    parts = {part: part.stat().st_mtime_ns for part in tmp_path.rglob("part-*.parquet")}
    assert len(parts) == 2
    (found,) = system_figures(system, tmp_path)
    assert parts == {part: part.stat().st_mtime_ns for part in tmp_path.rglob("part-*.parquet")}
    assert found.command == f"{plan.command()}; spicekit system small --out DIR"
