"""``samples.parquet``: trial, weight, value of every variation point, hashes of them; written before anything is simulated."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from montecarlo.running.content import Damaged, content_hash, first_line, tag_of
from spicekit.errors import SpicekitError
from spicekit.files import checked_regular, write_atomically
from spicekit.waves import Array

SAMPLE_ROWS = 10_000  # rows a group of samples.parquet: what is held in memory at a time
HASHES = "spicekit_content"  # key in samples.parquet: SHA-256 of each group


class Samples:
    """The file at ``path``, which ``identity`` binds to its campaign (None: it is of version 0.1 and bound to nothing)."""

    def __init__(self, path: Path, identity: str | None) -> None:
        self.path = path
        self._identity = identity
        self._group: tuple[tuple[int, ...], dict[str, Array]] | None = None  # that was read last

    def write(self, trials: int, draw: Callable[[int, int], dict[str, Array]]) -> None:
        """Write the samples of all trials; ``draw(first, last)`` gives point -> array.

        Beside them stands the hash of each group of rows, so that a file rewritten with other values is not believed.
        """
        self._group = None
        tag = {"spicekit": json.dumps({"identity": self._identity, "trials": trials, "hashed": True})}

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

        write_atomically(self.path, write)

    def check(self, trials: int) -> None:
        """Raise :class:`SpicekitError` unless ``samples.parquet`` holds this campaign's, all of them, with their hashes.

        Their values are compared with the hashes where they are read, and with the parts (see :mod:`montecarlo.running.parts`).
        """
        with self.reading() as file:
            if self._identity is not None and _hashes(file) is None:
                raise Damaged("the hashes of its content are gone")
            if file.metadata.num_rows != trials:
                raise Damaged(f"it holds {file.metadata.num_rows} of {trials} trials")

    def read(self, first: int, last: int) -> dict[str, Array]:
        """Values of the variation points for trials ``first`` to ``last - 1``, as they were written."""
        pieces = []
        with self.reading() as file:
            for group in range(first // SAMPLE_ROWS, (last - 1) // SAMPLE_ROWS + 1):
                values, start = self._read_group(file, group), group * SAMPLE_ROWS
                pieces.append({name: column[max(first - start, 0) : last - start] for name, column in values.items()})
            if sum(len(next(iter(piece.values()))) for piece in pieces) != last - first:
                raise Damaged(f"it ends before trial {last}")
        return pieces[0] if len(pieces) == 1 else {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}

    def bound(self) -> bool:
        """Whether the file carries hashes of its content: not in version 0.1, nor in the first folders of 0.2."""
        with self.reading() as file:
            return _hashes(file) is not None

    def _read_group(self, file: pq.ParquetFile, group: int) -> dict[str, Array]:
        """A group of rows; the last one is kept, as the next tasks want the same."""
        stamp = self.path.stat()
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
    def reading(self) -> Iterator[pq.ParquetFile]:
        """The file, of this campaign.  What is wrong with it within is a :class:`SpicekitError` that says what to do."""
        try:
            path = checked_regular(self.path)  # what the system refuses is no damage
        except OSError as error:
            raise SpicekitError(f"{self.path} cannot be read: {error.strerror}") from None
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                if self._identity is not None and tag_of(file.schema_arrow).get("identity") != self._identity:
                    raise Damaged("it belongs to another campaign")
                yield file
        except (OSError, ValueError, LookupError, Damaged, pa.ArrowException) as error:
            raise SpicekitError(
                f"{self.path} cannot be used ({first_line(error)}); move it away and run the campaign's command again, "
                "which draws the same samples"
            ) from None


def _hashes(file: pq.ParquetFile) -> list[str] | None:
    """Of each group of rows of the samples; None for a file that never had any."""
    text = (file.metadata.metadata or {}).get(HASHES.encode())
    if text is None and tag_of(file.schema_arrow).get("hashed"):
        raise Damaged("the hashes of its content are gone")
    return None if text is None else list(json.loads(text))
