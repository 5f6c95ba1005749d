"""Which junction a bench uses, and what it changes about its card."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from spicekit.devices import load_device
from spicekit.devices.junction import Form, Junction
from spicekit.devices.mtj import MtjCard
from spicekit.errors import UserError
from spicekit.parameters import BenchParameters, named_file, option, quantity
from spicekit.physics.quantities import LEAST_BIAS
from spicekit.units import KELVIN

DEVICE = "stt-bnn-65nm"  # the card of a bench that does not say otherwise


class JunctionAtRest(BenchParameters):
    """A junction by its card, and the figures of it that a user gives in place of the card's."""

    device: str = named_file(DEVICE, "device card: a shipped one or the path of a TOML file")
    temperature: float | None = quantity(None, "C", "temperature of all devices; the card's own if not given")  # type: ignore[assignment]
    ra: float | None = quantity(None, "ohm um2", "resistance-area product; the card's if not given", ge=0.1, le=1e5)
    tmr: float | None = quantity(
        None, "", "TMR at zero bias and the card's own temperature; the card's if not given (150% or 1.5)", gt=0, le=20
    )
    v_half: float | None = quantity(None, "V", "bias at which TMR is halved; the card's if not given, inf: none", ge=LEAST_BIAS)


class JunctionParameters(JunctionAtRest):
    """One whose magnetisation may move."""

    model: Literal["llg", "fast"] = option(
        "llg", "macromodel: llg (precession and all), or fast (switching time alone, for arrays; two terminals)"
    )
    theta0: float | None = quantity(None, "rad", "initial angle from the easy axis; the card's rule if not given", ge=0, le=1.5)


def refuse_rail(bench: str, p: JunctionAtRest, junction: Junction) -> None:
    """Raises :class:`UserError` for a junction on a rail, where the circuit of ``bench`` has no place for that."""
    if junction.card.three_terminal:
        raise UserError(f"bench '{bench}': parameter device: '{p.device}' has a rail; allowed: two terminals")


def place_junction(p: JunctionAtRest, *, form: Form = "llg", theta0: float | None = None, at_rest: bool = False) -> Junction:
    """The junction that ``p`` asks for, with the macromodel ``form`` and an initial angle in rad if it has one of its own."""
    junction = load_device(p.device, MtjCard).at(None if p.temperature is None else p.temperature + KELVIN)
    changed = junction.changed(ra=p.ra, tmr=p.tmr, v_half=p.v_half, theta0=theta0)
    return replace(changed, form=form, at_rest=at_rest)
