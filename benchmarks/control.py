"""Where a cheaper form of a bench pays as its control: R2 of trials that both simulate, and trials a second gained.

    python benchmarks/control.py [--trials 32]

Both by the engine ``batch`` in this one process, with the same samples; times are of the processor, by the clock in brackets.
The gain is that of the best numbers of trials, 1/(sqrt(1 - R2) + sqrt(R2 t_control/t))^2 (M. B. Giles, Acta Numerica 24, 259
(2015)): below 1 the control costs more than it saves.
"""

from __future__ import annotations

import argparse

import numpy as np
from spent import spent

from montecarlo import Campaign
from montecarlo.jobs.control import Control
from montecarlo.statistics.control import LEAST_R2
from spicekit.engines.batch.engine import solve

PAIRS = (  # bench, its parameters, its control
    ("stt-bnn-row", {"analysis": "tran", "n": 32}, ["analysis=dc"]),
    ("charge-if", {}, ["phases=ideal"]),
)


def compare(bench: str, given: dict[str, object], words: list[str], trials: int) -> None:
    full = Campaign(bench, trials=trials, parameters=given)
    cheap = Control(full, words)
    found, times = [], []
    for one in (full, cheap):
        solve(one.bench, one.samples(0, 2))  # what is compiled once
        results: list[dict[str, np.ndarray]] = []
        times.append(spent(lambda one=one, results=results: results.append(solve(one.bench, one.samples(0, trials)).measures)))
        found += results
    shown = [f"{time.each(trials).processor * 1e3:.3g} ({time.each(trials).wall * 1e3:.3g})" for time in times]
    print(f"\n{bench} {given or ''} by {' '.join(words)}: {trials} trials, ms a trial {shown[0]}, of the control {shown[1]}")
    cost = times[1].processor / times[0].processor
    for name, values in found[0].items():
        others = found[1].get(name)
        if others is None or not all(np.isfinite(v).all() and np.ptp(v) > 1e-12 * abs(v).max() for v in (values, others)):
            continue
        r2 = float(np.corrcoef(values, others)[0, 1] ** 2)
        gain = 1 / (np.sqrt(1 - r2) + np.sqrt(r2 * cost)) ** 2
        print(f"  {name:16}R2 {r2:.4f}  " + (f"gain {gain:.3g}" if r2 >= LEAST_R2 else "refused"), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trials", type=int, default=32)
    trials = parser.parse_args().trials
    for pair in PAIRS:
        compare(*pair, trials)


if __name__ == "__main__":
    main()
