"""Random small netlists by the batch engine and by ngspice: both find the same voltages, or ngspice's own tolerances do not.

``SPICEKIT_FUZZ=200`` runs as many circuits; a few run with the suite.
"""

from __future__ import annotations

import itertools
import os

import numpy as np
import pytest

from spicekit.analysis import TranAnalysis
from spicekit.engines.batch import compiler
from spicekit.engines.batch.machine import Machine
from spicekit.simulator import simulator
from spicekit.technology import load_technology
from spicekit.waves import Array

CIRCUITS = int(os.environ.get("SPICEKIT_FUZZ", "3"))
STEP, STOP = 2e-11, 4e-9
SUPPLY = 1.0


def random_netlist(random: np.random.Generator, cards: str) -> tuple[str, list[str]]:
    """A ladder of random elements between a driven node and ground, and its nodes."""
    nodes = ["in", *(f"n{k}" for k in range(int(random.integers(3, 7))))]
    lines = [f"Vdd vdd 0 {SUPPLY}", f"Vin in 0 PULSE(0 {SUPPLY} 0.3n {random.uniform(0.05, 0.3):.3f}n 0.1n 1.5n 10n)"]

    def pick(*also: str) -> str:
        return str(random.choice([*nodes, "0", *also]))

    def value(low: float, high: float) -> str:
        return f"{np.exp(random.uniform(np.log(low), np.log(high))):.4g}"

    for k, (a, b) in enumerate(itertools.pairwise(nodes)):  # all nodes have a way to the source and to ground
        lines += [f"Rs{k} {a} {b} {value(1e3, 2e4)}", f"Rg{k} {b} 0 {value(2e4, 2e5)}", f"Cg{k} {b} 0 {value(1e-15, 2e-14)}"]
    for k in range(int(random.integers(4, 9))):
        a, b, c, d = pick(), pick("vdd"), pick(), pick()
        kind = random.choice(["C", "I", "E", "F", "G", "H", "M", "P", "B", "V", "W"])
        own = f"x{k}"
        lines += {
            "C": [f"C{k} {a} {b} {value(1e-16, 1e-14)}"],
            "I": [f"I{k} 0 {nodes[-1]} SIN(0 {value(1e-7, 1e-5)} 500meg)"],
            "E": [f"E{k} {own} 0 {a} {c} {random.uniform(-2, 2):.3f}", f"R{k} {own} {nodes[-1]} {value(1e4, 1e5)}"],
            "F": [
                f"V{k} {own} {nodes[1]} 0",
                f"R{k} {a} {own} {value(1e4, 1e5)}",
                f"F{k} 0 {nodes[2]} V{k} {random.uniform(-0.9, 0.9):.3f}",
            ],
            "G": [f"G{k} {nodes[-1]} 0 {nodes[-1]} {d} {value(1e-6, 3e-5)}"],
            "H": [
                f"V{k} {own} {nodes[1]} 0",
                f"R{k} {a} {own} {value(1e4, 1e5)}",
                f"H{k} h{k} 0 V{k} {value(1e2, 5e3)}",
                f"Rh{k} h{k} {nodes[2]} {value(1e4, 1e5)}",
            ],
            "M": [f"M{k} {b} {a} {pick()} 0 ptm65_nmos w={value(1e-7, 1e-6)} l=6e-8"],
            "P": [f"M{k} {pick()} {a} vdd vdd ptm65_pmos w={value(1e-7, 1e-6)} l=6e-8"],
            "B": [f"B{k} {nodes[-1]} 0 I = {value(1e-6, 1e-5)}*tanh(3*(V({a}) - V({c})))/(1 + V({nodes[1]})*V({nodes[1]}))"],
            "V": [
                f"V{k} {own} {nodes[1]} {random.uniform(-0.2, 0.2):.3f}",
                f"C{k} {own} {c} {value(1e-16, 5e-15)}",
                f"R{k} {own} {d} 50k",
            ],
            "W": [f"B{k} {own} 0 V = V({a})*V({c}) + sin(V({d}))", f"R{k} {own} {nodes[2]} {value(1e4, 1e5)}"],
        }[str(kind)]
    return "\n".join([*lines, cards]), nodes


def by_ngspice(netlist: str, save: list[str], reltol: float) -> dict[str, Array] | None:
    simulator().load(f"* fuzz\n{options(reltol)}\n{netlist}\n.save {' '.join(save)}\n.end\n")
    simulator().command(f"tran {STEP} {STOP} 0 {STEP}")
    vectors = simulator().vectors(("time", *save))
    complete = len(vectors) == 1 + len(save) and vectors["time"][-1] > STOP * (1 - 1e-9)
    return vectors if complete else None


def options(reltol: float) -> str:
    return f".options method=trap reltol={reltol!r} abstol=1e-13 vntol=1e-7 trtol=7 chgtol=1e-16 gmin=1e-15"


@pytest.mark.parametrize("seed", range(CIRCUITS))
def test_a_random_circuit_is_ngspice_s(seed: int) -> None:
    if compiler.compiler() is None:
        pytest.skip("no C++ compiler")
    cards = load_technology("ptm65").cards("tt")
    netlist, nodes = random_netlist(np.random.default_rng(seed), cards)
    save = [f"v({node})" for node in nodes]
    reference, fine = by_ngspice(netlist, save, 1e-4), by_ngspice(netlist, save, 1e-5)
    if reference is None or fine is None:
        pytest.skip("ngspice finds no solution")
    text = f"* fuzz\n{options(1e-4)}\n{netlist}\n.end\n"
    (found,) = Machine(text, (), TranAnalysis(save=tuple(save), step=STEP, stop=STOP)).run(np.empty((1, 0)))
    assert found is not None, netlist
    times = np.linspace(0, STOP, 400)
    for vector in save:
        mine, theirs, best = (np.interp(times, waves["time"], waves[vector]) for waves in (found, reference, fine))
        own = np.sqrt(np.mean((theirs - best) ** 2))
        assert np.sqrt(np.mean((mine - best) ** 2)) <= 3 * own + 1e-4 * max(SUPPLY, abs(best).max()), (vector, netlist)
        assert found[vector][0] == pytest.approx(reference[vector][0], abs=2e-5), (vector, netlist)
