"""Typed records from TOML: the line that a user gets names file, key and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field, ValidationError

from spicekit.devices import load_device
from spicekit.errors import UserError
from spicekit.toml import Record, read_toml


class Inner(Record):
    gain: float = Field(gt=0)
    offset: float = 0.0


class Outer(Record):
    title: str
    count: int = Field(default=1, ge=1, le=8)
    inner: Inner | None = None
    stage: Inner


GOOD = 'title = "x"\n[stage]\ngain = 2\n'


def test_reads(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD, encoding="utf-8")
    record = read_toml(tmp_path / "a.toml", Outer)
    assert (record.title, record.count, record.stage.gain) == ("x", 1, 2.0)
    with pytest.raises(ValidationError, match="frozen"):
        record.title = "y"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[stage]\ngain = 2\n", "missing key 'title'"),
        ('title = "x"\n', "missing key 'stage'"),
        (GOOD + "gian = 1\n", "unknown key 'stage.gian'; did you mean gain?"),
        ("cuont = 3\n" + GOOD, "unknown key 'cuont'; did you mean count?"),
        ("zzz = 3\n" + GOOD, "unknown key 'zzz'"),
        ("count = 9\n" + GOOD, "count: allowed: less than or equal to 8 (given: 9)"),
        (GOOD.replace("2", "-2"), "stage.gain: allowed: greater than 0 (given: -2)"),
        (GOOD.replace("2", "'two'"), "stage.gain: allowed: a valid number, unable to parse string as a number (given: 'two')"),
        (GOOD.replace('"x"', "3"), "title: allowed: a valid string (given: 3)"),
        ("title = ", "not valid TOML: Invalid value (at end of document)"),
    ],
)
def test_complaints(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "a.toml"
    file.write_text(text)
    with pytest.raises(UserError) as caught:
        read_toml(file, Outer)
    assert str(caught.value) == f"{file}: {says}"


def test_missing_and_binary_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot read .*no.toml: No such file or directory"):
        read_toml(tmp_path / "no.toml", Outer)
    with pytest.raises(UserError, match="Is a directory"):
        read_toml(tmp_path, Outer)
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="not valid TOML"):
        read_toml(tmp_path / "b.toml", Outer)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("[" * 10_000 + "]" * 10_000, "lists or tables in each other without end"),
        ("{a=" * 10_000 + "1" + "}" * 10_000, "lists or tables in each other without end"),
        ("9" * 100_000, "Exceeds the limit"),
    ],
    ids=["lists", "tables", "digits"],
)
def test_what_no_reader_can_hold(tmp_path: Path, value: str, says: str) -> None:
    file = tmp_path / "a.toml"
    file.write_text(f"title = {value}")
    for reader in (lambda: read_toml(file, Outer), lambda: load_device(str(file))):
        with pytest.raises(UserError, match=rf"^{file}: not valid TOML: {says}") as caught:
            reader()
        assert "\n" not in str(caught.value)
