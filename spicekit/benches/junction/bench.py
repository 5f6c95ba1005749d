"""What the benches around one junction share."""

from __future__ import annotations

import functools
from typing import Any, ClassVar, Generic

from typing_extensions import TypeVar

from spicekit.bench import Bench
from spicekit.benches.junction.parameters import JunctionParameters, place_junction
from spicekit.devices.junction import Junction
from spicekit.errors import UserError
from spicekit.measures import Node, total, v

J = TypeVar("J", bound=JunctionParameters, default=JunctionParameters, covariant=True)


class JunctionBench(Bench[J], Generic[J]):
    """A bench around one junction."""

    at_rest: ClassVar[bool] = False  # nothing in the bench moves the magnetisation

    @functools.cached_property
    def junction(self) -> Junction:
        """The card at the temperature of the bench."""
        form = "llg" if self.at_rest else self.p.model
        return place_junction(self.p, form=form, theta0=self.p.theta0, at_rest=self.at_rest)

    @property
    def easy_axis(self) -> Node:
        """m along the easy axis."""
        k = self.junction.numbers
        parts = [(k.ex, v("mx")), (k.ey, v("my")), (k.ez, v("mz"))]
        return total([m if cosine == 1 else cosine * m for cosine, m in parts if cosine])

    @property
    def temperature(self) -> float:
        return self.junction.celsius

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if self.p.model == "fast" and (section := self.junction.beyond_fast):
            raise UserError(
                f"bench '{self.name}': parameter model: 'fast' given; device '{self.p.device}' has {section}: allowed: llg"
            )

    def subtitle(self) -> str:
        return self.p.device

    def context(self) -> dict[str, Any]:
        return {"device": self.junction, "k": self.junction.numbers, "sot": self.junction.card.three_terminal}
