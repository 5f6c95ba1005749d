"""The figures of the digital macro from hand-made tables, against independent sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from montecarlo.systems import load_system
from montecarlo.systems.sram_cim import figures as module
from montecarlo.systems.sram_cim.macro import DESIGNS, areas
from montecarlo.systems.system import Figure
from spicekit.registry import make_bench
from spicekit.table import LookupTable

FJ, PS = 1e-15, 1e-12


def table(over: dict[str, list[object]], **measures: Any) -> LookupTable:
    shape = tuple(len(values) for values in over.values())
    each = {name: (tuple(over), np.array(np.broadcast_to(value, shape), dtype=float)) for name, value in measures.items()}
    return LookupTable({name: np.array(values) for name, values in over.items()}, each, {}, {})


@pytest.fixture(scope="module")
def found() -> dict[str, Figure]:
    pytest.importorskip("sklearn")
    seeds: dict[str, list[object]] = {"seed": [1, 2]}
    one: dict[str, list[object]] = {"seed": [1]}
    parts: dict[str, list[object]] = {"part": [3, 4, 5, 6, 7]}
    share = np.array([0.5, 0.2, 0.15, 0.1, 0.05])  # of the tree's energy and time
    tables: dict[str, LookupTable] = {}
    for name, joule, tree in (("nor", 2, 2560), ("standard", 12, 5120), ("fibbinary", 4, 3840)):
        tables[f"multiplier-{name}"] = table(
            seeds, e_total=np.array([0.5, 1.5]) * joule * FJ, e_error=2**0.5 * FJ, delay=np.array([90, 100]) * PS
        )
        tables[f"tree-{name}"] = table(parts, e_total=tree * share * FJ, e_error=0.0, delay=400 * share * PS)
        tables[f"register-{name}"] = table(one, e_total=256 * FJ, e_error=0.0, delay=300 * PS)
    tables["cell"] = table({"operation": ["static"]}, i_leak=10e-9)
    kinds: dict[str, list[object]] = {"kind": ["standard", "fibbinary"]}
    for name, (_, inputs) in module.WIDTHS.items():
        energies = np.array([[10.0] * len(inputs), [4.0] * len(inputs)]) * FJ
        tables[name] = table(kinds | {"input_bits": list(inputs)}, e_total=energies, e_error=energies / 20, delay=100 * PS)
    tables["levels"] = table({"base": [2, 3]}, e_level_3=np.array([9.0, 10.0]) * FJ)
    assert set(tables) == {plan.name for plan in module.PLANS}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SEEDS", 2)
        made = module.figures(tables)
    assert len({figure.name for figure in made}) == len(made)
    return {figure.name: figure for figure in made}


def test_energy_of_a_mac_is_the_sum_of_its_parts(found: dict[str, Figure]) -> None:
    """Four bits of input one by one into four NORs and a tree; or two multipliers and two trees at once; and a register."""
    for name, products, cycles in (("nor", 4, 4), ("standard", 2, 1), ("fibbinary", 2, 1)):
        joule, tree = {"nor": (2, 2560), "standard": (12, 5120), "fibbinary": (4, 3840)}[name]
        own = areas(DESIGNS[name])
        time = cycles * 500 * PS + 300 * PS
        wires = 4 * 0.25 * 0.2e-9 * sum(own.values()) ** 0.5
        expected = products * (joule + tree / 128) * FJ + 2 * FJ + wires + 4 * 10e-9 * time
        energy = found[f"{name}: energy of a MAC"]
        assert energy.simulated == pytest.approx(expected, rel=1e-9)
        assert found[f"{name}: efficiency"].simulated == pytest.approx(2e-12 / expected)
        assert found[f"{name}: time of a MAC"].simulated == pytest.approx(time)
        assert found[f"{name}: share of the adder tree"].simulated == pytest.approx(products * tree / 128 * FJ / expected)
        assert f"random data {products:g} fJ" in energy.origin  # half of the variance of each seed's mean
    assert found["nor: share of the adder tree"].published == 0.7


def test_savings_and_counts(found: dict[str, Figure]) -> None:
    assert found["multiplier of 2 x 4 bits: power saved"].simulated == pytest.approx(0.6)
    assert "+-0.028" in found["multiplier of 2 x 4 bits: power saved"].origin  # 0.4 sqrt(2) / 20
    # 42 transistors in place of 140, smaller ones among them
    assert 0.6 < found["multiplier of 2 x 4 bits: area saved"].simulated < 0.76
    assert found["tree by its parts over whole, third level of 8 words"].simulated == pytest.approx(0.9)
    for bits, more in ((4, 1 / 8), (8, 26 / 55), (16, 3977 / 2584)):
        figure = found[f"weights of {bits} bits more, relaxed over strict"]
        assert figure.simulated == pytest.approx(more)
        assert figure.ratio == pytest.approx(1, abs=2e-3)


def test_words_of_the_designs_are_those_of_the_benches() -> None:
    for design in DESIGNS.values():
        tree = make_bench("adder-tree", design.tree())
        assert tree.p.width + 7 == design.sum_bits  # type: ignore[attr-defined]
        assert 128 * 64 * 4 == 32 * 1024
        assert design.multipliers * design.weight_bits == design.cycles * design.input_bits == 4


def test_accuracies_are_those_of_all_codes(found: dict[str, Figure]) -> None:
    for code in ("plain", "relaxed", "strict"):
        assert found[f"accuracy, {code} code, trained again"].simulated > 0.94
    assert load_system("sram-cim").name == "sram-cim"
