"""Reference cells of junctions against the closed form, tracking of global RA and of the temperature, and what it is worth."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from spicekit import UserError, make_bench, render, run
from spicekit.benches.sot.logic import SotLogic
from spicekit.binomial import clopper_pearson

Cli = Callable[..., subprocess.CompletedProcess[str]]
IDEAL: dict[str, Any] = {"access": "ideal", "bias": "ideal"}
LEVELS = {"m": ("v_p", "v_ap"), "and": ("v_10", "v_11"), "or": ("v_00", "v_10")}


def logic(values: Mapping[str, float] | None = None, **given: Any) -> dict[str, float]:
    result = run("sot-logic", values, **given)
    assert result.outcome == "ok"
    return result.measures


@pytest.mark.parametrize("n_ref", [1, 3])
def test_nominal_reference_is_the_middle(n_ref: int) -> None:
    m = logic(reference="mtj", n_ref=n_ref, **IDEAL)
    for name, (low, high) in LEVELS.items():
        assert m[f"v_ref_{name}"] == pytest.approx((m[low] + m[high]) / 2, rel=1e-6), name
    # without roll-off the network is the mean of both resistances as it stands
    legs = SotLogic(reference="mtj", v_half=math.inf).legs
    assert [leg.factor for leg in legs.values()] == pytest.approx([1, 1, 1])
    assert [len(leg.branches) for leg in SotLogic(reference="mtj", n_ref=n_ref).legs.values()] == [2 * n_ref] * 3


def test_junctions_follow_global_ra_and_temperature_and_a_resistor_does_not() -> None:
    def scaled(reference: str) -> dict[str, float]:
        points = make_bench("sot-logic", {"reference": reference} | IDEAL).points()
        return logic({p.name: 1.1 * p.nominal for p in points if p.kind == "ra"}, reference=reference, **IDEAL)

    for reference, moved in (("mtj", 1.1), ("resistor", 1.0)):
        nominal, more = logic(reference=reference, **IDEAL), scaled(reference)
        # a little less: the roll-off grows with the voltage
        assert more["v_ref_or"] / nominal["v_ref_or"] == pytest.approx(moved, abs=2e-3), reference
    for celsius in (-40, 125):
        tracking, fixed = (logic(reference=reference, temperature=celsius, **IDEAL) for reference in ("mtj", "resistor"))
        for name, (low, high) in LEVELS.items():
            off = [abs(m[f"v_ref_{name}"] - (m[low] + m[high]) / 2) for m in (tracking, fixed)]
            # what is left: half the bias has less of the roll-off, which changes with TMR
            assert off[0] < 0.4 * off[1], (celsius, name)
    fixed = logic(temperature=125, **IDEAL)
    assert fixed["v_ref_m"] > 1.05 * (fixed["v_p"] + fixed["v_ap"]) / 2
    warm = logic(temperature=125, tc_r=-1e-3, **IDEAL)
    assert warm["v_ref_m"] == pytest.approx(fixed["v_ref_m"] * (1 - 98e-3), rel=1e-6)


def test_a_junction_of_the_leg_counts_by_its_share() -> None:
    """To first order: of the read's leg R_P and R_AP count by their part of the voltage, in one of two branches."""
    flat = IDEAL | {"reference": "mtj", "v_half": math.inf, "tmr": 2.0}
    ra = next(p.nominal for p in make_bench("sot-logic", flat).points() if p.kind == "ra")
    for n_ref in (1, 4):
        nominal = logic(n_ref=n_ref, **flat)["v_ref_m"]
        for tag, part in (("l", 1 / 4), ("h", 3 / 4)):
            name = f"ra_ref_m_0a{tag}0"
            more = logic({name: 1.01 * ra}, n_ref=n_ref, **flat)["v_ref_m"]
            assert more / nominal - 1 == pytest.approx(0.01 * part / (2 * n_ref), rel=0.02), (n_ref, tag)


def test_the_or_error_under_global_ra(cli: Cli, tmp_path: Path) -> None:
    """sigma(RA) 7 % of a whole die: what a resistor mistakes in every thirtieth trial, reference cells do not."""
    failed = {}
    for reference in ("resistor", "mtj"):
        given = f"-p reference={reference} -p access=ideal -p bias=ideal --sigma-global ra=7% --seed 3 --workers 1".split()
        summary = json.loads(cli("mc", "sot-logic", *given, "--trials", 500, "--out", tmp_path / reference, "--json").stdout)
        assert summary["outcomes"]["ok"] == 500
        table = pd.concat([pd.read_parquet(part) for part in (tmp_path / reference / "trials").iterdir()])
        failed[reference] = clopper_pearson(int((table["margin_or"] < 0).sum()), 500)
    assert failed["mtj"][1] < failed["resistor"][0]


def test_the_amplifier_compares_with_the_same_leg() -> None:
    dc = logic(reference="mtj", n_ref=2)
    m = run("sot-sense", operation="or", bits="01", reference="mtj", n_ref=2).measures
    # the line drops a little voltage, and the read currents are gated by further transistors
    assert m["dv_in"] == pytest.approx(dc["v_01"] - dc["v_ref_or"], abs=2.5e-3)
    assert m["error"] == 0


def test_rendered_netlist(ngspice_batch: Callable[[str], dict[str, float]]) -> None:
    given: dict[str, Any] = {"reference": "mtj", "n_ref": 2}
    printed = ngspice_batch(render(make_bench("sot-logic", given)))
    for name, value in logic(**given).items():
        assert printed[name] == pytest.approx(value, rel=1e-6), name


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"reference": "diode"}, r"parameter reference: allowed: 'resistor' or 'mtj'"),
        ({"n_ref": 0}, r"parameter n_ref: allowed: greater than or equal to 1"),
        ({"n_ref": 2}, r"n_ref: 2 given with reference=resistor; allowed: 1"),
        ({"reference": "mtj", "sigma_r": 0.01}, r"sigma_r: 0.01 given with reference=mtj; allowed: 0"),
        ({"reference": "mtj", "tc_r": 1e-3}, r"tc_r: 0.001 given with reference=mtj; allowed: 0"),
    ],
)
def test_wrong_parameters(given: dict[str, Any], says: str) -> None:
    for bench in ("sot-logic", "sot-sense"):
        with pytest.raises(UserError, match=says) as caught:
            make_bench(bench, given)
        assert "\n" not in str(caught.value)
