"""The characterisation of the macro, and the decision errors of its rows at an operating point of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from montecarlo.characterize import Characterisation
from montecarlo.systems import system_table
from spicekit.errors import UserError
from spicekit.table import LookupTable
from stt_bnn.network import CELLS
from stt_bnn.rows import RowErrors

SYSTEM = "stt-bnn"
TYPICAL: dict[str, Sequence[Any]] = {"vdd": (1.1,), "temperature": (27.0,), "corner": ("tt",)}
# what the table is made over if none is given
NETWORK: dict[str, Sequence[Any]] = TYPICAL | {"tmr": (1.0, 1.5, 2.0, 2.5, 3.0), "n": (CELLS,)}
SEGMENTS: dict[str, Sequence[Any]] = TYPICAL | {"tmr": (2.5,), "n": (32, 64, 128, 256), "boost": (0,)}
LABELS = {"sigma": "σ of a row's threshold (LSB)", "tmr": "TMR", "boost": "lifts of the sense node"}  # axes of the experiment
SIGMAS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)


@dataclass(frozen=True)
class Point:
    """An operating point of the table, or one of the axis ``sigma``, whose shifts are normal."""

    axis: str
    value: float
    errors: RowErrors


def characterisation(
    given: Path | None, folder: Path, over: Mapping[str, Sequence[Any]], say: Callable[[str], None]
) -> LookupTable:
    """The table in ``given``, or one made in ``folder`` ``over`` a small grid; what is there is not made again.

    Raises :class:`UserError` if ``given`` is no table of the system.
    """
    if given is None:
        say(f"no --table: simulating a small one in {folder} (spicekit characterize {SYSTEM} makes the full one)")
        Characterisation(system_table(SYSTEM), over=over).run(folder, warn=say)
        given = folder
    table = LookupTable.load(given)
    if table.provenance.get("system") != SYSTEM:
        raise UserError(f"--table {given}: not a table of spicekit characterize {SYSTEM}")
    return table


def nominal(table: LookupTable, n: int = CELLS) -> dict[str, Any]:
    """The table's nominal operating point, for rows of ``n`` cells."""
    place: Mapping[str, Any] = table.provenance["nominal"]
    return {name: value for name, value in place.items() if name in table.coordinates} | {"n": n}


def row_errors(table: LookupTable, **changed: Any) -> RowErrors:
    """At the nominal operating point with some coordinates ``changed``."""
    place = nominal(table) | changed
    distance = table.coordinates["distance"].astype(float)
    rate = np.asarray(table.query("error", **place, distance=distance))
    known = np.isfinite(rate)
    row, total = (float(table.query(name, **place)) for name in ("sigma_row", "sigma_total"))
    return RowErrors(int(place["n"]), total, min(row, total), (distance[known], rate[known]))


def points_of(table: LookupTable) -> list[Point]:
    """The axis ``sigma``, then each dimension of the table through its nominal point."""
    centre = row_errors(table)
    share = centre.sigma_row / centre.sigma_total
    found = [Point("sigma", sigma, RowErrors(centre.n, sigma, share * sigma)) for sigma in SIGMAS]
    for axis, value in _places(table):
        found.append(Point(axis, value, row_errors(table, **{axis: value})))
    return found


def _places(table: LookupTable) -> Iterator[tuple[str, Any]]:
    dimensions = table.variables["error"][0]
    for axis in LABELS:
        if axis in dimensions and len(table.coordinates[axis]) > 1:
            for value in table.coordinates[axis].tolist():
                yield axis, value


def described(table: LookupTable) -> str:
    """The nominal operating point in words."""
    place = nominal(table)
    words = [f"TMR {place['tmr']:.0%}"] if "tmr" in place else []
    words += [f"{place['vdd']:g} V"] if "vdd" in place else []
    words += [f"{place['temperature']:g} °C"] if "temperature" in place else []
    words += [str(place["corner"])] if "corner" in place else []
    words += [f"boost {place['boost']:g}"] if "boost" in place else []
    return ", ".join(words)
