"""How every plot of spicekit looks."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from spicekit.waves import Array

# Okabe and Ito's colours, told apart by colour-blind readers too
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")

RC: dict[Any, Any] = {
    "figure.dpi": 110,
    "savefig.dpi": 130,
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}


def new_figure(width: float = 8.0, height: float = 5.0) -> Figure:
    """An empty figure (inches) that needs no display."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams.update(RC)
    return Figure(figsize=(width, height))


def save(figure: Figure, path: Path) -> Path:
    """Write ``figure`` as PNG, whole or not at all; a title that is wider than it takes more lines."""
    from spicekit.files import write_atomically

    fit_title(figure)
    write_atomically(path, lambda file: figure.savefig(file, format="png"))
    return path


def fit_title(figure: Figure) -> None:
    """Break the lines of the figure's title that do not fit into its width."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    text = figure.get_suptitle()
    if not text:
        return
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    title = next(one for one in figure.texts if one.get_text() == text)
    room = 0.97 * figure.bbox.width / title.get_window_extent(renderer).width
    if room < 1:
        longest = max(len(line) for line in text.split("\n"))
        title.set_text("\n".join(textwrap.fill(line, int(room * longest)) for line in text.split("\n")))


def sphere(trajectories: Sequence[tuple[Array, Array, Array]], title: str) -> Figure:
    """Paths of a unit vector on the sphere; each is its three components, shape (points,)."""
    import numpy as np

    figure = new_figure(6, 6)
    axis: Any = figure.add_subplot(projection="3d")
    u, v = np.mgrid[0 : 2 * np.pi : 37j, 0 : np.pi : 19j]
    axis.plot_wireframe(np.cos(u) * np.sin(v), np.sin(u) * np.sin(v), np.cos(v), color="grey", lw=0.4, alpha=0.35)
    for index, (x, y, z) in enumerate(trajectories):
        colour = COLOURS[index % len(COLOURS)]
        axis.plot(x, y, z, color=colour, lw=1.0)
        axis.scatter(*((values[0],) for values in (x, y, z)), color=colour, marker="o", s=40, label="start")
        axis.scatter(*((values[-1],) for values in (x, y, z)), color=colour, marker="*", s=90, label="end")
    axis.set_xlabel("m_x")
    axis.set_ylabel("m_y")
    axis.set_zlabel("m_z")
    axis.set_box_aspect((1, 1, 1))
    axis.set_title(title, fontsize=10)
    axis.legend(fontsize=9)
    return figure
