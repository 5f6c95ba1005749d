"""A number with its unit and its source: the leaf of every device card.

The card keeps the number in one canonical unit a key (SI, but ``ohm um2`` for a resistance-area product); the few other
units that papers use are converted here and nowhere else.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from spicekit.errors import unknown
from spicekit.toml import Record

#: canonical unit -> {accepted unit: factor to the canonical one}
UNITS: dict[str, dict[str, float]] = {
    "1": {"1": 1.0, "%": 0.01},
    "m": {"m": 1.0, "um": 1e-6, "nm": 1e-9},
    "A/m": {
        "A/m": 1.0,
        "kA/m": 1e3,
        "MA/m": 1e6,
        "emu/cc": 1e3,
        "Oe": 1e3 / (4 * math.pi),
        "T": 1e7 / (4 * math.pi),
        "mT": 1e4 / (4 * math.pi),
    },
    "J/m3": {"J/m3": 1.0, "MJ/m3": 1e6, "erg/cc": 0.1},
    "J/m2": {"J/m2": 1.0, "mJ/m2": 1e-3, "erg/cm2": 1e-3},
    "J/(V m)": {"J/(V m)": 1.0, "fJ/(V m)": 1e-15},
    "J/K": {"J/K": 1.0},
    "K/W": {"K/W": 1.0},
    "K": {"K": 1.0},
    "kT": {"kT": 1.0},
    "V": {"V": 1.0, "mV": 1e-3},
    "s": {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9},
    "eV": {"eV": 1.0},
    "ohm": {"ohm": 1.0, "kohm": 1e3},
    "ohm um2": {"ohm um2": 1.0, "ohm m2": 1e12},
    "ohm m": {"ohm m": 1.0, "uohm cm": 1e-8},
    "A/m2": {"A/m2": 1.0, "A/cm2": 1e4, "MA/cm2": 1e10},
    "1/V": {"1/V": 1.0, "decades/V": math.log(10)},
    "rad": {"rad": 1.0, "deg": math.pi / 180},
    "rad/(s T)": {"rad/(s T)": 1.0, "rad/(s Oe)": 1e4},
    "1/K^1.5": {"1/K^1.5": 1.0},
    "1/K": {"1/K": 1.0, "ppm/K": 1e-6},
}


class Section(Record):
    """A table of a card.  An unknown key is reported before anything it may have left missing."""

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, raw: Any) -> Any:
        if odd := [str(key) for key in raw if key not in cls.model_fields] if isinstance(raw, dict) else []:
            raise ValueError(str(unknown("key", odd, cls.model_fields)))
        return raw


class Quantity(Section):
    """``{value = 1.21e6, unit = "A/m", source = "..."}``; after validation in the canonical unit of its key."""

    value: float = Field(strict=True)
    unit: str
    source: str = Field(min_length=1)  # a publication, or "chosen: reason"

    @model_validator(mode="before")
    @classmethod
    def _is_table(cls, raw: Any) -> Any:
        if isinstance(raw, dict | Quantity):
            return raw
        raise ValueError('give it as {value = NUMBER, unit = "UNIT", source = "TEXT"}')


def _check(
    canonical: str, low: float = -math.inf, high: float = math.inf, *, open_low: bool = False, infinite: bool = False
) -> AfterValidator:
    """Convert to ``canonical``, then bound: ``low`` (excluded if ``open_low``) to ``high``, each in that unit."""
    factors = UNITS[canonical]
    lower = "" if low == -math.inf else f"{'>' if open_low else '>='} {low:g}"
    upper = "" if high == math.inf else f"<= {high:g}"
    allowed = " and ".join(part for part in (lower, upper) if part) or "a finite number"

    def convert(quantity: Quantity) -> Quantity:
        if quantity.unit not in factors:
            raise ValueError(f"unit '{quantity.unit}' given; allowed: {', '.join(factors)}")
        value = quantity.value * factors[quantity.unit]
        below = value <= low if open_low else value < low
        if math.isnan(value) or below or value > high or (math.isinf(value) and not infinite):
            raise ValueError(f"{quantity.value:g} {quantity.unit} given; allowed: {allowed} ({canonical})")
        return quantity.model_copy(update={"value": value, "unit": canonical})

    return AfterValidator(convert)


def _above_zero(canonical: str, high: float = math.inf, infinite: bool = False) -> AfterValidator:
    return _check(canonical, 0, high, open_low=True, infinite=infinite)


Length = Annotated[Quantity, _above_zero("m", 1e-4)]
Edge = Annotated[Quantity, _above_zero("m", 1e-5)]  # of a junction: a macrospin is below 100 nm, and 10 um no cell at all
Magnetisation = Annotated[Quantity, _above_zero("A/m")]
FieldStrength = Annotated[Quantity, _check("A/m")]
EnergyDensity = Annotated[Quantity, _check("J/m3")]
SurfaceEnergy = Annotated[Quantity, _check("J/m2")]
Barrier = Annotated[Quantity, _above_zero("kT")]
Damping = Annotated[Quantity, _above_zero("1", 1)]
Share = Annotated[Quantity, _above_zero("1", 1)]
Spread = Annotated[Quantity, _check("1", 0, 0.3)]  # a standard deviation over nominal
Fraction = Annotated[Quantity, _above_zero("1", 0.999)]
AnisotropyExponent = Annotated[Quantity, _check("1", 1, 4)]
Positive = Annotated[Quantity, _above_zero("1")]
NotNegative = Annotated[Quantity, _check("1", 0)]
AtLeastOne = Annotated[Quantity, _check("1", 1)]
Real = Annotated[Quantity, _check("1")]
DemagnetisingFactor = Annotated[Quantity, _check("1", 0, 1)]
ResistanceArea = Annotated[Quantity, _above_zero("ohm um2")]
Resistance = Annotated[Quantity, _above_zero("ohm")]
Resistivity = Annotated[Quantity, _above_zero("ohm m")]
# Nothing bends within less bias than the Fermi edges are wide: kT/e is 26 mV at 300 K, 10 mV at 116 K.
LEAST_BIAS = 0.01  # V
Voltage = Annotated[Quantity, _check("V", LEAST_BIAS, infinite=True)]
BarrierHeight = Annotated[Quantity, _above_zero("eV")]
HeightDifference = Annotated[Quantity, _check("eV")]
Duration = Annotated[Quantity, _above_zero("s")]
Temperature = Annotated[Quantity, _above_zero("K", 2000)]
TemperatureCoefficient = Annotated[Quantity, _check("1/K", -0.1, 0.1)]
Bloch = Annotated[Quantity, _check("1/K^1.5", 0)]
Angle = Annotated[Quantity, _above_zero("rad", math.pi / 2)]
Azimuth = Annotated[Quantity, _check("rad", -2 * math.pi, 2 * math.pi)]
Gyromagnetic = Annotated[Quantity, _above_zero("rad/(s T)")]
Boltzmann = Annotated[Quantity, _above_zero("J/K")]
ThermalResistance = Annotated[Quantity, _above_zero("K/W")]
HeatCapacity = Annotated[Quantity, _above_zero("J/K")]
CurrentDensity = Annotated[Quantity, _above_zero("A/m2", 1e15)]
FieldAcceleration = Annotated[Quantity, _above_zero("1/V", 1e3)]
VcmaCoefficient = Annotated[Quantity, _check("J/(V m)")]
