"""Thermal noise of the amplifiers with half the interval between two drawn numbers: does its sigma stay?

    python benchmarks/noise_step.py [trials] [bench ...]

Numbers are held for an interval (20 ps in tbs-sense, 5 ps in vsa-sense and sot-sense), which is white noise up to about its
inverse.  If that is more than the circuit can follow, half the interval changes no sigma.  Nominal devices, so that noise alone
spreads the measure; the interval of the ratio is that of two variances (F distribution), 95 %.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from scipy.stats import f

from spicekit import calibrated
from spicekit.bench import Bench
from spicekit.benches.sensing import sot_sense
from spicekit.benches.sensing.tbs import TbsSense
from spicekit.benches.sensing.vsa import VsaSense
from spicekit.block import simulate_block
from spicekit.waves import Array

# bench -> parameters, measures.  A discharge of LOAD near the threshold in 1.5 ns; latches at an input that they decide slowly
CASES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "tbs-sense": ({"trim": 100, "v_mid": 0.45, "overdrive": 0.0, "t_window": "3n", "t_recover": "100p"}, ("t_load",)),
    "vsa-sense": ({"overdrive": "2m"}, ("t_decision",)),
    "sot-sense": ({}, ("dv_in", "t_decision")),
}


def main(trials: int = 100, *names: str) -> None:
    print(f"{trials} trials of noise alone\n")
    print("| bench | measure | every | σ | every | σ | ratio (95 %) |\n|---|---|---|---|---|---|---|")
    for name in names or CASES:
        _, measures = CASES[name]
        intervals, found = zip(*(sigmas(name, part, trials) for part in (1, 2)), strict=True)
        for measure in measures:
            whole, half = (values[measure] for values in found)
            ratio, wide = half.std(ddof=1) / whole.std(ddof=1), f.ppf((0.975, 0.025), len(half) - 1, len(whole) - 1)
            low, high = ratio / np.sqrt(wide)
            columns = (
                f"{1e12 * dt:g} ps | {values.std(ddof=1):.3g}" for dt, values in zip(intervals, (whole, half), strict=True)
            )
            verdict = "" if low < 1 < high else ", NOT 1"
            print(f"| {name} | {measure} | {' | '.join(columns)} | {ratio:.2f} ({low:.2f} to {high:.2f}){verdict} |", flush=True)


def sigmas(name: str, part: int, trials: int) -> tuple[float, dict[str, Array]]:
    """The interval in s divided by ``part``, and the measures of trials with other seeds in each case, those that decide."""
    given, measures = CASES[name]
    bench: Bench[Any]
    if name == "sot-sense":
        every = sot_sense.NOISE_DT
        sot_sense.NOISE_DT = every / part
        bench = sot_sense.SotSense(noise="on", **given)
    else:
        kind: Any = {"tbs-sense": TbsSense, "vsa-sense": VsaSense}[name]
        every = kind.noise_dt
        bench = type(kind.__name__, (kind,), {"noise_dt": every / part})(noise="on", **given)
    calibrated(bench)
    try:
        found = simulate_block(bench, {"seed_noise": np.arange(1.0, trials + 1) + 1000 * part}).measures
    finally:
        if name == "sot-sense":
            sot_sense.NOISE_DT = every
    finite = np.all([np.isfinite(found[measure]) for measure in measures], axis=0)
    return every / part, {measure: found[measure][finite] for measure in measures}


if __name__ == "__main__":
    main(*(int(word) if word.isdigit() else word for word in sys.argv[1:]))  # type: ignore[arg-type]
