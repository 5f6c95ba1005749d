"""Reading the files of lookup tables: ``table.nc``, and the ``.npz`` that is exported of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spicekit.errors import UserError
from spicekit.files import checked_regular
from spicekit.table_layout import inner
from spicekit.waves import Array


class Parts(NamedTuple):
    """What a lookup table is made from, as :class:`spicekit.table.LookupTable` takes it."""

    coordinates: dict[str, NDArray[Any]]
    variables: dict[str, tuple[tuple[str, ...], Array]]
    units: dict[str, str]
    attributes: dict[str, Any]
    origin: str
    meanings: dict[str, str]


def from_npz(file: Path) -> Parts:
    """Those of an exported ``.npz``."""
    with np.load(checked_regular(file), allow_pickle=False) as data:
        header = json.loads(str(data["header"]))
        coordinates = {name: data[f"coordinate_{name}"] for name in header["coordinates"]}
        variables = {name: (tuple(dimensions), data[f"variable_{name}"]) for name, dimensions in header["dimensions"].items()}
    return Parts(coordinates, variables, header["units"], header["attributes"], file.name, header["meanings"])


def from_netcdf(file: Path) -> Parts:
    """By h5py alone: xarray takes ten times as long for a table's hundreds of small variables, most of it for their indexes."""
    try:
        import h5py
    except ImportError:
        raise UserError(f"{file} needs the package h5py; without it: spicekit table export {file.parent} --to npz") from None

    with h5py.File(checked_regular(file)) as data:
        attributes = {str(name): value for name, value in data.attrs.items() if name != "_NCProperties"}
        if "spicekit" not in attributes:
            raise UserError(f"{file} is not a table of spicekit")
        at = {name: h5py.h5o.get_info(variable.id).addr for name, variable in data.items()}
        scales = {at[name]: name for name, variable in data.items() if variable.attrs.get("CLASS") == b"DIMENSION_SCALE"}
        coordinates: dict[str, NDArray[Any]] = {}
        variables: dict[str, tuple[tuple[str, ...], Array]] = {}
        units: dict[str, str] = {}
        meanings: dict[str, str] = {}
        for name, variable in data.items():
            notes = variable.attrs
            if "scale_factor" in notes or "add_offset" in notes:
                raise ValueError(f"variable {name} is packed")
            units[name] = str(notes.get("units", ""))
            if at[name] in scales:
                coordinates[name] = variable[()] if variable.dtype.kind in "fiu" else variable.asstr()[()].astype(str)
                continue
            meanings[name] = str(notes.get("long_name", ""))
            if variable.dtype.kind not in "fiub":
                continue
            axes = (h5py.h5r.dereference(axis[0], data.id) for axis in notes.get("DIMENSION_LIST", ()))
            dimensions = tuple(scales[h5py.h5o.get_info(axis).addr] for axis in axes)
            variables[name] = (dimensions, np.asarray(variable[()], dtype=float))
    names = sorted(coordinates, key=inner)  # these come last
    return Parts({name: coordinates[name] for name in names}, variables, units, attributes, file.name, meanings)
