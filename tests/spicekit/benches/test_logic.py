"""Digital logic: truth tables and products at transistor level, closed forms of counts and energies, parts against a whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spicekit import UserError, make_bench, run
from spicekit.benches.digital.adder_tree import AdderTree
from spicekit.benches.digital.arithmetic import multiplier, ripple, tree, weights_of
from spicekit.benches.digital.gates import Circuit
from spicekit.benches.digital.logic import LogicBench, bits_of, half_interval
from spicekit.benches.digital.logic_gate import CELLS, every_change
from spicekit.measures import listed
from spicekit.measures.numpy_writer import Evaluation
from spicekit.waves import Array, Waves

# written out by hand, the first pin the lowest bit of the word: cell -> output -> its bits
TABLES = {
    "inverter": {"y": "10"},
    "nand2": {"y": "1110"},
    "nor2": {"y": "1000"},
    "aoi22": {"y": "1110111011100000"},
    "xor2": {"y": "0110"},
    "mux2": {"y": "01010011"},
    "half-adder": {"y": "0110", "carry": "0001"},
    "full-adder": {"y": "01101001", "carry": "00010111"},
}
TRANSISTORS = {
    "inverter": 2, "nand2": 4, "nor2": 4, "aoi22": 8, "xor2": 12, "mux2": 12, "half-adder": 18, "full-adder": 28, "flip-flop": 20,
}  # fmt: skip


@pytest.mark.parametrize("cell", TABLES)
def test_truth_table_of_transistors(cell: str) -> None:
    found = run("logic-gate", cell=cell, operation="static")
    assert found.measures["wrong"] == 0
    for node, bits in TABLES[cell].items():
        assert [int(level > 0.5) for level in found.waves(f"v({node})")] == [int(bit) for bit in bits]
    assert 0 < found.measures["i_leak"] <= found.measures["i_leak_max"] < 1e-6


def test_leakage_is_linear_in_the_width_and_grows_with_heat() -> None:
    """Not proportional: a transistor's effective width is a little more than the drawn one."""
    one, two, four = (
        run("logic-gate", cell="inverter", operation="static", drive=drive).measures["i_leak"] for drive in (1, 2, 4)
    )
    assert four - two == pytest.approx(2 * (two - one), rel=1e-3)
    assert two == pytest.approx(2 * one, rel=0.1)
    hot = run("logic-gate", cell="inverter", operation="static", temperature=125).measures
    assert hot["i_leak"] > 3 * one


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_has_its_transistors(cell: str) -> None:
    bench = make_bench("logic-gate", {"cell": cell})
    assert isinstance(bench, LogicBench)
    assert bench.circuit.transistors == len(bench.devices) == TRANSISTORS[cell] == len(bench.points()) // 2


@pytest.mark.parametrize("words", [2, 4, 8])
def test_a_walk_makes_every_change_once(words: int) -> None:
    walk = every_change(words)
    changes = set(zip(walk[:-1].tolist(), walk[1:].tolist(), strict=True))
    assert len(changes) == len(walk) - 1 == words * (words - 1)
    assert all(one != other for one, other in changes)


@pytest.mark.parametrize("cell", ["full-adder", "flip-flop"])
def test_a_cell_is_right_after_every_change(cell: str) -> None:
    found = run("logic-gate", cell=cell).measures
    assert found["wrong"] == 0
    assert 20e-12 < found["delay"] < 100e-12
    slow = run("logic-gate", cell=cell, corner="ss", vdd=0.9).measures
    assert slow["delay"] > 1.2 * found["delay"]
    late = run("logic-gate", cell=cell, vdd=0.4).measures
    assert late["wrong"] == 1
    assert late["delay"] == np.inf


def test_energy_of_loads_and_the_step() -> None:
    """Four loads more take the charge of four inverters' gates, which the source at the input of one measures."""
    few, many = (run("logic-gate", cell="inverter", fan_out=fan_out).measures for fan_out in (4, 8))
    assert many["e_logic"] - few["e_logic"] == pytest.approx(4 * few["e_gates"], rel=0.12)
    assert many["delay"] > 1.3 * few["delay"]
    fine = run("logic-gate", cell="inverter", step=1e-13).measures
    for name in ("delay", "e_logic", "e_gates"):
        assert few[name] == pytest.approx(fine[name], rel=0.01), name


def test_a_weak_transistor_makes_a_gate_slow() -> None:
    bench = make_bench("logic-gate", {"cell": "inverter"})
    assert run(bench, {"vth_x_n": 0.1}).measures["delay"] > 1.1 * run(bench).measures["delay"]
    slow = run("logic-gate", cell="inverter", technology="ptm65").measures
    assert slow["wrong"] == 0


def levels(bench: LogicBench, waves: Waves, nodes: Any, slot: int) -> int:
    """The number that ``nodes`` show at the end of ``slot``."""
    end = np.searchsorted(waves("time"), bench.start(slot + 1) * (1 - 1e-9)) - 1
    volts = [waves(f"v({node})")[end] for node in nodes]
    assert all(level < 0.1 or level > 0.9 for level in volts)
    return sum(1 << k for k, level in enumerate(volts) if level > 0.5)


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "nor", "weight_bits": 3},
        {"kind": "standard", "input_bits": 3},
        {"kind": "fibbinary"},
        {"kind": "fibbinary", "weight_bits": 3, "input_bits": 2, "weights": "new"},
    ],
    ids=str,
)
def test_products_of_transistors_are_exact(given: dict[str, Any]) -> None:
    bench = make_bench("multiplier", given | {"operations": 4})
    assert isinstance(bench, LogicBench)
    found = run(bench)
    assert found.measures["wrong"] == 0
    n = bench.p.inputs_read
    for slot in range(1, len(bench.words.inputs)):
        sent, weight = (levels(bench, found.waves, nodes, slot) for nodes in (bench.inputs[:n], bench.inputs[n:]))
        if given["kind"] == "nor":
            sent, weight = 1 - sent, 7 - weight
        assert levels(bench, found.waves, bench.outputs, slot) == sent * weight


@pytest.mark.parametrize(
    ("kind", "inputs", "weights"), [("standard", 4, 4), ("fibbinary", 4, 4), ("fibbinary", 5, 3), ("standard", 2, 5)]
)
def test_every_product(kind: Any, inputs: int, weights: int) -> None:
    circuit = Circuit()
    x_nodes, w_nodes = [f"x{k}" for k in range(inputs)], [f"w{k}" for k in range(weights)]
    product = multiplier(circuit, "m", kind, x_nodes, w_nodes)
    x, w = (grid.ravel() for grid in np.meshgrid(np.arange(1 << inputs), weights_of(kind, weights)))
    given = dict(zip([*x_nodes, *w_nodes], np.hstack([bits_of(x, inputs), bits_of(w, weights)]).T, strict=True))
    nodes = circuit.evaluate(given)
    assert np.array_equal(sum(nodes[node].astype(int) << k for k, node in enumerate(product) if node), x * w)


def test_fibbinary_weights_are_counted() -> None:
    """Three words of each pair; and what a pair's multiplier saves: 2 m ANDs and m adders for m - 1 AND-ORs and 2 ANDs."""
    assert [len(weights_of("fibbinary", bits)) for bits in (2, 4, 8)] == [3, 9, 81]
    for m in (2, 4, 8):
        standard, own = Circuit(), Circuit()
        for circuit, kind in ((standard, "standard"), (own, "fibbinary")):
            multiplier(circuit, "m", kind, [f"x{k}" for k in range(m)], ["w0", "w1"])
        assert standard.transistors == 2 * m * 6 + 2 * 18 + (m - 2) * 28
        assert own.transistors == (m - 1) * 10 + 2 * 6


def test_sums_of_a_tree() -> None:
    rng = np.random.default_rng(3)
    values = rng.integers(0, 8, (50, 16))
    circuit = Circuit()
    words = [[f"x{k}_{bit}" for bit in range(3)] for k in range(16)]
    levels_ = tree(circuit, "t", words, [f"vdd_level{k}" for k in range(1, 5)])
    given = {node: bits for k, word in enumerate(words) for node, bits in zip(word, bits_of(values[:, k], 3).T, strict=True)}
    nodes = circuit.evaluate(given)
    assert np.array_equal(sum(nodes[node].astype(int) << k for k, node in enumerate(levels_[-1][0])), values.sum(axis=1))
    assert [len(level) for level in levels_] == [16, 8, 4, 2, 1]
    # a half adder and as many full adders as the other bits, in each adder
    counted = sum((16 >> level) * (18 + 28 * (3 + level - 2)) for level in range(1, 5))
    assert circuit.transistors == counted
    assert ripple(Circuit(), "r", ["a"], [None, "b"]) == ["a", "b"]


def test_a_tree_by_its_levels_is_the_whole() -> None:
    """Of 8 words: two levels whole and the third behind real adders, with the error that the page says."""

    def found(**given: Any) -> dict[str, float]:
        bench = make_bench("adder-tree", {"inputs": 8, "bits": 1, "operations": 4, "chgtol": 1e-15, **given})
        assert isinstance(bench, AdderTree)
        words = bench.leaves.copy()
        words[:, 4:] = words[:, :4]  # a part that stands for both halves sees what both see
        bench.__dict__["leaves"] = words
        return run(bench).measures

    whole, parts = found(base=3), found(base=2)
    assert whole["wrong"] == parts["wrong"] == 0
    assert parts["e_level_1"] == pytest.approx(whole["e_level_1"], rel=0.02)
    assert parts["e_gates"] == pytest.approx(whole["e_gates"], rel=0.02)
    assert parts["e_level_2"] == pytest.approx(whole["e_level_2"], rel=0.1)  # the load stands for an adder's input
    assert parts["e_level_3"] == pytest.approx(whole["e_level_3"], rel=0.1)
    assert parts["delay"] == pytest.approx(whole["delay"], rel=0.15)
    # each part alone: what they add to energy and delay is what both have together
    alone = [found(base=2, part=part) for part in (2, 3)]
    assert all(one["wrong"] == 0 for one in alone)
    assert sum(one["e_total"] for one in alone) == pytest.approx(parts["e_total"], rel=5e-3)
    assert sum(one["delay"] for one in alone) == pytest.approx(parts["delay"], rel=5e-3)
    assert set(alone[1]) == {"wrong", "delay", "e_total", "e_supply", "e_level_3", "e_error"}
    # an adder of the first level alone is the same as in the tree, here where each has one
    one, two = (run("adder-tree", inputs=4, bits=1, operations=4, base=base).measures for base in (1, 2))
    assert one["e_level_2"] == pytest.approx(two["e_level_2"], rel=5e-3)


def test_a_register_accumulates() -> None:
    bench = make_bench("shift-accumulate", {"bits": 2, "cycles": 2})
    assert isinstance(bench, LogicBench)
    found = run(bench)
    assert found.measures["wrong"] == 0
    sums = [sum(int(bit) << k for k, bit in enumerate(word[1:])) for word in bench.words.inputs]
    for _, last in bench.words.operations:
        # the register shows a slot's sum after the next rise of the clock; the last operation's is what it would take
        if last < len(sums):
            assert levels(bench, found.waves, [f"q{k}" for k in range(4)], last) == 2 * sums[last - 2] + sums[last - 1]


def test_interval_of_a_mean_of_neighbours_that_share_a_word() -> None:
    rng = np.random.default_rng(5)
    n, inside = 40, 0
    for _ in range(300):
        words = rng.normal(size=n + 1)
        values: Array = words[1:] + words[:-1]
        half = Evaluation(Waves({}))(half_interval(listed(values.tolist()), n))
        inside += abs(values.mean()) < half
    assert 0.9 < inside / 300 < 0.98


@pytest.mark.parametrize(
    ("bench", "given", "message"),
    [
        ("logic-gate", {"cell": "nand3"}, "parameter cell: allowed: 'inverter', .* \\(given: 'nand3'\\)"),
        ("logic-gate", {"cell": "flip-flop", "operation": "static"}, "static given with cell=flip-flop; allowed: switching"),
        ("logic-gate", {"drive": 0.5}, "drive"),
        ("logic-gate", {"period": 1e-12}, "period, edge: 1 ps and 22.5 ps given; allowed: a period of at least 2 edges"),
        ("logic-gate", {"period": 1e-12, "edge": 1e-13}, "from 11.25 ps, half of what the longest path takes"),
        ("logic-gate", {"period": 100e-12, "cell": "flip-flop"}, "from 112.5 ps"),
        ("multiplier", {"kind": "nor", "input_bits": 2}, "input_bits: 2 given with kind=nor; allowed: 1"),
        ("adder-tree", {"inputs": 12}, "inputs: 12 given; allowed: powers of 2"),
        ("adder-tree", {"base": 6}, "base"),
        ("adder-tree", {"inputs": 64, "part": 2}, "part: 2 given; allowed: 3 to 6"),
        ("adder-tree", {"inputs": 4, "part": 3}, "part: 3 given; allowed: 2 to 2"),
        ("adder-tree", {"kind": "nor", "bits": 3}, "bits: given with kind=nor; allowed with uniform"),
        ("shift-accumulate", {"operations": 1}, "operations"),
    ],
)
def test_bad_input(bench: str, given: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        make_bench(bench, given)
    assert "\n" not in str(caught.value)
