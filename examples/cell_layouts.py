"""Three memory cells to scale, as the layout rule of their technology draws them: docs/area.md.

python examples/cell_layouts.py [--out out/cell-layouts]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from spicekit.area import Box, Rule
from spicekit.style import COLOURS, new_figure, save
from spicekit.technology import load_technology

NM = 1e9
DIFFUSION, GATE, LINE = COLOURS[2], COLOURS[3], COLOURS[0]


def strip(axis: Axes, rule: Rule, pieces: list[tuple[str, float]], start: float, width: float, across: float) -> float:
    """Draw a strip of diffusion from ``start`` up: (label, length) of each diffusion, gates between them; returns its end."""
    left = (across - width) / 2
    length = sum(piece for _, piece in pieces) + rule.technology.l_min * (len(pieces) - 1)
    axis.add_patch(Rectangle((left * NM, start * NM), width * NM, length * NM, facecolor=DIFFUSION, alpha=0.35))
    y = start
    for k, (label, piece) in enumerate(pieces):
        if label:
            axis.text(across / 2 * NM, (y + piece / 2) * NM, label, ha="center", va="center", fontsize=8)
        y += piece
        if k < len(pieces) - 1:
            axis.add_patch(Rectangle((0, y * NM), across * NM, rule.technology.l_min * NM, facecolor=GATE, alpha=0.75))
            y += rule.technology.l_min
    return y


def frame(axis: Axes, rule: Rule, box: Box, title: str, lines: list[str]) -> None:
    """Outline of the cell, its sides, and the lines that run over it, at their pitch."""
    axis.add_patch(Rectangle((0, 0), box.across * NM, box.along * NM, fill=False, lw=1.5))
    pitch = box.across / len(lines)
    for k, name in enumerate(lines):
        x = (k + 0.5) * pitch * NM
        axis.plot([x, x], [-20, box.along * NM + 20], color=LINE, lw=1, ls="--")
        axis.text(x, box.along * NM + 25, name, ha="center", va="bottom", fontsize=8, color=LINE)
    axis.set_title(f"{title}\n{box.across * NM:.0f} × {box.along * NM:.0f} nm, {rule.features(box.area):.0f} F²", fontsize=10)
    axis.set_xlim(-40, 680)
    axis.set_ylim(-40, 600)
    axis.set_aspect("equal")
    axis.set_xlabel("along the word line (nm)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/cell-layouts"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    fine, coarse = Rule(load_technology("ptm45")), Rule(load_technology("ptm65"))
    figure = new_figure(11, 4.8)
    left, middle, right = figure.subplots(1, 3)

    box, d = coarse.stt_cell(300e-9, 65e-9), coarse.diffusion
    strip(left, coarse, [("SL (half)", d.shared / 2), ("drain, under the MTJ", d.unshared)], 0, 300e-9, box.across)
    frame(left, coarse, box, "1T1MTJ, ptm65, W 300 nm", ["BL", "SL"])

    box, d = fine.sot_cell(150e-9, 540e-9, 45e-9), fine.diffusion
    end = strip(middle, fine, [("WBL (half)", d.shared / 2), ("rail", d.unshared)], 0, 540e-9, box.across)
    above = end + fine.layout.active_spacing
    strip(middle, fine, [("MTJ", d.unshared), ("RBL (half)", d.shared / 2)], above, 150e-9, box.across)
    frame(middle, fine, box, "2T1R of SOT, ptm45, W 150 and 540 nm", ["RBL", "SL", "WBL"])

    box = fine.series_cell(90e-9, 45e-9)
    pieces = [("", d.unshared), ("", d.shared), ("", d.unshared)]
    strip(right, fine, pieces, fine.layout.active_spacing / 2, 90e-9, box.across)
    frame(right, fine, box, "2T1R of C3CIM, ptm45, W 90 nm", ["column"])

    left.set_ylabel("along the bit line (nm)")
    for name, colour in (("diffusion", DIFFUSION), ("gate: a word line", GATE)):
        right.add_patch(Rectangle((0, 0), 0, 0, facecolor=colour, alpha=0.6, label=name))
    right.plot([], [], color=LINE, ls="--", lw=1, label="line of the column")
    right.legend(loc="upper right", fontsize=8)
    print("plot:", save(figure, options.out / "area-cells.png"))


if __name__ == "__main__":
    main()
