"""What a bench declares that only simulating can find: a trim, a window, an input of the nominal circuit.

A bench never simulates: it says what is to be found and how, and asks for the value by :meth:`spicekit.bench.Bench.calibrated`.
Whoever simulates it finds the values first, by its engine (:mod:`spicekit.engines.calibrate`): a campaign once, for all its
trials and workers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from spicekit.outcome import Outcome
from spicekit.waves import Waves

if TYPE_CHECKING:
    from spicekit.bench import Bench


@dataclass(frozen=True)
class Nominal:
    """A nominal simulation of ``bench``."""

    bench: Bench
    outcome: Outcome
    measures: dict[str, float]  # NaN if the outcome is not ok
    waves: Waves


class Simulate(Protocol):
    """The nominal simulation of a calibration's variant, with some of its parameters changed."""

    def __call__(self, **changed: Any) -> Nominal: ...


@dataclass(frozen=True)
class Calibration:
    """One number that a bench needs and only simulating gives."""

    name: str
    unit: str
    meaning: str
    target: str  # what holds at the value: "t_load = t_delay at v_in = v_mid"
    variant: Callable[[], Bench]  # what is simulated; it may ask for the calibrations before this one
    find: Callable[[Simulate], float]  # the search; raises UserError where it finds nothing
    parameter: str = ""  # of the variant, which is searched; empty if its simulation gives the value
    shared: bool = False  # find() looks at nothing but the variant: benches with an equal one share the value
    # of a run's measures: it is found after a run that wants it, for notes(); None: before anything is simulated
    wanted: Callable[[Mapping[str, float]], bool] | None = None


@dataclass(frozen=True)
class Calibrated:
    """A value that was found, as records keep it."""

    value: float
    unit: str
    meaning: str
    how: str  # what was searched in which bench, and what holds there

    @classmethod
    def of(cls, bench: Bench, one: Calibration) -> Calibrated:
        """Of one of the calibrations of ``bench``."""
        variant = one.variant().name
        how = f"{one.parameter} of {variant} at which {one.target}" if one.parameter else f"{one.target}, from {variant}"
        return cls(bench.calibrated(one.name), one.unit, one.meaning, how)


def recorded(bench: Bench) -> dict[str, Calibrated]:
    """What was found before ``bench`` was simulated."""
    return {one.name: Calibrated.of(bench, one) for one in bench.calibrations() if one.wanted is None}


def lines(bench: Bench) -> list[str]:
    """The same for people, a line each."""
    return [f"{name} = {shown(one)}: {one.meaning} ({one.how})" for name, one in recorded(bench).items()]


def shown(one: Calibrated) -> str:
    """The value with its unit: to the last digit that decides the circuit."""
    return f"{one.value:.9g} {one.unit}".strip()
