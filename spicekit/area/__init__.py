"""Areas of cells, amplifiers, neurons, columns and macros by the layout rule of a technology (docs/area.md)."""

from spicekit.area.plan import Part, Plan, Published, Region
from spicekit.area.plans import floor_plan
from spicekit.area.rule import Box, Rule

__all__ = ["Box", "Part", "Plan", "Published", "Region", "Rule", "floor_plan"]
