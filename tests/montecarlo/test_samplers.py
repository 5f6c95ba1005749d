"""Samplers: standard normal, the same however the trials are split, and each with the property it is there for."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import ndtr
from scipy.stats import qmc

from montecarlo.samplers import make_sampler, sampler_names
from spicekit import UserError

ALL = ("random", "lhs", "sobol")


def test_names() -> None:
    assert tuple(sampler_names()) == ALL
    with pytest.raises(UserError, match="unknown sampler 'shobol'; did you mean sobol"):
        make_sampler("shobol", 1, 10, 2)


@pytest.mark.parametrize("name", ALL)
def test_standard_normal(name: str) -> None:
    trials = 65_536
    z = make_sampler(name, 7, trials, 5).normals(0, trials)
    assert z.shape == (trials, 5)
    assert np.isfinite(z).all()
    # five standard errors of independent draws; lhs and sobol are much closer than that
    assert np.abs(z.mean(axis=0)).max() < 5 / math.sqrt(trials)
    assert np.abs(z.std(axis=0) - 1).max() < 5 / math.sqrt(2 * trials)
    assert np.abs(stats.skew(z)).max() < 5 * math.sqrt(6 / trials)
    assert np.abs(stats.kurtosis(z)).max() < 5 * math.sqrt(24 / trials)
    for column in z.T:
        assert stats.kstest(column, "norm").pvalue > 1e-3
    assert np.abs(np.corrcoef(z.T) - np.eye(5)).max() < 5 / math.sqrt(trials)


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=30)
@given(cuts=st.lists(st.integers(0, 300), max_size=6), seed=st.integers(0, 2**63), dimensions=st.integers(1, 30))
def test_splitting_changes_nothing(name: str, cuts: list[int], seed: int, dimensions: int) -> None:
    whole = make_sampler(name, seed, 300, dimensions).normals(0, 300)
    edges = [0, *sorted(cuts), 300]
    # backwards: a sampler must not depend on the order in which it is asked
    parts = {}
    sampler = make_sampler(name, seed, 300, dimensions)
    for first, last in reversed(list(itertools.pairwise(edges))):
        if last > first:
            parts[first] = sampler.normals(first, last)
    assert np.array_equal(np.concatenate([parts[first] for first in sorted(parts)]), whole)


@pytest.mark.parametrize("name", ALL)
def test_the_seed_decides(name: str) -> None:
    first = make_sampler(name, 1, 64, 3).normals(0, 64)
    assert np.array_equal(first, make_sampler(name, 1, 64, 3).normals(0, 64))
    assert not np.isclose(first, make_sampler(name, 2, 64, 3).normals(0, 64)).any(axis=1).all()


def test_a_trial_has_a_stream_of_its_own() -> None:
    """More variation points or more trials leave the draws of the others alone."""
    few = make_sampler("random", 5, 100, 3).normals(0, 100)
    many = make_sampler("random", 5, 10**9, 40).normals(0, 100)
    assert np.array_equal(few, many[:, :3])
    late = make_sampler("random", 5, 10**9, 3).normals(10**12, 10**12 + 2)
    assert np.isfinite(late).all()
    # streams of neighbouring trials are unrelated
    z = make_sampler("random", 5, 0, 50).normals(0, 2000)
    neighbours = np.corrcoef(z[:-1].ravel(), z[1:].ravel())[0, 1]
    assert abs(neighbours) < 5 / math.sqrt(z[1:].size)
    assert len(np.unique(z)) == z.size


@pytest.mark.parametrize("trials", [1, 7, 1000])
def test_lhs_has_one_trial_in_every_stratum(trials: int) -> None:
    unit = ndtr(make_sampler("lhs", 3, trials, 4).normals(0, trials))
    for column in unit.T:
        assert sorted(np.floor(column * trials).astype(int).tolist()) == list(range(trials))


def test_sobol_covers_more_evenly_than_chance() -> None:
    trials, dimensions = 1024, 6
    sobol = qmc.discrepancy(ndtr(make_sampler("sobol", 3, trials, dimensions).normals(0, trials)))
    chance = min(
        qmc.discrepancy(ndtr(make_sampler("random", seed, trials, dimensions).normals(0, trials))) for seed in range(10)
    )  # fmt: skip
    assert sobol < chance / 5


def test_sobol_never_repeats_a_value() -> None:
    z = make_sampler("sobol", 1, 0, 2).normals(0, 2**17)
    assert len(np.unique(z[:, 0])) == 2**17


def test_stratified_means_are_better_than_chance() -> None:
    """Mean of exp(z/2), an even-handed test function: the error over ten seeds."""
    truth = math.exp(0.125)

    def error(name: str) -> float:
        means = [np.exp(make_sampler(name, seed, 512, 3).normals(0, 512) / 2).mean() for seed in range(10)]
        return float(np.sqrt(np.mean((np.array(means) - truth) ** 2)))

    assert error("lhs") < error("random") / 5
    assert error("sobol") < error("random") / 5


def test_sobol_has_a_largest_dimension() -> None:
    with pytest.raises(UserError, match="--sampler sobol: 30000 variation points, at most 21201; use random or lhs"):
        make_sampler("sobol", 1, 0, 30_000)
