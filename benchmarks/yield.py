"""Rare failures: how many simulations, and how right.

    python benchmarks/yield.py [analytic] [circuits] [transients] [--plain DIR]

- analytic: 7 normal variables, limit states of known probability, 100 seeds each, beside OpenTURNS where it is installed;
- circuits: the AND margin of sot-logic at several limits.  With --plain the counts of a plain campaign beside it:
  ``spicekit mc sot-logic --trials 10000000 --seed 20 --out DIR`` (25 minutes on 2 cores);
- transients: misdecision of tbs-sense at an input 8 mV above its mid level.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.stats import chi2, norm

from montecarlo import clopper_pearson
from montecarlo.jobs.study import YieldStudy
from montecarlo.rare import importance, library
from montecarlo.rare.explore import explore
from montecarlo.rare.regions import find_regions
from montecarlo.rare.state import LimitState
from montecarlo.running.store import Store
from spicekit.errors import UserError

Array = NDArray[np.float64]
DIMENSIONS = 7
SEEDS = 100
MOST = 2000  # trials that `fis` is allowed
TARGET = 0.06  # coefficient of variation: 15 % are two and a half of them
LIMITS = ("10m", "5m", "3m", "2m", "0", "-5m")
NORMAL = np.arange(1.0, DIMENSIONS + 1) / np.linalg.norm(np.arange(1.0, DIMENSIONS + 1))


def bowl(beta: float, curvature: float) -> tuple[Callable[[Array], Array], float]:
    """A surface at ``beta`` along NORMAL, curved alike in all directions across, and its exact failure probability."""

    def g(z: Array) -> Array:
        t = z @ NORMAL
        return np.asarray(beta - t + curvature / 2 * ((z**2).sum(axis=1) - t * t))

    def integrand(r: float) -> float:
        return float(norm.sf(beta + curvature / 2 * r) * chi2.pdf(r, DIMENSIONS - 1))

    return g, quad(integrand, 0, 300, epsabs=0, limit=500)[0]


def own(state: LimitState, seed: int) -> float:
    rng = np.random.default_rng(seed)
    explored = explore(state, rng)
    sampled = importance.sample(state, explored, find_regions(state, explored, rng), TARGET, rng)
    return sampled.estimate(0).probability if sampled else math.nan


def openturns(state: LimitState, seed: int) -> float:
    explored = explore(state, np.random.default_rng(seed))
    found = library.estimate(state, explored, TARGET, seed + 1)
    return found[0].probability if found else math.nan


def analytic() -> None:
    methods: dict[str, Callable[[LimitState, int], float]] = {"fis": own}
    try:
        library.check_installed()
        methods["openturns"] = openturns
    except UserError as error:
        print(f"OpenTURNS is not compared: {error}")
    print(f"{DIMENSIONS} normal variables, {SEEDS} seeds, coefficient of variation {TARGET:g}")
    print(
        f"{'surface':>22} {'exact':>10} {'method':>10} {'mean':>7} {'scatter':>8} {'within 15 %':>12} {'trials':>7} {'most':>6}"
    )
    for beta in (4.2, 6.0):
        for name, curvature in (("plane", 0.0), ("bowl, curvature 0.15", 0.15), ("dome, curvature -0.05", -0.05)):
            g, exact = bowl(beta, curvature)
            for method, run in methods.items():
                ratios, used = [], []
                for seed in range(SEEDS):
                    most = MOST if method == "fis" else 50_000
                    state = LimitState(lambda _, z, g=g: g(z)[None], DIMENSIONS, most)  # type: ignore[misc]
                    ratios.append(run(state, seed) / exact)
                    used.append(state.used)
                print(
                    f"{name:>22} {exact:10.3e} {method:>10} {np.mean(ratios):7.3f} {np.std(ratios):8.3f} "
                    f"{np.mean(np.abs(np.array(ratios) - 1) <= 0.15):12.0%} {np.mean(used):7.0f} {max(used):6}"
                )


def circuits(plain: Path | None) -> None:
    print("\nsot-logic, failure if margin_and < limit, coefficient of variation 0.1")
    margin = Store(plain).parts.column("margin_and") if plain else np.empty(0)
    if plain:
        print(f"plain campaign: {len(margin):,} trials, {np.isnan(margin).sum()} not ok")
    print(f"{'limit':>6} {'P':>10} {'95 % interval':>23} {'sigma':>6} {'cov':>6} {'trials':>7}   plain Monte Carlo")
    for limit in LIMITS:
        with tempfile.TemporaryDirectory() as folder:
            found = YieldStudy("sot-logic", f"margin_and < {limit}").run(folder, workers=2)
        line = row(limit, found)
        if len(margin):
            low, high = clopper_pearson(errors := int((margin < value(limit)).sum()), len(margin))
            line += f"   {errors:6,}: {errors / len(margin):.3g} ({low:.2e} to {high:.2e})"
        print(line, flush=True)


def transients() -> None:
    print("\ntbs-sense, input 8 mV above v_mid, failure if dt < 0, at most 5000 transients")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = YieldStudy("tbs-sense", "dt < 0", parameters={"overdrive": "8m"}, most=5000).run(folder, workers=2)
    print(row("8 mV", found) + f"   {time.monotonic() - started:.0f} s")
    for point in found["failure_points"][0]["points"][:4]:
        print(f"  {point['name']}: {point['sigmas']:+.2f} sigma, {point['contribution']:.0%}")


def row(label: str, found: dict) -> str:
    low, high = found["ci"]
    shown = f"{found['probability']:10.3g} {low:10.2e} to {high:8.2e} {found['sigma'] or math.inf:6.2f}"
    return f"{label:>6} {shown} {found['cov'] or math.inf:6.3f} {found['simulations']:7,}"


def value(text: str) -> float:
    from spicekit.units import parse_value

    return parse_value(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=["analytic", "circuits", "transients", []], help="all if not given")
    parser.add_argument("--plain", type=Path, help="folder of a plain campaign of sot-logic")
    given = parser.parse_args()
    parts = given.parts or ["analytic", "circuits", "transients"]
    if "analytic" in parts:
        analytic()
    if "circuits" in parts:
        circuits(given.plain)
    if "transients" in parts:
        transients()
    sys.stdout.flush()


if __name__ == "__main__":
    main()
