"""Energy and area of a MAC of the digital SRAM macro by part, with NOR, standard and Fibbinary multipliers.

python examples/sram_cim.py FOLDER --out out/sram-cim-picture

FOLDER is what `spicekit system sram-cim --out FOLDER` made; nothing is simulated here.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from montecarlo.systems.sram_cim.macro import CELL, DESIGNS, PLANS, cost
from spicekit import LookupTable
from spicekit.files import output_folder
from spicekit.style import COLOURS, new_figure, save

SHARE = 0.70  # of the adder tree in the power, over: Gomony et al., DAC 2024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of `spicekit system sram-cim`")
    parser.add_argument("--out", type=Path, default=Path("out/sram-cim-picture"))
    options = parser.parse_args()
    tables = {plan.name: LookupTable.load(options.folder / plan.name) for plan in (*PLANS, CELL)}
    costs = {name: cost(design, name, tables) for name, design in DESIGNS.items()}
    figure = new_figure(10, 4.6)
    left, right = figure.subplots(1, 2)
    for axes, by_part, unit, factor in (
        (left, {name: one.energy for name, one in costs.items()}, "energy of a MAC (fJ)", 1e15),
        (right, {name: one.area for name, one in costs.items()}, "area of a MAC (µm²)", 1e12),
    ):
        for place, parts in enumerate(by_part.values()):
            bottom = 0.0
            for number, (part, value) in enumerate(parts.items()):
                label = part if place == 0 else None
                axes.bar(place, value * factor, 0.55, bottom=bottom, color=COLOURS[number], label=label)
                bottom += value * factor
            axes.text(place, bottom * 1.01, f"{bottom:.3g}", ha="center", va="bottom", fontsize=9)
        axes.set_xticks(range(len(by_part)), list(by_part))
        axes.set_ylabel(unit)
        axes.margins(y=0.12)
        axes.legend(fontsize=8, loc="upper left")
    for place, one in enumerate(costs.values()):
        share = one.energy["adder tree"] / one.total
        left.errorbar(place + 0.2, one.total * 1e15, one.error * 1e15, color="black", capsize=4, lw=1)
        left.text(place, one.total * 1e15 * 0.45, f"tree {share:.0%}", ha="center", color="white", fontsize=9)
    left.set_title(f"bars: 95 %, random data; the tree's share published as over {SHARE:.0%}", fontsize=9)
    right.set_title("by the layout rule", fontsize=9)
    figure.suptitle("sram-cim: a MAC of 4 x 4 bits, 128 inputs, 64 outputs, ptm45 tt, 27 °C, 1 V", fontsize=11)
    folder = output_folder(options.out)
    print(f"plot: {save(figure, folder / 'sram-cim.png')}")


if __name__ == "__main__":
    main()
