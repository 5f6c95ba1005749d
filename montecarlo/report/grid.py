"""A table over a grid, sorted into what a reader wants to see: measures, margins, outcomes, constants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spicekit.outcome import Outcome
from spicekit.table_layout import CORRELATION, inner
from spicekit.units import format_value
from spicekit.waves import Array

RATE_ENDS = ("error_rate", "error_rate_low", "error_rate_high")
MARGIN_ENDS = ("mean", "worst", "sigma3", "sigma6", "reference", *RATE_ENDS, *(f"circuit_{end}" for end in RATE_ENDS))
OUTCOMES = "outcome_"


class Grid:
    """A dataset as :mod:`montecarlo.statistics.tabulate` or :mod:`montecarlo.jobs.characterisation` makes it."""

    def __init__(self, dataset: Any) -> None:
        self._attributes = {str(name): dict(array.attrs) for name, array in dataset.variables.items()}
        self._dims = {str(name): [str(d) for d in array.dims] for name, array in dataset.variables.items()}
        self._coordinates = {str(name): list(dataset[name].values.tolist()) for name in dataset.sizes}
        self._arrays = {
            str(name): np.asarray(array.values, dtype=float)
            for name, array in dataset.data_vars.items()
            if array.dtype.kind in "fiub"
        }
        self._labels: dict[str, list[str]] = {}
        self.names = list(self._arrays)
        ok = f"{OUTCOMES}{Outcome.OK}"
        self.prefixes = [name.removesuffix(ok) for name in self.names if name.endswith(ok)]
        tail = f"_{RATE_ENDS[1]}"
        rates = [name for name in self.names if name.endswith(tail) and not name.endswith(f"_circuit{tail}")]
        self.margins = [name.removesuffix(tail) for name in rates]  # "margin_read", in a system's table "read_margin_read"

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    @property
    def dimensions(self) -> list[str]:
        """All swept parameters."""
        return [name for name in self._coordinates if not inner(name)]

    @property
    def measures(self) -> list[str]:
        """What is neither a spread, an interval or a count, nor part of a margin, nor the same everywhere by declaration."""
        known = set(self.names)
        derived = {f"{margin}_{end}" for margin in self.margins for end in MARGIN_ENDS}
        derived |= {f"{name}_{end}" for name in known for end in ("std", "quantiles")}
        derived |= {f"{n}_{end}" for n in known if {f"{n}_low", f"{n}_high"} <= known for end in ("low", "high")}
        derived |= {f"{prefix}count" for prefix in self.prefixes}
        derived |= {f"{prefix}{OUTCOMES}{outcome}" for prefix in self.prefixes for outcome in Outcome}
        derived |= {name for name in known if name == CORRELATION or name.endswith(f"_{CORRELATION}")}
        return [name for name in self.names if name not in derived and self.dims(name)]

    @property
    def constants(self) -> list[str]:
        """Variables without a dimension."""
        return [name for name in self.names if not self._dims[name]]

    def outcomes(self) -> dict[Outcome, int]:
        """How many trials ended how, over the whole grid."""
        found = dict.fromkeys(Outcome, 0)
        for prefix in self.prefixes:
            for outcome in Outcome:
                found[outcome] += int(np.nansum(self.array(f"{prefix}{OUTCOMES}{outcome}")))
        return found

    def failed(self, prefix: str) -> Array:
        """Number of trials that are not ok at each point of a part's grid."""
        return np.asarray(sum(self.array(f"{prefix}{OUTCOMES}{outcome}") for outcome in Outcome if outcome is not Outcome.OK))

    def array(self, name: str) -> Array:
        """A variable; its quantiles are along the last axis."""
        return self._arrays[name]

    def dims(self, name: str) -> list[str]:
        """The swept parameters of a variable, in order."""
        return [dimension for dimension in self._dims[name] if not inner(dimension)]

    def values(self, dimension: str) -> list[Any]:
        """Coordinates as plain Python values."""
        return self._coordinates[dimension]

    def labels(self, dimension: str) -> list[str]:
        """Coordinates as people read them."""
        if dimension not in self._labels:
            unit = self.unit(dimension)
            self._labels[dimension] = [v if isinstance(v, str) else format_value(v, unit) for v in self.values(dimension)]
        return self._labels[dimension]

    def place(self, dimensions: Sequence[str], index: Sequence[int]) -> str:
        """A grid point in words."""
        return ", ".join(f"{name} = {self.labels(name)[at]}" for name, at in zip(dimensions, index, strict=True))

    def unit(self, name: str) -> str:
        """Unit of a variable or a coordinate."""
        return str(self._attributes[name].get("units", ""))

    def meaning(self, name: str) -> str:
        """What a variable is, if the table says so."""
        text = str(self._attributes[name].get("long_name", ""))
        return "" if text == name else text

    def number(self, name: str, index: tuple[int, ...]) -> float | None:
        """One value, None if it is not known."""
        if name not in self:
            return None
        value = float(self._arrays[name][index])
        return value if np.isfinite(value) else None
