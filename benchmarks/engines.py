"""The same 500 trials three ways: one ngspice process each, in-process alter, and the swept trial index.

    python benchmarks/engines.py [--trials 500]

All three run on one core and must give the same sense voltages; the table shows the time a trial and the largest difference.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from montecarlo.samplers import make_sampler
from montecarlo.variation import Space
from spicekit import Bench, calibrated, make_bench
from spicekit.block import simulate_block
from spicekit.netlist import render_at
from spicekit.simulator import simulator
from spicekit.waves import Array, Waves


def by_process(bench: Bench, samples: dict[str, Array], trials: int) -> dict[str, Array]:
    """Write the trial's stand-alone netlist, run `ngspice -b`, parse what it prints."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trial.cir"
        for trial in range(trials):
            path.write_text(render_at(bench, {name: float(values[trial]) for name, values in samples.items()}))
            done = subprocess.run(["ngspice", "-b", str(path)], capture_output=True, text=True, check=True)
            printed = dict(re.findall(r"^(\w+) = (\S+)$", done.stdout, re.M))
            rows.append({measure.name: float(printed[measure.name]) for measure in bench.measures()})
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def by_alter(bench: Bench, samples: dict[str, Array], trials: int) -> dict[str, Array]:
    """Load once, then alter every source and solve again for each trial."""
    ngspice = simulator()
    ngspice.load(render_at(bench, {}, standalone=False))
    analysis = bench.analysis()
    rows = {name: [] for name in analysis.save}
    for trial in range(trials):
        for name, values in samples.items():
            ngspice.command(f"alter v{name} dc={float(values[trial])!r}")
        ngspice.clear()
        ngspice.command(analysis.command(0, 0))
        for name, vector in ngspice.vectors(analysis.save).items():
            rows[name].append(vector)
    return bench.evaluate(Waves({name: np.concatenate(vectors) for name, vectors in rows.items()}))


def by_sweep(bench: Bench, samples: dict[str, Array], _trials: int) -> dict[str, Array]:
    """What a campaign does with a block."""
    return simulate_block(bench, samples).measures


def compare(name: str, trials: int) -> None:
    bench = calibrated(make_bench(name, {}))
    space = Space(bench.points())
    samples = space.values(make_sampler("random", 1, trials, space.dimensions).normals(0, trials))
    by_sweep(bench, {name: values[:2] for name, values in samples.items()}, 2)  # load the library before the clock starts
    results, times = {}, {}
    for label, engine in ENGINES.items():
        started = time.perf_counter()
        results[label] = engine(bench, samples, trials)
        times[label] = time.perf_counter() - started
    reference = results["one process a trial"]
    print(f"{trials} trials of {name}, one core")
    print(f"{'engine':22}{'ms a trial':>12}{'speed-up':>10}{'largest relative difference of a voltage':>43}")
    for label, result in results.items():
        voltages = [measure.name for measure in bench.measures() if measure.name.startswith("v_")]
        difference = max(float(np.max(np.abs(result[key] / reference[key] - 1))) for key in voltages)
        speed_up = times["one process a trial"] / times[label]
        print(f"{label:22}{times[label] / trials * 1e3:12.3f}{speed_up:10.1f}{difference:43.1e}")


ENGINES = {"one process a trial": by_process, "in-process alter": by_alter, "swept trial index": by_sweep}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=500)
    trials = parser.parse_args().trials
    for name in ("sot-read", "sot-logic"):
        compare(name, trials)


if __name__ == "__main__":
    main()
