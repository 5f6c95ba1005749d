"""What binds the files of a folder to each other: hashes of their content, and a tag beside the columns of a Parquet file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from spicekit.waves import Array


class Damaged(Exception):
    """A file that is there and can be read, and does not hold what it should; the text says why."""


def content_hash(table: Any) -> str:
    """SHA-256 of the columns of an Arrow table: names, types and values."""
    found = hashlib.sha256()
    for name in table.column_names:
        values = table[name].to_numpy(zero_copy_only=False)
        found.update(f"{name} {table.schema.field(name).type} {len(values)}\n".encode())
        found.update("\n".join(map(str, values)).encode() if values.dtype == object else np.ascontiguousarray(values).tobytes())
    return found.hexdigest()


def samples_hash(samples: Mapping[str, Array]) -> str:
    """SHA-256 of the samples of consecutive trials."""
    found = hashlib.sha256()
    for name, values in samples.items():
        found.update(f"{name} {len(values)}\n".encode())
        found.update(np.ascontiguousarray(values, dtype=np.float64).tobytes())
    return found.hexdigest()


def tag_of(schema: Any) -> dict[str, Any]:
    """What we have written beside the columns of a Parquet file."""
    found = json.loads((schema.metadata or {}).get(b"spicekit", b"{}"))
    return found if isinstance(found, dict) else {}


def first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
