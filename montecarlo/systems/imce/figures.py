"""IMCE: bit-wise convolution in 2T1R SOT-MRAM by AND, bitcount and shift (Fan, ASP-DAC 2018).

The cell's figures are means over simulated trials, with the mismatch of every device, and over the stored bits, each
combination as likely.  The energy of an image is counted::

    every AND                                       e_and                 simulated
    every AND's result                              one full adder        bitcount: a tree that counts N bits has about N
    every bitcount, of one row of a sub-array       one addition          shift by wiring, accumulate
    every input bit, once a column it is used in    e_write               simulated

A column of ``rows`` cells holds one input bit and rows - 1 weight bits, so an input bit is written once for every rows - 1
weight bits that it meets.  Layers that are not bit-wise are not in memory and get a line of their own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from montecarlo.statistics.margins import clopper_pearson
from montecarlo.systems.networks import ALEXNET, SVHN, Layer, ungrouped
from montecarlo.systems.system import Figure, Plan, made_of
from spicekit.table import LookupTable
from spicekit.table_layout import inner
from spicekit.units import format_value
from spicekit.waves import Array

FAN = "Fan, ASP-DAC 2018"

# Horowitz, ISSCC 2014, "Computing's energy problem": 45 nm, 0.9 V
HOROWITZ = "45 nm, 0.9 V: Horowitz, ISSCC 2014"
E_FULL_ADDER = 0.03e-12 / 8  # J, an eighth of an 8-bit addition
E_ADD = 0.1e-12  # J, 32-bit addition
E_MAC = (3.7 + 0.9) * 1e-12  # J, 32-bit floating-point multiplication and addition

# what is published of AlexNet on IMCE, each as one number without what it counts: the countings are beside it, none is claimed
PUBLISHED_ENERGY = 785.25e-6  # J an image
PUBLISHED_SHARE = 0.65  # of the ANDs in the energy, at most
PUBLISHED_STORAGE = 39.7 * 2**20  # B, read as MiB; 12 times less than at full precision
CLAIM = "What that number counts is not known: no way of counting is claimed to be the publication's"
BITS = (1, 2, 4, 8)  # of the activations
REPRODUCED = 0.02  # a counting within this part of the published number has it

ROWS = COLUMNS = 64  # of a sub-array; the benches' own, chosen
FULL_PRECISION = 32  # bits of a weight that is not bit-wise

SENSED = {"rows": ROWS, "columns": COLUMNS}

PLANS = (
    Plan("read", "sot-sense", {"bits": ["0", "1"]}, 16, SENSED | {"operation": "read"}),
    Plan(
        "logic",
        "sot-sense",
        {"operation": ["and", "or"], "bits": ["00", "01", "10", "11"]},
        16,
        SENSED,
    ),
    Plan("write", "sot-write", {"direction": ["ap-p", "p-ap"]}, 16, {"rails": "pump"}),
)


def figures(tables: Mapping[str, LookupTable]) -> list[Figure]:
    """All figures, from the tables of :data:`PLANS`."""
    read, logic, write = (tables[plan.name] for plan in PLANS)
    energy_and, energy_write = mean(logic, "e_total", operation="and"), mean(write, "e_write")
    found = []
    for name, table, where in (("read", read, {}), ("AND", logic, {"operation": "and"}), ("OR", logic, {"operation": "or"})):
        sensed = [
            simulated(f"{name} latency", "s", table, "sot-sense", "t_sense", where),
            simulated(f"{name} energy", "J", table, "sot-sense", "e_total", where),
            simulated(f"{name}, errors", "", table, "sot-sense", "error", where),
        ]
        found += made_of("read" if name == "read" else "logic", sensed)
    at_rail, from_rail = mean(write, "e_line"), mean(write, "e_line_supply")
    found += made_of(
        "write",
        [
            simulated("write current", "A", write, "sot-write", "i_write", {}, 120e-6),
            simulated("write latency", "s", write, "sot-write", "t_switch", {}, remark="in a pulse of 1 ns, that of " + FAN),
            simulated("write energy", "J", write, "sot-write", "e_write", {}),
            replace(
                simulated("write energy from the supply", "J", write, "sot-write", "e_supply", {}),
                remark="135 mV by a linear regulator, -135 mV by a charge pump: "
                f"{format_value(from_rail, 'J', 3)} of it, {format_value(at_rail, 'J', 3)} at the rails; with the drivers' gates",
            ),
            simulated("writes that switched", "", write, "sot-write", "switched", {}),
        ],
    )
    for title, network in (("AlexNet", ALEXNET), ("SVHN CNN", SVHN)):
        for weight, activation in ((1, 1), (1, 4), (2, 2)):
            if network is ALEXNET and weight > 1:
                continue  # binary weights
            found += image_energy(title, network, weight, activation, energy_and, energy_write)
        digital = sum(layer.products for layer in network if not layer.bitwise)
        found.append(
            Figure(
                f"{title}, first and last layer, energy an image",
                "J",
                digital * E_MAC,
                f"{digital:,} MACs x {format_value(E_MAC, 'J')}: digital, 32-bit floating point, not in the totals above",
                HOROWITZ,
            )
        )
    return [*found, *storage(), *energy_countings(energy_and, energy_write), *storage_countings()]


def image_energy(
    title: str,
    network: Sequence[Layer],
    weight: int,
    activation: int,
    energy_and: float,
    energy_write: float,
) -> list[Figure]:
    """The bit-wise layers of ``network`` with ``weight`` and ``activation`` bits: ANDs, and the energy with its parts."""
    layers = [layer for layer in network if layer.bitwise]
    parts = energy_parts(layers, weight, activation, energy_and, energy_write)
    ands, _ = parts["AND"]
    total = sum(count * energy for count, energy in parts.values())
    name = f"{title} W:I {weight}:{activation}"
    each = "; ".join(f"{part}: {count:,} x {format_value(energy, 'J')}" for part, (count, energy) in parts.items())
    found = [
        Figure(f"{name}, ANDs an image", "", float(ands), f"{weight} x {activation} x products of {_names(layers)}"),
        Figure(f"{name}, energy of the ANDs an image", "J", ands * energy_and, "ANDs x AND energy"),
        Figure(
            f"{name}, energy an image",
            "J",
            total,
            each,
            f"periphery {HOROWITZ}",
        ),
    ]
    return made_of("logic", found, "write")


def energy_parts(
    layers: Sequence[Layer], weight: int, activation: int, energy_and: float, energy_write: float
) -> dict[str, tuple[int, float]]:
    """What bit-wise ``layers`` with ``weight`` and ``activation`` bits spend: how often, and the energy in J of each."""
    planes = weight * activation
    ands = planes * sum(layer.products for layer in layers)
    return {
        "AND": (ands, energy_and),
        "bitcount": (ands, E_FULL_ADDER),
        "shift and accumulate": (planes * sum(layer.outputs * math.ceil(layer.places / COLUMNS) for layer in layers), E_ADD),
        "write of inputs": (sum(input_writes(layer, weight, activation) for layer in layers), energy_write),
    }


def input_writes(layer: Layer, weight: int, activation: int) -> int:
    """Input bits written, one image: each position's inputs anew, once for every ROWS - 1 weight bits that they meet."""
    copies = math.ceil(layer.filters // layer.groups * weight / (ROWS - 1))
    return layer.side**2 * layer.places * layer.groups * activation * copies


def storage() -> list[Figure]:
    """Parameters of AlexNet with binary weights, in bytes."""
    binary = sum(layer.parameters for layer in ALEXNET if layer.bitwise)
    full = sum(layer.parameters for layer in ALEXNET if not layer.bitwise)
    return [
        Figure(
            "AlexNet, storage of binary weights",
            "B",
            (binary + FULL_PRECISION * full) / 8,
            f"{binary:,} bits in memory, {full:,} numbers of {FULL_PRECISION} bits in the first and last layer",
        )
    ]


def energy_countings(energy_and: float, energy_write: float) -> list[Figure]:
    """The published energy of AlexNet beside every way of counting it, and the share of the ANDs in each; none is claimed.

    Binary weights with 1, 2, 4 or 8 bits of the activations, with or without Krizhevsky's two groups, the first and the last
    layer left out or in 32-bit floating point.  Last, how many of them have the published energy, and how many the share of "up
    to 65 %".
    """
    found = []
    for activation in BITS:
        for groups, network in (("grouped", ALEXNET), ("ungrouped", ungrouped(ALEXNET))):
            parts = energy_parts([layer for layer in network if layer.bitwise], 1, activation, energy_and, energy_write)
            bitwise = sum(count * energy for count, energy in parts.values())
            ends = sum(layer.products for layer in network if not layer.bitwise)
            ands = parts["AND"][0] * energy_and
            for precision, digital in (("no ends", 0.0), ("fp32 ends", ends * E_MAC)):
                total = bitwise + digital
                name = f"counting W:I 1:{activation} {groups}, {precision}"
                origin = f"bit-wise layers {format_value(bitwise, 'J')}, first and last {format_value(digital, 'J')}"
                found += [
                    Figure(f"{name}: energy", "J", total, origin, f"{FAN}; periphery {HOROWITZ}", PUBLISHED_ENERGY),
                    Figure(
                        f"{name}: share of the ANDs", "", ands / total, f"ANDs {format_value(ands, 'J')}", FAN, PUBLISHED_SHARE
                    ),
                ]
    energies, shares = found[::2], found[1::2]
    return made_of("logic", [*found, nearest("energy", energies), nearest("share of the ANDs", shares)], "write")


def nearest(name: str, countings: Sequence[Figure]) -> Figure:
    """The one of ``countings`` that is nearest to what is published; its remark says how many of them have it."""

    def off(figure: Figure) -> float:
        return abs((figure.ratio or 0) - 1)

    have = [figure.name.removeprefix("counting ").rpartition(":")[0] for figure in countings if off(figure) <= REPRODUCED]
    how_many = f"{len(have)} of {len(countings)} countings have the published number within {REPRODUCED:.0%}"
    said = ": ".join([how_many, *(["; ".join(have)] if have else [])])
    best = min(countings, key=off)
    return replace(best, name=f"nearest counting: {name}", origin=best.name, remark=f"{said}. {CLAIM}")


def storage_countings() -> list[Figure]:
    """The published storage of AlexNet beside every way of counting it, in bytes: binary weights and the precision of the first
    and last layer; and all of it at full precision, which is said to be 12 times as much."""
    found = []
    for groups, network in (("grouped", ALEXNET), ("ungrouped", ungrouped(ALEXNET))):
        binary = sum(layer.parameters for layer in network if layer.bitwise)
        ends = sum(layer.parameters for layer in network if not layer.bitwise)
        every = sum(replace(layer, bias=True).parameters for layer in network)
        for name, bits in (("single", 32), ("double", 64)):
            size = (binary + bits * ends) / 8
            full = bits / 8 * every
            found += [
                Figure(
                    f"counting {groups}, {name} ends: storage", "B", size,
                    f"{size / 2**20:.1f} MiB: {binary:,} bits and {ends:,} numbers of {bits} bits", FAN, PUBLISHED_STORAGE,
                ),
                Figure(
                    f"counting {groups}, {name} throughout: storage", "B", full,
                    f"{full / 2**20:.1f} MiB: {every:,} numbers of {bits} bits, biases of all layers with them", FAN,
                    12 * PUBLISHED_STORAGE,
                ),
            ]  # fmt: skip
    return found


def mean(table: LookupTable, measure: str, **where: str) -> float:
    """``measure`` averaged over the trials and over every coordinate that is not given."""
    return float(np.mean(_cells(table, measure, where)))


def simulated(
    name: str,
    unit: str,
    table: LookupTable,
    bench: str,
    measure: str,
    where: Mapping[str, str],
    published: float | None = None,
    remark: str = "",
) -> Figure:
    """A measure's mean, with its spread over all trials and stored bits; of a fraction with its exact 95 % interval."""
    means, spreads, counts = (_cells(table, field, where) for field in (measure, f"{measure}_std", "count"))
    value = float(np.mean(means))
    sigma = float(np.sqrt(np.mean(spreads**2) + np.var(means)))
    trials = int(counts.sum())
    if unit:
        said = f"sigma {format_value(sigma, unit, 3)}"
    else:
        low, high = clopper_pearson(round(value * trials), trials)
        said = f"95 % interval {low:.3g} to {high:.3g}"
    options = "".join(f", {key} {word}" for key, word in where.items())
    source = remark if published is None else FAN
    return Figure(name, unit, value, f"{bench} {measure}{options}: mean of {trials} trials, {said}", source, published)


def _cells(table: LookupTable, measure: str, where: Mapping[str, str]) -> Array:
    """The table's values of ``measure`` where its coordinates are ``where``."""
    free = {name: values for name, values in table.coordinates.items() if name not in where and not inner(name)}
    grid = np.meshgrid(*free.values(), indexing="ij")
    return table.query(measure, **dict(zip(free, grid, strict=True)), **where)


def _names(layers: Sequence[Layer]) -> str:
    return f"{layers[0].name} to {layers[-1].name}"
