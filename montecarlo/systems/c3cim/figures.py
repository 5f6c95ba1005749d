"""C3CIM: the constant-current column of 64 cells (Biyani et al., DATE 2025, doi:10.23919/DATE64628.2025.10992950).

The energy of a MAC is a mean over simulated trials with the mismatch and spread of every device; linearity and the comparison
with the current-summing column are nominal.  An inference is counted in whole columns, one binary weight a cell::

    columns of a neuron     ceil(fan-in / 64); unused cells of the last one are bypassed, its current flows all the same
    MACs of an inference    every column once, in each time step
    energy of a MAC         e_mac with half of the inputs 1 (a row whose input is 0 does not switch)
    read-out                e_readout: the simulated switch of the sample-and-hold, and a converter that is a parameter

Not counted: adding up a neuron's columns, thresholds, buffers, moving data.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from montecarlo.systems.imce.figures import mean, simulated
from montecarlo.systems.networks import Layer
from montecarlo.systems.system import Figure, Plan
from spicekit.table import LookupTable
from spicekit.units import format_value

BIYANI = "Biyani et al., DATE 2025"
CELLS = 64
T_MAC = 1100e-9  # s, in which the column settles
T_CONVENTIONAL = 10e-9  # s, chosen: see docs/c3cim.md
E_MAC, E_BIT = 30e-15, 0.47e-15  # J, published
PLACES = {"placement": ["first", "last", "random"]}
WHOLE = {"n": CELLS, "transfer": 1}  # over every n_hrs

PLANS = (
    Plan("mac", "c3cim-settle", {"n_sel": [CELLS // 2, CELLS]}, 16, {"n": CELLS, "t_mac": T_MAC}),
    Plan("line", "c3cim-column", PLACES, 0, WHOLE | {"t_mac": T_MAC}),
    Plan("conventional", "c3cim-conventional", PLACES, 0, WHOLE | {"t_mac": T_CONVENTIONAL}),
    Plan("count", "c3cim-column", {"data": ["uniform", "random"]}, 300, {"n": CELLS}),
)

# of a layer the output is one pixel wide: fully connected
BNN = (Layer("hidden", 1, 3136, 1, 784), Layer("output", 1, 10, 1, 3136))
SNN = (Layer("hidden", 1, 81, 1, 324), Layer("output", 1, 10, 1, 81))
STEPS = 60  # of the spiking network


def figures(tables: Mapping[str, LookupTable]) -> list[Figure]:
    """All figures, from the tables of :data:`PLANS`."""
    mac, line, conventional, count = (tables[plan.name] for plan in PLANS)
    all_on, half_on = {"n_sel": str(CELLS)}, {"n_sel": str(CELLS // 2)}

    def energy(name: str, measure: str, where: Mapping[str, str], remark: str = "") -> Figure:
        return simulated(name, "J", mac, "c3cim-settle", measure, where, remark=remark)

    whole = replace(energy("column MAC, every row switches", "e_mac", all_on, BIYANI), published=E_MAC)
    half = replace(energy("column MAC, half of the inputs 1", "e_mac", half_on, BIYANI), published=E_MAC)
    readout = energy("read-out of a column", "e_readout", all_on, "not in the MAC above; converter: Harpe et al., JSSC 2011")
    current = replace(energy("of it, the column's current", "e_column", all_on, BIYANI), published=E_MAC)
    found = [
        whole,
        current,
        energy("of it, share of the bias", "e_driver", all_on),
        energy("of it, share of the rows", "e_gates", all_on),
        half,
        Figure("1-bit MAC, every row switches", "J", whole.simulated / CELLS, f"column MAC / {CELLS}", BIYANI, E_BIT),
        Figure("1-bit MAC, half of the inputs 1", "J", half.simulated / CELLS, f"column MAC / {CELLS}", BIYANI, E_BIT),
        readout,
        energy("of it, the converter", "e_convert", all_on, f"a parameter: {CELLS + 1} e_level"),
        simulated("settling time", "s", mac, "c3cim-settle", "t_settle", all_on, remark="all cells bypassed to all in HRS"),
        simulated("MACs that settled in time", "", mac, "c3cim-settle", "settled", all_on, remark=f"of {T_MAC * 1e9:g} ns"),
        simulated("wrong counts, n_hrs even over 0 to 64", "", count, "c3cim-column", "wrong", {"data": "uniform"}),
        simulated("wrong counts, random inputs and weights", "", count, "c3cim-column", "wrong", {"data": "random"}),
    ]
    for measure in ("inl", "dnl"):
        found += [
            _nominal(f"{measure.upper()}, in steps", line, "c3cim-column", measure),
            _nominal(f"{measure.upper()}, in steps, current-summing column", conventional, "c3cim-conventional", measure),
        ]
    for title, layers, steps, published in (("BNN 784-3136-10", BNN, 1, 14.6e-9), ("SNN 324-81-10", SNN, STEPS, 11.24e-9)):
        found += inference(title, layers, steps, half.simulated, readout.simulated, published)
    return [*found, *comparison(mean(line, "e_mac"), mean(conventional, "e_mac"))]


def macs(layers: Sequence[Layer], steps: int) -> int:
    """Column MACs of an inference: whole columns."""
    return steps * sum(layer.outputs * math.ceil(layer.places / CELLS) for layer in layers)


def inference(
    title: str, layers: Sequence[Layer], steps: int, energy: float, readout: float, published: float
) -> list[Figure]:  # fmt: skip
    """Column MACs of an inference of ``steps`` time steps, and its energy in J with and without read-out."""
    number = macs(layers, steps)
    columns = " + ".join(f"{layer.outputs:,} x {math.ceil(layer.places / CELLS)}" for layer in layers)
    each = f"{number:,} x {format_value(energy, 'J')}"
    alone = f"{each}; the same number of the published {format_value(E_MAC, 'J')}: {format_value(number * E_MAC, 'J')}"
    steps_said = f", {steps} time steps" if steps > 1 else ""
    both = f"{number:,} x ({format_value(energy, 'J')} + {format_value(readout, 'J')})"
    return [
        Figure(f"{title}, column MACs an inference", "", float(number), f"{columns} columns{steps_said}"),
        Figure(f"{title}, energy without read-out", "J", number * energy, alone, BIYANI, published),
        Figure(f"{title}, energy with read-out", "J", number * (energy + readout), both, BIYANI, published),
    ]


def comparison(constant: float, conventional: float) -> list[Figure]:
    """The current-summing column over the constant-current one, from the energies in J of a MAC, rows in neither."""
    power = conventional / T_CONVENTIONAL / (constant / T_MAC)
    said = f"{BIYANI}: up to, against prior designs"
    e_mac = f"e_mac {format_value(conventional, 'J')} / {format_value(constant, 'J')}, without rows and read-out"
    times = f"{format_value(T_CONVENTIONAL, 's')} (chosen) and {format_value(T_MAC, 's')}"
    return [
        Figure("current-summing over constant-current, energy a MAC", "", conventional / constant, e_mac, said, 6.7),
        Figure("current-summing over constant-current, power", "", power, f"the same energies in {times}", said, 35.0),
    ]


def _nominal(name: str, table: LookupTable, bench: str, measure: str) -> Figure:
    """The worst of a nominal measure over the placements of the cells in HRS; in words, each of them."""
    values = {place: float(table.query(measure, placement=place)) for place in PLACES["placement"]}
    each = ", ".join(f"{place} {value:.3f}" for place, value in values.items())
    return Figure(name, "", max(values.values()), f"{bench} {measure}, nominal, largest over placement: {each}")
