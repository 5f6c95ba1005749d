"""Matches of a query with class hypervectors, segment by segment through source line, amplifier and time-to-digital converter.

Hyperdimensional classification as STT-HDC does it (IEEE Access 2025) on the rows of STT-BNN's macro.  A class hypervector of D
bits lies in D / N rows of N cells; a query is the rows' inputs.  V_SL of a row, which is linear in its matches
(:mod:`montecarlo.behaviour.rows`), starves the amplifier, whose arrival comes the sooner the more match:

    matches -> V_SL -> arrival time -> code = floor(time / step), at most that of the window -> matches, whole, by a memory

and the matches of a class's segments are added digitally.  The memory holds for each code the matches that the nominal row and
amplifier have in the middle of its interval.  What deviates: the gain of each cell and the offset of each amplifier, both drawn
once for a physical row, and the rounding to codes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.interpolate import make_interp_spline

from montecarlo.behaviour.arrays import Array, Counts, Signs
from montecarlo.behaviour.lookup import axis, operating_point
from spicekit.errors import UserError
from spicekit.table import LookupTable

TIME = "time_t_load"
V_MID = 0.4  # V: the default of tbs-sense
T_WINDOW = 10e-9  # s: that of the converter, and the default of tbs-sense


@dataclass(frozen=True)
class Amplifier:
    """Arrival against the voltage of the source line: median in s and standard deviation of ln t at ``v_in`` (V, rising).

    Between the points and beyond them ln t is linear in V_SL, as it is near threshold.  An amplifier is late by the same number
    of standard deviations everywhere, for one transistor's threshold (that of M_ST) makes nearly all of its spread.
    """

    v_in: Array
    median: Array
    spread: Array
    v_mid: float  # V_SL at which half of the cells match
    window: float  # s

    @classmethod
    def of(cls, v_in: Array, mean: Array, std: Array, v_mid: float, window: float) -> Amplifier:
        """From mean and standard deviation of the time, taken as log-normal: ln t follows the threshold's normal shift."""
        variance = np.log1p((std / mean) ** 2)
        return cls(v_in, mean * np.exp(-variance / 2), np.sqrt(variance), v_mid, window)

    def arrival(self, v_sl: Array, offset: Array | float = 0.0) -> Array:
        """Time in s for an amplifier ``offset`` standard deviations late; the window if it does not arrive."""
        line = make_interp_spline(self.v_in, np.log(self.median), k=1)
        return np.asarray(np.minimum(np.exp(line(v_sl) + offset * np.interp(v_sl, self.v_in, self.spread)), self.window))

    def without_window(self) -> Amplifier:
        """The same with all the time that it needs."""
        return replace(self, window=float("inf"))

    @property
    def offset(self) -> float:
        """Standard deviation of the input at which it arrives when the nominal one does at ``v_mid``, in V, to first order."""
        line = make_interp_spline(self.v_in, np.log(self.median), k=1)
        return float(np.interp(self.v_mid, self.v_in, self.spread) / -line(self.v_mid, nu=1))


@dataclass(frozen=True)
class Reading:
    """How a row's matches become a number: ``lsb`` in V a match, ``sigma_cell`` relative, ``step`` in s; 0: time is not rounded.

    ``offsets`` is the standard deviation of the amplifiers' offsets in units of the simulated one.
    """

    n: int
    lsb: float
    sigma_cell: float
    amplifier: Amplifier
    step: float
    offsets: float = 1.0

    @classmethod
    def of(cls, table: LookupTable, step: float = 0.0, window: float = T_WINDOW, **where: Any) -> Reading:
        """From a table of ``spicekit characterize stt-bnn`` at ``where``, coordinates not given at their nominal values.

        Raises :class:`UserError` if the table has no arrival times there.
        """
        place, v_in = operating_point(table, **where), axis(table, "v_in")
        mean, std = (np.asarray(table.query(name, **place | {"v_in": v_in})) for name in (TIME, f"{TIME}_std"))
        simulated = table.provenance.get("parts", {}).get("time", {}).get("given", {})
        # a mean over trials of which some end with the window is none of the arrival
        known = np.isfinite(mean) & np.isfinite(std) & (mean + 4 * std < simulated.get("t_window", T_WINDOW))
        if np.count_nonzero(known) < 2:
            raise UserError(
                f"{table.origin}: no arrival times at {', '.join(f'{k} {v}' for k, v in place.items() if k != 'v_in')}"
            )
        amplifier = Amplifier.of(v_in[known], mean[known], std[known], simulated.get("v_mid", V_MID), window)
        n, sigma_row = int(place["n"]), float(table.query("sigma_row", **place))
        return cls(n, float(table.query("lsb", **place)), 2 * sigma_row / float(np.sqrt(n)), amplifier, step)

    @property
    def sigma_row(self) -> float:
        """Standard deviation that the cells give a row, in matches."""
        return float(self.sigma_cell * np.sqrt(self.n) / 2)

    def scaled(self, factor: float) -> Reading:
        """With ``factor`` times the mismatch of cells and amplifiers."""
        return replace(self, sigma_cell=self.sigma_cell * factor, offsets=self.offsets * factor)

    def only(self, source: str) -> Reading:
        """With one source of errors besides the window: cells, amplifier or rounding; any other word: none."""
        return replace(
            self,
            sigma_cell=self.sigma_cell if source == "cells" else 0.0,
            offsets=self.offsets if source == "amplifier" else 0.0,
            step=self.step if source == "rounding" else 0.0,
        )

    def nominal(self, matches: Array) -> Array:
        """Arrival of the nominal amplifier in s."""
        return self.amplifier.arrival(self.amplifier.v_mid + self.lsb * (matches - self.n / 2))

    def matches_of(self, time: Array) -> Array:
        """The inverse of :meth:`nominal`, whole numbers from 0 to n; the largest that does not arrive, for a whole window."""
        counts = np.arange(self.n + 1.0)
        times = self.nominal(counts)
        return np.asarray(np.rint(np.interp(-np.log(time), -np.log(times), counts)))

    def measure(self, time: Array) -> Counts:
        """Matches that the converter and its memory make of an arrival ``time``."""
        if self.step == 0:
            return self.matches_of(time).astype(np.int64)
        codes = np.floor(time / self.step).astype(np.int64)
        middles = (np.arange(codes.max() + 1) + 0.5) * self.step
        memory = self.matches_of(np.minimum(middles, self.amplifier.window))
        return np.asarray(memory[codes], dtype=np.int64)


class Segments:
    """Class hypervectors of +1 and -1, (classes, dimension), in physical rows with their own cells and amplifiers.

    Fresh a chip: gains of the cells, in ``rows`` (segments, cells, classes), and ``late``, how many standard deviations each
    amplifier is, (segments, 1, classes).  Nothing is fresh a read.
    """

    def __init__(self, classes: Signs, reading: Reading, rng: np.random.Generator) -> None:
        count, dimension = classes.shape
        if dimension % reading.n:
            raise UserError(f"{dimension} elements are not a whole number of segments of {reading.n}")
        self.reading = reading
        gains = 1 + reading.sigma_cell * rng.standard_normal(classes.shape)
        self.rows = _cut((classes * gains).astype(np.float32), reading.n).transpose(0, 2, 1)  # segments, cells, classes
        self.late = reading.offsets * rng.standard_normal((dimension // reading.n, 1, count))

    def times(self, queries: Signs) -> Array:
        """Arrivals in s: (segments, queries, classes)."""
        reading = self.reading
        distance = (_cut(queries, reading.n) @ self.rows).astype(float) / 2
        return reading.amplifier.arrival(reading.amplifier.v_mid + reading.lsb * distance, self.late)

    def scores(self, queries: Signs) -> Counts:
        """Matches with each class, added over the segments: (queries, classes)."""
        return np.asarray(self.reading.measure(self.times(queries)).sum(axis=0))

    def majority(self, queries: Signs) -> Counts:
        """Segments of each class that arrive before the middle: what is left without a converter, one bit a segment."""
        middle = self.reading.nominal(np.array((self.reading.n - 1) / 2))
        return np.asarray((self.times(queries) < middle).sum(axis=0))


def matches(queries: Signs, classes: Signs) -> Counts:
    """Equal elements of each query with each class: the ideal score."""
    return np.asarray(np.rint((queries.shape[1] + queries @ classes.T) / 2), dtype=np.int64)


def _cut(vectors: Signs, n: int) -> Signs:
    """(count, dimension) as (segments, count, n)."""
    return vectors.reshape(len(vectors), -1, n).transpose(1, 0, 2)
