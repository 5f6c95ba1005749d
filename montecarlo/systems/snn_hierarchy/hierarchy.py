"""Energy and time of a network's inference on the hierarchy, and the schedules that spend least."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from montecarlo.systems.imce.figures import E_FULL_ADDER
from montecarlo.systems.networks import Layer
from montecarlo.systems.snn_hierarchy.bank import Bank, Cell, Periphery, bank
from montecarlo.systems.snn_hierarchy.schedule import Counts, Machine, Mapping, count, mappings
from spicekit.errors import UserError

E_STATE = 8 * E_FULL_ADDER  # J, 8-bit addition: a synaptic operation, and a comparison with the threshold
BUFFERS = ("spikes", "weights", "states")
STEPS = 16  # time steps of an inference (chosen)

# A network for event cameras of 32 x 32 (chosen), pooled by two before conv3 and conv5, 3 x 3 throughout
NETWORK = (
    Layer("conv1", 32, 32, 3, 2),
    Layer("conv2", 32, 32, 3, 32),
    Layer("conv3", 16, 64, 3, 32),
    Layer("conv4", 16, 64, 3, 64),
    Layer("conv5", 8, 128, 3, 64),
    Layer("conv6", 8, 128, 3, 128),
)


@dataclass(frozen=True)
class Hierarchy:
    """Buffers of ``sram`` and an L2 of any cell."""

    machine: Machine
    spikes: Bank
    weights: Bank
    states: Bank
    l2: Bank

    @property
    def leakage(self) -> dict[str, float]:
        """W, of L1 and of L2."""
        machine = self.machine
        return {
            "L1": self.spikes.leakage + machine.clusters * (self.weights.leakage + self.states.leakage),
            "L2": self.l2.leakage,
        }


@dataclass(frozen=True)
class Spent:
    """Energy in J of an inference by part, its time in s, its synaptic operations and the schedules, a layer each."""

    parts: dict[str, float]
    time: float
    operations: float
    schedules: tuple[Mapping, ...]

    @property
    def total(self) -> float:
        return sum(self.parts.values())

    @property
    def operation(self) -> float:
        """J a synaptic operation."""
        return self.total / self.operations

    @property
    def l2(self) -> float:
        """J of L2's accesses."""
        return self.parts["L2 read"] + self.parts["L2 write"]


def hierarchy(sram: Cell, l2: Cell, periphery: Periphery, machine: Machine) -> Hierarchy:
    """The memories of ``machine``, each of the shape that reads with least energy.

    Raises :class:`UserError` for sizes that do not divide into clusters and words.
    """

    def each(name: str) -> int:
        size = int(getattr(machine, name))
        if size % machine.clusters:
            raise UserError(f"{name}: {size} B do not divide into {machine.clusters} clusters")
        return size // machine.clusters

    return Hierarchy(
        machine,
        spikes=bank(sram, periphery, machine.spikes, machine.lanes, machine.clock),
        weights=bank(sram, periphery, each("weights"), machine.lanes * machine.weight_bits, machine.clock),
        states=bank(sram, periphery, each("states"), machine.lanes * machine.state_bits, machine.clock),
        l2=bank(l2, periphery, machine.l2, machine.l2_word, machine.clock),
    )


def demand(network: Sequence[Layer], steps: int, machine: Machine) -> int:
    """Bytes of L2 that the network needs: all weights, and of the largest layer its states and its spikes of all steps."""
    weights = sum(9 * layer.channels * layer.filters for layer in network) * machine.weight_bits
    layers = (
        layer.side**2 * (layer.filters * machine.state_bits + steps * (layer.channels + layer.filters)) for layer in network
    )
    return -(-(weights + max(layers)) // 8)


@functools.lru_cache(maxsize=64)
def counted(layer: Layer, steps: int, activity: float, machine: Machine) -> tuple[tuple[Mapping, Counts], ...]:
    """Every schedule of ``layer`` with its counts."""
    return tuple((mapping, count(layer, mapping, steps, activity, machine)) for mapping in mappings(layer, machine))


def layer_parts(counts: Counts, memories: Hierarchy, leaking: bool = True) -> tuple[dict[str, float], float]:
    """Energy in J by part and time in s of a layer: computing and L2 beside each other, the slower one decides.

    ``leaking``: with what leaks in that time; otherwise the parts ``leakage`` are 0.
    """
    machine, l2 = memories.machine, memories.l2
    parts = {"elements": (counts.operations + counts.firings) * E_STATE}
    for name in BUFFERS:
        read, write = getattr(memories, name).energies
        parts[f"L1 {name}"] = getattr(counts, f"{name}_read") * read + getattr(counts, f"{name}_write") * write
    read, write = l2.energies
    parts["L2 read"], parts["L2 write"] = counts.l2_read * read, counts.l2_write * write
    cycle = 1 / machine.clock
    reads, writes = counts.l2_read / l2.word, counts.l2_write / l2.word
    time = max(counts.cycles * cycle, reads * max(cycle, l2.cell.t_read) + writes * max(cycle, l2.cell.t_write))
    for name, watt in memories.leakage.items():
        parts[f"leakage {name}"] = watt * time if leaking else 0.0
    return parts, time


def inference(
    network: Sequence[Layer], memories: Hierarchy, activity: float, steps: int = STEPS, *, leaking: bool = True
) -> Spent:
    """An inference with the schedule of each layer that spends least, with what leaks while it runs or without.

    Raises :class:`UserError` for an activity that is no probability above 0, for kernels that are not 3 x 3, and for a network
    that the memories do not hold.
    """
    if not 0 < activity <= 1:
        raise UserError(f"activity {activity:g}: allowed: above 0, at most 1")
    machine = memories.machine
    if (needed := demand(network, steps, machine)) > machine.l2:
        raise UserError(f"l2: {machine.l2} B hold no network that needs {needed} B")
    total: dict[str, float] = {}
    time, operations, chosen = 0.0, 0.0, []
    for layer in network:
        if layer.kernel != 3:
            raise UserError(f"layer {layer.name}: kernel {layer.kernel}: allowed: 3, for which the elements are made")
        found = counted(layer, steps, activity, machine)
        if not found:
            raise UserError(f"layer {layer.name}: the buffers hold no tile of it: one state of its {layer.filters} filters")
        best: tuple[float, dict[str, float], float, Mapping] | None = None
        for mapping, counts in found:
            parts, taken = layer_parts(counts, memories, leaking)
            spent = sum(parts.values())
            if best is None or spent < best[0]:
                best = spent, parts, taken, mapping
        assert best is not None
        for name, energy in best[1].items():
            total[name] = total.get(name, 0.0) + energy
        time += best[2]
        operations += found[0][1].operations
        chosen.append(best[3])
    return Spent(total, time, operations, tuple(chosen))


def spread(network: Sequence[Layer], memories: Hierarchy, activity: float, steps: int = STEPS) -> tuple[float, float]:
    """Energy in J of an inference with the median and the worst schedule of every layer, without leakage."""
    middle, worst = 0.0, 0.0
    for layer in network:
        energies = sorted(
            sum(layer_parts(counts, memories, False)[0].values())
            for _, counts in counted(layer, steps, activity, memories.machine)
        )
        middle, worst = middle + energies[len(energies) // 2], worst + energies[-1]
    return middle, worst
