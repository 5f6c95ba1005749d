"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from spicekit.errors import SpicekitError, UserError
from spicekit.files import disk_error, held, output_folder, read_record, write_atomically, write_json, write_text


def test_a_file_appears_whole(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "Ω\n")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "Ω\n"
    write_json(tmp_path / "a.json", {"x": 1.5})
    assert json.loads((tmp_path / "a.json").read_text()) == {"x": 1.5}
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.json", "a.txt"]


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    write_text(file, "old")

    def half(path: Path) -> None:
        path.write_text("ne")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(file, half)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_full_disk_says_so(tmp_path: Path) -> None:
    def full(path: Path) -> None:
        path.write_text("x")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(SpicekitError, match=r"disk full while writing .*a.txt; what was computed is kept") as caught:
        write_atomically(tmp_path / "a.txt", full)
    assert not isinstance(caught.value, UserError)  # not the user's input: exit code 1
    assert list(tmp_path.iterdir()) == []


def test_pyarrows_words_for_a_full_disk_count_too(tmp_path: Path) -> None:
    error = OSError("[Errno 28] Error writing bytes to file. Detail: [errno 28] No space left on device")
    assert "disk full" in str(disk_error(tmp_path, error))


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(SpicekitError, match=r"cannot write .*: No such file or directory"):
        write_text(tmp_path / "none" / "a.txt", "x")


def test_nan_never_reaches_json(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_output_folder(tmp_path: Path) -> None:
    assert output_folder(tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"--out .*file/x: cannot make this folder: Not a directory"):
        output_folder(tmp_path / "file" / "x")
    with pytest.raises(UserError, match=r"--out .*file: cannot make this folder: File exists"):
        output_folder(tmp_path / "file")


def test_what_is_no_regular_file_is_written_to_as_it_stands(tmp_path: Path) -> None:
    with pytest.raises(SpicekitError, match="disk full while writing /dev/full"):
        write_text(Path("/dev/full"), "x")
    assert Path("/dev/full").is_char_device()
    write_text(Path("/dev/null"), "x")
    assert Path("/dev/null").is_char_device()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_text(pipe, "through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert pipe.is_fifo()


def test_a_pipe_without_a_reader_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SpicekitError, match="pipe: a pipe that nobody reads from"):
        write_text(tmp_path / "pipe", "x")
    with pytest.raises(SpicekitError, match=r"pipe cannot be read: not a regular file"):
        read_record(tmp_path / "pipe")


def test_a_folder_that_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also by a relative path, and for folders in it; afterwards the name may be another folder's."""
    monkeypatch.chdir(tmp_path)
    folder = Path("a")
    (folder / "inner").mkdir(parents=True)
    with held(folder):
        write_text(folder / "x", "1")
        write_text(folder / "inner" / "x", "1")
        (folder / "inner").rename("moved")
        (folder / "inner").mkdir()
        with pytest.raises(SpicekitError, match="inner was moved or replaced while it was in use"):
            write_text(folder / "inner" / "x", "2")
        assert list((folder / "inner").iterdir()) == []
        write_text(folder / "x", "2")
        folder.rename("b")
        with pytest.raises(SpicekitError, match="a was moved or replaced while it was in use"):
            write_text(folder / "x", "3")
        folder.mkdir()
        with pytest.raises(SpicekitError, match="a was moved or replaced while it was in use"):
            write_text(folder / "x", "3")
        assert list(folder.iterdir()) == []
    write_text(folder / "x", "4")
    assert Path("b/x").read_text() == "2"


def test_a_folder_swapped_while_its_file_is_written(tmp_path: Path) -> None:
    """What began in a folder ends there or not at all."""
    (tmp_path / "a").mkdir()

    def write(file: Path) -> None:
        file.write_text("x")
        (tmp_path / "a").rename(tmp_path / "b")
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "x").write_text("another's")

    with held(tmp_path / "a"), pytest.raises(SpicekitError, match="was moved or replaced"):
        write_atomically(tmp_path / "a" / "x", write)
    assert (tmp_path / "a" / "x").read_text() == "another's"
    assert list((tmp_path / "b").iterdir()) == []


def test_a_name_that_begins_with_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the shell's to expand; libraries that do it on their own are given absolute paths."""
    monkeypatch.chdir(tmp_path)
    Path("~").mkdir()
    seen = []
    write_atomically(Path("~/x"), lambda file: (seen.append(file), file.write_text("x"))[0])
    assert seen == [tmp_path / "~" / ".x.tmp"]
    assert (tmp_path / "~" / "x").read_text() == "x"


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_text(tmp_path / "link", "x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "x"
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(SpicekitError, match=r"cannot write .*circle: Too many levels of symbolic links"):
        write_text(tmp_path / "circle", "x")
