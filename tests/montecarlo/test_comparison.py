"""What the batch engine simulates is compared with ngspice first, by ngspice's own error."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from montecarlo import Campaign, Sweep, Variation, YieldStudy
from montecarlo.jobs.comparison import allowed, chosen_trials, compared, least_likely, measured, too_far, warnings_of
from montecarlo.records import CampaignRecord, Comparison, StudyRecord, Summary, SweepRecord, read
from spicekit import UserError, make_bench
from spicekit.engines import engine
from spicekit.engines.batch import compiler
from spicekit.engines.batch.machine import Machine


class _Here(Executor):
    """This process, whose engine a test can break."""

    def submit(self, call: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(call(*given, **named))
        except Exception as error:
            future.set_exception(error)
        return future


@pytest.fixture
def with_compiler() -> None:
    if compiler.compiler() is None:
        pytest.skip("no C++ compiler")


def test_what_two_engines_and_two_tolerances_differ_by() -> None:
    reference, fine = np.array([1.0, 2.0, np.inf, 4.0]), np.array([1.01, 2.0, 3.0])
    one = measured(np.array([1.1, 2.0, 3.0, np.nan]), reference, reference[:3], fine)
    assert one.difference == pytest.approx(np.sqrt(0.01 / 2))
    assert one.convergence == pytest.approx(np.sqrt(1e-4 / 2))
    assert one.size == pytest.approx(np.sqrt(5 / 2))
    assert (one.jumps, one.own_jumps) == (2, 1)


def test_what_is_too_far_is_measured_by_ngspice_s_own_error() -> None:
    exact = np.linspace(1, 2, 20)
    for error, far in ((2e-3, False), (4e-3, True)):
        assert too_far(measured(exact + error, exact, exact, exact + 1e-3), 1e-6) is far
    gone = np.where(np.arange(20) < 4, np.nan, exact)
    assert too_far(measured(gone, exact, exact, exact), 1.0)
    assert not too_far(measured(gone, exact, exact, np.where(np.arange(20) < 2, np.nan, exact)), 1.0)


def test_few_finer_trials_decide_only_by_the_least_error_that_they_leave_likely() -> None:
    assert least_likely(0) == 0.0
    drawn = np.random.default_rng(1).standard_normal((20_000, 5))
    above = np.mean(least_likely(5) * np.sqrt(np.mean(drawn**2, axis=1)) < 1.0)
    assert above == pytest.approx(0.975, abs=4 * np.sqrt(0.975 * 0.025 / 20_000))
    exact = np.linspace(1, 2, 20)
    one = measured(exact + 2e-3, exact, exact[:5], exact[:5] + 1e-3)  # two own errors off, of three allowed
    assert not too_far(one, 1e-6)
    assert too_far(one, 1e-6, least_likely(5))


def test_trials_are_chosen_from_all_campaigns_together() -> None:
    """Twenty and one in a hundred of all trials, none twice, as many from each as it has trials, the same for the same seed."""
    small, large = Campaign("stt-read", trials=500, seed=4), Campaign("stt-read", trials=4500, seed=4)
    chosen = chosen_trials([small, large])
    numbers = {one.trials: trials for one, trials in chosen}
    assert len(numbers[500]) + len(numbers[4500]) == 70
    assert 1 <= len(numbers[500]) <= 18  # of a hypergeometric distribution with mean 7: beyond with 1e-4
    assert all(len(set(trials)) == len(trials) and 0 <= min(trials) <= max(trials) < count for count, trials in numbers.items())
    assert [trials for _, trials in chosen_trials([small, large])] == [trials for _, trials in chosen]
    assert [len(trials) for _, trials in chosen_trials([Campaign("stt-read", trials=3)])] == [3]


def test_what_is_beyond_is_said() -> None:
    good = Comparison(trials=20, outcomes_apart=0, measures={}, beyond=[])
    assert warnings_of(good) == []
    bad = Comparison(trials=20, outcomes_apart=3, measures={}, beyond=["dt", "kick"])
    first, second = warnings_of(bad)
    assert "3 of 20 trials" in first
    assert second.startswith("simulated by ngspice")
    assert "dt, kick of the engine batch differ from ngspice's by more than 3 times" in second


@pytest.mark.usefixtures("with_compiler", "of_ngspice")
def test_a_campaign_of_the_batch_engine_is_compared(tmp_path: Path) -> None:
    """Its record says how far each measure is from ngspice's; resumed, it is not compared anew."""
    out = tmp_path / "out"
    mismatch = [Variation.parse("vth=20m")]
    campaign = Campaign("tbs-sense", trials=6, parameters={"trim": 649}, variations=mismatch, engine="batch")
    comparison = campaign.run(out, workers=1).record.comparison
    assert comparison is not None
    assert comparison.trials == 6
    assert len(comparison.kernel) == 64
    assert set(comparison.beyond) <= {"e_load"}  # 3e-4 off, where ngspice is 1e-4 off: docs/batch.md
    assert comparison.outcomes_apart == 0
    for name in ("t_delay", "t_load", "e_total"):
        one = comparison.measures[name]
        assert 0 < one.difference <= allowed(one, 3e-4) < 0.1 * one.size
    assert read(out / "campaign.json", CampaignRecord).comparison == comparison
    before = (out / "summary.json").read_bytes()
    again = Campaign("tbs-sense", trials=6, parameters={"trim": 649}, variations=mismatch, engine="batch")
    again.run(out, workers=1)
    assert read(out / "summary.json", Summary).comparison == comparison
    assert (out / "summary.json").read_bytes() == before
    assert Campaign.load(out).engine == again.engine


@pytest.mark.usefixtures("with_compiler")
def test_a_sweep_and_a_study_are_compared_once_as_a_whole(tmp_path: Path) -> None:
    sweep = Sweep("sot-read", {"tmr": [1.0, 2.0]}, trials=4, engine="batch")
    sweep.run(tmp_path / "sweep", workers=1)
    found = read(tmp_path / "sweep" / "sweep.json", SweepRecord)
    assert found.comparison is not None
    assert (found.engine, found.comparison.trials, found.comparison.beyond) == ("batch", 8, [])
    study = YieldStudy("sot-read", "dv < 1", most=500, target=1.0, variations=[Variation.parse("tmr=10%")], engine="batch")
    study.run(tmp_path / "study", workers=1)
    record = read(tmp_path / "study" / "yield.json", StudyRecord)
    assert record.comparison is not None
    assert (record.engine, record.comparison.trials, record.comparison.beyond) == ("batch", 20, [])


@pytest.mark.usefixtures("with_compiler", "of_ngspice")
def test_a_job_whose_measures_are_too_far_off_is_ngspice_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a fault in the engine: it is found, ngspice simulates, and that is what the record, a resumed run and a replay say."""
    exact = Machine.points_of
    monkeypatch.setattr(
        Machine, "points_of", lambda self, p: ({k: v * (1 + 1e-4) for k, v in exact(self, p)[0].items()}, exact(self, p)[1])
    )
    reference = Campaign("sot-read", trials=5).run(tmp_path / "reference", executor=_Here()).summary["measures"]
    said: list[str] = []
    found = Campaign("sot-read", trials=5, engine="batch").run(tmp_path / "out", executor=_Here(), warn=said.append)
    assert re.search("simulated by ngspice: with 5 trials, .* of the engine batch differ", "\n".join(said))
    assert found.summary["measures"] == reference
    assert any("simulated by ngspice" in line for line in found.summary["warnings"])
    record = read(tmp_path / "out" / "campaign.json", CampaignRecord)
    assert record.engine == "ngspice"
    assert record.comparison is not None
    assert record.comparison.beyond
    Campaign("sot-read", trials=5, engine="batch").run(tmp_path / "out", executor=_Here())
    assert Campaign.load(tmp_path / "out").engine == "ngspice"


@pytest.mark.usefixtures("with_compiler", "of_ngspice")
def test_every_bench_of_a_job_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a fault in the second bench alone, which was not looked at."""
    first, second = (Campaign(bench, trials=4, engine="batch") for bench in ("sot-read", "mtj-iv"))
    exact, saved = Machine.points_of, second.bench.analysis().save

    def faulty(machine: Machine, given: Any) -> Any:
        vectors, found = exact(machine, given)
        return {k: v * (1 + 1e-4 * (machine.analysis.save == saved)) for k, v in vectors.items()}, found

    assert compared([first, second], _Here()).beyond == []
    monkeypatch.setattr(Machine, "points_of", faulty)
    found = compared([first, second], _Here())
    assert found.trials == 8
    assert set(found.measures) == {
        f"{one.bench.name}.{measure.name}" for one in (first, second) for measure in one.bench.measures()
    }
    assert found.beyond
    assert all(name.startswith("mtj-iv.r_") for name in found.beyond)


@pytest.mark.usefixtures("with_compiler")
def test_a_sweep_with_a_point_that_is_not_known_is_ngspice_s() -> None:
    """One table, one engine: its record said batch of points that ngspice simulated."""
    with pytest.warns(UserWarning, match="'logic-gate' is simulated by ngspice: batch does not know"):
        sweep = Sweep("logic-gate", {"operation": ["switching", "static"]}, parameters={"cell": "inverter"}, engine="batch")
    assert {campaign.engine for campaign in sweep.campaigns} == {"ngspice"} == {sweep.record()["engine"]}


def test_finer_tolerances_are_set_behind_the_bench_s() -> None:
    """A read of one cell by both: the voltages move by less than the coarser tolerance, and they move."""
    bench = make_bench("stt-read", {})
    samples = Campaign("stt-read", trials=6).samples(0, 6)
    coarse, fine = engine("ngspice")(bench, samples), engine("ngspice-fine")(bench, samples)
    moved = [abs(fine.waves(name) - values).max() / abs(values).max() for name, values in coarse.waves.vectors.items()]
    assert 0 < max(moved) < 1e-6


def test_what_has_no_tolerances_is_not_refined(tmp_path: Path) -> None:
    deck = tmp_path / "own.cir"
    deck.write_text("* own\nV1 a 0 1\nR1 a 0 1k\n.op\n.print op v(a)\n.end\n")
    with pytest.raises(UserError, match="no tolerances"):
        engine("ngspice-fine")(make_bench(str(deck), {}), {})
