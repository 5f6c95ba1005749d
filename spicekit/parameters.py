"""The parameters of a bench: how one is declared, how what a user gives is read, and how it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from spicekit.errors import UserError, listed
from spicekit.paths import absolute
from spicekit.toml import complaint
from spicekit.units import format_value, parse_quantity

LOWEST, HIGHEST = 0.1, 3.0  # of a technology's nominal supply: beyond, its models mean nothing and its gates would not last

STRAINED = 1.25  # of it: a note beyond; corners of a supply end at 1.1, and words are driven a little above


def quantity(default: Any, unit: str, meaning: str, **limits: Any) -> Any:
    """A numeric parameter: default, unit, meaning and the limits ``gt ge lt le``, all of them shown to the user."""
    return Field(default, description=meaning, json_schema_extra={"unit": unit}, **limits)


def channel_width(default: Any, meaning: str, *, le: float, least: float = 1.0) -> Any:
    """A width of transistors in metres: from ``least`` times the technology's smallest W, of whose inverse the smallest
    transistor that follows it is, to ``le``.
    """
    return Field(default, description=meaning, json_schema_extra={"unit": "m", "size": "W", "least": least}, gt=0, le=le)


def channel_length(default: Any, meaning: str, *, le: float, least: float = 1.0) -> Any:
    """A length of transistors: like :func:`channel_width`."""
    return Field(default, description=meaning, json_schema_extra={"unit": "m", "size": "L", "least": least}, gt=0, le=le)


def voltage(default: Any, meaning: str, **limits: Any) -> Any:
    """A voltage that transistors see: at most :data:`HIGHEST` times the technology's supply, whatever ``limits`` allow."""
    return Field(default, description=meaning, json_schema_extra={"unit": "V", "applied": True}, **limits)


def option(default: Any, meaning: str) -> Any:
    """A parameter that is one of several words; its type is a ``Literal``."""
    return Field(default, description=meaning, json_schema_extra={"unit": ""})


def named_file(default: Any, meaning: str) -> Any:
    """A parameter that is the name of something shipped or the path of a user's file; a path becomes absolute at once."""
    return Field(default, description=meaning, json_schema_extra={"unit": "", "file": True})


class Group(BaseModel):
    """Parameters that belong together, for several benches to be mixed of: ``class CellParameters(Access, JunctionParameters)``.

    pydantic takes a parameter of two bases from the first, inherited or not: a group does not inherit from
    :class:`BenchParameters`, so that it brings none of those.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class BenchParameters(Group):
    """The parameters that every bench has."""

    technology: str = named_file("ptm45", "CMOS technology: a shipped one or the path of a TOML file")
    corner: str = option("tt", "process corner of the technology")
    temperature: float = quantity(27.0, "C", "temperature of all devices")
    vdd: float | None = voltage(None, "supply; the technology's nominal one if not given", gt=0, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        read, wrong = cls.numbers(given)
        if wrong:
            raise UserError(listed(wrong.values()))
        return read

    @classmethod
    def numbers(cls, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """Numbers in SPICE's way (``200n``) become floats, temperatures (``358K``) Celsius, paths absolute; and what is none."""
        read, wrong = dict(given), {}
        for name, value in given.items():
            field = cls.model_fields.get(name)
            if isinstance(value, str) and field is not None and parameter_extra(cls, name).get("file"):
                read[name] = absolute(value)
            numeric = field is not None and field.annotation in (float, int, float | None, int | None)
            if numeric and isinstance(value, bool | np.bool):
                wrong[name] = f"parameter '{name}': {value} is not a number"
            if numeric and isinstance(value, str):
                try:
                    read[name] = parse_quantity(value, cls.unit_given(name, given))
                except UserError as error:
                    wrong[name] = f"parameter '{name}': {error}"
        return read, wrong

    @classmethod
    def unit_given(cls, name: str, given: Mapping[str, Any]) -> str:
        """The unit in which a user gives parameter ``name``, where that depends on others of those ``given``."""
        return unit_of(cls, name)


P = TypeVar("P", bound=BenchParameters)


def read_parameters(kind: type[P], given: Mapping[str, Any]) -> tuple[P | None, dict[str, str]]:
    """The parameters, and what is wrong with those ``given``: name -> a line.

    What is wrong is left at its default, so that the others can be looked at; None if they do not fit together then.
    """
    _, wrong = kind.numbers(given)
    right = {name: value for name, value in given.items() if name not in wrong}
    for _ in range(2):
        try:
            return kind(**right), wrong
        except ValidationError as error:
            if wrong and not any(one["loc"] for one in error.errors()):  # perhaps for what is left at its default
                break
            for one in error.errors():
                line = complaint(one, kind)
                name = str(one["loc"][0]) if one["loc"] else line.partition(":")[0]
                wrong[name] = f"parameter {line}"
                right.pop(name, None)
    return None, wrong


def parameter_extra(parameters: type[BaseModel], name: str) -> dict[str, Any]:
    """What is declared of a parameter beside its type, default and meaning: ``unit``, ``file``."""
    extra = parameters.model_fields[name].json_schema_extra
    return dict(extra) if isinstance(extra, dict) else {}


def shown_value(parameters: type[BenchParameters], name: str, value: Any) -> str:
    """One parameter's value as people read it."""
    unit = unit_of(parameters, name)
    if isinstance(value, float):
        return format_value(value, unit)
    return "(default)" if value is None else " ".join(f"{value} {unit}".split())  # one line: it goes into a netlist


def unit_of(parameters: type[BaseModel], name: str) -> str:
    """The unit of one parameter; empty for a pure number or a word."""
    return str(parameter_extra(parameters, name).get("unit", ""))
