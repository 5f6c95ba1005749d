"""The memories of a spiking accelerator: where an operation's energy goes, what sparsity does to it, what the search finds.

python examples/snn_hierarchy.py --out out/snn-hierarchy [--activity 0.05] [--l1 9] [--l2 512]

Simulates the cells in --out, as `spicekit system snn-hierarchy --out` does (or uses what that has left), and writes
hierarchy.png.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from montecarlo.systems.figures import system_figures
from montecarlo.systems.snn_hierarchy.figures import E_MEGA, E_SNE, MACHINE, PLANS, Study
from montecarlo.systems.snn_hierarchy.hierarchy import NETWORK, STEPS, Spent, counted, layer_parts
from montecarlo.systems.snn_hierarchy.schedule import Machine
from spicekit.errors import SpicekitError
from spicekit.style import COLOURS, new_figure, save
from spicekit.table import LookupTable

PARTS = {
    "elements": "additions", "L1 spikes": "L1 spikes", "L1 weights": "L1 weights", "L1 states": "L1 states", "L2 read": "L2 read",
    "L2 write": "L2 write", "leakage L1": "leakage L1", "leakage L2": "leakage L2",
}  # fmt: skip
SWEPT = np.geomspace(0.005, 0.5, 9)
LAYER = NETWORK[3]


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--out", type=Path, default=Path("out/snn-hierarchy"))
    options.add_argument("--activity", type=float, default=0.05, help="spikes a position and time step")
    options.add_argument("--l1", type=int, default=9, help="KB of the buffer for weights, and of that for states")
    options.add_argument("--l2", type=int, default=512, help="KB of L2")
    given = options.parse_args()
    if not 0 < given.activity <= 1:
        options.error(f"--activity {given.activity:g}: above 0, at most 1")
    if given.l1 < 1 or given.l2 < 1:
        options.error("--l1 and --l2: at least 1 KB")
    machine = replace(MACHINE, weights=given.l1 * 1024, states=given.l1 * 1024, l2=given.l2 * 1024)
    try:
        system_figures("snn-hierarchy", given.out)
        study = Study.of({plan.name: LookupTable.load(given.out / plan.name) for plan in PLANS})
        spent = {
            (name, leaking): study.inference(name, given.activity, machine, leaking=leaking)
            for name in study.cells
            for leaking in (False, True)
        }
    except SpicekitError as error:  # such as an activity above 1, or an L2 that does not hold the network
        options.error(str(error))
    for (name, leaking), found in spent.items():
        print(f"L2 of {name}, {'with' if leaking else 'without'} leakage: {found.operation * 1e15:.0f} fJ an operation, "
              f"{found.time * 1e3:.2f} ms and {found.total * 1e6:.1f} uJ an inference")  # fmt: skip
        for layer, mapping in zip(NETWORK, found.schedules, strict=True):
            print(f"    {layer.name}: {mapping}")
    print(f"plot: {plot(study, spent, given.activity, machine, given.out / 'hierarchy.png')}")


def plot(study: Study, spent: dict[tuple[str, bool], Spent], activity: float, machine: Machine, path: Path) -> Path:
    """Parts of an operation, its energy over the activity, and every schedule of one layer."""
    figure = new_figure(13, 4.6)
    bars, swept, cloud = figure.subplots(1, 3)
    bottom = np.zeros(len(spent))
    for part, colour in zip(PARTS, COLOURS, strict=True):
        heights = np.array([found.parts[part] / found.operations * 1e12 for found in spent.values()])
        bars.bar(range(len(spent)), heights, bottom=bottom, color=colour, label=PARTS[part], width=0.7)
        bottom += heights
    names = [f"{name}\n{'leaking' if leaking else 'active'}" for name, leaking in spent]
    bars.set_xticks(range(len(names)), names, fontsize=8)
    bars.axhline(E_MEGA * 1e12, color="black", ls="--", lw=1)
    bars.text(-0.4, E_MEGA * 1e12, "Mega", va="bottom", fontsize=8)
    bars.set_ylabel("energy of a synaptic operation (pJ)")
    bars.set_title(f"L2 of three cells, activity {activity:g}")
    bars.legend(fontsize=7, ncols=2)
    bars.grid(axis="x", visible=False)

    for name, colour in zip(study.cells, COLOURS, strict=False):
        for leaking in (False, True):
            energies = [study.inference(name, float(a), machine, leaking=leaking).operation * 1e12 for a in SWEPT]
            label = f"{name}{', with leakage' if leaking else ''}"
            swept.loglog(
                SWEPT, energies, color=colour, ls="--" if leaking else "-", marker="." if not leaking else "", label=label
            )
    for value, name in ((E_MEGA, "Mega"), (E_SNE, "SNE")):
        swept.axhline(value * 1e12, color="black", lw=0.8, ls=":")
        swept.text(SWEPT[-1], value * 1e12, name, fontsize=8, ha="right", va="bottom")
    swept.set_xlabel("activity: spikes a position and step")
    swept.set_ylabel("energy of a synaptic operation (pJ)")
    swept.set_title("sparsity")
    swept.legend(fontsize=7)

    memories = study.hierarchy("SRAM", machine)
    for held, colour in (("states", COLOURS[0]), ("weights", COLOURS[1])):
        found = [(m, c) for m, c in counted(LAYER, STEPS, activity, machine) if m.held == held]
        traffic = [(c.l2_read + c.l2_write) / c.operations for _, c in found]
        energy = [sum(layer_parts(c, memories, leaking=False)[0].values()) / c.operations * 1e12 for _, c in found]
        cloud.loglog(traffic, energy, ".", color=colour, ms=4, alpha=0.4, mec="none", label=f"{held} stay in the elements")
    cloud.set_xlabel("bits from and to L2 an operation")
    cloud.set_ylabel("energy of a synaptic operation (pJ)")
    cloud.set_title(f"every schedule of {LAYER.name}, L2 of SRAM")
    cloud.legend(fontsize=8)
    return save(figure, path)


if __name__ == "__main__":
    main()
