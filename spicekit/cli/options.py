"""Options and arguments that several commands share, and how their text is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spicekit.errors import UserError

if TYPE_CHECKING:
    from spicekit.bench import Bench


def complete_bench(incomplete: str) -> list[str]:
    from spicekit.registry import bench_names

    return [name for name in bench_names() if name.startswith(incomplete)]


def given_path(text: str) -> Path:
    """A path as a user gives it.

    Raises :class:`UserError` for an empty one, which would be the working folder, for ``-``, which to other programs is a
    standard stream, and for one that is not UTF-8, which the libraries for tables cannot open.
    """
    if not text:
        raise UserError("an empty path given; allowed: the name of a file or folder, . for the working folder")
    if text == "-":
        raise UserError("path '-': standard input and output have no name here; give that of a file or folder (./- if it is -)")
    if "\0" in text:
        raise UserError(f"path {text!r}: a name may hold no NUL")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UserError(f"path {text!r}: its name is not UTF-8; give another") from None
    return Path(text)


BenchName = Annotated[
    str, typer.Argument(help="Bench name, path/to/file.py:Name, or a netlist: path/to/my.spice.", autocompletion=complete_bench)
]
Parameters = Annotated[list[str] | None, typer.Option("-p", "--parameter", help="NAME=VALUE; see `spicekit show BENCH`.")]
Corner = Annotated[str | None, typer.Option(help="Process corner, same as -p corner=.")]
Temperature = Annotated[str | None, typer.Option(help="85 or 85C, or 358K; same as -p temperature=.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
RunTimeout = Annotated[
    float, typer.Option("--timeout", help="Processor seconds of the simulation, netlist loaded.", min=0.1, max=1e7)
]


def read_option(option: str, text: str, unit: str) -> float:
    """The number in ``unit`` that an option gives."""
    from spicekit.units import parse_quantity

    try:
        return parse_quantity(text, unit)
    except UserError as error:
        raise UserError(f"{option} {error}") from None


def read_parameters(given: list[str] | None, corner: str | None, temperature: str | None) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for text in given or []:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UserError(f"-p '{text}': give NAME=VALUE")
        _once(parameters, name.strip(), value.strip())
    if corner is not None:
        _once(parameters, "corner", corner)
    if temperature is not None:
        _once(parameters, "temperature", temperature)
    return parameters


def _once(parameters: dict[str, str], name: str, value: str) -> None:
    """Of two values neither is taken for the one that was meant."""
    if name in parameters:
        raise UserError(f"'{name}' is given twice: '{parameters[name]}' and '{value}'")
    parameters[name] = value


def read_bench(name: str, given: list[str] | None, corner: str | None, temperature: str | None) -> Bench:
    from spicekit.registry import make_bench

    return make_bench(name, read_parameters(given, corner, temperature))
