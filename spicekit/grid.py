"""Between the points of a grid: where a value lies on an axis, and what is interpolated there."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spicekit.errors import UserError, unknown
from spicekit.waves import Array

_BLOCK = 65_536  # points at a time: they stay in the cache


def place(name: str, grid: NDArray[Any], wanted: ArrayLike, unit: str, origin: str) -> tuple[NDArray[np.int64], Array]:
    """Index of the grid value below each of ``wanted``, and the weight of the next one."""
    if grid.dtype.kind == "U":
        words = np.asarray(wanted, dtype=str)
        known = [str(word) for word in grid]
        for word in np.unique(words):
            if word not in known:
                raise unknown(name, str(word), known, of=origin)
        index = np.argmax(words[..., None] == np.array(known), axis=-1)
        return index, np.zeros(index.shape)
    numbers = _numbers(name, wanted, unit)
    allowed = f"{described(grid)} {unit}".rstrip()
    whole = grid.dtype.kind in "iu"
    grid = grid.astype(float)
    slack = 1e-9 * max(abs(float(grid[0])), abs(float(grid[-1])))
    inside = (numbers >= grid[0] - slack) & (numbers <= grid[-1] + slack)
    if not np.all(inside):
        raise UserError(f"{name}={numbers[~inside].flat[0]:g} is outside the table: {allowed}")
    if whole and np.any(numbers != np.rint(numbers)):
        odd = numbers[numbers != np.rint(numbers)].flat[0]
        raise UserError(f"{name}={odd:g} is no whole number: {allowed}")
    numbers = np.clip(numbers, grid[0], grid[-1])
    if len(grid) == 1:
        return np.zeros(numbers.shape, dtype=np.int64), np.zeros(numbers.shape)
    low = np.clip(np.searchsorted(grid, numbers, side="right") - 1, 0, len(grid) - 2)
    return low, (numbers - grid[low]) / (grid[low + 1] - grid[low])


def interpolate(values: Array, placed: Sequence[tuple[NDArray[np.int64], Array]], shape: tuple[int, ...]) -> Array:
    """``values`` (dimensions..., extra) at points placed on each dimension, which broadcast to ``shape``: (shape..., extra)."""
    rows = np.ascontiguousarray(values).reshape(-1, values.shape[-1])
    strides = [math.prod(values.shape[k + 1 : -1]) for k in range(len(placed))]
    result = np.empty((math.prod(shape), rows.shape[1]))
    spread = [tuple(part if part.ndim == 0 else np.broadcast_to(part, shape).reshape(-1) for part in axis) for axis in placed]
    for first in range(0, len(result), _BLOCK):
        block = slice(first, first + _BLOCK)
        result[block] = _multilinear(rows, strides, [tuple(p if p.ndim == 0 else p[block] for p in axis) for axis in spread])
    return result.reshape(*shape, rows.shape[1])


def _multilinear(rows: Array, strides: list[int], axes: list[tuple[NDArray[Any], ...]]) -> Array:
    """Rows of the flattened grid, (points, extra), interpolated at axes of (index below, weight of the one above)."""
    base: Any = np.int64(0)
    between = []  # axes on which some point lies off the grid
    for (low, upper), stride in zip(axes, strides, strict=True):
        base = base + low * stride
        if np.any(upper):
            between.append((upper, stride))
    if rows.shape[1] == 1:
        rows = rows[:, 0]
    incomplete = not np.isfinite(rows).all()
    result: Any = 0.0
    for corner in itertools.product((0, 1), repeat=len(between)):
        factor: Any = 1.0
        index = base
        for side, (upper, stride) in zip(corner, between, strict=True):
            factor = factor * (upper if side else 1 - upper)
            index = index + stride if side else index
        known = rows.take(index, axis=0)
        factor = np.asarray(factor).reshape(np.shape(factor) + (1,) * (rows.ndim - 1))
        if incomplete:  # a corner of weight 0 may hold "not known", and then says nothing
            known = np.where(factor > 0, known, 0.0)
        result = result + factor * known
    return np.asarray(result if rows.ndim > 1 else np.asarray(result)[..., None])


def _numbers(name: str, wanted: ArrayLike, unit: str) -> Array:
    from spicekit.units import parse_quantity

    try:
        return np.asarray(parse_quantity(wanted, unit) if isinstance(wanted, str) else wanted, dtype=float)
    except UserError as error:
        raise UserError(f"{name}: {error}") from None
    except (TypeError, ValueError):
        raise UserError(f"{name}={wanted!r}: give a number or an array of numbers") from None


def described(grid: NDArray[Any]) -> str:
    """Its ends, or its words."""
    if grid.dtype.kind == "U":
        return " | ".join(str(word) for word in grid)
    return f"{grid[0]:g} to {grid[-1]:g}" if len(grid) > 1 else f"{grid[0]:g}"
