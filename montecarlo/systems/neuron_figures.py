"""Figures that the integrate-and-fire neurons share: energy, errors of a step, wrong steps, linearity, threshold.

Trials are trains of eight steps with drawn matches, that is drawn weights and inputs, the row's own error in each step, and
the mismatch of every device of the neuron.  The part *alone* has the same devices on a row without spread; *trimmed* has neurons
that trim their own thresholds, *array* has them on the row of the array, with its smaller LSB.  Phases are ideal in trials, at
the times of the transistor generator, which is in the energies.

sigma_BSNN is taken to be the error of a step over full scale: the root mean square, over all steps and trials, of what a step
adds to the membrane less what it should, both in matches, over the N matches of a row.  A deviation of a device that stays
(its bias) is in it as much as one that changes from step to step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from montecarlo.statistics.margins import clopper_pearson
from montecarlo.systems.system import Figure, Plan, made_of
from spicekit.benches.neurons.measures import PARTS
from spicekit.benches.neurons.parameters import NeuronParameters
from spicekit.benches.neurons.source_line import SourceLine
from spicekit.physics.neuron import IntegerNeuron
from spicekit.table import LookupTable
from spicekit.units import format_value

DUONG = "Duong, Trinh et al., Int. J. Circuit Theory and Applications"
STT_BSNN = "STT-BSNN, IEEE Access 2021, doi:10.1109/ACCESS.2021.3125685"
N, STEPS = 288, 8
SIGMA_BSNN = 0.0029  # at which the accuracy of the charge-based neuron's network is published
TRAIN = {"synapses": N, "steps": STEPS, "phases": "ideal"}
TRIM_BITS = 4
TRIMMED = TRAIN | {"trim_bits": TRIM_BITS}
NO_SPREAD = {"sigma_ra": 0.0, "sigma_tmr": 0.0, "sigma_cd": 0.0}  # of the junctions, hence none of V_SL
WANTED = 0.01  # of the steps wrong
ENERGY = "at the rails, drivers of the bit lines counted; what is published does not say how the row is driven"


@dataclass(frozen=True)
class Published:
    """Of one neuron: frequency in Hz and energy a synapse in J at 288 synapses, with their source."""

    source: str
    frequency: float
    energy: float


def plans(bench: str) -> tuple[Plan, ...]:
    """What is simulated of the neuron ``bench``."""
    return (
        Plan("energy", bench, {"word_line": ["static", "toggle"], "rails": ["ideal", "ldo"]}, 0, {"synapses": N, "steps": STEPS}),
        Plan("train", bench, {"measure": ["train"]}, 60, TRAIN),
        Plan("alone", bench, {"measure": ["train"]}, 40, TRAIN | NO_SPREAD),
        Plan("trimmed", bench, {"measure": ["train"]}, 60, TRIMMED),
        Plan("trimmed-alone", bench, {"measure": ["train"]}, 40, TRIMMED | NO_SPREAD),
        Plan("array", bench, {"measure": ["train"]}, 40, TRIMMED | {"design": "real-row"}),
        Plan("line", bench, {"measure": ["linearity"]}, 12, {"synapses": N}),
        Plan("threshold", bench, {"measure": ["threshold"]}, 40, {"synapses": N, "phases": "ideal"}),
        Plan(
            "trimmed-threshold", bench, {"measure": ["threshold"]}, 40, {"synapses": N, "phases": "ideal", "trim_bits": TRIM_BITS}
        ),
    )


def neuron_figures(bench: str, frequency: float, published: Published, tables: Mapping[str, LookupTable]) -> list[Figure]:
    """All figures of the neuron ``bench``, simulated at ``frequency`` in Hz, from the tables of its :func:`plans`."""
    train, alone, line, threshold = (tables[name] for name in ("train", "alone", "line", "threshold"))
    mv, offset = _value(line, "v_step"), _value(threshold, "offset_std")
    found = f"{_value(threshold, 'in_range'):.0%} of them within the search"
    counted = f"{bench} offset, {_trials(threshold)} trials, {found}"
    lines = f"mean of {_trials(line)} trials"
    whole = [
        Figure("frequency", "Hz", frequency, f"{bench} frequency: the parameter at which all is simulated", published.source,
               published.frequency, "chosen, not found: the errors of a step below are those at this frequency"),
        *_energy_figures(bench, published, tables["energy"]),
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
    after = tables["trimmed-threshold"]
    said = f"{bench} offset, trim_bits {TRIM_BITS}, {_trials(after)} trials; a step of the trim is a quarter of a match"
    trimmed = [Figure("threshold after its trim, sigma, in matches", "", _value(after, "offset_std"), said)]
    return [
        *made_of("energy", whole), *_sigma_figures(bench, train, alone), *_error_figures(bench, tables), *bound(bench),
        *made_of("line", membrane), *made_of("threshold", compared), *made_of("trimmed-threshold", trimmed),
    ]  # fmt: skip


def _energy_figures(bench: str, published: Published, table: LookupTable) -> list[Figure]:
    """Energies of a nominal train by word line and rails."""

    def value(name: str, **where: str) -> float:
        return float(table.query(name, **{"word_line": "static", "rails": "ideal"} | where))

    shares = ", ".join(f"{part} {format_value(value(f'e_{part}'), 'J', 3)}" for part in PARTS if value(f"e_{part}"))
    remark = f"{ENERGY}; of it the row, on for a quarter of the period: {format_value(value('e_row'), 'J', 3)}"
    each = f"{STEPS} steps, nominal devices, word line static"
    found = [
        Figure("energy of a step", "J", value("e_step"), f"{bench} e_step: {each}; {shares}",
               f"{N} times what is published of a synapse", N * published.energy, remark),
        Figure("energy a synapse", "J", value("e_synapse"), f"{bench} e_synapse: energy of a step / {N}", published.source,
               published.energy, remark),
    ]  # fmt: skip
    for title, where, remark in (
        ("word line on while V_SL is taken", {"word_line": "toggle"}, "the gates of two access transistors a synapse are more"),
        (
            "rails from 1.1 V",
            {"rails": "ldo"},
            "linear regulators: the row's charge costs 1.1 V, of which 0.4 V is between its rails",
        ),
        ("both", {"word_line": "toggle", "rails": "ldo"}, "both of the above"),
    ):
        said = f"{bench} e_synapse, {', '.join(f'{name}={word}' for name, word in where.items())}"
        found.append(
            Figure(
                f"energy a synapse, {title}", "J", value("e_synapse", **where), said, published.source, published.energy, remark
            )
        )
    return found


def wrong_steps(sigma_step: float, sigma_threshold: float = 0.0, trains: int = 100_000) -> float:
    """Share of wrong steps of trains of drawn matches whose steps and thresholds have these errors, in matches, and no other."""
    p, rng = NeuronParameters(), np.random.default_rng(1)
    n1 = rng.binomial(N, p.p_match, (trains, STEPS)).astype(float)
    _, ideal = IntegerNeuron(p.rho, p.theta).train(n1)
    threshold = p.theta + 0.5 + sigma_threshold * rng.standard_normal(trains)
    u, wrong = np.zeros(trains), 0
    for step in range(STEPS):
        u = u + n1[:, step] - p.rho + sigma_step * rng.standard_normal(trains)
        fires = u > threshold
        wrong += int(np.sum(fires != ideal[:, step]))
        u = np.where(fires, 0.0, u)
    return wrong / (trains * STEPS)


def bound(bench: str) -> list[Figure]:
    """What bounds the wrong steps: the recursion with errors of a step alone."""
    p = NeuronParameters(synapses=N)
    row = SourceLine.of(bench, p).sigma
    most = next(sigma for sigma in np.arange(row, 0, -0.01) if wrong_steps(float(sigma)) < WANTED)
    rows = math.ceil((row / most) ** 2)
    said = "the recursion with a normal error in each step, thresholds exact, 100 000 trains"
    spread = f"sigma(RA) {p.sigma_ra:.0%}, sigma(TMR) {p.sigma_tmr:.0%}, sigma(diameter) {p.sigma_cd:.0%} of each junction; "
    spread += "a boost or a larger LSB moves signal and spread alike"
    published = f"{said}: {SIGMA_BSNN:.2%} of {N} matches"
    return [
        Figure("wrong steps that the row's spread leaves", "", wrong_steps(row), f"{said}: {row:.3g} matches", remark=spread),
        Figure("wrong steps at the published sigma_BSNN", "", wrong_steps(SIGMA_BSNN * N), published,
               remark=f"{DUONG}: the published accuracies are those of such a neuron"),
        Figure("error of a step with wrong steps below 1 %, in matches", "", float(most), said,
               remark=f"the row has {row:.3g}: averaging over {rows} rows of the same weights would do, or "
               f"{row / most:.1f} times less spread"),
    ]  # fmt: skip


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


def _error_figures(bench: str, tables: Mapping[str, LookupTable]) -> list[Figure]:
    found = []
    for where, plan, remark in (
        ("row and neuron", "train", ""),
        ("neuron alone", "alone", ""),
        ("row and neuron, threshold trimmed", "trimmed", f"trim_bits {TRIM_BITS}"),
        ("neuron alone, threshold trimmed", "trimmed-alone", f"trim_bits {TRIM_BITS}"),
        ("row of the array, threshold trimmed", "array", f"design real-row, trim_bits {TRIM_BITS}"),
    ):
        table = tables[plan]
        steps, share = _trials(table) * STEPS, _value(table, "spike_error")
        wrong = round(share * steps)
        said = f"{wrong} of {steps} steps differ from the ideal integer neuron's, {_interval(wrong, steps)}"
        origin = f"{bench} spike_error: {said}, steps taken as independent"
        found.append(Figure(f"wrong steps, {where}", "", share, origin, remark=remark, plans=(plan,)))
    train = tables["train"]
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
