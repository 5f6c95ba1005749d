"""What a synaptic operation costs with an L2 of SRAM, STT-MRAM and SOT-MRAM, beside Mega and SNE.

Simulated cells (:mod:`.cells`) make banks (:mod:`.bank`); banks, with a schedule found by search (:mod:`.schedule`,
:mod:`.hierarchy`), make an inference of the network there.  Of Mega's sizes its elements are published; buffers, L2, network,
activity and bits are chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from montecarlo.systems.charge_if import PUBLISHED as CHARGE_IF
from montecarlo.systems.imce.figures import HOROWITZ
from montecarlo.systems.snn_hierarchy import cells as cell_plans
from montecarlo.systems.snn_hierarchy.bank import Bank, Cell, Periphery
from montecarlo.systems.snn_hierarchy.cells import MADE_OF, cells, periphery
from montecarlo.systems.snn_hierarchy.hierarchy import NETWORK, STEPS, Hierarchy, Spent, hierarchy, inference, spread
from montecarlo.systems.snn_hierarchy.schedule import Machine
from montecarlo.systems.stt_bsnn import PUBLISHED as DYNAMIC_IF
from montecarlo.systems.system import Figure, Plan
from spicekit.table import LookupTable
from spicekit.units import format_value

MEGA = "Mega: Gomony et al., DAC 2024, doi:10.1145/3649329.3689623"
E_MEGA, E_SNE = 0.292e-12, 0.91e-12  # J a synaptic operation, published there
SILICON = "Mega in silicon, 22 nm: Luiken, Gomony, Stuijk, arXiv:2606.30039 (2026)"
E_SILICON = 0.375e-12
SNE = "SNE, 22 nm: Di Mauro et al., DATE 2022 (arXiv:2204.10687)"
E_SNE_OWN = 0.221e-12  # J, its own publication
TO_22NM = 22 / 45 * (0.8 / 1.0) ** 2  # of an energy C V^2: wires and gates shrink with the node, 0.8 V in place of 1 V

ACTIVITY = 0.05  # spikes a position and time step: SNE's highest published one is 4.9 %
ACTIVITIES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
SIZES = (0.5, 1, 2, 4)  # of the L1 buffers for weights and states
RATE = 30  # inferences a second of a sensor that is slow
MACHINE = Machine()
NOT_COUNTED = "memories and 8-bit additions; not counted: registers and clock of the elements, control, detection of spikes"

NEURONS = (
    Plan("charge-if", "charge-if", {"word_line": ["static"]}, 0, {"synapses": 288, "steps": 8}),
    Plan("dynamic-if", "dynamic-if", {"word_line": ["static"]}, 0, {"synapses": 288, "steps": 8}),
)
PLANS = (*cell_plans.PLANS, *NEURONS)


@dataclass(frozen=True)
class Study:
    """The cells that were simulated, and the machines that are made of them."""

    cells: dict[str, Cell]
    periphery: Periphery

    @classmethod
    def of(cls, tables: Mapping[str, LookupTable]) -> Study:
        return cls(cells(tables), periphery(tables))

    def hierarchy(self, l2: str, machine: Machine = MACHINE) -> Hierarchy:
        """With an L2 of the cell of that name."""
        return hierarchy(self.cells["SRAM"], self.cells[l2], self.periphery, machine)

    def inference(self, l2: str, activity: float = ACTIVITY, machine: Machine = MACHINE, *, leaking: bool = False) -> Spent:
        """Of :data:`NETWORK` in :data:`STEPS` time steps, with what leaks meanwhile or without."""
        return inference(NETWORK, self.hierarchy(l2, machine), activity, leaking=leaking)


def figures(tables: Mapping[str, LookupTable]) -> list[Figure]:
    """All figures, from the tables of :data:`PLANS`."""
    study = Study.of(tables)
    spent = {name: study.inference(name) for name in MADE_OF}
    leaking = {name: study.inference(name, leaking=True) for name in MADE_OF}
    return [
        *(figure for name in MADE_OF for figure in memory_figures(name, study.hierarchy(name).l2)),
        hot(tables, study.hierarchy("SRAM").l2),
        *(figure for name in MADE_OF for figure in operation_figures(name, spent[name], leaking[name])),
        *beside(spent["SRAM"]),
        *(figure for name in MADE_OF for figure in part_figures(name, spent[name])),
        *search_figures(study, spent["SRAM"]),
        *sparsity_figures(study),
        *size_figures(study),
        *idle_figures(study, spent),
        *neuron_figures(tables),
    ]


def behind(l2: str) -> tuple[str, ...]:
    """The plans behind an inference with an L2 of that cell: L1 is of SRAM."""
    return tuple(dict.fromkeys((*MADE_OF["SRAM"], *MADE_OF[l2])))


def memory_figures(name: str, bank: Bank) -> list[Figure]:
    """The L2 of a cell: energy of a bit, leakage, area."""
    shape = f"{bank.across} x {bank.along} arrays of {bank.rows} x {bank.columns}"
    found = []
    for operation in ("read", "write"):
        each = ", ".join(
            f"{part} {format_value(energy / bank.word, 'J', 3)}" for part, energy in bank.parts(operation).items() if energy
        )
        found.append(Figure(f"L2 of {name}, {operation} of a bit", "J", bank.energy(operation), f"{shape}; {each}"))
    cells = bank.bits * bank.cell.leak
    leaks = f"cells {format_value(cells, 'W', 3)}, drivers {format_value(bank.leakage - cells, 'W', 3)}"
    size = f"{bank.bits // 8 // 1024} KB by the layout rule, cells {bank.efficiency:.0%} of it"
    found += [
        Figure(f"L2 of {name}, leakage", "W", bank.leakage, leaks, remark="a high-performance process, at 27 C"),
        Figure(f"L2 of {name}, area", "m2", bank.area, size),
    ]
    return [replace(figure, plans=behind(name)) for figure in found]


def hot(tables: Mapping[str, LookupTable], bank: Bank) -> Figure:
    """What the cells of an L2 of SRAM leak at 85 C."""
    watt = bank.bits * cell_plans.sram(tables, 85.0).leak
    return Figure("L2 of SRAM, leakage of its cells at 85 C", "W", watt, "sram-6t i_leak, cells alone", plans=("sram",))


def operation_figures(name: str, spent: Spent, leaking: Spent) -> list[Figure]:
    """Energy of a synaptic operation with an L2 of a cell, time of an inference."""
    each = f"{spent.operations:,.0f} operations an inference: {len(NETWORK)} layers, {STEPS} steps, activity {ACTIVITY:g}"
    leaks = leaking.parts["leakage L1"] + leaking.parts["leakage L2"]
    said = f"schedules searched with leakage; of it {format_value(leaks / leaking.operations, 'J', 3)} leak"
    found = [
        Figure(f"energy an operation, L2 of {name}", "J", spent.operation, each, remark=f"without leakage; {NOT_COUNTED}"),
        Figure(f"energy of L2 an operation, L2 of {name}", "J", spent.l2 / spent.operations, "its accesses alone"),
        Figure(f"energy an operation with leakage, L2 of {name}", "J", leaking.operation, said),
        Figure(f"time of an inference, L2 of {name}", "s", spent.time, "elements and L2 beside each other"),
        Figure(f"time of an inference with leakage, L2 of {name}", "s", leaking.time, "the schedules that leak least are quick"),
    ]
    return [replace(figure, plans=behind(name)) for figure in found]


def beside(spent: Spent) -> list[Figure]:
    """The operation with an L2 of SRAM beside what others publish, as it is and scaled to their process."""
    here = "L2 of SRAM, 45 nm and 1 V, without leakage"
    scaled = "times 22/45 (0.8/1)^2: wires and gates with the node, 0.8 V"
    found = [
        Figure("operation beside Mega", "J", spent.operation, here, MEGA, E_MEGA, NOT_COUNTED),
        Figure("operation beside Mega, scaled to 22 nm", "J", spent.operation * TO_22NM, scaled, MEGA, E_MEGA, NOT_COUNTED),
        Figure("operation beside Mega's silicon, scaled", "J", spent.operation * TO_22NM, scaled, SILICON, E_SILICON,
               NOT_COUNTED),
        Figure("operation beside SNE", "J", spent.operation, here, MEGA, E_SNE, "SNE's energy as given there"),
        Figure("operation beside SNE, scaled to 22 nm", "J", spent.operation * TO_22NM, scaled, SNE, E_SNE_OWN,
               "its own publication, which says 0.221 pJ"),
    ]  # fmt: skip
    return [replace(figure, plans=MADE_OF["SRAM"]) for figure in found]


def part_figures(name: str, spent: Spent) -> list[Figure]:
    """Shares of an inference's energy, without leakage."""
    said = f"8-bit additions at {HOROWITZ}; the rest by the banks"
    return [
        Figure(f"share of {part}, L2 of {name}", "", energy / spent.total, said, plans=behind(name))
        for part, energy in spent.parts.items()
        if not part.startswith("leakage")
    ]


def search_figures(study: Study, spent: Spent) -> list[Figure]:
    """What the search is worth, L2 of SRAM."""
    middle, worst = spread(NETWORK, study.hierarchy("SRAM"), ACTIVITY)
    chosen = "; ".join(f"{layer.name}: {mapping}" for layer, mapping in zip(NETWORK, spent.schedules, strict=True))
    found = [
        Figure("median schedule over the best", "", middle / spent.total, "energy of an inference, the median of each layer",
               remark=f"the best: {chosen}"),
        Figure("worst schedule over the best", "", worst / spent.total, "the same, the worst of each layer"),
    ]  # fmt: skip
    return [replace(figure, plans=MADE_OF["SRAM"]) for figure in found]


def sparsity_figures(study: Study) -> list[Figure]:
    """Energy of an operation over the activity, schedules searched anew at each."""
    found = []
    for activity in ACTIVITIES:
        for name in MADE_OF:
            spent = study.inference(name, activity)
            held = sum(mapping.held == "weights" for mapping in spent.schedules)
            said = f"weights stay in the elements in {held} of {len(NETWORK)} layers, states in the others"
            title = f"energy an operation, sparsity {1 - activity:.0%}, L2 of {name}"
            found.append(Figure(title, "J", spent.operation, said, plans=behind(name)))
    return found


def size_figures(study: Study) -> list[Figure]:
    """The same over the size of the L1 buffers for weights and states, L2 of SRAM."""
    found = []
    for factor in SIZES:
        machine = replace(MACHINE, weights=int(factor * MACHINE.weights), states=int(factor * MACHINE.states))
        spent = study.inference("SRAM", machine=machine)
        size = machine.weights / 1024
        said = f"weights and states; of it L2 {format_value(spent.l2 / spent.operations, 'J', 3)}"
        title = f"energy an operation, L1 of {size:g} + {size:g} KB"
        found.append(Figure(title, "J", spent.operation, said, plans=MADE_OF["SRAM"]))
    return found


def idle_figures(study: Study, spent: Mapping[str, Spent]) -> list[Figure]:
    """How little an L2 of SRAM has to leak to spend as much as one of MRAM, at a number of inferences a second.

    Between inferences everything but an L2 of SRAM, which would lose the weights, is without supply.
    """
    bits = study.hierarchy("SRAM").l2.bits
    found = []
    for name in ("STT", "SOT"):
        more = spent[name].total - spent["SRAM"].total
        watt = more * RATE
        found.append(
            Figure(f"leakage of SRAM that spends as an L2 of {name}, {RATE} inferences a second", "W", watt,
                   f"{format_value(more, 'J', 3)} more an inference; {format_value(watt / bits, 'W', 3)} a cell",
                   plans=behind(name))
        )  # fmt: skip
    return found


def neuron_figures(tables: Mapping[str, LookupTable]) -> list[Figure]:
    """A synapse of the neurons on rows of MRAM: binary weights, which stay where they are."""
    found = []
    for plan, published in zip(NEURONS, (CHARGE_IF, DYNAMIC_IF), strict=True):
        value = cell_plans.mean(tables[plan.name], "e_synapse")
        remark = "one binary weight in the row that computes, every input counted, whether it spikes or not"
        found.append(
            Figure(f"energy a synapse of {plan.name}", "J", value, f"{plan.bench} e_synapse, nominal, at the rails",
                   published.source, published.energy, remark, plans=(plan.name,))
        )  # fmt: skip
    return found
