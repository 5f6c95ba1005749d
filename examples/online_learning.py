"""A spiking network that learns on line in magnetic cells: finite levels, writes that fail, devices that deviate.

python examples/online_learning.py --out out/online [--table out/stt] [--chips 12] [--samples 600] [--seed 1]

Takes what a cell does from a table of `spicekit characterize stt-1t1mtj` (a small one is simulated in --out if none is given),
lets networks learn in which order groups of inputs fire, and writes learning.png and results.json.  Parts that results.json has
already, of the same options and cells, are not computed again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, get_args

from networks.experiment import Accuracy, characterisation, say
from networks.order import ORDERS, Learned, Learning, Study, learn

from montecarlo.behaviour.synapses import Rule, WriteErrors
from spicekit.errors import SpicekitError
from spicekit.files import output_folder, write_json
from spicekit.style import COLOURS, new_figure, save
from spicekit.table import LookupTable

SMALL: Mapping[str, Sequence[Any]] = {"tmr": (2.5,), "vdd": (1.1,), "temperature": (27.0,), "corner": ("tt",)}
CELLS = (2, 8, 32)  # a weight
HELD = 32  # cells a weight of the other parts
PULSES = (3e-9, 4e-9, 6e-9, 10e-9)  # s
SPREADS = (0.0, 0.2, 0.4)  # of thresholds and time constants, relative
DRIFTS = (0.0, 1e-4, 1e-3)  # of a cell, a sample
RULES: tuple[Rule, ...] = ("stochastic", "nearest", "accumulate")
PARTS = ("rules", "levels", "pulses", "drift", "spread")
WAYS = {
    "loaded": "learnt elsewhere, loaded",
    "on line": "the same, then e-prop on the chip",
    "read-out": "the same, then the read-out alone",
}
Row = dict[str, Any]


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--out", type=Path, default=Path("out/online"))
    options.add_argument("--table", type=Path, help="table of spicekit characterize stt-1t1mtj")
    options.add_argument("--chips", type=int, default=12, help="chips of every point, each with its devices and samples")
    options.add_argument("--samples", type=int, default=600, help="that a network learns from")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to compute; the picture needs all")
    given = options.parse_args()
    if given.chips < 2 or given.samples < 1 or given.seed < 0:
        options.error("--chips: at least 2; --samples: at least 1; --seed: 0 or above")
    try:
        table = characterisation(given.table, output_folder(given.out) / "stt", ["stt-1t1mtj"], SMALL)
        base = Study(cells=HELD, errors=WriteErrors.of(table, PULSES[-1]), chips=given.chips, samples=given.samples)
        rows = results(base, table, given.seed, given.out / "results.json", given.only)
    except SpicekitError as error:
        options.error(str(error))
    if not {found["part"] for found in rows} >= set(PARTS):
        return
    print(f"plot: {plot(rows, given.out / 'learning.png')}, {given.out / 'results.json'}")


def results(base: Study, table: LookupTable, seed: int, path: Path, only: Sequence[str]) -> list[Row]:
    """The rows of every part asked for, those that ``path`` has of the same study or computed, and written there part by part."""
    made: Row = {"chips": base.chips, "samples": base.samples, "seed": seed, "errors": asdict(base.errors), "rows": []}
    if path.exists():
        there = json.loads(path.read_text())
        if there | {"rows": []} == made:
            made = there
    parts: dict[str, Callable[[], Iterator[Row]]] = {
        "rules": lambda: rules(base, seed),
        "levels": lambda: levels(base, seed),
        "pulses": lambda: pulses(base, table, seed),
        "drift": lambda: drifts(base, seed),
        "spread": lambda: spreads(base, seed),
    }
    for name, part in parts.items():
        if name in only and not any(found["part"] == name for found in made["rows"]):
            made["rows"] += part()
            write_json(path, made)
    rows: list[Row] = made["rows"]
    return rows


def row(part: str, what: str, value: float, learned: Learned) -> Row:
    """An accuracy with Student's interval over the chips, and what was written; printed too."""
    found = Accuracy.of(learned.accuracy)
    print(
        f"{part:8} {what:34} {value:<8.3g} {found.shown(1):>14} %  {learned.writes:10,.0f} writes  {learned.energy * 1e9:8.3g} nJ"
    )
    sys.stdout.flush()
    return {"part": part, "what": what, "value": value, "accuracy": found.mean, "low": found.low, "high": found.high,
            "loading": learned.loading, "writes": learned.writes, "energy": learned.energy}  # fmt: skip


def rules(base: Study, seed: int) -> Iterator[Row]:
    """Rules of learning, with exact weights and in cells without errors that register what is less than a level."""
    for learning in get_args(Learning):
        for cells in (0, HELD):
            study = replace(base, cells=cells, learning=learning, errors=WriteErrors(), rule="accumulate")
            yield row("rules", learning, cells, learn(study, seed))


def levels(base: Study, seed: int) -> Iterator[Row]:
    """Accuracy over the number of cells a weight, of each rule that makes levels of small changes."""
    for rule in RULES:
        for cells in CELLS:
            yield row("levels", rule, cells, learn(replace(base, cells=cells, rule=rule), seed))


def pulses(base: Study, table: LookupTable, seed: int) -> Iterator[Row]:
    """Accuracy and energy over the length of the write pulse: a short one costs less and fails more."""
    base = replace(base, rule="accumulate")
    for pulse in PULSES:
        errors = WriteErrors.of(table, pulse)
        found = row("pulses", "accumulate", pulse, learn(replace(base, errors=errors), seed))
        yield found | {"wer_set": errors.wer_set, "wer_reset": errors.wer_reset}


def drifts(base: Study, seed: int) -> Iterator[Row]:
    """Accuracy over the probability that a cell turns by itself within a sample."""
    for drift in DRIFTS:
        yield row("drift", "accumulate", drift, learn(replace(base, rule="accumulate", drift=drift), seed))


def spreads(base: Study, seed: int) -> Iterator[Row]:
    """Networks learnt with exact weights and equal neurons, on chips whose neurons deviate; and such that learn there."""
    base = replace(base, rule="accumulate")
    taught = learn(replace(base, cells=0), seed).weights
    for sigma in SPREADS:
        chip = replace(base, sigma_theta=sigma)
        yield row("spread", "loaded", sigma, learn(replace(chip, samples=0), seed + 1, taught))
        yield row("spread", "on line", sigma, learn(chip, seed + 1, taught))
        yield row("spread", "read-out", sigma, learn(replace(chip, learning="read-out alone"), seed + 1, taught))


def plot(rows: Sequence[Row], path: Path) -> Path:
    """Four panels: levels, pulses with the energy, drift, spread of the neurons."""
    figure = new_figure(12, 8.4)
    (cells, pulse), (drift, spread) = figure.subplots(2, 2)

    def of(part: str, what: str) -> list[Row]:
        return [found for found in rows if (found["part"], found["what"]) == (part, what)]

    def line(axes: Any, found: Sequence[Row], x: Sequence[float], **style: Any) -> None:
        (drawn,) = axes.plot(x, [100 * r["accuracy"] for r in found], marker="o", ms=4, **style)
        axes.fill_between(
            x, [100 * r["low"] for r in found], [100 * r["high"] for r in found], color=drawn.get_color(), alpha=0.15, lw=0
        )

    exact = next(r for r in rows if (r["part"], r["what"], r["value"]) == ("rules", "e-prop", 0))
    for rule, colour in zip(RULES, COLOURS, strict=False):
        found = of("levels", rule)
        line(cells, found, [r["value"] for r in found], color=colour, label=rule)
    cells.axhline(100 * exact["accuracy"], color="black", ls="--", lw=1, label="exact weights")
    cells.set_xscale("log", base=2)
    cells.set_xticks(CELLS, [str(n) for n in CELLS])
    cells.set_xlabel("cells a weight (levels less one)")
    cells.set_title("finite levels, table's cells, 10 ns")

    found = of("pulses", "accumulate")
    line(pulse, found, [r["value"] * 1e9 for r in found], color=COLOURS[2], label="accumulate")
    for r in found:
        text, place = f"{r['wer_reset']:.1g}\n{r['energy'] * 1e9:.0f} nJ", (r["value"] * 1e9, 100 * r["accuracy"])
        pulse.annotate(text, place, xytext=(0, -30), textcoords="offset points", fontsize=8, ha="center")
    pulse.set_xlabel("write pulse (ns); at each: RESETs that fail, energy of all writes")
    pulse.set_title("short writes")

    found = of("drift", "accumulate")
    line(drift, found, [max(r["value"], 1e-6) for r in found], color=COLOURS[2], label="accumulate")
    drift.set_xscale("log")
    drift.set_xlabel("probability that a cell turns by itself, a sample (0 at 1e-6)")
    drift.set_title("drift while it learns")

    for (what, label), colour in zip(WAYS.items(), COLOURS, strict=False):
        found = of("spread", what)
        line(spread, found, [r["value"] for r in found], color=colour, label=label)
    spread.set_xlabel("spread of the neurons' thresholds and time constants")
    spread.set_title("neurons that deviate")

    for axes in (cells, pulse, drift, spread):
        axes.axhline(100 / len(ORDERS), color="grey", ls=":", lw=1)
        axes.set_ylim(-5, 100)
        axes.set_ylabel("accuracy on unseen samples (%)")
        axes.legend(fontsize=8, loc="lower right" if axes in (pulse, drift) else "best", frameon=True, edgecolor="none")
    return save(figure, path)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        say("interrupted")
        sys.exit(130)
