"""Regressions as control variates: against distributions that are known, in synthetic trials and in a divider's closed form."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest, norm

from montecarlo import Campaign, Variation, records
from montecarlo.jobs.sweep import Sweep
from montecarlo.jobs.until import Until, run_until
from montecarlo.report.campaign import page
from montecarlo.report.content import Table
from montecarlo.statistics.improved import error_rate, plain_quantile, plain_std
from montecarlo.statistics.regression import Fit, fit
from montecarlo.statistics.surrogate import Estimate, Refused, linked, moments, regressed, smeared
from spicekit import UserError
from spicekit.bench import Margin

Array = NDArray[np.float64]
SETS, TRIALS, DRAWS = 50, 150, 20_000
LEVELS = (0.001, 0.5, 0.999)
WEIGHTS = np.array([0.6, -0.5, 0.4, 0.3, -0.25, 0.2, 0.15, -0.1, 0.05, 0.0])
WEIGHTS /= np.linalg.norm(WEIGHTS)
SIGMA, NOISE = 0.25, 0.1


def lognormal(z: Array, rng: np.random.Generator) -> Array:
    return np.exp(SIGMA * (z @ WEIGHTS))


def noisy(z: Array, rng: np.random.Generator) -> Array:
    """Of which no regression knows more than R2 = 1/(1 + NOISE^2)."""
    return z @ WEIGHTS + NOISE * rng.standard_normal(len(z))


LOGNORMAL_STD = float(np.exp(SIGMA**2 / 2) * np.sqrt(np.expm1(SIGMA**2)))
TRUE = {
    lognormal: [np.exp(SIGMA**2 / 2), LOGNORMAL_STD, *np.exp(SIGMA * norm.ppf(LEVELS))],
    noisy: [0.0, np.hypot(1, NOISE), *(np.hypot(1, NOISE) * norm.ppf(LEVELS))],
}


def estimates(found: Fit, z: Array, y: Array, draws: Array, rng: np.random.Generator) -> list[Estimate]:
    at_draws = linked(found, draws)
    smear = smeared(found, z, y, draws, at_draws, rng)
    both = moments(found, y, at_draws, smear)
    return [both.mean, both.std, *(smear.quantile(level) for level in LEVELS)]


@pytest.fixture(scope="module", params=[lognormal, noisy], ids=lambda law: law.__name__)
def sets(request: pytest.FixtureRequest) -> tuple[list[list[Estimate]], list[float]]:
    """Estimates of mean, standard deviation and three quantiles from 50 sets of trials, and what is true."""
    found = []
    for seed in range(SETS):
        rng = np.random.default_rng(seed)
        z, draws = rng.standard_normal((TRIALS, len(WEIGHTS))), rng.standard_normal((DRAWS, len(WEIGHTS)))
        y = request.param(z, rng)
        found.append(estimates(regressed(z, y), z, y, draws, rng))
    return found, TRUE[request.param]


def test_intervals_cover_as_often_as_they_say(sets: tuple[list[list[Estimate]], list[float]]) -> None:
    """Each of the five in 95 % of the sets: 42 of 50 or fewer happen once in 160; all together as often, too."""
    found, true = sets
    inside = np.array([[one.low <= value <= one.high for one, value in zip(row, true, strict=True)] for row in found])
    for count in inside.sum(axis=0):
        assert binomtest(int(count), SETS, 0.95, "less").pvalue > 0.002
    assert inside.mean() > 0.9


def test_estimates_are_not_biased_and_beat_the_trials_alone(sets: tuple[list[list[Estimate]], list[float]]) -> None:
    found, true = sets
    values = np.array([[one.value for one in row] for row in found])
    scatter = values.std(axis=0, ddof=1)
    assert np.all(np.abs(values.mean(axis=0) - true) < 3.5 * scatter / np.sqrt(SETS))
    plain = true[1] / np.sqrt(TRIALS)  # of a mean; of a normal's standard deviation 1/sqrt(2) of it
    assert scatter[0] < plain / 4
    assert scatter[1] < plain / np.sqrt(2) / 3
    # trials alone would need 1000 for the smallest of them to stand at 0.1 %, and then it scatters by a third of sigma
    assert scatter[2] < true[1] / 3 / 2


def test_a_bad_regression_makes_the_interval_wide_and_no_bias() -> None:
    """Half of the variance is a product of variables that no candidate holds: what is left is the trials' own statistic."""
    means = []
    for seed in range(SETS):
        rng = np.random.default_rng(seed)
        z, draws = rng.standard_normal((TRIALS, 3)), rng.standard_normal((DRAWS, 3))
        y = z[:, 0] + z[:, 1] * z[:, 2] * np.sign(z[:, 0])
        found = fit(z, y)
        assert found.r2 < 0.7
        at_draws = linked(found, draws)
        means.append(moments(found, y, at_draws, smeared(found, z, y, draws, at_draws, rng)).mean)
    inside = sum(one.low <= 0 <= one.high for one in means)
    assert binomtest(inside, SETS, 0.95, "less").pvalue > 0.002


def test_the_regression_finds_the_terms_and_the_form() -> None:
    rng = np.random.default_rng(5)
    z = rng.standard_normal((300, 60))
    found = fit(z, 5 + z[:, 3] - 0.5 * z[:, 7] + 0.3 * z[:, 3] * z[:, 7] + 0.2 * z[:, 3] ** 2)
    assert found.r2 == pytest.approx(1, abs=1e-9)
    assert len(found.terms) <= 8  # a variable that is centred on its samples' mean needs both linear ones in a product
    assert fit(z, np.exp(0.4 * z[:, 3] - 0.3 * z[:, 7])).link == "logarithm"


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        (lambda z: np.sign(z[:, 0]) + 0.0, "2 values only"),
        (lambda z: np.sign(z[:, 0] + z[:, 1]) + 0.01 * z[:, 2], "R2 0.[0-9]+ with [0-9]+ coefficients, below 0.95"),
        (lambda z: z[:, 0] + 1.5 * (np.arange(len(z)) == 7), "jumps in 1 of 120 trials"),
        (lambda z: np.ones(len(z)), "does not vary"),
        (lambda z: np.where(z[:, 0] > 2, np.inf, z[:, 0]), "beyond its limits in [1-9]"),
        (lambda z: z[:20, 0], "20 trials; at least 30"),
    ],
)
def test_what_no_regression_can_tell_is_refused(measure: Callable[[Array], Array], words: str) -> None:
    z = np.random.default_rng(2).standard_normal((120, 4))
    y = measure(z)
    with pytest.raises(Refused, match=words):
        regressed(z[: len(y)], y)


def test_plain_intervals() -> None:
    """Of a normal standard deviation sqrt(1/2n), and order statistics as the binomial law says."""
    rng = np.random.default_rng(3)
    spread = [plain_std(rng.standard_normal(400)) for _ in range(200)]
    assert binomtest(sum(one.low <= 1 <= one.high for one in spread), 200, 0.95).pvalue > 0.001
    medians = [plain_quantile(rng.standard_normal(101), 0.5) for _ in range(400)]
    assert binomtest(sum(one.low <= 0 <= one.high for one in medians), 400, 0.95).pvalue > 0.001
    assert np.isnan(plain_quantile(np.arange(500.0), 0.001).value)


def divider(user_benches: Path, trials: int = 100, **options: Any) -> Campaign:
    """1 V over r and 1000 ohm, r = 1000 ohm of 5 %, by the engine that knows its closed form."""
    engine = f"{user_benches / 'closed_form.py'}:solve"
    return Campaign(f"{user_benches / 'faults.py'}:Divider", trials=trials, engine=engine, **options)


def test_a_campaign_tells_plain_and_improved(user_benches: Path, tmp_path: Path) -> None:
    summary = divider(user_benches, seed=4, surrogate=True).run(tmp_path, workers=1).summary
    assert summary == json.loads((tmp_path / "summary.json").read_text())
    found = summary["surrogate"]
    assert (found["trials"], found["draws"], found["refused"]) == (100, 100_000, {})
    row = found["measures"]["v_out"]
    assert row["r2"] > 0.9999
    for key, level in (("q001", 0.001), ("q50", 0.5), ("q999", 0.999)):
        true = 1 / (2 + 0.05 * norm.ppf(1 - level))
        value, low, high = row[key]["improved"]
        assert value == pytest.approx(true, rel=3e-4)
        assert low - 2e-5 < true < high + 2e-5
        assert row[key]["plain"][0] == (None if key != "q50" else pytest.approx(true, rel=0.01))
    assert row["std"]["plain"][0] == summary["measures"]["v_out"]["std"]
    assert row["std"]["worth"] > 100
    section = next(one for one in page(tmp_path).sections if one.heading == "With a regression as control variate")
    rows = next(block for block in section.blocks if isinstance(block, Table)).rows
    assert [row[2] for row in rows] == ["mean", "sigma", "0.1 %", "median", "99.9 %"]
    assert rows[2][3] == "-"
    again = divider(user_benches, seed=4, surrogate=True).run(tmp_path, workers=1)
    assert again.summary["surrogate"] == found
    assert "surrogate" not in divider(user_benches, seed=4).run(tmp_path, workers=1).summary


def test_draws_keep_to_what_a_trial_may_be(user_benches: Path, tmp_path: Path) -> None:
    """A resistance of 70 % sigma is below 0 in 8 % of the trials, which are invalid: the others are what is told of."""
    campaign = divider(user_benches, variations=[Variation.parse("r=70%")], surrogate=True)
    summary = campaign.run(tmp_path, workers=1).summary
    assert summary["outcomes"]["invalid"] > 0
    r = np.linspace(1e-3, 5000, 2_000_001)
    weight = norm.pdf(r, 1000, 700)
    true = float((weight / (1 + r / 1000)).sum() / weight.sum())
    _, low, high = summary["surrogate"]["measures"]["v_out"]["mean"]["improved"]
    assert low < true < high
    assert high - low < 0.1 * true


def test_a_sweep_has_improved_columns(user_benches: Path, tmp_path: Path) -> None:
    """At each point: sigma of 1/(2 + 0.05 z) V, which 100 trials alone tell to 7 %; nothing is told of a nominal one."""
    bench = f"{user_benches / 'faults.py'}:Divider"
    options = {"engine": f"{user_benches / 'closed_form.py'}:solve", "surrogate": True}
    over = {"threshold": [1.0, 2.0]}
    table = Sweep(bench, over, trials=100, **options).run(tmp_path, workers=1)
    z = np.linspace(-8, 8, 20_001)
    weight = norm.pdf(z) / norm.pdf(z).sum()
    v = 1 / (2 + 0.05 * z)
    std = np.sqrt(weight @ v**2 - (weight @ v) ** 2)
    for name, true in (
        ("v_out_improved", weight @ v),
        ("v_out_std_improved", std),
        ("v_out_q001_improved", 1 / (2 + 0.05 * 3.0902)),
    ):
        assert table[name].values == pytest.approx([true, true], rel=0.01)
        assert np.all((table[f"{name}_low"] < table[name]) & (table[name] < table[f"{name}_high"]))
    assert np.all(table["v_out_r2"] > 0.999)
    with pytest.raises(UserError, match="--surrogate needs --trials"):
        Sweep(bench, over, **options)


def test_it_ends_when_sigma_is_precise(user_benches: Path, tmp_path: Path) -> None:
    """Sigma to 1 % takes 20 000 trials alone, and the first stage with a regression."""
    goal = Until.parse("sigma( v_out ) ci < 1%", divider(user_benches).bench)
    assert goal.text == "sigma( v_out ) ci < 1%"
    campaign, result = run_until(lambda n: divider(user_benches, trials=n), goal, 100_000, tmp_path, workers=1)
    assert campaign.trials < 5000
    assert goal.met(result.record)
    low, high = result.summary["surrogate"]["measures"]["v_out"]["std"]["improved"][1:]
    assert goal.width(result.record) == pytest.approx((high - low) / (high + low), rel=1e-6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sigma(v_in) ci<1%", "unknown measure 'v_in'"),
        ("spread(v_out) ci<1%", "unknown figure 'spread'; choose from mean, q001, q50, q999, sigma"),
        ("sigma v_out ci<1%", "give e.g."),
    ],
)
def test_goals_that_are_none(text: str, words: str, user_benches: Path) -> None:
    with pytest.raises(UserError, match=words):
        Until.parse(text, divider(user_benches).bench)


def test_a_goal_that_no_regression_reaches_says_why(user_benches: Path) -> None:
    goal = Until.parse("sigma(v_out) ci<1%", divider(user_benches).bench)
    found = records.Surrogate(trials=9, draws=0, measures={}, margins={}, refused={"v_out": "it jumps"})
    summary = records.Summary.model_construct(surrogate=found)
    assert not goal.met(summary)
    assert goal.why_not(summary) == "no regression of v_out: it jumps"


def test_error_rates_of_a_margin() -> None:
    """Two normal states whose means are 4 apart, sigma 1 and 1: the best reference is between them, and the rate Phi(-2)."""
    inside = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        z, draws = rng.standard_normal((120, 4)), rng.standard_normal((DRAWS, 4))
        low, high = z[:, 0], 4 + 0.8 * z[:, 1] + 0.6 * z[:, 2]
        low, high = (y + 0.02 * rng.standard_normal(len(z)) for y in (low, high))
        smears = {}
        for name, y in (("low", low), ("high", high)):
            found = regressed(z, y)
            smears[name] = smeared(found, z, y, draws, linked(found, draws), rng)
        rate = error_rate(Margin("m", "low", "high"), {"low": low, "high": high}, smears)
        value, lower, upper = rate["improved"]
        assert value == pytest.approx(norm.cdf(-2), rel=0.12)
        assert rate["worth"] > 5
        inside += lower < norm.cdf(-2) < upper
    assert binomtest(inside, 12, 0.95, "less").pvalue > 0.002
