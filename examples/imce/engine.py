"""The convolution engine: AND, bitcount and shift (Fan, ASP-DAC 2018).

    I * W = sum over m, n of 2^(m+n) bitcount(AND(C_n(W), C_m(I)))

with C_k the plane of bit k.  Integers are unsigned.  Every AND is done by one pair of cells, and a pair may be another gate
than AND (see :mod:`imce.bench`).  A weight bit stays where it is while the inputs pass, so a pair belongs to a filter, a place
in its kernel and a pair of bit planes (m, n), and errs in the same way at every position of every image.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from imce.bench import GATES

Integers = NDArray[np.integer]
OUTPUTS = np.array(list(GATES.values()), dtype=np.int8).reshape(len(GATES), 2, 2)  # [gate, input bit, weight bit]
AND = list(GATES).index("and")


def plane(values: Integers, k: int) -> Integers:
    """C_k: bit ``k`` of every value."""
    return (values >> k) & 1


def patches(images: Integers, kernel: int, stride: int = 1, padding: int = 0) -> Integers:
    """What each kernel position sees: images (count, height, width, channels) to (count, rows, columns, kernel^2 channels)."""
    padded = np.pad(images, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    windows = sliding_window_view(padded, (kernel, kernel), axis=(1, 2))[:, ::stride, ::stride]
    return np.moveaxis(windows, 3, -1).reshape(*windows.shape[:3], -1)


def gate_array(weights: Integers, bits: tuple[int, int], gates: Integers | None) -> Integers:
    """The gate of every pair, shape (input bits, weight bits, places, filters); all AND if ``gates`` is None."""
    shape = (bits[1], bits[0], *weights.shape)
    if gates is None:
        return np.full(shape, AND)
    if gates.shape != shape:
        raise ValueError(f"gates of shape {gates.shape} given; {shape} needed")
    return gates


def multiply_literally(inputs: Integers, weights: Integers, bits: tuple[int, int], gates: Integers | None = None) -> Integers:
    """``inputs`` (..., places) times ``weights`` (places, filters), gate by gate as the memory does it.

    ``bits`` is (bits of a weight, bits of an input).  Needs memory for every single AND; :func:`multiply` gives the same.
    """
    array = gate_array(weights, bits, gates)
    total = np.zeros((*inputs.shape[:-1], weights.shape[1]), dtype=np.int64)
    for m in range(bits[1]):
        for n in range(bits[0]):
            results = OUTPUTS[array[m, n], plane(inputs, m)[..., None], plane(weights, n)]  # the ANDs
            total += results.sum(axis=-2, dtype=np.int64) << (m + n)  # bitcount and shift
    return total


def multiply(inputs: Integers, weights: Integers, bits: tuple[int, int], gates: Integers | None = None) -> Integers:
    """The same numbers as :func:`multiply_literally`, by matrix products.

    With its weight bit fixed, a gate's output is f(0) + input bit (f(1) - f(0)): linear in the input bit, so a bitcount is a
    constant plus a product with a matrix of -1, 0 and 1.  Single precision is exact up to 2^24 places.
    """
    array = gate_array(weights, bits, gates)
    total = np.zeros((*inputs.shape[:-1], weights.shape[1]), dtype=np.int64)
    for m in range(bits[1]):
        seen = plane(inputs, m).astype(np.float32)
        constant = np.zeros(weights.shape[1], dtype=np.int64)
        slope = np.zeros(weights.shape, dtype=np.float32)
        for n in range(bits[0]):
            at_0, at_1 = (OUTPUTS[array[m, n], bit, plane(weights, n)].astype(np.int64) << n for bit in (0, 1))
            constant += at_0.sum(axis=0)
            slope += at_1 - at_0
        total += (np.rint(seen @ slope).astype(np.int64) + constant) << m
    return total
