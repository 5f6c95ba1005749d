"""``trials/part-*.parquet``: trial, outcome, attempt and measures, one file a chunk."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from montecarlo.running.content import Damaged, content_hash, first_line, samples_hash, tag_of
from montecarlo.running.crew import Warn
from montecarlo.running.samples import Samples
from montecarlo.running.worker import Rows
from spicekit.errors import SpicekitError
from spicekit.files import check_held, checked_regular, disk_error, read_bytes, write_atomically
from spicekit.outcome import LOST

_PART = re.compile(r"part-(\d{9})\.parquet")


@dataclass(frozen=True)
class SoundPart:
    """A sound part: trials ``first`` to ``first + trials - 1``."""

    path: Path
    first: int
    trials: int


class Parts:
    """The files in ``folder``, which ``identity`` binds to their campaign, as it does the ``samples`` they are made of."""

    def __init__(self, folder: Path, identity: str | None, samples: Samples) -> None:
        self.folder = folder
        self._identity = identity
        self._samples = samples
        self._sound: list[SoundPart] | None = None

    def write(self, table: Rows, samples: str = "") -> None:
        """Append the results of one chunk, made of samples with the hash ``samples``."""
        columns: dict[str, Any] = {
            "trial": np.arange(table.first, table.first + table.trials),
            "outcome": pa.array(table.outcomes, pa.string()),
            "attempt": pa.array(table.attempts, pa.int8()),
        }
        data = pa.table(columns | table.measures)
        tag = {"identity": self._identity, "samples": samples, "content": content_hash(data)}
        data = data.replace_schema_metadata({"spicekit": json.dumps(tag)})
        path = self.folder / f"part-{table.first:09d}.parquet"
        write_atomically(path, lambda file: pq.write_table(data, file, compression="zstd", write_page_checksum=True))
        self._sound = None

    def files(self) -> list[Path]:
        """The files that have the name of a part, in the order of their trials."""
        return sorted(path for path in self.folder.glob("part-*.parquet") if _PART.fullmatch(path.name))

    def strangers(self) -> list[Path]:
        """Files among the parts that no campaign has put there: they take no part in anything."""
        known = {*self.files(), *self.folder.glob(".*.tmp")}
        return sorted(path for path in self.folder.glob("*") if path not in known)

    def finished(self, warn: Warn, retry: bool = False) -> dict[int, int]:
        """First trial -> number of trials of every sound part.

        A part that is damaged or of another campaign is named and set aside, and simulated again; one that the system does not
        let us read is a :class:`SpicekitError`, as it may be sound.  With ``retry`` without the parts that have lost trials
        (:data:`LOST`), which stay until there are better ones.
        """
        found = {}
        for path in self.strangers():
            warn(f"{path} is no part of this campaign; it is left alone")
        for path in self.files():
            try:
                table = self._sound_table(path)
                self._check_made_of_samples(table)
            except Damaged as error:
                aside = self.set_aside(path)
                warn(f"{path} is damaged ({error}); its trials are simulated again, the file is kept as {aside}")
                continue
            if not (retry and np.isin(table["outcome"].to_numpy(zero_copy_only=False), LOST).any()):
                found[int(table["trial"][0].as_py())] = len(table)
        return found

    def sound(self) -> list[SoundPart]:
        """The parts, each checked, in the order of their trials, which they cover from the first one without a gap.

        Raises :class:`SpicekitError` that names the file for a part that is damaged or not of this campaign.
        """
        if self._sound is None:
            expected, found = 0, []
            for path in self.files():
                try:
                    table = self._sound_table(path)
                    first = int(table["trial"][0].as_py())
                    if first != expected:
                        raise Damaged(f"it begins with trial {first}, trial {expected} is next")
                    self._check_made_of_samples(table)
                except Damaged as error:
                    raise _unusable(path, error) from None
                found.append(SoundPart(path, first, len(table)))
                expected += len(table)
            self._sound = found
        return self._sound

    def rows(self, trial: int) -> tuple[Path, dict[str, NDArray[Any]]] | None:
        """The part that holds ``trial``, and its columns; None if that trial has not been simulated.

        Raises :class:`SpicekitError` that names the part if it is damaged, not of this campaign, or made of other samples.
        """
        before = [path for path in self.files() if int(path.stem.removeprefix("part-")) <= trial]
        if not before:
            return None
        try:
            table = self._sound_table(before[-1])
            self._check_made_of_samples(table)
        except Damaged as error:
            raise _unusable(before[-1], error) from None
        columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
        return (before[-1], columns) if trial in columns["trial"] else None

    def column(self, name: str) -> NDArray[Any]:
        """One column of the trials table over all parts."""
        parts = [
            pq.read_table(checked_regular(part.path), columns=[name], page_checksum_verification=True)[name].to_numpy(
                zero_copy_only=False
            )
            for part in self.sound()
        ]
        return np.concatenate(parts) if parts else np.empty(0)

    def results(self) -> dict[str, NDArray[Any]]:
        """The whole trials table, column by column: for campaigns of which there are many, and each is small."""
        table = pa.concat_tables([_untagged(self._sound_table(part.path)) for part in self.sound()])
        return {name: table[name].to_numpy() for name in table.column_names}

    def head(self, trials: int) -> dict[str, NDArray[Any]]:
        """The first ``trials`` rows of the trials table, column by column."""
        tables, rows = [], 0
        for part in self.sound():
            tables.append(_untagged(self._sound_table(part.path)))
            rows += part.trials
            if rows >= trials:
                break
        table = pa.concat_tables(tables)[:trials]
        return {name: table[name].to_numpy() for name in table.column_names}

    def _sound_table(self, path: Path) -> Any:
        """The part at ``path``.  Raises :class:`Damaged`, and :class:`SpicekitError` if the system does not let us read it."""
        try:
            data = read_bytes(path)
        except OSError as error:  # no right to, too many files open, a disk that fails: it may be sound
            raise SpicekitError(f"{path} cannot be read: {error.strerror}; nothing was changed") from None
        try:
            with pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True) as file:
                table = file.read(use_threads=False)  # a thread that lets go of `data` as Python ends would abort it
            trials = table["trial"].to_numpy()
            match = _PART.fullmatch(path.name)
            first = int(match[1]) if match else -1
            if len(trials) == 0 or not np.array_equal(trials, first + np.arange(len(trials))):
                raise Damaged("its trials are not those of its name")
            if self._identity is not None:
                tag = tag_of(table.schema)
                if tag.get("identity") != self._identity:
                    raise Damaged("it belongs to another campaign")
                if tag.get("content") != content_hash(table):
                    raise Damaged("its content is not what was written")
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            raise Damaged(first_line(error)) from None
        return table

    def _check_made_of_samples(self, table: Any) -> None:
        """Raise :class:`Damaged` if a sound part was made of other samples than are there.

        If these have no hashes of their own it is they that are not believed: :class:`SpicekitError`.
        """
        expected = tag_of(table.schema).get("samples")
        if not expected or not self._samples.path.exists():
            return
        first = int(table["trial"][0].as_py())
        if samples_hash(self._samples.read(first, first + len(table))) == expected:
            return
        if self._samples.bound():
            raise Damaged("it was made of other samples")
        with self._samples.reading():
            raise Damaged(f"trials {first} to {first + len(table) - 1} were made of others")

    def set_aside(self, path: Path) -> Path:
        """Move a part out of the way, into the folder ``quarantine``; returns its new path."""
        folder = self.folder.parent / "quarantine"
        check_held(path)
        try:
            folder.mkdir(exist_ok=True)
            number = 0
            while (aside := folder / f"{path.name}.{number}").exists():
                number += 1
            path.rename(aside)
        except OSError as error:
            raise disk_error(folder, error) from None
        return aside


def _unusable(path: Path, error: Damaged) -> SpicekitError:
    return SpicekitError(f"{path} cannot be used: {error}; the campaign's command, given again, sets it aside and goes on")


def _untagged(table: Any) -> Any:
    return table.replace_schema_metadata(None)
