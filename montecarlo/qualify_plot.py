"""The picture of a qualification: a matrix of temperature and supply for each corner, coloured by the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.patches import Patch, Rectangle

from montecarlo.verdict import Verdict
from spicekit.style import COLOURS, new_figure, save
from spicekit.units import format_value

_COLOURS = {Verdict.WORKS: COLOURS[2], Verdict.SLOW: COLOURS[7], Verdict.WRONG: COLOURS[1], Verdict.FAILS: "#8c8c8c"}
_LABELS = {"corner": "process corner", "temperature": "temperature (°C)", "vdd": "supply (V)"}


def plot_qualification(summary: dict[str, Any], path: Path) -> Path:
    """Draw the summary of :meth:`montecarlo.jobs.qualification.Qualification.run` as PNG."""
    over: dict[str, list[Any]] = summary["over"]
    across = next((name for name in ("vdd", "corner") if name in over), "")
    down = "temperature" if "temperature" in over else ""
    panels = over["corner"] if "corner" in over and across != "corner" else [None]
    columns, rows = over.get(across, [None]), over.get(down, [None])
    figure = new_figure(max(6.5, 0.9 * len(panels) * len(columns) + 1.5), 0.75 * len(rows) + 2.1)
    for index, panel in enumerate(panels):
        axis = figure.add_subplot(1, len(panels), index + 1)
        axis.grid(visible=False)
        for point in summary["points"]:
            if panel is not None and point["corner"] != panel:
                continue
            x = columns.index(point[across]) if across else 0
            y = rows.index(point[down]) if down else 0
            colour = next(_COLOURS[verdict] for verdict in Verdict if verdict.words == point["verdict"])
            axis.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=colour, edgecolor="white"))
            axis.text(x, y, _cell(point, summary), ha="center", va="center", fontsize=8)
        axis.set_xlim(-0.5, len(columns) - 0.5)
        axis.set_ylim(-0.5, len(rows) - 0.5)
        axis.set_xticks(range(len(columns)), [_tick(value) for value in columns])
        axis.set_yticks(range(len(rows)), [_tick(value) for value in rows] if index == 0 else [""] * len(rows))
        axis.tick_params(length=0)
        axis.set_xlabel(_LABELS.get(across, ""))
        if index == 0:
            axis.set_ylabel(_LABELS.get(down, ""))
        if panel is not None:
            axis.set_title(panel)
    shown = summary["figure"]
    trials = f", trials that work of {summary['trials']} (seed {summary['seed']})" if summary["trials"] else ""
    given = "".join(f", {name} = {value}" for name, value in summary["given"].items())
    figure.suptitle(
        f"{summary['bench']} ({summary['technology']}{given}): nominal {shown['name']}{trials}", fontsize=11, wrap=True
    )
    figure.legend(
        handles=[Patch(facecolor=_COLOURS[verdict], label=verdict.words) for verdict in Verdict],
        loc="outside lower center",
        ncols=len(Verdict),
    )
    return save(figure, path)


def _tick(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else f"{value:g}"


def _cell(point: dict[str, Any], summary: dict[str, Any]) -> str:
    lines = [shown(point["figure"], summary["figure"]["unit"])]
    if point["trials"]:
        lines.append(f"{point['trials'][Verdict.WORKS.words]}/{summary['trials']}")
    return "\n".join(lines)


def shown(value: float | None, unit: str) -> str:
    """A key figure as people read it; one that is not there (late, not found, not converged) as a dash."""
    return "-" if value is None else format_value(value, unit, 3)
