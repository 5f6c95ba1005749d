"""`current-mode`: currents, clamped lines and offsets by closed forms, its cells, and itself with a far finer solver."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from spicekit import UserError, make_bench, render, run
from spicekit.analysis import TranAnalysis
from spicekit.area import floor_plan
from spicekit.benches.sensing.current_mode import CurrentMode

SHORT: dict[str, Any] = {"t_window": 1.2e-9, "t_recover": 1e-9}  # enough, and fewer time points
RESOLUTION = 32e-3 / 2**9


def measures(values: Mapping[str, float] | None = None, **given: Any) -> dict[str, float]:
    result = run("current-mode", values, **SHORT | given)
    assert result.outcome == "ok"
    assert result.attempt == 0
    return result.measures


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"corner": "ss", "temperature": -40, "vdd": 0.99},
        {"corner": "ff", "temperature": 125, "vdd": 1.21},
        {"technology": "ptm45", "corner": "ss", "vdd": 0.9},
    ],
    ids=str,
)
def test_decides_right(given: dict[str, Any]) -> None:
    for overdrive in (-5e-3, 5e-3):
        m = measures(**given, overdrive=overdrive)
        assert (m["late"], m["wrong"], m["decision"]) == (0, 0, overdrive > 0), overdrive
    items = ("line", "refline", "amplifier", "drive", "reference", "bias")
    assert m["e_total"] == pytest.approx(sum(m[f"e_{name}"] for name in items), rel=1e-12)
    cells = measures(**given, source="cell")
    assert (cells["decision_p"], cells["decision_ap"], cells["error"]) == (0, 1, 0)


def test_the_clamp_holds_the_line_and_the_cell_draws_its_current() -> None:
    """By Ohm's law from the line's voltage: the junction, whose bias the access transistor leaves, and nothing else."""
    m = measures(source="cell")
    bench = CurrentMode(source="cell")
    held = m["v_ap"] - m["v_p"]
    alone = bench.p.i_read * (bench.junction.voltage([1], 8e-6) / 8e-6 - bench.junction.r_p)
    assert 0 < held < 0.4 * alone  # a current of i_read would have moved the line so far
    for tag, state in (("p", 0), ("ap", 1)):
        across = bench.junction.voltage([state], m[f"i_{tag}"])
        access = (m[f"v_{tag}"] - bench.p.v_source - across) / m[f"i_{tag}"]
        assert 0.5e3 < access < 3e3, tag  # 300 nm at a gate-source voltage of 1 V
    assert m["e_line"] + m["e_refline"] > 0.2 * m["e_total"]


def test_offset_of_clamps_and_reference() -> None:
    """A clamp's threshold counts at its source by gm/(gm + gmb), which is the same for both and either source."""
    for given in ({}, {"source": "cell", "reference": "mtj"}):
        moved = []
        for side, sign in (("p", 1), ("n", -1)):
            moved.append(sign * measures({f"vth_clamp_{side}": 6e-3}, measure="offset", **given)["offset"])
        assert abs(measures(measure="offset", **given)["offset"]) < 1.5 * RESOLUTION  # symmetric
        assert moved[0] == pytest.approx(moved[1], abs=3 * RESOLUTION)
        assert 0.7 < moved[0] / 6e-3 < 0.95
    assert measures({"vref": 0.205}, measure="offset")["offset"] == pytest.approx(5e-3, abs=3 * RESOLUTION)


def test_a_cell_that_has_more_resistance_than_its_reference_is_a_1() -> None:
    """RA of the cell moved until its state looks like the other one; the offset's search is not touched by it."""
    nominal = make_bench("current-mode", {"source": "cell"})
    ra = next(point.nominal for point in nominal.points() if point.name == "ra_c0")
    assert measures({"ra_c0": 2.8 * ra}, source="cell")["decision_p"] == 1
    assert measures({"ra_c0": 0.3 * ra}, source="cell")["decision_ap"] == 0
    offsets = [measures({"ra_c0": k * ra}, source="cell", measure="offset")["offset"] for k in (1, 2.8)]
    assert offsets[0] == offsets[1]


class Fine(CurrentMode):
    """The same circuit with a time step and tolerances at least ten times smaller."""

    template = "benches/current-mode.cir.j2"

    def analysis(self) -> TranAnalysis:
        usual = super().analysis()
        return replace(usual, step=usual.step / 50, reltol=1e-5, trtol=1.0, options=usual.options | {"chgtol": 1e-18})


@pytest.mark.parametrize("given", [{"overdrive": 2e-3}, {"source": "cell"}], ids=str)
def test_time_step(given: dict[str, Any]) -> None:
    m, fine = (run(kind(**SHORT | given)).measures for kind in (CurrentMode, Fine))
    assert m["t_decision"] == pytest.approx(fine["t_decision"], rel=0.005)
    for name in ("e_total", "e_line", "e_amplifier"):
        assert m[name] == pytest.approx(fine[name], rel=0.01), name


@pytest.mark.parametrize("given", [{}, {"source": "cell"}, {"measure": "offset", "source": "cell", "n_ref": 2}], ids=str)
def test_rendered_netlist(ngspice_batch: Callable[[str], dict[str, float]], given: dict[str, Any]) -> None:
    printed = ngspice_batch(render(make_bench("current-mode", SHORT | given)))
    for name, value in measures(**given).items():
        assert printed[name] == pytest.approx(value, rel=1e-4, abs={"offset": 5e-6, "kick": 1e-7}.get(name, 0)), name


def test_area_has_the_share_of_the_bias() -> None:
    few, many = (CurrentMode(users=users) for users in (1, 16))
    replica = few.p.w_clamp * few.p.l_clamp
    assert few.gate_area - many.gate_area == pytest.approx((replica + 8e-12) * 15 / 16, rel=1e-9)
    (region,) = floor_plan(many).regions
    assert next(part.count for part in region.parts if part.name == "replica") == 1 / 16


def test_an_amplifier_without_time_is_late_and_not_wrong() -> None:
    m = measures(t_window=300e-12)
    assert (m["late"], m["wrong"], m["error"]) == (1, 0, 1)
    assert m["t_decision"] == math.inf


def test_plotted_vectors_are_saved() -> None:
    for given in ({}, {"source": "cell"}, {"measure": "offset"}):
        bench = CurrentMode(**given)
        assert {vector for panel in bench.panels() for vector in panel.vectors} <= set(bench.analysis().save)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"source": "cell", "reference": "buffer"}, r"reference: buffer given with source=cell; allowed: resistor, mtj"),
        ({"reference": "mtj"}, r"parameter reference: mtj given; allowed with source=cell"),
        ({"l_clamp": 10e-9}, r"parameter l_clamp: 10 nm given; allowed: at least 65 nm, the smallest L"),
        ({"v_mid": 1.5}, r"parameter v_mid: 1.5 V given; allowed: at most vdd = 1.1 V"),
        ({"overdrive": -0.5}, r"overdrive: -0.5 V given, an input of -0.3 V with v_mid = 0.2 V; allowed: an input of 0 to 2 V"),
    ],
)
def test_wrong_parameters(given: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        make_bench("current-mode", given)
    assert "\n" not in str(caught.value)
