"""Write error rate of a device card against pulse width, with the spread of resistance-area product and anisotropy.

The Fokker-Planck equation of a perpendicular macrospin (:mod:`spicekit.physics.fokker_planck`) in the card's own units: the
overdrive is the torque over the critical torque for that direction, time is in units of the card's tau_D.  Both are those of the
starting state, where the incubation happens: a dependence of the torque on the angle (Lambda above 1) is left out; that of a
tunnel junction has none at the voltage of that state.  An applied field along
the easy axis stands all the time; one across it has no place in the equation and is refused.

Without a current the junction is left to thermal activation, and what is asked for is the probability that it flips, which is
the complement of the write error rate and far too small to be seen in it.

A junction without symmetry about its easy axis, in-plane or on a rail, is counted over samples of the stochastic LLG equation
(:mod:`spicekit.physics.sampled`): with its interval, and no rate below one in the samples.  The current of one on a rail is the
rail's, of the sign that writes (:func:`spicekit.physics.sampled.rail_sign`).
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from spicekit.devices.junction import Junction
from spicekit.devices.mtj import MtjCard
from spicekit.errors import UserError
from spicekit.physics import conductance
from spicekit.physics.fokker_planck import FLOOR, LARGEST, normalised_pulse, read_disturb, write_error_rate
from spicekit.physics.macromodel import overdrive
from spicekit.physics.mtj_numbers import MtjNumbers
from spicekit.physics.sampled import SampledErrors, rail_sign, sampled_errors
from spicekit.physics.write_error import WriteErrorDistribution, spread, wer_distribution
from spicekit.style import COLOURS, new_figure, save
from spicekit.units import KELVIN, format_value, parse_quantity, parse_temperature, parse_value
from spicekit.waves import Array

Direction = Literal["ap-p", "p-ap"]
HIGHEST = 0.1  # A: a junction has long burnt
LONGEST = 1e10  # s, 317 years
QUANTILES = (0.05, 0.5, 0.95, 0.999)
JUNCTIONS = 2000  # drawn when sigmas are given
SAMPLES = 8192  # of the stochastic LLG equation
LONGEST_SAMPLED = 1e-7  # s
TINY = 1e-15  # rates below are remarked on; the solver's grids are refined for those above 1e-16
STRONG = 2.0  # V, likewise: not far above the voltage that switches them, barriers of MgO break (Schaefers et al., Appl. Phys.
# Lett. 95, 232119 (2009)); the number is chosen, a card's [breakdown] says what a process has


@dataclass(frozen=True)
class WriteErrorCurve:
    """Write error rate of one device at a fixed current against pulse width."""

    device: str
    direction: Direction
    temperature: float  # degrees Celsius
    own_temperature: bool  # it is the card's
    current: float  # A
    critical_current: float | None  # A; None on a rail
    overdrive: float | None  # torque over critical torque at the starting state: I/I_c, or V/V_c of a tunnel torque
    voltage: float | None  # V, over the junction in the starting state; None on a rail
    delta: float  # without field, as the critical current is
    tau_d: float  # s
    field: float  # along the starting state, over the anisotropy field
    pulses: Array  # (pulses,) s
    wer: Array  # (pulses,) of the nominal junction
    flip: Array  # (pulses,) its probability of having switched: 1 - wer, without a current right relative to itself
    sigma_ra: float
    sigma_hk: float
    junctions: WriteErrorDistribution | None  # of an array with the sigmas: wer, or flip without a current
    sampled: SampledErrors | None = None  # where the rate is counted

    @property
    def ratio(self) -> str:
        """What the overdrive is a ratio of."""
        if self.overdrive is None or self.critical_current is None:
            return ""
        return "I/I_c" if math.isclose(self.overdrive * self.critical_current, self.current, rel_tol=1e-9) else "V/V_c"

    @property
    def conditions(self) -> str:
        """Temperature in words."""
        return f"{self.temperature:.5g} °C" + (" (the card's own)" if self.own_temperature else "")

    @property
    def rates(self) -> tuple[str, Array]:
        """What is asked for, with its name: the write error rate, or without a current the flip probability."""
        return ("write error rate", self.wer) if self.current else ("flip probability", self.flip)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader should know of rates and voltages beyond those of any junction that was measured."""
        said = []
        rates = np.concatenate([self.wer, *([] if self.junctions is None else [self.junctions.mean])])
        if self.current and self.sampled is None and np.any(rates < TINY):
            said.append(
                f"rates below {TINY:g} are the tail of an ideal macrospin, for which the solver refines no grid; below "
                f"{FLOOR:g}, its floor, they are given as 0 (one error in {1 / TINY:g} writes of 10 ns is one in 116 days)"
            )
        if self.voltage is not None and abs(self.voltage) > STRONG:
            said.append(
                f"{format_value(self.voltage, 'V', 3)} over the junction: a barrier of MgO breaks at less, of which the "
                "macrospin knows nothing"
            )
        return tuple(said)

    def as_json(self) -> dict[str, Any]:
        """What ``spicekit wer --json`` prints."""
        curve: dict[str, Any] = {
            "device": self.device,
            "direction": self.direction,
            "temperature": {"value": self.temperature, "unit": "C"},
            "current": {"value": self.current, "unit": "A"},
            "critical_current": None if self.critical_current is None else {"value": self.critical_current, "unit": "A"},
            "overdrive": self.overdrive,
            "voltage": None if self.voltage is None else {"value": self.voltage, "unit": "V"},
            "delta": self.delta,
            "tau_d": {"value": self.tau_d, "unit": "s"},
            "field_over_hk": self.field,
            "sigma": {"ra": self.sigma_ra, "hk": self.sigma_hk},
            "pulse_s": self.pulses.tolist(),
            "wer": self.wer.tolist(),
            "flip_probability": self.flip.tolist(),
            "remarks": list(self.remarks),
        }
        if self.sampled is not None:
            curve |= {
                "samples": self.sampled.samples,
                "wer_ci": np.stack([self.sampled.low, self.sampled.high], axis=-1).tolist(),
            }
        if self.junctions is not None:
            name = "wer" if self.current else "flip_probability"
            curve[f"{name}_mean"] = self.junctions.mean.tolist()
            curve[f"{name}_quantiles"] = {
                f"{level:g}": row.tolist() for level, row in zip(self.junctions.levels, self.junctions.quantiles, strict=True)
            }
        return curve


def write_error_curve(
    card: MtjCard,
    current: float,
    pulses: Array,
    *,
    direction: Direction = "ap-p",
    temperature: float | str | None = None,
    sigma_ra: float = 0.0,
    sigma_hk: float = 0.0,
    seed: int = 1,
    samples: int = SAMPLES,
) -> WriteErrorCurve:
    """The write error rate for pulses of ``pulses`` seconds, shape (pulses,), at ``current`` amperes.

    ``temperature`` in degrees Celsius (or as text: ``85C``, ``358K``); the card's own if not given.
    ``current`` is that of the nominal junction; with ``sigma_ra`` (relative) each junction draws the current that the same
    voltage drives through it.  ``sigma_hk`` is the relative spread of the effective anisotropy field, and so of barrier and
    critical current.  An in-plane junction, and one on a rail, is counted over ``samples`` of the stochastic LLG equation, drawn
    with ``seed``; sigmas are refused there.
    """
    if not 0 <= current <= HIGHEST:
        raise UserError(f"--current {current:g} A: allowed: 0 or above, up to {HIGHEST:g} A; the direction is --direction")
    if wrong := [pulse for pulse in pulses if not 0 <= pulse <= LONGEST]:
        raise UserError(f"--pulse {wrong[0]:g} s: allowed: 0 to {LONGEST:g} s")
    kelvin = None if temperature is None else parse_temperature(temperature) + KELVIN
    junction = card.at(kelvin)
    p = junction.numbers
    if card.three_terminal or card.magnet.easy_axis != "z":
        if sigma_ra or sigma_hk:
            kind = "has a rail" if card.three_terminal else "is in-plane"
            raise UserError(f"--sigma: device '{card.name}' {kind}; allowed: with a perpendicular junction of two terminals")
        return _counted(junction, current, pulses, direction, temperature is None, samples, seed)
    if p.delta > LARGEST:
        barrier = f"its barrier, of geometry.lx, ly, t_free and the anisotropy, is {p.delta:.4g} kT"
        raise UserError(f"device '{card.name}': {barrier}; allowed: at most {LARGEST:g} kT")
    left_out = [key for key, given in (("vcma", card.vcma), ("thermal", card.thermal)) if given]
    if left_out and current:
        sections = " and ".join(f"[{key}]" for key in left_out)
        warnings.warn(f"device '{card.name}': the write error rate leaves out {sections} of the card", stacklevel=2)
    start: Literal["ap", "p"] = "ap" if direction == "ap-p" else "p"
    critical = p.ic_ap_p if start == "ap" else p.ic_p_ap
    drive = float(overdrive(p, current, start))
    volts = _voltage(p, start, current)
    _, tau = normalised_pulse(current, pulses, critical_current=critical, tau_d=p.tau_d)
    field = junction.field(start)
    wer = np.asarray(write_error_rate(p.delta, drive, tau, field=field))
    flip = np.asarray(read_disturb(p.delta, drive, tau, field=field)) if current == 0 else 1 - wer
    junctions = None
    if sigma_ra or sigma_hk:
        z = np.random.default_rng(seed).standard_normal((2, JUNCTIONS))
        ra, hk = 1 + sigma_ra * z[0], 1 + sigma_hk * z[1]
        if min(ra.min(), hk.min()) <= 0:
            raise UserError(f"--sigma: {JUNCTIONS} junctions hold one with a factor below 0; give smaller sigmas")
        delta_k, overdrive_k, tau_k = spread(p.delta, drive, tau, ra=ra, anisotropy=hk)
        if abs(field) >= hk.min():
            raise UserError(
                f"--sigma: {JUNCTIONS} junctions hold one that the card's field leaves one state; give smaller sigmas"
            )
        junctions = wer_distribution(
            delta_k,
            overdrive_k,
            tau_k,
            quantiles=QUANTILES,
            side="original" if current else "switched",
            zeeman=p.delta * field,
        )
    return WriteErrorCurve(
        card.name, direction, round(p.temperature - KELVIN, 9), temperature is None, current, critical, drive, volts, p.delta,
        p.tau_d, field, pulses, wer, flip, sigma_ra, sigma_hk, junctions,
    )  # fmt: skip


def _counted(
    junction: Junction, current: float, pulses: Array, direction: Direction, own: bool, samples: int, seed: int
) -> WriteErrorCurve:
    """The curve of a junction whose write is counted over samples."""
    card, p = junction.card, junction.numbers
    if wrong := [pulse for pulse in pulses if pulse > LONGEST_SAMPLED]:
        raise UserError(
            f"--pulse {wrong[0]:g} s: device '{card.name}' is sampled step by step; allowed: at most {LONGEST_SAMPLED:g} s"
        )
    if not 1 <= samples <= 10_000_000:
        raise UserError(f"--samples {samples}: allowed: 1 to 10000000")
    if card.thermal and current:
        warnings.warn(f"device '{card.name}': the write error rate leaves out [thermal] of the card", stacklevel=3)
    if card.vcma and current and not card.three_terminal:
        warnings.warn(f"device '{card.name}': the write error rate leaves out [vcma] of the card", stacklevel=3)
    start: Literal["ap", "p"] = "ap" if direction == "ap-p" else "p"
    critical = strength = over = None
    if card.three_terminal:
        levels = (0.0, 0.0, rail_sign(p, direction) * current)
    else:  # a tunnel junction's torque goes with the voltage, that of the starting state; any other's with the current
        over = _voltage(p, start, current)
        levels = (over if p.stt_tunnel else 0.0, math.copysign(current, over), 0.0)
        critical, strength = (p.ic_ap_p if start == "ap" else p.ic_p_ap), float(overdrive(p, current, start))
    found = sampled_errors(p, start, lambda _: levels, pulses, samples, seed)
    easy = (p.ex, p.ey, p.ez).index(1.0)
    along = (p.hx, p.hy, p.hz)[easy] / p.hk * (1 if start == "p" else -1)
    return WriteErrorCurve(
        card.name, direction, round(p.temperature - KELVIN, 9), own, current, critical, strength, over, p.delta,
        p.tau_d, along, pulses, found.wer, 1 - found.wer, 0.0, 0.0, None, found,
    )  # fmt: skip


def _voltage(p: MtjNumbers, start: Literal["ap", "p"], current: float) -> float:
    """Over the junction in its starting state, V; positive from AP to P, as the current that writes is."""
    sign, cosine = (1.0, -1.0) if start == "ap" else (-1.0, 1.0)
    return float(conductance.voltage(p, sign * current, cosine, p.temperature))


def parse_range(option: str, text: str, unit: str = "") -> Array:
    """``start:stop:num`` (SPICE suffixes, in ``unit``) as an even grid, or one value."""
    words = text.split(":")
    try:
        numbers = [*(parse_quantity(word, unit) for word in words[:2]), *(parse_quantity(word, "") for word in words[2:])]
    except UserError as error:
        raise UserError(f"{option} '{text}': {error}") from None
    if not np.isfinite(numbers).all():
        raise UserError(f"{option} '{text}': values must be finite")
    if len(numbers) == 1:
        return np.array(numbers)
    if len(numbers) != 3 or numbers[2] != int(numbers[2]) or not 2 <= numbers[2] <= 100_000:
        raise UserError(f"{option} '{text}': give one value, or start:stop:num with num from 2 to 100000")
    return np.linspace(numbers[0], numbers[1], int(numbers[2]))


def parse_spread(texts: list[str]) -> tuple[float, float]:
    """Sigmas of RA and effective anisotropy field from ``ra=5%``, ``hk=3%``."""
    sigmas = {"ra": 0.0, "hk": 0.0}
    names = [text.partition("=")[0] for text in texts]
    for text in texts:
        name, _, value = text.partition("=")
        if names.count(name) > 1:
            raise UserError(f"--sigma: '{name}' is given twice")
        if name not in sigmas or not value.strip().endswith("%"):  # a bare number is in the unit of RA to `spicekit mc`
            raise UserError(f"--sigma '{text}': give ra=SIGMA or hk=SIGMA in per cent, e.g. ra=5%")
        try:
            sigmas[name] = parse_value(value)
        except UserError as error:
            raise UserError(f"--sigma '{text}': {error}") from None
        if not 0 <= sigmas[name] < 1:
            raise UserError(f"--sigma '{text}': a relative sigma from 0 to below 1")
    return sigmas["ra"], sigmas["hk"]


def plot_write_error(curve: WriteErrorCurve, path: Path) -> Path:
    """WER against pulse width on a logarithmic axis, with the band over the junctions; without a current the flips."""
    figure = new_figure(8, 5)
    axis = figure.subplots()
    pulses = curve.pulses * 1e9
    name, rates = curve.rates
    least = 1e-18 if curve.current else 1e-150
    axis.semilogy(pulses, np.maximum(rates, least), color=COLOURS[0], lw=2, label="nominal junction")
    if curve.sampled is not None:
        low, high = (curve.sampled.low, curve.sampled.high) if curve.current else (1 - curve.sampled.high, 1 - curve.sampled.low)
        label = f"95 % interval of {curve.sampled.samples} samples"
        axis.fill_between(pulses, np.maximum(low, least), high, color=COLOURS[0], alpha=0.2, lw=0, label=label)
    if curve.junctions is not None:
        low, median, high, worst = np.maximum(curve.junctions.quantiles, least)
        axis.fill_between(pulses, low, high, color=COLOURS[0], alpha=0.2, lw=0, label="5 % to 95 % of the junctions")
        axis.semilogy(pulses, median, color=COLOURS[0], lw=1, ls=":", label="median junction")
        axis.semilogy(pulses, np.maximum(curve.junctions.mean, least), color=COLOURS[1], lw=2, label="mean of the array")
        axis.semilogy(pulses, worst, color=COLOURS[1], lw=1, ls="--", label="99.9 % quantile")
    if curve.current:
        axis.set_ylim(max(1e-16, float(curve.wer[curve.wer > 0].min(initial=1.0)) / 3), 2)
    axis.set_xlabel("pulse width (ns)")
    axis.set_ylabel(name)
    spread_text = f", σ(RA) {curve.sigma_ra:.1%}, σ(Hk) {curve.sigma_hk:.1%}" if curve.junctions else ""
    field_text = f", h {curve.field:+.3g}" if curve.field else ""
    ratio = "along the rail" if curve.overdrive is None else f"{curve.ratio} {curve.overdrive:.2f}"
    axis.set_title(
        f"{curve.device}, {curve.direction.upper().replace('-', ' → ')}, {format_value(curve.current, 'A')} "
        f"({ratio}), Δ {curve.delta:.1f}{field_text}, {curve.conditions}{spread_text}",
        fontsize=10,
    )
    axis.legend(fontsize=9)
    return save(figure, path)
