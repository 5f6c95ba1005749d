"""`vsa-sense` against tbs-sense's area, closed forms, bisection and itself with a far finer solver."""

from __future__ import annotations

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
from spicekit.benches.sensing.tbs import TbsSense
from spicekit.benches.sensing.vsa import VsaSense

Cli = Callable[..., subprocess.CompletedProcess[str]]


def measures(values: Mapping[str, float] | None = None, **given: Any) -> dict[str, float]:
    result = run("vsa-sense", values, **given)
    assert result.outcome == "ok"
    assert result.attempt == 0
    return result.measures


def drawn_area(bench: TbsSense | VsaSense) -> float:
    """Sum of W L over the transistors in the rendered netlist, the delay line's with its share."""
    total = 0.0
    for line in render(bench).splitlines():
        words = line.split()
        if line.startswith("X") and words[-3].endswith("_mc") and words[0] not in ("Xmd", "Xmr_p", "Xc0_p"):
            shared = "vdd_line" in line or words[0].startswith(("Xline", "Xreset1", "Xbuffer"))
            share = bench.p.amplifiers if isinstance(bench, TbsSense) and shared else 1
            total += float(words[-2].removeprefix("w=")) * float(words[-1].removeprefix("l=")) / share
    return total


def test_gate_area_is_that_of_time_based_sensing() -> None:
    time_based, voltage = TbsSense(trim=600), VsaSense()
    assert drawn_area(time_based) == pytest.approx(time_based.gate_area, rel=1e-9)
    buffer = 4 * 2e-12 / 16  # of the reference, one amplifier's share
    assert drawn_area(voltage) + buffer == pytest.approx(drawn_area(time_based), rel=0.01)
    assert drawn_area(VsaSense(reference="ideal")) == pytest.approx(drawn_area(time_based), rel=0.01)
    assert drawn_area(VsaSense(v_mid=0.7)) + buffer == pytest.approx(drawn_area(time_based), rel=0.01)
    assert drawn_area(VsaSense(gate_area=3e-12)) + buffer == pytest.approx(3e-12, rel=0.01)


@pytest.mark.parametrize("given", [{}, {"v_mid": 0.7}, {"inputs": "nmos", "v_mid": 0.5}, {"v_mid": 0.3, "corner": "ss"}], ids=str)
def test_decides_right(given: dict[str, Any]) -> None:
    for overdrive in (-0.1, -1e-3, 1e-3, 0.1):
        m = measures(**given, overdrive=overdrive)
        assert (m["late"], m["wrong"], m["decision"]) == (0, 0, overdrive > 0), overdrive
        assert 20e-12 < m["t_decision"] < 2e-9
        assert m["e_total"] == pytest.approx(m["e_amplifier"] + m["e_drive"] + m["e_reference"], rel=1e-12)
        assert m["e_reference"] == pytest.approx(1.1 * 100e-6 * 4.2e-9 / 16)
        assert min(m["e_amplifier"], m["e_drive"]) > 0
    assert measures(**given)["t_decision"] < measures(**given, overdrive=1e-3)["t_decision"]


RESOLUTION = 32e-3 / 2**9


@pytest.mark.parametrize("v_mid", [0.4, 0.7])
def test_offset_of_reference_and_input_pair(v_mid: float) -> None:
    given: dict[str, Any] = {"measure": "offset", "v_mid": v_mid}
    nominal = measures(**given)
    assert abs(nominal["offset"]) < 1.5 * RESOLUTION  # symmetric
    assert nominal["trip"] == pytest.approx(v_mid + nominal["offset"])
    assert measures({"vref": v_mid + 5e-3}, **given)["offset"] == pytest.approx(5e-3, abs=2 * RESOLUTION)
    # a source in series with the gate of the reference's side (p) acts like the reference, upwards for PMOS, downwards for NMOS
    sign = 1 if v_mid < 0.5 else -1
    assert measures({"vth_input_p": 6e-3}, **given)["offset"] == pytest.approx(sign * 6e-3, abs=3 * RESOLUTION)
    assert measures({"vth_input_n": 6e-3}, **given)["offset"] == pytest.approx(-sign * 6e-3, abs=3 * RESOLUTION)


def device_set(seed: int) -> dict[str, float]:
    """Mismatch of every transistor, and the reference's deviation."""
    rng = np.random.default_rng(seed)
    drawn = {point.name: float(rng.normal(point.nominal, point.sigma)) for point in VsaSense().points()}
    return {name: value for name, value in drawn.items() if not name.endswith(("_c0", "_md", "_mr"))}


@pytest.mark.parametrize("seed", [1, 2])
def test_offset_search_is_what_bisection_finds(seed: int) -> None:
    values = device_set(seed)
    low, high = -16e-3, 16e-3
    for _ in range(9):
        middle = (low + high) / 2
        low, high = (low, middle) if measures(values, overdrive=middle)["decision"] else (middle, high)
    found = measures(values, measure="offset")
    assert found["in_range"] == 1
    assert found["offset"] == pytest.approx((low + high) / 2, abs=3 * RESOLUTION)


def test_a_wider_search_finds_the_same_offset() -> None:
    for offset_range in ("100m", "250m"):
        m = measures({"vref": 0.45}, measure="offset", offset_range=offset_range)
        assert m["offset"] == pytest.approx(0.05, abs=3 * RESOLUTION)


@pytest.mark.parametrize("bench", ["vsa-sense", "sot-sense"])
def test_the_last_step_of_a_search_is_stated_and_does_not_grow_with_its_range(bench: str) -> None:
    for offset_range, steps, said in ((1e-3, 9, "2 µV"), (32e-3, 9, "63 µV"), (0.1, 11, "49 µV"), (0.25, 12, "61 µV")):
        made = make_bench(bench, {"measure": "offset", "offset_range": offset_range})
        knots = made.context()["search"]
        moved = [current for _, current in knots[2::4]]
        assert len(moved) == steps
        assert moved[0] / moved[-1] == pytest.approx(2 ** (steps - 1))
        assert made.measures()[0].meaning.endswith(f"last step of the search {said}")
    for offset_range in (5e-324, 0.5e-3, 0.5):
        with pytest.raises(UserError, match="parameter offset_range: allowed"):
            make_bench(bench, {"measure": "offset", "offset_range": offset_range})


@pytest.mark.parametrize("bench", ["vsa-sense", "tbs-sense", "stt-bnn-macro"])
def test_a_window_shorter_than_an_edge_is_refused(bench: str) -> None:
    with pytest.raises(UserError, match="parameter t_window: allowed: greater than or equal to"):
        make_bench(bench, {"t_window": 5e-324})


def test_offset_beyond_the_search_is_said() -> None:
    m = measures({"vref": 0.45}, measure="offset")
    assert m["in_range"] == 0
    assert (m["offset"], m["trip"]) == (math.inf, math.inf)
    assert measures({"vref": 0.35}, measure="offset")["offset"] == -math.inf


class Fine(VsaSense):
    """The same circuit with a time step and tolerances at least ten times smaller."""

    template = "benches/vsa-sense.cir.j2"

    def analysis(self) -> TranAnalysis:
        usual = super().analysis()
        return replace(usual, step=usual.step / 50, reltol=1e-5, trtol=1.0, options={"chgtol": 1e-18})


@pytest.mark.parametrize("given", [{"overdrive": 1e-3}, {"v_mid": 0.7}, {"source": "cell", "corner": "ss"}], ids=str)
def test_time_step(given: dict[str, Any]) -> None:
    # the nominal cell at ss stops at an edge, where its transistors' drains are exactly at their sources, and is run again with
    # 1 Tohm to ground from every node
    m, fine = run(VsaSense(**given)).measures, run(Fine(**given)).measures
    assert m["t_decision"] == pytest.approx(fine["t_decision"], rel=0.01)
    assert m["e_total"] == pytest.approx(fine["e_total"], rel=0.005)
    assert m["e_drive"] == pytest.approx(fine["e_drive"], rel=0.02)


def test_an_amplifier_without_time_is_an_outcome() -> None:
    m = measures(t_window=100e-12)
    assert (m["late"], m["wrong"], m["error"], m["decision"]) == (1, 0, 1, 0)  # the output latch still holds the opposite
    assert m["t_decision"] == math.inf


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"source": "cell"},
        {"measure": "offset", "source": "cell"},
        {"source": "cell", "reference": "mtj"},
        {"v_mid": "0.7", "t_window": "100p"},
    ],
    ids=str,
)
def test_rendered_netlist(ngspice_batch: Callable[[str], dict[str, float]], given: dict[str, Any]) -> None:
    printed = ngspice_batch(render(make_bench("vsa-sense", dict(given))))
    for name, value in measures(**given).items():
        assert printed[name] == pytest.approx(value, rel=1e-4, abs=5e-6 if name == "offset" else 0), name


def test_plotted_vectors_are_saved() -> None:
    for given in ({}, {"source": "cell"}, {"measure": "offset"}):
        bench = VsaSense(**given)
        assert {vector for panel in bench.panels() for vector in panel.vectors} <= set(bench.analysis().save)


def test_both_amplifiers_see_the_same_cells(cli: Cli, tmp_path: Path) -> None:
    """With one seed; and the reference's sigma is that of a pair of 2 um2 each, 0 if asked for."""
    samples = {}
    for bench, given in (("tbs-sense", ["-p", "trim=619"]), ("vsa-sense", [])):
        arguments = ["-p", "source=cell", *given, "--trials", 6, "--workers", 1, "--out", tmp_path / bench, "--json"]
        summary = json.loads(cli("mc", bench, *arguments).stdout)
        assert summary["outcomes"]["ok"] == 6
        table = pd.concat([pd.read_parquet(part) for part in (tmp_path / bench / "trials").iterdir()]).set_index("trial")
        samples[bench] = pd.read_parquet(tmp_path / bench / "samples.parquet").join(table[["v_p", "v_ap"]])
    for name in ("ra_c0", "tmr_c0", "vth_c0", "vth_md", "beta_mr"):
        assert np.array_equal(samples["tbs-sense"][name], samples["vsa-sense"][name]), name
    for name in ("v_p", "v_ap"):  # the amplifiers' gates leak differently
        assert np.allclose(samples["tbs-sense"][name], samples["vsa-sense"][name], atol=0.5e-3), name
    sigma = {point.name: point.sigma for point in VsaSense().points()}["vref"]
    assert sigma == pytest.approx(math.sqrt(2) * 2.5e-9 / math.sqrt(2e-12))
    assert {point.name: point.sigma for point in VsaSense(sigma_ref=0).points()}["vref"] == 0


def test_reference_cells_follow_the_cell() -> None:
    """A resistor does not: the junction's TMR falls with temperature, and its RA is the die's."""
    away: dict[str, list[float]] = {"resistor": [], "mtj": []}
    for reference, found in away.items():
        given: dict[str, Any] = {"source": "cell", "measure": "offset", "reference": reference}
        points = [p for p in make_bench("vsa-sense", given).points() if p.kind == "ra"]
        for values, changed in ((None, {}), (None, {"temperature": 125}), ({p.name: 1.1 * p.nominal for p in points}, {})):
            m = measures(values, **given | changed)
            found.append(m["trip"] - (m["v_p"] + m["v_ap"]) / 2)
    assert away["mtj"][0] == pytest.approx(away["resistor"][0], abs=0.5e-3)  # both in the middle, less what the line's kick does
    for k in (1, 2):
        moved = {reference: abs(found[k] - found[0]) for reference, found in away.items()}
        assert moved["mtj"] < 0.4 * moved["resistor"], k


def test_an_own_line_costs_its_current() -> None:
    m = measures(source="cell", reference="mtj")
    assert m["e_reference"] == pytest.approx(1.1 * 10e-6 * 4.2e-9, rel=0.05)
    assert m["e_total"] == pytest.approx(m["e_amplifier"] + m["e_drive"] + m["e_reference"], rel=1e-12)
    assert m["error"] == 0
    assert "e_reference" not in measures(reference="ideal")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"reference": "mtj"}, r"parameter reference: mtj given; allowed with source=cell"),
        ({"reference": "ideal", "sigma_ref": 1e-3}, r"parameter sigma_ref: given with reference=ideal; allowed with buffer"),
        ({"n_ref": 4}, r"n_ref: 4 given with reference=buffer; allowed: 1"),
        ({"gate_area": 1e-13}, r"parameter gate_area: 1e-13 m2 leaves no room for the input pair: allowed: above "),
        ({"inputs": "both"}, r"parameter inputs: allowed: 'pmos' or 'nmos'"),
        ({"sigma_ref": -1}, r"parameter sigma_ref: allowed: greater than or equal to 0"),
        ({"v_in": 0.4, "source": "cell"}, r"parameter v_in: 0.4 V given; allowed with source=voltage only"),
    ],
)
def test_wrong_parameters(given: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        make_bench("vsa-sense", given)
    assert "\n" not in str(caught.value)
