"""The variations in force, as lines for a terminal: what varies, by how much in its unit and in per cent, and how."""

from __future__ import annotations

from collections.abc import Sequence

from montecarlo.variation import Space, Variation
from spicekit.bench import VariationPoint
from spicekit.names import grouped
from spicekit.units import format_value

Spread = tuple[float, float]  # nominal value and standard deviation, in the unit of the point


def variation_lines(spaces: Sequence[Space]) -> list[str]:
    """What varies in these spaces (of the grid points of a sweep, or one), points of a kind in one line.

    Where nominal value or sigma differ between points the line holds their range.
    """
    local: dict[tuple[str, str, str], dict[str, list[Spread]]] = {}
    overall: dict[tuple[str, str, str], dict[str, list[Spread]]] = {}
    still: dict[str, None] = {}
    for space in spaces:
        for point, variation in zip(space.points, space.local, strict=True):
            if variation is None:
                key = (point.kind, point.unit, "the bench's own distribution")
                local.setdefault(key, {}).setdefault(point.name, [])
            elif variation.sigma > 0:
                key = (point.kind, point.unit, _shape(variation))
                local.setdefault(key, {}).setdefault(point.name, []).append((point.nominal, deviation(point, variation)))
            elif not any(other.reaches(point) for other in space.globals):
                still[point.kind] = None
        for variation in space.globals:
            for point in filter(variation.reaches, space.points):
                key = (variation.target, point.unit, _shape(variation))
                spreads = overall.setdefault(key, {}).setdefault(point.name, [])
                spreads.append((point.nominal, deviation(point, variation)))
    lines = ["variations, each device on its own:", *map(_line, local.items())] if local else []
    if overall:
        lines += ["variations, once a trial for all devices:", *map(_line, overall.items())]
    for scope, where in (("local", "within a device"), ("global", "once a trial")):
        pairs = {f"{c.first}, {c.second}: {c.rho:g}" for space in spaces for c in space.correlations if c.scope == scope}
        lines += [f"correlated {where}: {'; '.join(sorted(pairs))}"] if pairs else []
    fixed = [kind for kind in still if all(kind != key[0] for key in local)]
    return lines + ([f"not varied: {', '.join(fixed)}"] if fixed else [])


def deviation(point: VariationPoint, variation: Variation) -> float:
    """Standard deviation that ``variation`` asks for, in the unit of the point."""
    return variation.sigma * (abs(point.nominal) or 1.0) if variation.relative else variation.sigma


def spread_text(spreads: Sequence[Spread], unit: str) -> str:
    """``sigma 0.05 ohm um2 = 0.5 %``, or the ranges of both; per cent of 1 where a pure number is nominally 0."""
    sigmas = [sigma for _, sigma in spreads]
    text = _span([format_value(sigma, unit, 3) for sigma in (min(sigmas), max(sigmas))])
    if any(nominal == 0 for nominal, _ in spreads) and unit:
        return text
    shares = [sigma / (abs(nominal) or 1.0) for nominal, sigma in spreads]
    return f"{text} = {_span([f'{100 * share:.3g} %' for share in (min(shares), max(shares))])}"


def _line(item: tuple[tuple[str, str, str], dict[str, list[Spread]]]) -> str:
    (kind, unit, shape), points = item
    spreads = [spread for found in points.values() for spread in found]
    if not spreads:
        return f"  {kind:10} {shape}: {grouped(points)}"
    nominals = [nominal for nominal, _ in spreads]
    nominal = _span([format_value(value, unit) for value in (min(nominals), max(nominals))])
    return f"  {kind:10} nominal {nominal}, sigma {spread_text(spreads, unit)}, {shape}: {grouped(points)}"


def _shape(variation: Variation) -> str:
    return variation.distribution + ("" if variation.truncate is None else f" cut at {variation.truncate:g} sigma")


def _span(ends: Sequence[str]) -> str:
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"
