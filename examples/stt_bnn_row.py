"""The row of an STT-MRAM binary network: source line against matches with its 3-sigma band, INL and DNL.

python examples/stt_bnn_row.py --out out/stt-bnn-row [--trials 300] [--engine batch] [-p n=64 -p positions=first ...]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from montecarlo.jobs.sweep import Sweep
from spicekit import make_bench
from spicekit.benches.bnn.row import BnnRow
from spicekit.linearity import Linearity, linearity
from spicekit.style import COLOURS, new_figure, save
from spicekit.waves import Array

BAND = 16  # intervals between the counts at which the spread is simulated


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out/stt-bnn-row"))
    parser.add_argument("--trials", type=int, default=300, help="a count, for the band")
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--engine", default="ngspice", help="what simulates the band: ngspice or batch")
    parser.add_argument("-p", dest="parameters", action="append", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    given = dict(word.split("=", 1) for word in options.parameters)
    bench = make_bench("stt-bnn-row", given)
    assert isinstance(bench, BnnRow)
    n = bench.p.n
    counts = list(range(n + 1))
    few = sorted({round(k * n / BAND) for k in range(BAND + 1)})
    nominal = Sweep("stt-bnn-row", {"n1": counts}, parameters=given, measures=["v_sl"])
    v_sl = nominal.run(options.out / "nominal", workers=options.workers)["v_sl"].to_numpy()
    spread = Sweep("stt-bnn-row", {"n1": few}, trials=options.trials, parameters=given, measures=["v_sl"], engine=options.engine)
    table = spread.run(options.out / "spread", workers=options.workers)
    found = linearity(counts, v_sl)
    mean, sigma = table["v_sl"].to_numpy(), table["v_sl_std"].to_numpy()
    worst = found.worst
    print(f"V_SL {v_sl[0] * 1e3:.1f} to {v_sl[-1] * 1e3:.1f} mV, LSB {found.lsb * 1e3:.3f} mV (ends)")
    print(f"INL {worst['inl']:.3f} LSB (ends), {worst['inl_fit']:.3f} LSB (fit), DNL {worst['dnl']:.3f} LSB")
    print(f"sigma at {few[len(few) // 2]} of {n}: {sigma[len(few) // 2] * 1e3:.3f} mV, largest {sigma.max() * 1e3:.3f} mV")
    print(f"read disturb at most {bench.disturb():.1e} an operation")
    print("plot:", plot(bench, v_sl, found, np.array(few), mean, sigma, options.trials, options.out / "transfer.png"))


def plot(bench: BnnRow, v_sl: Array, found: Linearity, few: Array, mean: Array, sigma: Array, trials: int, path: Path) -> Path:
    """V_SL with its band above, INL and DNL below, over the number of matches."""
    figure = new_figure(8.5, 8)
    top, middle, bottom = figure.subplots(3, 1, sharex=True, height_ratios=(2.2, 1, 1))
    counts = np.arange(len(v_sl))
    top.fill_between(few, (mean - 3 * sigma) * 1e3, (mean + 3 * sigma) * 1e3, color=COLOURS[0], alpha=0.3, label="mean ± 3σ")
    top.plot(counts, v_sl * 1e3, color=COLOURS[0], lw=1.2, label="nominal")
    top.set_ylabel("source line (mV)")
    inset = top.inset_axes((0.62, 0.12, 0.33, 0.4))
    half = bench.p.n // 2
    inset.fill_between(few, (mean - 3 * sigma) * 1e3, (mean + 3 * sigma) * 1e3, color=COLOURS[0], alpha=0.3)
    inset.plot(counts, v_sl * 1e3, ".-", color=COLOURS[0], lw=0.8, ms=4)
    inset.set_xlim(half - 3, half + 3)
    inset.set_ylim((v_sl[half] - 4 * found.lsb) * 1e3, (v_sl[half] + 4 * found.lsb) * 1e3)
    inset.tick_params(labelsize=7)
    middle.plot(counts, found.inl, color=COLOURS[0], label="line through the ends")
    middle.plot(counts, found.inl_fit, color=COLOURS[1], label="fitted line")
    middle.set_ylabel("INL (LSB)")
    bottom.plot(counts[:-1], found.dnl, ".-", ms=3, lw=0.8, color=COLOURS[0])
    bottom.set_ylabel("DNL (LSB)")
    bottom.set_xlabel(f"matching cells N1 of {bench.p.n}")
    top.legend(loc="upper left")
    middle.legend(fontsize=8)
    figure.suptitle(
        f"stt-bnn-row: {bench.technology.name} {bench.p.corner}, {bench.temperature:.3g} °C, {bench.vdd:g} V, "
        f"rails {bench.p.v_high:g}/{bench.p.v_low:g} V, "
        f"TMR {bench.junction.tmr:.0%}, {bench.p.positions} positions, LSB {found.lsb * 1e3:.3g} mV, {trials} trials a count",
        fontsize=10,
    )
    return save(figure, path)


if __name__ == "__main__":  # worker processes import this file
    main()
