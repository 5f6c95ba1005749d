"""The fluctuating thermal field of a junction, which every trial of a campaign has of its own.

The field is drawn by ngspice from a seed that is a variation point: a trial's field depends on the campaign's seed and the
trial's number alone, and a replay repeats it.
"""

from __future__ import annotations

from spicekit.benches.junction.parameters import JunctionParameters
from spicekit.devices.junction import Junction
from spicekit.errors import UserError
from spicekit.parameters import Group, quantity

SHORTEST = 1e-14  # s, of a drawn thermal field: four solver steps
# draws of the field, in steps of a junction: 0.36 rad of the precession, at which a field that is held so long still has
# 1 - 0.36^2/12 of its power
DRAW = 6


class ThermalField(Group):
    """The thermal field of a write, at work in the trials of a campaign and not in a nominal run."""

    noise_dt: float | None = quantity(
        None,
        "s",
        "time step of the thermal field that each trial of a campaign has of its own; 0.36 rad of the precession if not given, "
        "0: none",
        ge=0,
        le=1e-9,
    )


def check_noise(bench: str, p: JunctionParameters, noise_dt: float | None) -> None:
    """Raise :class:`UserError` for a step that is too short, and for one that is given to a model without a thermal field."""
    if noise_dt and p.model == "fast":
        raise UserError(
            f"bench '{bench}': parameter noise_dt: {noise_dt:g} s given with model=fast, which has no thermal "
            "field; allowed with model=llg"
        )
    if noise_dt and noise_dt < SHORTEST:
        raise UserError(f"bench '{bench}': parameter noise_dt: {noise_dt:g} s given; allowed: 0, or at least {SHORTEST:g} s")


def draw_every(junction: Junction, noise_dt: float | None) -> float:
    """Time step of the thermal field of ``junction`` in s, by itself where ``noise_dt`` is None; 0 if it has none."""
    if junction.form != "llg":
        return 0.0
    return DRAW * junction.step if noise_dt is None else noise_dt
