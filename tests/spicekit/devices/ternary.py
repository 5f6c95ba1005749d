"""A cell with three resistances, for a weight of three values, and a divider that reads it: written from docs/device.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import model_validator

from spicekit import Bench, BenchParameters, DcAnalysis, Margin, Measure, VariationPoint, quantity
from spicekit.bench import named_file
from spicekit.devices import DeviceCard, load_device
from spicekit.devices.resistive import Resistive, ResistiveNumbers
from spicekit.measures import v
from spicekit.physics import quantities as q

HERE = Path(__file__).parent


class Levels(q.Section):
    low: q.Resistance
    middle: q.Resistance
    high: q.Resistance
    sigma: q.NotNegative  # of ln R, from cell to cell

    @model_validator(mode="after")
    def _rising(self) -> Levels:
        if not self.low.value < self.middle.value < self.high.value:
            raise ValueError("allowed: low < middle < high")
        return self


class Ternary(DeviceCard):
    kind: Literal["ternary"] = "ternary"
    levels: Levels

    def at(self, kelvin: float | None = None) -> PlacedTernary:
        found = self.levels
        return PlacedTernary(
            self.name, TernaryNumbers(found.low.value, found.middle.value, found.high.value, found.sigma.value)
        )  # fmt: skip


@dataclass(frozen=True)
class TernaryNumbers:
    low: float  # ohm
    middle: float
    high: float
    sigma: float  # of ln R


@dataclass(frozen=True)
class PlacedTernary:
    name: str
    numbers: TernaryNumbers
    model: ClassVar[str] = "ternary.lib.j2"

    def points(self, tag: str) -> tuple[VariationPoint, ...]:
        sigma = self.numbers.sigma
        return (
            VariationPoint(f"spread_{tag}", "spread", 1.0, "", sigma, 0.0, lambda z: np.asarray(np.exp(sigma * z))),
        )  # fmt: skip

    def two_state(self) -> Resistive:
        k = self.numbers
        return Resistive(self.name, ResistiveNumbers(k.low, k.high, k.sigma, k.sigma, 0.0, 0.0, 0.0))


class TernaryRead(Bench):
    name = "ternary-read"
    summary = "divider of a resistor and a three-state cell"
    template = "ternary_read.cir.j2"
    roles = ()

    class Parameters(BenchParameters):
        device: str = named_file(f"{HERE / 'ternary.py'}:Ternary:{HERE / 'ternary.toml'}", "device card")
        r_load: float = quantity(50e3, "ohm", "resistor above the cell", gt=0)

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.cell = load_device(self.p.device).at(self.temperature + 273.15)

    def points(self) -> tuple[VariationPoint, ...]:
        return self.cell.points("c0")

    def context(self) -> dict[str, Any]:
        return {"device": self.cell}

    def analysis(self) -> DcAnalysis:
        return DcAnalysis(save=self.vectors())

    def measures(self) -> tuple[Measure, ...]:
        return tuple(Measure(f"v_{state}", "V", f"output in state {state}", v(f"out_{state}")) for state in range(3))

    def margins(self) -> tuple[Margin, ...]:
        return (Margin("lower", low="v_0", high="v_1"), Margin("upper", low="v_1", high="v_2"))
