"""The JSON files of a results folder: how their records are written and read, in one place, and the record of one simulation.

Every file goes through :func:`write`, which refuses what its record does not declare, and through :func:`read`, which refuses
what has another type or range, or was changed after it was written.  Keys that are not declared are ignored there: a later
version may have written them.  Version 0.1 had neither ``schema`` nor checksum: they have defaults.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spicekit import files
from spicekit.errors import SpicekitError
from spicekit.outcome import Outcome
from spicekit.toml import explain

SCHEMA = 1  # of these records: raised when a key changes its meaning


class Record(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False, strict=True, serialize_by_alias=True)


class File(Record):
    """The whole of a file."""

    version: int = Field(0, alias="schema", ge=0)


Model = TypeVar("Model", bound=BaseModel)


class Quantity(Record):
    value: float | None
    unit: str


class Calibration(Record):
    """A number that the nominal circuit was simulated for, beforehand."""

    value: float
    unit: str
    meaning: str
    how: str


class Run(File):
    """``run.json``."""

    bench: str
    parameters: dict[str, Any]
    outcome: Outcome
    measures: dict[str, Quantity]
    calibrations: dict[str, Calibration] = {}


def write(path: Path, record: type[BaseModel], content: Mapping[str, Any]) -> dict[str, Any]:
    """Write ``content`` to ``path`` with the version of the schema and a checksum; returns what was written.

    Raises :class:`ValueError` for a key that ``record`` does not declare, at any depth: what is written reads back as it is.
    """
    return files.write_record(path, checked({**content, "schema": SCHEMA}, record))


def checked(content: Mapping[str, Any], record: type[BaseModel]) -> dict[str, Any]:
    """``content`` itself.  Raises :class:`ValueError` for a key that ``record`` does not declare, at any depth."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(content), allow_nan=False))
    plain.pop(files.CHECKSUM, None)
    model = record.model_validate_json(json.dumps(plain))
    back = model.model_dump(mode="json", exclude_unset=True)
    if back != plain:
        odd = [key for key in plain if back.get(key) != plain[key]]
        raise ValueError(f"{record.__name__} does not declare all of {', '.join(odd)}")
    return plain


def read(path: Path, record: type[Model]) -> Model:
    """``path`` as ``record``; :class:`SpicekitError` with one line that names the file for anything wrong with it."""
    return typed(files.read_record(path), record, path)


def typed(content: Mapping[str, Any], record: type[Model], origin: Path) -> Model:
    """The ``content`` of the file ``origin`` as ``record``."""
    try:
        text = json.dumps(content)
    except RecursionError:
        raise SpicekitError(f"{origin} is damaged or of another version: lists in lists without end") from None
    return parse(text, record, str(origin))


def parse(text: bytes | str, record: type[Model], origin: str) -> Model:
    """JSON ``text`` from ``origin`` as ``record``."""
    try:
        return record.model_validate_json(text)
    except ValidationError as error:
        raise SpicekitError(f"{origin} is damaged or of another version: {explain(error, record)}") from None
