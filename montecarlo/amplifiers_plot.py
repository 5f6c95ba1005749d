"""The picture of a comparison of sense amplifiers: a panel a figure of merit, a bar an amplifier."""

from __future__ import annotations

from pathlib import Path

from montecarlo import records
from spicekit.style import COLOURS, new_figure, save

PANELS = (
    ("error", "decision error", 1.0),
    ("t_decision", "delay (ns)", 1e9),
    ("sigma_offset", "σ(offset) (mV)", 1e3),
    ("noise", "noise at the input (mV)", 1e3),
    ("kick", "kickback (mV)", 1e3),
    ("e_total", "energy (fJ)", 1e15),
)


def plot_amplifiers(summary: records.AmplifierSummary, path: Path) -> Path:
    """Draw ``summary`` as PNG."""
    rows = summary.amplifiers
    shown = [panel for panel in PANELS if any(_value(row, panel[0]) is not None for row in rows)]
    figure = new_figure(10, 1.6 + 2 * (0.5 + 0.32 * len(rows)))
    for index, (name, label, factor) in enumerate(shown):
        axis = figure.add_subplot(2, (len(shown) + 1) // 2, index + 1)
        for k, row in enumerate(rows):
            value, one = _value(row, name), getattr(row, name)
            if value is None:
                axis.text(0, k, " none", va="center", fontsize=8)
                continue
            axis.barh(k, value * factor, color=COLOURS[k % len(COLOURS)])
            if isinstance(one, records.Estimate) and one.low is not None and one.high is not None:
                axis.plot([one.low * factor, one.high * factor], [k, k], color="black", lw=1.2)
            axis.text(value * factor, k - 0.3, f" {value * factor:.3g}", va="center", fontsize=8)
        first = index % ((len(shown) + 1) // 2) == 0  # of a line of panels
        axis.set_yticks(range(len(rows)), [row.name if first else "" for row in rows])
        axis.set_ylim(len(rows) - 0.4, -0.6)
        axis.margins(x=0.18)
        axis.set_xlim(left=0)
        axis.set_xlabel(label, fontsize=9)
        axis.tick_params(labelsize=8)
    at = "both states of a cell" if summary.overdrive is None else f"input {summary.overdrive * 1e3:g} mV off the threshold"
    figure.suptitle(f"gate area {summary.area * 1e12:g} µm², {at}, {summary.trials} trials; black: 95 %", fontsize=10)
    return save(figure, path)


def _value(row: records.AmplifierRow, name: str) -> float | None:
    """One figure of ``row``."""
    one = getattr(row, name)
    found: float | None = one.value if isinstance(one, records.Estimate) else one
    return found
