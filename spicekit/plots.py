"""Plots of one simulation of a bench."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from spicekit.analysis import TranAnalysis
from spicekit.bench import Bench
from spicekit.files import write_atomically
from spicekit.rawfile import write_raw
from spicekit.style import COLOURS, new_figure, save
from spicekit.units import readable
from spicekit.waves import Waves


def conditions(bench: Bench) -> str:
    """Technology, corner, temperature and supply of a run, for a title."""
    subject = f"{bench.subtitle()}, " if bench.subtitle() else ""
    process, *supply = bench.process() or ("",)
    words = [process, f"{bench.temperature:.3g} °C", *(f"VDD {volts}" for volts in supply)]
    return f"{subject}{', '.join(filter(None, words))}"


def plot_run(bench: Bench, waves: Waves, folder: Path) -> list[Path]:
    """Write ``waveforms.png`` and ``waveforms.raw`` of a run of ``bench`` into ``folder``; returns the paths."""
    if not set(waves.vectors) - {"time"}:  # of a netlist without a transient
        return []
    transient = isinstance(bench.analysis(), TranAnalysis)
    raw = folder / "waveforms.raw"
    vectors = waves.vectors
    if transient:  # time first: it is the scale
        vectors = {"time": vectors["time"]} | {name: values for name, values in vectors.items() if name != "time"}
    kind = "Transient Analysis" if transient else "Operating Point"
    write_atomically(raw, lambda file: write_raw(file, f"spicekit {bench.name}", kind, vectors))
    figures = bench.figures(waves)
    return [
        save(draw_run(bench, waves), folder / "waveforms.png"),
        raw,
        *(save(figure, folder / name) for name, figure in figures.items()),
    ]


def draw_run(bench: Bench, waves: Waves) -> Figure:
    """The waveforms of a transient, the voltages and currents of operating points."""
    return _transient(bench, waves) if isinstance(bench.analysis(), TranAnalysis) else _operating_points(bench, waves)


def _operating_points(bench: Bench, waves: Waves) -> Figure:
    """Node voltages on the left, branch currents on the right, as labelled points."""
    kinds = [
        (quantity, unit, [name for name in waves.vectors if name.startswith(letter)])
        for quantity, unit, letter in (("voltage", "V", "v("), ("current", "A", "i("))
    ]
    kinds = [kind for kind in kinds if kind[2]]
    rows = max(len(names) for _, _, names in kinds)
    figure = new_figure(4.8 * len(kinds) + 0.6, 0.3 * rows + 1.6)
    for axis, (quantity, unit, names) in zip(figure.subplots(1, len(kinds), squeeze=False)[0], kinds, strict=True):
        values = np.array([waves(name)[0] for name in names])
        factor, scaled = readable(values, unit)
        places = np.arange(len(names))
        axis.hlines(places, 0, values * factor, color=COLOURS[0], lw=1.5, alpha=0.5)
        axis.plot(values * factor, places, "o", color=COLOURS[0])
        for place, value in zip(places, values * factor, strict=True):
            left = value < 0
            axis.annotate(
                f"{value:.4g}", (value, place), textcoords="offset points", xytext=(-6 if left else 6, 0), va="center",
                ha="right" if left else "left", fontsize=8,
            )  # fmt: skip
        axis.set_yticks(places, names, fontsize=9)
        axis.invert_yaxis()
        axis.axvline(0, color="black", lw=0.8)
        axis.margins(x=0.2)
        axis.set_xlabel(f"{quantity} ({scaled})")
    figure.suptitle(f"{bench.name}: operating point, {conditions(bench)}", fontsize=11)
    return figure


def _transient(bench: Bench, waves: Waves) -> Figure:
    """The bench's panels above each other, over time."""
    panels = bench.panels()
    time = waves("time")
    time_factor, time_unit = readable(time[-1], "s")
    figure = new_figure(9.5, 1.9 * len(panels) + 1.2)
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for axis, panel in zip(axes, panels, strict=True):
        values = {label: waves(name) for name, label in panel.vectors.items()}
        factor, scaled = readable(np.concatenate(list(values.values())), panel.unit)
        for index, (label, wave) in enumerate(values.items()):
            axis.plot(time * time_factor, wave * factor, color=COLOURS[index % len(COLOURS)], lw=1.3, label=label)
        axis.set_ylabel(f"{panel.label} ({scaled})" if panel.unit else panel.label)
        axis.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axes[-1].set_xlabel(f"time ({time_unit})")
    axes[-1].set_xlim(0, time[-1] * time_factor)
    figure.suptitle(f"{bench.name}: {conditions(bench)}", fontsize=11)
    return figure
