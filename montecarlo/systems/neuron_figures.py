"""Figures that the integrate-and-fire neurons share: energy, errors of a step, wrong steps, linearity, threshold.

Trials are trains of eight steps with drawn matches, that is drawn weights and inputs, the row's own error in each step, and
the mismatch of every device of the neuron.  The part *alone* has the same devices on a row without spread.

sigma_BSNN is taken to be the error of a step over full scale: the root mean square, over all steps and trials, of what a step
adds to the membrane less what it should, both in matches, over the N matches of a row.  A deviation of a device that stays
(its bias) is in it as much as one that changes from step to step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from montecarlo.statistics.margins import clopper_pearson
from montecarlo.systems.system import Figure, Plan, made_of
from spicekit.table import LookupTable
from spicekit.units import format_value

DUONG = "Duong, Trinh et al., Int. J. Circuit Theory and Applications"
STT_BSNN = "STT-BSNN, IEEE Access 2021, doi:10.1109/ACCESS.2021.3125685"
N, STEPS = 288, 8
SIGMA_BSNN = 0.0029  # at which the accuracy of the charge-based neuron's network is published
TRAIN = {"synapses": N, "steps": STEPS}
NO_SPREAD = {"sigma_ra": 0.0, "sigma_tmr": 0.0, "sigma_cd": 0.0}  # of the junctions, hence none of V_SL
PARTS = ("row", "amplifier", "comparator", "drive", "phases", "bias", "rails")
ENERGY = "at the rails; not counted: drivers of the row's bit lines, its word line"  # remark of the energies


@dataclass(frozen=True)
class Published:
    """Of one neuron: frequency in Hz and energy a synapse in J at 288 synapses, with their source."""

    source: str
    frequency: float
    energy: float


def plans(bench: str) -> tuple[Plan, ...]:
    """What is simulated of the neuron ``bench``."""
    return (
        Plan("train", bench, {"measure": ["train"]}, 160, TRAIN),
        Plan("alone", bench, {"measure": ["train"]}, 100, TRAIN | NO_SPREAD),
        Plan("line", bench, {"measure": ["linearity"]}, 24, {"synapses": N}),
        Plan("threshold", bench, {"measure": ["threshold"]}, 60, {"synapses": N}),
    )


def neuron_figures(bench: str, frequency: float, published: Published, tables: Mapping[str, LookupTable]) -> list[Figure]:
    """All figures of the neuron ``bench``, simulated at ``frequency`` in Hz, from the tables of its :func:`plans`."""
    train, alone, line, threshold = (tables[plan.name] for plan in plans(bench))
    each = f"mean of {_trials(train)} trains of {STEPS} steps"
    step, synapse = (_value(train, name) for name in ("e_step", "e_synapse"))
    shares = ", ".join(f"{part} {format_value(_value(train, f'e_{part}'), 'J', 3)}" for part in PARTS)
    mv, offset = _value(line, "v_step"), _value(threshold, "offset_std")
    found = f"{_value(threshold, 'in_range'):.0%} of them within the search"
    counted = f"{bench} offset, {_trials(threshold)} trials, {found}"
    lines = f"mean of {_trials(line)} trials"
    whole = [
        Figure("frequency", "Hz", frequency, f"{bench} frequency: the parameter at which all is simulated", published.source,
               published.frequency, "chosen, not found: the errors of a step below are those at this frequency"),
        Figure("energy of a step", "J", step, f"{bench} e_step: {each}; {shares}",
               f"{N} times what is published of a synapse", N * published.energy),
        Figure("energy a synapse", "J", synapse, f"{bench} e_synapse: energy of a step / {N}", published.source,
               published.energy, ENERGY),
    ]  # fmt: skip
    membrane = [
        Figure("membrane step of a match", "V", mv, f"{bench} v_step: {lines}, sigma {_value(line, 'v_step_std') / mv:.2%}"),
        Figure("INL, in matches", "", _value(line, "inl"), f"{bench} inl, rho - 64 to rho + 64 matches: {lines}"),
        Figure("leak a step", "", _value(line, "leak"), f"{bench} leak, a fraction of the membrane: {lines}, "
               f"sigma {_value(line, 'leak_std'):.2g}; below 0 it grows"),
    ]  # fmt: skip
    compared = [
        Figure("threshold, mean offset, in matches", "", _value(threshold, "offset"), counted),
        Figure("threshold, sigma, in matches", "", offset, counted),
        Figure("threshold, sigma", "V", offset * mv, f"the same times the membrane step, {format_value(mv, 'V', 4)}",
               plans=("threshold", "line")),
    ]  # fmt: skip
    errors = [*_sigma_figures(bench, train, alone), *_error_figures(bench, train, alone)]
    return [*made_of("train", whole), *errors, *made_of("line", membrane), *made_of("threshold", compared)]


def sigma_bsnn(table: LookupTable) -> float:
    """Root mean square of ``sigma_scale`` over the trials of a part's table: sigma of a step over full scale."""
    mean, std, trials = (_value(table, name) for name in ("sigma_scale", "sigma_scale_std", "count"))
    return math.sqrt(mean**2 + std**2 * (trials - 1) / trials)


def _sigma_figures(bench: str, train: LookupTable, alone: LookupTable) -> list[Figure]:
    both, own = sigma_bsnn(train), sigma_bsnn(alone)
    said = f"{bench} sigma_scale, rms over"
    source = f"{DUONG}: charge-based neuron"
    bias, mean = (_value(alone, name) for name in ("step_bias_std", "step_bias"))
    parts = f"row and neuron {both * N:.3g} matches, neuron alone {own * N:.3g}; of what the published sigma is is not said"
    return [
        Figure("sigma_BSNN, row and neuron", "", both, f"{said} {_trials(train)} trials: {both * N:.3g} of {N} matches",
               source, SIGMA_BSNN, parts, ("train",)),
        Figure("sigma_BSNN, neuron alone", "", own, f"{said} {_trials(alone)} trials, row without spread: {own * N:.3g} of {N} "
               "matches", source, SIGMA_BSNN, plans=("alone",)),
        Figure("bias of a step, sigma from device to device, in matches", "", bias,
               f"{bench} step_bias, {_trials(alone)} trials, row without spread; mean {mean:.2g}", plans=("alone",)),
    ]  # fmt: skip


def _error_figures(bench: str, train: LookupTable, alone: LookupTable) -> list[Figure]:
    found = []
    for where, table, plan in (("row and neuron", train, "train"), ("neuron alone", alone, "alone")):
        steps = _trials(table) * STEPS
        share = _value(table, "spike_error")
        wrong = round(share * steps)
        said = f"{wrong} of {steps} steps differ from the ideal integer neuron's, {_interval(wrong, steps)}"
        origin = f"{bench} spike_error: {said}, steps taken as independent"
        found.append(Figure(f"wrong steps, {where}", "", share, origin, plans=(plan,)))
    trains, share = _trials(train), _value(train, "train_wrong")
    bad = round(share * trains)
    said = f"{bad} of {trains} trains, {_interval(bad, trains)}"
    name = "trains with a wrong step, row and neuron"
    return [*found, Figure(name, "", share, f"{bench} train_wrong: {said}", plans=("train",))]


def _interval(count: int, of: int) -> str:
    low, high = clopper_pearson(count, of)
    return f"exact 95 % interval {low:.3g} to {high:.3g}"


def _trials(table: LookupTable) -> int:
    return int(_value(table, "count"))


def _value(table: LookupTable, name: str) -> float:
    """The only value of a variable: the part has one operating point."""
    values: Sequence[float] = table.variables[name][1].ravel().tolist()
    (value,) = values
    return value
