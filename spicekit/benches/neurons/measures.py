"""What is measured of an integrate-and-fire neuron.  Membranes are in matches, at the end of each step and before a reset."""

from __future__ import annotations

import numpy as np

from spicekit.bench import Measure
from spicekit.limits import Limits
from spicekit.physics.neuron import Bits, IntegerNeuron
from spicekit.waves import Array

# the search covers its own steps up or down, which are fixed
SEARCHED = Limits("the comparator is far from theta: change trim_theta, or mend the design")

MEASURES = {
    "train": (
        Measure("spikes", "", "spikes of the train"),
        Measure("spikes_ideal", "", "spikes of the ideal neuron"),
        Measure("spike_errors", "", "steps in which the two differ"),
        Measure("spike_error", "", "that over the number of steps"),
        Measure("train_wrong", "", "1 if any step differs", fraction=True),
        Measure("step_error", "", "root mean square over the steps of u(t) - u(t-1) - N1 + rho, in matches"),
        Measure("step_bias", "", "its mean over the steps, in matches"),
        Measure("sigma_scale", "", "step_error over the number of synapses, to compare with sigma_BSNN"),
        Measure("u_end", "", "membrane at the end of the train, in matches"),
        Measure("e_step", "J", "energy of a step: the seven below"),
        Measure("e_synapse", "J", "that over the number of synapses"),
        Measure("e_row", "J", "row, while V_SL is taken: current from V_H to V_L times their difference"),
        Measure("e_amplifier", "J", "amplifier"),
        Measure("e_comparator", "J", "comparator, latch, spike"),
        Measure("e_drive", "J", "last stages of the phases, logic of the reset"),
        Measure("e_phases", "J", "a neuron's share of the phase generator"),
        Measure("e_bias", "J", "a neuron's share of the bias branches"),
        Measure("e_rails", "J", "threshold, from V_H and V_L"),
    ),
    "linearity": (
        Measure("v_step", "V", "what a match adds to V_C1"),
        Measure("gain", "", "that over its nominal value"),
        Measure("inl", "", "largest deviation of a step from the fitted line, in matches"),
        Measure("dnl", "", "largest error of a match between neighbouring levels, as a fraction of it"),
        Measure("leak", "", "fraction of the membrane that a step loses"),
        Measure("rho_error", "", "what a step of rho matches adds to an empty membrane, in matches"),
        Measure("error_max", "", "largest deviation of a step from N1 - rho, in matches"),
    ),
    "threshold": (
        Measure(
            "offset", "", "membrane at which the comparator changes its decision, less theta + 0.5, in matches", limits=SEARCHED
        ),
        Measure(
            "resolution", "", "half the distance of the two membranes between which that was found, in matches", limits=SEARCHED
        ),
        Measure("in_range", "", "1 if that lies within the search", fraction=True),
    ),
}


def train(neuron: IntegerNeuron, n1: Array, u: Array, fired: Bits, synapses: int) -> dict[str, float]:
    """A train of spikes ``fired`` with membranes ``u`` beside that of the ideal ``neuron`` for the same matches ``n1``."""
    _, ideal = neuron.train(n1)
    before = np.concatenate([[0.0], np.where(fired, 0.0, u)[:-1]])
    error = u - before - (n1 - neuron.rho)
    rms = float(np.sqrt(np.mean(error**2)))
    wrong = int((fired != ideal).sum())
    return {
        "spikes": float(fired.sum()),
        "spikes_ideal": float(ideal.sum()),
        "spike_errors": float(wrong),
        "spike_error": wrong / len(u),
        "train_wrong": float(wrong > 0),
        "step_error": rms,
        "step_bias": float(error.mean()),
        "sigma_scale": rms / synapses,
        "u_end": float(u[-1]),
    }


def linearity(levels: Array, u: Array, v_step: float) -> dict[str, float]:
    """Least-squares fit of u(t) - u(t-1) = gain (N1 - rho) - leak u(t-1) + rho_error to ``levels`` = N1 - rho."""
    before = np.concatenate([[0.0], u[:-1]])
    design = np.stack([levels, before, np.ones_like(u)], axis=1)
    gain, kept, constant = np.linalg.lstsq(design, u - before, rcond=None)[0]
    order = np.argsort(levels)
    residual = (u - before - design @ [gain, kept, constant])[order]
    return {
        "v_step": float(gain) * v_step,
        "gain": float(gain),
        "inl": float(np.abs(residual).max()),
        "dnl": float(np.abs(np.diff(residual) / np.diff(levels[order])).max()),
        "leak": -float(kept),
        "rho_error": float(constant),
        "error_max": float(np.abs(u - before - levels).max()),
    }


def threshold(expected: float, u: Array, over: Bits) -> dict[str, float]:
    """Where the comparator changes its mind: between the highest membrane that is not ``over`` and the lowest that is."""
    if over.all() or not over.any():
        return {"offset": -np.inf if over.all() else np.inf, "resolution": np.inf, "in_range": 0.0}
    low, high = float(u[~over].max()), float(u[over].min())
    return {"offset": (low + high) / 2 - expected, "resolution": (high - low) / 2, "in_range": 1.0}
