"""Measures beyond the limits of a search or a window: never averaged, always counted and said."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from montecarlo.statistics.margins import MarginStatistics, circuit_errors, counted, describe
from montecarlo.statistics.sensitivity import drivers
from spicekit import Limits, Measure, UserError, run
from spicekit.benches.neurons.measures import threshold
from spicekit.benches.sensing.tbs import TRIM_MOST, Arrivals, trimmed
from spicekit.benches.sensing.verdict import verdicts
from spicekit.beyond import Beyond, shown_measure, warnings
from spicekit.expression import Expression
from spicekit.measures import Number
from spicekit.measures.numpy_writer import Evaluation
from spicekit.registry import make_bench
from spicekit.waves import Waves

Cli = Callable[..., subprocess.CompletedProcess[str]]
OFFSET = Measure("offset", "V", "", limits=Limits("raise offset_range", low=-2e-3, high=2e-3))
LATE = Measure("t_decision", "s", "", limits=Limits("raise t_window", high=2e-9, event=True))


def test_values_at_the_ends_are_beyond_them() -> None:
    assert OFFSET.limits is not None
    found = OFFSET.limits.applied(np.array([-3e-3, -2e-3, -1.9e-3, 1.9e-3, 2e-3, math.nan]))
    np.testing.assert_array_equal(found, [-math.inf, -math.inf, -1.9e-3, 1.9e-3, math.inf, math.nan])


def test_no_mean_over_censored_values_but_true_quantiles() -> None:
    """Of a normal sample whose ends are cut off, what is known is that of the whole sample; the clipped sigma would be half."""
    rng = np.random.default_rng(1)
    whole = rng.normal(0, 4e-3, 4000)
    assert OFFSET.limits is not None
    found, true = describe(OFFSET.limits.applied(whole)), describe(whole)
    assert all(math.isnan(found[name]) for name in ("mean", "std", "q001", "q999"))
    assert found["q50"] == true["q50"]
    assert (found["min"], found["max"]) == (-math.inf, math.inf)


def test_statistics_of_an_event_are_those_of_the_trials_in_which_it_happened() -> None:
    values = np.array([1e-9, math.inf, 1.5e-9, math.inf])
    found = describe(counted(LATE, values))
    assert found["mean"] == pytest.approx(1.25e-9)
    assert found["max"] == 1.5e-9
    assert Beyond.of(values) == Beyond(0, 2, 0)


def test_a_line_says_how_many_at_which_limit_and_what_to_do() -> None:
    (line,) = warnings([OFFSET, LATE], {"offset": Beyond(9, 8, 0), "t_decision": Beyond(0, 0, 0)}, 30)
    assert line == (
        "offset: 9 below -2 mV, 8 above 2 mV, of 30 trials (no mean and no standard deviation are given): raise offset_range"
    )
    (late,) = warnings([LATE], {"t_decision": Beyond(0, 1, 0)}, 1)
    assert late == "t_decision: above 2 ns: raise t_window"
    assert [shown_measure(OFFSET, value) for value in (1e-3, math.inf, -math.inf, math.nan)] == [
        "1 mV", "> 2 mV", "< -2 mV", "not found",
    ]  # fmt: skip


def test_margins_and_references_beyond_limits() -> None:
    low, high = np.array([0.1, 0.1, 0.1]), np.array([0.3, 0.3, 0.3])
    assert circuit_errors(low, high, np.array([0.2, -math.inf, math.nan])) == (1, 4)
    assert math.isnan(MarginStatistics.of(low, np.array([0.3, math.inf, 0.3])).mean)


def test_a_failure_condition_knows_what_lies_beyond() -> None:
    values = {"offset": np.array([1e-3, math.inf, -math.inf, math.nan]), "t_decision": np.array([1e-9, math.inf, 3e-9, 1e-9])}
    measures = (OFFSET, LATE)

    def state(text: str) -> list[float]:
        return np.sign(Expression(text, measures).limit_state(values)).tolist()

    np.testing.assert_array_equal(state("offset > 1.5m"), [1, -1, 1, math.nan])
    # beyond 2 mV: whether it is above 5 mV nobody knows; that it is not below 0 is known
    np.testing.assert_array_equal(state("offset > 5m"), [1, math.nan, 1, math.nan])
    np.testing.assert_array_equal(state("offset < 0"), [1, 1, -1, math.nan])
    np.testing.assert_array_equal(state("t_decision > 1.5n"), [1, -1, -1, 1])


def test_drivers_of_a_measure_that_is_censored_are_ranked() -> None:
    rng = np.random.default_rng(2)
    z = rng.standard_normal((1500, 3))
    clipped = np.where(z[:, 1] > 0.5, np.inf, z[:, 1])
    (first, *_) = drivers(np.argsort(z, axis=0), clipped, ["a", "b", "c"])
    assert first["point"] == "b"
    assert first["rank"] > 0.9
    assert first["share"] is None


def test_a_search_of_an_amplifier_says_what_it_could_not_find(cli: Cli, tmp_path: Path) -> None:
    """Sigma of the offset is 4.5 mV; clipped at 2 mV it came out as 1.7 mV."""
    done = cli(
        "mc", "vsa-sense", "-p", "measure=offset", "-p", "offset_range=2m", "--trials", 12,
        "--workers", 1, "--out", tmp_path, "--json",
    )  # fmt: skip
    summary = json.loads(done.stdout)
    row = summary["measures"]["offset"]
    beyond = row["beyond"]["below"] + row["beyond"]["above"]
    assert beyond == round(12 * (1 - summary["measures"]["in_range"]["mean"]))
    assert beyond > 3
    assert (row["mean"], row["std"]) == (None, None)
    assert row["remedy"] == "raise offset_range"
    assert summary["outcomes"]["ok"] == 12
    assert summary["warnings"][0] in done.stderr
    assert "raise offset_range" in summary["warnings"][0]


def test_a_decision_that_does_not_happen_has_no_time(cli: Cli) -> None:
    result = run("vsa-sense", t_window=100e-12)
    assert (result.outcome, result.measures["late"]) == ("ok", 1)
    assert result.measures["t_decision"] == math.inf
    done = cli("run", "vsa-sense", "-p", "t_window=100p")
    assert "spicekit: warning: vsa-sense: t_decision: above 95 ps: raise t_window" in done.stderr
    assert "spicekit: warning: vsa-sense: does not work here: error < 0.5 is not met, error is 1" in done.stderr
    assert "> 95 ps" in done.stdout


def test_a_run_says_when_the_circuit_does_not_work(cli: Cli) -> None:
    """`works()` of a bench, in one line on stderr with what was measured; nothing where it is met."""
    done = cli("run", "stt-write", "-p", "t_pulse=0.5n", "-p", "t_stop=1.1n")
    (line,) = [line for line in done.stderr.splitlines() if "not met" in line]
    assert line == "spicekit: warning: stt-write: does not work here: switched > 0.5 is not met, switched is 0"
    assert not any("not met" in line for line in run("stt-write").warnings())


def test_a_cell_that_does_not_switch_has_no_switching_time() -> None:
    m = run("stt-write", t_pulse=0.5e-9, t_stop=1.1e-9).measures
    assert (m["switched"], m["t_switch"]) == (0, math.inf)


def test_a_threshold_beyond_the_search() -> None:
    steps = [Number(u) for u in (17.0, 25.0, 30.0)]
    value = Evaluation(Waves({"time": np.zeros(1)}))
    for over, found in (((0, 0, 0), (math.inf, math.inf, 0)), ((1, 1, 1), (-math.inf, math.inf, 0)), ((0, 1, 1), (4.5, 4.0, 1))):
        measures = threshold(16.5, steps, [Number(float(bit)) for bit in over])
        assert tuple(value(measure.definition) for measure in measures if measure.definition is not None) == found


def line(load: float, slope: float = 2e-12, start: float = 1e-9, window: float = 60e-9) -> Callable[[int], Arrivals]:
    def arrivals(trim: int) -> Arrivals:
        late = [time if time < window else math.inf for time in (load, start + slope * trim)]
        return Arrivals(late[0], late[1], window)

    return arrivals


def test_a_trim_is_where_load_and_line_meet() -> None:
    assert trimmed("", line(2e-9)) == 500
    assert trimmed("", line(3.0009e-9)) == 1000


@pytest.mark.parametrize(
    ("arrivals", "says"),
    [
        (line(math.inf), "LOAD does not fall within 60 ns"),
        (line(0.5e-9), r"LOAD arrives 500 ps before a delay line without load \(trim = 0\)"),
        (line(30e-9), rf"after a delay line with all of its load \(trim = {TRIM_MOST}\)"),
        (line(50e-9, start=61e-9), "the delay line takes longer than 60 ns"),
        (lambda trim: Arrivals(math.nan, math.nan, 60e-9), "finds no solution"),
    ],
)
def test_a_trim_that_finds_no_crossing_is_an_error(arrivals: Callable[[int], Arrivals], says: str) -> None:
    with pytest.raises(UserError, match=says):
        trimmed("bench 'tbs-sense': parameter trim: ", arrivals)


def test_an_amplifier_in_a_process_of_another_supply_says_so(cli: Cli) -> None:
    done = cli("run", "tbs-sense", "-p", "vdd=3.3")
    assert done.returncode == 2
    assert done.stderr.startswith(
        "spicekit: bench 'tbs-sense': parameter trim: at v_mid = 400 mV LOAD does not fall within 60 ns"
    )


COMPARED = ("vsa-sense", "tbs-sense", "auto-zero", "double-tail", "current-mode", "self-reference")


@pytest.mark.parametrize("name", [*COMPARED, "sot-sense", "stt-bnn-macro"])
def test_an_amplifier_that_is_late_or_wrong_does_not_work(name: str) -> None:
    """Whatever else its condition says; and only want of time is slow."""
    bench, measures = make_bench(name, {}), verdicts(Number(0), Number(0), "")
    works, slow = (Expression(text, measures, name) for text in (bench.works(), bench.slow()))
    for late, wrong in ((0, 0), (1, 0), (0, 1), (1, 1)):
        found = {k: np.array([float(x)]) for k, x in (("late", late), ("wrong", wrong), ("error", late or wrong))}
        assert (works.limit_state(found)[0] < 0) == (not late and not wrong)
        assert (slow.limit_state(found)[0] < 0) == (not wrong)
