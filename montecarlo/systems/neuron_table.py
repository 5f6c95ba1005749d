"""What the standard tables of the integrate-and-fire neurons share.

The trims are those of tt, 27 °C, nominal supply and frequency at every point: elsewhere the table holds the error of a neuron
that nobody trimmed again.  Parts with trials have ideal phases, with the delays of the transistor generator at tt, 27 °C: half
the time, and other trims belong to them.  The generator is in ``line`` and ``energy``, which are nominal.

The error of a step has two parts: one that a device keeps, its bias, and one that differs from step to step.  In trains of T
steps their standard deviations follow from the sums of squares between and within trials, as in an analysis of variance::

    sigma_step^2 = T/(T - 1) (mean of step_error^2 - mean of step_bias^2)
    sigma_bias^2 = variance of step_bias - sigma_step^2 / T
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import xarray as xr

from montecarlo.behaviour.neurons import SYNAPSES
from montecarlo.systems.system import Part, SystemTable
from spicekit.benches.neurons.measures import PARTS
from spicekit.export.roles import Macro, Operation
from spicekit.technology import load_technology

VDD = load_technology("ptm65").vdd
STEPS = 8  # of a train
TRAIN = {"steps": STEPS, "phases": "ideal"}
NO_SPREAD = {"sigma_ra": 0.0, "sigma_tmr": 0.0, "sigma_cd": 0.0}  # of the junctions, hence none of V_SL
THRESHOLD = {"measure": "threshold", "phases": "ideal"}
ERRORS = ("spike_error", "train_wrong", "step_error", "step_bias", "sigma_scale")
OFFSET = ("offset", "in_range")
ENERGIES = ("e_step", "e_supply", "e_synapse", *(f"e_{part}" for part in PARTS))
UNTRIMMED = "with the trims of tt, 27 °C"


def neuron_table(
    bench: str, summary: str, frequency: float, own: Sequence[Part] = (), nominal: Mapping[str, Any] | None = None
) -> SystemTable:
    """The table of the neuron ``bench`` around ``frequency`` in Hz, with parts of its ``own``."""
    warm = ("temperature", "corner")
    return SystemTable(
        name=bench,
        summary=f"{summary}, 65 nm: linearity, errors of a step and of spikes, threshold, energy; {UNTRIMMED}",
        over={
            "frequency": tuple(round(factor * frequency, 3) for factor in (0.8, 1.0, 1.2)),
            "vdd": tuple(round(factor * VDD, 6) for factor in (0.9, 1.0, 1.1)),
            "temperature": (-40.0, 27.0, 85.0),
            "corner": ("tt", "ff", "ss"),
        },
        nominal={"frequency": frequency, "vdd": VDD, "temperature": 27.0, "corner": "tt", **(nominal or {})},
        parts=(
            Part("line", bench, {"measure": "linearity"}),
            Part("energy", bench, {"steps": STEPS}, measures=ENERGIES),
            Part("train", bench, TRAIN, over=warm, trials=20, measures=ERRORS),
            Part("alone", bench, TRAIN | NO_SPREAD, over=warm, trials=20, measures=ERRORS),
            Part("around", bench, TRAIN, over=("frequency", "vdd"), trials=20, measures=ERRORS),
            Part("threshold", bench, THRESHOLD, over=warm, trials=20, measures=OFFSET),
            *own,
        ),
        computed=(step_errors,),
        macro=Macro(
            operations={
                "neuron_step": Operation(
                    meaning="a row of synapses adds to its neuron, which compares: one step",
                    cells=SYNAPSES,
                    energy="energy_e_step",
                    latency="1/frequency",
                )
            }
        ),
    )


def step_errors(simulated: xr.Dataset) -> xr.Dataset:
    """Of each part with trains: its errors' two standard deviations and sigma_BSNN; ``sigma_row``, what the row adds."""
    found = {}
    where = {"train": "row and neuron", "alone": "neuron alone, row without spread", "around": "row and neuron"}
    for part, meaning in where.items():
        both, bias, scale = (_mean_square(simulated, f"{part}_{name}") for name in ("step_error", "step_bias", "sigma_scale"))
        step = (STEPS / (STEPS - 1) * (both - bias)).clip(min=0)
        kept = (simulated[f"{part}_step_bias_std"] ** 2 - step / STEPS).clip(min=0)
        found[f"{part}_sigma_step"] = _root(step, f"sigma of a step's error from step to step, {meaning}, in matches")
        found[f"{part}_sigma_bias"] = _root(kept, f"sigma of a step's error from device to device, {meaning}, in matches")
        found[f"{part}_sigma_bsnn"] = _root(scale, f"rms error of a step over full scale N, {meaning}, {UNTRIMMED}")
    row = found["train_sigma_step"] ** 2 - found["alone_sigma_step"] ** 2
    found["sigma_row"] = _root(row.clip(min=0), "sigma of what the row adds to a step, in matches")
    return xr.Dataset(found)


def _mean_square(simulated: xr.Dataset, name: str) -> xr.DataArray:
    """Over the trials, from their mean and standard deviation (with n - 1)."""
    trials = simulated[f"{name.partition('_')[0]}_count"]
    square: xr.DataArray = simulated[name] ** 2 + simulated[f"{name}_std"] ** 2 * (trials - 1) / trials
    return square


def _root(square: xr.DataArray, meaning: str) -> xr.DataArray:
    root: xr.DataArray = square**0.5
    return root.assign_attrs(units="", long_name=meaning)
