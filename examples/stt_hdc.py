"""Hyperdimensional classification in segments on simulated STT-BNN rows: accuracy against segment length, mismatch and converter.

python examples/stt_hdc.py --out out/stt-hdc [--table DIR] [--dimension 2048] [--step 50p] [--networks 6] [--memories 3]

Needs scikit-learn for its handwritten digits; --data takes MNIST files in their place.  DIR is what `spicekit characterize
stt-bnn --out DIR` made; without it a small table is simulated in --out.  Writes accuracy.png and results.json.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from networks.experiment import Accuracy, Pooled, banded, characterisation, digits, finish, parser, ran_on, say
from networks.hdc import Encoder, learn
from networks.stt_bnn import CLASSES
from stt_bnn_network import TYPICAL, described

from montecarlo.behaviour import Reading, Segments
from montecarlo.behaviour.arrays import Array, Counts, Signs
from montecarlo.behaviour.lookup import operating_point
from montecarlo.behaviour.segments import matches
from spicekit.errors import UserError
from spicekit.files import output_folder, write_json
from spicekit.style import COLOURS, new_figure, save
from spicekit.units import parse_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMALL = TYPICAL | {"tmr": (2.5,), "n": (32, 64, 128, 256), "boost": (0,)}  # what the table is made over if none is given
SCALES = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)  # times the simulated mismatch of cells and amplifiers
STEPS = (20e-12, 50e-12, 100e-12, 200e-12, 500e-12, 1e-9, 2e-9, 5e-9)  # s
SOURCES = ("window", "rounding", "cells", "amplifier", "all")


@dataclass
class Outcome:
    """Of each network (first axis) and memory (last axis)."""

    ideal: Array  # (networks,)
    scaled: Array  # (networks, lengths, scales, memories): accuracy with the converter
    one_bit: Array  # the same with one bit a segment
    stepped: Array  # (networks, lengths, steps, memories): accuracy at the simulated mismatch
    score_errors: Array  # (networks, lengths, sources): standard deviation of a score's error in matches
    exact: list[bool] = field(default_factory=list)  # without deviations and rounding, in an endless window: the ideal scores

    def mean(self, values: Array) -> Accuracy:
        """Of (networks, memories), or of (networks,)."""
        return Accuracy.of(values.reshape(len(values), -1).mean(axis=1))


def main() -> None:
    options = parser(__doc__, "out/stt-hdc", data=True)
    options.add_argument("--table", type=Path, help="folder of spicekit characterize stt-bnn; a small one is made if not given")
    options.add_argument("--dimension", type=int, default=2048, help="bits of a hypervector")
    options.add_argument("--step", default="50p", help="step of the time-to-digital converter, such as 50p")
    options.add_argument("--networks", type=int, default=6, help="encoders, each with its own split of the data")
    options.add_argument("--memories", type=int, default=3, help="memories drawn for each encoder, at each point")
    given = options.parse_args()
    if given.networks < 2 or given.memories < 1:
        options.error("--networks: at least 2; --memories: at least 1")
    if not 0 < given.dimension <= 1 << 16:
        options.error(f"--dimension {given.dimension}: 1 to {1 << 16}")
    started = time.monotonic()
    try:
        step = parse_value(given.step)
        if not 1e-12 <= step <= 1e-8:
            raise UserError(f"--step {given.step}: 1p to 10n")
        out = output_folder(given.out)
        table = characterisation(given.table, out / "table", ["stt-bnn"], SMALL)
        lengths = [int(n) for n in table.coordinates["n"]]
        if any(given.dimension % n for n in lengths):
            raise UserError(f"--dimension {given.dimension}: a multiple of {', '.join(map(str, lengths))}, the table's n")
        data = Pooled.of(given.data, given.learn)
        readings = [Reading.of(table, step, n=n) for n in lengths]
    except UserError as error:
        options.error(str(error))
    simulated = time.monotonic()
    outcome = experiment(readings, given.dimension, given.networks, given.memories, data)

    conditions = f"{described(table)}, D = {given.dimension}, step {step * 1e12:g} ps"
    print(f"{ran_on(data)}; published: 93.25 % (STT-HDC)")
    print(f"{conditions}; ideal accuracy {outcome.mean(outcome.ideal).shown(1)} %")
    energies = [float(table.query("energy", **operating_point(table, n=n))) * CLASSES * (given.dimension // n) for n in lengths]
    print("standard deviations of a row's cells and of an amplifier in LSB, of a class score by source in matches")
    print(
        f"{'N':>4} {'LSB (mV)':>8} {'cells':>6} {'amplifier':>9} | "
        + " ".join(f"{name:>9}" for name in SOURCES)
        + " | energy of a query (pJ), rows and amplifiers"
    )
    for row, reading in enumerate(readings):
        errors = " ".join(f"{value:9.2f}" for value in outcome.score_errors[:, row].mean(axis=0))
        offset = reading.amplifier.offset / reading.lsb
        sigmas = f"{reading.sigma_row:6.2f} {offset:9.2f}"
        print(f"{reading.n:4} {reading.lsb * 1e3:8.3f} {sigmas} | {errors} | {energies[row] * 1e12:.3g}")
    print("accuracy (%) with mismatch times")
    print(f"{'N':>4} " + " ".join(f"{scale:>12g}" for scale in SCALES) + f" {'1, one bit':>14}")
    for row, reading in enumerate(readings):
        accuracies = " ".join(f"{outcome.mean(outcome.scaled[:, row, column]).shown(1):>12}" for column in range(len(SCALES)))
        print(f"{reading.n:4} {accuracies} {outcome.mean(outcome.one_bit[:, row, SCALES.index(1.0)]).shown(1):>14}")
    checks = statements(outcome)
    write_json(out / "results.json", as_json(readings, outcome, checks, conditions, given))
    print("plot:", plot_accuracy(readings, outcome, conditions, out / "accuracy.png"))
    finish(checks, simulated - started, time.monotonic() - simulated)


def experiment(readings: Sequence[Reading], dimension: int, networks: int, memories: int, data: Pooled | None = None) -> Outcome:
    """Encode and learn with ``networks`` encoders, each on its own split, in ``memories`` memories each.

    A memory keeps its random numbers from point to point.
    """
    from threadpoolctl import threadpool_limits  # of scikit-learn

    scaled = np.empty((networks, len(readings), len(SCALES), memories))
    stepped = np.empty((networks, len(readings), len(STEPS), memories))
    found = Outcome(np.empty(networks), scaled, np.empty_like(scaled), stepped, np.empty((networks, len(readings), len(SOURCES))))
    with threadpool_limits(1):
        for seed in range(networks):
            seen, unseen, seen_labels, labels = digits(seed, data)
            encoder = Encoder.draw(dimension, seen, np.random.default_rng(seed))
            classes = learn(encoder.encode(seen), seen_labels)
            queries = encoder.encode(unseen)
            ideal = matches(queries, classes)
            found.ideal[seed] = _right(ideal, labels)
            for row, reading in enumerate(readings):
                amplifier = reading.amplifier
                endless = replace(reading.scaled(0), step=0.0, amplifier=amplifier.without_window())
                found.exact.append(np.array_equal(Segments(classes, endless, np.random.default_rng(0)).scores(queries), ideal))
                for memory in range(memories):
                    for column, scale in enumerate(SCALES):
                        rows = Segments(classes, reading.scaled(scale), np.random.default_rng([seed, memory]))
                        found.scaled[seed, row, column, memory] = _right(rows.scores(queries), labels)
                        found.one_bit[seed, row, column, memory] = _right(rows.majority(queries), labels)
                    for column, step in enumerate(STEPS):
                        rows = Segments(classes, replace(reading, step=step), np.random.default_rng([seed, memory]))
                        found.stepped[seed, row, column, memory] = _right(rows.scores(queries), labels)
                found.score_errors[seed, row] = np.mean(
                    [score_errors(reading, classes, queries, [seed, memory]) for memory in range(memories)], axis=0
                )
            say(f"encoder {seed}: ideal accuracy {found.ideal[seed]:.3f}")
    return found


def score_errors(reading: Reading, classes: Signs, queries: Signs, seed: Sequence[int]) -> Array:
    """Standard deviation of the error of a score in matches for each of SOURCES alone; all but ``window`` beside the window's."""

    def scores(reading: Reading) -> Counts:
        return Segments(classes, reading, np.random.default_rng(seed)).scores(queries)

    seen = scores(reading.only("window"))
    found = [np.std(seen - matches(queries, classes))]
    found += [np.std(scores(reading if source == "all" else reading.only(source)) - seen) for source in SOURCES[1:]]
    return np.array(found)


def _right(scores: Counts, labels: Counts) -> float:
    return float(np.mean(scores.argmax(axis=1) == labels))


def statements(outcome: Outcome) -> dict[str, bool]:
    """What must hold if the experiment is right."""
    falls = True
    for row in range(outcome.scaled.shape[1]):
        found = [Accuracy.of(outcome.ideal - outcome.scaled[:, row, column].mean(axis=1)) for column in range(len(SCALES))]
        falls &= all(more.high >= less.low for k, less in enumerate(found) for more in found[k + 1 :])
        falls &= found[-1].mean > found[0].mean
    return {
        "without deviations, rounding and window every score is the ideal one": all(outcome.exact),
        "accuracy falls as mismatch rises, within the intervals": falls,
    }


def as_json(
    readings: list[Reading], outcome: Outcome, checks: dict[str, bool], conditions: str, given: argparse.Namespace
) -> dict[str, Any]:
    """What results.json holds; accuracies are fractions."""
    return {
        "conditions": conditions,
        "networks": given.networks,
        "memories": given.memories,
        "ideal": vars(outcome.mean(outcome.ideal)),
        "segments": [
            {
                "cells": reading.n,
                "lsb": reading.lsb,
                "sigma_cells": reading.sigma_row,
                "sigma_amplifier": reading.amplifier.offset / reading.lsb,
                "score_errors": dict(zip(SOURCES, outcome.score_errors[:, row].mean(axis=0).tolist(), strict=True)),
                "mismatch": _points(outcome, SCALES, outcome.scaled[:, row]),
                "mismatch_one_bit": _points(outcome, SCALES, outcome.one_bit[:, row]),
                "step": _points(outcome, STEPS, outcome.stepped[:, row]),
            }
            for row, reading in enumerate(readings)
        ],
        "checks": checks,
    }


def _points(outcome: Outcome, places: tuple[float, ...], values: Any) -> list[dict[str, Any]]:
    return [{"at": place, "accuracy": vars(outcome.mean(values[:, column]))} for column, place in enumerate(places)]


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


def _banded(axes: Axes, x: Array, outcome: Outcome, values: Array, colour: str, label: str) -> None:
    """``values`` (networks, points, memories) in per cent against ``x``, with their intervals."""
    found = [outcome.mean(values[:, point]) for point in range(values.shape[1])]
    banded(axes, x, found, marker="o", color=colour, label=label)


if __name__ == "__main__":  # worker processes import this file
    main()
