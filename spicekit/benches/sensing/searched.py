"""Amplifiers whose input-referred offset is searched: after each of several comparisons within one transient the input moves
towards the trip point, half as far as the time before (:mod:`spicekit.benches.sensing.offset_search`).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, ClassVar, Generic

from typing_extensions import TypeVar

from spicekit.analysis import TranAnalysis
from spicekit.benches.noise import with_noise
from spicekit.benches.sensing.offset_search import C_SEARCH, LEAST, MOST, comparisons, knots, last_step
from spicekit.benches.sensing.source import SenseBench, SenseParameters
from spicekit.limits import Limits
from spicekit.measures import Choose, Final, v
from spicekit.measures.measure import Measure
from spicekit.parameters import quantity
from spicekit.units import format_value


class SearchedParameters(SenseParameters):
    offset_range: float = quantity(32e-3, "V", "measure=offset: the search covers - to + this", ge=LEAST, le=MOST)


S = TypeVar("S", bound=SearchedParameters, default=SearchedParameters, covariant=True)


class Searched(SenseBench[S], Generic[S]):
    """A bench of one amplifier, or of its offset."""

    turned: ClassVar[float] = 1.2  # of t_window after START: when the search moves the input, while the decision is held

    @property
    def amplifiers(self) -> dict[str, int]:
        return {"off": 1} if self.p.measure == "offset" else super().amplifiers

    @property
    def inputs(self) -> dict[str, float]:
        return {} if self.p.measure == "offset" else super().inputs

    @property
    def period(self) -> float:
        """Of the comparisons of the offset search, in seconds."""
        return 2 * self.p.t_window

    @property
    def comparisons(self) -> int:
        """Of the offset search."""
        return comparisons(self.p.offset_range)

    @property
    def reach(self) -> float:
        """Offsets above this are at the end of the search, in volts."""
        return float(self.p.offset_range * (1 - 1.5 / 2**self.comparisons))

    @property
    def edges_of_cells(self) -> bool:
        """Whether the drain of a cell's transistor may be exactly at its source: ngspice stops at edges there."""
        return False

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "search": knots(self.p.offset_range, self.p.t_window, self.t_start, self.period, self.turned),
            "c_search": C_SEARCH,
        }

    def comparison(self, save: tuple[str, ...], stop: float) -> TranAnalysis:
        """The transient of :meth:`analysis`."""
        options = {"chgtol": 1e-16}
        if self.edges_of_cells:  # this moves a time by 1e-6
            options["rshunt"] = 1e13
        analysis = TranAnalysis(save=save, step=500e-12, stop=stop, reltol=3e-4, trtol=1.0, options=options)
        return with_noise(self.p, analysis)

    @abstractmethod
    def spent(self) -> tuple[Measure, ...]:
        """The energies of an operation."""

    def measures(self) -> tuple[Measure, ...]:
        if self.p.measure == "decision":
            return (*self.decision_measures(), *self.spent())
        return self.search_measures()

    def search_measures(self) -> tuple[Measure, ...]:
        """Those of ``measure=offset``."""
        limits = Limits("raise offset_range", low=-self.reach, high=self.reach)
        applied = Final(v("dv"))
        last = format_value(last_step(self.p.offset_range), "V", 2)
        in_range = abs(applied) < self.reach
        offset = Choose(in_range, applied, Choose(applied < 0, -math.inf, math.inf))
        return (
            Measure(
                "offset",
                "V",
                f"input at which the decision turns, less v_mid: with the reference's deviation; last step of the search {last}",
                offset,
                limits=limits,
            ),
            Measure(
                "trip",
                "V",
                "that input",
                self.p.v_mid + offset,
                limits=Limits(limits.remedy, self.p.v_mid - self.reach, self.p.v_mid + self.reach),
            ),
            Measure("in_range", "", "1 if it lies within offset_range of v_mid", in_range, fraction=True),
            *self.level_measures(),
        )
