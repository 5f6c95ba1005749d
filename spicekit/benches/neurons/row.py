"""The data of a neuron's row, and the row itself cell by cell in the neuron's netlist (row=cells).

Weights and spikes are characters 1 (+1) and 0 (-1).  A weight is a pair of junctions in opposite states, as in `stt-bnn-row`; a
spike puts BL of its cell on V_H and BLB on V_L, none the other way round.  The lines are ideal here: what their drivers cost is
`stt-bnn-row`'s to tell.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spicekit import inputs
from spicekit.bench import Bench
from spicekit.benches.junction.parameters import DEVICE
from spicekit.benches.neurons.timing import EDGE, INPUTS_CHANGE
from spicekit.devices import load_device
from spicekit.devices.junction import Junction
from spicekit.devices.mtj import MtjCard
from spicekit.errors import UserError
from spicekit.paths import user_path
from spicekit.physics.neuron import matches
from spicekit.point import VariationPoint
from spicekit.units import KELVIN
from spicekit.waves import Array

if TYPE_CHECKING:
    from spicekit.benches.neurons.parameters import NeuronParameters

Bits = NDArray[np.int64]


def given_pattern(p: NeuronParameters) -> tuple[Bits, Bits] | None:
    """Spikes of shape (steps, N) and weights of shape (N,), if the parameters give both."""
    if p.weights is None or p.spikes is None:
        return None
    return np.array([[int(c) for c in word] for word in p.spikes.split(",")]), np.array([int(c) for c in p.weights])


def given_matches(p: NeuronParameters) -> Array | None:
    """Matches of each step, if the parameters give them or the pattern."""
    pattern = given_pattern(p)
    if pattern is not None:
        return matches(*pattern).astype(float)
    return None if p.n1 is None else np.array([float(word) for word in p.n1.split(",")])


def pattern(p: NeuronParameters, n1: Array) -> tuple[Bits, Bits]:
    """Spikes and weights with ``n1`` matches in each step: those given, or random ones from ``p.seed``."""
    found = given_pattern(p)
    if found is not None and p.measure == "train":
        return found
    rng = np.random.default_rng([p.seed, p.synapses])
    weights = rng.integers(0, 2, p.synapses)
    agree = np.array([rng.permutation(p.synapses) < count for count in n1])
    return np.where(agree, weights, 1 - weights), weights


def cell_points(bench: Bench[NeuronParameters]) -> list[VariationPoint]:
    """Of the cells: t<j> is the junction on BL of cell j with its transistor, c<j> that on BLB."""
    p = bench.p
    junction = place_junction(p, bench.temperature)
    points: list[VariationPoint] = []
    for j in range(p.synapses):
        for device in (f"t{j}", f"c{j}"):
            points += junction.points(device)
            points += bench.transistor(device, p.w_access, bench.technology.l_min)
    return points


def place_junction(p: NeuronParameters, celsius: float) -> Junction:
    """A junction of the cells: the conductance law of the default card, with RA and TMR as given, at any temperature."""
    junction = load_device(DEVICE, MtjCard).at(celsius + KELVIN).changed(v_half=p.v_half)
    area = math.pi * p.diameter**2 / 4
    numbers = replace(junction.numbers, area=area, r_p=p.ra * 1e-12 / area, tmr=p.tmr)
    return replace(junction, numbers=numbers, ra=p.ra, tmr=p.tmr, form="fixed", spread=p.spread)


def knots(bits: Bits, period: float) -> list[tuple[float, float]]:
    """Knots (s, 0 or 1) of one cell's input, of shape (steps,); it changes where the inputs of a step do."""
    found = [(0.0, float(bits[0]))]
    for step in range(1, len(bits)):
        if bits[step] != bits[step - 1]:
            start = (step + INPUTS_CHANGE) * period
            found += [(start, float(bits[step - 1])), (start + EDGE, float(bits[step]))]
    return found


def read_table(bench: str, path: str) -> Array:
    """Numbers of matches and V_SL in volts, rising, of shape (lines, 2), from a CSV file.

    Raises :class:`UserError` for a file that holds something else.
    """
    file = user_path(path)
    try:
        lines = inputs.read(file).decode().splitlines()
        table = np.loadtxt(lines, delimiter=",", ndmin=2, comments=("#", "n1"))
    except (OSError, ValueError) as error:
        raise UserError(f"bench '{bench}': row_table {file}: {str(error).splitlines()[0]}") from None
    if table.shape[0] < 2 or table.shape[1] != 2 or not (np.diff(table, axis=0) > 0).all():
        raise UserError(f"bench '{bench}': row_table {file}: at least two lines n1,v_sl are needed, both rising")
    return np.asarray(table, dtype=float)
