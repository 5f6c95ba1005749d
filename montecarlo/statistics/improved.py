"""What ``--surrogate`` adds to a summary: plain and improved estimates side by side, or why there is none.

The draws come from the campaign's own distribution of what varies, by a random stream of their own that the seed gives; those
outside the physical range, which would be no trials either, are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import bdtrik, stdtrit

from montecarlo.running.store import Store
from montecarlo.running.subject import Drawn
from montecarlo.samplers import NOMINAL
from montecarlo.statistics.margins import MarginStatistics, best_reference, circuit_errors, clopper_pearson
from montecarlo.statistics.surrogate import Estimate, Refused, Smeared, linked, moments, regressed, smeared
from spicekit.bench import Margin
from spicekit.binomial import trials_for
from spicekit.errors import UserError
from spicekit.outcome import Outcome
from spicekit.waves import Array

LEVELS = {"q001": 0.001, "q50": 0.5, "q999": 0.999}
DRAWS = 1000  # for each trial
LEAST_DRAWS, MOST_DRAWS = 100_000, 1_000_000
MOST_NUMBERS = 30_000_000  # trials or draws x variation points held at a time: 240 MB
LEAST_RATE = 1e-3  # of errors: rarer ones are a matter of importance sampling
BLOCK = 20_000
STREAM = 0x5355_5252  # tells the draws' random stream from all others of the seed


def improved(campaign: Drawn, store: Store) -> dict[str, Any]:
    """The key ``surrogate`` of the summary (:class:`montecarlo.records.Surrogate`), of the first trials that fit the memory."""
    if campaign.sampler == NOMINAL:
        raise UserError("--surrogate: nothing varies in a nominal simulation; give --trials")
    trials = min(campaign.trials, MOST_NUMBERS // max(len(campaign.space.points), 1))
    table = store.parts.head(trials)
    ok = table["outcome"] == str(Outcome.OK)
    samples = {name: column[ok] for name, column in store.samples.read(0, trials).items()}
    return improve(campaign, samples, {measure.name: table[measure.name][ok] for measure in campaign.bench.measures()})


def improve(campaign: Drawn, samples: Mapping[str, Array], values: Mapping[str, Array]) -> dict[str, Any]:
    """The same of trials that are all ok: ``samples`` of each variation point and ``values`` of each measure."""
    bench = campaign.bench
    trials = len(next(iter(values.values())))
    varied = [name for name, column in samples.items() if len(column) and np.ptp(column) > 0]
    found: dict[str, Any] = {"trials": trials, "draws": 0, "measures": {}, "margins": {}, "refused": {}}
    if not varied:
        found["refused"] = {measure.name: "no trial is ok, or nothing varies" for measure in bench.measures()}
        return found
    x = np.stack([samples[name] for name in varied], axis=1)
    draws = drawn(campaign, varied, len(x))
    found["draws"] = len(draws)
    smears: dict[str, Smeared] = {}
    for measure in bench.measures():
        try:
            if measure.fraction:
                raise Refused("it is 0 or 1 in a trial")
            one, smears[measure.name] = measured(x, values[measure.name], draws, campaign.seed)
        except Refused as reason:
            found["refused"][measure.name] = str(reason)
        else:
            found["measures"][measure.name] = {"unit": measure.unit} | one
    for margin in bench.margins():
        rates: dict[str, Any] = {}
        try:
            rates["error_rate"] = error_rate(margin, values, smears)
        except Refused as reason:
            found["refused"][f"{margin.name}.error_rate"] = str(reason)
        if margin.reference is not None:
            try:
                rates["circuit_error_rate"] = _circuit_error_rate(margin, x, values, draws, campaign.seed)
            except Refused as reason:
                found["refused"][f"{margin.name}.circuit_error_rate"] = str(reason)
        if rates:
            found["margins"][margin.name] = rates
    return found


def drawn(campaign: Drawn, names: list[str], trials: int) -> Array:
    """Values of the variation points ``names`` from the campaign's distribution, shape (draws, names).

    Raises :class:`UserError` if hardly any draw is physical.
    """
    most = min(MOST_DRAWS, max(MOST_NUMBERS // len(names), BLOCK))
    count = min(max(DRAWS * trials, LEAST_DRAWS), most)
    rng = np.random.default_rng([campaign.seed, STREAM])
    found = np.empty((count, len(names)), order="F")  # a variable after the other, as the regression takes them
    done = tried = 0
    while done < count:
        values = campaign.space.values(rng.standard_normal((BLOCK, campaign.space.dimensions)))
        physical = np.ones(BLOCK, dtype=bool)
        for point in campaign.space.points:
            physical &= np.isfinite(values[point.name]) & (values[point.name] > point.low)
        block = np.stack([values[name] for name in names], axis=1)[physical][: count - done]
        found[done : done + len(block)] = block
        done, tried = done + len(block), tried + BLOCK
        if tried > 100 * count:
            raise UserError("--surrogate: hardly any draw is in the physical range of the variation points; give smaller sigmas")
    return found


def measured(x: Array, y: Array, draws: Array, seed: int) -> tuple[dict[str, Any], Smeared]:
    """The record of a measure ``y`` of the trials, and its distribution.  Raises :class:`Refused`."""
    fit = regressed(x, y)
    at_draws = linked(fit, draws)
    smear = smeared(fit, x, y, draws, at_draws, np.random.default_rng([seed, STREAM, 1]))
    both = moments(fit, y, at_draws, smear)
    n = len(y)
    whole = fit.value(smear.values)
    centred = whole - whole.mean()
    plain = {"mean": plain_mean(y), "std": plain_std(y)}
    errors = {"mean": float(whole.std()) / np.sqrt(n), "std": _std_error(centred, n)}
    better = {"mean": both.mean, "std": both.std}
    for key, level in LEVELS.items():
        plain[key], better[key], errors[key] = plain_quantile(y, level), smear.quantile(level), _quantile_error(whole, level, n)
    degrees = n - len(fit.terms)
    figures = {key: _figure(plain[key], better[key], errors[key], degrees) for key in better}
    return {"r2": fit.r2, "terms": len(fit.terms), "form": fit.link} | figures, smear


def error_rate(margin: Margin, values: Mapping[str, Array], smears: Mapping[str, Smeared]) -> dict[str, Any]:
    """The rate at the best fixed reference, beside the plain one."""
    for name in (margin.low, margin.high):
        if name not in smears:
            raise Refused(f"{name} is refused")
    low, high = smears[margin.low], smears[margin.high]
    reference, _ = best_reference(low.fit.value(low.values), high.fit.value(high.values))
    plain = MarginStatistics.of(values[margin.low], values[margin.high])
    rate = Estimate(plain.error_rate, *plain.error_rate_ci)
    return _rate(rate, low.above(reference), high.above(reference), min(low.degrees, high.degrees), 2 * low.trials)


def _circuit_error_rate(margin: Margin, x: Array, values: Mapping[str, Array], draws: Array, seed: int) -> dict[str, Any]:
    """The rate with the circuit's own reference, of the distances from it."""
    low, high, own = values[margin.low], values[margin.high], values[str(margin.reference)]
    sides = []
    for number, side in enumerate((low, high)):
        distance = side - own
        rng = np.random.default_rng([seed, STREAM, 2 + number])
        fit = regressed(x, distance, ("value",))
        sides.append(smeared(fit, x, distance, draws, linked(fit, draws), rng))
    errors, decisions = circuit_errors(low, high, own)
    rate = Estimate(errors / decisions, *clopper_pearson(errors, decisions))
    return _rate(rate, sides[0].above(0.0), sides[1].above(0.0), min(side.degrees for side in sides), decisions)


def _rate(plain: Estimate, low: tuple[float, float], high: tuple[float, float], degrees: int, decisions: int) -> dict[str, Any]:
    """Wrong decisions: the lower state at or above the reference, the upper one below it, each with its standard error."""
    rate = (low[0] + 1 - high[0]) / 2
    if rate < LEAST_RATE:
        raise Refused(f"it is below {LEAST_RATE:g}: rare failures are a matter of `spicekit yield`")
    relative = float(np.hypot(low[1], high[1])) / 2 / rate
    factor = float(np.exp(stdtrit(degrees, 0.975) * relative))  # a rate is positive, and its error is rather a factor
    return _figure(plain, Estimate(rate, rate / factor, min(rate * factor, 1.0)), np.sqrt(rate * (1 - rate) / decisions), degrees)


def as_figure(plain: Estimate, better: Estimate, degrees: int) -> dict[str, Any]:
    """The record of two estimates whose errors are both by Student's t (:class:`montecarlo.records.Improvement`)."""
    return _figure(plain, better, (plain.high - plain.low) / 2 / float(stdtrit(degrees + 1, 0.975)), degrees)


def _figure(plain: Estimate, better: Estimate, plain_error: float, degrees: int) -> dict[str, Any]:
    """Both, and how many trials one trial is worth with the regression: the ratio of the variances."""
    error = (better.high - better.low) / 2 / float(stdtrit(degrees, 0.975))
    return {
        "plain": [plain.value, plain.low, plain.high],
        "improved": [better.value, better.low, better.high],
        "worth": (plain_error / error) ** 2 if error else np.inf,
    }


def plain_mean(y: Array) -> Estimate:
    """The mean of the trials, by Student's t."""
    return Estimate.of(float(y.mean()), float(y.std(ddof=1)) / np.sqrt(len(y)), len(y) - 1)


def plain_std(y: Array) -> Estimate:
    """The standard deviation of the trials, its error by their fourth moment."""
    return Estimate.of(float(y.std(ddof=1)), _std_error(y - y.mean(), len(y)), len(y) - 1)


def plain_quantile(y: Array, level: float) -> Estimate:
    """The quantile of the trials with the interval of order statistics; NaN where there are too few trials."""
    n, nan = len(y), float("nan")
    if n < trials_for(level):
        return Estimate(nan, nan, nan)
    ordered = np.sort(y)
    low, high = (np.ceil(bdtrik(part, n, level)) for part in (0.025, 0.975))
    ends = [float(ordered[int(end) - 1]) if 1 <= end <= n else nan for end in (low, high + 1)]
    return Estimate(float(np.quantile(y, level)), *ends)


def _std_error(centred: Array, trials: int) -> float:
    """Of a standard deviation of so many trials of this distribution."""
    second, fourth = float((centred**2).mean()), float((centred**4).mean())
    return float(np.sqrt((fourth - second**2) / trials / (4 * second)))


def _quantile_error(values: Array, level: float, trials: int) -> float:
    """Of a quantile of so many trials of this distribution, by the density around it."""
    width = min(level, 1 - level) / 4
    low, high = np.quantile(values, [level - width, level + width])
    return float(np.sqrt(level * (1 - level) / trials) * (high - low) / (2 * width))
