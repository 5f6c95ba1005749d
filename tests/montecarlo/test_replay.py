"""One trial again."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from montecarlo import Campaign
from montecarlo.records import SCHEMA
from montecarlo.replay import replay
from spicekit import UserError
from spicekit.files import read_record

Read = Callable[[Path], pd.DataFrame]
Cli = Callable[..., subprocess.CompletedProcess[str]]
Complaint = Callable[[subprocess.CompletedProcess[str], int], str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("campaign")
    Campaign("sot-logic", trials=700, seed=9, parameters={"fan_in": "3", "corner": "ss", "temperature": "85"}).run(out)
    return out


def same(found: dict[str, float], row: pd.Series) -> None:
    """Replay starts from scratch, the campaign from the trial before: both are within reltol 1e-7 of the solution."""
    for name, value in found.items():
        # a margin is a difference of voltages of some 0.1 V
        assert value == pytest.approx(row[name], rel=1e-6, abs=2e-7 if name.startswith("margin") else 0), name


@pytest.mark.parametrize("trial", [0, 1, 499, 500, 699])
def test_gives_the_campaigns_measures(folder: Path, trials_table: Read, trial: int) -> None:
    result = replay(folder, trial)
    assert result.outcome == "ok"
    assert result.bench.p.fan_in == 3
    same(result.measures, trials_table(folder).iloc[trial])


def test_by_the_command_line_with_netlist_and_waveforms(
    folder: Path, trials_table: Read, cli: Cli, ngspice_batch: Callable[[str], dict[str, float]]
) -> None:
    done = cli("replay", folder, "--trial", 321, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    answer = json.loads(done.stdout)
    assert list(answer) == ["bench", "parameters", "outcome", "measures"]
    measures = {name: measure["value"] for name, measure in answer["measures"].items()}
    same(measures, trials_table(folder).iloc[321])
    out = folder / "replay-321"
    assert {file.name for file in out.iterdir()} == {"netlist.cir", "run.json", "waveforms.png", "waveforms.raw"}
    assert read_record(out / "run.json") == answer | {"schema": SCHEMA}
    printed = ngspice_batch((out / "netlist.cir").read_text())
    for name, value in measures.items():
        assert printed[name] == pytest.approx(value, rel=1e-6), name  # the same netlist, twelve printed digits


def test_into_a_folder_of_ones_own(folder: Path, tmp_path: Path, cli: Cli) -> None:
    done = cli("replay", folder, "--trial", 5, "--out", tmp_path / "x")
    assert done.returncode == 0
    assert "margin_and" in done.stdout
    assert (tmp_path / "x" / "netlist.cir").exists()


@pytest.mark.parametrize("trial", [-1, 700])
def test_a_trial_that_does_not_exist(folder: Path, trial: int) -> None:
    with pytest.raises(UserError, match=rf"--trial {trial}: the campaign in .* has trials 0 to 699"):
        replay(folder, trial)


def test_a_folder_without_a_campaign(tmp_path: Path, cli: Cli, complaint: Complaint) -> None:
    assert complaint(cli("replay", tmp_path, "--trial", 1), 2) == f"{tmp_path} holds no campaign (no campaign.json)"
