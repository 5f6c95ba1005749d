"""What is measured of an integrate-and-fire neuron.  Membranes are in matches, at the end of each step and before a reset."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from spicekit.benches.neurons.circuit import NeuronCircuit
from spicekit.benches.neurons.timing import LATCHED
from spicekit.limits import Limits
from spicekit.measures import (
    ITEM,
    STATE,
    VALUE,
    At,
    Choose,
    Differences,
    First,
    Fit,
    Integral,
    Largest,
    Mean,
    Node,
    Number,
    Point,
    Residual,
    Scan,
    Smallest,
    Sum,
    Taken,
    i,
    listed,
    maximum,
    sqrt,
    total,
    v,
)
from spicekit.measures.measure import Measure
from spicekit.rails import Item, Spent

# the search covers its own steps up or down, which are fixed
SEARCHED = Limits("the comparator is far from theta: change trim_theta, or mend the design")


def membrane(neuron: NeuronCircuit, step: int) -> Node:
    """V_C1 over its nominal step at the end of ``step`` (counted from 0)."""
    return At(v("x") - v("m"), (neuron.lead + step + 1) * neuron.period) / neuron.v_step


def decision(neuron: NeuronCircuit, node: str, step: int) -> Node:
    """Whether ``q`` (over the threshold) or ``spike`` (and permitted to fire) is what ``step`` (from 0) ended with."""
    return At(v(node), (neuron.lead + step + 1 + LATCHED) * neuron.period) > neuron.vdd / 2


def measures(neuron: NeuronCircuit) -> tuple[Measure, ...]:
    """Those of the parameter ``measure``."""
    u = [membrane(neuron, step) for step in range(neuron.count)]
    if neuron.p.measure == "linearity":
        return linearity(neuron.sequence() - neuron.p.rho, u, neuron.v_step)
    if neuron.p.measure == "threshold":
        return threshold(neuron.p.theta + 0.5, u, [decision(neuron, "q", step) for step in range(neuron.count)])
    if neuron.p.row == "cells":
        n1 = listed(neuron.sequence())
    else:
        n1 = listed(First(v(f"n1_{step + 1}")) for step in range(neuron.count))
    return (*train(neuron, n1, u), *energies(neuron, n1))


def train(neuron: NeuronCircuit, n1: Node, u: Sequence[Node]) -> tuple[Measure, ...]:
    """A train with membranes ``u`` beside that of the ideal neuron for the same list ``n1`` of matches."""
    p, steps = neuron.p, neuron.count
    fired = [decision(neuron, "spike", step) for step in range(steps)]
    # the recursion of spicekit.physics.neuron.IntegerNeuron
    theta = listed(p.theta if step >= p.integrate else math.inf for step in range(steps))
    moved = STATE + ITEM[0] - p.rho
    ideal = Scan((n1, theta), maximum(moved, p.floor) if math.isfinite(p.floor) else moved, VALUE * (ITEM[1] >= VALUE)) > theta
    wrong = Sum(listed(fired) ^ ideal)
    before = listed([0.0, *(Choose(fires, 0.0, end) for fires, end in zip(fired[:-1], u, strict=False))])
    error = listed(u) - before - (n1 - p.rho)
    rms = sqrt(Mean(error * error))
    return (
        Measure("spikes", "", "spikes of the train", Sum(listed(fired))),
        Measure("spikes_ideal", "", "spikes of the ideal neuron", Sum(ideal)),
        Measure("spike_errors", "", "steps in which the two differ", wrong),
        Measure("spike_error", "", "that over the number of steps", wrong / steps),
        Measure("train_wrong", "", "1 if any step differs", wrong > 0.5, fraction=True),
        Measure("step_error", "", "root mean square over the steps of u(t) - u(t-1) - N1 + rho, in matches", rms),
        Measure("step_bias", "", "its mean over the steps, in matches", Mean(error)),
        Measure("sigma_scale", "", "step_error over the number of synapses, to compare with sigma_BSNN", rms / p.synapses),
        Measure("u_end", "", "membrane at the end of the train, in matches", u[-1]),
    )


PARTS = {
    "row": "row, while V_SL is taken: current from V_H to V_L times their difference",
    "lines": "bit lines: their wires and what flows while their drivers switch, this row's share, from V_H and V_L",
    "drivers": "gates of the bit lines' drivers, this row's share",
    "word": "word line",
    "amplifier": "amplifier",
    "comparator": "comparator, latch, spike",
    "drive": "last stages of the phases, logic of the reset",
    "phases": "a neuron's share of the phase generator",
    "bias": "a neuron's share of the bias branches",
    "rails": "threshold, from V_H and V_L",
}  # name -> meaning


def energies(neuron: NeuronCircuit, n1: Node) -> tuple[Measure, ...]:
    """Energy of a step with its parts, ``n1`` being the list of matches."""
    p, spent = neuron.p, spent_in(neuron, n1)
    parts = {name: total([item.energy for item in spent.items if item.name == name]) for name in PARTS}
    made = {"ideal": "each rail a supply of its own", "ldo": "V_H and V_L by linear regulators"}
    made["pump"] = made["ldo"]  # both lie below VDD
    supply = spent.from_supply
    return (
        Measure("e_step", "J", f"energy of a step at the rails: the {len(PARTS)} below", spent.energy),
        Measure("e_supply", "J", f"energy of a step from the supply, {made[p.rails]}", supply),
        Measure("e_synapse", "J", "that over the number of synapses", supply / p.synapses),
        *(Measure(f"e_{name}", "J", meaning, parts[name]) for name, meaning in PARTS.items()),
    )


def spent_in(neuron: NeuronCircuit, n1: Node) -> Spent:
    """What a step takes of each rail; of a part there may be an item for each of V_H and V_L."""
    p, steps, supplies = neuron.p, neuron.count, neuron.supplies()

    def item(name: str, supply: str, volts: float, users: int = 1) -> Item:
        charge: Node = Number(0.0)
        if supply in supplies:
            start, end = (step * neuron.period for step in (neuron.lead, neuron.lead + steps))
            charge = Integral(i(f"vdd_{supply}"), start, end) / (steps * users)
        return Item(name, PARTS[name], volts, charge)

    constant, linear, quadratic = neuron.line.currents()
    row = Mean(constant + (linear + quadratic * n1) * n1) * (neuron.period / 4)  # C
    return Spent(
        p,
        neuron.vdd,
        (
            Item("row", PARTS["row"], p.v_high, row),
            Item("row", PARTS["row"], p.v_low, -row),
            item("lines", "line_high", p.v_high),
            item("lines", "line_low", p.v_low),
            item("drivers", "drivers", neuron.vdd),
            item("word", "word", neuron.vdd),
            item("amplifier", "integrator", neuron.vdd),
            item("comparator", "comparator", neuron.vdd),
            item("drive", "drive", neuron.vdd),
            item("phases", "phases", neuron.vdd, p.neurons),
            item("bias", "bias", neuron.vdd, p.neurons),
            item("rails", "high", p.v_high),
            item("rails", "low", p.v_low),
        ),
    )


def linearity(levels: np.ndarray, u: Sequence[Node], v_step: float) -> tuple[Measure, ...]:
    """Least-squares fit of u(t) - u(t-1) = gain (N1 - rho) - leak u(t-1) + rho_error to ``levels`` = N1 - rho."""
    before = listed([0.0, *u[:-1]])
    moved = listed(u) - before
    fit = Fit(moved, (listed(levels), before, Number(1.0)))
    gain, kept, constant = (Point(fit, k) for k in range(3))
    rest = Residual(fit)
    order = np.argsort(levels)
    local = Differences(Taken(rest, tuple(order.tolist()))) / Differences(listed(levels[order]))
    return (
        Measure("v_step", "V", "what a match adds to V_C1", gain * v_step),
        Measure("gain", "", "that over its nominal value", gain),
        Measure("inl", "", "largest deviation of a step from the fitted line, in matches", Largest(abs(rest))),
        Measure("dnl", "", "largest error of a match between neighbouring levels, as a fraction of it", Largest(abs(local))),
        Measure("leak", "", "fraction of the membrane that a step loses", -kept),
        Measure("rho_error", "", "what a step of rho matches adds to an empty membrane, in matches", constant),
        Measure("error_max", "", "largest deviation of a step from N1 - rho, in matches", Largest(abs(moved - listed(levels)))),
    )


def threshold(expected: float, u: Sequence[Node], over: Sequence[Node]) -> tuple[Measure, ...]:
    """Where the comparator changes its mind: between the highest membrane that is not ``over`` and the lowest that is."""
    low = Largest(listed(Choose(above, -math.inf, end) for above, end in zip(over, u, strict=True)))
    high = Smallest(listed(Choose(above, end, math.inf) for above, end in zip(over, u, strict=True)))
    return (
        Measure(
            "offset",
            "",
            "membrane at which the comparator changes its decision, less theta + 0.5, in matches",
            (low + high) / 2 - expected,
            limits=SEARCHED,
        ),
        Measure(
            "resolution",
            "",
            "half the distance of the two membranes between which that was found, in matches",
            (high - low) / 2,
            limits=SEARCHED,
        ),
        Measure("in_range", "", "1 if that lies within the search", (low > -math.inf) & (high < math.inf), fraction=True),
    )
