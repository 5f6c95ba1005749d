"""How long a junction keeps its state without a current, and how many cells of an array lose theirs.

A junction leaves its well after tau_D sqrt(pi/Delta) exp(Delta) (1 + 1/Delta) on average (Neel; Brown, Phys. Rev. 130, 1677
(1963)), within 3/Delta^2 of the Fokker-Planck equation of ``spicekit wer --current 0``; with a field h = H/Hk along the state
exponent and attempts are those of Delta (1 + h)^2.  It has lost its state by the time t with 1 - exp(-t/tau).  Delta falls with
temperature by the laws of the card, and as 1/T.  The expansion is for high barriers (Coffey et al., Phys. Rev. E 49, 1869
(1994)): it is within 5 % down to 4 kT, 40 % off at 2 kT and three times off at 1 kT, where there is hardly a well to leave; below
:data:`LOWEST` it is remarked on.

The cells of an array differ: with a normal spread of Delta the mean over them is made by the few weakest, and lies far above the
probability of the nominal cell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from spicekit.devices.mtj import MtjCard
from spicekit.errors import UserError
from spicekit.units import KELVIN, parse_temperature, parse_value
from spicekit.waves import Array

YEAR = 365.25 * 86400  # s
LONGEST = 1e300  # s: a mean time that is longer is given as this
LOWEST = 5.0  # kT, of the barrier from the weaker state: the formula is for high ones
_Z = np.linspace(-38, 38, 15201)  # standard deviations, beyond which the normal density is no number


@dataclass(frozen=True)
class Retention:
    """An array of cells at one temperature, each cell in the state that is the weaker one."""

    temperature: float  # degrees Celsius
    delta: float  # nominal, without field
    tau_d: float  # s
    field: float  # along that state, over the anisotropy field
    mean_time: float  # s, of the nominal cell
    failure: float  # probability that a cell of the array has lost its state by the end
    nominal_failure: float  # of the nominal cell
    array_failure: float  # probability that one cell of the array or more has

    @property
    def remark(self) -> str:
        """Why the time is none to rely on; empty if it is."""
        barrier = self.delta * (1 + self.field) ** 2
        if barrier >= LOWEST:
            return ""
        return (
            f"{self.temperature:.5g} C: a barrier of {barrier:.3g} kT: the formula is for high ones and not valid below "
            f"{LOWEST:g} kT (Coffey et al., Phys. Rev. E 49, 1869 (1994)); the state is lost within some {self.tau_d:.3g} s"
        )

    def as_json(self, bits: float) -> dict[str, Any]:
        """One row of what ``spicekit retention --json`` prints."""
        return {
            "temperature": {"value": self.temperature, "unit": "C"},
            "delta": self.delta,
            "tau_d": {"value": self.tau_d, "unit": "s"},
            "field_over_hk": self.field,
            "mean_time": {"value": self.mean_time, "unit": "s"},
            "nominal_failure": self.nominal_failure,
            "failure": self.failure,
            "failed_bits": bits * self.failure,
            "array_failure": self.array_failure,
            "remark": self.remark,
        }


def retention(
    card: MtjCard, temperatures: Sequence[float | str], *, bits: float = 1e6, years: float = 10.0, sigma_delta: float = 0.0
) -> tuple[Retention, ...]:
    """Retention of ``card`` at each of ``temperatures`` (degrees Celsius, or as text: ``85C``, ``358K``).

    ``sigma_delta`` is the relative standard deviation of Delta over the cells.  Raises :class:`UserError` for an in-plane card, a
    field across the easy axis or one that leaves one state, and for values out of range.
    """
    if not 1 <= bits <= 1e15:
        raise UserError(f"--bits {bits:g}: allowed: 1 to 1e15")
    if not 0 < years <= 1e9:
        raise UserError(f"--years {years:g}: allowed: above 0, up to 1e9")
    if not 0 <= sigma_delta < 0.5:
        raise UserError(f"--sigma delta={sigma_delta:.3%}: allowed: 0 % to below 50 %")
    rows = []
    for temperature in temperatures:
        junction = card.at(parse_temperature(temperature) + KELVIN)
        k = junction.numbers
        states: tuple[Literal["p", "ap"], ...] = ("p", "ap")
        field = min(junction.field(state) for state in states)
        time = years * YEAR
        factor = 1 + sigma_delta * _Z
        weight = np.exp(-_Z * _Z / 2)
        spread = _lost(time, k.delta * factor, k.tau_d / np.maximum(factor, 1e-9), k.delta * field)
        nominal = float(_lost(time, np.array([k.delta]), np.array([k.tau_d]), k.delta * field)[0])
        failure = float(weight @ spread / weight.sum()) if sigma_delta else nominal
        mean = math.exp(min(float(_log_time(np.array([k.delta]), np.array([k.tau_d]), k.delta * field)[0]), math.log(LONGEST)))
        array = -math.expm1(bits * math.log1p(-failure)) if failure < 1 else 1.0
        celsius = round(k.temperature - KELVIN, 9)
        rows.append(Retention(celsius, k.delta, k.tau_d, field, mean, failure, nominal, array))
    return tuple(rows)


def parse_delta(texts: list[str]) -> float:
    """The sigma of Delta from ``delta=8%``."""
    if not texts:
        return 0.0
    name, _, value = texts[0].partition("=")
    if len(texts) > 1 or name != "delta" or not value.strip().endswith("%"):
        raise UserError(f"--sigma '{' '.join(texts)}': give delta=SIGMA once, in per cent, e.g. delta=8%")
    try:
        return parse_value(value)
    except UserError as error:
        raise UserError(f"--sigma '{texts[0]}': {error}") from None


def _log_time(delta: Array, tau_d: Array, zeeman: float) -> Array:
    """ln of the mean time in s in which cells leave their state; ``zeeman`` is delta times h, the same for every cell."""
    h = zeeman / delta
    barrier = delta * (1 + h) ** 2
    attempts = np.sqrt(delta / math.pi) * (1 + h) * (1 - h * h) / tau_d
    return np.asarray(barrier + np.log1p(1 / barrier) - np.log(attempts))


def _lost(time: float, delta: Array, tau_d: Array, zeeman: float) -> Array:
    """Probability of having left by ``time`` (s); a cell without a barrier of kT has."""
    held = (delta > 1) & (delta > abs(zeeman)) & (delta + zeeman > np.sqrt(np.maximum(delta, 0)))  # barrier above kT
    lost = np.ones(delta.shape)
    lost[held] = -np.expm1(-np.exp(np.minimum(math.log(time) - _log_time(delta[held], tau_d[held], zeeman), 700)))
    return lost
