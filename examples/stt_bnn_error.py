"""Error rate of a row of an STT-MRAM binary network against its matches: two campaigns convolved, and trials end to end.

python examples/stt_bnn_error.py --out out/stt-bnn-error [--rows 2000] [--amplifiers 1000] [--macros 1000] [--engine batch]
                                 [-p n=64 ...]

The line with its 95 % band is the two-step flow (montecarlo/systems/stt_bnn/two_step.py); the points are trials of
`stt-bnn-macro` with drawn weights and inputs, grouped by their matches, with exact 95 % intervals.  --macros 0 leaves them out.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from montecarlo import clopper_pearson
from montecarlo.systems.stt_bnn.two_step import TwoStep, error_rate, simulate, trials
from spicekit.benches.bnn.macro import BnnMacro
from spicekit.style import COLOURS, new_figure, save
from spicekit.waves import Array

REACH = 9  # matches on either side of the threshold that are shown
FEWEST = 10  # trials of a point that is shown
NEAR = 9e-3  # V, from the threshold: trials of which the decision variable is compared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out/stt-bnn-error"))
    parser.add_argument("--rows", type=int, default=2000, help="DC trials of the row")
    parser.add_argument("--amplifiers", type=int, default=1000, help="trials of sense node and amplifier")
    parser.add_argument("--macros", type=int, default=1000, help="trials of row and amplifier together")
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--engine", default="ngspice", help="what simulates: ngspice or batch")
    parser.add_argument("-p", dest="parameters", action="append", default=[], metavar="NAME=VALUE", help="of stt-bnn-macro")
    options = parser.parse_args()
    given = dict(word.split("=", 1) for word in options.parameters)
    how: dict[str, Any] = {"workers": options.workers, "engine": options.engine}
    found = simulate(options.out, rows=options.rows, amplifiers=options.amplifiers, parameters=given, **how)
    first = (found.n + 1) // 2
    counts = np.arange(max(first - REACH, 0), min(first + REACH, found.n + 1), dtype=float)
    band, average = found.intervals(counts)
    sigma = found.sigma
    print(f"LSB {found.lsb * 1e3:.3f} mV, threshold at {found.threshold:.2f} matches")
    print(f"sigma in LSB: row {sigma['row']:.3f}, amplifier {sigma['amplifier']:.3f}, total {sigma['total']:.3f}")
    print(f"average error, two-step: {found.average:.4f} (95 %: {average[0]:.4f} to {average[1]:.4f})")
    measured = None
    if options.macros:
        measured = trials("stt-bnn-macro", given | {"data": "trial"}, options.macros, options.out / "macro", **how)
        report(found, measured)
    print("plot:", plot(given, found, counts, band, measured, options.out / "error.png"))


def report(found: TwoStep, measured: dict[str, Array]) -> None:
    """The end-to-end trials beside the two-step flow."""
    wrong, n1 = measured["error"], measured["n1"]
    low, high = clopper_pearson(int(wrong.sum()), len(wrong))
    print(f"average error, end to end: {wrong.mean():.4f} (95 %: {low:.4f} to {high:.4f}), {len(wrong)} trials")
    print(f"two-step at the matches of these trials: {found.error(n1).mean():.4f}")
    # lead is all but linear in the matches, as long as LOAD arrives within the window
    near = np.abs(n1 - (found.n + 1) // 2 + 0.5) * found.lsb < NEAR
    slope, offset = np.polyfit(n1[near], measured["lead"][near], 1)
    sigma = np.std(measured["lead"][near] - slope * n1[near] - offset, ddof=2) / slope
    share = f"± {196 / np.sqrt(2 * near.sum()):.1f} %, {near.sum()} trials within {NEAR * 1e3:g} mV"
    print(f"sigma of the decision variable, end to end: {sigma:.3f} LSB ({share})")
    print(f"threshold end to end: {-offset / slope:.2f} matches")
    for name in ("t_latency", "t_cycle", "e_total"):
        unit, scale = ("ns", 1e9) if name[0] == "t" else ("pJ", 1e12)
        values = measured[name] * scale
        print(f"{name}: mean {values.mean():.3f}, largest {values.max():.3f} {unit}")


def plot(
    given: dict[str, str], found: TwoStep, counts: Array, band: Array, measured: dict[str, Array] | None, path: Path
) -> Path:
    """Error rate over N1."""
    macro = BnnMacro(**given)
    figure = new_figure(8, 5)
    axis = figure.subplots()
    axis.fill_between(counts, band[0], band[1], color=COLOURS[0], alpha=0.3, label="95 % bootstrap")
    axis.plot(
        counts,
        found.error(counts),
        ".-",
        color=COLOURS[0],
        label=f"two-step: {len(found.v_sl)} rows × {len(found.trips)} amplifiers",
    )
    distance = counts - (found.n + 1) // 2 + 0.5
    axis.plot(
        counts,
        error_rate(distance, found.sigma["total"]),
        ":",
        color="black",
        label=f"normal, σ = {found.sigma['total']:.2f} LSB",
    )
    if measured is not None:
        seen = [count for count in counts if np.count_nonzero(measured["n1"] == count) >= FEWEST]
        groups = [measured["error"][measured["n1"] == count] for count in seen]
        rates = np.array([group.mean() for group in groups])
        limits = np.array([clopper_pearson(int(group.sum()), len(group)) for group in groups])
        axis.errorbar(
            seen, rates, yerr=np.abs(limits.T - rates), fmt="o", ms=4, capsize=3, lw=1, color=COLOURS[1],
            label=f"end to end: {len(measured['n1'])} trials, exact 95 %",
        )  # fmt: skip
    axis.set_xticks(counts[::2])
    axis.set_xlabel(f"matching cells N1 of {found.n}")
    axis.set_ylabel("error rate of the decision")
    axis.set_ylim(0, 0.7)
    axis.legend(fontsize=8, loc="upper right")
    axis.set_title(
        f"stt-bnn-macro: {macro.technology.name} {macro.p.corner}, {macro.temperature:.3g} °C, {macro.vdd:g} V, "
        f"rails {macro.p.v_high:g}/{macro.p.v_low:g} V, boost {macro.p.boost}, average error {found.average:.3f}",
        fontsize=10,
    )
    return save(figure, path)


if __name__ == "__main__":  # worker processes import this file
    main()
