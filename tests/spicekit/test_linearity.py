"""Linearity of transfers with known bends."""

from __future__ import annotations

import numpy as np
import pytest

from spicekit.linearity import deviation, dnl, inl, usable

LEVEL = np.arange(0.0, 65.0)


def test_a_parabola() -> None:
    # y = x + a x (64 - x): through both ends of y = x, farthest in the middle, slope 1 + a (64 - 2x)
    a = 1e-3
    out = np.array([3.0 + 0.2 * (LEVEL + a * LEVEL * (64 - LEVEL)), 3.0 - 5.0 * LEVEL])
    np.testing.assert_allclose(deviation(LEVEL, out)[0], a * LEVEL * (64 - LEVEL), atol=1e-12)
    np.testing.assert_allclose(inl(LEVEL, out), [a * 32**2, 0], atol=1e-12)
    np.testing.assert_allclose(dnl(LEVEL, out), [a * 63, 0], atol=1e-12)


def test_usable_range() -> None:
    # y = x + c x^2: over 0..n the end-point INL is c n^2/4 in units of 1, over (1 + c n) in steps
    c = 5e-3
    out = LEVEL + c * LEVEL**2
    expected = max(n for n in range(2, 65) if c * (n // 2) * (n - n // 2) / (1 + c * n) < 0.5)
    assert usable(LEVEL, out) == expected
    assert 2 < expected < 64
    assert usable(LEVEL, LEVEL * 3.0) == 64


def test_coarse_levels() -> None:
    level = np.array([0.0, 16, 32, 48, 64])
    out = np.array([0.0, 17, 32, 48, 64])
    assert inl(level, out) == pytest.approx(1.0)
    assert dnl(level, out) == pytest.approx(1 / 16)
