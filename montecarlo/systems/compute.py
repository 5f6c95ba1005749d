"""What several systems' tables compute rather than simulate: figures of the layout, write error rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from montecarlo.systems.system import Compute
from spicekit.area.rule import Box, Rule
from spicekit.devices import load_device
from spicekit.devices.mtj import MtjCard
from spicekit.waves import Array
from spicekit.wer import Direction, write_error_curve

FEATURE = "features"  # unit of a length in feature sizes; F alone is farad


def constants(values: Mapping[str, tuple[float, str, str]]) -> Compute:
    """Numbers that hold at every operating point: name -> (value, unit, meaning)."""

    def compute(simulated: xr.Dataset) -> xr.Dataset:
        return xr.Dataset({name: ((), value, {"units": u, "long_name": m}) for name, (value, u, m) in values.items()})

    return compute


def layout(rule: Rule, cell: Box, access_width: float) -> Compute:
    """Area of a ``cell`` by the layout ``rule`` of its technology (docs/area.md); ``access_width`` in metres."""
    feature_size = rule.feature
    height, width = cell.along / feature_size, cell.across / feature_size
    return constants(
        {
            "feature_size": (feature_size, "m", "F: the technology's node"),
            "access_width": (access_width / feature_size, FEATURE, "width of the access transistor of the read"),
            "cell_area": (height * width, "F^2", f"area of the cell by the layout rule of {rule.technology.name}"),
            "cell_height": (height, FEATURE, "side of the cell along the bit line, by the layout rule"),
            "cell_width": (width, FEATURE, "side of the cell along the word line, by the layout rule"),
            "cell_aspect_ratio": (height / width, "", "cell_height over cell_width"),
        }
    )


def write_errors(device: str, pulses: Array, nominal: Mapping[str, Any]) -> Compute:
    """``wer_set`` and ``wer_reset`` over (temperature, ``pulse`` in s), from the Fokker-Planck equation.

    The current is the mean of the cells 0.3 ns into the pulse (``set_i_start``, ``reset_i_start``), when the state to be left
    still holds, at the grid point nearest to ``nominal`` and at each temperature.
    """

    def compute(simulated: xr.Dataset) -> xr.Dataset:
        card, found = load_device(device, MtjCard), xr.Dataset(coords={"pulse": ("pulse", pulses, {"units": "s"})})
        directions: dict[str, Direction] = {"set": "ap-p", "reset": "p-ap"}
        for prefix, direction in directions.items():
            current, at = simulated[f"{prefix}_i_start"], []
            for name, value in nominal.items():
                if name != "temperature" and name in current.dims:
                    grid = simulated[name].values
                    near = value if isinstance(value, str) and value in grid else grid[0]
                    if not isinstance(value, str):
                        near = grid[np.argmin(np.abs(grid - value))]
                    current = current.sel({name: near})
                    at.append(f"{name}={near}" if isinstance(near, str) else f"{name}={near:g}")
            rates = [
                write_error_curve(card, float(i), pulses, direction=direction, temperature=float(celsius)).wer
                if np.isfinite(i)
                else np.full(len(pulses), np.nan)
                for celsius, i in zip(simulated["temperature"].values, current.values, strict=True)
            ]
            meaning = f"write error rate, {direction}, nominal junction at {prefix}_i_start of {', '.join(at)}"
            found[f"wer_{prefix}"] = (("temperature", "pulse"), np.array(rates), {"units": "", "long_name": meaning})
        return found.assign_coords(temperature=simulated["temperature"])

    return compute
