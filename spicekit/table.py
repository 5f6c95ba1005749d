"""Lookup tables: measures over a grid of operating conditions, with units, spread and provenance.

What such a file holds: :mod:`spicekit.table_layout`.

:class:`LookupTable` answers queries from such a file, or from the ``.npz`` that it exports, for which numpy is enough.
"""

from __future__ import annotations

import hashlib
import json
import math
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spicekit.errors import UserError, unknown
from spicekit.files import write_atomically
from spicekit.grid import described, interpolate, place
from spicekit.table_file import from_netcdf, from_npz
from spicekit.table_layout import CHECKSUM, CORRELATION, QUANTILE, SUPPORT, inner
from spicekit.waves import Array

FEW = 100  # trials, below which draws come with a warning
_BLOCK = 65_536  # draws at a time: they stay in the cache


class LookupTable:
    """Measures over a grid: query by coordinate names, draw from the stored distributions.

    ``coordinates`` maps each dimension, in order, to its values (numbers in increasing order, or words); ``variables`` maps
    a name to (dimensions, array); ``units`` and ``meanings`` say what they are; ``attributes`` holds the provenance as the
    JSON text ``spicekit``.
    """

    def __init__(
        self,
        coordinates: Mapping[str, NDArray[Any]],
        variables: Mapping[str, tuple[tuple[str, ...], Array]],
        units: Mapping[str, str],
        attributes: Mapping[str, Any],
        origin: str = "table",
        meanings: Mapping[str, str] | None = None,
    ) -> None:
        self.coordinates = {name: np.asarray(values) for name, values in coordinates.items()}
        self.variables = dict(variables)
        self.units = dict(units)
        self.attributes = dict(attributes)
        self.origin = origin
        self.meanings = dict(meanings or {})

    @classmethod
    def load(cls, path: str | Path) -> LookupTable:
        """Read ``table.nc`` (or the folder that holds it) or an exported ``.npz``.

        Raises :class:`UserError` that names the file if it is missing, damaged or not a table.
        """
        file = Path(path)
        if file.is_dir():
            file = file / "table.nc"
        if not file.is_file():
            raise UserError(f"no table at {file}")
        try:
            table = cls(*(from_npz(file) if file.suffix == ".npz" else from_netcdf(file)))
            table.check()
            if not isinstance(table.provenance, dict):
                raise TypeError("its provenance is no JSON object")
            return table
        except UserError:
            raise
        except Exception as error:  # any reader's complaint about the file's content
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise UserError(f"{file} is damaged or not a table: {reason}") from None

    @property
    def measures(self) -> list[str]:
        """Names of what can be queried."""
        return [name for name, (dimensions, _) in self.variables.items() if not any(map(inner, dimensions))]

    @property
    def provenance(self) -> dict[str, Any]:
        """Where the numbers come from: bench or system, grid, parameters, trials, seed, versions, hash of the netlists."""
        found: dict[str, Any] = json.loads(self.attributes.get("spicekit", "{}"))
        return found

    def query(self, measure: str, /, **where: ArrayLike) -> Array:
        """``measure`` at the coordinates ``where``, multilinear between the grid points.

        Every coordinate of more than one value has to be given; numbers may be arrays, which broadcast.  The result has
        their shape.  A coordinate of the table on which this measure does not depend may be given and changes nothing.
        Raises :class:`UserError` for an unknown name, a missing coordinate, or a point outside the grid; a value that the
        simulations did not give is NaN.
        """
        dimensions, values = self._variable(measure)
        if any(map(inner, dimensions)):
            raise UserError(f"'{measure}' holds {dimensions[-1]}s; use sample(), sample_joint(), quantiles() or rows()")
        return self._interpolate(measure, dimensions, values[..., None], where)[..., 0]

    def quantiles(self, measure: str, /, **where: ArrayLike) -> tuple[Array, Array]:
        """Levels, shape (levels,), and quantiles of ``measure`` at ``where``: shape (..., levels)."""
        dimensions, values = self._distribution(measure)
        return self.coordinates["quantile"].astype(float), self._interpolate(measure, dimensions[:-1], values, where)

    def rows(self, name: str, /, **where: ArrayLike) -> Array:
        """What variable ``name`` holds along its further dimension (quantiles, pairs) at ``where``: shape (..., its length)."""
        dimensions, values = self._variable(name)
        return self._interpolate(name, dimensions[:-1], values, where)

    def sample_joint(
        self,
        rng: np.random.Generator,
        measures: Sequence[str],
        /,
        size: int | tuple[int, ...] | None = None,
        **where: ArrayLike,
    ) -> dict[str, Array]:
        """Draws of several ``measures`` of the same devices, each of shape ``size``: R_P with the R_AP of the same junction.

        Each measure is distributed as :meth:`sample` draws it; together they have the stored rank correlations (a Gaussian
        copula, :mod:`spicekit.joint_draws`).  Raises :class:`UserError` for measures that were not simulated together.
        """
        from spicekit.joint_draws import matrix, ranks

        measures = list(dict.fromkeys(measures))
        points = np.broadcast_shapes(*(np.shape(value) for value in where.values()))
        shape = self._shape(points, size)
        name = self._correlations(measures)
        dimensions, _ = self.variables[name]
        placed = {d: value for d, value in where.items() if d in dimensions or d not in self.coordinates}
        try:
            found = matrix(self.coordinates[dimensions[-1]].tolist(), self.rows(name, **placed), measures)
        except KeyError as error:
            raise UserError(f"{self.origin}: no joint distribution of '{error.args[0]}' and '{error.args[1]}'") from None
        if not np.isfinite(found).all():
            raise UserError(f"{self.origin}: no joint distribution of {', '.join(measures)} there: one does not vary")
        uniform = ranks(rng, found, shape)
        return {measure: self._at_ranks(measure, uniform[..., k], where) for k, measure in enumerate(measures)}

    def _correlations(self, measures: Sequence[str]) -> str:
        """The variable with the correlations of ``measures``: of the whole table, or of the part of a system that they are of."""
        for measure in measures:
            self._distribution(measure)
        for name, (dimensions, _) in self.variables.items():
            if name == CORRELATION or name.endswith(f"_{CORRELATION}"):
                known = {word for pair in self.coordinates[dimensions[-1]].tolist() for word in pair.split()}
                if known.issuperset(measures):
                    return name
        raise UserError(
            f"{self.origin}: {', '.join(measures)} have no joint distribution: they are not of the same trials, "
            "or the table was made before 0.2"
        )

    def _shape(self, points: tuple[int, ...], size: int | tuple[int, ...] | None) -> tuple[int, ...]:
        """Of draws of ``size`` at coordinates of shape ``points``."""
        shape = points if size is None else (size,) if isinstance(size, int) else tuple(size)
        try:
            np.broadcast_to(np.empty(points), shape)
        except ValueError:
            raise UserError(f"sample(): coordinates of shape {points} do not broadcast to size {shape}") from None
        return shape

    def _at_ranks(self, measure: str, uniform: Array, where: Mapping[str, ArrayLike]) -> Array:
        """Values of ``measure`` at ``uniform`` numbers of 0 to 1, each at its own point if coordinates are arrays."""
        dimensions, values = self._stretched(measure)
        self._warn_if_few(measure, where)
        if any(np.ndim(value) for value in where.values()):
            place = {**where, QUANTILE: uniform}
            return self._cut(measure, self._interpolate(measure, dimensions, values[..., None], place)[..., 0], where)
        row = self._interpolate(measure, dimensions[:-1], values, where)
        return self._cut(measure, np.interp(uniform, self.coordinates[QUANTILE], row), where)

    def sample(
        self, rng: np.random.Generator, measure: str, /, size: int | tuple[int, ...] | None = None, **where: ArrayLike
    ) -> Array:
        """Draws from the stored distribution of ``measure``, shape ``size``.

        The distribution is the one that was simulated: its quantiles, joined by straight lines, not a mean and a sigma.  These
        lines are narrower than what they join, with few trials much, so they are stretched to the stored mean and sigma; below
        :data:`FEW` trials a warning says that the tails are not known.  Draws keep to ``measure_lowest`` and ``_highest``.
        Coordinates may be arrays that broadcast to ``size`` (their own shape if it is not given): each draw is then made at
        its own operating point.
        """
        points = np.broadcast_shapes(*(np.shape(value) for value in where.values()))
        shape = self._shape(points, size)
        if points:
            return self._at_ranks(measure, rng.random(shape), where)
        dimensions, values = self._stretched(measure)
        self._warn_if_few(measure, where)
        levels, row = self.coordinates["quantile"], self._interpolate(measure, dimensions[:-1], values, where)
        drawn = np.empty(shape)
        flat = drawn.reshape(-1)
        for first in range(0, flat.size, _BLOCK):
            part = flat[first : first + _BLOCK]
            part[:] = np.interp(rng.random(part.size), levels, row)
        return self._cut(measure, drawn, where)

    def describe(self) -> dict[str, Any]:
        """What the table holds, as plain data: ``spicekit table show --json``."""
        measures = [
            {
                "name": name,
                "unit": self.units.get(name, ""),
                "meaning": self.meanings.get(name, ""),
                "dimensions": list(dimensions),
                "std": f"{name}_std" in self.variables,
                "quantiles": f"{name}_quantiles" in self.variables,
            }
            for name, (dimensions, _) in self.variables.items()
            if not any(name == f"{other}{suffix}" for other in self.variables for suffix in ("_std", "_quantiles"))
            and not any(inner(d) and d != QUANTILE for d in dimensions)
        ]
        dimensions = [
            {"name": name, "unit": self.units.get(name, ""), "values": values.tolist()}
            for name, values in self.coordinates.items()
            if not inner(name)
        ]
        return {"table": self.origin, "dimensions": dimensions, "measures": measures, "provenance": self.provenance}

    def checksum(self) -> str:
        """SHA-256 of all that the table holds, the same for each of its files."""
        found = hashlib.sha256()
        for name, values in sorted(self.coordinates.items()):
            found.update(f"{name} {self.units.get(name, '')} {values.shape}\n".encode())
            words = values.dtype.kind == "U"
            found.update("\n".join(values.tolist()).encode() if words else values.astype(np.float64).tobytes())
        for name, (dimensions, values) in sorted(self.variables.items()):
            found.update(
                f"{name} {dimensions} {self.units.get(name, '')} {self.meanings.get(name, '')} {values.shape}\n".encode()
            )
            found.update(np.ascontiguousarray(values, dtype=np.float64).tobytes())
        attributes = {name: value for name, value in self.attributes.items() if name != CHECKSUM}
        found.update(json.dumps(attributes, sort_keys=True).encode())
        return found.hexdigest()

    def check(self) -> None:
        """Raise :class:`ValueError` for what is no table, or whose checksum is another one's or gone."""
        for name, values in self.coordinates.items():
            if values.ndim != 1 or not len(values):
                raise ValueError(f"coordinate {name} is no list of values")
            if values.dtype.kind != "U" and not (np.diff(values.astype(float)) > 0).all():
                raise ValueError(f"coordinate {name} does not rise")
            if len(set(values.tolist())) != len(values):
                raise ValueError(f"coordinate {name} has a value twice")
        for name, (dimensions, values) in self.variables.items():
            expected = tuple(len(self.coordinates[dimension]) for dimension in dimensions)
            if values.shape != expected:
                raise ValueError(f"variable {name} has shape {values.shape}, its coordinates {expected}")
        written = self.attributes.get(CHECKSUM)
        if written is None and _had_checksum(self.provenance):
            raise ValueError("its checksum is gone")
        if written is not None and written != self.checksum():
            raise ValueError("its checksum is that of another content")

    def save_npz(self, path: Path) -> None:
        """Write everything into one ``.npz``, which numpy reads without spicekit (see docs/tables.md)."""
        header = {
            "dimensions": {name: list(dimensions) for name, (dimensions, _) in self.variables.items()},
            "coordinates": list(self.coordinates),
            "units": self.units,
            "meanings": self.meanings,
            "attributes": self.attributes | {CHECKSUM: self.checksum()},
        }
        arrays: dict[str, Any] = {f"coordinate_{name}": values for name, values in self.coordinates.items()}
        arrays |= {f"variable_{name}": values for name, (_, values) in self.variables.items()}

        def write(file: Path) -> None:
            with file.open("wb") as handle:
                np.savez_compressed(handle, header=np.array(json.dumps(header)), **arrays)

        write_atomically(path, write)

    def _variable(self, name: str) -> tuple[tuple[str, ...], Array]:
        if name not in self.variables:
            choices = [known for known in self.measures if not known.endswith("_std") and "outcome_" not in known]
            error = unknown("measure", name, choices, of=self.origin)
            if len(choices) > 30 and "choose from" in str(error):  # a system's table: too many for a line
                raise UserError(f"{self.origin}: unknown measure '{name}'; it has {len(choices)}: see `spicekit table show`")
            raise error
        return self.variables[name]

    def _distribution(self, measure: str) -> tuple[tuple[str, ...], Array]:
        if f"{measure}_quantiles" not in self.variables:
            self._variable(measure)
            raise UserError(f"{self.origin} holds no distribution of '{measure}': make it with --trials")
        return self.variables[f"{measure}_quantiles"]

    def _stretched(self, measure: str) -> tuple[tuple[str, ...], Array]:
        """Quantiles whose straight lines have the stored mean and sigma: where these are known, of all but fractions."""
        dimensions, values = self._distribution(measure)
        if f"{measure}_std" not in self.variables or f"{measure}_low" in self.variables:
            return dimensions, values
        step, below, above = np.diff(self.coordinates["quantile"].astype(float)), values[..., :-1], values[..., 1:]
        centre = ((below + above) / 2 * step).sum(axis=-1)
        below, above = below - centre[..., None], above - centre[..., None]
        narrow = np.sqrt(((below**2 + below * above + above**2) / 3 * step).sum(axis=-1))
        mean, std = (self.variables[name][1] for name in (measure, f"{measure}_std"))
        known = np.isfinite(mean) & np.isfinite(std) & (narrow > 0)
        factor = np.where(known, std / np.where(known, narrow, 1.0), 1.0)
        middle = np.where(known, mean, centre)
        stretched = middle[..., None] + (values - centre[..., None]) * factor[..., None]
        return dimensions, np.where(known[..., None], stretched, values)

    def _warn_if_few(self, measure: str, where: Mapping[str, ArrayLike]) -> None:
        words = measure.split("_")  # the count of a sweep, or of the part of a system whose measure it is
        names = ["_".join([*words[:k], "count"]) for k in range(len(words) - 1, -1, -1)]
        name = next((name for name in names if name in self.variables), None)
        if name is None:
            return
        placed = {d: value for d, value in where.items() if d in self.variables[name][0]}
        count = float(np.min(self.query(name, **placed)))
        if count < FEW:
            known = 100 / math.sqrt(2 * max(count, 1))
            text = f"{self.origin}: '{measure}' has {count:.0f} trials: sigma is known to {known:.0f} %, the tails are not"
            warnings.warn(text, stacklevel=3)

    def _cut(self, measure: str, drawn: Array, where: Mapping[str, ArrayLike]) -> Array:
        """``drawn`` kept between the ends that the table holds, if it does."""
        for suffix, keep in zip(SUPPORT, (np.maximum, np.minimum), strict=True):
            if measure + suffix in self.variables:
                drawn = keep(drawn, self.query(measure + suffix, **where))
        return drawn

    def _interpolate(self, measure: str, dimensions: tuple[str, ...], values: Array, where: Mapping[str, ArrayLike]) -> Array:
        """``values`` (dimensions..., extra) at ``where``: shape (broadcast of where..., extra)."""
        for name in where:
            if name not in self.coordinates:
                raise unknown("coordinate", name, [known for known in self.coordinates if not inner(known)], of=self.origin)
        placed = {
            name: place(name, self.coordinates[name], value, self.units.get(name, ""), self.origin)
            for name, value in where.items()
        }
        for name in dimensions:
            grid = self.coordinates[name]
            if name not in placed:
                if len(grid) > 1:
                    raise UserError(f"'{measure}' depends on '{name}': give {name}={described(grid)}")
                placed[name] = (np.zeros((), dtype=np.int64), np.zeros(()))
        try:
            shape = np.broadcast_shapes(*(low.shape for low, _ in placed.values()))
        except ValueError:
            shapes = ", ".join(f"{name} {low.shape}" for name, (low, _) in placed.items())
            raise UserError(f"the coordinates do not broadcast: {shapes}") from None
        return interpolate(values, [placed[name] for name in dimensions], shape)


def _had_checksum(provenance: Any) -> bool:
    """Whether a table was written with a checksum: version 0.2 and later do, and record the hash of the code."""
    if not isinstance(provenance, dict):
        return False
    versions = provenance.get("versions")
    version = str(versions.get("spicekit", "")) if isinstance(versions, dict) else ""
    numbers = [int(word) for word in version.split(".")[:2] if word.isdecimal()]
    return "code_sha256" in provenance or numbers >= [0, 2]


def from_dataset(dataset: Any, origin: str = "table") -> LookupTable:
    """The lookup table of an xarray dataset with the variables described above."""
    names = sorted((str(name) for name in dataset.sizes), key=inner)  # these come last
    coordinates = {name: dataset[name].values for name in names}
    coordinates = {n: v if v.dtype.kind in "fiu" else v.astype(str) for n, v in coordinates.items()}
    variables = {
        str(name): (tuple(str(d) for d in array.dims), np.asarray(array.values, dtype=float))
        for name, array in dataset.data_vars.items()
        if array.dtype.kind in "fiub"
    }
    units = {str(name): str(array.attrs.get("units", "")) for name, array in dataset.variables.items()}
    meanings = {str(name): str(array.attrs.get("long_name", "")) for name, array in dataset.data_vars.items()}
    attributes = {str(name): value for name, value in dataset.attrs.items()}
    return LookupTable(coordinates, variables, units, attributes, origin, meanings)
