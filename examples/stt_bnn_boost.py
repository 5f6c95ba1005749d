"""Boosting of a row of an STT-MRAM binary network compared: spread, error and energy with 0, 1 and 2 lifts.

python examples/stt_bnn_boost.py FOLDER --out out/stt-bnn-boost

FOLDER is what `spicekit system stt-bnn --out FOLDER` made, or what the commands that it prints of its sweeps `row`, `row-low`,
`sense` and `macro` made, with fewer trials perhaps; nothing is simulated here.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from montecarlo.systems.stt_bnn.figures import BOOSTS, EFFICIENCY, N, macro_figures
from spicekit import LookupTable
from spicekit.benches.bnn.macro import BnnMacro
from spicekit.files import output_folder
from spicekit.style import COLOURS, new_figure, save

TABLES = ("row", "row-low", "sense", "macro")
PARTS = {
    "row": "row, from V_H",
    "wordline": "word line",
    "drivers": "bit-line drivers",
    "sense": "gates of the sense node",
    "lift": "lifts",
    "load": "LOAD",
    "latch": "inverters, latch",
    "drive": "START driver",
    "line": "delay line, share",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of `spicekit system stt-bnn`")
    parser.add_argument("--out", type=Path, default=Path("out/stt-bnn-boost"))
    options = parser.parse_args()
    tables = {name: LookupTable.load(options.folder / name) for name in TABLES}
    for boost in BOOSTS:
        for figure in macro_figures(tables, boost):
            published = "" if figure.published is None else f" published {figure.published:.4g}, ratio {figure.ratio:.3f}"
            print(f"{figure.name}: {figure.simulated:.4g} {figure.unit}{published} ({figure.origin})")
    print("plot:", plot(tables, output_folder(options.out) / "boost.png"))


def plot(tables: dict[str, LookupTable], path: Path) -> Path:
    """Spread of row and amplifier with the error that follows, and energy of an operation by part, over the lifts."""
    found = {figure.name: figure.simulated for boost in BOOSTS for figure in macro_figures(tables, boost)}
    places = np.arange(len(BOOSTS))
    figure = new_figure(11, 4.8)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.25))
    shown = {
        "sigma of SL in LSB": "row",
        "sigma of the trip point in LSB": "sense node and amplifier",
        "sigma of both in LSB": "both",
    }
    for k, (name, label) in enumerate(shown.items()):
        levels = [found[f"boost {boost}, {name}"] for boost in BOOSTS]
        bars = left.bar(places + (k - 1) * 0.27, levels, 0.25, color=COLOURS[k], label=label)
        left.bar_label(bars, fmt="%.2f", fontsize=8)
    left.set_ylabel("σ (LSB)")
    left.set_ylim(0, 2.1)
    left.legend(fontsize=8, loc="upper left", ncols=3)
    errors = [found[f"boost {boost}, average error, two-step"] for boost in BOOSTS]
    rails = [BnnMacro(boost=boost).p for boost in BOOSTS]
    left.set_xticks(
        places,
        [
            f"boost {boost}\n{p.v_high:g}/{p.v_low:g} V\nerror {error:.3f}"
            for boost, p, error in zip(BOOSTS, rails, errors, strict=True)
        ],
    )
    left.set_title(f"Spread and average error, N = {N}", fontsize=10)
    below = np.zeros(len(BOOSTS))
    for k, (part, label) in enumerate(PARTS.items()):
        values = np.array([float(tables["macro"].query(f"e_{part}", boost=boost)) for boost in BOOSTS]) * 1e15
        right.bar(places, values, 0.5, below, color=COLOURS[k % len(COLOURS)], alpha=1 if k < len(COLOURS) else 0.6, label=label)
        for place, value, base in zip(places, values, below, strict=True):
            if value > 40:
                right.text(place, base + value / 2, f"{value:.0f}", ha="center", va="center", color="white", fontsize=8)
        below += values
    for place, total in zip(places, below, strict=True):
        right.text(place, total + 8, f"{total:.0f} fJ, {2e3 * N / total:.0f} TOPS/W", ha="center", fontsize=9)
    for boost, efficiency in EFFICIENCY.items():
        energy = 2 * N / efficiency * 1e15
        right.hlines(energy, boost - 0.33, boost + 0.33, color="black", ls="--", lw=1)
        right.text(boost, energy + 8, f"published {efficiency / 1e12:.0f} TOPS/W", ha="center", fontsize=8)
    right.set_xticks(places, [f"boost {boost}" for boost in BOOSTS])
    right.set_xlim(-0.6, 3.6)
    right.set_ylim(0, 930)
    right.set_ylabel("energy of a row's operation (fJ)")
    right.legend(fontsize=8, loc="center right")
    trials = int(tables["macro"].query("count", boost=0))
    right.set_title(f"Energy, mean of {trials} end-to-end trials with drawn data", fontsize=10)
    macro = BnnMacro()
    where = f"{macro.technology.name} {macro.p.corner}, {macro.temperature:.3g} °C, {macro.vdd:g} V"
    figure.suptitle(f"stt-bnn-macro: {where}", fontsize=11)
    return save(figure, path)


if __name__ == "__main__":
    main()
