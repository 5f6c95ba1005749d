"""A campaign's folder.

::

    campaign.json       what is simulated: bench, parameters, variations, seed, inputs, code, versions, netlist hash
    netlist.cir         the nominal netlist, stand-alone
    samples.parquet     trial, weight, value of every variation point, hashes of them; written before anything is simulated
    trials/part-*.parquet   trial, outcome, attempt, measures; one file a chunk
    quarantine/         parts that were damaged or not of this campaign, set aside
    summary.json        statistics and margins
    *.png               plots

Every file is written beside its final name, brought to the disk, and renamed, so a reader never sees half a file and a campaign
that was killed at any point goes on where it stopped.

The files are bound to each other.  Samples and parts carry the campaign's identity (a hash of what ``campaign.json`` says) and
hashes of their own content, a part besides that of its samples.  What does not belong is named, never used and never deleted.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from montecarlo import records
from montecarlo.identity import BINDING, digest
from montecarlo.running.worker import Table
from spicekit.errors import SpicekitError, UserError
from spicekit.files import (
    check_held,
    checked_regular,
    disk_error,
    held,
    read_bytes,
    read_record,
    regular,
    write_atomically,
)
from spicekit.outcome import LOST

SAMPLE_ROWS = 10_000  # rows a group of samples.parquet: what is held in memory at a time
HASHES = "spicekit_content"  # key in samples.parquet: SHA-256 of each group
_PART = re.compile(r"part-(\d{9})\.parquet")
_UNBOUND = ("trials", "versions", "until", "at_most")  # of a record: what may change while its finished trials stay good


@dataclass(frozen=True)
class Part:
    """A sound part: trials ``first`` to ``first + trials - 1``."""

    path: Path
    first: int
    trials: int


class Damaged(Exception):
    """A file that is there and can be read, and does not hold what it should; the text says why."""


def identity_of(record: Mapping[str, Any]) -> str | None:
    """What the files of a campaign have in common; None for a record of version 0.1, whose files carry nothing."""
    if "code_sha256" not in record:
        return None
    bound = {key: value for key, value in record.items() if key not in _UNBOUND}
    bound["versions"] = {name: record["versions"].get(name) for name in BINDING}
    if record.get("sampler") == "lhs":  # where every sample depends on their number
        bound["trials"] = record["trials"]
    return digest(bound)


class Store:
    """The folder of one campaign.

    ``identity`` binds its files; without one it is that of the record in the folder, where there is one.
    """

    def __init__(self, folder: Path, identity: str | None = None) -> None:
        self.folder = folder
        self._identity = identity
        self._sound: list[Part] | None = None
        self._group: tuple[tuple[int, ...], dict[str, NDArray[np.float64]]] | None = None  # of samples, read last

    @property
    def record(self) -> Path:
        return self.folder / "campaign.json"

    @property
    def samples(self) -> Path:
        return self.folder / "samples.parquet"

    @property
    def parts_folder(self) -> Path:
        return self.folder / "trials"

    @property
    def identity(self) -> str | None:
        if self._identity is None and self.record.exists():
            self._identity = identity_of(self.read_record())
        return self._identity

    def read_record(self) -> dict[str, Any]:
        """The contents of ``campaign.json``; :class:`UserError` if the folder holds no campaign or its record is wrong."""
        if not self.record.exists():
            raise UserError(f"{self.folder} holds no campaign (no campaign.json)")
        content = read_record(self.record)
        records.typed(content, records.Campaign, self.record)
        content.pop("schema", None)  # says how it is written, not what is simulated
        return content

    def write_samples(self, trials: int, draw: Callable[[int, int], dict[str, NDArray[np.float64]]]) -> None:
        """Write the samples of all trials; ``draw(first, last)`` gives point -> array.

        Beside them stands the hash of each group of rows, so that a file rewritten with other values is not believed.
        """
        self._group = None
        tag = {"spicekit": json.dumps({"identity": self.identity, "trials": trials, "hashed": True})}

        def write(file: Path) -> None:
            writer: pq.ParquetWriter | None = None
            hashes = []
            for first in range(0, trials, SAMPLE_ROWS):
                last = min(first + SAMPLE_ROWS, trials)
                columns: dict[str, Any] = {"trial": np.arange(first, last), "weight": np.ones(last - first)}
                table = pa.table(columns | draw(first, last)).replace_schema_metadata(tag)
                hashes.append(content_hash(table))
                if writer is None:
                    writer = pq.ParquetWriter(
                        file, table.schema, compression="zstd", use_dictionary=["weight"], write_page_checksum=True
                    )
                writer.write_table(table)
            assert writer is not None
            writer.add_key_value_metadata({HASHES: json.dumps(hashes)})
            writer.close()

        write_atomically(self.samples, write)

    def check_samples(self, trials: int) -> None:
        """Raise :class:`SpicekitError` unless ``samples.parquet`` holds this campaign's, all of them, with their hashes.

        Their values are compared with the hashes where they are read, and with the parts (see :meth:`finished`).
        """
        with self._reading_samples() as file:
            if self.identity is not None and _hashes(file) is None:
                raise Damaged("the hashes of its content are gone")
            if file.metadata.num_rows != trials:
                raise Damaged(f"it holds {file.metadata.num_rows} of {trials} trials")

    def read_samples(self, first: int, last: int) -> dict[str, NDArray[np.float64]]:
        """Values of the variation points for trials ``first`` to ``last - 1``, as they were written."""
        pieces = []
        with self._reading_samples() as file:
            for group in range(first // SAMPLE_ROWS, (last - 1) // SAMPLE_ROWS + 1):
                values, start = self._samples_group(file, group), group * SAMPLE_ROWS
                pieces.append({name: column[max(first - start, 0) : last - start] for name, column in values.items()})
            if sum(len(next(iter(piece.values()))) for piece in pieces) != last - first:
                raise Damaged(f"it ends before trial {last}")
        return pieces[0] if len(pieces) == 1 else {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}

    def samples_are_bound(self) -> bool:
        """Whether ``samples.parquet`` carries hashes of its content: not in version 0.1, nor in the first folders of 0.2."""
        with self._reading_samples() as file:
            return _hashes(file) is not None

    def _samples_group(self, file: pq.ParquetFile, group: int) -> dict[str, NDArray[np.float64]]:
        """A group of rows; the last one is kept, as the next tasks want the same."""
        stamp = self.samples.stat()
        key = (group, stamp.st_ino, stamp.st_size, stamp.st_mtime_ns, stamp.st_ctime_ns)
        if self._group is None or self._group[0] != key:
            if group >= file.metadata.num_row_groups:
                raise Damaged(f"it ends before trial {group * SAMPLE_ROWS}")
            table = file.read_row_group(group)
            if not np.array_equal(table["trial"].to_numpy(), group * SAMPLE_ROWS + np.arange(len(table))):
                raise Damaged("its trials are not numbered one by one")
            hashes = _hashes(file)
            if hashes is not None and content_hash(table) != hashes[group]:
                raise Damaged("its content is not what was written")
            names = [name for name in table.column_names if name not in ("trial", "weight")]
            self._group = key, {name: table[name].to_numpy() for name in names}
        return self._group[1]

    @contextlib.contextmanager
    def _reading_samples(self) -> Iterator[pq.ParquetFile]:
        try:
            path = checked_regular(self.samples)  # what the system refuses is no damage
        except OSError as error:
            raise SpicekitError(f"{self.samples} cannot be read: {error.strerror}") from None
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                if self.identity is not None and _tag(file.schema_arrow).get("identity") != self.identity:
                    raise Damaged("it belongs to another campaign")
                yield file
        except (OSError, ValueError, LookupError, Damaged, pa.ArrowException) as error:
            raise SpicekitError(
                f"{self.samples} cannot be used ({_first_line(error)}); move it away and run the campaign's command again, "
                "which draws the same samples"
            ) from None

    def write_part(self, table: Table, samples: str = "") -> None:
        """Append the results of one chunk, made of samples with the hash ``samples``."""
        columns: dict[str, Any] = {
            "trial": np.arange(table.first, table.first + table.trials),
            "outcome": pa.array(table.outcomes, pa.string()),
            "attempt": pa.array(table.attempts, pa.int8()),
        }
        data = pa.table(columns | table.measures)
        tag = {"identity": self.identity, "samples": samples, "content": content_hash(data)}
        data = data.replace_schema_metadata({"spicekit": json.dumps(tag)})
        path = self.parts_folder / f"part-{table.first:09d}.parquet"
        write_atomically(path, lambda file: pq.write_table(data, file, compression="zstd", write_page_checksum=True))
        self._sound = None

    def parts(self) -> list[Path]:
        """The files that have the name of a part, in the order of their trials."""
        return sorted(path for path in self.parts_folder.glob("part-*.parquet") if _PART.fullmatch(path.name))

    def strangers(self) -> list[Path]:
        """Files among the parts that no campaign has put there: they take no part in anything."""
        known = {*self.parts(), *self.parts_folder.glob(".*.tmp")}
        return sorted(path for path in self.parts_folder.glob("*") if path not in known)

    def finished(self, warn: Callable[[str], None], retry: bool = False) -> dict[int, int]:
        """First trial -> number of trials of every sound part.

        A part that is damaged or of another campaign is named and set aside, and simulated again; one that the system does not
        let us read is a :class:`SpicekitError`, as it may be sound.  With ``retry`` without the parts that have lost trials
        (:data:`LOST`), which stay until there are better ones.
        """
        found = {}
        for path in self.strangers():
            warn(f"{path} is no part of this campaign; it is left alone")
        for path in self.parts():
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

    def sound_parts(self, trials: int | None = None) -> list[Part]:
        """The parts, each checked, in the order of their trials, which they cover exactly (``trials`` of them).

        Raises :class:`SpicekitError` that names the file for a part that is damaged or not of this campaign, and for trials that
        are missing.
        """
        if self._sound is None:
            expected, found = 0, []
            for path in self.parts():
                try:
                    table = self._sound_table(path)
                    first = int(table["trial"][0].as_py())
                    if first != expected:
                        raise Damaged(f"it begins with trial {first}, trial {expected} is next")
                    self._check_made_of_samples(table)
                except Damaged as error:
                    raise _unusable(path, error) from None
                found.append(Part(path, first, len(table)))
                expected += len(table)
            self._sound = found
        there = sum(part.trials for part in self._sound)
        if trials is not None and there != trials:
            raise SpicekitError(f"{self.folder} holds {there} of {trials} trials: the campaign's command, given again, goes on")
        return self._sound

    def rows(self, trial: int) -> tuple[Path, dict[str, NDArray[Any]]] | None:
        """The part that holds ``trial``, and its columns; None if that trial has not been simulated.

        Raises :class:`SpicekitError` that names the part if it is damaged, not of this campaign, or made of other samples.
        """
        before = [path for path in self.parts() if int(path.stem.removeprefix("part-")) <= trial]
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
            for part in self.sound_parts()
        ]
        return np.concatenate(parts) if parts else np.empty(0)

    def results(self) -> dict[str, NDArray[Any]]:
        """The whole trials table, column by column: for campaigns of which there are many, and each is small."""
        table = pa.concat_tables([_untagged(self._sound_table(part.path)) for part in self.sound_parts()])
        return {name: table[name].to_numpy() for name in table.column_names}

    def head(self, trials: int) -> dict[str, NDArray[Any]]:
        """The first ``trials`` rows of the trials table, column by column."""
        tables, rows = [], 0
        for part in self.sound_parts():
            tables.append(_untagged(self._sound_table(part.path)))
            rows += part.trials
            if rows >= trials:
                break
        table = pa.concat_tables(tables)[:trials]
        return {name: table[name].to_numpy() for name in table.column_names}

    def clean(self) -> None:
        """Remove what an interrupted write left behind."""
        check_held(self.parts_folder / "part")
        for leftover in [*self.folder.glob(".*.tmp"), *self.parts_folder.glob(".*.tmp")]:
            leftover.unlink()

    def _sound_table(self, path: Path) -> Any:
        """The part at ``path``.  Raises :class:`Damaged`, and :class:`SpicekitError` if the system does not let us read it."""
        try:
            data = read_bytes(path)
        except OSError as error:  # no right to, too many files open, a disk that fails: it may be sound
            raise SpicekitError(f"{path} cannot be read: {error.strerror}; nothing was changed") from None
        try:
            table = pq.read_table(pa.BufferReader(data), page_checksum_verification=True)
            trials = table["trial"].to_numpy()
            match = _PART.fullmatch(path.name)
            first = int(match[1]) if match else -1
            if len(trials) == 0 or not np.array_equal(trials, first + np.arange(len(trials))):
                raise Damaged("its trials are not those of its name")
            if self.identity is not None:
                tag = _tag(table.schema)
                if tag.get("identity") != self.identity:
                    raise Damaged("it belongs to another campaign")
                if tag.get("content") != content_hash(table):
                    raise Damaged("its content is not what was written")
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            raise Damaged(_first_line(error)) from None
        return table

    def _check_made_of_samples(self, table: Any) -> None:
        """Raise :class:`Damaged` if a sound part was made of other samples than are there.

        If these have no hashes of their own it is they that are not believed: :class:`SpicekitError`.
        """
        expected = _tag(table.schema).get("samples")
        if not expected or not self.samples.exists():
            return
        first = int(table["trial"][0].as_py())
        if samples_hash(self.read_samples(first, first + len(table))) == expected:
            return
        if self.samples_are_bound():
            raise Damaged("it was made of other samples")
        with self._reading_samples():
            raise Damaged(f"trials {first} to {first + len(table) - 1} were made of others")

    def set_aside(self, path: Path) -> Path:
        """Move a part out of the way, into the folder ``quarantine``; returns its new path."""
        folder = self.folder / "quarantine"
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


def content_hash(table: Any) -> str:
    """SHA-256 of the columns of an Arrow table: names, types and values."""
    found = hashlib.sha256()
    for name in table.column_names:
        values = table[name].to_numpy(zero_copy_only=False)
        found.update(f"{name} {table.schema.field(name).type} {len(values)}\n".encode())
        found.update("\n".join(map(str, values)).encode() if values.dtype == object else np.ascontiguousarray(values).tobytes())
    return found.hexdigest()


def samples_hash(samples: Mapping[str, NDArray[np.float64]]) -> str:
    """SHA-256 of the samples of consecutive trials."""
    found = hashlib.sha256()
    for name, values in samples.items():
        found.update(f"{name} {len(values)}\n".encode())
        found.update(np.ascontiguousarray(values, dtype=np.float64).tobytes())
    return found.hexdigest()


def _tag(schema: Any) -> dict[str, Any]:
    """What we have written beside the columns of a Parquet file."""
    tag = json.loads((schema.metadata or {}).get(b"spicekit", b"{}"))
    return tag if isinstance(tag, dict) else {}


def _unusable(path: Path, error: Damaged) -> SpicekitError:
    return SpicekitError(f"{path} cannot be used: {error}; the campaign's command, given again, sets it aside and goes on")


def _hashes(file: pq.ParquetFile) -> list[str] | None:
    """Of each group of rows of the samples; None for a file that never had any."""
    text = (file.metadata.metadata or {}).get(HASHES.encode())
    if text is None and _tag(file.schema_arrow).get("hashed"):
        raise Damaged("the hashes of its content are gone")
    return None if text is None else list(json.loads(text))


def _untagged(table: Any) -> Any:
    return table.replace_schema_metadata(None)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder, which is made if it is missing: a second process on it is turned away."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle: IO[bytes] = open(folder / ".lock", "wb", opener=regular)  # noqa: SIM115 - closed below
    except OSError as error:
        raise UserError(f"--out {folder}: cannot write there: {error.strerror}") from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(f"{folder} is in use by another spicekit process") from None
        with held(folder):
            yield


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
