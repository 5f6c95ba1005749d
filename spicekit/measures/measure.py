"""What a bench measures, and the margins between two measures."""

from __future__ import annotations

from dataclasses import dataclass

from spicekit.limits import Limits
from spicekit.measures.nodes import Node


@dataclass(frozen=True)
class Measure:
    """A named scalar of one trial."""

    name: str
    unit: str
    meaning: str
    definition: Node | None = None  # what it is of the vectors (see spicekit.measures); None: the bench's evaluate() knows
    fraction: bool = False  # it is 0 or 1: a campaign gives its mean an exact interval
    limits: Limits | None = None  # it is found up to these only (see spicekit.limits); None: it has a value in every trial
    support: tuple[float, float] | None = None  # what takes its answer cuts it to these: a table says so, its draws keep to it


@dataclass(frozen=True)
class Margin:
    """Two logical states to be told apart by a reference between their measures ``low`` and ``high``."""

    name: str
    low: str
    high: str
    reference: str | None = None  # the measure that holds the circuit's own reference, if it has one
