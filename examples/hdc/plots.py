"""The pictures of the experiment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from stt_bnn.rows import Array

from hdc.experiment import SCALES, SOURCES, STEPS, Outcome
from hdc.segments import Reading
from spicekit.style import COLOURS, new_figure, save


def plot_accuracy(readings: Sequence[Reading], outcome: Outcome, conditions: str, path: Path) -> Path:
    """Accuracy against segment length, mismatch and the converter's step; arrival times and the scores' errors."""
    figure = new_figure(13, 8)
    (lengths, scales, steps), (times, errors, bits) = figure.subplots(2, 3)
    ideal = outcome.mean(outcome.ideal)
    positions = np.arange(float(len(readings)))
    shown = [(SCALES.index(scale), scale) for scale in (0.0, 1.0, 4.0, 16.0)]
    for colour, (column, scale) in zip(COLOURS, shown, strict=False):
        label = "no mismatch" if scale == 0 else "mismatch as simulated" if scale == 1 else f"mismatch × {scale:g}"
        _banded(lengths, positions, outcome, outcome.scaled[:, :, column], colour, label)
        _banded(bits, positions, outcome, outcome.one_bit[:, :, column], colour, label)
    for colour, (row, reading) in zip(COLOURS, enumerate(readings), strict=False):
        label = f"segments of {reading.n}"
        _banded(scales, np.array(SCALES), outcome, outcome.scaled[:, row], colour, label)
        _banded(steps, np.array(STEPS) * 1e12, outcome, outcome.stepped[:, row], colour, label)
        counts = np.arange(reading.n + 1.0)
        times.plot(100 * counts / reading.n, reading.nominal(counts) * 1e9, lw=7 - 2 * row, color=colour, label=label)
    width = 0.8 / len(SOURCES)
    for index, (colour, source) in enumerate(zip(COLOURS, SOURCES, strict=False)):
        mean = outcome.score_errors[:, :, index].mean(axis=0)
        errors.bar(positions + (index - (len(SOURCES) - 1) / 2) * width, mean, width, color=colour, label=source)
    for axis in (lengths, scales, steps, bits):
        axis.axhline(100 * ideal.mean, color="black", ls=":", lw=1, label="ideal")
        axis.set_ylabel("accuracy on unseen digits (%)")
    for axis in (lengths, errors, bits):
        axis.set_xticks(positions, [str(reading.n) for reading in readings])
        axis.set_xlabel("cells of a segment")
    scales.set_xlabel("mismatch, times the simulated")
    scales.set_xscale("symlog", linthresh=1)
    scales.set_xticks(SCALES, [f"{scale:g}" for scale in SCALES])
    steps.set_xlabel("step of the converter (ps), mismatch as simulated")
    steps.set_xscale("log")
    times.set_xlabel("matching cells (%)")
    times.set_ylabel("arrival, nominal (ns)")
    times.set_yscale("log")
    times.set_yticks([1, 2, 5, 10], ["1", "2", "5", "10"])
    times.minorticks_off()
    errors.set_ylabel("σ of a class score's error (matches)")
    times.set_title("the swing of V_SL does not depend on N", fontsize=10)
    lengths.set_title("time of each segment, digitised", fontsize=10)
    bits.set_title("one bit a segment instead", fontsize=10)
    for axis in (lengths, steps, times, errors, bits):
        axis.legend(fontsize=7)
    figure.suptitle(f"Hyperdimensional digits on STT-BNN rows: {conditions} (bands: 95 % intervals)", fontsize=11)
    return save(figure, path)


def _banded(axis: object, x: Array, outcome: Outcome, values: Array, colour: str, label: str) -> None:
    """``values`` (networks, points, memories) in per cent against ``x``, with their intervals."""
    found = [outcome.mean(values[:, point]) for point in range(values.shape[1])]
    axis.plot(x, [100 * one.mean for one in found], "o-", ms=4, color=colour, label=label)  # type: ignore[attr-defined]
    low, high = ([100 * getattr(one, end) for one in found] for end in ("low", "high"))
    axis.fill_between(x, low, high, color=colour, alpha=0.15, lw=0)  # type: ignore[attr-defined]
