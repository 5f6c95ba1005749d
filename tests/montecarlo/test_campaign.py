"""A campaign: the same bytes however it is run, and a folder that holds what the contract says."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from montecarlo import Campaign, Correlation, Variation
from spicekit import UserError, run

Fingerprint = Callable[[Path], dict[str, str]]
Read = Callable[[Path], pd.DataFrame]
Cli = Callable[..., subprocess.CompletedProcess[str]]

TRIALS = 7300  # three whole parts and a short one, whose last sweep is short too
OPTIONS = ["sot-logic", "--trials", str(TRIALS), "--seed", "4", "--sigma-global", "vth=10m", "--correlate", "ra,tmr=-0.3"]


def campaign() -> Campaign:
    """The same as OPTIONS."""
    return Campaign(
        "sot-logic",
        trials=TRIALS,
        seed=4,
        variations=[Variation.parse("vth=10m", "global")],
        correlations=[Correlation.parse("ra,tmr=-0.3")],
    )


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The campaign run by one worker and never disturbed."""
    folder = tmp_path_factory.mktemp("reference")
    campaign().run(folder, workers=1)
    return folder


def test_the_folder_holds_what_the_contract_says(reference: Path) -> None:
    record = json.loads((reference / "campaign.json").read_text())
    assert record["bench"] == "sot-logic"
    assert (record["trials"], record["seed"], record["sampler"]) == (TRIALS, 4, "random")
    assert record["parameters"]["tmr"] == 2.5
    assert len(record["netlist_sha256"]) == 64
    assert set(record["versions"]) == {"spicekit", "ngspice", "python", "numpy", "scipy", "pyarrow"}
    assert record["inputs"] == {}  # all of them ship with spicekit
    assert len(record["code_sha256"]) == 64
    assert record["points"]["ra_c0"]["sigma"] == pytest.approx(1.6)
    assert (reference / "netlist.cir").read_text().startswith("* spicekit sot-logic")
    samples = pq.read_table(reference / "samples.parquet").to_pandas()
    assert list(samples.columns) == ["trial", "weight", *(point.name for point in campaign().bench.points())]
    assert samples["trial"].tolist() == list(range(TRIALS))
    assert (samples["weight"] == 1).all()
    assert sorted(file.name for file in (reference / "trials").iterdir()) == [
        f"part-{first:09d}.parquet" for first in (0, 2000, 4000, 6000)
    ]


def test_the_samples_are_those_of_the_space(reference: Path) -> None:
    samples = pq.read_table(reference / "samples.parquet").to_pandas()
    for name, values in campaign().samples(0, TRIALS).items():
        assert np.array_equal(samples[name], values)
    found = np.corrcoef(samples["ra_c0"], samples["tmr_c0"])[0, 1]
    assert found == pytest.approx(-0.3, abs=5 / np.sqrt(TRIALS))


def test_the_summary_is_the_tables(reference: Path, trials_table: Read) -> None:
    table = trials_table(reference)
    assert list(table.columns[:3]) == ["trial", "outcome", "attempt"]
    assert set(table["outcome"]) == {"ok"}
    summary = json.loads((reference / "summary.json").read_text())
    keys = [
        "bench",
        "trials",
        "seed",
        "elapsed_s",
        "outcomes",
        "measures",
        "margins",
        "sensitivity",
        "identity",
        "schema",
        "checksum",
    ]
    assert list(summary) == keys
    assert summary["outcomes"] == {"ok": TRIALS, "nonconverged": 0, "timeout": 0, "crashed": 0, "invalid": 0}
    assert list(summary["measures"]) == list(table.columns[3:])
    for name, row in summary["measures"].items():
        assert list(row) == ["unit", "mean", "std", "min", "max", "q001", "q50", "q999"]
        column = table[name]
        assert row["mean"] == pytest.approx(column.mean(), rel=1e-12)
        assert row["std"] == pytest.approx(column.std(), rel=1e-9)
        assert (row["min"], row["max"]) == (column.min(), column.max())
        assert row["q999"] == pytest.approx(column.quantile(0.999), rel=1e-12)
    for name, (low, high, own) in {
        "read": ("v_p", "v_ap", "v_ref_m"),
        "and": ("v_10", "v_11", "v_ref_and"),
        "or": ("v_00", "v_10", "v_ref_or"),
    }.items():
        row = summary["margins"][name]
        assert (row["low"], row["high"], row["unit"]) == (low, high, "V")
        assert row["mean"] == pytest.approx(table[high].mean() - table[low].mean(), rel=1e-9)
        assert row["worst"] == pytest.approx(table[high].min() - table[low].max(), rel=1e-9)
        for k in (3, 6):
            assert row[f"sigma{k}"] == pytest.approx(row["mean"] - k * (table[high].std() + table[low].std()), rel=1e-9)
        wrong = (table[low] >= row["reference"]).sum() + (table[high] < row["reference"]).sum()
        assert row["error_rate"] == wrong / (2 * TRIALS)
        assert row["error_rate_ci"][0] <= row["error_rate"] <= row["error_rate_ci"][1]
        wrong = (table[low] >= table[own]).sum() + (table[high] < table[own]).sum()
        assert row["circuit_error_rate"] == wrong / (2 * TRIALS)


def test_errors_with_the_circuits_own_reference_on_both_sides(tmp_path: Path, trials_table: Read) -> None:
    given = {"fan_in": 6, "tmr": "50%", "access": "ideal", "bias": "ideal"}
    summary = Campaign("sot-logic", trials=1000, parameters=given).run(tmp_path).summary
    table = trials_table(tmp_path)
    too_high, too_low = (table["v_000000"] >= table["v_ref_or"]).sum(), (table["v_100000"] < table["v_ref_or"]).sum()
    assert min(too_high, too_low) > 10
    row = summary["margins"]["or"]
    assert row["circuit_error_rate"] == (too_high + too_low) / 2000
    assert row["circuit_error_rate_ci"][0] < row["circuit_error_rate"] < row["circuit_error_rate_ci"][1]


def test_trials_are_the_runs_of_their_samples(reference: Path, trials_table: Read) -> None:
    """A trial in the swept block against the same values in a simulation of its own."""
    table = trials_table(reference)
    for trial in (0, 499, 500, 1999, 2000, TRIALS - 1):
        values = {name: float(column[0]) for name, column in campaign().samples(trial, trial + 1).items()}
        alone = run("sot-logic", values)
        for name, value in alone.measures.items():
            # both are within reltol 1e-7 of the solution; a margin is a difference of some 0.1 V
            assert table[name].iloc[trial] == pytest.approx(value, rel=1e-6, abs=2e-7 if name.startswith("margin") else 0), name


def test_two_workers_give_the_same_bytes(reference: Path, tmp_path: Path, fingerprint: Fingerprint) -> None:
    campaign().run(tmp_path, workers=2)
    assert fingerprint(tmp_path) == fingerprint(reference)


@pytest.fixture(params=["threads", "processes"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """Anybody's executor."""
    if request.param == "threads":
        made: Executor = ThreadPoolExecutor(1)  # one: there is one ngspice in this process
    else:
        made = ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))
    with made:
        yield made


def test_any_executor_gives_the_same_bytes(reference: Path, tmp_path: Path, fingerprint: Fingerprint, executor: Executor) -> None:
    campaign().run(tmp_path, executor=executor)
    assert fingerprint(tmp_path) == fingerprint(reference)


def _heeds_ctrl_c() -> None:
    """A background job of a shell, as which tests may run, inherits that SIGINT is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started(command: list[str], folder: Path, parts: int) -> subprocess.Popen[str]:
    """A campaign in a process group of its own, at the moment when ``parts`` of its part files are there."""
    process = subprocess.Popen(
        [*command, "mc", *OPTIONS, "--workers", "1", "--json", "--out", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_heeds_ctrl_c,
    )
    until = time.monotonic() + 120
    while len(list((folder / "trials").glob("part-*"))) < parts:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)
    return process


def test_killed_and_resumed_gives_the_same_bytes(
    reference: Path, tmp_path: Path, fingerprint: Fingerprint, cli_command: list[str], cli: Cli, trials_table: Read
) -> None:
    process = started(cli_command, tmp_path, parts=2)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    there = sorted((tmp_path / "trials").glob("part-*"))
    assert 2 <= len(there) < 4
    before = {file.name: file.stat().st_mtime_ns for file in there}
    assert not (tmp_path / "summary.json").exists()
    done = cli("mc", *OPTIONS, "--workers", 2, "--json", "--out", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert fingerprint(tmp_path) == fingerprint(reference)
    # what was there is kept, not done again
    assert all((tmp_path / "trials" / name).stat().st_mtime_ns == time_ns for name, time_ns in before.items())
    assert json.loads(done.stdout)["margins"] == json.loads((reference / "summary.json").read_text())["margins"]
    assert len(trials_table(tmp_path)) == TRIALS


@pytest.mark.parametrize(
    ("end", "number"),
    [(os.killpg, signal.SIGINT), (os.kill, signal.SIGTERM), (os.killpg, signal.SIGTERM)],
    ids=["ctrl-c", "kill", "queue"],  # a terminal and a queue's time limit send to the whole group
)
def test_an_interruption_leaves_a_folder_that_goes_on(
    reference: Path,
    tmp_path: Path,
    fingerprint: Fingerprint,
    cli_command: list[str],
    end: Callable[[int, int], None],
    number: int,
) -> None:
    process = started(cli_command, tmp_path, parts=1)
    end(process.pid, number)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (1, "")
    assert stderr == f"spicekit: interrupted; the finished trials are in {tmp_path}: the same command goes on from there\n"
    assert 1 <= len(list((tmp_path / "trials").iterdir())) < 4  # finished parts only, no leftovers
    campaign().run(tmp_path, workers=2)
    assert fingerprint(tmp_path) == fingerprint(reference)


def test_no_worker_outlives_a_killed_parent(tmp_path: Path, cli_command: list[str]) -> None:
    process = started(cli_command, tmp_path, parts=1)
    process.kill()  # the parent alone
    process.communicate()
    until = time.monotonic() + 30
    while (alive := members(process.pid)) and time.monotonic() < until:
        time.sleep(0.1)
    assert alive == []


def members(group: int) -> list[int]:
    """Living processes of a process group."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, number = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue
            if int(number) == group and state != "Z":
                found.append(int(entry.name))
    return found


def test_a_finished_campaign_answers_at_once(reference: Path, fingerprint: Fingerprint) -> None:
    before = fingerprint(reference)
    elapsed = json.loads((reference / "summary.json").read_text())["elapsed_s"]

    class Idle(Executor):
        def submit(self, *_: Any, **__: Any) -> Any:
            raise AssertionError("nothing is left to be simulated")

    summary = campaign().run(reference, executor=Idle()).summary
    assert summary["elapsed_s"] == elapsed > 0
    assert fingerprint(reference) == before


@pytest.mark.parametrize("name", ["random", "lhs", "sobol"])
def test_samplers_through_a_campaign(tmp_path: Path, name: str) -> None:
    given = {"access": "ideal", "bias": "ideal", "v_half": "inf", "tmr": "150%"}
    one = Campaign("sot-read", trials=2048, sampler=name, parameters=given)
    summary = one.run(tmp_path, workers=2).summary
    assert summary["outcomes"]["ok"] == 2048
    r_p = one.bench.p.junction.r_p
    # mean of v_ap = I R_P (1 + TMR); its spread is 5 % and 10 % of 1.5 in 2.5; five standard errors of random draws
    error = 5 * np.hypot(0.05, 0.06) / np.sqrt(2048)
    assert summary["measures"]["v_ap"]["mean"] == pytest.approx(one.bench.p.i_read * r_p * 2.5, rel=error)
    if name != "random":  # stratified: far closer
        assert summary["measures"]["v_ap"]["mean"] == pytest.approx(one.bench.p.i_read * r_p * 2.5, rel=error / 10)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"seed": 5}, r"'seed' differs \(4 there, 5 now\)"),
        ({"trials": 7301}, r"'trials' differs \(7300 there, 7301 now\)"),
        ({"sampler": "lhs"}, r"'sampler' differs \(random there, lhs now\)"),
        ({"parameters": {"tmr": "200%"}}, r"'given' differs \(tmr: None there, 2.0 now\)"),
        ({"variations": []}, "'variations' differs"),
        ({"correlations": []}, "'correlations' differs"),
        ({"bench": "sot-read"}, r"'bench' differs \(sot-logic there, sot-read now\)"),
    ],
)
def test_a_folder_with_another_campaign(reference: Path, fingerprint: Fingerprint, changed: dict[str, Any], says: str) -> None:
    before = fingerprint(reference)
    given: dict[str, Any] = {
        "bench": "sot-logic",
        "trials": TRIALS,
        "seed": 4,
        "variations": [Variation.parse("vth=10m", "global")],
        "correlations": [Correlation.parse("ra,tmr=-0.3")],
    }
    with pytest.raises(UserError, match=f"holds another campaign: {says}.*; give another --out") as caught:
        Campaign(**(given | changed)).run(reference)
    assert "\n" not in str(caught.value)
    assert fingerprint(reference) == before


def test_a_changed_model_is_another_campaign(tmp_path: Path, repository: Path) -> None:
    technology = tmp_path / "mine.toml"
    technology.write_text((repository / "models" / "cmos" / "ptm45.toml").read_text())
    Campaign("sot-read", trials=5, parameters={"technology": str(technology)}).run(tmp_path / "out", workers=1)
    technology.write_text(technology.read_text().replace("vsat = 170000", "vsat = 160000"))
    with pytest.raises(UserError, match=r"'inputs' differs.*mine"):
        Campaign("sot-read", trials=5, parameters={"technology": str(technology)}).run(tmp_path / "out")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"trials": 0}, "--trials 0: at least 1"),
        ({"seed": -1}, "--seed -1: 0 or above"),
        ({"bench": "sot-red"}, "unknown bench 'sot-red'; did you mean sot-read"),
        ({"sampler": "halton"}, "unknown sampler 'halton'; choose from lhs, random, sobol"),
    ],
)
def test_wrong_campaigns(given: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says):
        Campaign(**({"bench": "sot-read", "trials": 5} | given))


def test_one_trial(tmp_path: Path) -> None:
    summary = Campaign("sot-read", trials=1).run(tmp_path, workers=1).summary
    assert summary["outcomes"]["ok"] == 1
    assert summary["measures"]["dv"]["std"] is None  # not known from one trial, and JSON has no NaN
    assert summary["margins"]["read"]["sigma3"] is None
    json.loads((tmp_path / "summary.json").read_text(), parse_constant=lambda word: pytest.fail(word))


def test_progress_counts_to_the_end(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    one = Campaign("sot-read", trials=4100, parameters={"access": "ideal", "bias": "ideal"})
    one.run(tmp_path, workers=2, progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 4100)
    assert seen[-1] == (4100, 4100)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    (tmp_path / "trials" / "part-000002000.parquet").unlink()
    seen.clear()
    one.run(tmp_path, workers=1, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(2100, 4100), (4100, 4100)]
