"""The transfer of a column that counts cells: reading against the number of cells in HRS, and its distance from a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spicekit.linearity import deviation
from spicekit.style import COLOURS, new_figure
from spicekit.waves import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def transfer_figure(title: str, unit: str, level: Array, reading: Array) -> Figure:
    """Reading in ``unit`` over ``level`` above its deviation from the end-point line in steps; shape (levels,)."""
    figure = new_figure(7.5, 5.5)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    upper.plot(level, reading * 1e3, ".-", color=COLOURS[0], ms=4, lw=1)
    upper.plot(level[[0, -1]], reading[[0, -1]] * 1e3, color="black", lw=0.8, ls="--", label="line through both ends")
    upper.set_ylabel(f"reading (m{unit})")
    upper.legend(fontsize=8)
    lower.plot(level, deviation(level, reading), ".-", color=COLOURS[1], ms=4, lw=1)
    for half in (-0.5, 0.5):
        lower.axhline(half, color="black", lw=0.8, ls=":")
    lower.set_ylabel("deviation (steps)")
    lower.set_xlabel("selected cells in HRS")
    figure.suptitle(title, fontsize=10)
    return figure
