"""Typed records read from TOML: device cards, technologies.  An error names the file, the key and what is allowed."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from spicekit import inputs
from spicekit.errors import UserError, listed


class Record(BaseModel):
    """Base of everything read from a user's file: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


R = TypeVar("R", bound=Record)


def read_toml(file: Path, record: type[R]) -> R:
    """Read ``file`` into ``record``.

    Raises :class:`UserError` with one line for a file that is missing, is not TOML, or has a wrong key or value.
    """
    return to_record(file, read_table(file), record)


def to_record(file: Path, table: dict[str, Any], record: type[R]) -> R:
    """The ``table`` that :func:`read_table` found in ``file`` as a ``record``.  Raises :class:`UserError` as that does."""
    try:
        return record.model_validate(table)
    except ValidationError as error:
        raise UserError(f"{file}: {explain(error, record)}") from None


def read_table(file: Path) -> dict[str, Any]:
    """The keys and values of ``file``.  Raises :class:`UserError` with one line if it is missing or is not TOML."""
    try:
        return tomllib.loads(inputs.read(file).decode())
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from None
    except RecursionError:
        raise UserError(f"{file}: not valid TOML: lists or tables in each other without end") from None
    except ValueError as error:  # not TOML, not UTF-8, or a number of thousands of digits
        raise UserError(f"{file}: not valid TOML: {str(error).partition(';')[0]}") from None


def explain(error: ValidationError, record: type[BaseModel]) -> str:
    """Pydantic's complaints as one line: of each key the first: what was given, what is allowed."""
    found: dict[tuple[int | str, ...], str] = {}
    for one in error.errors():
        if not any(one["loc"][: len(key)] == key for key in found):  # a value of several types: the first one's complaint
            found[one["loc"]] = complaint(one, record)
    return listed(found.values())


def complaint(one: ErrorDetails, record: type[BaseModel]) -> str:
    """One of them."""
    key = ".".join(str(part) for part in one["loc"])
    if one["type"] == "missing":
        return f"missing key '{key}'"
    if one["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(one["loc"][-1]), _keys(record, one), n=2, cutoff=0.6)
        return f"unknown key '{key}'" + (f"; did you mean {' or '.join(near)}?" if near else "")
    message = one["msg"].removeprefix("Value error, ").replace("Input should be", "allowed:")
    message = re.sub(r"\b0\.000\d+", lambda limit: f"{float(limit[0]):g}", message)  # pydantic writes 0.000000000001
    given = "" if isinstance(one["input"], dict | BaseModel) else f" (given: {one['input']!r})"
    return (f"{key}: " if key else "") + message[0].lower() + message[1:] + given


def _keys(record: type[BaseModel], one: ErrorDetails) -> list[str]:
    model: Any = record
    for part in one["loc"][:-1]:
        field = getattr(model, "model_fields", {}).get(part)
        model = field.annotation if field is not None else None
    return list(getattr(model, "model_fields", {}))
