"""What is known before a folder is claimed is said before it is: nothing is left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from montecarlo import Campaign, Sweep
from montecarlo.running.crew import Crew
from montecarlo.running.executor import LocalExecutor
from montecarlo.running.preflight import check_room, nominal, preflight
from montecarlo.running.store import Store
from spicekit import SpicekitError

Cli = Callable[..., subprocess.CompletedProcess[str]]
Complaint = Callable[[subprocess.CompletedProcess[str], int], str]


@pytest.mark.usefixtures("of_ngspice")
def test_without_a_simulator_nothing_is_claimed(tmp_path: Path, cli: Cli, complaint: Complaint) -> None:
    out, none = tmp_path / "out", tmp_path / "none.so"
    line = complaint(cli("mc", "sot-read", "--trials", 10, "--out", out, env={"NGSPICE_LIBRARY_PATH": str(none)}), 1)
    assert f"NGSPICE_LIBRARY_PATH names no file: {none}" in line
    assert not out.exists()
    assert cli("mc", "sot-read", "--trials", 10, "--out", out).returncode == 0  # and with one it is an ordinary first start


@pytest.mark.parametrize("command", [("mc", "--trials", "10"), ("sweep", "--over", "threshold=1,2", "--trials", "10")])
def test_a_nominal_trial_without_a_solution_ends_it(
    tmp_path: Path, user_benches: Path, cli: Cli, complaint: Complaint, command: tuple[str, ...]
) -> None:
    out = tmp_path / "out"
    verb, *rest = command
    line = complaint(cli(verb, f"{user_benches / 'faults.py'}:Parallel", *rest, "--out", out), 1)
    assert line.startswith("bench 'parallel': the nominal trial is nonconverged (")
    assert line.endswith("and nothing was started; mc, sweep and characterize start all the same with --keep-going")
    assert not list(out.rglob("*.json"))


def test_a_nominal_trial_that_kills_its_worker_ends_it(tmp_path: Path, user_benches: Path) -> None:
    campaign = Campaign(f"{user_benches / 'faults.py'}:Fatal", trials=10)
    with pytest.raises(SpicekitError, match="the nominal trial is crashed"):
        campaign.run(tmp_path / "out", workers=1)
    assert not (tmp_path / "out").exists()


def test_a_worker_killed_from_outside_has_a_second_trial() -> None:
    class Struck(LocalExecutor):
        strikes = 1

        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            if self.strikes:
                self.strikes -= 1
                return super().submit(os._exit, 1)
            return super().submit(fn, *args, **kwargs)

    pool = Struck(1, 60)
    try:
        assert nominal(Campaign("sot-read", trials=1), pool).outcome == "ok"
        pool.strikes = 2
        assert nominal(Campaign("sot-read", trials=1), pool).outcome == "crashed"
    finally:
        pool.shutdown()


def test_a_truncated_library_ends_it(tmp_path: Path, repository: Path) -> None:
    """Half of a model card: ngspice takes what there is, and finds no transistor in it."""
    from spicekit.technology import load_technology

    cards = load_technology("ptm45").cards("tt")
    (tmp_path / "models.lib").write_text(cards[: len(cards) // 2] + "\n")
    head, _, _ = (repository / "models" / "cmos" / "ptm45.toml").read_text().partition("\n[corners")
    (tmp_path / "mine.toml").write_text(head + '\n[corners.tt]\nfile = "models.lib"\n')
    with pytest.raises(SpicekitError):
        Campaign("sot-read", trials=100_000, parameters={"technology": str(tmp_path / "mine.toml")}).run(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_does_not_fit_on_the_disk_is_said(tmp_path: Path, cli: Cli, complaint: Complaint) -> None:
    out = tmp_path / "deep" / "out"
    free = shutil.disk_usage(tmp_path).free
    line = complaint(cli("mc", "sot-read", "--trials", 10**10, "--out", out), 1)
    campaign = Campaign("sot-read", trials=10**10)
    size = 8 * 10**10 * (0.96 * len(campaign.space.points) + len(campaign.bench.measures()))
    assert size > free
    assert line.startswith(f"--out {out}: 10,000,000,000 trials take {size / 1e9:,.1f} GB there, ")
    assert not out.exists()


def test_the_announced_size_is_that_of_the_folder(tmp_path: Path) -> None:
    """A campaign's samples and parts within 10 % of what is announced for it."""
    campaign = Campaign("sot-read", trials=20_000)
    campaign.run(tmp_path / "out", workers=2)
    store = Store(tmp_path / "out")
    written = sum(path.stat().st_size for path in [store.samples.path, *store.parts.files()])
    numbers = 0.96 * len(campaign.space.points) + len(campaign.bench.measures())
    assert written == pytest.approx(8 * 20_000 * numbers, rel=0.1)


def test_a_long_campaign_says_how_long(tmp_path: Path, user_benches: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transient whose trial takes about a millisecond: a million of them take longer than a second."""
    monkeypatch.setattr("montecarlo.running.preflight.LONG", 1.0)
    campaign = Campaign(f"{user_benches / 'faults.py'}:Charging", trials=1_000_000)
    lines: list[str] = []
    pool = LocalExecutor(1, 60)
    try:
        seen = nominal(campaign, pool)
        preflight([campaign], tmp_path / "out", Crew(pool, warn=lines.append))
        again = [nominal(campaign, pool).seconds for _ in range(50)]
    finally:
        pool.shutdown()
    assert seen.outcome == "ok"
    assert 1e-5 < seen.seconds < 10
    assert min(again) > 1e-5
    assert len(lines) == 1
    assert lines[0].startswith("a trial takes ")
    assert lines[0].endswith(" hours on 1 of them")


def test_room_for_all_points_of_a_sweep(tmp_path: Path) -> None:
    sweep = Sweep("sot-read", {"tmr": list(np.linspace(1, 2, 5))}, trials=10**9)
    with pytest.raises(SpicekitError, match="5,000,000,000 trials take"):
        check_room(sweep.campaigns, tmp_path, lambda line: None)


@pytest.mark.parametrize("option", ["--out", "-o"])
def test_an_empty_path_is_no_path(cli: Cli, complaint: Complaint, tmp_path: Path, option: str) -> None:
    command = ("mc", "sot-read", "--trials", 10) if option == "--out" else ("render", "sot-read")
    line = complaint(cli(*command, option, "", cwd=tmp_path), 2)
    assert line == "an empty path given; allowed: the name of a file or folder, . for the working folder"
    assert list(tmp_path.iterdir()) == []
