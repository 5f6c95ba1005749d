"""What the area of a circuit consists of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Part:
    """``count`` times something; a fraction of one where several circuits share it."""

    name: str
    count: float
    each: float  # m2
    about: str = ""  # what it is, in words

    @property
    def area(self) -> float:
        """In m2."""
        return self.count * self.each


@dataclass(frozen=True)
class Region:
    """A cell, an amplifier, a neuron, a column, a macro: the sum of its parts."""

    name: str
    parts: tuple[Part, ...]
    about: str = ""

    @property
    def area(self) -> float:
        """In m2."""
        return sum(part.area for part in self.parts)

    def as_part(self, count: float = 1.0) -> Part:
        """This region as a part of a larger one."""
        return Part(self.name, count, self.area, self.about)


@dataclass(frozen=True)
class Published:
    """A published figure beside ours."""

    name: str
    unit: str
    simulated: float
    published: float
    source: str
    at_most: bool = False  # whether the publication gives a limit


@dataclass(frozen=True)
class Plan:
    """The regions of a bench's circuit, each of which may be part of a later one."""

    bench: str
    technology: str
    feature: float  # m
    regions: tuple[Region, ...]
    published: tuple[Published, ...] = ()

    def __getitem__(self, name: str) -> Region:
        """The region called ``name``."""
        return next(region for region in self.regions if region.name == name)

    def as_json(self) -> dict[str, Any]:
        """Areas in um2 and F^2."""

        def sizes(area: float) -> dict[str, float]:
            return {"um2": area * 1e12, "F2": area / self.feature**2}

        return {
            "bench": self.bench,
            "technology": self.technology,
            "feature": self.feature,
            "regions": [
                {
                    "name": region.name,
                    "about": region.about,
                    "area": sizes(region.area),
                    "parts": [
                        {
                            "name": part.name,
                            "about": part.about,
                            "count": part.count,
                            "each": sizes(part.each),
                            "area": sizes(part.area),
                            "share": part.area / region.area,
                        }
                        for part in region.parts
                    ],
                }
                for region in self.regions
            ],
            "published": [
                {
                    "name": one.name,
                    "unit": one.unit,
                    "simulated": one.simulated,
                    "published": one.published,
                    "at_most": one.at_most,
                    "ratio": one.simulated / one.published,
                    "source": one.source,
                }
                for one in self.published
            ],
        }

    def as_text(self) -> str:
        """A block a region, and the published figures."""
        lines = [f"{self.bench}, {self.technology}: F = {self.feature * 1e9:g} nm"]
        for region in self.regions:
            lines += ["", f"{region.name:36} {'':>7} {'':>10} {self._sizes(region.area)}   {region.about}".rstrip()]
            for part in sorted(region.parts, key=lambda part: -part.area):
                share = f"{part.area / region.area:.1%}"
                each = f"{part.each / self.feature**2:.4g}"
                count = f"{part.count:.4g} x"
                lines.append(f"  {part.name:34} {count:>7} {each:>10} {self._sizes(part.area)} {share:>7}  {part.about}".rstrip())
        if self.published:
            lines += ["", f"{'figure':52} {'ours':>10} {'published':>10} {'ratio':>7}"]
        for one in self.published:
            theirs = f"{'<= ' if one.at_most else ''}{_shown(one.published, one.unit)}"
            ratio = f"{one.simulated / one.published:.3g}"
            lines.append(f"{one.name:52} {_shown(one.simulated, one.unit):>10} {theirs:>10} {ratio:>7}  {one.source}")
        return "\n".join(lines)

    def _sizes(self, area: float) -> str:
        return f"{area / self.feature**2:>10.5g} F2 {area * 1e12:>10.4g} um2"


def _shown(value: float, unit: str) -> str:
    return f"{value:.3g} %" if unit == "%" else f"{value:.4g} {unit}".rstrip()


def total(parts: Sequence[Part]) -> float:
    """Area of all of them in m2."""
    return sum(part.area for part in parts)
