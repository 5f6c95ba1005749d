"""The characterisation of a neuron, and what rows and neurons deviate by at an operating point of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from montecarlo.characterize import Characterisation
from montecarlo.systems import system_table
from spicekit.errors import UserError
from spicekit.table import LookupTable
from spiking.layers import RHO, SYNAPSES, NeuronErrors

SYSTEMS = ("dynamic-if", "charge-if")  # the first is that of a network whose neurons have thresholds of their own
# what the table is made over if none is given
SMALL: dict[str, Sequence[Any]] = {
    "frequency": (166e6,), "vdd": (1.1,), "temperature": (27.0,), "corner": ("tt",), "theta": (0, 16, 48),
}  # fmt: skip
SCALES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 16.0)
AXES = {"scale": "deviations, times those simulated", "temperature": "temperature (°C), not trimmed again", "corner": "corner"}


@dataclass(frozen=True)
class Point:
    """Deviations as simulated times ``value`` (axis ``scale``), or as simulated at another operating point."""

    axis: str
    value: float | str
    errors: NeuronErrors


def characterisation(given: Path | None, folder: Path, say: Callable[[str], None]) -> LookupTable:
    """The table in ``given``, or a small one made in ``folder``; what is there is not made again.

    Raises :class:`UserError` if ``given`` is not a table of a neuron.
    """
    if given is None:
        say(f"no --table: simulating a small one in {folder} (spicekit characterize {SYSTEMS[0]} makes the full one)")
        Characterisation(system_table(SYSTEMS[0]), over=SMALL).run(folder, warn=say)
        given = folder
    table = LookupTable.load(given)
    if table.provenance.get("system") not in SYSTEMS:
        raise UserError(f"--table {given}: not a table of spicekit characterize {' or '.join(SYSTEMS)}")
    return table


def nominal(table: LookupTable) -> dict[str, Any]:
    """The table's nominal operating point; where the table does not hold it, its first value."""
    place: Mapping[str, Any] = table.provenance["nominal"]
    found = {}
    for name, value in place.items():
        if name in table.coordinates:
            values = table.coordinates[name].tolist()
            inside = value in values or (not isinstance(value, str) and len(values) > 1 and values[0] <= value <= values[-1])
            found[name] = value if inside else values[0]
    return found


def neuron_errors(table: LookupTable, **changed: Any) -> NeuronErrors:
    """At the nominal operating point with some coordinates ``changed``."""
    place = nominal(table) | changed

    def value(name: str, **also: Any) -> float:
        dimensions = table.variables[name][0]
        return float(table.query(name, **{key: at for key, at in (place | also).items() if key in dimensions}))

    gain = value("line_gain") - 1
    bias = value("alone_step_bias") - gain * (SYNAPSES / 2 - RHO)  # in the table's trains half of the synapses match
    offset, sigma = value("threshold_offset"), value("threshold_offset_std")
    theta, means, sigmas = np.zeros(1), np.array([offset]), np.array([sigma])
    if "programmed_offset" in table.variables:  # with theta; at the nominal operating point alone
        theta = table.coordinates["theta"].astype(float)
        usual, usual_sigma = (_value_at_nominal(table, f"threshold_{name}") for name in ("offset", "offset_std"))
        means = np.array([value("programmed_offset", theta=at) for at in theta]) + offset - usual
        sigmas = np.array([value("programmed_offset_std", theta=at) for at in theta]) * sigma / usual_sigma
    return NeuronErrors(
        row=value("sigma_row"),
        step=value("alone_sigma_step"),
        bias=(bias, value("alone_sigma_bias")),
        offsets=(theta, means, sigmas),
        leak=value("line_leak"),
        gain=gain,
    )


def points_of(table: LookupTable) -> list[Point]:
    """The axis ``scale`` at the nominal operating point, then temperature and corner where the table has several."""
    usual = neuron_errors(table)
    found = [Point("scale", factor, usual.scaled(factor)) for factor in SCALES]
    for axis in ("temperature", "corner"):
        values = table.coordinates[axis].tolist()
        if len(values) > 1:
            found += [Point(axis, value, neuron_errors(table, **{axis: value})) for value in values]
    return found


def described(table: LookupTable) -> str:
    """The nominal operating point in words, with the error of a step over full scale there."""
    place = nominal(table)
    words = [str(table.provenance["system"]), f"{place['frequency'] / 1e6:g} MHz", f"{place['vdd']:g} V"]
    sigma = _value_at_nominal(table, "train_sigma_bsnn")
    return ", ".join([*words, f"{place['temperature']:g} °C", str(place["corner"]), f"σ_BSNN {sigma:.3%}"])


def _value_at_nominal(table: LookupTable, name: str) -> float:
    place, dimensions = nominal(table), table.variables[name][0]
    return float(table.query(name, **{key: at for key, at in place.items() if key in dimensions}))
