"""Trials that cannot converge, hang, kill their worker or make no sense: each is its own outcome, and the others go on."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from montecarlo import Campaign, Variation
from spicekit import run
from spicekit.errors import SpicekitError
from spicekit.limit import isolated

Faulty = Callable[..., tuple[Campaign, NDArray[np.int64]]]
Read = Callable[[Path], pd.DataFrame]
Cli = Callable[..., subprocess.CompletedProcess[str]]
Complaint = Callable[[subprocess.CompletedProcess[str], int], str]


def check(summary: dict[str, Any], table: pd.DataFrame, campaign: Campaign, struck: NDArray[np.int64], outcome: str) -> None:
    """Exactly the struck trials have ``outcome``; every other is ok and right."""
    trials = campaign.trials
    assert len(table) == trials
    assert np.flatnonzero(table["outcome"] == outcome).tolist() == struck.tolist()
    good = table[table["outcome"] == "ok"]
    assert len(good) == trials - len(struck)
    assert summary["outcomes"] == {
        "ok": trials - len(struck), "nonconverged": 0, "timeout": 0, "crashed": 0, "invalid": 0, outcome: len(struck),
    }  # fmt: skip
    r_top = campaign.samples(0, trials)["r_top"][good["trial"]]
    np.testing.assert_allclose(good["v_out"], 1000 / (1000 + r_top), rtol=1e-6)  # solver tolerance 1e-7
    # what failed is not counted as a circuit: its measures are empty, and the statistics are those of the others
    assert table.loc[table["outcome"] != "ok", "v_out"].isna().all()
    assert summary["measures"]["v_out"]["mean"] == pytest.approx(good["v_out"].mean(), rel=1e-12)
    assert summary["measures"]["v_out"]["max"] == good["v_out"].max()


def test_singular_in_some_trials(tmp_path: Path, faulty: Faulty, trials_table: Read) -> None:
    campaign, struck = faulty("Singular", trials=1200, struck=3)
    summary = campaign.run(tmp_path, workers=2).summary
    table = trials_table(tmp_path)
    check(summary, table, campaign, struck, "nonconverged")
    # every fallback was tried on them, and none was needed by the others
    assert set(table.loc[struck, "attempt"]) == {3}
    assert set(table.loc[table["outcome"] == "ok", "attempt"]) == {0}


def test_no_trial_is_ok(tmp_path: Path, user_benches: Path, cli: Cli, complaint: Complaint) -> None:
    """`mc` and `sweep` say so, with exit code 1; the summary is there, a table is not."""
    parallel = f"{user_benches / 'faults.py'}:Parallel"
    line = complaint(cli("mc", parallel, "--trials", 20, "--keep-going", "--out", tmp_path / "mc"), 1)
    assert line == f"no trial is ok (20 nonconverged); see {tmp_path / 'mc' / 'summary.json'}"
    summary = json.loads((tmp_path / "mc" / "summary.json").read_text())
    assert summary["outcomes"]["nonconverged"] == 20
    done = cli("mc", parallel, "--trials", 20, "--json", "--out", tmp_path / "mc")
    assert (done.returncode, json.loads(done.stdout)["outcomes"]) == (1, summary["outcomes"])
    over = ("--over", "threshold=1,2", "--trials", 3, "--keep-going")
    line = complaint(cli("sweep", parallel, *over, "--out", tmp_path / "sweep"), 1)
    assert line == "no trial is ok (6 nonconverged); no table is written"
    assert not (tmp_path / "sweep" / "table.nc").exists()
    line = complaint(cli("yield", parallel, "--fail", "v_out < 0.1", "--out", tmp_path / "yield"), 1)
    assert "the nominal trial is nonconverged" in line


def test_more_than_1_percent_failed(tmp_path: Path, faulty: Faulty, cli: Cli) -> None:
    for struck, says in ((1, None), (2, "0.02 of the trials are not ok and take no part: 2 nonconverged")):
        campaign, _ = faulty("Singular", trials=100, struck=struck)
        command = ["mc", campaign.bench_name, "--trials", 100, "-p", f"threshold={campaign.parameters['threshold']!r}"]
        out = ("--out", tmp_path / str(struck))
        text, data = cli(*command, *out), cli(*command, "--json", *out)
        assert (text.returncode, data.returncode) == (0, 0)
        assert (text.stdout.splitlines()[-1] == says) == (says is not None)
        assert data.stderr == ("" if says is None else f"spicekit: warning: {says}\n")


def test_a_campaign_without_hope_is_given_up(
    tmp_path: Path, user_benches: Path, cli: Cli, complaint: Complaint, trials_table: Read
) -> None:
    """A DC block of 500 is told by its first 50 trials; the nominal one, which went before, was in order."""
    command = ("mc", f"{user_benches / 'faults.py'}:Hopeless", "--trials", 1000, "--out", tmp_path)
    line = complaint(cli(*command), 1)
    assert line.startswith("given up: 50 of the first 50 trials are invalid (samples outside their range, or measures that ")
    assert not list((tmp_path / "trials").iterdir())
    assert "no trial is ok (1,000 invalid)" in complaint(cli(*command, "--keep-going"), 1)
    assert len(trials_table(tmp_path)) == 1000


def test_retry_with_a_longer_limit(
    tmp_path: Path, faulty: Faulty, cli: Cli, complaint: Complaint, fingerprint: Callable[[Path], dict[str, str]]
) -> None:
    """Lost trials are simulated again when asked for, and the folder is then that of an undisturbed campaign."""
    campaign, _ = faulty("Long", trials=2100, struck=1)
    command = ["mc", campaign.bench_name, "--trials", 2100, "-p", f"threshold={campaign.parameters['threshold']!r}", "--json"]
    outcomes = []
    for more in (["--timeout", 0.5], ["--timeout", 60], ["--timeout", 60, "--retry"]):
        done = cli(*command, *more, "--out", tmp_path / "again")
        assert done.returncode == 0
        outcomes.append(json.loads(done.stdout)["outcomes"]["timeout"])
    assert outcomes == [1, 1, 0]
    assert cli(*command, "--timeout", 60, "--out", tmp_path / "once").returncode == 0
    assert fingerprint(tmp_path / "again") == fingerprint(tmp_path / "once")


def test_no_table_of_points_that_lost_trials(tmp_path: Path, faulty: Faulty, cli: Cli, complaint: Complaint) -> None:
    campaign, _ = faulty("Long", trials=20, struck=1)
    threshold = campaign.parameters["threshold"]
    over = f"threshold={threshold!r},{1e9!r}"
    command = ["sweep", campaign.bench_name, "--over", over, "--trials", 20, "--out", tmp_path]
    line = complaint(cli(*command, "--timeout", 0.5), 1)
    assert line == (
        f"no table is written: more than 1% of the trials timed out or crashed at threshold={threshold} (1 of 20); "
        "the same command with --retry and a longer --timeout simulates these again"
    )
    assert not list(tmp_path.glob("table*"))
    done = cli(*command, "--keep-going")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "0.025 of the trials are not ok and take no part: 1 timeout"
    done = cli(*command, "--retry")
    assert done.returncode == 0
    assert "not ok" not in done.stdout


def test_singular_in_every_trial(tmp_path: Path, user_benches: Path, trials_table: Read) -> None:
    """Two unequal voltage sources in parallel."""
    summary = Campaign(f"{user_benches / 'faults.py'}:Parallel", trials=20).run(tmp_path, workers=1, keep_going=True).summary
    assert summary["outcomes"] == {"ok": 0, "nonconverged": 20, "timeout": 0, "crashed": 0, "invalid": 0}
    assert summary["measures"]["v_out"]["mean"] is None
    assert set(trials_table(tmp_path)["outcome"]) == {"nonconverged"}


def test_a_nominal_run_that_does_not_converge(user_benches: Path, tmp_path: Path, cli: Cli) -> None:
    done = cli("run", f"{user_benches / 'faults.py'}:Parallel", "--out", tmp_path / "run")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "parallel: nonconverged: " in done.stderr
    assert "Traceback" not in done.stderr


def test_one_trial_that_never_ends(tmp_path: Path, faulty: Faulty, trials_table: Read) -> None:
    campaign, struck = faulty("Endless", trials=8, struck=1)
    summary = campaign.run(tmp_path, workers=2, timeout=1).summary
    check(summary, trials_table(tmp_path), campaign, struck, "timeout")


def test_one_trial_that_never_ends_in_python(tmp_path: Path, faulty: Faulty, trials_table: Read) -> None:
    campaign, struck = faulty("Spinning", trials=8, struck=1)
    summary = campaign.run(tmp_path, workers=2, timeout=0.5).summary
    check(summary, trials_table(tmp_path), campaign, struck, "timeout")


def test_the_time_limit_is_of_the_processor(tmp_path: Path, user_benches: Path) -> None:
    """A trial that waits, as all do on a busy machine, is not one that takes long."""
    summary = Campaign(f"{user_benches / 'faults.py'}:Sleepy", trials=8).run(tmp_path, workers=1, timeout=0.5).summary
    assert summary["outcomes"]["ok"] == 8


def test_loading_is_outside_the_time_limit(tmp_path: Path, user_benches: Path) -> None:
    summary = Campaign(f"{user_benches / 'faults.py'}:Laborious", trials=8).run(tmp_path, workers=1, timeout=0.5).summary
    assert summary["outcomes"]["ok"] == 8


@pytest.mark.parametrize("jump", [7200.0, -7200.0])
def test_one_trial_that_sleeps_for_ever(
    jump: float, tmp_path: Path, faulty: Faulty, trials_table: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes no processor time, and is ended by the wall clock, also if that is set while trials run."""
    campaign, struck = faulty("Sleepy", trials=2, struck=1)
    real, calls = time.time, itertools.count()
    monkeypatch.setattr(time, "time", lambda: real() + jump * (next(calls) % 2))
    summary = campaign.run(tmp_path, workers=2, timeout=0.15, keep_going=True).summary
    monkeypatch.undo()
    check(summary, trials_table(tmp_path), campaign, struck, "timeout")


def test_one_trial_that_ends_its_worker_with_status_0(tmp_path: Path, faulty: Faulty, trials_table: Read) -> None:
    campaign, struck = faulty("Leaving", trials=40, struck=1)
    summary = campaign.run(tmp_path, workers=2).summary
    check(summary, trials_table(tmp_path), campaign, struck, "crashed")


def test_a_nominal_run_or_replay_that_never_ends(tmp_path: Path, user_benches: Path, faulty: Faulty, cli: Cli) -> None:
    campaign, struck = faulty("Spinning", trials=3, struck=1)
    campaign.run(tmp_path / "mc", workers=1, timeout=0.2)
    endless = f"{user_benches / 'faults.py'}:Endless"
    for command in (("run", endless, "-p", "threshold=-1"), ("replay", tmp_path / "mc", "--trial", struck[0])):
        done = cli(*command, "--timeout", 0.3, "--json")
        assert done.returncode == 1
        assert json.loads(done.stdout)["outcome"] == "timeout"
        assert done.stderr.count("\n") == 1
        assert ": timeout: " in done.stderr


def test_ctrl_c_ends_a_nominal_run_at_once(user_benches: Path, cli_command: list[str]) -> None:
    command = [*cli_command, "run", f"{user_benches / 'faults.py'}:Endless", "-p", "threshold=-1"]
    run_process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    children = Path(f"/proc/{run_process.pid}/task/{run_process.pid}/children")
    until = time.monotonic() + 60
    while not children.read_text() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.5)
    os.killpg(run_process.pid, signal.SIGINT)
    _, stderr = run_process.communicate(timeout=60)
    assert (run_process.returncode, stderr) == (1, "spicekit: interrupted\n")


def test_an_interrupt_that_the_simulation_notices_first() -> None:
    with pytest.raises(KeyboardInterrupt):
        isolated(lambda: os.kill(os.getpid(), signal.SIGINT), 60.0)


def test_one_trial_that_kills_its_worker(tmp_path: Path, faulty: Faulty, trials_table: Read) -> None:
    campaign, struck = faulty("Deadly", trials=600, struck=1)
    summary = campaign.run(tmp_path, workers=2).summary
    check(summary, trials_table(tmp_path), campaign, struck, "crashed")


def test_several_trials_that_kill_their_worker(tmp_path: Path, faulty: Faulty, trials_table: Read) -> None:
    campaign, struck = faulty("Deadly", trials=40, struck=3)
    summary = campaign.run(tmp_path, workers=2).summary
    check(summary, trials_table(tmp_path), campaign, struck, "crashed")


def test_measures_that_are_not_finite(tmp_path: Path, faulty: Faulty, trials_table: Read) -> None:
    campaign, struck = faulty("Infinite", trials=500, struck=7)
    summary = campaign.run(tmp_path, workers=1).summary
    check(summary, trials_table(tmp_path), campaign, struck, "invalid")


def test_a_faulty_trial_leaves_the_other_blocks_alone(
    tmp_path: Path, faulty: Faulty, trials_table: Read, user_benches: Path
) -> None:
    """A crash splits its chunk into whole sweeps first: the trials of the other sweeps keep their bits."""
    campaign, struck = faulty("Deadly", trials=1500, struck=1)
    campaign.run(tmp_path / "faulty", workers=2)
    Campaign(f"{user_benches / 'faults.py'}:Divider", trials=1500).run(tmp_path / "clean", workers=2)
    faulty_table, clean_table = trials_table(tmp_path / "faulty"), trials_table(tmp_path / "clean")
    block = campaign.bench.analysis().block
    others = clean_table["trial"] // block != struck[0] // block
    assert 0 < others.sum() < 1500
    assert (faulty_table.loc[others.to_numpy(), "v_out"] == clean_table.loc[others.to_numpy(), "v_out"]).all()


def test_samples_outside_the_physical_range(tmp_path: Path, trials_table: Read) -> None:
    campaign = Campaign(
        "sot-read", trials=600, parameters={"access": "ideal", "bias": "ideal"}, variations=[Variation.parse("tmr=60%")]
    )
    summary = campaign.run(tmp_path, workers=1).summary
    table = trials_table(tmp_path)
    impossible = campaign.samples(0, 600)["tmr_c0"] <= 0
    assert 10 < impossible.sum() < 60  # P(z < -1/0.6) = 4.8 % of 600
    assert ((table["outcome"] == "invalid") == impossible).all()
    assert summary["outcomes"]["ok"] == 600 - impossible.sum()


def test_a_mistake_in_a_bench_ends_the_campaign(tmp_path: Path, user_benches: Path, cli: Cli, complaint: Complaint) -> None:
    lines = (user_benches / "faults.py").read_text().splitlines()
    raised = 1 + next(number for number, line in enumerate(lines) if "raise ValueError" in line)
    for name, says in (
        ("Broken", f"bench 'broken': Broken.evaluate() raised ValueError: two lines ({user_benches / 'faults.py'}:{raised})"),
        ("Incomplete", "bench 'incomplete': evaluate() and measures() disagree on v_aut, v_out"),
    ):
        with pytest.raises(SpicekitError):
            Campaign(f"{user_benches / 'faults.py'}:{name}", trials=10).run(tmp_path / name, workers=1)
        line = complaint(cli("mc", f"{user_benches / 'faults.py'}:{name}", "--trials", 10, "--out", tmp_path / name), 2)
        assert line == says


def test_replay_of_a_failed_trial_says_why(tmp_path: Path, faulty: Faulty, cli: Cli) -> None:
    campaign, struck = faulty("Singular", trials=30, struck=1)
    campaign.run(tmp_path, workers=1)
    done = cli("replay", tmp_path, "--trial", struck[0], "--json")
    assert done.returncode == 1
    assert '"outcome": "nonconverged"' in done.stdout
    assert done.stderr.count("\n") == 1
    netlist = (tmp_path / f"replay-{struck[0]}" / "netlist.cir").read_text()
    assert "Bx x 0 V" in netlist
    ngspice = subprocess.run(["ngspice", "-b"], input=netlist, capture_output=True, text=True, timeout=60, check=False)
    assert "singular matrix" in (ngspice.stdout + ngspice.stderr).lower()
    assert "v_out =" not in ngspice.stdout


def pool_workers(parent: int) -> list[int]:
    """Process numbers of the pool's workers: children of the fork server, which is a child of the campaign."""

    def children(pid: int) -> list[int]:
        try:
            return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except OSError:
            return []

    def serves(pid: int) -> bool:  # and is not a shell that looks for a library
        try:
            return b"forkserver" in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False

    return [worker for child in children(parent) if serves(child) for worker in children(child)]


def test_a_worker_killed_by_hand(
    tmp_path: Path, cli_command: list[str], fingerprint: Callable[[Path], dict[str, str]], trials_table: Read
) -> None:
    options = ["mc", "sot-logic", "--trials", "8000", "--json", "--workers", "2", "--out"]
    campaign = subprocess.Popen(
        [*cli_command, *options, str(tmp_path / "killed")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    killed = 0
    until = time.monotonic() + 300
    while killed < 2 and time.monotonic() < until and campaign.poll() is None:
        parts = list((tmp_path / "killed" / "trials").glob("part-*"))
        workers = pool_workers(campaign.pid)
        if workers and len(parts) >= killed:  # one before the first part is there, one after
            os.kill(workers[0], signal.SIGKILL)
            killed += 1
            time.sleep(0.3)
        time.sleep(0.02)
    _, stderr = campaign.communicate(timeout=300)
    assert (campaign.returncode, stderr) == (0, "")
    assert killed == 2
    Campaign("sot-logic", trials=8000).run(tmp_path / "untouched")
    assert fingerprint(tmp_path / "killed") == fingerprint(tmp_path / "untouched")
    table = trials_table(tmp_path / "killed")
    assert len(table) == 8000
    assert set(table["outcome"]) == {"ok"}


def test_transient_trials(
    tmp_path: Path, faulty: Faulty, trials_table: Read, ngspice_batch: Callable[[str], dict[str, float]]
) -> None:
    """The other engine: parse once, alter, run.  A step response has a closed form; two trials have no solution."""
    campaign, struck = faulty("Charging", trials=120, struck=2)
    summary = campaign.run(tmp_path, workers=2).summary
    table = trials_table(tmp_path)
    assert np.flatnonzero(table["outcome"] == "nonconverged").tolist() == struck.tolist()
    assert summary["outcomes"]["ok"] == 118
    good = table[table["outcome"] == "ok"]
    tau = campaign.samples(0, 120)["r_top"][good["trial"]] * 1e-12
    # trapezoidal rule at tau/100: error (dt/tau)^2/12 of the rate, some 1e-5
    np.testing.assert_allclose(good["v_end"], 1 - np.exp(-2e-9 / tau), rtol=1e-4)
    np.testing.assert_allclose(good["t_half"], np.log(2) * tau, rtol=1e-3)  # linear interpolation over a step
    # one trial on its own is the trial in the campaign, to the bit: every run starts from its own operating point
    trial = int(good["trial"].iloc[-1])
    values = {name: float(column[0]) for name, column in campaign.samples(trial, trial + 1).items()}
    alone = run(campaign.bench, values)
    assert alone.measures["v_end"] == pytest.approx(good["v_end"].iloc[-1], rel=1e-9)
