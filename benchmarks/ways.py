"""The same netlist simulated in the ways that a user could pick: trials a second, memory, and whether the results agree.

    python benchmarks/ways.py [--workers 2] [--scale 1.0] [BENCH ...]
    python benchmarks/ways.py --asked [--part 0.1]

For each bench (a DC read of one cell, a transient of a sense amplifier), on the same two cores:

    process              an ngspice process a trial, as many side by side as there are cores, one thread each
    process, defaults    the same without `set num_threads=1`: ngspice's two OpenMP threads a process
    spicelib             spicelib's SimRunner with its netlist editor, which sets the variation points of a trial, and raw files
    PySpice              PySpice's NgSpiceShared in a process a core, the whole netlist loaded again for each trial
    spicekit             a campaign

All have the bench's own options and tolerances, so the accuracy is the same; the largest relative difference from the first way
is printed.  The time starts when the first trial is prepared and includes reading the results.  Slow ways run fewer trials.  The
last lines tell how much of a transient trial of spicekit is spent outside ngspice's `tran` command.

With --asked: what was asked of the engine ``batch`` beside what it does, all in this one process and as processor time of one
core, which what else the machine does changes less than wall time (in brackets): trials against ngspice in process and against
processes, whole campaigns (drawing, simulating, comparing, storing, summarising), setting up, and what a trial is worth with
--surrogate.  Of the campaign of operating points the share --part is run (see :func:`scaled`), the others are run whole.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from spent import Spent, spent

from montecarlo import Campaign
from montecarlo.jobs import job
from montecarlo.running.store import Store
from spicekit import calibrated, make_bench
from spicekit.netlist import render_at
from spicekit.waves import Array, Waves

Samples = dict[str, Array]
Measures = dict[str, Array]
THREADS = "set num_threads=1\n"
_PRINTED = re.compile(r"^(\w+) = (\S+)$", re.MULTILINE)


def batch(folder: Path, names: list[str], text: str, trial: int) -> list[float]:
    """One ngspice process."""
    path = folder / f"{trial}.cir"
    path.write_text(text)
    done = subprocess.run(["ngspice", "-b", str(path)], capture_output=True, text=True, check=False)
    printed = dict(_PRINTED.findall(done.stdout))
    return [float(printed.get(name, "nan")) for name in names]  # some measures are not ngspice's


def by_process(bench: str, samples: Samples, workers: int, trials: int, *, threads: bool = False) -> Measures:
    made = calibrated(make_bench(bench, {}))
    names = [measure.name for measure in made.measures()]

    def one(trial: int) -> list[float]:
        text = render_at(made, {name: float(values[trial]) for name, values in samples.items()})
        return batch(folder, names, text.replace(THREADS, "") if threads else text, trial)

    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(workers) as pool:
        folder = Path(scratch)
        rows = np.array(list(pool.map(one, range(trials))))
    return dict(zip(names, rows.T, strict=True))


def by_spicelib(bench: str, samples: Samples, workers: int, trials: int) -> Measures:
    """The editor sets each point's source; the runner starts ngspice, whose raw file is read by spicelib."""
    from spicelib import RawRead, SimRunner, SpiceEditor
    from spicelib.simulators.ngspice_simulator import NGspiceSimulator

    made = calibrated(make_bench(bench, {}))
    analysis = made.analysis()
    nominal = render_at(made, {}, standalone=True)
    start, end = nominal.index(".control"), nominal.index(".endc") + len(".endc\n")
    vectors: list[dict[str, Array]] = []
    with tempfile.TemporaryDirectory() as scratch:
        netlist = Path(scratch) / "trial.net"
        netlist.write_text(nominal[:start] + nominal[end:])  # it runs the analysis lines itself
        (Path(scratch) / ".spiceinit").write_text(THREADS)
        before = Path.cwd()
        os.chdir(scratch)
        try:
            runner = SimRunner(output_folder=scratch, simulator=NGspiceSimulator, parallel_sims=workers, verbose=False)
            editor = SpiceEditor(str(netlist))
            for trial in range(trials):
                for name, values in samples.items():
                    editor.set_component_value(f"V{name}", repr(float(values[trial])))
                runner.run(editor, run_filename=f"{trial}.net")
            runner.wait_completion()
            for trial in range(trials):
                raw = RawRead(str(Path(scratch) / f"{trial}.raw"), dialect="ngspice", verbose=False)
                traces = {name.lower(): np.real(raw.get_wave(name)) for name in raw.get_trace_names()}
                vectors.append({name: traces[name] for name in ("time", *analysis.save) if name in traces})
        finally:
            os.chdir(before)
    rows = [made.measured(Waves(found), 1) for found in vectors]
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


def _reload(bench: str, samples: Samples, trials: range) -> Measures:
    from spicekit.simulator import simulator

    # PySpice's NgSpiceShared, as spicekit holds it: a process has one, and benches are calibrated with it
    shared, made = simulator()._ngspice, calibrated(make_bench(bench, {}))
    analysis, rows = made.analysis(), []
    for trial in trials:
        text = render_at(made, {name: float(values[trial]) for name, values in samples.items()}, standalone=True)
        start, end = text.index(".control"), text.index(".endc") + len(".endc\n")
        shared.destroy()
        shared.load_circuit(text[:start] + text[end:])
        shared.run()
        plot = shared.plot(None, shared.last_plot)
        found = {name.lower(): np.asarray(vector._data) for name, vector in plot.items()}
        # PySpice names vectors without v() and i()
        waves = {}
        for name in ("time", *analysis.save):
            for key in (name, name[2:-1], f"{name[2:-1]}#branch"):
                if key in found:
                    waves[name] = found[key]
        rows.append(made.measured(Waves(waves), 1))
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


def by_pyspice(bench: str, samples: Samples, workers: int, trials: int) -> Measures:
    ranges = [range(trials * k // workers, trials * (k + 1) // workers) for k in range(workers)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        parts = list(pool.map(partial(_reload, bench, samples), ranges))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def by_campaign(bench: str, _samples: Samples, workers: int, trials: int) -> Measures:
    with tempfile.TemporaryDirectory() as scratch:
        campaign = Campaign(bench, trials=trials)
        campaign.run(Path(scratch) / "out", workers=workers)
        store = Store(Path(scratch) / "out")
        return {measure.name: store.parts.column(measure.name) for measure in campaign.bench.measures()}


WAYS: dict[str, tuple[Callable[..., Measures], float]] = {  # way, share of the trials that it runs
    "process": (by_process, 0.02),
    "process, defaults": (partial(by_process, threads=True), 0.004),
    "spicelib": (by_spicelib, 0.02),
    "PySpice": (by_pyspice, 0.1),
    "spicekit": (by_campaign, 1.0),
}


def measured(bench: str, way: str, workers: int, trials: int) -> tuple[float, float, Measures]:
    """Seconds, peak memory in MB of the largest process, measures: in a process of its own, so that memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measured, bench, way, workers, trials).result()


def _measured(bench: str, way: str, workers: int, trials: int) -> tuple[float, float, Measures]:
    samples = Campaign(bench, trials=trials).samples(0, trials)
    run, _ = WAYS[way]
    with Path(os.devnull).open("w") as silent:
        kept = os.dup(1)
        os.dup2(silent.fileno(), 1)  # some of them talk
        started = time.perf_counter()
        try:
            found = run(bench, samples, workers, trials)
        finally:
            os.dup2(kept, 1)
    wall = time.perf_counter() - started
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    return wall, peak, found


def outside(bench: str, trials: int = 40) -> float:
    """Share of a transient trial that is not spent in ngspice's `tran` command."""
    from spicekit.block import simulate_block
    from spicekit.simulator import simulator

    made = calibrated(make_bench(bench, {}))
    samples = Campaign(bench, trials=trials).samples(0, trials)
    ngspice = simulator()
    simulate_block(made, {name: values[:1] for name, values in samples.items()})
    inner, command = [0.0], ngspice.command

    def timed(line: str) -> None:
        began = time.process_time()
        command(line)
        if line.startswith("tran "):
            inner[0] += time.process_time() - began

    ngspice.command = timed  # type: ignore[method-assign]
    began = time.process_time()
    simulate_block(made, samples)
    total = time.process_time() - began
    ngspice.command = command  # type: ignore[method-assign]
    return 1 - inner[0] / total


def compare(bench: str, workers: int, trials: int) -> None:
    print(f"\n{bench}: {workers} workers, {os.cpu_count()} cores")
    print(f"{'way':20}{'trials':>9}{'trials/s':>11}{'spicekit is':>13}{'peak MB':>9}{'largest difference':>21}")
    rows: dict[str, tuple[int, float, float, Measures]] = {}
    for way, (_, share) in WAYS.items():
        count = max(int(trials * share), 4 * workers)
        rows[way] = (count, *measured(bench, way, workers, count))
    reference = rows["process"][3]
    best = rows["spicekit"][0] / rows["spicekit"][1]
    for way, (count, wall, peak, found) in rows.items():
        rate = count / wall
        same = min(count, rows["process"][0])
        difference = max(
            float(np.max(np.abs(found[name][:same] - values[:same])) / max(np.max(np.abs(values[:same])), 1e-300))
            for name, values in reference.items()
            if np.isfinite(values[:same]).all()
        )
        print(f"{way:20}{count:9,}{rate:11,.1f}{best / rate:12.1f}x{peak:9.0f}{difference:21.1e}", flush=True)


# trials of a core-second of batch over those of ngspice in process, and over those of a process a trial, at least
ASKED = {
    "tbs-sense,trim=649": (10, 10), "sot-sense": (8, 10), "charge-if": (8, 10), "stt-bnn-macro": (8, 10),
    "stt-write,noise_dt=0": (8, 10), "stt-bnn-row,n=288,analysis=tran": (10, 10), "sot-logic": (5, 10), "stt-bnn-row": (5, 10),
}  # fmt: skip
# campaigns: bench, trials, seconds of a core at most, as a number or as a share of what ngspice takes
CAMPAIGNS: tuple[tuple[str, int, float, float], ...] = (
    ("sot-logic", 100_000, np.inf, 1 / 3), ("tbs-sense", 10_000, 80, np.inf), ("charge-if", 2_000, 240, np.inf),
)  # fmt: skip
SETUP = ("tbs-sense,trim=649", "charge-if", "stt-bnn-macro")
FIRST, CACHED = 60, 1  # s of setting up, at most: with nothing in the cache, and again
READY = """
import sys
from montecarlo import Campaign
from spicekit.engines.batch.engine import machine_of
from spent import spent
name, *given = sys.argv[1].split(",")
bench = Campaign(name, trials=1, parameters=dict(pair.split("=") for pair in given)).bench
one = spent(lambda: machine_of(bench))
print(one.processor, one.wall)
"""


class Here(Executor):
    """Runs tasks in this process, whose processor time is then all there is."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # as an executor does
            future.set_exception(error)
        return future


def campaign_of(bench: str, engine: str, trials: int) -> tuple[Spent, Spent]:
    """A campaign, its bench's set-up included; and what of it the comparison with ngspice took."""
    comparing = Spent(0.0, 0.0)

    def timed(*args: Any) -> Any:
        nonlocal comparing
        found: list[Any] = []
        comparing = spent(lambda: found.append(compared(*args)))
        return found[0]

    def run() -> None:
        campaign = Campaign(bench, trials=trials, seed=1, engine=engine)
        campaign.run(Path(scratch) / "out", executor=Here())
        if campaign.engine != engine:
            raise SystemExit(f"{bench}: simulated by {campaign.engine}, not by {engine}")

    compared, job.compared = job.compared, timed
    try:
        with tempfile.TemporaryDirectory() as scratch:
            return spent(run), comparing
    finally:
        job.compared = compared


def scaled(bench: str, engine: str, trials: int, part: float) -> tuple[Spent, int]:
    """A campaign of ``trials``, and how many of them were run: a part and an eighth of it, and the rest by their difference."""
    most = max(round(trials * part), 40)
    least, left = max(most // 8, 20), trials - most
    many, _ = campaign_of(bench, engine, most)
    few, _ = campaign_of(bench, engine, least)
    return many.plus(many.plus(few, -1.0), left / (most - least)), most


def setup(words: str) -> list[Spent]:
    """A bench made ready in a process of its own, with nothing in the cache and once more."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "XDG_CACHE_HOME": cache, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", READY, words]
        done = [subprocess.run(command, env=environment, capture_output=True, text=True, check=True) for _ in range(2)]
    return [Spent(*map(float, one.stdout.split()[-2:])) for one in done]


def asked(part: float) -> None:
    from batch_engine import by_engines, by_processes, prepared

    print("\nms of a processor a trial, by the clock in brackets")
    print(f"{'bench':34}{'process':>18}{'ngspice':>18}{'batch':>18}{'times':>8}{'asked':>7}{'process':>9}{'asked':>7}")
    one: dict[str, Spent] = {}
    for words, (least, of_process) in ASKED.items():
        campaign, samples = prepared(words, 500 if words in ("sot-logic", "stt-bnn-row") else 32)
        theirs, mine = by_engines(campaign, samples)
        alone = by_processes(campaign, samples)
        one[campaign.bench.name] = theirs
        cells = "".join(f"{way.processor * 1e3:.3g} ({way.wall * 1e3:.3g})".rjust(18) for way in (alone, theirs, mine))
        ratios = (theirs.processor / mine.processor, alone.processor / mine.processor)
        print(f"{words:34}{cells}{ratios[0]:8.1f}{least:7}{ratios[1]:9.1f}{of_process:7}", flush=True)
    print("\ns of a processor a campaign, of one core, by the clock in brackets; then the trials that were run")
    print(f"{'campaign':24}{'ngspice':>20}{'batch':>20}{'run':>8}{'times':>8}{'asked: s':>10}{'comparison':>12}")
    for bench, trials, most, share in CAMPAIGNS:
        if np.isfinite(share):
            theirs, _ = scaled(bench, "ngspice", trials, part)
            mine, run = scaled(bench, "batch", trials, part)
            compared = Spent(0.0, 0.0)
        else:  # a campaign of transients by ngspice is its trials; by batch it is run whole
            theirs, run = one[bench].each(1 / trials), trials
            mine, compared = campaign_of(bench, "batch", trials)
        cells = "".join(f"{way.processor:,.1f} ({way.wall:,.1f})".rjust(20) for way in (theirs, mine))
        most = min(most, share * theirs.processor)
        print(
            f"{f'{bench}, {trials:,}':24}{cells}{run:8,}{theirs.processor / mine.processor:8.1f}{most:10.0f}"
            f"{compared.processor:12.0f}",
            flush=True,
        )
    print("\ns of a processor to make a bench ready, by the clock in brackets")
    print(f"{'bench':24}{'first':>16}{'asked':>8}{'again':>16}{'asked':>8}")
    for words in SETUP:
        first, again = (f"{way.processor:.2f} ({way.wall:.2f})" for way in setup(words))
        print(f"{words:24}{first:>16}{FIRST:8}{again:>16}{CACHED:8}", flush=True)
    print("\n250 trials of tbs-sense with --surrogate beside 4000 plain ones", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        script = Path(__file__).with_name("surrogate.py")
        many, sets = max(4000, round(8000 * min(part * 10, 1))), max(4, round(20 * min(part * 10, 1)))
        subprocess.run(
            [sys.executable, str(script), "--many", str(max(many, 250 * sets)), "--sets", str(sets), "--out", scratch], check=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benches", nargs="*", default=["stt-read", "sot-read", "tbs-sense"])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the numbers of trials")
    parser.add_argument("--asked", action="store_true", help="the engine batch beside what was asked of it")
    parser.add_argument(
        "--part", type=float, default=0.1, help="with --asked: share of the campaign of operating points that is run"
    )
    given = parser.parse_args()
    if given.asked:
        asked(given.part)
        return
    transients = [name for name in given.benches if hasattr(make_bench(name, {}).analysis(), "stop")]
    for name in given.benches:
        compare(name, given.workers, int((500 if name in transients else 20_000) * given.scale))
    for name in transients:
        share = outside(name, max(int(40 * given.scale), 4))
        print(f"\n{name}: {share:.1%} of a trial is outside ngspice's tran command", file=sys.stdout)


if __name__ == "__main__":
    main()
