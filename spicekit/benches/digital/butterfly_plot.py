"""The butterfly of an SRAM cell with its largest squares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from spicekit.style import COLOURS, new_figure
from spicekit.waves import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def butterfly_figure(title: str, names: Mapping[str, str], d: Array, outputs: Mapping[tuple[str, str], Array]) -> Figure:
    """A panel a mode of ``names`` (mode -> its words), with the largest square in each lobe.

    ``outputs``: (mode, side) -> output in volts of that half, (points,), at the differences ``d`` of node R less node L.  The
    mode ``write`` has the left half written, against the right half of ``on``; its only square is where the old state was.
    """
    figure = new_figure(3.6 * len(names) + 0.4, 4.2)
    for axis, (mode, words) in zip(figure.subplots(1, len(names), squeeze=False)[0], names.items(), strict=True):
        left, right = outputs[mode, "l"], outputs["on" if mode == "write" else mode, "r"]
        axis.plot(left + d, left, color=COLOURS[0], lw=1.5, label="left half")
        axis.plot(right, right - d, color=COLOURS[1], lw=1.5, label="right half")
        side = left + d - right
        for part, sign in ((d <= 0, 1.0), (d >= 0, -1.0))[: 1 if mode == "write" else 2]:
            place = int(np.argmax(np.where(part, sign * side, -np.inf)))
            _square(axis, right[place], (right - d)[place], side[place], side[place] * (-1.0 if mode == "write" else sign))
        axis.set_title(words, fontsize=10)
        axis.set_xlabel("node R (V)")
        axis.set_aspect("equal")
    first = figure.axes[0]
    first.set_ylabel("node L (V)")
    first.legend(fontsize=8)
    low, high = float(d.min()), float(d.max())
    for axis in figure.axes:
        axis.set_xlim(-0.05 * high, 1.05 * high)
        axis.set_ylim(0.05 * low, 1.05 * high)
    figure.suptitle(title, fontsize=11)
    return figure


def _square(axis: Axes, x: float, y: float, side: float, shown: float) -> None:
    """A square with corners at (x, y) and (x + side, y + side)."""
    axis.fill([x, x + side, x + side, x], [y, y, y + side, y + side], color=COLOURS[2], alpha=0.3, lw=0)
    axis.annotate(f"{shown * 1e3:.0f} mV", (x + side / 2, y + side / 2), ha="center", va="center", fontsize=8)
