"""The JSON files of results folders: what is written reads back, and what a hand or another program made of them is one line."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from montecarlo import Campaign, Sweep, records
from montecarlo.jobs.characterisation import Characterisation
from montecarlo.jobs.replay import replay
from montecarlo.jobs.study import YieldStudy
from montecarlo.report import make_page, write_report
from montecarlo.report.content import Table
from montecarlo.systems.system import Part, SystemTable
from spicekit import SpicekitError
from spicekit.files import read_record, write_json, write_record

Cli = Callable[..., subprocess.CompletedProcess[str]]
Complaint = Callable[[subprocess.CompletedProcess[str], int], str]

TRIALS = 20


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("campaign")
    Campaign("sot-read", trials=TRIALS).run(folder, workers=1)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "campaign"))


def edit(path: Path, key: str, value: Any) -> None:
    """The record at ``path`` with one value changed, by a program that knows of the checksum; None takes the key away."""
    content = read_record(path)
    if value is None:
        del content[key]
    else:
        content[key] = value
    write_record(path, content)


VARIATION = {"target": "ra", "sigma": 0.05, "relative": True, "scope": "local", "distribution": "normal", "truncate": None}


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("bench", 7, "bench"),
        ("bench", "", "bench"),
        ("trials", -5, "trials"),
        ("trials", "20", "trials"),
        ("trials", 20.5, "trials"),
        ("trials", None, "missing key 'trials'"),
        ("seed", -1, "seed"),
        ("seed", True, "seed"),
        ("given", [], "given"),
        ("points", None, "missing key 'points'"),
        ("points", {"ra_c0": 5}, "points.ra_c0"),
        ("versions", "0.2.0", "versions"),
        ("versions", {"spicekit": 1}, "versions.spicekit"),
        ("inputs", ["card.toml"], "inputs"),
        ("inputs", {"/card\0.toml": "9f86d0"}, "inputs"),
        ("code_sha256", 5, "code_sha256"),
        ("correlations", [{"first": "ra", "second": "tmr", "rho": "0.5"}], "correlations.0.rho"),
        ("correlations", [{"first": "ra", "second": "tmr", "rho": 2}], "correlations.0.rho"),
        ("variations", {"ra": 1}, "variations"),
        ("variations", [VARIATION | {"sigma": -0.1}], "variations.0.sigma"),
        ("variations", [VARIATION | {"distribution": "cauchy"}], "variations.0.distribution"),
        ("netlist_sha256", {}, "netlist_sha256"),
        ("schema", "new", "schema"),
    ],
)
def test_a_record_of_a_campaign_that_cannot_be(folder: Path, key: str, value: Any, named: str) -> None:
    edit(folder / "campaign.json", key, value)
    readers: list[Callable[[], object]] = [
        lambda: replay(folder, 0),
        lambda: make_page(folder),
        lambda: Campaign("sot-read", trials=TRIALS).run(folder, workers=1),
    ]
    for reader in readers:
        with pytest.raises(SpicekitError) as caught:
            reader()
        assert str(caught.value).startswith(f"{folder / 'campaign.json'} is damaged or of another version: ")
        assert named in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"[]", b"", b"{", b"\xff", b'{"trials": 1e999, "checksum": "0"}', b'{"a":' * 10_000, b'{"a": ' + b"9" * 100_000 + b"}"],
    ids=["list", "empty", "cut", "bytes", "infinite", "deep", "long"],
)
def test_what_is_no_record_is_one_line_for_every_command(folder: Path, content: bytes) -> None:
    for name in ("campaign.json", "summary.json"):
        kept = (folder / name).read_bytes()
        (folder / name).write_bytes(content)
        with pytest.raises(SpicekitError, match=rf"^{folder / name} cannot be read: ") as caught:
            make_page(folder)
        assert "\n" not in str(caught.value)
        (folder / name).write_bytes(kept)
    (folder / "campaign.json").write_bytes(content)
    for reader in (lambda: replay(folder, 0), lambda: Campaign("sot-read", trials=TRIALS).run(folder, workers=1)):
        with pytest.raises(SpicekitError, match=rf"^{folder / 'campaign.json'} cannot be read: "):
            reader()


@pytest.mark.parametrize("depth", [150, 600, 900, 5000])
def test_a_value_of_any_depth(folder: Path, depth: int, cli: Cli, complaint: Complaint) -> None:
    """JSON's reader, its writer and the checks have limits of their own: none of them is passed with a traceback."""
    text = (folder / "campaign.json").read_text().replace('"given": {}', '"given": {"vdd": ' + "[" * depth + "]" * depth + "}")
    (folder / "campaign.json").write_text("\n".join(line for line in text.splitlines() if "checksum" not in line).replace(
        '"schema": 1,', '"schema": 1'
    ))  # fmt: skip
    assert str(folder / "campaign.json") in complaint(cli("replay", folder, "--trial", 0), 1)


def test_a_summary_that_cannot_be_is_said_by_the_report_and_made_again_by_the_campaign(folder: Path) -> None:
    right = read_record(folder / "summary.json")
    for key, value in (("elapsed_s", "long"), ("outcomes", {"fine": 20}), ("margins", []), ("measures", None)):
        edit(folder / "summary.json", key, value)
        with pytest.raises(SpicekitError, match=r"summary.json is damaged or of another version: "):
            make_page(folder)
        Campaign("sot-read", trials=TRIALS).run(folder, workers=1)
        assert read_record(folder / "summary.json") | {"elapsed_s": 0} == right | {"elapsed_s": 0}


def test_a_stage_of_a_campaign_does_not_grow_from_a_wrong_record(folder: Path, cli: Cli, complaint: Complaint) -> None:
    edit(folder / "campaign.json", "versions", [])
    line = complaint(cli("mc", "sot-read", "--trials", 5000, "--until", "measures.v_p.mean ci<1%", "--out", folder), 1)
    assert line.startswith(f"{folder / 'campaign.json'} is damaged or of another version: versions: ")


def test_a_later_versions_keys_are_ignored(folder: Path) -> None:
    edit(folder / "summary.json", "colour", "red")
    edit(folder / "summary.json", "schema", records.SCHEMA + 1)
    assert make_page(folder).title


def test_what_a_record_does_not_declare_is_not_written(folder: Path) -> None:
    content = read_record(folder / "campaign.json")
    point = next(iter(content["points"]))
    with pytest.raises(ValueError, match="CampaignRecord does not declare all of colour"):
        records.write(folder / "a.json", records.CampaignRecord, content | {"colour": "red"})
    content["points"][point]["colour"] = "red"
    with pytest.raises(ValueError, match="CampaignRecord does not declare all of points"):
        records.write(folder / "a.json", records.CampaignRecord, content)
    assert not (folder / "a.json").exists()


def test_the_folder_of_version_0_1_reports(folder: Path) -> None:
    """Neither schema nor checksum, inputs and hash of the code."""
    for name in ("campaign.json", "summary.json"):
        content = read_record(folder / name)
        for key in ("schema", "code_sha256", "inputs"):
            content.pop(key, None)
        write_json(folder / name, content)
    assert write_report(folder).exists()


def test_the_records_of_sweep_characterisation_and_study(tmp_path: Path) -> None:
    sweep = Sweep("sot-read", {"tmr": [1.5, 2.5]})
    system = SystemTable("toy", "a toy", {"tmr": (1.5, 2.5)}, {"tmr": 2.5}, (Part("read", "sot-read"),))
    job = Characterisation(system)
    study = YieldStudy("sot-read", "v_p > 1", most=1000)
    cases: list[tuple[str, Callable[[Path], object], str, Any]] = [
        ("sweep.json", sweep.run, "over", [1, 2]),
        ("sweep.json", sweep.run, "trials", "0"),
        ("characterize.json", job.run, "trials_scale", "1"),
        ("yield.json", study.run, "points", 3),
        ("yield.json", study.run, "fail", None),
    ]
    for number, (name, run, key, value) in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        owner = {"sweep.json": sweep, "characterize.json": job, "yield.json": study}[name]
        write_record(folder / name, owner.record())  # type: ignore[attr-defined]
        edit(folder / name, key, value)
        with pytest.raises(SpicekitError, match=rf"^{folder / name} is damaged or of another version: (missing key ')?{key}"):
            run(folder)


def test_the_report_of_a_table_has_the_hash_of_its_netlists(tmp_path: Path) -> None:
    sweep = Sweep("sot-read", {"tmr": [1.5, 2.5]})
    sweep.run(tmp_path, workers=1)
    blocks = [block for section in make_page(tmp_path).sections for block in section.blocks if isinstance(block, Table)]
    rows = dict(row[:2] for block in blocks for row in block.rows if row[0].startswith("SHA-256"))
    assert rows == {"SHA-256 of all netlists and models": sweep.provenance()["netlist_sha256"]}
    assert records.parse('{"netlists_sha256": "ab"}', records.Provenance, "a table of 0.1").netlist_sha256 == "ab"
