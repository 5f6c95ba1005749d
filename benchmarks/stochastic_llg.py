"""Write error rate at delta 60, i = 2, tau = 5: a million trajectories, timed, beside the Fokker-Planck solver.

    python benchmarks/stochastic_llg.py [trajectories] [workers]

The figures: a million trajectories in less than 300 s on two cores; both rates equal within the binomial error.  The
second table is the convergence in the time step that the default rests on.
"""

from __future__ import annotations

import os
import sys
import time

import numpy as np

from spicekit.physics.fokker_planck import write_error_rate
from spicekit.physics.stochastic import default_step, stochastic_llg

DELTA, OVERDRIVE, TAU = 60, 2, [2.0, 3.0, 4.0, 5.0]


def main(trajectories: int = 1_000_000, workers: int = os.cpu_count() or 1) -> None:
    begin = time.perf_counter()
    expected = write_error_rate(DELTA, OVERDRIVE, TAU, rtol=1e-4)
    solved = time.perf_counter() - begin
    step = default_step(OVERDRIVE, 1.0)
    begin = time.perf_counter()
    counted = stochastic_llg(DELTA, OVERDRIVE, TAU, trajectories, 2024, workers=workers)
    elapsed = time.perf_counter() - begin
    print(f"delta {DELTA}, overdrive {OVERDRIVE}; Fokker-Planck {solved:.3f} s; {trajectories} trajectories x")
    print(f"{TAU[-1] / step:.0f} steps, {workers} workers: {elapsed:.1f} s ({1e6 * elapsed / trajectories:.0f} s a million)\n")
    sigma = np.sqrt(expected * (1 - expected) / trajectories)
    print("  tau   Fokker-Planck   stochastic LLG   95 % interval            difference/sigma")
    for t, fp, wer, low, high, s in zip(TAU, expected, counted.wer, counted.low, counted.high, sigma, strict=True):
        print(f"{t:5g}   {fp:13.6g}   {wer:14.6g}   {low:.6g} .. {high:.6g}   {(wer - fp) / s:+.2f}")
    print(f"\nrelative error by time step (one binomial sigma: {', '.join(f'{x:.2%}' for x in sigma / expected)})")
    for alpha, factor in ((1.0, 4.0), (1.0, 2.0), (1.0, 1.0), (0.1, 4.0), (0.1, 2.0)):
        h = factor * default_step(OVERDRIVE, alpha)
        wer = stochastic_llg(DELTA, OVERDRIVE, TAU, trajectories, 7, alpha=alpha, step=h, workers=workers).wer
        print(f"alpha {alpha:g}, step {h:g}: " + ", ".join(f"{x:+.2%}" for x in wer / expected - 1), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
