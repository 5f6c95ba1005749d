"""The look of plots: what a title says can be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from spicekit.style import new_figure, save

LONG = "Tails against the normal distribution: sot-read, 20,000 trials, seed 7, ptm45 tt, 27 °C, 1 V\nblue: rises; orange: falls"


@pytest.mark.parametrize("width", [4.0, 5.2, 12.0])
def test_no_title_is_wider_than_its_figure(tmp_path: Path, width: float) -> None:
    figure = new_figure(width, 4.0)
    figure.subplots()
    title = figure.suptitle(LONG, fontsize=11)
    save(figure, tmp_path / "a.png")
    extent = title.get_window_extent(FigureCanvasAgg(figure).get_renderer())
    assert extent.x0 >= 0
    assert extent.x1 <= figure.bbox.width
    assert title.get_text().split() == LONG.split()
    assert (title.get_text() == LONG) == (width > 10)
