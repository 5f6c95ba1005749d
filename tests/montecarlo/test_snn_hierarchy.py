"""The spiking accelerator's memories: counts against a simulation of the trace, banks against NVSim, energies by hand."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from montecarlo.systems.networks import Layer
from montecarlo.systems.snn_hierarchy.bank import C_WIRE, Bank, Cell, Line, Periphery, bank
from montecarlo.systems.snn_hierarchy.figures import E_MEGA, E_SNE, PLANS, Study, behind, beside
from montecarlo.systems.snn_hierarchy.hierarchy import E_STATE, NETWORK, counted, demand, inference, layer_parts
from montecarlo.systems.snn_hierarchy.schedule import ORDERS, Machine, Mapping, count, mappings, operations
from spicekit.area.rule import Box
from spicekit.errors import UserError

Array = NDArray[np.int64]
LAYER = Layer("small", 8, 4, 3, 6)
STEPS, THETA = 3, 6
MACHINE = Machine(lanes=2, weight_bits=4, state_bits=8)
PERIPHERY = Periphery(off=0.017, w_row=2e-6, row=1.66e-12, gate=1.26e-9, w_min=90e-9)


def cell(mux: int = 1) -> Cell:
    """A cell of round numbers."""
    made = Cell("round", Box(0.5e-6, 1e-6), 1.0, Line(1e-15, 1e-17), Line(2e-15, 3e-17), 1e-16, 1e-9, 1e-10, 1e-10, 4e-6, 4e-12)
    return replace(made, mux=mux)


def neighbours(x: int, y: int, side: int) -> Iterator[tuple[int, int, int, int]]:
    """Positions within the image whose states a spike at (x, y) changes, and the place in the kernel."""
    for i, j in product(range(-1, 2), repeat=2):
        if 0 <= x + i < side and 0 <= y + j < side:
            yield x + i, y + j, 1 - i, 1 - j


def convolved(spikes: Array, weights: Array) -> Array:
    """Output spikes (steps, filters, side, side) of integrate-and-fire neurons, convolution by convolution."""
    steps, _, side, _ = spikes.shape
    state = np.zeros((len(weights), side, side), dtype=int)
    fired = np.zeros((steps, *state.shape), dtype=int)
    for t in range(steps):
        padded = np.pad(spikes[t], ((0, 0), (1, 1), (1, 1)))
        for i, j in product(range(3), repeat=2):
            state += np.tensordot(weights[:, :, i, j], padded[:, i : i + side, j : j + side], 1)
        fired[t] = state > THETA
        state[fired[t] > 0] = 0
    return fired


def traced(mapping: Mapping, spikes: Array, weights: Array, machine: Machine) -> tuple[Array, Counter[str]]:
    """What the accelerator computes tile by tile and spike by spike, and the bits that it moves.

    Three buffers of one tile each; elements that hold the weights of a channel, or the states of a block of 3 x 3.
    """
    steps, channels, side, _ = spikes.shape
    filters, tile = len(weights), mapping.side
    ranges: dict[str, Any] = {
        "t": range(steps),
        "p": list(product(range(0, side, tile), repeat=2)),
        "c": range(0, channels, mapping.channels),
        "k": range(0, filters, mapping.filters),
    }
    far, fired = np.zeros((filters, side, side), dtype=int), np.zeros((steps, filters, side, side), dtype=int)
    held: dict[str, tuple[Any, ...] | None] = dict.fromkeys(("spikes", "weights", "states"))
    bits: Counter[str] = Counter()
    visited: set[tuple[Any, ...]] = set()
    sequence: list[dict[str, Any]] = [
        dict(zip(mapping.order, indices, strict=True)) for indices in product(*(ranges[loop] for loop in mapping.order))
    ]
    changes = [(at["p"], at["k"]) for at in sequence]
    changes = [tag for n, tag in enumerate(changes) if n == 0 or changes[n - 1] != tag]
    left = Counter(changes)  # visits of a tile of states that are still to come
    for at in sequence:
        t, (x0, y0), c0, k0 = at["t"], at["p"], at["c"], at["k"]
        some_c, some_k = range(c0, c0 + mapping.channels), range(k0, k0 + mapping.filters)
        xs, ys = (range(max(start - 1, 0), min(start + tile + 1, side)) for start in (x0, y0))
        state_bits = tile**2 * mapping.filters * machine.state_bits
        if held["spikes"] != (t, at["p"], c0):
            held["spikes"] = (t, at["p"], c0)
            moved = len(xs) * len(ys) * mapping.channels
            bits["l2_read"] += moved
            bits["spikes_write"] += moved
        if held["weights"] != (c0, k0):
            held["weights"] = (c0, k0)
            moved = 9 * mapping.channels * mapping.filters * machine.weight_bits
            bits["l2_read"] += moved
            bits["weights_write"] += moved
        if held["states"] != (here := (at["p"], k0)):
            held["states"] = here
            if here in visited:
                bits["l2_read"] += state_bits
                bits["states_write"] += state_bits
            visited.add(here)
            left[here] -= 1
            if left[here]:  # it will be needed again: it is written back when it has to go
                bits["states_read"] += state_bits
                bits["l2_write"] += state_bits

        def inside(x: int, y: int, x0: int = x0, y0: int = y0) -> bool:
            return x0 <= x < x0 + tile and y0 <= y < y0 + tile

        for group in range(k0, k0 + mapping.filters, machine.lanes):
            lanes = range(group, min(group + machine.lanes, k0 + mapping.filters))
            if mapping.held == "weights":
                for c in some_c:
                    bits["spikes_read"] += len(xs) * len(ys)
                    active = [(x, y) for x, y in product(xs, ys) if spikes[t, c, x, y]]
                    if active:
                        bits["weights_read"] += 9 * len(lanes) * machine.weight_bits
                        bits["cycles"] += 1
                    for x, y in active:
                        bits["cycles"] += 1
                        for u, v, i, j in neighbours(x, y, side):
                            if inside(u, v):
                                for k in lanes:
                                    bits["states_read"] += machine.state_bits
                                    bits["states_write"] += machine.state_bits
                                    bits["operations"] += 1
                                    far[k, u, v] += weights[k, c, i, j]
            else:
                for bx, by in product(range(x0, x0 + tile, 3), range(y0, y0 + tile, 3)):
                    block = [(u, v) for u in range(bx, min(bx + 3, x0 + tile)) for v in range(by, min(by + 3, y0 + tile))]
                    bits["states_read"] += len(block) * len(lanes) * machine.state_bits
                    bits["states_write"] += len(block) * len(lanes) * machine.state_bits
                    bits["cycles"] += 2
                    columns, rows = (
                        {min(max(w + d, 0), side - 1) for w in line for d in (-1, 0, 1)} for line in zip(*block, strict=True)
                    )
                    for c, x, y in product(some_c, columns, rows):
                        bits["spikes_read"] += 1
                        if spikes[t, c, x, y]:
                            bits["cycles"] += 1
                            for u, v, i, j in neighbours(x, y, side):
                                if (u, v) in block:
                                    for k in lanes:
                                        bits["weights_read"] += machine.weight_bits
                                        bits["operations"] += 1
                                        far[k, u, v] += weights[k, c, i, j]
        if c0 + mapping.channels == channels:  # all channels of this step: neurons of the tile fire
            for k, u, v in product(some_k, range(x0, x0 + tile), range(y0, y0 + tile)):
                bits["firings"] += 1
                bits["l2_write"] += 1
                if mapping.held == "weights":
                    bits["states_read"] += machine.state_bits
                    bits["states_write"] += machine.state_bits
                fired[t, k, u, v] = far[k, u, v] > THETA
                far[k, u, v] *= 1 - fired[t, k, u, v]
    return fired, bits


SCHEDULES = [
    Mapping("tpck", 8, 6, 4, "weights"),  # all in one tile
    Mapping("ptkc", 4, 3, 2, "weights"),
    Mapping("tckp", 4, 2, 2, "states"),  # states go and come for every tile of channels
    Mapping("kptc", 2, 6, 2, "states"),
    Mapping("tkcp", 8, 3, 4, "states"),
    Mapping("pktc", 4, 1, 4, "weights"),
]


@pytest.fixture(scope="module")
def weights() -> Array:
    return np.random.default_rng(1).integers(-7, 8, (LAYER.filters, LAYER.channels, 3, 3))


@pytest.mark.parametrize("mapping", SCHEDULES, ids=str)
def test_the_counts_are_those_of_the_trace(mapping: Mapping, weights: Array) -> None:
    """All positions spike: every count is exact, and any schedule computes the convolution."""
    spikes = np.ones((STEPS, LAYER.channels, LAYER.side, LAYER.side), dtype=int)
    fired, bits = traced(mapping, spikes, weights, MACHINE)
    assert np.array_equal(fired, convolved(spikes, weights))
    found = count(LAYER, mapping, STEPS, 1.0, MACHINE)
    if mapping.held == "weights":
        bits["cycles"] += bits["firings"] / (MACHINE.lanes * MACHINE.clusters)  # type: ignore[assignment]
    names = found.__dataclass_fields__
    assert {name: bits[name] for name in names} == pytest.approx(dict(zip(names, astuple(found), strict=True)))


@pytest.mark.parametrize("mapping", [SCHEDULES[1], SCHEDULES[2]], ids=str)
def test_the_counts_are_means_over_random_spikes(mapping: Mapping, weights: Array) -> None:
    """Activity 10 %, 12 draws: each count that depends on the spikes within four standard errors, the others exactly."""
    rng = np.random.default_rng(7)
    drawn = []
    for _ in range(12):
        spikes = (rng.random((STEPS, LAYER.channels, LAYER.side, LAYER.side)) < 0.1).astype(int)
        fired, bits = traced(mapping, spikes, weights, MACHINE)
        assert np.array_equal(fired, convolved(spikes, weights))
        if mapping.held == "weights":
            bits["cycles"] += bits["firings"] / (MACHINE.lanes * MACHINE.clusters)  # type: ignore[assignment]
        drawn.append(bits)
    found = count(LAYER, mapping, STEPS, 0.1, MACHINE)
    for name, expected in zip(found.__dataclass_fields__, astuple(found), strict=True):
        values = np.array([bits[name] for bits in drawn], dtype=float)
        assert abs(values.mean() - expected) <= 4 * values.std(ddof=1) / math.sqrt(len(values)) + 1e-9 * expected, name


def test_every_order_in_which_neurons_can_fire() -> None:
    assert len(ORDERS) == 12
    assert all(order.index("t") < order.index("c") for order in ORDERS)


def test_tiles_fit_into_their_buffers() -> None:
    machine = Machine(spikes=64, weights=9 * 16, states=9 * 64, lanes=2)
    found = list(mappings(LAYER, machine))
    assert {m.order for m in found} == set(ORDERS)
    for m in found:
        assert min(m.side + 2, 8) ** 2 * m.channels <= 8 * machine.spikes
        assert 9 * m.channels * m.filters * 4 <= 8 * machine.weights
        assert m.side**2 * m.filters * 8 <= 8 * machine.states


def test_a_bank_by_hand() -> None:
    """2 x 4 arrays of 64 x 32 cells, words of 32 bits: each part from its formula."""
    made = Bank(cell(), PERIPHERY, 2 * 4 * 64 * 32, 32, 64, 2, 4)
    along, across = 64 * 0.5e-6 + 32 * 4e-12 / 32e-6, 32e-6 + 64 * 1.66e-12 / 32e-6
    assert (made.array.along, made.array.across) == pytest.approx((along, across))
    path = 4 * along / 2 + 4 * along / 2 * (3 / 4) + 2 * across / 2 * (1 / 2)
    assert made.path == pytest.approx(path)
    parts = made.parts("read")
    assert parts["H-tree"] == pytest.approx(path * C_WIRE * (32 + 9) / 4)  # 512 words
    nand = 3 * 90e-9 * 1.26e-9
    assert parts["decoder"] == pytest.approx(3 * 0.75 * (32e-6 * C_WIRE + 16 * nand) + nand + 3 * 2e-6 * 1.26e-9 * 4 / 3)
    assert (parts["row"], parts["cells"]) == pytest.approx((32 * 1e-16, 32 * 1.64e-15))
    assert made.parts("write")["cells"] == pytest.approx(32 * (2e-15 + 64 * 3e-17))
    assert made.energy("read") == pytest.approx(sum(parts.values()) / 32)
    assert made.leakage == pytest.approx(16384 * 1e-9 + 8 * 1.5 * (64 * 2e-6 + 32 * 4e-6) * 0.017)


def test_columns_that_share_amplifiers() -> None:
    """Eight times fewer amplifiers: the array is smaller, and the row longer."""
    alone, shared = (Bank(cell(mux=mux), PERIPHERY, 2**18, 32, 64, 1, 2**18 // (64 * 32 * mux)) for mux in (1, 8))
    assert shared.area < alone.area
    assert shared.parts("read")["row"] == pytest.approx(8 * alone.parts("read")["row"])
    assert shared.bits == shared.arrays * shared.rows * shared.columns


# NVSim 6334d00, 45 nm HP, 300 K, words of 128 bits; the cell 224 F2, aspect 0.302, transistors of 4.56 F, 3 F and 2 F.
# bytes, arrays across and along, rows -> pJ of a read: H-tree, array
NVSIM = {
    (4 * 1024, 1, 1, 256): (0.0, 2.079),
    (32 * 1024, 4, 4, 128): (25.60, 1.461),
    (512 * 1024, 16, 4, 512): (122.0, 3.312),
}


def test_a_bank_of_sram_beside_nvsim(study: Study) -> None:
    """The same arrays: without amplifiers (NVSim's take 0.167 pJ) a half to two thirds, and a quarter of its H-tree's rises."""
    amplifiers = 128 * 21e-15
    for (size, across, along, rows), (tree, array) in NVSIM.items():
        made = Bank(study.cells["SRAM"], study.periphery, 8 * size, 128, rows, across, along)
        parts = made.parts("read")
        assert 0.45 < (sum(parts.values()) - parts["H-tree"] - amplifiers) * 1e12 / (array - 0.167) < 0.75
        if tree:
            assert 0.4 < 4 * parts["H-tree"] * 1e12 / tree < 0.6


@pytest.fixture(scope="module")
def study() -> Study:
    """Cells as docs/snn-hierarchy.md has them: what `spicekit system snn-hierarchy` simulates, rounded."""
    sram = Cell("SRAM", Box(0.37e-6, 1.225e-6), 1.0, read=Line(22.1e-15, 2.5e-17), write=Line(12e-15, 2.5e-16), row=5e-16,
                leak=7.4e-9, t_read=1.3e-10, t_write=6e-11, drivers=4e-6, column=7.8e-12)  # fmt: skip
    stt = replace(sram, name="STT", box=Box(0.26e-6, 0.38e-6), read=Line(137e-15, 6e-18), write=Line(1.43e-12), leak=0.0,
                  t_read=8e-10, t_write=1e-8, column=18e-12, mux=8)  # fmt: skip
    sot = replace(
        stt, name="SOT", box=Box(0.52e-6, 0.62e-6), read=Line(169e-15), write=Line(174e-15), t_read=1.7e-9, t_write=1e-9
    )
    return Study({"SRAM": sram, "STT": stt, "SOT": sot}, PERIPHERY)


def test_energy_of_a_layer_by_hand(study: Study) -> None:
    memories = study.hierarchy("STT")
    layer, mapping = NETWORK[3], Mapping("pktc", 8, 64, 32, "states")
    counts = count(layer, mapping, 16, 0.05, memories.machine)
    parts, time = layer_parts(counts, memories)
    assert counts.operations == 0.05 * 16 * 46**2 * 64 * 64
    assert parts["elements"] == pytest.approx((counts.operations + 16 * 16 * 16 * 64) * E_STATE)
    assert parts["L2 write"] == pytest.approx(counts.l2_write * memories.l2.energy("write"))
    assert parts["L1 weights"] == pytest.approx(
        counts.weights_read * memories.weights.energy("read") + counts.weights_write * memories.weights.energy("write")
    )
    busy = (counts.l2_read * 2e-9 + counts.l2_write * 1e-8) / 128
    assert time == pytest.approx(max(counts.cycles * 2e-9, busy))
    assert parts["leakage L2"] == pytest.approx(memories.l2.leakage * time)
    assert layer_parts(counts, memories, leaking=False)[0]["leakage L2"] == 0


def test_the_search_finds_the_least(study: Study) -> None:
    memories = study.hierarchy("SOT")
    found = inference(NETWORK[4:5], memories, 0.05, leaking=False)
    energies = [
        sum(layer_parts(counts, memories, leaking=False)[0].values())
        for _, counts in counted(NETWORK[4], 16, 0.05, memories.machine)
    ]
    assert len(energies) > 1000
    assert found.total == pytest.approx(min(energies))
    assert found.operations == pytest.approx(operations(NETWORK[4], 16, 0.05))


def test_larger_buffers_need_less_of_l2() -> None:
    """The least traffic of any schedule: never more with larger buffers, in the end what comes and goes at least."""
    least = []
    for factor in (1, 2, 4, 64):
        machine = Machine(weights=9 * 256 * factor, states=9 * 256 * factor, spikes=1024 * factor)
        least.append(min(counts.l2_read + counts.l2_write for _, counts in counted(NETWORK[3], 16, 0.05, machine)))
    assert least[0] > least[1] > least[2] > least[3]
    assert least[3] == 9 * 64 * 64 * 4 + 16 * 16**2 * (64 + 64)


def test_figures_beside_the_published_ones(study: Study) -> None:
    spent = study.inference("SRAM")
    found = {figure.name: figure for figure in beside(spent)}
    assert found["operation beside Mega"].published == E_MEGA == 0.292e-12
    assert found["operation beside SNE"].published == E_SNE == 0.91e-12
    assert found["operation beside Mega"].simulated == pytest.approx(spent.total / spent.operations)
    scaled = found["operation beside Mega, scaled to 22 nm"].simulated
    assert scaled == pytest.approx(spent.operation * 22 / 45 * 0.64)
    assert set(behind("STT")) <= {plan.name for plan in PLANS}


def test_the_network_fits_into_l2() -> None:
    weights = 9 * (2 * 32 + 32 * 32 + 32 * 64 + 64 * 64 + 64 * 128 + 128 * 128) * 4
    assert demand(NETWORK, 16, Machine()) == (weights + 1024 * (32 * 8 + 16 * 64)) / 8


@pytest.mark.parametrize(
    ("machine", "activity", "said"),
    [
        (Machine(), 0.0, "activity 0: allowed: above 0, at most 1"),
        (Machine(), 1.2, "activity 1.2: allowed: above 0, at most 1"),
        (Machine(l2=65536), 0.1, "l2: 65536 B hold no network that needs 306976 B"),
        (Machine(weights=1000), 0.1, "weights: 1000 B do not divide into 9 clusters"),
        (Machine(states=9 * 33), 0.1, "a memory of 33 B: not a multiple of its words of 256 bits (32 B)"),
    ],
)
def test_what_does_not_fit_is_said(study: Study, machine: Machine, activity: float, said: str) -> None:
    with pytest.raises(UserError) as error:
        study.inference("SRAM", activity, machine)
    assert str(error.value).startswith(said)


def test_a_layer_of_which_no_tile_fits(study: Study) -> None:
    memories = study.hierarchy("SRAM", Machine(weights=9 * 16))
    with pytest.raises(UserError, match="layer odd: the buffers hold no tile of it: one state of its 48 filters"):
        inference([Layer("odd", 8, 48, 3, 4)], memories, 0.1)
    with pytest.raises(UserError, match="layer odd: kernel 5: allowed: 3"):
        inference([Layer("odd", 8, 32, 5, 4)], memories, 0.1)


def test_a_memory_has_whole_words() -> None:
    with pytest.raises(UserError, match="not a multiple of its words of 128 bits"):
        bank(cell(), PERIPHERY, 100, 128, 5e8)
