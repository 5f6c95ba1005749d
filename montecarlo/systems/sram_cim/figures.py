"""The figures of a digital macro in SRAM beside what is published of Fibbinary weights.

Published (Gomony et al., DAC 2024): the adder tree takes over 70 % of the power; multipliers of Fibbinary weights are 76 %
smaller and take 66 % less power than standard multi-bit ones; 12.5, 47.2 and 154 % more weights of 4, 8 and 16 bits where
neighbouring ones of different multipliers are allowed.  Of the multiplier by itself (Simon et al., DAC 2021): 73 % of area, 43 %
of the power-delay product.  Neither says for which widths.
"""

from __future__ import annotations

from collections.abc import Mapping

from montecarlo.behaviour.fibbinary import Fibbinary
from montecarlo.behaviour.images import read_images
from montecarlo.behaviour.network import interval
from montecarlo.behaviour.quantised import Code, Plain, accuracies
from montecarlo.systems.sram_cim import macro
from montecarlo.systems.sram_cim.macro import CELL, DESIGNS, INPUTS, OUTPUTS, Cost, area, cost
from montecarlo.systems.system import Figure, Plan, made_of
from spicekit.table import LookupTable
from spicekit.units import format_value
from spicekit.waves import Array

GOMONY = "Gomony et al., DAC 2024"
SIMON = "Simon et al., DAC 2021"
NOT_SAID = "for which widths the publication does not say"
SEEDS = 10  # of the networks
WIDTHS = {"pair": (2, (2, 4, 8)), "four": (4, (4,))}  # plan -> bits of the weight, bits of the input

PLANS = (
    *macro.PLANS,
    CELL,
    *(
        Plan(
            name,
            "multiplier",
            {"kind": ["standard", "fibbinary"], "input_bits": list(inputs)},
            0,
            {"weight_bits": weight, "fan_out": 0, "operations": 40, "chgtol": macro.CHGTOL},
        )
        for name, (weight, inputs) in WIDTHS.items()
    ),
    # what a tree by its levels is worth: the last adder of one of 8 words, behind adders of one level and behind all
    Plan(
        "levels",
        "adder-tree",
        {"base": [2, 3]},
        0,
        macro.DESIGNS["nor"].multiplier() | {"inputs": 8, "operations": 12, "chgtol": macro.CHGTOL},
    ),
)


def figures(tables: Mapping[str, LookupTable]) -> list[Figure]:
    """All figures, from the tables of :data:`PLANS`."""
    found: list[Figure] = []
    costs = {name: cost(design, name, tables) for name, design in DESIGNS.items()}
    for name, one in costs.items():
        found += made_of(f"multiplier-{name}", macro_figures(name, one), f"tree-{name}", f"register-{name}", CELL.name)
    found += made_of("multiplier-standard", savings(costs), *(plan.name for plan in PLANS if plan.name.endswith("-fibbinary")))
    for plan, (weight, inputs) in WIDTHS.items():
        for bits in inputs:
            found += made_of(plan, multiplier_figures(tables[plan], weight, bits))
    found += made_of("levels", [levels_figure(tables["levels"])])
    return [*found, *code_figures(), *accuracy_figures()]


def macro_figures(name: str, one: Cost) -> list[Figure]:
    """Of the design called ``name``."""
    shares = ", ".join(f"{part} {format_value(joule, 'J', 3)}" for part, joule in one.energy.items())
    areas = ", ".join(f"{part} {square * 1e12:.3g} um2" for part, square in one.area.items())
    each = f"4 x 4 bits; half of the 95 % interval over random data {format_value(one.error, 'J', 2)}; {shares}"
    share = one.energy["adder tree"] / one.total
    return [
        Figure(f"{name}: energy of a MAC", "J", one.total, each, remark="not counted: signs, decoders, drivers, writing"),
        Figure(f"{name}: efficiency", "TOPS/W", 2e-12 / one.total, "two operations a MAC of 4 x 4 bits"),
        Figure(f"{name}: share of the adder tree", "", share, "adder tree over the MAC's energy", GOMONY, 0.70,
               "published as over 70 % of the power; words come to the tree all at once here"),
        Figure(f"{name}: time of a MAC", "s", one.time, "longest delays seen: multiplier and tree each cycle, the register once"),
        Figure(f"{name}: area of a MAC", "m2", sum(one.area.values()), f"by the layout rule, {areas}",
               remark=f"{INPUTS} inputs, {OUTPUTS} outputs: 32 kb"),
    ]  # fmt: skip


def savings(costs: Mapping[str, Cost]) -> list[Figure]:
    """Of the macro with Fibbinary weights over that with standard multipliers of the same widths."""
    standard, own = costs["standard"], costs["fibbinary"]
    tree = 1 - own.area["adder tree"] / standard.area["adder tree"]
    return [
        Figure("energy of a MAC saved by Fibbinary weights", "", 1 - own.total / standard.total, "same widths"),
        Figure("adders saved by Fibbinary weights", "", tree, "area of the adder trees: words of 5 bits in place of 6",
               remark="published as fewer adders, without a number"),
    ]  # fmt: skip


def multiplier_figures(table: LookupTable, weight: int, bits: int) -> list[Figure]:
    """What a Fibbinary multiplier of ``weight`` x ``bits`` bits saves over a standard one."""
    name = f"multiplier of {weight} x {bits} bits"
    given = {"weight_bits": weight, "input_bits": bits}
    square = {kind: area("multiplier", given | {"kind": kind}) for kind in ("standard", "fibbinary")}

    def value(measure: str, kind: str) -> float:
        return float(table.query(measure, kind=kind, input_bits=bits))

    saved = 1 - value("e_total", "fibbinary") / value("e_total", "standard")
    # both see the same inputs; their weights are drawn from their own codes
    spread = sum((value("e_error", kind) / value("e_total", kind)) ** 2 for kind in square) ** 0.5 * (1 - saved)
    pair = " against ".join(format_value(value("e_total", kind), "J", 3) for kind in ("fibbinary", "standard"))
    sizes = " against ".join(f"{square[kind] * 1e12:.3g}" for kind in ("fibbinary", "standard"))
    power = f"energy of an operation, {pair}; 95 % interval +-{spread:.2g}"
    delay = value("delay", "fibbinary") / value("delay", "standard")
    return [
        Figure(f"{name}: area saved", "", 1 - square["fibbinary"] / square["standard"], f"layout rule, {sizes} um2", GOMONY, 0.76,
               f"{NOT_SAID}; {SIMON}: 0.73"),
        Figure(f"{name}: power saved", "", saved, power, GOMONY, 0.66, f"{NOT_SAID}; {SIMON}: 0.43 of the power-delay product"),
        Figure(f"{name}: delay over the standard one's", "", delay, "longest seen"),
    ]  # fmt: skip


def levels_figure(table: LookupTable) -> Figure:
    """The error of a tree whose last adder is simulated behind those of one level."""
    # of the levels below, a tree by its parts looks at other words
    parts, whole = (float(table.query("e_level_3", base=base)) for base in (2, 3))
    return Figure(
        "tree by its parts over whole, third level of 8 words",
        "",
        parts / whole,
        "adder-tree e_level_3, products of NORs, the same words, context 1",
    )


def code_figures() -> list[Figure]:
    """How many more weights there are where only a multiplier's own two bits exclude each other."""
    found = []
    for bits, published in ((4, 0.125), (8, 0.472), (16, 1.54)):
        pairs, strict = Fibbinary(bits, 2).count, Fibbinary(bits).count
        more = pairs / strict - 1
        found.append(
            Figure(f"weights of {bits} bits more, relaxed over strict", "", more, f"{pairs} / {strict} - 1", GOMONY, published)
        )
    return found


def accuracy_figures() -> list[Figure]:
    """Of a small network whose weights are projected on the codes."""
    codes: dict[str, Code] = {"plain": Plain(4), "relaxed": Fibbinary(4, 2), "strict": Fibbinary(4)}
    images = read_images(None)
    found = accuracies(images, codes, seeds=SEEDS)
    about = f"perceptron 64-32-10, {images.name}, weights sign and 4 bits, activations 4 bits, {SEEDS} seeds"

    def figure(name: str, values: Array) -> Figure:
        middle, half = interval(values)
        return Figure(f"accuracy, {name}", "", middle, f"{about}; 95 % interval +-{half:.2g}")

    return [
        figure("real weights", found.real),
        *(figure(f"{name} code, projected", found.projected[name]) for name in codes),
        *(figure(f"{name} code, trained again", found.retrained[name]) for name in codes),
    ]
