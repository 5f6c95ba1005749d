"""The folder of a campaign: damage is named and mended, a full disk loses nothing, and it has one user at a time."""

from __future__ import annotations

import resource
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from montecarlo import Campaign
from montecarlo.running.store import Store, locked
from spicekit import SpicekitError, UserError

Fingerprint = Callable[[Path], dict[str, str]]
Cli = Callable[..., subprocess.CompletedProcess[str]]
Complaint = Callable[[subprocess.CompletedProcess[str], int], str]

TRIALS = 4100
OPTIONS = ["mc", "sot-read", "--trials", str(TRIALS), "--json"]


def campaign() -> Campaign:
    return Campaign("sot-read", trials=TRIALS)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    campaign().run(folder, workers=2)
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of a finished campaign, to be damaged."""
    return Path(shutil.copytree(whole, tmp_path / "campaign"))


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flip(file: Path) -> None:
    """One bit of the data, near their middle: exactly there a page of the samples has its header, which holds no value."""
    data = bytearray(file.read_bytes())
    data[len(data) * 9 // 16] ^= 1
    file.write_bytes(data)


def empty(file: Path) -> None:
    file.write_bytes(b"")


def swap(file: Path) -> None:
    """A sound file with other trials than its name says."""
    shutil.copy(file.with_name("part-000000000.parquet"), file)


@pytest.mark.parametrize("damage", [truncate, flip, empty, swap])
def test_a_damaged_part_is_named_and_simulated_again(
    whole: Path, folder: Path, fingerprint: Fingerprint, damage: Callable[[Path], None]
) -> None:
    file = folder / "trials" / "part-000002000.parquet"
    damage(file)
    assert fingerprint(folder) != fingerprint(whole)
    warnings: list[str] = []
    campaign().run(folder, workers=1, warn=warnings.append)
    assert len(warnings) == 1
    assert warnings[0].startswith(f"{file} is damaged (")
    aside = folder / "quarantine" / "part-000002000.parquet.0"
    assert warnings[0].endswith(f"); its trials are simulated again, the file is kept as {aside}")
    assert aside.exists()
    assert "\n" not in warnings[0]
    assert fingerprint(folder) == fingerprint(whole)


def test_the_warning_goes_to_stderr(folder: Path, cli: Cli) -> None:
    truncate(folder / "trials" / "part-000004000.parquet")
    done = cli(*OPTIONS, "--out", folder)
    assert done.returncode == 0
    assert done.stdout.count("\n") == 1
    assert done.stderr.startswith("spicekit: warning: ")
    assert done.stderr.count("\n") == 1


def test_leftovers_of_an_interrupted_write_are_removed(whole: Path, folder: Path, fingerprint: Fingerprint) -> None:
    (folder / "trials" / ".part-000002000.parquet.tmp").write_bytes(b"half")
    (folder / ".summary.json.tmp").write_bytes(b"{")
    (folder / "trials" / "part-000002000.parquet").unlink()
    campaign().run(folder, workers=1)
    assert fingerprint(folder) == fingerprint(whole)
    assert list(folder.rglob("*.tmp")) == []


@pytest.mark.parametrize("damage", [truncate, flip, empty])
def test_damaged_samples_are_named(folder: Path, damage: Callable[[Path], None], cli: Cli, complaint: Complaint) -> None:
    damage(folder / "samples.parquet")
    (folder / "trials" / "part-000000000.parquet").unlink()
    says = rf"{folder}/samples.parquet cannot be used \(.*\); move it away and run the campaign's command again"
    with pytest.raises(SpicekitError, match=says) as caught:
        campaign().run(folder, workers=1)
    assert "\n" not in str(caught.value)
    complaint(cli("replay", folder, "--trial", 7), 1)


def test_removed_samples_are_drawn_again(whole: Path, folder: Path, fingerprint: Fingerprint) -> None:
    (folder / "samples.parquet").unlink()
    (folder / "trials" / "part-000000000.parquet").unlink()
    campaign().run(folder, workers=1)
    assert fingerprint(folder) == fingerprint(whole)


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '{"bench": "sot-read"}'])
def test_a_damaged_record(folder: Path, cli: Cli, complaint: Complaint, text: str) -> None:
    (folder / "campaign.json").write_text(text)
    with pytest.raises(SpicekitError, match=r"campaign.json (cannot be read|is damaged or of another version)") as caught:
        campaign().run(folder)
    assert "\n" not in str(caught.value)
    with pytest.raises(SpicekitError, match=r"campaign.json (cannot be read|is damaged or of another version)"):
        Campaign.load(folder)


def test_results_without_a_record(folder: Path) -> None:
    (folder / "campaign.json").unlink()
    with pytest.raises(UserError, match=r"holds samples\.parquet but no campaign\.json; give another --out"):
        campaign().run(folder)


def test_a_second_process_is_turned_away(whole: Path, fingerprint: Fingerprint, cli: Cli, complaint: Complaint) -> None:
    before = fingerprint(whole)
    with locked(whole):
        line = complaint(cli(*OPTIONS, "--out", whole), 2)
    assert line == f"{whole} is in use by another spicekit process"
    assert fingerprint(whole) == before
    campaign().run(whole)  # and afterwards it may


@pytest.mark.parametrize("out", ["file", "file/below"])
def test_a_folder_that_cannot_be_made(tmp_path: Path, out: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=rf"--out {tmp_path}/{out}: cannot (write there|make this folder): Not a directory"):
        campaign().run(tmp_path / out)
    assert (tmp_path / "file").read_text() == ""


@pytest.mark.parametrize("first", [0, 1999, 2000, 4000, 4099])
def test_samples_are_read_by_trial_number(whole: Path, first: int) -> None:
    last = min(first + 100, TRIALS)
    found, drawn = Store(whole).samples.read(first, last), campaign().samples(first, last)
    assert list(found) == list(drawn)
    for name, values in drawn.items():
        assert np.array_equal(found[name], values)


def limited(command: list[str], limit: int) -> subprocess.CompletedProcess[str]:
    """Run a command that may write no file larger than ``limit`` bytes."""

    def set_limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(command, capture_output=True, text=True, timeout=120, preexec_fn=set_limit, check=False)


@pytest.mark.parametrize("victim", ["samples.parquet", "trials/part-000000000.parquet"])
def test_a_write_that_fails_loses_nothing(
    whole: Path, tmp_path: Path, fingerprint: Fingerprint, cli_command: list[str], complaint: Complaint, victim: str
) -> None:
    """A limit on the size of a file stands for a full disk: the write ends in the middle with an error of the system."""
    if victim != "samples.parquet":  # drawn and stored already
        shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
        shutil.rmtree(tmp_path / "trials")
        (tmp_path / "summary.json").unlink()
    limit = (whole / victim).stat().st_size // 2
    line = complaint(limited([*cli_command, *OPTIONS, "--workers", "1", "--out", str(tmp_path)], limit), 1)
    assert line.startswith(f"cannot write {tmp_path / victim}: ")
    assert not (tmp_path / victim).exists()
    assert not (tmp_path / "summary.json").exists()
    assert list(tmp_path.rglob("*.tmp")) == []
    campaign().run(tmp_path, workers=2)
    assert fingerprint(tmp_path) == fingerprint(whole)


def test_a_full_disk(whole: Path, tmp_path: Path, fingerprint: Fingerprint, cli_command: list[str], complaint: Complaint) -> None:
    """A file system that holds the samples and one part."""
    sizes = [(whole / name).stat().st_size for name in ("samples.parquet", "trials/part-000000000.parquet")]
    size = sum(sizes) + 100_000
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(tmp_path)], capture_output=True, check=False
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("mounting a small file system is not permitted here; the limit on file sizes is tested above")
    try:
        for name in ("campaign.json", "netlist.cir"):  # it has begun already: before it begins, the room is looked at
            shutil.copy(whole / name, tmp_path)
        command = [*cli_command, *OPTIONS, "--workers", "1", "--out", str(tmp_path)]
        line = complaint(subprocess.run(command, capture_output=True, text=True, timeout=120, check=False), 1)
        assert line.startswith("disk full while writing ")
        assert line.endswith("; what was computed is kept: free space and run the same command again")
        parts = list((tmp_path / "trials").iterdir())
        assert [part.name for part in parts] == ["part-000000000.parquet"]
        subprocess.run(["mount", "-o", "remount,size=100m", str(tmp_path)], check=True)
        campaign().run(tmp_path, workers=2)
        assert fingerprint(tmp_path) == fingerprint(whole)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
