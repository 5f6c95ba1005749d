"""The batch engine beside ngspice: processor time of a trial, and how far each measure of every transient bench is off.

    python benchmarks/batch_engine.py [--trials 16] [--accuracy] [BENCH[,name=value...] ...]

All run in this one process, so that what else the machine does raises all times alike; the time is the processor's, of

    process     an ngspice process a trial, one thread (its children's time)
    ngspice     in process: transients altered, operating points swept
    batch       8 or 4 trials at once, one in each lane

With --accuracy: largest and root of the mean square difference of each measure from ngspice with tolerances ten times finer, of
the batch engine, of the same with every transistor evaluated in every iteration (none rests on its tangent), and of ngspice
itself, in per cent of the measure's own root of the mean square.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
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
    "tbs-sense,trim=649", "vsa-sense", "sot-sense", "charge-if", "dynamic-if", "stt-bnn-macro", "stt-write,noise_dt=0",
    "sot-write,noise_dt=0", "stt-settle", "c3cim-settle", "mtj-switch", "mtj-vcma",
)  # fmt: skip
PROCESSES = 2  # trials as processes


def prepared(words: str, trials: int) -> tuple[Campaign, dict[str, Array]]:
    """A bench with its parameters, and samples of its default variations."""
    name, *given = words.split(",")
    campaign = Campaign(name, trials=trials, parameters=dict(pair.split("=") for pair in given))
    return campaign, campaign.samples(0, trials)


def first(samples: dict[str, Array], trials: int) -> dict[str, Array]:
    return {name: values[:trials] for name, values in samples.items()}


def seconds_of_processes(campaign: Campaign, samples: dict[str, Array]) -> float:
    """A trial's."""
    names = [measure.name for measure in campaign.bench.measures()]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as scratch:
        for trial in range(PROCESSES):
            text = render_at(campaign.bench, {name: float(values[trial]) for name, values in samples.items()})
            one_process(Path(scratch), names, text, trial)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / PROCESSES


def trial_seconds(campaign: Campaign, samples: dict[str, Array]) -> tuple[float, float]:
    """A trial's processor time in ngspice in process, of which an eighth of the transients are run, and in the engine batch."""
    machine, trials = machine_of(campaign.bench), len(next(iter(samples.values())))
    solve(campaign.bench, samples)
    began = time.process_time()
    solve(campaign.bench, samples)
    mine = (time.process_time() - began) / trials
    few = trials if machine.static else max(2, trials // 8)
    ngspice.solve(campaign.bench, first(samples, 1))
    began = time.process_time()
    ngspice.solve(campaign.bench, first(samples, few))
    return (time.process_time() - began) / few, mine


def speed(words: str, trials: int) -> None:
    campaign, samples = prepared(words, trials)
    began = time.perf_counter()
    machine = machine_of(campaign.bench)
    setup = time.perf_counter() - began
    theirs, mine = trial_seconds(campaign, samples)
    alone = seconds_of_processes(campaign, samples)
    iterations = np.mean(machine.iterations)
    print(
        f"{words:30}{machine.unknowns:9,}{alone * 1e3:12.3g}{theirs * 1e3:12.3g}{mine * 1e3:12.3g}{theirs / mine:9.1f}"
        f"{alone / mine:9.1f}{iterations:12,.0f}{setup:9.1f}",
        flush=True,
    )


def accuracy(words: str, trials: int) -> None:
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
        said = f"  {jumps} without a value in one of both" if jumps else ""
        print(f"{words:26}{measure.name:16}{np.count_nonzero(ok):7}" + "".join(f"{x:10.1e}" for x in numbers) + said, flush=True)


def figures(benches: tuple[str, ...] = SPEED, trials: int = 16) -> None:
    print(f"\nms of a processor a trial, {trials} trials (DC: 500)")
    heads = ("unknowns", "process", "ngspice", "batch", "times", "process", "iterations", "set-up s")
    widths = (9, 12, 12, 12, 9, 9, 12, 9)
    print(f"{'bench':30}" + "".join(f"{head:>{width}}" for head, width in zip(heads, widths, strict=True)))
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
        f"{'bench':26}{'measure':16}{'trials':>7}"
        + "".join(f"{head:>10}{'largest':>10}" for head in ("batch rms", "no rest", "ngspice"))
    )
    for words in given.benches or TRANSIENTS:
        accuracy(words, given.trials)


if __name__ == "__main__":
    main()
