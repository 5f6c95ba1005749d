"""Draws and queries a second of a lookup table, on one core.

    python benchmarks/table_sampling.py [FILE MEASURE [NAME=VALUE ...]]

Without arguments a table of one measure over (tmr, temperature, corner) is made up; with them, a real one is used.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from scipy.special import ndtri

from spicekit.table import LookupTable
from spicekit.table_layout import QUANTILES

DRAWS = 10_000_000
QUERIES = 1_000_000


def made_up() -> LookupTable:
    """A normal distribution whose mean and sigma depend on the operating point."""
    tmr, temperature = np.linspace(1, 3, 5), np.array([-40.0, 27.0, 85.0])
    mean = np.add.outer(np.add.outer(tmr, temperature / 1000), np.array([0.0, 0.1, -0.1]))
    levels = np.array(QUANTILES)
    quantiles = mean[..., None] + 0.1 * ndtri(np.clip(levels, 1e-4, 1 - 1e-4))
    axes = ("tmr", "temperature", "corner")
    return LookupTable(
        {"tmr": tmr, "temperature": temperature, "corner": np.array(["tt", "ff", "ss"]), "quantile": levels},
        {"v": (axes, mean), "v_quantiles": ((*axes, "quantile"), quantiles)},
        {},
        {},
    )


def timed(label: str, count: int, work: Callable[[], object]) -> None:
    work()
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    print(f"{label:48} {count / min(seconds) / 1e6:8.1f} million/s (best of 5; slowest {count / max(seconds) / 1e6:.1f})")


def main() -> None:
    if len(sys.argv) > 2:
        table, measure = LookupTable.load(sys.argv[1]), sys.argv[2]
        point: dict[str, str] = dict(text.split("=", 1) for text in sys.argv[3:])  # type: ignore[misc]
        timed(f"sample, {DRAWS:,} draws", DRAWS, lambda: table.sample(np.random.default_rng(1), measure, DRAWS, **point))
        return
    table, rng = made_up(), np.random.default_rng(1)
    point_ = {"tmr": 1.7, "temperature": 50.0, "corner": "ss"}
    timed(f"sample, {DRAWS:,} draws at one point", DRAWS, lambda: table.sample(rng, "v", DRAWS, **point_))
    thousand = 1000
    timed(
        f"sample, {thousand:,} draws a call",
        thousand * 1000,
        lambda: [table.sample(rng, "v", thousand, **point_) for _ in range(1000)],
    )
    tmr, temperature = rng.uniform(1, 3, QUERIES), rng.uniform(-40, 85, QUERIES)
    where = {"tmr": tmr, "temperature": temperature, "corner": "tt"}
    timed(f"sample, {QUERIES:,} draws, each at its own point", QUERIES, lambda: table.sample(rng, "v", **where))
    timed(f"query, {QUERIES:,} points", QUERIES, lambda: table.query("v", **where))


if __name__ == "__main__":
    main()
