"""What was found of that which a bench declares (:class:`spicekit.bench.Calibration`), for records and people.

A bench never simulates: it says what is to be found and how, and asks for the value by :meth:`spicekit.bench.Bench.calibrated`.
Whoever simulates it finds the values first, by its engine (:mod:`spicekit.engines.calibrate`): a campaign once, for all its
trials and workers.
"""

from __future__ import annotations

from dataclasses import dataclass

from spicekit.bench import Bench, Calibration


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
