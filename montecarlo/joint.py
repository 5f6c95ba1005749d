"""A joint model of what varies, as one TOML file: sigmas, local and global, their distributions and correlations, with sources::

    source = "wafer 7"
    [local.ra]
    sigma = {value = 3, unit = "%", source = "wafer 7"}
    [local.cd]
    sigma = {value = 2, unit = "%", source = "wafer 7"}
    distribution = "lognormal"
    truncate = 4
    [global.ra]
    sigma = {value = 2, unit = "%", source = "wafers 1 to 25"}
    [[correlations]]
    between = ["ra", "tmr"]
    rho = -0.4
    scope = "local"

A key below ``local`` and ``global`` is what ``--sigma`` names: a kind, a point, or a pattern in quotes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from montecarlo.variation import Correlation, Variation
from spicekit.devices.mtj_figures import KINDS
from spicekit.errors import UserError
from spicekit.inputs import cached
from spicekit.physics.quantities import Section
from spicekit.point import VariationPoint
from spicekit.toml import read_toml
from spicekit.units import parse_value

Scope = Literal["local", "global"]


class Sigma(Section):
    value: float = Field(ge=0, allow_inf_nan=False, strict=True)
    unit: str  # % of nominal, or the unit of the point
    source: str = Field(min_length=1)


class Varied(Section):
    sigma: Sigma
    distribution: Literal["normal", "lognormal"] = "normal"
    truncate: float | None = Field(None, gt=0, allow_inf_nan=False)


class Correlated(Section):
    between: tuple[str, str]
    rho: float = Field(gt=-1, lt=1)
    scope: Scope = "local"
    source: str = ""

    @model_validator(mode="after")
    def _two(self) -> Correlated:
        if self.between[0] == self.between[1]:
            raise ValueError(f"between: {self.between[0]} given twice; allowed: two kinds")
        return self


class JointFile(Section):
    """What the file holds."""

    title: str = ""
    source: str = Field(min_length=1)
    local: dict[str, Varied] = Field(default_factory=dict)
    overall: dict[str, Varied] = Field(default_factory=dict, alias="global")
    correlations: tuple[Correlated, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, raw: object) -> object:  # `global` is no name in Python
        known = ("title", "source", "local", "global", "correlations")
        if isinstance(raw, dict) and (odd := [str(key) for key in raw if key not in known]):
            raise ValueError(f"unknown key '{odd[0]}'; allowed: {', '.join(known)}")
        return raw

    @model_validator(mode="after")
    def _something(self) -> JointFile:
        if not (self.local or self.overall):
            raise ValueError("nothing varies; allowed: a section [local.KIND] or [global.KIND] at least")
        pairs = [(frozenset(pair.between), pair.scope) for pair in self.correlations]
        for pair in self.correlations:
            if pairs.count((frozenset(pair.between), pair.scope)) > 1:
                raise ValueError(f"correlations: {', '.join(pair.between)} given twice; allowed: each pair once a scope")
        return self


@dataclass(frozen=True)
class Joint:
    """A joint model; ``file`` is its absolute path."""

    file: str
    variations: tuple[Variation, ...]
    correlations: tuple[Correlation, ...]

    def under(
        self, variations: Sequence[Variation], correlations: Sequence[Correlation], points: Sequence[VariationPoint]
    ) -> tuple[list[Variation], list[Correlation]]:
        """With what is given besides, which wins: a variation of the same target and scope, a correlation of the same pair.

        One model serves for junctions that switch and for those whose state is given: what the junctions of ``points`` do not
        have is left out.
        """
        given = {(one.target, one.scope) for one in variations}
        pairs = {one.pair for one in correlations}
        missing = set(KINDS) - {point.kind for point in points}
        return (
            [*(v for v in self.variations if (v.target, v.scope) not in given and v.target not in missing), *variations],
            [*(c for c in self.correlations if c.pair not in pairs and not {c.first, c.second} & missing), *correlations],
        )


@cached
def read_joint(path: str) -> Joint:
    """The joint model in the file ``path``.

    Raises :class:`UserError` with one line that names file and key for one that is missing or not valid; whether a bench has what
    varies is found where both are known.
    """
    found = read_toml(Path(path), JointFile)
    scopes: tuple[tuple[Scope, dict[str, Varied]], ...] = (("local", found.local), ("global", found.overall))
    return Joint(
        path,
        tuple(_variation(path, scope, target, one) for scope, varied in scopes for target, one in varied.items()),
        tuple(
            Correlation(*pair.between, pair.rho, pair.scope, origin=f"{path}: correlations, {', '.join(pair.between)}")
            for pair in found.correlations
        ),
    )


def _variation(path: str, scope: Scope, target: str, one: Varied) -> Variation:
    origin, unit = f"{path}: {scope}.{target}", one.sigma.unit.strip()
    text = f"{one.sigma.value!r}{unit}"
    try:
        sigma = one.sigma.value / 100 if unit == "%" else parse_value(text)
    except UserError as error:
        raise UserError(f"{origin}: sigma: {error}") from None
    return Variation(target, sigma, unit == "%", scope, one.distribution, one.truncate, origin=origin, text=text)
