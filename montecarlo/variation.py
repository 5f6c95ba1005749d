"""Variations: which numbers vary, by which distribution, for each device on its own or for all at once.

A *space* joins a bench's variation points with the variations asked for, and maps standard-normal vectors to values of the
points.  The map is explicit and monotone in each coordinate, so that any sampler, and a search for rare failures, works in
the same standard-normal space.
"""

from __future__ import annotations

import fnmatch
import functools
import math
import re
from collections.abc import Sequence
from dataclasses import InitVar, asdict, dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from spicekit.bench import VariationPoint
from spicekit.errors import UserError, unknown
from spicekit.units import format_value, parse_quantity, parse_value
from spicekit.waves import Array

Distribution = Literal["normal", "lognormal"]
Scope = Literal["local", "global"]


@dataclass(frozen=True)
class Variation:
    """A distribution for all variation points of one kind (``ra``), for one of them (``ra_c0``) or for those whose names match a
    pattern (``x1.*.vth``, with the wildcards ``*``, ``?`` and ``[...]``).

    ``sigma`` is the standard deviation: relative to the nominal value, or in the unit of the point.  ``local`` draws each
    point on its own, ``global`` draws once a trial for all of them; a kind may have both, and their deviations add up
    (their factors multiply for ``lognormal``).  ``truncate`` cuts the underlying normal at that many sigmas on both sides.
    """

    target: str
    sigma: float
    relative: bool
    scope: Scope = "local"
    distribution: Distribution = "normal"
    truncate: float | None = None

    # not part of what is recorded: where it was given if by no option, and its text, with its unit
    origin: InitVar[str] = ""
    text: InitVar[str] = ""
    _text: ClassVar[str] = ""
    _origin: ClassVar[str] = ""

    def __post_init__(self, origin: str, text: str) -> None:
        object.__setattr__(self, "_text", text)
        object.__setattr__(self, "_origin", origin)

    @property
    def said(self) -> str:
        """What names it in an error: its option and target, or the key of a file."""
        return self._origin or f"{'--sigma' if self.scope == 'local' else '--sigma-global'} {self.target}"

    @classmethod
    def parse(cls, text: str, scope: Scope = "local") -> Variation:
        """Read ``ra=5%``, ``vth=20m``, ``ra=5%:lognormal`` or ``tmr=10%:normal:3`` (target=sigma:distribution:truncation)."""
        target, equals, rest = text.partition("=")
        words = rest.split(":")
        option = "--sigma" if scope == "local" else "--sigma-global"
        if not equals or not target or len(words) > 3:
            raise UserError(
                f"{option} '{text}': give TARGET=SIGMA[:normal|lognormal[:TRUNCATE]], e.g. ra=5% or ra=5%:lognormal:3"
            )
        try:
            sigma = parse_value(words[0])  # its unit is that of the points, see Space
            truncate = parse_quantity(words[2], "") if len(words) == 3 else None
        except UserError as error:
            raise UserError(f"{option} '{text}': {error}") from None
        distribution = words[1] if len(words) > 1 and words[1] else "normal"
        if distribution not in ("normal", "lognormal"):
            raise UserError(f"{option} '{text}': unknown distribution '{distribution}'; choose from lognormal, normal")
        if not (sigma >= 0 and math.isfinite(sigma)):
            raise UserError(f"{option} '{text}': sigma must be a finite number, 0 or above")
        if truncate is not None and not truncate > 0:
            raise UserError(f"{option} '{text}': truncation must be a positive number of sigmas")
        relative = words[0].strip().endswith("%")
        return cls(target, sigma, relative, scope, distribution, truncate, text=words[0])  # type: ignore[arg-type]

    def reaches(self, point: VariationPoint) -> bool:
        """Whether it is for this point."""
        return self.closeness(point) > 0

    def closeness(self, point: VariationPoint) -> int:
        """How closely the target names this point: 3 by its name, 2 by a pattern, 1 by its kind, 0 not at all."""
        if self.target == point.name:
            return 3
        if self.pattern and fnmatch.fnmatchcase(point.name, self.target):
            return 2
        return int(self.target == point.kind)

    @property
    def pattern(self) -> bool:
        """Whether the target is one."""
        return bool(set(self.target) & set("*?["))

    def normal(self, z: Array) -> Array:
        """The (truncated) standard-normal variate that belongs to ``z``."""
        if self.truncate is None:
            return z
        low = ndtr(-self.truncate)
        return np.clip(ndtri(low + ndtr(z) * (1 - 2 * low)), -self.truncate, self.truncate)


@dataclass(frozen=True)
class Correlation:
    """Correlation coefficient between the local draws of two kinds in the same device (``ra`` and ``tmr``), or between two draws
    for all devices (``global``), by their targets."""

    first: str
    second: str
    rho: float
    scope: Scope = "local"
    origin: InitVar[str] = ""  # not recorded: where it was given if by no option
    _origin: ClassVar[str] = ""

    def __post_init__(self, origin: str) -> None:
        object.__setattr__(self, "_origin", origin)

    @property
    def pair(self) -> tuple[frozenset[str], Scope]:
        """Which two, whatever their order."""
        return frozenset((self.first, self.second)), self.scope

    @property
    def said(self) -> str:
        """What names it in an error: its option, or the key of a file."""
        return self._origin or ("--correlate" if self.scope == "local" else "--correlate-global")

    @classmethod
    def parse(cls, text: str, scope: Scope = "local") -> Correlation:
        """Read ``ra,tmr=-0.4``."""
        option = "--correlate" if scope == "local" else "--correlate-global"
        pair, equals, number = text.partition("=")
        first, comma, second = pair.partition(",")
        try:
            rho = parse_quantity(number, "")
        except UserError as error:
            raise UserError(f"{option} '{text}': {error}") from None
        if not (equals and comma and first and second and first != second and -1 < rho < 1):
            raise UserError(f"{option} '{text}': give KIND,KIND=RHO with RHO between -1 and 1, e.g. ra,tmr=-0.4")
        return cls(first, second, rho, scope)


class Space:
    """Standard-normal coordinates of a campaign: one a variation point, then one a global variation."""

    def __init__(
        self,
        points: Sequence[VariationPoint],
        variations: Sequence[Variation] = (),
        correlations: Sequence[Correlation] = (),
    ) -> None:
        self.points = tuple(points)
        self.variations = tuple(_of_root(variation, points) for variation in variations)
        given = [_root_of_pair(pair, points) for pair in correlations]
        self.correlations = (*given, *_of_devices(points, given))
        kinds = {point.kind for point in points}
        names = {point.name for point in points}
        for variation in self.variations:
            if not any(variation.reaches(point) for point in points):
                error = unknown("variation point", variation.target, kinds | names)
                raise UserError(f"{variation.said}: {error}") if variation._origin else error
        self._local = [self._choose(point, "local") or _default(point) for point in points]
        globals_ = [variation for variation in self.variations if variation.scope == "global"]
        self._global: list[Variation] = sorted(globals_, key=lambda variation: variation.target)
        check_once("--sigma-global", [variation.target for variation in self._global])
        for scope, option in (("local", "--correlate"), ("global", "--correlate-global")):
            check_once(option, [",".join(sorted((p.first, p.second))) for p in self.correlations if p.scope == scope])
        for point, local in zip(points, self._local, strict=True):
            for variation in (local, *(v for v in self._global if v.reaches(point))):
                if variation in self.variations:
                    _check(point, variation)
        self._mixing, self._mixing_global = self._cholesky(), self._cholesky_global()

    @property
    def dimensions(self) -> int:
        """Number of standard-normal coordinates."""
        return len(self.points) + len(self._global)

    @functools.cached_property
    def moving(self) -> npt.NDArray[np.intp]:
        """Numbers of the coordinates that move a point: not those of points without any spread."""
        local = np.array([variation is None or variation.sigma > 0 for variation in self.local], dtype=bool)
        if self._mixing is not None:  # a coordinate is in the points that are correlated with its own, too
            local = (self._mixing[local] != 0).any(axis=0) if local.any() else local
        return np.flatnonzero([*local, *(variation.sigma > 0 for variation in self._global)])

    def widened(self, z: Array) -> Array:
        """``z`` of shape (..., moving) with zeros for the other coordinates, shape (..., dimensions)."""
        wide = np.zeros((*z.shape[:-1], self.dimensions))
        wide[..., self.moving] = z
        return wide

    @property
    def local(self) -> list[Variation | None]:
        """The local variation of each point; None where the bench draws the point from a distribution of its own."""
        own = [point.draw is not None and self._choose(point, "local") is None for point in self.points]
        return [None if drawn else variation for drawn, variation in zip(own, self._local, strict=True)]

    @property
    def globals(self) -> list[Variation]:
        """The variations that are drawn once a trial."""
        return list(self._global)

    @property
    def labels(self) -> list[str]:
        """A name for each coordinate."""
        return [*(point.name for point in self.points), *(f"global {variation.target}" for variation in self._global)]

    def values(self, z: Array) -> dict[str, Array]:
        """Map ``z`` of shape (trials, dimensions) to values: point -> array of shape (trials,)."""
        if self._mixing is not None:
            local = z[:, : len(self.points)] @ self._mixing.T
            z = np.concatenate([local, z[:, len(self.points) :]], axis=1)
        if self._mixing_global is not None:
            z = np.concatenate([z[:, : len(self.points)], z[:, len(self.points) :] @ self._mixing_global.T], axis=1)
        values = {}
        for column, (point, local_variation) in enumerate(zip(self.points, self._local, strict=True)):
            base: Array | float = point.nominal
            shift: Array | float = 0.0
            factor: Array | float = 1.0
            if point.draw is not None and self._choose(point, "local") is None:
                base = point.draw(z[:, column])
            else:
                shift, factor = _deviate(point, local_variation, z[:, column])
            for index, variation in enumerate(self._global):
                if variation.reaches(point):
                    more_shift, more_factor = _deviate(point, variation, z[:, len(self.points) + index])
                    shift, factor = shift + more_shift, factor * more_factor
            values[point.name] = np.full(len(z), (base + shift) * factor)
        return values

    def describe(self) -> dict[str, Any]:
        """The variations in force, for the campaign's record: every point's local sigma, globals, correlations."""
        return {
            "local": {
                point.name: {"kind": point.kind, "nominal": point.nominal, "unit": point.unit}
                | {k: v for k, v in asdict(local).items() if k not in ("target", "scope")}
                for point, local in zip(self.points, self._local, strict=True)
            },
            "global": [asdict(variation) for variation in self._global],
            "correlations": [asdict(correlation) for correlation in self.correlations],
        }

    def _choose(self, point: VariationPoint, scope: Scope) -> Variation | None:
        """The variation given for this very point, else for a pattern, else for its kind; the later of two alike wins."""
        chosen = None
        for variation in self.variations:
            if variation.scope != scope or not variation.reaches(point):
                continue
            if chosen is None or variation.closeness(point) >= chosen.closeness(point):
                chosen = variation
        return chosen

    def _cholesky(self) -> Array | None:
        asked = [correlation for correlation in self.correlations if correlation.scope == "local"]
        if not asked:
            return None
        index = {(point.kind, _device(point)): number for number, point in enumerate(self.points)}
        matrix = np.eye(len(self.points))
        for correlation in asked:
            pairs = [
                (index[kind, device], index[correlation.second, device])
                for kind, device in index
                if kind == correlation.first and (correlation.second, device) in index
            ]
            if not pairs:
                kinds = sorted({point.kind for point in self.points})
                raise UserError(
                    f"{correlation.said}: no device has both '{correlation.first}' and '{correlation.second}'; "
                    f"kinds are {', '.join(kinds)}"
                )
            for first, second in pairs:
                matrix[first, second] = matrix[second, first] = correlation.rho
        return _factor(matrix, asked[0].said)

    def _cholesky_global(self) -> Array | None:
        asked = [correlation for correlation in self.correlations if correlation.scope == "global"]
        if not asked:
            return None
        index = {variation.target: number for number, variation in enumerate(self._global)}
        matrix = np.eye(len(index))
        for correlation in asked:
            for target in (correlation.first, correlation.second):
                if target not in index:
                    drawn = ", ".join(index) or "none"
                    raise UserError(f"{correlation.said}: '{target}' is not drawn for all devices; allowed: {drawn}")
            first, second = index[correlation.first], index[correlation.second]
            matrix[first, second] = matrix[second, first] = correlation.rho
        return _factor(matrix, asked[0].said)


def _factor(matrix: Array, said: str) -> Array:
    """Cholesky's factor of a matrix of correlations."""
    try:
        return np.asarray(np.linalg.cholesky(matrix))
    except np.linalg.LinAlgError:
        raise UserError(f"{said}: the correlations contradict each other (matrix not positive definite)") from None


def _device(point: VariationPoint) -> str:
    """The device of ``ra_c0``, and of ``xj1.ra``."""
    device, dot, kind = point.name.rpartition(".")
    return device if dot and kind == point.kind else point.name.removeprefix(point.kind)


def _of_root(variation: Variation, points: Sequence[VariationPoint]) -> Variation:
    """``variation``, or if it is of the square of a point (``area``, ``area_c0``, ``area_*``) that of the point (``cd``).

    The point has the distribution asked for, and its square the standard deviation asked for: that of (1 + s z)^2 is
    sqrt(4 s^2 + 2 s^4), that of a lognormal's square follows from twice its s.
    """
    target = _root(variation.target, points, variation)
    if target == variation.target:
        return variation
    _check(VariationPoint(variation.target, "", 1.0, "", low=0.0), variation)  # in its own terms
    if variation.distribution == "lognormal":
        sigma = math.sqrt(math.expm1(math.log1p(variation.sigma**2) / 4))
    else:
        sigma = math.sqrt(math.sqrt(1 + variation.sigma**2 / 2) - 1)
    return replace(variation, target=target, sigma=sigma, relative=True, origin=variation._origin, text="")


def _root_of_pair(pair: Correlation, points: Sequence[VariationPoint]) -> Correlation:
    """A correlation with a square is that with its root, of which it is a monotone function."""
    return replace(pair, first=_root(pair.first, points), second=_root(pair.second, points), origin=pair._origin)


def _root(target: str, points: Sequence[VariationPoint], variation: Variation | None = None) -> str:
    """The target in which the kind that is the square of some point's is replaced by that point's own."""
    kinds = {point.kind for point in points}
    if variation is not None and any(variation.reaches(point) for point in points):
        return target
    for square, own in {(point.square, point.kind) for point in points if point.square not in kinds | {""}}:
        target = re.sub(rf"(^|\.){re.escape(square)}(?=_|\*|$)", rf"\g<1>{own}", target)
    return target


def _of_devices(points: Sequence[VariationPoint], given: Sequence[Correlation]) -> list[Correlation]:
    """The correlations that the devices themselves say, of pairs that are not ``given``."""
    known = {frozenset((pair.first, pair.second)) for pair in given if pair.scope == "local"}
    index = {(point.kind, _device(point)) for point in points}
    found: dict[frozenset[str], Correlation] = {}
    for point in points:
        for kind, rho in point.correlated:
            pair = frozenset((point.kind, kind))
            if pair not in known and (kind, _device(point)) in index:
                found.setdefault(pair, Correlation(point.kind, kind, rho))
    return list(found.values())


def _default(point: VariationPoint) -> Variation:
    return Variation(point.name, point.sigma, relative=False)


def check_once(option: str, targets: Sequence[str]) -> None:
    """Raise :class:`UserError` that names ``option`` if one of ``targets`` is given twice."""
    for target in targets:
        if targets.count(target) > 1:
            raise UserError(f"{option}: '{target}' is given twice")


def _check(point: VariationPoint, variation: Variation) -> None:
    if variation._text and not variation.relative:
        try:
            parse_quantity(variation._text, point.unit)
        except UserError as error:
            raise UserError(f"{variation.said}: {error}") from None
    lognormal = variation.distribution == "lognormal"
    if variation.sigma > 0 and point.nominal == 0 and (lognormal or (variation.relative and point.unit)):
        raise UserError(
            f"{variation.said}: the nominal value of '{point.name}' is 0, so give a normal sigma "
            f"in {point.unit or '1'}, not in per cent"
        )
    # Sigmas beyond these are slips (a prefix forgotten): a sixth of all samples would not be physical, if not nearly all.
    asked = variation.sigma * (abs(point.nominal) or 1.0) if variation.relative else variation.sigma
    most = min(point.most, (10 * abs(point.nominal) or np.inf) if lognormal else point.nominal - point.low)
    if asked > most:
        given, allowed = (format_value(value, point.unit) for value in (asked, most))
        raise UserError(f"{variation.said}: a sigma of {given} given; allowed for '{point.name}': at most {allowed}")


def _deviate(point: VariationPoint, variation: Variation, z: Array) -> tuple[Array | float, Array | float]:
    """What ``variation`` adds to the nominal value, and the factor on it."""
    if variation.sigma == 0:
        return 0.0, 1.0
    normal = variation.normal(z)
    # per cent of a number that is itself a relative deviation (beta, nominal 0) are per cent of 1
    reference = abs(point.nominal) or 1.0
    if variation.distribution == "lognormal":
        # mean and standard deviation are those asked for: s^2 = ln(1 + sigma^2), mu = -s^2 / 2
        s = math.sqrt(math.log1p((variation.sigma if variation.relative else variation.sigma / reference) ** 2))
        return 0.0, np.exp(s * normal - s * s / 2)
    return (variation.sigma * reference if variation.relative else variation.sigma) * normal, 1.0
