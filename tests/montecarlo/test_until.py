"""Campaigns that stop when precise: the same as a plain campaign of as many trials, however they got there."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from montecarlo import Campaign, records
from montecarlo.jobs.until import Until, run_until, stage_sizes
from spicekit import UserError
from spicekit.bench import Bench
from spicekit.registry import make_bench

Cli = Callable[..., subprocess.CompletedProcess[str]]
Fingerprint = Callable[[Path], dict[str, str]]
GOAL = "measures.v_out.mean ci<0.1%"  # sigma is 2.5 % of the mean: 2400 trials, so the stage of 4000


def maker(user_benches: Path, **options: Any) -> Callable[[int], Campaign]:
    return lambda trials: Campaign(f"{user_benches / 'faults.py'}:Divider", trials=trials, seed=3, **options)


def goal(text: str, make: Callable[[int], Campaign]) -> Until:
    return Until.parse(text, make(1).bench)


def test_it_stops_at_the_first_stage_that_is_precise(
    user_benches: Path, tmp_path: Path, fingerprint: Fingerprint, trials_table: Callable[[Path], pd.DataFrame]
) -> None:
    make = maker(user_benches)
    campaign, result = run_until(make, goal(GOAL, make), 100_000, tmp_path / "a", workers=1)
    assert campaign.trials == result.summary["trials"] == 4000
    record = json.loads((tmp_path / "a" / "campaign.json").read_text())
    assert (record["trials"], record["until"], record["at_most"]) == (4000, GOAL, 100_000)
    values = trials_table(tmp_path / "a")["v_out"].to_numpy()
    for count, enough in ((2000, False), (4000, True)):
        some = values[:count]
        assert (1.96 * some.std(ddof=1) / math.sqrt(count) / some.mean() < 0.001) == enough
    make(4000).run(tmp_path / "plain", workers=1)
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "plain")
    plain = json.loads((tmp_path / "plain" / "summary.json").read_text())
    same = {"elapsed_s": 0, "checksum": ""}
    assert result.summary | same == plain | same


@pytest.mark.parametrize("sampler", ["random", "sobol"])
def test_it_resumes_in_the_middle_of_a_stage(sampler: str, user_benches: Path, tmp_path: Path, fingerprint: Fingerprint) -> None:
    class Stop(Exception):
        pass

    def stop(done: int, total: int) -> None:
        assert total == 100_000
        if done >= 2500:
            raise Stop

    make = maker(user_benches, sampler=sampler)
    with pytest.raises(Stop):
        run_until(make, goal(GOAL, make), 100_000, tmp_path / "a", workers=1, progress=stop)
    for folder in ("a", "a", "b"):
        run_until(make, goal(GOAL, make), 100_000, tmp_path / folder, workers=1)
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b")


def test_the_most_trials_end_it(user_benches: Path, tmp_path: Path) -> None:
    make = maker(user_benches)
    never = goal("measures.v_out.mean ci<0.001%", make)
    campaign, result = run_until(make, never, 2300, tmp_path, workers=1)
    assert campaign.trials == 2300
    assert not never.met(result.record)
    with pytest.raises(UserError, match="another campaign"):
        make(4600).run(tmp_path)


def test_stages() -> None:
    assert stage_sizes(2000, 10_000) == [2000, 4000, 8000, 10_000]
    assert stage_sizes(50, 1500) == [1000, 1500]
    assert stage_sizes(300, 1000) == [1000]
    assert stage_sizes(2000, 5) == [5]


def bench() -> Bench:
    return make_bench("sot-logic", {})


def test_an_error_rate_needs_errors() -> None:
    until = Until.parse("margins.and.error_rate  ci < 10%", bench())
    assert until.text == "margins.and.error_rate ci < 10%"

    def summary(rate: float, interval: tuple[float, float]) -> records.Summary:
        row = records.MarginSummary.model_construct(error_rate=rate, error_rate_ci=interval)
        return records.Summary.model_construct(margins={"and": row})

    assert not until.met(summary(0.0, (0.0, 1e-5)))
    assert until.width(summary(0.02, (0.018, 0.022))) == pytest.approx(0.1)
    assert until.met(summary(0.02, (0.0181, 0.0219)))
    assert not np.isfinite(until.width(summary(0.0, (0.0, 1e-5))))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("margins.and.error_rate", "give e.g."),
        ("margins.and.error_rate ci>10%", "give e.g."),
        ("margins.an.error_rate ci<10%", "unknown margin 'an'"),
        ("margins.and.worst ci<10%", "unknown figure 'worst'"),
        ("measures.v_pp.mean ci<1%", "did you mean"),
        ("measures.v_p.q50 ci<1%", "unknown figure 'q50'"),
        ("measures.v_p.mean ci<0%", "above 0 %"),
        ("measures.v_p.mean ci<nan", "not a number"),
    ],
)
def test_wrong_goals(text: str, words: str) -> None:
    with pytest.raises(UserError, match=words.replace(".", r"\.")):
        Until.parse(text, bench())


def test_a_latin_hypercube_is_refused(user_benches: Path, tmp_path: Path) -> None:
    make = maker(user_benches, sampler="lhs")
    with pytest.raises(UserError, match="Latin hypercube"):
        run_until(make, goal(GOAL, make), 3000, tmp_path / "a")


def test_the_command(cli: Cli, tmp_path: Path) -> None:
    done = cli(
        "mc", "sot-read", "--trials", 3000, "--until", "measures.v_p.mean ci<0.4%", "--workers", 1, "--out", tmp_path, "--json"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["trials"] == 2000
    assert (tmp_path / "sensitivity.png").exists()
