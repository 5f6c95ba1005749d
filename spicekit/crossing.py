"""Measures of waveforms: crossings, values at a time, integrals.  Arrays have shape (points,), times are in seconds."""

from __future__ import annotations

from typing import Literal

import numpy as np

from spicekit.waves import Array


def crossing(
    time: Array, wave: Array, level: float, *, after: float = 0.0, edge: Literal["rise", "fall", "either"] = "either"
) -> float:
    """First time at or after ``after`` at which ``wave`` passes ``level``, linearly interpolated; inf if it never does."""
    above = wave > level
    change = above[1:] != above[:-1]
    if edge != "either":
        change &= above[1:] if edge == "rise" else above[:-1]
    for k in np.flatnonzero(change):
        step = wave[k + 1] - wave[k]
        found = float(time[k] + (level - wave[k]) / step * (time[k + 1] - time[k]))
        if found >= after:
            return found
    return float("inf")


def value_at(time: Array, wave: Array, when: float) -> float:
    """``wave`` at time ``when``, linearly interpolated."""
    return float(np.interp(when, time, wave))


def integral(time: Array, wave: Array, start: float = 0.0, stop: float | None = None) -> float:
    """Trapezoidal integral of ``wave`` from ``start`` to ``stop`` (the whole wave if not given)."""
    end = float(time[-1]) if stop is None else min(stop, float(time[-1]))
    if start <= time[0] and end >= time[-1]:
        return float(np.trapezoid(wave, time))
    inside = (time > start) & (time < end)
    points = np.concatenate([[start], time[inside], [end]])
    values = np.concatenate([[np.interp(start, time, wave)], wave[inside], [np.interp(end, time, wave)]])
    return float(np.trapezoid(values, points))


def settled(time: Array, wave: Array, band: float) -> float:
    """Time from which ``wave`` stays at or below ``band``, linearly interpolated; inf if it is above it in the end."""
    outside = np.flatnonzero(wave > band)
    if not len(outside):
        return float(time[0])
    k = int(outside[-1])
    if k == len(wave) - 1:
        return float("inf")
    return float(time[k] + (wave[k] - band) / (wave[k] - wave[k + 1]) * (time[k + 1] - time[k]))
