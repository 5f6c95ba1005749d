"""The files of a trimmed library: the library and the technology that names it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from spicekit.errors import UserError, unknown
from spicekit.files import write_text
from spicekit.technology import Technology, load_technology
from spicekit.trim import Trimmed, trimmed, trimmed_library, trimmed_technology
from spicekit.units import parse_quantity

_SIZED = re.compile(r"^x.*\s[np]mos\w*_(?:mc|tt)\s.*\bw=(\S+)\s+l=(\S+)", re.IGNORECASE | re.MULTILINE)


def read_size(text: str) -> tuple[float, float]:
    """``1u/150n`` as W and L in metres.  Raises :class:`UserError` for what is none."""
    width, slash, length = text.partition("/")
    if not slash:
        raise UserError(f"--size '{text}': give W/L, e.g. 1u/150n")
    return parse_quantity(width, "m"), parse_quantity(length, "m")


def bench_sizes(name: str, technology: str) -> set[tuple[float, float]]:
    """W and L of the transistors of a bench with its defaults."""
    from spicekit.engines.calibrate import calibrated
    from spicekit.netlist import render
    from spicekit.registry import make_bench

    found = set()
    for width, length in _SIZED.findall(render(calibrated(make_bench(name, {"technology": technology})))):
        try:
            found.add((float(width), float(length)))
        except ValueError:  # an expression of a subcircuit's own parameters
            continue
    return found


def write_trimmed(
    technology: Technology, output: Path, corners: Iterable[str], sizes: Sequence[tuple[float, float]] = ()
) -> dict[str, Trimmed]:
    """Write NAME.lib and NAME.toml of ``output`` with ``corners`` of the library of ``technology``; what each holds.

    Raises :class:`UserError` for an unknown corner, and for what cannot be trimmed.  Nothing is written then.
    """
    if output.suffix not in ("", ".toml", ".lib"):
        raise UserError(f"-o {output}: allowed: NAME.toml; the library is written beside it, as NAME.lib")
    found = {}
    for name in corners:
        if name not in technology.corners:
            raise unknown("corner", name, technology.corners, of=f"technology '{technology.name}'")
        found[name] = trimmed(technology, name, sizes)
    library, card = output.with_suffix(".lib"), output.with_suffix(".toml")
    if technology.file in (card.resolve(), library.resolve()) or any(
        library.resolve() == path.resolve() for name in corners for path, _ in technology.roots(name)
    ):
        raise UserError(f"-o {output}: this would overwrite what is trimmed: give another name")
    write_text(library, trimmed_library(technology, found))
    write_text(card, trimmed_technology(technology, library, found))
    load_technology(str(card.absolute()))
    return found
