"""BSIM4 of the batch engine beside ngspice: currents, charges and derivatives of single transistors on grids of bias.

ngspice's own derivatives by the body voltage are not those of its currents and charges (up to 1e-3 where the body is forward
biased, 10 % in small ones), so conductances are compared with differences of ngspice's currents, and capacitances where they
are by the gate, and by the drain where it is not the source of the model.
"""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from numpy.typing import NDArray

from spicekit.engines.batch import graph
from spicekit.engines.batch.bsim4 import Geometry, size
from spicekit.engines.batch.transistor import INPUTS, terminals
from spicekit.engines.batch.unsupported import Unsupported
from spicekit.simulator import simulator
from spicekit.technology import load_technology

Array = NDArray[np.float64]
STEP = 1e-5  # V, of the differences: their error is 1e-8 of the slope
FREQUENCY = 1e9  # Hz
GMIN = 1e-12

# technology, role, corner, w, l, Celsius: every corner, short and long, narrow and wide, cold and hot
CASES = [
    ("ptm65", "nmos", "tt", 1e-6, 65e-9, 27.0),
    ("ptm65", "pmos", "ff", 3e-7, 4e-7, 125.0),
    ("ptm65", "nmos", "ss", 1.2e-7, 65e-9, -40.0),
    ("ptm65", "pmos", "sf", 3e-6, 1e-6, 150.0),
    ("ptm65", "nmos", "fs", 6e-7, 1.2e-6, 85.0),
    ("ptm65", "pmos", "tt", 1.2e-7, 65e-9, -40.0),
    ("ptm45", "nmos", "tt", 1e-6, 45e-9, 27.0),
    ("ptm45", "pmos", "ss", 3e-7, 4e-7, -40.0),
    ("ptm45", "nmos", "ff", 9e-8, 45e-9, 150.0),
    ("ptm45", "pmos", "fs", 2e-6, 1e-6, 85.0),
    ("ptm45", "nmos", "sf", 6e-7, 1e-6, 0.0),
    ("ptm45", "pmos", "tt", 9e-8, 45e-9, 125.0),
]
BIAS = [
    *itertools.product((-1.1, -0.4, -0.05, 1e-4, 0.05, 0.4, 1.1), (-0.6, 0.0, 0.25, 0.45, 0.7, 1.2), (-1.1, -0.4, 0.0, 0.3, 0.5))
]


def card(technology: str, role: str, corner: str) -> dict[str, float]:
    text = re.sub(r"\n\+", " ", load_technology(technology).cards(corner))
    line = next(line for line in text.splitlines() if line.startswith(f".model {technology}_{role} "))
    return {name: float(value) for name, value in re.findall(r"(\w+)=(\S+)", line) if name != "level"}


def ours(case: tuple[str, str, str, float, float, float], bias: Array) -> tuple[Array, Array, Array, Array]:
    """Currents, charges (terminal, bias), conductances and capacitances (terminal, voltage, bias) of drain, gate, bulk."""
    technology, role, corner, w, l, celsius = case  # noqa: E741
    found = terminals(size(card(technology, role, corner), role == "nmos", Geometry(w, l), celsius, GMIN))
    flat = [x for rows in (found.conductances, found.capacitances) for row in rows for x in row]
    values = np.array(graph.evaluate([*found.currents, *found.charges, *flat], dict(zip(INPUTS, bias.T, strict=True))))
    return values[:3], values[3:6], values[6:15].reshape(3, 3, -1), values[15:].reshape(3, 3, -1)


def load(case: tuple[str, str, str, float, float, float], bias: Array, ac: str = "") -> None:
    """A transistor for each row of ``bias``, with an alternating voltage of 1 V at the terminal ``ac``."""
    technology, role, corner, w, l, celsius = case  # noqa: E741
    lines = ["* transistors", f".options gmin={GMIN} reltol=1e-9 abstol=1e-18 vntol=1e-12", f".temp {celsius}"]
    lines.append(load_technology(technology).cards(corner))
    for k, row in enumerate(bias):
        lines += [f"V{t}{k} {t}{k} 0 {value!r} ac {int(t == ac)}" for t, value in zip("dgb", row.tolist(), strict=True)]
        lines.append(f"M{k} d{k} g{k} 0 b{k} {technology}_{role} w={w!r} l={l!r}")
    simulator().load("\n".join([*lines, ".end\n"]))


def currents(case: tuple[str, str, str, float, float, float], bias: Array) -> Array:
    """ngspice's currents into drain, gate and bulk, of shape (3, bias)."""
    load(case, bias)
    simulator().command("op")
    names = [[f"i(v{t}{k})" for k in range(len(bias))] for t in "dgb"]
    found = simulator().vectors(itertools.chain(*names))
    return np.array([[-found[name][0] for name in row] for row in names])


def capacitances(case: tuple[str, str, str, float, float, float], bias: Array, by: str) -> Array:
    """ngspice's derivatives of the charges of drain, gate and bulk by the voltage of ``by``, of shape (3, bias)."""
    load(case, bias, by)
    simulator().command(f"ac lin 1 {FREQUENCY} {FREQUENCY}")
    for t, k in itertools.product("dgb", range(len(bias))):
        simulator().command(f"let y{t}{k} = imag(i(v{t}{k}))")
    found = simulator().vectors(f"y{t}{k}" for t, k in itertools.product("dgb", range(len(bias))))
    return np.array([[-found[f"y{t}{k}"][0] for k in range(len(bias))] for t in "dgb"]) / (2 * np.pi * FREQUENCY)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_currents_charges_and_derivatives_are_ngspice_s(case: tuple[str, str, str, float, float, float]) -> None:
    sign = 1.0 if case[1] == "nmos" else -1.0
    bias = sign * np.array(BIAS)
    i, _, g, c = ours(case, bias)
    assert i == pytest.approx(currents(case, bias), rel=1e-6, abs=1e-16)
    for k in range(3):
        step = np.zeros(3)
        step[k] = STEP
        difference = (currents(case, bias + step) - currents(case, bias - step)) / (2 * STEP)
        largest = abs(i).max(axis=0) * 1e-16 / STEP  # what rounding leaves of a difference
        assert (abs(g[:, k] - difference) <= 1e-6 * abs(difference) + 1e-13 + 60 * largest).all()
    assert c[:, 1] == pytest.approx(capacitances(case, bias, "g"), rel=1e-6, abs=1e-23)
    forward = sign * bias[:, 0] > 0
    assert c[:, 0][:, forward] == pytest.approx(capacitances(case, bias[forward], "d"), rel=1e-6, abs=1e-23)


@pytest.mark.parametrize("case", CASES[:2], ids=str)
def test_derivatives_are_those_of_the_currents_and_charges(case: tuple[str, str, str, float, float, float]) -> None:
    sign = 1.0 if case[1] == "nmos" else -1.0
    bias = sign * np.array(BIAS)
    _, _, g, c = ours(case, bias)
    for k in range(3):
        step = np.zeros(3)
        step[k] = STEP
        (i1, q1, _, _), (i0, q0, _, _) = ours(case, bias + step), ours(case, bias - step)
        for slope, difference, scale in ((g[:, k], (i1 - i0) / (2 * STEP), 1e-9), (c[:, k], (q1 - q0) / (2 * STEP), 1e-19)):
            assert (abs(slope - difference) <= 1e-5 * abs(difference) + scale).all()


@pytest.mark.parametrize(
    "given",
    [{"version": 4.7}, {"mobmod": 3.0}, {"rdsmod": 1.0}, {"capmod": 0.0}, {"rgatemod": 1.0}, {"jtss": 1e-4}, {"wpod": 1.0}],
)
def test_a_mode_that_is_not_here_is_named(given: dict[str, float]) -> None:
    with pytest.raises(Unsupported, match=next(iter(given))):
        size(card("ptm65", "nmos", "tt") | given, True, Geometry(1e-6, 65e-9), 27.0, GMIN)
