"""One simulation: parameters in many forms, values of variation points, outcomes, fallbacks."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from spicekit import UserError, make_bench, render, run
from spicekit.block import simulate_block
from spicekit.outcome import Outcome


def test_three_lines() -> None:
    """The way in that the README shows."""
    result = run("sot-read", tmr="250%")
    assert result.outcome == "ok"
    assert 0.05 < result.measures["dv"] < 0.3


def test_parameters_as_text_and_as_numbers() -> None:
    text = run("sot-read", tmr="180%", ra="9.5", i_read="12u", temperature="60", rows="128")
    number = run("sot-read", tmr=1.8, ra=9.5, i_read=12e-6, temperature=60, rows=128)
    made = run(make_bench("sot-read", {"tmr": "1.8", "ra": 9.5, "i_read": "12e-6", "temperature": 60.0, "rows": 128}))
    assert text.measures == number.measures == made.measures


def test_a_run_is_repeatable() -> None:
    first = run("sot-logic").measures
    run("sot-read", technology="ptm65", temperature=100)
    assert run("sot-logic").measures == first


def test_values_of_variation_points() -> None:
    ideal = {"access": "ideal", "bias": "ideal", "v_half": "inf"}
    assert run("sot-read", {"ra_c0": 64.0}, **ideal).measures["v_p"] == pytest.approx(
        2 * run("sot-read", **ideal).measures["v_p"], rel=1e-6
    )
    result = run("sot-read", {"tmr_c0": 1.0}, **ideal)
    assert result.measures["tmr_read"] == pytest.approx(1.0, rel=1e-6)
    assert (result.values["tmr_c0"], result.values["ra_c0"]) == (1.0, 32.0)


def test_a_variation_point_that_is_not_there_is_an_error() -> None:
    """A misspelt one would give the nominal result; of a thousand points not all are listed."""
    with pytest.raises(UserError, match=r"^bench 'sot-read': unknown variation point 'tmr_co'; did you mean tmr_c0"):
        run("sot-read", {"tmr_co": 1.0})
    with pytest.raises(UserError, match=r"^bench 'stt-bnn-row': unknown variation point 'x'; choose from .* more$") as caught:
        run("stt-bnn-row", {"x": 1.0, "ra_c0": 100.0})
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_an_impossible_value_is_invalid(value: float) -> None:
    result = run("sot-read", {"ra_c0": value})
    assert result.outcome == Outcome.INVALID
    assert all(math.isnan(measure) for measure in result.measures.values())
    assert all(measure["value"] is None for measure in result.as_json()["measures"].values())


def test_a_fallback_is_remembered(user_benches: Path) -> None:
    """A circuit that the bench's own solver settings give too few iterations for."""
    name = f"{user_benches / 'faults.py'}:Singular"
    assert run(name).attempt == 0
    failed = run(name, {"pick_1": 1.0}, threshold=0.5)
    assert failed.outcome == Outcome.NONCONVERGED
    assert failed.attempt == 3


def test_one_bad_trial_does_not_spoil_its_block(user_benches: Path) -> None:
    bench = make_bench(f"{user_benches / 'faults.py'}:Singular", {"threshold": 0.5})
    pick = np.zeros(40)
    pick[[3, 17]] = 1.0
    r_top = np.linspace(500, 2000, 40)
    block = simulate_block(bench, {"r_top": r_top, "pick_1": pick})
    assert [trial for trial, outcome in enumerate(block.outcomes) if outcome != "ok"] == [3, 17]
    good = pick == 0
    np.testing.assert_allclose(block.measures["v_out"][good], 1000 / (1000 + r_top[good]), rtol=1e-6)
    assert np.isnan(block.measures["v_out"][~good]).all()


def test_every_outcome_but_ok_has_advice() -> None:
    assert {str(outcome) for outcome in Outcome} == {"ok", "nonconverged", "timeout", "crashed", "invalid"}
    assert all(bool(outcome.advice) == (outcome != "ok") for outcome in Outcome)


@pytest.mark.parametrize("bench", ["sot-read", "mtj-iv"])
def test_a_temperature_in_kelvin_is_that_in_celsius(bench: str) -> None:
    """85, 85C and 358.15K are one temperature, in the netlist too."""
    texts = [render(make_bench(bench, {"temperature": given})) for given in (85, "85C", "358.15K")]
    assert ".temp 85" in texts[0]
    assert texts[0] == texts[1] == texts[2]


@pytest.mark.parametrize("bench", ["sot-read", "charge-if", "mtj-switch"])
def test_a_result_prints_itself_in_a_few_lines(bench: str) -> None:
    result = run(bench)
    text = str(result)
    assert repr(result) == text
    assert 3 <= len(text.splitlines()) <= 10
    assert text.startswith(f"{bench}: ok, ")
    page, frame = result._repr_html_(), result.to_frame()
    assert page.count("<tr>") == 1 + len(result.measures)
    assert frame["value"].to_dict() == result.measures
    assert list(frame.columns) == ["value", "unit", "meaning"]
    axes = result.plot().axes
    assert axes
    assert all(axis.get_xlabel() or axis.get_ylabel() for axis in axes)
