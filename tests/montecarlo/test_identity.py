"""A result folder is bound to its inputs, its code and its samples: what has changed meanwhile is refused, never mixed in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from montecarlo import Campaign, Sweep
from montecarlo.identity import check, code_hash, differing, digest
from montecarlo.jobs.replay import replay
from montecarlo.report import make_page
from montecarlo.report.content import Note
from montecarlo.running.content import samples_hash
from montecarlo.running.samples import HASHES
from montecarlo.running.store import Store, identity_of
from montecarlo.running.worker import _bench
from spicekit import SpicekitError, UserError, inputs
from spicekit.files import read_record, write_record
from spicekit.registry import make_bench

Cli = Callable[..., subprocess.CompletedProcess[str]]
Complaint = Callable[[subprocess.CompletedProcess[str], int], str]
Fingerprint = Callable[[Path], dict[str, str]]

SLOW = """
import time
from typing import ClassVar
from spicekit import Bench, BenchParameters, DcAnalysis, Measure, VariationPoint

FACTOR = 1.0

class Slow(Bench):
    name = "slow"
    summary = "a divider that takes its time"
    template = "divider.cir.j2"
    def analysis(self): return DcAnalysis(save=("v(out)", "v(pick_1)"))
    def points(self):
        top = VariationPoint("r_top", "r", 1000.0, "ohm", sigma=50.0, low=0.0)
        return (top, VariationPoint("pick_1", "pick", 0.0, "", sigma=1.0))
    def measures(self): return (Measure("v_out", "V", "output"),)
    def evaluate(self, waves):
        time.sleep({sleep})
        return {"v_out": FACTOR * waves("v(out)")}
"""


@pytest.fixture
def card(tmp_path: Path, repository: Path) -> Path:
    """A card of the user's own."""
    return Path(shutil.copy(repository / "models" / "mtj" / "stt-bnn-65nm.toml", tmp_path / "card.toml"))


def widen(card: Path) -> None:
    """The junction from 60 to 80 nm, in one step: a worker that reads meanwhile has the one or the other."""
    text = card.read_text()
    assert "60" in text
    other = card.with_name("other")
    other.write_text(text.replace("60", "80"))
    other.replace(card)


def slow_bench(folder: Path, user_benches: Path, sleep: float = 0.0) -> Path:
    shutil.copy(user_benches / "divider.cir.j2", folder)
    file = folder / "slow.py"
    file.write_text(SLOW.replace("{sleep}", repr(sleep)))
    return file


# Inputs


def test_what_was_read_is_noted_by_its_content(card: Path) -> None:
    with inputs.recording() as files:
        Campaign("stt-read", trials=5, parameters={"device": str(card)})
    assert list(files) == [str(card)]
    assert inputs.changed(files) == []
    card.write_text(card.read_text() + "\n# a comment\n")
    assert "card.toml has changed (SHA-256 " in inputs.changed(files)[0]
    card.unlink()
    assert "card.toml cannot be read: No such file or directory" in inputs.changed(files)[0]


def test_the_same_bytes_again_are_no_change(card: Path) -> None:
    with inputs.recording() as files:
        inputs.read(card)
    text = card.read_bytes()
    card.unlink()
    card.write_bytes(text)
    assert inputs.changed(files) == []


def test_a_pipe_is_no_input(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "card.toml")
    with pytest.raises(UserError, match=r"cannot read .*card.toml: not a regular file"):
        Campaign("stt-read", trials=5, parameters={"device": str(tmp_path / "card.toml")})


def test_a_card_edited_while_a_worker_reads_it_has_changed(card: Path) -> None:
    """After the look at all inputs: what the worker read then is what counts, and the word for it the same."""
    given = json.dumps({"device": str(card)})
    with inputs.recording() as files:
        make_bench("stt-read", json.loads(given)).points()
    assert str(card) in files
    with pytest.raises(SpicekitError, match=rf"{card} has changed \(SHA-256 0000 then, {files[str(card)][:12]} now\)"):
        _bench("stt-read", given, tuple((files | {str(card): "0000"}).items()), ())


def test_a_card_edited_while_the_sweep_runs_stops_it(tmp_path: Path, card: Path) -> None:
    """Nothing of the edited card is in the folder, and with the first one back the sweep goes on."""
    before = card.read_text()
    sweep = Sweep("stt-read", {"v_read": [0.1, 0.12, 0.14]}, trials=3000, parameters={"device": str(card)})
    seen = []

    def edit(done: int, total: int) -> None:
        seen.append(done)
        if done >= 2000 and len(seen) == 3:
            widen(card)

    with pytest.raises(SpicekitError, match=r"card.toml has changed \(SHA-256 .*may not be mixed"):
        sweep.run(tmp_path / "out", workers=1, progress=edit)
    parts = list((tmp_path / "out").rglob("part-*.parquet"))
    assert parts
    for part in parts:  # r_p of a disc of 60 nm, in every trial
        assert np.median(pq.read_table(part)["r_p"].to_numpy()) == pytest.approx(3533, rel=0.02)
    card.write_text(before)
    table = Sweep("stt-read", {"v_read": [0.1, 0.12, 0.14]}, trials=3000, parameters={"device": str(card)}).run(tmp_path / "out")
    assert table["r_p"].values == pytest.approx([3533] * 3, rel=0.02)


def test_a_library_edited_while_the_campaign_runs_stops_it(tmp_path: Path, user_benches: Path, repository: Path) -> None:
    """ngspice reads the library itself, at every block: an edit in the middle of one is noticed after it."""
    from spicekit.technology import load_technology

    library = tmp_path / "models.lib"
    library.write_text(load_technology("ptm45").cards("tt") + "\n")
    text = (repository / "models" / "cmos" / "ptm45.toml").read_text()
    head, _, _ = text.partition("\n[corners")
    (tmp_path / "mine.toml").write_text(head + '\n[corners.tt]\nfile = "models.lib"\n')
    campaign = Campaign("sot-read", trials=20_000, parameters={"technology": str(tmp_path / "mine.toml")})
    assert set(campaign.inputs) == {str(library), str(tmp_path / "mine.toml")}

    def edit(done: int, total: int) -> None:
        if done == 2000:
            library.write_text(library.read_text().replace("vsat=170000", "vsat=100000"))

    with pytest.raises(SpicekitError, match=r"models\.lib has changed|a model file of technology 'ptm45' was changed"):
        campaign.run(tmp_path / "out", workers=1, progress=edit)


def test_paths_hold_from_any_folder(tmp_path: Path, card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card by a relative path: another card of the same name in another folder is not taken for it."""
    monkeypatch.chdir(tmp_path)
    first = Campaign("stt-read", trials=20, parameters={"device": "card.toml"})
    first.run("out", workers=1)
    assert first.parameters == {"device": str(card)}
    resistance = replay(tmp_path / "out", 3).measures["r_p"]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(card, elsewhere)
    widen(elsewhere / "card.toml")
    monkeypatch.chdir(elsewhere)
    assert replay(tmp_path / "out", 3).measures["r_p"] == resistance
    widen(card)
    with pytest.raises(UserError, match=r"card.toml has changed \(SHA-256 .*; put the file back as it was"):
        replay(tmp_path / "out", 3)


# Code


def test_the_code_has_a_hash_of_its_own() -> None:
    assert len(code_hash()) == 64
    check(code_hash(), {})
    with pytest.raises(SpicekitError, match="the code of spicekit has changed"):
        check("0" * 64, {})


def test_an_edited_bench_does_not_resume(tmp_path: Path, user_benches: Path) -> None:
    file = slow_bench(tmp_path, user_benches)
    Campaign(f"{file}:Slow", trials=5000).run(tmp_path / "out", workers=1)
    (tmp_path / "out" / "trials" / "part-000002000.parquet").unlink()
    file.write_text(file.read_text().replace("FACTOR = 1.0", "FACTOR = 1000.0"))
    with pytest.raises(UserError, match="'inputs' differs"):
        Campaign(f"{file}:Slow", trials=5000).run(tmp_path / "out", workers=1)
    fresh = Campaign(f"{file}:Slow", trials=100).run(tmp_path / "new", workers=1).summary  # and is not taken from a cache
    assert fresh["measures"]["v_out"]["mean"] == pytest.approx(500, rel=0.02)


def test_an_edited_template_does_not_resume(tmp_path: Path, user_benches: Path) -> None:
    file = slow_bench(tmp_path, user_benches)
    campaign = Campaign(f"{file}:Slow", trials=100)
    assert set(campaign.inputs) == {str(file), str(tmp_path / "divider.cir.j2")}
    campaign.run(tmp_path / "out", workers=1)
    template = tmp_path / "divider.cir.j2"
    template.write_text(template.read_text() + "* more\n")
    with pytest.raises(UserError, match=r"'(netlist_sha256|inputs)' differs"):
        Campaign(f"{file}:Slow", trials=100).run(tmp_path / "out", workers=1)


def test_a_module_beside_the_bench_is_part_of_it(tmp_path: Path, user_benches: Path) -> None:
    file = slow_bench(tmp_path, user_benches)
    (tmp_path / "my_factor.py").write_text("FACTOR = 2.0\n")
    lines = [
        "import importlib.util, sys",
        f"spec = importlib.util.spec_from_file_location('my_factor', {str(tmp_path / 'my_factor.py')!r})",
        "module = importlib.util.module_from_spec(spec); sys.modules['my_factor'] = module; spec.loader.exec_module(module)",
    ]
    file.write_text("\n".join(lines) + file.read_text())
    assert str(tmp_path / "my_factor.py") in Campaign(f"{file}:Slow", trials=10).inputs


def test_a_bench_edited_while_its_campaign_runs(tmp_path: Path, user_benches: Path) -> None:
    file = slow_bench(tmp_path, user_benches, sleep=0.2)
    campaign = Campaign(f"{file}:Slow", trials=10_000)

    def edit() -> None:
        while not list((tmp_path / "out" / "trials").glob("part-*.parquet")):
            time.sleep(0.05)
        file.write_text(file.read_text().replace("FACTOR = 1.0", "FACTOR = 1000.0"))

    editor = threading.Thread(target=edit)
    (tmp_path / "out" / "trials").mkdir(parents=True)
    editor.start()
    with pytest.raises(SpicekitError, match=r"slow\.py has changed"):
        campaign.run(tmp_path / "out", workers=1)
    editor.join()
    for part in (tmp_path / "out" / "trials").glob("part-*.parquet"):
        assert pq.read_table(part)["v_out"].to_numpy().max() < 1


def test_other_versions_are_said(tmp_path: Path) -> None:
    Campaign("sot-read", trials=5).run(tmp_path, workers=1)
    record = read_record(tmp_path / "campaign.json")
    record["versions"]["numpy"] = "1.0.0"
    write_record(tmp_path / "campaign.json", record)
    lines: list[str] = []
    Campaign("sot-read", trials=5).run(tmp_path, workers=1, warn=lines.append)
    assert len(lines) == 1
    assert f"numpy 1.0.0 then, {np.__version__} now" in lines[0]
    assert differing({"a": "1"}, {"a": "1"}) == []


# The files of a folder


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folders of two campaigns that differ by their seeds."""
    folders = tuple(tmp_path_factory.mktemp(f"seed-{seed}") for seed in (1, 2))
    for seed, folder in enumerate(folders, 1):
        Campaign("sot-read", trials=4000, seed=seed).run(folder, workers=2)
    return folders[0], folders[1]


@pytest.fixture
def folder(two: tuple[Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(two[0], tmp_path / "campaign"))


def test_a_part_of_another_seed_is_set_aside(two: tuple[Path, Path], folder: Path, fingerprint: Fingerprint) -> None:
    name = "trials/part-000002000.parquet"
    shutil.copy(two[1] / name, folder / name)
    with pytest.raises(SpicekitError, match=r"part-000002000.parquet cannot be used: it belongs to another campaign"):
        Store(folder).parts.column("v_p")
    lines: list[str] = []
    Campaign("sot-read", trials=4000).run(folder, workers=1, warn=lines.append)
    assert "it belongs to another campaign" in lines[0]
    assert (folder / "quarantine" / "part-000002000.parquet.0").read_bytes() == (two[1] / name).read_bytes()
    assert fingerprint(folder) == fingerprint(two[0])


def test_a_copied_part_takes_no_part(two: tuple[Path, Path], folder: Path) -> None:
    extra = folder / "trials" / "part-00.parquet"
    shutil.copy(folder / "trials" / "part-000000000.parquet", extra)
    lines: list[str] = []
    summary = Campaign("sot-read", trials=4000).run(folder, workers=1, warn=lines.append).summary
    assert lines == [f"{extra} is no part of this campaign; it is left alone"]
    assert extra.exists()
    assert summary["outcomes"]["ok"] == 4000
    other = folder / "trials" / "part-000004000.parquet"  # a name that a part could have
    shutil.copy(folder / "trials" / "part-000000000.parquet", other)
    lines.clear()
    assert Campaign("sot-read", trials=4000).run(folder, workers=1, warn=lines.append).summary["outcomes"]["ok"] == 4000
    assert "its trials are not those of its name" in lines[1]


def test_samples_of_another_seed_are_refused(two: tuple[Path, Path], folder: Path) -> None:
    shutil.copy(two[1] / "samples.parquet", folder / "samples.parquet")
    (folder / "trials" / "part-000000000.parquet").unlink()
    with pytest.raises(SpicekitError, match=r"samples.parquet cannot be used \(it belongs to another campaign\)"):
        Campaign("sot-read", trials=4000).run(folder, workers=1)
    with pytest.raises(SpicekitError, match=r"samples.parquet cannot be used \(it belongs to another campaign\)"):
        replay(folder, 7)


def rewrite(samples: Path, hashes: str) -> None:
    """The same samples with one point half as large again, and with all, some or none of what was written beside them."""
    table = pq.read_table(samples)
    values = table["ra_c0"].to_numpy() * 1.5
    table = table.set_column(table.column_names.index("ra_c0"), "ra_c0", [values])
    tag = json.loads(table.schema.metadata[b"spicekit"])
    if hashes == "never there":
        del tag["hashed"]
    beside = {"spicekit": json.dumps(tag)}
    if hashes == "kept":
        beside[HASHES] = pq.ParquetFile(samples).metadata.metadata[HASHES.encode()].decode()
    pq.write_table(table.replace_schema_metadata(beside), samples)


@pytest.mark.parametrize(
    ("hashes", "says"),
    [
        ("kept", "its content is not what was written"),
        ("dropped", "the hashes of its content are gone"),
        ("never there", "trials 0 to 1999 were made of others"),  # as in the first folders of 0.2
    ],
)
def test_samples_with_other_values_are_refused(folder: Path, cli: Cli, complaint: Complaint, hashes: str, says: str) -> None:
    """By everything that reads them, and nothing is mixed: not even the missing part is made."""
    rewrite(folder / "samples.parquet", hashes)
    line = f"{folder / 'samples.parquet'} cannot be used ({says}); move it away and run the campaign's command again, "
    assert complaint(cli("report", folder), 1).startswith(line)
    assert complaint(cli("replay", folder, "--trial", 7), 1).startswith(line)
    (folder / "trials" / "part-000002000.parquet").unlink()
    for _ in range(2):
        with pytest.raises(SpicekitError, match=r"samples\.parquet cannot be used"):
            Campaign("sot-read", trials=4000).run(folder, workers=1)
    assert [part.name for part in (folder / "trials").iterdir()] == ["part-000000000.parquet"]
    assert not (folder / "quarantine").exists()


def test_samples_of_many_trials_are_hashed_in_groups(tmp_path: Path) -> None:
    store = Store(tmp_path, "x")
    values = np.random.default_rng(1).normal(size=25_000)
    store.samples.write(25_000, lambda first, last: {"a": values[first:last]})
    for first, last in ((0, 25_000), (9_999, 10_001), (24_999, 25_000), (10_000, 20_000)):
        assert np.array_equal(store.samples.read(first, last)["a"], values[first:last])
    with pytest.raises(SpicekitError, match="it ends before trial"):
        store.samples.read(24_000, 25_001)


def test_parts_of_other_samples_are_set_aside(folder: Path, two: tuple[Path, Path], fingerprint: Fingerprint) -> None:
    """Samples that are sound themselves, drawn again by another numpy with other last digits, say: here by hand."""
    store = Store(folder)
    values = store.samples.read(0, 4000)
    values["ra_c0"] = values["ra_c0"] * (1 + 1e-15)
    store.samples.write(4000, lambda first, last: {name: column[first:last] for name, column in values.items()})
    with pytest.raises(SpicekitError, match=r"part-000000000\.parquet cannot be used: it was made of other samples"):
        Store(folder).parts.column("v_p")
    lines: list[str] = []
    Campaign("sot-read", trials=4000).run(folder, workers=1, warn=lines.append)
    assert len(lines) == 2
    assert "it was made of other samples" in lines[0]
    assert len(Store(folder).parts.column("v_p")) == 4000


# What is no regular file


@pytest.mark.parametrize("name", ["campaign.json", "summary.json", "samples.parquet", "trials/part-000002000.parquet"])
def test_a_pipe_in_a_folder_is_refused(folder: Path, cli: Cli, complaint: Complaint, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    for command in (("report", folder), ("replay", folder, "--trial", 2100)):
        if command[0] == "report" or name != "summary.json":
            assert f"{folder / name} cannot be read: not a regular file" in complaint(cli(*command, timeout=60), 1)
    line = complaint(cli("mc", "sot-read", "--trials", 4000, "--out", folder, timeout=60), 1)
    assert f"{folder / name}" in line
    assert "not a regular file" in line or "a pipe that nobody reads from" in line
    assert (folder / name).is_fifo()


# Another folder in the place of the one in use


@pytest.mark.parametrize("how", ["moved", "linked", "trials alone"])
def test_nothing_is_written_to_a_folder_put_in_place_of_the_own(two: tuple[Path, Path], tmp_path: Path, how: str) -> None:
    place, other = tmp_path / "campaign", Path(shutil.copytree(two[1], tmp_path / "other"))

    def content() -> dict[str, bytes]:
        root = place if place.exists() else other
        return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}

    before: dict[str, bytes] = {}

    def swap(done: int, total: int) -> None:
        if done != 2000:
            return
        if how == "trials alone":
            (place / "trials").rename(tmp_path / "mine")
            (other / "trials").rename(place / "trials")
        else:
            place.rename(tmp_path / "mine")
            other.rename(place) if how == "moved" else place.symlink_to(other)
        before.update(content())

    with pytest.raises(SpicekitError, match=r"was moved or replaced while it was in use|belongs to another campaign"):
        Campaign("sot-read", trials=16_000, seed=3).run(place, workers=1, progress=swap)
    assert before
    assert content() == before


def test_a_value_changed_in_a_part_is_noticed(folder: Path) -> None:
    """A sound file with the right tag and another value: what a tool that rewrites Parquet would leave."""
    path = folder / "trials" / "part-000000000.parquet"
    table = pq.read_table(path)
    values = table["v_p"].to_numpy().copy()
    values[17] *= 1.0000001
    pq.write_table(table.set_column(table.column_names.index("v_p"), "v_p", [values]).cast(table.schema), path)
    with pytest.raises(SpicekitError, match="its content is not what was written"):
        Store(folder).parts.column("v_p")


def test_a_part_made_again_has_its_bytes(folder: Path, two: tuple[Path, Path], fingerprint: Fingerprint) -> None:
    """The first trials of what is missing are tried beforehand: what the part says of its samples is of all of them."""
    (folder / "trials" / "part-000002000.parquet").unlink()
    Campaign("sot-read", trials=4000).run(folder, workers=1)
    assert fingerprint(folder) == fingerprint(two[0])
    for first in (0, 2000):
        tag = json.loads(pq.read_schema(folder / "trials" / f"part-{first:09d}.parquet").metadata[b"spicekit"])
        assert tag["samples"] == samples_hash(Store(folder).samples.read(first, first + 2000))


def test_missing_trials_are_no_summary(folder: Path, cli: Cli, complaint: Complaint) -> None:
    (folder / "trials" / "part-000000000.parquet").unlink()
    with pytest.raises(SpicekitError, match="it begins with trial 2000, trial 0 is next"):
        Store(folder).parts.column("v_p")


def test_what_the_system_does_not_open_is_kept(folder: Path, two: tuple[Path, Path], fingerprint: Fingerprint) -> None:
    """A link in a circle for a file that cannot be opened: an error of the system, no damage."""
    path = folder / "trials" / "part-000002000.parquet"
    kept = path.rename(folder / "kept")
    path.symlink_to(path)
    with pytest.raises(SpicekitError, match=r"part-000002000.parquet cannot be read: .*; nothing was changed"):
        Campaign("sot-read", trials=4000).run(folder, workers=1)
    assert path.is_symlink()
    path.unlink()
    kept.rename(path)
    Campaign("sot-read", trials=4000).run(folder, workers=1)
    assert fingerprint(folder) == fingerprint(two[0])


def test_a_record_edited_by_hand_is_refused(folder: Path, cli: Cli, complaint: Complaint) -> None:
    record = folder / "campaign.json"
    record.write_text(record.read_text().replace('"seed": 1', '"seed": 3'))
    line = complaint(cli("replay", folder, "--trial", 7), 1)
    assert line == f"{record} was changed after it was written: its checksum is that of another content"


def test_a_record_has_one_checksum(tmp_path: Path) -> None:
    written = write_record(tmp_path / "a.json", {"x": 0.1, "y": [1, None]})
    assert read_record(tmp_path / "a.json") == {"x": 0.1, "y": [1, None]}
    assert write_record(tmp_path / "a.json", written) == written
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 2, "b": 2})


@pytest.mark.parametrize("text", ["[1]", "nul", '{"a": ' + "[" * 100_000, '{"a": NaN}', "\xff"])
def test_what_is_no_record(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(SpicekitError, match=r"a.json cannot be read: "):
        read_record(tmp_path / "a.json")


def test_a_folder_of_version_0_1_still_reads(folder: Path) -> None:
    """Its record and its parts carry nothing that binds them."""
    record = json.loads((folder / "campaign.json").read_text())
    for key in ("checksum", "schema", "code_sha256", "inputs"):
        del record[key]
    (folder / "campaign.json").write_text(json.dumps(record))
    for path in (folder / "trials").glob("*.parquet"):
        pq.write_table(pq.read_table(path).replace_schema_metadata(None), path)
    assert identity_of(record) is None
    assert len(Store(folder).parts.column("v_p")) == 4000
    samples = pq.read_table(folder / "samples.parquet").replace_schema_metadata(None)
    pq.write_table(samples, folder / "samples.parquet")
    lines: list[str] = []
    measures = replay(folder, 7, warn=lines.append).measures
    assert measures["v_p"] == pytest.approx(Store(folder).parts.column("v_p")[7], rel=1e-9)
    assert len(lines) == 1
    assert "samples.parquet is of spicekit 0.2.0 and bound to nothing: whether it was changed cannot be told" in lines[0]
    notes = [block.text for section in make_page(folder).sections for block in section.blocks if isinstance(block, Note)]
    assert any("its samples and trials are bound to nothing" in text for text in notes)


def test_replay_notices_a_link_that_leads_elsewhere(tmp_path: Path, repository: Path) -> None:
    """The files that were read are as they were; what is read now are others."""
    from spicekit.technology import load_technology

    for version, vth0 in (("one", ""), ("two", "* another text\n")):
        (tmp_path / version).mkdir()
        (tmp_path / version / "models.lib").write_text(vth0 + load_technology("ptm45").cards("tt") + "\n")
    (tmp_path / "models").symlink_to("one")
    head, _, _ = (repository / "models" / "cmos" / "ptm45.toml").read_text().partition("\n[corners")
    (tmp_path / "mine.toml").write_text(head + '\n[corners.tt]\nfile = "models/models.lib"\n')
    Campaign("sot-read", trials=10, parameters={"technology": str(tmp_path / "mine.toml")}).run(tmp_path / "out")
    assert replay(tmp_path / "out", 3).outcome == "ok"
    (tmp_path / "models").unlink()
    (tmp_path / "models").symlink_to("two")
    with pytest.raises(UserError, match=r"models\.lib"):
        replay(tmp_path / "out", 3)
