"""C3CIM: the constant-current column of 64 cells (Biyani et al., DATE 2025, doi:10.23919/DATE64628.2025.10992950).

The energy of a MAC is a mean over simulated trials with the mismatch and spread of every device; linearity and the
current-summing columns to compare with are nominal.  An inference is counted in whole columns, one binary weight a cell::

    columns of a neuron     ceil(fan-in / 64); unused cells of the last one are bypassed, its current flows all the same
    MACs of an inference    every column once, in each time step
    energy of a MAC         e_mac of random inputs, rows that hold them
    read-out                e_readout: the simulated switch of the sample-and-hold, and a converter that is a parameter

Not counted: adding up a neuron's columns, thresholds, buffers, moving data.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from montecarlo.systems.imce.figures import mean, simulated
from montecarlo.systems.networks import Layer
from montecarlo.systems.system import Figure, Plan, made_of
from spicekit.benches.c3cim.baseline import ConventionalParameters
from spicekit.benches.c3cim.memory_column import MemoryColumnParameters
from spicekit.benches.c3cim.settle import C3cimSettleParameters
from spicekit.physics.constants import K_B
from spicekit.table import LookupTable
from spicekit.units import format_value

BIYANI = "Biyani et al., DATE 2025"
CELLS = 64
DESIGNS = ("50nA", "100nA")
T_MAC = {design: C3cimSettleParameters(design=design).t_mac for design in DESIGNS}  # s, in which the column settles at any corner
COUNTED = {
    "50nA": "drivers at 1 V, and a column of 10 and 100 kohm that takes 1.01 us to settle",
    "100nA": "drivers from an ideal rail of 0.7 V; by a linear regulator from 1 V it is 1.43 times that",
}
E_CONVERT = (CELLS + 1) * MemoryColumnParameters().e_level  # J
E_MAC, E_BIT = 30e-15, 0.47e-15  # J, published
KELVIN_27 = 300.15
ENERGY_RATIO, POWER_RATIO = 6.7, 35.0  # published, "up to"
PLACES = {"placement": ["first", "last", "random"]}
WHOLE = {"n": CELLS, "transfer": 1}  # over every n_hrs
RANDOM = {"n": CELLS, "n_sel": CELLS // 2, "n_hrs": CELLS // 4}  # random inputs and weights, in the mean

LATEST = DESIGNS[-1]  # the design that is compared
# the time of a conventional MAC beside it that both published ratios together imply
T_IMPLIED = T_MAC[LATEST] * ENERGY_RATIO / POWER_RATIO


@dataclass(frozen=True)
class Baseline:
    """A current-summing column to compare with: what is ``given`` of ``c3cim-conventional``, all of it chosen."""

    plan: str
    title: str
    given: Mapping[str, Any]

    @property
    def column(self) -> ConventionalParameters:
        """With time and clamp of its design."""
        return ConventionalParameters(**RANDOM, **self.given)

    def as_plan(self) -> Plan:
        return Plan(self.plan, "c3cim-conventional", PLACES, 0, RANDOM | dict(self.given))


BASELINES = (
    Baseline("conventional-5k", "5 k and 50 kohm", {"r_lrs": 5e3, "r_hrs": 50e3}),
    Baseline("conventional-10k", "10 k and 100 kohm", {"r_lrs": 10e3, "r_hrs": 100e3}),
    Baseline("conventional-100k", "100 k and 1 Mohm", {"r_lrs": 100e3, "r_hrs": 1e6}),
    Baseline("conventional-bitwise", "100 k and 1 Mohm, converted bit by bit", {"design": "bitwise"}),
)

PLANS = (
    Plan(
        "mac",
        "c3cim-settle",
        {"design": list(DESIGNS), "rows": ["return", "hold"], "n_sel": [CELLS // 2, CELLS]},
        8,
        {"n": CELLS},
    ),
    Plan("pedestal", "c3cim-settle", {"design": list(DESIGNS), "n_hrs": [0, CELLS // 2, CELLS]}, 0, {"n": CELLS}),
    Plan("line", "c3cim-column", {"design": list(DESIGNS)} | PLACES, 0, WHOLE),
    Plan("conventional", "c3cim-conventional", PLACES, 0, WHOLE),
    Plan("count", "c3cim-column", {"design": list(DESIGNS), "data": ["uniform", "random"]}, 300, {"n": CELLS}),
    *(baseline.as_plan() for baseline in BASELINES),
)

# of a layer the output is one pixel wide: fully connected
BNN = (Layer("hidden", 1, 3136, 1, 784), Layer("output", 1, 10, 1, 3136))
SNN = (Layer("hidden", 1, 81, 1, 324), Layer("output", 1, 10, 1, 81))
STEPS = 60  # of the spiking network
NETWORKS = (("BNN 784-3136-10", BNN, 1, 14.6e-9), ("SNN 324-81-10", SNN, STEPS, 11.24e-9))
CONVERTER = "converter: van Elzakker et al., JSSC 2010"


def figures(tables: Mapping[str, LookupTable]) -> list[Figure]:
    """All figures, from the tables of :data:`PLANS`."""
    found: list[Figure] = []
    spent: dict[str, tuple[float, float]] = {}
    for design in DESIGNS:
        of_design, spent[design] = _design(design, tables)
        found += of_design
    for measure in ("inl", "dnl"):
        title = f"{measure.upper()}, in steps, current-summing column, 10 k and 100 kohm"
        bent = "every input on; the wires bend it" if measure == "inl" else ""
        figure = _nominal(title, tables["conventional"], "c3cim-conventional", measure)
        found += made_of("conventional", [replace(figure, remark=bent)])
    for title, layers, steps, published in NETWORKS:
        for design in DESIGNS:
            found += made_of("mac", inference(f"{title}, {design}", layers, steps, *spent[design], published))
    found += made_of("mac", implied(*spent[LATEST]))
    constant = sum(spent[LATEST])
    for baseline in BASELINES:
        table = tables[baseline.plan]
        compared = comparison(baseline, constant, *(mean(table, name) for name in ("e_mac", "e_convert", "e_column")))
        found += made_of(baseline.plan, compared, "mac")
    return found


def _design(design: str, tables: Mapping[str, LookupTable]) -> tuple[list[Figure], tuple[float, float]]:
    """Figures of one design, and the energies in J of a MAC of random inputs and weights and of its read-out."""
    mac, line, count = (tables[name] for name in ("mac", "line", "count"))

    def figure(name: str, unit: str, measure: str, rows: str = "hold", n_sel: int = CELLS, remark: str = "") -> Figure:
        where = {"design": design, "rows": rows, "n_sel": str(n_sel)}
        return simulated(f"{design}: {name}", unit, mac, "c3cim-settle", measure, where, remark=remark)

    def published(one: Figure, value: float) -> Figure:
        return replace(one, published=value, source=BIYANI)

    held = figure("column MAC, rows hold, random inputs", "J", "e_mac", n_sel=CELLS // 2)
    readout = figure("read-out of a column", "J", "e_readout", remark="not in the MAC above; " + CONVERTER)
    current, bias = figure("of it, the column's current", "J", "e_column"), figure("of it, share of the bias", "J", "e_driver")
    both = current.simulated + bias.simulated
    settled = f"of {format_value(T_MAC[design], 's')}"

    def wrong(name: str, data: str) -> Figure:
        where = {"design": design, "data": data}
        return simulated(f"{design}: wrong counts, {name}", "", count, "c3cim-column", "wrong", where)

    gates, half = (figure("share of the rows", "J", "e_gates", rows, CELLS // 2).simulated for rows in ("hold", "return"))
    apart = f"rows apart: {format_value(gates, 'J', 3)} a column where they hold their input, {format_value(half, 'J', 3)} where "
    apart += "half of them switch and return"
    found = [
        Figure(f"{design}: column MAC, current and bias", "J", both, "c3cim-settle e_column + e_driver", BIYANI, E_MAC,
               f"{COUNTED[design]}; {apart}"),
        published(current, E_MAC),
        bias,
        replace(published(held, E_MAC), remark="what is published does not say whether it has the rows: they are what is more"),
        published(figure("column MAC, every row switches and returns", "J", "e_mac", "return"), E_MAC),
        published(figure("column MAC, half of the rows switch and return", "J", "e_mac", "return", CELLS // 2), E_MAC),
        figure("share of the rows, hold", "J", "e_gates", n_sel=CELLS // 2),
        figure("share of the rows, every one switches and returns", "J", "e_gates", "return"),
        Figure(f"{design}: 1-bit MAC, current and bias", "J", both / CELLS, f"the column's / {CELLS}", BIYANI, E_BIT),
        readout,
        figure("of it, the converter", "J", "e_convert", remark=f"a parameter: {CELLS + 1} e_level"),
        figure("settling time", "s", "t_settle", remark="all cells bypassed to all in HRS"),
        figure("MACs that settled in time", "", "settled", remark=settled),
    ]  # fmt: skip
    held_noise = math.sqrt(K_B * KELVIN_27 / C3cimSettleParameters(design=design).c_hold)  # V
    step = float(line.query("step", design=design, placement="random"))
    noise = f"of it kT/C of the sample-and-hold: sigma {held_noise / step:.2f} steps"
    counts = [
        replace(wrong("n_hrs even over 0 to 64", "uniform"), remark=noise),
        replace(wrong("random inputs and weights", "random"), remark=noise),
    ]
    lines = [
        _nominal(f"{design}: {measure.upper()}, in steps", line, "c3cim-column", measure, design=design)
        for measure in ("inl", "dnl")
    ]
    found = [*made_of("mac", found), *made_of("pedestal", [_pedestal(design, tables["pedestal"])])]
    return [*found, *made_of("count", counts), *made_of("line", lines)], (held.simulated, readout.simulated)


def _pedestal(design: str, table: LookupTable) -> Figure:
    """Of the sampling switch at half of the counts; the ends say how much of it is offset and gain."""
    low, half, high = (float(table.query("pedestal", design=design, n_hrs=n_hrs)) for n_hrs in (0, CELLS // 2, CELLS))
    said = f"c3cim-settle pedestal, nominal, n_hrs {CELLS // 2}; at 0 {low:.2f}, at {CELLS} {high:.2f}"
    remark = f"from the line through both ends, which references take out: {half - (low + high) / 2:+.2f}"
    return Figure(f"{design}: pedestal of the switch at half of the counts, in steps", "", half, said, remark=remark)


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
    more = f"the published total is {format_value(published / number, 'J', 3)} a MAC, {published / number / E_MAC:.3g} times the"
    more += f" published {format_value(E_MAC, 'J')}: it holds more than columns; what, is not said"
    return [
        Figure(f"{title}, column MACs an inference", "", float(number), f"{columns} columns{steps_said}"),
        Figure(f"{title}, energy without read-out", "J", number * energy, alone, BIYANI, published, more),
        Figure(f"{title}, energy with read-out", "J", number * (energy + readout), both, BIYANI, published),
    ]


def implied(energy: float, readout: float) -> list[Figure]:
    """What the published totals imply of a MAC, beside a MAC with its read-out, J; and the read-out that would meet them."""
    found = []
    both = f"{LATEST}: {format_value(energy, 'J')} + {format_value(readout, 'J')}, rows hold"
    for title, layers, steps, total in NETWORKS:
        number = macs(layers, steps)
        each = total / number
        level = (each - energy - (readout - E_CONVERT)) / (CELLS + 1)
        said = f"{both}; the published {format_value(total, 'J')} / {number:,} MACs would be met by a converter of "
        said += f"{format_value(level, 'J', 3)} a level"
        found.append(Figure(f"MAC with read-out, as {title} implies it", "J", energy + readout, said, BIYANI, each))
    return found


def comparison(baseline: Baseline, constant: float, energy: float, readout: float, current: float) -> list[Figure]:
    """The current-summing column over the constant-current one with ``constant`` J a MAC, read-out in both, rows of cells not
    in the conventional one; ``current`` is the part of ``energy`` that its bit line takes.
    """
    conventional = energy + readout
    column = baseline.column
    power = conventional / column.t_mac / (constant / T_MAC[LATEST])
    said = f"{BIYANI}: up to, two spiking networks on C3CIM beside other accelerators, not columns"
    parts = f"e_mac {format_value(energy, 'J')} + read-out {format_value(readout, 'J')}"
    e_mac = f"c3cim-conventional {parts}; {LATEST} {format_value(constant, 'J')}; random inputs and weights"
    drawn = energy / column.t_mac  # W
    t_same = (ENERGY_RATIO * constant - readout) / drawn
    times = f"the same energies in {format_value(column.t_mac, 's', 3)} (chosen) and {format_value(T_MAC[LATEST], 's')}; "
    times += f"in {format_value(t_same, 's', 3)} the energy's ratio would be {ENERGY_RATIO}"
    title = f"current-summing ({baseline.title}) over constant-current"
    # what would make both published ratios hold at once
    clamp = (ENERGY_RATIO * constant - readout) / T_IMPLIED - current / column.t_mac  # W, and A at 1 V
    remark = "the baseline is chosen here, none is published; both ratios hold for one that takes "
    remark += f"{format_value(T_IMPLIED, 's', 3)}"
    if clamp > 0:
        remark += f" with a clamp of {format_value(clamp, 'W', 3)}; here {format_value(column.i_amplifier, 'A', 3)} from 1 V"
    return [
        Figure(f"{title}, energy a MAC", "", conventional / constant, e_mac, said, ENERGY_RATIO, remark),
        Figure(f"{title}, power", "", power, times, said, POWER_RATIO, remark),
    ]


def _nominal(name: str, table: LookupTable, bench: str, measure: str, **where: str) -> Figure:
    """The worst of a nominal measure over the placements of the cells in HRS; in words, each of them."""
    values = {place: float(table.query(measure, placement=place, **where)) for place in PLACES["placement"]}
    each = ", ".join(f"{place} {value:.3f}" for place, value in values.items())
    return Figure(name, "", max(values.values()), f"{bench} {measure}, nominal, largest over placement: {each}")
