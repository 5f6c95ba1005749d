"""Qualify every shipped bench, into a folder each, and write the table of docs/qualification.md: `make qualify`.

python tools/qualify.py --out out/qualify [--trials 20] [--workers W] [--engine batch] [BENCH ...]

It resumes: what a folder holds already is not simulated again.  Benches of which a trial costs seconds get fewer trials.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

from montecarlo.jobs.qualification import Qualification
from montecarlo.qualify_plot import plot_qualification, shown
from montecarlo.verdict import Verdict
from spicekit.registry import bench_names

FEWER = {"c3cim-settle": 2, "charge-if": 2, "dynamic-if": 2, "stt-bnn-macro": 2}  # most trials a point
FIGURES = {"c3cim-column": "error", "c3cim-conventional": "error"}  # where the first measure tells little


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benches", nargs="*", help="all that are shipped if none is given")
    parser.add_argument("--out", type=Path, default=Path("out/qualify"))
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--engine", default="ngspice", help="batch: quicker, for benches that it knows")
    options = parser.parse_args()
    rows = []
    for bench in options.benches or bench_names():
        trials = min(options.trials, FEWER.get(bench, options.trials))
        job = Qualification(bench, trials=trials, figure=FIGURES.get(bench), engine=options.engine)
        summary = job.run(options.out / bench, workers=options.workers, warn=print)
        plot_qualification(summary, options.out / bench / "qualify.png")
        print(f"{bench:20}", ", ".join(f"{count} {words}" for words, count in summary["verdicts"].items()), flush=True)
        rows.append(row(summary))
    headings = ["bench", "points", "trials", *(verdict.words for verdict in Verdict), "figure: nominal, least to most", "limits"]
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings), *rows]
    (options.out / "qualification.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("table:", options.out / "qualification.md")


def row(summary: dict[str, Any]) -> str:
    """A bench's row of the table."""
    points, unit = summary["points"], summary["figure"]["unit"]
    found = [point["figure"] for point in points if point["figure"] is not None]
    span = f"{shown(min(found), unit)} to {shown(max(found), unit)}" if found else "-"
    counts = [str(summary["verdicts"][verdict.words]) for verdict in Verdict]
    name = f"`{summary['bench']}`"
    cells = [name, str(len(points)), str(summary["trials"]), *counts, f"`{summary['figure']['name']}` {span}", limits(summary)]
    return "| " + " | ".join(cells) + " |"


def limits(summary: dict[str, Any]) -> str:
    """Each reason, in how many simulations, and where."""
    reasons: Counter[str] = sum((Counter(point["why"]) for point in summary["points"]), Counter())
    total = len(summary["points"]) * (1 + summary["trials"])
    lines = []
    for reason, count in reasons.most_common():
        there = [point for point in summary["points"] if reason in point["why"]]
        lines.append(f"{reason}: {count} of {total}, at {_places(there, summary['over'])}")
    return "; ".join(lines) or "none found"


def _places(points: list[dict[str, Any]], over: dict[str, list[Any]]) -> str:
    """The values of each axis at which some of ``points`` are; an axis of which all values occur is left out."""
    units = {"corner": "", "temperature": " °C", "vdd": " V"}
    words = []
    for axis, values in over.items():
        there = [value for value in values if any(point[axis] == value for point in points)]
        if len(there) < len(values):
            words.append(" or ".join(value if isinstance(value, str) else f"{value:g}" for value in there) + units[axis])
    return f"{len(points)} point{'s' * (len(points) > 1)}" + (f" ({', '.join(words)})" if words else "")


if __name__ == "__main__":  # worker processes import this file
    main()
