"""One trial again."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from montecarlo import Campaign
from montecarlo.jobs.replay import replay
from montecarlo.records import SCHEMA
from montecarlo.running.store import Store
from montecarlo.running.worker import Rows
from spicekit import SpicekitError, UserError
from spicekit.files import read_record, write_record
from spicekit.units import format_value

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


# Compared with what the campaign found


def part_of(folder: Path, trial: int, **values: float) -> Path:
    """The part that holds ``trial``, as the campaign would have written it had it found ``values``."""
    store = Store(folder)
    found = store.parts.rows(trial)
    assert found is not None
    path, rows = found
    first = int(rows["trial"][0])
    tag = json.loads(pq.read_schema(path).metadata[b"spicekit"])
    names = [name for name in rows if name not in ("trial", "outcome", "attempt")]
    columns = {name: rows[name].copy() for name in names}
    for name, value in values.items():
        columns[name][trial - first] = value
    store.parts.write(Rows(first, rows["outcome"].tolist(), rows["attempt"].tolist(), columns), tag["samples"])
    return path


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "campaign"))


def test_a_row_of_another_circuit_is_an_error(copied: Path, trials_table: Read, cli: Cli, complaint: Complaint) -> None:
    """A DC trial is compared to the bit: simulated beside the neighbours that it had."""
    value = float(trials_table(copied).iloc[320]["v_p"])
    path = part_of(copied, 320, v_p=value * 1.01)
    line = complaint(cli("replay", copied, "--trial", 320), 1)
    assert line.startswith(f"trial 320 is not what {path} holds: v_p is {format_value(value, 'V')} here, ")
    assert line.endswith("with the same code, inputs and versions; one of the two is wrong")
    assert not (copied / "replay-320").exists()
    lines: list[str] = []
    assert replay(copied, 321, warn=lines.append).outcome == "ok"
    assert lines == []
    part_of(copied, 320, v_p=np.nextafter(value, 1))
    assert replay(copied, 320, warn=lines.append).outcome == "ok"
    assert len(lines) == 1
    assert "so small a difference comes from another machine or its libraries" in lines[0]


def test_a_campaign_made_otherwise_is_said_not_refused(copied: Path, trials_table: Read) -> None:
    part_of(copied, 5, v_p=0.5)
    record = read_record(copied / "campaign.json")
    record["versions"]["numpy"] = "1.0.0"  # which takes no part in the identity of the files
    write_record(copied / "campaign.json", record)
    lines: list[str] = []
    assert replay(copied, 5, warn=lines.append).measures["v_p"] == pytest.approx(trials_table(copied).iloc[4]["v_p"], rel=0.5)
    assert len(lines) == 1
    assert "there; the campaign was made otherwise: numpy 1.0.0 then, " in lines[0]


def test_a_transient_has_its_bits(tmp_path: Path, trials_table: Read) -> None:
    Campaign("mtj-switch", trials=3).run(tmp_path, workers=1)
    lines: list[str] = []
    found = replay(tmp_path, 2, warn=lines.append).measures
    assert lines == []
    row = trials_table(tmp_path).iloc[2]
    assert all(value == row[name] for name, value in found.items())
    part_of(tmp_path, 2, **{next(iter(found)): 1.0})
    with pytest.raises(SpicekitError, match=r"trial 2 is not what .*part-000000000\.parquet holds"):
        replay(tmp_path, 2)


def test_a_trial_that_was_not_simulated_yet(copied: Path) -> None:
    (copied / "trials" / "part-000000000.parquet").unlink()
    lines: list[str] = []
    assert replay(copied, 5, warn=lines.append).outcome == "ok"
    assert lines == [f"trial 5 of {copied} has not been simulated yet: there is nothing to compare with"]


def test_another_netlist_names_what_differs(copied: Path) -> None:
    record = read_record(copied / "campaign.json")
    write_record(copied / "campaign.json", record | {"netlist_sha256": "0" * 64, "code_sha256": "5" * 64})
    with pytest.raises(
        UserError, match=r"another netlist .*netlist\.cir\): code of spicekit SHA-256 555555555555 then, \w{12} now$"
    ):
        replay(copied, 5)
