"""Hyperdimensional classification in segments on simulated STT-BNN rows: accuracy against segment length, mismatch and converter.

python examples/stt_hdc.py --out out/stt-hdc [--table DIR] [--dimension 2048] [--step 50p] [--networks 6] [--memories 3]

Needs scikit-learn for its handwritten digits.  DIR is what `spicekit characterize stt-bnn --out DIR` made; without it a small
table is simulated in --out.  Writes accuracy.png and results.json.
"""

from __future__ import annotations

import argparse
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hdc.experiment import SCALES, SOURCES, STEPS, Outcome, experiment, reading_of
from hdc.plots import plot_accuracy
from hdc.segments import Reading
from imce.experiment import Accuracy
from stt_bnn.network import CLASSES
from stt_bnn.tables import SEGMENTS, characterisation, described, nominal

from spicekit.errors import UserError
from spicekit.files import output_folder, write_json
from spicekit.units import parse_value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=Path("out/stt-hdc"), help="folder of results")
    parser.add_argument("--table", type=Path, help="folder of spicekit characterize stt-bnn; a small one is made if not given")
    parser.add_argument("--dimension", type=int, default=2048, help="bits of a hypervector")
    parser.add_argument("--step", default="50p", help="step of the time-to-digital converter, such as 50p")
    parser.add_argument("--networks", type=int, default=6, help="encoders, each with its own split of the data")
    parser.add_argument("--memories", type=int, default=3, help="memories drawn for each encoder, at each point")
    options = parser.parse_args()
    if options.networks < 2 or options.memories < 1:
        parser.error("--networks: at least 2; --memories: at least 1")
    if not 0 < options.dimension <= 1 << 16:
        parser.error(f"--dimension {options.dimension}: 1 to {1 << 16}")
    if find_spec("sklearn") is None:
        parser.error("scikit-learn is missing: pip install scikit-learn")
    started = time.monotonic()
    try:
        step = parse_value(options.step)
        if not 1e-12 <= step <= 1e-8:
            raise UserError(f"--step {options.step}: 1p to 10n")
        out = output_folder(options.out)
        table = characterisation(options.table, out / "table", SEGMENTS, lambda line: print(line, file=sys.stderr))
        lengths = [int(n) for n in table.coordinates["n"]]
        if any(options.dimension % n for n in lengths):
            raise UserError(f"--dimension {options.dimension}: a multiple of {', '.join(map(str, lengths))}, the table's n")
        readings = [reading_of(table, n, step) for n in lengths]
    except UserError as error:
        parser.error(str(error))
    simulated = time.monotonic()
    outcome = experiment(readings, options.dimension, options.networks, options.memories)

    conditions = f"{described(table)}, D = {options.dimension}, step {step * 1e12:g} ps"
    print(f"{conditions}; ideal accuracy {shown(outcome.mean(outcome.ideal))} %")
    energies = [float(table.query("energy", **nominal(table, n))) * CLASSES * (options.dimension // n) for n in lengths]
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
        accuracies = " ".join(f"{shown(outcome.mean(outcome.scaled[:, row, column])):>12}" for column in range(len(SCALES)))
        print(f"{reading.n:4} {accuracies} {shown(outcome.mean(outcome.one_bit[:, row, SCALES.index(1.0)])):>14}")
    checks = statements(outcome)
    for text, holds in checks.items():
        print(f"{text}: {'yes' if holds else 'NO'}")
    write_json(out / "results.json", as_json(readings, outcome, checks, conditions, options))
    print("plot:", plot_accuracy(readings, outcome, conditions, out / "accuracy.png"))
    print(f"table {simulated - started:.0f} s, networks {time.monotonic() - simulated:.0f} s", file=sys.stderr)
    if not all(checks.values()):
        sys.exit(1)


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
    readings: list[Reading], outcome: Outcome, checks: dict[str, bool], conditions: str, options: argparse.Namespace
) -> dict[str, Any]:
    """What results.json holds; accuracies are fractions."""
    return {
        "conditions": conditions,
        "networks": options.networks,
        "memories": options.memories,
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


def shown(accuracy: Accuracy) -> str:
    """In per cent, with half the interval."""
    return f"{100 * accuracy.mean:.1f} ± {50 * (accuracy.high - accuracy.low):.1f}"


if __name__ == "__main__":  # worker processes import this file
    main()
