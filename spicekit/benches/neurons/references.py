"""What a neuron's references are set to in a process whose trims are not kept: found by simulating it, once for a design.

A chip is trimmed once, typical and at room temperature; so is the nominal circuit here, and corners, supplies and temperatures
then show what nobody trimmed again.  Five numbers, in the order in which they depend on each other:

1. *hold_ratio*, PMOS over NMOS of the switch that joins C_1 to the amplifier's output.  What it injects when C_1 parts after a
   reset is another charge than after any other step, by 4 matches in 180 nm with the ratio of 65 nm, and no trim of rho takes out
   both.  It is linear in the ratio: two trains and the secant.
2. *trim_gain* and *trim_rho*: the fit of ``measure=linearity``, without its first step, which starts from an operating point;
   then rho by a step near it, where most of a row's are.
3. *trim_start*: by what the first step is larger than one after any other reset.
4. *trim_theta*: the offset of ``measure=threshold``.

What is left is judged: a circuit whose steps are off by more than :data:`MOST` matches after all that does not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from spicekit.bench import Calibration, Nominal, Simulate
from spicekit.benches.neurons.circuit import NeuronCircuit
from spicekit.errors import UserError
from spicekit.waves import Array

MOST = 1.0  # matches, of a step: somewhat more than the row's own spread
# matches over rho of the train: the first, one that fires, one after its reset, one after neither.  All but the second are what a
# row of random data has: where steps are bent they are right there, and not on the mean of a line through all
STEPS = (0, 60, -10, 10)
WIDEST = 4.0  # hold_ratio
# parameters that say in which conditions and with which data a neuron is simulated, and not what it is
USUAL = (
    "temperature", "vdd", "seed", "n1", "weights", "spikes", "integrate", "noise", "trim_bits", "word_line", "rails", "rows",
)  # fmt: skip

NAMES: Mapping[str, tuple[str, str]] = {
    "hold_ratio": (
        "PMOS over NMOS of the switch between C_1 and the amplifier",
        "a step after a reset is off by no more than any other",
    ),
    "trim_gain": ("membrane step of a match over LSB C_S / C_1", "gain = 1"),
    "trim_rho": ("matches by which V_ref is moved", "rho_error = 0"),
    "trim_start": ("matches by which the first step is too large", "the first step is that after any other reset"),
    "trim_theta": ("matches by which the threshold is moved", "offset = 0"),
}


class References(NamedTuple):
    """The five of :data:`NAMES`."""

    hold_ratio: float = 1.2
    trim_gain: float = 1.0
    trim_rho: float = 0.0
    trim_start: float = 0.0
    trim_theta: float = 0.0


def calibrations(neuron: NeuronCircuit[Any]) -> tuple[Calibration, ...]:
    """Of those that are not given."""

    def one(name: str) -> Calibration:
        meaning, target = NAMES[name]
        return Calibration(
            name,
            "",
            meaning,
            f"{target}, typical and at room temperature",
            lambda: variant(neuron),
            lambda simulate: float(getattr(_Search(neuron, simulate).found(), name)),
            shared=True,
        )

    return tuple(one(name) for name in NAMES if getattr(neuron.p, name) is None)


def variant(neuron: NeuronCircuit[Any]) -> NeuronCircuit[Any]:
    """The nominal circuit in the conditions in which a chip is trimmed; what its references do not depend on at its default."""
    fields = type(neuron.p).model_fields
    conditions = {name: fields[name].default for name in USUAL}
    typical = fields["corner"].default
    conditions["corner"] = typical if typical in neuron.technology.corners else neuron.p.corner
    if neuron.p.row == "cells":
        conditions |= {"row": "closed-form", "row_table": None}
    known = References(neuron.HOLD_RATIO)._asdict()
    asked = {name: value if getattr(neuron.p, name) is None else getattr(neuron.p, name) for name, value in known.items()}
    return type(neuron)(**neuron.p.model_dump() | conditions | {"measure": "linearity", "n1": None} | asked)


class _Search:
    """The same simulations for each of the numbers: they are done once."""

    def __init__(self, neuron: NeuronCircuit[Any], simulate: Simulate) -> None:
        self._neuron, self._simulate = neuron, simulate
        self._given = {name: getattr(neuron.p, name) for name in NAMES if getattr(neuron.p, name) is not None}

    def found(self) -> References:
        """Raises :class:`UserError` for a circuit that does not count whatever they are."""
        at = self._straight(References(self._neuron.HOLD_RATIO)._replace(**self._given))
        if "hold_ratio" not in self._given and "switches" not in self._neuron.ideal:
            at = at._replace(hold_ratio=self._ratio(at))
        at = self._straight(at)
        first, after, plain = self._train(at)
        own = {"trim_rho": at.trim_rho + plain, "trim_start": first - after}
        at = self._over(self._over(at._replace(**own | self._given)))
        bend, _ = self._fit(at)
        self._judge(bend, after - plain)
        return at

    def _straight(self, at: References) -> References:
        """With the gain and rho that the fit of the linearity asks for."""
        _, (gain, rho) = self._fit(at)
        return at._replace(**{"trim_gain": at.trim_gain * gain, "trim_rho": at.trim_rho + rho / gain} | self._given)

    def _fit(self, at: References) -> tuple[float, tuple[float, float]]:
        """Largest error of a step beside a line; the line's gain, and what it adds at rho; in matches of the gain given."""
        run = self._run("linearity", at)
        u = self._membranes(run)
        levels = run.bench.sequence() - run.bench.p.rho  # type: ignore[attr-defined]
        before, moved = u[:-1], np.diff(u)
        columns = np.column_stack([levels[1:], before, np.ones(len(before))])
        fit = np.linalg.lstsq(columns, moved, rcond=None)[0]
        gain, _, rho = fit
        if not 0.1 < gain < 10:
            raise self._useless(f"a match moves the membrane by {gain:.2g} of one")
        return float(np.abs(moved - columns @ fit).max()), (float(gain), float(rho))

    def _train(self, at: References) -> tuple[float, float, float]:
        """Errors in matches of the first step, of one after a reset, and of one after neither."""
        p = self._neuron.p
        low, high = min(STEPS), max(STEPS)
        if not -low <= p.rho <= p.synapses - high:
            raise UserError(
                f"bench '{self._neuron.name}': {', '.join(NAMES)}: not given, and found by steps of {low} to {high} matches over "
                f"rho, which synapses = {p.synapses} with rho = {p.rho} cannot take: give them"
            )
        theta = type(p).model_fields["theta"].default
        run = self._run("train", at, steps=len(STEPS), n1=",".join(str(p.rho + step) for step in STEPS), theta=theta)
        u = self._membranes(run)
        bench: Any = run.bench
        if [bench.high(run.waves, "spike", step) for step in range(len(STEPS))] != [False, True, False, False]:
            raise self._useless(f"of steps of {', '.join(map(str, STEPS))} matches not the second alone fires")
        error = u - STEPS
        return float(error[0]), float(error[2]), float(error[3] - u[2])

    def _ratio(self, at: References) -> float:
        """Where a step after a reset and any other are off alike."""
        least = self._neuron.technology.w_min / self._neuron.p.w_switch
        other = at.hold_ratio * 1.3 if at.hold_ratio * 1.3 <= WIDEST else at.hold_ratio / 1.3
        (_, after, plain), (_, after_other, plain_other) = (self._train(one) for one in (at, at._replace(hold_ratio=other)))
        here, there = after - plain, after_other - plain_other
        if here == there:
            return at.hold_ratio
        return float(np.clip(at.hold_ratio - here * (other - at.hold_ratio) / (there - here), least, WIDEST))

    def _over(self, at: References) -> References:
        """With the threshold moved by its offset."""
        if "trim_theta" in self._given:
            return at
        run = self._run("threshold", at)
        if run.measures["in_range"] < 0.5:
            raise self._useless("the comparator is far from theta")
        return at._replace(trim_theta=at.trim_theta - run.measures["offset"])

    def _judge(self, step: float, reset: float) -> None:
        if step > MOST:
            raise self._useless(f"a step is off by up to {step:.3g} matches when trimmed, allowed: {MOST:g}")
        if abs(reset) > MOST:
            raise self._useless(
                f"a step after a reset is off by {reset:.3g} matches when trimmed, allowed: {MOST:g} (hold_ratio ends at "
                f"{WIDEST:g} and at the smallest W)"
            )

    def _run(self, measure: str, at: References, **more: Any) -> Nominal:
        run = self._simulate(measure=measure, **at._asdict(), **more)
        if run.waves is None or run.outcome != "ok":
            raise self._useless(f"its simulation ends as {run.outcome}")
        return run

    @staticmethod
    def _membranes(run: Nominal) -> Array:
        bench: Any = run.bench
        return np.array([bench.membrane(run.waves, step) for step in range(bench.count)])

    def _useless(self, why: str) -> UserError:
        neuron = self._neuron
        return UserError(
            f"bench '{neuron.name}': it does not count in technology '{neuron.technology.name}': {why}; change frequency, "
            f"w_switch or i_amp (lower), c_s or c_1 (raise), w_inverter or c_c{neuron.because}"
        )
