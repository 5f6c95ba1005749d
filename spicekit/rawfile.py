"""ngspice's binary rawfile: what gaw, ltspice viewers and ngspice itself (``load``) open.

Format: a text header, then for each point all variables as 8-byte floats (ngspice manual, "Rawfile format").
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from spicekit.waves import Array


def write_raw(path: Path, title: str, plot: str, vectors: Mapping[str, Array]) -> None:
    """Write ``vectors`` (name -> array of shape (points,)); the first is the scale (time, or the swept source)."""
    points = len(next(iter(vectors.values())))
    lines = [
        f"Title: {title}",
        f"Plotname: {plot}",
        "Flags: real",
        f"No. Variables: {len(vectors)}",
        f"No. Points: {points}",
    ]
    lines.append("Variables:")
    lines += [f"\t{number}\t{name}\t{_kind(name)}" for number, name in enumerate(vectors)]
    data = np.column_stack([np.asarray(values, dtype="<f8") for values in vectors.values()])
    with path.open("wb") as file:
        file.write(("\n".join(lines) + "\nBinary:\n").encode())
        file.write(data.tobytes())


def _kind(name: str) -> str:
    if name == "time":
        return "time"
    return "current" if name.startswith("i(") else "voltage"
