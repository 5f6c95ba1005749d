"""How often a spiking convolution goes to each memory: a loop nest over tiles, counted.

The layer: ``side`` x ``side`` positions, 3 x 3 kernels with a border of zeros, C channels into K filters, T time steps.  A spike
at a position adds the weights of its kernel to the states of its nine neighbours, for every filter: each is a synaptic operation.
32 filters and 3 x 3 states are added at once, by nine clusters of 32 elements (the nine states around any position lie in nine
different clusters if cluster (x mod 3, y mod 3) has those of position (x, y)).

Outer loops run over tiles: time steps ``t``, tiles of positions ``p``, of channels ``c``, of filters ``k``, in any order with c
inside t (a neuron fires after all channels of a step).  Each L1 buffer holds one tile, with that of the spikes its border of one
position; it is filled from L2 whenever another one is needed.  Within a tile either the weights of a channel stay in the elements
and each spike reads and writes its states, or the states of 3 x 3 positions stay and each spike reads its weights.

    fills of a tile   product of the trips of all loops down to the innermost one that changes it (of more than one trip)
    states            first visit: zero, nothing is read; last visit: nothing is written back
    spikes            a bit a position, whatever is in it; outputs are written to L2 once

:func:`count` is a closed form in the activity, the probability of a spike; tests hold it to a simulation of the trace.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from montecarlo.systems.networks import Layer
from spicekit.waves import Array

Held = Literal["weights", "states"]
ORDERS = tuple("".join(o) for o in itertools.permutations("tpck") if o.index("t") < o.index("c"))
RELEVANT = {"spikes": "tpc", "weights": "ck", "states": "pk"}  # loops that change the tile of each buffer


@dataclass(frozen=True)
class Machine:
    """The accelerator's sizes.  Buffers in bytes: spikes in one bank, weights and states in one for each cluster."""

    spikes: int = 4096  # chosen, as all below but lanes and clusters: the published figures do not give them
    weights: int = 9 * 1024
    states: int = 9 * 1024
    l2: int = 512 * 1024
    l2_word: int = 128  # bits
    lanes: int = 32  # filters at once: elements of a cluster
    clusters: int = 9
    weight_bits: int = 4
    state_bits: int = 8
    clock: float = 500e6  # Hz


@dataclass(frozen=True)
class Mapping:
    """A schedule: loops from the outermost inwards, sides of a tile, what stays in the elements."""

    order: str
    side: int
    channels: int
    filters: int
    held: Held

    def __str__(self) -> str:
        return f"{self.order}, {self.side} x {self.side} positions, {self.channels} channels, {self.filters} filters, {self.held}"


@dataclass(frozen=True)
class Counts:
    """Bits that are moved, an inference of a layer, and what is computed."""

    l2_read: float
    l2_write: float
    spikes_read: float  # of each L1 buffer
    spikes_write: float
    weights_read: float
    weights_write: float
    states_read: float
    states_write: float
    operations: float  # synaptic
    firings: float  # comparisons of a state with the threshold
    cycles: float


def trips(layer: Layer, mapping: Mapping, steps: int) -> dict[str, int]:
    """How often each loop runs."""
    p = layer.side // mapping.side
    return {"t": steps, "p": p * p, "c": layer.channels // mapping.channels, "k": layer.filters // mapping.filters}


def fills(order: str, runs: dict[str, int], relevant: str) -> int:
    """Times at which the tile of a buffer changes, its first time included."""
    inner = max((order.index(loop) for loop in relevant if runs[loop] > 1), default=-1)
    return math.prod(runs[loop] for loop in order[: inner + 1])


def operations(layer: Layer, steps: int, activity: float) -> float:
    """Synaptic operations of an inference: every spike, every neighbour within the image, every filter."""
    return activity * steps * (3 * layer.side - 2) ** 2 * layer.channels * layer.filters


def count(layer: Layer, mapping: Mapping, steps: int, activity: float, machine: Machine) -> Counts:
    """What an inference moves, in the mean over random spikes of probability ``activity``."""
    runs = trips(layer, mapping, steps)
    visits = math.prod(runs.values())
    groups = math.ceil(mapping.filters / machine.lanes)
    bordered = _bordered(layer.side, mapping.side)  # along one axis, of each tile
    inputs = bordered.sum() ** 2  # positions of all tiles with their borders
    weight_tile = 9 * mapping.channels * mapping.filters * machine.weight_bits
    state_tile = mapping.side**2 * mapping.filters * machine.state_bits
    maps = steps * runs["c"] * runs["k"] * mapping.channels  # of one channel and tile, scanned by every group of filters

    spike_fills = fills(mapping.order, runs, RELEVANT["spikes"]) / runs["p"] * inputs * mapping.channels
    weight_fills = fills(mapping.order, runs, RELEVANT["weights"]) * weight_tile
    kept = fills(mapping.order, runs, RELEVANT["states"]) - runs["p"] * runs["k"]
    spilled = kept * state_tile
    done = steps * layer.side**2 * layer.filters  # states that fire or not
    synaptic = operations(layer, steps, activity)

    if mapping.held == "weights":
        pixels = np.outer(bordered, bordered)
        active = float(np.sum(1 - (1 - activity) ** pixels))  # maps that hold a spike, of one channel, over the tiles
        weights = maps * active * 9 * mapping.filters * machine.weight_bits
        states = (synaptic + done) * machine.state_bits
        scanned = maps * groups * inputs
        cycles = maps * groups * (activity * inputs + active)
        cycles += done / (machine.lanes * machine.clusters)
    else:
        windows = _windows(layer.side, mapping.side).sum() ** 2
        blocks = math.ceil(mapping.side / 3) ** 2
        weights = synaptic * machine.weight_bits
        states = visits * state_tile
        scanned = maps * groups * windows
        cycles = maps * groups * activity * windows + 2 * visits * groups * blocks
    return Counts(
        l2_read=spike_fills + weight_fills + spilled,
        l2_write=spilled + done,
        spikes_read=scanned,
        spikes_write=spike_fills,
        weights_read=weights,
        weights_write=weight_fills,
        states_read=states + spilled,
        states_write=states + spilled,
        operations=synaptic,
        firings=done,
        cycles=cycles,
    )


def mappings(layer: Layer, machine: Machine) -> Iterator[Mapping]:
    """Every schedule whose tiles fit into the buffers: tiles that divide the layer, filters in whole groups of lanes."""
    sides = [n for n in range(1, layer.side + 1) if layer.side % n == 0]
    channels = [n for n in range(1, layer.channels + 1) if layer.channels % n == 0]
    filters = [
        n for n in range(1, layer.filters + 1) if layer.filters % n == 0 and (n % machine.lanes == 0 or n == layer.filters)
    ]
    for side, channel, filter_ in itertools.product(sides, channels, filters):
        bits = {
            "spikes": min(side + 2, layer.side) ** 2 * channel,
            "weights": 9 * channel * filter_ * machine.weight_bits,
            "states": side**2 * filter_ * machine.state_bits,
        }
        if all(bits[name] <= 8 * getattr(machine, name) for name in bits):
            for order in ORDERS:
                yield Mapping(order, side, channel, filter_, "weights")
                yield Mapping(order, side, channel, filter_, "states")


def _bordered(side: int, tile: int) -> Array:
    """Positions along one axis that each tile reads: with a border of one, cut at the image."""
    starts = np.arange(0, side, tile)
    return np.asarray(np.minimum(starts + tile + 1, side) - np.maximum(starts - 1, 0), dtype=float)


def _windows(side: int, tile: int) -> Array:
    """The same of each block of three within the tiles: what its states need."""
    starts = np.concatenate([np.arange(start, start + tile, 3) for start in range(0, side, tile)])
    ends = np.minimum(starts + 3, (starts // tile + 1) * tile)
    return np.asarray(np.minimum(ends + 1, side) - np.maximum(starts - 1, 0), dtype=float)
