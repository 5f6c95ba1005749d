"""Segments read by arrival times: against counted matches, closed forms and statistics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr

from montecarlo.behaviour import Amplifier, Reading, Segments
from montecarlo.behaviour.segments import matches
from spicekit.errors import UserError
from spicekit.physics.bnn_row import lsb
from spicekit.table import LookupTable
from spicekit.waves import Array

Arrivals = Callable[[Array], tuple[Array, Array]]


@pytest.fixture(scope="module")
def reading(arrivals: Arrivals) -> Callable[..., Reading]:
    """Rows of n cells."""

    def made(n: int, step: float = 0.0, window: float = float("inf")) -> Reading:
        v_in = np.linspace(0.30, 0.50, 11)
        return Reading(n, lsb(n, 2.5, 0.6, 0.2), 0.08, Amplifier.of(v_in, *arrivals(v_in), 0.4, window), step)

    return made


@pytest.mark.parametrize("n", [32, 64, 128, 256])
def test_without_deviations_the_scores_are_the_matches(n: int, reading: Callable[..., Reading]) -> None:
    rng = np.random.default_rng(n)
    classes, queries = (rng.choice([-1, 1], (count, 1024)).astype(np.float32) for count in (10, 30))
    expected = [[sum(int(a == b) for a, b in zip(query, one, strict=True)) for one in classes] for query in queries]
    np.testing.assert_array_equal(matches(queries, classes), expected)
    ideal = reading(n).scaled(0)
    np.testing.assert_array_equal(Segments(classes, ideal, rng).scores(queries), expected)
    fine = float(np.min(-np.diff(ideal.nominal(np.arange(n + 1.0))))) / 2.01  # a step below half of the shortest interval
    np.testing.assert_array_equal(Segments(classes, replace(ideal, step=fine), rng).scores(queries), expected)
    middle = (queries.reshape(30, 1, -1, n) == classes.reshape(1, 10, -1, n)).sum(axis=-1) >= n / 2
    np.testing.assert_array_equal(Segments(classes, ideal, rng).majority(queries), middle.sum(axis=-1))


def test_a_coarse_converter_rounds_by_half_a_step(reading: Callable[..., Reading]) -> None:
    """A code is the middle of its interval: at most half a step off in time, then half a match by whole numbers."""
    coarse = reading(128, step=400e-12)
    counts = np.arange(129.0)
    times = coarse.nominal(counts)
    error = np.abs(coarse.measure(times) - counts)
    slope = times * 17.6 * coarse.lsb  # s a match
    assert np.all(error <= 200e-12 / (slope - 17.6 * coarse.lsb * 200e-12) + 0.5 + 1e-9)
    assert error.max() > 2


def test_what_does_not_arrive_is_the_largest_count_that_does_not(reading: Callable[..., Reading]) -> None:
    short = reading(128, window=8e-9)
    late = short.nominal(np.arange(129.0)) >= 8e-9
    assert late.sum() > 10
    np.testing.assert_array_equal(short.measure(np.array([8e-9])), [late.sum() - 1])
    np.testing.assert_array_equal(replace(short, step=50e-12).measure(np.array([8e-9])), [late.sum() - 1])


def test_arrival_is_the_log_normal_that_was_simulated(reading: Callable[..., Reading], arrivals: Arrivals) -> None:
    amplifier = reading(128).amplifier
    assert amplifier.offset == pytest.approx(1.6e-3, rel=1e-6)
    rng = np.random.default_rng(2)
    drawn = amplifier.arrival(np.full(50_000, 0.43), rng.standard_normal(50_000))
    mean, std = arrivals(np.array([0.43]))
    assert drawn.mean() == pytest.approx(mean[0], rel=4 * std[0] / mean[0] / np.sqrt(50_000))
    assert drawn.std() == pytest.approx(std[0], rel=4 / np.sqrt(100_000))
    assert amplifier.arrival(np.array(0.55)) == pytest.approx(6.4e-9 * np.exp(-17.6 * 0.15))  # beyond the simulated voltages


@pytest.mark.parametrize("n", [32, 256])
def test_scores_err_as_the_closed_form_says(n: int, reading: Callable[..., Reading]) -> None:
    """The sum of D/N deviations, each normal with the sigma of an offset or of a row and rounded to whole matches."""
    rng = np.random.default_rng(6)
    dimension, classes_ = 1024, 400  # every class has rows of its own
    classes = rng.choice([-1, 1], (classes_, dimension)).astype(np.float32)
    query = rng.choice([-1, 1], (1, dimension)).astype(np.float32)
    base = reading(n)
    segments = dimension // n
    for source, sigma in (("amplifier", 1.6e-3 / base.lsb), ("cells", np.sqrt(n) / 2 * base.sigma_cell)):
        error = (Segments(classes, base.only(source), rng).scores(query) - matches(query, classes))[0]
        k = np.arange(1, 40)
        variance, fourth = (2 * np.sum((k**power - (k - 1) ** power) * ndtr(-(k - 0.5) / sigma)) for power in (2, 4))  # rounded
        total = np.sqrt(segments * variance)
        kurtosis = 3 + (fourth / variance**2 - 3) / segments  # of the sum; it gives the standard deviation of np.std
        assert np.std(error) == pytest.approx(total, rel=4 * np.sqrt((kurtosis - 1) / (4 * classes_))), source
        assert abs(error.mean()) < 4 * total / np.sqrt(classes_)


def test_a_reading_is_that_of_the_table(stt_bnn_table: LookupTable, arrivals: Arrivals, reading: Callable[..., Reading]) -> None:
    found = Reading.of(stt_bnn_table, 50e-12, n=64)
    assert (found.n, found.step, found.lsb) == (64, 50e-12, pytest.approx(lsb(64, 2.5, 0.6, 0.2)))
    assert found.sigma_row == pytest.approx(float(stt_bnn_table.query("sigma_row", tmr=2.5, n=64)))
    assert found.amplifier.offset == pytest.approx(1.6e-3, rel=1e-6)
    v_sl = np.array([0.41, 0.47])
    np.testing.assert_allclose(found.amplifier.arrival(v_sl), reading(64).amplifier.arrival(v_sl))
    assert found.amplifier.v_in.min() > stt_bnn_table.coordinates["v_in"].min()  # there some trials end with the window


def test_a_dimension_that_is_no_whole_number_of_segments_is_refused(reading: Callable[..., Reading]) -> None:
    with pytest.raises(UserError, match="whole number of segments of 64"):
        Segments(np.ones((2, 96), dtype=np.float32), reading(64), np.random.default_rng(0))
