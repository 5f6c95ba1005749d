"""`sot-sense` against logic, against closed forms, against bisection and against itself with a far finer solver."""

from __future__ import annotations

import itertools
import json
import math
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spicekit import UserError, make_bench, render, run
from spicekit.analysis import TranAnalysis
from spicekit.benches.sensing.sot_sense import SotSense

Cli = Callable[..., subprocess.CompletedProcess[str]]
WORDS = [("read", "0"), ("read", "1"), *itertools.product(("and", "or"), ("00", "01", "10", "11"))]
ENERGIES = ("e_column", "e_reference", "e_bias", "e_amplifier", "e_drivers")


def measures(values: Mapping[str, float] | None = None, **given: Any) -> dict[str, float]:
    result = run("sot-sense", values, **given)
    assert result.outcome == "ok"
    assert result.attempt == 0
    return result.measures


def right(operation: str, bits: str) -> bool:
    """Truth table, written as the definition says."""
    return min(bits) == "1" if operation == "and" else max(bits) == "1"


@pytest.mark.parametrize(
    ("corner", "celsius", "vdd"),
    [("tt", 27, 1.0), ("ff", -40, 1.1), ("ff", 125, 1.1), ("ss", -40, 0.9), ("ss", 85, 0.9), ("ss", 125, 0.9), ("sf", -40, 0.9)],
    ids=lambda value: str(value),
)
def test_decides_right_in_every_corner(corner: str, celsius: float, vdd: float) -> None:
    for operation, bits in WORDS:
        m = measures(operation=operation, bits=bits, corner=corner, temperature=celsius, vdd=vdd)
        assert m["late"] == 0
        assert m["error"] == 0, (operation, bits)
        assert m["decision"] == right(operation, bits), (operation, bits)
        assert (m["dv_in"] > 0) == right(operation, bits)
        assert 50e-12 < m["t_decision"] < 0.5e-9  # half of t_latch
        assert m["t_sense"] == pytest.approx(1.5e-9 + m["t_decision"], rel=1e-12)
        assert all(m[name] > 0 for name in ENERGIES)
        assert m["e_total"] == pytest.approx(sum(m[name] for name in ENERGIES), rel=1e-12)


@pytest.mark.parametrize(("operation", "bits"), [("and", "1111"), ("and", "0111"), ("or", "0000"), ("or", "0001")])
def test_more_cells_and_another_technology(operation: str, bits: str) -> None:
    # a TMR that leaves a margin for four cells, and time for the 65 nm transistors
    m = measures(operation=operation, bits=bits, fan_in=4, tmr=5.0, technology="ptm65", t_latch=2e-9, t_stop=6e-9)
    assert (m["error"], m["decision"]) == (0, right(operation, bits))


def test_inputs_settle_to_the_dc_bench() -> None:
    dc = run("sot-logic", inputs="all").measures
    for operation, bits, state, reference in (
        ("read", "0", "v_p", "v_ref_m"),
        ("read", "1", "v_ap", "v_ref_m"),
        ("and", "10", "v_10", "v_ref_and"),
        ("and", "11", "v_11", "v_ref_and"),
        ("or", "00", "v_00", "v_ref_or"),
    ):
        m = measures(operation=operation, bits=bits, t_settle=20e-9, t_stop=25e-9)
        # the enable PMOS is a cascode to the mirror, and the lines have resistance: 1 % of the read current
        assert m["dv_in"] == pytest.approx(dc[state] - dc[reference], rel=0.01, abs=0.3e-3), (operation, bits)
        assert m["v_common"] == pytest.approx((dc[state] + dc[reference]) / 2, rel=0.02), (operation, bits)


def test_energy_follows_current_and_capacitance() -> None:
    base = measures(operation="or", bits="01")
    longer = measures(operation="or", bits="01", t_latch=2e-9, t_stop=5.5e-9)
    for name in ("e_column", "e_reference", "e_bias"):  # VDD I t, to the mirror's accuracy while the lines are kicked
        assert longer[name] - base[name] == pytest.approx(1.0 * 10e-6 * 1e-9, rel=0.03), name
    for name in ("e_amplifier", "e_drivers"):  # dynamic circuits: only leakage depends on time
        assert longer[name] == pytest.approx(base[name], rel=0.02), name
    # one femtofarad more a column: C VDD^2 for each of the two word lines
    loaded = measures(operation="or", bits="01", c_word=1.17e-15)
    assert loaded["e_wordline"] - base["e_wordline"] == pytest.approx(2 * 64 * 1e-15 * 1.0**2, rel=0.02)
    assert loaded["e_drivers"] - base["e_drivers"] == pytest.approx(2e-15, rel=0.1)
    alone = measures(operation="read", bits="1")
    assert 2 * alone["e_wordline"] == pytest.approx(base["e_wordline"], rel=0.01)


def test_wire_drop_counts_where_the_cells_are() -> None:
    far, near = (
        measures(operation="or", bits="01", position=end, t_settle=10e-9, t_stop=14e-9, rows=256) for end in ("far", "near")
    )
    # the reference legs stay at the far end
    assert far["dv_in"] - near["dv_in"] == pytest.approx(10e-6 * 256 * 1.5, rel=0.03)


@pytest.mark.parametrize(("rows", "t_error"), [(64, 0.004), (1024, 0.012)])
def test_two_pi_sections_are_enough(rows: int, t_error: float) -> None:
    few, many = (
        measures(operation="or", bits="01", rows=rows, sections=sections, t_settle=3e-9, t_stop=6e-9) for sections in (2, 32)
    )
    assert few["dv_in"] == pytest.approx(many["dv_in"], rel=0.003)
    assert few["t_decision"] == pytest.approx(many["t_decision"], rel=t_error)  # the solver's own 0.2 % included
    assert few["e_total"] == pytest.approx(many["e_total"], rel=0.002)


class Fine(SotSense):
    """The same circuit with a time step and tolerances at least ten times smaller."""

    template = "benches/sot-sense.cir.j2"

    def analysis(self) -> TranAnalysis:
        usual = super().analysis()
        return replace(usual, step=usual.step / 50, reltol=1e-5, trtol=1.0, options={"chgtol": 1e-17})


@pytest.mark.parametrize(
    "given",
    [
        {"operation": "read", "bits": "1"},
        {"operation": "or", "bits": "01"},
        {"operation": "or", "bits": "00", "corner": "ss", "temperature": 125},
        {"operation": "and", "bits": "11", "corner": "ff", "temperature": 125},
    ],
    ids=lambda given: "-".join(map(str, given.values())),
)
def test_time_step(given: dict[str, Any]) -> None:
    fine = run(Fine(**given))
    assert fine.outcome == "ok"
    m = measures(**given)
    assert m["t_decision"] == pytest.approx(fine.measures["t_decision"], rel=0.005)
    assert m["dv_in"] == pytest.approx(fine.measures["dv_in"], rel=0.001)
    for name in ("e_total", "e_column", "e_reference", "e_bias", "e_amplifier", "e_wordline"):
        assert m[name] == pytest.approx(fine.measures[name], rel=0.003), name
    # mostly the current through both transistors of an inverter during an input edge of 10 ps
    assert m["e_drivers"] == pytest.approx(fine.measures["e_drivers"], rel=0.015)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"operation": "and", "bits": "11", "temperature": "85"},
        {"operation": "or", "bits": "00", "corner": "ss", "rows": "256", "position": "near", "columns": "1"},
        {"t_latch": "60p"},
        {"measure": "offset", "operation": "or"},
        {"measure": "offset", "offset_range": "1m"},  # the offset lies beyond
    ],
    ids=lambda given: "-".join(given.values()) or "defaults",
)
def test_rendered_netlist(ngspice_batch: Callable[[str], dict[str, float]], given: dict[str, str]) -> None:
    printed = ngspice_batch(render(make_bench("sot-sense", given)))
    for name, value in measures(**given).items():
        # same equations and tolerances; `meas` prints seven digits, and a rounding error may move a time step a little
        assert printed[name] == pytest.approx(value, rel=1e-4, abs=1e-6 if name in ("offset", "dv_in") else 0), name


def test_render_and_run_from_the_command_line(cli: Cli, tmp_path: Path) -> None:
    parameters = ["-p", "operation=or", "-p", "bits=01"]
    cli("render", "sot-sense", *parameters, "-o", tmp_path / "sense.cir")
    done = subprocess.run(["ngspice", "-b", tmp_path / "sense.cir"], capture_output=True, text=True, timeout=60, check=False)
    printed = dict(line.split(" = ") for line in done.stdout.splitlines() if line.count(" = ") == 1)
    answer = json.loads(cli("run", "sot-sense", *parameters, "--json", "--out", tmp_path / "run").stdout)
    assert answer["outcome"] == "ok"
    for name, measure in answer["measures"].items():
        assert float(printed[name]) == pytest.approx(measure["value"], rel=1e-4), name
    assert (tmp_path / "run" / "waveforms.png").stat().st_size > 20_000


def test_plotted_vectors_are_saved() -> None:
    for measure in ("decision", "offset"):
        bench = SotSense(measure=measure)
        assert {vector for panel in bench.panels() for vector in panel.vectors} <= set(bench.analysis().save)


def test_an_amplifier_without_time_is_an_outcome() -> None:
    m = measures(operation="or", bits="01", t_latch=60e-12)
    assert (m["late"], m["wrong"], m["error"], m["decision"]) == (1, 0, 1, 0)  # the output latch still holds the opposite
    assert m["t_decision"] == math.inf
    slow = measures({"vth_tail": 0.6}, operation="or", bits="01")
    assert (slow["late"], slow["wrong"]) == (1, 0)
    assert slow["t_decision"] == slow["t_sense"] == math.inf


def comparator(seed: int) -> dict[str, float]:
    """One comparator of the Monte Carlo, everything else nominal."""
    rng = np.random.default_rng(seed)
    own = ("tail", "input", "latchp", "latchn", "resetx", "reset")
    points = [point for point in SotSense().points() if point.name.split("_")[1] in own]
    assert len(points) == 2 * 11
    return {point.name: float(rng.normal(point.nominal, point.sigma)) for point in points}


def bisected(values: Mapping[str, float]) -> float:
    """dv_in at which an OR of 01 flips: the reference resistor is moved until it does."""
    low, high = np.array([0.8, 1.8]) * SotSense().logic.references()["or"]  # below, the column reads 1
    for _ in range(10):
        middle = (low + high) / 2
        m = measures({**values, "r_ref_or": middle}, operation="or", bits="01")
        low, high = (middle, high) if m["decision"] else (low, middle)
    return m["dv_in"]


def test_offset_search_is_what_bisection_finds() -> None:
    nominal = bisected({})
    # a cell is not a resistor, and the legs of two cells are one transistor of twice the width, whose junctions have one edge
    # less than those of two: 0.3 fF, of which 0.35 shift the trip point by 1.2 mV
    assert abs(nominal) < 1.5e-3
    assert abs(measures(measure="offset", operation="or")["offset"]) < 0.1e-3
    for seed in (1, 2):
        found = measures(comparator(seed), measure="offset", operation="or")
        assert found["in_range"] == 1
        # at 83 mV instead of 110 mV common mode, and resistors instead of cells
        assert found["offset"] == pytest.approx(bisected(comparator(seed)) - nominal, rel=0.15, abs=0.3e-3), seed


def test_offset_comes_from_the_input_pair() -> None:
    points = {point.name: point for point in SotSense().points()}
    nominal = measures(measure="offset", operation="or")["offset"]
    share = {}
    for name in ("vth_input_p", "vth_latchp_p", "vth_latchn_p", "beta_input_p", "beta_reset_p"):
        step = 2 * points[name].sigma
        moved = measures({name: step}, measure="offset", operation="or")["offset"]
        share[name] = (moved - nominal) / step * points[name].sigma
    pair = math.sqrt(2) * 1.8e-9 / math.sqrt(10e-6 * 120e-9)  # Pelgrom, both input transistors
    total = math.sqrt(2 * sum(value**2 for value in share.values()))
    assert total == pytest.approx(pair, rel=0.3)
    assert share["vth_input_p"] > 1.2 * max(abs(share["vth_latchp_p"]), abs(share["vth_latchn_p"]))
    mirrored = measures({"vth_input_n": points["vth_input_p"].sigma}, measure="offset", operation="or")["offset"] - nominal
    assert mirrored == pytest.approx(-share["vth_input_p"], abs=0.15e-3)  # two steps of the search


def test_offset_beyond_the_search_is_said() -> None:
    m = measures({"vth_input_p": 0.03}, measure="offset", operation="or", offset_range=8e-3)
    assert m["in_range"] == 0
    assert m["offset"] == math.copysign(math.inf, m["offset"])


def test_campaign(cli: Cli, tmp_path: Path) -> None:
    """Devices whose OR margin often fails: each trial's own offset predicts its decision, and `replay` repeats it."""
    tables, samples = {}, {}
    for measure, trials in (("decision", 100), ("offset", 30)):
        folder = tmp_path / measure
        options = ["-p", "operation=or", "-p", "bits=01", "-p", f"measure={measure}", "--sigma", "ra=30%:lognormal", "--seed", 7]
        summary = json.loads(cli("mc", "sot-sense", *options, "--trials", trials, "--out", folder, "--json").stdout)
        assert summary["outcomes"]["ok"] == trials
        tables[measure] = pd.concat([pd.read_parquet(part) for part in sorted((folder / "trials").iterdir())]).set_index("trial")
        samples[measure] = pd.read_parquet(folder / "samples.parquet").set_index("trial")
    pd.testing.assert_frame_equal(samples["decision"].head(30), samples["offset"])  # the same devices

    offset = tables["offset"]["offset"]
    pair = math.sqrt(2) * 1.8e-9 / math.sqrt(10e-6 * 120e-9)
    assert offset.std() == pytest.approx(pair, rel=0.45)  # the pair's share is 90 %; 30 trials scatter by 13 %, times 3
    assert abs(offset.mean()) < 4 * offset.std() / math.sqrt(len(offset))

    decision = tables["decision"]
    assert (decision["late"] == 0).all()
    assert (decision["wrong"] == 1 - decision["decision"]).all()  # 0 OR 1 is 1
    assert 5 <= decision["wrong"].sum() <= 30
    surplus = (decision["dv_in"] - offset).dropna()
    clear = surplus[surplus.abs() > 1e-3]
    assert len(clear) > 20
    assert ((clear > 0) == (decision["decision"][clear.index] == 1)).all()

    wrong = int(decision.index[decision["wrong"] == 1][0])
    again = json.loads(cli("replay", tmp_path / "decision", "--trial", wrong, "--json").stdout)
    for name, measure in again["measures"].items():
        assert measure["value"] == pytest.approx(decision.loc[wrong, name], rel=1e-9), name
    assert (tmp_path / "decision" / f"replay-{wrong}" / "waveforms.png").exists()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"bits": "10"}, r"bits: '10' given; allowed for read: 1 characters, each 0 or 1"),
        ({"operation": "and", "bits": "1"}, r"allowed for and: 2 characters"),
        ({"operation": "or", "bits": "1x"}, r"bits: '1x' given"),
        ({"operation": "or", "bits": ""}, r"bits: '' given"),
        ({"operation": "and", "fan_in": 3, "bits": "10"}, r"allowed for and: 3 characters"),
        ({"operation": "xor"}, r"parameter operation: allowed: 'read', 'and' or 'or' \(given: 'xor'\)"),
        ({"t_stop": "2.7n"}, r"t_stop: 2.7e-09 s given; allowed: above 2.72e-09 s"),
        ({"t_settle": -1}, r"parameter t_settle: allowed: greater than or equal to 1e-12"),
        ({"fan_in": 4, "rows": 3}, r"fan_in: the column has 3 rows"),
        ({"access": "ideal"}, r"bench 'sot-sense': unknown parameter 'access'"),
        ({"sections": 0}, r"parameter sections: allowed: greater than or equal to 1"),
    ],
)
def test_wrong_parameters(given: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        make_bench("sot-sense", given)
    assert "\n" not in str(caught.value)


def test_a_transistor_below_the_technology_is_refused() -> None:
    with pytest.raises(UserError, match="parameter l_input: 30 nm given; allowed: at least 45 nm"):
        render(make_bench("sot-sense", {"l_input": "30n"}))
