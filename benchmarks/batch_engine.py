"""The batch engine beside ngspice: processor time of a trial, and how far each measure of every transient bench is off.

    python benchmarks/batch_engine.py [--trials 16] [--accuracy] [BENCH[,name=value...] ...]

All run in this one process, so that what else the machine does raises all times alike; the ratios are of the processor's time,
beside which stands that by the clock, of

    process     an ngspice process a trial, one thread (its children's time)
    ngspice     in process: transients altered, operating points swept
    batch       8 or 4 trials at once, one in each lane

With --accuracy, as a table in Markdown: root of the mean square and largest difference of each measure from ngspice with
tolerances ten times finer, of the batch engine, of the same with every transistor evaluated in every iteration (none rests on
its tangent), and of ngspice itself, in per cent of the measure's own root of the mean square.  Behind it a line a bench: the
measure in which the batch engine's is largest, and that in which it is most times ngspice's, of those above a hundredth of a per
cent.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from spent import Spent, spent
from ways import batch as one_process

from montecarlo import Campaign
from spicekit.engines import ngspice
from spicekit.engines.batch.engine import machine_of, solve
from spicekit.netlist import render_at
from spicekit.waves import Array

SPEED = (
    "tbs-sense,trim=649", "sot-sense", "charge-if", "stt-bnn-macro", "stt-write,noise_dt=0", "stt-bnn-row,n=288,analysis=tran",
    "sot-logic", "stt-bnn-row",
)  # fmt: skip
TRANSIENTS = (
    "tbs-sense,trim=649", "vsa-sense", "auto-zero", "double-tail", "current-mode", "self-reference", "sot-sense", "charge-if",
    "dynamic-if", "stt-bnn-macro", "c3cim-settle", "stt-bnn-row,n=32,analysis=tran", "stt-settle", "stt-write,noise_dt=0",
    "sot-write,noise_dt=0", "stt-wer", "sot-wer", "stt-array,operation=write,rows=8,columns=8",
    "sot-array,operation=write,rows=8,columns=8", "sram-6t,operation=write", "sram-8t,operation=write", "mtj-switch", "mtj-vcma",
    "logic-gate", "multiplier", "shift-accumulate", "adder-tree,inputs=4",
)  # fmt: skip
PROCESSES = 2  # trials as processes


def prepared(words: str, trials: int) -> tuple[Campaign, dict[str, Array]]:
    """A bench with its parameters, and samples of its default variations."""
    name, *given = words.split(",")
    campaign = Campaign(name, trials=trials, parameters=dict(pair.split("=") for pair in given))
    return campaign, campaign.samples(0, trials)


def first(samples: dict[str, Array], trials: int) -> dict[str, Array]:
    return {name: values[:trials] for name, values in samples.items()}


def by_processes(campaign: Campaign, samples: dict[str, Array]) -> Spent:
    """A trial as a process."""
    names = [measure.name for measure in campaign.bench.measures()]
    with tempfile.TemporaryDirectory() as scratch:
        texts = [
            render_at(campaign.bench, {name: float(values[trial]) for name, values in samples.items()})
            for trial in range(PROCESSES)
        ]
        return spent(lambda: [one_process(Path(scratch), names, text, k) for k, text in enumerate(texts)]).each(PROCESSES)


def by_engines(campaign: Campaign, samples: dict[str, Array]) -> tuple[Spent, Spent]:
    """A trial in ngspice in process, of which an eighth of the transients are run, and in the engine batch."""
    machine, trials = machine_of(campaign.bench), len(next(iter(samples.values())))
    few = trials if machine.static else max(2, trials // 8)
    solve(campaign.bench, first(samples, few))
    mine = spent(lambda: solve(campaign.bench, samples)).each(trials)
    ngspice.solve(campaign.bench, first(samples, 1))
    return spent(lambda: ngspice.solve(campaign.bench, first(samples, few))).each(few), mine


def speed(words: str, trials: int) -> None:
    campaign, samples = prepared(words, trials)
    setup = spent(lambda: machine_of(campaign.bench))
    machine = machine_of(campaign.bench)
    theirs, mine = by_engines(campaign, samples)
    iterations = np.mean(machine.iterations)
    alone = by_processes(campaign, samples)
    cells = "".join(f"{one.processor * 1e3:9.3g} ({one.wall * 1e3:.3g})".rjust(20) for one in (alone, theirs, mine))
    print(
        f"{words:34}{machine.unknowns:9,}{cells}{theirs.processor / mine.processor:9.1f}{alone.processor / mine.processor:9.1f}"
        f"{iterations:12,.0f}{setup.processor:9.1f}",
        flush=True,
    )


def accuracy(words: str, trials: int) -> str:
    """Prints a bench's rows and returns its line."""
    off_by: list[tuple[float, float, str]] = []
    bench_name, apart = words, 0
    campaign, samples = prepared(words, trials)
    bench = campaign.bench
    found, machine = solve(bench, samples), machine_of(bench)
    machine.rest(0.0)
    full = solve(bench, samples)
    machine.rest(1.0)
    coarse, fine = ngspice.solve(bench, samples), ngspice.fine(bench, samples)
    for measure in bench.measures():
        *ways, best = (solved.measures[measure.name] for solved in (found, full, coarse, fine))
        ok = np.isfinite(best)
        for way in ways:
            ok &= np.isfinite(way)
        jumps = int(np.count_nonzero(np.isfinite(ways[0]) != np.isfinite(ways[2])))
        if not ok.any():
            continue
        size = np.sqrt(np.mean(best[ok] ** 2)) or 1.0
        numbers = []
        for way in ways:
            off = abs(way[ok] - best[ok]) / size * 100
            numbers += [np.sqrt(np.mean(off**2)), off.max()]
        off_by.append((numbers[0], numbers[4], measure.name))
        apart += jumps
        cells = [words, measure.name, str(np.count_nonzero(ok)), *(f"{x:.1e}" for x in numbers), str(jumps or "")]
        print("| " + " | ".join(cells) + " |", flush=True)
        words = ""
    times = [(mine / theirs, name) for mine, theirs, name in off_by if mine > 0.01 and theirs > 0]
    cells = [f"`{bench_name}`", str(len(off_by)), "{2}: {0:.2g}, {1:.2g}".format(*max(off_by))]
    cells += ["{1}: {0:.2g}".format(*max(times)) if times else "none above 0.01 %", str(apart or "")]
    return "| " + " | ".join(cells) + " |"


def figures(benches: tuple[str, ...] = SPEED, trials: int = 16) -> None:
    print(f"\nms of a processor a trial, by the clock in brackets, {trials} trials (DC: 500)")
    heads = ("unknowns", "process", "ngspice", "batch", "times", "process", "iterations", "set-up s")
    widths = (9, 20, 20, 20, 9, 9, 12, 9)
    print(f"{'bench':34}" + "".join(f"{head:>{width}}" for head, width in zip(heads, widths, strict=True)))
    for words in benches:
        speed(words, 500 if words.split(",")[0] in ("sot-logic", "stt-bnn-row") and "tran" not in words else trials)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benches", nargs="*")
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--accuracy", action="store_true")
    given = parser.parse_args()
    if not given.accuracy:
        figures(tuple(given.benches) or SPEED, given.trials)
        return
    print(
        "| bench | measure | trials | batch: rms | largest | none rests: rms | largest | ngspice: rms | largest | in one alone |"
    )
    print("|---" * 10 + "|")
    lines = [accuracy(words, given.trials) for words in given.benches or TRANSIENTS]
    print(
        "\n| bench | measures | largest rms of batch (%), of ngspice | most times ngspice's | in one alone |\n" + "|---" * 5 + "|"
    )
    print("\n".join(lines))


if __name__ == "__main__":
    main()
