"""A campaign's folder.

::

    campaign.json       what is simulated: bench, parameters, variations, seed, versions, netlist hash
    netlist.cir         the nominal netlist, stand-alone
    samples.parquet     trial, weight, value of every variation point; written before anything is simulated
    trials/part-*.parquet   trial, outcome, attempt, measures; one file a chunk
    summary.json        statistics and margins
    *.png               plots

Every file is written beside its final name and renamed when complete, so a reader never sees half a file and a campaign
that was killed at any point goes on where it stopped.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from montecarlo.worker import Table
from spicekit.errors import SpicekitError, UserError
from spicekit.files import write_atomically

SAMPLE_ROWS = 10_000  # rows a group of samples.parquet: what is held in memory at a time


class Store:
    """The folder of one campaign."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def record(self) -> Path:
        return self.folder / "campaign.json"

    @property
    def samples(self) -> Path:
        return self.folder / "samples.parquet"

    @property
    def parts_folder(self) -> Path:
        return self.folder / "trials"

    def read_record(self) -> dict[str, Any]:
        """The contents of ``campaign.json``; :class:`UserError` if the folder holds no campaign."""
        try:
            record: dict[str, Any] = json.loads(self.record.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UserError(f"{self.folder} holds no campaign (no campaign.json)") from None
        except (OSError, json.JSONDecodeError, UnicodeDecodeError) as error:
            raise UserError(f"{self.record} cannot be read: {error}") from None
        if not isinstance(record, dict):
            raise UserError(f"{self.record} cannot be read: it is not a JSON object")
        return record

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder: a second process on it is turned away."""
        with locked(self.folder, self.parts_folder):
            yield

    def write_samples(self, trials: int, draw: Callable[[int, int], dict[str, NDArray[np.float64]]]) -> None:
        """Write the samples of all trials; ``draw(first, last)`` gives point -> array."""

        def write(file: Path) -> None:
            writer: pq.ParquetWriter | None = None
            for first in range(0, trials, SAMPLE_ROWS):
                last = min(first + SAMPLE_ROWS, trials)
                columns: dict[str, Any] = {"trial": np.arange(first, last), "weight": np.ones(last - first)}
                table = pa.table(columns | draw(first, last))
                if writer is None:
                    writer = pq.ParquetWriter(
                        file, table.schema, compression="zstd", use_dictionary=["weight"], write_page_checksum=True
                    )
                writer.write_table(table)
            assert writer is not None
            writer.close()

        write_atomically(self.samples, write)

    def read_samples(self, first: int, last: int) -> dict[str, NDArray[np.float64]]:
        """Values of the variation points for trials ``first`` to ``last - 1``."""
        groups = range(first // SAMPLE_ROWS, (last - 1) // SAMPLE_ROWS + 1)
        try:
            table = pq.ParquetFile(self.samples, page_checksum_verification=True).read_row_groups(list(groups))
        except (OSError, pa.ArrowException) as error:
            raise SpicekitError(
                f"{self.samples} cannot be read ({_first_line(error)}); remove it and run the campaign's command again, "
                "which draws the same samples"
            ) from None
        start = first - groups[0] * SAMPLE_ROWS
        points = [name for name in table.column_names if name not in ("trial", "weight")]
        return {name: table[name].to_numpy()[start : start + last - first] for name in points}

    def write_part(self, table: Table) -> None:
        """Append the results of one chunk."""
        columns: dict[str, Any] = {
            "trial": np.arange(table.first, table.first + table.trials),
            "outcome": pa.array(table.outcomes, pa.string()),
            "attempt": pa.array(table.attempts, pa.int8()),
        }
        data = pa.table(columns | table.measures)
        path = self.parts_folder / f"part-{table.first:09d}.parquet"
        write_atomically(path, lambda file: pq.write_table(data, file, compression="zstd", write_page_checksum=True))

    def parts(self) -> list[Path]:
        """The finished parts, in the order of their trials."""
        return sorted(self.parts_folder.glob("part-*.parquet"))

    def finished(self, warn: Callable[[str], None]) -> dict[int, int]:
        """First trial -> number of trials of every sound part; a damaged part is named, removed, and simulated again."""
        found = {}
        for path in self.parts():
            try:
                column = pq.read_table(path, page_checksum_verification=True)["trial"].to_numpy()
                first = int(path.stem.removeprefix("part-"))
                if len(column) == 0 or column[0] != first or not np.array_equal(column, first + np.arange(len(column))):
                    raise ValueError("its trials are not those of its name")
            except (OSError, ValueError, KeyError, pa.ArrowException) as error:
                warn(f"{path} is damaged ({_first_line(error)}); its trials are simulated again")
                path.unlink()
                continue
            found[first] = len(column)
        return found

    def column(self, name: str) -> NDArray[Any]:
        """One column of the trials table over all parts."""
        parts = [pq.read_table(path, columns=[name])[name].to_numpy(zero_copy_only=False) for path in self.parts()]
        return np.concatenate(parts) if parts else np.empty(0)

    def results(self) -> dict[str, NDArray[Any]]:
        """The whole trials table, column by column: for campaigns of which there are many, and each is small."""
        table = pa.concat_tables([pq.read_table(path) for path in self.parts()])
        return {name: table[name].to_numpy() for name in table.column_names}

    def head(self, trials: int) -> dict[str, NDArray[Any]]:
        """The first ``trials`` rows of the trials table, column by column."""
        tables, rows = [], 0
        for path in self.parts():
            tables.append(pq.read_table(path))
            rows += len(tables[-1])
            if rows >= trials:
                break
        table = pa.concat_tables(tables)[:trials]
        return {name: table[name].to_numpy() for name in table.column_names}

    def clean(self) -> None:
        """Remove what an interrupted write left behind."""
        for leftover in [*self.folder.glob(".*.tmp"), *self.parts_folder.glob(".*.tmp")]:
            leftover.unlink()


@contextlib.contextmanager
def locked(folder: Path, inner: Path | None = None) -> Iterator[None]:
    """Hold a folder, which is made (with ``inner`` in it) if it is missing: a second process on it is turned away."""
    try:
        (inner or folder).mkdir(parents=True, exist_ok=True)
        handle: IO[str] = (folder / ".lock").open("w")
    except OSError as error:
        raise UserError(f"--out {folder}: cannot write there: {error.strerror}") from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(f"{folder} is in use by another spicekit process") from None
        yield


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
