"""The experiment: accuracy and error of the scores against the length of a segment, the spread and the converter's step."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from imce.experiment import Accuracy, digits
from numpy.typing import NDArray
from stt_bnn.rows import Array, Signs
from stt_bnn.tables import nominal
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # of scikit-learn

from hdc.encoder import Encoder, learn
from hdc.segments import Amplifier, Memory, Reading, matches
from spicekit.errors import UserError
from spicekit.table import LookupTable

SCALES = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)  # times the simulated mismatch of cells and amplifiers
STEPS = (20e-12, 50e-12, 100e-12, 200e-12, 500e-12, 1e-9, 2e-9, 5e-9)  # s
SOURCES = ("window", "rounding", "cells", "amplifier", "all")
TIME = "time_t_load"
V_MID = 0.4  # V: the default of tbs-sense
T_WINDOW = 10e-9  # s: that of the converter, and the default of tbs-sense


def reading_of(table: LookupTable, n: int, step: float) -> Reading:
    """Rows of ``n`` cells at the table's nominal operating point."""
    place = nominal(table, n)
    own = {name: value for name, value in place.items() if name != "n"}
    v_in = table.coordinates["v_in"].astype(float)
    mean, std = (np.asarray(table.query(name, **own, v_in=v_in)) for name in (TIME, f"{TIME}_std"))
    simulated = table.provenance.get("parts", {}).get("time", {}).get("given", {})
    # a mean over trials of which some end with the window is none of the arrival
    known = np.isfinite(mean) & np.isfinite(std) & (mean + 4 * std < simulated.get("t_window", T_WINDOW))
    if np.count_nonzero(known) < 2:
        raise UserError(f"{table.origin}: no arrival times at the nominal operating point")
    v_mid = simulated.get("v_mid", V_MID)
    amplifier = Amplifier.of(v_in[known], mean[known], std[known], v_mid, T_WINDOW)
    sigma_row = float(table.query("sigma_row", **place))
    return Reading(n, float(table.query("lsb", **place)), 2 * sigma_row / float(np.sqrt(n)), amplifier, step)


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


def experiment(readings: Sequence[Reading], dimension: int, networks: int, memories: int) -> Outcome:
    """Encode and learn with ``networks`` encoders, each on its own split, in ``memories`` memories each.

    A memory keeps its random numbers from point to point.
    """
    scaled = np.empty((networks, len(readings), len(SCALES), memories))
    stepped = np.empty((networks, len(readings), len(STEPS), memories))
    found = Outcome(np.empty(networks), scaled, np.empty_like(scaled), stepped, np.empty((networks, len(readings), len(SOURCES))))
    with threadpool_limits(1):
        for seed in range(networks):
            seen, unseen, seen_labels, labels = digits(seed)
            encoder = Encoder.draw(dimension, seen, np.random.default_rng(seed))
            classes = learn(encoder.encode(seen), seen_labels)
            queries = encoder.encode(unseen)
            ideal = matches(queries, classes)
            found.ideal[seed] = _right(ideal, labels)
            for row, reading in enumerate(readings):
                amplifier = reading.amplifier
                endless = replace(reading.scaled(0), step=0.0, amplifier=amplifier.without_window())
                found.exact.append(np.array_equal(Memory(classes, endless, np.random.default_rng(0)).scores(queries), ideal))
                for memory in range(memories):
                    for column, scale in enumerate(SCALES):
                        rows = Memory(classes, reading.scaled(scale), np.random.default_rng([seed, memory]))
                        found.scaled[seed, row, column, memory] = _right(rows.scores(queries), labels)
                        found.one_bit[seed, row, column, memory] = _right(rows.majority(queries), labels)
                    for column, step in enumerate(STEPS):
                        rows = Memory(classes, replace(reading, step=step), np.random.default_rng([seed, memory]))
                        found.stepped[seed, row, column, memory] = _right(rows.scores(queries), labels)
                found.score_errors[seed, row] = np.mean(
                    [score_errors(reading, classes, queries, [seed, memory]) for memory in range(memories)], axis=0
                )
            print(f"encoder {seed}: ideal accuracy {found.ideal[seed]:.3f}", file=sys.stderr)
    return found


def score_errors(reading: Reading, classes: Signs, queries: Signs, seed: Sequence[int]) -> Array:
    """Standard deviation of the error of a score in matches for each of SOURCES alone; all but ``window`` beside the window's."""

    def scores(reading: Reading) -> NDArray[np.int64]:
        return Memory(classes, reading, np.random.default_rng(seed)).scores(queries)

    seen = scores(reading.only("window"))
    found = [np.std(seen - matches(queries, classes))]
    found += [np.std(scores(reading if source == "all" else reading.only(source)) - seen) for source in SOURCES[1:]]
    return np.array(found)


def _right(scores: NDArray[np.int64], labels: NDArray[np.int64]) -> float:
    return float(np.mean(scores.argmax(axis=1) == labels))
