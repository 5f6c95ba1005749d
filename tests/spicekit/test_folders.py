"""A folder of results holds one thing: what would write something else into it is refused, and nothing in it changes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from spicekit.cli import main
from spicekit.errors import UserError
from spicekit.folders import RESULTS, check_folder, check_writable

Cli = Callable[..., subprocess.CompletedProcess[str]]
Complaint = Callable[[subprocess.CompletedProcess[str], int], str]

RUN = ("run", "sot-read")
WER = ("wer", "stt-bnn-65nm", "--current", "60u", "--pulse", "1n")
MC = ("mc", "sot-read", "--trials", "5", "--workers", "1")
YIELD = ("yield", "sot-read", "--fail", "dv < 0")


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, cli: Cli) -> Path:
    """Folders with a run, a write-error curve, a campaign and one of its trials, each made twice, the first two over others."""
    place = tmp_path_factory.mktemp("folders")
    replay = ("replay", place / "mc", "--trial", "1")
    others = {"run": ("--corner", "ss"), "wer": ("--sigma", "ra=5%"), "mc": (), "replay": ()}
    for name, words in (("run", RUN), ("wer", WER), ("mc", MC), ("replay", replay)):
        for other in (others[name], ()):
            done = cli(*words, *other, "--out", place / name)
            assert done.returncode == 0, done.stderr
    return place


@pytest.mark.parametrize(
    ("folder", "words", "says"),
    [
        ("run", WER, "holds run.json but no wer.json"),
        ("run", MC, "holds run.json but no campaign.json"),
        ("run", YIELD, "holds run.json but no yield.json"),
        ("run", ("system", "imce"), "holds run.json but no system.json"),
        ("wer", RUN, "holds wer.json but no run.json"),
        ("mc", RUN, "holds campaign.json but no run.json"),
        ("mc", WER, "holds campaign.json but no wer.json"),
        ("mc", ("replay", "mc", "--trial", "1"), "holds campaign.json but no run.json"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_folder_of_something_else(
    folders: Path,
    folder: str,
    words: tuple[str, ...],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    complaint: Complaint,
) -> None:
    before = contents(folders)
    monkeypatch.chdir(folders)
    monkeypatch.setattr("sys.argv", ["spicekit", *words, "--out", folder])
    with pytest.raises(SystemExit) as end:
        main()
    assert isinstance(end.value.code, int)
    line = complaint(subprocess.CompletedProcess(words, end.value.code, *capfd.readouterr()), 2)
    assert says in line
    assert line.endswith("; give another --out")
    assert contents(folders) == before


@pytest.mark.parametrize("name", RESULTS)
def test_every_kind_of_result_is_known(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("{}")
    check_folder(tmp_path, name)
    with pytest.raises(UserError, match=f"holds {name} but no other.json; give another --out"):
        check_folder(tmp_path, "other.json")


def test_asking_for_a_folder_makes_nothing(tmp_path: Path) -> None:
    check_writable(tmp_path / "a" / "b")
    check_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"--out .*gone: cannot write there: .*gone takes no new files or folders"):
        check_writable(tmp_path / "gone")


@pytest.mark.parametrize(("words", "name", "record"), [(RUN, "margins.png", "run.json"), (WER, "wer.png", "wer.json")])
def test_a_file_of_somebody_elses_under_a_name_that_would_be_written(
    tmp_path: Path, words: tuple[str, ...], name: str, record: str, cli: Cli, complaint: Complaint
) -> None:
    (tmp_path / name).write_bytes(b"theirs")
    (tmp_path / "notes.txt").write_text("a file in nobody's way")
    line = complaint(cli(*words, "--out", tmp_path), 2)
    assert line.endswith(f"holds {name} but no {record}; give another --out")
    assert contents(tmp_path)[tmp_path / name] == b"theirs"
    (tmp_path / name).unlink()
    assert cli(*words, "--out", tmp_path).returncode == 0
